//! The hours in which a program's people are not disturbed.

use sea_orm_migration::{
    prelude::{DbErr, MigrationTrait, SchemaManager, Table, async_trait},
    schema::text_null,
};

/// See the module.
#[derive(Debug)]
pub(crate) struct Migration;

impl sea_orm_migration::MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m20261125_000011_quiet_hours"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // Both or none, as HH:MM.
        for name in ["quiet_from", "quiet_until"] {
            manager.alter_table(Table::alter().table("programs").add_column(text_null(name)).to_owned()).await?;
        }
        Ok(())
    }
}
