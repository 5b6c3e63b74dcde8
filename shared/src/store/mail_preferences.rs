//! What people switched off, and the keys of the links by which they do.

use chrono::{DateTime, Utc};
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter};
use uuid::Uuid;

use super::{Reads, StoreError, Tx, word};
use crate::{
    auth::UnsubscribeKey,
    domain::{
        mail::{MailCategory, MailPreference},
        people::Person,
    },
};

pub(super) const TABLE: &str = "mail_preferences";

pub(crate) mod row {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "mail_preferences")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub organization_id: Uuid,
        pub person_id: Uuid,
        pub category: String,
        pub created_at: DateTimeUtc,
    }

    super::super::no_relations!();
}

pub(crate) mod key_row {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "unsubscribe_keys")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub secret: String,
        pub created_at: DateTimeUtc,
    }

    super::super::no_relations!();
}

/// What a person wants: every category, in the order of their table.
///
/// # Errors
/// When the database is gone.
pub async fn of_person(
    reads: &impl Reads,
    organization_id: Uuid,
    person_id: Uuid,
) -> Result<Vec<MailPreference>, StoreError> {
    let rows = row::Entity::find()
        .filter(row::Column::OrganizationId.eq(organization_id))
        .filter(row::Column::PersonId.eq(person_id))
        .all(reads.conn())
        .await?;
    let mut off = Vec::with_capacity(rows.len());
    for row in rows {
        off.push((word::<MailCategory>(TABLE, &row.category)?, row.created_at));
    }
    let since = |category| off.iter().find(|(other, _)| *other == category).map(|(_, since)| *since);
    Ok(MailCategory::ALL.iter().map(|&category| MailPreference { category, off_since: since(category) }).collect())
}

/// Switches a category off (with the id of its new row) or on; true when that changed anything.
///
/// # Errors
/// When the database is gone.
pub async fn set(
    tx: &Tx,
    person: &Person,
    category: MailCategory,
    wanted: bool,
    id: Uuid,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    if wanted {
        let done = row::Entity::delete_many()
            .filter(row::Column::OrganizationId.eq(person.organization_id))
            .filter(row::Column::PersonId.eq(person.id))
            .filter(row::Column::Category.eq(category.as_str()))
            .exec(&tx.tx)
            .await?;
        return Ok(done.rows_affected > 0);
    }
    let row = row::Model {
        id,
        organization_id: person.organization_id,
        person_id: person.id,
        category: category.as_str().to_owned(),
        created_at: now,
    };
    let inserted = row::Entity::insert(row.into_active_model().reset_all())
        .on_conflict_do_nothing_on([row::Column::PersonId, row::Column::Category])
        .exec_without_returning(&tx.tx)
        .await?;
    Ok(matches!(inserted, sea_orm::TryInsertResult::Inserted(1)))
}

/// The organization's key, if it has one yet.
///
/// # Errors
/// When the database is gone.
pub async fn key(reads: &impl Reads, organization_id: Uuid) -> Result<Option<UnsubscribeKey>, StoreError> {
    let row = key_row::Entity::find_by_id(organization_id).one(reads.conn()).await?;
    Ok(row.and_then(|row| UnsubscribeKey::from_text(&row.secret)))
}

/// Gives the organization a key, unless it has one.
///
/// # Errors
/// When the database is gone.
pub async fn insert_key(
    tx: &Tx,
    organization_id: Uuid,
    key: &UnsubscribeKey,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let row = key_row::Model { id: organization_id, secret: key.to_text(), created_at: now };
    key_row::Entity::insert(row.into_active_model().reset_all())
        .on_conflict_do_nothing_on([key_row::Column::Id])
        .exec_without_returning(&tx.tx)
        .await?;
    Ok(())
}
