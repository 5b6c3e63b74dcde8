//! The background worker: nightly matching, upkeep of what time changes, mail, and webhooks. Knows no HTTP server and
//! no GraphQL.
//!
//! ```text
//! a tick or a wake-up -> upkeep    what time alone decides: proposals, pauses, rounds
//!                     -> nightly   claim -> load -> plan (matching) -> persist
//!                     -> mailer    claim -> check -> render -> hand over -> record, one message at a time
//!                     -> bounces   what mail servers reported about mail that had left
//!                     -> webhooks  number what was committed -> make deliveries -> claim -> sign -> post -> record
//! ```
//!
//! Any number of workers may run on one `PostgreSQL`: everything is claimed under leases and every step can be repeated.

mod bounces;
mod calendar;
mod jitter;
pub mod mail;
mod mailer;
pub mod matching;
mod nightly;
#[cfg(test)]
mod scene;
pub mod schedule;
mod sign_ins;
#[cfg(test)]
mod tests;
mod ticks;
mod upkeep;
mod webhooks;

use std::{ops::RangeInclusive, time::Duration};

use chrono::TimeDelta;
use futures_util::future::join_all;
use shared::{
    bus::{Bus, Topic},
    clock::Clock,
    config::Config,
    metrics::METRICS,
    outbound::{Outbound, OutboundError},
    store::{Store, StoreError, Tx},
};
use tokio::sync::{Mutex, Notify, OnceCell};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

pub use bounces::BouncesError;
use mail::dkim::{Dkim, DkimError};
use mailer::{Clerk, Post};
use ticks::{Ticks, Wake};

/// A worker with everything it needs. Its steps can be taken one by one; [`run`] takes them whenever something is due.
#[derive(Debug)]
pub struct Worker {
    /// The settings.
    pub config: Config,
    /// The database.
    pub store: Store,
    /// Where wake-ups come from and live updates go.
    pub bus: Bus,
    /// The time.
    pub clock: Clock,
    /// This start of this process: who holds a lease.
    pub instance: Uuid,
    posts: Vec<Mutex<Post>>,
    clerk: Box<Clerk>,
    dkim: Dkim,
    outbound: OnceCell<Outbound>,
    deliveries_made: Notify,
    shutdown: CancellationToken,
}

/// Why the worker cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum WorkerError {
    /// The database failed; the step is repeated at the next tick.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// There is no tick, and without it nothing is ever due.
    #[error("the worker's tick cannot be started: {0}")]
    Tick(#[from] tokio_cron_scheduler::JobSchedulerError),
    /// Nothing could be sent to webhooks.
    #[error(transparent)]
    Outbound(#[from] OutboundError),
    /// Mail is to be signed, and cannot be.
    #[error(transparent)]
    Dkim(#[from] DkimError),
}

impl Worker {
    /// A worker that takes a step when it is asked to. Reads the keys that sign mail, and blocks while it does.
    ///
    /// # Errors
    /// When there are such keys and one cannot be used.
    pub fn new(config: &Config, store: Store, bus: Bus, clock: Clock) -> Result<Self, WorkerError> {
        Self::until(config, store, bus, clock, CancellationToken::new())
    }

    /// The same, which begins no further item once `shutdown` is cancelled.
    fn until(
        config: &Config,
        store: Store,
        bus: Bus,
        clock: Clock,
        shutdown: CancellationToken,
    ) -> Result<Self, WorkerError> {
        let dkim = Dkim::load(&config.mail)?;
        let instance = clock.new_id();
        let posts = Post::ways(&config.mail);
        // On the heap: whatever waits for a worker to be made would be a large future.
        let clerk = Box::new(Clerk::new(store.clone(), lease(config)));
        Ok(Self {
            config: config.clone(),
            store,
            bus,
            clock,
            instance,
            posts,
            clerk,
            dkim,
            outbound: OnceCell::new(),
            deliveries_made: Notify::new(),
            shutdown,
        })
    }

    /// How long a claimed item belongs to this worker without a renewal.
    fn lease(&self) -> TimeDelta {
        lease(&self.config)
    }

    fn is_stopping(&self) -> bool {
        self.shutdown.is_cancelled()
    }

    /// Commits, and tells live subscribers what changed.
    async fn commit(&self, tx: Tx) -> Result<(), StoreError> {
        let changes = tx.commit().await?;
        self.bus.announce(changes).await;
        Ok(())
    }

    async fn nights(&self, mut wake: Wake) {
        loop {
            if let Err(error) = self.queue_due_nights().await {
                METRICS.failed("nights");
                tracing::error!(%error, "nights could not be queued; trying again at the next tick");
            }
            if !wake.next(&self.shutdown).await {
                return;
            }
        }
    }

    async fn runs(&self, sizes: RangeInclusive<i32>, mut wake: Wake) {
        loop {
            if let Err(error) = self.run_sized(sizes.clone()).await {
                METRICS.failed("runs");
                tracing::error!(%error, "a match run was interrupted; it is taken up again when its lease ends");
            }
            if !wake.next(&self.shutdown).await {
                return;
            }
        }
    }

    async fn upkeeps(&self, mut wake: Wake) {
        loop {
            if let Err(error) = self.upkeep().await {
                METRICS.failed("upkeep");
                tracing::error!(%error, "upkeep was interrupted; trying again at the next tick");
            }
            if !wake.next(&self.shutdown).await {
                return;
            }
        }
    }

    /// The first connection to the relay also writes sign-in links and finds out whether the relay is back.
    async fn first_mails(&self) -> Result<(), StoreError> {
        self.write_sign_in_links().await?;
        if self.try_relay().await? > 0 {
            self.bus.publish(Topic::MessagesDue, "{}").await;
        }
        self.send_by(0).await.map(drop)
    }

    /// One connection to the relay; a slow exchange on it does not keep the others from theirs.
    async fn mails(&self, way: usize, mut wake: Wake) {
        loop {
            let is_first = way == 0;
            let sent = if is_first { self.first_mails().await } else { self.send_by(way).await.map(drop) };
            if let Err(error) = sent {
                METRICS.failed("mails");
                tracing::error!(%error, "sending was interrupted; trying again at the next tick");
            }
            let due = if is_first { self.until_due().await } else { None };
            if !wake.next_within(due, &self.shutdown).await {
                return;
            }
        }
    }
}

fn lease(config: &Config) -> TimeDelta {
    TimeDelta::seconds(i64::try_from(config.worker.lease_seconds).unwrap_or(60))
}

/// Works until `shutdown` is cancelled, then finishes the items in hand, for at most `worker.shutdown_seconds`.
///
/// The schema must be current. What is in hand after that time is dropped, and another worker takes it up when its
/// lease ends.
///
/// # Errors
/// When the tick cannot be started, no client for webhooks can be made, or a key that is to sign mail cannot be used. Nothing else stops a worker: a database that is
/// gone is asked again at every tick.
pub async fn run(
    config: &Config,
    store: Store,
    bus: Bus,
    clock: Clock,
    shutdown: CancellationToken,
) -> Result<(), WorkerError> {
    let worker = Worker::until(config, store, bus, clock, shutdown.clone())?;
    let ticks = Ticks::start(Duration::from_secs(config.worker.tick_seconds)).await?;
    let runs = nightly::slots(config.worker.people_at_once).map(|sizes| {
        let requested = worker.bus.subscribe(Topic::RunRequested);
        worker.runs(sizes, ticks.wake(Some(requested)))
    });
    let runs = join_all(runs);
    let mails = (0..worker.posts.len()).map(|way| {
        let due = worker.bus.subscribe(Topic::MessagesDue);
        worker.mails(way, ticks.wake(Some(due)))
    });
    let mails = join_all(mails);
    let events = ticks.wake(Some(worker.bus.subscribe(Topic::MessagesDue)));
    worker.outbound().await?;
    tracing::info!(instance = %worker.instance, "the worker is ready");
    {
        // One task for all: whatever a loop does, its end or its panic is noticed here.
        let mut work = Box::pin(async {
            tokio::join!(
                worker.nights(ticks.wake(None)),
                runs,
                worker.upkeeps(ticks.wake(None)),
                mails,
                worker.bounces(ticks.wake(None)),
                worker.fan_outs(events),
                worker.deliveries(ticks.wake(None))
            )
        });
        tokio::select! {
            _ = &mut work => {}
            () = shutdown.cancelled() => {
                let grace = Duration::from_secs(config.worker.shutdown_seconds);
                if tokio::time::timeout(grace, work).await.is_err() {
                    tracing::warn!("work in hand took too long and was dropped; it is taken up when its lease ends");
                }
            }
        }
    }
    ticks.stop().await?;
    tracing::info!(instance = %worker.instance, "the worker has stopped");
    Ok(())
}
