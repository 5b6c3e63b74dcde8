//! Match runs with what they planned, matches with both sides' answers, the places they take, and sessions.

use sea_orm_migration::{
    prelude::{DbErr, Index, SchemaManager, Table},
    schema::{boolean, date_null, integer, json_binary, json_binary_null, text, text_null, uuid, uuid_null},
    sea_orm::ConnectionTrait,
};

use crate::tables::{NewTable, instant, instant_null, lease};

pub(super) async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    runs(manager).await?;
    matches(manager).await?;
    NewTable {
        name: "sessions",
        columns: vec![
            uuid("organization_id"),
            uuid("match_id"),
            text("status"),
            instant("starts_at"),
            integer("minutes"),
            text_null("place"),
            uuid("proposed_by"),
            instant("created_at"),
            instant("updated_at"),
        ],
        references: &[("organization_id", "organizations"), ("match_id", "matches"), ("proposed_by", "people")],
        unique: &[],
        indexes: &[&["match_id", "starts_at"]],
    }
    .create(manager)
    .await
}

async fn runs(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let mut columns = vec![
        uuid("organization_id"),
        uuid("program_id"),
        // The program's local date; null for a run that somebody requested.
        date_null("local_date"),
        text("origin"),
        boolean("dry_run"),
        text("status"),
        uuid_null("requested_by"),
        json_binary_null("report"),
        text_null("error"),
        instant("queued_at"),
        instant_null("started_at"),
        instant_null("finished_at"),
        instant("updated_at"),
    ];
    columns.extend(lease());
    NewTable {
        name: "match_runs",
        columns,
        references: &[("organization_id", "organizations"), ("program_id", "programs")],
        unique: &[&["program_id", "local_date"]],
        indexes: &[&["status", "lease_until"], &["program_id", "queued_at", "id"]],
    }
    .create(manager)
    .await?;
    NewTable {
        name: "planned_pairs",
        columns: vec![
            uuid("organization_id"),
            uuid("run_id"),
            uuid("round_id"),
            uuid("enrollment_a"),
            uuid("enrollment_b"),
            integer("score"),
            boolean("pinned"),
            json_binary("explanation"),
        ],
        references: &[
            ("organization_id", "organizations"),
            ("run_id", "match_runs"),
            ("enrollment_a", "enrollments"),
            ("enrollment_b", "enrollments"),
        ],
        unique: &[&["run_id", "enrollment_a", "enrollment_b"]],
        indexes: &[],
    }
    .create(manager)
    .await?;
    NewTable {
        name: "non_matches",
        columns: vec![
            uuid("organization_id"),
            uuid("run_id"),
            uuid("enrollment_id"),
            text("reason"),
            json_binary("finding"),
            instant("created_at"),
        ],
        references: &[("organization_id", "organizations"), ("run_id", "match_runs"), ("enrollment_id", "enrollments")],
        unique: &[&["run_id", "enrollment_id"]],
        indexes: &[&["enrollment_id", "created_at"]],
    }
    .create(manager)
    .await
}

async fn matches(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    NewTable {
        name: "matches",
        columns: vec![
            uuid("organization_id"),
            uuid("program_id"),
            uuid("round_id"),
            uuid_null("run_id"),
            text("origin"),
            text("status"),
            // MENTORING: a is the mentor. PEER: a has the smaller person id.
            uuid("enrollment_a"),
            uuid("enrollment_b"),
            uuid("person_a"),
            uuid("person_b"),
            integer("score"),
            json_binary("explanation"),
            text("answer_a"),
            text("answer_b"),
            instant_null("answered_a_at"),
            instant_null("answered_b_at"),
            text_null("note"),
            instant("proposed_at"),
            instant_null("answer_by"),
            instant_null("activated_at"),
            instant_null("first_contact_at"),
            instant_null("ended_at"),
            uuid_null("ended_by"),
            text_null("end_reason"),
            integer("version"),
            instant("created_at"),
            instant("updated_at"),
        ],
        references: &[
            ("organization_id", "organizations"),
            ("program_id", "programs"),
            ("round_id", "rounds"),
            ("run_id", "match_runs"),
            ("enrollment_a", "enrollments"),
            ("enrollment_b", "enrollments"),
            ("person_a", "people"),
            ("person_b", "people"),
        ],
        unique: &[],
        indexes: &[
            &["person_a", "created_at", "id"],
            &["person_b", "created_at", "id"],
            &["program_id", "status"],
            &["program_id", "created_at", "id"],
            &["program_id", "updated_at", "id"],
            &["status", "answer_by"],
            &["run_id"],
            &["enrollment_a"],
            &["enrollment_b"],
        ],
    }
    .create(manager)
    .await?;
    // Two people have at most one living match in a round.
    manager
        .get_connection()
        .execute_unprepared(
            "CREATE UNIQUE INDEX uq_matches_living_pair ON matches (round_id, person_a, person_b) \
             WHERE status IN ('PROPOSED', 'ACTIVE', 'PAUSED')",
        )
        .await?;
    // A living match takes one numbered place of each side; the key makes overbooking impossible.
    let mut places = Table::create();
    places
        .table("match_places")
        .col(uuid("enrollment_id"))
        .col(integer("place"))
        .col(uuid("organization_id"))
        .col(uuid("match_id"))
        .primary_key(Index::create().name("pk_match_places").col("enrollment_id").col("place"))
        .foreign_key(
            sea_orm_migration::prelude::ForeignKey::create()
                .name("fk_match_places_match_id")
                .from("match_places", "match_id")
                .to("matches", "id"),
        )
        .foreign_key(
            sea_orm_migration::prelude::ForeignKey::create()
                .name("fk_match_places_enrollment_id")
                .from("match_places", "enrollment_id")
                .to("enrollments", "id"),
        );
    manager.create_table(places).await?;
    manager
        .create_index(Index::create().name("ix_match_places_match_id").table("match_places").col("match_id").to_owned())
        .await
}
