//! Puts a solved run into the words of the plan.

use super::explain::explain;
use super::faults::Fault;
use super::input::{Input, Kind, Role};
use super::judge::Card;
use super::pairs::Pairs;
use super::plan::{Certificate, Pair, Plan};
use super::reasons::{Reasoner, Solved};
use super::roster::Roster;
use super::stability::blocking_pairs;
use super::stakes::Stakes;
use super::survey::Surveyor;

/// Everything there is to say about a run. Pairs are numbers in the roster.
pub(super) struct Report<'a> {
    pub(super) input: &'a Input,
    pub(super) roster: &'a Roster,
    pub(super) stakes: &'a Stakes,
    pub(super) all: &'a Pairs<'a>,
    /// By index into the input.
    pub(super) cards: &'a [Card<'a>],
    /// Pairs placed beforehand.
    pub(super) pins: Vec<(usize, usize)>,
    /// Pairs chosen.
    pub(super) pairs: Vec<(usize, usize)>,
}

impl Report<'_> {
    /// Writes the plan.
    ///
    /// # Errors
    ///
    /// [`Fault::TooLarge`] when a trial for a reason would be.
    pub(super) fn write(self, certificate: Certificate, solved: Solved<'_>) -> Result<Plan, Fault> {
        let mut partners = vec![0usize; self.roster.len()];
        let mut empty = self.stakes.free.clone();
        for &(a, b) in &self.pins {
            partners[a] += 1;
            partners[b] += 1;
        }
        for person in self.pairs.iter().flat_map(|&(a, b)| [a, b]) {
            partners[person] += 1;
            empty[person] = empty[person].saturating_sub(1);
        }
        let mut pairs: Vec<Pair> = Vec::with_capacity(self.pairs.len() + self.pins.len());
        let mut made = Vec::with_capacity(self.pairs.len() + self.pins.len());
        for (list, pinned) in [(&self.pairs, false), (&self.pins, true)] {
            for &(a, b) in list {
                let pair = self.pair(a, b, pinned);
                made.push((a, b, i64::from(pair.score)));
                pairs.push(pair);
            }
        }
        pairs.sort_by_key(|pair| (self.input.people[pair.a].id, self.input.people[pair.b].id));
        let mut histogram = [0u32; 10];
        for pair in &pairs {
            let bucket = usize::from(pair.score / 100).min(histogram.len() - 1);
            histogram[bucket] += 1;
        }
        let matched = partners.iter().filter(|&&partners| partners > 0).count();
        let blocking_pairs = blocking_pairs(self.all, &empty, &made);
        let reasoner = Reasoner {
            input: self.input,
            roster: self.roster,
            stakes: self.stakes,
            surveyor: Surveyor::new(self.input, self.roster, self.stakes, self.cards),
            solved,
            empty,
        };
        let mut alone: Vec<usize> = (0..self.roster.len())
            .filter(|&number| {
                let person = &self.input.people[self.roster.index(number)];
                person.capacity > 0 && person.taken == 0 && partners[number] == 0
            })
            .collect();
        alone.sort_by_key(|&number| self.input.people[self.roster.index(number)].id);
        Ok(Plan {
            total_score: pairs.iter().map(|pair| u64::from(pair.score)).sum(),
            matched_people: u32::try_from(matched).map_err(|_| Fault::TooLarge)?,
            blocking_pairs,
            non_matches: alone.into_iter().map(|number| reasoner.explain(number)).collect::<Result<_, _>>()?,
            histogram,
            certificate,
            pairs,
        })
    }

    /// A pair with its explanation: mentor or smaller id first.
    fn pair(&self, one: usize, other: usize, pinned: bool) -> Pair {
        let (one, other) = (self.roster.index(one), self.roster.index(other));
        let first = |index: usize| {
            let person = &self.input.people[index];
            match self.input.kind {
                Kind::Peer => (false, person.id),
                Kind::Mentoring => (person.role != Role::Mentor, person.id),
            }
        };
        let (a, b) = if first(one) <= first(other) { (one, other) } else { (other, one) };
        let (score, contributions) = explain(self.input, &self.cards[a], &self.cards[b]);
        Pair { a, b, score, pinned, contributions }
    }
}
