//! Who came with a roster, and the orders in which exports read their tables.

use sea_orm_migration::{
    prelude::{DbErr, Index, MigrationTrait, SchemaManager, async_trait},
    schema::uuid,
};

use crate::tables::{NewTable, instant};

/// Tables that exports read from the oldest row to the newest.
const EXPORTED: [&str; 3] = ["people", "enrollments", "matches"];

/// One table and three indexes.
#[derive(Debug)]
pub(crate) struct Migration;

impl sea_orm_migration::MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m20261125_000005_roster"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        NewTable {
            name: "roster_entries",
            columns: vec![uuid("organization_id"), uuid("person_id"), instant("created_at")],
            references: &[("organization_id", "organizations"), ("person_id", "people")],
            unique: &[&["person_id"]],
            indexes: &[&["organization_id", "person_id"]],
        }
        .create(manager)
        .await?;
        for table in EXPORTED {
            let mut index = Index::create();
            index.name(format!("ix_{table}_organization_id_created_at_id")).table(table);
            for column in ["organization_id", "created_at", "id"] {
                index.col(column);
            }
            manager.create_index(index).await?;
        }
        Ok(())
    }
}
