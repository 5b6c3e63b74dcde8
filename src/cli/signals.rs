//! Ctrl-C and SIGTERM.

use std::future::Future;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

use super::{Failure, output};

/// What shells report for a process that Ctrl-C ended.
const INTERRUPTED: i32 = 130;

/// Works until it is done or told to stop: the first signal asks for an orderly end, the second one ends at once.
pub(super) async fn heeding<Work>(work: impl FnOnce(CancellationToken) -> Work) -> Result<(), Failure>
where
    Work: Future<Output = Result<(), Failure>>,
{
    let listen = |kind| signal(kind).map_err(|error| Failure::new(format!("signals cannot be heard: {error}")));
    let mut interrupt = listen(SignalKind::interrupt())?;
    let mut terminate = listen(SignalKind::terminate())?;
    let shutdown = CancellationToken::new();
    let ends_the_process = async {
        either(&mut interrupt, &mut terminate).await;
        shutdown.cancel();
        either(&mut interrupt, &mut terminate).await;
        output::error("counterpart: stopped at once");
        std::process::exit(INTERRUPTED);
    };
    tokio::select! {
        done = work(shutdown.clone()) => done,
        () = ends_the_process => Ok(()),
    }
}

async fn either(interrupt: &mut Signal, terminate: &mut Signal) {
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
}
