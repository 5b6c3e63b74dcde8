//! Issuers whose tokens an organization takes, and whom their subjects stand for.

use sea_orm_migration::{
    prelude::{DbErr, MigrationTrait, SchemaManager, async_trait},
    schema::{boolean, integer, text, text_null, uuid},
};

use crate::tables::{NewTable, instant};

/// Tables `issuers` and `identities`.
#[derive(Debug)]
pub(crate) struct Migration;

impl sea_orm_migration::MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m20261125_000002_issuers"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        NewTable {
            name: "issuers",
            columns: vec![
                uuid("organization_id"),
                text("name"),
                text("issuer"),
                // Null: found by OpenID Connect discovery.
                text_null("jwks_url"),
                text("audience"),
                text("link_by"),
                text("link_claim"),
                boolean("trusts_email"),
                boolean("active"),
                integer("version"),
                instant("created_at"),
                instant("updated_at"),
            ],
            references: &[("organization_id", "organizations")],
            unique: &[&["organization_id", "issuer", "audience"]],
            indexes: &[&["organization_id", "name", "id"], &["organization_id", "updated_at", "id"]],
        }
        .create(manager)
        .await?;
        NewTable {
            name: "identities",
            columns: vec![
                uuid("organization_id"),
                uuid("issuer_id"),
                uuid("person_id"),
                text("subject"),
                instant("created_at"),
                instant("last_seen_at"),
            ],
            references: &[("organization_id", "organizations"), ("issuer_id", "issuers"), ("person_id", "people")],
            // One person a subject and one subject a person, whoever signs in at the same moment.
            unique: &[&["issuer_id", "subject"], &["issuer_id", "person_id"]],
            indexes: &[&["person_id", "created_at", "id"]],
        }
        .create(manager)
        .await
    }
}
