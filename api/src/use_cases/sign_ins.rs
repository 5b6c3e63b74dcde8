//! Signing in without an identity provider: ask for a link, redeem it, go on with refresh tokens, sign out.
//!
//! Whoever asks for a link is a stranger, and learns nothing: a known address and an unknown one take the same statements
//! here and get the same answer. The worker makes the code and writes the mail, so that even the time it takes is the same.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use shared::{
    auth::{Basis, Credential, CredentialKind, Grant, Signer, hash},
    domain::{
        people::Person,
        refusals::RefusalCode,
        sign_ins::{
            ACCESS_LIFE, IDLE_LIFE, LINK_LIFE, LINKS_PER_ADDRESS, LINKS_PER_ORGANIZATION, Refresh, RefreshToken,
            SIGN_IN_LIFE, SignIn, SignInLink, WINDOW, page, refresh,
        },
    },
    store::{self, StoreError, Tx, audit::AuditEntry},
};
use uuid::Uuid;

use super::{State, UseCaseError, needs_administrator, not_found, refuse, refuse_field};
use crate::caller::Caller;

/// Somebody who wants to sign in.
#[derive(Clone, Debug)]
pub struct LinkRequest {
    /// The organization's short name.
    pub organization: String,
    /// The mail address.
    pub email: String,
    /// A page of the portal to come back to.
    pub redirect: Option<String>,
}

/// What a sign-in goes on with.
#[derive(Clone, Debug)]
pub struct Tokens {
    /// Who signed in.
    pub person: Person,
    /// The bearer token.
    pub access_token: String,
    /// When it ends.
    pub access_expires_at: DateTime<Utc>,
    /// What is exchanged for the next tokens.
    pub refresh_token: Credential,
    /// When that ends unless it is used.
    pub refresh_expires_at: DateTime<Utc>,
}

/// Asks for a link by mail.
///
/// # Errors
/// Refused for an unknown organization, an address that cannot be one, a page outside the portal, and too many requests;
/// never for what is known about the address.
pub async fn request_sign_in(state: &State, request: LinkRequest) -> Result<(), UseCaseError> {
    signer(state)?;
    let organization = store::organizations::find_by_slug(&state.store, request.organization.trim()).await?;
    let organization = organization.ok_or_else(|| not_found("organization", "organization"))?;
    let email = request.email.trim().to_lowercase();
    if !(3..=254).contains(&email.len()) || !email.contains('@') || email.contains(char::is_control) {
        return Err(refuse_field(RefusalCode::Invalid, "email", "give a mail address like ana@example.org"));
    }
    let page = page(organization.portal_url.as_deref(), request.redirect.as_deref())
        .map_err(|message| refuse_field(RefusalCode::Invalid, "redirect", message))?
        .unwrap_or_else(|| format!("{}/sign-in", state.public_url));
    let address_hash = hash(&email);
    let now = state.clock.now();
    let tx = state.store.begin().await?;
    let asked = store::sign_in_links::count_alone(&tx, organization.id, &address_hash, now - WINDOW).await?;
    if asked.by_address >= LINKS_PER_ADDRESS {
        let message = "links for this address were asked for too often; use the latest one, or try again in an hour";
        return Err(refuse_field(RefusalCode::TooMany, "email", message));
    }
    if asked.by_organization >= LINKS_PER_ORGANIZATION {
        let message = "too many people of the organization are signing in; try again in a few minutes";
        return Err(refuse(RefusalCode::TooMany, message));
    }
    let person = store::people::find_by_email(&tx, organization.id, &email).await?;
    let link = SignInLink {
        id: state.clock.new_id(),
        organization_id: organization.id,
        address_hash,
        person_id: person.filter(|person| person.active).map(|person| person.id),
        page,
        code_hash: None,
        failures: 0,
        expires_at: now + LINK_LIFE,
        ended_at: None,
        created_at: now,
    };
    store::sign_in_links::insert(&tx, link).await?;
    state.commit(tx).await?;
    Ok(())
}

/// Redeems the code of a link, once.
///
/// # Errors
/// Refused for anything but the code of a link that still works; the reason is always the same.
pub async fn sign_in(state: &State, code: &str, request_id: &str) -> Result<Tokens, UseCaseError> {
    let signer = signer(state)?;
    let not_valid = || {
        let message = "the link was used, replaced or is too old; ask for a new one";
        refuse_field(RefusalCode::Invalid, "code", message)
    };
    let code = Credential::read(CredentialKind::SignInCode, code.trim()).ok_or_else(not_valid)?;
    let now = state.clock.now();
    let tx = state.store.begin().await?;
    let link = store::sign_in_links::hold_by_code(&tx, code.id()).await?.ok_or_else(not_valid)?;
    if !link.code_hash.as_deref().is_some_and(|stored| code.fits(stored)) {
        store::sign_in_links::note_failure(&tx, &link, now).await?;
        tx.commit().await?;
        return Err(not_valid());
    }
    if link.ended_at.is_some() || now >= link.expires_at {
        return Err(not_valid());
    }
    let Some(person_id) = link.person_id else { return Err(not_valid()) };
    let person = store::people::find(&tx, link.organization_id, person_id).await?;
    let person = person.filter(|person| person.active).ok_or_else(not_valid)?;
    store::sign_in_links::end_of_person(&tx, link.organization_id, person.id, None, now).await?;
    let sign_in = SignIn {
        id: state.clock.new_id(),
        organization_id: link.organization_id,
        person_id: person.id,
        expires_at: now + SIGN_IN_LIFE,
        idle_until: now + IDLE_LIFE,
        ended_at: None,
        created_at: now,
        updated_at: now,
    };
    store::sign_ins::insert(&tx, sign_in.clone()).await?;
    let tokens = issue(state, &tx, signer, &sign_in, person).await?;
    note(state, &tx, &sign_in, "signIn", json!({}), request_id).await?;
    tx.commit().await?;
    Ok(tokens)
}

/// Exchanges a refresh token for the next tokens. One that was exchanged before ends the sign-in, for then two hold it;
/// only an answer that got lost may be asked for again, at once.
///
/// # Errors
/// Refused for anything but the latest token of a sign-in that goes on; the reason is always the same.
pub async fn refresh_sign_in(state: &State, token: &str, request_id: &str) -> Result<Tokens, UseCaseError> {
    let signer = signer(state)?;
    let not_valid = || {
        let message = "the refresh token was used before, has expired, or the person signed out; sign in again";
        refuse_field(RefusalCode::Invalid, "refreshToken", message)
    };
    let given = Credential::read(CredentialKind::RefreshToken, token.trim()).ok_or_else(not_valid)?;
    let now = state.clock.now();
    let tx = state.store.begin().await?;
    let (token, sign_in) = held(&tx, &given).await?.ok_or_else(not_valid)?;
    if !sign_in.lives(now) {
        return Err(not_valid());
    }
    let organization_id = sign_in.organization_id;
    let person = store::people::find(&tx, organization_id, sign_in.person_id).await?;
    let person = person.filter(|person| person.active).ok_or_else(not_valid)?;
    let next = match token.replaced_by {
        Some(id) => store::sign_ins::find_token(&tx, id).await?,
        None => None,
    };
    let replaced_at = match refresh(&token, next.as_ref(), now) {
        Refresh::Next => now,
        Refresh::Retry => {
            // Nobody should ever show the token whose answer got lost. The time for retries does not begin anew.
            if let Some(lost) = next {
                store::sign_ins::replace_token(&tx, organization_id, lost.id, None, now).await?;
            }
            token.replaced_at.unwrap_or(now)
        }
        Refresh::Reuse => {
            store::sign_ins::end(&tx, organization_id, sign_in.person_id, Some(sign_in.id), now).await?;
            note(state, &tx, &sign_in, "refreshTokenReused", json!({}), request_id).await?;
            tx.commit().await?;
            tracing::warn!(sign_in = %sign_in.id, "a refresh token was used twice; its sign-in ended");
            return Err(not_valid());
        }
    };
    let sign_in = SignIn { idle_until: (now + IDLE_LIFE).min(sign_in.expires_at), updated_at: now, ..sign_in };
    store::sign_ins::prolong(&tx, organization_id, sign_in.id, sign_in.idle_until, now).await?;
    let tokens = issue(state, &tx, signer, &sign_in, person).await?;
    let next = Some(tokens.refresh_token.id());
    store::sign_ins::replace_token(&tx, organization_id, token.id, next, replaced_at).await?;
    tx.commit().await?;
    Ok(tokens)
}

/// Ends the sign-in of a refresh token, whichever of its tokens it is. An unknown token is as good as signed out.
///
/// # Errors
/// When the database is gone.
pub async fn sign_out(state: &State, token: &str, request_id: &str) -> Result<(), UseCaseError> {
    let Some(given) = Credential::read(CredentialKind::RefreshToken, token.trim()) else { return Ok(()) };
    let tx = state.store.begin().await?;
    let Some((_, sign_in)) = held(&tx, &given).await? else { return Ok(()) };
    let now = state.clock.now();
    if store::sign_ins::end(&tx, sign_in.organization_id, sign_in.person_id, Some(sign_in.id), now).await? > 0 {
        note(state, &tx, &sign_in, "signOut", json!({}), request_id).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// Ends every sign-in of a person, and every link on its way to them; returns how many sign-ins ended.
///
/// # Errors
/// Refused to anyone but the person and administrators.
pub async fn sign_out_everywhere(state: &State, caller: &Caller, person_id: Option<Uuid>) -> Result<u64, UseCaseError> {
    let person_id = person_id.unwrap_or_else(|| caller.person_id());
    if person_id != caller.person_id() {
        needs_administrator(caller)?;
    }
    let (organization_id, now) = (caller.organization_id(), state.clock.now());
    let tx = state.store.begin().await?;
    let person = store::people::find(&tx, organization_id, person_id).await?;
    let person = person.ok_or_else(|| not_found("personId", "person"))?;
    store::sign_in_links::end_of_person(&tx, organization_id, person.id, None, now).await?;
    let ended = store::sign_ins::end(&tx, organization_id, person.id, None, now).await?;
    state.audit(&tx, caller, "signOutEverywhere", person.id, json!({ "ended": ended })).await?;
    tx.commit().await?;
    Ok(ended)
}

/// A refresh token with its sign-in, which nobody else can change until the transaction ends; `None` for one that is not
/// ours.
async fn held(tx: &Tx, given: &Credential) -> Result<Option<(RefreshToken, SignIn)>, StoreError> {
    let found = store::sign_ins::find_token(tx, given.id()).await?;
    let Some(found) = found.filter(|found| given.fits(&found.token_hash)) else { return Ok(None) };
    let Some(sign_in) = store::sign_ins::hold(tx, found.organization_id, found.sign_in_id).await? else {
        return Ok(None);
    };
    // Read again: whoever held the sign-in before us may have exchanged the token.
    Ok(store::sign_ins::find_token(tx, given.id()).await?.map(|found| (found, sign_in)))
}

async fn issue(
    state: &State,
    tx: &Tx,
    signer: &Signer,
    sign_in: &SignIn,
    person: Person,
) -> Result<Tokens, UseCaseError> {
    let now = state.clock.now();
    let ttl = ACCESS_LIFE.min(sign_in.expires_at - now);
    let grant = Grant { organization_id: sign_in.organization_id, person_id: sign_in.person_id, ttl };
    let access_token = signer.sign_for(&grant, &Basis::SignIn { id: sign_in.id }, now)?;
    let refresh_token = Credential::generate(CredentialKind::RefreshToken, state.clock.new_id())?;
    let token = RefreshToken {
        id: refresh_token.id(),
        organization_id: sign_in.organization_id,
        sign_in_id: sign_in.id,
        token_hash: refresh_token.hash(),
        created_at: now,
        replaced_at: None,
        replaced_by: None,
    };
    store::sign_ins::insert_token(tx, token).await?;
    let (access_expires_at, refresh_expires_at) = (now + ttl, sign_in.idle_until);
    Ok(Tokens { person, access_token, access_expires_at, refresh_token, refresh_expires_at })
}

async fn note(
    state: &State,
    tx: &Tx,
    sign_in: &SignIn,
    action: &'static str,
    details: Value,
    request_id: &str,
) -> Result<(), StoreError> {
    let entry = AuditEntry {
        id: state.clock.new_id(),
        organization_id: sign_in.organization_id,
        actor_id: Some(sign_in.person_id),
        client_id: None,
        action,
        entity_id: sign_in.id,
        details,
        request_id: Some(request_id.to_owned()),
        at: state.clock.now(),
    };
    store::audit::record(tx, entry).await
}

fn signer(state: &State) -> Result<&Signer, UseCaseError> {
    let message = "this server has no signing key, so nobody can sign in here; whoever runs it makes one with \
                   `counterpart keys generate`";
    state.signer.as_ref().ok_or_else(|| refuse(RefusalCode::NotPossible, message))
}
