//! What a run is planned from: one look at a program's rounds, people, decisions and history.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use shared::{
    clock::Clock,
    domain::{
        constraints::Constraint,
        enrollments::{Enrollment, EnrollmentStatus},
        non_matches::Reason,
        organizations::Organization,
        people::Person,
        programs::Program,
        rounds::Round,
    },
    store::{self, Reads, StoreError, matches::Acquaintance},
};
use uuid::Uuid;

use crate::schedule;

/// A program as a run found it. What changes later is noticed when the plan is stored.
#[derive(Debug)]
pub(super) struct Snapshot {
    pub(super) program: Program,
    /// The present instant.
    pub(super) now: DateTime<Utc>,
    /// The rounds to match, oldest first.
    pub(super) rounds: Vec<Roster>,
    /// Decisions about pairs, oldest first.
    pub(super) constraints: Vec<Constraint>,
    /// All pairs the program ever had.
    pub(super) acquaintances: Vec<Acquaintance>,
}

/// A round and who is in it.
#[derive(Debug)]
pub(super) struct Roster {
    pub(super) round: Round,
    /// Everybody who takes part, also with all places taken.
    pub(super) seats: Vec<Seat>,
    /// People without a partner who do not take part in this run, by enrollment, and why.
    pub(super) absent: Vec<(Uuid, Reason)>,
}

/// Somebody who takes part.
#[derive(Debug)]
pub(super) struct Seat {
    pub(super) person: Person,
    pub(super) enrollment: Enrollment,
    /// Places taken by living matches.
    pub(super) taken: u32,
}

impl Seat {
    /// Places that are left.
    pub(super) fn free(&self) -> u32 {
        u32::try_from(self.enrollment.capacity).unwrap_or(0).saturating_sub(self.taken)
    }
}

const IN_A_ROUND: [EnrollmentStatus; 5] = [
    EnrollmentStatus::Active,
    EnrollmentStatus::Paused,
    EnrollmentStatus::Accepted,
    EnrollmentStatus::Waitlisted,
    EnrollmentStatus::Applied,
];

impl Snapshot {
    pub(super) async fn load(
        reads: &impl Reads,
        clock: &Clock,
        organization: &Organization,
        program: &Program,
    ) -> Result<Self, StoreError> {
        let now = clock.now();
        let today = schedule::local_date(program.time_zone.parse().unwrap_or(chrono_tz::UTC), now);
        let mut rounds = Vec::new();
        for round in store::rounds::of_program(reads, organization.id, program.id).await? {
            if round.is_matched() && round.ends_on.is_none_or(|last| last >= today) {
                rounds.push(Roster::load(reads, round).await?);
            }
        }
        Ok(Self {
            program: program.clone(),
            now,
            rounds,
            constraints: store::constraints::of_program(reads, organization.id, program.id).await?,
            acquaintances: store::matches::acquaintances(reads, organization.id, program.id).await?,
        })
    }
}

impl Roster {
    async fn load(reads: &impl Reads, round: Round) -> Result<Self, StoreError> {
        let enrollments = store::enrollments::of_round(reads, round.organization_id, round.id, &IN_A_ROUND).await?;
        let ids: Vec<Uuid> = enrollments.iter().map(|enrollment| enrollment.person_id).collect();
        let people = store::people::find_many(reads, round.organization_id, &ids).await?;
        let mut people: HashMap<Uuid, Person> = people.into_iter().map(|person| (person.id, person)).collect();
        let taken = store::matches::places_taken(reads, round.organization_id, round.id).await?;
        let taken: HashMap<Uuid, i64> = taken.into_iter().collect();
        let mut seats = Vec::new();
        let mut absent = Vec::new();
        for enrollment in enrollments {
            let Some(person) = people.remove(&enrollment.person_id).filter(|person| person.active) else { continue };
            let taken = taken.get(&enrollment.id).copied().unwrap_or(0);
            if enrollment.status == EnrollmentStatus::Active {
                seats.push(Seat { person, enrollment, taken: u32::try_from(taken).unwrap_or(0) });
            } else if taken == 0
                && let Some(reason) = why_absent(&enrollment, &round)
            {
                absent.push((enrollment.id, reason));
            }
        }
        Ok(Self { round, seats, absent })
    }
}

/// Why somebody in the round takes no part in this run; `None` for applicants whom staff have yet to decide on.
fn why_absent(enrollment: &Enrollment, round: &Round) -> Option<Reason> {
    match enrollment.status {
        EnrollmentStatus::Paused | EnrollmentStatus::Accepted => Some(Reason::PausedOrIncomplete),
        EnrollmentStatus::Waitlisted => Some(Reason::QuotaWaitlisted),
        EnrollmentStatus::Applied => {
            let late = round.closed_at.is_some_and(|closed_at| enrollment.applied_at > closed_at);
            late.then_some(Reason::JoinedAfterCutoff)
        }
        EnrollmentStatus::Active
        | EnrollmentStatus::Declined
        | EnrollmentStatus::Completed
        | EnrollmentStatus::Withdrawn
        | EnrollmentStatus::Removed => None,
    }
}
