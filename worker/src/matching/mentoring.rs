//! Mentors and mentees: the best plan among all allowed pairs, solved on few of them.

use super::candidates::{self, Candidate, first_candidates};
use super::flow::Flow;
use super::graph::Graph;
use super::margins::{NEVER, Residual};
use super::pairs::{Asks, CLOSED, Pairs};
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
        let mut search = 0;
        loop {
            let graph = graph(stakes, &known);
            let mut flow = Flow::new(graph, pairs.rows(), stakes.free.clone(), stakes.rewards.clone());
            flow.solve();
            let missing = missing(pairs, search, stakes, &known, |person| Some(flow.prices()[person]));
            if missing.is_empty() {
                return Self { pairs: flow.pairs(), prices: flow.prices().to_vec(), known };
            }
            known.extend(missing);
            known.sort_unstable();
            search += 1;
        }
    }

    /// What any pair that was not allowed would gain: its points, plus the mentee's number, less the mentor's. Exact for
    /// mentees who have nobody; for others it may be less than the truth.
    pub(super) fn margins(&self, pairs: &Pairs<'_>, stakes: &Stakes) -> Vec<i64> {
        let mentees = pairs.rows();
        let mut known = self.known.clone();
        let mut search = 0;
        loop {
            let graph = graph(stakes, &known);
            let residual = Residual::new(&graph, mentees, stakes, &self.pairs, &self.prices);
            let leaving = residual.distances_to_an_end();
            // Ways may lead over pairs that the solver did not need to know. Nobody comes by a mentee without a mentor.
            let missing = missing(pairs, search, stakes, &known, |person| {
                (leaving[person] != NEVER || person >= mentees).then(|| self.prices[person] + leaving[person])
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
            search += 1;
        }
    }
}

/// The graph over some pairs, with their points for weights.
fn graph(stakes: &Stakes, pairs: &[Candidate]) -> Graph {
    let edges: Vec<_> = pairs.iter().map(|&(mentee, mentor, score)| (mentee, mentor, stakes.unit * score)).collect();
    Graph::new(stakes.free.len(), &edges)
}

/// The allowed pairs, besides known ones, whose points and the mentee's price are more than the mentor's. People without
/// a price are left out.
fn missing(
    pairs: &Pairs<'_>,
    search: u32,
    stakes: &Stakes,
    known: &[Candidate],
    price: impl Fn(usize) -> Option<i64>,
) -> Vec<Candidate> {
    let mentees = pairs.rows();
    let ask = |person: usize| match price(person) {
        Some(price) if stakes.free[person] > 0 => {
            if person < mentees {
                -price
            } else {
                price
            }
        }
        _ => CLOSED,
    };
    let asks = Asks::new((0..pairs.people()).map(ask).collect(), stakes.unit);
    candidates::missing(pairs, &asks, search, |mentee, mentor, score| {
        let gain = stakes.unit * score - asks.of(mentee) - asks.of(mentor);
        if gain > 0 && known.binary_search(&(mentee, mentor, score)).is_ok() { 0 } else { gain }
    })
}
