//! Whatever the numbers are, given scores lead to a clear refusal or to the best plan; and deep graphs need no deep stack.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::crowd::{Crowd, Scores};
use super::families;
use super::random::Random;
use super::reference::{best, examined};
use crate::matching::{Fault, Kind, Objective, Role, Scored, ScoredPerson, plan_scored};

fn person() -> impl Strategy<Value = ScoredPerson> {
    let id = prop_oneof![9 => any::<u128>(), 1 => 0..3u128];
    let role = prop_oneof![Just(Role::Peer), Just(Role::Mentor), Just(Role::Mentee)];
    let capacity = prop_oneof![6 => 0..4u32, 1 => Just(u32::MAX)];
    let priority = prop_oneof![1 => Just(0), 60 => 1..4u32, 4 => Just(u32::MAX)];
    (id, role, capacity, priority).prop_map(|(id, role, capacity, priority)| ScoredPerson {
        id,
        role,
        capacity,
        priority,
    })
}

fn pair() -> impl Strategy<Value = (usize, usize, i64)> {
    let score = prop_oneof![6 => -2..6i64, 1 => any::<i64>(), 1 => Just(i64::MIN), 1 => Just(i64::MAX)];
    let index = || prop_oneof![60 => 0..7usize, 1 => Just(usize::MAX)];
    (index(), index(), score)
}

/// Any input at all. Three of four get sensible roles and pairs, else hardly any would be valid.
fn scored() -> impl Strategy<Value = Scored> {
    let kind = prop_oneof![Just(Kind::Peer), Just(Kind::Mentoring)];
    let objective = prop_oneof![Just(Objective::Participation), Just(Objective::Score)];
    let people = proptest::collection::vec(person(), 0..7);
    let pairs = proptest::collection::vec(pair(), 0..20);
    let raw = (kind, objective, people, pairs, any::<u64>());
    (raw, 0..4).prop_map(|((kind, objective, people, pairs, seed), sense)| {
        let mut scored = Scored { kind, objective, people, pairs, seed };
        if sense > 0 {
            make_sense(&mut scored);
        }
        scored
    })
}

fn make_sense(scored: &mut Scored) {
    for (number, person) in scored.people.iter_mut().enumerate() {
        person.role = match scored.kind {
            Kind::Peer => Role::Peer,
            Kind::Mentoring => [Role::Mentee, Role::Mentor][number % 2],
        };
    }
    let mut pairs = std::mem::take(&mut scored.pairs);
    pairs.retain(|&(a, b, _)| pair_makes_sense(scored, a, b));
    pairs.sort_by_key(|&(a, b, _)| (a.min(b), a.max(b)));
    pairs.dedup_by_key(|&mut (a, b, _)| (a.min(b), a.max(b)));
    scored.pairs = pairs;
}

fn pair_makes_sense(scored: &Scored, a: usize, b: usize) -> bool {
    let (Some(one), Some(other)) = (scored.people.get(a), scored.people.get(b)) else { return false };
    a != b && (scored.kind == Kind::Peer || one.role != other.role)
}

/// Whether there is nothing wrong with an input.
fn makes_sense(scored: &Scored) -> bool {
    let ids: BTreeSet<u128> = scored.people.iter().map(|person| person.id).collect();
    let pairs: BTreeSet<_> = scored.pairs.iter().map(|&(a, b, _)| (a.min(b), a.max(b))).collect();
    ids.len() == scored.people.len()
        && pairs.len() == scored.pairs.len()
        && scored.people.iter().all(|person| (scored.kind == Kind::Peer) == (person.role == Role::Peer))
        && scored.people.iter().all(|person| person.priority > 0)
        && scored.pairs.iter().all(|&(a, b, _)| pair_makes_sense(scored, a, b))
}

/// Whether numbers are so large that the engine may give up.
fn is_large(scored: &Scored) -> bool {
    scored.people.iter().any(|person| person.priority > 1000)
        || scored.pairs.iter().any(|pair| pair.2.unsigned_abs() > 1_000_000)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_scores_are_refused_clearly_or_planned_best(scored in scored()) {
        match plan_scored(&scored) {
            Ok(plan) => {
                prop_assert!(makes_sense(&scored), "accepted");
                prop_assert_eq!(examined(&scored, &plan), best(&scored));
            }
            Err(Fault::TooLarge | Fault::ScoresTooLarge) => prop_assert!(is_large(&scored)),
            Err(fault) => {
                prop_assert!(!makes_sense(&scored), "{}", fault);
                let certified = !matches!(fault, Fault::NotCertified { .. });
                prop_assert!(certified && fault.to_string().contains(':'), "{}", fault);
            }
        }
    }
}

/// Plans in a thread with a stack of 256 kB.
fn plan_on_a_small_stack(scored: Scored) {
    let plan = std::thread::Builder::new().stack_size(256 * 1024).spawn(move || {
        let plan = plan_scored(&scored).unwrap_or_else(|fault| panic!("{fault}"));
        examined(&scored, &plan);
    });
    plan.expect("a thread").join().expect("no overflow");
}

fn run(people: usize, objective: Objective, pairs: Scores) -> Scored {
    Crowd::peers(people).run(objective, pairs, &mut Random::new(220))
}

#[test]
fn a_path_of_two_hundred_thousand_needs_no_deep_stack() {
    plan_on_a_small_stack(run(200_000, Objective::Participation, families::path(200_000)));
    plan_on_a_small_stack(run(200_001, Objective::Score, families::path(200_001)));
}

#[test]
fn blossoms_nested_ten_thousand_deep_need_no_deep_stack() {
    for near in [true, false] {
        let pairs = families::nested(20_001, near, &mut Random::new(221));
        plan_on_a_small_stack(run(20_001, Objective::Score, pairs.clone()));
        plan_on_a_small_stack(run(20_001, Objective::Participation, pairs));
    }
}

#[test]
fn a_pair_that_only_costs_is_not_made_however_many_places_there_are() {
    let person = |id| ScoredPerson { id, role: Role::Peer, capacity: 2, priority: 1 };
    let people = (0..3).map(person).collect();
    let mut scored = Scored { kind: Kind::Peer, objective: Objective::Score, people, pairs: vec![(2, 1, -1)], seed: 0 };
    assert!(plan_scored(&scored).expect("valid").pairs.is_empty());
    scored.objective = Objective::Participation;
    assert_eq!(plan_scored(&scored).expect("valid").pairs, [(1, 2, -1)]);
}

#[test]
fn nobody_and_nobody_for_anybody() {
    for (kind, role) in [(Kind::Peer, Role::Peer), (Kind::Mentoring, Role::Mentor), (Kind::Mentoring, Role::Mentee)] {
        for objective in [Objective::Participation, Objective::Score] {
            for people in 0..4 {
                let person = |id| ScoredPerson { id, role, capacity: u32::MAX, priority: u32::MAX };
                let people: Vec<_> = (0..people).map(person).collect();
                let scored = Scored { kind, objective, people, pairs: Vec::new(), seed: 0 };
                let plan = plan_scored(&scored).expect("valid");
                assert!(plan.pairs.is_empty());
                assert_eq!(examined(&scored, &plan), (0, 0));
            }
        }
    }
}
