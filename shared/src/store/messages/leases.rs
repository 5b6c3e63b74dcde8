//! The leases under which workers send messages, and how an attempt ends.

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::{ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, sea_query::Expr};
use uuid::Uuid;

use super::{blank, message, row};
use crate::{
    domain::messages::{Message, MessageStatus},
    metrics::METRICS,
    store::{Store, StoreError, Tx, claims::Claim, exactly_one, lease_clock, message_attempts},
};

/// A worker's right to one message, as long as the fence holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lease {
    /// The message.
    pub message_id: Uuid,
    /// Its fence when it was claimed.
    pub fence: i64,
    /// Attempts before this one.
    pub(super) attempts: i32,
    /// How often its worker was lost before this one.
    pub(super) rescues: i32,
}

impl Lease {
    /// The message and the fence, which no other lease has.
    pub const fn key(&self) -> (Uuid, i64) {
        (self.message_id, self.fence)
    }
}

/// Takes up to `limit` messages that are due and that nobody holds; the caller commits before it sends.
///
/// A message whose lease ran out comes again, and `handed_at` tells whether it may already have reached the relay. Being
/// claimed costs it nothing: only what was taken in hand ([`Step::in_hand`](super::Step::in_hand)) counts as an attempt,
/// and as a rescue if it does not come to an end. A message that cannot be read is held for a human instead.
///
/// # Errors
/// When the database is gone.
pub async fn claim(
    tx: &Tx,
    owner: Uuid,
    lease: TimeDelta,
    limit: u64,
    now: DateTime<Utc>,
) -> Result<Vec<(Lease, Message)>, StoreError> {
    let until = lease_clock(tx).await? + lease;
    let set = "status = 'SENDING', owner = $1, fence = fence + 1, lease_until = $2, updated_at = $3";
    // What somebody left lying has waited longest, and is little.
    let mut rows = Claim {
        set,
        pick: "status = 'SENDING' AND lease_until < $4 ORDER BY lease_until LIMIT $5",
        values: vec![owner.into(), until.into(), now.into(), (until - lease).into(), count(limit).into()],
    }
    .rows::<row::Entity>(tx)
    .await?;
    // Only what was begun was lost; the rest of a dead worker's batch has lost nothing but time.
    let lost: Vec<_> =
        rows.iter().filter(|row| row.rescue_count > 0).map(|row| message_attempts::lost(row, now)).collect();
    for _ in &rows {
        METRICS.rescued("message");
    }
    let left = limit.saturating_sub(u64::try_from(rows.len()).unwrap_or(limit));
    if left > 0 {
        let waiting = Claim {
            set,
            pick: "status = 'PENDING' AND due_at <= $4 ORDER BY due_at, id LIMIT $5",
            values: vec![owner.into(), until.into(), now.into(), now.into(), count(left).into()],
        };
        rows.extend(waiting.rows::<row::Entity>(tx).await?);
    }
    rows.sort_by_key(|row| (row.due_at, row.id));
    let mut claimed = Vec::with_capacity(rows.len());
    for mut row in rows {
        let lease = Lease { message_id: row.id, fence: row.fence, attempts: row.attempts, rescues: row.rescue_count };
        row.attempts += 1;
        match message(row) {
            Ok(message) => claimed.push((lease, message)),
            // One row that cannot be read must not stop the others.
            Err(error) => finish(tx, lease, Outcome::Held(error.to_string()), now).await?,
        }
    }
    message_attempts::insert_many(tx, &lost).await?;
    Ok(claimed)
}

fn count(limit: u64) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

/// Gives the message its slot among all mail to its domain.
///
/// # Errors
/// [`StoreError::Conflict`] when another worker took the message over.
pub async fn give_slot(tx: &Tx, held: Lease, slot_at: DateTime<Utc>) -> Result<(), StoreError> {
    let done = held_row(held).col_expr(row::Column::SlotAt, Expr::value(slot_at)).exec(&tx.tx).await?;
    exactly_one(done.rows_affected, "the message's lease")
}

/// How an attempt ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The relay accepted it.
    Sent,
    /// The relay refused it for good.
    Failed(String),
    /// It became pointless, or the person is not written to.
    Suppressed(String),
    /// It needs a human.
    Held(String),
    /// Try again at this instant; `counts` says whether this attempt is held against the message.
    Deferred {
        /// When to try again.
        due_at: DateTime<Utc>,
        /// Why.
        why: String,
        /// False when the message waits for something else than its own recipient: the relay, its slot, the morning.
        counts: bool,
    },
}

/// Ends an attempt and gives the lease back.
///
/// # Errors
/// [`StoreError::Conflict`] when another worker took the message over.
pub async fn finish(tx: &Tx, held: Lease, outcome: Outcome, now: DateTime<Utc>) -> Result<(), StoreError> {
    finish_on(&tx.tx, held, outcome, now).await
}

/// As [`finish`], committed at once.
///
/// # Errors
/// As [`finish`].
pub async fn finish_alone(store: &Store, held: Lease, outcome: Outcome, now: DateTime<Utc>) -> Result<(), StoreError> {
    let _writer = store.turn_to_write().await;
    finish_on(&store.pool, held, outcome, now).await
}

async fn finish_on(
    conn: &impl ConnectionTrait,
    held: Lease,
    outcome: Outcome,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let change = ended(held, outcome, now);
    exactly_one(held_row(held).set(change).exec(conn).await?.rows_affected, "the message's lease")
}

/// What the end of an attempt changes.
fn ended(held: Lease, outcome: Outcome, now: DateTime<Utc>) -> row::ActiveModel {
    let status = |status: MessageStatus| Set(status.as_str().to_owned());
    let mut change = row::ActiveModel {
        updated_at: Set(now),
        lease_until: Set(None),
        owner: Set(None),
        rescue_count: Set(held.rescues),
        ..blank()
    };
    match outcome {
        Outcome::Sent => {
            change.status = status(MessageStatus::Sent);
            change.sent_at = Set(Some(now));
            change.error = Set(None);
        }
        Outcome::Failed(why) => {
            change.status = status(MessageStatus::Failed);
            change.error = Set(Some(why));
        }
        Outcome::Suppressed(why) => {
            change.status = status(MessageStatus::Suppressed);
            change.error = Set(Some(why));
        }
        Outcome::Held(why) => {
            change.status = status(MessageStatus::Held);
            change.error = Set(Some(why));
        }
        Outcome::Deferred { due_at, why, counts } => {
            change.status = status(MessageStatus::Pending);
            change.due_at = Set(due_at);
            change.handed_at = Set(None);
            change.error = Set(Some(why));
            if counts {
                // It had its turn.
                change.slot_at = Set(None);
            } else {
                change.attempts = Set(held.attempts);
            }
        }
    }
    change
}

fn held_row(held: Lease) -> sea_orm::UpdateMany<row::Entity> {
    row::Entity::update_many()
        .filter(row::Column::Id.eq(held.message_id))
        .filter(row::Column::Fence.eq(held.fence))
        .filter(row::Column::Status.eq(MessageStatus::Sending.as_str()))
}
