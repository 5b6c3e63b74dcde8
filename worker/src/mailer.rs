//! The mailer: takes due messages out of the outbox and hands them over, one at a time.
//!
//! A message is claimed under a lease, looked at again, written, announced to the relay, marked as handed over, given
//! away, and recorded. Whatever breaks in between is known from the row: before the mark nothing was sent, after it a
//! second copy cannot be ruled out, and it would be the same bytes with the same Message-ID.

mod backoff;
mod letter;
mod look;
mod pace;
mod pointless;
mod post;
mod quiet;
mod record;
#[cfg(test)]
mod tests;
mod unsubscribe;

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::future::join_all;
use shared::{
    domain::{
        mail::{AttemptOutcome, MailSuppression, MessageAttempt},
        mail_status::EnhancedCode,
        messages::Message,
    },
    failpoints::Point,
    metrics::METRICS,
    outbox::mails::Mail,
    store::{
        self, StoreError,
        messages::{Lease, Outcome},
    },
    telemetry::Masked,
};
use tokio::time::Instant;
use tracing::Instrument as _;

use self::look::Verdict;
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
/// How long a database that cannot record what was sent is left alone: at first, and at most.
const RECORD_AGAIN: [Duration; 2] = [Duration::from_millis(50), Duration::from_secs(2)];

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
        let tried = self.try_relay().await?;
        let sent = join_all((0..self.posts.len()).map(|way| self.send_by(way))).await;
        sent.into_iter().try_fold(tried, |sent, more| Ok(sent + more?))
    }

    /// After a pause one message tries whether the relay is back, on the first connection; the others wait for it.
    pub(crate) async fn try_relay(&self) -> Result<usize, StoreError> {
        let Some(post) = self.posts.first() else { return Ok(0) };
        let mut post = post.lock().await;
        let mut sent = 0;
        while post.is_on_trial() && !self.is_stopping() {
            let Some(accepted) = self.send_claimed(&mut post, 1).await? else { break };
            sent += accepted;
        }
        Ok(sent)
    }

    /// Sends on one of the connections what no other sends.
    pub(crate) async fn send_by(&self, way: usize) -> Result<usize, StoreError> {
        let Some(post) = self.posts.get(way) else { return Ok(0) };
        self.send_through(&mut *post.lock().await).await
    }

    /// Sends one message after the other until nothing is due or the relay takes nothing.
    async fn send_through(&self, post: &mut Post) -> Result<usize, StoreError> {
        let mut sent = 0;
        while !self.is_stopping() && !post.is_on_trial() {
            let Some(accepted) = self.send_claimed(post, BATCH).await? else { break };
            sent += accepted;
        }
        Ok(sent)
    }

    /// Claims at most so many messages and sends them; `None` when nothing is due or the relay is not to be troubled.
    async fn send_claimed(&self, post: &mut Post, limit: u64) -> Result<Option<usize>, StoreError> {
        if post.closed_until(self.clock.now()).is_some() {
            return Ok(None);
        }
        let claimed = Instant::now();
        let batch = self.claim_messages(limit).await?;
        if batch.is_empty() {
            return Ok(None);
        }
        Point::MailClaimed.pass().await;
        let mut sent = 0;
        for (lease, message) in batch {
            let span =
                tracing::info_span!("message", id = %message.id, kind = message.kind, attempt = message.attempts);
            match self.send_one(post, lease, &message, claimed).instrument(span).await {
                Ok(accepted) => sent += usize::from(accepted),
                Err(StoreError::Conflict(_)) => {
                    tracing::warn!(message = %message.id, "another worker has taken the message over");
                }
                Err(error) => return Err(error),
            }
        }
        Ok(Some(sent))
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
        if let Some(Release { due_at, why }) = self.release(post, message, claimed) {
            let why = why.to_owned();
            self.finish(lease, message, Outcome::Deferred { due_at, why, counts: false }).await?;
            return Ok(false);
        }
        let (person, on_trial) = match self.look_again(lease, message).await? {
            Verdict::Send { person, on_trial } => (person, on_trial),
            Verdict::Never(why) => {
                self.end(lease, message, Outcome::Suppressed(why)).await?;
                return Ok(false);
            }
            Verdict::Later { due_at, why } => {
                self.end(lease, message, Outcome::Deferred { due_at, why, counts: false }).await?;
                return Ok(false);
            }
        };
        let started = self.clock.now();
        let unsubscribe = self.unsubscribe_address(message).await?;
        let bytes = match letter::write(message, &person, unsubscribe, &self.config.mail, &self.dkim) {
            Ok(bytes) => bytes,
            Err(outcome) => {
                self.end(lease, message, outcome).await?;
                return Ok(false);
            }
        };
        let handing = self.mark_handed(lease);
        // On the heap: an exchange with a relay is a large future.
        let sending =
            Box::pin(post.send(self.config.mail.envelope_sender(), &person.email, message.id, &bytes, handing));
        match sending.await? {
            Ok(reply) => {
                post.open();
                Point::MailBeforeSent.pass().await;
                let attempt = self.attempt(message, started, AttemptOutcome::Accepted, &reply);
                self.record_sent(lease, message, attempt).await?;
                Point::MailSent.pass().await;
                if on_trial {
                    self.speed_up(&person).await?;
                }
                tracing::info!(message = %message.id, kind = message.kind, to = %Masked(&person.email), "sent");
                Ok(true)
            }
            Err(error) => {
                let attempt =
                    record::outcome(error.class).map(|outcome| self.attempt(message, started, outcome, &error.reply));
                let suppression = self.suppression(message, &person, &error);
                let outcome = match self.slow_down(message, &person, on_trial, &error).await? {
                    Some(outcome) => {
                        post.open();
                        outcome
                    }
                    None => self.judge(post, message, error),
                };
                tell(message, &outcome);
                self.record(lease, message, outcome, attempt, suppression).await?;
                Ok(false)
            }
        }
    }

    /// Why the rest of a batch goes back: somebody else, or we later, can send it before its lease runs out.
    fn release(&self, post: &Post, message: &Message, claimed: Instant) -> Option<Release> {
        let now = self.clock.now();
        // It keeps its place in front of what was due later.
        let unchanged = message.due_at;
        if self.is_stopping() {
            return Some(Release { due_at: unchanged, why: "the worker was stopping" });
        }
        if let Some(due_at) = post.closed_until(now) {
            return Some(Release { due_at, why: "waits for the relay" });
        }
        (claimed.elapsed() > self.half_lease()).then_some(Release { due_at: unchanged, why: "others took long" })
    }

    /// Marks the message, and makes sure that it is still this worker's when that is stored: one that was suspended or
    /// had to wait looks again, for the message may be on its way by another worker.
    async fn mark_handed(&self, lease: Lease) -> Result<(), StoreError> {
        loop {
            Point::MailBeforeMark.pass().await;
            let begun = Instant::now();
            store::messages::mark_handed(&self.store, lease, self.lease(), self.clock.now()).await?;
            Point::MailMarked.pass().await;
            if begun.elapsed() < self.half_lease() {
                return Ok(());
            }
        }
    }

    fn half_lease(&self) -> Duration {
        Duration::from_secs(self.config.worker.lease_seconds) / 2
    }

    /// What a failure means for the message, and for the relay.
    fn judge(&self, post: &mut Post, message: &Message, error: SendError) -> Outcome {
        let now = self.clock.now();
        let SendError { class, reply: why } = error;
        let code = EnhancedCode::of_reply(&why);
        let later = |why| {
            let least = code.map_or(TimeDelta::zero(), EnhancedCode::patience);
            let due_at = now + backoff::delay(message.id, message.attempts).max(least);
            Outcome::Deferred { due_at, why, counts: true }
        };
        if matches!(class, Class::RelayUnreachable | Class::LoginFailed) {
            let due_at = post.close(now);
            tracing::warn!(until = %due_at, why, "the relay takes no mail; sending pauses");
            return Outcome::Deferred { due_at, why, counts: false };
        }
        // It said something, so it is there.
        post.open();
        match class {
            Class::BadAddress | Class::Refused => Outcome::Failed(why),
            Class::Temporary if why.starts_with('5') && message.attempts >= UNKNOWNS => Outcome::Failed(why),
            Class::Temporary if backoff::is_over(message, now) => Outcome::Failed(format!("given up: {why}")),
            Class::Ambiguous if is_reminder(&message.mail) => {
                Outcome::Held(format!("it may have been sent, and a second reminder is worse than none: {why}"))
            }
            Class::Ambiguous if message.attempts >= UNKNOWNS => {
                Outcome::Held(format!("it may have been sent; the relay gave no answer {UNKNOWNS} times: {why}"))
            }
            Class::Temporary | Class::TooFast | Class::Ambiguous | Class::RelayUnreachable | Class::LoginFailed => {
                later(why)
            }
        }
    }

    /// Records that the relay has it, as fast as can be: a death before that makes a second copy. What the attempt came
    /// to is written afterwards, and may get lost.
    async fn record_sent(&self, lease: Lease, message: &Message, attempt: MessageAttempt) -> Result<(), StoreError> {
        let begun = Instant::now();
        let [mut pause, longest] = RECORD_AGAIN;
        let mut done = store::messages::finish_sent(&self.store, lease, message, self.clock.now()).await;
        // Nobody else knows that it arrived. While the message is ours, a database that is away or full is asked again, in a
        // transaction: what is recorded already stays so, and a broken connection is noticed.
        while let Err(StoreError::Database(error)) = done {
            if begun.elapsed() > self.half_lease() {
                return Err(StoreError::Database(error));
            }
            tracing::warn!(message = %message.id, %error, "the relay has it, and that cannot be recorded yet");
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(longest);
            done = match self.record(lease, message, Outcome::Sent, Some(attempt.clone()), None).await {
                Ok(()) => return Ok(()),
                failed => failed,
            };
        }
        done?;
        METRICS.send_tried("sent");
        store::message_attempts::insert_alone(&self.store, &attempt).await
    }

    /// Records how it ended, and says so in the log.
    async fn end(&self, lease: Lease, message: &Message, outcome: Outcome) -> Result<(), StoreError> {
        tell(message, &outcome);
        self.finish(lease, message, outcome).await
    }

    async fn finish(&self, lease: Lease, message: &Message, outcome: Outcome) -> Result<(), StoreError> {
        self.record(lease, message, outcome, None, None).await
    }

    /// Ends an attempt, with what was learned from it.
    async fn record(
        &self,
        lease: Lease,
        message: &Message,
        outcome: Outcome,
        attempt: Option<MessageAttempt>,
        suppression: Option<MailSuppression>,
    ) -> Result<(), StoreError> {
        let outcome = match outcome {
            // It is pointless long before a human has looked, and its secret must not wait for one.
            Outcome::Held(why) if message.mail.without_secret().is_some() => Outcome::Failed(why),
            Outcome::Sent
            | Outcome::Failed(_)
            | Outcome::Suppressed(_)
            | Outcome::Held(_)
            | Outcome::Deferred { .. } => outcome,
        };
        let forgets = message.mail.without_secret().is_some() && !matches!(outcome, Outcome::Deferred { .. });
        let told = match &outcome {
            Outcome::Sent => "sent",
            Outcome::Failed(_) => "failed",
            Outcome::Suppressed(_) => "suppressed",
            Outcome::Held(_) => "held",
            Outcome::Deferred { .. } => "deferred",
        };
        let now = self.clock.now();
        if !forgets && attempt.is_none() && suppression.is_none() {
            store::messages::finish_alone(&self.store, lease, outcome, now).await?;
        } else {
            let tx = self.store.begin().await?;
            store::messages::finish(&tx, lease, outcome, now).await?;
            store::message_attempts::insert_many(&tx, attempt.as_slice()).await?;
            if let Some(suppression) = suppression {
                store::mail_suppressions::insert(&tx, &suppression).await?;
            }
            if forgets {
                store::messages::forget_secret(&tx, message).await?;
            }
            self.commit(tx).await?;
        }
        METRICS.send_tried(told);
        Ok(())
    }
}

/// Says in the log how it ended. The relay's words may repeat an address: they stay in the row.
fn tell(message: &Message, outcome: &Outcome) {
    let (id, kind, attempt) = (message.id, message.kind.as_str(), message.attempts);
    match outcome {
        Outcome::Sent => {}
        Outcome::Suppressed(why) => tracing::info!(message = %id, kind, why, "not sent: pointless"),
        Outcome::Deferred { due_at, .. } => tracing::info!(message = %id, kind, attempt, %due_at, "not sent yet"),
        Outcome::Failed(_) => tracing::warn!(message = %id, kind, attempt, "refused; the row says why"),
        Outcome::Held(_) => tracing::error!(message = %id, kind, attempt, "held for a human; the row says why"),
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
