//! Small words for writing tables: every constraint and index gets a name of its own.

use sea_orm_migration::{
    prelude::{ColumnDef, DbErr, ForeignKey, ForeignKeyAction, Index, SchemaManager, Table},
    schema,
};

/// A table with its keys, made in one call.
pub(crate) struct NewTable {
    pub(crate) name: &'static str,
    /// Columns after `id`.
    pub(crate) columns: Vec<ColumnDef>,
    /// `(column, table it points to)`; the name is `fk_<table>_<column>`.
    pub(crate) references: &'static [(&'static str, &'static str)],
    /// The name is `uq_<table>_<columns>`.
    pub(crate) unique: &'static [&'static [&'static str]],
    /// The name is `ix_<table>_<columns>`.
    pub(crate) indexes: &'static [&'static [&'static str]],
}

impl NewTable {
    pub(crate) async fn create(self, manager: &SchemaManager<'_>) -> Result<(), DbErr> {
        let mut table = Table::create();
        table.table(self.name).col(schema::pk_uuid("id"));
        for column in self.columns {
            table.col(column);
        }
        for (column, target) in self.references {
            table.foreign_key(
                ForeignKey::create()
                    .name(format!("fk_{}_{column}", self.name))
                    .from(self.name, *column)
                    .to(*target, "id")
                    .on_delete(ForeignKeyAction::Restrict),
            );
        }
        manager.create_table(table).await?;
        for (prefix, list) in [("uq", self.unique), ("ix", self.indexes)] {
            for columns in list {
                let mut index = Index::create();
                index.name(format!("{prefix}_{}_{}", self.name, columns.join("_"))).table(self.name);
                if prefix == "uq" {
                    index.unique();
                }
                for column in *columns {
                    index.col(*column);
                }
                manager.create_index(index).await?;
            }
        }
        Ok(())
    }
}

/// A UTC instant.
pub(crate) fn instant(name: &'static str) -> ColumnDef {
    schema::timestamp_with_time_zone(name)
}

/// A UTC instant that may be absent.
pub(crate) fn instant_null(name: &'static str) -> ColumnDef {
    schema::timestamp_with_time_zone_null(name)
}

/// Who holds a row, until when, and how often it was tried. Kept on the database's clock.
pub(crate) fn lease() -> Vec<ColumnDef> {
    vec![
        schema::uuid_null("owner"),
        schema::big_integer("fence"),
        instant_null("lease_until"),
        schema::integer("attempts"),
        schema::integer("rescue_count"),
    ]
}
