//! Messages: the rows behind the outbox.

mod by_staff;
mod leases;
mod reports;
mod steps;

use chrono::{DateTime, Utc};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select};
use uuid::Uuid;

pub use self::{
    by_staff::{hold, restart, suppress},
    leases::{Lease, Outcome, claim, finish, finish_alone, give_slot},
    reports::{bounce, every_organization_of},
    steps::{Step, take},
};
use super::{Reads, StoreError, Tx, from_json, to_json, word};
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
        pub slot_at: Option<DateTimeUtc>,
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
        slot_at: row.slot_at,
        created_at: row.created_at,
        updated_at: row.updated_at,
    })
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
        slot_at: Set(None),
    };
    let inserted = row::Entity::insert(row)
        .on_conflict_do_nothing_on([row::Column::OrganizationId, row::Column::DedupeKey])
        .exec_without_returning(&tx.tx)
        .await?;
    Ok(matches!(inserted, sea_orm::TryInsertResult::Inserted(1)))
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
        .set(suppressed(why, now))
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
        .set(suppressed(why, now))
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
    let query = row::Entity::find()
        .select_only()
        .column(row::Column::DueAt)
        .filter(row::Column::Status.eq(MessageStatus::Pending.as_str()))
        .order_by_asc(row::Column::DueAt);
    Ok(query.into_tuple().one(reads.conn()).await?)
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
            .set(suppressed(why, now))
            .filter(row::Column::OrganizationId.eq(organization_id))
            .filter(row::Column::Id.eq(message.id))
            .exec(&tx.tx)
            .await?;
        forget_secret(tx, &message).await?;
    }
    Ok(())
}

/// What suppressing a message changes.
fn suppressed(why: &str, now: DateTime<Utc>) -> row::ActiveModel {
    row::ActiveModel {
        status: Set(MessageStatus::Suppressed.as_str().to_owned()),
        error: Set(Some(why.to_owned())),
        updated_at: Set(now),
        ..blank()
    }
}

fn blank() -> row::ActiveModel {
    <row::ActiveModel as sea_orm::ActiveModelTrait>::default()
}
