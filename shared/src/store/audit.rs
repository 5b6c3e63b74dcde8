//! Audit entries: who did what to which thing.

use chrono::{DateTime, Utc};
use sea_orm::{ActiveModelTrait, ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde_json::Value;
use uuid::Uuid;

use super::{Reads, StoreError, Tx};

pub(crate) mod row {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "audit_entries")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub organization_id: Uuid,
        pub actor_id: Option<Uuid>,
        pub action: String,
        pub entity_id: Uuid,
        pub details: Json,
        pub request_id: Option<String>,
        pub at: DateTimeUtc,
        pub client_id: Option<Uuid>,
    }

    super::super::no_relations!();
}

/// One action of a person.
#[derive(Clone, Debug, PartialEq)]
pub struct AuditEntry {
    /// `UUIDv7`.
    pub id: Uuid,
    /// The tenant.
    pub organization_id: Uuid,
    /// Who; `None` for a command on the server.
    pub actor_id: Option<Uuid>,
    /// The API client through which they acted, if any.
    pub client_id: Option<Uuid>,
    /// The mutation's name.
    pub action: &'static str,
    /// The thing.
    pub entity_id: Uuid,
    /// What changed, without anybody's answers.
    pub details: Value,
    /// The request.
    pub request_id: Option<String>,
    /// When.
    pub at: DateTime<Utc>,
}

/// Writes an action down.
///
/// # Errors
/// When the database is gone.
pub async fn record(tx: &Tx, entry: AuditEntry) -> Result<(), StoreError> {
    let row = row::ActiveModel {
        id: Set(entry.id),
        organization_id: Set(entry.organization_id),
        actor_id: Set(entry.actor_id),
        action: Set(entry.action.to_owned()),
        entity_id: Set(entry.entity_id),
        details: Set(entry.details),
        request_id: Set(entry.request_id),
        at: Set(entry.at),
        client_id: Set(entry.client_id),
    };
    row.insert(&tx.tx).await?;
    Ok(())
}

/// Whether the same was done to the thing since then. Ids begin with the time, so only later entries are looked at.
///
/// # Errors
/// When the database is gone.
pub async fn is_recorded_since(
    reads: &impl Reads,
    organization_id: Uuid,
    action: &str,
    entity_id: Uuid,
    since: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let milliseconds = u64::try_from(since.timestamp_millis()).unwrap_or(0);
    let first = uuid::Builder::from_unix_timestamp_millis(milliseconds, &[0; 10]).into_uuid();
    let found = row::Entity::find()
        .filter(row::Column::OrganizationId.eq(organization_id))
        .filter(row::Column::Id.gte(first))
        .filter(row::Column::Action.eq(action))
        .filter(row::Column::EntityId.eq(entity_id))
        .one(reads.conn())
        .await?;
    Ok(found.is_some())
}

/// An action as it was written down.
#[derive(Clone, Debug, PartialEq)]
pub struct PastAction {
    /// `UUIDv7`.
    pub id: Uuid,
    /// Who; `None` for a command on the server.
    pub actor_id: Option<Uuid>,
    /// The API client through which they acted, if any.
    pub client_id: Option<Uuid>,
    /// The mutation's name.
    pub action: String,
    /// The thing.
    pub entity_id: Uuid,
    /// What changed.
    pub details: Value,
    /// The request.
    pub request_id: Option<String>,
    /// When.
    pub at: DateTime<Utc>,
}

/// The latest actions in an organization, the latest first, at most `limit`.
///
/// # Errors
/// When the database is gone.
pub async fn latest(reads: &impl Reads, organization_id: Uuid, limit: u64) -> Result<Vec<PastAction>, StoreError> {
    let rows = row::Entity::find()
        .filter(row::Column::OrganizationId.eq(organization_id))
        .order_by_desc(row::Column::Id)
        .limit(limit)
        .all(reads.conn())
        .await?;
    let past = |row: row::Model| {
        let row::Model { id, actor_id, client_id, action, entity_id, details, request_id, at, .. } = row;
        PastAction { id, actor_id, client_id, action, entity_id, details, request_id, at }
    };
    Ok(rows.into_iter().map(past).collect())
}
