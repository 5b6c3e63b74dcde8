//! What an operator watches, in the words of Prometheus.
//!
//! Every metric there is stands in this file, with its unit in its name. Labels have few values that we choose ourselves;
//! none names an organization, a person or anything else that grows.

use std::sync::{LazyLock, atomic::AtomicU64};

use prometheus_client::{
    encoding::text,
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::{Registry, Unit},
};

use crate::store::{Store, StoreError, gauges};

/// What a scrape is answered with.
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

type Label = [(&'static str, &'static str); 1];

/// The metrics of this process.
pub static METRICS: LazyLock<Metrics> = LazyLock::new(Metrics::new);

/// Everything that is counted while it happens. What stands in the database is looked up when somebody asks
/// ([`Metrics::scrape`]).
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    runs: Family<Label, Counter>,
    run_seconds: Histogram,
    run_wait_seconds: Histogram,
    sends: Family<Label, Counter>,
    bounces: Family<Label, Counter>,
    relay_paused: Gauge,
    paused_domains: Gauge,
    rescues: Family<Label, Counter>,
    webhooks: Family<Label, Counter>,
    requests: Family<Label, Counter>,
    request_seconds: Histogram,
    points: Histogram,
    failures: Family<Label, Counter>,
    queued_runs: Gauge,
    oldest_queued_run: Gauge<f64, AtomicU64>,
    messages: Family<Label, Gauge>,
    oldest_due_message: Gauge<f64, AtomicU64>,
    deliveries: Gauge,
    oldest_due_delivery: Gauge<f64, AtomicU64>,
    pool_open: Gauge,
    pool_idle: Gauge,
    pool_limit: Gauge,
}

/// Seconds, from a few milliseconds to an hour.
const SECONDS: [f64; 14] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 30.0, 120.0, 600.0, 3_600.0];
/// Points of a document.
const POINTS: [f64; 7] = [1.0, 10.0, 100.0, 500.0, 2_000.0, 10_000.0, 20_000.0];

impl Metrics {
    fn new() -> Self {
        let seconds = || Histogram::new(SECONDS);
        let mut all = Self {
            registry: Registry::with_prefix("counterpart"),
            runs: Family::default(),
            run_seconds: seconds(),
            run_wait_seconds: seconds(),
            sends: Family::default(),
            bounces: Family::default(),
            relay_paused: Gauge::default(),
            paused_domains: Gauge::default(),
            rescues: Family::default(),
            webhooks: Family::default(),
            requests: Family::default(),
            request_seconds: seconds(),
            points: Histogram::new(POINTS),
            failures: Family::default(),
            queued_runs: Gauge::default(),
            oldest_queued_run: Gauge::default(),
            messages: Family::default(),
            oldest_due_message: Gauge::default(),
            deliveries: Gauge::default(),
            oldest_due_delivery: Gauge::default(),
            pool_open: Gauge::default(),
            pool_idle: Gauge::default(),
            pool_limit: Gauge::default(),
        };
        all.begin_at_zero();
        let registry = &mut all.registry;
        registry.register("runs", "Match runs this process ended, by status", all.runs.clone());
        let (name, help) = ("run_duration", "From the claim of a match run to its end");
        registry.register_with_unit(name, help, Unit::Seconds, all.run_seconds.clone());
        let (name, help) = ("run_wait", "From asking for a match run to its first claim");
        registry.register_with_unit(name, help, Unit::Seconds, all.run_wait_seconds.clone());
        registry.register("send_attempts", "Attempts to hand a mail over, by outcome", all.sends.clone());
        registry.register("bounces", "What reports about mail said, by what became of it", all.bounces.clone());
        registry.register(
            "relay_paused",
            "1 while nothing is sent because the relay takes nothing",
            all.relay_paused.clone(),
        );
        registry.register(
            "mail_domains_paused",
            "Domains of recipients that get no mail because it came too fast, all processes",
            all.paused_domains.clone(),
        );
        registry.register("lease_rescues", "Work taken over from a worker that was gone, by kind", all.rescues.clone());
        registry.register("webhook_attempts", "Attempts to deliver an event, by outcome", all.webhooks.clone());
        registry.register("http_requests", "Requests answered, by class of status", all.requests.clone());
        let (name, help) = ("http_request_duration", "From a request to its answer");
        registry.register_with_unit(name, help, Unit::Seconds, all.request_seconds.clone());
        registry.register("graphql_cost_points", "What executed documents cost", all.points.clone());
        registry.register("loop_failures", "Rounds of a worker's loop that failed, by loop", all.failures.clone());
        registry.register("runs_queued", "Match runs that wait for a worker, all processes", all.queued_runs.clone());
        let (name, help) = ("oldest_queued_run_age", "Since when the match run that waits longest waits");
        registry.register_with_unit(name, help, Unit::Seconds, all.oldest_queued_run.clone());
        registry.register("messages", "Mails that are not over, by state, all processes", all.messages.clone());
        let (name, help) = ("oldest_due_message_age", "Since when the mail that is due longest is due");
        registry.register_with_unit(name, help, Unit::Seconds, all.oldest_due_message.clone());
        registry.register(
            "webhook_deliveries_waiting",
            "Events to be delivered, all processes",
            all.deliveries.clone(),
        );
        let (name, help) = ("oldest_due_delivery_age", "Since when the delivery that is due longest is due");
        registry.register_with_unit(name, help, Unit::Seconds, all.oldest_due_delivery.clone());
        registry.register("database_connections_open", "Connections to the database", all.pool_open.clone());
        registry.register("database_connections_idle", "Those of them that nobody uses", all.pool_idle.clone());
        registry.register("database_connections_limit", "The most there may be", all.pool_limit.clone());
        all
    }

    /// Every series is there from the start, so that the first step from 0 to 1 is seen.
    fn begin_at_zero(&self) {
        let series: [(&Family<Label, Counter>, &'static str, &[&'static str]); 7] = [
            (&self.runs, "status", &["PUBLISHED", "READY", "FAILED"]),
            (&self.sends, "outcome", &["sent", "failed", "suppressed", "held", "deferred"]),
            (&self.bounces, "outcome", &["suppressed", "bounced", "delayed", "delivered", "known", "not_ours"]),
            (&self.rescues, "kind", &["run", "message", "bounce"]),
            (&self.webhooks, "outcome", &["delivered", "failed"]),
            (&self.requests, "status", &["1xx", "2xx", "3xx", "4xx", "5xx"]),
            (&self.failures, "loop", &["nights", "runs", "upkeep", "mails", "bounces"]),
        ];
        for (family, name, values) in series {
            for value in values {
                drop(family.get_or_create(&[(name, *value)]));
            }
        }
        for state in ["pending", "sending", "held"] {
            drop(self.messages.get_or_create(&[("state", state)]));
        }
    }

    /// A match run of this process ended so, after so many seconds of work.
    pub fn run_ended(&self, status: &'static str, seconds: f64) {
        self.runs.get_or_create(&[("status", status)]).inc();
        self.run_seconds.observe(seconds);
    }

    /// A match run was begun for the first time, so many seconds after it was asked for.
    pub fn run_begun(&self, waited_seconds: f64) {
        self.run_wait_seconds.observe(waited_seconds);
    }

    /// A mail was tried, and this came of it.
    pub fn send_tried(&self, outcome: &'static str) {
        self.sends.get_or_create(&[("outcome", outcome)]).inc();
    }

    /// A report came in about one recipient, and this became of it.
    pub fn reported(&self, outcome: &'static str) {
        self.bounces.get_or_create(&[("outcome", outcome)]).inc();
    }

    /// Whether nothing is sent because the relay takes nothing.
    pub fn relay_paused(&self, paused: bool) {
        self.relay_paused.set(i64::from(paused));
    }

    /// Work whose worker was gone was taken over: `run`, `message` or `bounce`.
    pub fn rescued(&self, kind: &'static str) {
        self.rescues.get_or_create(&[("kind", kind)]).inc();
    }

    /// An event was posted, and it arrived or did not.
    pub fn webhook_tried(&self, arrived: bool) {
        self.webhooks.get_or_create(&[("outcome", if arrived { "delivered" } else { "failed" })]).inc();
    }

    /// A request was answered.
    pub fn answered(&self, status: u16, seconds: f64) {
        let class = match status {
            ..200 => "1xx",
            200..300 => "2xx",
            300..400 => "3xx",
            400..500 => "4xx",
            500.. => "5xx",
        };
        self.requests.get_or_create(&[("status", class)]).inc();
        self.request_seconds.observe(seconds);
    }

    /// A document of so many points is executed.
    pub fn cost(&self, points: u32) {
        self.points.observe(f64::from(points));
    }

    /// A round of a worker's loop failed.
    pub fn failed(&self, name: &'static str) {
        self.failures.get_or_create(&[("loop", name)]).inc();
    }

    /// All of it as text, with what the database says about all processes. When the database cannot be asked, the rest is
    /// told all the same, and what it said last.
    ///
    /// # Errors
    /// Never but for a failure to write text into memory.
    pub async fn scrape(&self, store: &Store) -> Result<String, std::fmt::Error> {
        if let Err(error) = self.look_up(store).await {
            tracing::warn!(%error, "the database did not tell what waits");
        }
        let (open, idle, limit) = store.connections();
        self.pool_open.set(open.into());
        self.pool_idle.set(idle.into());
        self.pool_limit.set(limit.into());
        let mut text = String::new();
        text::encode(&mut text, &self.registry)?;
        Ok(text)
    }

    async fn look_up(&self, store: &Store) -> Result<(), StoreError> {
        let found = gauges::every(store).await?;
        self.queued_runs.set(found.queued_runs.count);
        self.oldest_queued_run.set(found.queued_runs.oldest_seconds);
        self.messages.get_or_create(&[("state", "pending")]).set(found.pending_messages.count);
        self.messages.get_or_create(&[("state", "sending")]).set(found.sending_messages);
        self.messages.get_or_create(&[("state", "held")]).set(found.held_messages);
        self.paused_domains.set(found.paused_domains.try_into().unwrap_or(i64::MAX));
        self.oldest_due_message.set(found.pending_messages.oldest_seconds);
        self.deliveries.set(found.deliveries.count);
        self.oldest_due_delivery.set(found.deliveries.oldest_seconds);
        Ok(())
    }
}
