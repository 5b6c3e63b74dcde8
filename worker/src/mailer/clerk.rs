//! The clerk writes down the steps of messages for all connections to the relay. Whoever comes while nothing is written
//! writes; what comes meanwhile waits and is written next, together: a commit costs as much for one as for many. Nobody
//! waits for company.

use std::sync::{Mutex, PoisonError};

use chrono::TimeDelta;
use shared::store::{
    Store, StoreError,
    messages::{self, Step},
};
use tokio::sync::oneshot;

type Answer = Result<Vec<bool>, StoreError>;

/// Steps that wait to be written down, and whoever writes.
#[derive(Debug)]
pub(crate) struct Clerk {
    store: Store,
    /// How long a lease lasts that begins anew.
    lease: TimeDelta,
    waiting: Mutex<Vec<Request>>,
    pen: tokio::sync::Mutex<()>,
}

#[derive(Debug)]
struct Request {
    steps: Vec<Step>,
    asker: oneshot::Sender<Answer>,
}

impl Clerk {
    pub(crate) fn new(store: Store, lease: TimeDelta) -> Self {
        Self { store, lease, waiting: Mutex::default(), pen: tokio::sync::Mutex::default() }
    }

    /// Writes down these steps, committed, and says of each whether it was taken; otherwise the lease is lost.
    ///
    /// # Errors
    /// When the database is gone: none of them was taken, unless the connection broke during the commit.
    pub(super) async fn write(&self, steps: &[Step]) -> Answer {
        loop {
            let (asker, mut answer) = oneshot::channel();
            self.waiting().push(Request { steps: steps.to_vec(), asker });
            let answered = tokio::select! {
                biased;
                answered = &mut answer => answered,
                _pen = self.pen.lock() => {
                    self.write_waiting().await;
                    answer.await
                }
            };
            if let Ok(answered) = answered {
                return answered;
            }
            // Who wrote was dropped, and nobody knows how far that had come. To take a step once more changes nothing.
        }
    }

    /// Writes down all that waits.
    async fn write_waiting(&self) {
        let mut requests = std::mem::take(&mut *self.waiting());
        // Who does not wait any more does not go on either: as marked, a message would look like one that may have been sent.
        requests.retain(|request| !request.asker.is_closed());
        if requests.is_empty() {
            return;
        }
        let steps: Vec<Step> = requests.iter().flat_map(|request| request.steps.iter().cloned()).collect();
        let written = messages::take(&self.store, &steps, self.lease).await;
        for Request { steps, asker } in requests {
            let answer = match &written {
                Ok(taken) => Ok(steps.iter().map(|step| taken.contains(&step.lease().key())).collect()),
                Err(error) => Err(error.for_another()),
            };
            // Who asked may be gone by now.
            asker.send(answer).ok();
        }
    }

    fn waiting(&self) -> std::sync::MutexGuard<'_, Vec<Request>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
