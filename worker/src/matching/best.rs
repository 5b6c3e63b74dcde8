//! The few best of many offers, per person.

use super::candidates::Candidate;
use super::pairs::{small, wide};

/// Keeps the greatest offers of every person. Which are kept depends on the offers only, not on their order.
#[derive(Clone, Debug)]
pub(super) struct Best {
    people: Vec<Kept>,
    /// By person: offers below this one are certainly not among the best.
    floors: Vec<(i64, u32)>,
}

/// What decides, what breaks ties (higher wins), who is offered, and the score of the two.
type Offer = (i64, u32, u32, i64);

#[derive(Clone, Debug)]
struct Kept {
    limit: usize,
    offers: Vec<Offer>,
}

impl Best {
    /// Keeps up to so many offers for each person, at least 1.
    pub(super) fn new(limits: impl Iterator<Item = usize>) -> Self {
        let people: Vec<Kept> = limits.map(|limit| Kept { limit: limit.max(1), offers: Vec::new() }).collect();
        Self { floors: vec![(i64::MIN, 0); people.len()], people }
    }

    /// Offers another person to somebody with a value, a number that breaks ties (lower wins), and the pair's score.
    #[inline]
    pub(super) fn offer(&mut self, to: usize, value: i64, tie: usize, other: usize, score: i64) {
        if value >= self.floors[to].0 {
            self.keep(to, (value, u32::MAX - small(tie), small(other), score));
        }
    }

    fn keep(&mut self, to: usize, offer: Offer) {
        if (offer.0, offer.1) < self.floors[to] {
            return;
        }
        let kept = &mut self.people[to];
        kept.offers.push(offer);
        // Sorting out the lower half only now and then makes an offer cheap on average.
        if kept.offers.len() / 2 >= kept.limit {
            self.cut(to);
        }
    }

    fn cut(&mut self, of: usize) {
        let Kept { limit, offers } = &mut self.people[of];
        if offers.len() > *limit {
            offers.select_nth_unstable_by(*limit - 1, |a, b| b.cmp(a));
            offers.truncate(*limit);
            self.floors[of] = offers.last().map_or((i64::MIN, 0), |&(value, tie, ..)| (value, tie));
        }
    }

    /// Takes in what was offered elsewhere to the same people.
    pub(super) fn absorb(&mut self, other: Self) {
        for (to, kept) in other.people.into_iter().enumerate() {
            self.people[to].offers.extend(kept.offers);
            self.cut(to);
        }
    }

    /// What was kept, in order and each pair once.
    pub(super) fn candidates(mut self) -> Vec<Candidate> {
        let mut candidates = Vec::new();
        for person in 0..self.people.len() {
            self.cut(person);
            let offers = std::mem::take(&mut self.people[person].offers).into_iter();
            candidates.extend(offers.map(|(_, _, other, score)| {
                let other = wide(other);
                (person.min(other), person.max(other), score)
            }));
        }
        candidates.sort_unstable();
        candidates.dedup();
        candidates
    }
}
