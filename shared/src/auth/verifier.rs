//! Checks tokens.

use chrono::{DateTime, TimeDelta, Utc};
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Header, Validation, decode, decode_header};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Number;
use uuid::Uuid;

use super::{AuthError, Basis, Claims, Keys, keys::Key};
use crate::config::AuthConfig;

/// No honest token is longer; a longer one is not even decoded.
pub(super) const LONGEST_TOKEN_BYTES: usize = 8 * 1024;

/// Checks tokens against the configured keys, issuer and audience. Clones are cheap enough for one a worker thread.
#[derive(Clone, Debug)]
pub struct Verifier {
    keys: Keys,
    issuer: String,
    audience: String,
    leeway: TimeDelta,
}

#[derive(Deserialize)]
struct Payload {
    /// A list, which the library would search, is no issuer (RFC 7519, section 4.1.1).
    #[serde(default, rename = "iss")]
    _iss: Option<String>,
    sub: Uuid,
    org: Uuid,
    exp: Number,
    #[serde(default)]
    nbf: Option<Number>,
    /// Only our own signer writes this one, so other issuers' `sid`, `client_id` and `scope` are never mistaken for ours.
    #[serde(default, rename = "urn:counterpart:basis")]
    basis: Option<Basis>,
}

impl Verifier {
    /// A verifier for one issuer and one audience.
    pub fn new(config: &AuthConfig, keys: Keys) -> Self {
        let leeway = i64::try_from(config.leeway_seconds).ok().and_then(TimeDelta::try_seconds);
        Self {
            keys,
            issuer: config.issuer.clone(),
            audience: config.audience.clone(),
            leeway: leeway.unwrap_or_default(),
        }
    }

    /// What the `iss` of our own tokens is.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// How far clocks may differ.
    pub fn leeway(&self) -> TimeDelta {
        self.leeway
    }

    /// Checks a bearer token, without the word `Bearer`, and returns what it says. `now` decides what has expired.
    ///
    /// # Errors
    ///
    /// The [`AuthError`] that fits. Claims are looked at only after the signature, so whoever cannot sign learns
    /// nothing about them.
    pub fn verify(&self, token: &str, now: DateTime<Utc>) -> Result<Claims, AuthError> {
        let header = header(token)?;
        let key_id = header.kid.ok_or(AuthError::Malformed)?;
        let key = self.keys.get(&key_id).ok_or(AuthError::UnknownKey)?;
        if header.alg != key.algorithm {
            return Err(AuthError::WrongAlgorithm);
        }
        let expected = Expected { issuer: &self.issuer, audience: &self.audience };
        let payload: Payload = decoded(token, key, &expected)?;
        let expires_at = in_time(&payload.exp, payload.nbf.as_ref(), self.leeway, now)?;
        Ok(Claims { organization_id: payload.org, person_id: payload.sub, expires_at, basis: payload.basis })
    }
}

/// Who a token must be by and for.
pub(super) struct Expected<'a> {
    pub(super) issuer: &'a str,
    pub(super) audience: &'a str,
}

/// The header of a token, once nothing in it is in the way of checking it.
pub(super) fn header(token: &str) -> Result<Header, AuthError> {
    if token.is_empty() {
        return Err(AuthError::Missing);
    }
    if token.len() > LONGEST_TOKEN_BYTES {
        return Err(AuthError::Malformed);
    }
    // Of the header only `alg`, `kid`, `typ` and `crit` are read. Keys inside a token or behind a URL in it
    // (`jwk`, `x5c`, `jku`, `x5u`) are the sender's word and never used; `crit` names extensions, and none is
    // understood here.
    let header = decode_header(token).map_err(|_| AuthError::Malformed)?;
    if header.crit.is_some() || !header.typ.as_deref().is_none_or(is_access_token) {
        return Err(AuthError::Malformed);
    }
    Ok(header)
}

/// The claims of a token that has this key's signature, this issuer and this audience.
pub(super) fn decoded<P: DeserializeOwned>(token: &str, key: &Key, expected: &Expected<'_>) -> Result<P, AuthError> {
    let mut validation = Validation::new(key.algorithm);
    validation.set_issuer(&[expected.issuer]);
    validation.set_audience(&[expected.audience]);
    validation.set_required_spec_claims(&["exp", "iss", "aud"]);
    // The library would ask the system clock.
    validation.validate_exp = false;
    validation.validate_nbf = false;
    Ok(decode::<P>(token, &key.decoding, &validation).map_err(|error| explain(error.kind()))?.claims)
}

/// When a token ends, if `now` lies between its `nbf` and its `exp`.
pub(super) fn in_time(
    exp: &Number,
    nbf: Option<&Number>,
    leeway: TimeDelta,
    now: DateTime<Utc>,
) -> Result<DateTime<Utc>, AuthError> {
    let expires_at = instant(exp).ok_or(AuthError::Malformed)?;
    if is_reached(now, expires_at, leeway) {
        return Err(AuthError::Expired);
    }
    if let Some(not_before) = nbf {
        let not_before = instant(not_before).ok_or(AuthError::Malformed)?;
        if !is_reached(now, not_before, -leeway) {
            return Err(AuthError::NotYetValid);
        }
    }
    Ok(expires_at)
}

/// Tokens of another kind by the same issuer, such as a logout token, carry another type (RFC 8725, section 3.11).
fn is_access_token(typ: &str) -> bool {
    typ.eq_ignore_ascii_case("JWT") || typ.eq_ignore_ascii_case("at+jwt")
}

fn is_reached(now: DateTime<Utc>, instant: DateTime<Utc>, leeway: TimeDelta) -> bool {
    // Beyond the end of time lies never.
    instant.checked_add_signed(leeway).is_some_and(|instant| now >= instant)
}

/// A `NumericDate` of RFC 7519: seconds since 1970, fractions allowed.
fn instant(number: &Number) -> Option<DateTime<Utc>> {
    if let Some(seconds) = number.as_i64() {
        return DateTime::from_timestamp(seconds, 0);
    }
    let since_epoch = std::time::Duration::try_from_secs_f64(number.as_f64()?).ok()?;
    DateTime::from_timestamp(i64::try_from(since_epoch.as_secs()).ok()?, since_epoch.subsec_nanos())
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the library's list is open; whatever else it finds is a malformed token"
)]
fn explain(kind: &ErrorKind) -> AuthError {
    match kind {
        ErrorKind::InvalidSignature => AuthError::BadSignature,
        ErrorKind::InvalidAlgorithm => AuthError::WrongAlgorithm,
        ErrorKind::InvalidIssuer => AuthError::WrongIssuer,
        ErrorKind::InvalidAudience => AuthError::WrongAudience,
        ErrorKind::MissingRequiredClaim(claim) if claim == "iss" => AuthError::WrongIssuer,
        ErrorKind::MissingRequiredClaim(claim) if claim == "aud" => AuthError::WrongAudience,
        _ => AuthError::Malformed,
    }
}
