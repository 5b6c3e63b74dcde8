//! One attempt: the request, what its answer means, and the record of it.

use std::time::Duration;

use serde_json::json;
use shared::{
    bus::Topic,
    domain::{
        events::{Event, EventKind, Relatives},
        organizations::Role,
        webhooks::{EndpointEvent, FAILING_LIMIT},
    },
    outbound::{Answer, HeaderMap, HeaderValue, Limits},
    outbox::{self, letters::webhook_disabled},
    store::{self, StoreError, Tx, audit::AuditEntry, webhook_deliveries::Outcome},
};
use uuid::Uuid;

use super::{Parcel, retries, signature};
use crate::Worker;

/// How long one attempt may take.
pub(super) const SECONDS: i64 = 20;
/// How much of an answer is read, and how many characters of it are kept.
const LIMITS: Limits = Limits { time: Duration::from_secs(20), body: 4_096, cut: true };
const EXCERPT: usize = 200;
/// How often a delivery may bring its worker down before it is given up.
const RESCUES: i32 = 3;

/// What an attempt came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Verdict {
    pub(super) outcome: Outcome,
    /// The endpoint says that it will never come back.
    gone: bool,
}

impl From<Outcome> for Verdict {
    fn from(outcome: Outcome) -> Self {
        Self { outcome, gone: false }
    }
}

impl Worker {
    /// Signs and posts the event. Nothing is stored here.
    pub(super) async fn post_webhook(&self, parcel: &Parcel) -> Verdict {
        let Parcel { delivery, endpoint, event, .. } = parcel;
        let now = self.clock.now();
        if delivery.rescue_count >= RESCUES {
            let why = format!("its worker died {RESCUES} times while sending it");
            return Outcome::Failed { status_code: None, why }.into();
        }
        let body = event.payload();
        let Some(headers) = headers(parcel, now.timestamp(), &body) else {
            let why = "the endpoint's secret cannot be read; rotate it".to_owned();
            return Outcome::Failed { status_code: None, why }.into();
        };
        let outbound = match self.outbound().await {
            Ok(outbound) => outbound,
            // Ours to mend, and no fault of the endpoint.
            Err(error) => {
                let due_at = now + chrono::TimeDelta::minutes(1);
                return Outcome::Deferred { due_at, status_code: None, why: error.to_string(), counts: false }.into();
            }
        };
        match outbound.post(&endpoint.url, headers, body, LIMITS).await {
            Ok(answer) => self.judge_answer(parcel, &answer),
            Err(error) => self.failed(parcel, None, error.to_string(), None).into(),
        }
    }

    fn judge_answer(&self, parcel: &Parcel, answer: &Answer) -> Verdict {
        let status = i32::from(answer.status);
        let why = match answer.status {
            200..300 => return Outcome::Delivered(status).into(),
            300..400 => format!("HTTP {status}: redirects are not followed; enter the address it leads to"),
            _ => match excerpt(&answer.body) {
                said if said.is_empty() => format!("HTTP {status}"),
                said => format!("HTTP {status}: {said}"),
            },
        };
        if answer.status == 410 {
            return Verdict { outcome: Outcome::Failed { status_code: Some(status), why }, gone: true };
        }
        let asked = matches!(answer.status, 429 | 503).then(|| retries::retry_after(&answer.headers, self.clock.now()));
        self.failed(parcel, Some(status), why, asked.flatten()).into()
    }

    fn failed(
        &self,
        parcel: &Parcel,
        status_code: Option<i32>,
        why: String,
        asked: Option<chrono::TimeDelta>,
    ) -> Outcome {
        let delivery = &parcel.delivery;
        match retries::delay(delivery.id, delivery.attempts) {
            Some(wait) => {
                let due_at = self.clock.now() + wait.max(asked.unwrap_or_default());
                Outcome::Deferred { due_at, status_code, why, counts: true }
            }
            None => Outcome::Failed { status_code, why: format!("given up: {why}") },
        }
    }

    /// Stores what an attempt came to, and what that says of the endpoint, in one transaction.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when another worker took the delivery over or it was deleted.
    pub(super) async fn record_attempt(&self, parcel: &Parcel, verdict: Verdict) -> Result<(), StoreError> {
        let Parcel { lease, endpoint, .. } = parcel;
        let now = self.clock.now();
        let Verdict { outcome, gone } = verdict;
        let untried = matches!(outcome, Outcome::Deferred { counts: false, .. });
        let failing = (!matches!(outcome, Outcome::Delivered(_))).then_some(now);
        let tx = self.store.begin().await?;
        let mut disabled = false;
        // First the endpoint, then the delivery, as everybody does who locks both.
        if !untried {
            store::webhook_endpoints::note_health(&tx, endpoint.id, failing).await?;
            if failing.is_some() {
                disabled = self.disable_if_hopeless(&tx, endpoint.organization_id, endpoint.id, gone).await?;
            }
        }
        store::webhook_deliveries::finish(&tx, *lease, outcome, now).await?;
        tx.commit().await?;
        if disabled {
            tracing::warn!(endpoint = %endpoint.id, gone, "a webhook endpoint was switched off");
            self.bus.publish(Topic::MessagesDue, "{}").await;
        }
        Ok(())
    }

    /// Switches an endpoint off that is gone or has failed for too long, and tells the administrators; once.
    async fn disable_if_hopeless(
        &self,
        tx: &Tx,
        organization_id: Uuid,
        id: Uuid,
        gone: bool,
    ) -> Result<bool, StoreError> {
        let now = self.clock.now();
        let Some(mut endpoint) = store::webhook_endpoints::hold(tx, organization_id, id).await? else {
            return Ok(false);
        };
        let hopeless = gone || endpoint.failing_since.is_some_and(|since| now - since >= FAILING_LIMIT);
        let Ok(status) = endpoint.status.after(EndpointEvent::Disable) else { return Ok(false) };
        if !hopeless {
            return Ok(false);
        }
        let reason = match (gone, endpoint.failing_since) {
            (false, Some(since)) => format!("every delivery has failed since {}", since.format("%Y-%m-%d %H:%M UTC")),
            _ => "it answered that it is gone for good (HTTP 410)".to_owned(),
        };
        endpoint.status = status;
        endpoint.disabled_reason = Some(reason.clone());
        endpoint.updated_at = now;
        store::webhook_endpoints::update(tx, &endpoint).await?;
        let event = Event {
            id: self.clock.new_id(),
            organization_id,
            kind: EventKind::WebhookEndpointDisabled.as_str().to_owned(),
            entity_id: id,
            relatives: Relatives::default(),
            at: now,
            position: None,
        };
        store::events::record(tx, &[event]).await?;
        let entry = AuditEntry {
            id: self.clock.new_id(),
            organization_id,
            actor_id: None,
            client_id: None,
            action: "disableWebhookEndpoint",
            entity_id: id,
            details: json!({ "reason": reason }),
            request_id: None,
            at: now,
        };
        store::audit::record(tx, entry).await?;
        let Some(organization) = store::organizations::find(tx, organization_id).await? else { return Ok(true) };
        let staff = store::organizations::all_staff(tx, organization_id).await?;
        let administrators = staff.iter().filter(|role| role.role == Role::Administrator);
        let ids: Vec<Uuid> = administrators.map(|role| role.person_id).collect();
        for person in store::people::find_many(tx, organization_id, &ids).await? {
            let order = webhook_disabled(&organization, &person, &endpoint, gone, now);
            outbox::enqueue(tx, &self.clock, order).await?;
        }
        Ok(true)
    }
}

/// The headers of a request; `None` when a secret is none.
fn headers(parcel: &Parcel, timestamp: i64, body: &[u8]) -> Option<HeaderMap> {
    let id = parcel.event.global_id();
    let secrets = parcel.endpoint.secrets(chrono::DateTime::from_timestamp(timestamp, 0)?);
    let signature = signature::sign(&secrets, &id, timestamp, body)?;
    let mut headers = HeaderMap::new();
    headers.insert("content-type", HeaderValue::from_static("application/json"));
    headers.insert("webhook-id", HeaderValue::from_str(&id).ok()?);
    headers.insert("webhook-timestamp", HeaderValue::from(timestamp));
    headers.insert("webhook-signature", HeaderValue::from_str(&signature).ok()?);
    Some(headers)
}

/// The beginning of what an endpoint said, on one line and without anything that is not text.
fn excerpt(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    let words: Vec<&str> =
        text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|w| !w.is_empty()).collect();
    words.join(" ").chars().take(EXCERPT).collect()
}
