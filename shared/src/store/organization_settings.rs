//! What organizations decide about their front ends.

use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel};
use uuid::Uuid;

use super::{Reads, StoreError, Tx, from_json, to_json};
use crate::domain::organizations::OrganizationSettings;

const TABLE: &str = "organization_settings";

pub(crate) mod row {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "organization_settings")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub allowed_origins: Json,
        pub documents_only: bool,
        pub updated_at: DateTimeUtc,
    }

    super::super::no_relations!();
}

fn settings(row: row::Model) -> Result<OrganizationSettings, StoreError> {
    Ok(OrganizationSettings {
        organization_id: row.id,
        allowed_origins: from_json(TABLE, row.allowed_origins)?,
        documents_only: row.documents_only,
        updated_at: row.updated_at,
    })
}

/// The settings of an organization; `None` when it never set any.
///
/// # Errors
/// When the database is gone.
pub async fn find(reads: &impl Reads, organization_id: Uuid) -> Result<Option<OrganizationSettings>, StoreError> {
    row::Entity::find_by_id(organization_id).one(reads.conn()).await?.map(settings).transpose()
}

/// The settings of every organization that has any, in no order.
///
/// # Errors
/// When the database is gone.
pub async fn every(reads: &impl Reads) -> Result<Vec<OrganizationSettings>, StoreError> {
    row::Entity::find().all(reads.conn()).await?.into_iter().map(settings).collect()
}

/// Stores settings, the first or new ones. Only together with the organization's own row, whose version guards both.
///
/// # Errors
/// When the database is gone.
pub async fn save(tx: &Tx, settings: &OrganizationSettings) -> Result<(), StoreError> {
    let row = row::Model {
        id: settings.organization_id,
        allowed_origins: to_json(TABLE, &settings.allowed_origins)?,
        documents_only: settings.documents_only,
        updated_at: settings.updated_at,
    };
    let is_known = row::Entity::find_by_id(row.id).one(&tx.tx).await?.is_some();
    let row = row.into_active_model().reset_all();
    if is_known {
        row.update(&tx.tx).await?;
    } else {
        row.insert(&tx.tx).await.map_err(StoreError::from_write)?;
    }
    Ok(())
}
