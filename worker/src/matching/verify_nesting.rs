//! What blossoms around two vertices add to their prices, as far as checking goes.

/// Blossoms as a forest, cut into ways from the outside in that always follow the largest blossom inside: whoever climbs
/// out changes ways only where the number of blossoms at least doubles (D. Sleator and R. Tarjan, "A data structure for
/// dynamic trees", 1983).
pub(super) struct Nesting<'a> {
    /// Each with the blossom around it, which has an earlier index, and its surcharge.
    blossoms: &'a [(Option<usize>, i64)],
    /// By vertex.
    innermost: &'a [Option<usize>],
    /// By blossom, its surcharge and those of all blossoms around it.
    sums: Vec<i64>,
    /// By blossom, the outermost one on the same way.
    heads: Vec<usize>,
}

impl<'a> Nesting<'a> {
    /// Prepares a forest and the innermost blossom of each vertex.
    pub(super) fn new(blossoms: &'a [(Option<usize>, i64)], innermost: &'a [Option<usize>]) -> Self {
        let mut sizes = vec![1usize; blossoms.len()];
        for (blossom, &(around, _)) in blossoms.iter().enumerate().rev() {
            if let Some(around) = around {
                sizes[around] += sizes[blossom];
            }
        }
        let mut largest: Vec<Option<usize>> = vec![None; blossoms.len()];
        for (blossom, &(around, _)) in blossoms.iter().enumerate() {
            if let Some(around) = around
                && largest[around].is_none_or(|other| sizes[blossom] > sizes[other])
            {
                largest[around] = Some(blossom);
            }
        }
        let mut sums: Vec<i64> = Vec::with_capacity(blossoms.len());
        let mut heads = Vec::with_capacity(blossoms.len());
        for (blossom, &(around, surcharge)) in blossoms.iter().enumerate() {
            sums.push(around.map_or(0, |around| sums[around]) + surcharge);
            heads.push(
                around.filter(|&around| largest[around] == Some(blossom)).map_or(blossom, |around| heads[around]),
            );
        }
        Self { blossoms, innermost, sums, heads }
    }

    /// The sum of the surcharges of all blossoms that contain both vertices.
    pub(super) fn shared(&self, u: usize, v: usize) -> i64 {
        let (mut at, mut other) = (self.innermost[u], self.innermost[v]);
        while let Some((one, two)) = at.zip(other) {
            if self.heads[one] == self.heads[two] {
                // On the same way, the outer one is around the inner one.
                return self.sums[one.min(two)];
            }
            // The later head cannot be around the other blossom, so its way is left.
            if self.heads[one] > self.heads[two] {
                at = self.blossoms[self.heads[one]].0;
            } else {
                other = self.blossoms[self.heads[two]].0;
            }
        }
        0
    }
}
