//! Two sample organizations for the first start: made up, plausible, and the same every time.
//!
//! Everything goes through the domain's own checks and state machines, so a newcomer sees only what could really happen.

mod countries;
mod harbour;
mod harbour_people;
mod journal;
mod librarians;
mod names;
mod random;
mod roster;
mod rules;
mod staff;

use std::fmt;

use chrono::{DateTime, Utc};
use shared::{
    clock::Clock,
    domain::{
        constraints::Constraint,
        enrollments::{Enrollment, check_answers},
        match_runs::{MatchRun, RunOrigin, RunStatus},
        organizations::{Organization, StaffRole},
        people::{self, Person},
        programs::{self, Program},
        refusals::Refusal,
        rounds::Round,
        states::NotPossible,
    },
    store::{self, Store, StoreError, Tx, history::StateChange},
};

/// One organization with everything in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sample {
    pub(crate) organization: Organization,
    /// Staff first, then participants in order of application.
    pub(crate) people: Vec<Person>,
    pub(crate) roles: Vec<StaffRole>,
    pub(crate) program: Program,
    pub(crate) round: Round,
    /// In order of application.
    pub(crate) enrollments: Vec<Enrollment>,
    pub(crate) constraints: Vec<Constraint>,
    /// The steps by which rounds and enrollments came to where they stand.
    pub(crate) changes: Vec<StateChange>,
}

/// The samples do not keep a rule of the domain, or the database refused them.
#[derive(Debug)]
pub(crate) struct Problem(String);

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the sample organizations could not be stored: {}", self.0)
    }
}

impl From<NotPossible> for Problem {
    fn from(error: NotPossible) -> Self {
        Self(error.to_string())
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        Self(error.to_string())
    }
}

/// Both organizations as they stand at `now`, checked.
///
/// # Errors
/// When one of them breaks a rule of the domain.
pub(crate) fn samples(now: DateTime<Utc>) -> Result<[Sample; 2], Problem> {
    let mut samples = [librarians::sample(now)?, harbour::sample(now)?];
    for sample in &mut samples {
        if let Some(refusal) = sample.check().first() {
            let field = refusal.field.as_deref().unwrap_or("all of it");
            return Err(Problem(format!("{}, {field}: {}", sample.organization.slug, refusal.message)));
        }
    }
    Ok(samples)
}

/// Stores the samples, each with a first matching that waits for the worker: all of it, or nothing.
///
/// # Errors
/// When the database refuses.
pub(crate) async fn plant(store: &Store, clock: &Clock, samples: &[Sample]) -> Result<(), Problem> {
    let tx = store.begin().await?;
    for sample in samples {
        sample.insert(&tx).await?;
        store::match_runs::insert(&tx, &first_run(&sample.program, clock)).await?;
    }
    tx.commit().await?;
    Ok(())
}

impl Sample {
    /// Tidies everything the way a form would be, and lists what the domain refuses.
    fn check(&mut self) -> Vec<Refusal> {
        let mut found = programs::check(&mut self.program);
        found.extend(self.people.iter_mut().flat_map(people::check));
        for enrollment in &mut self.enrollments {
            found.extend(check_answers(&mut enrollment.about, &self.program.questions, "about"));
            found.extend(check_answers(&mut enrollment.wanted, &self.program.questions, "wanted"));
        }
        found
    }

    async fn insert(&self, tx: &Tx) -> Result<(), StoreError> {
        store::organizations::insert(tx, &self.organization).await?;
        store::people::insert_many(tx, &self.people).await?;
        for role in &self.roles {
            store::organizations::insert_role(tx, role).await?;
        }
        store::programs::insert(tx, &self.program).await?;
        store::rounds::insert(tx, &self.round).await?;
        store::enrollments::insert_many(tx, &self.enrollments).await?;
        for constraint in &self.constraints {
            store::constraints::insert(tx, constraint).await?;
        }
        store::history::record(tx, self.changes.clone()).await
    }
}

/// Stands in for the program's last night, so that the next matching is the one of the coming night.
fn first_run(program: &Program, clock: &Clock) -> MatchRun {
    let now = clock.now();
    let zone = program.time_zone.parse().ok();
    let due = zone.and_then(|zone| worker::schedule::latest_due(zone, program.match_at, now));
    MatchRun {
        id: clock.new_id(),
        organization_id: program.organization_id,
        program_id: program.id,
        local_date: due.map(|(date, _)| date),
        origin: RunOrigin::Night,
        dry_run: false,
        status: RunStatus::Queued,
        requested_by: None,
        report: None,
        error: None,
        fence: 0,
        attempts: 0,
        queued_at: now,
        started_at: None,
        finished_at: None,
        updated_at: now,
    }
}

#[cfg(test)]
mod tests;
