//! Tokens whose signature was checked already.
//!
//! Checking a signature takes longer than everything else that is done to a request before its first statement, and a
//! client sends the same token hundreds of times. What a token says never changes, so it is kept until the token ends.
//! What its owner may do is no part of it and is read anew for every request.

use std::{
    fmt,
    sync::{Mutex, MutexGuard, PoisonError},
};

use chrono::{DateTime, Utc};
use shared::{auth::Claims, generations::Generations};

/// How many are remembered in a generation.
const GENERATION: usize = 5_000;
/// Longer tokens are checked every time, which bounds the memory: the usual ones have 300 to 500 bytes.
const LONGEST: usize = 1_024;

/// The claims of tokens that were believed.
pub(crate) struct Remembered(Mutex<Generations<String, Claims>>);

impl Default for Remembered {
    fn default() -> Self {
        Self(Mutex::new(Generations::new(GENERATION)))
    }
}

impl fmt::Debug for Remembered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Remembered").finish_non_exhaustive()
    }
}

impl Remembered {
    /// What this very token says, when it was believed before and has not ended. At its end it is checked once more, with
    /// all that is said about leeway there.
    pub(super) fn find(&self, token: &str, now: DateTime<Utc>) -> Option<Claims> {
        self.kept().find(token).filter(|claims| now < claims.expires_at).cloned()
    }

    /// Takes note of a token that was believed.
    pub(super) fn keep(&self, token: &str, claims: Claims) {
        if token.len() <= LONGEST {
            self.kept().keep(token.to_owned(), claims, 1);
        }
    }

    fn kept(&self) -> MutexGuard<'_, Generations<String, Claims>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, TimeDelta, Utc};
    use shared::auth::Claims;
    use uuid::Uuid;

    use super::{GENERATION, LONGEST, Remembered};

    #[test]
    fn a_token_is_remembered_until_it_ends_and_only_to_the_letter() {
        let now = DateTime::<Utc>::UNIX_EPOCH;
        let expires_at = now + TimeDelta::hours(1);
        let claims =
            Claims { organization_id: Uuid::from_u128(1), person_id: Uuid::from_u128(2), expires_at, basis: None };
        let remembered = Remembered::default();
        remembered.keep("one", claims.clone());
        assert_eq!(remembered.find("one", now), Some(claims.clone()));
        assert_eq!(remembered.find("onE", now), None);
        assert_eq!(remembered.find("one", expires_at), None);
        let long = "x".repeat(LONGEST + 1);
        remembered.keep(&long, claims);
        assert_eq!(remembered.find(&long, now), None);
    }

    #[test]
    fn what_is_used_outlives_what_is_not() {
        let now = DateTime::<Utc>::UNIX_EPOCH;
        let expires_at = now + TimeDelta::hours(1);
        let claims = Claims { organization_id: Uuid::nil(), person_id: Uuid::nil(), expires_at, basis: None };
        let remembered = Remembered::default();
        remembered.keep("used", claims.clone());
        remembered.keep("unused", claims.clone());
        for number in 0..2 * GENERATION {
            remembered.keep(&number.to_string(), claims.clone());
            assert!(remembered.find("used", now).is_some());
        }
        assert!(remembered.find("unused", now).is_none());
        assert!(remembered.kept().len() <= 2 * GENERATION);
    }
}
