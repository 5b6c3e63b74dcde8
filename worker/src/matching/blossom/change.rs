//! Going on from old prices when a graph gains edges or weight.

use super::Matcher;
use crate::matching::graph::{Arc, Graph};

impl Matcher {
    /// Goes over to a graph on the same vertices in which edges at some vertices are new or weigh more than before. What
    /// the old prices still cover is kept, so solving again is only about the difference.
    pub(in crate::matching) fn change(&mut self, graph: Graph, changed: &[usize]) {
        self.graph = graph;
        for &v in changed {
            let needed = |matcher: &Self, shared: bool| {
                let least = |arc: &Arc| {
                    let blossoms = if shared { matcher.shared(v, arc.to) } else { 0 };
                    arc.weight - matcher.price[arc.to] - blossoms
                };
                matcher.graph.arcs(v).iter().map(least).max().unwrap_or(0)
            };
            if needed(self, true) > self.price[v] {
                self.release(v);
                self.price[v] = self.price[v].max(needed(self, false));
            }
        }
    }

    /// What the blossoms around both of two vertices add to their prices.
    fn shared(&self, u: usize, v: usize) -> i64 {
        let mut around = Vec::new();
        let mut node = u;
        while let Some(parent) = self.nest.parent(node) {
            around.push(parent);
            node = parent;
        }
        let mut sum = 0;
        node = v;
        while let Some(parent) = self.nest.parent(node) {
            if around.contains(&parent) {
                sum += self.surcharge[parent];
            }
            node = parent;
        }
        sum
    }

    /// Takes apart all blossoms around a vertex and unmatches it, so that its price may rise freely. Half of a blossom's
    /// surcharge goes to the price of each vertex in it: that keeps edges inside covered as they were, and what the
    /// blossom's base was matched to outside is no longer tight.
    fn release(&mut self, v: usize) {
        let mut top = self.nest.top(v);
        while self.nest.is_blossom(top) {
            if self.surcharge[top] > 0 {
                self.unmatch(self.nest.base(top));
                let mut leaves = Vec::new();
                self.nest.leaves(top, &mut leaves);
                for leaf in leaves {
                    self.price[leaf] += self.surcharge[top] / 2;
                }
                self.surcharge[top] = 0;
            }
            self.nest.split(top);
            top = self.nest.top(v);
        }
        self.unmatch(v);
    }

    fn unmatch(&mut self, v: usize) {
        if let Some(mate) = self.mate[v].take() {
            self.mate[mate] = None;
        }
    }
}
