//! Which pairs are allowed and what they score, as far as checking goes: worked out from the input and nothing else.

use std::collections::BTreeSet;

use super::faults::Fault;
use super::input::{Input, Kind, Role};
use super::judge::{self, Card};
use super::judge_rows::{JudgeRoom, JudgeRows};
use super::pairs::{small, wide};
use super::scored::Scored;

/// The allowed pairs of an input, whoever has places. People are numbers in an order of the caller's.
pub(super) struct AllowedPairs<'a> {
    people: usize,
    /// In mentoring, how many people are mentees; they come first.
    mentees: Option<usize>,
    source: Source<'a>,
}

enum Source<'a> {
    /// By rules.
    Judged {
        input: &'a Input,
        cards: Vec<&'a Card<'a>>,
        rows: JudgeRows,
        /// By person, everybody with a greater number who may not be paired with them, pins included.
        barred: Vec<BTreeSet<usize>>,
    },
    /// By a list of scores: the partners in each row, in order, and where in the list the pair stands.
    Listed { scored: &'a Scored, starts: Vec<usize>, partners: Vec<(u32, u32)> },
}

/// Room for one row.
pub(super) type Room = JudgeRoom;

impl<'a> AllowedPairs<'a> {
    /// By rules; bars are numbers in the order.
    pub(super) fn of_rules(
        input: &'a Input,
        order: &[usize],
        bars: impl Iterator<Item = (usize, usize)>,
        cards: &'a [Card<'a>],
    ) -> Self {
        let mut barred = vec![BTreeSet::new(); order.len()];
        for (a, b) in bars {
            barred[a.min(b)].insert(a.max(b));
        }
        let source = Source::Judged {
            input,
            cards: order.iter().map(|&index| &cards[index]).collect(),
            rows: JudgeRows::new(input, order),
            barred,
        };
        let mentees = input.people.iter().filter(|person| person.role == Role::Mentee).count();
        Self { people: order.len(), mentees: (input.kind == Kind::Mentoring).then_some(mentees), source }
    }

    /// By given scores.
    ///
    /// # Errors
    ///
    /// [`Fault::DuplicatePair`].
    pub(super) fn of_scores(scored: &'a Scored, order: &[usize]) -> Result<Self, Fault> {
        let mut number = vec![0; order.len()];
        for (at, &index) in order.iter().enumerate() {
            number[index] = at;
        }
        let ends = |&(a, b, _): &(usize, usize, i64)| (number[a].min(number[b]), number[a].max(number[b]));
        let mut starts = vec![0usize; order.len() + 1];
        for pair in &scored.pairs {
            starts[ends(pair).0 + 1] += 1;
        }
        for row in 0..order.len() {
            starts[row + 1] += starts[row];
        }
        let mut next = starts.clone();
        let mut partners = vec![(0, 0); scored.pairs.len()];
        for (at, pair) in scored.pairs.iter().enumerate() {
            let (one, other) = ends(pair);
            partners[next[one]] = (small(other), small(at));
            next[one] += 1;
        }
        for (one, &index) in order.iter().enumerate() {
            let row = &mut partners[starts[one]..starts[one + 1]];
            row.sort_unstable();
            if let Some([(other, _), _]) = row.array_windows().find(|[one, other]| one.0 == other.0) {
                return Err(Fault::DuplicatePair { a: index, b: order[wide(*other)] });
            }
        }
        let mentees = scored.people.iter().filter(|person| person.role == Role::Mentee).count();
        let mentees = (scored.kind == Kind::Mentoring).then_some(mentees);
        Ok(Self { people: order.len(), mentees, source: Source::Listed { scored, starts, partners } })
    }

    /// Rows: all peers, or all mentees.
    pub(super) fn rows(&self) -> usize {
        self.mentees.unwrap_or(self.people)
    }

    /// How many pairs one look at all rows goes through.
    pub(super) fn work(&self) -> usize {
        match &self.source {
            Source::Judged { .. } => self.rows().saturating_mul(self.people),
            Source::Listed { partners, .. } => partners.len(),
        }
    }

    /// Hands over everybody after one person with whom they may be paired, and the score of the two.
    pub(super) fn each(&self, one: usize, room: &mut Room, mut found: impl FnMut(usize, i64)) {
        match &self.source {
            Source::Judged { input, rows, barred, .. } => {
                let barred = &barred[one];
                let minimum = i64::from(input.minimum_score);
                rows.each(one, self.mentees.unwrap_or(one + 1)..self.people, room, |other, score| {
                    if score >= minimum && (barred.is_empty() || !barred.contains(&other)) {
                        found(other, score);
                    }
                });
            }
            Source::Listed { scored, starts, partners } => {
                for &(other, at) in &partners[starts[one]..starts[one + 1]] {
                    found(wide(other), scored.pairs[wide(at)].2);
                }
            }
        }
    }

    /// The score of two people, if they may be paired.
    pub(super) fn score(&self, roles: &[Role], a: usize, b: usize) -> Option<i64> {
        let (first, second) = (a.min(b), a.max(b));
        match &self.source {
            Source::Judged { input, cards, barred, .. } => {
                if barred[first].contains(&second) {
                    return None;
                }
                let (one, other) = match (roles[first], roles[second]) {
                    (Role::Peer, Role::Peer) if first != second => (first, second),
                    (Role::Mentor, Role::Mentee) => (first, second),
                    (Role::Mentee, Role::Mentor) => (second, first),
                    _ => return None,
                };
                let (one, other) = (cards[one], cards[other]);
                let score = judge::score(input, one, other);
                (judge::keeps_musts(input, one, other) && score >= input.minimum_score).then_some(score.into())
            }
            Source::Listed { scored, starts, partners } => {
                let row = &partners[starts[first]..starts[first + 1]];
                let at = row.binary_search_by_key(&small(second), |&(other, _)| other).ok()?;
                Some(scored.pairs[wide(row[at].1)].2)
            }
        }
    }
}
