//! Answers that come in several parts over one connection: subscriptions, and whatever else is asked over a WebSocket or
//! as server-sent events.
//!
//! The connection is served where it was accepted, on a thread that talks HTTP; each operation is a task apart, which
//! ends with its connection. In between lies a short channel: an operation goes on when its reader has taken what it
//! sent before.

mod events;
mod messages;
mod operation;
mod speaker;
mod websocket;

use std::{sync::Arc, time::Duration};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

pub(super) use self::{
    events::{Wanted, answer, wanted},
    websocket::{is_upgrade, open},
};
use super::answers::Fault;

/// What streams are held to, and how many there are.
#[derive(Debug)]
pub(crate) struct Streams {
    places: Arc<Semaphore>,
    pub(crate) pace: Pace,
}

/// How long things may take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    /// From the opening of a WebSocket to `connection_init`.
    pub(crate) init: Duration,
    /// Between two pings over a WebSocket. A client that answers two of them with nothing is gone.
    pub(crate) ping: Duration,
    /// Between two comments that keep a stream of events open.
    pub(crate) comment: Duration,
}

impl Streams {
    /// At most so many connections at a time.
    pub(crate) fn new(most: usize) -> Self {
        let pace =
            Pace { init: Duration::from_secs(10), ping: Duration::from_secs(20), comment: Duration::from_secs(15) };
        Self { places: Arc::new(Semaphore::new(most)), pace }
    }

    /// A place for one connection, until it is dropped.
    fn enter(&self) -> Result<OwnedSemaphorePermit, Fault> {
        Arc::clone(&self.places).try_acquire_owned().map_err(|_| Fault::Busy)
    }
}
