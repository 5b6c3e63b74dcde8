//! Webhook deliveries, and the leases under which workers make them.

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::{
    ActiveModelTrait,
    ActiveValue::Set,
    ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select,
    sea_query::{Expr, ExprTrait, LockType, OnConflict},
};
use uuid::Uuid;

use super::{Reads, StoreError, Tx, claims::Claim, exactly_one, lease_clock, word};
use crate::domain::webhooks::{DeliveryStatus, WebhookDelivery};

const TABLE: &str = "webhook_deliveries";

pub(crate) mod row {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "webhook_deliveries")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub organization_id: Uuid,
        pub endpoint_id: Uuid,
        pub event_id: Uuid,
        pub status: String,
        pub due_at: DateTimeUtc,
        pub status_code: Option<i32>,
        pub error: Option<String>,
        pub delivered_at: Option<DateTimeUtc>,
        pub created_at: DateTimeUtc,
        pub updated_at: DateTimeUtc,
        pub owner: Option<Uuid>,
        pub fence: i64,
        pub lease_until: Option<DateTimeUtc>,
        pub attempts: i32,
        pub rescue_count: i32,
    }

    super::super::no_relations!();
}

pub(crate) fn delivery(row: row::Model) -> Result<WebhookDelivery, StoreError> {
    Ok(WebhookDelivery {
        id: row.id,
        organization_id: row.organization_id,
        endpoint_id: row.endpoint_id,
        event_id: row.event_id,
        status: word(TABLE, &row.status)?,
        due_at: row.due_at,
        status_code: row.status_code,
        error: row.error,
        delivered_at: row.delivered_at,
        attempts: row.attempts,
        rescue_count: row.rescue_count,
        created_at: row.created_at,
        updated_at: row.updated_at,
    })
}

/// A worker's right to one delivery, as long as the fence holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lease {
    /// The delivery.
    pub delivery_id: Uuid,
    /// Its fence when it was claimed.
    pub fence: i64,
}

pub(crate) fn scoped(organization_id: Uuid) -> Select<row::Entity> {
    row::Entity::find().filter(row::Column::OrganizationId.eq(organization_id))
}

/// The delivery with this id, which nobody else can change until the transaction ends.
///
/// # Errors
/// When the database is gone.
pub async fn hold(tx: &Tx, organization_id: Uuid, id: Uuid) -> Result<Option<WebhookDelivery>, StoreError> {
    let query = scoped(organization_id).filter(row::Column::Id.eq(id)).lock(LockType::Update);
    query.one(&tx.tx).await?.map(delivery).transpose()
}

/// The deliveries to an endpoint, oldest first, at most `limit`.
///
/// # Errors
/// When the database is gone.
pub async fn of_endpoint(
    reads: &impl Reads,
    organization_id: Uuid,
    endpoint_id: Uuid,
    limit: u64,
) -> Result<Vec<WebhookDelivery>, StoreError> {
    let query = scoped(organization_id)
        .filter(row::Column::EndpointId.eq(endpoint_id))
        .order_by_asc(row::Column::CreatedAt)
        .order_by_asc(row::Column::Id)
        .limit(limit);
    query.all(reads.conn()).await?.into_iter().map(delivery).collect()
}

/// An event that is to be delivered to an endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NewDelivery {
    /// The delivery's id, should it be a new one.
    pub id: Uuid,
    /// The tenant.
    pub organization_id: Uuid,
    /// Where it goes.
    pub endpoint_id: Uuid,
    /// What it tells.
    pub event_id: Uuid,
}

/// Has these delivered, now. There is one row for each endpoint and event: what was delivered or given up before begins
/// anew, what waits or is under way stays as it is.
///
/// # Errors
/// When the database is gone.
pub async fn enqueue(tx: &Tx, deliveries: &[NewDelivery], now: DateTime<Utc>) -> Result<(), StoreError> {
    let new = |delivery: &NewDelivery| row::ActiveModel {
        id: Set(delivery.id),
        organization_id: Set(delivery.organization_id),
        endpoint_id: Set(delivery.endpoint_id),
        event_id: Set(delivery.event_id),
        status: Set(DeliveryStatus::Pending.as_str().to_owned()),
        due_at: Set(now),
        status_code: Set(None),
        error: Set(None),
        delivered_at: Set(None),
        created_at: Set(now),
        updated_at: Set(now),
        owner: Set(None),
        fence: Set(0),
        lease_until: Set(None),
        attempts: Set(0),
        rescue_count: Set(0),
    };
    let over = [DeliveryStatus::Delivered.as_str(), DeliveryStatus::Failed.as_str()];
    for chunk in deliveries.chunks(500) {
        let again = OnConflict::columns([row::Column::EndpointId, row::Column::EventId])
            .update_columns([
                row::Column::Status,
                row::Column::DueAt,
                row::Column::Attempts,
                row::Column::RescueCount,
                row::Column::UpdatedAt,
            ])
            .action_and_where(Expr::col((row::Entity, row::Column::Status)).is_in(over))
            .to_owned();
        row::Entity::insert_many(chunk.iter().map(new)).on_conflict(again).exec_without_returning(&tx.tx).await?;
    }
    Ok(())
}

/// Lets a delivery that waits, was made or was given up begin anew, now.
///
/// # Errors
/// [`StoreError::Conflict`] when it is gone or under way.
pub async fn repeat(tx: &Tx, organization_id: Uuid, id: Uuid, now: DateTime<Utc>) -> Result<(), StoreError> {
    let done = row::Entity::update_many()
        .set(row::ActiveModel {
            status: Set(DeliveryStatus::Pending.as_str().to_owned()),
            due_at: Set(now),
            attempts: Set(0),
            rescue_count: Set(0),
            updated_at: Set(now),
            ..blank()
        })
        .filter(row::Column::OrganizationId.eq(organization_id))
        .filter(row::Column::Id.eq(id))
        .filter(row::Column::Status.ne(DeliveryStatus::Sending.as_str()))
        .exec(&tx.tx)
        .await?;
    exactly_one(done.rows_affected, "the delivery")
}

/// Makes everything that waits for an endpoint due now, with all its attempts before it.
///
/// # Errors
/// When the database is gone.
pub async fn hasten(tx: &Tx, organization_id: Uuid, endpoint_id: Uuid, now: DateTime<Utc>) -> Result<(), StoreError> {
    row::Entity::update_many()
        .set(row::ActiveModel { due_at: Set(now), attempts: Set(0), updated_at: Set(now), ..blank() })
        .filter(row::Column::OrganizationId.eq(organization_id))
        .filter(row::Column::EndpointId.eq(endpoint_id))
        .filter(row::Column::Status.eq(DeliveryStatus::Pending.as_str()))
        .exec(&tx.tx)
        .await?;
    Ok(())
}

/// Takes up to `limit` deliveries to one endpoint, over all organizations, that are due and that nobody holds; the caller
/// commits before it sends.
///
/// A delivery whose lease ran out comes again with `rescue_count` one higher: it may have arrived already.
///
/// # Errors
/// When the database is gone.
pub async fn claim_every_of(
    tx: &Tx,
    endpoint_id: Uuid,
    owner: Uuid,
    lease: TimeDelta,
    limit: u64,
    now: DateTime<Utc>,
) -> Result<Vec<(Lease, WebhookDelivery)>, StoreError> {
    let clock = lease_clock(tx).await?;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut rows = Claim {
        set: "status = 'SENDING', owner = $1, fence = fence + 1, lease_until = $2, attempts = attempts + 1, \
              updated_at = $3, rescue_count = rescue_count + CASE status WHEN 'SENDING' THEN 1 ELSE 0 END",
        pick: "endpoint_id = $4 AND (status = 'PENDING' AND due_at <= $3 OR status = 'SENDING' AND lease_until < $5) \
               ORDER BY due_at, id LIMIT $6",
        values: vec![owner.into(), (clock + lease).into(), now.into(), endpoint_id.into(), clock.into(), limit.into()],
    }
    .rows::<row::Entity>(tx)
    .await?;
    rows.sort_by_key(|row| (row.due_at, row.id));
    let mut claimed = Vec::with_capacity(rows.len());
    for row in rows {
        let lease = Lease { delivery_id: row.id, fence: row.fence };
        match delivery(row) {
            Ok(delivery) => claimed.push((lease, delivery)),
            // One row that cannot be read must not stop the others.
            Err(error) => {
                finish(tx, lease, Outcome::Failed { status_code: None, why: error.to_string() }, now).await?;
            }
        }
    }
    Ok(claimed)
}

/// How an attempt ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The endpoint took it, with this status.
    Delivered(i32),
    /// It is given up.
    Failed {
        /// The HTTP status, if there was an answer.
        status_code: Option<i32>,
        /// What went wrong.
        why: String,
    },
    /// Try again at this instant; `counts` says whether this attempt is held against the delivery.
    Deferred {
        /// When to try again.
        due_at: DateTime<Utc>,
        /// The HTTP status, if there was an answer.
        status_code: Option<i32>,
        /// What went wrong.
        why: String,
        /// False when it was not really tried.
        counts: bool,
    },
}

/// Ends an attempt and gives the lease back.
///
/// # Errors
/// [`StoreError::Conflict`] when another worker took the delivery over, or it is gone.
pub async fn finish(tx: &Tx, held: Lease, outcome: Outcome, now: DateTime<Utc>) -> Result<(), StoreError> {
    let status = |status: DeliveryStatus| Set(status.as_str().to_owned());
    let mut change = row::ActiveModel { updated_at: Set(now), lease_until: Set(None), owner: Set(None), ..blank() };
    let mut uncounted = false;
    match outcome {
        Outcome::Delivered(code) => {
            change.status = status(DeliveryStatus::Delivered);
            change.status_code = Set(Some(code));
            change.delivered_at = Set(Some(now));
            change.error = Set(None);
        }
        Outcome::Failed { status_code, why } => {
            change.status = status(DeliveryStatus::Failed);
            change.status_code = Set(status_code);
            change.error = Set(Some(why));
        }
        Outcome::Deferred { due_at, status_code, why, counts } => {
            change.status = status(DeliveryStatus::Pending);
            change.due_at = Set(due_at);
            if counts {
                change.status_code = Set(status_code);
                change.error = Set(Some(why));
            }
            uncounted = !counts;
        }
    }
    let mut update = row::Entity::update_many()
        .filter(row::Column::Id.eq(held.delivery_id))
        .filter(row::Column::Fence.eq(held.fence))
        .filter(row::Column::Status.eq(DeliveryStatus::Sending.as_str()))
        .set(change);
    if uncounted {
        update = update.col_expr(row::Column::Attempts, Expr::col(row::Column::Attempts).sub(1));
    }
    exactly_one(update.exec(&tx.tx).await?.rows_affected, "the delivery's lease")
}

pub(super) async fn delete_of_endpoint(tx: &Tx, organization_id: Uuid, endpoint_id: Uuid) -> Result<(), StoreError> {
    row::Entity::delete_many()
        .filter(row::Column::OrganizationId.eq(organization_id))
        .filter(row::Column::EndpointId.eq(endpoint_id))
        .exec(&tx.tx)
        .await?;
    Ok(())
}

pub(super) async fn delete_of_events(tx: &Tx, organization_id: Uuid, event_ids: &[Uuid]) -> Result<(), StoreError> {
    row::Entity::delete_many()
        .filter(row::Column::OrganizationId.eq(organization_id))
        .filter(row::Column::EventId.is_in(event_ids.iter().copied()))
        .exec(&tx.tx)
        .await?;
    Ok(())
}

fn blank() -> row::ActiveModel {
    <row::ActiveModel as ActiveModelTrait>::default()
}
