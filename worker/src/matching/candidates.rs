//! Which pairs to solve on: the best few of everybody first, then whatever the prices show to be missing.

use super::best::Best;
use super::pairs::{Asks, CLOSED, Pairs, Room};
use super::progress::Stage;
use super::stakes::Stakes;

/// A pair to solve on: two people, the smaller number first, and their score.
pub(super) type Candidate = (usize, usize, i64);

/// How many candidates everybody begins with, before more for several places.
const FIRST_CANDIDATES: usize = 20;

/// How many pairs a person may add in the first search; twice as many in every further one, so that even where the first
/// candidates say little about the rest there are few searches.
const FOUND_IN_FIRST_SEARCH: usize = 10;

/// Where people have no more allowed partners than so many on average, all pairs are solved at once.
const FEW_PARTNERS: usize = 128;

/// The pairs that are among the best of at least one of the two, in order; all pairs if there are few.
pub(super) fn first_candidates(pairs: &Pairs<'_>, stakes: &Stakes) -> Vec<Candidate> {
    let people = pairs.people();
    if pairs.listed_pairs().is_some_and(|listed| listed <= FEW_PARTNERS.saturating_mul(people) / 2) {
        let mut all = Vec::new();
        for a in (0..pairs.rows()).filter(|&a| stakes.free[a] > 0) {
            pairs.row(a, &mut Room::default()).each(|b, score| {
                if stakes.free[b] > 0 {
                    all.push((a, b, score));
                }
            });
        }
        return all;
    }
    let limits = || stakes.free.iter().map(|free| FIRST_CANDIDATES.saturating_add(2 * free));
    let parts = pairs.sweep(
        Stage::Scoring,
        || (Best::new(limits()), Room::default()),
        |(best, room), a| {
            if stakes.free[a] > 0 {
                pairs.row(a, room).each(|b, score| {
                    if stakes.free[b] > 0 {
                        // Among equals everybody prefers those who follow next, so that not all choose the same few.
                        best.offer(a, score, b - a, b, score);
                        best.offer(b, score, people - (b - a), a, score);
                    }
                });
            }
        },
    );
    gather(parts.into_iter().map(|(best, _)| best))
}

/// The pairs that lack most of something for at least one of the two, in order; none only if no pair lacks anything.
/// Searches are counted from 0.
///
/// `lack` says how much, given two people and their score, and must be at most what the points exceed both asks by.
pub(super) fn missing(
    pairs: &Pairs<'_>,
    asks: &Asks,
    search: u32,
    lack: impl Fn(usize, usize, i64) -> i64 + Sync,
) -> Vec<Candidate> {
    let limit = FOUND_IN_FIRST_SEARCH.saturating_mul(1usize.checked_shl(search).unwrap_or(usize::MAX));
    let parts = pairs.sweep(
        Stage::Solving,
        || (Best::new(std::iter::repeat_n(limit, pairs.people())), Room::default()),
        |(worst, room), a| {
            if asks.of(a) < CLOSED {
                pairs.row(a, room).above(asks.of(a), asks, |b, score| {
                    let lack = lack(a, b, score);
                    if lack > 0 {
                        worst.offer(a, lack, b.abs_diff(a), b, score);
                        worst.offer(b, lack, b.abs_diff(a), a, score);
                    }
                });
            }
        },
    );
    gather(parts.into_iter().map(|(worst, _)| worst))
}

fn gather(parts: impl Iterator<Item = Best>) -> Vec<Candidate> {
    let best = parts.reduce(|mut all, part| {
        all.absorb(part);
        all
    });
    best.map(Best::candidates).unwrap_or_default()
}
