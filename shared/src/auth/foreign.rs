//! Checks tokens of issuers that organizations register: the same rules as for our own (RFC 8725), with their keys.

use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::{
    AuthError, KeySet,
    verifier::{Expected, decoded, header, in_time},
};
use crate::domain::issuers::{CLAIM_MAX, EMAIL_CLAIM};

/// Who a token says it is by and for, before anything of that is known to be true: good for choosing whose rules and keys
/// it is checked with, and for nothing else.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
pub struct Addressed {
    /// Claim `iss`.
    #[serde(rename = "iss")]
    pub issuer: String,
    #[serde(default, rename = "aud")]
    audience: OneOrMany,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(untagged)]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

impl Default for OneOrMany {
    fn default() -> Self {
        Self::Many(Vec::new())
    }
}

impl Addressed {
    /// Reads a token's claims without checking anything; `None` when they cannot be read.
    pub fn peek(token: &str) -> Option<Self> {
        // A longer one is refused by whoever checks it.
        (token.len() <= super::verifier::LONGEST_TOKEN_BYTES)
            .then(|| jsonwebtoken::dangerous::insecure_decode_claims(token).ok())
            .flatten()
    }

    /// Whether the token says that it is meant for this audience.
    pub fn is_for(&self, audience: &str) -> bool {
        match &self.audience {
            OneOrMany::One(one) => one == audience,
            OneOrMany::Many(many) => many.iter().any(|one| one == audience),
        }
    }
}

/// What a valid token of a foreign issuer says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForeignClaims {
    /// Claim `sub`, 1 to 255 bytes.
    pub subject: String,
    /// When the token ends, claim `exp`, without leeway.
    pub expires_at: DateTime<Utc>,
    claims: Map<String, Value>,
}

impl ForeignClaims {
    /// Checks a token against one issuer's keys and returns what it says. `now` decides what has expired.
    ///
    /// # Errors
    /// The [`AuthError`] that fits; claims are looked at only after the signature.
    pub fn verify(
        token: &str,
        keys: &KeySet,
        issuer: &str,
        audience: &str,
        leeway: TimeDelta,
        now: DateTime<Utc>,
    ) -> Result<Self, AuthError> {
        let header = header(token)?;
        let key = keys.get(header.kid.as_deref(), header.alg)?;
        let claims: Map<String, Value> = match decoded(token, key, &Expected { issuer, audience }) {
            // The only key of a set has no name that could change when the key does.
            Err(AuthError::BadSignature) if header.kid.is_none() => return Err(AuthError::UnknownKey),
            other => other?,
        };
        let number = |name: &str| match claims.get(name) {
            None => Ok(None),
            Some(Value::Number(number)) => Ok(Some(number)),
            Some(_) => Err(AuthError::Malformed),
        };
        let expires_at = in_time(number("exp")?.ok_or(AuthError::Malformed)?, number("nbf")?, leeway, now)?;
        let subject = claims.get("sub").and_then(Value::as_str).filter(|text| (1..=CLAIM_MAX).contains(&text.len()));
        let subject = subject.ok_or(AuthError::Malformed)?.to_owned();
        // PostgreSQL has no text with this character.
        if subject.contains('\0') {
            return Err(AuthError::Malformed);
        }
        Ok(Self { subject, expires_at, claims })
    }

    /// The claim `email` or another one with an address; `None` when there is none that could be one.
    pub fn email(&self, claim: &str) -> Option<&str> {
        let text = self.claims.get(claim)?.as_str()?.trim();
        (text.len() <= CLAIM_MAX && text.contains('@') && !text.contains('\0')).then_some(text)
    }

    /// Whether the issuer vouches for the address in this claim. Some providers write the truth as a text.
    pub fn is_email_verified(&self, claim: &str) -> bool {
        claim == EMAIL_CLAIM
            && match self.claims.get("email_verified") {
                Some(Value::Bool(verified)) => *verified,
                Some(Value::String(text)) => text == "true",
                _ => false,
            }
    }

    /// A claim that holds an id, a text or a whole number; `None` when it is neither.
    pub fn id(&self, claim: &str) -> Option<String> {
        match self.claims.get(claim)? {
            Value::String(text) => Some(text.trim().to_owned()).filter(|text| (1..=CLAIM_MAX).contains(&text.len())),
            Value::Number(number) if number.is_u64() => Some(number.to_string()),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => None,
        }
        .filter(|text| !text.contains('\0'))
    }
}
