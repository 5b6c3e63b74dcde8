//! Events: the log that outside systems read and replay.
//!
//! Ids come from many hosts and transactions commit in any order, so "what comes after this id" could skip an event that
//! was recorded earlier and committed later. An event therefore gets its place in the log after its commit: [`sequence`]
//! numbers what it finds committed, one at a time per organization (the row of `event_logs` is its lock, held to the
//! end), so that a number never becomes visible before a smaller one. Readers see only what has a number.

use chrono::{DateTime, Utc};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, ConnectionTrait, DbBackend, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select, Statement,
    sea_query::{Expr, LockType},
};
use uuid::Uuid;

use super::{Reads, StoreError, Tx, from_json, to_json};
use crate::domain::events::Event;

const TABLE: &str = "events";

pub(crate) mod row {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "events")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub organization_id: Uuid,
        pub kind: String,
        pub entity_id: Uuid,
        pub data: Json,
        pub at: DateTimeUtc,
        pub position: Option<i64>,
    }

    super::super::no_relations!();
}

pub(crate) mod log_row {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "event_logs")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub organization_id: Uuid,
        pub last_position: i64,
        pub dropped_position: i64,
    }

    super::super::no_relations!();
}

pub(crate) fn event(row: row::Model) -> Result<Event, StoreError> {
    let row::Model { id, organization_id, kind, entity_id, data, at, position } = row;
    Ok(Event { id, organization_id, kind, entity_id, relatives: from_json(TABLE, data)?, at, position })
}

pub(crate) fn scoped(organization_id: Uuid) -> Select<row::Entity> {
    row::Entity::find().filter(row::Column::OrganizationId.eq(organization_id))
}

/// Appends to the log. The events get their place there after the commit, by [`sequence`].
///
/// # Errors
/// When the database is gone.
pub async fn record(tx: &Tx, events: &[Event]) -> Result<(), StoreError> {
    for chunk in events.chunks(500) {
        let mut rows = Vec::with_capacity(chunk.len());
        for event in chunk {
            rows.push(row::ActiveModel {
                id: Set(event.id),
                organization_id: Set(event.organization_id),
                kind: Set(event.kind.clone()),
                entity_id: Set(event.entity_id),
                data: Set(to_json(TABLE, &event.relatives)?),
                at: Set(event.at),
                position: Set(None),
            });
        }
        row::Entity::insert_many(rows).exec_without_returning(&tx.tx).await?;
    }
    Ok(())
}

/// How far an organization's log reaches. Positions are from 1 and without gaps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reach {
    /// The position of the latest event; 0 before the first.
    pub last: i64,
    /// The position of the latest event that is not kept any more; 0 when all are.
    pub dropped: i64,
}

/// How far the log reaches now.
///
/// # Errors
/// When the database is gone.
pub async fn reach(reads: &impl Reads, organization_id: Uuid) -> Result<Reach, StoreError> {
    let row =
        log_row::Entity::find().filter(log_row::Column::OrganizationId.eq(organization_id)).one(reads.conn()).await?;
    Ok(row.map_or_else(Reach::default, |row| Reach { last: row.last_position, dropped: row.dropped_position }))
}

/// The organizations with committed events that have no place in the log yet.
///
/// # Errors
/// When the database is gone.
pub async fn every_unsequenced(reads: &impl Reads) -> Result<Vec<Uuid>, StoreError> {
    let query = row::Entity::find()
        .select_only()
        .column(row::Column::OrganizationId)
        .distinct()
        .filter(row::Column::Position.is_null())
        .order_by_asc(row::Column::OrganizationId);
    Ok(query.into_tuple().all(reads.conn()).await?)
}

/// Gives the committed events of an organization their places, at most `limit`, and returns how many got one.
///
/// # Errors
/// When the database is gone.
pub async fn sequence(tx: &Tx, organization_id: Uuid, limit: u64) -> Result<u64, StoreError> {
    let log = hold_log(tx, organization_id).await?;
    // The snapshot of this statement is younger than the lock: it sees everything the holder before us numbered.
    let backend = tx.tx.get_database_backend();
    let [base, organization, most] =
        if backend == DbBackend::Postgres { ["$1::bigint", "$2", "$3"] } else { ["?", "?", "?"] };
    let sql = format!(
        "UPDATE events SET position = {base} + waiting.place FROM \
         (SELECT id AS waiting_id, ROW_NUMBER() OVER (ORDER BY id) AS place FROM events \
          WHERE organization_id = {organization} AND position IS NULL ORDER BY id LIMIT {most}) AS waiting \
         WHERE events.id = waiting.waiting_id"
    );
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let values = [log.last_position.into(), organization_id.into(), limit.into()];
    let placed = tx.tx.execute_raw(Statement::from_sql_and_values(backend, sql, values)).await?.rows_affected();
    let last = log.last_position + i64::try_from(placed).unwrap_or(0);
    log_row::Entity::update_many()
        .col_expr(log_row::Column::LastPosition, Expr::value(last))
        .filter(log_row::Column::Id.eq(log.id))
        .exec(&tx.tx)
        .await?;
    Ok(placed)
}

/// The organization's log, which nobody else can number until the transaction ends.
async fn hold_log(tx: &Tx, organization_id: Uuid) -> Result<log_row::Model, StoreError> {
    let new = log_row::ActiveModel {
        // There is one for each organization.
        id: Set(organization_id),
        organization_id: Set(organization_id),
        last_position: Set(0),
        dropped_position: Set(0),
    };
    log_row::Entity::insert(new)
        .on_conflict_do_nothing_on([log_row::Column::OrganizationId])
        .exec_without_returning(&tx.tx)
        .await?;
    let found = log_row::Entity::find()
        .filter(log_row::Column::OrganizationId.eq(organization_id))
        .lock(LockType::Update)
        .one(&tx.tx)
        .await?;
    found.ok_or_else(|| StoreError::corrupt("event_logs", "a row that was just there is gone"))
}

/// The events with these ids, in no order; absent ones are left out.
///
/// # Errors
/// When the database is gone.
pub async fn find_many(reads: &impl Reads, organization_id: Uuid, ids: &[Uuid]) -> Result<Vec<Event>, StoreError> {
    let query = scoped(organization_id).filter(row::Column::Id.is_in(ids.iter().copied()));
    query.all(reads.conn()).await?.into_iter().map(event).collect()
}

/// What comes after a position of the log, in its order, at most `limit`.
///
/// # Errors
/// When the database is gone.
pub async fn after(
    reads: &impl Reads,
    organization_id: Uuid,
    position: i64,
    limit: u64,
) -> Result<Vec<Event>, StoreError> {
    let query = scoped(organization_id)
        .filter(row::Column::Position.gt(position))
        .order_by_asc(row::Column::Position)
        .limit(limit);
    query.all(reads.conn()).await?.into_iter().map(event).collect()
}

/// The position before the first event that happened at this instant or later; the last one when there is none.
///
/// # Errors
/// When the database is gone.
pub async fn position_before(
    reads: &impl Reads,
    organization_id: Uuid,
    instant: DateTime<Utc>,
) -> Result<i64, StoreError> {
    let first = scoped(organization_id)
        .filter(row::Column::At.gte(instant))
        .filter(row::Column::Position.is_not_null())
        .order_by_asc(row::Column::Position)
        .one(reads.conn())
        .await?;
    match first.and_then(|first| first.position) {
        Some(position) => Ok(position - 1),
        None => Ok(reach(reads, organization_id).await?.last),
    }
}

/// The organizations whose log holds something that happened before `horizon`.
///
/// # Errors
/// When the database is gone.
pub async fn every_older_than(reads: &impl Reads, horizon: DateTime<Utc>) -> Result<Vec<Uuid>, StoreError> {
    let query = row::Entity::find()
        .select_only()
        .column(row::Column::OrganizationId)
        .distinct()
        .filter(row::Column::At.lt(horizon))
        .filter(row::Column::Position.is_not_null());
    Ok(query.into_tuple().all(reads.conn()).await?)
}

/// Drops the beginning of an organization's log, with its deliveries, up to the first event that is not older than
/// `horizon`, at most `limit`. Returns how many events are gone.
///
/// # Errors
/// When the database is gone.
pub async fn drop_before(
    tx: &Tx,
    organization_id: Uuid,
    horizon: DateTime<Utc>,
    limit: u64,
) -> Result<usize, StoreError> {
    let log = hold_log(tx, organization_id).await?;
    let kept = position_before(tx, organization_id, horizon).await?;
    let old: Vec<(Uuid, Option<i64>)> = scoped(organization_id)
        .select_only()
        .columns([row::Column::Id, row::Column::Position])
        .filter(row::Column::Position.lte(kept))
        .order_by_asc(row::Column::Position)
        .limit(limit)
        .into_tuple()
        .all(&tx.tx)
        .await?;
    let Some(&(_, last)) = old.last() else { return Ok(0) };
    let ids: Vec<Uuid> = old.iter().map(|(id, _)| *id).collect();
    super::webhook_deliveries::delete_of_events(tx, organization_id, &ids).await?;
    row::Entity::delete_many()
        .filter(row::Column::OrganizationId.eq(organization_id))
        .filter(row::Column::Id.is_in(ids))
        .exec(&tx.tx)
        .await?;
    log_row::Entity::update_many()
        .col_expr(log_row::Column::DroppedPosition, Expr::value(last.unwrap_or(log.dropped_position)))
        .filter(log_row::Column::Id.eq(log.id))
        .exec(&tx.tx)
        .await?;
    Ok(old.len())
}
