//! Indexes for lists of a whole organization and of a round, which are read in stretches by when things were made or
//! changed, and for the numbers of a round.

use sea_orm_migration::prelude::{DbErr, Index, MigrationTrait, SchemaManager, async_trait};

/// See the module.
#[derive(Debug)]
pub(crate) struct Migration;

/// The name is `ix_<table>_<columns>`.
const INDEXES: [(&str, &[&str]); 7] = [
    ("enrollments", &["organization_id", "updated_at", "id"]),
    ("enrollments", &["round_id", "created_at", "id"]),
    ("enrollments", &["round_id", "updated_at", "id"]),
    ("matches", &["organization_id", "updated_at", "id"]),
    ("matches", &["round_id", "status", "organization_id"]),
    ("matches", &["round_id", "created_at", "id"]),
    ("matches", &["round_id", "updated_at", "id"]),
];

impl sea_orm_migration::MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m20261125_000007_indexes"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (table, columns) in INDEXES {
            let mut index = Index::create();
            index.name(format!("ix_{table}_{}", columns.join("_"))).table(table);
            for column in columns {
                index.col(*column);
            }
            manager.create_index(index).await?;
        }
        Ok(())
    }
}
