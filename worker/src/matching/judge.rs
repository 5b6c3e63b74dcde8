//! One pair at a time, straight from the people's answers.
//!
//! This says again, in the plainest way, what `rules` prepares for speed. The plan is made with one and checked and
//! explained with the other.

use super::input::{Criterion, Feature, Input, Kind, Person, Rule, Strength};

/// How well a criterion fits for both sides of a pair, 0 to 1000 each.
pub(super) fn values(rule: Rule, a: &Person, b: &Person) -> [u16; 2] {
    let both = |holds: bool| if holds { [1000; 2] } else { [0; 2] };
    match rule {
        Rule::Same { .. } | Rule::Different { .. } => both(keeps(rule, a, b)),
        Rule::Overlap { feature } => {
            let shared = common(tags(a, feature), tags(b, feature)).count();
            [thousandths(shared, tags(a, feature).len(), 0), thousandths(shared, tags(b, feature).len(), 0)]
        }
        Rule::Offers { offered, wanted } => [(a, b), (b, a)].map(|(seeker, giver)| {
            let wishes = tags(seeker, wanted);
            thousandths(common(wishes, tags(giver, offered)).count(), wishes.len(), 500)
        }),
        Rule::Within { feature, at_most, wrap } => match apart(a, b, feature, wrap) {
            Some(distance) if distance <= at_most => {
                let reach = u64::from(at_most) + 1;
                let value = 1000 * (reach - u64::from(distance)) / reach;
                [u16::try_from(value).unwrap_or(1000); 2]
            }
            _ => [0; 2],
        },
    }
}

/// Whether a pair keeps a rule as a `MUST`. In mentoring, `a` is the mentor and `b` the mentee.
pub(super) fn holds(kind: Kind, rule: Rule, a: &Person, b: &Person) -> bool {
    if let (Kind::Mentoring, Rule::Offers { offered, wanted }) = (kind, rule) {
        return content(b, a, offered, wanted);
    }
    keeps(rule, a, b)
}

/// Whether a pair keeps a rule in both directions.
fn keeps(rule: Rule, a: &Person, b: &Person) -> bool {
    match rule {
        Rule::Same { feature } => answer(a, feature).zip(answer(b, feature)).is_some_and(|(a, b)| a == b),
        Rule::Different { feature } => answer(a, feature).zip(answer(b, feature)).is_some_and(|(a, b)| a != b),
        Rule::Overlap { feature } => common(tags(a, feature), tags(b, feature)).next().is_some(),
        Rule::Offers { offered, wanted } => content(a, b, offered, wanted) && content(b, a, offered, wanted),
        Rule::Within { feature, at_most, wrap } => apart(a, b, feature, wrap).is_some_and(|d| d <= at_most),
    }
}

/// Whether somebody wants nothing in particular or finds some of it.
fn content(seeker: &Person, giver: &Person, offered: usize, wanted: usize) -> bool {
    let wishes = tags(seeker, wanted);
    wishes.is_empty() || common(wishes, tags(giver, offered)).next().is_some()
}

/// Whether a pair keeps every `MUST`.
pub(super) fn keeps_musts(input: &Input, a: &Person, b: &Person) -> bool {
    let must = |criterion: &&Criterion| criterion.strength == Strength::Must;
    input.criteria.iter().filter(must).all(|criterion| holds(input.kind, criterion.rule, a, b))
}

/// The score of a pair, 0 to 1000.
pub(super) fn score(input: &Input, a: &Person, b: &Person) -> u16 {
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

/// An answer, unless it is missing or empty.
fn answer(person: &Person, feature: usize) -> Option<&Feature> {
    match person.features.get(feature)? {
        Feature::Missing => None,
        Feature::Tags(tags) if tags.is_empty() => None,
        answer @ (Feature::Tags(_) | Feature::Number(_)) => Some(answer),
    }
}

/// Chosen tags, none if missing.
pub(super) fn tags(person: &Person, feature: usize) -> &[u32] {
    match person.features.get(feature) {
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

/// How far apart two numbers are, the shorter way around if they wrap; nothing when one is missing.
pub(super) fn apart(a: &Person, b: &Person, feature: usize, wrap: Option<u32>) -> Option<u32> {
    let (Some(Feature::Number(a)), Some(Feature::Number(b))) = (a.features.get(feature), b.features.get(feature)) else {
        return None;
    };
    let straight = a.abs_diff(*b);
    let Some(circle) = wrap else { return Some(straight) };
    let there = straight.checked_rem(circle)?;
    Some(there.min(circle - there))
}

/// A part of a whole in thousandths, rounded down; `of_nothing` when there is no whole.
fn thousandths(part: usize, whole: usize, of_nothing: u16) -> u16 {
    (part * 1000).checked_div(whole).map_or(of_nothing, |value| u16::try_from(value).unwrap_or(1000))
}
