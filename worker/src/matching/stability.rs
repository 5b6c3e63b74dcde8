//! How many pairs would rather have each other than what they got.

use super::rules::NOT_ALLOWED;
use super::table::{Row, Table};

/// Counts the allowed pairs outside the plan that score higher than the worst that each of the two has got; an empty
/// place counts as less than any score (D. Gale and L. Shapley, "College admissions and the stability of marriage",
/// 1962). `made` holds all pairs of the plan with their scores, pins included; `empty` everybody's places left empty.
pub(super) fn blocking_pairs(table: &Table<'_>, empty: &[usize], made: &[(usize, usize, u16)]) -> u64 {
    // Nobody without places is tempted, and anything tempts an empty place.
    let mut worst: Vec<i32> = empty.iter().map(|&empty| if empty > 0 { -1 } else { i32::from(NOT_ALLOWED) }).collect();
    let mut partners: Vec<Vec<usize>> = vec![Vec::new(); empty.len()];
    for &(a, b, score) in made {
        partners[a.min(b)].push(a.max(b));
        for person in [a, b] {
            worst[person] = worst[person].min(i32::from(score));
        }
    }
    let mut blocking = 0;
    let mut scores = Row::default();
    for a in 0..table.rows() {
        let first = table.first(a);
        let row = table.row(a, &mut scores);
        let tempts =
            |score: u16, b: usize| score != NOT_ALLOWED && i32::from(score) > worst[a] && i32::from(score) > worst[b];
        for ((b, &score), &least) in (first..).zip(row).zip(&worst[first..]) {
            if i32::from(score) > least && tempts(score, b) && !partners[a].contains(&b) {
                blocking += 1;
            }
        }
    }
    blocking
}
