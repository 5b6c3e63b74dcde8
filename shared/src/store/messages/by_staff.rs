//! What staff do to a message that nobody is sending.

use chrono::{DateTime, Utc};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QuerySelect};
use uuid::Uuid;

use super::{blank, message, row, scoped, suppressed};
use crate::{
    domain::messages::{Message, MessageStatus},
    store::{StoreError, Tx, exactly_one},
};

/// The message, which nobody else can change until the transaction ends.
///
/// # Errors
/// When the database is gone.
pub async fn hold(tx: &Tx, organization_id: Uuid, id: Uuid) -> Result<Option<Message>, StoreError> {
    let query = scoped(organization_id).filter(row::Column::Id.eq(id)).lock_exclusive();
    query.one(&tx.tx).await?.map(message).transpose()
}

/// Lets a held, failed or bounced message wait for its turn again, as if it had never been tried.
///
/// # Errors
/// [`StoreError::Conflict`] when its state is another than it was read with.
pub async fn restart(tx: &Tx, message: &Message, now: DateTime<Utc>) -> Result<(), StoreError> {
    let done = row::Entity::update_many()
        .set(row::ActiveModel {
            status: Set(MessageStatus::Pending.as_str().to_owned()),
            due_at: Set(now),
            handed_at: Set(None),
            sent_at: Set(None),
            attempts: Set(0),
            rescue_count: Set(0),
            slot_at: Set(None),
            updated_at: Set(now),
            ..blank()
        })
        .filter(row::Column::OrganizationId.eq(message.organization_id))
        .filter(row::Column::Id.eq(message.id))
        .filter(row::Column::Status.eq(message.status.as_str()))
        .exec(&tx.tx)
        .await?;
    exactly_one(done.rows_affected, "the message")
}

/// Ends a message that nobody is sending.
///
/// # Errors
/// [`StoreError::Conflict`] when its state is another than it was read with.
pub async fn suppress(tx: &Tx, message: &Message, why: &str, now: DateTime<Utc>) -> Result<(), StoreError> {
    let done = row::Entity::update_many()
        .set(suppressed(why, now))
        .filter(row::Column::OrganizationId.eq(message.organization_id))
        .filter(row::Column::Id.eq(message.id))
        .filter(row::Column::Status.eq(message.status.as_str()))
        .exec(&tx.tx)
        .await?;
    exactly_one(done.rows_affected, "the message")
}
