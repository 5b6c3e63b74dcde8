//! What the mailer has learned (addresses that are not written to any more, and what every attempt came to), and what people
//! do not want to be sent.

use sea_orm_migration::{
    prelude::{DbErr, MigrationTrait, SchemaManager, async_trait},
    schema::{text, text_null, uuid, uuid_null},
};

use crate::tables::{NewTable, instant};

/// See the module.
#[derive(Debug)]
pub(crate) struct Migration;

impl sea_orm_migration::MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m20261125_000010_mail"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        mail_suppressions(manager).await?;
        message_attempts(manager).await?;
        mail_preferences(manager).await
    }
}

async fn mail_suppressions(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    NewTable {
        name: "mail_suppressions",
        columns: vec![
            uuid("organization_id"),
            // As people have it: in lower case.
            text("address"),
            text("reason"),
            // The relay's words.
            text_null("detail"),
            // Who had the address then.
            uuid("person_id"),
            uuid_null("message_id"),
            instant("created_at"),
        ],
        references: &[("organization_id", "organizations"), ("person_id", "people"), ("message_id", "messages")],
        unique: &[&["organization_id", "address"]],
        indexes: &[&["organization_id", "created_at", "id"], &["person_id"], &["message_id"]],
    }
    .create(manager)
    .await
}

async fn message_attempts(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    NewTable {
        name: "message_attempts",
        columns: vec![
            uuid("organization_id"),
            uuid("message_id"),
            // To whom the message goes: who may see it depends on that.
            uuid("person_id"),
            text("outcome"),
            // RFC 3463, such as 5.1.1.
            text_null("status_code"),
            text_null("reply"),
            instant("started_at"),
            instant("ended_at"),
        ],
        references: &[("organization_id", "organizations"), ("message_id", "messages"), ("person_id", "people")],
        unique: &[],
        indexes: &[&["message_id", "started_at", "id"]],
    }
    .create(manager)
    .await
}

async fn mail_preferences(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    NewTable {
        name: "mail_preferences",
        // A row says that the person switched the category off; without one it is sent.
        columns: vec![uuid("organization_id"), uuid("person_id"), text("category"), instant("created_at")],
        references: &[("organization_id", "organizations"), ("person_id", "people")],
        unique: &[&["person_id", "category"]],
        indexes: &[],
    }
    .create(manager)
    .await?;
    NewTable {
        // The id is the organization's.
        name: "unsubscribe_keys",
        columns: vec![text("secret"), instant("created_at")],
        references: &[("id", "organizations")],
        unique: &[],
        indexes: &[],
    }
    .create(manager)
    .await
}
