//! How many pairs would rather have each other than what they got.

use super::pairs::{Asks, Pairs, Room};
use super::progress::Stage;

/// Counts the allowed pairs outside the plan that score higher than the worst that each of the two has got; an empty
/// place counts as less than any score (D. Gale and L. Shapley, "College admissions and the stability of marriage",
/// 1962). `made` holds all pairs of the plan with their scores, pins included; `empty` everybody's places left empty.
pub(super) fn blocking_pairs(pairs: &Pairs<'_>, empty: &[usize], made: &[(usize, usize, i64)]) -> u64 {
    // Nobody without places is tempted, and anything tempts an empty place.
    let mut worst: Vec<i64> = empty.iter().map(|&empty| if empty > 0 { -1 } else { i64::from(i16::MAX) }).collect();
    let mut partners: Vec<Vec<usize>> = vec![Vec::new(); empty.len()];
    for &(a, b, score) in made {
        partners[a.min(b)].push(a.max(b));
        for person in [a, b] {
            worst[person] = worst[person].min(score);
        }
    }
    let worst = Asks::new(worst, 1);
    let parts = pairs.sweep(
        Stage::Explaining,
        || (0u64, Room::default()),
        |(blocking, room), a| {
            pairs.row(a, room).above(0, &worst, |b, score| {
                if score > worst.of(a) && !partners[a].contains(&b) {
                    *blocking += 1;
                }
            });
        },
    );
    parts.into_iter().map(|(blocking, _)| blocking).sum()
}
