//! Graphs that are hard in one particular way.

use crate::problem::{Problem, index};
use crate::random::Random;

/// Every pair of peers that is allowed three times out of four, with any score.
pub(crate) fn uniform(people: u32) -> Problem {
    let mut random = Random::new(13);
    some_pairs(people, &mut random, |_, _, random| random.below(1001).cast_signed())
}

/// A few people whom everybody prefers: nobody's best candidates are of any use.
pub(crate) fn hubs(people: u32) -> Problem {
    let mut random = Random::new(17);
    let hubs = people / 50;
    some_pairs(people, &mut random, |a, _, random| {
        let popular = if a < hubs { 600 } else { 0 };
        popular + random.below(401).cast_signed()
    })
}

/// All pairs, all of the same score: with an odd number of people everything ends up in one blossom.
pub(crate) fn ties(people: u32) -> Problem {
    Problem::peers(people, (0..people).flat_map(|b| (0..b).map(move |a| (a, b, 500))).collect())
}

/// One path on which every second pair scores higher, but only the others leave nobody out: from where the scores
/// lead, a single augmenting path runs from end to end.
pub(crate) fn path(people: u32) -> Problem {
    let pairs = (1..people).map(|b| (b - 1, b, if b % 2 == 0 { 1000 } else { 400 }));
    Problem::peers(people, pairs.collect())
}

/// One odd cycle of nearly equal scores.
pub(crate) fn cycle(people: u32) -> Problem {
    let mut random = Random::new(19);
    let pairs = (0..people).map(|a| (a, (a + 1) % people, 500 + random.below(3).cast_signed()));
    Problem::peers(people, pairs.map(|(a, b, score)| (a.min(b), a.max(b), score)).collect())
}

/// Ten pairs a person and scores that hardly ever tie: most changes of the dual prices are small and touch few.
pub(crate) fn delta(people: u32) -> Problem {
    let mut random = Random::new(23);
    let mut pairs = Vec::new();
    for a in 0..people {
        for _ in 0..5 {
            let b = random.below(people);
            if a != b {
                pairs.push((a.min(b), a.max(b), 1 + random.below(1_000_000).cast_signed()));
            }
        }
    }
    pairs.sort_unstable();
    pairs.dedup_by_key(|&mut (a, b, _)| (a, b));
    Problem::peers(people, pairs)
}

/// Cycles of five cycles of five cycles and so on, where the inner ones score higher; and a few pairs between any two
/// people, which score little.
pub(crate) fn wide_nest(levels: u32) -> Problem {
    let mut random = Random::new(29);
    let people = 5u32.pow(levels);
    let mut pairs = Vec::new();
    for level in 0..levels {
        let inner = 5u32.pow(level);
        let score = 1000 - 100 * level.cast_signed();
        for first in (0..people).step_by(index(5 * inner)) {
            for at in 0..5 {
                let (one, other) = (first + at * inner, first + (at + 1) % 5 * inner);
                let (a, b) = (one + random.below(inner), other + random.below(inner));
                pairs.push((a.min(b), a.max(b), score));
            }
        }
    }
    scatter(people, &mut pairs, &mut random);
    Problem::peers(people, pairs)
}

/// A triangle inside a triangle and so on: each is the one before and two more people.
pub(crate) fn deep_nest(people: u32) -> Problem {
    let mut random = Random::new(31);
    let mut pairs = Vec::new();
    for second in (2..people).step_by(2) {
        let first = second - 1;
        let score = 2 * (people - second).cast_signed();
        pairs.push((random.below(first), first, score));
        pairs.push((random.below(first), second, score));
        pairs.push((first, second, score));
    }
    Problem::peers(people, pairs)
}

fn scatter(people: u32, pairs: &mut Vec<(u32, u32, i32)>, random: &mut Random) {
    for a in 0..people {
        let b = random.below(people);
        if a != b {
            pairs.push((a.min(b), a.max(b), random.below(100).cast_signed()));
        }
    }
    pairs.sort_unstable_by_key(|&(a, b, score)| (a, b, -score));
    pairs.dedup_by_key(|&mut (a, b, _)| (a, b));
}

fn some_pairs(people: u32, random: &mut Random, score: impl Fn(u32, u32, &mut Random) -> i32) -> Problem {
    let mut pairs = Vec::new();
    for b in 0..people {
        for a in 0..b {
            if random.chance(3, 4) {
                pairs.push((a, b, score(a, b, random)));
            }
        }
    }
    Problem::peers(people, pairs)
}
