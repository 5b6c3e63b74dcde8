//! `counterpart api`

use std::{path::Path, time::Duration};

use shared::{config::Role, telemetry};

use super::{Failure, process::Process, settings, signals};

/// Serves the API until a signal.
pub(super) async fn run(file: Option<&Path>) -> Result<(), Failure> {
    let config = settings::load(file, Role::Api)?;
    telemetry::init(&config.log)?;
    signals::heeding(async |shutdown| {
        // A request that was given up must not leave its statement running.
        let limit = Duration::from_secs(config.http.request_timeout_seconds);
        let process = Process::open_for(&config, Some(limit), &shutdown).await?;
        let (store, bus, clock) = (process.store.clone(), process.bus.clone(), process.clock.clone());
        let served = api::run(&config, store, bus, clock, None, shutdown.clone()).await;
        shutdown.cancel();
        let closed = process.close().await;
        served?;
        closed
    })
    .await
}
