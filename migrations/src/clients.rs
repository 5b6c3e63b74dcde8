//! API clients with their keys, and sign-ins by mailed links with their refresh tokens.

use sea_orm_migration::{
    prelude::{DbErr, MigrationTrait, SchemaManager, Table, async_trait},
    schema::{integer, json_binary, text, text_null, uuid, uuid_null},
};

use crate::tables::{NewTable, instant, instant_null};

/// See the module.
#[derive(Debug)]
pub(crate) struct Migration;

impl sea_orm_migration::MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m20261125_000003_clients"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        api_clients(manager).await?;
        sign_in_links(manager).await?;
        sign_ins(manager).await
    }
}

async fn api_clients(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    NewTable {
        name: "api_clients",
        columns: vec![
            uuid("organization_id"),
            text("name"),
            // Whom its requests act as.
            uuid("person_id"),
            json_binary("scopes"),
            // SHA-256 of a key's secret half, in hexadecimal; the key itself is nowhere.
            text("key_hash"),
            text_null("previous_hash"),
            instant_null("previous_until"),
            instant("expires_at"),
            instant_null("revoked_at"),
            instant_null("last_used_at"),
            uuid("created_by"),
            integer("version"),
            instant("created_at"),
            instant("updated_at"),
        ],
        references: &[("organization_id", "organizations"), ("person_id", "people"), ("created_by", "people")],
        unique: &[],
        indexes: &[&["organization_id", "id"]],
    }
    .create(manager)
    .await?;
    // Through which client somebody acted; null for a person's own request.
    let client = Table::alter().table("audit_entries").add_column(uuid_null("client_id")).take();
    manager.alter_table(client).await
}

async fn sign_in_links(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    NewTable {
        name: "sign_in_links",
        columns: vec![
            uuid("organization_id"),
            // SHA-256 of the address that was typed, known or not: requests are counted by it.
            text("address_hash"),
            // Null for an address that nobody active has; no mail is written then.
            uuid_null("person_id"),
            // Where the link leads, without the code.
            text("page"),
            // SHA-256 of the code's secret half; null until the worker writes the mail.
            text_null("code_hash"),
            integer("failures"),
            instant("expires_at"),
            // Used, replaced by a newer one, or guessed at too often.
            instant_null("ended_at"),
            instant("created_at"),
        ],
        references: &[("organization_id", "organizations"), ("person_id", "people")],
        unique: &[],
        indexes: &[
            &["organization_id", "address_hash", "created_at"],
            &["organization_id", "created_at"],
            &["person_id", "ended_at"],
            &["code_hash", "ended_at", "created_at"],
            &["created_at"],
        ],
    }
    .create(manager)
    .await
}

async fn sign_ins(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    NewTable {
        name: "sign_ins",
        columns: vec![
            uuid("organization_id"),
            uuid("person_id"),
            instant("expires_at"),
            // Without a refresh until then it is over.
            instant("idle_until"),
            instant_null("ended_at"),
            instant("created_at"),
            instant("updated_at"),
        ],
        references: &[("organization_id", "organizations"), ("person_id", "people")],
        unique: &[],
        indexes: &[&["person_id", "ended_at"], &["idle_until"]],
    }
    .create(manager)
    .await?;
    NewTable {
        name: "refresh_tokens",
        columns: vec![
            uuid("organization_id"),
            uuid("sign_in_id"),
            // SHA-256 of the secret half.
            text("token_hash"),
            instant("created_at"),
            instant_null("replaced_at"),
            uuid_null("replaced_by"),
        ],
        references: &[("organization_id", "organizations"), ("sign_in_id", "sign_ins")],
        unique: &[],
        indexes: &[&["sign_in_id"]],
    }
    .create(manager)
    .await
}
