//! The second look at a message, just before it is sent: much may have happened since it was asked for.

use chrono::{DateTime, Utc};
use shared::{
    config::MailTransport,
    domain::{mail_domains::Turn, messages::Message, people::Person},
    outbox::mails::Mail,
    store::{self, StoreError, messages::Lease},
};

use super::{pointless, quiet, record, unsubscribe};
use crate::Worker;

/// What becomes of a message.
pub(super) enum Verdict {
    /// It is sent to this person.
    Send {
        /// To whom.
        person: Box<Person>,
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
    /// Renews the lease and looks whether, to whom and when the mail still makes sense.
    pub(super) async fn look_again(&self, lease: Lease, message: &Message) -> Result<Verdict, StoreError> {
        store::messages::renew(&self.store, lease, self.lease()).await?;
        self.verdict(lease, message).await
    }

    async fn verdict(&self, lease: Lease, message: &Message) -> Result<Verdict, StoreError> {
        let reads = &self.store;
        let (organization_id, now) = (message.organization_id, self.clock.now());
        let never = |why: &str| Ok(Verdict::Never(why.to_owned()));
        let person = store::people::find(reads, organization_id, message.person_id).await?;
        let Some(person) = person.filter(|person| person.active) else {
            return never("the person is not written to any more");
        };
        if self.config.mail.transport == MailTransport::Smtp && !person.has_address() {
            return never("nobody entered an address of this person yet");
        }
        if let Some(suppression) = store::mail_suppressions::find(reads, organization_id, &person.email).await? {
            return Ok(Verdict::Never(record::suppressed(&suppression)));
        }
        if unsubscribe::is_unwanted(reads, message).await? {
            return never("the person switched this category of mail off");
        }
        let found = match message.match_id {
            Some(id) => store::matches::find(reads, organization_id, id).await?,
            None => None,
        };
        let run = match run_of(&message.mail) {
            Some(id) => store::match_runs::find(reads, organization_id, id).await?,
            None => None,
        };
        let session = match message.mail.session() {
            Some(mail) => store::sessions::find(reads, organization_id, mail.session_id).await?,
            None => None,
        };
        if let Some(why) = pointless::why(message, found.as_ref(), run.as_ref(), session.as_ref(), now) {
            return never(why);
        }
        if let Some((due_at, why)) = quiet::wait(reads, message, &person, found.as_ref(), now).await? {
            return Ok(Verdict::Later { due_at, why });
        }
        Ok(match self.turn(lease, message, &person).await? {
            Turn::Now { on_trial, .. } => Verdict::Send { person: Box::new(person), on_trial },
            Turn::Later { due_at, why, .. } => Verdict::Later { due_at, why },
        })
    }
}

/// The run that a mail is about.
const fn run_of(mail: &Mail) -> Option<uuid::Uuid> {
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
