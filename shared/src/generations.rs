//! What is kept as long as there is room and somebody uses it.

use std::{borrow::Borrow, collections::HashMap, hash::Hash, mem};

/// Values by their keys, in two generations. When the young one is full, the old one is forgotten and the young one is old;
/// what is used of the old one becomes young. So what is used stays, and twice the room is never exceeded.
#[derive(Debug)]
pub struct Generations<K, V> {
    room: usize,
    taken: usize,
    young: HashMap<K, Kept<V>>,
    old: HashMap<K, Kept<V>>,
}

#[derive(Debug)]
struct Kept<V> {
    value: V,
    size: usize,
}

impl<K: Hash + Eq, V> Generations<K, V> {
    /// Generations of this size, counted in what [`keep`](Self::keep) is told.
    pub fn new(room: usize) -> Self {
        Self { room, taken: 0, young: HashMap::new(), old: HashMap::new() }
    }

    /// What is kept under this key, which counts as a use.
    pub fn find<Q: Hash + Eq + ?Sized>(&mut self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        if !self.young.contains_key(key) {
            let (key, Kept { value, size }) = self.old.remove_entry(key)?;
            self.keep(key, value, size);
        }
        self.young.get(key).map(|kept| &kept.value)
    }

    /// Keeps a value of this size, instead of the one there was.
    pub fn keep(&mut self, key: K, value: V, size: usize) {
        if let Some(before) = self.young.remove(&key) {
            self.taken -= before.size;
        }
        if self.taken.saturating_add(size) > self.room {
            self.turn();
        }
        self.old.remove(&key);
        self.taken += size;
        self.young.insert(key, Kept { value, size });
    }

    /// Begins a generation, and forgets the one before the last.
    pub fn turn(&mut self) {
        self.old = mem::take(&mut self.young);
        self.taken = 0;
    }

    /// How many values are kept.
    pub fn len(&self) -> usize {
        self.young.len() + self.old.len()
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

#[cfg(test)]
mod tests {
    use super::Generations;

    #[test]
    fn what_is_used_outlives_what_is_not() {
        let mut kept = Generations::<String, usize>::new(10);
        kept.keep("used".to_owned(), 0, 1);
        kept.keep("unused".to_owned(), 0, 1);
        for number in 0..20 {
            kept.keep(number.to_string(), number, 1);
            assert_eq!(kept.find("used"), Some(&0));
            assert!(kept.len() <= 20);
        }
        assert_eq!(kept.find("unused"), None);
        assert_eq!(kept.find("19"), Some(&19));
    }

    #[test]
    fn a_value_takes_as_much_room_as_it_says_and_no_key_counts_twice() {
        let mut kept = Generations::<u8, char>::new(10);
        for value in ['a', 'b', 'c'] {
            kept.keep(1, value, 4);
            kept.keep(2, value, 5);
        }
        assert_eq!([1, 2, 3].map(|key| kept.find(&key).copied()), [Some('c'), Some('c'), None]);
        assert_eq!(kept.len(), 2);
        // Larger than all the room there is: it is kept alone.
        kept.keep(3, 'd', 11);
        kept.keep(4, 'e', 1);
        assert_eq!([1, 3, 4].map(|key| kept.find(&key).copied()), [None, Some('d'), Some('e')]);
    }

    #[test]
    fn two_turns_forget_what_nobody_used() {
        let mut kept = Generations::<u8, char>::new(10);
        kept.keep(1, 'a', 1);
        kept.turn();
        assert_eq!(kept.find(&1), Some(&'a'));
        kept.turn();
        kept.turn();
        assert!(kept.is_empty());
    }
}
