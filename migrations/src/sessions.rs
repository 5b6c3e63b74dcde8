//! Sessions of matches as they are planned, moved and held.

use sea_orm_migration::{
    prelude::{DbErr, MigrationTrait, SchemaManager, Table, async_trait},
    schema::{integer, text, text_null, uuid},
};

use crate::tables::{NewTable, instant, instant_null};

/// One table.
#[derive(Debug)]
pub(crate) struct Migration;

impl sea_orm_migration::MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m20261125_000008_sessions"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // The first draft of this table was never written to.
        manager.drop_table(Table::drop().table("sessions").to_owned()).await?;
        NewTable {
            name: "sessions",
            columns: vec![
                uuid("organization_id"),
                uuid("match_id"),
                // What a match never changes stands here too: lists and rights need no other table.
                uuid("program_id"),
                uuid("round_id"),
                uuid("person_a"),
                uuid("person_b"),
                text("status"),
                instant("starts_at"),
                integer("minutes"),
                text_null("place"),
                text_null("agenda"),
                uuid("proposed_by"),
                integer("sequence"),
                instant_null("agreed_at"),
                text_null("cancel_reason"),
                integer("version"),
                instant("created_at"),
                instant("updated_at"),
            ],
            references: &[
                ("organization_id", "organizations"),
                ("match_id", "matches"),
                ("program_id", "programs"),
                ("round_id", "rounds"),
                ("person_a", "people"),
                ("person_b", "people"),
                ("proposed_by", "people"),
            ],
            unique: &[],
            indexes: &[
                &["match_id", "starts_at", "id"],
                &["match_id", "created_at", "id"],
                &["person_a", "starts_at", "id"],
                &["person_b", "starts_at", "id"],
            ],
        }
        .create(manager)
        .await
    }
}
