//! Addresses that are not written to any more.

use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, Select};
use uuid::Uuid;

use super::{Reads, StoreError, Tx, word};
use crate::domain::mail::{MailSuppression, normalized};

const TABLE: &str = "mail_suppressions";

pub(crate) mod row {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "mail_suppressions")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub organization_id: Uuid,
        pub address: String,
        pub reason: String,
        pub detail: Option<String>,
        pub person_id: Uuid,
        pub message_id: Option<Uuid>,
        pub created_at: DateTimeUtc,
    }

    super::super::no_relations!();
}

pub(crate) fn suppression(row: row::Model) -> Result<MailSuppression, StoreError> {
    let row::Model { id, organization_id, address, reason, detail, person_id, message_id, created_at } = row;
    let reason = word(TABLE, &reason)?;
    Ok(MailSuppression { id, organization_id, address, reason, detail, person_id, message_id, created_at })
}

pub(crate) fn scoped(organization_id: Uuid) -> Select<row::Entity> {
    row::Entity::find().filter(row::Column::OrganizationId.eq(organization_id))
}

/// Suppresses an address; one that is suppressed already keeps its first reason.
///
/// # Errors
/// When the database is gone.
pub async fn insert(tx: &Tx, suppression: &MailSuppression) -> Result<(), StoreError> {
    let MailSuppression { id, organization_id, address, reason, detail, person_id, message_id, created_at } =
        suppression.clone();
    let reason = reason.as_str().to_owned();
    let address = normalized(&address);
    let row = row::Model { id, organization_id, address, reason, detail, person_id, message_id, created_at };
    row::Entity::insert(row.into_active_model().reset_all())
        .on_conflict_do_nothing_on([row::Column::OrganizationId, row::Column::Address])
        .exec_without_returning(&tx.tx)
        .await?;
    Ok(())
}

/// Why nobody writes to this address; `None` when it may be written to.
///
/// # Errors
/// When the database is gone.
pub async fn find(
    reads: &impl Reads,
    organization_id: Uuid,
    address: &str,
) -> Result<Option<MailSuppression>, StoreError> {
    let query = scoped(organization_id).filter(row::Column::Address.eq(normalized(address)));
    query.one(reads.conn()).await?.map(suppression).transpose()
}

/// Lifts a suppression; true when there was one.
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
