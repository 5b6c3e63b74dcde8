//! Every setting of the service: what it means, where it came from, and whether it makes sense.
//!
//! Three layers, the later one wins: the documented defaults in `config/default.toml`, a TOML file, and environment
//! variables named `COUNTERPART_<SECTION>__<FIELD>`. A setting nobody knows and a value nobody can use stop the
//! start, with all such problems in one message.

use std::path::Path;

pub use self::error::{ConfigError, Problem};
pub use self::layers::{Layers, Role};
pub use self::secret::{Secret, SecretUrl};
pub use self::sections::{
    AuthConfig, ClockConfig, DatabaseConfig, DkimKey, EventsConfig, HttpConfig, LimitsConfig, LogConfig, LogFormat,
    LogLevel, MailConfig, MailTransport, MetricsConfig, OutboundConfig, RedisConfig, SmtpSecurity, WorkerConfig,
};

mod checks;
mod error;
mod layers;
mod secret;
mod sections;
#[cfg(test)]
mod tests;

/// All settings, checked. `Debug` masks passwords.
#[derive(Clone, Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Whether this is the one-process development mode. It is not a setting: only [`Layers::embedded`] turns it on.
    #[serde(skip)]
    pub dev: bool,
    /// The one source of truth.
    pub database: DatabaseConfig,
    /// Wake-ups and fan-out between processes.
    pub redis: RedisConfig,
    /// The API's server.
    pub http: HttpConfig,
    /// How much a caller may ask for.
    pub limits: LimitsConfig,
    /// How mail leaves.
    pub mail: MailConfig,
    /// Where requests to addresses that organizations name may go.
    pub outbound: OutboundConfig,
    /// The event log.
    pub events: EventsConfig,
    /// Whose tokens are believed.
    pub auth: AuthConfig,
    /// The pace of the background worker.
    pub worker: WorkerConfig,
    /// What an operator watches.
    pub metrics: MetricsConfig,
    /// The time the process believes it is.
    pub clock: ClockConfig,
    /// What is logged, and in which form.
    pub log: LogConfig,
}

impl Config {
    /// Reads the settings of a deployed process: defaults, then `file` when there is one, then `env`.
    ///
    /// `env` is usually `std::env::vars()`; variables that do not begin with `COUNTERPART_` are not looked at.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] when the file cannot be read or any setting is unknown, unusable or missing. Everything that
    /// any role needs is asked for; [`Layers`] reads the settings of one role.
    pub fn load(file: Option<&Path>, env: impl Iterator<Item = (String, String)>) -> Result<Self, ConfigError> {
        Layers::new().file(file).env(env).load()
    }

    /// Reads the settings of the development mode: everything lives under `data_dir` and nothing else is needed.
    ///
    /// `port` is the API's port, 0 for any free one. `env` still wins, and everything in [`Layers::embedded`]
    /// applies.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] when a setting in `env` is unknown or unusable, or `data_dir` is not UTF-8.
    pub fn embedded(
        data_dir: &Path,
        port: u16,
        env: impl Iterator<Item = (String, String)>,
    ) -> Result<Self, ConfigError> {
        Layers::new().embedded(data_dir, port).env(env).load()
    }

    /// The documented defaults, as `counterpart config` prints them: a valid file to start from.
    pub fn defaults_toml() -> &'static str {
        include_str!("config/default.toml")
    }

    /// The environment names of all settings, sorted: `COUNTERPART_AUTH__AUDIENCE` and so on.
    pub fn known_settings() -> Vec<String> {
        layers::known_settings()
    }
}
