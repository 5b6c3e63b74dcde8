//! The few best of many offers, per person.

/// Keeps the `limit` greatest offers of a person; the first part of an offer decides, the rest breaks ties.
#[derive(Clone, Debug)]
pub(super) struct Best {
    limit: usize,
    kept: Vec<(i64, usize, usize)>,
    /// Offers below this one are certainly not among the best.
    floor: i64,
}

impl Best {
    /// Keeps up to `limit` offers, at least 1.
    pub(super) fn new(limit: usize) -> Self {
        Self { limit: limit.max(1), kept: Vec::new(), floor: i64::MIN }
    }

    /// Offers `what` with a value and a number that breaks ties (higher wins).
    pub(super) fn offer(&mut self, value: i64, tie: usize, what: usize) {
        if value < self.floor {
            return;
        }
        self.kept.push((value, tie, what));
        // Sorting out the lower half only now and then makes an offer cheap on average.
        if self.kept.len() / 2 >= self.limit {
            self.cut();
        }
    }

    fn cut(&mut self) {
        if self.kept.len() > self.limit {
            self.kept.select_nth_unstable_by(self.limit - 1, |a, b| b.cmp(a));
            self.kept.truncate(self.limit);
            self.floor = self.kept.last().map_or(i64::MIN, |&(value, _, _)| value);
        }
    }

    /// What was kept, in no particular order.
    pub(super) fn take(mut self) -> impl Iterator<Item = usize> {
        self.cut();
        self.kept.into_iter().map(|(_, _, what)| what)
    }
}
