//! Matches: two people, what each of them answered, and how it went on.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{
    explanations::Explanation,
    states::{NotPossible, state_machine, words},
};

/// Two people brought together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Match {
    /// `UUIDv7`.
    pub id: Uuid,
    /// The tenant.
    pub organization_id: Uuid,
    /// The program.
    pub program_id: Uuid,
    /// The round.
    pub round_id: Uuid,
    /// The run that planned it, if one did.
    pub run_id: Option<Uuid>,
    /// How it came about.
    pub origin: MatchOrigin,
    /// Where it stands.
    pub status: MatchStatus,
    /// MENTORING: the mentor. PEER: the one with the smaller person id.
    pub a: Party,
    /// The other side.
    pub b: Party,
    /// 0 to 1000.
    pub score: u16,
    /// Why these two.
    pub explanation: Explanation,
    /// What the person who asked wrote, for a request.
    pub note: Option<String>,
    /// When it was proposed.
    pub proposed_at: DateTime<Utc>,
    /// An unanswered proposal closes at this instant.
    pub answer_by: Option<DateTime<Utc>>,
    /// When the two were introduced.
    pub activated_at: Option<DateTime<Utc>>,
    /// When the two were first in touch, as one of them told us.
    pub first_contact_at: Option<DateTime<Utc>>,
    /// When the two were last in touch, as far as they or their sessions told us.
    pub last_contact_at: Option<DateTime<Utc>>,
    /// How many days the two mean to have between one meeting and the next, if they said so.
    pub cadence_days: Option<u16>,
    /// When the worker looks at its calendar next; `None` when there is nothing (more) to look for.
    pub calendar_at: Option<DateTime<Utc>>,
    /// When it ended, in whatever way.
    pub ended_at: Option<DateTime<Utc>>,
    /// Who ended it; `None` when time did.
    pub ended_by: Option<Uuid>,
    /// Why it ended.
    pub end_reason: Option<String>,
    /// Counts changes.
    pub version: i32,
    /// When the match was made.
    pub created_at: DateTime<Utc>,
    /// When the match last changed.
    pub updated_at: DateTime<Utc>,
}

/// One side of a match.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Party {
    /// The enrollment.
    pub enrollment_id: Uuid,
    /// The person.
    pub person_id: Uuid,
    /// What the person answered.
    pub answer: Answer,
    /// When.
    pub answered_at: Option<DateTime<Utc>>,
}

impl Party {
    /// A side that has not been asked yet.
    pub const fn unanswered(enrollment_id: Uuid, person_id: Uuid) -> Self {
        Self { enrollment_id, person_id, answer: Answer::Pending, answered_at: None }
    }
}

words! {
    /// How a match came about.
    MatchOrigin {
        /// A run planned it.
        Run = "RUN",
        /// One person asked the other.
        Request = "REQUEST",
    }
}

words! {
    /// What a person answered to a proposal.
    Answer {
        /// Nothing yet.
        Pending = "PENDING",
        /// Yes.
        Accepted = "ACCEPTED",
        /// No; nobody's fault.
        Declined = "DECLINED",
    }
}

words! {
    /// The states of a match.
    MatchStatus {
        /// Waits for answers.
        Proposed = "PROPOSED",
        /// The two are introduced.
        Active = "ACTIVE",
        /// The two take a break.
        Paused = "PAUSED",
        /// Ended as planned.
        Completed = "COMPLETED",
        /// Ended before its time; nobody's fault.
        EndedEarly = "ENDED_EARLY",
        /// One side declined.
        Declined = "DECLINED",
        /// Nobody answered in time.
        Expired = "EXPIRED",
        /// Taken back before it began.
        Withdrawn = "WITHDRAWN",
    }
}

impl MatchStatus {
    /// Whether the match takes a place of each side.
    pub const fn is_living(self) -> bool {
        matches!(self, Self::Proposed | Self::Active | Self::Paused)
    }
}

words! {
    /// What can happen to a match.
    MatchEvent {
        /// Nobody is left to be asked.
        Activate = "ACTIVATE",
        /// One side declines.
        Decline = "DECLINE",
        /// Time is up.
        Expire = "EXPIRE",
        /// Taken back.
        Withdraw = "WITHDRAW",
        /// A break.
        Pause = "PAUSE",
        /// The break is over.
        Resume = "RESUME",
        /// It reached its planned end.
        Complete = "COMPLETE",
        /// Somebody ends it.
        EndEarly = "END_EARLY",
    }
}

state_machine! { "the match", MatchStatus x MatchEvent {
    Proposed + Activate => Active,
    Proposed + Decline => Declined,
    Proposed + Expire => Expired,
    Proposed + Withdraw => Withdrawn,
    Active + Pause => Paused,
    Active + Complete => Completed,
    Active + EndEarly => EndedEarly,
    Paused + Resume => Active,
    Paused + Complete => Completed,
    Paused + EndEarly => EndedEarly,
}}

/// Which side of a match.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// `Match::a`.
    A,
    /// `Match::b`.
    B,
}

impl Side {
    /// The side across.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::A => Self::B,
            Self::B => Self::A,
        }
    }
}

impl Match {
    /// The side of this person, if it is theirs.
    pub fn side_of(&self, person_id: Uuid) -> Option<Side> {
        if self.a.person_id == person_id {
            Some(Side::A)
        } else if self.b.person_id == person_id {
            Some(Side::B)
        } else {
            None
        }
    }

    /// A side and the other one.
    pub const fn sides(&self, side: Side) -> (&Party, &Party) {
        match side {
            Side::A => (&self.a, &self.b),
            Side::B => (&self.b, &self.a),
        }
    }

    /// Moves to the state after `event` and sets what goes with it. The caller stores the match and a state change.
    ///
    /// # Errors
    /// When the state machine has no such step; nothing is changed then.
    pub fn apply(&mut self, event: MatchEvent, now: DateTime<Utc>) -> Result<(), NotPossible> {
        self.status = self.status.after(event)?;
        self.updated_at = now;
        if self.status == MatchStatus::Active && self.activated_at.is_none() {
            self.activated_at = Some(now);
            self.calendar_at = Some(now);
        }
        if event == MatchEvent::Resume {
            self.last_contact_at = Some(now);
        }
        if !self.status.is_living() {
            self.ended_at = Some(now);
        }
        Ok(())
    }

    /// When we last had reason to believe that the two are in touch; `None` before they were introduced.
    pub fn last_sign_of_life(&self) -> Option<DateTime<Utc>> {
        self.activated_at.max(self.first_contact_at).max(self.last_contact_at)
    }

    /// After how many days without a sign of life the two are asked: the program's days, or half as long again as their
    /// own cadence, if that is more. Two people who meet every six months are not stalled in between. `None` when the
    /// program never asks.
    pub fn patience_days(&self, program_days: u16) -> Option<u32> {
        let own = self.cadence_days.map_or(0, |days| u32::from(days) * 3 / 2);
        (program_days > 0).then(|| own.max(program_days.into()))
    }

    /// Records one side's answer; the match becomes DECLINED at the first "no" and ACTIVE at the second "yes".
    ///
    /// # Errors
    /// When the match is not PROPOSED any more, or this side has answered already.
    pub fn answer(&mut self, side: Side, yes: bool, now: DateTime<Utc>) -> Result<(), NotPossible> {
        let event = if yes { MatchEvent::Activate } else { MatchEvent::Decline };
        self.status.after(event)?;
        let party = match side {
            Side::A => &mut self.a,
            Side::B => &mut self.b,
        };
        if party.answer != Answer::Pending {
            return Err(NotPossible {
                machine: "this side's answer",
                from: party.answer.as_str(),
                event: event.as_str(),
            });
        }
        party.answer = if yes { Answer::Accepted } else { Answer::Declined };
        party.answered_at = Some(now);
        self.updated_at = now;
        if !yes || (self.a.answer == Answer::Accepted && self.b.answer == Answer::Accepted) {
            self.apply(event, now)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use uuid::Uuid;

    use super::{Answer, Explanation, Match, MatchEvent, MatchOrigin, MatchStatus, Party, Side};

    fn proposed() -> Match {
        let at = DateTime::UNIX_EPOCH;
        Match {
            id: Uuid::nil(),
            organization_id: Uuid::nil(),
            program_id: Uuid::nil(),
            round_id: Uuid::nil(),
            run_id: None,
            origin: MatchOrigin::Run,
            status: MatchStatus::Proposed,
            a: Party::unanswered(Uuid::from_u128(1), Uuid::from_u128(11)),
            b: Party::unanswered(Uuid::from_u128(2), Uuid::from_u128(12)),
            score: 500,
            explanation: Explanation::default(),
            note: None,
            proposed_at: at,
            answer_by: None,
            activated_at: None,
            first_contact_at: None,
            last_contact_at: None,
            cadence_days: None,
            calendar_at: None,
            ended_at: None,
            ended_by: None,
            end_reason: None,
            version: 1,
            created_at: at,
            updated_at: at,
        }
    }

    #[test]
    fn two_times_yes_makes_a_match_in_either_order() {
        for order in [[Side::A, Side::B], [Side::B, Side::A]] {
            let mut found = proposed();
            found.answer(order[0], true, DateTime::UNIX_EPOCH).unwrap();
            assert_eq!((found.status, found.activated_at), (MatchStatus::Proposed, None));
            found.answer(order[1], true, DateTime::UNIX_EPOCH).unwrap();
            assert_eq!(found.status, MatchStatus::Active);
            assert!(found.activated_at.is_some() && found.ended_at.is_none());
        }
    }

    #[test]
    fn one_no_ends_it_and_a_yes_cannot_be_taken_back() {
        let mut found = proposed();
        found.answer(Side::A, true, DateTime::UNIX_EPOCH).unwrap();
        assert!(found.answer(Side::A, false, DateTime::UNIX_EPOCH).is_err(), "an answer stands");
        found.answer(Side::B, false, DateTime::UNIX_EPOCH).unwrap();
        assert_eq!((found.status, found.b.answer), (MatchStatus::Declined, Answer::Declined));
        assert!(found.ended_at.is_some());
        assert!(found.answer(Side::B, true, DateTime::UNIX_EPOCH).is_err());
    }

    #[test]
    fn a_refused_step_changes_nothing() {
        let mut found = proposed();
        let before = found.clone();
        assert!(found.apply(MatchEvent::EndEarly, DateTime::UNIX_EPOCH).is_err());
        assert_eq!(found, before);
    }

    #[test]
    fn nothing_leads_out_of_an_ended_match() {
        for status in MatchStatus::ALL.iter().filter(|status| !status.is_living()) {
            assert!(MatchStatus::TABLE.iter().all(|(from, _, _)| from != status), "{status}");
        }
    }
}
