//! Publishing a run: its pairs become matches, its rounds begin, and people without a partner are told why.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use chrono::{DateTime, NaiveDate, Utc};
use uuid::Uuid;

use super::{Made, NewMatch, Seat, Setting, StepError};
use crate::{
    domain::{
        constraints::ConstraintKind,
        enrollments::{Enrollment, EnrollmentStatus},
        match_runs::{MatchRun, NonMatch, PlannedPair, RunEvent, RunStatus},
        matches::MatchStatus,
        people::Person,
        rounds::{Round, RoundEvent, RoundStatus},
    },
    outbox,
    store::{self, StoreError, Tx},
};

/// What became of a run's pairs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Published {
    /// The matches that were made, in the order of the pairs.
    pub made: Vec<Uuid>,
    /// Pairs that had become impossible since they were planned; they are planned anew by the next night.
    pub stale: u32,
}

/// What an earlier match of two people means for a new one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Past {
    /// They are partners now.
    Living,
    /// They were partners, or one of them declined: only a PIN brings them together again.
    Apart,
    /// It came to nothing, and says nothing.
    Forgotten,
}

impl Past {
    /// What a match in this state means in a program that does or does not avoid past partners. Declined pairs never
    /// return by themselves.
    pub const fn of(status: MatchStatus, avoid_past_partners: bool) -> Self {
        match status {
            MatchStatus::Proposed | MatchStatus::Active | MatchStatus::Paused => Self::Living,
            MatchStatus::Declined => Self::Apart,
            MatchStatus::Completed | MatchStatus::EndedEarly if avoid_past_partners => Self::Apart,
            MatchStatus::Completed | MatchStatus::EndedEarly | MatchStatus::Expired | MatchStatus::Withdrawn => {
                Self::Forgotten
            }
        }
    }
}

/// Makes matches of these pairs of a READY run, moves CLOSED rounds to RUNNING and the run to PUBLISHED, and tells the
/// unmatched. A pair whose people changed, left, or may not meet any more since the plan is left out and counted, also
/// in the run's report.
///
/// # Errors
/// [`StoreError::Conflict`] when the run is not READY, a preview, or was changed meanwhile; the caller rolls back then.
pub async fn publish_run(
    tx: &Tx,
    setting: &Setting<'_>,
    run: &mut MatchRun,
    pairs: &[PlannedPair],
) -> Result<Published, StoreError> {
    if run.dry_run || run.status.after(RunEvent::Publish).is_err() {
        return Err(StoreError::Conflict("the run"));
    }
    // Two runs of one program are published one after the other: the later one sees the earlier one's matches.
    store::programs::hold(tx, run.organization_id, run.program_id).await?;
    let unmatched = store::non_matches::of_run(tx, run.organization_id, run.id).await?;
    let mut situation = Situation::load(tx, setting, run, pairs, &unmatched).await?;
    let mut published = Published::default();
    for pair in pairs {
        match situation.make(tx, setting, pair).await? {
            Some(made) => published.made.push(made),
            None => published.stale += 1,
        }
    }
    for round in situation.rounds.values_mut().filter(|round| round.status == RoundStatus::Closed) {
        match setting.step_round(tx, round, RoundEvent::Start).await {
            Ok(()) => {}
            Err(StepError::NotPossible(_)) => return Err(StoreError::Conflict("the round")),
            Err(StepError::Store(error)) => return Err(error),
        }
    }
    for finding in &unmatched {
        situation.tell(tx, setting, finding).await?;
    }
    run.status = RunStatus::Published;
    run.updated_at = setting.clock.now();
    run.finished_at = run.finished_at.or(Some(run.updated_at));
    if let Some(report) = &mut run.report {
        report.stale_pairs += published.stale;
    }
    store::match_runs::update(tx, run, RunStatus::Ready).await?;
    let steps = (RunStatus::Ready.as_str(), RunStatus::Published.as_str());
    setting.record(tx, run, steps, None).await?;
    Ok(published)
}

/// Everything about a run's people as it is now, held until the transaction ends.
struct Situation {
    planned_at: DateTime<Utc>,
    today: NaiveDate,
    rounds: BTreeMap<Uuid, Round>,
    enrollments: HashMap<Uuid, Enrollment>,
    people: HashMap<Uuid, Person>,
    /// Pairs that may never be made, smaller id first.
    barred: HashSet<(Uuid, Uuid)>,
    /// Pairs that only a PIN may make again, smaller id first.
    apart: HashSet<(Uuid, Uuid)>,
    /// Enrollments with a living match.
    matched: HashSet<Uuid>,
}

impl Situation {
    async fn load(
        tx: &Tx,
        setting: &Setting<'_>,
        run: &MatchRun,
        pairs: &[PlannedPair],
        unmatched: &[NonMatch],
    ) -> Result<Self, StoreError> {
        let organization_id = run.organization_id;
        let mut enrollment_ids: Vec<Uuid> =
            pairs.iter().flat_map(|pair| [pair.enrollment_a, pair.enrollment_b]).collect();
        enrollment_ids.extend(unmatched.iter().map(|finding| finding.enrollment_id));
        let enrollments = store::enrollments::hold_many(tx, organization_id, &enrollment_ids).await?;
        let person_ids: Vec<Uuid> = enrollments.iter().map(|enrollment| enrollment.person_id).collect();
        let people = store::people::hold_many(tx, organization_id, &person_ids).await?;
        let rounds = store::rounds::of_program(tx, organization_id, run.program_id).await?;
        let planned: BTreeSet<Uuid> =
            run.report.iter().flat_map(|report| &report.rounds).map(|round| round.round_id).collect();
        let rounds: BTreeMap<Uuid, Round> =
            rounds.into_iter().filter(|round| planned.contains(&round.id)).map(|round| (round.id, round)).collect();

        let mut barred = HashSet::new();
        let mut apart = HashSet::new();
        for constraint in store::constraints::of_program(tx, organization_id, run.program_id).await? {
            if matches!(constraint.kind, ConstraintKind::Forbid | ConstraintKind::Avoid) {
                barred.insert(ordered(constraint.person_a, constraint.person_b));
            }
        }
        for met in store::matches::acquaintances(tx, organization_id, run.program_id).await? {
            let pair = ordered(met.person_a, met.person_b);
            match Past::of(met.status, setting.program.avoid_past_partners) {
                Past::Living => barred.insert(pair),
                Past::Apart => apart.insert(pair),
                Past::Forgotten => false,
            };
        }
        let mut matched = HashSet::new();
        for round_id in &planned {
            let taken = store::matches::places_taken(tx, organization_id, *round_id).await?;
            matched.extend(taken.into_iter().map(|(enrollment_id, _)| enrollment_id));
        }
        let now = setting.clock.now();
        let zone = setting.program.time_zone.parse().unwrap_or(chrono_tz::UTC);
        Ok(Self {
            planned_at: run.started_at.unwrap_or(run.queued_at),
            today: now.with_timezone(&zone).date_naive(),
            rounds,
            enrollments: enrollments.into_iter().map(|enrollment| (enrollment.id, enrollment)).collect(),
            people: people.into_iter().map(|person| (person.id, person)).collect(),
            barred,
            apart,
            matched,
        })
    }

    /// One side of a pair, if it is still what the plan saw.
    fn seat(&self, enrollment_id: Uuid) -> Option<Seat<'_>> {
        let enrollment = self.enrollments.get(&enrollment_id)?;
        let person = self.people.get(&enrollment.person_id)?;
        let unchanged = enrollment.updated_at <= self.planned_at && person.updated_at <= self.planned_at;
        let there = enrollment.status == EnrollmentStatus::Active && person.active;
        (unchanged && there).then_some(Seat { person, enrollment })
    }

    /// The id of the match that was made; `None` when the pair is stale.
    async fn make(&mut self, tx: &Tx, setting: &Setting<'_>, pair: &PlannedPair) -> Result<Option<Uuid>, StoreError> {
        let open = self.rounds.get(&pair.round_id).is_some_and(Round::is_matched);
        let (Some(a), Some(b)) = (self.seat(pair.enrollment_a), self.seat(pair.enrollment_b)) else { return Ok(None) };
        let people = ordered(a.person.id, b.person.id);
        if !open || self.barred.contains(&people) || (self.apart.contains(&people) && !pair.pinned) {
            return Ok(None);
        }
        let new =
            NewMatch { a, b, run_id: Some(pair.run_id), score: pair.score, explanation: pair.explanation.clone() };
        match setting.make_match(tx, new).await? {
            Made::Match(made) => {
                self.barred.insert(people);
                self.matched.extend([pair.enrollment_a, pair.enrollment_b]);
                Ok(Some(made.id))
            }
            Made::Taken => Ok(None),
        }
    }

    /// Tells a person why there is no partner, unless there is one by now or the person takes a break. The same news
    /// is told once.
    async fn tell(&self, tx: &Tx, setting: &Setting<'_>, found: &NonMatch) -> Result<(), StoreError> {
        let Some(enrollment) = self.enrollments.get(&found.enrollment_id) else { return Ok(()) };
        let Some(person) = self.people.get(&enrollment.person_id) else { return Ok(()) };
        let waits = enrollment.status.is_living() && enrollment.status != EnrollmentStatus::Paused;
        if !waits || self.matched.contains(&enrollment.id) {
            return Ok(());
        }
        let goes_on = |round: &Round| round.is_matched() && round.ends_on.is_none_or(|last| last > self.today);
        let tries_again =
            enrollment.status == EnrollmentStatus::Active && self.rounds.get(&enrollment.round_id).is_some_and(goes_on);
        let about = format!("{}:{}", enrollment.id, found.finding.reason.news());
        let order = setting.desk().not_matched_yet(person, &found.finding, tries_again, about);
        outbox::enqueue(tx, setting.clock, order).await?;
        Ok(())
    }
}

fn ordered(one: Uuid, other: Uuid) -> (Uuid, Uuid) {
    (one.min(other), one.max(other))
}
