//! Check-ins.

use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, Select};
use uuid::Uuid;

use super::{Reads, StoreError, Tx, exactly_one, narrow, word};
use crate::domain::check_ins::CheckIn;

const TABLE: &str = "check_ins";

pub(crate) mod row {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "check_ins")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub organization_id: Uuid,
        pub match_id: Uuid,
        pub person_id: Uuid,
        pub kind: String,
        pub ordinal: i32,
        pub asked_at: DateTimeUtc,
        pub answered_at: Option<DateTimeUtc>,
        pub satisfaction: Option<i32>,
        pub again: Option<bool>,
        pub note: Option<String>,
    }

    super::super::no_relations!();
}

pub(crate) fn check_in(row: row::Model) -> Result<CheckIn, StoreError> {
    Ok(CheckIn {
        id: row.id,
        organization_id: row.organization_id,
        match_id: row.match_id,
        person_id: row.person_id,
        kind: word(TABLE, &row.kind)?,
        ordinal: row.ordinal,
        asked_at: row.asked_at,
        answered_at: row.answered_at,
        satisfaction: row.satisfaction.map(|satisfaction| narrow(TABLE, satisfaction)).transpose()?,
        again: row.again,
        note: row.note,
    })
}

fn to_row(found: &CheckIn) -> row::Model {
    row::Model {
        id: found.id,
        organization_id: found.organization_id,
        match_id: found.match_id,
        person_id: found.person_id,
        kind: found.kind.as_str().to_owned(),
        ordinal: found.ordinal,
        asked_at: found.asked_at,
        answered_at: found.answered_at,
        satisfaction: found.satisfaction.map(i32::from),
        again: found.again,
        note: found.note.clone(),
    }
}

pub(crate) fn scoped(organization_id: Uuid) -> Select<row::Entity> {
    row::Entity::find().filter(row::Column::OrganizationId.eq(organization_id))
}

/// The check-in with this id.
///
/// # Errors
/// When the database is gone.
pub async fn find(reads: &impl Reads, organization_id: Uuid, id: Uuid) -> Result<Option<CheckIn>, StoreError> {
    let row = scoped(organization_id).filter(row::Column::Id.eq(id)).one(reads.conn()).await?;
    row.map(check_in).transpose()
}

/// Stores a check-in unless the person was asked on this occasion already; true when it was stored.
///
/// # Errors
/// When the database is gone.
pub async fn insert(tx: &Tx, found: &CheckIn) -> Result<bool, StoreError> {
    let inserted = row::Entity::insert(to_row(found).into_active_model().reset_all())
        .on_conflict_do_nothing_on([
            row::Column::MatchId,
            row::Column::PersonId,
            row::Column::Kind,
            row::Column::Ordinal,
        ])
        .exec_without_returning(&tx.tx)
        .await?;
    Ok(matches!(inserted, sea_orm::TryInsertResult::Inserted(1)))
}

/// Stores an answer.
///
/// # Errors
/// [`StoreError::Conflict`] when there is no such check-in.
pub async fn update(tx: &Tx, found: &CheckIn) -> Result<(), StoreError> {
    let done = row::Entity::update_many()
        .set(to_row(found).into_active_model().reset_all())
        .filter(row::Column::OrganizationId.eq(found.organization_id))
        .filter(row::Column::Id.eq(found.id))
        .exec(&tx.tx)
        .await?;
    exactly_one(done.rows_affected, "the check-in")
}
