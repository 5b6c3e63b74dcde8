//! Buckets within this process.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use super::{Draw, Outcome, whole_points};

/// How many buckets are kept; about 10 MB.
const KEPT: usize = 100_000;
/// How often at most all of them are looked through for empty ones.
const SWEEP_EVERY: Duration = Duration::from_secs(1);

#[derive(Debug, Default)]
pub(super) struct LocalBuckets(Mutex<Buckets>);

#[derive(Debug, Default)]
struct Buckets {
    levels: HashMap<String, Level>,
    swept: Option<Instant>,
}

/// How full a bucket was, when, and how fast it empties.
#[derive(Clone, Copy, Debug)]
struct Level {
    held: u64,
    at: Instant,
    pace: u64,
}

impl Level {
    fn at(self, now: Instant) -> u64 {
        let passed = u64::try_from(now.saturating_duration_since(self.at).as_micros()).unwrap_or(u64::MAX);
        self.held.saturating_sub(passed.saturating_mul(self.pace))
    }
}

impl LocalBuckets {
    pub(super) fn draw(&self, draws: &[Draw], now: Instant) -> Outcome {
        let mut buckets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let held = |buckets: &Buckets, draw: &Draw| buckets.levels.get(&draw.key).map_or(0, |level| level.at(now));
        let mut longest: Option<(usize, Duration)> = None;
        for (index, draw) in draws.iter().enumerate() {
            let over = (held(&buckets, draw) + draw.amount()).saturating_sub(draw.capacity());
            let wait = Duration::from_micros(over.div_ceil(draw.pace()));
            if over > 0 && longest.is_none_or(|(_, longest)| wait > longest) {
                longest = Some((index, wait));
            }
        }
        if let Some((draw, wait)) = longest {
            return Outcome::Refused { draw, wait };
        }
        let mut remaining = Vec::with_capacity(draws.len());
        for draw in draws {
            let held = held(&buckets, draw) + draw.amount();
            buckets.make_room(&draw.key, now);
            buckets.levels.insert(draw.key.clone(), Level { held, at: now, pace: draw.pace() });
            remaining.push(whole_points(draw.capacity().saturating_sub(held)));
        }
        Outcome::Granted { remaining }
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).levels.len()
    }
}

impl Buckets {
    /// Keeps the memory bounded: empty buckets go first, and when there are none, any.
    fn make_room(&mut self, key: &str, now: Instant) {
        if self.levels.len() < KEPT || self.levels.contains_key(key) {
            return;
        }
        if self.swept.is_none_or(|swept| now.saturating_duration_since(swept) >= SWEEP_EVERY) {
            self.swept = Some(now);
            self.levels.retain(|_, level| level.at(now) > 0);
        }
        if self.levels.len() >= KEPT
            && let Some(any) = self.levels.keys().next().cloned()
        {
            self.levels.remove(&any);
        }
    }
}
