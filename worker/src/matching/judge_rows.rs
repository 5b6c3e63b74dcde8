//! One person against all who follow, straight from the answers, for checking plans.
//!
//! This works out what `judge` says of pairs for whole rows: tags are bits, and shared tags are counted as common bits. It
//! has nothing in common with `rules`, by which plans are made, but the meaning of the rules.

use std::collections::BTreeSet;

use super::input::{Feature, Input, Kind, Rule, Strength};
use super::judge::{nearness, thousandths};
use super::pairs::{small, wide};

/// Tags in a word of bits.
const BITS: usize = 32;

/// What a rule adds to a pair that breaks it as a `MUST`: more than all points together.
const BROKEN: u32 = 1 << 31;

/// Parts of more tags than this are not tabled.
const TABLED: u32 = 63;

/// The criteria of a run with everybody's answers, in an order of the caller's.
#[derive(Debug)]
pub(super) struct JudgeRows {
    kind: Kind,
    columns: Vec<(Column, Strength)>,
    weights: u32,
}

#[derive(Debug)]
enum Column {
    /// The number of everybody's answer among all different ones from 1, 0 for none, and whether two should be equal.
    Alike { answers: Vec<u32>, wanted: bool },
    /// Bits for the tags that are compared, and whether they are to be shared or wished for.
    Tags { offered: Bits, wanted: Bits, wishes: bool },
    /// Everybody's number by its place among the different ones, and nothing as one of them.
    Near { different: Vec<Option<i32>>, places: Vec<u32>, at_most: u32, wrap: Option<u32> },
}

/// A bit for every tag of everybody: by word, then by person.
#[derive(Debug)]
struct Bits {
    words: Vec<Vec<u32>>,
    counts: Vec<u32>,
    /// The worth of parts: by whole, then by part.
    tabled: Vec<u32>,
    of_nothing: u16,
}

/// Room for one row.
#[derive(Clone, Debug, Default)]
pub(super) struct JudgeRoom {
    earned: Vec<u32>,
    counts: [Vec<u32>; 2],
    values: Vec<u32>,
}

impl JudgeRows {
    /// Prepares a checked input; `order` has everybody's index in it.
    pub(super) fn new(input: &Input, order: &[usize]) -> Self {
        let answers = |feature: usize| -> Vec<&Feature> {
            order.iter().map(|&index| input.people[index].features.get(feature).unwrap_or(&Feature::Missing)).collect()
        };
        let column = |rule: Rule| match rule {
            Rule::Same { feature } => Column::Alike { answers: numbered(&answers(feature)), wanted: true },
            Rule::Different { feature } => Column::Alike { answers: numbered(&answers(feature)), wanted: false },
            Rule::Overlap { feature } => {
                let known = known(&[&answers(feature)]);
                let bits = || Bits::new(&answers(feature), &known, 0);
                Column::Tags { offered: bits(), wanted: bits(), wishes: false }
            }
            Rule::Offers { offered, wanted } => {
                let (offered, wanted) = (answers(offered), answers(wanted));
                let known = known(&[&offered, &wanted]);
                Column::Tags {
                    offered: Bits::new(&offered, &known, 500),
                    wanted: Bits::new(&wanted, &known, 500),
                    wishes: true,
                }
            }
            Rule::Within { feature, at_most, wrap } => {
                let number =
                    |answer: &&Feature| if let Feature::Number(number) = answer { Some(*number) } else { None };
                let numbers: Vec<Option<i32>> = answers(feature).iter().map(number).collect();
                let different: Vec<Option<i32>> =
                    numbers.iter().copied().collect::<BTreeSet<_>>().into_iter().collect();
                let place = |number| small(different.binary_search(number).unwrap_or(0));
                Column::Near { places: numbers.iter().map(place).collect(), different, at_most, wrap }
            }
        };
        let weight = |strength: Strength| match strength {
            Strength::Must => 0,
            Strength::Prefer { weight } => weight,
        };
        Self {
            kind: input.kind,
            weights: input.criteria.iter().map(|criterion| weight(criterion.strength)).sum(),
            columns: input.criteria.iter().map(|criterion| (column(criterion.rule), criterion.strength)).collect(),
        }
    }

    /// Hands over everybody in a range who keeps every `MUST` with one person, and the score of the two. In mentoring the
    /// one is a mentee and the range holds mentors.
    pub(super) fn each(
        &self,
        one: usize,
        others: std::ops::Range<usize>,
        room: &mut JudgeRoom,
        mut found: impl FnMut(usize, i64),
    ) {
        room.earned.clear();
        room.earned.resize(others.len(), 0);
        for (column, strength) in &self.columns {
            column.judge(self.kind, *strength, one, others.clone(), room);
        }
        for (other, &earned) in others.zip(&room.earned) {
            if earned < BROKEN {
                let score = earned.checked_div(self.weights).unwrap_or(500);
                found(other, i64::from(score));
            }
        }
    }
}

impl Column {
    fn judge(&self, kind: Kind, strength: Strength, one: usize, others: std::ops::Range<usize>, room: &mut JudgeRoom) {
        let JudgeRoom { earned, counts: [there, back], values } = room;
        match self {
            Self::Alike { answers, wanted } => {
                let own = answers[one];
                let fit = |&other: &u32| own != 0 && other != 0 && (own == other) == *wanted;
                add(strength, earned, answers[others].iter().map(fit).map(|fit| (fit, if fit { 1000 } else { 0 })));
            }
            Self::Tags { offered, wanted, wishes } => {
                let own = wanted.counts[one];
                let of_others = &wanted.counts[others.clone()];
                offered.count_common(wanted, one, others.clone(), there);
                values.clear();
                values.extend((0..=own).map(|part| u32::from(thousandths(part, own, wanted.of_nothing))));
                if *wishes {
                    wanted.count_common(offered, one, others, back);
                    // A mentee's wishes can exclude a mentor, but not the other way around.
                    let one_way = kind == Kind::Mentoring;
                    let found = there.iter().zip(&*back).zip(of_others).map(|((&met, &back), &other)| {
                        let holds = (own == 0 || met > 0) && (one_way || other == 0 || back > 0);
                        (holds, u32::midpoint(values[wide(met)], wanted.worth(back, other)))
                    });
                    add(strength, earned, found);
                } else {
                    let found = there.iter().zip(of_others).map(|(&shared, &other)| {
                        (shared > 0, u32::midpoint(values[wide(shared)], wanted.worth(shared, other)))
                    });
                    add(strength, earned, found);
                }
            }
            Self::Near { different, places, at_most, wrap } => {
                let own = different[wide(places[one])];
                let value = |other: &Option<i32>| nearness(own?, (*other)?, *at_most, *wrap);
                values.clear();
                // One more than the value, and 0 for those who are too far away.
                values.extend(different.iter().map(|other| value(other).map_or(0, |value| u32::from(value) + 1)));
                let found = places[others].iter().map(|&place| values[wide(place)]);
                add(strength, earned, found.map(|value| (value > 0, value.saturating_sub(1))));
            }
        }
    }
}

/// Adds what a rule is worth, or that it is broken.
fn add(strength: Strength, earned: &mut [u32], found: impl Iterator<Item = (bool, u32)>) {
    match strength {
        Strength::Must => earned.iter_mut().zip(found).for_each(|(earned, (holds, _))| {
            *earned |= if holds { 0 } else { BROKEN };
        }),
        Strength::Prefer { weight } => earned.iter_mut().zip(found).for_each(|(earned, (_, value))| {
            *earned += weight * value;
        }),
    }
}

impl Bits {
    fn new(answers: &[&Feature], known: &[u32], of_nothing: u16) -> Self {
        let mut words = vec![vec![0; answers.len()]; known.len().div_ceil(BITS)];
        let mut counts = vec![0; answers.len()];
        for (person, answer) in answers.iter().enumerate() {
            for place in tags(answer).iter().filter_map(|tag| known.binary_search(tag).ok()) {
                words[place / BITS][person] |= 1 << (place % BITS);
                counts[person] += 1;
            }
        }
        let parts = |whole| (0..=TABLED).map(move |part| thousandths(part, whole, of_nothing).into());
        Self { words, counts, tabled: (0..=TABLED).flat_map(parts).collect(), of_nothing }
    }

    /// Counts how many of these tags of others are among one person's others.
    fn count_common(&self, wanted: &Self, one: usize, others: std::ops::Range<usize>, counts: &mut Vec<u32>) {
        counts.clear();
        counts.resize(others.len(), 0);
        for (word, own) in self.words.iter().zip(&wanted.words) {
            let own = own[one];
            if own != 0 {
                for (count, theirs) in counts.iter_mut().zip(&word[others.clone()]) {
                    *count += (own & theirs).count_ones();
                }
            }
        }
    }

    /// What it is worth to have so many of so many.
    #[inline]
    fn worth(&self, part: u32, whole: u32) -> u32 {
        let tabled = whole * (TABLED + 1) + part;
        if whole <= TABLED { self.tabled[wide(tabled)] } else { thousandths(part, whole, self.of_nothing).into() }
    }
}

/// All tags of some answers, in order.
fn known(answers: &[&[&Feature]]) -> Vec<u32> {
    let known: BTreeSet<u32> = answers.iter().copied().flatten().flat_map(|answer| tags(answer)).copied().collect();
    known.into_iter().collect()
}

fn tags(answer: &Feature) -> &[u32] {
    if let Feature::Tags(tags) = answer { tags } else { &[] }
}

/// Everybody's answer by its place among the different ones from 1; 0 for no answer.
fn numbered(answers: &[&Feature]) -> Vec<u32> {
    let given = |answer: &Feature| match answer {
        Feature::Missing => false,
        Feature::Tags(tags) => !tags.is_empty(),
        Feature::Number(_) => true,
    };
    let different: BTreeSet<&Feature> = answers.iter().copied().filter(|answer| given(answer)).collect();
    let different: Vec<&Feature> = different.into_iter().collect();
    answers.iter().map(|answer| different.binary_search(answer).map_or(0, |place| small(place + 1))).collect()
}
