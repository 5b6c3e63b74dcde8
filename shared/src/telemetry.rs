//! Logs, and what may stand in them: no mail addresses in full, no statements, a request id on everything.

use std::fmt;

use tracing::Subscriber;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

use crate::clock::Clock;
use crate::config::{LogConfig, LogFormat, LogLevel};

/// Logging was already set up in this process.
#[derive(Debug, thiserror::Error)]
#[error("logging cannot be set up: {0}")]
pub struct TelemetryError(#[from] tracing::subscriber::SetGlobalDefaultError);

/// Sends the process's events to standard error from now on, so that standard output stays free for what a command
/// prints.
///
/// # Errors
///
/// [`TelemetryError`] when called a second time in one process.
pub fn init(config: &LogConfig) -> Result<(), TelemetryError> {
    tracing::subscriber::set_global_default(subscriber(config, std::io::stderr))?;
    Ok(())
}

fn subscriber<W>(config: &LogConfig, writer: W) -> Box<dyn Subscriber + Send + Sync>
where
    W: for<'writer> MakeWriter<'writer> + Send + Sync + 'static,
{
    let builder = tracing_subscriber::fmt().with_env_filter(filter(config.level)).with_writer(writer);
    match config.format {
        LogFormat::Text => Box::new(builder.with_ansi(false).finish()),
        LogFormat::Json => {
            Box::new(builder.json().flatten_event(true).with_current_span(true).with_span_list(false).finish())
        }
    }
}

/// The libraries below are told apart from the service itself: statements and their values are personal data, and the
/// wire protocols drown everything else.
fn filter(level: LogLevel) -> EnvFilter {
    let level = level.as_str();
    if level == LogLevel::Trace.as_str() {
        return EnvFilter::new(level);
    }
    let quiet =
        ["sqlx", "sea_orm", "sea_orm_migration", "h2", "hyper", "rustls", "mio", "redis", "tokio_cron_scheduler"];
    let directives: Vec<String> = quiet.iter().map(|library| format!("{library}={}", at_most_warn(level))).collect();
    EnvFilter::new(format!("{level},{}", directives.join(",")))
}

fn at_most_warn(level: &str) -> &str {
    if level == LogLevel::Error.as_str() { level } else { LogLevel::Warn.as_str() }
}

/// A mail address as it may stand in a log: the first character, then `***`, then the domain
/// (`ana.silva@example.org` becomes `a***@example.org`). Whatever is not an address becomes `***`.
pub fn mask_address(address: &str) -> String {
    Masked(address).to_string()
}

/// Displays a mail address the way [`mask_address`] does.
#[derive(Clone, Copy)]
pub struct Masked<'a>(pub &'a str);

impl fmt::Display for Masked<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A domain with blanks or control characters is no domain, and could forge a line of the log.
        let shown = self.0.rsplit_once('@').filter(|(_, domain)| {
            !domain.is_empty() && !domain.contains(|c: char| c.is_whitespace() || c.is_control())
        });
        let Some((local, domain)) = shown else { return f.write_str("***") };
        match local.chars().next().filter(|first| first.is_alphanumeric()) {
            Some(first) => write!(f, "{first}***@{domain}"),
            None => write!(f, "***@{domain}"),
        }
    }
}

impl fmt::Debug for Masked<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The id of a request: the caller's own when it is 8 to 64 characters of `A-Z a-z 0-9 _ -`, otherwise a new one.
pub fn request_id(incoming: Option<&str>, clock: &Clock) -> String {
    let acceptable = |id: &&str| {
        (8..=64).contains(&id.len())
            && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
    };
    match incoming.filter(acceptable) {
        Some(id) => id.to_owned(),
        None => clock.new_id().simple().to_string(),
    }
}

#[cfg(test)]
mod tests;
