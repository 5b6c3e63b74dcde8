//! Messages: the rows behind the outbox, and the leases under which workers send them.

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, Condition, EntityTrait, ExprTrait, QueryFilter, QueryOrder, QuerySelect, Select,
    sea_query::{Expr, LockBehavior, LockType},
};
use uuid::Uuid;

use super::{Reads, StoreError, Tx, exactly_one, from_json, lease_clock, to_json, word};
use crate::domain::{
    messages::{Message, MessageStatus},
    sessions::Session,
};

const TABLE: &str = "messages";

pub(crate) mod row {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "messages")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub organization_id: Uuid,
        pub person_id: Uuid,
        pub match_id: Option<Uuid>,
        pub kind: String,
        pub dedupe_key: String,
        pub mail: Json,
        pub locale: String,
        pub status: String,
        pub due_at: DateTimeUtc,
        pub expires_at: Option<DateTimeUtc>,
        pub handed_at: Option<DateTimeUtc>,
        pub sent_at: Option<DateTimeUtc>,
        pub error: Option<String>,
        pub created_at: DateTimeUtc,
        pub updated_at: DateTimeUtc,
        pub owner: Option<Uuid>,
        pub fence: i64,
        pub lease_until: Option<DateTimeUtc>,
        pub attempts: i32,
        pub rescue_count: i32,
    }

    super::super::no_relations!();
}

pub(crate) fn message(row: row::Model) -> Result<Message, StoreError> {
    Ok(Message {
        id: row.id,
        organization_id: row.organization_id,
        person_id: row.person_id,
        match_id: row.match_id,
        kind: row.kind,
        dedupe_key: row.dedupe_key,
        mail: from_json(TABLE, row.mail)?,
        locale: row.locale,
        status: word(TABLE, &row.status)?,
        due_at: row.due_at,
        expires_at: row.expires_at,
        handed_at: row.handed_at,
        sent_at: row.sent_at,
        error: row.error,
        attempts: row.attempts,
        rescue_count: row.rescue_count,
        created_at: row.created_at,
        updated_at: row.updated_at,
    })
}

/// A worker's right to one message, as long as the fence holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lease {
    /// The message.
    pub message_id: Uuid,
    /// Its fence when it was claimed.
    pub fence: i64,
}

pub(crate) fn scoped(organization_id: Uuid) -> Select<row::Entity> {
    row::Entity::find().filter(row::Column::OrganizationId.eq(organization_id))
}

/// The messages to a person, newest first, at most `limit`.
///
/// # Errors
/// When the database is gone.
pub async fn of_person(
    reads: &impl Reads,
    organization_id: Uuid,
    person_id: Uuid,
    limit: u64,
) -> Result<Vec<Message>, StoreError> {
    let query = scoped(organization_id)
        .filter(row::Column::PersonId.eq(person_id))
        .order_by_desc(row::Column::CreatedAt)
        .order_by_desc(row::Column::Id)
        .limit(limit);
    query.all(reads.conn()).await?.into_iter().map(message).collect()
}

/// How many messages stand in each state, over all organizations.
///
/// # Errors
/// When the database is gone.
pub async fn every_count(reads: &impl Reads) -> Result<Vec<(MessageStatus, u64)>, StoreError> {
    let rows: Vec<(String, i64)> = row::Entity::find()
        .select_only()
        .column(row::Column::Status)
        .column_as(row::Column::Id.count(), "count")
        .group_by(row::Column::Status)
        .into_tuple()
        .all(reads.conn())
        .await?;
    let counted = |(status, count): (String, i64)| Ok((word(TABLE, &status)?, u64::try_from(count).unwrap_or(0)));
    rows.into_iter().map(counted).collect()
}

/// Stores a message unless one with its dedupe key exists; true when it was stored.
pub(crate) async fn insert(tx: &Tx, message: &Message) -> Result<bool, StoreError> {
    let row = row::ActiveModel {
        id: Set(message.id),
        organization_id: Set(message.organization_id),
        person_id: Set(message.person_id),
        match_id: Set(message.match_id),
        kind: Set(message.kind.clone()),
        dedupe_key: Set(message.dedupe_key.clone()),
        mail: Set(to_json(TABLE, &message.mail)?),
        locale: Set(message.locale.clone()),
        status: Set(message.status.as_str().to_owned()),
        due_at: Set(message.due_at),
        expires_at: Set(message.expires_at),
        handed_at: Set(None),
        sent_at: Set(None),
        error: Set(None),
        created_at: Set(message.created_at),
        updated_at: Set(message.updated_at),
        owner: Set(None),
        fence: Set(0),
        lease_until: Set(None),
        attempts: Set(0),
        rescue_count: Set(0),
    };
    let inserted = row::Entity::insert(row)
        .on_conflict_do_nothing_on([row::Column::OrganizationId, row::Column::DedupeKey])
        .exec_without_returning(&tx.tx)
        .await?;
    Ok(matches!(inserted, sea_orm::TryInsertResult::Inserted(1)))
}

/// Takes up to `limit` messages that are due and that nobody holds; the caller commits before it sends.
///
/// A message whose lease ran out comes again with `rescue_count` one higher; `handed_at` tells whether it may already
/// have reached the relay. A message that cannot be read is held for a human instead.
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
    let clock = lease_clock(tx).await?;
    let waiting =
        Condition::all().add(row::Column::Status.eq(MessageStatus::Pending.as_str())).add(row::Column::DueAt.lte(now));
    let abandoned = Condition::all()
        .add(row::Column::Status.eq(MessageStatus::Sending.as_str()))
        .add(row::Column::LeaseUntil.lt(clock));
    let rows = row::Entity::find()
        .filter(Condition::any().add(waiting).add(abandoned))
        .order_by_asc(row::Column::DueAt)
        .order_by_asc(row::Column::Id)
        .limit(limit)
        .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked)
        .all(&tx.tx)
        .await?;
    let mut claimed = Vec::with_capacity(rows.len());
    for mut row in rows {
        row.rescue_count += i32::from(row.status == MessageStatus::Sending.as_str());
        MessageStatus::Sending.as_str().clone_into(&mut row.status);
        row.fence += 1;
        row.attempts += 1;
        row.updated_at = now;
        row::Entity::update_many()
            .set(row::ActiveModel {
                status: Set(row.status.clone()),
                owner: Set(Some(owner)),
                fence: Set(row.fence),
                lease_until: Set(Some(clock + lease)),
                attempts: Set(row.attempts),
                rescue_count: Set(row.rescue_count),
                updated_at: Set(now),
                ..blank()
            })
            .filter(row::Column::Id.eq(row.id))
            .exec(&tx.tx)
            .await?;
        let lease = Lease { message_id: row.id, fence: row.fence };
        match message(row) {
            Ok(message) => claimed.push((lease, message)),
            // One row that cannot be read must not stop the others.
            Err(error) => finish(tx, lease, Outcome::Held(error.to_string()), now).await?,
        }
    }
    Ok(claimed)
}

/// Prolongs a lease before the next step of sending.
///
/// # Errors
/// [`StoreError::Conflict`] when another worker took the message over.
pub async fn renew(tx: &Tx, held: Lease, lease: TimeDelta) -> Result<(), StoreError> {
    let until = lease_clock(tx).await? + lease;
    let done = held_row(held).col_expr(row::Column::LeaseUntil, Expr::value(until)).exec(&tx.tx).await?;
    exactly_one(done.rows_affected, "the message's lease")
}

/// Notes that the relay has everything but the final dot: from here on a second copy cannot be ruled out.
///
/// # Errors
/// [`StoreError::Conflict`] when another worker took the message over.
pub async fn mark_handed(tx: &Tx, held: Lease, lease: TimeDelta, now: DateTime<Utc>) -> Result<(), StoreError> {
    let until = lease_clock(tx).await? + lease;
    let done = held_row(held)
        .col_expr(row::Column::HandedAt, Expr::value(now))
        .col_expr(row::Column::LeaseUntil, Expr::value(until))
        .exec(&tx.tx)
        .await?;
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
        /// False when the relay as a whole was unreachable.
        counts: bool,
    },
}

/// Ends an attempt and gives the lease back.
///
/// # Errors
/// [`StoreError::Conflict`] when another worker took the message over.
pub async fn finish(tx: &Tx, held: Lease, outcome: Outcome, now: DateTime<Utc>) -> Result<(), StoreError> {
    let status = |status: MessageStatus| Set(status.as_str().to_owned());
    let mut change = row::ActiveModel { updated_at: Set(now), lease_until: Set(None), owner: Set(None), ..blank() };
    let mut uncounted = false;
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
            uncounted = !counts;
        }
    }
    let mut update = held_row(held).set(change);
    if uncounted {
        update = update.col_expr(row::Column::Attempts, Expr::col(row::Column::Attempts).sub(1));
    }
    exactly_one(update.exec(&tx.tx).await?.rows_affected, "the message's lease")
}

/// Suppresses the waiting messages of a match, or only those to one person, whose kind is one of `kinds`.
///
/// # Errors
/// When the database is gone.
pub async fn suppress_of_match(
    tx: &Tx,
    organization_id: Uuid,
    match_id: Uuid,
    person_id: Option<Uuid>,
    kinds: &[&str],
    why: &str,
    now: DateTime<Utc>,
) -> Result<u64, StoreError> {
    let mut update = row::Entity::update_many()
        .set(row::ActiveModel {
            status: Set(MessageStatus::Suppressed.as_str().to_owned()),
            error: Set(Some(why.to_owned())),
            updated_at: Set(now),
            ..blank()
        })
        .filter(row::Column::OrganizationId.eq(organization_id))
        .filter(row::Column::MatchId.eq(match_id))
        .filter(row::Column::Kind.is_in(kinds.iter().copied()))
        .filter(row::Column::Status.eq(MessageStatus::Pending.as_str()));
    if let Some(person_id) = person_id {
        update = update.filter(row::Column::PersonId.eq(person_id));
    }
    Ok(update.exec(&tx.tx).await?.rows_affected)
}

/// Suppresses the waiting messages about a session of a match whose kind is one of `kinds`.
///
/// # Errors
/// When the database is gone.
pub async fn suppress_of_session(
    tx: &Tx,
    session: &Session,
    kinds: &[&str],
    why: &str,
    now: DateTime<Utc>,
) -> Result<u64, StoreError> {
    let update = row::Entity::update_many()
        .set(row::ActiveModel {
            status: Set(MessageStatus::Suppressed.as_str().to_owned()),
            error: Set(Some(why.to_owned())),
            updated_at: Set(now),
            ..blank()
        })
        .filter(row::Column::OrganizationId.eq(session.organization_id))
        .filter(row::Column::MatchId.eq(session.match_id))
        .filter(row::Column::Kind.is_in(kinds.iter().copied()))
        .filter(row::Column::DedupeKey.contains(format!(":{}:", session.id)))
        .filter(row::Column::Status.eq(MessageStatus::Pending.as_str()));
    Ok(update.exec(&tx.tx).await?.rows_affected)
}

/// When the next waiting message is due, over all organizations.
///
/// # Errors
/// When the database is gone.
pub async fn every_next_due(reads: &impl Reads) -> Result<Option<DateTime<Utc>>, StoreError> {
    let row = row::Entity::find()
        .filter(row::Column::Status.eq(MessageStatus::Pending.as_str()))
        .order_by_asc(row::Column::DueAt)
        .one(reads.conn())
        .await?;
    Ok(row.map(|row| row.due_at))
}

/// Takes the secret out of a mail that nobody will render again.
///
/// # Errors
/// When the database is gone.
pub async fn forget_secret(tx: &Tx, message: &Message) -> Result<(), StoreError> {
    let Some(mail) = message.mail.without_secret() else { return Ok(()) };
    row::Entity::update_many()
        .set(row::ActiveModel { mail: Set(to_json(TABLE, &mail)?), ..blank() })
        .filter(row::Column::OrganizationId.eq(message.organization_id))
        .filter(row::Column::Id.eq(message.id))
        .exec(&tx.tx)
        .await?;
    Ok(())
}

/// Suppresses the waiting messages of one kind to a person, and takes their secrets out.
///
/// # Errors
/// When the database is gone.
pub async fn suppress_of_person(
    tx: &Tx,
    organization_id: Uuid,
    person_id: Uuid,
    kind: &str,
    why: &str,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let waiting = scoped(organization_id)
        .filter(row::Column::PersonId.eq(person_id))
        .filter(row::Column::Kind.eq(kind))
        .filter(row::Column::Status.eq(MessageStatus::Pending.as_str()))
        .lock_exclusive()
        .all(&tx.tx)
        .await?;
    for row in waiting {
        let message = message(row)?;
        row::Entity::update_many()
            .set(row::ActiveModel {
                status: Set(MessageStatus::Suppressed.as_str().to_owned()),
                error: Set(Some(why.to_owned())),
                updated_at: Set(now),
                ..blank()
            })
            .filter(row::Column::OrganizationId.eq(organization_id))
            .filter(row::Column::Id.eq(message.id))
            .exec(&tx.tx)
            .await?;
        forget_secret(tx, &message).await?;
    }
    Ok(())
}

fn held_row(held: Lease) -> sea_orm::UpdateMany<row::Entity> {
    row::Entity::update_many()
        .filter(row::Column::Id.eq(held.message_id))
        .filter(row::Column::Fence.eq(held.fence))
        .filter(row::Column::Status.eq(MessageStatus::Sending.as_str()))
}

fn blank() -> row::ActiveModel {
    <row::ActiveModel as sea_orm::ActiveModelTrait>::default()
}
