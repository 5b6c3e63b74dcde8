//! The order of the input changes nothing, and ties are not always broken in the same people's favor.

use super::crowd::{Crowd, Range};
use super::families;
use super::instances::{Shape, random_input};
use super::random::Random;
use crate::matching::{Feature, Input, Kind, Objective, Person, Plan, Role, Scored, ScoredPlan, plan, plan_scored};

/// The plan with people named by stable ids.
fn by_id(input: &Input, plan: &Plan) -> String {
    let id = |person: usize| input.people[person].id;
    let pairs: Vec<_> =
        plan.pairs.iter().map(|pair| (id(pair.a), id(pair.b), pair.score, pair.pinned, &pair.contributions)).collect();
    let alone: Vec<_> = plan
        .non_matches
        .iter()
        .map(|found| (id(found.person), found.reason, found.considered, &found.removals, found.relaxation))
        .collect();
    format!("{pairs:?} {alone:?} {:?} {} {:?}", plan.certificate, plan.blocking_pairs, plan.histogram)
}

#[test]
fn shuffling_the_input_changes_nothing() {
    let mut random = Random::new(50);
    for round in 0..400usize {
        let shape = Shape {
            kind: [Kind::Peer, Kind::Mentoring][round % 2],
            objective: [Objective::Participation, Objective::Score][round / 2 % 2],
            people: 2 + random.below::<usize>(80),
            tags: 3,
            capacity: 3,
            priorities: 2,
            strictness: 3,
        };
        let input = random_input(shape, &mut random);
        let expected = by_id(&input, &plan(&input).expect("valid"));
        let mut order: Vec<usize> = (0..input.people.len()).collect();
        random.shuffle(&mut order);
        let place = |person: usize| order.iter().position(|&other| other == person).expect("there");
        let mut shuffled = input.clone();
        shuffled.people = order.iter().map(|&person| input.people[person].clone()).collect();
        for bar in &mut shuffled.barred {
            (bar.a, bar.b) = (place(bar.b), place(bar.a));
        }
        for pin in &mut shuffled.pins {
            *pin = (place(pin.1), place(pin.0));
        }
        random.shuffle(&mut shuffled.barred);
        assert_eq!(by_id(&shuffled, &plan(&shuffled).expect("valid")), expected);
    }
}

/// The plan from given scores with people named by stable ids.
fn scored_by_id(scored: &Scored, plan: &ScoredPlan) -> String {
    let id = |person: usize| scored.people[person].id;
    let pairs: Vec<_> = plan.pairs.iter().map(|&(a, b, score)| (id(a), id(b), score)).collect();
    format!("{pairs:?} {} {} {:?}", plan.total_score, plan.matched_people, plan.certificate)
}

#[test]
fn shuffling_given_scores_changes_nothing() {
    let mut random = Random::new(51);
    let mut runs = Vec::new();
    for round in 0..600usize {
        let people = random.below(40);
        let mentors = [None, Some(people / 3)][round % 2];
        let crowd = Crowd { people, mentors, capacity: 1 + random.below::<u64>(3), priorities: 2 };
        let range = Range::ALL[random.below::<usize>(9)];
        let density = 1 + random.below::<u64>(4);
        let mut pairs = Vec::new();
        for (a, b) in crowd.possible() {
            if random.chance(density, 4) {
                pairs.push((a, b, range.score(&mut random)));
            }
        }
        runs.push(crowd.run([Objective::Participation, Objective::Score][round / 2 % 2], pairs, &mut random));
    }
    for people in [30, 61] {
        for (_, pairs) in families::all(people, &mut random) {
            runs.push(Crowd::peers(people).run(Objective::Participation, pairs, &mut random));
        }
    }
    for scored in runs {
        let expected = scored_by_id(&scored, &plan_scored(&scored).expect("valid"));
        let mut order: Vec<usize> = (0..scored.people.len()).collect();
        random.shuffle(&mut order);
        let mut place = vec![0; order.len()];
        for (at, &person) in order.iter().enumerate() {
            place[person] = at;
        }
        let mut shuffled = scored.clone();
        shuffled.people = order.iter().map(|&person| scored.people[person]).collect();
        for (a, b, _) in &mut shuffled.pairs {
            (*a, *b) = (place[*b], place[*a]);
        }
        random.shuffle(&mut shuffled.pairs);
        assert_eq!(scored_by_id(&shuffled, &plan_scored(&shuffled).expect("valid")), expected);
    }
}

#[test]
fn every_seed_leaves_somebody_else_over() {
    let people = (0..5).map(|id| Person {
        id,
        role: Role::Peer,
        capacity: 1,
        taken: 0,
        priority: 1,
        features: vec![Feature::Missing],
    });
    let mut input = Input {
        kind: Kind::Peer,
        objective: Objective::Participation,
        people: people.collect(),
        criteria: Vec::new(),
        minimum_score: 0,
        pins: Vec::new(),
        barred: Vec::new(),
        seed: 0,
    };
    let mut left_over = [0; 5];
    for seed in 0..500 {
        input.seed = seed;
        let first = plan(&input).expect("valid");
        assert_eq!(first, plan(&input).expect("valid"));
        left_over[first.non_matches[0].person] += 1;
    }
    assert!(left_over.iter().all(|&times| times > 60), "{left_over:?}");
}
