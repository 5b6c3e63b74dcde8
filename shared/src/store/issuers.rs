//! Issuers whose tokens an organization takes.

use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
    Select,
};
use uuid::Uuid;

use super::{Reads, StoreError, Tx, exactly_one, organizations, word};
use crate::domain::issuers::Issuer;

const TABLE: &str = "issuers";

pub(crate) mod row {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "issuers")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub organization_id: Uuid,
        pub name: String,
        pub issuer: String,
        pub jwks_url: Option<String>,
        pub audience: String,
        pub link_by: String,
        pub link_claim: String,
        pub trusts_email: bool,
        pub active: bool,
        pub version: i32,
        pub created_at: DateTimeUtc,
        pub updated_at: DateTimeUtc,
    }

    super::super::no_relations!();
}

pub(crate) fn issuer(row: row::Model) -> Result<Issuer, StoreError> {
    Ok(Issuer {
        id: row.id,
        organization_id: row.organization_id,
        name: row.name,
        issuer: row.issuer,
        jwks_url: row.jwks_url,
        audience: row.audience,
        link_by: word(TABLE, &row.link_by)?,
        link_claim: row.link_claim,
        trusts_email: row.trusts_email,
        active: row.active,
        version: row.version,
        created_at: row.created_at,
        updated_at: row.updated_at,
    })
}

fn to_row(issuer: &Issuer) -> row::Model {
    row::Model {
        id: issuer.id,
        organization_id: issuer.organization_id,
        name: issuer.name.clone(),
        issuer: issuer.issuer.clone(),
        jwks_url: issuer.jwks_url.clone(),
        audience: issuer.audience.clone(),
        link_by: issuer.link_by.as_str().to_owned(),
        link_claim: issuer.link_claim.clone(),
        trusts_email: issuer.trusts_email,
        active: issuer.active,
        version: issuer.version,
        created_at: issuer.created_at,
        updated_at: issuer.updated_at,
    }
}

pub(crate) fn scoped(organization_id: Uuid) -> Select<row::Entity> {
    row::Entity::find().filter(row::Column::OrganizationId.eq(organization_id))
}

/// Every issuer whose tokens are taken now, oldest first, with the slug of its organization: whose a token is, is known
/// only when it was read.
///
/// # Errors
/// When the database is gone.
pub async fn every_active(reads: &impl Reads) -> Result<Vec<(Issuer, String)>, StoreError> {
    let rows = row::Entity::find()
        .filter(row::Column::Active.eq(true))
        .order_by_asc(row::Column::Id)
        .all(reads.conn())
        .await?;
    let mut ids: Vec<Uuid> = rows.iter().map(|row| row.organization_id).collect();
    ids.sort_unstable();
    ids.dedup();
    let mut slugs = std::collections::BTreeMap::new();
    for chunk in ids.chunks(10_000) {
        let query = organizations::row::Entity::find()
            .filter(organizations::row::Column::Id.is_in(chunk.iter().copied()))
            .select_only()
            .column(organizations::row::Column::Id)
            .column(organizations::row::Column::Slug);
        slugs.extend(query.into_tuple::<(Uuid, String)>().all(reads.conn()).await?);
    }
    let mut found = Vec::with_capacity(rows.len());
    for row in rows {
        let slug = slugs.get(&row.organization_id).cloned();
        let slug = slug.ok_or_else(|| StoreError::corrupt(TABLE, "an issuer without its organization"))?;
        found.push((issuer(row)?, slug));
    }
    Ok(found)
}

/// The issuer with this id.
///
/// # Errors
/// When the database is gone.
pub async fn find(reads: &impl Reads, organization_id: Uuid, id: Uuid) -> Result<Option<Issuer>, StoreError> {
    scoped(organization_id).filter(row::Column::Id.eq(id)).one(reads.conn()).await?.map(issuer).transpose()
}

/// The issuers with these ids, in no order; absent ones are left out.
///
/// # Errors
/// When the database is gone.
pub async fn find_many(reads: &impl Reads, organization_id: Uuid, ids: &[Uuid]) -> Result<Vec<Issuer>, StoreError> {
    let query = scoped(organization_id).filter(row::Column::Id.is_in(ids.iter().copied()));
    query.all(reads.conn()).await?.into_iter().map(issuer).collect()
}

/// How many issuers an organization has.
///
/// # Errors
/// When the database is gone.
pub async fn count(reads: &impl Reads, organization_id: Uuid) -> Result<u64, StoreError> {
    Ok(scoped(organization_id).count(reads.conn()).await?)
}

/// Stores a new issuer.
///
/// # Errors
/// [`StoreError::Duplicate`] when the organization has one with this `iss` and audience.
pub async fn insert(tx: &Tx, issuer: &Issuer) -> Result<(), StoreError> {
    let row = to_row(issuer).into_active_model().reset_all();
    row.insert(&tx.tx).await.map_err(StoreError::from_write)?;
    Ok(())
}

/// Stores a changed issuer and counts the version up.
///
/// # Errors
/// [`StoreError::Conflict`] when it changed since it was read, [`StoreError::Duplicate`] when the organization has another
/// one with this `iss` and audience.
pub async fn update(tx: &Tx, issuer: &mut Issuer) -> Result<(), StoreError> {
    let mut row = to_row(issuer);
    row.version += 1;
    let done = row::Entity::update_many()
        .set(row.into_active_model().reset_all())
        .filter(row::Column::OrganizationId.eq(issuer.organization_id))
        .filter(row::Column::Id.eq(issuer.id))
        .filter(row::Column::Version.eq(issuer.version))
        .exec(&tx.tx)
        .await
        .map_err(StoreError::from_write)?;
    exactly_one(done.rows_affected, "the issuer")?;
    issuer.version += 1;
    Ok(())
}

/// Removes an issuer that has no identities any more; true when there was one.
///
/// # Errors
/// When the database is gone, or somebody was linked to the issuer meanwhile.
pub async fn delete(tx: &Tx, organization_id: Uuid, id: Uuid) -> Result<bool, StoreError> {
    let done = row::Entity::delete_many()
        .filter(row::Column::OrganizationId.eq(organization_id))
        .filter(row::Column::Id.eq(id))
        .exec(&tx.tx)
        .await?;
    Ok(done.rows_affected == 1)
}
