//! Blossoms: odd sets of vertices that a matching fills up to one, nested into each other.
//!
//! A blossom is an odd cycle of smaller nodes (blossoms or single vertices). Child 0 holds the base, the one vertex
//! that the blossom itself leaves unmatched; the links between children 1 and 2, 3 and 4, and so on are matched. Any
//! vertex can become the base by swapping matched and unmatched links along one way around the cycle, and that is why
//! a search may treat a whole blossom as if it were one vertex.

/// The forest of blossoms over a fixed set of vertices. Nodes below the number of vertices are the vertices themselves.
#[derive(Clone, Debug, Default)]
pub(super) struct Nest {
    vertices: usize,
    parent: Vec<Option<usize>>,
    base: Vec<usize>,
    children: Vec<Vec<usize>>,
    links: Vec<Vec<(usize, usize)>>,
    /// By vertex, a handle; handles lead to others in turn, up to one that its outermost node holds.
    handle: Vec<usize>,
    leads_to: Vec<usize>,
    held_by: Vec<usize>,
    /// By outermost node, the handle it holds; by node, how many vertices it has.
    holds: Vec<usize>,
    size: Vec<usize>,
    unused: Vec<usize>,
    /// By node, the first and the last of its vertices in a chain; a blossom's chain is made of its children's.
    chain: Vec<(usize, usize)>,
    /// By vertex, the next one in the chain of every blossom that does not end with it.
    after: Vec<usize>,
}

impl Nest {
    /// Vertices only, no blossom.
    pub(super) fn new(vertices: usize) -> Self {
        Self {
            vertices,
            parent: vec![None; vertices],
            base: (0..vertices).collect(),
            children: vec![Vec::new(); vertices],
            links: vec![Vec::new(); vertices],
            handle: (0..vertices).collect(),
            leads_to: (0..vertices).collect(),
            held_by: (0..vertices).collect(),
            holds: (0..vertices).collect(),
            size: vec![1; vertices],
            unused: Vec::new(),
            chain: (0..vertices).map(|v| (v, v)).collect(),
            after: (0..vertices).collect(),
        }
    }

    /// One more than the greatest node number in use.
    pub(super) fn nodes(&self) -> usize {
        self.parent.len()
    }

    /// Whether a node is more than a single vertex.
    pub(super) fn is_blossom(&self, node: usize) -> bool {
        node >= self.vertices
    }

    /// Whether no blossom contains this node and, for a blossom, that it still exists.
    pub(super) fn is_top(&self, node: usize) -> bool {
        self.parent[node].is_none() && !(self.is_blossom(node) && self.children[node].is_empty())
    }

    /// The blossom directly around a node.
    pub(super) fn parent(&self, node: usize) -> Option<usize> {
        self.parent[node]
    }

    /// The vertex a node would leave unmatched.
    pub(super) fn base(&self, node: usize) -> usize {
        self.base[node]
    }

    /// The children of a blossom around its cycle, base first.
    pub(super) fn children(&self, blossom: usize) -> &[usize] {
        &self.children[blossom]
    }

    /// The outermost node that contains a vertex.
    pub(super) fn top(&mut self, vertex: usize) -> usize {
        let mut handle = self.handle[vertex];
        while self.leads_to[handle] != handle {
            // Halving the way keeps later look-ups short.
            self.leads_to[handle] = self.leads_to[self.leads_to[handle]];
            handle = self.leads_to[handle];
        }
        self.handle[vertex] = handle;
        self.held_by[handle]
    }

    /// Puts the vertices of a node into a list, instead of what was there.
    pub(super) fn leaves(&self, node: usize, leaves: &mut Vec<usize>) {
        leaves.clear();
        let (first, last) = self.chain[node];
        let mut leaf = first;
        while leaf != last {
            leaves.push(leaf);
            leaf = self.after[leaf];
        }
        leaves.push(last);
    }

    /// Joins outermost nodes, base first, to one blossom. `links[i]` leads from `children[i]` to the next.
    pub(super) fn join(&mut self, children: Vec<usize>, links: Vec<(usize, usize)>) -> usize {
        let base = children.first().map_or(0, |&first| self.base[first]);
        let blossom = self.unused.pop().unwrap_or(self.parent.len());
        if blossom == self.parent.len() {
            self.parent.push(None);
            self.base.push(base);
            self.children.push(Vec::new());
            self.links.push(Vec::new());
            self.chain.push((base, base));
            self.holds.push(base);
            self.size.push(0);
        }
        for pair in children.windows(2) {
            let [(_, end), (start, _)] = [self.chain[pair[0]], self.chain[pair[1]]];
            self.after[end] = start;
        }
        if let (Some(&first), Some(&last)) = (children.first(), children.last()) {
            self.chain[blossom] = (self.chain[first].0, self.chain[last].1);
        }
        let largest = self.largest(&children);
        let handle = self.holds[largest];
        for &child in &children {
            self.parent[child] = Some(blossom);
            self.leads_to[self.holds[child]] = handle;
        }
        self.held_by[handle] = blossom;
        self.holds[blossom] = handle;
        self.size[blossom] = children.iter().map(|&child| self.size[child]).sum();
        self.parent[blossom] = None;
        self.base[blossom] = base;
        self.children[blossom] = children;
        self.links[blossom] = links;
        blossom
    }

    fn largest(&self, children: &[usize]) -> usize {
        children.iter().copied().max_by_key(|&child| self.size[child]).unwrap_or(0)
    }

    /// Takes an outermost blossom apart and returns its children and links. The children become outermost.
    ///
    /// The largest child takes over the handle, so that only the vertices of the others get a new one: however deep
    /// blossoms are nested, no vertex gets more of them than the number of blossoms can halve.
    pub(super) fn split(&mut self, blossom: usize) -> (Vec<usize>, Vec<(usize, usize)>) {
        let children = std::mem::take(&mut self.children[blossom]);
        let links = std::mem::take(&mut self.links[blossom]);
        let largest = self.largest(&children);
        for &child in &children {
            self.parent[child] = None;
            let mut handle = self.holds[blossom];
            if child != largest {
                handle = self.leads_to.len();
                self.leads_to.push(handle);
                self.held_by.push(child);
                let (mut leaf, last) = self.chain[child];
                self.handle[leaf] = handle;
                while leaf != last {
                    leaf = self.after[leaf];
                    self.handle[leaf] = handle;
                }
            }
            self.held_by[handle] = child;
            self.holds[child] = handle;
        }
        self.unused.push(blossom);
        (children, links)
    }

    /// Forgets handles that nobody needs any more, once there are many.
    pub(super) fn tidy(&mut self) {
        if self.leads_to.len() <= 8 * self.vertices {
            return;
        }
        let tops: Vec<usize> = (0..self.vertices).map(|vertex| self.top(vertex)).collect();
        self.leads_to = (0..self.vertices).collect();
        self.held_by = vec![0; self.vertices];
        for (vertex, &top) in tops.iter().enumerate() {
            // A node's handle is that of the first vertex in its chain.
            let handle = self.chain[top].0;
            self.handle[vertex] = handle;
            self.held_by[handle] = top;
            self.holds[top] = handle;
        }
    }

    /// Makes `vertex` the base of `node` and rematches everything else inside. The caller matches `vertex` itself.
    pub(super) fn rebase(&mut self, node: usize, vertex: usize, mate: &mut [Option<usize>]) {
        let mut open = vec![(node, vertex)];
        while let Some((node, vertex)) = open.pop() {
            let mut inner = vertex;
            while inner != node {
                let Some(outer) = self.parent[inner] else { break };
                self.turn(outer, inner, mate, &mut open);
                self.base[outer] = vertex;
                inner = outer;
            }
        }
    }

    /// Turns a blossom's cycle until `child` comes first. Newly matched links are pushed to `open`, so that their ends
    /// become bases too.
    fn turn(&mut self, blossom: usize, child: usize, mate: &mut [Option<usize>], open: &mut Vec<(usize, usize)>) {
        let children = &mut self.children[blossom];
        let links = &mut self.links[blossom];
        let turns = children.iter().position(|&other| other == child).unwrap_or(0);
        // The way from the new to the old base child that starts with a matched link has an even number of links;
        // every second one of them, counted from the old base, becomes matched.
        let rematched = if turns % 2 == 0 { 0..turns } else { turns + 1..children.len() };
        for position in rematched.step_by(2) {
            let (u, v) = links[position];
            mate[u] = Some(v);
            mate[v] = Some(u);
            open.push((children[position], u));
            open.push((children[(position + 1) % children.len()], v));
        }
        children.rotate_left(turns);
        links.rotate_left(turns);
    }
}
