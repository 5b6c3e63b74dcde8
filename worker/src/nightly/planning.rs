//! The plan of a run: each of its rounds in turn, from the snapshot alone.

use std::collections::{BTreeMap, HashSet};

use shared::{
    clock::Clock,
    domain::{
        match_runs::{PlannedPair, RoundReport},
        non_matches::{Finding, Reason},
    },
    failpoints::Point,
};
use uuid::Uuid;

use super::{
    explain,
    gauge::Gauge,
    input,
    load::{Roster, Seat, Snapshot},
};
use crate::matching;

/// What was planned for a round.
#[derive(Debug)]
pub(super) struct RoundPlan {
    /// The pairs, in the engine's order.
    pub(super) pairs: Vec<PlannedPair>,
    /// Who gets nobody, by enrollment, and why.
    pub(super) findings: Vec<(Uuid, Finding)>,
    /// The round's part of the run's report.
    pub(super) report: RoundReport,
}

/// Plans every round of the snapshot, oldest first. Nobody meets the same person in two rounds of one run.
///
/// # Errors
/// Which round cannot be planned, why, and what to do.
pub(super) fn plan(snapshot: &Snapshot, run_id: Uuid, clock: &Clock, gauge: &Gauge) -> Result<Vec<RoundPlan>, String> {
    Point::NightPlanning.pass_blocking();
    let mut paired = HashSet::new();
    let mut plans = Vec::with_capacity(snapshot.rounds.len());
    for (index, roster) in snapshot.rounds.iter().enumerate() {
        let fault = |why: String| format!("the round \"{}\" cannot be planned: {why}", roster.round.name);
        let watch = |progress| gauge.take(index, progress);
        plans.push(plan_round(snapshot, roster, &mut paired, run_id, clock, &watch).map_err(fault)?);
    }
    Ok(plans)
}

fn plan_round(
    snapshot: &Snapshot,
    roster: &Roster,
    paired: &mut HashSet<(Uuid, Uuid)>,
    run_id: Uuid,
    clock: &Clock,
    watch: matching::Watch<'_>,
) -> Result<RoundPlan, String> {
    let (input, words) = input::build(snapshot, roster, paired)?;
    let begin = clock.now();
    let plan = matching::plan_watched(&input, watch).map_err(|fault| fault.to_string())?;
    let plan_ms = u64::try_from((clock.now() - begin).num_milliseconds()).unwrap_or(0);

    let mut pairs = Vec::with_capacity(plan.pairs.len());
    for pair in &plan.pairs {
        let (a, b) = (&roster.seats[pair.a], &roster.seats[pair.b]);
        paired.insert((a.person.id, b.person.id));
        pairs.push(PlannedPair {
            id: clock.new_id(),
            organization_id: snapshot.program.organization_id,
            run_id,
            round_id: roster.round.id,
            enrollment_a: a.enrollment.id,
            enrollment_b: b.enrollment.id,
            score: pair.score,
            pinned: pair.pinned,
            explanation: explain::pair(pair, &snapshot.program, roster, &words),
        });
    }
    let unmatched = plan
        .non_matches
        .iter()
        .map(|found| (roster.seats[found.person].enrollment.id, explain::non_match(found, &snapshot.program)));
    let absent = roster.absent.iter().map(|(enrollment_id, reason)| (*enrollment_id, absence(*reason)));
    let findings: Vec<(Uuid, Finding)> = unmatched.chain(absent).collect();
    let mut reasons: BTreeMap<String, u32> = BTreeMap::new();
    for (_, finding) in &findings {
        *reasons.entry(name(finding.reason)).or_default() += 1;
    }
    let report = RoundReport {
        round_id: roster.round.id,
        round: roster.round.name.clone(),
        participants: count(roster.seats.iter().filter(|seat| Seat::free(seat) > 0).count()),
        matched: plan.matched_people,
        unmatched: count(plan.non_matches.len()),
        pairs: count(pairs.len()),
        total_score: plan.total_score,
        histogram: plan.histogram.to_vec(),
        blocking_pairs: plan.blocking_pairs,
        certified: plan.certificate.certified,
        primal: plan.certificate.primal.to_string(),
        dual: plan.certificate.dual.to_string(),
        reasons,
        plan_ms,
    };
    Ok(RoundPlan { pairs, findings, report })
}

/// The finding about somebody who took no part.
fn absence(reason: Reason) -> Finding {
    Finding { reason, considered: 0, removals: Vec::new(), relaxation: None }
}

/// The reason's stored name, such as `ODD_ONE_OUT`.
fn name(reason: Reason) -> String {
    let json = serde_json::to_value(reason).unwrap_or_default();
    json.as_str().unwrap_or_default().to_owned()
}

pub(super) fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
