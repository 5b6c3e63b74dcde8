//! Lists in conditions, in few lengths.

use std::{collections::HashSet, hash::Hash};

/// The different ones of these, and one of them again and again until their number is a multiple of ten. A condition over
/// them is then one of few statements, which the database knows already, instead of another one for every number.
pub(super) fn rounded<T: Clone + Eq + Hash>(values: &[T]) -> Vec<T> {
    let mut seen = HashSet::with_capacity(values.len());
    let mut rounded: Vec<T> = values.iter().filter(|value| seen.insert(*value)).cloned().collect();
    if let Some(first) = rounded.first().cloned() {
        rounded.resize(rounded.len().next_multiple_of(10), first);
    }
    rounded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_round() {
        for (values, number) in [(vec![], 0), (vec![1], 10), (vec![1, 2, 1], 10), ((0..11).collect(), 20)] {
            let rounded = rounded(&values);
            assert_eq!(rounded.len(), number);
            assert!(
                values.iter().all(|value| rounded.contains(value))
                    && rounded.iter().all(|value| values.contains(value))
            );
        }
    }
}
