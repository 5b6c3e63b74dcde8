//! The steps of messages on their way to the relay: taken in hand, handed over, sent. Those of several messages, with what
//! their attempts came to, are one statement that commits by itself, for a commit costs as much for one as for many.

use std::collections::HashSet;

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::{ConnectionTrait as _, DbBackend, JsonValue, QueryResult, Statement, Value};
use uuid::Uuid;

use super::{TABLE, leases::Lease};
use crate::{
    domain::{mail::MessageAttempt, messages::Message},
    store::{
        Store, StoreError, from_now,
        given::{Columns, table},
        message_attempts, to_json,
    },
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

    /// A row of [`COLUMNS`].
    fn values(&self) -> [Value; 8] {
        let Lease { message_id, fence, attempts, rescues } = self.lease;
        let (step, rescues, prolongs, at, mail) = match &self.kind {
            // Nothing remembers when.
            Kind::InHand { prolongs } => (IN_HAND, rescues + 1, *prolongs, DateTime::UNIX_EPOCH, None),
            Kind::Handed { prolongs, at } => (HANDED, rescues + 1, *prolongs, *at, None),
            Kind::Sent { at, mail, .. } => (SENT, rescues, false, *at, mail.as_ref()),
        };
        [
            message_id.into(),
            fence.into(),
            step.into(),
            (attempts + 1).into(),
            rescues.into(),
            prolongs.into(),
            at.into(),
            mail.map(JsonValue::to_string).unwrap_or_default().into(),
        ]
    }
}

const IN_HAND: &str = "IN_HAND";
const HANDED: &str = "HANDED";
const SENT: &str = "SENT";

/// The columns of steps in [`take`]; a mail that stays as it is is empty.
const COLUMNS: Columns<8> = [
    ("message_id", "uuid"),
    ("held_fence", "bigint"),
    ("step", "text"),
    ("next_attempts", "integer"),
    ("next_rescues", "integer"),
    ("prolongs", "boolean"),
    ("at", "timestamptz"),
    ("next_mail", "text"),
];

/// Writes down all the steps, each of another message, and returns the message and fence of those that were taken; of
/// the others the lease is lost. `lease` is how long one lasts that begins anew.
///
/// # Errors
/// When the database is gone: then none was taken, unless the connection broke during the commit.
pub async fn take(store: &Store, steps: &[Step], lease: TimeDelta) -> Result<HashSet<(Uuid, i64)>, StoreError> {
    let backend = store.pool.get_database_backend();
    let (until, span) = from_now(backend, lease);
    let next_mail = if backend == DbBackend::Postgres { "next_mail::jsonb" } else { "next_mail" };
    let mut values = vec![span];
    let steps_given = table(backend, "steps", &COLUMNS, steps.iter().map(Step::values), &mut values);
    // What is recorded as sent under this very fence was recorded by us: an answer got lost, and the step comes again.
    let update = format!(
        "UPDATE messages SET status = CASE step WHEN 'SENT' THEN 'SENT' ELSE 'SENDING' END, \
         attempts = next_attempts, rescue_count = next_rescues, \
         handed_at = CASE step WHEN 'HANDED' THEN at ELSE handed_at END, \
         sent_at = CASE step WHEN 'SENT' THEN at ELSE sent_at END, \
         updated_at = CASE step WHEN 'SENT' THEN at ELSE updated_at END, \
         mail = CASE next_mail WHEN '' THEN mail ELSE {next_mail} END, \
         lease_until = CASE WHEN step = 'SENT' THEN NULL WHEN prolongs THEN {until} ELSE lease_until END, \
         owner = CASE step WHEN 'SENT' THEN NULL ELSE owner END, \
         error = CASE step WHEN 'SENT' THEN NULL ELSE error END \
         FROM steps WHERE id = message_id AND fence = held_fence \
         AND (status = 'SENDING' OR status = 'SENT' AND step = 'SENT') RETURNING id, fence"
    );
    let attempts: Vec<&MessageAttempt> = steps.iter().filter_map(Step::attempt).collect();
    if attempts.is_empty() {
        let _writer = store.turn_to_write().await;
        let statement = Statement::from_sql_and_values(backend, format!("WITH {steps_given} {update}"), values);
        return keys(store.pool.query_all_raw(statement).await?);
    }
    if backend == DbBackend::Postgres {
        let tried = message_attempts::given(backend, attempts.iter().copied(), &mut values);
        let noted = message_attempts::inserted("WHERE EXISTS (SELECT FROM taken WHERE taken.id = tried.message_id)");
        let sql =
            format!("WITH {steps_given}, taken AS ({update}), {tried}, noted AS ({noted}) SELECT id, fence FROM taken");
        return keys(store.pool.query_all_raw(Statement::from_sql_and_values(backend, sql, values)).await?);
    }
    // SQLite has no statement that writes to two tables.
    let tx = store.begin().await?;
    let statement = Statement::from_sql_and_values(backend, format!("WITH {steps_given} {update}"), values);
    let taken = keys(tx.tx.query_all_raw(statement).await?)?;
    let is_taken = |message_id| taken.iter().any(|(id, _)| *id == message_id);
    let tried: Vec<_> = attempts.into_iter().filter(|attempt| is_taken(attempt.message_id)).cloned().collect();
    message_attempts::insert_many(&tx, &tried).await?;
    tx.commit().await?;
    Ok(taken)
}

fn keys(rows: Vec<QueryResult>) -> Result<HashSet<(Uuid, i64)>, StoreError> {
    let key = |row: QueryResult| Ok((row.try_get_by_index(0)?, row.try_get_by_index(1)?));
    rows.into_iter().map(key).collect()
}
