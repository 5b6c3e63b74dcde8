//! Sessions: meetings of a match.

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::{
    matches::Match,
    refusals::{Refusal, RefusalCode},
    states::{NotPossible, state_machine, words},
};

/// A meeting of the two of a match.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// `UUIDv7`.
    pub id: Uuid,
    /// The tenant.
    pub organization_id: Uuid,
    /// The match.
    pub match_id: Uuid,
    /// Its program.
    pub program_id: Uuid,
    /// Its round.
    pub round_id: Uuid,
    /// The person of the match's side `a`.
    pub person_a: Uuid,
    /// The person of the match's side `b`.
    pub person_b: Uuid,
    /// Where it stands.
    pub status: SessionStatus,
    /// When and where.
    pub appointment: Appointment,
    /// Who suggested the present time; the other one is asked.
    pub proposed_by: Uuid,
    /// Counts what the two were told of it, as calendars want it (RFC 5545, SEQUENCE).
    pub sequence: i32,
    /// When the two first agreed on a time: from then on it stands in their calendars.
    pub agreed_at: Option<DateTime<Utc>>,
    /// Why it was called off.
    pub cancel_reason: Option<String>,
    /// Counts changes.
    pub version: i32,
    /// When it was suggested first.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

/// When and where two people meet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Appointment {
    /// When it begins, to the minute.
    pub starts_at: DateTime<Utc>,
    /// How long it takes, 5 to 480.
    pub minutes: u16,
    /// Where: a room or an address to click.
    pub place: Option<String>,
    /// What for.
    pub agenda: Option<String>,
}

words! {
    /// The states of a session.
    SessionStatus {
        /// One side suggests a time.
        Proposed = "PROPOSED",
        /// Both agreed.
        Scheduled = "SCHEDULED",
        /// It took place.
        Held = "HELD",
        /// It did not.
        Missed = "MISSED",
        /// Called off beforehand.
        Canceled = "CANCELED",
    }
}

words! {
    /// What can happen to a session.
    SessionEvent {
        /// The other side agrees.
        Agree = "AGREE",
        /// One side suggests another time.
        Move = "MOVE",
        /// It took place.
        Hold = "HOLD",
        /// It did not take place.
        Miss = "MISS",
        /// Called off.
        Cancel = "CANCEL",
    }
}

// People meet without having agreed in writing: a proposed session can have been held, but not missed.
state_machine! { "the session", SessionStatus x SessionEvent {
    Proposed + Agree => Scheduled,
    Proposed + Move => Proposed,
    Proposed + Hold => Held,
    Proposed + Cancel => Canceled,
    Scheduled + Move => Proposed,
    Scheduled + Hold => Held,
    Scheduled + Miss => Missed,
    Scheduled + Cancel => Canceled,
}}

impl SessionStatus {
    /// Whether it may still come to pass.
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Proposed | Self::Scheduled)
    }
}

impl Session {
    /// A new session of a match, suggested by one of the two.
    pub fn proposed(id: Uuid, of: &Match, appointment: Appointment, proposed_by: Uuid, now: DateTime<Utc>) -> Self {
        Self {
            id,
            organization_id: of.organization_id,
            match_id: of.id,
            program_id: of.program_id,
            round_id: of.round_id,
            person_a: of.a.person_id,
            person_b: of.b.person_id,
            status: SessionStatus::Proposed,
            appointment,
            proposed_by,
            sequence: 0,
            agreed_at: None,
            cancel_reason: None,
            version: 1,
            created_at: now,
            updated_at: now,
        }
    }

    /// The instant it ends.
    pub fn ends_at(&self) -> DateTime<Utc> {
        self.appointment.ends_at()
    }

    /// Moves to the state after `event` and counts what the two are told. The caller stores the session and a state
    /// change.
    ///
    /// # Errors
    /// When the state machine has no such step; nothing is changed then.
    pub fn apply(&mut self, event: SessionEvent, now: DateTime<Utc>) -> Result<(), NotPossible> {
        self.status = self.status.after(event)?;
        self.updated_at = now;
        match event {
            SessionEvent::Agree => {
                self.agreed_at.get_or_insert(now);
                self.sequence += 1;
            }
            SessionEvent::Move | SessionEvent::Cancel => self.sequence += 1,
            SessionEvent::Hold | SessionEvent::Miss => {}
        }
        Ok(())
    }
}

/// The longest agenda, in characters.
pub const AGENDA_MAX: usize = 2_000;
/// The longest place, in characters; addresses of video rooms are long.
pub const PLACE_MAX: usize = 1_000;

impl Appointment {
    /// The instant it ends.
    pub fn ends_at(&self) -> DateTime<Utc> {
        self.starts_at + TimeDelta::minutes(self.minutes.into())
    }

    /// Tidies the texts and checks the whole. Empty when all is well.
    pub fn check(&mut self, now: DateTime<Utc>) -> Vec<Refusal> {
        let mut found = Vec::new();
        let mut refuse = |field: &str, message: &str| {
            found.push(Refusal::field(RefusalCode::Invalid, field, message));
        };
        // Calendars know seconds, people do not.
        let past_minute = self.starts_at.timestamp().rem_euclid(60);
        self.starts_at =
            DateTime::from_timestamp(self.starts_at.timestamp() - past_minute, 0).unwrap_or(self.starts_at);
        if self.starts_at <= now {
            refuse("startsAt", "this time is over; choose one that is still to come");
        } else if self.starts_at > now + TimeDelta::days(2 * 366) {
            refuse("startsAt", "choose a time within two years");
        }
        if !(5..=480).contains(&self.minutes) {
            refuse("minutes", "use 5 to 480 minutes");
        }
        self.place = self.place.as_deref().map(super::people::tidy_line).filter(|place| !place.is_empty());
        if self.place.as_ref().is_some_and(|place| place.chars().count() > PLACE_MAX) {
            refuse("place", "keep it to 1,000 characters");
        }
        self.agenda = self.agenda.as_deref().map(tidy_text).filter(|agenda| !agenda.is_empty());
        if self.agenda.as_ref().is_some_and(|agenda| agenda.chars().count() > AGENDA_MAX) {
            refuse("agenda", "keep it to 2,000 characters");
        }
        found
    }
}

/// Every line without control characters, and `\n` between them.
fn tidy_text(text: &str) -> String {
    text.trim().lines().map(super::people::tidy_line).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, TimeDelta};

    use super::{Appointment, SessionEvent, SessionStatus};

    fn appointment() -> Appointment {
        Appointment {
            starts_at: "2026-12-01T15:00:42.5Z".parse().unwrap(),
            minutes: 45,
            place: Some(" https://meet.example.org/a \r\n".to_owned()),
            agenda: Some("first\r\n\r\nsecond\u{7}\n".to_owned()),
        }
    }

    #[test]
    fn an_appointment_is_tidied() {
        let mut found = appointment();
        assert_eq!(found.check("2026-11-25T12:00:00Z".parse().unwrap()), []);
        assert_eq!(found.starts_at.to_rfc3339(), "2026-12-01T15:00:00+00:00");
        assert_eq!(found.ends_at().to_rfc3339(), "2026-12-01T15:45:00+00:00");
        assert_eq!(found.place.as_deref(), Some("https://meet.example.org/a"));
        assert_eq!(found.agenda.as_deref(), Some("first\n\nsecond"));
    }

    #[test]
    fn each_fault_names_its_field() {
        type Spoil = fn(&mut Appointment);
        let cases: &[(&str, Spoil)] = &[
            ("startsAt", |found| found.starts_at = DateTime::UNIX_EPOCH),
            ("startsAt", |found| found.starts_at += TimeDelta::days(800)),
            ("minutes", |found| found.minutes = 4),
            ("minutes", |found| found.minutes = 481),
            ("place", |found| found.place = Some("x".repeat(1_001))),
            ("agenda", |found| found.agenda = Some("x".repeat(2_001))),
        ];
        for (field, spoil) in cases {
            let mut found = appointment();
            spoil(&mut found);
            let refusals = found.check("2026-11-25T12:00:00Z".parse().unwrap());
            assert_eq!(refusals.len(), 1, "{field}: {refusals:?}");
            assert_eq!(refusals[0].field.as_deref(), Some(*field));
        }
    }

    #[test]
    fn what_is_over_stays_over() {
        for status in SessionStatus::ALL.iter().filter(|status| !status.is_open()) {
            assert!(SessionStatus::TABLE.iter().all(|(from, _, _)| from != status), "{status}");
        }
        assert!(SessionStatus::Proposed.after(SessionEvent::Miss).is_err());
    }
}
