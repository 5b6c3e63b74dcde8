//! Planning from scores that somebody else worked out, without rules.

use super::faults::Fault;
use super::input::{Kind, Objective, Role};
use super::mentoring::Mentoring;
use super::pairs::{Pairs, Room};
use super::peers::Peers;
use super::plan::Certificate;
use super::progress::Watch;
use super::roster::Roster;
use super::stakes::Stakes;
use super::validation;
use super::verify::Verifier;

/// People and the pairs that may be made of them, each with a score of the caller's own. Pairs that are not listed are
/// not allowed. The order of the lists changes nothing in the plan but indices.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scored {
    /// Who may be paired with whom by role.
    pub kind: Kind,
    /// What comes first when participation and score pull apart.
    pub objective: Objective,
    /// Everybody in the run.
    pub people: Vec<ScoredPerson>,
    /// The allowed pairs as indices into `people`, each once and in either order, with any score, also a negative one.
    pub pairs: Vec<(usize, usize, i64)>,
    /// Decides ties: stable ids are permuted by it.
    pub seed: u64,
}

/// One participant, without answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScoredPerson {
    /// Stable across runs and unique within one.
    pub id: u128,
    /// The side this person is on.
    pub role: Role,
    /// Free places; may be 0.
    pub capacity: u32,
    /// 1 or more; higher is more important. In mentoring only the mentees' priorities count.
    pub priority: u32,
}

/// The outcome of [`plan_scored`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScoredPlan {
    /// The pairs to make, as indices into the people with their score: the mentor and then the mentee, or the peer with
    /// the smaller id first; by the stable ids of the first, then of the second.
    pub pairs: Vec<(usize, usize, i64)>,
    /// Sum of the scores of all pairs.
    pub total_score: i128,
    /// People in at least one of the pairs.
    pub matched_people: u64,
    /// The proof that no other plan is better.
    pub certificate: Certificate,
}

/// Plans a run from given scores: the best set of pairs for the objective, and a checked proof.
///
/// # Errors
///
/// A [`Fault`] that names what to mend in the input.
pub fn plan_scored(scored: &Scored) -> Result<ScoredPlan, Fault> {
    plan_scored_watched(scored, &|_| {})
}

/// Plans a run like [`plan_scored`], and tells how far it has come.
///
/// # Errors
///
/// A [`Fault`] that names what to mend in the input.
pub fn plan_scored_watched(scored: &Scored, watch: Watch<'_>) -> Result<ScoredPlan, Fault> {
    validation::check_scored(scored)?;
    let roster = Roster::of_scores(scored);
    let stakes = Stakes::of_scores(scored, &roster)?;
    let verifier = Verifier::of_scores(scored, &roster, &stakes, watch)?;
    let ends = |&(a, b, score): &(usize, usize, i64)| {
        let (a, b) = (roster.number(a), roster.number(b));
        (a.min(b), a.max(b), score)
    };
    let all = Pairs::listed(&roster, scored.pairs.iter().map(ends), watch)
        .map_err(|(a, b)| Fault::DuplicatePair { a: roster.index(a), b: roster.index(b) })?;
    let (certificate, made) = match scored.kind {
        Kind::Peer => {
            let peers = Peers::solve(&all, &stakes)?;
            let made = peers.pairs();
            (verifier.peers(&made, &peers.proof())?, made)
        }
        Kind::Mentoring => {
            let plan = Mentoring::solve(&all, &stakes);
            (verifier.mentoring(&plan.pairs, &plan.prices)?, plan.pairs)
        }
    };
    let mut room = Room::default();
    let pair = |(a, b): (usize, usize)| {
        let score = all.row(a, &mut room).score(b).unwrap_or(0);
        let (one, other) = (roster.index(a), roster.index(b));
        let key = |index: usize| (scored.people[index].role != Role::Mentor, scored.people[index].id);
        if key(one) <= key(other) { (one, other, score) } else { (other, one, score) }
    };
    let mut pairs: Vec<_> = made.into_iter().map(pair).collect();
    pairs.sort_unstable_by_key(|&(a, b, _)| (scored.people[a].id, scored.people[b].id));
    let mut matched: Vec<usize> = pairs.iter().flat_map(|&(a, b, _)| [a, b]).collect();
    matched.sort_unstable();
    matched.dedup();
    Ok(ScoredPlan {
        total_score: pairs.iter().map(|&(_, _, score)| i128::from(score)).sum(),
        matched_people: u64::try_from(matched.len()).map_err(|_| Fault::TooLarge)?,
        pairs,
        certificate,
    })
}
