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
    /// When it was marked as handed to the relay: before its content is sent, and perhaps before it is announced.
    pub handed_at: Option<DateTime<Utc>>,
    /// When the relay accepted it.
    pub sent_at: Option<DateTime<Utc>>,
    /// What went wrong last.
    pub error: Option<String>,
    /// Attempts so far.
    pub attempts: i32,
    /// How often its worker was lost while it had the message in hand; one more while one has.
    pub rescue_count: i32,
    /// When it is its turn among all mail to its domain; `None` before it was given a slot, or where none is needed.
    pub slot_at: Option<DateTime<Utc>>,
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
        /// The relay accepted it, and a report said later that it could not be delivered.
        Bounced = "BOUNCED",
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
        /// A report said that it could not be delivered.
        Bounce = "BOUNCE",
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
    Sent + Bounce => Bounced,
    Bounced + Retry => Pending,
}}

/// The Message-ID of a message (RFC 5322, section 3.6.4) without angle brackets: the row's id, `@`, and the sending domain.
pub fn message_id(id: Uuid, domain: &str) -> String {
    format!("{id}@{domain}")
}

/// The id of the row in a Message-ID that [`message_id`] made, with or without angle brackets; `None` for any other.
///
/// Any domain will do: the sender's address may have changed since, and the id alone tells which message it is.
pub fn id_of(message_id: &str) -> Option<Uuid> {
    let bare = message_id.trim().trim_start_matches('<').trim_end_matches('>');
    let (id, domain) = bare.split_once('@')?;
    let hyphenated = id.len() == 36 && id.is_ascii() && !domain.is_empty();
    hyphenated.then(|| Uuid::try_parse(id).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_id_leads_back_to_its_row() {
        let id = Uuid::from_u128(0x0199_0000_0000_7000_8000_0000_0000_0001);
        let written = message_id(id, "example.org");
        assert_eq!(id_of(&written), Some(id));
        assert_eq!(id_of(&format!(" <{}> ", written.to_uppercase())), Some(id));
        let simple = format!("{}@example.org", id.simple());
        for other in ["", "@", "<>", "x@example.org", &id.to_string(), &format!("{id}@"), &simple, "ä@example.org"] {
            assert_eq!(id_of(other), None, "{other}");
        }
    }
}
