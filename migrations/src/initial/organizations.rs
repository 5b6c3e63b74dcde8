//! Organizations (the tenants), their people and who is staff.

use sea_orm_migration::{
    prelude::{DbErr, SchemaManager},
    schema::{boolean, integer, json_binary, json_binary_null, text, text_null, uuid},
};

use crate::tables::{NewTable, instant};

pub(super) async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    NewTable {
        name: "organizations",
        columns: vec![
            text("slug"),
            text("name"),
            text_null("contact"),
            text_null("portal_url"),
            instant("created_at"),
            instant("updated_at"),
        ],
        references: &[],
        unique: &[&["slug"]],
        indexes: &[],
    }
    .create(manager)
    .await?;
    NewTable {
        name: "people",
        columns: vec![
            uuid("organization_id"),
            text_null("external_id"),
            text("name"),
            text("email"),
            text_null("headline"),
            text_null("country"),
            json_binary("languages"),
            text("time_zone"),
            text("locale"),
            boolean("active"),
            integer("version"),
            instant("created_at"),
            instant("updated_at"),
        ],
        references: &[("organization_id", "organizations")],
        unique: &[&["organization_id", "external_id"], &["organization_id", "email"]],
        indexes: &[&["organization_id", "name", "id"], &["organization_id", "updated_at", "id"]],
    }
    .create(manager)
    .await?;
    NewTable {
        name: "staff_roles",
        columns: vec![
            uuid("organization_id"),
            uuid("person_id"),
            text("role"),
            // Null: every country. A list: a coordinator of these countries only.
            json_binary_null("countries"),
            instant("created_at"),
        ],
        references: &[("organization_id", "organizations"), ("person_id", "people")],
        unique: &[&["person_id", "role"]],
        indexes: &[&["organization_id", "role"]],
    }
    .create(manager)
    .await
}
