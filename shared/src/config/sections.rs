//! The settings themselves, section by section. Ranges and defaults are documented in `default.toml`.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::PathBuf;

use chrono::{DateTime, Utc};
use ipnet::IpNet;
use serde::de::IntoDeserializer as _;
use serde::{Deserialize, Deserializer};

use super::secret::{Secret, SecretUrl};
use crate::clock::Clock;

/// Where the data is.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DatabaseConfig {
    /// `postgres://…`, `postgresql://…` or `sqlite://…`.
    pub url: SecretUrl,
    /// How many connections one process opens at most, 1 to 1000.
    pub max_connections: u32,
}

/// Wake-ups and fan-out between processes.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RedisConfig {
    /// `redis://…` or `rediss://…`; empty: everything runs in one process and no Redis is used.
    pub url: SecretUrl,
}

/// The API's server.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HttpConfig {
    /// The address or host name to listen on.
    pub host: String,
    /// The port to listen on; 0: any free one.
    pub port: u16,
    /// Where people reach the API, `https://…` without a slash at the end; links in mails begin with it. Empty in
    /// development mode only: see [`public_url_for`](Self::public_url_for).
    pub public_url: String,
    /// A file that gets `host:port` after binding; empty: none.
    pub address_file: String,
    /// Whether the schema explorer is served.
    pub explorer: bool,
    /// The largest request body that is read, in bytes.
    pub body_limit_bytes: usize,
    /// The largest roster that is taken in, in bytes.
    pub upload_limit_bytes: usize,
    /// How long one request may take, in seconds.
    pub request_timeout_seconds: u64,
    /// How many streams, WebSockets included, may be open at a time.
    pub stream_limit: usize,
    /// How many proxies stand in front, each of which adds to `X-Forwarded-For`.
    pub trusted_proxies: u32,
}

impl HttpConfig {
    /// The public address without a slash at the end: the configured one, or the bound one when none is configured.
    pub fn public_url_for(&self, bound: SocketAddr) -> String {
        if self.public_url.is_empty() { format!("http://{bound}") } else { self.public_url.clone() }
    }
}

/// How much a caller may ask for, in the long run and at once. Every pair of settings is a leaky bucket: `_burst` is
/// what it holds, `_per_minute` what leaks out of it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LimitsConfig {
    /// Whether anything is limited.
    pub enabled: bool,
    /// Requests of one caller at once.
    pub requests_burst: u32,
    /// Requests of one caller in the long run.
    pub requests_per_minute: u32,
    /// Cost points of one caller at once.
    pub points_burst: u32,
    /// Cost points of one caller in the long run.
    pub points_per_minute: u32,
    /// Cost points of a whole organization at once.
    pub organization_points_burst: u32,
    /// Cost points of a whole organization in the long run.
    pub organization_points_per_minute: u32,
    /// Requests without a valid token of one address at once.
    pub anonymous_requests_burst: u32,
    /// Requests without a valid token of one address in the long run.
    pub anonymous_requests_per_minute: u32,
    /// Calls of one mutation without a token from one address at once.
    pub anonymous_mutations_burst: u32,
    /// Calls of one mutation without a token from one address in the long run.
    pub anonymous_mutations_per_minute: u32,
}

/// How mail leaves.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MailConfig {
    /// Over SMTP or into a local folder.
    #[serde(deserialize_with = "choice")]
    pub transport: MailTransport,
    /// The folder that the mailbox transport writes to.
    pub mailbox_dir: PathBuf,
    /// The relay's host name; needed by the SMTP transport.
    pub smtp_host: String,
    /// The relay's port.
    pub smtp_port: u16,
    /// How the connection to the relay is secured.
    #[serde(deserialize_with = "choice")]
    pub smtp_security: SmtpSecurity,
    /// The user to log in as; empty: no login.
    pub smtp_user: String,
    /// The password to log in with.
    pub smtp_password: Secret,
    /// The address mails come from.
    pub from_address: String,
    /// The name mails come from; may be empty.
    pub from_name: String,
    /// The keys that sign every mail; empty: none is signed.
    #[serde(deserialize_with = "dkim_keys")]
    pub dkim_keys: Vec<DkimKey>,
    /// The domain that signs; empty: see [`signing_domain`](Self::signing_domain).
    pub dkim_domain: String,
    /// Where reports about mail go (the envelope's sender, RFC 5321); empty: to `from_address`.
    pub envelope_from: String,
    /// A Maildir that reports are delivered to, for the worker to take in; empty: none.
    pub bounces_dir: PathBuf,
    /// How long one SMTP command may take, in seconds.
    pub command_timeout_seconds: u64,
    /// How many connections to the relay one process has at most.
    pub connections: u32,
    /// How many mails a minute one domain of recipients gets at most; 0: as many as there are.
    pub per_domain_per_minute: u32,
    /// The same for single domains, by their names in lower case.
    #[serde(deserialize_with = "domain_ceilings")]
    pub domain_ceilings: BTreeMap<String, u32>,
}

impl MailConfig {
    /// The domain mails come from; empty when there is no address.
    pub fn from_domain(&self) -> &str {
        self.from_address.rsplit_once('@').map_or("", |(_, domain)| domain)
    }

    /// The domain that signs mails: the configured one, or the one they come from.
    pub fn signing_domain(&self) -> &str {
        if self.dkim_domain.is_empty() { self.from_domain() } else { &self.dkim_domain }
    }

    /// The sender of the envelope, whom reports go to.
    pub fn envelope_sender(&self) -> &str {
        if self.envelope_from.is_empty() { &self.from_address } else { &self.envelope_from }
    }

    /// How many mails a minute a domain, in lower case, gets at most; `None` when as many as there are.
    pub fn ceiling(&self, domain: &str) -> Option<NonZeroU32> {
        NonZeroU32::new(self.domain_ceilings.get(domain).copied().unwrap_or(self.per_domain_per_minute))
    }
}

/// A private key that signs mails (DKIM).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DkimKey {
    /// Under which name its public half stands in DNS: labels of letters, digits and hyphens.
    pub selector: String,
    /// The PEM file.
    pub file: PathBuf,
}

/// Where a mail goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MailTransport {
    /// To a relay, over SMTP.
    Smtp,
    /// Into a local folder, for development and tests.
    Mailbox,
}

/// How the connection to the relay is secured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SmtpSecurity {
    /// Not at all: for a relay on the same machine or a test.
    None,
    /// Upgraded with STARTTLS, and refused when the relay cannot.
    Starttls,
    /// TLS from the first byte.
    Tls,
}

/// Where requests to addresses that organizations name may go.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OutboundConfig {
    /// Networks of one's own that may be reached besides the public internet, also without TLS.
    #[serde(deserialize_with = "networks")]
    pub allowed_networks: Vec<IpNet>,
}

/// The event log.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EventsConfig {
    /// How long events can be read and replayed, in days.
    pub retention_days: u32,
}

/// Whose tokens are believed.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuthConfig {
    /// What a token's `iss` must be.
    pub issuer: String,
    /// What a token's `aud` must be or contain.
    pub audience: String,
    /// The folder with the public keys, `<kid>.<eddsa|es256|rs256>.pem`.
    pub keys_dir: PathBuf,
    /// How far clocks may differ when `exp` and `nbf` are checked, in seconds.
    pub leeway_seconds: u64,
}

/// The pace of the background worker.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WorkerConfig {
    /// How often the worker asks what is due, in seconds.
    pub tick_seconds: u64,
    /// How long a claimed piece of work belongs to its worker without a renewal, in seconds.
    pub lease_seconds: u64,
    /// How many people the small runs that are planned at the same time have together at most; a larger run than a fourth of
    /// that is planned beside them, one at a time.
    pub people_at_once: u32,
    /// How long a stopping process waits for work in hand, in seconds.
    pub shutdown_seconds: u64,
}

/// What an operator watches.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MetricsConfig {
    /// Where `/metrics` is served, `host:port`; empty: nowhere.
    pub listen: String,
}

/// The time the process believes it is.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClockConfig {
    /// The instant the process starts at, development mode only; `None`: the real time.
    #[serde(deserialize_with = "instant_or_empty")]
    pub start_at: Option<DateTime<Utc>>,
}

impl ClockConfig {
    /// The clock of this process. Call it once and hand out clones: a shifted clock counts from this call.
    pub fn clock(&self) -> Clock {
        self.start_at.map_or_else(Clock::system, Clock::starting_at)
    }
}

/// What is logged, and in which form.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogConfig {
    /// For people or for machines.
    #[serde(deserialize_with = "choice")]
    pub format: LogFormat,
    /// The least severe level that is logged.
    #[serde(deserialize_with = "choice")]
    pub level: LogLevel,
}

/// The form of a log line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// How severe an event must be to be logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogLevel {
    /// Something failed and somebody should look.
    Error,
    /// Something is odd, and the service went on.
    Warn,
    /// What an operator wants to see on a good day.
    Info,
    /// What helps to find a fault.
    Debug,
    /// Everything, SQL statements included.
    Trace,
}

impl LogLevel {
    /// The level's name, in lower case.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Debug => "debug",
            Self::Trace => "trace",
        }
    }
}

/// Reads one of an enum's names, and lists them all when the text is none of them.
fn choice<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<T, D::Error> {
    T::deserialize(String::deserialize(deserializer)?.into_deserializer())
}

fn networks<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<IpNet>, D::Error> {
    let text = String::deserialize(deserializer)?;
    let read = |word: &str| {
        word.parse().map_err(|_| {
            serde::de::Error::custom(format!("`{word}` is not a network such as 10.20.0.0/16 or fd12::/48"))
        })
    };
    words(&text).map(read).collect()
}

/// The parts of a list in one text, separated by commas.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(str::trim).filter(|word| !word.is_empty())
}

fn dkim_keys<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<DkimKey>, D::Error> {
    let text = String::deserialize(deserializer)?;
    let read = |word: &str| {
        let pair = word.split_once('=').map(|(selector, file)| (selector.trim(), file.trim()));
        let named = pair.filter(|(selector, file)| is_domain(selector) && !file.is_empty());
        named.map(|(selector, file)| DkimKey { selector: selector.to_owned(), file: file.into() }).ok_or_else(|| {
            let example = "selector=file, such as 2026=/etc/counterpart/dkim.pem";
            serde::de::Error::custom(format!("`{word}` does not look like {example}"))
        })
    };
    words(&text).map(read).collect()
}

/// The most mails a minute that can be asked for.
pub(super) const HIGHEST_CEILING: u32 = 100_000;

fn domain_ceilings<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<String, u32>, D::Error> {
    let text = String::deserialize(deserializer)?;
    let mut ceilings = BTreeMap::new();
    for word in words(&text) {
        let pair = word.split_once('=').map(|(domain, figure)| (domain.trim().to_lowercase(), figure.trim().parse()));
        let Some((domain, Ok(figure @ 0..=HIGHEST_CEILING))) = pair.filter(|(domain, _)| is_domain(domain)) else {
            let example = format!("domain=mails a minute, 0 to {HIGHEST_CEILING}, such as gmail.com=60");
            return Err(serde::de::Error::custom(format!("`{word}` does not look like {example}")));
        };
        if ceilings.insert(domain, figure).is_some() {
            return Err(serde::de::Error::custom(format!(
                "`{word}` names a domain for the second time; keep one of them"
            )));
        }
    }
    Ok(ceilings)
}

/// Labels of letters, digits and hyphens, with dots between them.
pub(super) fn is_domain(text: &str) -> bool {
    text.len() <= 253
        && text.split('.').all(|label| {
            (1..=63).contains(&label.len()) && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        })
}

fn instant_or_empty<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<DateTime<Utc>>, D::Error> {
    let text = String::deserialize(deserializer)?;
    if text.is_empty() {
        return Ok(None);
    }
    match DateTime::parse_from_rfc3339(&text) {
        Ok(instant) => Ok(Some(instant.to_utc())),
        Err(error) => {
            Err(serde::de::Error::custom(format!("`{text}` is not an instant such as 2026-03-29T01:30:00Z ({error})")))
        }
    }
}
