//! Who a request says it comes from, and whether that is so.

use actix_web::http::header::{self, HeaderMap};
use shared::auth::AuthError;

use super::{Service, answers::Fault};
use crate::caller::Caller;

/// The bearer token of a request; `None` without one. Only the header counts: no cookie and no parameter can lend
/// somebody's name to a page that they happen to look at.
pub(super) fn token(headers: &HeaderMap) -> Result<Option<String>, AuthError> {
    let mut values = headers.get_all(header::AUTHORIZATION);
    let Some(value) = values.next() else { return Ok(None) };
    // Two headers could be read as two people by two programs.
    if values.next().is_some() {
        return Err(AuthError::Malformed);
    }
    read(value.to_str().map_err(|_| AuthError::Malformed)?).map(Some)
}

/// The token in the text of an `Authorization`.
pub(super) fn read(text: &str) -> Result<String, AuthError> {
    let (scheme, token) = text.split_once(' ').unwrap_or((text, ""));
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(AuthError::Missing);
    }
    Ok(token.trim().to_owned())
}

/// Who this token stands for, as things are now: whatever asks on somebody's behalf, be it a request or a subscription
/// that goes on for hours, comes through here.
pub(super) async fn authenticate(service: &Service, token: &str, request_id: String) -> Result<Caller, Fault> {
    let claims = service.verifier.verify(token, service.clock.now())?;
    match Caller::load(&service.store, &claims, request_id).await {
        Ok(Some(caller)) => Ok(caller),
        Ok(None) => Err(Fault::Nobody),
        Err(error) => {
            tracing::error!(%error, "the caller cannot be read");
            Err(Fault::Unavailable)
        }
    }
}
