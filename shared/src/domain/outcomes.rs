//! What became of a match, in the words of the field: first contact, survival, and how it ended.

use chrono::{DateTime, TimeDelta, Utc};

use super::matches::{Match, MatchStatus};

/// The days after which a match is asked whether it still lives.
pub const SURVIVAL_DAYS: [u8; 3] = [30, 60, 90];
/// The days within which two people should be in touch.
pub const FIRST_CONTACT_DAYS: u8 = 7;

/// What became of a match that began. `None` where nobody can say (yet).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// When the two were introduced.
    pub began_at: DateTime<Utc>,
    /// Whether the two were in touch within [`FIRST_CONTACT_DAYS`]; unknown until these are over or the match is.
    pub first_contact_in_time: Option<bool>,
    /// Whether it lived after each of [`SURVIVAL_DAYS`]; unknown before that day, and for a match that was completed as
    /// planned sooner.
    pub survived: [Option<bool>; 3],
    /// Whole days from the introduction to the end, or until now.
    pub days: i64,
    /// Whether it ended before its time.
    pub ended_early: bool,
}

/// What became of this match as things stand `now`; `None` when the two were never introduced.
pub fn outcome(found: &Match, now: DateTime<Utc>) -> Option<Outcome> {
    let began_at = found.activated_at?;
    let end = found.ended_at;
    let after = |days: u8| began_at + TimeDelta::days(days.into());
    let first_contact_in_time = match found.first_contact_at {
        Some(contact) => Some(contact <= after(FIRST_CONTACT_DAYS)),
        None if now >= after(FIRST_CONTACT_DAYS) || end.is_some() => Some(false),
        None => None,
    };
    let survived = SURVIVAL_DAYS.map(|days| match end {
        Some(end) if end < after(days) => (found.status != MatchStatus::Completed).then_some(false),
        Some(_) => Some(true),
        None => (now >= after(days)).then_some(true),
    });
    Some(Outcome {
        began_at,
        first_contact_in_time,
        survived,
        days: (end.unwrap_or(now) - began_at).num_days(),
        ended_early: found.status == MatchStatus::EndedEarly,
    })
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::{super::explanations::Explanation, super::matches::*, *};

    fn day(days: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::days(days)
    }

    fn begun(status: MatchStatus, contact: Option<i64>, end: Option<i64>) -> Match {
        Match {
            id: Uuid::nil(),
            organization_id: Uuid::nil(),
            program_id: Uuid::nil(),
            round_id: Uuid::nil(),
            run_id: None,
            origin: MatchOrigin::Run,
            status,
            a: Party::unanswered(Uuid::nil(), Uuid::nil()),
            b: Party::unanswered(Uuid::nil(), Uuid::nil()),
            score: 0,
            explanation: Explanation::default(),
            note: None,
            proposed_at: day(0),
            answer_by: None,
            activated_at: Some(day(0)),
            first_contact_at: contact.map(day),
            last_contact_at: None,
            cadence_days: None,
            calendar_at: None,
            ended_at: end.map(day),
            ended_by: None,
            end_reason: None,
            version: 1,
            created_at: day(0),
            updated_at: day(0),
        }
    }

    #[test]
    fn contact_counts_within_a_week_and_is_unknown_before() {
        let contact = |contact, end, now| {
            outcome(&begun(MatchStatus::Active, contact, end), day(now)).and_then(|found| found.first_contact_in_time)
        };
        assert_eq!(contact(Some(7), None, 10), Some(true));
        assert_eq!(contact(Some(8), None, 10), Some(false));
        assert_eq!(contact(None, None, 6), None);
        assert_eq!(contact(None, None, 7), Some(false));
        assert_eq!(contact(None, Some(2), 3), Some(false));
    }

    #[test]
    fn survival_is_known_when_its_day_came_or_the_match_ended_before_its_time() {
        let survived = |status, end, now| outcome(&begun(status, None, end), day(now)).map(|found| found.survived);
        assert_eq!(survived(MatchStatus::Active, None, 61), Some([Some(true), Some(true), None]));
        assert_eq!(survived(MatchStatus::EndedEarly, Some(45), 50), Some([Some(true), Some(false), Some(false)]));
        assert_eq!(survived(MatchStatus::Completed, Some(60), 200), Some([Some(true), Some(true), None]));
        assert_eq!(survived(MatchStatus::Paused, None, 29), Some([None; 3]));
    }

    #[test]
    fn a_match_that_never_began_has_no_outcome() {
        let mut found = begun(MatchStatus::Declined, None, Some(1));
        found.activated_at = None;
        assert_eq!(outcome(&found, day(9)), None);
    }

    #[test]
    fn days_are_whole_and_go_on_until_the_end() {
        let days =
            |status, end| outcome(&begun(status, None, end), day(12)).map(|found| (found.days, found.ended_early));
        assert_eq!(days(MatchStatus::Active, None), Some((12, false)));
        assert_eq!(days(MatchStatus::EndedEarly, Some(5)), Some((5, true)));
    }
}
