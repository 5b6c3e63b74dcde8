//! How long a claim takes while very much waits: `claims DATABASE_URL`, after benches/mail/claims.sql.
#![allow(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::missing_panics_doc,
    clippy::print_stdout,
    reason = "a bench prints what it found and stops at the first thing that is not as it should be"
)]

use std::time::{Duration, Instant};

use chrono::{TimeDelta, Utc};
use shared::store::{Store, StoreError, match_runs, messages};
use uuid::Uuid;

/// How many claims are timed.
const CLAIMS: usize = 3_000;
/// How many workers claim at the same time.
const WORKERS: usize = 4;

#[tokio::main]
async fn main() {
    let Some(url) = std::env::args().nth(1).filter(|url| url.starts_with("postgres")) else {
        println!("claims: the address of a database is needed; see benches/mail/run.sh");
        return;
    };
    let store = Store::connect(&url, 8).await.expect("the database");
    let rows = std::env::var("COUNTERPART_BENCH_ROWS").unwrap_or_default();
    let lease = TimeDelta::minutes(10);
    report("ten mails", &rows, async || {
        let tx = store.begin().await?;
        let claimed = messages::claim(&tx, Uuid::now_v7(), lease, 10, Utc::now()).await?;
        tx.commit().await?;
        Ok(claimed.len() == 10)
    })
    .await;
    let tenth = rows.parse::<u64>().unwrap_or(0) / 10;
    report("a small run", &tenth.to_string(), async || {
        let tx = store.begin().await?;
        let claimed = match_runs::claim_sized(&tx, Uuid::now_v7(), lease, 0..=2_000, Utc::now()).await?;
        tx.commit().await?;
        Ok(claimed.is_some())
    })
    .await;
}

/// Times claims by several workers at once, from the beginning of the transaction to its commit.
async fn report(what: &str, among: &str, claim: impl AsyncFn() -> Result<bool, StoreError>) {
    let worker = async || {
        let mut taken = Vec::new();
        for _ in 0..CLAIMS / WORKERS {
            let began = Instant::now();
            let full = claim().await.expect("a claim");
            taken.push(began.elapsed());
            assert!(full, "enough was waiting");
        }
        taken
    };
    let taken = futures_util::future::join_all((0..WORKERS).map(|_| worker())).await;
    let mut taken: Vec<Duration> = taken.into_iter().flatten().collect();
    taken.sort();
    let at = |hundredths: usize| taken[(taken.len() - 1) * hundredths / 100].as_secs_f64() * 1_000.0;
    println!("| {what} | {among} | {:.1} ms | {:.1} ms | {:.1} ms |", at(50), at(99), at(100));
}
