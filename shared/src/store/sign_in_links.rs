//! Links by which people sign in.

use chrono::{DateTime, Utc};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{Expr, ExprTrait, LockBehavior, LockType},
};
use uuid::Uuid;

use super::{StoreError, Tx, organizations};
use crate::domain::sign_ins::{GUESSES, SignInLink};

pub(crate) mod row {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "sign_in_links")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub organization_id: Uuid,
        pub address_hash: String,
        pub person_id: Option<Uuid>,
        pub page: String,
        pub code_hash: Option<String>,
        pub failures: i32,
        pub expires_at: DateTimeUtc,
        pub ended_at: Option<DateTimeUtc>,
        pub created_at: DateTimeUtc,
    }

    super::super::no_relations!();
}

impl From<row::Model> for SignInLink {
    fn from(row: row::Model) -> Self {
        let row::Model {
            id,
            organization_id,
            address_hash,
            person_id,
            page,
            code_hash,
            failures,
            expires_at,
            ended_at,
            created_at,
        } = row;
        Self {
            id,
            organization_id,
            address_hash,
            person_id,
            page,
            code_hash,
            failures,
            expires_at,
            ended_at,
            created_at,
        }
    }
}

impl From<SignInLink> for row::Model {
    fn from(link: SignInLink) -> Self {
        let SignInLink {
            id,
            organization_id,
            address_hash,
            person_id,
            page,
            code_hash,
            failures,
            expires_at,
            ended_at,
            created_at,
        } = link;
        Self {
            id,
            organization_id,
            address_hash,
            person_id,
            page,
            code_hash,
            failures,
            expires_at,
            ended_at,
            created_at,
        }
    }
}

/// How often links were asked for since some time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asked {
    /// For this address, whether anybody has it or not.
    pub by_address: u64,
    /// For people of the organization.
    pub by_organization: u64,
}

/// Counts, and lets nobody else of the organization ask before the transaction ends, so that a limit holds for requests
/// at the same moment, too.
///
/// # Errors
/// When the database is gone.
pub async fn count_alone(
    tx: &Tx,
    organization_id: Uuid,
    address_hash: &str,
    since: DateTime<Utc>,
) -> Result<Asked, StoreError> {
    organizations::row::Entity::find_by_id(organization_id).lock(LockType::NoKeyUpdate).one(&tx.tx).await?;
    let recent = || {
        row::Entity::find()
            .filter(row::Column::OrganizationId.eq(organization_id))
            .filter(row::Column::CreatedAt.gt(since))
    };
    let by_address = recent().filter(row::Column::AddressHash.eq(address_hash)).count(&tx.tx).await?;
    let by_organization = recent().filter(row::Column::PersonId.is_not_null()).count(&tx.tx).await?;
    Ok(Asked { by_address, by_organization })
}

/// Stores a new link.
///
/// # Errors
/// When the database is gone.
pub async fn insert(tx: &Tx, link: SignInLink) -> Result<(), StoreError> {
    row::Model::from(link).into_active_model().reset_all().insert(&tx.tx).await?;
    Ok(())
}

/// The link that a code names, in whichever organization: a code is what tells the organization. Nobody else can use it
/// until the transaction ends. Whoever calls this checks the code's secret half before anything else.
///
/// # Errors
/// When the database is gone.
pub async fn hold_by_code(tx: &Tx, id: Uuid) -> Result<Option<SignInLink>, StoreError> {
    let row = row::Entity::find_by_id(id).lock(LockType::Update).one(&tx.tx).await?;
    Ok(row.map(SignInLink::from))
}

/// Counts a wrong secret; too many end the link.
///
/// # Errors
/// When the database is gone.
pub async fn note_failure(tx: &Tx, link: &SignInLink, now: DateTime<Utc>) -> Result<(), StoreError> {
    let failures = link.failures.saturating_add(1);
    let mut update = row::Entity::update_many().col_expr(row::Column::Failures, Expr::value(failures));
    if failures >= GUESSES && link.ended_at.is_none() {
        update = update.col_expr(row::Column::EndedAt, Expr::value(now));
    }
    update
        .filter(row::Column::OrganizationId.eq(link.organization_id))
        .filter(row::Column::Id.eq(link.id))
        .exec(&tx.tx)
        .await?;
    Ok(())
}

/// Ends every link of a person, or only those that were asked for before the one with this id, and returns how many.
///
/// # Errors
/// When the database is gone.
pub async fn end_of_person(
    tx: &Tx,
    organization_id: Uuid,
    person_id: Uuid,
    before: Option<Uuid>,
    now: DateTime<Utc>,
) -> Result<u64, StoreError> {
    let mut update = row::Entity::update_many()
        .col_expr(row::Column::EndedAt, Expr::value(now))
        .filter(row::Column::OrganizationId.eq(organization_id))
        .filter(row::Column::PersonId.eq(person_id))
        .filter(row::Column::EndedAt.is_null());
    if let Some(id) = before {
        update = update.filter(row::Column::Id.lt(id));
    }
    Ok(update.exec(&tx.tx).await?.rows_affected)
}

/// Links over all organizations whose mail is still to be written, oldest first, at most `limit`; no other worker has
/// them. What time has overtaken meanwhile is left out.
///
/// # Errors
/// When the database is gone.
pub async fn every_unwritten(tx: &Tx, limit: u64, now: DateTime<Utc>) -> Result<Vec<SignInLink>, StoreError> {
    let rows = row::Entity::find()
        .filter(row::Column::CodeHash.is_null())
        .filter(row::Column::EndedAt.is_null())
        .filter(row::Column::PersonId.is_not_null())
        .filter(row::Column::ExpiresAt.gt(now))
        .order_by_asc(row::Column::CreatedAt)
        .order_by_asc(row::Column::Id)
        .limit(limit)
        .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked)
        .all(&tx.tx)
        .await?;
    Ok(rows.into_iter().map(SignInLink::from).collect())
}

/// Gives a link its code.
///
/// # Errors
/// When the database is gone.
pub async fn set_code(tx: &Tx, organization_id: Uuid, id: Uuid, code_hash: &str) -> Result<(), StoreError> {
    row::Entity::update_many()
        .col_expr(row::Column::CodeHash, Expr::value(code_hash))
        .filter(row::Column::OrganizationId.eq(organization_id))
        .filter(row::Column::Id.eq(id))
        .exec(&tx.tx)
        .await?;
    Ok(())
}

/// Deletes links over all organizations that were asked for before this instant, at most `limit`, and returns how many.
///
/// # Errors
/// When the database is gone.
pub async fn every_delete_before(tx: &Tx, before: DateTime<Utc>, limit: u64) -> Result<u64, StoreError> {
    let ids: Vec<Uuid> = row::Entity::find()
        .select_only()
        .column(row::Column::Id)
        .filter(row::Column::CreatedAt.lt(before))
        .order_by_asc(row::Column::CreatedAt)
        .limit(limit)
        .into_tuple()
        .all(&tx.tx)
        .await?;
    if ids.is_empty() {
        return Ok(0);
    }
    Ok(row::Entity::delete_many().filter(Expr::col(row::Column::Id).is_in(ids)).exec(&tx.tx).await?.rows_affected)
}
