//! The first schema.

mod log;
mod matches;
mod organizations;
mod programs;

use sea_orm_migration::prelude::{DbErr, MigrationTrait, SchemaManager, async_trait};

/// See the module's own files, one per group of tables.
#[derive(Debug)]
pub(crate) struct Migration;

impl sea_orm_migration::MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m20261123_000001_initial"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        organizations::up(manager).await?;
        programs::up(manager).await?;
        matches::up(manager).await?;
        log::up(manager).await
    }
}
