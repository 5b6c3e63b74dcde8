//! Every relaxation in programs too large for trying all plans: made real in the input and planned again.

use super::instances::{Shape, achieved, allowed, random_input};
use super::random::Random;
use crate::matching::input::{Bar, Barred, Input, Kind, Objective, Person, Role, Strength};
use crate::matching::judge::{self, Card};
use crate::matching::{NonMatch, Plan, Reason, Relaxation, plan};

fn planned(input: &Input) -> Plan {
    plan(input).unwrap_or_else(|fault| panic!("{fault}: {input:?}"))
}

/// A plan's pairs besides the pins.
fn chosen(plan: &Plan) -> Vec<(usize, usize, u64)> {
    let chosen = plan.pairs.iter().filter(|pair| !pair.pinned);
    chosen.map(|pair| (pair.a, pair.b, u64::from(pair.score))).collect()
}

fn partners(plan: &Plan, person: usize) -> u32 {
    let pairs = plan.pairs.iter().filter(|pair| pair.a == person || pair.b == person);
    u32::try_from(pairs.count()).expect("small")
}

/// Forbids all pairs without a person that are like this; the mentor is the first of the two.
fn forbid_others(input: &mut Input, person: usize, like: impl Fn(usize, usize) -> bool) {
    for a in (0..input.people.len()).filter(|&a| a != person) {
        for b in (a + 1..input.people.len()).filter(|&b| b != person) {
            let (one, other) = if input.people[b].role == Role::Mentor { (b, a) } else { (a, b) };
            let sides = input.kind == Kind::Peer || input.people[a].role != input.people[b].role;
            let pinned = input.pins.contains(&(a, b)) || input.pins.contains(&(b, a));
            if sides && !pinned && like(one, other) {
                input.barred.push(Barred { a, b, why: Bar::Forbidden });
            }
        }
    }
}

/// The input without a `MUST` for one person's pairs.
fn without_criterion(input: &Input, person: usize, criterion: usize) -> Input {
    let mut changed = input.clone();
    let cards = Card::all(input);
    let rule = input.criteria[criterion].rule;
    forbid_others(&mut changed, person, |a, b| !judge::holds(input.kind, rule, &cards[a], &cards[b]));
    // Without weight it changes no score, and all other criteria keep their numbers.
    changed.criteria[criterion].strength = Strength::Prefer { weight: 0 };
    changed
}

/// The input with one person's past partners allowed again.
fn with_past_partners(input: &Input, person: usize) -> Input {
    let mut changed = input.clone();
    changed.barred.retain(|bar| bar.why != Bar::PastPartner || (bar.a != person && bar.b != person));
    changed
}

/// The input with a lower minimum for one person's pairs.
fn with_minimum(input: &Input, person: usize, minimum: u16) -> Input {
    let mut changed = input.clone();
    let cards = Card::all(input);
    forbid_others(&mut changed, person, |a, b| judge::score(input, &cards[a], &cards[b]) < input.minimum_score);
    changed.minimum_score = minimum;
    changed
}

/// The input with one more place for somebody, kept for a person.
fn with_place(input: &Input, person: usize, candidate: usize) -> Input {
    let mut changed = input.clone();
    changed.people[candidate].capacity += 1;
    changed.pins.push((person, candidate));
    changed
}

/// The input with one more participant for a person alone, if a copy of anybody would be allowed.
fn with_participant(input: &Input, person: usize) -> Option<Input> {
    let role = match input.people[person].role {
        Role::Peer => Role::Peer,
        Role::Mentor => Role::Mentee,
        Role::Mentee => Role::Mentor,
    };
    let copies = input.people.iter().map(|model| {
        let mut changed = input.clone();
        let id = (0..=u128::MAX).find(|&id| input.people.iter().all(|person| person.id != id)).expect("a free id");
        changed.people.push(Person { id, role, capacity: 1, taken: 0, priority: 1, features: model.features.clone() });
        let newcomer = input.people.len();
        for other in (0..newcomer).filter(|&other| other != person) {
            changed.barred.push(Barred { a: other, b: newcomer, why: Bar::Forbidden });
        }
        changed
    });
    copies.into_iter().find(|changed| allowed(changed, person, input.people.len()).is_some())
}

/// Whether every best plan of the changed input has a partner for somebody who has none in the best plan. The change
/// is about this person's pairs only, so this is so when, and only when, there is something to gain.
fn helps(input: &Input, before: &Plan, changed: &Input, person: usize) -> bool {
    let after = planned(changed);
    let (worth, worth_before) = (achieved(input, &chosen(&after)), achieved(input, &chosen(before)));
    assert!(worth >= worth_before, "more pairs are never worse");
    assert!(worth == worth_before || partners(&after, person) > 0, "nothing but this person's pairs is new");
    worth > worth_before
}

/// Everybody whom the rules allow for somebody.
fn candidates(input: &Input, person: usize) -> Vec<usize> {
    let others = (0..input.people.len()).filter(|&other| other != person);
    others.filter(|&other| allowed(input, person, other).is_some()).collect()
}

/// Checks what somebody lost on, by the best of all plans with one of their pairs.
fn check_reason(input: &Input, plan: &Plan, found: &NonMatch) {
    let person = found.person;
    if input.people[person].role == Role::Mentor
        || !matches!(found.reason, Reason::LostOnPriority | Reason::LostOnTotalScore)
    {
        return;
    }
    let pinned = |other: usize| input.pins.iter().filter(|pin| pin.0 == other || pin.1 == other).count();
    let mut open = candidates(input, person);
    open.retain(|&other| usize::try_from(input.people[other].capacity).expect("small") > pinned(other));
    let with = open.into_iter().map(|other| {
        let mut forced = input.clone();
        forced.pins.push((person, other));
        let mut made = chosen(&planned(&forced));
        made.push((person, other, u64::from(allowed(input, person, other).expect("a candidate"))));
        achieved(input, &made)
    });
    let first_goal_kept = with.max().expect("somebody has a place").0 == achieved(input, &chosen(plan)).0;
    let on_priority = first_goal_kept != (input.objective == Objective::Participation);
    assert_eq!(found.reason == Reason::LostOnPriority, on_priority, "{found:?} {input:?}");
}

/// Checks that the named relaxation helps, and that no smaller one does.
fn check_relaxation(input: &Input, plan: &Plan, found: &NonMatch) {
    let person = found.person;
    let mut full = candidates(input, person);
    full.retain(|&other| partners(plan, other) == input.people[other].capacity);
    let past = || helps(input, plan, &with_past_partners(input, person), person);
    let minimum = |to| helps(input, plan, &with_minimum(input, person, to), person);
    let criterion = |number: usize| helps(input, plan, &without_criterion(input, person, number), person);
    let musts = (0..input.criteria.len()).filter(|&number| input.criteria[number].strength == Strength::Must);
    let says = |holds: bool| assert!(holds, "{found:?} {input:?}");
    match found.relaxation {
        Some(Relaxation::OneMoreParticipant) => {
            says(found.reason == Reason::OddOneOut || found.considered == 0);
            let changed = with_participant(input, person);
            says(changed.is_some() || found.considered == 0);
            says(changed.is_none_or(|changed| partners(&planned(&changed), person) > 0));
            return;
        }
        Some(Relaxation::OneMorePlace { candidates }) => {
            says(usize::try_from(candidates) == Ok(full.len()) && !full.is_empty());
            for other in full {
                let changed = with_place(input, person, other);
                let after = planned(&changed);
                says(partners(&after, person) > 0);
                says(achieved(&changed, &chosen(&after)) >= achieved(&changed, &chosen(plan)));
            }
            return;
        }
        Some(Relaxation::LowerMinimumScore(to)) => {
            says(to < input.minimum_score && minimum(to) && !minimum(to + 1));
        }
        Some(Relaxation::AllowPastPartners) => says(past() && !minimum(0)),
        Some(Relaxation::DropCriterion(number)) => {
            says(
                criterion(number) && !minimum(0) && !past() && !musts.take_while(|&must| must < number).any(criterion),
            );
        }
        None => says(!minimum(0) && !past() && !musts.into_iter().any(criterion)),
    }
    says(full.is_empty() && found.reason != Reason::OddOneOut && found.considered > 0);
}

#[test]
fn relaxations_that_are_made_real_help() {
    let mut random = Random::new(210);
    let mut seen = Vec::new();
    for round in 0..400usize {
        // Now and then everybody fits everybody, and there is one place each: an odd one is left over.
        let easy = random.chance(1, 5);
        let shape = Shape {
            kind: [Kind::Peer, Kind::Mentoring][round % 2],
            objective: [Objective::Participation, Objective::Score][round / 2 % 2],
            people: 8 + random.below::<usize>(33),
            tags: 2 + random.below::<u64>(4),
            capacity: 1 + random.below::<u64>(3),
            priorities: 1 + random.below::<u64>(4),
            strictness: if easy { 0 } else { random.below(14) },
        };
        let mut input = random_input(shape, &mut random);
        if easy {
            input.people.iter_mut().for_each(|person| person.capacity = 1);
        } else if random.chance(1, 3) {
            // A program in its later years.
            let old = (0..shape.people).flat_map(|b| (0..b).map(move |a| (a, b))).filter(|_| random.chance(1, 2));
            input.barred.extend(old.map(|(a, b)| Barred { a, b, why: Bar::PastPartner }));
        }
        let plan = planned(&input);
        for found in &plan.non_matches {
            check_relaxation(&input, &plan, found);
            check_reason(&input, &plan, found);
            seen.push(match found.relaxation {
                Some(Relaxation::DropCriterion(_)) => "drop",
                Some(Relaxation::AllowPastPartners) => "past",
                Some(Relaxation::LowerMinimumScore(_)) => "minimum",
                Some(Relaxation::OneMorePlace { .. }) => "place",
                Some(Relaxation::OneMoreParticipant) => "participant",
                None => "none",
            });
        }
    }
    seen.sort_unstable();
    let counts: Vec<usize> = seen.chunk_by(|a, b| a == b).map(<[_]>::len).collect();
    assert!(counts.len() == 6 && counts.iter().all(|&count| count >= 20), "{counts:?}");
}
