//! Large plans by their certificates, the two solvers against each other, and forged proofs.

use super::instances::{Shape, random_input};
use super::random::Random;
use crate::matching::blossom::Matcher;
use crate::matching::candidates::Candidate;
use crate::matching::cover::Cover;
use crate::matching::half::Half;
use crate::matching::input::{Criterion, Feature, Input, Kind, Objective, Role, Rule, Strength};
use crate::matching::judge::Card;
use crate::matching::mentoring::Mentoring;
use crate::matching::pairs::{Pairs, Room};
use crate::matching::peers::Peers;
use crate::matching::places::Places;
use crate::matching::roster::Roster;
use crate::matching::stakes::Stakes;
use crate::matching::verify::Verifier;
use crate::matching::{Fault, plan};

fn shape(kind: Kind, people: usize) -> Shape {
    Shape { kind, objective: Objective::Participation, people, tags: 12, capacity: 3, priorities: 3, strictness: 4 }
}

#[test]
fn plans_of_many_shapes_are_certified() {
    let mut random = Random::new(60);
    for round in 0..120usize {
        let input = random_input(
            Shape {
                objective: [Objective::Participation, Objective::Score][round / 2 % 2],
                tags: [2, 5, 30][round % 3],
                strictness: random.below(12),
                capacity: 1 + random.below::<u64>(4),
                ..shape([Kind::Peer, Kind::Mentoring][round % 2], 60 + random.below::<usize>(240))
            },
            &mut random,
        );
        let plan = plan(&input).unwrap_or_else(|fault| panic!("{fault}"));
        assert!(plan.certificate.certified);
    }
}

#[test]
fn a_thousand_people_with_hubs_and_ties() {
    let mut random = Random::new(61);
    for (kind, people) in [(Kind::Peer, 1001), (Kind::Mentoring, 1500)] {
        for hubs in [false, true] {
            let mut input = random_input(shape(kind, people), &mut random);
            input.criteria =
                vec![Criterion { rule: Rule::Overlap { feature: 1 }, strength: Strength::Prefer { weight: 1 } }];
            input.minimum_score = 0;
            for (number, person) in input.people.iter_mut().enumerate() {
                // With hubs, everybody prefers the same few; without, everybody is the same.
                let tags = if hubs && number % 50 > 0 { vec![random.below::<u32>(30)] } else { (0..30).collect() };
                person.features[1] = Feature::Tags(tags);
            }
            let plan = plan(&input).unwrap_or_else(|fault| panic!("{fault}"));
            assert!(plan.certificate.certified);
        }
    }
}

/// All allowed pairs of open people.
fn all_pairs(pairs: &Pairs<'_>, stakes: &Stakes) -> Vec<Candidate> {
    let mut open = Vec::new();
    for a in 0..pairs.rows() {
        pairs.row(a, &mut Room::default()).each(|b, score| {
            if stakes.free[a] > 0 && stakes.free[b] > 0 {
                open.push((a, b, score));
            }
        });
    }
    open
}

#[test]
fn the_general_solver_agrees_on_mentors_and_mentees() {
    let mut random = Random::new(62);
    for round in 0..150usize {
        let mut input = random_input(shape(Kind::Mentoring, 10 + random.below::<usize>(70)), &mut random);
        input.pins.clear();
        input.objective = [Objective::Participation, Objective::Score][round % 2];
        let roster = Roster::new(&input);
        let cards = Card::all(&input);
        let stakes = Stakes::new(&input, &roster).expect("small");
        let table = Pairs::scored(&input, &roster, &|_| {});
        let places = Places::new(&stakes).expect("small");
        let pairs = all_pairs(&table, &stakes);
        let (graph, gates) = places.graph(&stakes, &pairs).expect("small");
        let mut half = Half::default();
        half.extend(&graph, &places.shares(&stakes, &gates));
        half.solve(&graph);
        let mut matcher = Matcher::new(graph, &half);
        matcher.solve();
        let general = places.pairs(matcher.mates(), &gates);
        let special = Mentoring::solve(&table, &stakes).pairs;
        let verifier = Verifier::new(&input, &roster, &[], &stakes, &cards, &|_| {}).expect("valid");
        assert_eq!(verifier.worth(&general), verifier.worth(&special));
    }
}

#[test]
fn surcharges_around_two_vertices_are_those_of_climbing() {
    let mut random = Random::new(63);
    for _ in 0..300 {
        let count: usize = random.below(12);
        let mut forest = Vec::new();
        for number in 0..count {
            let around =
                (number > 0 && random.chance(2, 3)).then(|| random.below(u64::try_from(number).expect("small")));
            forest.push((around, random.below::<i64>(9)));
        }
        let vertices = 2 + random.below::<usize>(20);
        let innermost: Vec<Option<usize>> = (0..vertices)
            .map(|_| (count > 0 && random.chance(4, 5)).then(|| random.below(u64::try_from(count).expect("small"))))
            .collect();
        let cover = Cover::new(&forest, &innermost);
        let chain = |vertex: usize| {
            std::iter::successors(innermost[vertex], |&blossom: &usize| forest[blossom].0).collect::<Vec<usize>>()
        };
        for u in 0..vertices {
            for v in (0..vertices).filter(|&v| v != u) {
                let both = chain(u).into_iter().filter(|blossom| chain(v).contains(blossom));
                assert_eq!(cover.shared(u, v), both.map(|blossom| forest[blossom].1).sum::<i64>());
            }
        }
    }
}

fn fails(result: &Result<crate::matching::Certificate, Fault>) -> bool {
    matches!(result, Err(Fault::NotCertified { .. }))
}

#[test]
fn forged_proofs_among_peers_are_refused() {
    let mut random = Random::new(64);
    for _ in 0..60 {
        let mut input = random_input(shape(Kind::Peer, 25), &mut random);
        input.pins.clear();
        let roster = Roster::new(&input);
        let cards = Card::all(&input);
        let stakes = Stakes::new(&input, &roster).expect("small");
        let table = Pairs::scored(&input, &roster, &|_| {});
        let peers = Peers::solve(&table, &stakes).expect("small");
        let (pairs, proof) = (peers.pairs(), peers.proof());
        let verifier = Verifier::new(&input, &roster, &[], &stakes, &cards, &|_| {}).expect("valid");
        assert!(verifier.peers(&pairs, &proof).is_ok());
        let Some((_, fewer)) = pairs.split_first() else { continue };
        if verifier.worth(fewer) != verifier.worth(&pairs) {
            assert!(fails(&verifier.peers(fewer, &proof)), "a worse plan");
        }
        assert!(fails(&verifier.peers(&[&pairs[..], &pairs[..1]].concat(), &proof)), "a pair twice");
        for vertex in 0..proof.prices.len() {
            let mut forged = proof.clone();
            forged.prices[vertex] -= 1;
            assert!(fails(&verifier.peers(&pairs, &forged)), "a price too low");
            forged.prices[vertex] += 2;
            assert!(fails(&verifier.peers(&pairs, &forged)), "a price too high");
        }
        for blossom in 0..proof.blossoms.len() {
            let mut forged = proof.clone();
            forged.blossoms[blossom].1 -= 1;
            assert!(fails(&verifier.peers(&pairs, &forged)), "a surcharge too low");
            forged.blossoms[blossom].0 = Some(blossom);
            assert!(fails(&verifier.peers(&pairs, &forged)), "a blossom around itself");
        }
        let mut forged = proof.clone();
        forged.places.of.swap(0, 1);
        forged.prices.pop();
        assert!(fails(&verifier.peers(&pairs, &forged)), "lists of the wrong length");
    }
}

#[test]
fn forged_proofs_of_mentoring_are_refused() {
    let mut random = Random::new(65);
    for _ in 0..60 {
        let mut input = random_input(shape(Kind::Mentoring, 25), &mut random);
        input.pins.clear();
        let roster = Roster::new(&input);
        let cards = Card::all(&input);
        let stakes = Stakes::new(&input, &roster).expect("small");
        let table = Pairs::scored(&input, &roster, &|_| {});
        let solved = Mentoring::solve(&table, &stakes);
        let verifier = Verifier::new(&input, &roster, &[], &stakes, &cards, &|_| {}).expect("valid");
        assert!(verifier.mentoring(&solved.pairs, &solved.prices).is_ok());
        let Some((&(mentee, mentor), fewer)) = solved.pairs.split_first() else { continue };
        if verifier.worth(fewer) != verifier.worth(&solved.pairs) {
            assert!(fails(&verifier.mentoring(fewer, &solved.prices)), "a worse plan");
        }
        let far = i64::MAX / 1_000_000;
        for (person, shift) in [(mentee, far), (mentee, -far), (mentor, far), (mentor, -far)] {
            let mut forged = solved.prices.clone();
            forged[person] += shift;
            assert!(fails(&verifier.mentoring(&solved.pairs, &forged)), "a price far off");
        }
    }
}

#[test]
fn plans_that_are_not_allowed_are_refused() {
    let mut random = Random::new(66);
    let mut input: Input = random_input(shape(Kind::Peer, 6), &mut random);
    input.pins.clear();
    input.barred.clear();
    input.criteria.clear();
    input.minimum_score = 0;
    for person in &mut input.people {
        person.capacity = 1;
        person.role = Role::Peer;
    }
    let roster = Roster::new(&input);
    let cards = Card::all(&input);
    let stakes = Stakes::new(&input, &roster).expect("small");
    let verifier = Verifier::new(&input, &roster, &[], &stakes, &cards, &|_| {}).expect("valid");
    assert!(verifier.worth(&[(0, 1), (2, 3)]).is_ok());
    assert!(verifier.worth(&[(0, 1), (1, 2)]).is_err(), "two partners for one place");
    assert!(verifier.worth(&[(0, 0)]).is_err(), "a person with themselves");
    let greedy = Stakes { step: 1, ..stakes };
    assert!(Verifier::new(&input, &roster, &[], &greedy, &cards, &|_| {}).is_err(), "units that mix the goals up");
}
