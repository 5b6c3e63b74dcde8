//! Events get a position that readers can go on from, and webhooks what they deliver.

use sea_orm_migration::{
    prelude::{DbErr, Index, MigrationTrait, SchemaManager, Table, async_trait},
    schema::{big_integer, big_integer_null, integer_null, json_binary_null, text, text_null, uuid, uuid_null},
};

use crate::tables::{NewTable, instant, instant_null, lease};

/// See the functions, one per table.
#[derive(Debug)]
pub(crate) struct Migration;

impl sea_orm_migration::MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m20261125_000006_webhooks"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        positions(manager).await?;
        endpoints(manager).await?;
        deliveries(manager).await
    }
}

/// The place of each event in its organization's log, given after the commit, and how far each log reaches.
async fn positions(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager.alter_table(Table::alter().table("events").add_column(big_integer_null("position")).to_owned()).await?;
    let place = ["organization_id", "position"];
    let mut index = Index::create();
    index.name("uq_events_organization_id_position").table("events").unique();
    for column in place {
        index.col(column);
    }
    manager.create_index(index).await?;
    for columns in [&["position", "organization_id", "id"][..], &["organization_id", "entity_id"], &["at", "id"]] {
        let mut index = Index::create();
        index.name(format!("ix_events_{}", columns.join("_"))).table("events");
        for column in columns {
            index.col(*column);
        }
        manager.create_index(index).await?;
    }
    NewTable {
        name: "event_logs",
        columns: vec![uuid("organization_id"), big_integer("last_position"), big_integer("dropped_position")],
        references: &[("organization_id", "organizations")],
        unique: &[&["organization_id"]],
        indexes: &[],
    }
    .create(manager)
    .await
}

async fn endpoints(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    NewTable {
        name: "webhook_endpoints",
        columns: vec![
            uuid("organization_id"),
            text("url"),
            text_null("description"),
            json_binary_null("kinds"),
            text("secret"),
            text_null("previous_secret"),
            instant_null("previous_secret_until"),
            text("status"),
            text_null("disabled_reason"),
            instant_null("failing_since"),
            // The last event of which deliveries were made.
            big_integer("position"),
            // Up to here only these kinds are delivered (once more).
            big_integer_null("replay_until"),
            json_binary_null("replay_kinds"),
            uuid_null("created_by"),
            instant("created_at"),
            instant("updated_at"),
        ],
        references: &[("organization_id", "organizations"), ("created_by", "people")],
        unique: &[],
        indexes: &[&["organization_id", "created_at", "id"], &["status", "id"]],
    }
    .create(manager)
    .await
}

async fn deliveries(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let mut columns = vec![
        uuid("organization_id"),
        uuid("endpoint_id"),
        uuid("event_id"),
        text("status"),
        instant("due_at"),
        integer_null("status_code"),
        text_null("error"),
        instant_null("delivered_at"),
        instant("created_at"),
        instant("updated_at"),
    ];
    columns.extend(lease());
    NewTable {
        name: "webhook_deliveries",
        columns,
        references: &[
            ("organization_id", "organizations"),
            ("endpoint_id", "webhook_endpoints"),
            ("event_id", "events"),
        ],
        unique: &[&["endpoint_id", "event_id"]],
        indexes: &[
            &["endpoint_id", "status", "due_at", "id"],
            &["endpoint_id", "created_at", "id"],
            &["endpoint_id", "updated_at", "id"],
            &["event_id"],
        ],
    }
    .create(manager)
    .await
}
