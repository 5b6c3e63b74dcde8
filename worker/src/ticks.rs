//! What wakes the worker: a steady tick, and messages on the bus.

use std::time::Duration;

use shared::bus::Subscription;
use tokio::{sync::watch, time::sleep};
use tokio_cron_scheduler::{Job, JobScheduler, JobSchedulerError};
use tokio_util::sync::CancellationToken;

/// The tick. It says "look now" and nothing else: what is due is decided by the time and the database.
pub(crate) struct Ticks {
    scheduler: JobScheduler,
    ticked: watch::Sender<()>,
}

impl Ticks {
    /// Ticks from now on, every `period`.
    pub(crate) async fn start(period: Duration) -> Result<Self, JobSchedulerError> {
        let scheduler = JobScheduler::new().await?;
        let (ticked, _) = watch::channel(());
        let sender = ticked.clone();
        let job = Job::new_repeated_async(period, move |_, _| {
            sender.send_replace(());
            Box::pin(std::future::ready(()))
        })?;
        scheduler.add(job).await?;
        scheduler.start().await?;
        Ok(Self { scheduler, ticked })
    }

    /// An ear for the tick and, if given, for a topic of the bus.
    pub(crate) fn wake(&self, subscription: Option<Subscription>) -> Wake {
        Wake { ticked: self.ticked.subscribe(), subscription }
    }

    /// Ticks no more.
    pub(crate) async fn stop(mut self) -> Result<(), JobSchedulerError> {
        self.scheduler.shutdown().await
    }
}

/// Waits for whatever comes first. What came while nobody waited counts, once.
pub(crate) struct Wake {
    ticked: watch::Receiver<()>,
    subscription: Option<Subscription>,
}

impl Wake {
    /// Waits for a reason to look; false when it is `shutdown`.
    pub(crate) async fn next(&mut self, shutdown: &CancellationToken) -> bool {
        self.next_within(None, shutdown).await
    }

    /// The same; so long a time is a reason, too.
    pub(crate) async fn next_within(&mut self, longest: Option<Duration>, shutdown: &CancellationToken) -> bool {
        tokio::select! {
            biased;
            () = shutdown.cancelled() => return false,
            ticked = self.ticked.changed() => if ticked.is_err() { return false },
            () = notice(&mut self.subscription) => {}
            () = sleep(longest.unwrap_or(Duration::MAX)), if longest.is_some() => {}
        }
        self.forget().await;
        true
    }

    /// One look answers all the reasons there are by now.
    async fn forget(&mut self) {
        self.ticked.mark_unchanged();
        loop {
            tokio::select! {
                biased;
                () = notice(&mut self.subscription) => {}
                () = std::future::ready(()) => return,
            }
        }
    }
}

async fn notice(subscription: &mut Option<Subscription>) {
    let heard = match subscription {
        Some(subscription) => subscription.next().await,
        None => None,
    };
    if heard.is_none() {
        // The bus is gone, or there is none: the tick goes on.
        *subscription = None;
        std::future::pending::<()>().await;
    }
}
