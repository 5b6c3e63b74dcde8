//! `counterpart worker`

use std::{panic, path::Path};

use shared::{config::Role, telemetry};

use super::{Failure, process::Process, settings, signals};

/// Works until a signal.
pub(super) async fn run(file: Option<&Path>) -> Result<(), Failure> {
    let config = settings::load(file, Role::Worker)?;
    telemetry::init(&config.log)?;
    signals::heeding(async |shutdown| {
        let process = Process::open(&config, &shutdown).await?;
        let (store, bus, clock) = (process.store.clone(), process.bus.clone(), process.clock.clone());
        let (with, until) = (config.clone(), shutdown.clone());
        // A task runs on a thread that also hears what it waits for. This one is another: each answer of the database or the
        // relay would have to wake it.
        let working = process.spawn(async move { worker::run(&with, store, bus, clock, until).await });
        let worked = match working.await {
            Ok(worked) => worked,
            Err(broken) => panic::resume_unwind(broken.into_panic()),
        };
        shutdown.cancel();
        let closed = process.close().await;
        worked?;
        closed
    })
    .await
}
