//! From a round and its people to the engine's input: values become numbers, rules become positions.

use std::collections::{BTreeSet, HashMap, HashSet};

use chrono::{DateTime, Offset, TimeZone, Utc};
use chrono_tz::Tz;
use shared::{
    domain::{
        constraints::ConstraintKind,
        enrollments::{Answers, EnrollmentRole},
        programs::{self, Asks, Comparison, Program, QuestionKind, Subject},
    },
    matchmaking::Past,
};
use uuid::Uuid;

use super::load::{Roster, Seat, Snapshot};
use crate::matching::{Bar, Barred, Criterion, Feature, Input, Kind, Objective, Person, Role, Rule, Strength};

/// Every person's features begin with these; the questions follow, each with what is said about oneself and about the
/// partner one wishes for.
const COUNTRY: usize = 0;
const LANGUAGES: usize = 1;
const TIME_ZONE: usize = 2;
const QUESTIONS: usize = 3;
/// Time zones go around the clock.
const DAY_MINUTES: u32 = 24 * 60;

/// The words behind the numbers of tags. Numbers follow the alphabet, so explanations do too.
#[derive(Debug)]
pub(super) struct Words<'a> {
    list: Vec<&'a str>,
    numbers: HashMap<&'a str, u32>,
}

impl<'a> Words<'a> {
    fn of(roster: &'a Roster) -> Self {
        let mut words: BTreeSet<&str> = BTreeSet::new();
        for seat in &roster.seats {
            words.extend(seat.person.country.as_deref());
            words.extend(seat.person.languages.iter().map(String::as_str));
            for answers in [&seat.enrollment.about, &seat.enrollment.wanted] {
                words.extend(answers.values().flatten().map(String::as_str));
            }
        }
        let list: Vec<&str> = words.into_iter().collect();
        let numbers = list.iter().zip(0..).map(|(word, number)| (*word, number)).collect();
        Self { list, numbers }
    }

    fn tags<'w>(&self, words: impl IntoIterator<Item = &'w str>) -> Feature {
        let tags: BTreeSet<u32> = words.into_iter().filter_map(|word| self.numbers.get(word).copied()).collect();
        if tags.is_empty() { Feature::Missing } else { Feature::Tags(tags.into_iter().collect()) }
    }

    /// The words of these tags, in their order.
    pub(super) fn spell(&self, tags: &[u32]) -> Vec<String> {
        let word = |tag: &u32| self.list.get(usize::try_from(*tag).ok()?).copied();
        tags.iter().filter_map(word).map(str::to_owned).collect()
    }
}

/// The engine's input for a round, and the words of its tags. People stand in the order of the roster's seats.
///
/// `paired` are pairs that earlier rounds of the same run have planned: they count as partners already.
///
/// # Errors
/// What is wrong with the program's rules, and what to do.
pub(super) fn build<'a>(
    snapshot: &'a Snapshot,
    roster: &'a Roster,
    paired: &HashSet<(Uuid, Uuid)>,
) -> Result<(Input, Words<'a>), String> {
    let program = &snapshot.program;
    let words = Words::of(roster);
    let people = roster.seats.iter().map(|seat| person(seat, program, &words, snapshot.now)).collect();
    let criteria = program.criteria.iter().map(|criterion| rule(criterion, program)).collect::<Result<Vec<_>, _>>()?;
    let (pins, barred) = decisions(snapshot, roster, paired);
    let input = Input {
        kind: match program.kind {
            programs::Kind::Peer => Kind::Peer,
            programs::Kind::Mentoring => Kind::Mentoring,
        },
        objective: match program.objective {
            programs::Objective::Participation => Objective::Participation,
            programs::Objective::Score => Objective::Score,
        },
        people,
        criteria,
        minimum_score: program.minimum_score,
        pins,
        barred,
        seed: program.seed.cast_unsigned(),
    };
    Ok((input, words))
}

fn person(seat: &Seat, program: &Program, words: &Words<'_>, now: DateTime<Utc>) -> Person {
    let mut features = vec![
        words.tags(seat.person.country.as_deref()),
        words.tags(seat.person.languages.iter().map(String::as_str)),
        offset_minutes(&seat.person.time_zone, now).map_or(Feature::Missing, Feature::Number),
    ];
    for question in &program.questions {
        let answer = |answers: &Answers| match question.kind {
            QuestionKind::Text => Feature::Missing,
            QuestionKind::Single | QuestionKind::Multiple | QuestionKind::Tags => {
                words.tags(answers.get(&question.key).into_iter().flatten().map(String::as_str))
            }
        };
        features.extend([answer(&seat.enrollment.about), answer(&seat.enrollment.wanted)]);
    }
    Person {
        id: seat.person.id.as_u128(),
        role: match seat.enrollment.role {
            EnrollmentRole::Peer => Role::Peer,
            EnrollmentRole::Mentor => Role::Mentor,
            EnrollmentRole::Mentee => Role::Mentee,
        },
        capacity: seat.free(),
        taken: seat.taken,
        priority: u16::try_from(seat.enrollment.priority).unwrap_or(1).max(1),
        features,
    }
}

fn offset_minutes(zone: &str, now: DateTime<Utc>) -> Option<i32> {
    let zone: Tz = zone.parse().ok()?;
    Some(zone.offset_from_utc_datetime(&now.naive_utc()).fix().local_minus_utc() / 60)
}

fn rule(criterion: &programs::Criterion, program: &Program) -> Result<Criterion, String> {
    let broken = |why: &str| format!("the criterion \"{}\" {why}; edit the program's criteria", criterion.label);
    let question = match criterion.subject {
        Subject::Question => {
            let found =
                program.questions.iter().position(|question| Some(&question.key) == criterion.question_key.as_ref());
            Some(found.ok_or_else(|| broken("compares a question that the program does not ask"))?)
        }
        Subject::Country | Subject::Languages | Subject::TimeZone => None,
    };
    let about = |position: usize| QUESTIONS + 2 * position;
    let feature = match (criterion.subject, question) {
        (Subject::Country, _) => COUNTRY,
        (Subject::Languages, _) => LANGUAGES,
        (Subject::TimeZone, _) => TIME_ZONE,
        (Subject::Question, position) => {
            let position = position.unwrap_or_default();
            let wishes_only = program.questions.get(position).is_some_and(|question| question.asks == Asks::Wanted);
            about(position) + usize::from(wishes_only)
        }
    };
    let rule = match (criterion.comparison, question) {
        (Comparison::Same, _) => Rule::Same { feature },
        (Comparison::Different, _) => Rule::Different { feature },
        (Comparison::Overlap, _) => Rule::Overlap { feature },
        (Comparison::Offers, Some(position)) => Rule::Offers { offered: about(position), wanted: about(position) + 1 },
        (Comparison::Offers, None) => return Err(broken("compares offers, and only questions have them")),
        (Comparison::Within, _) => {
            let hours = criterion.at_most.ok_or_else(|| broken("says WITHIN but not how many hours"))?;
            Rule::Within { feature, at_most: u32::from(hours) * 60, wrap: Some(DAY_MINUTES) }
        }
    };
    let strength = match criterion.strength {
        programs::Strength::Must => Strength::Must,
        programs::Strength::Prefer => Strength::Prefer { weight: criterion.weight.into() },
    };
    Ok(Criterion { rule, strength })
}

/// Pins that can be placed, and pairs that may not be made.
///
/// A pin of people who are partners already has nothing left to do; one that stands against a FORBID or AVOID, or finds
/// no free place, waits. The engine would refuse such an input as a whole.
fn decisions(
    snapshot: &Snapshot,
    roster: &Roster,
    paired: &HashSet<(Uuid, Uuid)>,
) -> (Vec<(usize, usize)>, Vec<Barred>) {
    let seats: HashMap<Uuid, usize> =
        roster.seats.iter().enumerate().map(|(index, seat)| (seat.person.id, index)).collect();
    let indices = |one: Uuid, other: Uuid| Some((*seats.get(&one)?, *seats.get(&other)?));
    let mut barred = Vec::new();
    // Together already, or kept apart by a decision: nothing for a pin.
    let mut settled: HashSet<(usize, usize)> = HashSet::new();
    let mut bar = |pair: Option<(usize, usize)>, why: Bar| {
        let Some((a, b)) = pair.filter(|(a, b)| a != b) else { return };
        barred.push(Barred { a, b, why });
        if why != Bar::PastPartner {
            settled.insert((a.min(b), a.max(b)));
        }
    };
    for constraint in &snapshot.constraints {
        let pair = indices(constraint.person_a, constraint.person_b);
        match constraint.kind {
            ConstraintKind::Pin => {}
            ConstraintKind::Forbid => bar(pair, Bar::Forbidden),
            ConstraintKind::Avoid => bar(pair, Bar::Avoided),
        }
    }
    for met in &snapshot.acquaintances {
        let pair = indices(met.person_a, met.person_b);
        match Past::of(met.status, snapshot.program.avoid_past_partners) {
            Past::Living => bar(pair, Bar::Living),
            Past::Apart => bar(pair, Bar::PastPartner),
            Past::Forgotten => {}
        }
    }
    let mut planned: Vec<(usize, usize)> = paired.iter().filter_map(|&(one, other)| indices(one, other)).collect();
    planned.sort_unstable();
    for pair in planned {
        bar(Some(pair), Bar::Living);
    }
    let mut free: Vec<u32> = roster.seats.iter().map(Seat::free).collect();
    let mut pins = Vec::new();
    for constraint in snapshot.constraints.iter().filter(|constraint| constraint.kind == ConstraintKind::Pin) {
        let Some((a, b)) = indices(constraint.person_a, constraint.person_b) else { continue };
        let pair = (a.min(b), a.max(b));
        if a == b || !fit(roster, a, b) || free[a] == 0 || free[b] == 0 || !settled.insert(pair) {
            continue;
        }
        free[a] -= 1;
        free[b] -= 1;
        pins.push(pair);
    }
    (pins, barred)
}

/// Whether the roles of two people can make a pair.
fn fit(roster: &Roster, a: usize, b: usize) -> bool {
    let role = |index: usize| roster.seats[index].enrollment.role;
    match role(a) {
        EnrollmentRole::Peer => role(b) == EnrollmentRole::Peer,
        EnrollmentRole::Mentor => role(b) == EnrollmentRole::Mentee,
        EnrollmentRole::Mentee => role(b) == EnrollmentRole::Mentor,
    }
}

#[cfg(test)]
mod tests;
