//! The one binary: `counterpart` alone serves API and worker in one process, its subcommands do one thing each.

mod cli;
mod seed;

use std::process::ExitCode;

use clap::Parser;
use tokio::runtime::Builder;

use cli::{Cli, Failure};

/// A page is thousands of small allocations; the system's allocator takes a quarter of its time for them.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    // First of all: TLS clients refuse to guess which provider is meant. An error says that one is there already.
    rustls::crypto::ring::default_provider().install_default().ok();
    let cli = Cli::parse();
    let done = match Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => {
            let done = runtime.block_on(cli.run());
            // Nobody waits any more for a thread that still plans; dropping the runtime would.
            runtime.shutdown_background();
            done
        }
        Err(error) => Err(Failure::new(format!("threads cannot be started: {error}"))),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}
