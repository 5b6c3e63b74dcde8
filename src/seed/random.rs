//! A small generator of numbers that look random and are the same at every run.

use chrono::{DateTime, Utc};
use uuid::{Builder, Uuid};

/// `SplitMix64`: one seed, one sequence, on every machine.
#[derive(Clone, Debug)]
pub(super) struct Random(u64);

impl Random {
    pub(super) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number from 0 to `limit - 1`, and 0 for a `limit` of 0.
    pub(super) fn below(&mut self, limit: usize) -> usize {
        let limit = u64::try_from(limit).unwrap_or(u64::MAX);
        usize::try_from(self.next().checked_rem(limit).unwrap_or(0)).unwrap_or(0)
    }

    /// True so many times in a hundred.
    pub(super) fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    /// One of several; the list must not be empty.
    pub(super) fn pick<'a, T: ?Sized>(&mut self, list: &[&'a T]) -> &'a T {
        list[self.below(list.len())]
    }

    /// `count` different ones of several, or all when there are fewer.
    pub(super) fn some<'a>(&mut self, list: &[&'a str], count: usize) -> Vec<&'a str> {
        let mut rest = list.to_vec();
        self.shuffle(&mut rest);
        rest.truncate(count);
        rest
    }

    /// Puts a list into another order.
    pub(super) fn shuffle<T>(&mut self, list: &mut [T]) {
        for last in (1..list.len()).rev() {
            let other = self.below(last + 1);
            list.swap(last, other);
        }
    }

    /// A `UUIDv7` of that instant.
    pub(super) fn id(&mut self, at: DateTime<Utc>) -> Uuid {
        let mut tail = [0; 10];
        for (byte, random) in
            tail.iter_mut().zip(self.next().to_le_bytes().into_iter().chain(self.next().to_le_bytes()))
        {
            *byte = random;
        }
        let millis = u64::try_from(at.timestamp_millis()).unwrap_or(0);
        Builder::from_unix_timestamp_millis(millis, &tail).into_uuid()
    }
}
