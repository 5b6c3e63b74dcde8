//! The check of a plan among peers: prices of places and surcharges of odd sets must cover every allowed pair.

use super::faults::Fault;
use super::peers::PeerProof;
use super::places::Gate;
use super::plan::Certificate;
use super::verify::{Verifier, claim, refuted};
use super::verify_nesting::Nesting;

impl Verifier<'_> {
    /// Certifies a plan among peers.
    ///
    /// A matching holds each vertex once, and at most half the vertices (rounded down) of any set in pairs inside the
    /// set. So the prices, plus each blossom's surcharge times that half, bound every matching whose edges are covered.
    /// Every plan is a matching of places and gates worth the plan plus each gate's full weight; that much is taken off.
    ///
    /// # Errors
    ///
    /// [`Fault::NotCertified`] when the plan is not allowed, a pair is not covered, or the bound is not met.
    pub(super) fn peers(&self, pairs: &[(usize, usize)], proof: &PeerProof) -> Result<Certificate, Fault> {
        let primal = self.worth(pairs)?;
        self.check_shape(proof)?;
        let mut bound: i128 = proof.prices.iter().map(|&price| i128::from(price)).sum();
        for (&(_, surcharge), size) in proof.blossoms.iter().zip(sizes(proof)) {
            bound += i128::from(surcharge) * i128::from(size / 2);
        }
        let mut gates = proof.gates.clone();
        gates.sort_unstable_by_key(|gate| gate.people);
        let nesting = Nesting::new(&proof.blossoms, &proof.innermost);
        let couples: Vec<(usize, usize)> = gates.iter().map(|gate| (gate.people[0], gate.people[1])).collect();
        for (gate, score) in gates.iter().zip(self.scores(&couples)) {
            let score = score.ok_or(refuted("every gate belongs to an allowed pair"))?;
            bound -= 2 * i128::from(self.check_gate(proof, &nesting, gate, score)?);
        }
        let asks: Vec<i64> = (0..self.len()).map(|person| self.ask(proof, person)).collect();
        let found = self.tally(|tally, a, b, score| {
            let points = self.unit * score;
            // Most pairs are covered by the prices alone.
            if asks[a] + asks[b] < 2 * points {
                let has_gate = gates.binary_search_by_key(&[a, b], |gate| gate.people).is_ok();
                tally.refuted |= !has_gate && !self.covers(proof, &nesting, [a, b], points);
            }
        });
        claim(!found.refuted, "the prices cover every allowed pair")?;
        claim(primal == bound, "the plan is worth as much as its bound")?;
        Ok(Certificate { primal, dual: bound, vertices: self.open(), edges: found.pairs, certified: true })
    }

    /// Lists have matching lengths, blossoms stand behind the ones around them, and nothing is negative.
    fn check_shape(&self, proof: &PeerProof) -> Result<(), Fault> {
        let vertices = proof.places.person.len() + 2 * proof.gates.len();
        claim(proof.prices.len() == vertices && proof.innermost.len() == vertices, "every vertex has a price")?;
        claim(proof.places.of.len() == self.len(), "everybody has a list of places")?;
        let mut next = 0;
        for (person, of) in proof.places.of.iter().enumerate() {
            let enough = u64::try_from(of.len()) == Ok(self.free[person]);
            claim(of.start == next && enough, "every free place is a vertex")?;
            next = of.end;
        }
        claim(next == proof.places.person.len(), "no other vertex is a place")?;
        let ends: Vec<usize> = proof.gates.iter().flat_map(|gate| gate.ends).collect();
        claim(ends.iter().copied().eq(next..vertices), "every other vertex is the end of one gate")?;
        let inside = |around: &Option<usize>, limit: usize| around.is_none_or(|blossom| blossom < limit);
        let nested = proof.blossoms.iter().enumerate().all(|(number, (around, _))| inside(around, number));
        let placed = proof.innermost.iter().all(|around| inside(around, proof.blossoms.len()));
        claim(nested && placed, "blossoms are nested")?;
        let surcharges = proof.blossoms.iter().map(|&(_, surcharge)| surcharge);
        claim(proof.prices.iter().copied().chain(surcharges).all(|price| price >= 0), "no price is negative")
    }

    /// What somebody's cheapest place costs beyond what it brings into a pair; anything without places.
    fn ask(&self, proof: &PeerProof, person: usize) -> i64 {
        let of = proof.places.of[person].clone();
        of.map(|place| proof.prices[place] - 2 * self.reward(proof, person, place)).min().unwrap_or(0)
    }

    /// Checks that a gate is covered, and gives its full weight: the pair's at its best.
    fn check_gate(&self, proof: &PeerProof, nesting: &Nesting<'_>, gate: &Gate, score: i64) -> Result<i64, Fault> {
        let [a, b] = gate.people;
        let full = self.rewards[a] + self.rewards[b] + self.unit * score;
        let covered =
            |u: usize, v: usize, weight: i64| proof.prices[u] + proof.prices[v] + nesting.shared(u, v) >= 2 * weight;
        let mut all = covered(gate.ends[0], gate.ends[1], full);
        for (person, end) in gate.people.into_iter().zip(gate.ends) {
            for place in proof.places.of[person].clone() {
                all &= covered(end, place, full - self.rewards[person] + self.reward(proof, person, place));
            }
        }
        claim(all, "the prices cover every gate")?;
        Ok(full)
    }

    /// What a place adds to a pair's weight: only the first place of a person earns the reward.
    fn reward(&self, proof: &PeerProof, person: usize, place: usize) -> i64 {
        if proof.places.of[person].start == place { self.rewards[person] } else { 0 }
    }

    /// Whether a pair without a gate is covered.
    ///
    /// Between two people with several places each, the gate that is missing could be added: put its ends into all the
    /// blossoms around all the places (two more vertices, so one more pair in each half), and price them to make up its
    /// full weight with those surcharges. They then cover the ends' other edges exactly when the places' prices and the
    /// same surcharges cover every pair of places. (Surcharges above the gate's full weight would be too much of it.)
    fn covers(&self, proof: &PeerProof, nesting: &Nesting<'_>, [a, b]: [usize; 2], points: i64) -> bool {
        let (of_a, of_b) = (&proof.places.of[a], &proof.places.of[b]);
        let gated = of_a.len() > 1 && of_b.len() > 1;
        let full = 2 * (points + self.rewards[a] + self.rewards[b]);
        of_a.clone().all(|u| {
            of_b.clone().all(|v| {
                let weight = 2 * (points + self.reward(proof, a, u) + self.reward(proof, b, v));
                let lack = weight - proof.prices[u] - proof.prices[v];
                if lack <= 0 {
                    return true;
                }
                if gated {
                    let places = of_a.clone().chain(of_b.clone());
                    let all = places.map(|place| nesting.shared(u, place)).min().unwrap_or(0);
                    lack <= all && all <= full
                } else {
                    lack <= nesting.shared(u, v)
                }
            })
        })
    }
}

/// By blossom, the number of vertices inside.
fn sizes(proof: &PeerProof) -> Vec<u64> {
    let mut sizes = vec![0u64; proof.blossoms.len()];
    for &blossom in proof.innermost.iter().flatten() {
        sizes[blossom] += 1;
    }
    // Inner blossoms come later, so going backward every size is complete before it is passed on.
    for (blossom, &(around, _)) in proof.blossoms.iter().enumerate().rev() {
        if let Some(around) = around {
            sizes[around] += sizes[blossom];
        }
    }
    sizes
}
