//! Rounds: one run-through of a program, from call to reflection.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use uuid::Uuid;

use super::states::{state_machine, words};

/// A round of a program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Round {
    /// `UUIDv7`.
    pub id: Uuid,
    /// The tenant.
    pub organization_id: Uuid,
    /// The program.
    pub program_id: Uuid,
    /// Unique in the program.
    pub name: String,
    /// Where it stands.
    pub status: RoundStatus,
    /// True: people join all year and every night matches whoever is there. False: matching begins when the round is closed.
    pub rolling: bool,
    /// The largest share of a round one country may have, in percent; the rest is waitlisted in order of application.
    pub country_cap_percent: Option<u8>,
    /// The last day of its matches.
    pub ends_on: Option<NaiveDate>,
    /// When enrollment opened.
    pub opened_at: Option<DateTime<Utc>>,
    /// When enrollment closed.
    pub closed_at: Option<DateTime<Utc>>,
    /// When the round was made.
    pub created_at: DateTime<Utc>,
    /// When the round last changed.
    pub updated_at: DateTime<Utc>,
}

impl Round {
    /// Whether participants know of it.
    pub fn is_announced(&self) -> bool {
        self.status != RoundStatus::Draft
    }

    /// Whether people can enroll now.
    pub fn takes_enrollments(&self) -> bool {
        self.status == RoundStatus::Open || (self.rolling && self.status == RoundStatus::Running)
    }

    /// Whether a night matches this round's people.
    pub fn is_matched(&self) -> bool {
        matches!(self.status, RoundStatus::Closed | RoundStatus::Running)
            || (self.rolling && self.status == RoundStatus::Open)
    }

    /// Whether an applicant is accepted at once. A country cap needs all applicants first.
    pub fn accepts_at_once(&self) -> bool {
        self.country_cap_percent.is_none() || self.rolling
    }
}

words! {
    /// The states of a round.
    RoundStatus {
        /// Being prepared; only staff see it.
        Draft = "DRAFT",
        /// People enroll.
        Open = "OPEN",
        /// Enrollment is over; the next night matches.
        Closed = "CLOSED",
        /// Matched pairs are at work.
        Running = "RUNNING",
        /// Over.
        Completed = "COMPLETED",
        /// Called off.
        Canceled = "CANCELED",
    }
}

words! {
    /// What can happen to a round.
    RoundEvent {
        /// Staff open enrollment.
        Open = "OPEN",
        /// Staff close enrollment.
        Close = "CLOSE",
        /// The first night matched it.
        Start = "START",
        /// Staff end it, or its last day has passed.
        Complete = "COMPLETE",
        /// Staff call it off.
        Cancel = "CANCEL",
    }
}

state_machine! { "the round", RoundStatus x RoundEvent {
    Draft + Open => Open,
    Draft + Cancel => Canceled,
    Open + Close => Closed,
    Open + Start => Running,
    Open + Cancel => Canceled,
    Closed + Open => Open,
    Closed + Start => Running,
    Closed + Cancel => Canceled,
    Running + Close => Closed,
    Running + Complete => Completed,
    Running + Cancel => Canceled,
}}

/// Who exceeds the country cap: indices into `countries`, which lists the applicants' countries in order of application.
///
/// A country may hold at most `percent` of all applicants, rounded down but at least one place; people without a country
/// are not counted as one. The rule of the International Librarians Network.
pub fn over_country_cap(countries: &[Option<&str>], percent: u8) -> Vec<usize> {
    let limit = (countries.len() * usize::from(percent) / 100).max(1);
    let mut seen: HashMap<&str, usize> = HashMap::new();
    let mut over = Vec::new();
    for (index, country) in countries.iter().enumerate() {
        if let Some(country) = country {
            let count = seen.entry(country).or_insert(0);
            *count += 1;
            if *count > limit {
                over.push(index);
            }
        }
    }
    over
}

#[cfg(test)]
mod tests {
    use super::over_country_cap;

    #[test]
    fn the_latest_applicants_of_a_large_country_wait() {
        let us = Some("US");
        let countries = [us, us, Some("DE"), us, Some("FR"), us, None, Some("BR"), Some("IN"), None];
        assert_eq!(over_country_cap(&countries, 20), [3, 5], "two of ten stay");
    }

    #[test]
    fn a_tiny_round_keeps_one_of_each_country() {
        assert_eq!(over_country_cap(&[Some("DE"), Some("DE"), Some("FR")], 20), [1]);
        assert!(over_country_cap(&[], 20).is_empty());
    }
}
