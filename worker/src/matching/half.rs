//! Maximum-weight fractional matching in a general graph, exact, with its dual prices: the start for the blossom method.
//!
//! Without blossoms, prices that cover every edge can prove a *fractional* matching best. There always is one in which
//! every vertex is matched, or alone, or on an odd cycle whose edges count one half each (M. Balinski, "Integer
//! programming: methods, uses, computation", 1965). Searches for it need no blossoms: the first odd cycle that would
//! have to be shrunk ends the search instead. Starting the blossom method from there was proposed by U. Derigs and
//! A. Metz ("On the use of optimal fractional matchings for solving the (integer) matching problem", 1986): each odd
//! cycle leaves one vertex to search for, and there are few.
//!
//! Prices that only cover vertices are also cheap to test against pairs that were left out, and easy to go on from when
//! some of those are added.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::graph::{Arc, Graph};

const NEVER: i64 = i64::MAX;

/// How a search ends.
#[derive(Clone, Copy, Debug)]
enum Ending {
    /// The edge from an outer vertex to one that is not matched becomes tight.
    Meet(usize, usize),
    /// The edge between two outer vertices becomes tight: it closes an odd cycle.
    Close(usize, usize),
    /// The price of this outer vertex reaches 0: it may stay alone.
    Leave(usize),
}

/// A fractional matching under construction, with its prices. Weights are even integers (twice the real ones), so that
/// every price and every time is an integer. Graphs are given with every call: they may gain vertices and edges.
#[derive(Clone, Debug, Default)]
pub(super) struct Half {
    price: Vec<i64>,
    mate: Vec<Option<usize>>,
    /// The next vertex around the odd cycle that a vertex is on.
    next: Vec<Option<usize>>,
    /// By vertex, when the present search made it inner or outer.
    inner_since: Vec<i64>,
    outer_since: Vec<i64>,
    /// By vertex, when its best edge from an outer vertex becomes tight, and from which.
    reach: Vec<i64>,
    reached_from: Vec<usize>,
    reached: Vec<usize>,
    outer: Vec<usize>,
    queue: BinaryHeap<Reverse<(i64, usize)>>,
    end: i64,
    ending: Option<Ending>,
    /// By vertex, the last walk that came by.
    seen: Vec<u64>,
    walk: u64,
}

impl Half {
    /// Takes in the vertices that a graph has more than the last one.
    ///
    /// `shares` is a guess at what part of its edges' weights is each vertex's own; even numbers of 0 or more. Half of
    /// what an edge weighs beyond the shares of both ends is added to each. Good guesses save most of the searching.
    pub(super) fn extend(&mut self, graph: &Graph, shares: &[i64]) {
        let (first, vertices) = (self.price.len(), graph.vertices());
        for v in first..vertices {
            let beyond = |arc: &Arc| (arc.weight - shares[v] - shares[arc.to]) / 2;
            self.price.push(shares[v] + graph.arcs(v).iter().map(beyond).fold(0, i64::max));
        }
        self.mate.resize(vertices, None);
        self.next.resize(vertices, None);
        self.inner_since.resize(vertices, NEVER);
        self.outer_since.resize(vertices, NEVER);
        self.reach.resize(vertices, NEVER);
        self.reached_from.resize(vertices, 0);
        self.seen.resize(vertices, 0);
        for v in (first..vertices).rev() {
            self.settle(graph, v);
        }
    }

    /// Brings a new vertex's price to what its edges need, and takes a tight edge where one is free.
    fn settle(&mut self, graph: &Graph, v: usize) {
        if self.mate[v].is_some() {
            return;
        }
        let mut needed = 0;
        let mut partner = None;
        for &Arc { to, weight } in graph.arcs(v) {
            let least = weight - self.price[to];
            if least > needed {
                needed = least;
                partner = None;
            }
            if least == needed && needed > 0 && partner.is_none() && self.is_exposed(to) {
                partner = Some(to);
            }
        }
        self.price[v] = needed;
        if let Some(to) = partner {
            self.mate[v] = Some(to);
            self.mate[to] = Some(v);
        }
    }

    /// Raises prices where a graph's new edges, or greater weights, need it.
    pub(super) fn cover(&mut self, graph: &Graph) {
        for v in 0..graph.vertices() {
            let needed = graph.arcs(v).iter().map(|arc| arc.weight - self.price[arc.to]).fold(0, i64::max);
            if needed > self.price[v] {
                if let Some(mate) = self.mate[v].take() {
                    self.mate[mate] = None;
                }
                self.open(v);
                self.price[v] = needed;
            }
        }
    }

    /// Searches until nobody with a price is left over: then the fractional matching is best.
    pub(super) fn solve(&mut self, graph: &Graph) {
        for v in 0..graph.vertices() {
            if self.is_exposed(v) && self.price[v] > 0 {
                self.search(graph, v);
            }
        }
    }

    /// The price of each vertex, in the weights' unit.
    pub(super) fn prices(&self) -> &[i64] {
        &self.price
    }

    /// The whole matching inside, all edges tight: of every odd cycle it leaves one vertex over.
    pub(super) fn mates(&self) -> Vec<Option<usize>> {
        let mut whole = self.clone();
        for v in 0..whole.next.len() {
            whole.open(v);
        }
        whole.mate
    }

    fn is_exposed(&self, v: usize) -> bool {
        self.mate[v].is_none() && self.next[v].is_none()
    }

    /// Takes a vertex off its cycle, and matches all others on it.
    fn open(&mut self, v: usize) {
        let Some(mut u) = self.next[v].take() else { return };
        while u != v {
            let Some(w) = self.next[u].take() else { return };
            self.mate[u] = Some(w);
            self.mate[w] = Some(u);
            u = self.next[w].take().unwrap_or(v);
        }
    }

    /// One search (E. Dijkstra's, 1959) from an exposed vertex with a price.
    fn search(&mut self, graph: &Graph, root: usize) {
        self.end = NEVER;
        self.make_outer(graph, root, 0);
        while let Some(Reverse((time, v))) = self.queue.pop()
            && time < self.end
        {
            if self.reach[v] != time || self.inner_since[v] != NEVER || self.outer_since[v] != NEVER {
                continue;
            }
            self.inner_since[v] = time;
            if let Some(mate) = self.mate[v] {
                self.make_outer(graph, mate, time);
            }
        }
        self.reprice();
        match self.ending.take() {
            Some(Ending::Meet(outer, v)) => {
                self.open(v);
                self.rematch(outer, Some(v));
                self.mate[v] = Some(outer);
            }
            Some(Ending::Close(u, v)) => self.close(u, v),
            Some(Ending::Leave(outer)) => self.rematch(outer, None),
            None => {}
        }
        self.queue.clear();
    }

    /// Looks at all edges of a vertex from which the search goes on.
    fn make_outer(&mut self, graph: &Graph, u: usize, time: i64) {
        self.outer_since[u] = time;
        self.outer.push(u);
        let price = self.price[u] + time;
        self.end_by(price, Ending::Leave(u));
        for &Arc { to, weight } in graph.arcs(u) {
            // When the edge becomes tight if only this end gets cheaper.
            let tight = price + self.price[to] - weight;
            if self.outer_since[to] != NEVER {
                self.end_by(i64::midpoint(tight, self.outer_since[to]), Ending::Close(u, to));
            } else if tight < self.reach[to] && tight < self.end {
                if self.mate[to].is_none() {
                    self.end_by(tight, Ending::Meet(u, to));
                } else if self.inner_since[to] == NEVER {
                    if self.reach[to] == NEVER {
                        self.reached.push(to);
                    }
                    self.reach[to] = tight;
                    self.reached_from[to] = u;
                    self.queue.push(Reverse((tight, to)));
                }
            }
        }
    }

    fn end_by(&mut self, time: i64, ending: Ending) {
        if time < self.end {
            self.end = time;
            self.ending = Some(ending);
        }
    }

    /// Brings all prices to the end of the search and forgets who was inner and outer.
    fn reprice(&mut self) {
        for u in self.outer.drain(..) {
            self.price[u] -= self.end - self.outer_since[u];
            self.outer_since[u] = NEVER;
        }
        for v in self.reached.drain(..) {
            if self.inner_since[v] != NEVER {
                self.price[v] += self.end - self.inner_since[v];
                self.inner_since[v] = NEVER;
            }
            self.reach[v] = NEVER;
        }
    }

    /// Swaps matched and unmatched edges from an outer vertex to the root. `partner` is the vertex's new mate.
    fn rematch(&mut self, mut outer: usize, mut partner: Option<usize>) {
        loop {
            let former = std::mem::replace(&mut self.mate[outer], partner);
            let Some(inner) = former else { return };
            outer = self.reached_from[inner];
            self.mate[inner] = Some(outer);
            partner = Some(inner);
        }
    }

    /// Makes a cycle of the ways from two outer vertices to where they meet, and rematches from there to the root.
    fn close(&mut self, u: usize, v: usize) {
        // Climb from both by turns until one comes by where the other has been: no further than the cycle is long.
        self.walk += 1;
        let mut sides = [vec![u], vec![v]];
        let mut side = 0;
        let mut climbing = [true, true];
        let meeting = loop {
            if let Some(&outer) = sides[side].last().filter(|_| climbing[side]) {
                if self.seen[outer] == self.walk {
                    break outer;
                }
                self.seen[outer] = self.walk;
                match self.mate[outer] {
                    Some(inner) => sides[side].extend([inner, self.reached_from[inner]]),
                    None => climbing[side] = false,
                }
            } else if !climbing[1 - side] {
                // Both ends are below the same root, so they have met before.
                return;
            }
            side = 1 - side;
        };
        let [mut cycle, mut back] = sides;
        for way in [&mut cycle, &mut back] {
            if let Some(length) = way.iter().position(|&v| v == meeting) {
                way.truncate(length);
            }
        }
        self.rematch(meeting, None);
        cycle.push(meeting);
        cycle.extend(back.into_iter().rev());
        for (&v, &next) in cycle.iter().zip(cycle.iter().cycle().skip(1)) {
            self.mate[v] = None;
            self.next[v] = Some(next);
        }
    }
}
