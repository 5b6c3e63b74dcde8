//! Tokens whose signature was checked already.
//!
//! Checking a signature takes longer than everything else that is done to a request before its first statement, and a
//! client sends the same token hundreds of times. What a token says never changes, so it is kept until the token ends.
//! What its owner may do is no part of it and is read anew for every request.

use std::{
    collections::HashMap,
    fmt, mem,
    sync::{Mutex, PoisonError},
};

use chrono::{DateTime, Utc};
use shared::auth::Claims;

/// When so many are remembered, the older half is forgotten unless it was used since.
const GENERATION: usize = 5_000;
/// Longer tokens are checked every time, which bounds the memory: the usual ones have 300 to 500 bytes.
const LONGEST: usize = 1_024;

/// The claims of tokens that were believed.
#[derive(Default)]
pub(crate) struct Remembered(Mutex<Generations>);

#[derive(Default)]
struct Generations {
    young: HashMap<String, Claims>,
    old: HashMap<String, Claims>,
}

impl fmt::Debug for Remembered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Remembered").finish_non_exhaustive()
    }
}

impl Generations {
    fn keep(&mut self, token: &str, claims: Claims) {
        if self.young.len() >= GENERATION {
            self.old = mem::take(&mut self.young);
        }
        self.young.insert(token.to_owned(), claims);
    }
}

impl Remembered {
    /// What this very token says, when it was believed before and has not ended. At its end it is checked once more, with
    /// all that is said about leeway there.
    pub(super) fn find(&self, token: &str, now: DateTime<Utc>) -> Option<Claims> {
        let mut generations = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(claims) = generations.young.get(token) {
            return (now < claims.expires_at).then(|| claims.clone());
        }
        let claims = generations.old.remove(token).filter(|claims| now < claims.expires_at)?;
        generations.keep(token, claims.clone());
        Some(claims)
    }

    /// Takes note of a token that was believed.
    pub(super) fn keep(&self, token: &str, claims: Claims) {
        if token.len() <= LONGEST {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).keep(token, claims);
        }
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
        let generations = remembered.0.lock().expect("no panic");
        assert!(generations.young.len() + generations.old.len() <= 2 * GENERATION);
    }
}
