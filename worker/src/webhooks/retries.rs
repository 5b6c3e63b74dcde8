//! When a delivery is tried again: pure arithmetic.

use chrono::{DateTime, TimeDelta, Utc};
use shared::outbound::HeaderMap;
use uuid::Uuid;

use crate::jitter::spread;

/// The waits after the first, second… failed attempt, in seconds: about three days in all.
const WAITS: [i64; 9] = [5, 5 * 60, 30 * 60, 2 * 3_600, 5 * 3_600, 10 * 3_600, 14 * 3_600, 20 * 3_600, 24 * 3_600];
/// The longest wait that an endpoint may ask for.
const LONGEST: TimeDelta = TimeDelta::hours(24);

/// How long to wait after attempt number `attempt`, which begins at 1; `None` when it was the last one.
pub(super) fn delay(id: Uuid, attempt: i32) -> Option<TimeDelta> {
    let index = usize::try_from(attempt.checked_sub(1)?).ok()?;
    WAITS.get(index).map(|seconds| spread(id, attempt, *seconds))
}

/// What the endpoint asks for by `Retry-After` (RFC 9110, section 10.2.3): seconds or a date, at most a day.
pub(super) fn retry_after(headers: &HeaderMap, now: DateTime<Utc>) -> Option<TimeDelta> {
    let text = headers.get("retry-after")?.to_str().ok()?.trim();
    let wait = match text.parse::<u32>() {
        Ok(seconds) => TimeDelta::seconds(seconds.into()),
        Err(_) => DateTime::parse_from_rfc2822(text).ok()?.to_utc() - now,
    };
    Some(wait.clamp(TimeDelta::zero(), LONGEST))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_from_seconds_to_a_day_and_end_after_three_days() {
        let id = Uuid::from_u128(7);
        let waits: Vec<TimeDelta> = (1..).map_while(|attempt| delay(id, attempt)).collect();
        assert_eq!(waits.len(), 9);
        assert!(waits.is_sorted());
        assert!((5_000..6_250).contains(&waits[0].num_milliseconds()), "{}", waits[0]);
        let total: TimeDelta = waits.iter().sum();
        assert!((75..95).contains(&total.num_hours()), "{total}");
        assert_eq!(delay(id, 0), None);
    }

    #[test]
    fn an_endpoint_may_ask_for_more_time_but_not_for_ever() {
        let now = "2026-11-25T08:00:00Z".parse().unwrap();
        let asked = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert("retry-after", text.parse().unwrap());
            retry_after(&headers, now).map(|wait| wait.num_seconds())
        };
        assert_eq!(asked("120"), Some(120));
        assert_eq!(asked("Wed, 25 Nov 2026 08:10:00 GMT"), Some(600));
        assert_eq!(asked("Wed, 25 Nov 2020 08:10:00 GMT"), Some(0));
        assert_eq!(asked("4000000000"), Some(86_400));
        for nonsense in ["", "soon", "-5", "99999999999999999999"] {
            assert_eq!(asked(nonsense), None, "{nonsense}");
        }
    }
}
