//! Webhook endpoints, and how far in the log each of them is.

use chrono::{DateTime, Utc};
use sea_orm::{
    ActiveModelTrait,
    ActiveValue::Set,
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, IntoActiveModel, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect, Select, Statement,
    sea_query::{Expr, ExprTrait, LockBehavior, LockType, Query},
};
use uuid::Uuid;

use super::{Reads, StoreError, Tx, exactly_one, from_json, lease_clock, to_json, webhook_deliveries, word};
use crate::domain::webhooks::{DeliveryStatus, EndpointStatus, WebhookEndpoint};

const TABLE: &str = "webhook_endpoints";

pub(crate) mod row {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "webhook_endpoints")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub organization_id: Uuid,
        pub url: String,
        pub description: Option<String>,
        pub kinds: Option<Json>,
        pub secret: String,
        pub previous_secret: Option<String>,
        pub previous_secret_until: Option<DateTimeUtc>,
        pub status: String,
        pub disabled_reason: Option<String>,
        pub failing_since: Option<DateTimeUtc>,
        pub position: i64,
        pub replay_until: Option<i64>,
        pub replay_kinds: Option<Json>,
        pub created_by: Option<Uuid>,
        pub created_at: DateTimeUtc,
        pub updated_at: DateTimeUtc,
    }

    super::super::no_relations!();
}

pub(crate) fn endpoint(row: row::Model) -> Result<WebhookEndpoint, StoreError> {
    Ok(WebhookEndpoint {
        id: row.id,
        organization_id: row.organization_id,
        url: row.url,
        description: row.description,
        kinds: row.kinds.map(|json| from_json(TABLE, json)).transpose()?,
        secret: row.secret,
        previous_secret: row.previous_secret,
        previous_secret_until: row.previous_secret_until,
        status: word(TABLE, &row.status)?,
        disabled_reason: row.disabled_reason,
        failing_since: row.failing_since,
        position: row.position,
        replay_until: row.replay_until,
        replay_kinds: row.replay_kinds.map(|json| from_json(TABLE, json)).transpose()?,
        created_by: row.created_by,
        created_at: row.created_at,
        updated_at: row.updated_at,
    })
}

fn to_row(endpoint: &WebhookEndpoint) -> Result<row::Model, StoreError> {
    let kinds = |kinds: &Option<Vec<String>>| kinds.as_ref().map(|kinds| to_json(TABLE, kinds)).transpose();
    Ok(row::Model {
        id: endpoint.id,
        organization_id: endpoint.organization_id,
        url: endpoint.url.clone(),
        description: endpoint.description.clone(),
        kinds: kinds(&endpoint.kinds)?,
        secret: endpoint.secret.clone(),
        previous_secret: endpoint.previous_secret.clone(),
        previous_secret_until: endpoint.previous_secret_until,
        status: endpoint.status.as_str().to_owned(),
        disabled_reason: endpoint.disabled_reason.clone(),
        failing_since: endpoint.failing_since,
        position: endpoint.position,
        replay_until: endpoint.replay_until,
        replay_kinds: kinds(&endpoint.replay_kinds)?,
        created_by: endpoint.created_by,
        created_at: endpoint.created_at,
        updated_at: endpoint.updated_at,
    })
}

pub(crate) fn scoped(organization_id: Uuid) -> Select<row::Entity> {
    row::Entity::find().filter(row::Column::OrganizationId.eq(organization_id))
}

/// The endpoint with this id.
///
/// # Errors
/// When the database is gone.
pub async fn find(reads: &impl Reads, organization_id: Uuid, id: Uuid) -> Result<Option<WebhookEndpoint>, StoreError> {
    scoped(organization_id).filter(row::Column::Id.eq(id)).one(reads.conn()).await?.map(endpoint).transpose()
}

/// The same as [`find`], and nobody can change it until the transaction ends.
///
/// # Errors
/// When the database is gone.
pub async fn hold(tx: &Tx, organization_id: Uuid, id: Uuid) -> Result<Option<WebhookEndpoint>, StoreError> {
    let query = scoped(organization_id).filter(row::Column::Id.eq(id)).lock(LockType::Update);
    query.one(&tx.tx).await?.map(endpoint).transpose()
}

/// How many endpoints an organization has.
///
/// # Errors
/// When the database is gone.
pub async fn count(reads: &impl Reads, organization_id: Uuid) -> Result<u64, StoreError> {
    Ok(scoped(organization_id).count(reads.conn()).await?)
}

/// Stores a new endpoint.
///
/// # Errors
/// When the database is gone.
pub async fn insert(tx: &Tx, endpoint: &WebhookEndpoint) -> Result<(), StoreError> {
    to_row(endpoint)?.into_active_model().reset_all().insert(&tx.tx).await?;
    Ok(())
}

/// Stores a changed endpoint, which [`hold`] gave in the same transaction.
///
/// # Errors
/// [`StoreError::Conflict`] when it is gone.
pub async fn update(tx: &Tx, endpoint: &WebhookEndpoint) -> Result<(), StoreError> {
    let done = row::Entity::update_many()
        .set(to_row(endpoint)?.into_active_model().reset_all())
        .filter(row::Column::OrganizationId.eq(endpoint.organization_id))
        .filter(row::Column::Id.eq(endpoint.id))
        .exec(&tx.tx)
        .await?;
    exactly_one(done.rows_affected, "the webhook endpoint")
}

/// Removes an endpoint with its deliveries; true when there was one.
///
/// # Errors
/// When the database is gone.
pub async fn delete(tx: &Tx, organization_id: Uuid, id: Uuid) -> Result<bool, StoreError> {
    if hold(tx, organization_id, id).await?.is_none() {
        return Ok(false);
    }
    webhook_deliveries::delete_of_endpoint(tx, organization_id, id).await?;
    let done = row::Entity::delete_many()
        .filter(row::Column::OrganizationId.eq(organization_id))
        .filter(row::Column::Id.eq(id))
        .exec(&tx.tx)
        .await?;
    Ok(done.rows_affected == 1)
}

/// The active endpoints, over all organizations, that are behind their organization's log, as organization and endpoint.
///
/// # Errors
/// When the database is gone.
pub async fn every_behind(reads: &impl Reads) -> Result<Vec<(Uuid, Uuid)>, StoreError> {
    let conn = reads.conn();
    let sql = "SELECT e.organization_id, e.id FROM webhook_endpoints e \
               JOIN event_logs l ON l.organization_id = e.organization_id \
               WHERE e.status = 'ACTIVE' AND e.position < l.last_position ORDER BY e.id";
    let rows = conn.query_all_raw(Statement::from_string(conn.get_database_backend(), sql)).await?;
    rows.iter().map(|row| Ok((row.try_get_by_index(0)?, row.try_get_by_index(1)?))).collect()
}

/// The same as [`hold`] of an active endpoint, or `None` at once when somebody else holds it.
///
/// # Errors
/// When the database is gone.
pub async fn hold_if_free(tx: &Tx, organization_id: Uuid, id: Uuid) -> Result<Option<WebhookEndpoint>, StoreError> {
    let query = scoped(organization_id)
        .filter(row::Column::Id.eq(id))
        .filter(row::Column::Status.eq(EndpointStatus::Active.as_str()))
        .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked);
    query.one(&tx.tx).await?.map(endpoint).transpose()
}

/// Moves a held endpoint on in the log.
///
/// # Errors
/// When the database is gone.
pub async fn advance(tx: &Tx, endpoint: &WebhookEndpoint, position: i64) -> Result<(), StoreError> {
    let mut change = row::ActiveModel { position: Set(position), ..blank() };
    if endpoint.replay_until.is_some_and(|until| until <= position) {
        change.replay_until = Set(None);
        change.replay_kinds = Set(None);
    }
    let done = row::Entity::update_many().set(change).filter(row::Column::Id.eq(endpoint.id)).exec(&tx.tx).await?;
    exactly_one(done.rows_affected, "the webhook endpoint")
}

/// Notes that an endpoint failed (since `now`, unless it did before) or that it does not any more.
///
/// # Errors
/// When the database is gone.
pub async fn note_health(tx: &Tx, id: Uuid, failing: Option<DateTime<Utc>>) -> Result<(), StoreError> {
    let update = row::Entity::update_many()
        .col_expr(row::Column::FailingSince, Expr::value(failing))
        .filter(row::Column::Id.eq(id));
    let update = match failing {
        Some(_) => update.filter(row::Column::FailingSince.is_null()),
        None => update.filter(row::Column::FailingSince.is_not_null()),
    };
    update.exec(&tx.tx).await?;
    Ok(())
}

/// An active endpoint with deliveries to be made now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DueEndpoint {
    /// The endpoint.
    pub id: Uuid,
    /// The tenant.
    pub organization_id: Uuid,
    /// Whether its last attempt failed.
    pub failing: bool,
}

/// The active endpoints, over all organizations, with deliveries that are due and that nobody holds.
///
/// # Errors
/// When the database is gone.
pub async fn every_due(reads: &impl Reads, now: DateTime<Utc>) -> Result<Vec<DueEndpoint>, StoreError> {
    use webhook_deliveries::row as deliveries;
    let clock = lease_clock(reads).await?;
    let with = |condition: Condition| {
        let mut query = Query::select();
        query
            .expr(Expr::val(1))
            .from(deliveries::Entity)
            .and_where(
                Expr::col((deliveries::Entity, deliveries::Column::EndpointId)).equals((row::Entity, row::Column::Id)),
            )
            .cond_where(condition);
        Expr::exists(query)
    };
    let waiting = Condition::all()
        .add(deliveries::Column::Status.eq(DeliveryStatus::Pending.as_str()))
        .add(deliveries::Column::DueAt.lte(now));
    let abandoned = Condition::all()
        .add(deliveries::Column::Status.eq(DeliveryStatus::Sending.as_str()))
        .add(deliveries::Column::LeaseUntil.lt(clock));
    let rows: Vec<(Uuid, Uuid, Option<DateTime<Utc>>)> = row::Entity::find()
        .select_only()
        .columns([row::Column::Id, row::Column::OrganizationId, row::Column::FailingSince])
        .filter(row::Column::Status.eq(EndpointStatus::Active.as_str()))
        .filter(Condition::any().add(with(waiting)).add(with(abandoned)))
        .order_by_asc(row::Column::Id)
        .into_tuple()
        .all(reads.conn())
        .await?;
    let due = |(id, organization_id, since): (Uuid, Uuid, Option<DateTime<Utc>>)| DueEndpoint {
        id,
        organization_id,
        failing: since.is_some(),
    };
    Ok(rows.into_iter().map(due).collect())
}

fn blank() -> row::ActiveModel {
    <row::ActiveModel as ActiveModelTrait>::default()
}
