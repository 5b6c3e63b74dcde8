//! The tree of a search: how nodes enter it, merge in it and come apart in it.

use std::cmp::Reverse;

use super::{Ending, Event, Label, Matcher};

impl Matcher {
    /// Takes the node of a free vertex into the tree, and its partner behind it.
    pub(super) fn grow(&mut self, v: usize) {
        let inner = self.nest.top(v);
        self.make_inner(inner, (self.reached_from[v], v));
        if let Some(partner) = self.mate[self.nest.base(inner)] {
            let outer = self.nest.top(partner);
            self.make_outer(outer);
        }
    }

    /// Labels an outermost node outer.
    pub(super) fn make_outer(&mut self, node: usize) {
        let surcharge = self.surcharge_now(node);
        self.dye(node, Label::Outer);
        self.surcharge[node] = surcharge - 2 * self.time;
        self.labeled.push(node);
    }

    /// Labels an outermost node inner, with the tree edge that leads to it.
    fn make_inner(&mut self, node: usize, entry: (usize, usize)) {
        let surcharge = self.surcharge_now(node);
        self.dye(node, Label::Inner);
        self.await_expansion(node, surcharge, entry);
    }

    /// Records an inner node's entry, and when its surcharge will run out.
    fn await_expansion(&mut self, node: usize, surcharge: i64, entry: (usize, usize)) {
        self.entry[node] = entry;
        self.surcharge[node] = surcharge + 2 * self.time;
        self.labeled.push(node);
        if self.nest.is_blossom(node) {
            let time = self.surcharge[node] / 2;
            if time < self.end {
                self.events.push(Reverse((time, Event::Expand(node))));
            }
        }
    }

    /// The present surcharge of an outermost node.
    pub(super) fn surcharge_now(&self, node: usize) -> i64 {
        match self.label[self.nest.base(node)] {
            Label::Free => self.surcharge[node],
            Label::Outer => self.surcharge[node] + 2 * self.time,
            Label::Inner => self.surcharge[node] - 2 * self.time,
        }
    }

    /// Gives all vertices of a node a label. New outer ones are to be scanned, and bound the search by their price.
    pub(super) fn dye(&mut self, node: usize, label: Label) {
        let mut leaves = std::mem::take(&mut self.leaves);
        self.nest.leaves(node, &mut leaves);
        for &v in &leaves {
            let price = match self.label[v] {
                Label::Free => self.price[v],
                Label::Outer => self.price[v] - self.time,
                Label::Inner => self.price[v] + self.time,
            };
            self.label[v] = label;
            self.price[v] = match label {
                Label::Free => price,
                Label::Outer => price + self.time,
                Label::Inner => price - self.time,
            };
            if label == Label::Outer {
                self.unscanned.push(v);
                if self.price[v] < self.end {
                    self.end = self.price[v];
                    self.ending = Some(Ending::Leave(v));
                }
            }
        }
        self.leaves = leaves;
    }

    /// The two links from an outer node toward the root: from its inner parent, and from that one's outer parent.
    fn way_up(&mut self, outer: usize) -> Option<[(usize, usize); 2]> {
        let base = self.nest.base(outer);
        let partner = self.mate[base]?;
        let inner = self.nest.top(partner);
        Some([(partner, base), self.entry[inner]])
    }

    /// Joins the cycle that the edge between two outer vertices closes.
    pub(super) fn shrink(&mut self, u: usize, v: usize) {
        let ends = [self.nest.top(u), self.nest.top(v)];
        // Climb from both ends by turns until one comes by where the other has been: no further than the cycle is long.
        self.walk += 1;
        let mut at = [Some(ends[0]), Some(ends[1])];
        // Nodes below the meeting point, each with the link that leads down to it.
        let mut sides: [Vec<(usize, (usize, usize))>; 2] = [Vec::new(), Vec::new()];
        let mut side = 0;
        let meeting = loop {
            if let Some(outer) = at[side] {
                if self.seen[outer] == self.walk {
                    break outer;
                }
                self.seen[outer] = self.walk;
                at[side] = None;
                if let Some([matched, entry]) = self.way_up(outer) {
                    let inner = self.nest.top(entry.1);
                    sides[side].push((outer, matched));
                    sides[side].push((inner, entry));
                    at[side] = Some(self.nest.top(entry.0));
                }
            } else if at[1 - side].is_none() {
                // Both ends are below the same root, so they have met before.
                return;
            }
            side = 1 - side;
        };
        for side in &mut sides {
            if let Some(length) = side.iter().position(|&(node, _)| node == meeting) {
                side.truncate(length);
            }
        }
        let [left, right] = sides;
        let mut children = vec![meeting];
        let mut links = Vec::new();
        for &(node, link) in left.iter().rev() {
            links.push(link);
            children.push(node);
        }
        links.push((u, v));
        for &(node, (upper, lower)) in &right {
            children.push(node);
            links.push((lower, upper));
        }
        for &child in &children {
            self.surcharge[child] = self.surcharge_now(child);
            if self.label[self.nest.base(child)] == Label::Inner {
                self.dye(child, Label::Outer);
            }
        }
        let blossom = self.nest.join(children, links);
        self.surcharge.resize(self.nest.nodes(), 0);
        self.entry.resize(self.nest.nodes(), (0, 0));
        self.seen.resize(self.nest.nodes(), 0);
        self.surcharge[blossom] = -2 * self.time;
        self.labeled.push(blossom);
    }

    /// Takes an inner blossom apart. The even way from its entry to its base stays in the tree, the rest becomes free.
    pub(super) fn expand(&mut self, blossom: usize) {
        let mut entry = self.entry[blossom];
        let (children, links) = self.nest.split(blossom);
        let entered = self.nest.top(entry.1);
        let mut position = children.iter().position(|&child| child == entered).unwrap_or(0);
        let forward = position % 2 == 1;
        let mut on_way = vec![false; children.len()];
        loop {
            on_way[position] = true;
            self.await_expansion(children[position], self.surcharge[children[position]], entry);
            if position == 0 {
                break;
            }
            // One matched link to an outer child, then one unmatched link to the next inner child.
            let outer = if forward { position + 1 } else { position - 1 };
            position = if forward { (outer + 1) % children.len() } else { outer - 1 };
            entry = if forward { links[outer] } else { (links[position].1, links[position].0) };
            on_way[outer] = true;
            let surcharge = self.surcharge[children[outer]];
            self.dye(children[outer], Label::Outer);
            self.surcharge[children[outer]] = surcharge - 2 * self.time;
            self.labeled.push(children[outer]);
        }
        for (&child, _) in children.iter().zip(on_way).filter(|&(_, on_way)| !on_way) {
            self.dye(child, Label::Free);
            let mut leaves = Vec::new();
            self.nest.leaves(child, &mut leaves);
            for v in leaves {
                self.await_growth(v);
            }
        }
    }
}
