//! Refuses inputs that mean nothing, so that everything behind can rely on them.

use super::faults::Fault;
use super::input::{Bar, Feature, Input, Kind, Person, Role, Rule, Strength};
use super::scored::Scored;

/// The greatest sum of weights: keeps a pair's points below 2 to the 31st.
pub(super) const MOST_WEIGHT: u32 = 2_000_000;

/// More people than this are not numbered.
const MOST_PEOPLE: usize = 1 << 31;

/// Checks an input by itself.
///
/// # Errors
///
/// The first fault found, in the order people, criteria, minimum score, bars, pins.
pub(super) fn check(input: &Input) -> Result<(), Fault> {
    check_ids(input.people.iter().map(|person| person.id))?;
    check_people(input)?;
    check_criteria(input)?;
    if input.minimum_score > 1000 {
        return Err(Fault::MinimumScoreTooHigh { minimum: input.minimum_score });
    }
    for bar in &input.barred {
        check_pair(input, bar.a, bar.b)?;
    }
    check_pins(input)
}

/// Checks given scores.
///
/// # Errors
///
/// The first fault found, in the order people, pairs.
pub(super) fn check_scored(scored: &Scored) -> Result<(), Fault> {
    check_ids(scored.people.iter().map(|person| person.id))?;
    for (index, person) in scored.people.iter().enumerate() {
        if (scored.kind == Kind::Peer) != (person.role == Role::Peer) {
            return Err(Fault::RoleOfOtherKind { person: index });
        }
        if person.priority == 0 {
            return Err(Fault::NoPriority { person: index });
        }
    }
    for &(a, b, _) in &scored.pairs {
        if let Some(&index) = [a, b].iter().find(|&&index| index >= scored.people.len()) {
            return Err(Fault::UnknownPerson { index });
        }
        if a == b {
            return Err(Fault::SelfPair { person: a });
        }
        if scored.kind == Kind::Mentoring && scored.people[a].role == scored.people[b].role {
            return Err(Fault::PairSameSide { a, b });
        }
    }
    Ok(())
}

fn check_ids(ids: impl Iterator<Item = u128>) -> Result<(), Fault> {
    let mut ids: Vec<u128> = ids.collect();
    if ids.len() > MOST_PEOPLE {
        return Err(Fault::TooLarge);
    }
    ids.sort_unstable();
    match ids.array_windows().find(|[one, other]| one == other) {
        Some(&[id, _]) => Err(Fault::DuplicateId { id }),
        None => Ok(()),
    }
}

fn check_people(input: &Input) -> Result<(), Fault> {
    for (index, person) in input.people.iter().enumerate() {
        if (input.kind == Kind::Peer) != (person.role == Role::Peer) {
            return Err(Fault::RoleOfOtherKind { person: index });
        }
        if person.priority == 0 {
            return Err(Fault::NoPriority { person: index });
        }
        for (feature, answer) in person.features.iter().enumerate() {
            if let Feature::Tags(tags) = answer
                && !tags.is_sorted_by(|a, b| a < b)
            {
                return Err(Fault::UnsortedTags { person: index, feature });
            }
        }
    }
    Ok(())
}

fn check_criteria(input: &Input) -> Result<(), Fault> {
    let mut weights = 0u32;
    for (number, criterion) in input.criteria.iter().enumerate() {
        if let Strength::Prefer { weight } = criterion.strength {
            weights = weights.checked_add(weight).filter(|&sum| sum <= MOST_WEIGHT).ok_or(Fault::WeightsTooLarge)?;
        }
        let fits: fn(&Feature) -> bool = match criterion.rule {
            Rule::Same { .. } | Rule::Different { .. } => |_| true,
            Rule::Overlap { .. } | Rule::Offers { .. } => |answer| !matches!(answer, Feature::Number(_)),
            Rule::Within { .. } => |answer| !matches!(answer, Feature::Tags(tags) if !tags.is_empty()),
        };
        if let Rule::Within { wrap: Some(0), .. } = criterion.rule {
            return Err(Fault::EmptyCircle { criterion: number });
        }
        let features = match criterion.rule {
            Rule::Same { feature }
            | Rule::Different { feature }
            | Rule::Overlap { feature }
            | Rule::Within { feature, .. } => [feature; 2],
            Rule::Offers { offered, wanted } => [offered, wanted],
        };
        for (index, person) in input.people.iter().enumerate() {
            for feature in features {
                let answer = person.features.get(feature);
                let answer = answer.ok_or(Fault::UnknownFeature { criterion: number, person: index, feature })?;
                if !fits(answer) {
                    return Err(Fault::WrongFeature { criterion: number, person: index, feature });
                }
            }
        }
    }
    Ok(())
}

fn check_pair(input: &Input, a: usize, b: usize) -> Result<(), Fault> {
    if let Some(&index) = [a, b].iter().find(|&&index| index >= input.people.len()) {
        return Err(Fault::UnknownPerson { index });
    }
    if a == b { Err(Fault::SelfPair { person: a }) } else { Ok(()) }
}

fn check_pins(input: &Input) -> Result<(), Fault> {
    for &(a, b) in &input.pins {
        check_pair(input, a, b)?;
        let role = |index: usize| input.people.get(index).map(|person| person.role);
        if input.kind == Kind::Mentoring && role(a) == role(b) {
            return Err(Fault::PinSameSide { a, b });
        }
    }
    let mut forbidden: Vec<(usize, usize)> = input
        .barred
        .iter()
        .filter(|bar| matches!(bar.why, Bar::Forbidden | Bar::Avoided))
        .map(|bar| (bar.a.min(bar.b), bar.a.max(bar.b)))
        .collect();
    forbidden.sort_unstable();
    let mut free: Vec<u32> = input.people.iter().map(|person: &Person| person.capacity).collect();
    for (a, b) in pins(input) {
        if forbidden.binary_search(&(a, b)).is_ok() {
            return Err(Fault::PinBarred { a, b });
        }
        for person in [a, b] {
            free[person] = free[person].checked_sub(1).ok_or(Fault::PinsExceedCapacity { person })?;
        }
    }
    Ok(())
}

/// The pins that are to be placed, each once, smaller index first. Every index must be in range.
pub(super) fn pins(input: &Input) -> Vec<(usize, usize)> {
    let living = input.barred.iter().filter(|bar| bar.why == Bar::Living);
    let mut living: Vec<_> = living.map(|bar| (bar.a.min(bar.b), bar.a.max(bar.b))).collect();
    living.sort_unstable();
    let mut pins: Vec<_> = input.pins.iter().map(|&(a, b)| (a.min(b), a.max(b))).collect();
    pins.sort_unstable();
    pins.dedup();
    pins.retain(|pin| living.binary_search(pin).is_err());
    pins
}
