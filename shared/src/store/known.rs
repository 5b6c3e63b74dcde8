//! What was read before.
//!
//! Whoever changes a program, a person, an enrollment or a match counts its version up in the same transaction, so what
//! was read at a version stays true of it: only ids and versions have to be read anew, in the statement that says what is
//! on a page. No replica has to tell another one anything, and nothing is ever shown as it was.
//!
//! Only what was read outside of transactions is kept: within one, a version may be seen that is never committed.

use std::{
    collections::HashMap,
    mem,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use uuid::Uuid;

use crate::domain::{enrollments::Enrollment, matches::Match, people::Person, programs::Program};

/// When so many of a kind are known, the older ones are forgotten unless they were used since. A match, the largest, takes
/// about two kilobytes.
const GENERATION: usize = 8_192;
/// Nothing is known for longer. What was erased must not stay here, and a database that was set back to an earlier day
/// counts the same versions once more.
const AGE: Duration = Duration::from_secs(600);

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
pub struct Known<T>(Mutex<Generations<T>>);

#[derive(Debug)]
struct Generations<T> {
    young: HashMap<Uuid, Read<T>>,
    old: HashMap<Uuid, Read<T>>,
}

#[derive(Clone, Debug)]
struct Read<T> {
    version: i32,
    at: Instant,
    what: T,
}

impl<T> Default for Known<T> {
    fn default() -> Self {
        Self(Mutex::new(Generations { young: HashMap::new(), old: HashMap::new() }))
    }
}

impl<T: Clone> Known<T> {
    /// What is known of this row at this version.
    pub(in crate::store) fn find(&self, (id, version): At) -> Option<T> {
        let mut generations = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_true = |read: &&Read<T>| read.version == version && read.at.elapsed() < AGE;
        if let Some(read) = generations.young.get(&id) {
            return Some(read).filter(is_true).map(|read| read.what.clone());
        }
        let read = generations.old.remove(&id).filter(|read| is_true(&read))?;
        let what = read.what.clone();
        generations.keep(id, read);
        Some(what)
    }

    /// Keeps a row that was read outside of transactions, at this version or a later one.
    pub(in crate::store) fn remember(&self, (id, version): At, what: T) {
        let read = Read { version, at: Instant::now(), what };
        self.0.lock().unwrap_or_else(PoisonError::into_inner).keep(id, read);
    }
}

impl<T> Generations<T> {
    fn keep(&mut self, id: Uuid, read: Read<T>) {
        if self.young.len() >= GENERATION {
            self.old = mem::take(&mut self.young);
        }
        self.young.insert(id, read);
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::{GENERATION, Known};

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
