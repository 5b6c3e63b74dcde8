//! Bounces: reports (RFC 3464) about mail that the relay had accepted, and what follows from them.
//!
//! Whoever writes to the address for reports can say anything in one. So a report is believed only about a message of ours
//! whose Message-ID it gives back, and only if it names that message's own recipient: the first is known to nobody but the
//! recipient and the servers on the way, and the second keeps them from speaking about anybody else.

mod mime;
mod report;
#[cfg(test)]
mod tests;

use sha2::{Digest as _, Sha256};
use uuid::Uuid;

pub use self::report::{Action, NotAReport, RecipientReport, Report};
use crate::{
    clock::Clock,
    domain::{
        mail::{AttemptOutcome, MailSuppression, MessageAttempt, SuppressionReason, normalized},
        messages::{Message, MessageStatus},
        people::Person,
        states::words,
    },
    metrics::METRICS,
    store::{self, StoreError, Tx},
};

/// The most that is read of a report, in bytes. What it says stands before the mail that it returns, so of a longer one the
/// beginning will do.
pub const LONGEST: usize = 1024 * 1024;

words! {
    /// What became of what a report says about one recipient.
    BounceOutcome {
        /// Nobody can be reached at the address: as [`Bounced`](Self::Bounced), and the address is not written to any more.
        Suppressed = "SUPPRESSED",
        /// The message, if it stood as SENT, is BOUNCED. Says nothing lasting about the address.
        Bounced = "BOUNCED",
        /// That it takes longer is noted; others go on trying.
        Delayed = "DELAYED",
        /// Nothing: it was delivered, as far as the reporter can tell.
        Delivered = "DELIVERED",
        /// Nothing: the same report was taken in before.
        Known = "KNOWN",
        /// Nothing: the message went to somebody else, or its recipient has another address now.
        OtherRecipient = "OTHER_RECIPIENT",
        /// Nothing: the report is about no message of the organization that left.
        UnknownMessage = "UNKNOWN_MESSAGE",
    }
}

impl BounceOutcome {
    /// Whether anything was written down.
    pub fn is_change(self) -> bool {
        match self {
            Self::Suppressed | Self::Bounced | Self::Delayed => true,
            Self::Delivered | Self::Known | Self::OtherRecipient | Self::UnknownMessage => false,
        }
    }

    /// The value of the metric's label.
    const fn label(self) -> &'static str {
        match self {
            Self::Suppressed => "suppressed",
            Self::Bounced => "bounced",
            Self::Delayed => "delayed",
            Self::Delivered => "delivered",
            Self::Known => "known",
            Self::OtherRecipient | Self::UnknownMessage => "not_ours",
        }
    }
}

/// What became of a whole report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Applied {
    /// What became of each recipient, in the report's order.
    Done(Vec<BounceOutcome>),
    /// A worker has the message in hand and has not written down yet that it left: nothing was done, and the same report
    /// has to come again in a minute.
    BeingSent,
}

/// Applies a report to a message of this organization, or to none. Doing it twice is doing it once: each piece of news is a
/// row in the log of attempts, whose id is made of the news itself.
///
/// # Errors
/// When the database is gone; nothing is done then, if the caller drops the transaction.
pub async fn apply(tx: &Tx, clock: &Clock, organization_id: Uuid, report: &Report) -> Result<Applied, StoreError> {
    let message = match report.about {
        Some(id) => store::messages::hold(tx, organization_id, id).await?,
        None => None,
    };
    let Some(mut message) = message.filter(|message| message.attempts > 0) else {
        return Ok(done(vec![BounceOutcome::UnknownMessage; report.recipients.len()]));
    };
    if message.status == MessageStatus::Sending {
        return Ok(Applied::BeingSent);
    }
    let person = store::people::find(tx, organization_id, message.person_id).await?;
    let mut outcomes = Vec::with_capacity(report.recipients.len());
    for recipient in &report.recipients {
        let outcome = match person.as_ref().filter(|person| recipient.is(&person.email)) {
            Some(person) => News { report, recipient, person }.take_in(tx, clock, &mut message).await?,
            None => BounceOutcome::OtherRecipient,
        };
        tracing::info!(message = %message.id, kind = message.kind, action = %recipient.action, %outcome, "a report came in");
        outcomes.push(outcome);
    }
    Ok(done(outcomes))
}

fn done(outcomes: Vec<BounceOutcome>) -> Applied {
    for outcome in &outcomes {
        METRICS.reported(outcome.label());
    }
    Applied::Done(outcomes)
}

/// What a report says about a message's own recipient.
struct News<'a> {
    report: &'a Report,
    recipient: &'a RecipientReport,
    person: &'a Person,
}

impl News<'_> {
    async fn take_in(&self, tx: &Tx, clock: &Clock, message: &mut Message) -> Result<BounceOutcome, StoreError> {
        let outcome = match self.recipient.action {
            Action::Failed => AttemptOutcome::Bounced,
            Action::Delayed => AttemptOutcome::Delayed,
            Action::Delivered | Action::Relayed | Action::Expanded => return Ok(BounceOutcome::Delivered),
        };
        let (id, now) = (self.id(message), clock.now());
        if store::message_attempts::is_known(tx, message.organization_id, id).await? {
            return Ok(BounceOutcome::Known);
        }
        let attempt = MessageAttempt {
            id,
            organization_id: message.organization_id,
            message_id: message.id,
            person_id: message.person_id,
            outcome,
            status_code: self.recipient.code.map(|code| code.to_string()),
            reply: self.recipient.diagnostic.clone(),
            started_at: now,
            ended_at: now,
        };
        store::message_attempts::insert_many(tx, std::slice::from_ref(&attempt)).await?;
        if outcome == AttemptOutcome::Delayed {
            return Ok(BounceOutcome::Delayed);
        }
        // One that waits or is held may have left before, when the relay did not answer: it stays what it is, and goes out
        // again, or not, as if nothing had been said.
        if message.status == MessageStatus::Sent {
            store::messages::bounce(tx, message, &self.words(), now).await?;
            message.status = MessageStatus::Bounced;
        }
        if !self.recipient.is_bad_address() {
            return Ok(BounceOutcome::Bounced);
        }
        let suppression = MailSuppression {
            id: clock.new_id(),
            organization_id: message.organization_id,
            address: self.person.email.clone(),
            reason: SuppressionReason::Bounced,
            detail: Some(self.words()),
            person_id: self.person.id,
            message_id: Some(message.id),
            created_at: now,
        };
        store::mail_suppressions::insert(tx, &suppression).await?;
        Ok(BounceOutcome::Suppressed)
    }

    /// The reporter's words about the failure, or at least its code.
    fn words(&self) -> String {
        let code = || self.recipient.code.map(|code| code.to_string());
        self.recipient.diagnostic.clone().or_else(code).unwrap_or_else(|| "a report gave no reason".to_owned())
    }

    /// The same news about the same message has the same id, whichever way and however often it comes. Staff may have lifted
    /// a suppression or sent the message again since.
    fn id(&self, message: &Message) -> Uuid {
        let mut hash = Sha256::new();
        let code = self.recipient.code.map(|code| code.to_string());
        let parts = [
            self.report.id.as_deref(),
            Some(self.recipient.action.as_str()),
            code.as_deref(),
            self.recipient.diagnostic.as_deref(),
        ];
        hash.update(message.id);
        for part in parts {
            hash.update(part.unwrap_or_default());
            hash.update([0]);
        }
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&hash.finalize()[..16]);
        uuid::Builder::from_custom_bytes(bytes).into_uuid()
    }
}

impl RecipientReport {
    /// Whether the report means this address: as the message was addressed, or as it was after forwarding.
    pub fn is(&self, address: &str) -> bool {
        let address = normalized(address);
        self.addresses.iter().any(|named| normalized(named) == address)
    }

    /// Whether it says that nobody can be reached at the address, by the rule for the replies of a relay.
    pub fn is_bad_address(&self) -> bool {
        self.action == Action::Failed && self.code.is_some_and(crate::domain::mail_status::EnhancedCode::is_bad_address)
    }
}
