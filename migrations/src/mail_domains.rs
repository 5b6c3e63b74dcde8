//! How fast mail goes to each domain: the next free slot and the present pause, and the slot that a message was given.

use sea_orm_migration::{
    prelude::{ColumnDef, DbErr, MigrationTrait, SchemaManager, Table, async_trait},
    schema::{integer_null, text_null},
};

use crate::tables::{instant, instant_null};

/// See the module.
#[derive(Debug)]
pub(crate) struct Migration;

impl sea_orm_migration::MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m20261126_000012_mail_domains"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut table = Table::create();
        table
            .table("mail_domains")
            // In lower case. No organization: whoever takes in a domain's mail sees one sender.
            .col(ColumnDef::new("domain").text().not_null().primary_key())
            .col(instant("next_slot_at"))
            // These three are there from the beginning of a pause until a mail is accepted again.
            .col(instant_null("paused_until"))
            .col(integer_null("pause_seconds"))
            .col(text_null("reason"))
            .col(instant("updated_at"));
        manager.create_table(table).await?;
        manager.alter_table(Table::alter().table("messages").add_column(instant_null("slot_at")).to_owned()).await
    }
}
