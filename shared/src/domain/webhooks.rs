//! Webhooks: endpoints of other systems, and what is delivered to them.

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::states::{state_machine, words};

/// How long the secret before the newest one is still signed with.
pub const ROTATION_OVERLAP: TimeDelta = TimeDelta::hours(24);
/// How long an endpoint may fail before it is switched off.
pub const FAILING_LIMIT: TimeDelta = TimeDelta::days(5);
/// The most endpoints of one organization.
pub const ENDPOINTS_MAX: u64 = 20;

/// Where an organization wants to hear of its events.
#[derive(Clone, PartialEq, Eq)]
pub struct WebhookEndpoint {
    /// `UUIDv7`.
    pub id: Uuid,
    /// The tenant.
    pub organization_id: Uuid,
    /// Where events are posted to.
    pub url: String,
    /// What it is for.
    pub description: Option<String>,
    /// The kinds of events to deliver; `None` for all, also for kinds to come.
    pub kinds: Option<Vec<String>>,
    /// The newest secret, `whsec_` and base64.
    pub secret: String,
    /// The one before it, still signed with until `previous_secret_until`.
    pub previous_secret: Option<String>,
    /// See `previous_secret`.
    pub previous_secret_until: Option<DateTime<Utc>>,
    /// Whether it is delivered to.
    pub status: EndpointStatus,
    /// Why it is not.
    pub disabled_reason: Option<String>,
    /// Since when every attempt failed; `None` when the last one did not.
    pub failing_since: Option<DateTime<Utc>>,
    /// The last event of the log of which deliveries were made.
    pub position: i64,
    /// Events up to here are a replay.
    pub replay_until: Option<i64>,
    /// The kinds that the replay is limited to.
    pub replay_kinds: Option<Vec<String>>,
    /// The administrator who made it.
    pub created_by: Option<Uuid>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When its settings or its status last changed.
    pub updated_at: DateTime<Utc>,
}

impl std::fmt::Debug for WebhookEndpoint {
    /// Leaves the secrets out.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { id, organization_id, status, position, .. } = self;
        f.debug_struct("WebhookEndpoint")
            .field("id", id)
            .field("organization_id", organization_id)
            .field("status", status)
            .field("position", position)
            .finish_non_exhaustive()
    }
}

impl WebhookEndpoint {
    /// The secrets a delivery is signed with now, the newest first.
    pub fn secrets(&self, now: DateTime<Utc>) -> Vec<&str> {
        let previous = self.previous_secret.as_deref();
        let previous = previous.filter(|_| self.previous_secret_until.is_some_and(|until| now < until));
        std::iter::once(self.secret.as_str()).chain(previous).collect()
    }

    /// Whether an event of this kind at this position is delivered.
    pub fn wants(&self, kind: &str, position: i64) -> bool {
        let listed = |kinds: &Option<Vec<String>>| kinds.as_ref().is_none_or(|kinds| kinds.iter().any(|k| k == kind));
        let replayed = self.replay_until.is_none_or(|until| position > until) || listed(&self.replay_kinds);
        listed(&self.kinds) && replayed
    }
}

words! {
    /// The states of an endpoint.
    EndpointStatus {
        /// Events are delivered.
        Active = "ACTIVE",
        /// Nothing is delivered; the log keeps what it misses.
        Disabled = "DISABLED",
    }
}

words! {
    /// What can happen to an endpoint.
    EndpointEvent {
        /// It failed for too long, is gone, or an administrator switches it off.
        Disable = "DISABLE",
        /// An administrator switches it on.
        Enable = "ENABLE",
    }
}

state_machine! { "the webhook endpoint", EndpointStatus x EndpointEvent {
    Active + Disable => Disabled,
    Disabled + Enable => Active,
}}

/// One event on its way to one endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebhookDelivery {
    /// `UUIDv7`.
    pub id: Uuid,
    /// The tenant.
    pub organization_id: Uuid,
    /// Where it goes.
    pub endpoint_id: Uuid,
    /// What it tells.
    pub event_id: Uuid,
    /// Where it stands.
    pub status: DeliveryStatus,
    /// Not before this instant.
    pub due_at: DateTime<Utc>,
    /// The HTTP status of the last answer, if there was one.
    pub status_code: Option<i32>,
    /// What went wrong last, with an excerpt of the answer.
    pub error: Option<String>,
    /// When the endpoint took it.
    pub delivered_at: Option<DateTime<Utc>>,
    /// Attempts so far.
    pub attempts: i32,
    /// How often a lease ran out under it.
    pub rescue_count: i32,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When the row last changed.
    pub updated_at: DateTime<Utc>,
}

words! {
    /// The states of a delivery.
    DeliveryStatus {
        /// Waits for its time and a worker.
        Pending = "PENDING",
        /// A worker holds it under a lease.
        Sending = "SENDING",
        /// The endpoint answered 2xx.
        Delivered = "DELIVERED",
        /// Given up after about three days.
        Failed = "FAILED",
    }
}

words! {
    /// What can happen to a delivery.
    DeliveryEvent {
        /// A worker takes it.
        Claim = "CLAIM",
        /// The endpoint took it.
        Accept = "ACCEPT",
        /// Not now: try again later.
        Defer = "DEFER",
        /// The last attempt failed.
        GiveUp = "GIVE_UP",
        /// An administrator wants it sent (again).
        Repeat = "REPEAT",
    }
}

state_machine! { "the webhook delivery", DeliveryStatus x DeliveryEvent {
    Pending + Claim => Sending,
    Pending + Repeat => Pending,
    Sending + Claim => Sending,
    Sending + Accept => Delivered,
    Sending + Defer => Pending,
    Sending + GiveUp => Failed,
    Delivered + Repeat => Pending,
    Failed + Repeat => Pending,
}}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoint() -> WebhookEndpoint {
        let now = "2026-11-25T08:00:00Z".parse().expect("an instant");
        WebhookEndpoint {
            id: Uuid::nil(),
            organization_id: Uuid::nil(),
            url: String::new(),
            description: None,
            kinds: None,
            secret: "new".to_owned(),
            previous_secret: Some("old".to_owned()),
            previous_secret_until: Some(now + ROTATION_OVERLAP),
            status: EndpointStatus::Active,
            disabled_reason: None,
            failing_since: None,
            position: 0,
            replay_until: None,
            replay_kinds: None,
            created_by: None,
            created_at: now,
            updated_at: now,
        }
    }

    #[test]
    fn the_old_secret_ends_with_the_overlap() {
        let endpoint = endpoint();
        let until = endpoint.previous_secret_until.expect("an end");
        assert_eq!(endpoint.secrets(until - TimeDelta::microseconds(1)), ["new", "old"]);
        assert_eq!(endpoint.secrets(until), ["new"]);
        assert!(!format!("{endpoint:?}").contains("old"), "secrets stay out of logs");
    }

    #[test]
    fn a_replay_is_limited_to_its_kinds_and_what_comes_after_it_is_not() {
        let mut endpoint = endpoint();
        assert!(endpoint.wants("match.activated", 1));
        endpoint.replay_until = Some(10);
        endpoint.replay_kinds = Some(vec!["match.paused".to_owned()]);
        assert!(!endpoint.wants("match.activated", 10) && endpoint.wants("match.paused", 10));
        assert!(endpoint.wants("match.activated", 11));
        endpoint.kinds = Some(vec!["match.activated".to_owned()]);
        assert!(!endpoint.wants("match.paused", 10), "never more than it asked for");
    }
}
