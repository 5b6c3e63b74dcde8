//! Requests with an API client's key.

use chrono::{DateTime, Utc};
use shared::{
    auth::{AuthError, Claims, Credential},
    domain::api_clients::{ApiClient, KeyProblem},
    store::{self, StoreError},
};

use super::{Service, answers::Fault, bearer};
use crate::caller::Caller;

/// Who a key stands for: the client's person, under the client's scopes.
pub(super) async fn authenticate(service: &Service, key: &Credential, request_id: String) -> Result<Caller, Fault> {
    let (client, expires_at) = client(service, key).await?;
    person(service, &client, expires_at, request_id).await
}

/// The client whose key this is, and until when the key works. Its use is noted.
pub(super) async fn client(service: &Service, key: &Credential) -> Result<(ApiClient, DateTime<Utc>), Fault> {
    let now = service.clock.now();
    let found = store::api_clients::find_by_key(&service.store, key.id()).await.map_err(unavailable)?;
    let client = found.ok_or(AuthError::UnknownApiKey)?;
    let until = client.check(key, now).map_err(|problem| match problem {
        KeyProblem::Unknown => AuthError::UnknownApiKey,
        KeyProblem::Expired => AuthError::ExpiredApiKey,
        KeyProblem::Revoked => AuthError::RevokedApiKey,
    })?;
    if client.is_newly_used(now) {
        // Who asks is known without it, so a database that cannot write right now does not turn readers away.
        if let Err(error) = note_use(service, &client, now).await {
            tracing::warn!(%error, client = %client.id, "the use of an API client could not be noted");
        }
    }
    Ok((client, until))
}

/// The person a client acts as, who must still be there.
pub(super) async fn person(
    service: &Service,
    client: &ApiClient,
    expires_at: DateTime<Utc>,
    request_id: String,
) -> Result<Caller, Fault> {
    let claims =
        Claims { organization_id: client.organization_id, person_id: client.person_id, expires_at, basis: None };
    let mut caller = bearer::load(service, &claims, request_id, service.clock.now()).await?;
    caller.client = Some(client.id);
    caller.scopes = client.scopes.clone();
    Ok(caller)
}

async fn note_use(service: &Service, client: &ApiClient, now: DateTime<Utc>) -> Result<(), StoreError> {
    let tx = service.store.begin().await?;
    store::api_clients::note_use(&tx, client.organization_id, client.id, now).await?;
    tx.commit().await?;
    Ok(())
}

#[expect(clippy::needless_pass_by_value, reason = "it maps an error")]
fn unavailable(error: StoreError) -> Fault {
    tracing::error!(%error, "the API client cannot be read");
    Fault::Unavailable
}
