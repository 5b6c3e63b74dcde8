//! Pairs that are settled beforehand, from the rules or from a file beside them.

use std::path::Path;

use worker::matching::Role;

use super::{
    people::People,
    problems::{Problems, shown},
    rules::Couple,
    table::Table,
};

/// What a name that nobody has means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Strangers {
    /// An error: a decision about somebody may not get lost by a misspelling.
    Refused,
    /// Nothing: whoever was there before need not be there now.
    Skipped,
}

/// Reads a file of pairs with the header a,b.
pub(super) fn read(path: &Path, problems: &mut Problems) -> Vec<Couple> {
    let expected = "the first line must be a,b";
    let mut couples = Vec::new();
    let Some(mut table) = Table::open(path, expected, problems) else { return couples };
    if table.header() != ["a", "b"] {
        problems.line(1, format!("the header is {}: {expected}", shown(&table.header().join(","))));
        return couples;
    }
    while let Some(row) = table.next(problems) {
        let (a, b) = (row.id(0, problems), row.id(1, problems));
        couples.extend(a.zip(b).map(|(a, b)| Couple { ids: [a, b].map(str::to_owned), line: row.line }));
    }
    couples
}

/// Two people who were found, as indices, smaller first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) a: usize,
    pub(super) b: usize,
    line: u64,
}

/// Finds the people of pairs, and counts the pairs that were skipped.
pub(super) fn find(
    couples: &[Couple],
    people: &People,
    strangers: Strangers,
    problems: &mut Problems,
) -> (Vec<Found>, usize) {
    let mut skipped = 0;
    let mut found = Vec::with_capacity(couples.len());
    for Couple { ids: [a, b], line } in couples {
        if a == b {
            problems.line(*line, format!("{} is paired with themselves: remove the pair", shown(a)));
            continue;
        }
        match [a, b].map(|id| people.find(id)) {
            [Some(a), Some(b)] => found.push(Found { a: a.min(b), b: a.max(b), line: *line }),
            _ if strangers == Strangers::Skipped => skipped += 1,
            places => {
                for (id, _) in [a, b].into_iter().zip(places).filter(|(_, place)| place.is_none()) {
                    problems.line(*line, format!("{} has nobody with the id {}", people.file, shown(id)));
                }
            }
        }
    }
    (found, skipped)
}

/// Pins need two sides, free places, and nothing that forbids them.
pub(super) fn check_pins(pins: &[Found], forbidden: &[Found], people: &People, problems: &mut Problems) {
    let mut forbidden: Vec<_> = forbidden.iter().map(|pair| (pair.a, pair.b)).collect();
    forbidden.sort_unstable();
    let mut pins = pins.to_vec();
    pins.sort_by_key(|pin| (pin.a, pin.b));
    pins.dedup_by_key(|pin| (pin.a, pin.b));
    pins.sort_by_key(|pin| pin.line);
    let mut free: Vec<u32> = people.list.iter().map(|person| person.capacity).collect();
    for pin in pins {
        let (a, b) = (&people.list[pin.a], &people.list[pin.b]);
        let (a_shown, b_shown) = (shown(&a.id), shown(&b.id));
        let mut wrong = |message| problems.field(pin.line, "pin", message);
        if a.role == b.role && matches!(a.role, Some(Role::Mentor | Role::Mentee)) {
            wrong(format!("{a_shown} and {b_shown} are on the same side: pin a mentor with a mentee"));
        }
        if forbidden.binary_search(&(pin.a, pin.b)).is_ok() {
            wrong(format!("{a_shown} and {b_shown} are forbidden, too: remove one of the two"));
        }
        for (place, name) in [(pin.a, a_shown), (pin.b, b_shown)] {
            match free[place].checked_sub(1) {
                Some(left) => free[place] = left,
                None => wrong(format!("{name} has more pins than capacity: remove a pin or raise the capacity")),
            }
        }
    }
}
