//! Mentors with several places, exact: maximum-weight matching between two sides with capacities, and its dual prices.
//!
//! Successive shortest augmenting paths with prices (J. Edmonds and R. Karp, "Theoretical improvements in algorithmic
//! efficiency for network flow problems", 1972; N. Tomizawa, "On some techniques useful for solution of transportation
//! network problems", 1971), directly on the capacities. A mentee names what they would pay for one more mentor (their
//! *bid*), a mentor what a place costs. A pair gains its points plus the bid less the cost:
//!
//! - pairs that are not made gain nothing or lose, pairs that are made lose nothing;
//! - a mentor with an empty place costs 0;
//! - a mentee's filled places are worth at least the bid, and empty ones at most that much. The first place is worth the
//!   mentee's reward, every other one nothing of its own.
//!
//! These three conditions are what proves the plan best. Every search begins with one place that is worth more than its
//! mentee bids, and raises bids and costs along shortest ways until the condition holds there too: a mentor with an
//! empty place is found, or another mentee's place is given up, or the place stays empty.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::graph::Graph;

const NEVER: i64 = i64::MAX;

/// The shortest way found to end a search.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ending {
    /// The place that the search began with stays empty.
    Stay,
    /// The arc leads to a mentor with an empty place.
    Take(usize),
    /// A mentee gives up their least valuable place.
    Drop(usize),
}

/// A plan under construction, with its prices. Mentees are numbered first, then mentors.
#[derive(Clone, Debug)]
pub(super) struct Flow {
    graph: Graph,
    /// By arc of a mentee: the mentee. Arcs of mentors are not used.
    owner: Vec<usize>,
    mentees: usize,
    free: Vec<usize>,
    /// By mentee, what the first place is worth.
    rewards: Vec<i64>,
    /// By mentee the bid, by mentor the cost of a place.
    price: Vec<i64>,
    /// By person, how many places are filled.
    filled: Vec<usize>,
    made: Vec<bool>,
    /// By mentor, the arcs of the pairs made.
    made_with: Vec<Vec<usize>>,
    distance: Vec<i64>,
    /// By person, the arc by which the search came.
    via: Vec<usize>,
    visited: Vec<usize>,
    queue: BinaryHeap<Reverse<(i64, usize)>>,
    end: i64,
    ending: Ending,
}

impl Flow {
    /// A plan without pairs. Edges of the graph lead between one of the first `mentees` people and one of the others and
    /// carry the pair's points. `free` and `rewards` are by person.
    pub(super) fn new(graph: Graph, mentees: usize, free: Vec<usize>, rewards: Vec<i64>) -> Self {
        let people = graph.vertices();
        let mut owner = Vec::new();
        for mentee in 0..mentees {
            owner.resize(graph.span(mentee).end, mentee);
        }
        // Bids so low that no pair gains anything yet.
        let lowest = |mentee: usize| graph.arcs(mentee).iter().map(|arc| -arc.weight).fold(0, i64::min);
        let price = (0..people).map(|person| if person < mentees { lowest(person) } else { 0 }).collect();
        Self {
            made: vec![false; owner.len()],
            owner,
            mentees,
            free,
            rewards,
            price,
            filled: vec![0; people],
            made_with: vec![Vec::new(); people],
            distance: vec![NEVER; people],
            via: vec![0; people],
            visited: Vec::new(),
            queue: BinaryHeap::new(),
            end: NEVER,
            ending: Ending::Stay,
            graph,
        }
    }

    /// Searches until every place is settled: then the plan is best.
    pub(super) fn solve(&mut self) {
        // Whoever is worth more goes first: then few have to give up their place again.
        let mut order: Vec<usize> = (0..self.mentees).collect();
        order.sort_by_key(|&mentee| Reverse(self.rewards[mentee]));
        for mentee in order {
            while self.filled[mentee] < self.free[mentee]
                && self.worth(mentee, self.filled[mentee]) > self.price[mentee]
            {
                self.search(mentee);
            }
        }
    }

    /// The pairs made, mentee first, in order.
    pub(super) fn pairs(&self) -> Vec<(usize, usize)> {
        let made = self.made.iter().enumerate().filter(|&(_, &made)| made);
        let mut pairs: Vec<_> = made.map(|(arc, _)| (self.owner[arc], self.graph.arc(arc).to)).collect();
        pairs.sort_unstable();
        pairs
    }

    /// By mentee the bid, by mentor the cost of a place.
    pub(super) fn prices(&self) -> &[i64] {
        &self.price
    }

    /// What the mentee's place after so many others is worth by itself.
    fn worth(&self, mentee: usize, others: usize) -> i64 {
        if others == 0 { self.rewards[mentee] } else { 0 }
    }

    /// One search (E. Dijkstra's, 1959) for the mentee's next place.
    fn search(&mut self, root: usize) {
        self.ending = Ending::Stay;
        self.end = self.worth(root, self.filled[root]) - self.price[root];
        self.distance[root] = 0;
        self.visited.push(root);
        self.queue.push(Reverse((0, root)));
        while let Some(Reverse((distance, person))) = self.queue.pop()
            && distance < self.end
        {
            if distance > self.distance[person] {
                continue;
            }
            if person < self.mentees {
                self.ask_mentors(person, distance);
            } else {
                self.ask_partners(person, distance);
            }
        }
        self.reprice();
        self.augment(root);
    }

    /// From a mentee to all mentors they might have besides.
    fn ask_mentors(&mut self, mentee: usize, distance: i64) {
        let bid = self.price[mentee];
        for position in self.graph.span(mentee) {
            let arc = self.graph.arc(position);
            let further = distance + self.price[arc.to] - arc.weight - bid;
            if further >= self.end || further >= self.distance[arc.to] || self.made[position] {
                continue;
            }
            if self.filled[arc.to] < self.free[arc.to] {
                self.end = further;
                self.ending = Ending::Take(position);
            } else {
                self.visit(arc.to, further, position);
            }
        }
    }

    /// From a mentor to all partners who might leave.
    fn ask_partners(&mut self, mentor: usize, distance: i64) {
        for at in 0..self.made_with[mentor].len() {
            let position = self.made_with[mentor][at];
            let mentee = self.owner[position];
            let further = distance + self.graph.arc(position).weight + self.price[mentee] - self.price[mentor];
            if further >= self.end || further >= self.distance[mentee] {
                continue;
            }
            self.visit(mentee, further, position);
            let given_up = further + self.worth(mentee, self.filled[mentee] - 1) - self.price[mentee];
            if given_up < self.end {
                self.end = given_up;
                self.ending = Ending::Drop(mentee);
            }
        }
    }

    fn visit(&mut self, person: usize, distance: i64, via: usize) {
        if self.distance[person] == NEVER {
            self.visited.push(person);
        }
        self.distance[person] = distance;
        self.via[person] = via;
        self.queue.push(Reverse((distance, person)));
    }

    /// Raises bids and costs by how much nearer than the end a person is.
    fn reprice(&mut self) {
        for person in std::mem::take(&mut self.visited) {
            self.price[person] += (self.end - self.distance[person]).max(0);
            self.distance[person] = NEVER;
        }
        self.queue.clear();
    }

    /// Makes and unmakes pairs along the way that was found.
    fn augment(&mut self, root: usize) {
        let mut mentee = match self.ending {
            Ending::Stay => return,
            Ending::Take(position) => {
                self.filled[self.graph.arc(position).to] += 1;
                self.make(position);
                self.owner[position]
            }
            Ending::Drop(mentee) => {
                self.filled[mentee] -= 1;
                mentee
            }
        };
        self.filled[root] += 1;
        while mentee != root {
            let left = self.via[mentee];
            let mentor = self.graph.arc(left).to;
            self.made[left] = false;
            self.made_with[mentor].retain(|&position| position != left);
            let next = self.via[mentor];
            self.make(next);
            mentee = self.owner[next];
        }
    }

    fn make(&mut self, position: usize) {
        self.made[position] = true;
        self.made_with[self.graph.arc(position).to].push(position);
    }
}
