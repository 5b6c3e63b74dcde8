//! An API client gets a token on behalf of a person (RFC 8693).

use chrono::{DateTime, TimeDelta, Utc};
use shared::{
    auth::{Basis, Grant, KeyError},
    domain::{
        api_clients::{ApiClient, Scope, Scopes},
        states::UnknownWord,
    },
    store::{self, StoreError},
};

use super::State;

/// How long such a token works, at most; it ends with its client's key, too.
pub const EXCHANGED_LIFE: TimeDelta = TimeDelta::minutes(10);

/// A token on somebody's behalf.
#[derive(Clone, Debug)]
pub struct Exchanged {
    /// The bearer token.
    pub access_token: String,
    /// For how many seconds it works.
    pub expires_in: i64,
    /// What it may be used for at most.
    pub scopes: Scopes,
}

/// Why there is none.
#[derive(Debug, thiserror::Error)]
pub enum ExchangeError {
    /// The client lacks the scope for it.
    #[error("the client needs the scope ON_BEHALF")]
    NotAllowed,
    /// A word that is no scope.
    #[error("scope: {0}")]
    UnknownScope(#[from] UnknownWord),
    /// More than the client has.
    #[error("scope: the client has only `{0}`")]
    BeyondClient(Scopes),
    /// Nobody active of the client's organization has this external id.
    #[error("subject_token: nobody active has this external id")]
    NoSubject,
    /// This server can only check tokens.
    #[error("this server has no signing key; whoever runs it makes one with `counterpart keys generate`")]
    NoSigningKey,
    /// The key did not sign.
    #[error("the token could not be signed: {0}")]
    Signing(#[from] KeyError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A token on behalf of the person with this external id. `key_until` is when the client's key ends; `scope` what of the
/// client's scopes the token shall have, all but `ON_BEHALF` if left out.
///
/// # Errors
/// See [`ExchangeError`]. An unknown person, another tenant's and one who left are the same.
pub async fn exchange(
    state: &State,
    client: &ApiClient,
    key_until: DateTime<Utc>,
    external_id: &str,
    scope: Option<&str>,
) -> Result<Exchanged, ExchangeError> {
    if !client.scopes.allow(Scope::OnBehalf) {
        return Err(ExchangeError::NotAllowed);
    }
    let signer = state.signer.as_ref().ok_or(ExchangeError::NoSigningKey)?;
    let mine = client.scopes.without(Scope::OnBehalf);
    let scopes = match scope {
        None => mine,
        Some(text) => {
            let wanted = Scopes::read(text)?;
            if wanted.is_empty() || !mine.cover(&wanted) {
                return Err(ExchangeError::BeyondClient(mine));
            }
            wanted
        }
    };
    let person = store::people::find_by_external_id(&state.store, client.organization_id, external_id).await?;
    let person = person.filter(|person| person.active).ok_or(ExchangeError::NoSubject)?;
    let now = state.clock.now();
    let ttl = EXCHANGED_LIFE.min(key_until - now);
    let grant = Grant { organization_id: client.organization_id, person_id: person.id, ttl };
    let basis = Basis::Client { id: client.id, scopes: scopes.clone() };
    let access_token = signer.sign_for(&grant, &basis, now)?;
    tracing::info!(client = %client.id, person = %person.id, "a token on somebody's behalf");
    Ok(Exchanged { access_token, expires_in: ttl.num_seconds(), scopes })
}
