//! Storing a plan: one short transaction that checks again whatever may have changed since the snapshot.

use std::collections::{HashMap, HashSet};

use shared::{
    clock::Clock,
    domain::{
        constraints::ConstraintKind,
        enrollments::EnrollmentStatus,
        match_runs::{MatchRun, NonMatch, PlannedPair, Report, RunEvent, RunStatus},
        programs::Consent,
    },
    failpoints::Point,
    live::Changes,
    matchmaking::{Setting, publish_run},
    outbox::{self, letters::Desk},
    store::{
        self, Store, StoreError, Tx,
        history::{self, Step},
    },
};
use uuid::Uuid;

use super::{
    load::Snapshot,
    planning::{RoundPlan, count},
};

/// Stores what was planned; the run becomes READY, and PUBLISHED at once unless it is a preview or waits for approval.
/// Returns how many matches were made, and what to tell live subscribers.
///
/// # Errors
/// [`StoreError::Conflict`] when another worker or a member of staff was faster; nothing is stored then.
pub(super) async fn store_plan(
    store: &Store,
    setting: Setting<'_>,
    run: &mut MatchRun,
    snapshot: &Snapshot,
    plans: Vec<RoundPlan>,
) -> Result<(usize, Changes), StoreError> {
    let now = setting.clock.now();
    let (mut pairs, mut findings, mut report) = (Vec::new(), Vec::new(), Report::default());
    for plan in plans {
        pairs.extend(plan.pairs);
        findings.extend(plan.findings);
        report.rounds.push(plan.report);
    }
    let tx = store.begin().await?;
    store::programs::hold(&tx, run.organization_id, run.program_id).await?;
    let fresh = drop_stale(&tx, run, snapshot, pairs, &mut report).await?;
    run.status = run.status.after(RunEvent::Finish).map_err(|_| StoreError::Conflict("the run"))?;
    run.report = Some(report);
    run.finished_at = Some(now);
    run.updated_at = now;
    store::match_runs::update(&tx, run, RunStatus::Running).await?;
    record(&tx, setting.clock, run, (RunStatus::Running.as_str(), RunStatus::Ready.as_str()), None).await?;
    store::planned_pairs::insert_many(&tx, &fresh).await?;
    let non_match = |(enrollment_id, finding)| NonMatch {
        id: setting.clock.new_id(),
        organization_id: run.organization_id,
        run_id: run.id,
        enrollment_id,
        finding,
        created_at: now,
    };
    let non_matches: Vec<NonMatch> = findings.into_iter().map(non_match).collect();
    store::non_matches::insert_many(&tx, &non_matches).await?;

    let mut made = 0;
    if !run.dry_run {
        supersede(&tx, setting.clock, run).await?;
        if setting.program.consent != Consent::CoordinatorApproves {
            made = publish_run(&tx, &setting, run, &fresh).await?.made.len();
        } else if !fresh.is_empty() {
            ask_for_approval(&tx, setting, run).await?;
        }
    }
    Point::NightBeforeCommit.pass().await;
    Ok((made, tx.commit().await?))
}

/// Leaves out pairs whose people changed or left since the snapshot, or whom a decision keeps apart by now.
async fn drop_stale(
    tx: &Tx,
    run: &MatchRun,
    snapshot: &Snapshot,
    pairs: Vec<PlannedPair>,
    report: &mut Report,
) -> Result<Vec<PlannedPair>, StoreError> {
    let ids: Vec<Uuid> = pairs.iter().flat_map(|pair| [pair.enrollment_a, pair.enrollment_b]).collect();
    let enrollments = store::enrollments::hold_many(tx, run.organization_id, &ids).await?;
    let ids: Vec<Uuid> = enrollments.iter().map(|enrollment| enrollment.person_id).collect();
    let people = store::people::hold_many(tx, run.organization_id, &ids).await?;
    let people: HashMap<Uuid, i32> =
        people.iter().filter(|person| person.active).map(|person| (person.id, person.version)).collect();
    // What each enrollment is now: whose, and both versions.
    let active = enrollments.iter().filter(|enrollment| enrollment.status == EnrollmentStatus::Active);
    let now: HashMap<Uuid, (Uuid, i32, Option<i32>)> = active
        .map(|enrollment| {
            let person_id = enrollment.person_id;
            (enrollment.id, (person_id, enrollment.version, people.get(&person_id).copied()))
        })
        .collect();
    let seats = snapshot.rounds.iter().flat_map(|roster| &roster.seats);
    let then: HashMap<Uuid, (Uuid, i32, Option<i32>)> = seats
        .map(|seat| (seat.enrollment.id, (seat.person.id, seat.enrollment.version, Some(seat.person.version))))
        .collect();
    let mut apart = HashSet::new();
    for constraint in store::constraints::of_program(tx, run.organization_id, run.program_id).await? {
        if constraint.kind != ConstraintKind::Pin {
            apart.insert((constraint.person_a, constraint.person_b));
            apart.insert((constraint.person_b, constraint.person_a));
        }
    }
    let unchanged = |enrollment_id: Uuid| {
        let seen = then.get(&enrollment_id)?;
        (now.get(&enrollment_id) == Some(seen)).then_some(seen.0)
    };
    let (fresh, stale): (Vec<PlannedPair>, Vec<PlannedPair>) =
        pairs.into_iter().partition(|pair| match (unchanged(pair.enrollment_a), unchanged(pair.enrollment_b)) {
            (Some(a), Some(b)) => !apart.contains(&(a, b)),
            _ => false,
        });
    report.stale_pairs = count(stale.len());
    if !stale.is_empty() {
        count_again(report, &fresh);
    }
    Ok(fresh)
}

/// Brings the report's numbers about pairs down to those that are left; the plan's proof stays what it was.
fn count_again(report: &mut Report, pairs: &[PlannedPair]) {
    for round in &mut report.rounds {
        let left: Vec<&PlannedPair> = pairs.iter().filter(|pair| pair.round_id == round.round_id).collect();
        let matched: HashSet<Uuid> = left.iter().flat_map(|pair| [pair.enrollment_a, pair.enrollment_b]).collect();
        round.pairs = count(left.len());
        round.matched = count(matched.len());
        round.total_score = left.iter().map(|pair| u64::from(pair.score)).sum();
        round.histogram = (0..10)
            .map(|bin: u16| count(left.iter().filter(|pair| (pair.score / 100).min(9) == bin).count()))
            .collect();
    }
}

/// Puts away older runs of the program that still wait for approval: this one has seen what they had not.
async fn supersede(tx: &Tx, clock: &Clock, newer: &MatchRun) -> Result<(), StoreError> {
    for mut older in store::match_runs::awaiting_approval(tx, newer.organization_id, newer.program_id).await? {
        if older.id == newer.id {
            continue;
        }
        let why = format!("superseded by run {}", newer.id);
        older.status = RunStatus::Discarded;
        older.error = Some(why.clone());
        older.updated_at = clock.now();
        store::match_runs::update(tx, &older, RunStatus::Ready).await?;
        let steps = (RunStatus::Ready.as_str(), RunStatus::Discarded.as_str());
        record(tx, clock, &older, steps, Some(why)).await?;
    }
    Ok(())
}

/// Tells all staff who may approve.
async fn ask_for_approval(tx: &Tx, setting: Setting<'_>, run: &MatchRun) -> Result<(), StoreError> {
    let staff = store::organizations::all_staff(tx, run.organization_id).await?;
    let ids: HashSet<Uuid> = staff.iter().filter(|role| role.countries.is_none()).map(|role| role.person_id).collect();
    let ids: Vec<Uuid> = ids.into_iter().collect();
    let desk = Desk { organization: setting.organization, program: setting.program, now: setting.clock.now() };
    for person in store::people::find_many(tx, run.organization_id, &ids).await? {
        outbox::enqueue(tx, setting.clock, desk.run_awaits_approval(&person, run)).await?;
    }
    Ok(())
}

/// Ends a run that cannot be planned.
///
/// # Errors
/// [`StoreError::Conflict`] when another worker took it over.
pub(super) async fn fail(tx: &Tx, clock: &Clock, run: &mut MatchRun, why: String) -> Result<(), StoreError> {
    run.status = run.status.after(RunEvent::Fail).map_err(|_| StoreError::Conflict("the run"))?;
    run.error = Some(why.clone());
    run.finished_at = Some(clock.now());
    run.updated_at = clock.now();
    store::match_runs::update(tx, run, RunStatus::Running).await?;
    record(tx, clock, run, (RunStatus::Running.as_str(), RunStatus::Failed.as_str()), Some(why)).await
}

/// Writes one step of a run into the history and the event log; a run's program may be gone, so this needs none.
pub(super) async fn record(
    tx: &Tx,
    clock: &Clock,
    run: &MatchRun,
    states: (&'static str, &'static str),
    reason: Option<String>,
) -> Result<(), StoreError> {
    history::step(tx, run, Step { id: clock.new_id(), states, actor_id: None, reason, at: clock.now() }).await
}
