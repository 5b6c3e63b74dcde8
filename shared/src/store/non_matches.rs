//! Findings about people whom runs left unmatched.

use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder, Select};
use uuid::Uuid;

use super::{Reads, StoreError, Tx, from_json, to_json};
use crate::domain::match_runs::NonMatch;

const TABLE: &str = "non_matches";

pub(crate) mod row {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "non_matches")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub organization_id: Uuid,
        pub run_id: Uuid,
        pub enrollment_id: Uuid,
        pub reason: String,
        pub finding: Json,
        pub created_at: DateTimeUtc,
    }

    super::super::no_relations!();
}

pub(crate) fn non_match(row: row::Model) -> Result<NonMatch, StoreError> {
    Ok(NonMatch {
        id: row.id,
        organization_id: row.organization_id,
        run_id: row.run_id,
        enrollment_id: row.enrollment_id,
        finding: from_json(TABLE, row.finding)?,
        created_at: row.created_at,
    })
}

pub(crate) fn scoped(organization_id: Uuid) -> Select<row::Entity> {
    row::Entity::find().filter(row::Column::OrganizationId.eq(organization_id))
}

/// The findings of a run.
///
/// # Errors
/// When the database is gone.
pub async fn of_run(reads: &impl Reads, organization_id: Uuid, run_id: Uuid) -> Result<Vec<NonMatch>, StoreError> {
    let query = scoped(organization_id).filter(row::Column::RunId.eq(run_id)).order_by_asc(row::Column::Id);
    query.all(reads.conn()).await?.into_iter().map(non_match).collect()
}

/// The findings about these enrollments, newest first.
///
/// # Errors
/// When the database is gone.
pub async fn of_enrollments(
    reads: &impl Reads,
    organization_id: Uuid,
    enrollment_ids: &[Uuid],
) -> Result<Vec<NonMatch>, StoreError> {
    let query = scoped(organization_id)
        .filter(row::Column::EnrollmentId.is_in(enrollment_ids.iter().copied()))
        .order_by_desc(row::Column::CreatedAt)
        .order_by_desc(row::Column::Id);
    query.all(reads.conn()).await?.into_iter().map(non_match).collect()
}

/// Stores the findings of a run.
///
/// # Errors
/// [`StoreError::Duplicate`] when the run has stored them already.
pub async fn insert_many(tx: &Tx, non_matches: &[NonMatch]) -> Result<(), StoreError> {
    for chunk in non_matches.chunks(1_000) {
        let mut rows = Vec::with_capacity(chunk.len());
        for non_match in chunk {
            let reason = to_json(TABLE, &non_match.finding.reason)?;
            rows.push(row::ActiveModel {
                id: Set(non_match.id),
                organization_id: Set(non_match.organization_id),
                run_id: Set(non_match.run_id),
                enrollment_id: Set(non_match.enrollment_id),
                reason: Set(reason.as_str().unwrap_or_default().to_owned()),
                finding: Set(to_json(TABLE, &non_match.finding)?),
                created_at: Set(non_match.created_at),
            });
        }
        row::Entity::insert_many(rows).exec_without_returning(&tx.tx).await.map_err(StoreError::from_write)?;
    }
    Ok(())
}
