//! Who a request says it comes from, and whether that is so.

use actix_web::http::header::{self, HeaderMap};
use chrono::{DateTime, Utc};
use shared::auth::{Addressed, AuthError, Claims, Credential, CredentialKind};

use super::{Service, answers::Fault, api_keys};
use crate::{caller::Caller, issuers::ForeignError};

/// The header with the slug of the organization that a request is meant for. Only a token that several organizations take
/// needs it; with it, what other organizations have registered does not matter.
const ORGANIZATION: &str = "counterpart-organization";

/// What a request, or a stream, shows for itself.
#[derive(Clone, Debug)]
pub(super) struct Credentials {
    /// The bearer token.
    pub(super) token: String,
    /// The slug of the organization that it is meant for, when it says so.
    pub(super) organization: Option<String>,
}

/// The credentials of a request; `None` without a bearer token. Only the header counts: no cookie and no parameter can lend
/// somebody's name to a page that they happen to look at.
pub(super) fn credentials(headers: &HeaderMap) -> Result<Option<Credentials>, AuthError> {
    let mut values = headers.get_all(header::AUTHORIZATION);
    let Some(value) = values.next() else { return Ok(None) };
    // Two headers could be read as two people by two programs.
    if values.next().is_some() {
        return Err(AuthError::Malformed);
    }
    let token = read(value.to_str().map_err(|_| AuthError::Malformed)?)?;
    Ok(Some(Credentials { token, organization: organization(headers) }))
}

/// The token in the text of an `Authorization`.
pub(super) fn read(text: &str) -> Result<String, AuthError> {
    let (scheme, token) = text.split_once(' ').unwrap_or((text, ""));
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(AuthError::Missing);
    }
    Ok(token.trim().to_owned())
}

/// The organization that a request is meant for, by its slug; `None` when it does not say.
pub(super) fn organization(headers: &HeaderMap) -> Option<String> {
    // Something unreadable is the name of no organization.
    headers.get(ORGANIZATION).map(|value| value.to_str().unwrap_or_default().trim().to_owned())
}

/// Who these credentials stand for, as things are now: whatever asks on somebody's behalf, be it a request or a
/// subscription that goes on for hours, comes through here.
pub(super) async fn authenticate(
    service: &Service,
    credentials: &Credentials,
    request_id: String,
) -> Result<Caller, Fault> {
    if let Some(key) = Credential::read(CredentialKind::ApiKey, &credentials.token) {
        return api_keys::authenticate(service, &key, request_id).await;
    }
    let organization = credentials.organization.as_deref();
    let claims = claims(service, &credentials.token, organization, &request_id).await?;
    load(service, &claims, request_id, service.clock.now()).await
}

/// The person of claims that were checked.
pub(super) async fn load(
    service: &Service,
    claims: &Claims,
    request_id: String,
    now: DateTime<Utc>,
) -> Result<Caller, Fault> {
    match Caller::load(&service.store, claims, request_id, now).await {
        Ok(Some(caller)) => Ok(caller),
        Ok(None) => Err(Fault::Nobody),
        Err(error) => {
            tracing::error!(%error, "the caller cannot be read");
            Err(Fault::Unavailable)
        }
    }
}

/// What a token says, be it our own or of an issuer that an organization registered.
async fn claims(service: &Service, token: &str, organization: Option<&str>, request_id: &str) -> Result<Claims, Fault> {
    let now = service.clock.now();
    // Only our own tokens are: the keys of others come and go.
    if let Some(claims) = service.remembered.find(token, now) {
        return Ok(claims);
    }
    let foreign = Addressed::peek(token).filter(|addressed| addressed.issuer != service.verifier.issuer());
    let Some(addressed) = foreign else {
        let claims = service.verifier.verify(token, now)?;
        service.remembered.keep(token, claims.clone());
        return Ok(claims);
    };
    service.issuers.claims(token, &addressed, organization, request_id).await.map_err(|error| match error {
        ForeignError::Token(error) => error.into(),
        ForeignError::Unlinked(why) => Fault::Unlinked(why),
        ForeignError::Unreachable => Fault::NoKeys,
        ForeignError::Store(error) => {
            tracing::error!(%error, "the identity cannot be read");
            Fault::Unavailable
        }
    })
}
