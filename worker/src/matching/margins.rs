//! What would have to give way for one more pair of a mentor and a mentee.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::graph::Graph;
use super::stakes::Stakes;

/// Further than any way, and small enough to be added to prices.
pub(super) const NEVER: i64 = i64::MAX / 8;

/// A solved plan seen as ways on which it could be rearranged: a mentee could take another mentor, a mentor could let a
/// partner go. Every step costs what the plan would lose by it, which is never less than nothing.
pub(super) struct Residual<'a> {
    graph: &'a Graph,
    mentees: usize,
    stakes: &'a Stakes,
    prices: &'a [i64],
    /// By person, their partners in order.
    partners: Vec<Vec<usize>>,
}

impl<'a> Residual<'a> {
    /// The ways in a plan that is best for its prices. Mentees have the first numbers; the graph has the pairs' points.
    pub(super) fn new(
        graph: &'a Graph,
        mentees: usize,
        stakes: &'a Stakes,
        pairs: &[(usize, usize)],
        prices: &'a [i64],
    ) -> Self {
        let mut partners = vec![Vec::new(); graph.vertices()];
        for &(mentee, mentor) in pairs {
            partners[mentee].push(mentor);
            partners[mentor].push(mentee);
        }
        Self { graph, mentees, stakes, prices, partners }
    }

    /// By person, the cheapest way to an empty place or to a mentee's place that is given up.
    pub(super) fn distances_to_an_end(&self) -> Vec<i64> {
        let ends = (0..self.prices.len()).filter_map(|person| {
            let filled = self.partners[person].len();
            if person >= self.mentees {
                (filled < self.stakes.free[person]).then_some((0, person))
            } else {
                (filled > 0).then(|| (self.worth(person, filled - 1) - self.prices[person], person))
            }
        });
        self.spread(ends, false)
    }

    /// By person, the cheapest way from a mentee's empty place or from a mentor's place that becomes empty.
    pub(super) fn distances_from_a_start(&self) -> Vec<i64> {
        let starts = (0..self.prices.len()).filter_map(|person| {
            let filled = self.partners[person].len();
            if person >= self.mentees {
                (filled > 0).then_some((self.prices[person], person))
            } else {
                (filled < self.stakes.free[person]).then(|| (self.prices[person] - self.worth(person, filled), person))
            }
        });
        self.spread(starts, true)
    }

    /// What a mentee's place after so many others is worth by itself.
    fn worth(&self, mentee: usize, others: usize) -> i64 {
        if others == 0 { self.stakes.rewards[mentee] } else { 0 }
    }

    /// Shortest distances (E. Dijkstra, 1959) from several starts, or to several ends when not `forward`.
    fn spread(&self, starts: impl Iterator<Item = (i64, usize)>, forward: bool) -> Vec<i64> {
        let mut distance = vec![NEVER; self.prices.len()];
        let mut queue = BinaryHeap::new();
        for (start, person) in starts {
            distance[person] = start;
            queue.push(Reverse((start, person)));
        }
        while let Some(Reverse((so_far, person))) = queue.pop() {
            if so_far > distance[person] {
                continue;
            }
            for arc in self.graph.arcs(person) {
                let is_mentee = person < self.mentees;
                let (mentee, mentor) = if is_mentee { (person, arc.to) } else { (arc.to, person) };
                let made = self.partners[mentee].binary_search(&mentor).is_ok();
                // From a mentee lead pairs that could be made, to a mentee those that could be unmade.
                if made == (is_mentee == forward) {
                    continue;
                }
                let gain = arc.weight + self.prices[mentee] - self.prices[mentor];
                let further = so_far + gain.abs();
                if further < distance[arc.to] {
                    distance[arc.to] = further;
                    queue.push(Reverse((further, arc.to)));
                }
            }
        }
        distance
    }
}
