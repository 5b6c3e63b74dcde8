//! Programs whose weekly digest may be due; none is read whose Monday is still to come.

use chrono::{DateTime, Utc};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, sea_query::Expr};
use uuid::Uuid;

use super::{
    Reads, StoreError, Tx,
    programs::row::{Column, Entity},
};

/// Up to `limit` programs, over all organizations, that have to be looked at by now: each with its organization first.
///
/// # Errors
/// When the database is gone.
pub async fn every_due(reads: &impl Reads, now: DateTime<Utc>, limit: u64) -> Result<Vec<(Uuid, Uuid)>, StoreError> {
    let query = Entity::find()
        .select_only()
        .columns([Column::OrganizationId, Column::Id])
        .filter(Column::ArchivedAt.is_null())
        .filter(Column::NextDigestAt.lte(now))
        .order_by_asc(Column::NextDigestAt)
        .order_by_asc(Column::Id)
        .limit(limit);
    Ok(query.into_tuple().all(reads.conn()).await?)
}

/// When a program that was read at this version has to be looked at again. One that was changed meanwhile is looked at at
/// once, as after every change.
///
/// # Errors
/// When the database is gone.
pub async fn look_at(
    tx: &Tx,
    organization_id: Uuid,
    program_id: Uuid,
    version: i32,
    at: DateTime<Utc>,
) -> Result<(), StoreError> {
    Entity::update_many()
        .col_expr(Column::NextDigestAt, Expr::value(at))
        .filter(Column::OrganizationId.eq(organization_id))
        .filter(Column::Id.eq(program_id))
        .filter(Column::Version.eq(version))
        .exec(&tx.tx)
        .await?;
    Ok(())
}
