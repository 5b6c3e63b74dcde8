//! What many programs and many workers need: when a program's night comes next, how large a run is and when its turn is,
//! and small indexes over what waits and what is being worked on.

use sea_orm_migration::{
    prelude::{DbErr, Index, MigrationTrait, SchemaManager, Table, async_trait},
    schema::{integer, timestamp_with_time_zone},
    sea_orm::ConnectionTrait,
};

/// See the module.
#[derive(Debug)]
pub(crate) struct Migration;

/// Long ago, so that all that is there already is looked at once. As SQLite stores instants; PostgreSQL reads it, too.
pub(crate) const LONG_AGO: &str = "1970-01-01T00:00:00+00:00";

/// Only rows that wait or are held are in these indexes: they stay as small as the queue is, however much is over.
const QUEUES: [&str; 7] = [
    "CREATE INDEX ix_programs_next_night_at ON programs (next_night_at, id) WHERE archived_at IS NULL",
    "CREATE INDEX ix_match_runs_queued ON match_runs (turn_at, id, people) WHERE status = 'QUEUED'",
    "CREATE INDEX ix_match_runs_running ON match_runs (lease_until) WHERE status = 'RUNNING'",
    "CREATE INDEX ix_messages_pending ON messages (due_at, id) WHERE status = 'PENDING'",
    "CREATE INDEX ix_messages_sending ON messages (lease_until) WHERE status = 'SENDING'",
    "CREATE INDEX ix_messages_held ON messages (updated_at) WHERE status = 'HELD'",
    "CREATE INDEX ix_webhook_deliveries_waiting ON webhook_deliveries (due_at) WHERE status IN ('PENDING', 'SENDING')",
];

/// Indexes that the ones above replace: the name and the table.
const REPLACED: [(&str, &str); 3] = [
    ("ix_match_runs_status_lease_until", "match_runs"),
    ("ix_messages_status_due_at_id", "messages"),
    ("ix_messages_status_lease_until", "messages"),
];

impl sea_orm_migration::MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m20261125_000008_operations"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (table, mut column) in [
            ("programs", timestamp_with_time_zone("next_night_at").default(LONG_AGO).take()),
            ("match_runs", integer("people").default(0).take()),
            ("match_runs", timestamp_with_time_zone("turn_at").default(LONG_AGO).take()),
        ] {
            manager.alter_table(Table::alter().table(table).add_column(&mut column).take()).await?;
        }
        for statement in QUEUES {
            manager.get_connection().execute_unprepared(statement).await?;
        }
        for (name, table) in REPLACED {
            let mut index = Index::drop();
            index.name(name).table(table);
            manager.drop_index(index).await?;
        }
        Ok(())
    }
}
