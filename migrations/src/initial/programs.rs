//! Programs with their questions and criteria, rounds, enrollments and constraints.

use sea_orm_migration::{
    prelude::{DbErr, SchemaManager},
    schema::{big_integer, boolean, date_null, integer, integer_null, json_binary, text, text_null, uuid, uuid_null},
};

use crate::tables::{NewTable, instant, instant_null};

pub(super) async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    programs(manager).await?;
    questions_and_criteria(manager).await?;
    NewTable {
        name: "rounds",
        columns: vec![
            uuid("organization_id"),
            uuid("program_id"),
            text("name"),
            text("status"),
            // A rolling round is matched every night while it is open; others once they are closed.
            boolean("rolling"),
            integer_null("country_cap_percent"),
            date_null("ends_on"),
            instant_null("opened_at"),
            instant_null("closed_at"),
            instant("created_at"),
            instant("updated_at"),
        ],
        references: &[("organization_id", "organizations"), ("program_id", "programs")],
        unique: &[&["program_id", "name"]],
        indexes: &[&["program_id", "status"], &["program_id", "created_at", "id"]],
    }
    .create(manager)
    .await?;
    NewTable {
        name: "enrollments",
        columns: vec![
            uuid("organization_id"),
            uuid("program_id"),
            uuid("round_id"),
            uuid("person_id"),
            text("role"),
            text("status"),
            integer("capacity"),
            integer("priority"),
            json_binary("about"),
            json_binary("wanted"),
            date_null("paused_until"),
            integer("version"),
            instant("applied_at"),
            instant("created_at"),
            instant("updated_at"),
        ],
        references: &[
            ("organization_id", "organizations"),
            ("program_id", "programs"),
            ("round_id", "rounds"),
            ("person_id", "people"),
        ],
        unique: &[&["round_id", "person_id"]],
        indexes: &[
            &["person_id", "created_at", "id"],
            // Counted over without a look at the rows, which the tenant belongs to.
            &["round_id", "status", "organization_id"],
            &["program_id", "created_at", "id"],
            &["program_id", "updated_at", "id"],
        ],
    }
    .create(manager)
    .await?;
    NewTable {
        name: "constraints",
        columns: vec![
            uuid("organization_id"),
            uuid("program_id"),
            text("kind"),
            // Of PIN and FORBID the smaller id stands first; of AVOID the person who asked.
            uuid("person_a"),
            uuid("person_b"),
            text_null("reason"),
            uuid_null("created_by"),
            instant("created_at"),
        ],
        references: &[
            ("organization_id", "organizations"),
            ("program_id", "programs"),
            ("person_a", "people"),
            ("person_b", "people"),
        ],
        unique: &[&["program_id", "kind", "person_a", "person_b"]],
        indexes: &[],
    }
    .create(manager)
    .await
}

async fn programs(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    NewTable {
        name: "programs",
        columns: vec![
            uuid("organization_id"),
            text("name"),
            text("description"),
            text("kind"),
            text("consent"),
            text("objective"),
            text("admission"),
            text("time_zone"),
            // Local wall-clock time of the nightly run, `HH:MM`.
            text("match_at"),
            integer("minimum_score"),
            boolean("avoid_past_partners"),
            integer("proposal_reminder_days"),
            integer("proposal_expires_days"),
            integer("first_contact_days"),
            json_binary("ice_breakers"),
            big_integer("seed"),
            integer("version"),
            instant_null("archived_at"),
            instant("created_at"),
            instant("updated_at"),
        ],
        references: &[("organization_id", "organizations")],
        unique: &[&["organization_id", "name"]],
        indexes: &[&["organization_id", "created_at", "id"], &["organization_id", "updated_at", "id"]],
    }
    .create(manager)
    .await
}

async fn questions_and_criteria(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    NewTable {
        name: "questions",
        columns: vec![
            uuid("organization_id"),
            uuid("program_id"),
            text("key"),
            text("label"),
            text("prompt"),
            text("kind"),
            text("asks"),
            json_binary("options"),
            boolean("required"),
            integer("position"),
        ],
        references: &[("organization_id", "organizations"), ("program_id", "programs")],
        unique: &[&["program_id", "key"]],
        indexes: &[],
    }
    .create(manager)
    .await?;
    NewTable {
        name: "criteria",
        columns: vec![
            uuid("organization_id"),
            uuid("program_id"),
            text("label"),
            text("subject"),
            text_null("question_key"),
            text("comparison"),
            integer_null("at_most"),
            text("strength"),
            integer("weight"),
            integer("position"),
        ],
        references: &[("organization_id", "organizations"), ("program_id", "programs")],
        unique: &[&["program_id", "position"]],
        indexes: &[],
    }
    .create(manager)
    .await
}
