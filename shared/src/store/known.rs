//! What was read before.
//!
//! Whoever changes a program, a person, an enrollment or a match counts its version up in the same transaction, so what
//! was read at a version stays true of it: only ids and versions have to be read anew, in the statement that says what is
//! on a page. No replica has to tell another one anything, and nothing is ever shown as it was.
//!
//! Only what was read outside of transactions is kept: within one, a version may be seen that is never committed.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use uuid::Uuid;

use crate::{
    domain::{enrollments::Enrollment, matches::Match, people::Person, programs::Program},
    generations::Generations,
};

/// How many of a kind are in a generation. A match, the largest, takes about two kilobytes.
const GENERATION: usize = 8_192;
/// Nothing is known for longer, and a generation lasts no longer. What was erased must not stay here, and a database that
/// was set back to an earlier day counts the same versions once more.
const AGE: Duration = Duration::from_mins(10);

/// A row by its id and its version.
pub type At = (Uuid, i32);

/// What is known of each kind.
#[derive(Debug, Default)]
pub struct Memory {
    pub(in crate::store) programs: Known<Arc<Program>>,
    pub(in crate::store) people: Known<Arc<Person>>,
    pub(in crate::store) enrollments: Known<Arc<Enrollment>>,
    pub(in crate::store) matches: Known<Arc<Match>>,
}

/// Rows of one kind, each as it was when it was last read.
#[derive(Debug)]
pub struct Known<T>(Mutex<Rows<T>>);

#[derive(Debug)]
struct Rows<T> {
    begun_at: Instant,
    kept: Generations<Uuid, Read<T>>,
}

#[derive(Debug)]
struct Read<T> {
    version: i32,
    at: Instant,
    what: T,
}

impl<T> Default for Known<T> {
    fn default() -> Self {
        Self(Mutex::new(Rows { begun_at: Instant::now(), kept: Generations::new(GENERATION) }))
    }
}

impl<T: Clone> Known<T> {
    /// What is known of this row at this version.
    pub(in crate::store) fn find(&self, at: At) -> Option<T> {
        self.rows().find(at, Instant::now())
    }

    /// Keeps a row that was read outside of transactions, at its version.
    pub(in crate::store) fn remember(&self, at: At, what: T) {
        self.rows().remember(at, what, Instant::now());
    }

    fn rows(&self) -> MutexGuard<'_, Rows<T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T: Clone> Rows<T> {
    fn find(&mut self, (id, version): At, now: Instant) -> Option<T> {
        let read = self.kept.find(&id)?;
        (read.version == version && now.duration_since(read.at) < AGE).then(|| read.what.clone())
    }

    fn remember(&mut self, (id, version): At, what: T, now: Instant) {
        if now.duration_since(self.begun_at) >= AGE {
            self.kept.turn();
            self.begun_at = now;
        }
        self.kept.keep(id, Read { version, at: now, what }, 1);
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::{AGE, GENERATION, Known};

    #[test]
    fn a_row_is_known_at_its_version_only() {
        let known = Known::default();
        let id = Uuid::from_u128(1);
        known.remember((id, 1), "one");
        assert_eq!((known.find((id, 1)), known.find((id, 2)), known.find((Uuid::nil(), 1))), (Some("one"), None, None));
        known.remember((id, 2), "two");
        assert_eq!((known.find((id, 1)), known.find((id, 2))), (None, Some("two")));
    }

    #[test]
    fn nothing_is_known_for_long_and_what_is_not_leaves_the_memory() {
        let known = Known::default();
        let mut rows = known.rows();
        let begun = rows.begun_at;
        let [one, other] = [Uuid::from_u128(1), Uuid::from_u128(2)];
        rows.remember((one, 1), (), begun);
        assert!(rows.find((one, 1), begun + AGE / 2).is_some());
        assert!(rows.find((one, 1), begun + AGE).is_none());
        rows.remember((other, 1), (), begun + AGE * 2);
        rows.remember((other, 1), (), begun + AGE * 3);
        assert!(rows.kept.find(&one).is_none());
    }

    #[test]
    fn what_is_used_outlives_what_is_not() {
        let known = Known::default();
        let [used, unused] = [Uuid::from_u128(1), Uuid::from_u128(2)];
        known.remember((used, 1), ());
        known.remember((unused, 1), ());
        for number in 0..3 * u128::try_from(GENERATION).expect("a number") {
            known.remember((Uuid::from_u128(10 + number), 1), ());
            assert!(known.find((used, 1)).is_some());
        }
        assert!(known.find((unused, 1)).is_none());
    }
}
