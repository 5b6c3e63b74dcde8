//! Which pairs to solve on: the best few of everybody first, then whatever the prices show to be missing.

use super::best::Best;
use super::pairs::{Pairs, Room};
use super::stakes::Stakes;
use super::threads::sweep;

/// A pair to solve on: two people, the smaller number first, and their score.
pub(super) type Candidate = (usize, usize, i64);

/// How many candidates everybody begins with, before more for several places.
const FIRST_CANDIDATES: usize = 20;

/// How many missing pairs a person may add in the first round; twice as many in every further one, so that even where
/// the first candidates say little about the rest there are few rounds.
const ADDED_IN_FIRST_ROUND: usize = 10;

/// The pairs that are among the best of at least one of the two, in order.
pub(super) fn first_candidates(pairs: &Pairs<'_>, stakes: &Stakes) -> Vec<Candidate> {
    let people = pairs.people();
    let limits = || stakes.free.iter().map(|free| FIRST_CANDIDATES.saturating_add(2 * free));
    let parts = sweep(
        pairs.rows(),
        pairs.work(),
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

/// The pairs that lack most of something for at least one of the two, in order. `lacking` goes through one person's row
/// and names those that lack anything: the partner, how much, and the score. Rounds are counted from 0.
pub(super) fn missing<T: Send>(
    pairs: &Pairs<'_>,
    round: u32,
    start: impl Fn() -> T + Sync,
    lacking: impl Fn(&mut T, usize, &mut Room, &mut dyn FnMut(usize, i64, i64)) + Sync,
) -> Vec<Candidate> {
    let limit = ADDED_IN_FIRST_ROUND.saturating_mul(1usize.checked_shl(round).unwrap_or(usize::MAX));
    let parts = sweep(
        pairs.rows(),
        pairs.work(),
        || (Best::new(std::iter::repeat_n(limit, pairs.people())), Room::default(), start()),
        |(worst, room, own), a| {
            lacking(own, a, room, &mut |b, lack, score| {
                worst.offer(a, lack, b.abs_diff(a), b, score);
                worst.offer(b, lack, b.abs_diff(a), a, score);
            });
        },
    );
    gather(parts.into_iter().map(|(worst, ..)| worst))
}

fn gather(parts: impl Iterator<Item = Best>) -> Vec<Candidate> {
    let best = parts.reduce(|mut all, part| {
        all.absorb(part);
        all
    });
    best.map(Best::candidates).unwrap_or_default()
}
