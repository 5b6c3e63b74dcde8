//! From people with several places to a graph in which every vertex takes one partner, and back.

use std::ops::Range;

use super::candidates::Candidate;
use super::faults::Fault;
use super::graph::Graph;
use super::stakes::Stakes;

/// The largest graph that is built, in edges: about 2 GB.
const MOST_EDGES: usize = 40_000_000;

/// Every free place is a vertex; only a person's first one earns the reward for having a partner.
///
/// An edge joins every place of one to every place of the other. That would let two people with several places each
/// meet twice, so such a pair gets a gate instead (after Tutte's reduction of factors to matchings, "A short proof of
/// the factor theorem for finite graphs", 1954): two more vertices, one before each person's places, and an edge between
/// them that weighs as much as the pair at its best. Either the gate's ends are matched to each other, which is worth
/// that much whatever happens elsewhere, or each to a place, which is worth that much and the pair's weight besides.
#[derive(Clone, Debug)]
pub(super) struct Places {
    /// By person, their vertices.
    pub(super) of: Vec<Range<usize>>,
    /// By place, the person.
    pub(super) person: Vec<usize>,
}

/// Two vertices that let a pair of people with several places each meet only once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Gate {
    /// The people, smaller number first.
    pub(super) people: [usize; 2],
    /// The vertex before each one's places.
    pub(super) ends: [usize; 2],
}

impl Places {
    /// All free places, person by person.
    ///
    /// # Errors
    ///
    /// [`Fault::TooLarge`] when there are more than fit into a graph.
    pub(super) fn new(stakes: &Stakes) -> Result<Self, Fault> {
        let total = stakes.free.iter().try_fold(0usize, |sum, &free| sum.checked_add(free));
        if total.is_none_or(|total| total > MOST_EDGES) {
            return Err(Fault::TooLarge);
        }
        let mut of = Vec::new();
        let mut person = Vec::new();
        for (number, &free) in stakes.free.iter().enumerate() {
            let start = person.len();
            person.resize(start + free, number);
            of.push(start..person.len());
        }
        Ok(Self { of, person })
    }

    /// Whether a pair needs a gate.
    pub(super) fn gated(&self, a: usize, b: usize) -> bool {
        self.of[a].len() > 1 && self.of[b].len() > 1
    }

    /// What a place adds to the weight of a pair: the reward for the first, nothing for the others.
    pub(super) fn reward(&self, stakes: &Stakes, place: usize) -> i64 {
        let person = self.person[place];
        if self.of[person].start == place { stakes.rewards[person] } else { 0 }
    }

    /// By vertex, twice what it brings into every pair: the reward for a first place. A gate's end stands for the other
    /// person's first place.
    pub(super) fn shares(&self, stakes: &Stakes, gates: &[Gate]) -> Vec<i64> {
        let places = (0..self.person.len()).map(|place| self.reward(stakes, place));
        let ends = gates.iter().flat_map(|gate| gate.people.into_iter().rev().map(|person| stakes.rewards[person]));
        places.chain(ends).map(|reward| 2 * reward).collect()
    }

    /// The graph over some pairs, with weights doubled as [`super::blossom::Matcher`] needs them, and its gates.
    ///
    /// # Errors
    ///
    /// [`Fault::TooLarge`] when it has too many edges.
    pub(super) fn graph(&self, stakes: &Stakes, candidates: &[Candidate]) -> Result<(Graph, Vec<Gate>), Fault> {
        let mut edges = Vec::with_capacity(candidates.len());
        let mut gates = Vec::new();
        for &(a, b, score) in candidates {
            let full = stakes.weight(a, b, score);
            if full <= 0 {
                // No plan is better for it, and at 0 it could not be told from no edge at all.
                continue;
            }
            if self.gated(a, b) {
                let first = self.person.len() + 2 * gates.len();
                let gate = Gate { people: [a, b], ends: [first, first + 1] };
                for (person, end) in gate.people.into_iter().zip(gate.ends) {
                    for place in self.of[person].clone() {
                        let weight = full - stakes.rewards[person] + self.reward(stakes, place);
                        edges.push((place, end, 2 * weight));
                    }
                }
                edges.push((first, first + 1, 2 * full));
                gates.push(gate);
            } else {
                for u in self.of[a].clone() {
                    for v in self.of[b].clone() {
                        let points = stakes.unit * score;
                        edges.push((u, v, 2 * (self.reward(stakes, u) + self.reward(stakes, v) + points)));
                    }
                }
            }
            if edges.len() > MOST_EDGES {
                return Err(Fault::TooLarge);
            }
        }
        edges.retain(|&(_, _, weight)| weight > 0);
        Ok((Graph::new(self.person.len() + 2 * gates.len(), &edges), gates))
    }

    /// The pairs of people that a matching of such a graph makes, in order.
    pub(super) fn pairs(&self, mates: &[Option<usize>], gates: &[Gate]) -> Vec<(usize, usize)> {
        let places = self.person.len();
        let mut pairs: Vec<(usize, usize)> = (0..places)
            .filter_map(|place| mates[place].filter(|&mate| place < mate && mate < places).map(|mate| (place, mate)))
            .map(|(u, v)| (self.person[u], self.person[v]))
            .collect();
        // A gate with only one end at a place is worth no more than a closed one, and means no pair.
        let open = |gate: &&Gate| gate.ends.iter().all(|&end| mates[end].is_some_and(|mate| mate < places));
        pairs.extend(gates.iter().filter(open).map(|gate| (gate.people[0], gate.people[1])));
        pairs.sort_unstable();
        pairs
    }
}
