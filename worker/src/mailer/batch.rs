//! The messages that one connection has claimed.

use std::collections::VecDeque;

use shared::{
    domain::messages::Message,
    store::{StoreError, messages::Lease},
};
use tokio::time::Instant;

use super::facts::Facts;
use crate::Worker;

/// What is left of a batch, and what is known of it.
#[derive(Debug)]
pub(super) struct Batch {
    left: VecDeque<Claimed>,
    claimed_at: Instant,
    facts: Option<Facts>,
}

/// A message under our lease.
#[derive(Debug)]
pub(super) struct Claimed {
    pub(super) lease: Lease,
    pub(super) message: Message,
    /// Since when its lease lasts, or longer.
    pub(super) since: Instant,
    /// Whether it is taken in hand: the attempt counts.
    pub(super) in_hand: bool,
    /// Whether it is marked as handed over already.
    pub(super) marked: bool,
}

impl Claimed {
    /// It was taken in hand, and its lease prolonged perhaps, by what was asked for at that moment.
    pub(super) const fn is_in_hand(&mut self, prolonged: bool, asked: Instant) {
        self.in_hand = true;
        if prolonged {
            self.since = asked;
        }
    }
}

impl Batch {
    /// `claimed_at` is a moment before the claim.
    pub(super) fn new(claimed: Vec<(Lease, Message)>, claimed_at: Instant) -> Self {
        let claimed = claimed.into_iter().map(|(lease, message)| Claimed {
            lease,
            message,
            since: claimed_at,
            in_hand: false,
            marked: false,
        });
        Self { left: claimed.collect(), claimed_at, facts: None }
    }

    /// How many messages are left.
    pub(super) fn len(&self) -> usize {
        self.left.len()
    }

    /// The moment of its claim.
    pub(super) const fn claimed_at(&self) -> Instant {
        self.claimed_at
    }

    pub(super) fn take_next(&mut self) -> Option<Claimed> {
        self.left.pop_front()
    }

    /// The one that comes after the present one.
    pub(super) fn next(&mut self) -> Option<&mut Claimed> {
        self.left.front_mut()
    }

    /// What was known may not be so any more.
    pub(super) fn forget_facts(&mut self) {
        self.facts = None;
    }
}

impl Worker {
    /// What is known of a message in hand, read together with what has to be known of the rest of its batch.
    pub(super) async fn facts<'a>(&self, batch: &'a mut Batch, message: &Message) -> Result<&'a Facts, StoreError> {
        let known = batch.facts.take().filter(|facts| facts.serve(message));
        let facts = if let Some(facts) = known { facts } else { self.read_facts(batch, message).await? };
        Ok(batch.facts.insert(facts))
    }

    async fn read_facts(&self, batch: &Batch, message: &Message) -> Result<Facts, StoreError> {
        let transport = self.config.mail.transport;
        let left = batch.left.iter().map(|claimed| &claimed.message);
        let messages: Vec<&Message> = std::iter::once(message).chain(left).collect();
        match Facts::read(&self.store, transport, &messages).await {
            // About which of them, nobody knows: each has to be looked at alone, so that no other is blamed.
            Err(StoreError::Corrupt { .. }) => Facts::read(&self.store, transport, &[message]).await,
            read => read,
        }
    }
}
