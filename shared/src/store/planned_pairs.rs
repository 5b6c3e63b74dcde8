//! Pairs that runs planned.

use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder, Select};
use uuid::Uuid;

use super::{Reads, StoreError, Tx, from_json, narrow, to_json};
use crate::domain::match_runs::PlannedPair;

const TABLE: &str = "planned_pairs";

pub(crate) mod row {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "planned_pairs")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub organization_id: Uuid,
        pub run_id: Uuid,
        pub round_id: Uuid,
        pub enrollment_a: Uuid,
        pub enrollment_b: Uuid,
        pub score: i32,
        pub pinned: bool,
        pub explanation: Json,
    }

    super::super::no_relations!();
}

pub(crate) fn planned_pair(row: row::Model) -> Result<PlannedPair, StoreError> {
    Ok(PlannedPair {
        id: row.id,
        organization_id: row.organization_id,
        run_id: row.run_id,
        round_id: row.round_id,
        enrollment_a: row.enrollment_a,
        enrollment_b: row.enrollment_b,
        score: narrow(TABLE, row.score)?,
        pinned: row.pinned,
        explanation: from_json(TABLE, row.explanation)?,
    })
}

pub(crate) fn scoped(organization_id: Uuid) -> Select<row::Entity> {
    row::Entity::find().filter(row::Column::OrganizationId.eq(organization_id))
}

/// The pairs of a run, in the order they were made.
///
/// # Errors
/// When the database is gone.
pub async fn of_run(reads: &impl Reads, organization_id: Uuid, run_id: Uuid) -> Result<Vec<PlannedPair>, StoreError> {
    let query = scoped(organization_id).filter(row::Column::RunId.eq(run_id)).order_by_asc(row::Column::Id);
    query.all(reads.conn()).await?.into_iter().map(planned_pair).collect()
}

/// Stores the pairs of a run.
///
/// # Errors
/// [`StoreError::Duplicate`] when the run has stored them already.
pub async fn insert_many(tx: &Tx, pairs: &[PlannedPair]) -> Result<(), StoreError> {
    for chunk in pairs.chunks(1_000) {
        let mut rows = Vec::with_capacity(chunk.len());
        for pair in chunk {
            rows.push(row::ActiveModel {
                id: Set(pair.id),
                organization_id: Set(pair.organization_id),
                run_id: Set(pair.run_id),
                round_id: Set(pair.round_id),
                enrollment_a: Set(pair.enrollment_a),
                enrollment_b: Set(pair.enrollment_b),
                score: Set(pair.score.into()),
                pinned: Set(pair.pinned),
                explanation: Set(to_json(TABLE, &pair.explanation)?),
            });
        }
        row::Entity::insert_many(rows).exec_without_returning(&tx.tx).await.map_err(StoreError::from_write)?;
    }
    Ok(())
}
