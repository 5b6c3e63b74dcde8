//! When whoever runs a program is told next what waits in it.

use sea_orm_migration::{
    prelude::{DbErr, MigrationTrait, SchemaManager, Table, async_trait},
    schema::timestamp_with_time_zone,
    sea_orm::ConnectionTrait,
};

use crate::operations::LONG_AGO;

/// See the module.
#[derive(Debug)]
pub(crate) struct Migration;

impl sea_orm_migration::MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m20261126_000013_digests"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut column = timestamp_with_time_zone("next_digest_at").default(LONG_AGO).take();
        manager.alter_table(Table::alter().table("programs").add_column(&mut column).take()).await?;
        let index =
            "CREATE INDEX ix_programs_next_digest_at ON programs (next_digest_at, id) WHERE archived_at IS NULL";
        manager.get_connection().execute_unprepared(index).await?;
        Ok(())
    }
}
