//! The second look at a message, just before it is sent: much may have happened since it was asked for.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use shared::{
    config::MailTransport,
    domain::{mail_domains::Turn, messages::Message, people::Person},
    outbox::mails::Mail,
    store::{StoreError, messages::Lease},
};
use uuid::Uuid;

use super::{facts::Facts, pointless, quiet, record};
use crate::Worker;

/// What becomes of a message.
pub(super) enum Verdict {
    /// It is sent to this person.
    Send {
        /// To whom.
        person: Arc<Person>,
        /// Whether it is the first to its domain after a pause.
        on_trial: bool,
    },
    /// Nobody needs it any more, or wants it.
    Never(String),
    /// It waits, and loses no attempt.
    Later {
        /// Until when.
        due_at: DateTime<Utc>,
        /// What for.
        why: String,
    },
}

impl Worker {
    /// Looks whether, to whom and when the mail still makes sense.
    pub(super) async fn look_again(
        &self,
        facts: &Facts,
        lease: Lease,
        message: &Message,
    ) -> Result<Verdict, StoreError> {
        let now = self.clock.now();
        let never = |why: &str| Ok(Verdict::Never(why.to_owned()));
        let Some(person) = facts.person(message).filter(|person| person.active) else {
            return never("the person is not written to any more");
        };
        if self.config.mail.transport == MailTransport::Smtp && !person.has_address() {
            return never("nobody entered an address of this person yet");
        }
        if let Some(suppression) = facts.suppression(person) {
            return Ok(Verdict::Never(record::suppressed(suppression)));
        }
        if facts.is_unwanted(message) {
            return never("the person switched this category of mail off");
        }
        if let Some(why) =
            pointless::why(message, facts.found(message), facts.run(message), facts.session(message), now)
        {
            return never(why);
        }
        if let Some((due_at, why)) = quiet::wait(person, facts.quiet(message), now) {
            return Ok(Verdict::Later { due_at, why });
        }
        Ok(match self.turn(facts, lease, message, person).await? {
            Turn::Now { on_trial, .. } => Verdict::Send { person: Arc::clone(person), on_trial },
            Turn::Later { due_at, why, .. } => Verdict::Later { due_at, why },
        })
    }
}

/// The run that a mail is about.
pub(super) const fn run_of(mail: &Mail) -> Option<Uuid> {
    match mail {
        Mail::RunAwaitsApproval(mail) => Some(mail.run_id),
        Mail::Introduction(_)
        | Mail::Proposal(_)
        | Mail::ProposalReminder(_)
        | Mail::PairRequest(_)
        | Mail::FirstContactReminder(_)
        | Mail::NotMatchedYet(_)
        | Mail::MatchEnded(_)
        | Mail::WebhookDisabled(_)
        | Mail::SignInLink(_)
        | Mail::SessionProposed(_)
        | Mail::SessionInvitation(_)
        | Mail::SessionChanged(_)
        | Mail::SessionCanceled(_)
        | Mail::SessionReminder(_)
        | Mail::StalledReminder(_)
        | Mail::Topic(_)
        | Mail::CheckIn(_)
        | Mail::WrapUp(_)
        | Mail::CoordinatorDigest(_) => None,
    }
}
