//! Mentors and mentees: the best plan among all allowed pairs, solved on few of them.

use super::candidates::{self, Candidate, first_candidates};
use super::flow::Flow;
use super::graph::Graph;
use super::margins::{NEVER, Residual};
use super::pairs::Pairs;
use super::stakes::Stakes;

/// A plan of mentors and mentees that is best among all allowed pairs.
#[derive(Clone, Debug)]
pub(super) struct Mentoring {
    /// The chosen pairs, mentee first, in order.
    pub(super) pairs: Vec<(usize, usize)>,
    /// By mentee the bid, by mentor the cost of a place, in the unit of the stakes.
    pub(super) prices: Vec<i64>,
    known: Vec<Candidate>,
}

impl Mentoring {
    /// Solves on candidates, checks all other pairs against the prices, adds those that gain, and repeats.
    pub(super) fn solve(pairs: &Pairs<'_>, stakes: &Stakes) -> Self {
        let mut known = first_candidates(pairs, stakes);
        let mut round = 0;
        loop {
            let graph = graph(stakes, &known);
            let mut flow = Flow::new(graph, pairs.rows(), stakes.free.clone(), stakes.rewards.clone());
            flow.solve();
            let missing = missing(pairs, stakes, &known, round, |mentee, mentor, points| {
                points + flow.prices()[mentee] - flow.prices()[mentor]
            });
            if missing.is_empty() {
                return Self { pairs: flow.pairs(), prices: flow.prices().to_vec(), known };
            }
            known.extend(missing);
            known.sort_unstable();
            round += 1;
        }
    }

    /// What any pair that was not allowed would gain: its points, plus the mentee's number, less the mentor's. Exact for
    /// mentees who have nobody; for others it may be less than the truth.
    pub(super) fn margins(&self, pairs: &Pairs<'_>, stakes: &Stakes) -> Vec<i64> {
        let mentees = pairs.rows();
        let mut known = self.known.clone();
        let mut round = 0;
        loop {
            let graph = graph(stakes, &known);
            let residual = Residual::new(&graph, mentees, stakes, &self.pairs, &self.prices);
            let leaving = residual.distances_to_an_end();
            // Ways may lead over pairs that the solver did not need to know.
            let missing = missing(pairs, stakes, &known, round, |mentee, mentor, points| {
                let step = self.prices[mentor] - points - self.prices[mentee];
                // Nobody comes by a mentee without a mentor.
                if leaving[mentee] == NEVER { 0 } else { leaving[mentee] - leaving[mentor] - step }
            });
            if missing.is_empty() {
                let coming = residual.distances_from_a_start();
                let of_mentee = |person: usize| self.prices[person] - coming[person];
                let of_mentor = |person: usize| self.prices[person] + leaving[person];
                let margin = |person| if person < mentees { of_mentee(person) } else { of_mentor(person) };
                return (0..pairs.people()).map(margin).collect();
            }
            known.extend(missing);
            known.sort_unstable();
            round += 1;
        }
    }
}

/// The graph over some pairs, with their points for weights.
fn graph(stakes: &Stakes, pairs: &[Candidate]) -> Graph {
    let edges: Vec<_> = pairs.iter().map(|&(mentee, mentor, score)| (mentee, mentor, stakes.unit * score)).collect();
    Graph::new(stakes.free.len(), &edges)
}

/// The allowed pairs, besides known ones, that gain something by a measure of mentee, mentor and points.
fn missing(
    pairs: &Pairs<'_>,
    stakes: &Stakes,
    known: &[Candidate],
    round: u32,
    gain: impl Fn(usize, usize, i64) -> i64 + Sync,
) -> Vec<Candidate> {
    candidates::missing(
        pairs,
        round,
        || (),
        |(), mentee, room, lacking| {
            if stakes.free[mentee] == 0 {
                return;
            }
            pairs.row(mentee, room).each(|mentor, score| {
                if stakes.free[mentor] == 0 {
                    return;
                }
                let gain = gain(mentee, mentor, stakes.unit * score);
                if gain > 0 && known.binary_search(&(mentee, mentor, score)).is_err() {
                    lacking(mentor, gain, score);
                }
            });
        },
    )
}
