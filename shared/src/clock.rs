//! Time as a parameter: whoever needs to know what time it is, or needs a new id, is given a [`Clock`].
//!
//! A clock either runs (real time, possibly shifted) or stands still until it is moved. Code under test and the
//! deployed services read the same type, so a night, a reminder or an expiry can be reached without waiting for it.

use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use uuid::{ContextV7, Timestamp, Uuid};

/// Where everybody takes the time and new ids from. Clones are cheap and share one clock.
#[derive(Clone, Debug)]
pub struct Clock {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    hands: Mutex<Hands>,
    ids: Mutex<ContextV7>,
}

#[derive(Clone, Copy, Debug)]
enum Hands {
    /// Real time plus an offset.
    Running { offset: TimeDelta },
    /// The same instant until somebody moves it.
    Stopped { at: DateTime<Utc> },
}

impl Clock {
    /// The real time.
    pub fn system() -> Self {
        Self::with(Hands::Running { offset: TimeDelta::zero() })
    }

    /// A clock that stands at `instant` until [`set`](Self::set) or [`advance`](Self::advance) moves it.
    pub fn fixed_at(instant: DateTime<Utc>) -> Self {
        Self::with(Hands::Stopped { at: instant })
    }

    /// A clock that shows `instant` now and runs on from there at the usual pace.
    pub fn starting_at(instant: DateTime<Utc>) -> Self {
        Self::with(Hands::Running { offset: instant - system_time() })
    }

    /// The current instant, rounded down to whole microseconds.
    ///
    /// `SQLite` would keep nanoseconds and `PostgreSQL` only microseconds: an instant that is written and read back
    /// has to be equal to itself on both.
    pub fn now(&self) -> DateTime<Utc> {
        let instant = match *self.hands() {
            Hands::Running { offset } => later(system_time(), offset),
            Hands::Stopped { at } => at,
        };
        instant.trunc_subsecs(6)
    }

    /// Makes the clock show `instant`. A running clock runs on from there, a stopped one stays.
    pub fn set(&self, instant: DateTime<Utc>) {
        let mut hands = self.hands();
        *hands = match *hands {
            Hands::Running { .. } => Hands::Running { offset: instant - system_time() },
            Hands::Stopped { .. } => Hands::Stopped { at: instant },
        };
    }

    /// Moves the clock by `step`; a negative step moves it back.
    pub fn advance(&self, step: TimeDelta) {
        let mut hands = self.hands();
        *hands = match *hands {
            Hands::Running { offset } => Hands::Running { offset: offset.checked_add(&step).unwrap_or(offset) },
            Hands::Stopped { at } => Hands::Stopped { at: later(at, step) },
        };
    }

    /// A new `UUIDv7` that carries the clock's time.
    ///
    /// Ids of one clock and its clones only ever grow, within one millisecond and even when the clock is moved back,
    /// so ordering by id is ordering by creation.
    pub fn new_id(&self) -> Uuid {
        let now = self.now();
        // Before 1970 there is no UUIDv7; such a clock only exists in a test, and its ids carry the epoch.
        let seconds = u64::try_from(now.timestamp()).unwrap_or(0);
        let timestamp = Timestamp::from_unix(&self.inner.ids, seconds, now.timestamp_subsec_nanos());
        Uuid::new_v7(timestamp)
    }

    fn with(hands: Hands) -> Self {
        Self { inner: Arc::new(Inner { hands: Mutex::new(hands), ids: Mutex::new(ContextV7::new()) }) }
    }

    fn hands(&self) -> std::sync::MutexGuard<'_, Hands> {
        // The hands are replaced in one assignment: a panic elsewhere cannot leave them half moved.
        self.inner.hands.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for Clock {
    fn default() -> Self {
        Self::system()
    }
}

fn later(instant: DateTime<Utc>, step: TimeDelta) -> DateTime<Utc> {
    instant.checked_add_signed(step).unwrap_or(DateTime::<Utc>::MAX_UTC)
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one place that asks the operating system; everybody else is given a clock"
)]
fn system_time() -> DateTime<Utc> {
    Utc::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn instant(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn a_fixed_clock_stands_until_it_is_moved() {
        let clock = Clock::fixed_at(instant("2026-03-29T01:30:00Z"));
        let clone = clock.clone();
        assert_eq!(clock.now(), instant("2026-03-29T01:30:00Z"));
        clock.advance(TimeDelta::hours(1));
        assert_eq!(clone.now(), instant("2026-03-29T02:30:00Z"), "clones share the hands");
        clone.set(instant("2026-10-25T00:00:00Z"));
        assert_eq!(clock.now(), instant("2026-10-25T00:00:00Z"));
    }

    #[test]
    fn time_is_rounded_down_to_microseconds() {
        let clock = Clock::fixed_at(instant("2026-01-01T00:00:00.123456789Z"));
        assert_eq!(clock.now(), instant("2026-01-01T00:00:00.123456Z"));
    }

    #[test]
    fn a_shifted_clock_runs_from_its_start() {
        let start = instant("2030-06-01T02:00:00Z");
        let clock = Clock::starting_at(start);
        let first = clock.now();
        assert!(first >= start && first < start + TimeDelta::minutes(1));
        std::thread::sleep(std::time::Duration::from_millis(2));
        assert!(clock.now() > first);
        clock.advance(TimeDelta::days(1));
        assert!(clock.now() > start + TimeDelta::days(1));
    }

    #[test]
    fn ids_grow_and_carry_the_time() {
        let clock = Clock::fixed_at(instant("2026-01-01T00:00:00Z"));
        let mut ids: Vec<Uuid> = (0..1000).map(|_| clock.new_id()).collect();
        clock.advance(TimeDelta::milliseconds(1));
        ids.push(clock.new_id());
        clock.advance(TimeDelta::seconds(-5));
        ids.push(clock.new_id());
        assert!(ids.is_sorted() && ids.windows(2).all(|pair| pair[0] != pair[1]));
        let (seconds, _) = ids[0].get_timestamp().unwrap().to_unix();
        assert_eq!(seconds, 1_767_225_600, "2026-01-01");
    }

    #[test]
    fn ids_are_unique_across_threads() {
        let clock = Clock::fixed_at(instant("2026-01-01T00:00:00Z"));
        let threads: Vec<_> = (0..4)
            .map(|_| {
                let clock = clock.clone();
                std::thread::spawn(move || (0..500).map(|_| clock.new_id()).collect::<Vec<_>>())
            })
            .collect();
        let mut ids: Vec<Uuid> = threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), 2000);
    }
}
