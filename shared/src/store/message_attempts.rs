//! What each attempt to send a message came to.

use chrono::{DateTime, Utc};
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, Select, Value};
use uuid::Uuid;

use super::{Reads, StoreError, Tx, messages, word};
use crate::domain::mail::{AttemptOutcome, MessageAttempt};

const TABLE: &str = "message_attempts";

pub(crate) mod row {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "message_attempts")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub organization_id: Uuid,
        pub message_id: Uuid,
        pub person_id: Uuid,
        pub outcome: String,
        pub status_code: Option<String>,
        pub reply: Option<String>,
        pub started_at: DateTimeUtc,
        pub ended_at: DateTimeUtc,
    }

    super::super::no_relations!();
}

pub(crate) fn attempt(row: row::Model) -> Result<MessageAttempt, StoreError> {
    let row::Model { id, organization_id, message_id, person_id, outcome, status_code, reply, started_at, ended_at } =
        row;
    let outcome = word(TABLE, &outcome)?;
    Ok(MessageAttempt { id, organization_id, message_id, person_id, outcome, status_code, reply, started_at, ended_at })
}

pub(crate) fn scoped(organization_id: Uuid) -> Select<row::Entity> {
    row::Entity::find().filter(row::Column::OrganizationId.eq(organization_id))
}

/// The columns of the table, in the order of [`values`].
pub(super) const COLUMNS: &str =
    "id, organization_id, message_id, person_id, outcome, status_code, reply, started_at, ended_at";

/// An attempt as a row of [`COLUMNS`].
pub(super) fn values(attempt: &MessageAttempt) -> [Value; 9] {
    [
        attempt.id.into(),
        attempt.organization_id.into(),
        attempt.message_id.into(),
        attempt.person_id.into(),
        attempt.outcome.as_str().into(),
        attempt.status_code.clone().into(),
        attempt.reply.clone().into(),
        attempt.started_at.into(),
        attempt.ended_at.into(),
    ]
}

/// Records attempts; one that is known already stays as it is.
///
/// # Errors
/// When the database is gone.
pub async fn insert_many(tx: &Tx, attempts: &[MessageAttempt]) -> Result<(), StoreError> {
    if attempts.is_empty() {
        return Ok(());
    }
    let rows = attempts.iter().map(|attempt| {
        let row = row::Model {
            id: attempt.id,
            organization_id: attempt.organization_id,
            message_id: attempt.message_id,
            person_id: attempt.person_id,
            outcome: attempt.outcome.as_str().to_owned(),
            status_code: attempt.status_code.clone(),
            reply: attempt.reply.clone(),
            started_at: attempt.started_at,
            ended_at: attempt.ended_at,
        };
        row.into_active_model().reset_all()
    });
    row::Entity::insert_many(rows).on_conflict_do_nothing_on([row::Column::Id]).exec_without_returning(&tx.tx).await?;
    Ok(())
}

/// Whether there is an attempt of this id.
///
/// # Errors
/// When the database is gone.
pub async fn is_known(reads: &impl Reads, organization_id: Uuid, id: Uuid) -> Result<bool, StoreError> {
    let found = scoped(organization_id).filter(row::Column::Id.eq(id)).one(reads.conn()).await?;
    Ok(found.is_some())
}

/// What is known of an attempt whose worker did not live to record it.
pub(super) fn lost(row: &messages::row::Model, now: DateTime<Utc>) -> MessageAttempt {
    MessageAttempt {
        // Which of its losses it was: one that is found again, because nobody began the message since, is the same row.
        id: Uuid::from_u128(row.id.as_u128() ^ u128::from(row.rescue_count.unsigned_abs())),
        organization_id: row.organization_id,
        message_id: row.id,
        person_id: row.person_id,
        outcome: AttemptOutcome::Lost,
        status_code: None,
        reply: None,
        started_at: row.updated_at,
        ended_at: now,
    }
}
