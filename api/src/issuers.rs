//! Tokens of issuers that organizations registered: whose they are, and whom they stand for.
//!
//! What a token says about itself only chooses whose rules it is checked by. The registered issuers are read again every
//! [`KNOWN_FOR`] seconds, so another replica's change is in force within that time; one that was removed or switched off
//! stands for nobody at once, because identities are read with their issuer.

use std::{collections::BTreeMap, sync::Arc};

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::future::join_all;
use shared::{
    auth::{Addressed, AuthError, Claims, ForeignClaims, IssuerKeys},
    clock::Clock,
    domain::issuers::{Identity, Issuer},
    outbound::Outbound,
    store::{self, Store, StoreError},
};
use tokio::sync::Mutex;
use uuid::Uuid;

use crate::use_cases::{
    identities::{self, LinkError, Unlinked},
    issuers::source,
};

/// How long the registered issuers are known without looking again.
const KNOWN_FOR: TimeDelta = TimeDelta::seconds(30);
/// How long an issuer that is not among them is taken to be unknown: a new one works after this.
const UNKNOWN_FOR: TimeDelta = TimeDelta::seconds(2);

/// Why a token of a foreign issuer is not accepted.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ForeignError {
    /// It is not valid.
    #[error(transparent)]
    Token(#[from] AuthError),
    /// It is valid and stands for nobody.
    #[error(transparent)]
    Unlinked(#[from] Unlinked),
    /// The keys that it could be checked with are not to be had.
    #[error("the keys of the issuer cannot be read")]
    Unreachable,
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<LinkError> for ForeignError {
    fn from(error: LinkError) -> Self {
        match error {
            LinkError::Unlinked(why) => why.into(),
            LinkError::Store(error) => error.into(),
        }
    }
}

/// An issuer with the slug of its organization.
#[derive(Debug)]
struct Registered {
    issuer: Issuer,
    slug: String,
}

type Registry = Arc<BTreeMap<String, Vec<Arc<Registered>>>>;

/// The issuers of all organizations, their keys, and how their tokens are checked.
#[derive(Debug)]
pub(crate) struct Issuers {
    store: Store,
    clock: Clock,
    keys: IssuerKeys,
    leeway: TimeDelta,
    /// By `iss`, and when they were read.
    registry: Mutex<Option<(Registry, DateTime<Utc>)>>,
}

/// A registered issuer whose token this is.
struct Verified {
    registered: Arc<Registered>,
    claims: ForeignClaims,
}

impl Issuers {
    /// Nothing is read yet.
    pub(crate) fn new(store: Store, clock: Clock, outbound: Outbound, leeway: TimeDelta) -> Self {
        let keys = IssuerKeys::new(outbound, clock.clone());
        Self { store, clock, keys, leeway, registry: Mutex::default() }
    }

    /// Whom this token stands for. `organization` is the slug in the header `Counterpart-Organization`.
    ///
    /// # Errors
    /// [`ForeignError`] when it stands for nobody, or when that cannot be told now.
    pub(crate) async fn claims(
        &self,
        token: &str,
        addressed: &Addressed,
        organization: Option<&str>,
        request_id: &str,
    ) -> Result<Claims, ForeignError> {
        match self.stands_for(token, addressed, organization, request_id).await {
            Err(ForeignError::Unlinked(Unlinked::Gone)) => {
                // It was changed, and is known here as it was before.
                *self.registry.lock().await = None;
                self.stands_for(token, addressed, organization, request_id).await
            }
            outcome => outcome,
        }
    }

    async fn stands_for(
        &self,
        token: &str,
        addressed: &Addressed,
        organization: Option<&str>,
        request_id: &str,
    ) -> Result<Claims, ForeignError> {
        let candidates = self.candidates(addressed, organization).await?;
        let (Verified { registered, claims }, identity) = self.settle(token, candidates).await?;
        let identity = match identity {
            Some(identity) => {
                // It is only noted; nobody is kept out because of that.
                if let Err(error) = identities::see(&self.store, &identity, self.clock.now()).await {
                    tracing::warn!(%error, "the use of an identity cannot be noted");
                }
                identity
            }
            None => identities::link(&self.store, &self.clock, &registered.issuer, &claims, request_id).await?,
        };
        Ok(Claims {
            organization_id: identity.organization_id,
            person_id: identity.person_id,
            basis: None,
            expires_at: claims.expires_at,
        })
    }

    /// The registered issuers that this token may be of.
    async fn candidates(
        &self,
        addressed: &Addressed,
        organization: Option<&str>,
    ) -> Result<Vec<Arc<Registered>>, ForeignError> {
        let mut candidates = self.registered(&addressed.issuer).await?;
        if candidates.is_empty() {
            return Err(AuthError::WrongIssuer.into());
        }
        candidates.retain(|registered| addressed.is_for(&registered.issuer.audience));
        if candidates.is_empty() {
            return Err(AuthError::WrongAudience.into());
        }
        if let Some(slug) = organization {
            candidates.retain(|registered| registered.slug == slug);
            if candidates.is_empty() {
                return Err(Unlinked::NotOfOrganization.into());
            }
        }
        Ok(candidates)
    }

    /// The one of these that the token is valid for, with its subject's identity if it has one.
    ///
    /// Whoever is linked with exactly one organization is meant there, and those whose keys are at hand are asked first: an
    /// organization that registers another one's issuer, with whatever keys, keeps nobody out who was there before.
    async fn settle(
        &self,
        token: &str,
        candidates: Vec<Arc<Registered>>,
    ) -> Result<(Verified, Option<Identity>), ForeignError> {
        let mut verified = Vec::new();
        let mut open = Vec::new();
        let mut first_error = None;
        for registered in candidates {
            match self.verify_at_hand(token, &registered) {
                Some(Ok(claims)) => verified.push(Verified { registered, claims }),
                Some(Err(AuthError::UnknownKey)) | None => open.push(registered),
                Some(Err(error)) => first_error = first_error.or(Some(ForeignError::Token(error))),
            }
        }
        let identities = self.identities(&verified).await?;
        if !identities.is_empty() {
            return choose(verified, &identities);
        }
        let asked = join_all(open.into_iter().map(|registered| self.verify(token, registered))).await;
        let mut is_changed = false;
        for outcome in asked {
            match outcome {
                Ok(one) => {
                    verified.push(one);
                    is_changed = true;
                }
                Err(error) => first_error = first_error.or(Some(error)),
            }
        }
        if verified.is_empty() {
            return Err(first_error.unwrap_or(ForeignError::Unreachable));
        }
        let identities = if is_changed { self.identities(&verified).await? } else { identities };
        choose(verified, &identities)
    }

    async fn identities(&self, verified: &[Verified]) -> Result<Vec<Identity>, StoreError> {
        let Some(first) = verified.first() else { return Ok(Vec::new()) };
        let ids: Vec<Uuid> = verified.iter().map(|one| one.registered.issuer.id).collect();
        store::identities::every_of_subject(&self.store, &ids, &first.claims.subject).await
    }

    /// Checks a token with keys that are here; `None` without keys.
    fn verify_at_hand(&self, token: &str, registered: &Registered) -> Option<Result<ForeignClaims, AuthError>> {
        let keys = self.keys.at_hand(&source(&registered.issuer))?;
        Some(self.check(token, &keys, &registered.issuer))
    }

    /// Checks a token whose key is not here, once there are newer keys.
    async fn verify(&self, token: &str, registered: Arc<Registered>) -> Result<Verified, ForeignError> {
        let source = source(&registered.issuer);
        let seen = self.keys.at_hand(&source);
        let newer = self.keys.newer(&source, seen.as_ref()).await;
        let keys = match (newer, seen) {
            (Some(keys), _) => keys,
            (None, Some(_)) => return Err(AuthError::UnknownKey.into()),
            (None, None) => return Err(ForeignError::Unreachable),
        };
        let claims = self.check(token, &keys, &registered.issuer)?;
        Ok(Verified { registered, claims })
    }

    fn check(&self, token: &str, keys: &shared::auth::KeySet, issuer: &Issuer) -> Result<ForeignClaims, AuthError> {
        ForeignClaims::verify(token, keys, &issuer.issuer, &issuer.audience, self.leeway, self.clock.now())
    }

    /// The issuers that are registered under this `iss`, oldest first.
    async fn registered(&self, issuer: &str) -> Result<Vec<Arc<Registered>>, StoreError> {
        let now = self.clock.now();
        let mut registry = self.registry.lock().await;
        if let Some((known, read_at)) = &*registry {
            let found = known.get(issuer);
            let good_for = if found.is_some() { KNOWN_FOR } else { UNKNOWN_FOR };
            // A clock that was set back counts as one that ran on.
            if (*read_at..*read_at + good_for).contains(&now) {
                return Ok(found.cloned().unwrap_or_default());
            }
        }
        let mut read: BTreeMap<String, Vec<Arc<Registered>>> = BTreeMap::new();
        for (issuer, slug) in store::issuers::every_active(&self.store).await? {
            read.entry(issuer.issuer.clone()).or_default().push(Arc::new(Registered { issuer, slug }));
        }
        let found = read.get(issuer).cloned().unwrap_or_default();
        *registry = Some((Arc::new(read), now));
        Ok(found)
    }
}

/// Which of these is meant: the one organization in which the subject is known, or the only organization there is.
fn choose(mut verified: Vec<Verified>, identities: &[Identity]) -> Result<(Verified, Option<Identity>), ForeignError> {
    let one_only = |mut ids: Vec<Uuid>| {
        ids.dedup();
        ids.len() == 1
    };
    let identity = identities.first().cloned();
    let organizations = if identities.is_empty() {
        verified.sort_by_key(|one| (one.registered.issuer.organization_id, one.registered.issuer.id));
        verified.iter().map(|one| one.registered.issuer.organization_id).collect()
    } else {
        let mut ids: Vec<Uuid> = identities.iter().map(|identity| identity.organization_id).collect();
        ids.sort_unstable();
        ids
    };
    if !one_only(organizations) {
        return Err(Unlinked::Ambiguous.into());
    }
    let meant = verified
        .into_iter()
        .find(|one| identity.as_ref().is_none_or(|identity| identity.issuer_id == one.registered.issuer.id));
    Ok((meant.ok_or(Unlinked::Gone)?, identity))
}
