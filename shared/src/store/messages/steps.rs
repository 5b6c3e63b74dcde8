//! The steps of messages on their way to the relay: taken in hand, handed over, sent. Those of several messages, with what
//! their attempts came to, are one statement that commits by itself, for a commit costs as much for one as for many.

use std::{collections::HashSet, fmt::Write as _};

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::{ConnectionTrait as _, DbBackend, JsonValue, QueryResult, Statement, Value};
use uuid::Uuid;

use super::{TABLE, leases::Lease};
use crate::{
    domain::{
        mail::MessageAttempt,
        messages::{Message, MessageStatus},
    },
    store::{Store, StoreError, from_now, message_attempts, to_json},
};

/// A step that is to be written down. Writing it once more changes nothing.
#[derive(Clone, Debug)]
pub struct Step {
    lease: Lease,
    kind: Kind,
}

#[derive(Clone, Debug)]
enum Kind {
    InHand { prolongs: bool },
    Handed { prolongs: bool, at: DateTime<Utc> },
    Sent { at: DateTime<Utc>, mail: Option<JsonValue>, attempt: Box<MessageAttempt> },
}

impl Step {
    /// A claimed message is taken in hand: the attempt counts. That its worker is lost is noted in advance, and taken back
    /// at the end. `prolongs` says whether its lease begins anew.
    pub const fn in_hand(lease: Lease, prolongs: bool) -> Self {
        Self { lease, kind: Kind::InHand { prolongs } }
    }

    /// The relay is about to get the content: from here on a second copy cannot be ruled out. `prolongs` as for
    /// [`Step::in_hand`].
    pub const fn handed(lease: Lease, prolongs: bool, at: DateTime<Utc>) -> Self {
        Self { lease, kind: Kind::Handed { prolongs, at } }
    }

    /// The relay has it: the attempt ends as with [`Outcome::Sent`](super::Outcome::Sent), what it came to is kept with it,
    /// and the secret is forgotten.
    ///
    /// # Errors
    /// When the mail without its secret cannot be written as JSON.
    pub fn sent(
        lease: Lease,
        message: &Message,
        at: DateTime<Utc>,
        attempt: MessageAttempt,
    ) -> Result<Self, StoreError> {
        let mail = message.mail.without_secret().map(|mail| to_json(TABLE, &mail)).transpose()?;
        Ok(Self { lease, kind: Kind::Sent { at, mail, attempt: Box::new(attempt) } })
    }

    /// Whose step it is.
    pub const fn lease(&self) -> Lease {
        self.lease
    }

    /// What was sent, and came to this.
    fn attempt(&self) -> Option<&MessageAttempt> {
        match &self.kind {
            Kind::Sent { attempt, .. } => Some(attempt),
            Kind::InHand { .. } | Kind::Handed { .. } => None,
        }
    }

    /// The values of a row of `steps` in [`take`], in the order of its columns.
    fn values(&self) -> [Value; 9] {
        let Lease { message_id, fence, attempts, rescues } = self.lease;
        let (status, rescues, prolongs) = match self.kind {
            Kind::InHand { prolongs } | Kind::Handed { prolongs, .. } => {
                (MessageStatus::Sending, rescues + 1, prolongs)
            }
            Kind::Sent { .. } => (MessageStatus::Sent, rescues, false),
        };
        let (handed_at, sent_at, mail) = match &self.kind {
            Kind::InHand { .. } => (None, None, None),
            Kind::Handed { at, .. } => (Some(*at), None, None),
            Kind::Sent { at, mail, .. } => (None, Some(*at), mail.clone()),
        };
        [
            message_id.into(),
            fence.into(),
            status.as_str().into(),
            (attempts + 1).into(),
            rescues.into(),
            prolongs.into(),
            handed_at.into(),
            sent_at.into(),
            mail.into(),
        ]
    }
}

/// Writes down all the steps, each of another message, and returns the message and fence of those that were taken; of
/// the others the lease is lost. `lease` is how long one lasts that begins anew.
///
/// # Errors
/// When the database is gone: then none was taken, unless the connection broke during the commit.
pub async fn take(store: &Store, steps: &[Step], lease: TimeDelta) -> Result<HashSet<(Uuid, i64)>, StoreError> {
    let backend = store.pool.get_database_backend();
    let (until, span) = from_now(backend, lease);
    let mut values = vec![span];
    let rows = rows(steps.iter().map(Step::values), &mut values)?;
    let with = format!(
        "WITH steps (message_id, held_fence, next_status, next_attempts, next_rescues, prolongs, now_handed, now_sent, \
         next_mail) AS (VALUES {rows})"
    );
    // What is recorded as sent under this very fence was recorded by us: an answer got lost, and the step comes again.
    let update = format!(
        "UPDATE messages SET status = next_status, attempts = next_attempts, rescue_count = next_rescues, \
         handed_at = coalesce(now_handed, handed_at), sent_at = coalesce(now_sent, sent_at), \
         updated_at = coalesce(now_sent, updated_at), mail = coalesce(next_mail, mail), \
         lease_until = CASE WHEN now_sent IS NOT NULL THEN NULL WHEN prolongs THEN {until} ELSE lease_until END, \
         owner = CASE WHEN now_sent IS NULL THEN owner END, error = CASE WHEN now_sent IS NULL THEN error END \
         FROM steps WHERE id = message_id AND fence = held_fence \
         AND (status = 'SENDING' OR status = 'SENT' AND next_status = 'SENT') RETURNING id, fence"
    );
    let attempts = || steps.iter().filter_map(Step::attempt);
    if attempts().next().is_none() {
        let _writer = store.turn_to_write().await;
        let statement = Statement::from_sql_and_values(backend, format!("{with} {update}"), values);
        return keys(store.pool.query_all_raw(statement).await?);
    }
    if backend == DbBackend::Postgres {
        let columns = message_attempts::COLUMNS;
        let tried = self::rows(attempts().map(message_attempts::values), &mut values)?;
        let sql = format!(
            "{with}, taken AS ({update}), tried ({columns}) AS (VALUES {tried}), \
             noted AS (INSERT INTO message_attempts ({columns}) \
             SELECT tried.* FROM tried JOIN taken ON taken.id = tried.message_id ON CONFLICT (id) DO NOTHING) \
             SELECT id, fence FROM taken"
        );
        return keys(store.pool.query_all_raw(Statement::from_sql_and_values(backend, sql, values)).await?);
    }
    // SQLite has no statement that writes to two tables.
    let tx = store.begin().await?;
    let statement = Statement::from_sql_and_values(backend, format!("{with} {update}"), values);
    let taken = keys(tx.tx.query_all_raw(statement).await?)?;
    let is_taken = |message_id| taken.iter().any(|(id, _)| *id == message_id);
    let tried: Vec<_> = attempts().filter(|attempt| is_taken(attempt.message_id)).cloned().collect();
    message_attempts::insert_many(&tx, &tried).await?;
    tx.commit().await?;
    Ok(taken)
}

/// Rows for `VALUES`, whose values come after those that are there.
fn rows<const N: usize>(rows: impl Iterator<Item = [Value; N]>, values: &mut Vec<Value>) -> Result<String, StoreError> {
    let mut sql = String::new();
    for row in rows {
        sql.push_str(if sql.is_empty() { "(" } else { ", (" });
        for (column, value) in row.into_iter().enumerate() {
            values.push(value);
            sql.push_str(if column == 0 { "$" } else { ", $" });
            write!(sql, "{}", values.len()).map_err(|error| StoreError::corrupt(TABLE, error))?;
        }
        sql.push(')');
    }
    Ok(sql)
}

fn keys(rows: Vec<QueryResult>) -> Result<HashSet<(Uuid, i64)>, StoreError> {
    let key = |row: QueryResult| Ok((row.try_get_by_index(0)?, row.try_get_by_index(1)?));
    rows.into_iter().map(key).collect()
}
