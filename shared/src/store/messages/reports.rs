//! What is learned of a message after the relay took it.

use chrono::{DateTime, Utc};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QuerySelect};
use uuid::Uuid;

use super::{blank, row};
use crate::{
    domain::messages::{Message, MessageEvent, MessageStatus},
    store::{Reads, StoreError, Tx, exactly_one},
};

/// Notes that a message which the relay had accepted could not be delivered.
///
/// # Errors
/// [`StoreError::Conflict`] when its state is another than it was read with, or none from which a message bounces.
pub async fn bounce(tx: &Tx, message: &Message, why: &str, now: DateTime<Utc>) -> Result<(), StoreError> {
    let bounced = message.status.after(MessageEvent::Bounce).map_err(|_| StoreError::Conflict("the message"))?;
    let done = row::Entity::update_many()
        .set(row::ActiveModel {
            status: Set(bounced.as_str().to_owned()),
            error: Set(Some(why.to_owned())),
            updated_at: Set(now),
            ..blank()
        })
        .filter(row::Column::OrganizationId.eq(message.organization_id))
        .filter(row::Column::Id.eq(message.id))
        .filter(row::Column::Status.eq(MessageStatus::Sent.as_str()))
        .exec(&tx.tx)
        .await?;
    exactly_one(done.rows_affected, "the message")
}

/// Whose message it is, over all organizations; `None` when there is none.
///
/// # Errors
/// When the database is gone.
pub async fn every_organization_of(reads: &impl Reads, id: Uuid) -> Result<Option<Uuid>, StoreError> {
    let query = row::Entity::find().select_only().column(row::Column::OrganizationId).filter(row::Column::Id.eq(id));
    Ok(query.into_tuple().one(reads.conn()).await?)
}
