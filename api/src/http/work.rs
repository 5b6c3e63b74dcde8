//! Where the work of a request is done, with an end to it.

use std::{future::Future, time::Duration};

use tokio::{
    runtime::Handle,
    task::{JoinError, JoinHandle},
    time::{Instant, timeout, timeout_at},
};
use tokio_util::{
    sync::CancellationToken,
    task::{AbortOnDropHandle, TaskTracker},
};
use tracing::Instrument as _;

use super::answers::Fault;

/// How long work that was given up may take to notice.
const GIVEN_UP: Duration = Duration::from_secs(1);

/// Runs the work of requests: on the thread that received one, whose connections to the database are its own, what ends
/// with the answer; on the process's runtime what goes on beside it, or would keep others on that thread waiting.
#[derive(Debug)]
pub(crate) struct Work {
    runtime: Handle,
    tasks: TaskTracker,
    stopping: CancellationToken,
}

impl Work {
    /// Work on the runtime this is called in. Streams, which have no end of their own, end when `stopping` is cancelled.
    pub(crate) fn new(stopping: CancellationToken) -> Self {
        Self { runtime: Handle::current(), tasks: TaskTracker::new(), stopping }
    }

    /// Cancelled when the process stops.
    pub(super) fn stopping(&self) -> &CancellationToken {
        &self.stopping
    }

    /// Begins work that goes on until it is done or the handle is dropped.
    pub(super) fn start(&self, work: impl Future<Output = ()> + Send + 'static) -> AbortOnDropHandle<()> {
        AbortOnDropHandle::new(self.tasks.spawn_on(work.in_current_span(), &self.runtime))
    }

    /// Begins the service of a connection, on the thread that accepted it.
    pub(super) fn start_here(&self, service: impl Future<Output = ()> + 'static) {
        self.tasks.spawn_local(service.in_current_span());
    }

    /// Does `work` until `deadline`. It ends early when the future returned here is dropped, as it is when the client
    /// hangs up.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        deadline: Instant,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Result<T, Fault> {
        until(deadline, self.tasks.spawn(work.in_current_span())).await
    }

    /// The same for work that takes a thread long.
    pub(super) async fn run_apart<T: Send + 'static>(
        &self,
        deadline: Instant,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Result<T, Fault> {
        until(deadline, self.tasks.spawn_on(work.in_current_span(), &self.runtime)).await
    }

    /// Does `work` to its end, even when the future returned here is dropped: for what somebody will ask about again. It
    /// must have an end of its own.
    pub(super) async fn run_to_its_end<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T, Fault>> + Send + 'static,
    ) -> Result<T, Fault> {
        match self.tasks.spawn_on(work.in_current_span(), &self.runtime).await {
            Ok(done) => done,
            Err(error) => Err(broken(&error)),
        }
    }

    /// Does `work` beside the answer to its request. It ends by itself, and soon after somebody hung up.
    pub(super) fn go_on(&self, work: impl Future<Output = ()> + Send + 'static) {
        drop(self.tasks.spawn_on(work.in_current_span(), &self.runtime));
    }

    /// Waits a moment for work that was given up, so that its connections are back in their pool.
    pub(crate) async fn finish(&self) {
        self.tasks.close();
        if timeout(GIVEN_UP, self.tasks.wait()).await.is_err() {
            tracing::warn!(tasks = self.tasks.len(), "some requests did not stop in time");
        }
    }
}

async fn until<T>(deadline: Instant, task: JoinHandle<T>) -> Result<T, Fault> {
    match timeout_at(deadline, AbortOnDropHandle::new(task)).await {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(error)) => Err(broken(&error)),
        Err(_) => Err(Fault::TimedOut),
    }
}

fn broken(error: &JoinError) -> Fault {
    tracing::error!(panicked = error.is_panic(), "the work of a request broke off");
    Fault::Internal
}
