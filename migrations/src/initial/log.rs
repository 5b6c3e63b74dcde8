//! What happened and what is to be sent: state changes, messages (the outbox), events and audit entries.

use sea_orm_migration::{
    prelude::{DbErr, SchemaManager},
    schema::{json_binary, text, text_null, uuid, uuid_null},
};

use crate::tables::{NewTable, instant, instant_null, lease};

pub(super) async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    messages(manager).await?;
    NewTable {
        name: "state_changes",
        columns: vec![
            uuid("organization_id"),
            text("entity"),
            uuid("entity_id"),
            text("from_state"),
            text("to_state"),
            uuid_null("actor_id"),
            text_null("reason"),
            instant("at"),
        ],
        references: &[("organization_id", "organizations")],
        unique: &[],
        indexes: &[&["entity_id", "at"]],
    }
    .create(manager)
    .await?;
    NewTable {
        name: "events",
        columns: vec![uuid("organization_id"), text("kind"), uuid("entity_id"), json_binary("data"), instant("at")],
        references: &[("organization_id", "organizations")],
        unique: &[],
        indexes: &[&["organization_id", "id"]],
    }
    .create(manager)
    .await?;
    NewTable {
        name: "audit_entries",
        columns: vec![
            uuid("organization_id"),
            uuid_null("actor_id"),
            text("action"),
            uuid("entity_id"),
            json_binary("details"),
            text_null("request_id"),
            instant("at"),
        ],
        references: &[("organization_id", "organizations")],
        unique: &[],
        indexes: &[&["organization_id", "id"]],
    }
    .create(manager)
    .await
}

async fn messages(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let mut columns = vec![
        uuid("organization_id"),
        uuid("person_id"),
        uuid_null("match_id"),
        text("kind"),
        // The same mail asked for twice is one row.
        text("dedupe_key"),
        json_binary("mail"),
        text("locale"),
        text("status"),
        instant("due_at"),
        instant_null("expires_at"),
        instant_null("handed_at"),
        instant_null("sent_at"),
        text_null("error"),
        instant("created_at"),
        instant("updated_at"),
    ];
    columns.extend(lease());
    NewTable {
        name: "messages",
        columns,
        references: &[("organization_id", "organizations"), ("person_id", "people"), ("match_id", "matches")],
        unique: &[&["organization_id", "dedupe_key"]],
        indexes: &[
            &["status", "due_at", "id"],
            &["status", "lease_until"],
            &["person_id", "created_at"],
            &["match_id"],
        ],
    }
    .create(manager)
    .await
}
