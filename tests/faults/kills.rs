//! Workers that die, at every named point and in the middle of a conversation with the relay.

use std::{
    os::unix::process::ExitStatusExt as _,
    process::ExitStatus,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use super::world::World;
use crate::support::{
    house::On,
    process::{Launch, Process},
    servers,
    smtp::{Rule, Stage},
};

const KILL: i32 = 9;

pub(super) fn was_killed(status: ExitStatus) -> bool {
    status.signal() == Some(KILL)
}

/// Waits until a worker was killed at its failpoint.
pub(super) async fn dies(mut worker: Process, what: &str) {
    let status = worker.wait().await;
    assert!(was_killed(status), "{what}: {status}\n{}", worker.stderr());
}

/// Waits for its failpoint, asks a worker to stop there, and to be quick.
pub(super) async fn stops(mut worker: Process, point: &str) {
    worker.says("a failpoint").await;
    let begun = std::time::Instant::now();
    let status = worker.terminate().await;
    assert!(status.success(), "{point}: {status}\n{}", worker.stderr());
    assert!(begun.elapsed().as_secs() < 30, "{point}: {:?}", begun.elapsed());
}

/// One worker after the other dies at each of the points, then a healthy one finishes.
async fn die_at_each(on: On, points: &[&str]) {
    let Some(world) = World::open(on, 1, 18).await else { return };
    for point in points {
        dies(world.worker(&format!("{point}=kill")).await, point).await;
    }
    let copies = world.finish().await;
    let after_the_dot = points.iter().filter(|point| ["mail.after_dot", "mail.before_sent"].contains(*point)).count();
    assert_eq!(copies, after_the_dot, "one second copy for each death after the dot, and no other");
}

const OF_THE_NIGHT: [&str; 2] = ["night.claimed", "night.planning"];
const OF_ITS_END: [&str; 3] = ["night.planned", "night.before_commit", "night.committed"];
const OF_MAIL: [&str; 7] = [
    "mail.claimed",
    "mail.before_mark",
    "mail.marked",
    "mail.before_dot",
    "mail.after_dot",
    "mail.before_sent",
    "mail.sent",
];

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_may_die_anywhere_on_postgres() {
    // A run is begun three times at most, so three deaths in it are two too many for one world.
    tokio::join!(
        die_at_each(On::Postgres, &OF_THE_NIGHT),
        die_at_each(On::Postgres, &OF_ITS_END[..2]),
        die_at_each(On::Postgres, &OF_ITS_END[2..]),
    );
    tokio::join!(die_at_each(On::Postgres, &OF_MAIL[..4]), die_at_each(On::Postgres, &OF_MAIL[4..]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_may_die_anywhere_on_sqlite() {
    tokio::join!(
        die_at_each(On::Sqlite, &OF_ITS_END[1..]),
        die_at_each(On::Sqlite, &["mail.marked", "mail.after_dot", "mail.sent"])
    );
}

/// Kills whatever worker is at that stage of its `after`th next message.
pub(super) fn kill_at(world: &World, stage: Stage, after: usize) -> Arc<AtomicU32> {
    let victim = Arc::new(AtomicU32::new(0));
    let known = Arc::clone(&victim);
    world.relay.script(
        Rule::call(stage, move || {
            servers::signal(known.load(Ordering::SeqCst), "KILL");
        })
        .after(after),
    );
    victim
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_may_die_in_the_middle_of_a_conversation() {
    let Some(world) = World::open(On::Postgres, 1, 24).await else { return };
    for stage in [Stage::Mail, Stage::Rcpt, Stage::Data, Stage::Dot] {
        let victim = kill_at(&world, stage, 1);
        let mut worker = world.worker("night.claimed=sleep:300").await;
        victim.store(worker.id(), Ordering::SeqCst);
        assert!(was_killed(worker.wait().await), "{stage:?}");
    }
    let copies = world.finish().await;
    assert_eq!(copies, 1, "the one that died after the dot");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_point_that_does_not_exist_stops_the_start() {
    let finished = Launch::new(["config"]).env("COUNTERPART_FAILPOINTS", "mail.maked=kill").run().await;
    assert_eq!(finished.status.code(), Some(2), "{finished:?}");
    assert!(finished.stderr.contains("mail.marked"), "the points there are: {}", finished.stderr);
}

/// Ends a worker in good order while it is at some point, and asks it to be quick.
async fn stop_at(point: &str) {
    let Some(world) = World::open(On::Postgres, 1, 12).await else { return };
    stops(world.worker(&format!("{point}=sleep:1500@1")).await, point).await;
    assert_eq!(in_hand(&world).await, 0, "{point}: everything in hand was finished or given back");
    assert_eq!(world.finish().await, 0, "{point}: no second copies");
}

async fn in_hand(world: &World) -> i64 {
    let client = world.client().await.unwrap();
    client.query_one("SELECT count(*) FROM messages WHERE status = 'SENDING'", &[]).await.unwrap().get(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_is_asked_to_stop_finishes_what_it_has_in_hand() {
    tokio::join!(
        stop_at("night.claimed"),
        stop_at("night.planning"),
        stop_at("night.before_commit"),
        stop_at("mail.claimed"),
        stop_at("mail.marked"),
        stop_at("mail.after_dot"),
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_cannot_finish_in_time_stops_all_the_same() {
    let Some(world) = World::open(On::Postgres, 1, 12).await else { return };
    let launch = world.launch("night.planning=sleep:60000@1").env("COUNTERPART_WORKER__SHUTDOWN_SECONDS", "1");
    let mut worker: Process = launch.start().await;
    worker.says("a failpoint").await;
    let begun = std::time::Instant::now();
    assert!(worker.terminate().await.success(), "{}", worker.stderr());
    assert!(begun.elapsed().as_secs() < 10, "it does not wait for the thread that plans: {:?}", begun.elapsed());
    assert_eq!(world.finish().await, 0);
}
