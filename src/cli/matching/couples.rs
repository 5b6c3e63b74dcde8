//! Pairs that are settled beforehand, from the rules or from a file beside them.

use std::path::Path;

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

/// Indices of the people of pairs, and how many pairs were skipped.
pub(super) fn places(
    couples: &[Couple],
    people: &People,
    strangers: Strangers,
    problems: &mut Problems,
) -> (Vec<(usize, usize)>, usize) {
    let mut skipped = 0;
    let mut places = Vec::with_capacity(couples.len());
    for Couple { ids: [a, b], line } in couples {
        if a == b {
            problems.line(*line, format!("{} is paired with themselves: remove the pair", shown(a)));
            continue;
        }
        let found = [a, b].map(|id| people.find(id));
        match found {
            [Some(a), Some(b)] => places.push((a, b)),
            _ if strangers == Strangers::Skipped => skipped += 1,
            _ => {
                for (id, _) in [a, b].into_iter().zip(found).filter(|(_, place)| place.is_none()) {
                    problems.line(*line, format!("{} has nobody with the id {}", people.file, shown(id)));
                }
            }
        }
    }
    (places, skipped)
}
