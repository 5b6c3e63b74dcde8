//! The API: HTTP and GraphQL over the use cases. Knows no SMTP and no matching.

mod allowance;
mod app;
pub mod caller;
pub mod graphql;
mod http;
mod issuers;
mod metrics;
pub mod use_cases;

use shared::{bus::Bus, clock::Clock, config::Config, store::Store};
use tokio_util::sync::CancellationToken;

pub use app::{ApiError, App, DevSamples, SampleQuery, SampleToken};
pub use http::Readiness;
pub use metrics::MetricsServer;

/// Binds and serves until `shutdown`: [`App::build`] and [`App::run`] in one.
///
/// # Errors
/// As both of them.
pub async fn run(
    config: &Config,
    store: Store,
    bus: Bus,
    clock: Clock,
    dev: Option<DevSamples>,
    shutdown: CancellationToken,
) -> Result<(), ApiError> {
    App::build(config, store, bus, clock, dev)?.run(shutdown).await
}
