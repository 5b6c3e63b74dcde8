//! What each attempt to send a message came to.

use chrono::{DateTime, Utc};
use sea_orm::{ColumnTrait, ConnectionTrait, DbBackend, EntityTrait, QueryFilter, Select, Statement, Value};
use uuid::Uuid;

use super::{
    Reads, StoreError, Tx,
    given::{Columns, table},
    messages, word,
};
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

/// The columns of attempts that a statement brings along.
const COLUMNS: Columns<9> = [
    ("id", "uuid"),
    ("organization_id", "uuid"),
    ("message_id", "uuid"),
    ("person_id", "uuid"),
    ("outcome", "text"),
    ("status_code", "text"),
    ("reply", "text"),
    ("started_at", "timestamptz"),
    ("ended_at", "timestamptz"),
];

/// An item of `WITH`, called `tried`, that is a table of these attempts.
pub(super) fn given<'a>(
    backend: DbBackend,
    attempts: impl IntoIterator<Item = &'a MessageAttempt>,
    values: &mut Vec<Value>,
) -> String {
    let row = |attempt: &MessageAttempt| {
        [
            attempt.id.into(),
            attempt.organization_id.into(),
            attempt.message_id.into(),
            attempt.person_id.into(),
            attempt.outcome.as_str().into(),
            attempt.status_code.clone().unwrap_or_default().into(),
            attempt.reply.clone().unwrap_or_default().into(),
            attempt.started_at.into(),
            attempt.ended_at.into(),
        ]
    };
    table(backend, "tried", &COLUMNS, attempts.into_iter().map(row), values)
}

/// The statement that keeps those of `tried` of which `condition` is true; one that is known already stays as it is.
pub(super) fn inserted(condition: &str) -> String {
    let columns = COLUMNS.map(|(column, _)| column);
    let chosen = columns.map(|column| match column {
        // What is not known is empty in `tried`.
        "status_code" | "reply" => format!("nullif({column}, '')"),
        _ => column.to_owned(),
    });
    format!(
        "INSERT INTO {TABLE} ({}) SELECT {} FROM tried {condition} ON CONFLICT (id) DO NOTHING",
        columns.join(", "),
        chosen.join(", ")
    )
}

/// Records attempts; one that is known already stays as it is.
///
/// # Errors
/// When the database is gone.
pub async fn insert_many(tx: &Tx, attempts: &[MessageAttempt]) -> Result<(), StoreError> {
    if attempts.is_empty() {
        return Ok(());
    }
    let (backend, mut values) = (tx.tx.get_database_backend(), Vec::new());
    let tried = given(backend, attempts, &mut values);
    // SQLite would take the conflict for a condition of a join otherwise.
    let sql = format!("WITH {tried} {}", inserted("WHERE true"));
    tx.tx.execute_raw(Statement::from_sql_and_values(backend, sql, values)).await?;
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
