//! Inputs that mean nothing are refused with words that help; odd ones that mean something are planned.

use super::instances::{Shape, random_input};
use super::random::Random;
use crate::matching::{
    Bar, Barred, Criterion, Fault, Feature, Input, Kind, Objective, Person, Reason, Relaxation, Role, Rule, Strength,
    plan,
};

fn person(id: u128, role: Role) -> Person {
    Person { id, role, capacity: 1, taken: 0, priority: 1, features: vec![Feature::Missing] }
}

fn program(kind: Kind, people: Vec<Person>) -> Input {
    Input {
        kind,
        objective: Objective::Participation,
        people,
        criteria: Vec::new(),
        minimum_score: 0,
        pins: Vec::new(),
        barred: Vec::new(),
        seed: 0,
    }
}

fn peers(count: u128) -> Input {
    program(Kind::Peer, (0..count).map(|id| person(id, Role::Peer)).collect())
}

fn refused(change: impl FnOnce(&mut Input)) -> Fault {
    let mut input = peers(3);
    change(&mut input);
    let fault = plan(&input).expect_err("refused");
    assert!(fault.to_string().contains(':'), "says what to do: {fault}");
    fault
}

fn must(rule: Rule) -> Criterion {
    Criterion { rule, strength: Strength::Must }
}

#[test]
fn every_fault_is_found() {
    let bar = |a, b, why| Barred { a, b, why };
    assert_eq!(refused(|input| input.pins.push((0, 3))), Fault::UnknownPerson { index: 3 });
    assert_eq!(refused(|input| input.barred.push(bar(9, 1, Bar::Avoided))), Fault::UnknownPerson { index: 9 });
    assert_eq!(refused(|input| input.pins.push((1, 1))), Fault::SelfPair { person: 1 });
    assert_eq!(refused(|input| input.barred.push(bar(2, 2, Bar::Living))), Fault::SelfPair { person: 2 });
    assert_eq!(refused(|input| input.people[2].id = 1), Fault::DuplicateId { id: 1 });
    assert_eq!(refused(|input| input.people[1].role = Role::Mentor), Fault::RoleOfOtherKind { person: 1 });
    assert_eq!(refused(|input| input.kind = Kind::Mentoring), Fault::RoleOfOtherKind { person: 0 });
    assert_eq!(refused(|input| input.people[2].priority = 0), Fault::NoPriority { person: 2 });
    assert_eq!(
        refused(|input| input.criteria.push(must(Rule::Same { feature: 1 }))),
        Fault::UnknownFeature { criterion: 0, person: 0, feature: 1 }
    );
    assert_eq!(
        refused(|input| {
            input.people[1].features = vec![Feature::Number(3)];
            input.criteria.push(must(Rule::Overlap { feature: 0 }));
        }),
        Fault::WrongFeature { criterion: 0, person: 1, feature: 0 }
    );
    assert_eq!(
        refused(|input| {
            input.people[1].features = vec![Feature::Tags(vec![3])];
            input.criteria.push(must(Rule::Within { feature: 0, at_most: 1, wrap: None }));
        }),
        Fault::WrongFeature { criterion: 0, person: 1, feature: 0 }
    );
    assert_eq!(
        refused(|input| input.people[1].features = vec![Feature::Tags(vec![3, 3])]),
        Fault::UnsortedTags { person: 1, feature: 0 }
    );
    assert_eq!(
        refused(|input| input.criteria.push(must(Rule::Within { feature: 0, at_most: 1, wrap: Some(0) }))),
        Fault::EmptyCircle { criterion: 0 }
    );
    assert_eq!(
        refused(|input| {
            let heavy = Strength::Prefer { weight: u32::MAX };
            input.criteria = vec![Criterion { rule: Rule::Same { feature: 0 }, strength: heavy }; 2];
        }),
        Fault::WeightsTooLarge
    );
    assert_eq!(refused(|input| input.minimum_score = 1001), Fault::MinimumScoreTooHigh { minimum: 1001 });
    for why in [Bar::Forbidden, Bar::Avoided] {
        let fault = refused(|input| {
            input.pins.push((1, 0));
            input.barred.push(bar(0, 1, why));
        });
        assert_eq!(fault, Fault::PinBarred { a: 0, b: 1 }, "and does not tell which bar it was");
    }
    assert_eq!(refused(|input| input.pins = vec![(0, 1), (1, 2)]), Fault::PinsExceedCapacity { person: 1 });
    assert_eq!(
        refused(|input| {
            *input = program(Kind::Mentoring, vec![person(0, Role::Mentor), person(1, Role::Mentor)]);
            input.pins.push((0, 1));
        }),
        Fault::PinSameSide { a: 0, b: 1 }
    );
    assert_eq!(
        refused(|input| {
            *input = peers(10_000);
            input.people.iter_mut().for_each(|person| person.capacity = u32::MAX);
        }),
        Fault::TooLarge
    );
    assert!(Fault::NotCertified { what: "a claim" }.to_string().contains("a claim"));
}

#[test]
fn pins_come_first() {
    let mut input = peers(4);
    input.criteria = vec![must(Rule::Same { feature: 0 })];
    input.minimum_score = 900;
    input.pins = vec![(0, 1), (1, 0), (2, 3)];
    input.barred = vec![Barred { a: 0, b: 1, why: Bar::PastPartner }, Barred { a: 3, b: 2, why: Bar::Living }];
    let plan = plan(&input).expect("valid");
    assert_eq!(plan.pairs.len(), 1, "a pin wins over rules, and a living pair is left alone");
    assert!(plan.pairs.iter().all(|pair| pair.pinned && (pair.a, pair.b) == (0, 1) && pair.contributions.is_empty()));
    assert_eq!((plan.matched_people, plan.total_score), (2, 500));
    assert_eq!(plan.non_matches.len(), 2);
}

#[test]
fn a_pin_takes_a_place_and_ends_the_hurry() {
    // Person 0 has two places; the pin fills one, and the other is worth less than a first partner for 2 and 3.
    let mut input = peers(4);
    input.people[0].capacity = 2;
    input.pins = vec![(0, 1)];
    let plan = plan(&input).expect("valid");
    let pairs: Vec<_> = plan.pairs.iter().map(|pair| (pair.a, pair.b, pair.pinned)).collect();
    assert_eq!(pairs, [(0, 1, true), (2, 3, false)]);
}

#[test]
fn nobody_and_nearly_nobody() {
    for kind in [Kind::Peer, Kind::Mentoring] {
        let plan = plan(&program(kind, Vec::new())).expect("valid");
        assert!(plan.pairs.is_empty() && plan.non_matches.is_empty() && plan.certificate.certified);
    }
    for (kind, role) in [(Kind::Peer, Role::Peer), (Kind::Mentoring, Role::Mentor), (Kind::Mentoring, Role::Mentee)] {
        let mut input = program(kind, vec![person(7, role)]);
        input.people[0].capacity = u32::MAX;
        input.people[0].priority = u16::MAX;
        let plan = plan(&input).expect("valid");
        let [found] = &plan.non_matches[..] else { panic!("one") };
        assert_eq!((found.reason, found.considered), (Reason::NoCandidateMust, 0));
        assert_eq!(found.relaxation, Some(Relaxation::OneMoreParticipant));
    }
}

#[test]
fn no_places_no_partners_and_no_reasons() {
    let mut input = peers(3);
    input.people.iter_mut().for_each(|person| person.capacity = 0);
    let none = plan(&input).expect("valid");
    assert!(none.pairs.is_empty() && none.non_matches.is_empty());
    input.people[1].capacity = 1;
    let full = plan(&input).expect("valid");
    let [found] = &full.non_matches[..] else { panic!("one") };
    assert_eq!((found.person, found.reason), (1, Reason::AllCandidatesFull));
    assert_eq!(found.relaxation, Some(Relaxation::OneMorePlace { candidates: 2 }));
    input.people[1].taken = 1;
    assert!(plan(&input).expect("valid").non_matches.is_empty(), "somebody with a partner is no non-match");
}

#[test]
fn an_odd_one_finds_the_participant_who_was_missing() {
    let odd = plan(&peers(5)).expect("valid");
    let [found] = &odd.non_matches[..] else { panic!("one") };
    assert_eq!((found.reason, found.relaxation), (Reason::OddOneOut, Some(Relaxation::OneMoreParticipant)));
    assert!(plan(&peers(6)).expect("valid").non_matches.is_empty());
}

#[test]
fn extreme_numbers_overflow_nothing() {
    let mut random = Random::new(30);
    for round in 0..300usize {
        let shape = Shape {
            kind: [Kind::Peer, Kind::Mentoring][round % 2],
            objective: [Objective::Participation, Objective::Score][round / 2 % 2],
            people: 6,
            tags: 3,
            capacity: 2,
            priorities: u64::from(u16::MAX),
            strictness: 3,
        };
        let mut input = random_input(shape, &mut random);
        let wrap = [None, Some(1), Some(u32::MAX)][round % 3];
        for at_most in [0, u32::MAX] {
            let rule = Rule::Within { feature: 4, at_most, wrap };
            input.criteria.push(Criterion { rule, strength: Strength::Prefer { weight: 200_000 } });
        }
        for person in &mut input.people {
            person.features[4] = Feature::Number([i32::MIN, i32::MAX, 0][random.below::<usize>(3)]);
            if person.role != Role::Peer {
                person.capacity = u32::MAX;
            }
        }
        plan(&input).expect("valid");
    }
}
