//! API clients: make one, give it a new key, end it.

use chrono::TimeDelta;
use serde_json::json;
use shared::{
    auth::{Credential, CredentialKind},
    domain::{
        api_clients::{
            ApiClient, CLIENTS_MAX, LONGEST_LIFE_DAYS, LONGEST_OVERLAP_HOURS, Scope, Scopes, USUAL_LIFE_DAYS,
            USUAL_OVERLAP_HOURS,
        },
        people::{LINE_MAX, tidy_line},
        refusals::RefusalCode,
    },
    store,
};
use uuid::Uuid;

use super::{State, UseCaseError, needs_administrator, not_found, refuse, refuse_field};
use crate::caller::Caller;

/// A new API client.
#[derive(Clone, Debug)]
pub struct ApiClientDraft {
    /// What it is, for people.
    pub name: String,
    /// Whom it acts as; the caller if left out.
    pub person_id: Option<Uuid>,
    /// What it may be used for at most.
    pub scopes: Scopes,
    /// How long its key works, in days.
    pub expires_in_days: Option<i32>,
}

/// A client with its new key, which nobody can be told again.
#[derive(Clone, Debug)]
pub struct Issued {
    /// The client.
    pub client: ApiClient,
    /// The key.
    pub key: Credential,
}

/// Makes an API client.
///
/// # Errors
/// Refused to anyone but administrators, for people who are not staff, without a scope, and when there are too many.
pub async fn create_api_client(state: &State, caller: &Caller, draft: ApiClientDraft) -> Result<Issued, UseCaseError> {
    needs_own_administrator(caller)?;
    let name = tidy_line(&draft.name);
    if name.is_empty() || name.chars().count() > LINE_MAX {
        return Err(refuse_field(RefusalCode::Invalid, "name", "give a name of 1 to 200 characters"));
    }
    if draft.scopes.is_empty() {
        return Err(refuse_field(RefusalCode::Invalid, "scopes", "give at least one scope"));
    }
    if draft.scopes.allow(Scope::Staff) && !draft.scopes.allow(Scope::OnBehalf) {
        let message = "STAFF is about tokens on behalf of people; it needs ON_BEHALF beside it";
        return Err(refuse_field(RefusalCode::Invalid, "scopes", message));
    }
    let life = days(draft.expires_in_days)?;
    let (id, now) = (state.clock.new_id(), state.clock.now());
    let key = Credential::generate(CredentialKind::ApiKey, id)?;
    let tx = state.store.begin().await?;
    let person_id = draft.person_id.unwrap_or_else(|| caller.person_id());
    let person = store::people::find(&tx, caller.organization_id(), person_id).await?;
    let person = person.filter(|person| person.active).ok_or_else(|| not_found("personId", "person"))?;
    if store::organizations::roles_of(&tx, caller.organization_id(), person.id).await?.is_empty() {
        let message = "a client acts as a member of staff; for others it exchanges its key for a token on their behalf";
        return Err(refuse_field(RefusalCode::NotPossible, "personId", message));
    }
    let usable = store::api_clients::count_usable(&tx, caller.organization_id(), now).await?;
    if usize::try_from(usable).unwrap_or(usize::MAX) >= CLIENTS_MAX {
        let message = format!("there are {CLIENTS_MAX} clients already; revoke one that is not used any more");
        return Err(refuse(RefusalCode::NotPossible, message));
    }
    let client = ApiClient {
        id,
        organization_id: caller.organization_id(),
        name,
        person_id: person.id,
        scopes: draft.scopes,
        key_hash: key.hash(),
        previous_hash: None,
        previous_until: None,
        expires_at: now + life,
        revoked_at: None,
        last_used_at: None,
        created_by: caller.person_id(),
        version: 1,
        created_at: now,
        updated_at: now,
    };
    store::api_clients::insert(&tx, &client).await?;
    let details = json!({ "personId": client.person_id, "scopes": client.scopes.to_string() });
    state.audit(&tx, caller, "createApiClient", id, details).await?;
    tx.commit().await?;
    Ok(Issued { client, key })
}

/// Gives an API client a new key. The old one goes on for the overlap, so that a portal can change over without a gap.
///
/// # Errors
/// Refused to anyone but administrators, and for a client that was revoked.
pub async fn rotate_api_client(
    state: &State,
    caller: &Caller,
    id: Uuid,
    overlap_hours: Option<i32>,
    expires_in_days: Option<i32>,
) -> Result<Issued, UseCaseError> {
    needs_own_administrator(caller)?;
    let overlap = overlap_hours.map_or(USUAL_OVERLAP_HOURS, i64::from);
    if !(0..=LONGEST_OVERLAP_HOURS).contains(&overlap) {
        let message = format!("use 0 to {LONGEST_OVERLAP_HOURS} hours");
        return Err(refuse_field(RefusalCode::Invalid, "overlapHours", message));
    }
    let life = days(expires_in_days)?;
    let key = Credential::generate(CredentialKind::ApiKey, id)?;
    let now = state.clock.now();
    let tx = state.store.begin().await?;
    let client = store::api_clients::find(&tx, caller.organization_id(), id).await?;
    let mut client = client.ok_or_else(|| not_found("id", "API client"))?;
    if client.revoked_at.is_some() {
        return Err(refuse(RefusalCode::NotPossible, "the client was revoked; create another one"));
    }
    client.previous_until = Some((now + TimeDelta::hours(overlap)).min(client.expires_at));
    client.previous_hash = Some(std::mem::replace(&mut client.key_hash, key.hash()));
    client.expires_at = now + life;
    client.updated_at = now;
    store::api_clients::update(&tx, &mut client).await?;
    state.audit(&tx, caller, "rotateApiClient", id, json!({ "overlapHours": overlap })).await?;
    tx.commit().await?;
    Ok(Issued { client, key })
}

/// Ends an API client with all its keys and all tokens it was given. Ended before, it stays as it is.
///
/// # Errors
/// Refused to anyone but administrators.
pub async fn revoke_api_client(state: &State, caller: &Caller, id: Uuid) -> Result<ApiClient, UseCaseError> {
    needs_own_administrator(caller)?;
    let tx = state.store.begin().await?;
    let client = store::api_clients::find(&tx, caller.organization_id(), id).await?;
    let mut client = client.ok_or_else(|| not_found("id", "API client"))?;
    if client.revoked_at.is_some() {
        return Ok(client);
    }
    let now = state.clock.now();
    client.revoked_at = Some(now);
    client.updated_at = now;
    store::api_clients::update(&tx, &mut client).await?;
    state.audit(&tx, caller, "revokeApiClient", id, json!({})).await?;
    tx.commit().await?;
    Ok(client)
}

/// A client that could make clients would have no ceiling.
fn needs_own_administrator(caller: &Caller) -> Result<(), UseCaseError> {
    if caller.client.is_some() {
        return Err(refuse(RefusalCode::Forbidden, "only people manage API clients, not an API client"));
    }
    needs_administrator(caller)
}

fn days(wanted: Option<i32>) -> Result<TimeDelta, UseCaseError> {
    let days = wanted.map_or(USUAL_LIFE_DAYS, i64::from);
    if (1..=LONGEST_LIFE_DAYS).contains(&days) {
        return Ok(TimeDelta::days(days));
    }
    let message = format!("use 1 to {LONGEST_LIFE_DAYS} days");
    Err(refuse_field(RefusalCode::Invalid, "expiresInDays", message))
}
