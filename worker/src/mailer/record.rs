//! How an attempt ended and what is learned from it: a row about it, and perhaps that the address is not to be written to.

use std::time::Duration;

use chrono::{DateTime, Utc};
use shared::{
    config::MailTransport,
    domain::{
        mail::{AttemptOutcome, MailSuppression, MessageAttempt, SuppressionReason},
        mail_status::EnhancedCode,
        messages::Message,
        people::Person,
    },
    metrics::METRICS,
    store::{
        self, StoreError,
        messages::{Lease, Outcome, Step},
    },
};
use tokio::time::Instant;

use super::{
    Post,
    batch::{Batch, Claimed},
    is_reminder, needs_a_human,
};
use crate::{
    Worker,
    mail::smtp::{Class, SendError},
};

/// How long a database that cannot record what was sent is left alone: at first, and at most.
const RECORD_AGAIN: [Duration; 2] = [Duration::from_millis(50), Duration::from_secs(2)];

impl Worker {
    /// The row about an attempt.
    pub(super) fn attempt(
        &self,
        message: &Message,
        started_at: DateTime<Utc>,
        outcome: AttemptOutcome,
        reply: &str,
    ) -> MessageAttempt {
        MessageAttempt {
            id: self.clock.new_id(),
            organization_id: message.organization_id,
            message_id: message.id,
            person_id: message.person_id,
            outcome,
            status_code: EnhancedCode::of_reply(reply).map(|code| code.to_string()),
            reply: Some(reply.to_owned()),
            started_at,
            ended_at: self.clock.now(),
        }
    }

    /// The suppression that follows from a failure, if a relay said that nobody can be reached at the address.
    pub(super) fn suppression(&self, message: &Message, person: &Person, error: &SendError) -> Option<MailSuppression> {
        let told = error.class == Class::BadAddress && self.config.mail.transport == MailTransport::Smtp;
        told.then(|| MailSuppression {
            id: self.clock.new_id(),
            organization_id: message.organization_id,
            address: person.email.clone(),
            reason: SuppressionReason::BadAddress,
            detail: Some(error.reply.clone()),
            person_id: person.id,
            message_id: Some(message.id),
            created_at: self.clock.now(),
        })
    }

    /// Records that the relay has it, as fast as can be: a death before that makes a second copy. The next of the batch is
    /// taken in hand in the same commit, and marked if the relay is brisk.
    pub(super) async fn record_sent(
        &self,
        post: &Post,
        batch: &mut Batch,
        claimed: &Claimed,
        attempt: MessageAttempt,
    ) -> Result<(), StoreError> {
        let begun = Instant::now();
        let mut steps = vec![Step::sent(claimed.lease, &claimed.message, self.clock.now(), attempt.clone())?];
        let claimed_at = batch.claimed_at();
        let next = batch.next().filter(|next| {
            needs_a_human(&next.message).is_none() && self.release(post, &next.message, claimed_at).is_none()
        });
        let prolongs = next.as_ref().is_some_and(|next| self.prolongs(next.since));
        // What is sent again anyway may be marked early, where the mark would take longer than the relay.
        let marked = next.as_ref().is_some_and(|next| post.is_brisk() && !is_reminder(&next.message.mail));
        let step = |next: &Claimed| {
            if marked {
                Step::handed(next.lease, prolongs, self.clock.now())
            } else {
                Step::in_hand(next.lease, prolongs)
            }
        };
        steps.extend(next.as_deref().map(step));
        let taken = match self.clerk.write(&steps).await {
            Err(StoreError::Database(error)) => {
                batch.forget_facts();
                return self.record_again(claimed, attempt, begun, error.to_string()).await;
            }
            written => written?,
        };
        // One that is lost is found out about when its turn comes.
        if let Some(next) = next.filter(|_| taken.get(1) == Some(&true)) {
            next.is_in_hand(prolongs, begun);
            next.marked = marked;
        }
        if taken.first() != Some(&true) {
            return Err(StoreError::Conflict("the message's lease"));
        }
        METRICS.send_tried("sent");
        Ok(())
    }

    /// Records the same when the database did not take it down, since `begun`. Nobody else knows that it arrived: while the
    /// message is ours, a database that is away or full is asked again, in a transaction, so that what is recorded already
    /// stays so, and a broken connection is noticed.
    async fn record_again(
        &self,
        claimed: &Claimed,
        attempt: MessageAttempt,
        begun: Instant,
        mut error: String,
    ) -> Result<(), StoreError> {
        let message = &claimed.message;
        let [mut pause, longest] = RECORD_AGAIN;
        loop {
            tracing::warn!(message = %message.id, error, "the relay has it, and that cannot be recorded yet");
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(longest);
            match self.record(claimed.lease, message, Outcome::Sent, Some(attempt.clone()), None).await {
                Err(StoreError::Database(again)) if begun.elapsed() < self.half_lease() => error = again.to_string(),
                recorded => return recorded,
            }
        }
    }

    /// Records how it ended, and says so in the log.
    pub(super) async fn end(&self, lease: Lease, message: &Message, outcome: Outcome) -> Result<(), StoreError> {
        tell(message, &outcome);
        self.finish(lease, message, outcome).await
    }

    pub(super) async fn finish(&self, lease: Lease, message: &Message, outcome: Outcome) -> Result<(), StoreError> {
        self.record(lease, message, outcome, None, None).await
    }

    /// Ends an attempt, with what was learned from it.
    pub(super) async fn record(
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

/// What a failed attempt came to. None for a relay that takes no mail at all: that is known of the relay, costs the message
/// nothing, and may go on for days.
pub(super) const fn outcome(class: Class) -> Option<AttemptOutcome> {
    match class {
        Class::RelayUnreachable | Class::LoginFailed => None,
        Class::Temporary | Class::TooFast => Some(AttemptOutcome::Deferred),
        Class::BadAddress => Some(AttemptOutcome::BadAddress),
        Class::Refused => Some(AttemptOutcome::Refused),
        Class::Ambiguous => Some(AttemptOutcome::Unknown),
    }
}

/// Why a message to a suppressed address is not sent. The relay's words stay with the suppression: they may repeat the
/// address, and this is logged.
pub(super) fn suppressed(suppression: &MailSuppression) -> String {
    match suppression.reason {
        SuppressionReason::BadAddress => "a relay said that nobody can be reached at the address".to_owned(),
        SuppressionReason::Bounced => "a report said that nobody can be reached at the address".to_owned(),
    }
}

/// Says in the log how it ended. The relay's words may repeat an address: they stay in the row.
pub(super) fn tell(message: &Message, outcome: &Outcome) {
    let (id, kind, attempt) = (message.id, message.kind.as_str(), message.attempts);
    match outcome {
        Outcome::Sent => {}
        Outcome::Suppressed(why) => tracing::info!(message = %id, kind, why, "not sent: pointless"),
        Outcome::Deferred { due_at, .. } => tracing::info!(message = %id, kind, attempt, %due_at, "not sent yet"),
        Outcome::Failed(_) => tracing::warn!(message = %id, kind, attempt, "refused; the row says why"),
        Outcome::Held(_) => tracing::error!(message = %id, kind, attempt, "held for a human; the row says why"),
    }
}
