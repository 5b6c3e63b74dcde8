//! The steps of messages on their way to the relay: taken in hand, handed over, sent. Those of several messages are one
//! statement that commits by itself, for a commit costs as much for one as for many.

use std::{collections::HashSet, fmt::Write as _};

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::{ConnectionTrait as _, JsonValue, Statement, Value};
use uuid::Uuid;

use super::{TABLE, leases::Lease};
use crate::{
    domain::messages::{Message, MessageStatus},
    store::{Store, StoreError, from_now, to_json},
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
    Sent { at: DateTime<Utc>, mail: Option<JsonValue> },
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

    /// The relay has it: the attempt ends as with [`Outcome::Sent`](super::Outcome::Sent), and the secret is forgotten.
    ///
    /// # Errors
    /// When the mail without its secret cannot be written as JSON.
    pub fn sent(lease: Lease, message: &Message, at: DateTime<Utc>) -> Result<Self, StoreError> {
        let mail = message.mail.without_secret().map(|mail| to_json(TABLE, &mail)).transpose()?;
        Ok(Self { lease, kind: Kind::Sent { at, mail } })
    }

    /// Whose step it is.
    pub const fn lease(&self) -> Lease {
        self.lease
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
            Kind::Sent { at, mail } => (None, Some(*at), mail.clone()),
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
    let mut rows = String::new();
    for step in steps {
        rows.push_str(if rows.is_empty() { "(" } else { ", (" });
        for (column, value) in step.values().into_iter().enumerate() {
            values.push(value);
            rows.push_str(if column == 0 { "$" } else { ", $" });
            write!(rows, "{}", values.len()).map_err(|error| StoreError::corrupt(TABLE, error))?;
        }
        rows.push(')');
    }
    // What is recorded as sent under this very fence was recorded by us: an answer got lost, and the step comes again.
    let sql = format!(
        "WITH steps (message_id, held_fence, next_status, next_attempts, next_rescues, prolongs, now_handed, now_sent, \
         next_mail) AS (VALUES {rows}) \
         UPDATE messages SET status = next_status, attempts = next_attempts, rescue_count = next_rescues, \
         handed_at = coalesce(now_handed, handed_at), sent_at = coalesce(now_sent, sent_at), \
         updated_at = coalesce(now_sent, updated_at), mail = coalesce(next_mail, mail), \
         lease_until = CASE WHEN now_sent IS NOT NULL THEN NULL WHEN prolongs THEN {until} ELSE lease_until END, \
         owner = CASE WHEN now_sent IS NULL THEN owner END, error = CASE WHEN now_sent IS NULL THEN error END \
         FROM steps WHERE id = message_id AND fence = held_fence \
         AND (status = 'SENDING' OR status = 'SENT' AND next_status = 'SENT') RETURNING id, fence"
    );
    let _writer = store.turn_to_write().await;
    let taken = store.pool.query_all_raw(Statement::from_sql_and_values(backend, sql, values)).await?;
    let mut found = HashSet::with_capacity(taken.len());
    for row in taken {
        found.insert((row.try_get_by_index(0)?, row.try_get_by_index(1)?));
    }
    Ok(found)
}
