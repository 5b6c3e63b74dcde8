//! Which pairs to solve on: the best few of everybody first, then whatever the prices show to be missing.

use super::best::Best;
use super::roster::Roster;
use super::rules::NOT_ALLOWED;
use super::stakes::Stakes;
use super::table::{Row, Table};

/// A pair to solve on: two people, the smaller number first, and their score.
pub(super) type Candidate = (usize, usize, u16);

/// How many candidates everybody begins with, before more for several places.
const FIRST_CANDIDATES: usize = 20;

/// How many missing pairs a person may add in the first round; twice as many in every further one, so that even where
/// the first candidates say little about the rest there are few rounds.
const ADDED_IN_FIRST_ROUND: usize = 10;

/// The pairs that are among the best of at least one of the two, in order.
pub(super) fn first_candidates(roster: &Roster, table: &Table<'_>, stakes: &Stakes) -> Vec<Candidate> {
    let mut best: Vec<Best> = stakes.free.iter().map(|free| Best::new(FIRST_CANDIDATES + 2 * free)).collect();
    let mut scores = Row::default();
    for a in 0..table.rows() {
        if stakes.free[a] == 0 {
            continue;
        }
        let first = table.first(a);
        for (b, &score) in (first..).zip(table.row(a, &mut scores)) {
            if score != NOT_ALLOWED && stakes.free[b] > 0 {
                let points = stakes.unit * i64::from(score);
                // Among equals everybody prefers those who follow next, so that not all choose the same few.
                best[a].offer(stakes.rewards[b] + points, roster.len() - (b - a), b);
                best[b].offer(stakes.rewards[a] + points, b - a, a);
            }
        }
    }
    gather(table, best)
}

/// Pairs whose weight exceeds what covers it, collected over all rows of a round.
pub(super) struct Missing {
    worst: Vec<Best>,
    any: bool,
}

impl Missing {
    /// Nothing missing yet among so many people in this round, counted from 0.
    pub(super) fn new(people: usize, round: u32) -> Self {
        let limit = ADDED_IN_FIRST_ROUND.saturating_mul(1usize.checked_shl(round).unwrap_or(usize::MAX));
        Self { worst: vec![Best::new(limit); people], any: false }
    }

    /// Notes a pair that lacks `lack` of cover.
    pub(super) fn note(&mut self, a: usize, b: usize, lack: i64) {
        self.any = true;
        self.worst[a].offer(lack, b.abs_diff(a), b);
        self.worst[b].offer(lack, b.abs_diff(a), a);
    }

    /// The pairs that lack most for at least one of the two, in order; none when no pair lacks anything.
    pub(super) fn gather(self, table: &Table<'_>) -> Vec<Candidate> {
        if self.any { gather(table, self.worst) } else { Vec::new() }
    }
}

fn gather(table: &Table<'_>, best: Vec<Best>) -> Vec<Candidate> {
    let mut pairs = Vec::new();
    for (a, best) in best.into_iter().enumerate() {
        pairs.extend(best.take().map(|b| (a.min(b), a.max(b))));
    }
    pairs.sort_unstable();
    pairs.dedup();
    let mut scores = Row::default();
    pairs.chunk_by(|p, q| p.0 == q.0).fold(Vec::new(), |mut candidates, of_one| {
        if let Some(&(a, _)) = of_one.first() {
            let row = table.row(a, &mut scores);
            let first = table.first(a);
            candidates.extend(of_one.iter().map(|&(a, b)| (a, b, row[b - first])));
        }
        candidates
    })
}
