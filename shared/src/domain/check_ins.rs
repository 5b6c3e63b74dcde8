//! Check-ins: how somebody is doing with a match, asked now and then and at its end.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{
    refusals::{Refusal, RefusalCode},
    states::words,
};

/// One person was asked about one match, and perhaps answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckIn {
    /// `UUIDv7`.
    pub id: Uuid,
    /// The tenant.
    pub organization_id: Uuid,
    /// The match.
    pub match_id: Uuid,
    /// Who is asked. The answer is for them and for staff; the partner never sees it.
    pub person_id: Uuid,
    /// On which occasion.
    pub kind: CheckInKind,
    /// The how manieth of its kind, from 0.
    pub ordinal: i32,
    /// When it was asked.
    pub asked_at: DateTime<Utc>,
    /// When it was answered, last.
    pub answered_at: Option<DateTime<Utc>>,
    /// 1 (not at all) to 5 (very).
    pub satisfaction: Option<u16>,
    /// Of a wrap-up: whether the person would do it again.
    pub again: Option<bool>,
    /// In the person's own words.
    pub note: Option<String>,
}

words! {
    /// On which occasion somebody is asked.
    CheckInKind {
        /// While the match goes on.
        Pulse = "PULSE",
        /// When it reached its end.
        WrapUp = "WRAP_UP",
    }
}

/// What somebody answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckInAnswer {
    /// 1 to 5.
    pub satisfaction: i32,
    /// Whether they would do it again.
    pub again: Option<bool>,
    /// At most 2,000 characters.
    pub note: Option<String>,
}

impl CheckIn {
    /// Takes an answer; a later one takes the place of an earlier.
    ///
    /// # Errors
    /// Everything that is wrong with it; nothing is changed then.
    pub fn answer(&mut self, answer: CheckInAnswer, now: DateTime<Utc>) -> Result<(), Vec<Refusal>> {
        let CheckInAnswer { satisfaction, again, note } = answer;
        let note = note.as_deref().map(str::trim).filter(|note| !note.is_empty()).map(str::to_owned);
        let mut found = Vec::new();
        let mut refuse = |field: &str, message: &str| {
            found.push(Refusal::field(RefusalCode::Invalid, field, message));
        };
        let satisfaction = u16::try_from(satisfaction).ok().filter(|satisfaction| (1..=5).contains(satisfaction));
        if satisfaction.is_none() {
            refuse("satisfaction", "use 1 (not at all) to 5 (very)");
        }
        if note.as_ref().is_some_and(|note| note.chars().count() > 2_000) {
            refuse("note", "keep it to 2,000 characters");
        }
        if again.is_some() && self.kind == CheckInKind::Pulse {
            refuse("again", "this is asked when a match has reached its end");
        }
        if !found.is_empty() {
            return Err(found);
        }
        self.satisfaction = satisfaction;
        self.again = again;
        self.note = note;
        self.answered_at = Some(now);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use uuid::Uuid;

    use super::{CheckIn, CheckInAnswer, CheckInKind};

    #[test]
    fn an_answer_is_whole_or_not_at_all() {
        let mut found = CheckIn {
            id: Uuid::nil(),
            organization_id: Uuid::nil(),
            match_id: Uuid::nil(),
            person_id: Uuid::nil(),
            kind: CheckInKind::Pulse,
            ordinal: 0,
            asked_at: DateTime::UNIX_EPOCH,
            answered_at: None,
            satisfaction: None,
            again: None,
            note: None,
        };
        let answer =
            |satisfaction, again, note: &str| CheckInAnswer { satisfaction, again, note: Some(note.to_owned()) };
        for refused in
            [answer(0, None, ""), answer(6, None, ""), answer(3, Some(true), ""), answer(3, None, &"x".repeat(2_001))]
        {
            assert_eq!(found.answer(refused, DateTime::UNIX_EPOCH).unwrap_err().len(), 1);
            assert_eq!(found.answered_at, None);
        }
        found.answer(answer(4, None, " fine "), DateTime::UNIX_EPOCH).unwrap();
        assert_eq!((found.satisfaction, found.note.as_deref()), (Some(4), Some("fine")));
    }
}
