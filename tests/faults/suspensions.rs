//! Workers that are suspended for longer than their lease lasts, and go on as if nothing had happened.

use std::{fs, time::Duration};

use tokio::time::{Instant, sleep};

use super::world::World;
use crate::support::{house::On, process::Process};

/// Whether the process is stopped by a signal.
fn is_suspended(process: &Process) -> bool {
    let status = fs::read_to_string(format!("/proc/{}/stat", process.id())).unwrap_or_default();
    // The name before it is in parentheses, and may hold anything.
    status.rsplit_once(") ").is_some_and(|(_, rest)| rest.starts_with('T'))
}

/// One worker is suspended at that point, another one does everything, then the first one goes on. Gives back how many
/// second copies the relay got.
async fn suspend_at(point: &str) -> usize {
    let Some(world) = World::open(On::Postgres, 1, 12).await else { return 0 };
    let mut first = world.worker(&format!("{point}=stop@1")).await;
    let deadline = Instant::now() + Duration::from_mins(1);
    while !is_suspended(&first) {
        assert!(Instant::now() < deadline, "{point}\n{}", first.stderr());
        sleep(Duration::from_millis(20)).await;
    }
    let handed_on = async {
        let mut second = world.worker("").await;
        world.settle().await;
        first.signal("CONT");
        // Whatever it is going to do, it does now.
        sleep(Duration::from_secs(2)).await;
        assert!(second.terminate().await.success());
        assert!(first.terminate().await.success(), "{point}\n{}", first.stderr());
    };
    if point == "mail.before_dot" {
        world.disturbed(handed_on).await;
    } else {
        handed_on.await;
    }
    world.finish().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_suspended_worker_does_nothing_that_another_has_done() {
    let copies = tokio::join!(
        suspend_at("night.claimed"),
        suspend_at("night.planned"),
        // It holds locks on the program and the people, which the database takes from it.
        suspend_at("night.before_commit"),
    );
    assert_eq!(copies, (0, 0, 0));
    // Not all at once: a server may take no more than a hundred connections.
    let copies = tokio::join!(suspend_at("mail.claimed"), suspend_at("mail.before_mark"), suspend_at("mail.marked"));
    assert_eq!(copies, (0, 0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_copy_is_sent_only_if_the_first_is_in_the_air() {
    let copies = tokio::join!(
        suspend_at("mail.before_dot"),
        suspend_at("mail.after_dot"),
        suspend_at("mail.before_sent"),
        suspend_at("mail.sent"),
    );
    assert_eq!(copies, (1, 1, 1, 0));
}
