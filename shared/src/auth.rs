//! Who is calling: signed tokens, the keys they are checked with, and a signer for development. Tokens are ours, or of an
//! issuer that an organization registered.
//!
//! The rules are those of RFC 8725. A key is bound to one algorithm by its file name, a token names its key by `kid`,
//! and nothing else in a token's header has a say in how it is checked.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::domain::api_clients::Scopes;

pub use self::credentials::{Credential, CredentialKind, NoRandomness, hash};
pub use self::foreign::{Addressed, ForeignClaims};
pub use self::issuer_keys::{IssuerKeys, Source};
pub use self::key_set::{KeySet, KeySetError};
pub use self::keys::{KeyError, Keys};
pub use self::signer::{Grant, Signer};
pub use self::unsubscribe::{UnsubscribeKey, UnsubscribeToken};
pub use self::verifier::Verifier;

mod credentials;
mod foreign;
#[cfg(test)]
mod foreign_tests;
mod issuer_keys;
mod key_set;
mod keys;
mod signer;
#[cfg(test)]
mod tests;
mod unsubscribe;
mod verifier;

/// What a valid token says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claims {
    /// The organization the caller belongs to, claim `org`.
    pub organization_id: Uuid,
    /// The caller, claim `sub`.
    pub person_id: Uuid,
    /// When the token ends, claim `exp`, without leeway.
    pub expires_at: DateTime<Utc>,
    /// What the token stands and falls with, before its time; `None` for one that is good until it expires.
    pub basis: Option<Basis>,
}

/// What a token of our own was issued for: it ends when that ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "for", rename_all = "snake_case")]
pub enum Basis {
    /// A person's sign-in.
    SignIn {
        /// Which.
        id: Uuid,
    },
    /// An API client that acts on the person's behalf.
    Client {
        /// Which.
        id: Uuid,
        /// What of the client's scopes was asked for.
        scopes: Scopes,
    },
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
    /// It looks like an API key and is none.
    #[error("the API key is unknown")]
    UnknownApiKey,
    /// The API key's time is over.
    #[error("the API key has expired; rotate it")]
    ExpiredApiKey,
    /// Somebody revoked the API client.
    #[error("the API client was revoked")]
    RevokedApiKey,
}
