//! Sign-ins and the refresh tokens that prolong them.

use chrono::{DateTime, Utc};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QuerySelect,
    sea_query::{Expr, LockType},
};
use uuid::Uuid;

use super::{StoreError, Tx, exactly_one};
use crate::domain::sign_ins::{RefreshToken, SignIn};

pub(crate) mod row {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "sign_ins")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub organization_id: Uuid,
        pub person_id: Uuid,
        pub expires_at: DateTimeUtc,
        pub idle_until: DateTimeUtc,
        pub ended_at: Option<DateTimeUtc>,
        pub created_at: DateTimeUtc,
        pub updated_at: DateTimeUtc,
    }

    super::super::no_relations!();
}

pub(crate) mod token_row {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "refresh_tokens")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub organization_id: Uuid,
        pub sign_in_id: Uuid,
        pub token_hash: String,
        pub created_at: DateTimeUtc,
        pub replaced_at: Option<DateTimeUtc>,
        pub replaced_by: Option<Uuid>,
    }

    super::super::no_relations!();
}

impl From<row::Model> for SignIn {
    fn from(row: row::Model) -> Self {
        let row::Model { id, organization_id, person_id, expires_at, idle_until, ended_at, created_at, updated_at } =
            row;
        Self { id, organization_id, person_id, expires_at, idle_until, ended_at, created_at, updated_at }
    }
}

impl From<SignIn> for row::Model {
    fn from(sign_in: SignIn) -> Self {
        let SignIn { id, organization_id, person_id, expires_at, idle_until, ended_at, created_at, updated_at } =
            sign_in;
        Self { id, organization_id, person_id, expires_at, idle_until, ended_at, created_at, updated_at }
    }
}

impl From<token_row::Model> for RefreshToken {
    fn from(row: token_row::Model) -> Self {
        let token_row::Model { id, organization_id, sign_in_id, token_hash, created_at, replaced_at, replaced_by } =
            row;
        Self { id, organization_id, sign_in_id, token_hash, created_at, replaced_at, replaced_by }
    }
}

impl From<RefreshToken> for token_row::Model {
    fn from(token: RefreshToken) -> Self {
        let RefreshToken { id, organization_id, sign_in_id, token_hash, created_at, replaced_at, replaced_by } = token;
        Self { id, organization_id, sign_in_id, token_hash, created_at, replaced_at, replaced_by }
    }
}

/// Stores a new sign-in.
///
/// # Errors
/// When the database is gone.
pub async fn insert(tx: &Tx, sign_in: SignIn) -> Result<(), StoreError> {
    row::Model::from(sign_in).into_active_model().reset_all().insert(&tx.tx).await?;
    Ok(())
}

/// Stores a new refresh token.
///
/// # Errors
/// When the database is gone.
pub async fn insert_token(tx: &Tx, token: RefreshToken) -> Result<(), StoreError> {
    token_row::Model::from(token).into_active_model().reset_all().insert(&tx.tx).await?;
    Ok(())
}

/// The refresh token with this id, in whichever organization: the token is what tells the organization. Whoever calls
/// this checks the secret half before anything else.
///
/// # Errors
/// When the database is gone.
pub async fn find_token(tx: &Tx, id: Uuid) -> Result<Option<RefreshToken>, StoreError> {
    Ok(token_row::Entity::find_by_id(id).one(&tx.tx).await?.map(RefreshToken::from))
}

/// The sign-in with this id, which nobody else can change until the transaction ends.
///
/// # Errors
/// When the database is gone.
pub async fn hold(tx: &Tx, organization_id: Uuid, id: Uuid) -> Result<Option<SignIn>, StoreError> {
    let query =
        row::Entity::find_by_id(id).filter(row::Column::OrganizationId.eq(organization_id)).lock(LockType::Update);
    Ok(query.one(&tx.tx).await?.map(SignIn::from))
}

/// Notes what a refresh token was exchanged for; `None` when nobody will have it.
///
/// # Errors
/// [`StoreError::Conflict`] when it is gone.
pub async fn replace_token(
    tx: &Tx,
    organization_id: Uuid,
    id: Uuid,
    replaced_by: Option<Uuid>,
    replaced_at: DateTime<Utc>,
) -> Result<(), StoreError> {
    let done = token_row::Entity::update_many()
        .col_expr(token_row::Column::ReplacedAt, Expr::value(replaced_at))
        .col_expr(token_row::Column::ReplacedBy, Expr::value(replaced_by))
        .filter(token_row::Column::OrganizationId.eq(organization_id))
        .filter(token_row::Column::Id.eq(id))
        .exec(&tx.tx)
        .await?;
    exactly_one(done.rows_affected, "the refresh token")
}

/// Lets a sign-in go on until this instant.
///
/// # Errors
/// [`StoreError::Conflict`] when it ended meanwhile.
pub async fn prolong(
    tx: &Tx,
    organization_id: Uuid,
    id: Uuid,
    idle_until: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let done = row::Entity::update_many()
        .col_expr(row::Column::IdleUntil, Expr::value(idle_until))
        .col_expr(row::Column::UpdatedAt, Expr::value(now))
        .filter(row::Column::OrganizationId.eq(organization_id))
        .filter(row::Column::Id.eq(id))
        .filter(row::Column::EndedAt.is_null())
        .exec(&tx.tx)
        .await?;
    exactly_one(done.rows_affected, "the sign-in")
}

/// Ends one sign-in of a person, or with `None` all of them, and returns how many ended now.
///
/// # Errors
/// When the database is gone.
pub async fn end(
    tx: &Tx,
    organization_id: Uuid,
    person_id: Uuid,
    only: Option<Uuid>,
    now: DateTime<Utc>,
) -> Result<u64, StoreError> {
    let mut update = row::Entity::update_many()
        .col_expr(row::Column::EndedAt, Expr::value(now))
        .col_expr(row::Column::UpdatedAt, Expr::value(now))
        .filter(row::Column::OrganizationId.eq(organization_id))
        .filter(row::Column::PersonId.eq(person_id))
        .filter(row::Column::EndedAt.is_null())
        .filter(row::Column::IdleUntil.gt(now));
    if let Some(id) = only {
        update = update.filter(row::Column::Id.eq(id));
    }
    Ok(update.exec(&tx.tx).await?.rows_affected)
}

/// Deletes sign-ins over all organizations that could not be refreshed any more at this instant, with their tokens, at
/// most `limit`, and returns how many.
///
/// # Errors
/// When the database is gone.
pub async fn every_delete_over(tx: &Tx, at: DateTime<Utc>, limit: u64) -> Result<u64, StoreError> {
    let ids: Vec<Uuid> = row::Entity::find()
        .select_only()
        .column(row::Column::Id)
        .filter(row::Column::IdleUntil.lt(at))
        .limit(limit)
        .into_tuple()
        .all(&tx.tx)
        .await?;
    if ids.is_empty() {
        return Ok(0);
    }
    token_row::Entity::delete_many()
        .filter(token_row::Column::SignInId.is_in(ids.iter().copied()))
        .exec(&tx.tx)
        .await?;
    Ok(row::Entity::delete_many().filter(row::Column::Id.is_in(ids)).exec(&tx.tx).await?.rows_affected)
}
