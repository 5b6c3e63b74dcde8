//! The matching engine: who is paired with whom, why, why not, and the proof that nobody could do better.
//!
//! Pure: no clock, no randomness, no database. The same input gives the same plan, byte for byte, and the order of its
//! lists changes nothing but indices. The way through a run:
//!
//! - `validation` refuses what means nothing; `roster` numbers people in the order that decides ties;
//! - `rules` scores and `pairs` hands out rows of all allowed pairs, from rules or from a list; `stakes` turns both goals
//!   into one weight;
//! - `candidates` picks few pairs to solve on; `peers` (by `places`, `half`, `blossom` and `nest`) or `mentoring` (by
//!   `flow`) solve, find the pairs that the dual prices do not cover, and repeat until there are none;
//! - `verify` and its parts prove the plan allowed and optimal by separate code (`judge` pair by pair, `judge_rows` for
//!   whole rows);
//! - `explain`, `survey`, `reasons` and `stability` say why, why not, and who would rather have somebody else.

mod best;
mod blossom;
mod candidates;
mod cover;
mod explain;
mod faults;
mod flow;
mod graph;
mod half;
mod input;
mod judge;
mod judge_rows;
mod margins;
mod mentoring;
mod nest;
mod pairs;
mod peers;
mod places;
mod plan;
mod progress;
mod reasons;
mod report;
mod roster;
mod rules;
mod scored;
mod stability;
mod stakes;
mod survey;
mod threads;
mod validation;
mod verify;
mod verify_nesting;
mod verify_pairs;
mod verify_peers;

pub use faults::Fault;
pub use input::{Bar, Barred, Criterion, Feature, Input, Kind, Objective, Person, Role, Rule, Strength};
pub use plan::{Certificate, Contribution, NonMatch, Pair, Plan, Reason, Relaxation, RuleRef};
pub use progress::{Progress, Stage, Watch};
pub use scored::{Scored, ScoredPerson, ScoredPlan, plan_scored, plan_scored_watched};

use judge::Card;
use mentoring::Mentoring;
use pairs::Pairs;
use peers::Peers;
use reasons::Solved;
use report::Report;
use roster::Roster;
use stakes::Stakes;
use verify::Verifier;

/// Plans a run: the best set of pairs, the reason for every non-match, and a checked proof.
///
/// # Errors
///
/// A [`Fault`] that names what to mend in the input.
pub fn plan(input: &Input) -> Result<Plan, Fault> {
    plan_watched(input, &|_| {})
}

/// Plans a run like [`plan`], and tells how far it has come.
///
/// # Errors
///
/// A [`Fault`] that names what to mend in the input.
pub fn plan_watched(input: &Input, watch: Watch<'_>) -> Result<Plan, Fault> {
    validation::check(input)?;
    let roster = Roster::new(input);
    let stakes = Stakes::new(input, &roster)?;
    let all = Pairs::scored(input, &roster, watch);
    let pins: Vec<(usize, usize)> =
        validation::pins(input).into_iter().map(|(a, b)| (roster.number(a), roster.number(b))).collect();
    let cards = Card::all(input);
    let verifier = Verifier::new(input, &roster, &pins, &stakes, &cards, watch)?;
    let (certificate, pairs, solved) = match input.kind {
        Kind::Peer => {
            let peers = Peers::solve(&all, &stakes)?;
            let pairs = peers.pairs();
            (verifier.peers(&pairs, &peers.proof())?, pairs, Solved::peers(peers, &all, &stakes))
        }
        Kind::Mentoring => {
            let plan = Mentoring::solve(&all, &stakes);
            let certificate = verifier.mentoring(&plan.pairs, &plan.prices)?;
            let solved = Solved::mentoring(&plan, &all, &stakes);
            (certificate, plan.pairs, solved)
        }
    };
    Report { input, roster: &roster, stakes: &stakes, all: &all, cards: &cards, pins, pairs }.write(certificate, solved)
}

#[cfg(test)]
mod tests;
