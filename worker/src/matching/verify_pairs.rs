//! Which pairs are allowed and what they score, as far as checking goes: worked out from the input and nothing else.

use std::collections::BTreeSet;

use super::input::{Input, Kind, Role};
use super::judge::{self, Card};
use super::judge_rows::{JudgeRoom, JudgeRows};
use super::progress::{Progress, Stage, Watch};
use super::scored::Scored;
use super::threads::sweep;

/// The allowed pairs of an input, whoever has places. People are numbers in an order of the caller's.
pub(super) struct AllowedPairs<'a> {
    people: usize,
    /// In mentoring, how many people are mentees; they come first.
    mentees: Option<usize>,
    source: Source<'a>,
    watch: Watch<'a>,
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
    /// By a list of scores, with everybody's number by their index.
    Listed { scored: &'a Scored, number: Vec<usize> },
}

/// What was found about many pairs.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tally {
    /// How many there are.
    pub(super) pairs: u64,
    /// What they gain in total.
    pub(super) gains: i128,
    /// Whether a claim does not hold for one of them.
    pub(super) refuted: bool,
}

/// Pairs of a list that are gone through at a time.
const LISTED_AT_A_TIME: usize = 1 << 12;

impl<'a> AllowedPairs<'a> {
    /// By rules; bars are numbers in the order.
    pub(super) fn of_rules(
        input: &'a Input,
        order: &[usize],
        bars: impl Iterator<Item = (usize, usize)>,
        cards: &'a [Card<'a>],
        watch: Watch<'a>,
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
        Self { people: order.len(), mentees: (input.kind == Kind::Mentoring).then_some(mentees), source, watch }
    }

    /// By given scores.
    pub(super) fn of_scores(scored: &'a Scored, order: &[usize], watch: Watch<'a>) -> Self {
        let mut number = vec![0; order.len()];
        for (at, &index) in order.iter().enumerate() {
            number[index] = at;
        }
        Self { people: order.len(), mentees: None, source: Source::Listed { scored, number }, watch }
    }

    /// Goes through all allowed pairs, the smaller number first, on all cores.
    pub(super) fn tally(&self, found: impl Fn(&mut Tally, usize, usize, i64) + Sync) -> Tally {
        let parts = match &self.source {
            Source::Judged { input, rows, barred, .. } => {
                let minimum = i64::from(input.minimum_score);
                let length = self.mentees.unwrap_or(self.people);
                let tell = Progress::rows(self.watch, Stage::Proving, length);
                sweep(length, length.saturating_mul(self.people), tell, Default::default, |(tally, room), one| {
                    let barred = &barred[one];
                    rows.each(one, self.mentees.unwrap_or(one + 1)..self.people, room, |other, score| {
                        if score >= minimum && (barred.is_empty() || !barred.contains(&other)) {
                            found(tally, one, other, score);
                        }
                    });
                })
            }
            Source::Listed { scored, number } => {
                let stretches: Vec<&[(usize, usize, i64)]> = scored.pairs.chunks(LISTED_AT_A_TIME).collect();
                let tell = Progress::rows(self.watch, Stage::Proving, stretches.len());
                sweep(stretches.len(), scored.pairs.len(), tell, Default::default, |(tally, _), stretch| {
                    for &(a, b, score) in stretches[stretch] {
                        let (a, b) = (number[a], number[b]);
                        found(tally, a.min(b), a.max(b), score);
                    }
                })
            }
        };
        let parts = parts.into_iter().map(|(tally, _): (Tally, JudgeRoom)| tally);
        parts.fold(Tally::default(), |all, part| Tally {
            pairs: all.pairs + part.pairs,
            gains: all.gains + part.gains,
            refuted: all.refuted || part.refuted,
        })
    }

    /// The scores of pairs, the smaller number first; nothing for those that are not allowed.
    pub(super) fn scores(&self, roles: &[Role], pairs: &[(usize, usize)]) -> Vec<Option<i64>> {
        match &self.source {
            Source::Judged { input, cards, barred, .. } => {
                let score = |&(first, second): &(usize, usize)| {
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
                };
                pairs.iter().map(score).collect()
            }
            Source::Listed { scored, number } => {
                let mut asked = vec![Vec::new(); self.people];
                for (at, &(first, second)) in pairs.iter().enumerate() {
                    asked[first].push((second, at));
                }
                let mut scores = vec![None; pairs.len()];
                for &(a, b, score) in &scored.pairs {
                    let (a, b) = (number[a], number[b]);
                    for &(second, at) in &asked[a.min(b)] {
                        if second == a.max(b) {
                            scores[at] = Some(score);
                        }
                    }
                }
                scores
            }
        }
    }
}
