//! Messages: one row of the outbox per mail and recipient.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::states::{state_machine, words};
use crate::outbox::mails::Mail;

/// A mail that a committed transaction asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// `UUIDv7`; also the local part of its Message-ID.
    pub id: Uuid,
    /// The tenant.
    pub organization_id: Uuid,
    /// Who receives it.
    pub person_id: Uuid,
    /// The match it is about, if any.
    pub match_id: Option<Uuid>,
    /// The mail's name, such as `INTRODUCTION`.
    pub kind: String,
    /// The same mail asked for twice is one row.
    pub dedupe_key: String,
    /// What is needed to write it.
    pub mail: Mail,
    /// The recipient's language when it was asked for.
    pub locale: String,
    /// Where it stands.
    pub status: MessageStatus,
    /// Not before this instant.
    pub due_at: DateTime<Utc>,
    /// Pointless after this instant.
    pub expires_at: Option<DateTime<Utc>>,
    /// When it was handed to the relay, before the relay's last word.
    pub handed_at: Option<DateTime<Utc>>,
    /// When the relay accepted it.
    pub sent_at: Option<DateTime<Utc>>,
    /// What went wrong last.
    pub error: Option<String>,
    /// Attempts so far.
    pub attempts: i32,
    /// How often its worker was lost while it had the message in hand; one more while one has.
    pub rescue_count: i32,
    /// When it was asked for.
    pub created_at: DateTime<Utc>,
    /// When the row last changed.
    pub updated_at: DateTime<Utc>,
}

words! {
    /// The states of a message.
    MessageStatus {
        /// Waits for its time and a worker.
        Pending = "PENDING",
        /// A worker holds it under a lease.
        Sending = "SENDING",
        /// The relay accepted it.
        Sent = "SENT",
        /// The relay refused it for good.
        Failed = "FAILED",
        /// It became pointless, or the person is not written to.
        Suppressed = "SUPPRESSED",
        /// Needs a human: it broke the worker three times.
        Held = "HELD",
    }
}

words! {
    /// What can happen to a message.
    MessageEvent {
        /// A worker takes it.
        Claim = "CLAIM",
        /// The relay accepted it.
        Accept = "ACCEPT",
        /// The relay refused it for good.
        Refuse = "REFUSE",
        /// Not now: try again later.
        Defer = "DEFER",
        /// It became pointless.
        Suppress = "SUPPRESS",
        /// It broke the worker too often.
        Hold = "HOLD",
        /// Staff let it go again.
        Release = "RELEASE",
        /// Staff have it tried once more.
        Retry = "RETRY",
    }
}

state_machine! { "the message", MessageStatus x MessageEvent {
    Pending + Claim => Sending,
    Pending + Suppress => Suppressed,
    Sending + Claim => Sending,
    Sending + Accept => Sent,
    Sending + Refuse => Failed,
    Sending + Defer => Pending,
    Sending + Suppress => Suppressed,
    Sending + Hold => Held,
    Held + Release => Pending,
    Held + Suppress => Suppressed,
    Failed + Retry => Pending,
}}
