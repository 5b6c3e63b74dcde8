//! Identities: whom somebody who signs in with a token of a foreign issuer stands for.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use shared::{
    auth::ForeignClaims,
    clock::Clock,
    domain::{
        issuers::{Identity, Issuer, LinkBy},
        people::Person,
    },
    store::{self, Store, StoreError, Tx, audit::AuditEntry},
};
use uuid::Uuid;

use super::{State, UseCaseError, not_found};
use crate::caller::Caller;

/// How exactly it is noted when an identity was last used: reads are to stay reads.
const SEEN_EVERY: TimeDelta = TimeDelta::days(1);
/// How often a refused takeover of one person is written down.
const TOLD_EVERY: TimeDelta = TimeDelta::hours(1);

/// Why a valid token of a foreign issuer stands for nobody. The messages are for whoever sent it, hold no claim of the
/// token, and tell what to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unlinked {
    /// The link claim is missing or of no use.
    #[error("its claims do not say who this is; the claim that the organization chose for that is missing")]
    NoClaim,
    /// Nobody vouches for the address.
    #[error("its issuer does not vouch for the mail address; email_verified must be true")]
    NotVerified,
    /// No such person.
    #[error("its person is not in the roster of the organization; ask the staff to add them")]
    NotInRoster,
    /// The person left.
    #[error("its person is no longer active in the organization")]
    Inactive,
    /// The person is somebody else's.
    #[error("its person is linked to another account of this issuer; an administrator can remove that link")]
    LinkedOtherwise,
    /// The issuer was removed a moment ago.
    #[error("its issuer is no longer registered")]
    Gone,
    /// It may be meant for several organizations.
    #[error(
        "several organizations take tokens of this issuer; name the one that is meant in the header \
         Counterpart-Organization"
    )]
    Ambiguous,
    /// It is not for the organization in the header.
    #[error("the organization in the header Counterpart-Organization takes no tokens of this issuer and audience")]
    NotOfOrganization,
}

/// Why a subject was not linked.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// It cannot be.
    #[error(transparent)]
    Unlinked(#[from] Unlinked),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Notes that an identity was used, once a day.
///
/// # Errors
/// When the database is gone.
pub async fn see(store: &Store, identity: &Identity, now: DateTime<Utc>) -> Result<(), StoreError> {
    let before = now - SEEN_EVERY;
    if identity.last_seen_at > before {
        return Ok(());
    }
    let tx = store.begin().await?;
    store::identities::see(&tx, identity, before, now).await?;
    tx.commit().await?;
    Ok(())
}

/// The first sign-in: links the token's subject to the person whom its claims name, and from then on the subject alone
/// decides. Two first sign-ins at once make one link.
///
/// # Errors
/// [`Unlinked`] when there is no such person, or when they are linked to another subject of the same issuer: an account
/// that got hold of somebody's address is not given their person as well.
pub async fn link(
    store: &Store,
    clock: &Clock,
    issuer: &Issuer,
    claims: &ForeignClaims,
    request_id: &str,
) -> Result<Identity, LinkError> {
    // The issuer was read some seconds ago.
    let now_registered = store::issuers::find(store, issuer.organization_id, issuer.id).await?;
    if now_registered.as_ref() != Some(issuer) || !issuer.active {
        return Err(Unlinked::Gone.into());
    }
    let person = named(store, issuer, claims).await?;
    if let Some(standing) =
        store::identities::find_of_person(store, issuer.organization_id, issuer.id, person.id).await?
    {
        return same_subject(store, clock, standing, claims, request_id).await;
    }
    let now = clock.now();
    let identity = Identity {
        id: clock.new_id(),
        organization_id: issuer.organization_id,
        issuer_id: issuer.id,
        person_id: person.id,
        subject: claims.subject.clone(),
        created_at: now,
        last_seen_at: now,
    };
    let tx = store.begin().await?;
    match store::identities::insert(&tx, &identity).await {
        Ok(()) => {}
        // Somebody was faster: the same subject, or another one for the same person.
        Err(StoreError::Duplicate(_)) => {
            drop(tx);
            if let Some(standing) =
                store::identities::every_of_subject(store, &[issuer.id], &claims.subject).await?.into_iter().next()
            {
                return Ok(standing);
            }
            let found = store::identities::find_of_person(store, issuer.organization_id, issuer.id, person.id).await?;
            let standing = found.ok_or(StoreError::Conflict("the identity"))?;
            return same_subject(store, clock, standing, claims, request_id).await;
        }
        Err(error) => return Err(error.into()),
    }
    let details = json!({ "issuerId": issuer.id, "identityId": identity.id });
    write_down(&tx, clock, &identity, "linkIdentity", Some(person.id), details, request_id).await?;
    tx.commit().await?;
    Ok(identity)
}

/// The person whom the claims name, as far as the issuer may vouch for that.
async fn named(store: &Store, issuer: &Issuer, claims: &ForeignClaims) -> Result<Person, LinkError> {
    let organization_id = issuer.organization_id;
    let person = match issuer.link_by {
        LinkBy::Email => {
            let email = claims.email(&issuer.link_claim).ok_or(Unlinked::NoClaim)?;
            if !issuer.trusts_email && !claims.is_email_verified(&issuer.link_claim) {
                return Err(Unlinked::NotVerified.into());
            }
            // A placeholder is nobody's address.
            store::people::find_by_email(store, organization_id, email).await?.filter(Person::has_address)
        }
        LinkBy::ExternalId => {
            let id = claims.id(&issuer.link_claim).ok_or(Unlinked::NoClaim)?;
            store::people::find_by_external_id(store, organization_id, &id).await?
        }
    };
    let person = person.ok_or(Unlinked::NotInRoster)?;
    if person.active { Ok(person) } else { Err(Unlinked::Inactive.into()) }
}

/// The person's identity, if it is the token's; otherwise somebody else wants to be them, which is written down.
async fn same_subject(
    store: &Store,
    clock: &Clock,
    standing: Identity,
    claims: &ForeignClaims,
    request_id: &str,
) -> Result<Identity, LinkError> {
    if standing.subject == claims.subject {
        return Ok(standing);
    }
    let (action, since) = ("refuseIdentity", clock.now() - TOLD_EVERY);
    let known =
        store::audit::is_recorded_since(store, standing.organization_id, action, standing.person_id, since).await?;
    if !known {
        let tx = store.begin().await?;
        let details = json!({ "issuerId": standing.issuer_id, "identityId": standing.id });
        write_down(&tx, clock, &standing, action, None, details, request_id).await?;
        tx.commit().await?;
    }
    tracing::warn!(identity = %standing.id, "another subject of the issuer claims a person who is linked");
    Err(Unlinked::LinkedOtherwise.into())
}

async fn write_down(
    tx: &Tx,
    clock: &Clock,
    identity: &Identity,
    action: &'static str,
    actor_id: Option<Uuid>,
    details: Value,
    request_id: &str,
) -> Result<(), StoreError> {
    let entry = AuditEntry {
        id: clock.new_id(),
        organization_id: identity.organization_id,
        actor_id,
        client_id: None,
        action,
        entity_id: identity.person_id,
        details,
        request_id: Some(request_id.to_owned()),
        at: clock.now(),
    };
    store::audit::record(tx, entry).await
}

/// Removes an identity: its subject stands for nobody until it is linked anew.
///
/// # Errors
/// Refused to anyone but administrators and the person themselves.
pub async fn delete_identity(state: &State, caller: &Caller, id: Uuid) -> Result<Uuid, UseCaseError> {
    let tx = state.store.begin().await?;
    let standing = store::identities::find(&tx, caller.organization_id(), id).await?;
    let visible = standing.filter(|identity| caller.is_administrator() || identity.person_id == caller.person_id());
    let identity = visible.ok_or_else(|| not_found("id", "identity"))?;
    store::identities::delete(&tx, caller.organization_id(), id).await?;
    let details = json!({ "issuerId": identity.issuer_id, "identityId": id });
    state.audit(&tx, caller, "deleteIdentity", identity.person_id, details).await?;
    tx.commit().await?;
    Ok(id)
}
