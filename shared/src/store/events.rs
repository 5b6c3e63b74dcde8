//! Events: the log that outside systems will replay.

use chrono::{DateTime, Utc};
use sea_orm::{ActiveModelTrait, ActiveValue::Set};
use serde_json::Value;
use uuid::Uuid;

use super::{StoreError, Tx};

pub(crate) mod row {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "events")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub organization_id: Uuid,
        pub kind: String,
        pub entity_id: Uuid,
        pub data: Json,
        pub at: DateTimeUtc,
    }

    super::super::no_relations!();
}

/// Something that happened, named `<noun>.<past participle>`.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// `UUIDv7`; the log's order.
    pub id: Uuid,
    /// The tenant.
    pub organization_id: Uuid,
    /// Such as `match.activated`.
    pub kind: &'static str,
    /// The thing it happened to.
    pub entity_id: Uuid,
    /// Ids that go with it; no names, no addresses.
    pub data: Value,
    /// When.
    pub at: DateTime<Utc>,
}

/// Appends to the log.
///
/// # Errors
/// When the database is gone.
pub async fn record(tx: &Tx, event: Event) -> Result<(), StoreError> {
    let row = row::ActiveModel {
        id: Set(event.id),
        organization_id: Set(event.organization_id),
        kind: Set(event.kind.to_owned()),
        entity_id: Set(event.entity_id),
        data: Set(event.data),
        at: Set(event.at),
    };
    row.insert(&tx.tx).await?;
    Ok(())
}
