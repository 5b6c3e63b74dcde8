//! A weighted graph in the form the solvers read: all arcs of a vertex side by side.

/// One end of an edge as seen from the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Arc {
    /// The vertex at the far end.
    pub(super) to: usize,
    /// The edge's weight, in the unit of whoever built the graph.
    pub(super) weight: i64,
}

/// An undirected graph without loops and parallel edges, as compressed rows.
#[derive(Clone, Debug, Default)]
pub(super) struct Graph {
    starts: Vec<usize>,
    arcs: Vec<Arc>,
}

impl Graph {
    /// A graph on `vertices` vertices. Every edge `(u, v, weight)` appears once, with both ends below `vertices`.
    pub(super) fn new(vertices: usize, edges: &[(usize, usize, i64)]) -> Self {
        let mut starts = vec![0; vertices + 1];
        for &(u, v, _) in edges {
            starts[u + 1] += 1;
            starts[v + 1] += 1;
        }
        for v in 0..vertices {
            starts[v + 1] += starts[v];
        }
        let mut next = starts.clone();
        let mut arcs = vec![Arc { to: 0, weight: 0 }; edges.len() * 2];
        for &(u, v, weight) in edges {
            arcs[next[u]] = Arc { to: v, weight };
            next[u] += 1;
            arcs[next[v]] = Arc { to: u, weight };
            next[v] += 1;
        }
        Self { starts, arcs }
    }

    /// How many vertices there are.
    pub(super) fn vertices(&self) -> usize {
        self.starts.len().saturating_sub(1)
    }

    /// The positions of a vertex's arcs, for [`Graph::arc`]: lets a caller change itself between two arcs.
    pub(super) fn span(&self, vertex: usize) -> std::ops::Range<usize> {
        self.starts[vertex]..self.starts[vertex + 1]
    }

    /// The arc at a position of [`Graph::span`].
    pub(super) fn arc(&self, position: usize) -> Arc {
        self.arcs[position]
    }

    /// The arcs of a vertex, in the order its edges were given.
    pub(super) fn arcs(&self, vertex: usize) -> &[Arc] {
        &self.arcs[self.span(vertex)]
    }
}
