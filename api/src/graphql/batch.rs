//! Loading together what the fields of one level need.
//!
//! All fields of a level are polled before the first of them goes on, so one turn of the executor is enough to gather
//! what they ask for: no timer to wait for, no task to spawn, and one statement for all of them.

use std::{
    collections::{HashMap, HashSet},
    fmt,
    hash::Hash,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use async_graphql::{Error, Result};
use shared::store::StoreError;
use tokio::sync::OnceCell;

/// Gathers keys and loads them at once. What was loaded is not kept: what is asked for later is loaded again, as it is
/// then. Only what a page read along with itself is [known](Self::know), for the length of the request.
pub(super) struct Batch<K, V> {
    open: Mutex<Option<Arc<Gathering<K, V>>>>,
    known: Mutex<HashMap<K, V>>,
}

struct Gathering<K, V> {
    keys: Mutex<Vec<K>>,
    answer: OnceCell<Result<HashMap<K, V>>>,
}

impl<K, V> Default for Batch<K, V> {
    fn default() -> Self {
        Self { open: Mutex::new(None), known: Mutex::default() }
    }
}

impl<K, V> fmt::Debug for Batch<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Batch").finish_non_exhaustive()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<K: Clone + Eq + Hash, V: Clone> Batch<K, V> {
    /// Takes note of what was read already, so that nobody has to load it.
    pub(super) fn know(&self, read: impl IntoIterator<Item = (K, V)>) {
        lock(&self.known).extend(read);
    }

    /// What belongs to `key`. One of those who wait calls its `fetch`, with the keys of all of them.
    ///
    /// # Errors
    /// When the database fails; everybody who waits gets the same error.
    pub(super) async fn load<F>(&self, key: K, fetch: impl FnOnce(Vec<K>) -> F) -> Result<Option<V>>
    where
        F: Future<Output = Result<HashMap<K, V>, StoreError>>,
    {
        if let Some(known) = lock(&self.known).get(&key) {
            return Ok(Some(known.clone()));
        }
        let gathering = self.join(key.clone());
        tokio::task::yield_now().await;
        let answer = gathering.answer.get_or_init(|| async {
            let keys = self.close(&gathering);
            // Most of what is asked for is known; the rest of this must not make the futures of those fields large.
            Box::pin(fetch(keys)).await.map_err(Error::from)
        });
        match answer.await {
            Ok(found) => Ok(found.get(&key).cloned()),
            Err(error) => Err(error.clone()),
        }
    }

    fn join(&self, key: K) -> Arc<Gathering<K, V>> {
        let mut open = lock(&self.open);
        let gathering =
            open.get_or_insert_with(|| Arc::new(Gathering { keys: Mutex::new(Vec::new()), answer: OnceCell::new() }));
        lock(&gathering.keys).push(key);
        Arc::clone(gathering)
    }

    /// Lets nobody else join, and returns the keys, each once.
    fn close(&self, gathering: &Arc<Gathering<K, V>>) -> Vec<K> {
        let mut open = lock(&self.open);
        if open.as_ref().is_some_and(|open| Arc::ptr_eq(open, gathering)) {
            *open = None;
        }
        let mut seen = HashSet::new();
        lock(&gathering.keys).iter().filter(|key| seen.insert((*key).clone())).cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::HashMap, sync::Mutex};

    use super::{Batch, StoreError, lock};

    #[tokio::test]
    async fn a_level_is_loaded_at_once_and_the_next_level_again() {
        let asked = Mutex::new(Vec::new());
        let batch: Batch<u32, u32> = Batch::default();
        let fetch = async |mut keys: Vec<u32>| {
            keys.sort_unstable();
            lock(&asked).push(keys.clone());
            let found = keys.into_iter().filter(|key| *key != 3).map(|key| (key, key * 10));
            Ok::<_, StoreError>(found.collect::<HashMap<_, _>>())
        };
        let one = async |key: u32| {
            let first = batch.load(key, fetch).await.expect("no error");
            let second = batch.load(key + 100, fetch).await.expect("no error");
            (first, second)
        };
        let found = tokio::join!(one(1), one(2), one(3), one(2));
        assert_eq!(found.0, (Some(10), Some(1010)));
        assert_eq!(found.1, (Some(20), Some(1020)));
        assert_eq!(found.2, (None, Some(1030)));
        assert_eq!(found.3, found.1);
        assert_eq!(*lock(&asked), [vec![1, 2, 3], vec![101, 102, 103]], "two statements, each key once");
    }
}
