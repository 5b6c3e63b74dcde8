//! Who a request says it comes from, and whether that is so.

use actix_web::http::header::{self, HeaderMap};
use shared::auth::{Addressed, AuthError, Claims};

use super::{Service, answers::Fault};
use crate::{caller::Caller, issuers::ForeignError};

/// The header with the slug of the organization that a request is meant for. Only a token that several organizations take
/// needs it; with it, what other organizations have registered does not matter.
const ORGANIZATION: &str = "counterpart-organization";

/// The bearer token of a request; `None` without one. Only the header counts: no cookie and no parameter can lend
/// somebody's name to a page that they happen to look at.
pub(super) fn token(headers: &HeaderMap) -> Result<Option<String>, AuthError> {
    let mut values = headers.get_all(header::AUTHORIZATION);
    let Some(value) = values.next() else { return Ok(None) };
    // Two headers could be read as two people by two programs.
    if values.next().is_some() {
        return Err(AuthError::Malformed);
    }
    let text = value.to_str().map_err(|_| AuthError::Malformed)?;
    let (scheme, token) = text.split_once(' ').unwrap_or((text, ""));
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(AuthError::Missing);
    }
    Ok(Some(token.trim().to_owned()))
}

/// The organization that a request is meant for, by its slug; `None` when it does not say.
pub(super) fn organization(headers: &HeaderMap) -> Option<String> {
    // Something unreadable is the name of no organization.
    headers.get(ORGANIZATION).map(|value| value.to_str().unwrap_or_default().trim().to_owned())
}

/// The bearer token of a request that makes no sense without one.
pub(super) fn needed(headers: &HeaderMap) -> Result<String, AuthError> {
    token(headers)?.ok_or(AuthError::Missing)
}

/// Who this token stands for, as things are now: whatever asks on somebody's behalf, be it a request or a subscription
/// that goes on for hours, comes through here.
/// `organization` is the one that the request is meant for, when it says so.
pub(super) async fn authenticate(
    service: &Service,
    token: &str,
    organization: Option<&str>,
    request_id: String,
) -> Result<Caller, Fault> {
    let claims = claims(service, token, organization, &request_id).await?;
    match Caller::load(&service.store, &claims, request_id).await {
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
    let foreign = Addressed::peek(token).filter(|addressed| addressed.issuer != service.verifier.issuer());
    let Some(addressed) = foreign else {
        return Ok(service.verifier.verify(token, service.clock.now())?);
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
