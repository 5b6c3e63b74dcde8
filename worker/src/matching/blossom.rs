//! Maximum-weight matching in a general graph, exact, with its dual prices.
//!
//! Edmonds' blossom method (J. Edmonds, "Maximum matching and a polyhedron with 0,1-vertices", 1965), run one exposed
//! vertex at a time. Every vertex has a price of 0 or more and every blossom a surcharge of 0 or more; an edge is
//! covered when the prices of its ends and the surcharges of the blossoms around both of them reach its weight. Matched
//! edges are always covered exactly (tight), all others at least. When nobody with a price is left unmatched, the
//! prices prove the matching optimal, because no matching can weigh more than what covers it.
//!
//! A search grows a tree of tight edges from one exposed vertex: *outer* nodes at even distance, *inner* ones at odd
//! distance. As time passes, outer vertices get cheaper and inner ones dearer by the same amount, so the tree stays
//! tight and other edges become tight one after the other:
//!
//! - an edge to an untouched, matched node: it becomes inner and its partner outer (*grow*);
//! - an edge between two outer nodes: the odd cycle through the tree becomes a blossom (*shrink*);
//! - an inner blossom's surcharge runs out: it is taken apart (*expand*);
//! - an edge to an exposed node, or an outer price of 0: the way back to the root is rematched, which leaves one
//!   exposed vertex with a price less, and the search ends.
//!
//! Instead of changing all prices at every step, a labeled vertex stores its price as of time 0, and what happens next
//! comes from a heap of events (the idea of Galil, Micali and Gabow, "An O(EV log V) algorithm for finding a maximal
//! weighted matching in general graphs", 1986). The edge by which an unlabeled vertex is reached first is kept per
//! vertex: since all outer prices fall at the same pace, a first place once won is only lost to a better edge.

mod change;
mod tree;

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::graph::{Arc, Graph};
use super::half::Half;
use super::nest::Nest;

/// Stands for "never": later than any event.
const NEVER: i64 = i64::MAX;

/// A vertex's part in the present search. A node has the label of its vertices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Label {
    /// Not in the tree.
    Free,
    /// At even distance: its price falls.
    Outer,
    /// At odd distance: its price rises.
    Inner,
}

/// What may happen next. Outdated events stay in the heap and are recognized when their time has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    /// The best edge from the tree to this free vertex becomes tight.
    Grow(usize),
    /// The edge between these outer vertices becomes tight.
    Shrink(usize, usize),
    /// The surcharge of this inner blossom runs out.
    Expand(usize),
}

/// How a search ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ending {
    /// The edge from an outer vertex to a vertex in an exposed node becomes tight.
    Meet(usize, usize),
    /// The price of this outer vertex reaches 0: it may stay alone.
    Leave(usize),
}

/// A matching under construction, with its prices. Weights are even integers (twice the real ones), so that every price
/// and every time is an integer.
#[derive(Clone, Debug, Default)]
pub(super) struct Matcher {
    graph: Graph,
    nest: Nest,
    mate: Vec<Option<usize>>,
    /// By vertex: the price; of an outer one the price plus the time, of an inner one the price minus the time.
    price: Vec<i64>,
    /// By node: the surcharge; of an outermost outer one minus twice the time, of an inner one plus twice the time.
    surcharge: Vec<i64>,
    label: Vec<Label>,
    /// By inner outermost node: the tree edge that leads into it, from its outer end.
    entry: Vec<(usize, usize)>,
    time: i64,
    events: BinaryHeap<Reverse<(i64, Event)>>,
    /// By vertex that is not outer: the least stored price less weight over edges from outer vertices, and from whom.
    reach: Vec<i64>,
    reached_from: Vec<usize>,
    /// The earliest known end of the search.
    end: i64,
    ending: Option<Ending>,
    unscanned: Vec<usize>,
    /// Room for the vertices of one node.
    leaves: Vec<usize>,
    /// Nodes labeled and vertices reached in this search, to be reset after it.
    labeled: Vec<usize>,
    reached: Vec<usize>,
    /// By node: the last walk that came by.
    seen: Vec<u64>,
    walk: u64,
}

impl Matcher {
    /// A matcher over a graph whose weights are twice the real ones, that starts with the prices of a fractional matching
    /// of the same graph and what is whole in it.
    pub(super) fn new(graph: Graph, half: &Half) -> Self {
        let vertices = graph.vertices();
        Self {
            nest: Nest::new(vertices),
            mate: half.mates(),
            price: half.prices().to_vec(),
            surcharge: vec![0; vertices],
            label: vec![Label::Free; vertices],
            entry: vec![(0, 0); vertices],
            end: NEVER,
            reach: vec![NEVER; vertices],
            reached_from: vec![0; vertices],
            seen: vec![0; vertices],
            graph,
            ..Self::default()
        }
    }

    /// Searches until nobody with a price is unmatched: then the matching is optimal.
    pub(super) fn solve(&mut self) {
        for v in 0..self.graph.vertices() {
            if self.mate[v].is_none() && self.price[v] > 0 {
                self.search(v);
            }
        }
    }

    /// The partner of each vertex.
    pub(super) fn mates(&self) -> &[Option<usize>] {
        &self.mate
    }

    /// The price of each vertex, in the weights' unit.
    pub(super) fn prices(&self) -> &[i64] {
        &self.price
    }

    /// The surcharge of a node.
    pub(super) fn surcharge(&self, node: usize) -> i64 {
        self.surcharge[node]
    }

    /// The blossoms around the vertices.
    pub(super) fn nest(&self) -> &Nest {
        &self.nest
    }

    /// One search from an exposed vertex with a price. After it, one exposed vertex with a price less is left.
    fn search(&mut self, root: usize) {
        self.time = 0;
        self.end = NEVER;
        let top = self.nest.top(root);
        self.make_outer(top);
        while self.time < self.end {
            if let Some(v) = self.unscanned.pop() {
                self.scan(v);
                continue;
            }
            match self.events.pop() {
                Some(Reverse((time, event))) if time < self.end => {
                    self.time = time;
                    self.happen(event);
                }
                _ => break,
            }
        }
        self.time = self.end;
        match self.ending.take() {
            Some(Ending::Meet(outer, exposed)) => {
                let node = self.nest.top(exposed);
                self.nest.rebase(node, exposed, &mut self.mate);
                self.mate[exposed] = Some(outer);
                self.rematch(outer, Some(exposed));
            }
            Some(Ending::Leave(outer)) => self.rematch(outer, None),
            None => {}
        }
        self.reset();
    }

    /// Handles an event, unless something else has made it void.
    fn happen(&mut self, event: Event) {
        match event {
            Event::Grow(v) => {
                if self.label[v] == Label::Free && self.price[v] + self.reach[v] == self.time {
                    self.grow(v);
                }
            }
            Event::Shrink(u, v) => {
                if self.nest.top(u) != self.nest.top(v) {
                    self.shrink(u, v);
                }
            }
            Event::Expand(node) => {
                let inner = self.label[self.nest.base(node)] == Label::Inner;
                if inner && self.nest.is_top(node) && self.surcharge[node] == 2 * self.time {
                    self.expand(node);
                }
            }
        }
    }

    /// Looks at all edges of a new outer vertex.
    fn scan(&mut self, v: usize) {
        for position in self.graph.span(v) {
            let Arc { to, weight } = self.graph.arc(position);
            if self.label[to] == Label::Outer {
                // Both ends fall: half the slack as of time 0 is the time it takes.
                let time = (self.price[v] + self.price[to] - weight) / 2;
                if time < self.end && self.nest.top(v) != self.nest.top(to) {
                    self.events.push(Reverse((time, Event::Shrink(v, to))));
                }
                continue;
            }
            let reach = self.price[v] - weight;
            if reach >= self.reach[to] {
                continue;
            }
            if self.reach[to] == NEVER {
                self.reached.push(to);
            }
            self.reach[to] = reach;
            self.reached_from[to] = v;
            if self.label[to] == Label::Free {
                self.await_growth(to);
            }
        }
    }

    /// Schedules what happens when the best edge to a free vertex becomes tight.
    fn await_growth(&mut self, v: usize) {
        if self.reach[v] == NEVER {
            return;
        }
        let time = self.price[v] + self.reach[v];
        if time >= self.end {
            return;
        }
        let top = self.nest.top(v);
        if self.mate[self.nest.base(top)].is_none() {
            self.end = time;
            self.ending = Some(Ending::Meet(self.reached_from[v], v));
        } else {
            self.events.push(Reverse((time, Event::Grow(v))));
        }
    }

    /// Swaps matched and unmatched edges from an outer vertex to the root. `partner` is the vertex's new mate.
    fn rematch(&mut self, mut vertex: usize, mut partner: Option<usize>) {
        loop {
            let outer = self.nest.top(vertex);
            let former = self.mate[self.nest.base(outer)];
            self.nest.rebase(outer, vertex, &mut self.mate);
            self.mate[vertex] = partner;
            let Some(former) = former else { return };
            let inner = self.nest.top(former);
            let (above, entered) = self.entry[inner];
            self.nest.rebase(inner, entered, &mut self.mate);
            self.mate[entered] = Some(above);
            vertex = above;
            partner = Some(entered);
        }
    }

    /// Writes the prices of the moment back and forgets the tree.
    fn reset(&mut self) {
        for node in std::mem::take(&mut self.labeled) {
            if self.nest.is_top(node) && self.label[self.nest.base(node)] != Label::Free {
                self.surcharge[node] = self.surcharge_now(node);
                self.dye(node, Label::Free);
            }
        }
        for v in std::mem::take(&mut self.reached) {
            self.reach[v] = NEVER;
        }
        self.unscanned.clear();
        self.events.clear();
        self.nest.tidy();
        self.time = 0;
    }
}
