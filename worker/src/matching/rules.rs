//! Criteria, prepared for judging one person against many at once.
//!
//! Nothing is compared twice: answers that are the same share a number, tags point to the people who have them, and what
//! a number of shared tags is worth is looked up. A row costs a few simple passes over numbers side by side.

use std::collections::BTreeMap;

use super::input::{Criterion, Feature, Input, Kind, Person, Rule, Strength};
use super::pairs::{NOT_ALLOWED, small, wide};
use super::roster::Roster;

/// The full score, and the full value of a criterion.
const FULL: u32 = 1000;

/// Takes a pair out: more than all points together. Whatever else it earns is added, and stops at the greatest number.
const OUT: u32 = 1 << 31;

/// Shares of more tags than this are divided one by one.
const LOOKED_UP: u32 = 127;

/// A block of criteria is judged by different answers when there are fewer of them than one for so many people.
const PEOPLE_AN_ANSWER: usize = 16;

/// All criteria of a run, with everybody's answers by number in the roster.
#[derive(Clone, Debug)]
pub(super) struct Rules {
    both_ways: bool,
    blocks: Vec<Block>,
    total_weight: u32,
}

/// Criteria that are judged together.
#[derive(Clone, Debug)]
struct Block {
    /// By person, which of the different answers they gave; nothing when everybody's answer is judged by itself.
    answers: Option<Vec<u32>>,
    /// How many are judged.
    different: usize,
    /// What they are.
    columns: Vec<(Column, Strength)>,
}

/// One criterion's answers.
#[derive(Clone, Debug)]
enum Column {
    /// Equal answers have equal classes; class 0 is no answer.
    Equal { classes: Vec<u32>, wanted: bool },
    /// Shared tags.
    Overlap { tags: Tags, shares: Shares },
    /// Met wishes.
    Offers { offered: Tags, wanted: Tags, shares: Shares },
    /// Distances, by the place of everybody's number among the different ones.
    Within { different: Vec<Option<i32>>, places: Vec<u32>, at_most: u32, wrap: Option<u32> },
}

/// Who has which tags, both ways around. Tags are numbered from 0.
#[derive(Clone, Debug)]
struct Tags {
    by_person: Vec<Vec<u32>>,
    counts: Vec<u32>,
    holders: Vec<Vec<u32>>,
}

/// What a part of a whole is worth.
#[derive(Clone, Debug)]
struct Shares {
    of_nothing: u32,
    /// By part, then by whole.
    looked_up: Vec<u32>,
}

/// Room for the intermediate numbers of one row.
#[derive(Clone, Debug, Default)]
pub(super) struct Scratch {
    points: Vec<u32>,
    /// By different answer of a block.
    of_answers: Vec<u32>,
    counts: [Vec<u32>; 2],
    worth: Vec<u32>,
}

impl Tags {
    fn new(answers: &[&Feature], numbers: &BTreeMap<u32, u32>) -> Self {
        let mut holders = vec![Vec::new(); numbers.len()];
        let mut by_person = Vec::new();
        for (person, answer) in answers.iter().enumerate() {
            let tags: Vec<u32> = tags_in(answer).iter().filter_map(|tag| numbers.get(tag).copied()).collect();
            for &tag in &tags {
                holders[wide(tag)].push(small(person));
            }
            by_person.push(tags);
        }
        Self { counts: by_person.iter().map(|tags| small(tags.len())).collect(), by_person, holders }
    }

    /// Counts, for everybody from `first` on, how many of the given tags they have.
    fn tally(&self, tags: &[u32], first: usize, counts: &mut [u32]) {
        counts.fill(0);
        for &tag in tags {
            let holders = &self.holders[wide(tag)];
            let start = holders.partition_point(|&holder| wide(holder) < first);
            for &holder in &holders[start..] {
                counts[wide(holder) - first] += 1;
            }
        }
    }
}

impl Shares {
    fn new(of_nothing: u32) -> Self {
        let divided = Self { of_nothing, looked_up: Vec::new() };
        let each = |part| (0..=LOOKED_UP).map(move |whole| (part, whole));
        let looked_up = (0..=LOOKED_UP).flat_map(each).map(|(part, whole)| divided.divide(part, whole)).collect();
        Self { of_nothing, looked_up }
    }

    /// A part of a whole in thousandths, rounded down.
    fn divide(&self, part: u32, whole: u32) -> u32 {
        part.saturating_mul(FULL).checked_div(whole).unwrap_or(self.of_nothing)
    }

    fn of(&self, part: u32, whole: u32) -> u32 {
        // The part is never more than the whole.
        if whole <= LOOKED_UP { self.looked_up[wide(part * (LOOKED_UP + 1) + whole)] } else { self.divide(part, whole) }
    }
}

impl Rules {
    /// Prepares a checked input.
    pub(super) fn new(input: &Input, roster: &Roster) -> Self {
        let weight = |criterion: &Criterion| match criterion.strength {
            Strength::Must => 0,
            Strength::Prefer { weight } => weight,
        };
        let mut criteria = input.criteria.clone();
        criteria.retain(|criterion| criterion.strength == Strength::Must || weight(criterion) > 0);
        Self {
            both_ways: input.kind == Kind::Peer,
            total_weight: criteria.iter().map(weight).sum(),
            blocks: blocks(input, roster, &criteria),
        }
    }

    /// Writes the scores of one person with everybody from `first` on into `row`, [`NOT_ALLOWED`] where a `MUST` fails.
    pub(super) fn score(&self, number: usize, first: usize, row: &mut [i16], scratch: &mut Scratch) {
        let mut points = std::mem::take(&mut scratch.points);
        points.clear();
        points.resize(row.len(), 0);
        for block in &self.blocks {
            if let Some(answers) = &block.answers {
                let mut of_answers = std::mem::take(&mut scratch.of_answers);
                of_answers.clear();
                of_answers.resize(block.different, 0);
                self.judge(block, wide(answers[number]), 0, &mut of_answers, scratch);
                for (points, &answer) in points.iter_mut().zip(&answers[first..]) {
                    *points = points.saturating_add(of_answers[wide(answer)]);
                }
                scratch.of_answers = of_answers;
            } else {
                self.judge(block, number, first, &mut points, scratch);
            }
        }
        let divide = Divider::new(self.total_weight);
        for (score, &points) in row.iter_mut().zip(&points) {
            let share = i16::try_from(divide.apply(points & !OUT)).unwrap_or(NOT_ALLOWED);
            *score = if points < OUT { share } else { NOT_ALLOWED };
        }
        scratch.points = points;
    }

    /// Adds what a block says about one answer and all from `first` on.
    fn judge(&self, block: &Block, number: usize, first: usize, points: &mut [u32], scratch: &mut Scratch) {
        for counts in &mut scratch.counts {
            counts.resize(points.len(), 0);
        }
        for (column, strength) in &block.columns {
            self.judge_one(column, *strength, number, first, points, scratch);
        }
    }

    fn judge_one(
        &self,
        column: &Column,
        strength: Strength,
        number: usize,
        first: usize,
        points: &mut [u32],
        scratch: &mut Scratch,
    ) {
        let Scratch { counts: [counts, back], worth, .. } = scratch;
        match column {
            Column::Equal { classes, wanted } => {
                let own = classes[number];
                let holds = |&other: &u32| own != 0 && other != 0 && (own == other) == *wanted;
                let found = classes[first..].iter().map(holds);
                put(strength, points, found.map(|holds| (holds, if holds { FULL } else { 0 })));
            }
            Column::Overlap { tags, shares } => {
                tags.tally(&tags.by_person[number], first, counts);
                let own = tags.counts[number];
                worth.clear();
                worth.extend((0..=own).map(|shared| shares.of(shared, own)));
                let found = counts.iter().zip(&tags.counts[first..]).map(|(&shared, &other)| {
                    (shared > 0, u32::midpoint(worth[wide(shared)], shares.of(shared, other)))
                });
                put(strength, points, found);
            }
            Column::Offers { offered, wanted, shares } => {
                offered.tally(&wanted.by_person[number], first, counts);
                wanted.tally(&offered.by_person[number], first, back);
                let own = wanted.counts[number];
                worth.clear();
                worth.extend((0..=own).map(|met| shares.of(met, own)));
                let found =
                    counts.iter().zip(back.iter()).zip(&wanted.counts[first..]).map(|((&met, &back), &other)| {
                        let holds = (own == 0 || met > 0) && (!self.both_ways || other == 0 || back > 0);
                        (holds, u32::midpoint(worth[wide(met)], shares.of(back, other)))
                    });
                put(strength, points, found);
            }
            Column::Within { different, places, at_most, wrap } => {
                let own = different[wide(places[number])];
                let near = |other: &Option<i32>| {
                    let distance = own.zip(*other).map(|(a, b)| distance(a, b, *wrap));
                    // One more than the value: even somebody who is just near enough to earn nothing is near enough.
                    distance
                        .filter(|distance| distance <= at_most)
                        .map_or(0, |distance| nearness(distance, *at_most) + 1)
                };
                worth.clear();
                worth.extend(different.iter().map(near));
                let found = places[first..].iter().map(|&place| worth[wide(place)]);
                put(strength, points, found.map(|worth| (worth > 0, worth.saturating_sub(1))));
            }
        }
    }
}

impl Column {
    /// The answers to one criterion's features.
    fn new<'a>(rule: Rule, answers: impl Fn(usize) -> Vec<&'a Feature>) -> Self {
        match rule {
            Rule::Same { feature } => Self::Equal { classes: classes(&answers(feature)), wanted: true },
            Rule::Different { feature } => Self::Equal { classes: classes(&answers(feature)), wanted: false },
            Rule::Overlap { feature } => {
                let answers = answers(feature);
                Self::Overlap { tags: Tags::new(&answers, &numbered(&[&answers])), shares: Shares::new(0) }
            }
            Rule::Offers { offered, wanted } => {
                let (offered, wanted) = (answers(offered), answers(wanted));
                let numbers = numbered(&[&offered, &wanted]);
                Self::Offers {
                    offered: Tags::new(&offered, &numbers),
                    wanted: Tags::new(&wanted, &numbers),
                    shares: Shares::new(FULL / 2),
                }
            }
            Rule::Within { feature, at_most, wrap } => {
                let number =
                    |answer: &&Feature| if let Feature::Number(number) = answer { Some(*number) } else { None };
                let numbers: Vec<Option<i32>> = answers(feature).iter().map(number).collect();
                let mut different = numbers.clone();
                different.sort_unstable();
                different.dedup();
                let place = |number| small(different.binary_search(number).unwrap_or(0));
                Self::Within { places: numbers.iter().map(place).collect(), different, at_most, wrap }
            }
        }
    }
}

/// Puts criteria into blocks: as many as possible into those with few different answers, the others one by one.
fn blocks(input: &Input, roster: &Roster, criteria: &[Criterion]) -> Vec<Block> {
    let people: Vec<&Person> = roster.order().iter().map(|&index| &input.people[index]).collect();
    let mut sorted: Vec<(usize, Vec<u32>, &Criterion)> = criteria
        .iter()
        .map(|criterion| {
            let (one, other) = match criterion.rule {
                Rule::Same { feature }
                | Rule::Different { feature }
                | Rule::Overlap { feature }
                | Rule::Within { feature, .. } => (feature, feature),
                Rule::Offers { offered, wanted } => (offered, wanted),
            };
            let keys = people.iter().map(|person| (person.features.get(one), person.features.get(other)));
            let (different, answers) = distinct(keys);
            (different, answers, criterion)
        })
        .collect();
    sorted.sort_by_key(|&(different, ..)| different);
    let most = people.len() / PEOPLE_AN_ANSWER;
    let mut blocks: Vec<(Option<Vec<u32>>, Vec<&Criterion>)> = Vec::new();
    for (different, answers, criterion) in sorted {
        if different > most {
            blocks.push((None, vec![criterion]));
            continue;
        }
        if let Some((Some(before), block)) = blocks.last_mut() {
            let (together, joined) = distinct(before.iter().zip(&answers));
            if together <= most {
                *before = joined;
                block.push(criterion);
                continue;
            }
        }
        blocks.push((Some(answers), vec![criterion]));
    }
    blocks.into_iter().map(|(answers, criteria)| Block::new(&people, answers, &criteria)).collect()
}

impl Block {
    fn new(people: &[&Person], answers: Option<Vec<u32>>, criteria: &[&Criterion]) -> Self {
        // Somebody for each different answer, or everybody.
        let mut stand_for = people.to_vec();
        if let Some(answers) = &answers {
            let mut found: BTreeMap<u32, &Person> = BTreeMap::new();
            for (&answer, &person) in answers.iter().zip(people) {
                found.entry(answer).or_insert(person);
            }
            stand_for = found.into_values().collect();
        }
        let given = |feature: usize| -> Vec<&Feature> {
            stand_for.iter().map(|person| person.features.get(feature).unwrap_or(&Feature::Missing)).collect()
        };
        let column = |criterion: &&Criterion| (Column::new(criterion.rule, given), criterion.strength);
        Self { columns: criteria.iter().map(column).collect(), different: stand_for.len(), answers }
    }
}

/// Numbers equal keys alike, from 0, and counts the different ones.
fn distinct<K: Ord>(keys: impl Iterator<Item = K>) -> (usize, Vec<u32>) {
    let mut numbers: BTreeMap<K, u32> = BTreeMap::new();
    let mut answers = Vec::new();
    for key in keys {
        let next = small(numbers.len());
        answers.push(*numbers.entry(key).or_insert(next));
    }
    (numbers.len(), answers)
}

/// Adds whether a criterion holds, or what it is worth, to the points of a row.
fn put(strength: Strength, points: &mut [u32], found: impl Iterator<Item = (bool, u32)>) {
    match strength {
        Strength::Must => {
            for (points, (holds, _)) in points.iter_mut().zip(found) {
                *points |= if holds { 0 } else { OUT };
            }
        }
        Strength::Prefer { weight } => {
            for (points, (_, value)) in points.iter_mut().zip(found) {
                *points = points.saturating_add(weight * value);
            }
        }
    }
}

/// Divides points by the total weight: a multiplication and a shift, exact for all points there can be (T. Granlund and
/// P. Montgomery, "Division by invariant integers using multiplication", 1994).
#[derive(Clone, Copy, Debug)]
struct Divider {
    factor: u64,
    shift: u32,
    /// What there is without any weight.
    otherwise: u64,
}

impl Divider {
    fn new(total: u32) -> Self {
        if total == 0 {
            return Self { factor: 0, shift: 0, otherwise: u64::from(FULL / 2) };
        }
        // The factor is rounded up by less than 1 in `total`. Points are at most 1000 times the total, so the error
        // stays below what separates two quotients while 1000 times the total's square is below 2 to the shift.
        let shift = 32 + total.ilog2();
        Self { factor: (1u64 << shift).div_ceil(u64::from(total)), shift, otherwise: 0 }
    }

    fn apply(self, points: u32) -> u64 {
        ((u64::from(points) * self.factor) >> self.shift) + self.otherwise
    }
}

/// The tags of an answer.
fn tags_in(answer: &Feature) -> &[u32] {
    match answer {
        Feature::Tags(tags) => tags,
        Feature::Number(_) | Feature::Missing => &[],
    }
}

/// Numbers different tags from 0.
fn numbered(answers: &[&[&Feature]]) -> BTreeMap<u32, u32> {
    let mut numbers: BTreeMap<u32, u32> = BTreeMap::new();
    for &tag in answers.iter().copied().flatten().flat_map(|answer| tags_in(answer)) {
        let next = small(numbers.len());
        numbers.entry(tag).or_insert(next);
    }
    numbers
}

/// Numbers equal answers alike, from 1; no answer is 0.
fn classes(answers: &[&Feature]) -> Vec<u32> {
    let given = |answer: &&Feature| {
        !matches!(answer, Feature::Missing) && !matches!(answer, Feature::Tags(tags) if tags.is_empty())
    };
    let (_, numbers) = distinct(answers.iter().copied());
    answers.iter().zip(numbers).map(|(answer, number)| if given(answer) { number + 1 } else { 0 }).collect()
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
