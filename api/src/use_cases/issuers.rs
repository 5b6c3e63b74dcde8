//! Issuers: whose tokens the organization takes.

use serde_json::json;
use shared::{
    auth::Source,
    domain::{
        issuers::{EMAIL_CLAIM, ISSUERS_MAX, Issuer, LinkBy, check},
        refusals::{Refusal, RefusalCode},
    },
    store,
};
use uuid::Uuid;

use super::{State, UseCaseError, duplicate, needs_administrator, not_found, passed, refuse};
use crate::caller::Caller;

const TAKEN: &str = "this issuer is registered with this audience already";

/// A new issuer.
#[derive(Clone, Debug)]
pub struct IssuerDraft {
    /// The name to show.
    pub name: String,
    /// The `iss` of its tokens.
    pub issuer: String,
    /// Where its keys are; discovery if left out.
    pub jwks_url: Option<String>,
    /// The `aud` of its tokens.
    pub audience: String,
    /// What links a subject to a person.
    pub link_by: LinkBy,
    /// The claim that holds it; `email` if left out, for addresses.
    pub link_claim: Option<String>,
    /// Whether its addresses count without `email_verified`.
    pub trusts_email: bool,
}

/// Changes to an issuer; `None` leaves a field as it is, an empty text clears it. The `iss` stays: the people linked to it
/// are known by it.
#[derive(Clone, Debug, Default)]
pub struct IssuerPatch {
    /// See [`IssuerDraft::name`].
    pub name: Option<String>,
    /// See [`IssuerDraft::jwks_url`].
    pub jwks_url: Option<String>,
    /// See [`IssuerDraft::audience`].
    pub audience: Option<String>,
    /// See [`IssuerDraft::link_by`].
    pub link_by: Option<LinkBy>,
    /// See [`IssuerDraft::link_claim`].
    pub link_claim: Option<String>,
    /// See [`IssuerDraft::trusts_email`].
    pub trusts_email: Option<bool>,
    /// Whether its tokens are taken.
    pub active: Option<bool>,
}

/// Where an issuer's keys come from.
pub(crate) fn source(issuer: &Issuer) -> Source {
    Source { issuer: issuer.issuer.clone(), jwks_url: issuer.jwks_url.clone() }
}

/// Registers an issuer.
///
/// # Errors
/// Refused to anyone but administrators, for invalid fields and addresses that are not called, for an issuer that is
/// registered with the same audience, and beyond 20 of them.
pub async fn create_issuer(state: &State, caller: &Caller, draft: IssuerDraft) -> Result<Issuer, UseCaseError> {
    needs_administrator(caller)?;
    let now = state.clock.now();
    let link_claim = match (draft.link_claim, draft.link_by) {
        (Some(claim), _) => claim,
        (None, LinkBy::Email) => EMAIL_CLAIM.to_owned(),
        (None, LinkBy::ExternalId) => String::new(),
    };
    let mut issuer = Issuer {
        id: state.clock.new_id(),
        organization_id: caller.organization_id(),
        name: draft.name,
        issuer: draft.issuer,
        jwks_url: some(draft.jwks_url),
        audience: draft.audience,
        link_by: draft.link_by,
        link_claim,
        trusts_email: draft.trusts_email,
        active: true,
        version: 1,
        created_at: now,
        updated_at: now,
    };
    passed(found(state, &mut issuer))?;
    let tx = state.store.begin().await?;
    let many = store::issuers::count(&tx, issuer.organization_id).await?;
    if usize::try_from(many).is_ok_and(|many| many >= ISSUERS_MAX) {
        return Err(refuse(RefusalCode::NotPossible, "an organization has at most 20 issuers; delete one first"));
    }
    let stored = store::issuers::insert(&tx, &issuer).await;
    stored.map_err(|error| duplicate(error, "audience", TAKEN))?;
    state.audit(&tx, caller, "createIssuer", issuer.id, details(&issuer)).await?;
    tx.commit().await?;
    Ok(issuer)
}

/// Changes an issuer.
///
/// # Errors
/// Refused to anyone but administrators, for invalid fields and addresses that are not called, and when another one has the
/// audience.
pub async fn update_issuer(
    state: &State,
    caller: &Caller,
    id: Uuid,
    patch: IssuerPatch,
) -> Result<Issuer, UseCaseError> {
    needs_administrator(caller)?;
    let tx = state.store.begin().await?;
    let standing = store::issuers::find(&tx, caller.organization_id(), id).await?;
    let mut issuer = standing.ok_or_else(|| not_found("id", "issuer"))?;
    if let Some(name) = patch.name {
        issuer.name = name;
    }
    if let Some(url) = patch.jwks_url {
        issuer.jwks_url = some(Some(url));
    }
    if let Some(audience) = patch.audience {
        issuer.audience = audience;
    }
    if let Some(link_by) = patch.link_by {
        issuer.link_by = link_by;
    }
    if let Some(claim) = patch.link_claim {
        issuer.link_claim = claim;
    }
    if let Some(trusts_email) = patch.trusts_email {
        issuer.trusts_email = trusts_email;
    }
    if let Some(active) = patch.active {
        issuer.active = active;
    }
    passed(found(state, &mut issuer))?;
    issuer.updated_at = state.clock.now();
    let stored = store::issuers::update(&tx, &mut issuer).await;
    stored.map_err(|error| duplicate(error, "audience", TAKEN))?;
    state.audit(&tx, caller, "updateIssuer", issuer.id, details(&issuer)).await?;
    tx.commit().await?;
    Ok(issuer)
}

/// Removes an issuer, and with it all identities by it.
///
/// # Errors
/// Refused to anyone but administrators.
pub async fn delete_issuer(state: &State, caller: &Caller, id: Uuid) -> Result<Uuid, UseCaseError> {
    needs_administrator(caller)?;
    let organization_id = caller.organization_id();
    let tx = state.store.begin().await?;
    let standing = store::issuers::find(&tx, organization_id, id).await?;
    standing.ok_or_else(|| not_found("id", "issuer"))?;
    let identities = store::identities::delete_of_issuer(&tx, organization_id, id).await?;
    store::issuers::delete(&tx, organization_id, id).await?;
    state.audit(&tx, caller, "deleteIssuer", id, json!({ "identities": identities })).await?;
    tx.commit().await?;
    Ok(id)
}

fn some(text: Option<String>) -> Option<String> {
    text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
}

/// What is wrong with an issuer, its addresses included.
fn found(state: &State, issuer: &mut Issuer) -> Vec<Refusal> {
    let mut found = check(issuer);
    let (field, url) = match &issuer.jwks_url {
        Some(url) => ("jwksUrl", url),
        None => ("issuer", &issuer.issuer),
    };
    if let Err(error) = state.outbound.check_url(url) {
        found.push(Refusal::field(RefusalCode::Invalid, field, error.to_string()));
    } else if field == "issuer" && url.contains('?') {
        let message = "the address must not have a part after `?`; give jwksUrl for an issuer without discovery";
        found.push(Refusal::field(RefusalCode::Invalid, field, message));
    }
    found
}

fn details(issuer: &Issuer) -> serde_json::Value {
    json!({
        "issuer": issuer.issuer,
        "audience": issuer.audience,
        "jwksUrl": issuer.jwks_url,
        "linkBy": issuer.link_by.as_str(),
        "linkClaim": issuer.link_claim,
        "trustsEmail": issuer.trusts_email,
        "active": issuer.active,
    })
}
