//! Peers: the best plan among all allowed pairs, solved on few of them.

use super::blossom::Matcher;
use super::candidates::{self, Candidate, first_candidates};
use super::cover::Cover;
use super::faults::Fault;
use super::half::Half;
use super::pairs::{Asks, CLOSED, Pairs};
use super::places::{Gate, Places};
use super::stakes::Stakes;

/// Fewer new pairs than one for so many people are few.
const PEOPLE_A_PAIR: usize = 50;

/// A plan among peers that is best for the pairs it knows.
#[derive(Clone)]
pub(super) struct Peers<'a> {
    pairs: &'a Pairs<'a>,
    stakes: Stakes,
    places: Places,
    known: Vec<Candidate>,
    gates: Vec<Gate>,
    half: Half,
    matcher: Matcher,
}

/// Dual prices for places, gates and blossoms, in twice the unit of the stakes.
#[derive(Clone, Debug)]
pub(super) struct PeerProof {
    pub(super) places: Places,
    pub(super) gates: Vec<Gate>,
    /// By place, then by end of a gate.
    pub(super) prices: Vec<i64>,
    /// By vertex, the innermost blossom around it.
    pub(super) innermost: Vec<Option<usize>>,
    /// Blossoms, outer ones first: the one around each, and its surcharge.
    pub(super) blossoms: Vec<(Option<usize>, i64)>,
}

impl<'a> Peers<'a> {
    /// Solves on candidates, checks all other pairs against the prices, adds what they miss, and repeats; first for
    /// fractional matchings, then for real ones. When nothing is missing, the prices cover every pair, and so the plan is
    /// best among all of them.
    ///
    /// # Errors
    ///
    /// [`Fault::TooLarge`] when the graph would be.
    pub(super) fn solve(pairs: &'a Pairs<'a>, stakes: &Stakes) -> Result<Self, Fault> {
        let mut peers = Self {
            pairs,
            stakes: stakes.clone(),
            places: Places::new(stakes)?,
            known: Vec::new(),
            gates: Vec::new(),
            half: Half::default(),
            matcher: Matcher::default(),
        };
        let mut missing = first_candidates(pairs, stakes);
        for search in 0.. {
            peers.known.append(&mut missing);
            peers.start_again()?;
            missing = peers.missing(search);
            // The last few are better looked for when real matchings have changed the prices.
            if missing.len() <= pairs.people() / PEOPLE_A_PAIR {
                break;
            }
        }
        peers.known.append(&mut missing);
        peers.start_again()?;
        peers.matcher.solve();
        peers.add_missing()?;
        Ok(peers)
    }

    /// Whether these pairs, allowed besides the others, would make a better plan possible. One person must be in all.
    ///
    /// # Errors
    ///
    /// [`Fault::TooLarge`] when the graph would be.
    pub(super) fn gains_by(&self, pairs: &[Candidate]) -> Result<bool, Fault> {
        let promising = |&&(a, b, score): &&Candidate| {
            let weight = 2 * self.stakes.weight(a, b, score);
            let price = |person: usize| self.places.of[person].clone().map(|place| self.matcher.prices()[place]).min();
            price(a).zip(price(b)).is_some_and(|(a, b)| a + b < weight)
        };
        let pairs: Vec<Candidate> = pairs.iter().filter(promising).copied().collect();
        if pairs.is_empty() {
            return Ok(false);
        }
        let mut trial = self.clone();
        trial.add(&pairs)?;
        Ok(trial.worth() > self.worth())
    }

    /// Whether somebody without a partner would have one if that were worth so much more.
    ///
    /// # Errors
    ///
    /// [`Fault::TooLarge`] when the graph would be.
    pub(super) fn gains_for(&self, person: usize, bonus: i64) -> Result<bool, Fault> {
        let mut trial = self.clone();
        trial.stakes.rewards[person] += bonus;
        let (graph, _) = trial.places.graph(&trial.stakes, &trial.known)?;
        trial.half.cover(&graph);
        let mut changed: Vec<usize> = trial.places.of[person].clone().collect();
        let gates = trial.gates.iter().filter(|gate| gate.people.contains(&person));
        changed.extend(gates.flat_map(|gate| gate.ends));
        trial.matcher.change(graph, &changed);
        trial.matcher.solve();
        trial.add_missing()?;
        Ok(trial.worth() > self.worth())
    }

    /// The chosen pairs, smaller number first, in order.
    pub(super) fn pairs(&self) -> Vec<(usize, usize)> {
        self.places.pairs(self.matcher.mates(), &self.gates)
    }

    /// The pairs it was solved on: of everybody who is in an allowed pair at all, some.
    pub(super) fn known(&self) -> &[Candidate] {
        &self.known
    }

    /// Reads the prices off the solved matcher.
    pub(super) fn proof(&self) -> PeerProof {
        let matcher = &self.matcher;
        let nest = matcher.nest();
        let prices = matcher.prices().to_vec();
        let mut innermost = vec![None; prices.len()];
        let mut blossoms = Vec::new();
        for top in (0..nest.nodes()).filter(|&node| nest.is_top(node)) {
            let mut open = vec![(top, None)];
            while let Some((node, around)) = open.pop() {
                if nest.is_blossom(node) {
                    // A blossom without a surcharge says nothing.
                    let around = if matcher.surcharge(node) > 0 {
                        blossoms.push((around, matcher.surcharge(node)));
                        Some(blossoms.len() - 1)
                    } else {
                        around
                    };
                    open.extend(nest.children(node).iter().map(|&child| (child, around)));
                } else {
                    innermost[node] = around;
                }
            }
        }
        PeerProof { places: self.places.clone(), gates: self.gates.clone(), prices, innermost, blossoms }
    }

    /// What the plan is worth, in the unit of the stakes.
    fn worth(&self) -> i128 {
        let pairs = self.pairs();
        let mut matched: Vec<usize> = pairs.iter().flat_map(|&(a, b)| [a, b]).collect();
        matched.sort_unstable();
        matched.dedup();
        let rewards = matched.iter().map(|&person| i128::from(self.stakes.rewards[person]));
        let made = self.known.iter().filter(|&&(a, b, _)| pairs.binary_search(&(a, b)).is_ok());
        let points = made.map(|&(_, _, score)| i128::from(self.stakes.unit) * i128::from(score));
        rewards.chain(points).sum()
    }

    /// Adds pairs until the prices cover all allowed ones.
    fn add_missing(&mut self) -> Result<(), Fault> {
        for search in 0.. {
            let missing = self.missing(search);
            if missing.is_empty() {
                break;
            }
            self.add(&missing)?;
        }
        Ok(())
    }

    /// Solves with more pairs.
    fn add(&mut self, pairs: &[Candidate]) -> Result<(), Fault> {
        self.known.extend(pairs);
        let (graph, gates) = self.places.graph(&self.stakes, &self.known)?;
        // A new gate is a new vertex, and the matcher's are fixed. With few pairs, going on from the last plan is quicker.
        if gates.len() == self.gates.len() && pairs.len() <= graph.vertices() / PEOPLE_A_PAIR + 1 {
            self.half.cover(&graph);
            self.matcher.change(graph, &to_change(&self.places, pairs));
        } else {
            self.start_again()?;
        }
        self.matcher.solve();
        Ok(())
    }

    /// Goes back to the best fractional matching of the known pairs.
    fn start_again(&mut self) -> Result<(), Fault> {
        let (graph, gates) = self.places.graph(&self.stakes, &self.known)?;
        self.half.extend(&graph, &self.places.shares(&self.stakes, &gates));
        self.half.cover(&graph);
        self.half.solve(&graph);
        self.gates = gates;
        self.matcher = Matcher::new(graph, &self.half);
        Ok(())
    }

    /// The pairs that the prices do not cover. Known ones always are, those with a gate by the gate.
    fn missing(&self, search: u32) -> Vec<Candidate> {
        let proof = self.proof();
        let mut gated: Vec<[usize; 2]> = proof.gates.iter().map(|gate| gate.people).collect();
        gated.sort_unstable();
        // What a person's cheapest place asks for beyond its reward: two people are covered when these add up to their
        // score, whatever blossoms there are.
        let ask = |place: usize| proof.prices[place] - 2 * self.places.reward(&self.stakes, place);
        let asks = self.places.of.iter().map(|of| of.clone().map(ask).min().unwrap_or(CLOSED)).collect();
        let asks = Asks::new(asks, 2 * self.stakes.unit);
        let cover = Cover::new(&proof.blossoms, &proof.innermost);
        candidates::missing(self.pairs, &asks, search, |a, b, score| {
            let lack = self.lack(&proof, &cover, [a, b], 2 * self.stakes.unit * score);
            if lack > 0 && gated.binary_search(&[a, b]).is_ok() { 0 } else { lack }
        })
    }

    /// How much of its weight a pair lacks in cover, over all places of the two.
    fn lack(&self, proof: &PeerProof, cover: &Cover, [a, b]: [usize; 2], points: i64) -> i64 {
        let places = &self.places;
        let full = points + 2 * (self.stakes.rewards[a] + self.stakes.rewards[b]);
        let around_all = places.gated(a, b).then(|| {
            let all = cover.around_all(places.of[a].clone().chain(places.of[b].clone()));
            if all <= full { all } else { 0 }
        });
        let mut lack = 0;
        for u in places.of[a].clone() {
            for v in places.of[b].clone() {
                let weight = points + 2 * (places.reward(&self.stakes, u) + places.reward(&self.stakes, v));
                // The missing gate of a gated pair would lie in the blossoms that are around all places of both.
                let shared = around_all.unwrap_or_else(|| cover.shared(u, v));
                lack = lack.max(weight - proof.prices[u] - proof.prices[v] - shared);
            }
        }
        lack
    }
}

/// Places at which all edges of these pairs can be found: of the two people of each, the one with a single place, or the
/// one with more of the pairs.
fn to_change(places: &Places, pairs: &[Candidate]) -> Vec<usize> {
    let mut counts = vec![0u32; places.of.len()];
    for &(a, b, _) in pairs {
        counts[a] += 1;
        counts[b] += 1;
    }
    let rank = |person: usize| (places.of[person].len() == 1, counts[person]);
    let chosen = pairs.iter().map(|&(a, b, _)| if rank(a) >= rank(b) { a } else { b });
    let mut changed: Vec<usize> = chosen.flat_map(|person| places.of[person].clone()).collect();
    changed.sort_unstable();
    changed.dedup();
    changed
}
