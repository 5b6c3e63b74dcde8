//! The pace of mail to each domain: mail to one with a ceiling waits for its slot, and to one that is paused for the end of
//! the pause. What waits loses no attempt.

use std::time::Duration;

use chrono::{DateTime, Utc};
use shared::{
    config::MailTransport,
    domain::{
        mail_domains::{self, MailDomain, Turn},
        messages::Message,
        people::Person,
    },
    store::{
        self, StoreError,
        messages::{Lease, Outcome},
    },
};

use super::{backoff, facts::Facts};
use crate::{
    Worker,
    mail::smtp::{Class, SendError},
};

/// The least time between two looks for mail whose turn comes before the next tick.
const SHORTEST_WAIT: Duration = Duration::from_secs(1);

impl Worker {
    /// When a mail goes that has nothing else to wait for. What is due now has its slot; looking again takes no other one.
    pub(super) async fn turn(
        &self,
        facts: &Facts,
        lease: Lease,
        message: &Message,
        person: &Person,
    ) -> Result<Turn, StoreError> {
        let at_once = Ok(Turn::Now { slot_at: None, on_trial: false });
        let Some(domain) = self.domain_of(person) else { return at_once };
        let ceiling = self.config.mail.ceiling(&domain);
        if ceiling.is_none() && !facts.is_paused(&domain) {
            return at_once;
        }
        let now = self.clock.now();
        let tx = self.store.begin().await?;
        let mut held = store::mail_domains::hold(&tx, &domain, now).await?;
        let before = held.clone();
        let turn = held.turn(message.slot_at, message.mail.may_wait(), ceiling, now);
        if held != before {
            store::mail_domains::update(&tx, &held, now).await?;
        }
        let (Turn::Now { slot_at, .. } | Turn::Later { slot_at, .. }) = &turn;
        if let Some(slot_at) = slot_at.filter(|_| *slot_at != message.slot_at) {
            store::messages::give_slot(&tx, lease, slot_at).await?;
        }
        self.commit(tx).await?;
        Ok(turn)
    }

    /// Pauses the domain of a mail that came too fast, and says what becomes of the mail; `None` for any other failure.
    pub(super) async fn slow_down(
        &self,
        message: &Message,
        person: &Person,
        on_trial: bool,
        error: &SendError,
    ) -> Result<Option<Outcome>, StoreError> {
        let Some(domain) = self.domain_of(person).filter(|_| error.class == Class::TooFast) else { return Ok(None) };
        let now = self.clock.now();
        // The words may repeat an address, and the row is read for every organization.
        let codes: Vec<&str> = error.reply.split_ascii_whitespace().take(2).collect();
        let due_at = self.change(&domain, |held| held.pause(codes.join(" "), on_trial, now)).await?;
        tracing::warn!(domain, until = %due_at, "mail came too fast; mail to this domain pauses");
        let why = error.reply.clone();
        Ok(Some(if backoff::is_over(message, now) {
            Outcome::Failed(format!("given up: {why}"))
        } else {
            Outcome::Deferred { due_at, why, counts: false }
        }))
    }

    /// A mail on trial was accepted: its domain takes mail again.
    pub(super) async fn speed_up(&self, person: &Person) -> Result<(), StoreError> {
        let Some(domain) = self.domain_of(person) else { return Ok(()) };
        self.change(&domain, |held| held.pause = None).await?;
        tracing::info!(domain, "mail to this domain goes on");
        Ok(())
    }

    async fn change<T>(&self, domain: &str, change: impl FnOnce(&mut MailDomain) -> T) -> Result<T, StoreError> {
        let now = self.clock.now();
        let tx = self.store.begin().await?;
        let mut held = store::mail_domains::hold(&tx, domain, now).await?;
        let changed = change(&mut held);
        store::mail_domains::update(&tx, &held, now).await?;
        self.commit(tx).await?;
        Ok(changed)
    }

    /// The domain that a mail goes to; `None` for a local folder.
    fn domain_of(&self, person: &Person) -> Option<String> {
        match self.config.mail.transport {
            MailTransport::Smtp => mail_domains::of_address(&person.email),
            MailTransport::Mailbox => None,
        }
    }

    /// How long it is until some mail is due, a slot as a rule; `None` when that is not known. Without it what has a slot
    /// would leave in bursts, at every tick.
    pub(crate) async fn until_due(&self) -> Option<Duration> {
        let due_at: DateTime<Utc> = store::messages::every_next_due(&self.store).await.ok().flatten()?;
        // What is due already waits for something else: the relay, say.
        let wait = (due_at - self.clock.now()).to_std().ok().filter(|wait| !wait.is_zero())?;
        Some(wait.max(SHORTEST_WAIT))
    }
}
