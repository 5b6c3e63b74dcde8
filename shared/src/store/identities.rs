//! Identities: whom the subjects of issuers stand for.

use chrono::{DateTime, Utc};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect, QueryTrait,
    Select,
};
use uuid::Uuid;

use super::{Reads, StoreError, Tx, issuers};
use crate::domain::issuers::Identity;

pub(crate) mod row {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "identities")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub organization_id: Uuid,
        pub issuer_id: Uuid,
        pub person_id: Uuid,
        pub subject: String,
        pub created_at: DateTimeUtc,
        pub last_seen_at: DateTimeUtc,
    }

    super::super::no_relations!();
}

impl From<row::Model> for Identity {
    fn from(row: row::Model) -> Self {
        let row::Model { id, organization_id, issuer_id, person_id, subject, created_at, last_seen_at } = row;
        Self { id, organization_id, issuer_id, person_id, subject, created_at, last_seen_at }
    }
}

pub(crate) fn scoped(organization_id: Uuid) -> Select<row::Entity> {
    row::Entity::find().filter(row::Column::OrganizationId.eq(organization_id))
}

/// Whom this subject stands for with each of these issuers, oldest first, as far as they are still there and active.
///
/// # Errors
/// When the database is gone.
pub async fn every_of_subject(
    reads: &impl Reads,
    issuer_ids: &[Uuid],
    subject: &str,
) -> Result<Vec<Identity>, StoreError> {
    // Whoever chose the issuers may have read them some seconds ago.
    let active = issuers::row::Entity::find()
        .select_only()
        .column(issuers::row::Column::Id)
        .filter(issuers::row::Column::Id.is_in(issuer_ids.iter().copied()))
        .filter(issuers::row::Column::Active.eq(true));
    let rows = row::Entity::find()
        .filter(row::Column::IssuerId.in_subquery(active.into_query()))
        .filter(row::Column::Subject.eq(subject))
        .order_by_asc(row::Column::Id)
        .all(reads.conn())
        .await?;
    Ok(rows.into_iter().map(Identity::from).collect())
}

/// The identity with this id.
///
/// # Errors
/// When the database is gone.
pub async fn find(reads: &impl Reads, organization_id: Uuid, id: Uuid) -> Result<Option<Identity>, StoreError> {
    let row = scoped(organization_id).filter(row::Column::Id.eq(id)).one(reads.conn()).await?;
    Ok(row.map(Identity::from))
}

/// How an issuer knows this person.
///
/// # Errors
/// When the database is gone.
pub async fn find_of_person(
    reads: &impl Reads,
    organization_id: Uuid,
    issuer_id: Uuid,
    person_id: Uuid,
) -> Result<Option<Identity>, StoreError> {
    let query =
        scoped(organization_id).filter(row::Column::IssuerId.eq(issuer_id)).filter(row::Column::PersonId.eq(person_id));
    Ok(query.one(reads.conn()).await?.map(Identity::from))
}

/// Links a subject to a person.
///
/// # Errors
/// [`StoreError::Duplicate`] when the issuer's subject or the person is linked already.
pub async fn insert(tx: &Tx, identity: &Identity) -> Result<(), StoreError> {
    let Identity { id, organization_id, issuer_id, person_id, subject, created_at, last_seen_at } = identity.clone();
    let row = row::Model { id, organization_id, issuer_id, person_id, subject, created_at, last_seen_at };
    row.into_active_model().reset_all().insert(&tx.tx).await.map_err(StoreError::from_write)?;
    Ok(())
}

/// Notes that an identity was used at `now`, unless that stands there since `before` or somebody was faster.
///
/// # Errors
/// When the database is gone.
pub async fn see(tx: &Tx, identity: &Identity, before: DateTime<Utc>, now: DateTime<Utc>) -> Result<(), StoreError> {
    row::Entity::update_many()
        .set(row::ActiveModel { last_seen_at: sea_orm::ActiveValue::Set(now), ..Default::default() })
        .filter(row::Column::OrganizationId.eq(identity.organization_id))
        .filter(row::Column::Id.eq(identity.id))
        .filter(row::Column::LastSeenAt.lte(before))
        .exec(&tx.tx)
        .await?;
    Ok(())
}

/// Unlinks an identity; true when there was one.
///
/// # Errors
/// When the database is gone.
pub async fn delete(tx: &Tx, organization_id: Uuid, id: Uuid) -> Result<bool, StoreError> {
    let done = row::Entity::delete_many()
        .filter(row::Column::OrganizationId.eq(organization_id))
        .filter(row::Column::Id.eq(id))
        .exec(&tx.tx)
        .await?;
    Ok(done.rows_affected == 1)
}

/// Unlinks everybody from an issuer, and tells how many these were.
///
/// # Errors
/// When the database is gone.
pub async fn delete_of_issuer(tx: &Tx, organization_id: Uuid, issuer_id: Uuid) -> Result<u64, StoreError> {
    let done = row::Entity::delete_many()
        .filter(row::Column::OrganizationId.eq(organization_id))
        .filter(row::Column::IssuerId.eq(issuer_id))
        .exec(&tx.tx)
        .await?;
    Ok(done.rows_affected)
}
