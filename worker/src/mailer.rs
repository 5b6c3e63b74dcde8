//! The mailer: takes due messages out of the outbox and hands them over, one at a time.
//!
//! A message is claimed under a lease, looked at again, written, announced to the relay, marked as handed over, given
//! away, and recorded. Whatever breaks in between is known from the row: before the mark nothing was sent, after it a
//! second copy cannot be ruled out, and it would be the same bytes with the same Message-ID.

mod backoff;
mod letter;
mod pointless;
mod post;
#[cfg(test)]
mod tests;

use std::time::Duration;

use chrono::{DateTime, Utc};
use shared::{
    config::MailTransport,
    domain::{messages::Message, people::Person},
    outbox::mails::Mail,
    store::{
        self, StoreError,
        messages::{Lease, Outcome},
    },
    telemetry::Masked,
};
use tokio::time::Instant;

pub(crate) use self::post::Post;
use crate::{
    Worker,
    mail::smtp::{Class, SendError},
};

/// How many messages are claimed at one time.
const BATCH: u64 = 10;
/// How often a message may bring its worker down before a human has to look.
const RESCUES: i32 = 3;
/// How often a message may get lost between us and the relay before a human has to look.
const UNKNOWNS: i32 = 3;

/// Why a claimed message goes back untouched.
struct Release {
    due_at: DateTime<Utc>,
    why: &'static str,
}

impl Worker {
    /// Sends what is due until nothing is, and returns how many mails the relay (or the mailbox) took.
    ///
    /// While the relay cannot be reached nothing is claimed, and no message loses an attempt.
    ///
    /// # Errors
    /// When the database fails; messages in hand are taken up again when their lease ends.
    pub async fn send_due(&self) -> Result<usize, StoreError> {
        self.write_sign_in_links().await?;
        let mut post = self.post.lock().await;
        let mut sent = 0;
        while !self.is_stopping() && post.closed_until(self.clock.now()).is_none() {
            // After a pause one message tries whether the relay is back.
            let limit = if post.is_on_trial() { 1 } else { BATCH };
            let claimed = Instant::now();
            let batch = self.claim_messages(limit).await?;
            if batch.is_empty() {
                break;
            }
            for (lease, message) in batch {
                match self.send_one(&mut post, lease, &message, claimed).await {
                    Ok(accepted) => sent += usize::from(accepted),
                    Err(StoreError::Conflict(_)) => {
                        tracing::warn!(message = %message.id, "another worker has taken the message over");
                    }
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(sent)
    }

    async fn claim_messages(&self, limit: u64) -> Result<Vec<(Lease, Message)>, StoreError> {
        let tx = self.store.begin().await?;
        let claimed = store::messages::claim(&tx, self.instance, self.lease(), limit, self.clock.now()).await?;
        self.commit(tx).await?;
        Ok(claimed)
    }

    /// True when the message was accepted.
    async fn send_one(
        &self,
        post: &mut Post,
        lease: Lease,
        message: &Message,
        claimed: Instant,
    ) -> Result<bool, StoreError> {
        if let Some(why) = needs_a_human(message) {
            self.end(lease, message, Outcome::Held(why)).await?;
            return Ok(false);
        }
        if let Some(Release { due_at, why }) = self.release(post, claimed) {
            let why = why.to_owned();
            self.finish(lease, message, Outcome::Deferred { due_at, why, counts: false }).await?;
            return Ok(false);
        }
        let person = match self.look_again(lease, message).await? {
            Ok(person) => person,
            Err(why) => {
                self.end(lease, message, Outcome::Suppressed(why)).await?;
                return Ok(false);
            }
        };
        let bytes = match letter::write(message, &person, &self.config.mail) {
            Ok(bytes) => bytes,
            Err(outcome) => {
                self.end(lease, message, outcome).await?;
                return Ok(false);
            }
        };
        let handing = self.mark_handed(lease);
        // On the heap: an exchange with a relay is a large future.
        let sending = Box::pin(post.send(&self.config.mail.from_address, &person.email, message.id, &bytes, handing));
        match sending.await? {
            Ok(()) => {
                post.open();
                self.finish(lease, message, Outcome::Sent).await?;
                tracing::info!(message = %message.id, kind = message.kind, to = %Masked(&person.email), "sent");
                Ok(true)
            }
            Err(error) => {
                let outcome = self.judge(post, message, error);
                self.end(lease, message, outcome).await?;
                Ok(false)
            }
        }
    }

    /// Why the rest of a batch goes back: somebody else, or we later, can send it before its lease runs out.
    fn release(&self, post: &Post, claimed: Instant) -> Option<Release> {
        let now = self.clock.now();
        if self.is_stopping() {
            return Some(Release { due_at: now, why: "the worker was stopping" });
        }
        if let Some(due_at) = post.closed_until(now) {
            return Some(Release { due_at, why: "waits for the relay" });
        }
        let half = Duration::from_secs(self.config.worker.lease_seconds) / 2;
        (claimed.elapsed() > half).then_some(Release { due_at: now, why: "others took long" })
    }

    /// Renews the lease and looks whether the mail still makes sense: to whom, or why not.
    async fn look_again(&self, lease: Lease, message: &Message) -> Result<Result<Person, String>, StoreError> {
        let organization_id = message.organization_id;
        let tx = self.store.begin().await?;
        store::messages::renew(&tx, lease, self.lease()).await?;
        let person = store::people::find(&tx, organization_id, message.person_id).await?;
        let found = match message.match_id {
            Some(id) => store::matches::find(&tx, organization_id, id).await?,
            None => None,
        };
        let run = match &message.mail {
            Mail::RunAwaitsApproval(mail) => store::match_runs::find(&tx, organization_id, mail.run_id).await?,
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
        };
        let session = match message.mail.session() {
            Some(mail) => store::sessions::find(&tx, organization_id, mail.session_id).await?,
            None => None,
        };
        self.commit(tx).await?;
        let Some(person) = person.filter(|person| person.active) else {
            return Ok(Err("the person is not written to any more".to_owned()));
        };
        if self.config.mail.transport == MailTransport::Smtp && !person.has_address() {
            return Ok(Err("nobody entered an address of this person yet".to_owned()));
        }
        Ok(match pointless::why(message, found.as_ref(), run.as_ref(), session.as_ref(), self.clock.now()) {
            Some(why) => Err(why.to_owned()),
            None => Ok(person),
        })
    }

    async fn mark_handed(&self, lease: Lease) -> Result<(), StoreError> {
        let tx = self.store.begin().await?;
        store::messages::mark_handed(&tx, lease, self.lease(), self.clock.now()).await?;
        self.commit(tx).await
    }

    /// What a failure means for the message, and for the relay.
    fn judge(&self, post: &mut Post, message: &Message, error: SendError) -> Outcome {
        let now = self.clock.now();
        let SendError { class, reply: why } = error;
        let later =
            |why| Outcome::Deferred { due_at: now + backoff::delay(message.id, message.attempts), why, counts: true };
        if matches!(class, Class::RelayUnreachable | Class::LoginFailed) {
            let due_at = post.close(now);
            tracing::warn!(until = %due_at, why, "the relay takes no mail; sending pauses");
            return Outcome::Deferred { due_at, why, counts: false };
        }
        // It said something, so it is there.
        post.open();
        match class {
            Class::BadAddress | Class::Refused => Outcome::Failed(why),
            Class::Temporary if backoff::is_over(message, now) => Outcome::Failed(format!("given up: {why}")),
            Class::Ambiguous if is_reminder(&message.mail) => {
                Outcome::Held(format!("it may have been sent, and a second reminder is worse than none: {why}"))
            }
            Class::Ambiguous if message.attempts >= UNKNOWNS => {
                Outcome::Held(format!("it may have been sent; the relay gave no answer {UNKNOWNS} times: {why}"))
            }
            Class::Temporary | Class::Ambiguous | Class::RelayUnreachable | Class::LoginFailed => later(why),
        }
    }

    /// Records how it ended, and says so in the log. The relay's words may repeat an address: they stay in the row.
    async fn end(&self, lease: Lease, message: &Message, outcome: Outcome) -> Result<(), StoreError> {
        let (id, kind, attempt) = (message.id, message.kind.as_str(), message.attempts);
        match &outcome {
            Outcome::Sent => {}
            Outcome::Suppressed(why) => tracing::info!(message = %id, kind, why, "not sent: pointless"),
            Outcome::Deferred { due_at, .. } => tracing::info!(message = %id, kind, attempt, %due_at, "not sent yet"),
            Outcome::Failed(_) => tracing::warn!(message = %id, kind, attempt, "refused; the row says why"),
            Outcome::Held(_) => tracing::error!(message = %id, kind, attempt, "held for a human; the row says why"),
        }
        self.finish(lease, message, outcome).await
    }

    async fn finish(&self, lease: Lease, message: &Message, outcome: Outcome) -> Result<(), StoreError> {
        let outcome = match outcome {
            // It is pointless long before a human has looked, and its secret must not wait for one.
            Outcome::Held(why) if message.mail.without_secret().is_some() => Outcome::Failed(why),
            Outcome::Sent
            | Outcome::Failed(_)
            | Outcome::Suppressed(_)
            | Outcome::Held(_)
            | Outcome::Deferred { .. } => outcome,
        };
        let is_over = !matches!(outcome, Outcome::Deferred { .. });
        let tx = self.store.begin().await?;
        store::messages::finish(&tx, lease, outcome, self.clock.now()).await?;
        if is_over {
            store::messages::forget_secret(&tx, message).await?;
        }
        self.commit(tx).await
    }
}

/// Why a message is not even tried again.
fn needs_a_human(message: &Message) -> Option<String> {
    if message.rescue_count >= RESCUES {
        return Some(format!("its worker died {RESCUES} times while sending it"));
    }
    // Only an attempt that was cut off leaves this mark behind.
    let perhaps_sent = message.handed_at.is_some() && is_reminder(&message.mail);
    perhaps_sent.then(|| "it may have been sent, and a second reminder is worse than none".to_owned())
}

/// Reminders are not sent twice; everything else is better twice than never.
fn is_reminder(mail: &Mail) -> bool {
    match mail {
        Mail::ProposalReminder(_)
        | Mail::FirstContactReminder(_)
        | Mail::SessionReminder(_)
        | Mail::StalledReminder(_)
        | Mail::Topic(_)
        | Mail::CheckIn(_)
        | Mail::WrapUp(_)
        | Mail::CoordinatorDigest(_) => true,
        Mail::Introduction(_)
        | Mail::Proposal(_)
        | Mail::PairRequest(_)
        | Mail::NotMatchedYet(_)
        | Mail::MatchEnded(_)
        | Mail::RunAwaitsApproval(_)
        | Mail::WebhookDisabled(_)
        | Mail::SignInLink(_)
        | Mail::SessionProposed(_)
        | Mail::SessionInvitation(_)
        | Mail::SessionChanged(_)
        | Mail::SessionCanceled(_) => false,
    }
}
