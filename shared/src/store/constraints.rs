//! Constraints on pairs.

use sea_orm::{ActiveModelTrait, ColumnTrait, Condition, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder};
use uuid::Uuid;

use super::{Reads, StoreError, Tx, word};
use crate::domain::constraints::Constraint;

const TABLE: &str = "constraints";

pub(crate) mod row {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "constraints")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub organization_id: Uuid,
        pub program_id: Uuid,
        pub kind: String,
        pub person_a: Uuid,
        pub person_b: Uuid,
        pub reason: Option<String>,
        pub created_by: Option<Uuid>,
        pub created_at: DateTimeUtc,
    }

    super::super::no_relations!();
}

pub(crate) fn constraint(row: row::Model) -> Result<Constraint, StoreError> {
    Ok(Constraint {
        id: row.id,
        organization_id: row.organization_id,
        program_id: row.program_id,
        kind: word(TABLE, &row.kind)?,
        person_a: row.person_a,
        person_b: row.person_b,
        reason: row.reason,
        created_by: row.created_by,
        created_at: row.created_at,
    })
}

/// All constraints of a program, oldest first.
///
/// # Errors
/// When the database is gone.
pub async fn of_program(
    reads: &impl Reads,
    organization_id: Uuid,
    program_id: Uuid,
) -> Result<Vec<Constraint>, StoreError> {
    let rows = row::Entity::find()
        .filter(row::Column::OrganizationId.eq(organization_id))
        .filter(row::Column::ProgramId.eq(program_id))
        .order_by_asc(row::Column::Id)
        .all(reads.conn())
        .await?;
    rows.into_iter().map(constraint).collect()
}

/// The constraints of a program on these two people, whoever stands first.
///
/// # Errors
/// When the database is gone.
pub async fn between(
    reads: &impl Reads,
    organization_id: Uuid,
    program_id: Uuid,
    one: Uuid,
    other: Uuid,
) -> Result<Vec<Constraint>, StoreError> {
    let ordered = |a: Uuid, b: Uuid| Condition::all().add(row::Column::PersonA.eq(a)).add(row::Column::PersonB.eq(b));
    let rows = row::Entity::find()
        .filter(row::Column::OrganizationId.eq(organization_id))
        .filter(row::Column::ProgramId.eq(program_id))
        .filter(Condition::any().add(ordered(one, other)).add(ordered(other, one)))
        .all(reads.conn())
        .await?;
    rows.into_iter().map(constraint).collect()
}

/// The constraint with this id.
///
/// # Errors
/// When the database is gone.
pub async fn find(reads: &impl Reads, organization_id: Uuid, id: Uuid) -> Result<Option<Constraint>, StoreError> {
    let row = row::Entity::find()
        .filter(row::Column::OrganizationId.eq(organization_id))
        .filter(row::Column::Id.eq(id))
        .one(reads.conn())
        .await?;
    row.map(constraint).transpose()
}

/// Stores a new constraint.
///
/// # Errors
/// [`StoreError::Duplicate`] when the same one stands already.
pub async fn insert(tx: &Tx, constraint: &Constraint) -> Result<(), StoreError> {
    let row = row::Model {
        id: constraint.id,
        organization_id: constraint.organization_id,
        program_id: constraint.program_id,
        kind: constraint.kind.as_str().to_owned(),
        person_a: constraint.person_a,
        person_b: constraint.person_b,
        reason: constraint.reason.clone(),
        created_by: constraint.created_by,
        created_at: constraint.created_at,
    };
    row.into_active_model().reset_all().insert(&tx.tx).await.map_err(StoreError::from_write)?;
    Ok(())
}

/// Removes a constraint; true when there was one.
///
/// # Errors
/// When the database is gone.
pub async fn delete(tx: &Tx, organization_id: Uuid, id: Uuid) -> Result<bool, StoreError> {
    let done = row::Entity::delete_many()
        .filter(row::Column::OrganizationId.eq(organization_id))
        .filter(row::Column::Id.eq(id))
        .exec(&tx.tx)
        .await?;
    Ok(done.rows_affected == 1)
}
