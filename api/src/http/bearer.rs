//! Who a request says it comes from.

use actix_web::http::header::{self, HeaderMap};
use chrono::{DateTime, Utc};
use shared::auth::{AuthError, Claims, Verifier};

/// What the bearer token of a request says; `None` without one. Only the header counts: no cookie and no parameter can
/// lend somebody's name to a page that they happen to look at.
pub(super) fn claims(
    headers: &HeaderMap,
    verifier: &Verifier,
    now: DateTime<Utc>,
) -> Result<Option<Claims>, AuthError> {
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
    verifier.verify(token.trim(), now).map(Some)
}
