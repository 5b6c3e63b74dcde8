//! What the contract with front ends needs: settings of organizations, registered documents, idempotency keys.

use sea_orm_migration::{
    prelude::{DbErr, MigrationTrait, SchemaManager, async_trait},
    schema::{boolean, json_binary, text, text_null, uuid, uuid_null},
};

use crate::tables::{NewTable, instant};

/// Settings of organizations, registered documents, idempotency keys.
#[derive(Debug)]
pub(crate) struct Migration;

impl sea_orm_migration::MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m20261125_000004_contract"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        NewTable {
            name: "organization_settings",
            // The id is the organization's; one without a row has the defaults.
            columns: vec![json_binary("allowed_origins"), boolean("documents_only"), instant("updated_at")],
            references: &[("id", "organizations")],
            unique: &[],
            indexes: &[],
        }
        .create(manager)
        .await?;
        NewTable {
            name: "documents",
            columns: vec![
                uuid("organization_id"),
                // SHA-256 of the text, in hexadecimal digits.
                text("hash"),
                text("text"),
                uuid_null("created_by"),
                instant("created_at"),
            ],
            references: &[("organization_id", "organizations")],
            unique: &[&["organization_id", "hash"]],
            indexes: &[&["organization_id", "created_at", "id"]],
        }
        .create(manager)
        .await?;
        NewTable {
            name: "idempotency_keys",
            columns: vec![
                uuid("organization_id"),
                uuid("person_id"),
                // Through which client the person asked; empty for their own.
                text("client"),
                text("key"),
                text("fingerprint"),
                // Who carries the request out, and until when that is believed, on the database's clock.
                uuid("owner"),
                instant("lease_until"),
                // The mark: set in the same transaction as whatever the request changed.
                boolean("committed"),
                text_null("answer"),
                instant("expires_at"),
            ],
            references: &[("organization_id", "organizations")],
            unique: &[&["organization_id", "person_id", "client", "key"]],
            indexes: &[&["expires_at"]],
        }
        .create(manager)
        .await
    }
}
