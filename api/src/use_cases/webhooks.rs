//! Webhook endpoints: where an organization wants to hear of its events. For administrators.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use chrono::{DateTime, Utc};
use serde_json::json;
use shared::{
    domain::{
        events::{Event, EventKind, Relatives},
        people::tidy_line,
        refusals::{Refusal, RefusalCode},
        webhooks::{
            DeliveryEvent, ENDPOINTS_MAX, EndpointEvent, EndpointStatus, ROTATION_OVERLAP, WebhookDelivery,
            WebhookEndpoint,
        },
    },
    store::{self, Tx, webhook_deliveries::NewDelivery},
};
use uuid::Uuid;

use super::{State, UseCaseError, needs_administrator, not_found, passed, refuse, refuse_field};
use crate::caller::Caller;

/// How many events get their place in the log by one statement.
const SEQUENCE: u64 = 1_000;

/// A new endpoint.
#[derive(Clone, Debug)]
pub struct EndpointDraft {
    /// Where events are posted to.
    pub url: String,
    /// What it is for.
    pub description: Option<String>,
    /// The kinds of events to deliver; empty for all.
    pub kinds: Vec<String>,
}

/// Changes to an endpoint; `None` leaves a field as it is.
#[derive(Clone, Debug, Default)]
pub struct EndpointPatch {
    /// See [`EndpointDraft::url`].
    pub url: Option<String>,
    /// See [`EndpointDraft::description`]; an empty text clears it.
    pub description: Option<String>,
    /// See [`EndpointDraft::kinds`].
    pub kinds: Option<Vec<String>>,
    /// Switches it on or off.
    pub enabled: Option<bool>,
    /// Where it goes on when it is switched on; `None` for where it stood.
    pub go_on: Option<Place>,
}

/// A place in the event log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// After the event at this position.
    After(i64),
    /// At the first event that happened at this instant or later.
    From(DateTime<Utc>),
}

/// Makes an endpoint; it begins with what happens from now on. Its secret is told here and never again.
///
/// # Errors
/// Refused to anyone but administrators, for an address that is never called, and beyond [`ENDPOINTS_MAX`].
pub async fn create_endpoint(
    state: &State,
    caller: &Caller,
    draft: EndpointDraft,
) -> Result<WebhookEndpoint, UseCaseError> {
    needs_administrator(caller)?;
    let organization_id = caller.organization_id();
    let now = state.clock.now();
    let mut found = Vec::new();
    let url = address(state, &draft.url, &mut found);
    let description = draft.description.and_then(|text| words(&text, &mut found));
    let kinds = kinds(draft.kinds, &mut found);
    passed(found)?;
    let tx = state.store.begin().await?;
    if store::webhook_endpoints::count(&tx, organization_id).await? >= ENDPOINTS_MAX {
        let message = format!("an organization has at most {ENDPOINTS_MAX} endpoints; delete one first");
        return Err(refuse(RefusalCode::NotPossible, message));
    }
    // What was committed before gets its place now, so that the endpoint begins after it.
    while store::events::sequence(&tx, organization_id, SEQUENCE).await? == SEQUENCE {}
    let endpoint = WebhookEndpoint {
        id: state.clock.new_id(),
        organization_id,
        url,
        description,
        kinds,
        secret: new_secret()?,
        previous_secret: None,
        previous_secret_until: None,
        status: EndpointStatus::Active,
        disabled_reason: None,
        failing_since: None,
        position: store::events::reach(&tx, organization_id).await?.last,
        replay_until: None,
        replay_kinds: None,
        created_by: Some(caller.person_id()),
        created_at: now,
        updated_at: now,
    };
    store::webhook_endpoints::insert(&tx, &endpoint).await?;
    state.audit(&tx, caller, "createWebhookEndpoint", endpoint.id, json!({})).await?;
    state.commit(tx).await?;
    Ok(endpoint)
}

/// Changes an endpoint, or switches it on or off.
///
/// # Errors
/// Refused to anyone but administrators, for an address that is never called, and for a place that the log does not
/// reach back to.
pub async fn update_endpoint(
    state: &State,
    caller: &Caller,
    id: Uuid,
    patch: EndpointPatch,
) -> Result<WebhookEndpoint, UseCaseError> {
    needs_administrator(caller)?;
    let now = state.clock.now();
    let tx = state.store.begin().await?;
    let mut endpoint = hold(&tx, caller, id).await?;
    let mut found = Vec::new();
    if let Some(url) = &patch.url {
        endpoint.url = address(state, url, &mut found);
    }
    if let Some(text) = &patch.description {
        endpoint.description = words(text, &mut found);
    }
    if let Some(list) = patch.kinds {
        endpoint.kinds = kinds(list, &mut found);
    }
    passed(found)?;
    match (patch.enabled, endpoint.status) {
        (Some(true), EndpointStatus::Disabled) => {
            endpoint.status = endpoint.status.after(EndpointEvent::Enable)?;
            endpoint.disabled_reason = None;
            endpoint.failing_since = None;
            if let Some(place) = patch.go_on {
                endpoint.position = position(&tx, caller, place).await?;
                endpoint.replay_until = None;
                endpoint.replay_kinds = None;
            }
            store::webhook_deliveries::hasten(&tx, endpoint.organization_id, id, now).await?;
        }
        (Some(false), EndpointStatus::Active) => {
            endpoint.status = endpoint.status.after(EndpointEvent::Disable)?;
            endpoint.disabled_reason = Some("an administrator switched it off".to_owned());
        }
        _ if patch.go_on.is_some() => {
            let message = "an endpoint goes on from elsewhere only when it is switched on; use replayWebhookEndpoint";
            return Err(refuse(RefusalCode::NotPossible, message));
        }
        _ => {}
    }
    endpoint.updated_at = now;
    store::webhook_endpoints::update(&tx, &endpoint).await?;
    let details = json!({ "status": endpoint.status.as_str() });
    state.audit(&tx, caller, "updateWebhookEndpoint", id, details).await?;
    state.commit(tx).await?;
    Ok(endpoint)
}

/// Gives an endpoint a new secret; the old one still signs, too, for [`ROTATION_OVERLAP`].
///
/// # Errors
/// Refused to anyone but administrators.
pub async fn rotate_secret(state: &State, caller: &Caller, id: Uuid) -> Result<WebhookEndpoint, UseCaseError> {
    needs_administrator(caller)?;
    let now = state.clock.now();
    let tx = state.store.begin().await?;
    let mut endpoint = hold(&tx, caller, id).await?;
    endpoint.previous_secret = Some(std::mem::replace(&mut endpoint.secret, new_secret()?));
    endpoint.previous_secret_until = Some(now + ROTATION_OVERLAP);
    endpoint.updated_at = now;
    store::webhook_endpoints::update(&tx, &endpoint).await?;
    state.audit(&tx, caller, "rotateWebhookSecret", id, json!({})).await?;
    state.commit(tx).await?;
    Ok(endpoint)
}

/// Removes an endpoint with its deliveries.
///
/// # Errors
/// Refused to anyone but administrators.
pub async fn delete_endpoint(state: &State, caller: &Caller, id: Uuid) -> Result<Uuid, UseCaseError> {
    needs_administrator(caller)?;
    let tx = state.store.begin().await?;
    if !store::webhook_endpoints::delete(&tx, caller.organization_id(), id).await? {
        return Err(not_found("id", "webhook endpoint"));
    }
    state.audit(&tx, caller, "deleteWebhookEndpoint", id, json!({})).await?;
    tx.commit().await?;
    Ok(id)
}

/// Delivers an event that says nothing but "here I am" to this endpoint.
///
/// # Errors
/// Refused to anyone but administrators, and while the endpoint is switched off.
pub async fn test_endpoint(state: &State, caller: &Caller, id: Uuid) -> Result<WebhookDelivery, UseCaseError> {
    needs_administrator(caller)?;
    let organization_id = caller.organization_id();
    let now = state.clock.now();
    let tx = state.store.begin().await?;
    let endpoint = hold(&tx, caller, id).await?;
    if endpoint.status == EndpointStatus::Disabled {
        return Err(refuse(RefusalCode::NotPossible, "the endpoint is switched off; switch it on first"));
    }
    let event = Event {
        id: state.clock.new_id(),
        organization_id,
        kind: EventKind::WebhookTest.as_str().to_owned(),
        entity_id: id,
        relatives: Relatives::default(),
        at: now,
        position: None,
    };
    let new = NewDelivery { id: state.clock.new_id(), organization_id, endpoint_id: id, event_id: event.id };
    store::events::record(&tx, &[event]).await?;
    store::webhook_deliveries::enqueue(&tx, &[new], now).await?;
    let made = store::webhook_deliveries::hold(&tx, organization_id, new.id).await?;
    let made = made.ok_or_else(|| not_found("id", "webhook endpoint"))?;
    state.audit(&tx, caller, "testWebhookEndpoint", id, json!({})).await?;
    state.commit(tx).await?;
    Ok(made)
}

/// Delivers once more what comes after a place in the log, up to where the endpoint stands; only these kinds, if any.
///
/// # Errors
/// Refused to anyone but administrators, while the endpoint is switched off or replays already, and for a place that the
/// log does not reach back to or that the endpoint has not come to yet.
pub async fn replay_endpoint(
    state: &State,
    caller: &Caller,
    id: Uuid,
    place: Place,
    only: Vec<String>,
) -> Result<WebhookEndpoint, UseCaseError> {
    needs_administrator(caller)?;
    let tx = state.store.begin().await?;
    let mut endpoint = hold(&tx, caller, id).await?;
    let mut found = Vec::new();
    let only = kinds(only, &mut found);
    passed(found)?;
    if endpoint.status == EndpointStatus::Disabled {
        return Err(refuse(RefusalCode::NotPossible, "the endpoint is switched off; switch it on first"));
    }
    if endpoint.replay_until.is_some() {
        return Err(refuse(RefusalCode::NotPossible, "a replay is under way; wait until the endpoint has caught up"));
    }
    let position = position(&tx, caller, place).await?;
    if position >= endpoint.position {
        let message = "the endpoint has seen nothing after this place yet; it will be delivered anyway";
        return Err(refuse_field(RefusalCode::Invalid, "after", message));
    }
    endpoint.replay_until = Some(endpoint.position);
    endpoint.replay_kinds = only;
    endpoint.position = position;
    store::webhook_endpoints::update(&tx, &endpoint).await?;
    state.audit(&tx, caller, "replayWebhookEndpoint", id, json!({ "position": position })).await?;
    state.commit(tx).await?;
    Ok(endpoint)
}

/// Makes a delivery once more, now.
///
/// # Errors
/// Refused to anyone but administrators, and while it is under way.
pub async fn retry_delivery(state: &State, caller: &Caller, id: Uuid) -> Result<WebhookDelivery, UseCaseError> {
    needs_administrator(caller)?;
    let organization_id = caller.organization_id();
    let tx = state.store.begin().await?;
    let made = store::webhook_deliveries::hold(&tx, organization_id, id).await?;
    let made = made.ok_or_else(|| not_found("id", "webhook delivery"))?;
    made.status.after(DeliveryEvent::Repeat)?;
    store::webhook_deliveries::repeat(&tx, organization_id, id, state.clock.now()).await?;
    let made = store::webhook_deliveries::hold(&tx, organization_id, id).await?;
    let made = made.ok_or_else(|| not_found("id", "webhook delivery"))?;
    state.audit(&tx, caller, "retryWebhookDelivery", id, json!({})).await?;
    state.commit(tx).await?;
    Ok(made)
}

async fn hold(tx: &Tx, caller: &Caller, id: Uuid) -> Result<WebhookEndpoint, UseCaseError> {
    let found = store::webhook_endpoints::hold(tx, caller.organization_id(), id).await?;
    found.ok_or_else(|| not_found("id", "webhook endpoint"))
}

/// The position before what is to be delivered next.
async fn position(tx: &Tx, caller: &Caller, place: Place) -> Result<i64, UseCaseError> {
    let organization_id = caller.organization_id();
    let reach = store::events::reach(tx, organization_id).await?;
    match place {
        Place::From(instant) => Ok(store::events::position_before(tx, organization_id, instant).await?),
        Place::After(position) if position < reach.dropped => {
            let message = "the log does not reach back to this cursor any more; give a time, or a later cursor";
            Err(refuse_field(RefusalCode::Invalid, "after", message))
        }
        Place::After(position) => Ok(position.min(reach.last)),
    }
}

/// 32 random bytes, as Standard Webhooks writes them.
fn new_secret() -> Result<String, UseCaseError> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|error| {
        tracing::error!(%error, "the system has no randomness");
        refuse(RefusalCode::NotPossible, "no secret can be made at the moment; try again later")
    })?;
    Ok(format!("whsec_{}", STANDARD.encode(bytes)))
}

fn address(state: &State, url: &str, found: &mut Vec<Refusal>) -> String {
    let url = url.trim();
    if let Err(error) = state.outbound.check_url(url) {
        found.push(Refusal::field(RefusalCode::Invalid, "url", error.to_string()));
    }
    url.to_owned()
}

fn words(text: &str, found: &mut Vec<Refusal>) -> Option<String> {
    let text = tidy_line(text);
    if text.chars().count() > 200 {
        found.push(Refusal::field(RefusalCode::Invalid, "description", "keep it to 200 characters"));
    }
    Some(text).filter(|text| !text.is_empty())
}

/// The kinds, each once; `None` for all.
fn kinds(mut kinds: Vec<String>, found: &mut Vec<Refusal>) -> Option<Vec<String>> {
    for (index, kind) in kinds.iter().enumerate() {
        if let Err(error) = kind.parse::<EventKind>() {
            found.push(Refusal::field(RefusalCode::Invalid, format!("kinds.{index}"), error.to_string()));
        }
    }
    kinds.sort();
    kinds.dedup();
    Some(kinds).filter(|kinds| !kinds.is_empty())
}
