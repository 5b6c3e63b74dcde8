//! What a running API, a running worker and both in one process stand on.

use std::time::Duration;

use api::MetricsServer;
use shared::{
    bus::Bus,
    clock::Clock,
    config::Config,
    store::{Patience, Store},
};
use tokio::task::JoinHandle;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::Failure;

/// The connections of a process, opened and closed together.
#[derive(Debug)]
pub(super) struct Process {
    pub(super) store: Store,
    pub(super) bus: Bus,
    pub(super) clock: Clock,
    tasks: TaskTracker,
}

impl Process {
    /// Opens the database, whose schema must be current, and the bus.
    pub(super) async fn open(config: &Config, shutdown: &CancellationToken) -> Result<Self, Failure> {
        Self::open_for(config, None, shutdown).await
    }

    /// The same for a process whose statements nobody waits for longer than `limit`.
    pub(super) async fn open_for(
        config: &Config,
        limit: Option<Duration>,
        shutdown: &CancellationToken,
    ) -> Result<Self, Failure> {
        check_schema(config).await?;
        let tasks = TaskTracker::new();
        let bus = Bus::from_config(&config.redis, &tasks, shutdown.clone())?;
        let silence = Duration::from_secs(config.worker.lease_seconds);
        let store = open_store_with(config, Patience { statement: limit, silence }).await?;
        if !config.metrics.listen.is_empty() {
            let server = MetricsServer::bind(&config.metrics.listen)?;
            tasks.spawn(server.run(store.clone(), shutdown.clone()));
        }
        Ok(Self { store, bus, clock: config.clock.clock(), tasks })
    }

    /// Begins a task that is waited for when everything is closed.
    pub(super) fn spawn<T: Send + 'static>(&self, task: impl Future<Output = T> + Send + 'static) -> JoinHandle<T> {
        self.tasks.spawn(task)
    }

    /// Closes everything; `shutdown` must have been cancelled.
    pub(super) async fn close(self) -> Result<(), Failure> {
        self.tasks.close();
        self.tasks.wait().await;
        Ok(self.store.close().await?)
    }
}

/// Opens the database.
pub(super) async fn open_store(config: &Config) -> Result<Store, Failure> {
    open_store_with(config, Patience::default()).await
}

/// Opens the database with other limits.
async fn open_store_with(config: &Config, patience: Patience) -> Result<Store, Failure> {
    let connected = Store::connect_with(config.database.url.expose(), config.database.max_connections, patience).await;
    connected.map_err(Failure::database)
}

/// Refuses a schema that is not the one this program was built for.
pub(super) async fn check_schema(config: &Config) -> Result<(), Failure> {
    let missing = migrations::missing(config.database.url.expose()).await.map_err(Failure::database)?;
    if missing.is_empty() {
        return Ok(());
    }
    let names = missing.join(", ");
    Err(Failure::new(format!("the database lacks {names}; run `counterpart migrate` with the same settings first")))
}
