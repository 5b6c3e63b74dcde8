//! Whole plans against enumeration, and larger ones by their certificate.

use super::instances::{Shape, achieved, allowed_pairs, best_by_trying, random_input};
use super::random::Random;
use crate::matching::input::{Input, Kind, Objective};
use crate::matching::plan;

const KINDS: [Kind; 2] = [Kind::Peer, Kind::Mentoring];
const OBJECTIVES: [Objective; 2] = [Objective::Participation, Objective::Score];

fn check_against_trying(input: &Input) {
    let plan = plan(input).unwrap_or_else(|fault| panic!("{fault}: {input:?}"));
    let (pairs, free) = allowed_pairs(input);
    let chosen: Vec<_> = plan
        .pairs
        .iter()
        .filter(|pair| !pair.pinned)
        .map(|pair| (pair.a.min(pair.b), pair.a.max(pair.b), u64::from(pair.score)))
        .collect();
    assert!(chosen.iter().all(|pair| pairs.contains(pair)));
    assert_eq!(achieved(input, &chosen), best_by_trying(input, &pairs, &free), "{input:?}");
    assert!(plan.certificate.certified && plan.certificate.primal == plan.certificate.dual);
}

#[test]
fn small_plans_are_the_best_of_all_plans() {
    let mut random = Random::new(10);
    for round in 0..6_000u64 {
        let shape = Shape {
            kind: KINDS[random.below::<usize>(2)],
            objective: OBJECTIVES[random.below::<usize>(2)],
            people: random.below(8),
            tags: 2 + random.below::<u64>(4),
            capacity: 1 + round % 3,
            priorities: 1 + random.below::<u64>(4),
            strictness: random.below(8),
        };
        let input = random_input(shape, &mut random);
        let dense = allowed_pairs(&input).0.len();
        if dense <= 13 || (shape.capacity == 1 && dense <= 21) {
            check_against_trying(&input);
        }
    }
}
