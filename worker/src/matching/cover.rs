//! How much the blossoms around two vertices add to their prices.

/// Blossoms as a forest, outer ones first: each with the blossom around it (an earlier index) and its surcharge.
pub(super) type Forest = [(Option<usize>, i64)];

/// Answers in constant time what the surcharges of all blossoms around both of two vertices add up to.
///
/// Vertices are lined up so that every blossom is one stretch of the line. The sum around two vertices is then the least
/// sum around any two neighbors between them, and least values over stretches are looked up in a table of stretches
/// whose lengths are powers of two (M. Bender and M. Farach-Colton, "The LCA problem revisited", 2000).
#[derive(Clone, Debug)]
pub(super) struct Cover {
    position: Vec<usize>,
    /// By power of two and position: the least sum between neighbors in the stretch that begins there.
    least: Vec<Vec<i64>>,
}

impl Cover {
    /// Prepares a forest and the innermost blossom of each vertex.
    pub(super) fn new(forest: &Forest, innermost: &[Option<usize>]) -> Self {
        let (line, sums) = line_up(forest, innermost);
        let mut position = vec![0; innermost.len()];
        for (place, &vertex) in line.iter().enumerate() {
            position[vertex] = place;
        }
        let mut least = vec![sums];
        let mut length = 1;
        while let Some(last) = least.last()
            && last.len() > length
        {
            let longer = last.iter().zip(&last[length..]).map(|(&a, &b)| a.min(b)).collect();
            least.push(longer);
            length *= 2;
        }
        Self { position, least }
    }

    /// The sum of the surcharges of all blossoms that contain both vertices. They must differ.
    pub(super) fn shared(&self, u: usize, v: usize) -> i64 {
        let (a, b) = (self.position[u], self.position[v]);
        let (from, to) = (a.min(b), a.max(b));
        let Some(power) = (to - from).checked_ilog2() else { return 0 };
        let row = usize::try_from(power).unwrap_or(0);
        let length = 1usize << power;
        self.least[row][from].min(self.least[row][to - length])
    }

    /// The sum of the surcharges of all blossoms that contain every one of two or more different vertices.
    pub(super) fn around_all(&self, mut vertices: impl Iterator<Item = usize>) -> i64 {
        let Some(first) = vertices.next() else { return 0 };
        vertices.map(|vertex| self.shared(first, vertex)).min().unwrap_or(0)
    }
}

/// Lines the vertices up so that every blossom is one stretch, and gives for each place but the last the surcharges
/// around both that vertex and the next.
fn line_up(forest: &Forest, innermost: &[Option<usize>]) -> (Vec<usize>, Vec<i64>) {
    // What lies directly in each blossom; the last list is for what lies in none.
    let outside = forest.len();
    let mut blossoms_in = vec![Vec::new(); outside + 1];
    for (blossom, &(parent, _)) in forest.iter().enumerate() {
        blossoms_in[parent.unwrap_or(outside)].push(blossom);
    }
    let mut vertices_in = vec![Vec::new(); outside + 1];
    for (vertex, &blossom) in innermost.iter().enumerate() {
        vertices_in[blossom.unwrap_or(outside)].push(vertex);
    }
    let mut sum_within = vec![0; outside + 1];
    for (blossom, &(parent, surcharge)) in forest.iter().enumerate() {
        sum_within[blossom] = surcharge + parent.map_or(0, |parent| sum_within[parent]);
    }
    let mut line = Vec::with_capacity(innermost.len());
    let mut sums: Vec<i64> = Vec::with_capacity(innermost.len());
    // The least sum passed since the last vertex: on the way from it to the next, the outermost turning point counts.
    let mut passed = 0;
    let mut open = vec![(outside, 0)];
    while let Some((blossom, next)) = open.pop() {
        passed = sum_within[blossom].min(passed);
        if next == 0 {
            for &vertex in &vertices_in[blossom] {
                sums.push(passed);
                line.push(vertex);
                passed = sum_within[blossom];
            }
        }
        if let Some(&inner) = blossoms_in[blossom].get(next) {
            open.push((blossom, next + 1));
            open.push((inner, 0));
        }
    }
    // The first entry stands before the first vertex.
    if !sums.is_empty() {
        sums.remove(0);
    }
    (line, sums)
}
