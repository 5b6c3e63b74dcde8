//! The mailer: takes due messages out of the outbox and hands them over, one at a time.
//!
//! A message is claimed under a lease, taken in hand, looked at again, written, announced to the relay, marked as handed
//! over, given away, and recorded; where the relay is brisk, marked already when the one before is recorded. Whatever breaks
//! in between is known from the row: before the mark nothing was sent, after it a second copy cannot be ruled out, and it
//! would be the same bytes with the same Message-ID.

mod backoff;
mod batch;
mod clerk;
#[cfg(test)]
mod clerk_tests;
mod facts;
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
    domain::{mail::AttemptOutcome, mail_status::EnhancedCode, messages::Message},
    failpoints::Point,
    outbox::mails::Mail,
    store::{
        self, StoreError,
        messages::{Lease, Outcome, Step},
    },
    telemetry::Masked,
};
use tokio::time::Instant;
use tracing::Instrument as _;

use self::{
    batch::{Batch, Claimed},
    look::Verdict,
    record::tell,
};
pub(crate) use self::{clerk::Clerk, post::Post};
use crate::{
    Worker,
    mail::smtp::{Class, SendError},
};

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
            let Some(accepted) = self.send_claimed(post, post.batch()).await? else { break };
            sent += accepted;
        }
        Ok(sent)
    }

    /// Claims at most so many messages and sends them; `None` when nothing is due or the relay is not to be troubled.
    async fn send_claimed(&self, post: &mut Post, limit: u64) -> Result<Option<usize>, StoreError> {
        if post.closed_until(self.clock.now()).is_some() {
            return Ok(None);
        }
        let claimed_at = Instant::now();
        let mut batch = Batch::new(self.claim_messages(limit).await?, claimed_at);
        let claimed = batch.len();
        if claimed == 0 {
            return Ok(None);
        }
        Point::MailClaimed.pass().await;
        let sent = self.send_batch(post, &mut batch).await?;
        post.learn(claimed);
        Ok(Some(sent))
    }

    async fn send_batch(&self, post: &mut Post, batch: &mut Batch) -> Result<usize, StoreError> {
        let mut sent = 0;
        while let Some(claimed) = batch.take_next() {
            let message = &claimed.message;
            let (id, attempt) = (message.id, message.attempts);
            let span = tracing::info_span!("message", %id, kind = message.kind, attempt);
            match self.send_one(post, batch, claimed).instrument(span).await {
                Ok(accepted) => sent += usize::from(accepted),
                Err(StoreError::Conflict(_)) => {
                    tracing::warn!(message = %id, "another worker has taken the message over");
                }
                Err(error) => return Err(error),
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
    async fn send_one(&self, post: &mut Post, batch: &mut Batch, mut claimed: Claimed) -> Result<bool, StoreError> {
        let lease = claimed.lease;
        if let Some(why) = needs_a_human(&claimed.message) {
            self.end(lease, &claimed.message, Outcome::Held(why)).await?;
            return Ok(false);
        }
        if let Some(Release { due_at, why }) = self.release(post, &claimed.message, batch.claimed_at()) {
            let why = why.to_owned();
            self.finish(lease, &claimed.message, Outcome::Deferred { due_at, why, counts: false }).await?;
            return Ok(false);
        }
        self.take_in_hand(&mut claimed).await?;
        let message = &claimed.message;
        let facts = self.facts(batch, message).await?;
        let (person, on_trial) = match self.look_again(facts, lease, message).await? {
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
        let unsubscribe = self.unsubscribe_address(facts, message).await?;
        let bytes = match letter::write(message, &person, unsubscribe, &self.config.mail, &self.dkim) {
            Ok(bytes) => bytes,
            Err(outcome) => {
                self.end(lease, message, outcome).await?;
                return Ok(false);
            }
        };
        let handing = self.mark_handed(lease, claimed.since, claimed.marked);
        // On the heap: an exchange with a relay is a large future.
        let sending =
            Box::pin(post.send(self.config.mail.envelope_sender(), &person.email, message.id, &bytes, handing));
        match sending.await? {
            Ok(reply) => {
                post.open();
                Point::MailBeforeSent.pass().await;
                let attempt = self.attempt(message, started, AttemptOutcome::Accepted, &reply);
                self.record_sent(post, batch, &claimed, attempt).await?;
                Point::MailSent.pass().await;
                if on_trial {
                    self.speed_up(&person).await?;
                    batch.forget_facts();
                }
                tracing::info!(message = %message.id, kind = message.kind, to = %Masked(&person.email), "sent");
                Ok(true)
            }
            Err(error) => {
                // The address may be suppressed from now on, or the domain pause; and it may have taken long.
                batch.forget_facts();
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
    fn release(&self, post: &Post, message: &Message, claimed_at: Instant) -> Option<Release> {
        let now = self.clock.now();
        // It keeps its place in front of what was due later.
        let unchanged = message.due_at;
        if self.is_stopping() {
            return Some(Release { due_at: unchanged, why: "the worker was stopping" });
        }
        if let Some(due_at) = post.closed_until(now) {
            return Some(Release { due_at, why: "waits for the relay" });
        }
        (claimed_at.elapsed() > self.half_lease()).then_some(Release { due_at: unchanged, why: "others took long" })
    }

    /// Counts the attempt, unless that was done together with the end of the one before.
    async fn take_in_hand(&self, claimed: &mut Claimed) -> Result<(), StoreError> {
        if claimed.in_hand {
            return Ok(());
        }
        let asked = Instant::now();
        let prolongs = self.prolongs(claimed.since);
        self.step(Step::in_hand(claimed.lease, prolongs)).await?;
        claimed.is_in_hand(prolongs, asked);
        Ok(())
    }

    /// Marks the message, and makes sure that it is still this worker's when that is stored: one that was suspended or
    /// had to wait looks again, for the message may be on its way by another worker. `since` is when its lease began, and it
    /// may be `marked` already.
    async fn mark_handed(&self, lease: Lease, mut since: Instant, mut marked: bool) -> Result<(), StoreError> {
        loop {
            if !marked {
                Point::MailBeforeMark.pass().await;
                let asked = Instant::now();
                let prolongs = self.prolongs(since);
                self.step(Step::handed(lease, prolongs, self.clock.now())).await?;
                if prolongs {
                    since = asked;
                }
            }
            Point::MailMarked.pass().await;
            if since.elapsed() < self.half_lease() {
                return Ok(());
            }
            marked = false;
        }
    }

    /// Takes a step of one message, committed.
    async fn step(&self, step: Step) -> Result<(), StoreError> {
        let taken = self.clerk.write(&[step]).await?;
        if taken == [true] { Ok(()) } else { Err(StoreError::Conflict("the message's lease")) }
    }

    fn half_lease(&self) -> Duration {
        Duration::from_secs(self.config.worker.lease_seconds) / 2
    }

    /// Whether a lease of that age is to begin anew. A young one is left as it is: it is in an index, and a row of which
    /// nothing in an index changes is changed at half the cost.
    fn prolongs(&self, since: Instant) -> bool {
        since.elapsed() > self.half_lease() / 2
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
