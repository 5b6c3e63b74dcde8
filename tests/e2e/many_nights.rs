//! Many programs of all sizes due in the same hour, several workers, and one of them dies.

use std::time::Duration;

use crate::support::{
    postgres::TestDatabase,
    process::{Launch, Process},
};

const PROGRAMS: i64 = 60;
/// A relay that nobody runs: mail waits, and the nights do not.
const NO_RELAY: (&str, &str) = ("127.0.0.1", "9");

async fn worker(database: &TestDatabase) -> Process {
    let launch = Launch::worker(database.url())
        .env("COUNTERPART_MAIL__SMTP_HOST", NO_RELAY.0)
        .env("COUNTERPART_MAIL__SMTP_PORT", NO_RELAY.1)
        .env("COUNTERPART_MAIL__SMTP_SECURITY", "none")
        .env("COUNTERPART_MAIL__FROM_ADDRESS", "mentoring@counterpart.test")
        .env("COUNTERPART_MAIL__COMMAND_TIMEOUT_SECONDS", "1")
        .env("COUNTERPART_WORKER__TICK_SECONDS", "1")
        .env("COUNTERPART_WORKER__LEASE_SECONDS", "5");
    let mut process = launch.start().await;
    process.says("the worker is ready").await;
    process
}

#[tokio::test(flavor = "multi_thread")]
async fn a_night_of_many_programs_outlives_one_of_three_workers() {
    let Some(database) = TestDatabase::migrated().await else { return };
    let client = database.client().await;
    let data = include_str!("../../benches/nights/data.sql");
    let data = data.replace(":programs", &PROGRAMS.to_string()).replace(":scale", "0.3");
    client.batch_execute(&data).await.unwrap();
    let one = async |question: &str| client.query_one(question, &[]).await.unwrap().get::<_, i64>(0);

    let mut unlucky = worker(&database).await;
    let others = (worker(&database).await, worker(&database).await);
    // In the middle of it, one is gone without a word.
    let under_way = "SELECT count(*) FROM match_runs WHERE status <> 'QUEUED'";
    until("some runs have begun", async || one(under_way).await >= 10).await;
    unlucky.kill().await;

    let done = "SELECT count(*) FROM match_runs WHERE status = 'PUBLISHED'";
    until("all runs are published", async || one(done).await == PROGRAMS).await;
    assert_eq!(one("SELECT count(*) FROM match_runs").await, PROGRAMS, "one night each");
    assert_eq!(one("SELECT count(DISTINCT program_id) FROM match_runs").await, PROGRAMS);

    // Everybody is in one pair, but for one in each program of an odd number.
    let people = one("SELECT count(*) FROM enrollments").await;
    let odd =
        "SELECT count(*) FROM (SELECT count(*) % 2 AS odd FROM enrollments GROUP BY program_id) AS p WHERE odd = 1";
    let pairs = one("SELECT count(*) FROM matches").await;
    assert_eq!(2 * pairs + one(odd).await, people);
    assert_eq!(one("SELECT count(*) FROM match_places").await, 2 * pairs);
    let told = "SELECT count(*) FROM messages WHERE kind = 'INTRODUCTION'";
    assert_eq!(one(told).await, 2 * pairs, "two introductions a pair, however often its run was begun");

    // Only what the dead one had in hand was begun again.
    let again = one("SELECT count(*) FROM match_runs WHERE attempts > 1").await;
    assert!(again <= 5, "{again} runs were begun twice");
    drop(others);
}

async fn until(what: &str, mut check: impl AsyncFnMut() -> bool) {
    for _ in 0..1_200 {
        if check().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("waited too long until {what}");
}
