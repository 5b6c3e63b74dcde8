//! Criteria, prepared for judging one person against many at once.

use std::collections::BTreeMap;

use super::input::{Feature, Input, Kind, Rule, Strength};
use super::roster::Roster;

/// Stands for a pair that is not allowed, in a row of scores.
pub(super) const NOT_ALLOWED: u16 = u16::MAX;

/// The full score, and the full value of a criterion.
const FULL: u32 = 1000;

/// All criteria of a run, with everybody's answers by number in the roster.
#[derive(Clone, Debug)]
pub(super) struct Rules {
    both_ways: bool,
    columns: Vec<(Column, Strength)>,
    total_weight: u64,
}

/// One criterion's answers.
#[derive(Clone, Debug)]
enum Column {
    /// Equal answers have equal classes; class 0 is no answer.
    Equal { classes: Vec<u32>, wanted: bool },
    /// Shared tags.
    Overlap { tags: Tags },
    /// Met wishes.
    Offers { offered: Tags, wanted: Tags },
    /// Distances.
    Within { numbers: Vec<Option<i32>>, at_most: u32, wrap: Option<u32> },
}

/// Who has which tags, both ways around.
#[derive(Clone, Debug)]
struct Tags {
    by_person: Vec<Vec<u32>>,
    by_tag: BTreeMap<u32, Vec<usize>>,
}

/// Room for the intermediate numbers of one row.
#[derive(Clone, Debug, Default)]
pub(super) struct Scratch {
    points: Vec<u64>,
    counts: [Vec<u32>; 2],
}

impl Tags {
    fn new<'a>(answers: impl Iterator<Item = &'a Feature>) -> Self {
        let mut by_tag: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
        let mut by_person = Vec::new();
        for (number, answer) in answers.enumerate() {
            let tags = if let Feature::Tags(tags) = answer { tags.clone() } else { Vec::new() };
            for &tag in &tags {
                by_tag.entry(tag).or_default().push(number);
            }
            by_person.push(tags);
        }
        Self { by_person, by_tag }
    }

    fn count(&self, number: usize) -> u32 {
        u32::try_from(self.by_person[number].len()).unwrap_or(u32::MAX)
    }

    /// Counts, for everybody from `first` on, how many of the given tags they have.
    fn tally(&self, tags: &[u32], first: usize, counts: &mut [u32]) {
        counts.fill(0);
        for tag in tags {
            let holders = self.by_tag.get(tag).map_or(&[][..], Vec::as_slice);
            let start = holders.partition_point(|&holder| holder < first);
            for &holder in &holders[start..] {
                counts[holder - first] += 1;
            }
        }
    }
}

impl Rules {
    /// Prepares a checked input.
    pub(super) fn new(input: &Input, roster: &Roster) -> Self {
        let answers = |feature: usize| {
            (0..roster.len()).map(move |number| {
                input.people[roster.index(number)].features.get(feature).unwrap_or(&Feature::Missing)
            })
        };
        let columns = input.criteria.iter().map(|criterion| {
            let column = match criterion.rule {
                Rule::Same { feature } => Column::Equal { classes: classes(answers(feature)), wanted: true },
                Rule::Different { feature } => Column::Equal { classes: classes(answers(feature)), wanted: false },
                Rule::Overlap { feature } => Column::Overlap { tags: Tags::new(answers(feature)) },
                Rule::Offers { offered, wanted } => {
                    Column::Offers { offered: Tags::new(answers(offered)), wanted: Tags::new(answers(wanted)) }
                }
                Rule::Within { feature, at_most, wrap } => {
                    let number =
                        |answer: &Feature| if let Feature::Number(number) = answer { Some(*number) } else { None };
                    Column::Within { numbers: answers(feature).map(number).collect(), at_most, wrap }
                }
            };
            (column, criterion.strength)
        });
        let weight = |strength: Strength| match strength {
            Strength::Must => 0,
            Strength::Prefer { weight } => u64::from(weight),
        };
        Self {
            both_ways: input.kind == Kind::Peer,
            columns: columns.collect(),
            total_weight: input.criteria.iter().map(|criterion| weight(criterion.strength)).sum(),
        }
    }

    /// Writes the scores of one person with everybody from `first` on into `row`, [`NOT_ALLOWED`] where a `MUST` fails.
    pub(super) fn score(&self, number: usize, first: usize, row: &mut [u16], scratch: &mut Scratch) {
        row.fill(0);
        scratch.points.clear();
        scratch.points.resize(row.len(), 0);
        for counts in &mut scratch.counts {
            counts.resize(row.len(), 0);
        }
        for (column, strength) in &self.columns {
            match strength {
                Strength::Must => {
                    self.judge(column, number, first, scratch, |at, value| {
                        if !value.holds {
                            row[at] = NOT_ALLOWED;
                        }
                    });
                }
                Strength::Prefer { weight } => {
                    let weight = u64::from(*weight);
                    let mut points = std::mem::take(&mut scratch.points);
                    self.judge(column, number, first, scratch, |at, value| {
                        points[at] += weight * u64::from(u32::midpoint(value.here, value.there));
                    });
                    scratch.points = points;
                }
            }
        }
        for (score, &points) in row.iter_mut().zip(&scratch.points) {
            if *score != NOT_ALLOWED {
                let share = points.checked_div(self.total_weight).unwrap_or(u64::from(FULL / 2));
                *score = u16::try_from(share).unwrap_or(NOT_ALLOWED);
            }
        }
    }

    /// Judges one person against everybody from `first` on and hands over each finding with its place in the row.
    fn judge(
        &self,
        column: &Column,
        number: usize,
        first: usize,
        scratch: &mut Scratch,
        mut found: impl FnMut(usize, Finding),
    ) {
        let [counts, back] = &mut scratch.counts;
        match column {
            Column::Equal { classes, wanted } => {
                let own = classes[number];
                for (at, &other) in classes[first..].iter().enumerate().take(counts.len()) {
                    let holds = own != 0 && other != 0 && (own == other) == *wanted;
                    let value = if holds { FULL } else { 0 };
                    found(at, Finding { holds, here: value, there: value });
                }
            }
            Column::Overlap { tags } => {
                tags.tally(&tags.by_person[number], first, counts);
                let own = tags.count(number);
                for (at, &shared) in counts.iter().enumerate() {
                    let (here, there) =
                        if shared == 0 { (0, 0) } else { (share(shared, own), share(shared, tags.count(first + at))) };
                    found(at, Finding { holds: shared > 0, here, there });
                }
            }
            Column::Offers { offered, wanted } => {
                offered.tally(&wanted.by_person[number], first, counts);
                wanted.tally(&offered.by_person[number], first, back);
                let own = wanted.count(number);
                for (at, (&met, &met_back)) in counts.iter().zip(back.iter()).enumerate() {
                    let other = wanted.count(first + at);
                    let holds = (own == 0 || met > 0) && (!self.both_ways || other == 0 || met_back > 0);
                    let here = if own == 0 { FULL / 2 } else { share(met, own) };
                    let there = if other == 0 { FULL / 2 } else { share(met_back, other) };
                    found(at, Finding { holds, here, there });
                }
            }
            Column::Within { numbers, at_most, wrap } => {
                let own = numbers[number];
                for (at, &other) in numbers[first..].iter().enumerate().take(counts.len()) {
                    let near = own.zip(other).map(|(a, b)| distance(a, b, *wrap)).filter(|d| d <= at_most);
                    let value = near.map_or(0, |d| nearness(d, *at_most));
                    found(at, Finding { holds: near.is_some(), here: value, there: value });
                }
            }
        }
    }
}

/// What one criterion finds between two people: whether it holds, and the value for each side.
struct Finding {
    holds: bool,
    here: u32,
    there: u32,
}

/// Numbers equal answers alike, from 1; no answer is 0.
fn classes<'a>(answers: impl Iterator<Item = &'a Feature>) -> Vec<u32> {
    let mut known: BTreeMap<&Feature, u32> = BTreeMap::new();
    let class = |answer: &'a Feature| match answer {
        Feature::Missing => 0,
        Feature::Tags(tags) if tags.is_empty() => 0,
        Feature::Tags(_) | Feature::Number(_) => {
            let next = u32::try_from(known.len() + 1).unwrap_or(u32::MAX);
            *known.entry(answer).or_insert(next)
        }
    };
    answers.map(class).collect()
}

/// A part of a whole in thousandths, rounded down; the whole is at least 1.
fn share(part: u32, whole: u32) -> u32 {
    part.saturating_mul(FULL).checked_div(whole).unwrap_or(0)
}

/// How far two numbers are apart, the shorter way around if there is a circle.
fn distance(a: i32, b: i32, wrap: Option<u32>) -> u32 {
    let straight = a.abs_diff(b);
    match wrap {
        Some(circle) if circle > 0 => {
            let rest = straight % circle;
            rest.min(circle - rest)
        }
        _ => straight,
    }
}

/// 1000 at distance 0, falling evenly to nothing at `at_most + 1`.
fn nearness(distance: u32, at_most: u32) -> u32 {
    let reach = u64::from(at_most) + 1;
    let left = reach.saturating_sub(u64::from(distance));
    u32::try_from(u64::from(FULL) * left / reach).unwrap_or(FULL)
}
