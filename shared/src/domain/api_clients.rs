//! API clients: the back ends of an organization's portal, each with a key of its own and a ceiling of scopes.

use std::{collections::BTreeSet, fmt};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::states::{UnknownWord, words};
use crate::auth::{Credential, CredentialKind};

words! {
    /// What an API client may be used for, at most. The rights of the person it acts as still apply below it.
    Scope {
        /// Queries and subscriptions.
        Read = "READ",
        /// Mutations.
        Write = "WRITE",
        /// The import and the synchronization of the roster.
        Roster = "ROSTER",
        /// CSV exports.
        Export = "EXPORT",
        /// The event log and webhook endpoints.
        Events = "EVENTS",
        /// Reports about mail that could not be delivered.
        Mail = "MAIL",
        /// Tokens on behalf of people.
        OnBehalf = "ON_BEHALF",
        /// A token on behalf of a member of staff keeps their roles.
        Staff = "STAFF",
    }
}

/// A set of scopes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Scopes(BTreeSet<Scope>);

impl Scopes {
    /// All there are: what a person's own token has.
    pub fn all() -> Self {
        Scope::ALL.iter().copied().collect()
    }

    /// Whether `scope` is one of them.
    pub fn allow(&self, scope: Scope) -> bool {
        self.0.contains(&scope)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether all of `others` are among them.
    pub fn cover(&self, others: &Self) -> bool {
        others.0.is_subset(&self.0)
    }

    /// The same without one.
    #[must_use]
    pub fn without(&self, scope: Scope) -> Self {
        self.0.iter().copied().filter(|own| *own != scope).collect()
    }

    /// In the order in which they are documented.
    pub fn iter(&self) -> impl Iterator<Item = Scope> + '_ {
        self.0.iter().copied()
    }

    /// Reads a list separated by spaces, as RFC 6749 (section 3.3) writes it.
    ///
    /// # Errors
    /// When a word is none of the scopes.
    pub fn read(text: &str) -> Result<Self, UnknownWord> {
        text.split(' ').filter(|word| !word.is_empty()).map(str::parse).collect::<Result<_, _>>().map(Self)
    }
}

impl FromIterator<Scope> for Scopes {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        Self(scopes.into_iter().collect())
    }
}

/// Separated by spaces.
impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<&str> = self.0.iter().map(|scope| scope.as_str()).collect();
        f.write_str(&words.join(" "))
    }
}

/// The longest life of a key, in days.
pub const LONGEST_LIFE_DAYS: i64 = 365;
/// The life of a key when nobody chose one, in days.
pub const USUAL_LIFE_DAYS: i64 = 90;
/// The longest time for which the old key goes on beside the new one, in hours.
pub const LONGEST_OVERLAP_HOURS: i64 = 7 * 24;
/// The same when nobody chose one, in hours.
pub const USUAL_OVERLAP_HOURS: i64 = 24;
/// How many usable clients an organization may have.
pub const CLIENTS_MAX: usize = 100;

/// A back end that asks with a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiClient {
    /// `UUIDv7`; also the first half of its key.
    pub id: Uuid,
    /// The tenant.
    pub organization_id: Uuid,
    /// What it is, for people.
    pub name: String,
    /// Whom its requests act as.
    pub person_id: Uuid,
    /// What it may be used for at most.
    pub scopes: Scopes,
    /// SHA-256 of the secret half of its key, in hexadecimal.
    pub key_hash: String,
    /// The same of the key before, while that still works.
    pub previous_hash: Option<String>,
    /// Until when the key before works.
    pub previous_until: Option<DateTime<Utc>>,
    /// When its key ends.
    pub expires_at: DateTime<Utc>,
    /// When it was revoked.
    pub revoked_at: Option<DateTime<Utc>>,
    /// When its key was last used, to the minute.
    pub last_used_at: Option<DateTime<Utc>>,
    /// Who made it.
    pub created_by: Uuid,
    /// Counts changes.
    pub version: i32,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it last changed; being used is no change.
    pub updated_at: DateTime<Utc>,
}

/// What is wrong with a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyProblem {
    /// The secret half is not this client's.
    Unknown,
    /// Its time is over.
    Expired,
    /// Somebody revoked the client.
    Revoked,
}

impl ApiClient {
    /// The first part of its key, by which people recognize it.
    pub fn key_prefix(&self) -> String {
        Credential::name(CredentialKind::ApiKey, self.id)
    }

    /// Whether any key of it works.
    pub fn is_usable(&self, now: DateTime<Utc>) -> bool {
        self.revoked_at.is_none() && now < self.expires_at
    }

    /// Until when this key works.
    ///
    /// # Errors
    /// What is wrong with it. Only who holds the secret half learns more than that it is unknown.
    pub fn check(&self, key: &Credential, now: DateTime<Utc>) -> Result<DateTime<Utc>, KeyProblem> {
        let before = self.previous_hash.as_deref().zip(self.previous_until);
        let (is_new, is_old) = (key.fits(&self.key_hash), before.is_some_and(|(hash, _)| key.fits(hash)));
        let until = match before {
            _ if is_new => self.expires_at,
            Some((_, until)) if is_old => until,
            _ => return Err(KeyProblem::Unknown),
        };
        if self.revoked_at.is_some() {
            return Err(KeyProblem::Revoked);
        }
        if now < until { Ok(until) } else { Err(KeyProblem::Expired) }
    }

    /// Whether the time of its last use is worth being written down again: at most once a minute.
    pub fn is_newly_used(&self, now: DateTime<Utc>) -> bool {
        self.last_used_at.is_none_or(|last| now - last >= chrono::TimeDelta::minutes(1))
    }
}

#[cfg(test)]
mod tests {
    use super::{Scope, Scopes};

    #[test]
    fn scopes_are_read_as_they_are_written() {
        let some: Scopes = [Scope::Roster, Scope::Read].into_iter().collect();
        assert_eq!(some.to_string(), "READ ROSTER");
        assert_eq!(Scopes::read(" ROSTER  READ "), Ok(some.clone()));
        assert!(Scopes::read("READ EVERYTHING").is_err() && Scopes::read("read").is_err());
        assert!(Scopes::all().cover(&some) && !some.cover(&Scopes::all()));
        assert!(!some.without(Scope::Read).allow(Scope::Read) && Scopes::read("").is_ok_and(|none| none.is_empty()));
    }
}
