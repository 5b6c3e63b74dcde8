//! Who is calling: signed tokens, the keys they are checked with, and a signer for development. Tokens are ours, or of an
//! issuer that an organization registered.
//!
//! The rules are those of RFC 8725. A key is bound to one algorithm by its file name, a token names its key by `kid`,
//! and nothing else in a token's header has a say in how it is checked.

use chrono::{DateTime, Utc};
use uuid::Uuid;

pub use self::foreign::{Addressed, ForeignClaims};
pub use self::issuer_keys::{IssuerKeys, Source};
pub use self::key_set::{KeySet, KeySetError};
pub use self::keys::{KeyError, Keys};
pub use self::signer::{Grant, Signer};
pub use self::verifier::Verifier;

mod foreign;
#[cfg(test)]
mod foreign_tests;
mod issuer_keys;
mod key_set;
mod keys;
mod signer;
#[cfg(test)]
mod tests;
mod verifier;

/// What a valid token says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claims {
    /// The organization the caller belongs to, claim `org`.
    pub organization_id: Uuid,
    /// The caller, claim `sub`.
    pub person_id: Uuid,
    /// When the token ends, claim `exp`, without leeway.
    pub expires_at: DateTime<Utc>,
}

/// Why a token is not believed. The messages tell the caller what to change and nothing about keys or people.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AuthError {
    /// There is no token.
    #[error("a bearer token is required")]
    Missing,
    /// It is not a token of the expected form, or a claim is missing or unreadable.
    #[error("the token is malformed")]
    Malformed,
    /// It names a key that is not known here.
    #[error("the token was signed with an unknown key")]
    UnknownKey,
    /// Its key is not used with the algorithm it names.
    #[error("the token uses an algorithm that its key does not allow")]
    WrongAlgorithm,
    /// The signature is not that of the named key.
    #[error("the token's signature is invalid")]
    BadSignature,
    /// Its time is over.
    #[error("the token has expired")]
    Expired,
    /// Its time has not come.
    #[error("the token is not valid yet")]
    NotYetValid,
    /// Somebody else issued it.
    #[error("the token was issued by an unexpected issuer")]
    WrongIssuer,
    /// It is meant for another service.
    #[error("the token is meant for another audience")]
    WrongAudience,
}
