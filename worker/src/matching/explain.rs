//! Why two people fit: what every criterion says about them, in points that add up to the score.

use super::input::{Input, Rule, Strength};
use super::judge::{self, Card};
use super::plan::Contribution;

/// The score of a pair and what every criterion says about it. In mentoring, `a` is the mentor.
pub(super) fn explain(input: &Input, a: &Card<'_>, b: &Card<'_>) -> (u16, Vec<Contribution>) {
    let score = judge::score(input, a, b);
    let mut contributions = Vec::new();
    let mut weights = Vec::new();
    for (number, criterion) in input.criteria.iter().enumerate() {
        let weight = match criterion.strength {
            Strength::Must if judge::holds(input.kind, criterion.rule, a, b) => None,
            Strength::Must => continue,
            Strength::Prefer { weight } => Some(weight),
        };
        contributions.push(describe(number, criterion.rule, weight.is_none(), a, b));
        weights.push(u64::from(weight.unwrap_or(0)));
    }
    let total: u64 = weights.iter().sum();
    if total > 0 {
        let shares: Vec<u64> = weights.iter().map(|weight| weight * 1000).collect();
        let out_of = apportion(&shares, total, 1000, &vec![1000; shares.len()]);
        let value = |contribution: &Contribution| u64::from(u16::midpoint(contribution.value_a, contribution.value_b));
        let earned: Vec<u64> =
            weights.iter().zip(&contributions).map(|(weight, found)| weight * value(found)).collect();
        let points = apportion(&earned, total, score, &out_of);
        for (contribution, (points, out_of)) in contributions.iter_mut().zip(points.into_iter().zip(out_of)) {
            contribution.points = points;
            contribution.out_of = out_of;
        }
    }
    (score, contributions)
}

/// What one criterion finds, without points.
fn describe(criterion: usize, rule: Rule, must: bool, a: &Card<'_>, b: &Card<'_>) -> Contribution {
    let [value_a, value_b] = judge::values(rule, a, b);
    let common = |x, y| judge::common(a.tags(x), b.tags(y)).collect();
    let (shared, by_a, by_b, apart) = match rule {
        Rule::Same { feature } | Rule::Different { feature } | Rule::Overlap { feature } => {
            (common(feature, feature), Vec::new(), Vec::new(), None)
        }
        Rule::Offers { offered, wanted } => (Vec::new(), common(offered, wanted), common(wanted, offered), None),
        Rule::Within { feature, wrap, .. } => (Vec::new(), Vec::new(), Vec::new(), judge::apart(a, b, feature, wrap)),
    };
    Contribution { criterion, must, value_a, value_b, points: 0, out_of: 0, shared, by_a, by_b, apart }
}

/// Rounds the parts `numerators[i] / denominator` so that they add up to `sum`, none above its limit: everyone gets the
/// whole part, then those with the largest remainders get one more (Hamilton's method). The parts add up to less than
/// `sum + 1`, and the limits to at least `sum`.
fn apportion(numerators: &[u64], denominator: u64, sum: u16, limits: &[u16]) -> Vec<u16> {
    let mut parts: Vec<u16> =
        numerators.iter().map(|numerator| u16::try_from(numerator / denominator).unwrap_or(u16::MAX)).collect();
    let mut order: Vec<usize> = (0..numerators.len()).collect();
    order.sort_by_key(|&number| (std::cmp::Reverse(numerators[number] % denominator), number));
    let mut left = sum.saturating_sub(parts.iter().fold(0, |total: u16, &part| total.saturating_add(part)));
    // Limits can leave a second one for somebody who has room.
    while left > 0 {
        let before = left;
        for &number in &order {
            if left > 0 && parts[number] < limits[number] {
                parts[number] += 1;
                left -= 1;
            }
        }
        if left == before {
            break;
        }
    }
    parts
}
