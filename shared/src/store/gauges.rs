//! How much waits, and for how long, over all organizations: for whoever watches the service.

use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, Statement};

use super::{Store, StoreError, lease_clock, mail_domains};

/// Things that wait.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Queue {
    /// How many.
    pub count: i64,
    /// Since when the oldest of them could be done, in seconds; 0 when nothing is due.
    pub oldest_seconds: f64,
}

/// What waits.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Gauges {
    /// Match runs without a worker.
    pub queued_runs: Queue,
    /// Mails to be sent, due or not.
    pub pending_messages: Queue,
    /// Mails in some worker's hand.
    pub sending_messages: i64,
    /// Mails that need a human.
    pub held_messages: i64,
    /// Domains of recipients that want mail to come more slowly, and get none for a while.
    pub paused_domains: u64,
    /// Events to be delivered, due or not, to endpoints that are not switched off.
    pub deliveries: Queue,
}

/// What waits now. Only indexes of what waits are read, however much is over.
///
/// # Errors
/// When the database is gone.
pub async fn every(store: &Store) -> Result<Gauges, StoreError> {
    let now = lease_clock(store).await?;
    Ok(Gauges {
        queued_runs: queue(store, "queued_at", "match_runs WHERE status = 'QUEUED'", now).await?,
        pending_messages: queue(store, "due_at", "messages WHERE status = 'PENDING'", now).await?,
        sending_messages: queue(store, "lease_until", "messages WHERE status = 'SENDING'", now).await?.count,
        held_messages: queue(store, "updated_at", "messages WHERE status = 'HELD'", now).await?.count,
        paused_domains: mail_domains::every_paused(store, now).await?,
        deliveries: queue(
            store,
            "due_at",
            "webhook_deliveries WHERE status IN ('PENDING', 'SENDING') \
             AND endpoint_id IN (SELECT id FROM webhook_endpoints WHERE status = 'ACTIVE')",
            now,
        )
        .await?,
    })
}

async fn queue(store: &Store, since: &str, rows: &str, now: DateTime<Utc>) -> Result<Queue, StoreError> {
    let backend = store.pool.get_database_backend();
    let sql = format!("SELECT count(*) AS count, min({since}) AS oldest FROM {rows}");
    let Some(row) = store.pool.query_one_raw(Statement::from_string(backend, sql)).await? else {
        return Ok(Queue::default());
    };
    let oldest: Option<DateTime<Utc>> = row.try_get("", "oldest")?;
    let waited = oldest.map_or(0.0, |oldest| (now - oldest).as_seconds_f64().max(0.0));
    Ok(Queue { count: row.try_get("", "count")?, oldest_seconds: waited })
}
