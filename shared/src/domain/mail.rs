//! What the mailer learns: what each attempt came to, and which addresses are not written to.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::states::words;

words! {
    /// What an attempt to send a message came to.
    AttemptOutcome {
        /// The relay took it.
        Accepted = "ACCEPTED",
        /// Not now: the relay asked to try again, or fell silent before it had the message.
        Deferred = "DEFERRED",
        /// The relay refused it for good.
        Refused = "REFUSED",
        /// The relay refused it for good because nobody can be reached at the address.
        BadAddress = "BAD_ADDRESS",
        /// The relay had it and did not answer: it may have been sent.
        Unknown = "UNKNOWN",
        /// Whoever sent it stopped in the middle.
        Lost = "LOST",
        /// It had been taken, and a report said later that it could not be delivered.
        Bounced = "BOUNCED",
        /// It had been taken, and a report said that it was not delivered yet; others go on trying.
        Delayed = "DELAYED",
    }
}

/// One attempt to send one message, or what a report said of it later. There is none for the time a message waits, or for a
/// relay that cannot be reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageAttempt {
    /// `UUIDv7`.
    pub id: Uuid,
    /// The tenant.
    pub organization_id: Uuid,
    /// The message.
    pub message_id: Uuid,
    /// To whom it goes.
    pub person_id: Uuid,
    /// What came of it.
    pub outcome: AttemptOutcome,
    /// The enhanced status code of the reply (RFC 3463), such as `5.1.1`.
    pub status_code: Option<String>,
    /// The relay's words on one line, shortened; may repeat the address.
    pub reply: Option<String>,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// When it was over.
    pub ended_at: DateTime<Utc>,
}

words! {
    /// Why an address is not written to.
    SuppressionReason {
        /// A relay said that nobody can be reached at it (RFC 3463: 5.1.1, 5.1.2, 5.1.3, 5.1.6; RFC 7505: 5.1.10).
        BadAddress = "BAD_ADDRESS",
        /// A report said the same, after a relay had taken a mail.
        Bounced = "BOUNCED",
    }
}

/// An address that is not written to any more, until staff lift it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailSuppression {
    /// `UUIDv7`.
    pub id: Uuid,
    /// The tenant.
    pub organization_id: Uuid,
    /// In lower case; one row per organization and address.
    pub address: String,
    /// Why.
    pub reason: SuppressionReason,
    /// The relay's words on one line, shortened.
    pub detail: Option<String>,
    /// Who had the address then.
    pub person_id: Uuid,
    /// The message it was learned from.
    pub message_id: Option<Uuid>,
    /// Since when.
    pub created_at: DateTime<Utc>,
}

words! {
    /// What people may switch off. What belongs to none is essential: somebody waits for an answer, or asked for it.
    MailCategory {
        /// Reminders of what was already told.
        Reminders = "REMINDERS",
        /// News that ask for nothing, such as that there is no partner yet.
        News = "NEWS",
        /// Notes to staff about their work.
        StaffNotes = "STAFF_NOTES",
        /// Topics to talk about, and questions how it goes.
        Prompts = "PROMPTS",
    }
}

/// Whether a person wants one category of mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MailPreference {
    /// Which.
    pub category: MailCategory,
    /// Since when it is switched off; `None` when it is sent.
    pub off_since: Option<DateTime<Utc>>,
}

/// The address as suppressions know it: addresses that differ in case only are one.
pub fn normalized(address: &str) -> String {
    address.trim().to_lowercase()
}
