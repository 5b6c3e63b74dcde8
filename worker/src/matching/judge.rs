//! One pair at a time, straight from the people's answers.
//!
//! This says again, in the plainest way, what `rules` prepares for whole rows. The plan is made with one and checked and
//! explained with the other.

use std::collections::BTreeSet;

use super::input::{Criterion, Feature, Input, Kind, Person, Rule, Strength};

/// How many different tags fit into a mask.
const MASK_BITS: usize = 128;

/// A person's answers, at hand for judging.
#[derive(Clone, Debug)]
pub(super) struct Card<'a> {
    answers: &'a [Feature],
    /// By feature, a bit for every tag, where all tags that it can be compared with fit: shared tags are shared bits.
    masks: Vec<Option<u128>>,
}

impl<'a> Card<'a> {
    /// Everybody's cards, in the input's order.
    pub(super) fn all(input: &'a Input) -> Vec<Self> {
        let features = input.people.iter().map(|person| person.features.len()).max().unwrap_or(0);
        // Offers compare two features with each other, so their bits must mean the same.
        let mut group: Vec<usize> = (0..features).collect();
        for criterion in &input.criteria {
            if let Rule::Offers { offered, wanted } = criterion.rule
                && let (Some(&one), Some(&other)) = (group.get(offered), group.get(wanted))
            {
                group.iter_mut().filter(|group| **group == other).for_each(|group| *group = one);
            }
        }
        let mut known = vec![BTreeSet::new(); features];
        for person in &input.people {
            for (feature, &group) in group.iter().enumerate() {
                known[group].extend(tags_in(&person.features, feature));
            }
        }
        let known: Vec<Vec<u32>> = known.into_iter().map(|tags| tags.into_iter().copied().collect()).collect();
        let mask = |answers: &'a [Feature], feature: usize| {
            let known = &known[group[feature]];
            let bit = |tag: &u32| known.binary_search(tag).map_or(0, |place| 1u128 << place);
            (known.len() <= MASK_BITS).then(|| tags_in(answers, feature).iter().map(bit).sum())
        };
        let card = |person: &'a Person| Self {
            answers: &person.features,
            masks: (0..person.features.len()).map(|feature| mask(&person.features, feature)).collect(),
        };
        input.people.iter().map(card).collect()
    }

    /// Chosen tags, none if missing.
    pub(super) fn tags(&self, feature: usize) -> &'a [u32] {
        tags_in(self.answers, feature)
    }

    /// An answer, unless it is missing or empty.
    fn answer(&self, feature: usize) -> Option<&'a Feature> {
        match self.answers.get(feature)? {
            Feature::Missing => None,
            Feature::Tags(tags) if tags.is_empty() => None,
            answer @ (Feature::Tags(_) | Feature::Number(_)) => Some(answer),
        }
    }

    /// Whether both gave the same answer, if both gave one.
    fn equals(&self, other: &Self, feature: usize) -> Option<bool> {
        match (self.masks.get(feature), other.masks.get(feature)) {
            // An empty mask may stand for a number.
            (Some(&Some(mine)), Some(&Some(theirs))) if mine != 0 && theirs != 0 => Some(mine == theirs),
            _ => Some(self.answer(feature)? == other.answer(feature)?),
        }
    }

    /// How many tags of one feature are among another person's of another.
    fn shared(&self, feature: usize, other: &Self, their: usize) -> u32 {
        if let (Some(Some(mine)), Some(Some(theirs))) = (self.masks.get(feature), other.masks.get(their)) {
            return (mine & theirs).count_ones();
        }
        u32::try_from(common(self.tags(feature), other.tags(their)).count()).unwrap_or(u32::MAX)
    }

    /// How many tags were chosen.
    fn count(&self, feature: usize) -> u32 {
        match self.masks.get(feature) {
            Some(Some(mask)) => mask.count_ones(),
            _ => u32::try_from(self.tags(feature).len()).unwrap_or(u32::MAX),
        }
    }
}

/// How well a criterion fits for both sides of a pair, 0 to 1000 each.
pub(super) fn values(rule: Rule, a: &Card<'_>, b: &Card<'_>) -> [u16; 2] {
    let both = |holds: bool| if holds { [1000; 2] } else { [0; 2] };
    match rule {
        Rule::Same { .. } | Rule::Different { .. } => both(keeps(rule, a, b)),
        Rule::Overlap { feature } => {
            let shared = a.shared(feature, b, feature);
            [a, b].map(|side| thousandths(shared, side.count(feature), 0))
        }
        Rule::Offers { offered, wanted } => {
            let met = |seeker: &Card<'_>, giver: &Card<'_>| {
                thousandths(seeker.shared(wanted, giver, offered), seeker.count(wanted), 500)
            };
            [met(a, b), met(b, a)]
        }
        Rule::Within { feature, at_most, wrap } => {
            let value = apart(a, b, feature, wrap).and_then(|distance| near(distance, at_most));
            [value.unwrap_or(0); 2]
        }
    }
}

/// Whether a pair keeps a rule as a `MUST`. In mentoring, `a` is the mentor and `b` the mentee.
pub(super) fn holds(kind: Kind, rule: Rule, a: &Card<'_>, b: &Card<'_>) -> bool {
    if let (Kind::Mentoring, Rule::Offers { offered, wanted }) = (kind, rule) {
        return content(b, a, offered, wanted);
    }
    keeps(rule, a, b)
}

/// Whether a pair keeps a rule in both directions.
fn keeps(rule: Rule, a: &Card<'_>, b: &Card<'_>) -> bool {
    match rule {
        Rule::Same { feature } => a.equals(b, feature) == Some(true),
        Rule::Different { feature } => a.equals(b, feature) == Some(false),
        Rule::Overlap { feature } => a.shared(feature, b, feature) > 0,
        Rule::Offers { offered, wanted } => content(a, b, offered, wanted) && content(b, a, offered, wanted),
        Rule::Within { feature, at_most, wrap } => apart(a, b, feature, wrap).is_some_and(|d| d <= at_most),
    }
}

/// Whether somebody wants nothing in particular or finds some of it.
fn content(seeker: &Card<'_>, giver: &Card<'_>, offered: usize, wanted: usize) -> bool {
    seeker.count(wanted) == 0 || seeker.shared(wanted, giver, offered) > 0
}

/// Whether a pair keeps every `MUST`.
pub(super) fn keeps_musts(input: &Input, a: &Card<'_>, b: &Card<'_>) -> bool {
    let must = |criterion: &&Criterion| criterion.strength == Strength::Must;
    input.criteria.iter().filter(must).all(|criterion| holds(input.kind, criterion.rule, a, b))
}

/// The score of a pair, 0 to 1000.
pub(super) fn score(input: &Input, a: &Card<'_>, b: &Card<'_>) -> u16 {
    let mut earned = 0;
    let mut possible = 0;
    for criterion in &input.criteria {
        if let Strength::Prefer { weight } = criterion.strength {
            let [x, y] = values(criterion.rule, a, b);
            earned += u64::from(weight) * u64::from(u16::midpoint(x, y));
            possible += u64::from(weight);
        }
    }
    earned.checked_div(possible).map_or(500, |score| u16::try_from(score).unwrap_or(1000))
}

fn tags_in(answers: &[Feature], feature: usize) -> &[u32] {
    match answers.get(feature) {
        Some(Feature::Tags(tags)) => tags,
        Some(Feature::Number(_) | Feature::Missing) | None => &[],
    }
}

/// Tags in both of two ascending lists.
pub(super) fn common<'a>(a: &'a [u32], b: &'a [u32]) -> impl Iterator<Item = u32> + 'a {
    let mut rest = b.iter().peekable();
    a.iter().copied().filter(move |tag| {
        while rest.next_if(|&other| other < tag).is_some() {}
        rest.peek() == Some(&tag)
    })
}

/// How far apart two people's numbers are; nothing when one is missing.
pub(super) fn apart(a: &Card<'_>, b: &Card<'_>, feature: usize, wrap: Option<u32>) -> Option<u32> {
    let (Feature::Number(a), Feature::Number(b)) = (a.answer(feature)?, b.answer(feature)?) else { return None };
    between(*a, *b, wrap)
}

/// How far apart two numbers are, the shorter way around if they wrap.
fn between(a: i32, b: i32, wrap: Option<u32>) -> Option<u32> {
    let straight = a.abs_diff(b);
    let Some(circle) = wrap else { return Some(straight) };
    let there = straight.checked_rem(circle)?;
    Some(there.min(circle - there))
}

/// What two numbers are worth if they are near enough.
pub(super) fn nearness(a: i32, b: i32, at_most: u32, wrap: Option<u32>) -> Option<u16> {
    near(between(a, b, wrap)?, at_most)
}

fn near(distance: u32, at_most: u32) -> Option<u16> {
    let reach = u64::from(at_most) + 1;
    let left = reach.checked_sub(u64::from(distance)).filter(|&left| left > 0)?;
    u16::try_from(1000 * left / reach).ok()
}

/// A part of a whole in thousandths, rounded down; `of_nothing` when there is no whole.
pub(super) fn thousandths(part: u32, whole: u32, of_nothing: u16) -> u16 {
    part.saturating_mul(1000).checked_div(whole).map_or(of_nothing, |value| u16::try_from(value).unwrap_or(1000))
}
