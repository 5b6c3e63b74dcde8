//! Every reason and every relaxation against trying all plans.

use super::instances::{Shape, achieved, allowed, allowed_pairs, best_by_trying, random_input};
use super::random::Random;
use crate::matching::input::{Bar, Input, Kind, Objective, Role, Strength};
use crate::matching::judge::{self, Card};
use crate::matching::{NonMatch, Plan, Reason, Relaxation, RuleRef, plan};

/// The best achievement of a plan in which a person has a partner.
fn best_with(input: &Input, person: usize, pairs: &[(usize, usize, u64)], free: &[u32]) -> Option<(u64, u64)> {
    let of_person = pairs.iter().filter(|&&(a, b, _)| (a == person || b == person) && free[a] > 0 && free[b] > 0);
    of_person
        .map(|&forced| {
            let mut free = free.to_vec();
            free[forced.0] -= 1;
            free[forced.1] -= 1;
            let rest: Vec<_> = pairs.iter().copied().filter(|&pair| pair != forced).collect();
            best_containing(input, forced, &rest, &free)
        })
        .max()
}

/// The best achievement of this pair and any of the rest.
fn best_containing(
    input: &Input,
    forced: (usize, usize, u64),
    rest: &[(usize, usize, u64)],
    free: &[u32],
) -> (u64, u64) {
    fn go(
        input: &Input,
        rest: &[(usize, usize, u64)],
        free: &mut Vec<u32>,
        made: &mut Vec<(usize, usize, u64)>,
        best: &mut (u64, u64),
    ) {
        let Some((&(a, b, score), rest)) = rest.split_first() else {
            *best = (*best).max(achieved(input, made));
            return;
        };
        if free[a] > 0 && free[b] > 0 {
            free[a] -= 1;
            free[b] -= 1;
            made.push((a, b, score));
            go(input, rest, free, made, best);
            made.pop();
            free[a] += 1;
            free[b] += 1;
        }
        go(input, rest, free, made, best);
    }
    let mut best = (0, 0);
    go(input, rest, &mut free.to_vec(), &mut vec![forced], &mut best);
    best
}

/// Pairs of a person with open people that break exactly this rule.
fn held_back_by(input: &Input, person: usize, rule: RuleRef, free: &[u32]) -> Vec<(usize, usize, u64)> {
    let cards = Card::all(input);
    let mut pairs = Vec::new();
    for (other, &places) in free.iter().enumerate() {
        let (a, b) = (person.min(other), person.max(other));
        let (one, two) = (&input.people[a], &input.people[b]);
        if a == b || places == 0 || (input.kind == Kind::Mentoring && one.role == two.role) {
            continue;
        }
        let (one, two) = if two.role == Role::Mentor { (b, a) } else { (a, b) };
        let (one, two) = (&cards[one], &cards[two]);
        let mut broken = Vec::new();
        for (number, criterion) in input.criteria.iter().enumerate() {
            if criterion.strength == Strength::Must && !judge::holds(input.kind, criterion.rule, one, two) {
                broken.push(RuleRef::Criterion(number));
            }
        }
        let bars: Vec<Bar> = input
            .barred
            .iter()
            .filter(|bar| (bar.a.min(bar.b), bar.a.max(bar.b)) == (a, b))
            .map(|bar| bar.why)
            .collect();
        if bars.contains(&Bar::PastPartner) {
            broken.push(RuleRef::PastPartners);
        }
        if bars.iter().any(|&why| why != Bar::PastPartner) {
            broken.push(RuleRef::Constraints);
        }
        let score = judge::score(input, one, two);
        if score < input.minimum_score {
            broken.push(RuleRef::MinimumScore);
        }
        if broken == [rule] {
            pairs.push((a, b, u64::from(score)));
        }
    }
    pairs
}

fn gains(input: &Input, pairs: &[(usize, usize, u64)], more: &[(usize, usize, u64)], free: &[u32]) -> bool {
    let best = best_by_trying(input, pairs, free);
    best_by_trying(input, &[pairs, more].concat(), free) > best
}

fn check(input: &Input, plan: &Plan, found: &NonMatch) {
    let (pairs, free) = allowed_pairs(input);
    let person = found.person;
    let candidates: Vec<usize> =
        (0..input.people.len()).filter(|&other| other != person && allowed(input, person, other).is_some()).collect();
    let best = best_by_trying(input, &pairs, &free);
    let lost = match found.reason {
        Reason::LostOnPriority | Reason::LostOnTotalScore => true,
        Reason::OddOneOut => {
            assert!(candidates.iter().any(|&other| free[other] > 0));
            false
        }
        Reason::AllCandidatesFull => {
            assert!(!candidates.is_empty() && candidates.iter().all(|&other| free[other] == 0));
            false
        }
        Reason::NoCandidateMust | Reason::OnlyPastPartners | Reason::ExcludedByConstraint | Reason::BelowMinScore => {
            assert!(candidates.is_empty());
            false
        }
    };
    if lost && input.people[person].role != Role::Mentor {
        let with = best_with(input, person, &pairs, &free).expect("somebody has a place");
        let first_goal_kept = with.0 == best.0;
        let on_priority = first_goal_kept != (input.objective == Objective::Participation);
        assert_eq!(found.reason == Reason::LostOnPriority, on_priority, "{found:?} {input:?}");
    }
    check_relaxation(input, plan, found, &pairs, &free, &candidates);
}

fn check_relaxation(
    input: &Input,
    plan: &Plan,
    found: &NonMatch,
    pairs: &[(usize, usize, u64)],
    free: &[u32],
    candidates: &[usize],
) {
    let person = found.person;
    let held_back = |rule: RuleRef| held_back_by(input, person, rule, free);
    let relaxable = || {
        let criteria = (0..input.criteria.len()).map(RuleRef::Criterion);
        criteria.chain([RuleRef::PastPartners, RuleRef::MinimumScore])
    };
    match found.relaxation {
        Some(Relaxation::DropCriterion(number)) => {
            assert!(gains(input, pairs, &held_back(RuleRef::Criterion(number)), free), "{found:?} {input:?}");
        }
        Some(Relaxation::AllowPastPartners) => {
            assert!(gains(input, pairs, &held_back(RuleRef::PastPartners), free), "{found:?} {input:?}");
        }
        Some(Relaxation::LowerMinimumScore(to)) => {
            let mut more = held_back(RuleRef::MinimumScore);
            more.retain(|&(_, _, score)| score >= u64::from(to));
            assert!(gains(input, pairs, &more, free), "{found:?} {input:?}");
            more.retain(|&(_, _, score)| score > u64::from(to));
            assert!(!gains(input, pairs, &more, free), "{found:?} {input:?}");
        }
        Some(Relaxation::OneMorePlace { candidates: count }) => {
            let filled = |other: usize| {
                let made = plan.pairs.iter().filter(|pair| !pair.pinned && (pair.a == other || pair.b == other));
                u32::try_from(made.count()).expect("small") == free[other]
            };
            let full: Vec<usize> = candidates.iter().copied().filter(|&other| filled(other)).collect();
            assert_eq!(usize::try_from(count), Ok(full.len()));
            for other in full {
                let mut more = input.clone();
                more.people[other].capacity += 1;
                more.pins.push((person, other));
                let after = crate::matching::plan(&more).expect("valid");
                assert!(after.non_matches.iter().all(|non_match| non_match.person != person));
            }
        }
        Some(Relaxation::OneMoreParticipant) => {
            assert!(found.reason == Reason::OddOneOut || found.considered == 0);
        }
        None => {
            for rule in relaxable() {
                let more = held_back(rule);
                assert!(!gains(input, pairs, &more, free), "{rule:?} {found:?} {input:?}");
            }
        }
    }
}

#[test]
fn reasons_and_relaxations_agree_with_trying_all_plans() {
    let mut random = Random::new(20);
    let mut reasons = Vec::new();
    let mut relaxations = Vec::new();
    for round in 0..6_000u64 {
        let shape = Shape {
            kind: [Kind::Peer, Kind::Mentoring][random.below::<usize>(2)],
            objective: [Objective::Participation, Objective::Score][random.below::<usize>(2)],
            people: 1 + random.below::<usize>(7),
            tags: 2 + random.below::<u64>(3),
            capacity: 1 + round % 2,
            priorities: 1 + random.below::<u64>(4),
            strictness: random.below(10),
        };
        let input = random_input(shape, &mut random);
        let (pairs, _) = allowed_pairs(&input);
        if pairs.len() > 11 {
            continue;
        }
        let plan = plan(&input).unwrap_or_else(|fault| panic!("{fault}: {input:?}"));
        for found in &plan.non_matches {
            check(&input, &plan, found);
            reasons.push(format!("{:?}", found.reason));
            relaxations.push(format!(
                "{:?}",
                found.relaxation.map(|relaxation| match relaxation {
                    Relaxation::DropCriterion(_) => "drop",
                    Relaxation::AllowPastPartners => "past",
                    Relaxation::LowerMinimumScore(_) => "minimum",
                    Relaxation::OneMorePlace { .. } => "place",
                    Relaxation::OneMoreParticipant => "participant",
                })
            ));
        }
    }
    // Every reason and every relaxation has been seen often enough to mean something.
    for (list, kinds) in [(&mut reasons, 8), (&mut relaxations, 6)] {
        list.sort_unstable();
        let counts: Vec<usize> = list.chunk_by(|a, b| a == b).map(<[String]>::len).collect();
        assert_eq!(counts.len(), kinds);
        assert!(counts.iter().all(|&count| count >= 10), "{counts:?}");
    }
}
