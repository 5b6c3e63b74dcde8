//! Keys under which clients repeat a request without repeating its effect (draft-ietf-httpapi-idempotency-key-header).
//!
//! A row claims a key before anything is tried, and its uniqueness makes all replicas agree who does it. Whoever carries
//! the request out holds a lease on the row. Each transaction of the request leaves a [`Mark`] in the row when it
//! commits, guarded by the holder's name: a late holder cannot commit what its successor does as well, and after a crash
//! the row still tells whether anything was changed. All times are the database's.

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect,
    sea_query::Expr,
};
use uuid::Uuid;

use super::{Reads, Store, StoreError, Tx, exactly_one, lease_clock, sealed::Connected as _};

/// How long a key is remembered.
const LIFETIME: TimeDelta = TimeDelta::hours(24);

pub(crate) mod row {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "idempotency_keys")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub organization_id: Uuid,
        pub person_id: Uuid,
        pub client: String,
        pub key: String,
        pub fingerprint: String,
        pub owner: Uuid,
        pub lease_until: DateTimeUtc,
        pub committed: bool,
        pub answer: Option<String>,
        pub expires_at: DateTimeUtc,
    }

    super::super::no_relations!();
}
use row::{Column, Entity, Model};

/// A key with the request it was sent with.
#[derive(Clone, Debug)]
pub struct Key {
    /// The tenant.
    pub organization_id: Uuid,
    /// Who asks.
    pub person_id: Uuid,
    /// Through which API client; empty for their own token.
    pub client: String,
    /// What the client calls the request.
    pub key: String,
    /// Tells whether it is the same request: a hash of what is asked.
    pub fingerprint: String,
}

/// The right to carry a request out, and what its commits leave behind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    id: Uuid,
    owner: Uuid,
}

/// What became of a claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claim {
    /// Nobody did it so far: do it, and then [`finish`] or [`release`].
    Won(Mark),
    /// Somebody is doing it right now.
    Busy,
    /// It was done; this was the answer.
    Answered(String),
    /// It was done, at least in part, and its answer was lost with whoever did it.
    Lost,
    /// The key belongs to another request.
    OtherRequest,
}

/// Claims a key for as long as `lease`, or tells what became of it. `owner` names this attempt and no other.
///
/// # Errors
/// When the database is gone.
pub async fn claim(store: &Store, key: &Key, owner: Uuid, lease: TimeDelta) -> Result<Claim, StoreError> {
    let now = lease_clock(store).await?;
    let until = now + lease;
    if let Some(row) = find(store, key).await? {
        if row.expires_at > now {
            return judge(store, key, row, owner, now, until).await;
        }
        remove(store, &[row.id]).await?;
    }
    let row = Model {
        id: owner,
        organization_id: key.organization_id,
        person_id: key.person_id,
        client: key.client.clone(),
        key: key.key.clone(),
        fingerprint: key.fingerprint.clone(),
        owner,
        lease_until: until,
        committed: false,
        answer: None,
        expires_at: now + LIFETIME,
    };
    let tx = store.begin().await?;
    match row.into_active_model().reset_all().insert(&tx.tx).await.map_err(StoreError::from_write) {
        Ok(_) => {
            tx.commit().await?;
            Ok(Claim::Won(Mark { id: owner, owner }))
        }
        // A twin was faster.
        Err(StoreError::Duplicate(_)) => {
            drop(tx);
            match find(store, key).await? {
                Some(row) => judge(store, key, row, owner, now, until).await,
                None => Ok(Claim::Busy),
            }
        }
        Err(error) => Err(error),
    }
}

async fn judge(
    store: &Store,
    key: &Key,
    row: Model,
    owner: Uuid,
    now: DateTime<Utc>,
    until: DateTime<Utc>,
) -> Result<Claim, StoreError> {
    if row.fingerprint != key.fingerprint {
        return Ok(Claim::OtherRequest);
    }
    if let Some(answer) = row.answer {
        return Ok(Claim::Answered(answer));
    }
    if row.lease_until > now {
        return Ok(Claim::Busy);
    }
    if row.committed {
        return Ok(Claim::Lost);
    }
    // Whoever held it is gone and changed nothing.
    let tx = store.begin().await?;
    let taken = Entity::update_many()
        .col_expr(Column::Owner, Expr::value(owner))
        .col_expr(Column::LeaseUntil, Expr::value(until))
        .filter(Column::Id.eq(row.id))
        .filter(Column::Owner.eq(row.owner))
        .filter(Column::Committed.eq(false))
        .filter(Column::Answer.is_null())
        .exec(&tx.tx)
        .await?;
    tx.commit().await?;
    Ok(if taken.rows_affected == 1 { Claim::Won(Mark { id: row.id, owner }) } else { Claim::Busy })
}

async fn find(reads: &impl Reads, key: &Key) -> Result<Option<Model>, StoreError> {
    let query = Entity::find()
        .filter(Column::OrganizationId.eq(key.organization_id))
        .filter(Column::PersonId.eq(key.person_id))
        .filter(Column::Client.eq(&key.client))
        .filter(Column::Key.eq(&key.key));
    Ok(query.one(reads.conn()).await?)
}

/// Leaves the mark in a transaction that is about to commit.
pub(super) async fn leave(tx: &Tx, mark: &Mark) -> Result<(), StoreError> {
    let left = Entity::update_many()
        .col_expr(Column::Committed, Expr::value(true))
        .filter(Column::Id.eq(mark.id))
        .filter(Column::Owner.eq(mark.owner))
        .exec(&tx.tx)
        .await?;
    exactly_one(left.rows_affected, "the idempotency key")
}

/// Keeps the answer for those who ask again.
///
/// # Errors
/// [`StoreError::Conflict`] when somebody else holds the key by now.
pub async fn finish(store: &Store, mark: &Mark, answer: &str) -> Result<(), StoreError> {
    let tx = store.begin().await?;
    let kept = Entity::update_many()
        .col_expr(Column::Answer, Expr::value(answer))
        .filter(Column::Id.eq(mark.id))
        .filter(Column::Owner.eq(mark.owner))
        .exec(&tx.tx)
        .await?;
    exactly_one(kept.rows_affected, "the idempotency key")?;
    tx.commit().await.map(drop)
}

/// Gives a key back when nothing was changed under it, so that the request may be tried again; otherwise ends the lease.
/// True when it was given back.
///
/// # Errors
/// When the database is gone.
pub async fn release(store: &Store, mark: &Mark) -> Result<bool, StoreError> {
    let now = lease_clock(store).await?;
    let tx = store.begin().await?;
    let own = || Condition::all().add(Column::Id.eq(mark.id)).add(Column::Owner.eq(mark.owner));
    let gone = Entity::delete_many().filter(own()).filter(Column::Committed.eq(false)).exec(&tx.tx).await?;
    if gone.rows_affected == 0 {
        Entity::update_many().col_expr(Column::LeaseUntil, Expr::value(now)).filter(own()).exec(&tx.tx).await?;
    }
    tx.commit().await?;
    Ok(gone.rows_affected == 1)
}

/// Forgets up to `limit` keys of every organization whose time is over, and says how many.
///
/// # Errors
/// When the database is gone.
pub async fn every_expired_forgotten(store: &Store, limit: u64) -> Result<u64, StoreError> {
    let now = lease_clock(store).await?;
    let expired: Vec<Uuid> = Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(Column::ExpiresAt.lte(now))
        .order_by_asc(Column::ExpiresAt)
        .limit(limit)
        .into_tuple()
        .all(store.conn())
        .await?;
    if expired.is_empty() { Ok(0) } else { remove(store, &expired).await }
}

async fn remove(store: &Store, ids: &[Uuid]) -> Result<u64, StoreError> {
    let tx = store.begin().await?;
    let done = Entity::delete_many().filter(Column::Id.is_in(ids.iter().copied())).exec(&tx.tx).await?;
    tx.commit().await?;
    Ok(done.rows_affected)
}
