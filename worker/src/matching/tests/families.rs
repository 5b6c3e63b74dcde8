//! Graphs that are hard in one way or another, at any size.

use super::crowd::Scores;
use super::random::Random;

/// A number as a score.
fn score(number: usize) -> i64 {
    i64::try_from(number).expect("small")
}

/// A random number below a size.
fn below(end: usize, random: &mut Random) -> usize {
    random.below(u64::try_from(end).expect("small"))
}

/// A graph under construction, each pair once.
#[derive(Default)]
struct Sketch {
    pairs: std::collections::BTreeMap<(usize, usize), i64>,
}

impl Sketch {
    fn pair(&mut self, a: usize, b: usize, score: i64) {
        if a != b {
            self.pairs.entry((a.min(b), a.max(b))).or_insert(score);
        }
    }

    /// Joins these, in a circle.
    fn circle(&mut self, around: &[usize], mut score: impl FnMut() -> i64) {
        for (at, &one) in around.iter().enumerate() {
            self.pair(one, around[(at + 1) % around.len()], score());
        }
    }

    fn scores(self) -> Scores {
        self.pairs.into_iter().map(|((a, b), score)| (a, b, score)).collect()
    }
}

/// Everybody with everybody.
pub(super) fn complete(people: usize, score: impl Fn(usize, usize) -> i64) -> Scores {
    (0..people).flat_map(|b| (0..b).map(move |a| (a, b))).map(|(a, b)| (a, b, score(a, b))).collect()
}

/// Each possible pair in `part` of `whole` cases, with one of `different` scores from `low`.
pub(super) fn scattered(people: usize, part: u64, whole: u64, low: i64, different: u64, random: &mut Random) -> Scores {
    let mut pairs = complete(people, |_, _| 0);
    pairs.retain(|_| random.chance(part, whole));
    for (_, _, score) in &mut pairs {
        *score = low + random.below::<i64>(different);
    }
    pairs
}

/// About so many partners for everybody.
pub(super) fn sparse(people: usize, partners: usize, low: i64, different: u64, random: &mut Random) -> Scores {
    let mut sketch = Sketch::default();
    for _ in 0..people * partners / 2 {
        let score = low + random.below::<i64>(different);
        sketch.pair(below(people, random), below(people, random), score);
    }
    sketch.scores()
}

/// A path whose scores grow along it.
pub(super) fn path(people: usize) -> Scores {
    (1..people).map(|b| (b - 1, b, score(b))).collect()
}

/// Triangles side by side, each sharing a side with the next.
pub(super) fn strip(people: usize, score: impl Fn(usize) -> i64) -> Scores {
    let mut sketch = Sketch::default();
    for b in 1..people {
        sketch.pair(b - 1, b, score(b));
        sketch.pair(b.saturating_sub(2), b, score(b));
    }
    sketch.scores()
}

/// Odd circles in a row, joined by single pairs from random places, with scores that let circles form and open again.
pub(super) fn circles(people: usize, length: usize, random: &mut Random) -> Scores {
    let mut sketch = Sketch::default();
    let everybody: Vec<usize> = (0..people).collect();
    for (number, circle) in everybody.chunks(length).enumerate() {
        let spread = [1, 3, 40][number % 3];
        sketch.circle(circle, || 20 + random.below::<i64>(spread));
    }
    for _ in 0..people / 2 {
        let score = 10 + random.below::<i64>(25);
        sketch.pair(below(people, random), below(people, random), score);
    }
    sketch.scores()
}

/// Circles of circles: `length` people, then `length` such circles joined in a circle, and so on.
pub(super) fn circles_of_circles(people: usize, length: usize, random: &mut Random) -> Scores {
    let mut sketch = Sketch::default();
    let mut groups: Vec<(usize, usize)> = (0..people).map(|person| (person, person + 1)).collect();
    let mut level = 40;
    while groups.len() > 1 {
        groups = groups
            .chunks(length)
            .map(|around| {
                for (at, &(from, to)) in around.iter().enumerate() {
                    let (next_from, next_to) = around[(at + 1) % around.len()];
                    let score = level + random.below::<i64>(2);
                    sketch.pair(from + below(to - from, random), next_from + below(next_to - next_from, random), score);
                }
                (around[0].0, around[around.len() - 1].1)
            })
            .collect();
        level = (level - 5).max(1);
    }
    sketch.scores()
}

/// Odd circles on stems of even length, the stems in a row.
pub(super) fn flowers(people: usize, random: &mut Random) -> Scores {
    let mut sketch = Sketch::default();
    let everybody: Vec<usize> = (0..people).collect();
    let mut last = 0;
    for flower in everybody.chunks(7) {
        sketch.pair(last, flower[0], 4 + random.below::<i64>(4));
        last = flower[0];
        for stem in flower[..flower.len().min(3)].windows(2) {
            sketch.pair(stem[0], stem[1], 5 + random.below::<i64>(3));
        }
        sketch.circle(&flower[flower.len().min(3) - 1..], || 5 + random.below::<i64>(3));
    }
    sketch.scores()
}

/// Petersen's graph with a circle of any length: an outer circle, an inner star and spokes.
pub(super) fn petersen(people: usize, step: usize, random: &mut Random) -> Scores {
    let mut sketch = Sketch::default();
    let around = people / 2;
    for at in 0..around {
        sketch.pair(at, (at + 1) % around, random.below::<i64>(3));
        sketch.pair(at, at + around, random.below::<i64>(3));
        sketch.pair(at + around, (at + step) % around + around, random.below::<i64>(3));
    }
    sketch.scores()
}

/// One blossom around another around another: on top of the innermost, each two further people close a circle through
/// everything so far. Their scores fall by one from level to level, so that the best prices charge every level.
pub(super) fn nested(people: usize, near: bool, random: &mut Random) -> Scores {
    let mut sketch = Sketch::default();
    let levels = people / 2;
    for level in 1..=levels {
        let (one, other) = (2 * level - 1, 2 * level);
        let inside = |random: &mut Random| if near { one - 1 } else { below(one, random) };
        let score = score(levels + 1 - level);
        sketch.pair(inside(random), one, score);
        sketch.pair(inside(random), other, score);
        sketch.pair(one, other, score);
    }
    let mut pairs = sketch.scores();
    pairs.retain(|&(_, b, _)| b < people);
    pairs
}

/// A few people whom everybody prefers.
pub(super) fn hubs(people: usize, random: &mut Random) -> Scores {
    let hubs = 1 + people / 20;
    let mut sketch = Sketch::default();
    for person in 0..people {
        for hub in 0..hubs {
            sketch.pair(hub, person, 900 + random.below::<i64>(100));
        }
        for _ in 0..3 {
            sketch.pair(person, below(people, random), random.below(100));
        }
    }
    sketch.scores()
}

/// One graph of every family, named.
pub(super) fn all(people: usize, random: &mut Random) -> Vec<(&'static str, Scores)> {
    let far = score(people);
    let mut families = sparse_ones(people, random);
    families.extend([
        ("complete, all alike", complete(people, |_, _| 7)),
        ("complete, distance", complete(people, |a, b| score(b - a))),
        ("complete, nearness", complete(people, |a, b| far - score(b - a))),
        ("complete, sum", complete(people, |a, b| score(a + b))),
        ("complete, product", complete(people, |a, b| score(a * b))),
        ("complete, below zero", complete(people, |a, b| -score(a ^ b))),
        ("complete, exclusive or", complete(people, |a, b| score(a ^ b))),
        ("complete, remainder", complete(people, |a, b| score((a * b) % 7))),
        ("half, few scores", scattered(people, 1, 2, -1, 4, random)),
        ("half, many scores", scattered(people, 1, 2, -1000, 10_000, random)),
    ]);
    families
}

/// One graph of every family with about as many pairs as people, named.
pub(super) fn sparse_ones(people: usize, random: &mut Random) -> Vec<(&'static str, Scores)> {
    let middle = score(people / 2);
    vec![
        ("two partners", sparse(people, 2, 1, 4, random)),
        ("three partners, below zero too", sparse(people, 3, -5, 12, random)),
        ("six partners", sparse(people, 6, 0, 1000, random)),
        ("path", path(people)),
        ("strip, alike", strip(people, |_| 1)),
        ("strip, rising", strip(people, score)),
        ("strip, peak", strip(people, |at| middle - (score(at) - middle).abs())),
        ("strip, waves", strip(people, |at| score(at * at % 11))),
        ("triangles", circles(people, 3, random)),
        ("circles of five", circles(people, 5, random)),
        ("circles of nine", circles(people, 9, random)),
        ("circles of circles of three", circles_of_circles(people, 3, random)),
        ("circles of circles of five", circles_of_circles(people, 5, random)),
        ("flowers", flowers(people, random)),
        ("Petersen", petersen(people, 2, random)),
        ("Petersen, wider", petersen(people, 3, random)),
        ("nested", nested(people, false, random)),
        ("nested, in a row", nested(people, true, random)),
        ("hubs", hubs(people, random)),
    ]
}
