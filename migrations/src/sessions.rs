//! What happens to a match over time: sessions, check-ins, the cadence of the two, and the dates a program keeps.

use sea_orm_migration::{
    prelude::{ColumnDef, DbErr, Index, MigrationTrait, SchemaManager, Table, async_trait},
    schema::{boolean_null, integer, integer_null, json_binary, text, text_null, uuid},
    sea_orm::ConnectionTrait,
};

use crate::tables::{NewTable, instant, instant_null};

/// Two tables, and columns of two more.
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
        .await?;
        NewTable {
            name: "check_ins",
            columns: vec![
                uuid("organization_id"),
                uuid("match_id"),
                uuid("person_id"),
                text("kind"),
                integer("ordinal"),
                instant("asked_at"),
                instant_null("answered_at"),
                integer_null("satisfaction"),
                boolean_null("again"),
                text_null("note"),
            ],
            references: &[("organization_id", "organizations"), ("match_id", "matches"), ("person_id", "people")],
            unique: &[&["match_id", "person_id", "kind", "ordinal"]],
            indexes: &[&["match_id", "asked_at", "id"]],
        }
        .create(manager)
        .await?;
        for column in [integer_null("cadence_days"), instant_null("last_contact_at"), instant_null("calendar_at")] {
            add(manager, "matches", column).await?;
        }
        for (name, days) in
            [("stalled_days", 21), ("first_check_in_days", 30), ("check_in_days", 60), ("topic_days", 14)]
        {
            let mut column = integer(name);
            column.default(days);
            add(manager, "programs", column).await?;
        }
        let mut topics = json_binary("topics");
        topics.default("[]");
        add(manager, "programs", topics).await?;
        // Those who are at work already get a calendar, too.
        manager
            .get_connection()
            .execute_unprepared("UPDATE matches SET calendar_at = activated_at WHERE status = 'ACTIVE'")
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("ix_matches_status_calendar_at")
                    .table("matches")
                    .col("status")
                    .col("calendar_at")
                    .to_owned(),
            )
            .await
    }
}

/// One at a time: SQLite takes no more.
async fn add(manager: &SchemaManager<'_>, table: &'static str, column: ColumnDef) -> Result<(), DbErr> {
    manager.alter_table(Table::alter().table(table).add_column(column).to_owned()).await
}
