//! What a single value must be, and what values must be together.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use super::layers::Role;
use super::sections::{HIGHEST_CEILING, HttpConfig, MailConfig, MailTransport, is_domain};
use super::{Config, SecretUrl};

/// The range of every numeric setting, both ends included.
pub(super) fn ranges() -> impl IntoIterator<Item = (&'static str, RangeInclusive<i64>)> {
    [
        ("auth.leeway_seconds", 0..=300),
        ("database.max_connections", 1..=1000),
        ("events.retention_days", 1..=3650),
        ("http.body_limit_bytes", 1024..=16_777_216),
        ("http.port", 0..=65_535),
        ("http.request_timeout_seconds", 1..=300),
        ("http.stream_limit", 1..=100_000),
        ("http.trusted_proxies", 0..=10),
        ("limits.anonymous_mutations_burst", 1..=1_000_000),
        ("limits.anonymous_mutations_per_minute", 1..=1_000_000),
        ("limits.anonymous_requests_burst", 1..=1_000_000),
        ("limits.anonymous_requests_per_minute", 1..=1_000_000),
        ("limits.organization_points_burst", 20_000..=1_000_000_000),
        ("limits.organization_points_per_minute", 60..=1_000_000_000),
        ("limits.points_burst", 20_000..=100_000_000),
        ("limits.points_per_minute", 60..=100_000_000),
        ("limits.requests_burst", 1..=1_000_000),
        ("limits.requests_per_minute", 1..=1_000_000),
        ("http.upload_limit_bytes", 1024..=268_435_456),
        ("mail.command_timeout_seconds", 1..=600),
        ("mail.connections", 1..=50),
        ("mail.per_domain_per_minute", 0..=i64::from(HIGHEST_CEILING)),
        ("mail.smtp_port", 1..=65_535),
        ("worker.lease_seconds", 1..=3600),
        ("worker.people_at_once", 400..=1_000_000),
        ("worker.shutdown_seconds", 1..=600),
        ("worker.tick_seconds", 1..=60),
    ]
}

type Problems = Vec<(&'static str, String)>;

/// Everything that is wrong with otherwise well-formed settings, as field and message.
pub(super) fn check(config: &Config, role: Role) -> Problems {
    // The development mode makes its own keys, and the folder with them.
    let reads_keys = matches!(role, Role::Api | Role::All) && !config.dev;
    let mut problems = Vec::new();
    let mut refuse = |field, message: &str| problems.push((field, message.to_owned()));

    if config.database.url.is_empty() {
        refuse("database.url", "must be set, to postgres://user:password@host/name or sqlite://file?mode=rwc");
    } else if !has_scheme(&config.database.url, &["postgres://", "postgresql://", "sqlite:"]) {
        refuse("database.url", "must begin with postgres://, postgresql:// or sqlite://");
    }
    if !config.redis.url.is_empty()
        && (!has_scheme(&config.redis.url, &["redis://", "rediss://"])
            || redis::Client::open(config.redis.url.expose()).is_err())
    {
        refuse("redis.url", "must be empty or look like redis://user:password@host:6379/0 (rediss:// for TLS)");
    }
    if config.clock.start_at.is_some() && !config.dev {
        refuse("clock.start_at", "only the development mode may start at another time; leave it empty");
    }
    if config.auth.issuer.is_empty() {
        refuse("auth.issuer", "must be set to the `iss` of the tokens that are to be believed");
    }
    if config.auth.audience.is_empty() {
        refuse("auth.audience", "must be set to the `aud` of the tokens that are to be believed");
    }
    if config.auth.keys_dir.as_os_str().is_empty() {
        refuse("auth.keys_dir", "must be set to the folder that holds the public keys");
    } else if reads_keys && !config.auth.keys_dir.is_dir() {
        refuse("auth.keys_dir", "must be an existing folder with the public keys of whoever issues tokens");
    }
    let listen = &config.metrics.listen;
    let port =
        listen.rsplit_once(':').filter(|(host, _)| !host.is_empty()).and_then(|(_, port)| port.parse::<u16>().ok());
    if !listen.is_empty() && port.is_none() {
        refuse("metrics.listen", "must be empty or host:port, such as 127.0.0.1:9464");
    }
    check_http(&config.http, config.dev || role == Role::Tool, &mut refuse);
    check_mail(&config.mail, matches!(role, Role::Worker | Role::All), &mut refuse);
    // A worker that waits for one command longer than it holds the claim would lose every slow mail to another one.
    if config.worker.lease_seconds <= config.mail.command_timeout_seconds {
        refuse("worker.lease_seconds", "must be longer than mail.command_timeout_seconds");
    }
    problems
}

fn check_http(http: &HttpConfig, may_be_unset: bool, refuse: &mut impl FnMut(&'static str, &str)) {
    if http.host.is_empty() || http.host.contains(char::is_whitespace) {
        refuse("http.host", "must be an address or a host name, such as 127.0.0.1 or 0.0.0.0");
    }
    if http.public_url.is_empty() {
        if !may_be_unset {
            refuse("http.public_url", "must be set, to the address people use: links in mails begin with it");
        }
    } else if !is_web_address(&http.public_url) {
        refuse("http.public_url", "must look like https://mentoring.example.org, without `?`, `#`, `@` or spaces");
    }
}

fn check_mail(mail: &MailConfig, is_sent: bool, refuse: &mut impl FnMut(&'static str, &str)) {
    match mail.transport {
        MailTransport::Smtp if is_sent && mail.smtp_host.is_empty() => {
            refuse("mail.smtp_host", "must be set when mail.transport is smtp; mailbox writes mails to a folder");
        }
        MailTransport::Mailbox if mail.mailbox_dir.as_os_str().is_empty() => {
            refuse("mail.mailbox_dir", "must be set when mail.transport is mailbox");
        }
        MailTransport::Smtp | MailTransport::Mailbox => {}
    }
    if mail.smtp_host.contains(char::is_whitespace) {
        refuse("mail.smtp_host", "must be an address or a host name");
    }
    if mail.smtp_user.is_empty() != mail.smtp_password.is_empty() {
        refuse("mail.smtp_user", "mail.smtp_user and mail.smtp_password are set together or not at all");
    }
    if mail.from_address.is_empty() {
        if is_sent {
            refuse("mail.from_address", "must be set, to the address mails come from");
        }
    } else if !is_mail_address(&mail.from_address) {
        refuse("mail.from_address", "must be one plain address, such as mentoring@example.org");
    }
    if !mail.envelope_from.is_empty() && !is_mail_address(&mail.envelope_from) {
        refuse("mail.envelope_from", "must be empty or one plain address, such as bounces@example.org");
    }
    if is_sent && !mail.bounces_dir.as_os_str().is_empty() && !mail.bounces_dir.is_dir() {
        refuse("mail.bounces_dir", "must be empty or an existing Maildir folder that the worker may write to");
    }
    // A line break in a name would end the header it is put into.
    if mail.from_name.contains(char::is_control) {
        refuse("mail.from_name", "must be on one line, without control characters");
    }
    check_dkim(mail, refuse);
}

fn check_dkim(mail: &MailConfig, refuse: &mut impl FnMut(&'static str, &str)) {
    let selectors: BTreeSet<String> = mail.dkim_keys.iter().map(|key| key.selector.to_lowercase()).collect();
    if selectors.len() < mail.dkim_keys.len() {
        refuse("mail.dkim_keys", "must name a selector of its own for each key");
    }
    let (from, signing) = (mail.from_domain().to_lowercase(), mail.signing_domain().to_lowercase());
    if !mail.dkim_domain.is_empty() && !is_domain(&mail.dkim_domain) {
        refuse("mail.dkim_domain", "must be empty or a domain, such as example.org");
    } else if !from.is_empty() && from != signing && !from.ends_with(&format!(".{signing}")) {
        // Receivers look whether the two belong together (RFC 7489, section 3.1.1), and take the mail for forged if not.
        let message = format!("must be the domain of mail.from_address, {from}, or one above it; empty for the former");
        refuse("mail.dkim_domain", &message);
    } else if !mail.dkim_keys.is_empty() && !from.is_empty() && !is_domain(&from) {
        refuse("mail.from_address", "must have a domain name after the @ for mail.dkim_keys to sign for");
    }
}

fn has_scheme(url: &SecretUrl, schemes: &[&str]) -> bool {
    schemes.iter().any(|scheme| url.expose().starts_with(scheme))
}

fn is_web_address(url: &str) -> bool {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    rest.is_some_and(|rest| {
        !rest.is_empty()
            && !rest.starts_with(['/', ':'])
            && !rest.contains(|c: char| matches!(c, '?' | '#' | '@') || c.is_whitespace() || c.is_control())
    })
}

fn is_mail_address(address: &str) -> bool {
    address.split_once('@').is_some_and(|(local, domain)| !local.is_empty() && !domain.is_empty())
        && address.matches('@').count() == 1
        && !address.contains(|c: char| c.is_whitespace() || c.is_control() || matches!(c, '<' | '>' | ','))
}
