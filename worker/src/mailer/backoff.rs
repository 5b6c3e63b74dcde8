//! When a message is tried again: pure arithmetic.

use chrono::{DateTime, TimeDelta, Utc};
use shared::domain::messages::Message;
use uuid::Uuid;

use super::is_reminder;
use crate::jitter::spread;

/// The longest wait between two attempts.
const LONGEST: TimeDelta = TimeDelta::hours(4);
/// The most attempts that count.
const ATTEMPTS: i32 = 12;
/// How long a mail is tried. A reminder waits in the outbox for its day, so only its attempts and its expiry count.
const DAYS: TimeDelta = TimeDelta::days(3);

/// How long to wait after attempt number `attempt`, which begins at 1: a minute, doubling up to four hours.
///
/// Up to a quarter more, different for each message and attempt, so that what failed together does not come back
/// together.
pub(super) fn delay(id: Uuid, attempt: i32) -> TimeDelta {
    let doublings = u32::try_from(attempt.saturating_sub(1)).unwrap_or(0).min(8);
    let seconds = 60_i64 << doublings;
    spread(id, attempt, seconds).min(LONGEST)
}

/// Whether a message that failed once more is not tried again.
pub(super) fn is_over(message: &Message, now: DateTime<Utc>) -> bool {
    message.attempts >= ATTEMPTS || (!is_reminder(&message.mail) && now - message.created_at > DAYS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_from_a_minute_to_four_hours() {
        let id = Uuid::from_u128(7);
        let waits: Vec<TimeDelta> = (1..=12).map(|attempt| delay(id, attempt)).collect();
        assert!(waits.is_sorted());
        assert!((60..75).contains(&waits[0].num_seconds()), "{}", waits[0]);
        assert_eq!(waits[11], LONGEST);
        assert_eq!(delay(id, 3), delay(id, 3), "no dice");
    }

    #[test]
    fn messages_that_failed_together_come_back_apart() {
        let waits: std::collections::HashSet<TimeDelta> = (0..50).map(|id| delay(Uuid::from_u128(id), 6)).collect();
        assert!(waits.len() > 25, "{}", waits.len());
    }
}
