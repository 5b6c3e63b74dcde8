//! Nights under clocks that are wrong, after days of downtime, and while people change and leave.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use shared::store;
use tokio::time::sleep;

use super::world::World;
use crate::support::{
    house::On,
    process::{Launch, Process},
};

/// The whole product in one process, which believes that it is that time.
async fn at(world: &World, instant: DateTime<Utc>) -> Process {
    Launch::dev()
        .arg("--no-seed")
        .mail_through(&world.relay)
        .env("COUNTERPART_DATABASE__URL", world.house.config.database.url.expose())
        .env("COUNTERPART_WORKER__TICK_SECONDS", "1")
        .env("COUNTERPART_WORKER__LEASE_SECONDS", "3")
        .env("COUNTERPART_MAIL__COMMAND_TIMEOUT_SECONDS", "2")
        .env("COUNTERPART_CLOCK__START_AT", instant.to_rfc3339())
        .start()
        .await
}

async fn dates(world: &World) -> Vec<(String, String)> {
    let client = world.client().await.unwrap();
    let question = "SELECT local_date::text, status FROM match_runs WHERE local_date IS NOT NULL ORDER BY local_date";
    client.query(question, &[]).await.unwrap().iter().map(|row| (row.get(0), row.get(1))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn clocks_may_differ_by_hours() {
    let Some(world) = World::open(On::Postgres, 1, 30).await else { return };
    let now = Utc::now();
    let mut early = at(&world, now + TimeDelta::hours(2)).await;
    let mut late = at(&world, now - TimeDelta::hours(2)).await;
    let mut right = world.worker("").await;
    world.settle().await;
    for process in [&mut early, &mut late, &mut right] {
        assert!(process.terminate().await.success(), "{}", process.stderr());
    }
    assert_eq!(world.finish().await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn after_days_of_downtime_the_latest_night_runs_and_the_others_are_recorded() {
    let Some(world) = World::open(On::Postgres, 1, 12).await else { return };
    let mut worker = world.worker("").await;
    world.settle().await;
    assert!(worker.terminate().await.success());
    let first = dates(&world).await;
    let mut later = at(&world, Utc::now() + TimeDelta::days(5)).await;
    let deadline = Utc::now() + TimeDelta::minutes(1);
    while dates(&world).await.len() < first.len() + 5
        || dates(&world).await.iter().any(|(_, status)| status == "QUEUED")
    {
        assert!(Utc::now() < deadline, "{:?}", dates(&world).await);
        sleep(Duration::from_millis(100)).await;
    }
    assert!(later.terminate().await.success(), "{}", later.stderr());
    let skipped = dates(&world).await.iter().filter(|(_, status)| status == "DISCARDED").count();
    assert_eq!(skipped, 4, "{:?}", dates(&world).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_nights_when_clocks_change_run_once() {
    let Some(mut world) = World::open(On::Postgres, 0, 0).await else { return };
    world.house.clock.set("2026-03-28T12:00:00Z".parse().unwrap());
    world.match_at("02:30:00");
    world.add_program(0, 6).await;
    world.introduced = 6;
    // 02:30 does not exist: the night is due when the gap ends.
    let mut spring = at(&world, "2026-03-29T00:59:55Z".parse().unwrap()).await;
    world.settle().await;
    assert!(spring.terminate().await.success());
    let found = dates(&world).await;
    assert_eq!(found.last().unwrap(), &("2026-03-29".to_owned(), "PUBLISHED".to_owned()), "{found:?}");
    let runs = |date: &'static str| {
        let world = &world;
        async move { dates(world).await.iter().filter(|(found, _)| found == date).count() }
    };
    // 02:30 comes twice: the night is due at the first one only.
    for (instant, expected) in [("2026-10-25T00:28:00Z", 0), ("2026-10-25T00:30:00Z", 1), ("2026-10-25T01:30:00Z", 1)] {
        let mut autumn = at(&world, instant.parse().unwrap()).await;
        sleep(Duration::from_millis(2500)).await;
        assert!(autumn.terminate().await.success());
        assert_eq!(runs("2026-10-25").await, expected, "{instant}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn people_may_change_and_leave_while_a_night_is_planned() {
    let Some(mut world) = World::open(On::Postgres, 1, 12).await else { return };
    let mut worker = world.worker("night.planned=sleep:1500@1").await;
    worker.says("a failpoint").await;
    // One leaves and one of another topic is edited, so two pairs are stale.
    world.house.leave(&world.people[0]).await;
    let tx = world.house.store.begin().await.unwrap();
    let mut edited = world.people[1].clone();
    edited.headline = Some("Librarian".to_owned());
    store::people::update(&tx, &mut edited).await.unwrap();
    tx.commit().await.unwrap();
    world.introduced = 8;
    world.settle().await;
    assert!(worker.terminate().await.success(), "{}", worker.stderr());
    let client = world.client().await.unwrap();
    let report = "SELECT (report->>'stale_pairs')::int FROM match_runs WHERE status = 'PUBLISHED'";
    assert_eq!(client.query_one(report, &[]).await.unwrap().get::<_, i32>(0), 2);
    assert_eq!(world.finish().await, 0);
}
