//! Registered documents.

use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, PaginatorTrait, QueryFilter};
use uuid::Uuid;

use super::{Reads, StoreError, Tx};
use crate::domain::documents::Document;

pub(crate) mod row {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "documents")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub organization_id: Uuid,
        pub hash: String,
        pub text: String,
        pub created_by: Option<Uuid>,
        pub created_at: DateTimeUtc,
    }

    super::super::no_relations!();
}

pub(crate) fn document(row: row::Model) -> Document {
    let row::Model { id, organization_id, hash, text, created_by, created_at } = row;
    Document { id, organization_id, hash, text, created_by, created_at }
}

/// The organization's documents with these hashes, in no order.
///
/// # Errors
/// When the database is gone.
pub async fn with_hashes(
    reads: &impl Reads,
    organization_id: Uuid,
    hashes: &[String],
) -> Result<Vec<Document>, StoreError> {
    let rows = row::Entity::find()
        .filter(row::Column::OrganizationId.eq(organization_id))
        .filter(row::Column::Hash.is_in(hashes.iter().map(String::as_str)))
        .all(reads.conn())
        .await?;
    Ok(rows.into_iter().map(document).collect())
}

/// How many documents an organization has.
///
/// # Errors
/// When the database is gone.
pub async fn count(reads: &impl Reads, organization_id: Uuid) -> Result<u64, StoreError> {
    let query = row::Entity::find().filter(row::Column::OrganizationId.eq(organization_id));
    Ok(query.count(reads.conn()).await?)
}

/// Stores a new document.
///
/// # Errors
/// [`StoreError::Duplicate`] when the organization has it already.
pub async fn insert(tx: &Tx, document: &Document) -> Result<(), StoreError> {
    let Document { id, organization_id, hash, text, created_by, created_at } = document.clone();
    let row = row::Model { id, organization_id, hash, text, created_by, created_at };
    row.into_active_model().reset_all().insert(&tx.tx).await.map_err(StoreError::from_write)?;
    Ok(())
}

/// Removes a document; true when there was one.
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
