//! What rules mean, in numbers worked out by hand; and that everything said about a plan is true.

use super::instances::{Shape, allowed, random_input};
use super::random::Random;
use crate::matching::explain::explain;
use crate::matching::judge::{Card, holds, score, values};
use crate::matching::{
    Contribution, Criterion, Feature, Input, Kind, Objective, Pair, Person, Role, Rule, Strength, plan,
};

fn somebody(features: &[Feature]) -> Person {
    Person { id: 0, role: Role::Peer, capacity: 1, taken: 0, priority: 1, features: features.to_vec() }
}

fn tags(tags: &[u32]) -> Feature {
    Feature::Tags(tags.to_vec())
}

/// Whether a rule holds between two people's answers as a `MUST`, and what it is worth to each side.
fn judge_as(kind: Kind, rule: Rule, a: &[Feature], b: &[Feature]) -> (bool, [u16; 2]) {
    let mut input = two(&[Criterion { rule, strength: Strength::Must }]);
    input.people = vec![somebody(a), somebody(b)];
    let cards = Card::all(&input);
    (holds(kind, rule, &cards[0], &cards[1]), values(rule, &cards[0], &cards[1]))
}

fn judge(rule: Rule, a: &[Feature], b: &[Feature]) -> (bool, [u16; 2]) {
    judge_as(Kind::Peer, rule, a, b)
}

/// The same where each has given one answer.
fn judge_one(rule: Rule, a: &Feature, b: &Feature) -> (bool, [u16; 2]) {
    judge(rule, std::slice::from_ref(a), std::slice::from_ref(b))
}

#[test]
fn same_and_different() {
    let (same, different) = (Rule::Same { feature: 0 }, Rule::Different { feature: 0 });
    let number = Feature::Number;
    for (a, b, equal) in [
        (tags(&[1, 2]), tags(&[1, 2]), true),
        (tags(&[1, 2]), tags(&[1]), false),
        (number(3), number(3), true),
        (number(3), number(4), false),
        (number(3), tags(&[3]), false),
    ] {
        let sides = |holds: bool| (holds, if holds { [1000; 2] } else { [0; 2] });
        assert_eq!(judge_one(same, &a, &b), sides(equal));
        assert_eq!(judge_one(different, &a, &b), sides(!equal));
    }
    for missing in [Feature::Missing, tags(&[])] {
        for rule in [same, different] {
            assert_eq!(judge_one(rule, &missing, &number(1)), (false, [0, 0]));
            assert_eq!(judge_one(rule, &missing, &missing), (false, [0, 0]));
        }
    }
}

#[test]
fn overlap() {
    let rule = Rule::Overlap { feature: 0 };
    assert_eq!(judge(rule, &[tags(&[1, 2, 3])], &[tags(&[2, 9])]), (true, [333, 500]));
    assert_eq!(judge(rule, &[tags(&[1])], &[tags(&[2])]), (false, [0, 0]));
    assert_eq!(judge(rule, &[tags(&[1])], &[Feature::Missing]), (false, [0, 0]));
    assert_eq!(judge(rule, &[tags(&[])], &[tags(&[])]), (false, [0, 0]));
}

#[test]
fn offers() {
    let rule = Rule::Offers { offered: 0, wanted: 1 };
    let person = |offered: &[u32], wanted: &[u32]| [tags(offered), tags(wanted)];
    assert_eq!(judge(rule, &person(&[1, 2], &[3, 4]), &person(&[3], &[1, 2])), (true, [500, 1000]));
    assert_eq!(judge(rule, &person(&[1], &[3]), &person(&[3], &[2])), (false, [1000, 0]));
    assert_eq!(judge(rule, &person(&[1], &[]), &person(&[], &[1])), (true, [500, 1000]));
    assert_eq!(judge(rule, &person(&[], &[]), &[Feature::Missing, Feature::Missing]), (true, [500, 500]));
    // In mentoring, what the mentor wants back cannot exclude.
    let (mentor, mentee) = (person(&[1], &[9]), person(&[2], &[1]));
    assert!(judge_as(Kind::Mentoring, rule, &mentor, &mentee).0);
    assert!(!judge_as(Kind::Peer, rule, &mentor, &mentee).0);
    assert!(!judge_as(Kind::Mentoring, rule, &mentee, &mentor).0);
}

#[test]
fn within() {
    let rule = |at_most, wrap| Rule::Within { feature: 0, at_most, wrap };
    let number = |number| [Feature::Number(number)];
    assert_eq!(judge(rule(4, None), &number(10), &number(10)), (true, [1000; 2]));
    assert_eq!(judge(rule(4, None), &number(10), &number(11)), (true, [800; 2]));
    assert_eq!(judge(rule(4, None), &number(14), &number(10)), (true, [200; 2]));
    assert_eq!(judge(rule(4, None), &number(15), &number(10)), (false, [0; 2]));
    assert_eq!(judge(rule(1, Some(24)), &number(-11), &number(12)), (true, [500; 2]));
    assert_eq!(judge(rule(2, Some(24)), &number(-12), &number(36)), (true, [1000; 2]));
    assert_eq!(judge(rule(u32::MAX, None), &number(i32::MIN), &number(i32::MAX)), (true, [0; 2]));
    assert_eq!(judge(rule(u32::MAX, None), &number(1), &[Feature::Missing]), (false, [0; 2]));
}

/// Two peers and criteria over what they offer, what they want and a number.
fn two(criteria: &[Criterion]) -> Input {
    let mut people = vec![
        somebody(&[tags(&[1, 2, 3]), tags(&[4]), Feature::Number(60)]),
        somebody(&[tags(&[4, 5]), tags(&[2, 7]), Feature::Number(180)]),
    ];
    people[1].id = 1;
    Input {
        kind: Kind::Peer,
        objective: Objective::Participation,
        people,
        criteria: criteria.to_vec(),
        minimum_score: 0,
        pins: Vec::new(),
        barred: Vec::new(),
        seed: 0,
    }
}

#[test]
fn a_contribution_says_everything_there_is_to_say() {
    let prefer = |rule, weight| Criterion { rule, strength: Strength::Prefer { weight } };
    let within = Rule::Within { feature: 2, at_most: 239, wrap: Some(1440) };
    let input = two(&[
        Criterion { rule: within, strength: Strength::Must },
        prefer(Rule::Offers { offered: 0, wanted: 1 }, 2),
        prefer(within, 1),
    ]);
    let plan = plan(&input).expect("valid");
    let must = Contribution {
        criterion: 0,
        must: true,
        value_a: 500,
        value_b: 500,
        points: 0,
        out_of: 0,
        shared: vec![],
        by_a: vec![],
        by_b: vec![],
        apart: Some(120),
    };
    // (2 * 750 + 500) / 3 is 666 and two thirds; 1000 splits into 667 and 333.
    let offers = Contribution {
        criterion: 1,
        must: false,
        value_a: 1000,
        value_b: 500,
        points: 500,
        out_of: 667,
        by_a: vec![2],
        by_b: vec![4],
        apart: None,
        ..must.clone()
    };
    let near = Contribution { criterion: 2, must: false, points: 166, out_of: 333, ..must.clone() };
    let contributions = vec![must, offers, near];
    assert_eq!(plan.pairs, [Pair { a: 0, b: 1, score: 666, pinned: false, contributions }]);
    assert_eq!(plan.histogram, [0, 0, 0, 0, 0, 0, 1, 0, 0, 0]);
}

#[test]
fn without_weights_every_pair_scores_500() {
    let prefer = Criterion { rule: Rule::Overlap { feature: 0 }, strength: Strength::Prefer { weight: 0 } };
    for criteria in [vec![], vec![prefer]] {
        let plan = plan(&two(&criteria)).expect("valid");
        assert_eq!(plan.total_score, 500);
        assert_eq!(plan.pairs[0].contributions.len(), criteria.len());
    }
}

#[test]
fn points_add_up_and_counts_are_true() {
    let mut random = Random::new(40);
    for round in 0..1_500usize {
        let shape = Shape {
            kind: [Kind::Peer, Kind::Mentoring][round % 2],
            objective: Objective::Participation,
            people: 2 + random.below::<usize>(12),
            tags: 4,
            capacity: 2,
            priorities: 2,
            strictness: 4,
        };
        let input = random_input(shape, &mut random);
        let plan = plan(&input).expect("valid");
        let cards = Card::all(&input);
        for a in &cards {
            for b in &cards {
                let (points, contributions) = explain(&input, a, b);
                assert_eq!(points, score(&input, a, b));
                let weighted = contributions.iter().any(|found| found.out_of > 0);
                assert!(contributions.iter().all(|found| found.points <= found.out_of));
                let sum = |part: fn(&Contribution) -> u16| contributions.iter().map(part).sum::<u16>();
                assert_eq!(sum(|found| found.out_of), if weighted { 1000 } else { 0 });
                assert_eq!(sum(|found| found.points), if weighted { points } else { 0 });
            }
        }
        assert_eq!(plan.total_score, plan.pairs.iter().map(|pair| u64::from(pair.score)).sum::<u64>());
        assert_eq!(usize::try_from(plan.histogram.iter().sum::<u32>()), Ok(plan.pairs.len()));
        check_counts(&input, &plan);
    }
}

fn check_counts(input: &Input, plan: &crate::matching::Plan) {
    let partners = |person: usize| plan.pairs.iter().filter(move |pair| pair.a == person || pair.b == person);
    let people = 0..input.people.len();
    let matched = people.clone().filter(|&person| partners(person).count() > 0).count();
    assert_eq!(usize::try_from(plan.matched_people), Ok(matched));
    let alone = |&person: &usize| {
        partners(person).count() == 0 && input.people[person].capacity > 0 && input.people[person].taken == 0
    };
    let mut non_matches: Vec<usize> = plan.non_matches.iter().map(|found| found.person).collect();
    non_matches.sort_unstable();
    assert_eq!(non_matches, people.clone().filter(alone).collect::<Vec<_>>());
    let tempted = |person: usize, score: u16| {
        let capacity = usize::try_from(input.people[person].capacity).expect("small");
        partners(person).count() < capacity || partners(person).any(|pair| pair.score < score)
    };
    let mut blocking = 0;
    for a in people.clone() {
        for b in a + 1..input.people.len() {
            let made = partners(a).any(|pair| pair.a == b || pair.b == b);
            if let Some(score) = allowed(input, a, b).filter(|_| !made) {
                blocking += u64::from(tempted(a, score) && tempted(b, score));
            }
        }
    }
    assert_eq!(plan.blocking_pairs, blocking);
}
