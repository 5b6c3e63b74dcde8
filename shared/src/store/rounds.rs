//! Rounds.

use chrono::NaiveDate;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect, Select,
};
use uuid::Uuid;

use super::{Reads, StoreError, Tx, exactly_one, narrow, word};
use crate::domain::rounds::{Round, RoundStatus};

const TABLE: &str = "rounds";

pub(crate) mod row {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "rounds")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub organization_id: Uuid,
        pub program_id: Uuid,
        pub name: String,
        pub status: String,
        pub rolling: bool,
        pub country_cap_percent: Option<i32>,
        pub ends_on: Option<Date>,
        pub opened_at: Option<DateTimeUtc>,
        pub closed_at: Option<DateTimeUtc>,
        pub created_at: DateTimeUtc,
        pub updated_at: DateTimeUtc,
    }

    super::super::no_relations!();
}

pub(crate) fn round(row: row::Model) -> Result<Round, StoreError> {
    Ok(Round {
        id: row.id,
        organization_id: row.organization_id,
        program_id: row.program_id,
        name: row.name,
        status: word(TABLE, &row.status)?,
        rolling: row.rolling,
        country_cap_percent: row.country_cap_percent.map(|percent| narrow(TABLE, percent)).transpose()?,
        ends_on: row.ends_on,
        opened_at: row.opened_at,
        closed_at: row.closed_at,
        created_at: row.created_at,
        updated_at: row.updated_at,
    })
}

fn to_row(round: &Round) -> row::Model {
    row::Model {
        id: round.id,
        organization_id: round.organization_id,
        program_id: round.program_id,
        name: round.name.clone(),
        status: round.status.as_str().to_owned(),
        rolling: round.rolling,
        country_cap_percent: round.country_cap_percent.map(i32::from),
        ends_on: round.ends_on,
        opened_at: round.opened_at,
        closed_at: round.closed_at,
        created_at: round.created_at,
        updated_at: round.updated_at,
    }
}

pub(crate) fn scoped(organization_id: Uuid) -> Select<row::Entity> {
    row::Entity::find().filter(row::Column::OrganizationId.eq(organization_id))
}

/// The round with this id.
///
/// # Errors
/// When the database is gone.
pub async fn find(reads: &impl Reads, organization_id: Uuid, id: Uuid) -> Result<Option<Round>, StoreError> {
    Ok(find_many(reads, organization_id, &[id]).await?.pop())
}

/// The rounds with these ids, in no order; absent ones are left out.
///
/// # Errors
/// When the database is gone.
pub async fn find_many(reads: &impl Reads, organization_id: Uuid, ids: &[Uuid]) -> Result<Vec<Round>, StoreError> {
    let query = scoped(organization_id).filter(row::Column::Id.is_in(ids.iter().copied()));
    query.all(reads.conn()).await?.into_iter().map(round).collect()
}

/// The rounds of a program, oldest first.
///
/// # Errors
/// When the database is gone.
pub async fn of_program(reads: &impl Reads, organization_id: Uuid, program_id: Uuid) -> Result<Vec<Round>, StoreError> {
    let query = scoped(organization_id)
        .filter(row::Column::ProgramId.eq(program_id))
        .order_by_asc(row::Column::CreatedAt)
        .order_by_asc(row::Column::Id);
    query.all(reads.conn()).await?.into_iter().map(round).collect()
}

/// Stores a new round.
///
/// # Errors
/// [`StoreError::Duplicate`] when the program has a round of this name.
pub async fn insert(tx: &Tx, round: &Round) -> Result<(), StoreError> {
    let row = to_row(round).into_active_model().reset_all();
    row.insert(&tx.tx).await.map_err(StoreError::from_write)?;
    Ok(())
}

/// Stores a changed round, if it still has the state it was read with.
///
/// # Errors
/// [`StoreError::Conflict`] when its state changed since, [`StoreError::Duplicate`] when the new name is taken.
pub async fn update(tx: &Tx, round: &Round, read_as: RoundStatus) -> Result<(), StoreError> {
    let done = row::Entity::update_many()
        .set(to_row(round).into_active_model().reset_all())
        .filter(row::Column::OrganizationId.eq(round.organization_id))
        .filter(row::Column::Id.eq(round.id))
        .filter(row::Column::Status.eq(read_as.as_str()))
        .exec(&tx.tx)
        .await
        .map_err(StoreError::from_write)?;
    exactly_one(done.rows_affected, "the round")
}

/// Rounds, over all organizations, that people join or that are matched and whose last day is before `day`, at most
/// `limit`, the oldest last day first.
///
/// # Errors
/// When the database is gone.
pub async fn every_ended_before(reads: &impl Reads, day: NaiveDate, limit: u64) -> Result<Vec<Round>, StoreError> {
    let query = living()
        .filter(row::Column::EndsOn.lt(day))
        .order_by_asc(row::Column::EndsOn)
        .order_by_asc(row::Column::Id)
        .limit(limit);
    query.all(reads.conn()).await?.into_iter().map(round).collect()
}

/// Rounds, over all organizations, that people join or that are matched: OPEN, CLOSED or RUNNING.
pub(super) fn living() -> Select<row::Entity> {
    let statuses = [RoundStatus::Open, RoundStatus::Closed, RoundStatus::Running];
    row::Entity::find().filter(row::Column::Status.is_in(statuses.map(RoundStatus::as_str)))
}
