//! API clients.

use chrono::{DateTime, Utc};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::Expr,
};
use uuid::Uuid;

use super::{Reads, StoreError, Tx, exactly_one, from_json, to_json};
use crate::domain::api_clients::ApiClient;

const TABLE: &str = "api_clients";

pub(crate) mod row {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "api_clients")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub organization_id: Uuid,
        pub name: String,
        pub person_id: Uuid,
        pub scopes: Json,
        pub key_hash: String,
        pub previous_hash: Option<String>,
        pub previous_until: Option<DateTimeUtc>,
        pub expires_at: DateTimeUtc,
        pub revoked_at: Option<DateTimeUtc>,
        pub last_used_at: Option<DateTimeUtc>,
        pub created_by: Uuid,
        pub version: i32,
        pub created_at: DateTimeUtc,
        pub updated_at: DateTimeUtc,
    }

    super::super::no_relations!();
}

fn client(row: row::Model) -> Result<ApiClient, StoreError> {
    Ok(ApiClient {
        id: row.id,
        organization_id: row.organization_id,
        name: row.name,
        person_id: row.person_id,
        scopes: from_json(TABLE, row.scopes)?,
        key_hash: row.key_hash,
        previous_hash: row.previous_hash,
        previous_until: row.previous_until,
        expires_at: row.expires_at,
        revoked_at: row.revoked_at,
        last_used_at: row.last_used_at,
        created_by: row.created_by,
        version: row.version,
        created_at: row.created_at,
        updated_at: row.updated_at,
    })
}

fn to_row(client: &ApiClient) -> Result<row::Model, StoreError> {
    Ok(row::Model {
        id: client.id,
        organization_id: client.organization_id,
        name: client.name.clone(),
        person_id: client.person_id,
        scopes: to_json(TABLE, &client.scopes)?,
        key_hash: client.key_hash.clone(),
        previous_hash: client.previous_hash.clone(),
        previous_until: client.previous_until,
        expires_at: client.expires_at,
        revoked_at: client.revoked_at,
        last_used_at: client.last_used_at,
        created_by: client.created_by,
        version: client.version,
        created_at: client.created_at,
        updated_at: client.updated_at,
    })
}

fn scoped(organization_id: Uuid) -> sea_orm::Select<row::Entity> {
    row::Entity::find().filter(row::Column::OrganizationId.eq(organization_id))
}

/// The client with this id.
///
/// # Errors
/// When the database is gone.
pub async fn find(reads: &impl Reads, organization_id: Uuid, id: Uuid) -> Result<Option<ApiClient>, StoreError> {
    scoped(organization_id).filter(row::Column::Id.eq(id)).one(reads.conn()).await?.map(client).transpose()
}

/// The client that a key names, in whichever organization: a key is what tells the organization. Whoever calls this
/// checks the key's secret half before anything else.
///
/// # Errors
/// When the database is gone.
pub async fn find_by_key(reads: &impl Reads, id: Uuid) -> Result<Option<ApiClient>, StoreError> {
    row::Entity::find_by_id(id).one(reads.conn()).await?.map(client).transpose()
}

/// The clients of an organization, revoked ones included, the latest first, at most `limit`.
///
/// # Errors
/// When the database is gone.
pub async fn latest(reads: &impl Reads, organization_id: Uuid, limit: u64) -> Result<Vec<ApiClient>, StoreError> {
    let query = scoped(organization_id).order_by_desc(row::Column::Id).limit(limit);
    query.all(reads.conn()).await?.into_iter().map(client).collect()
}

/// How many clients of an organization have a key that works.
///
/// # Errors
/// When the database is gone.
pub async fn count_usable(reads: &impl Reads, organization_id: Uuid, now: DateTime<Utc>) -> Result<u64, StoreError> {
    let usable =
        scoped(organization_id).filter(row::Column::RevokedAt.is_null()).filter(row::Column::ExpiresAt.gt(now));
    Ok(usable.count(reads.conn()).await?)
}

/// Stores a new client.
///
/// # Errors
/// When the database is gone.
pub async fn insert(tx: &Tx, client: &ApiClient) -> Result<(), StoreError> {
    to_row(client)?.into_active_model().reset_all().insert(&tx.tx).await?;
    Ok(())
}

/// Stores a changed client and counts the version up.
///
/// # Errors
/// [`StoreError::Conflict`] when it changed since it was read.
pub async fn update(tx: &Tx, client: &mut ApiClient) -> Result<(), StoreError> {
    let mut row = to_row(client)?;
    row.version += 1;
    let mut change = row.into_active_model().reset_all();
    // Its use is noted beside all other changes.
    change.not_set(row::Column::LastUsedAt);
    let done = row::Entity::update_many()
        .set(change)
        .filter(row::Column::OrganizationId.eq(client.organization_id))
        .filter(row::Column::Id.eq(client.id))
        .filter(row::Column::Version.eq(client.version))
        .exec(&tx.tx)
        .await?;
    exactly_one(done.rows_affected, "the API client")?;
    client.version += 1;
    Ok(())
}

/// Notes that the client's key was used.
///
/// # Errors
/// When the database is gone.
pub async fn note_use(tx: &Tx, organization_id: Uuid, id: Uuid, now: DateTime<Utc>) -> Result<(), StoreError> {
    row::Entity::update_many()
        .col_expr(row::Column::LastUsedAt, Expr::value(now))
        .filter(row::Column::OrganizationId.eq(organization_id))
        .filter(row::Column::Id.eq(id))
        .exec(&tx.tx)
        .await?;
    Ok(())
}
