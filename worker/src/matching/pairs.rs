//! All allowed pairs of a run, row by row.

use std::sync::Mutex;

use super::input::Input;
use super::progress::{Progress, Stage, Watch};
use super::roster::Roster;
use super::rules::{Rules, Scratch};
use super::threads::sweep;
use super::validation::pins;

/// Stands for a pair that is not allowed, in a row of scores.
pub(super) const NOT_ALLOWED: i16 = -1;

/// A price above anything that a pair could ask for.
pub(super) const CLOSED: i64 = i64::MAX / 4;

/// Up to this many pairs are kept (two bytes each); beyond, every row is scored whenever it is needed.
const KEPT_PAIRS: usize = 80_000_000;

/// Scores given for at least one pair in so many are kept in a cell for every pair: that is smaller and faster.
const DENSE: usize = 6;

/// Cells that are compared at once.
const AT_ONCE: usize = 32;

/// The allowed pairs of a run and their scores. People are numbers in the roster. A row is one person with everybody
/// after them: for peers the greater numbers, for a mentee all mentors.
pub(super) struct Pairs<'a> {
    roster: &'a Roster,
    watch: Watch<'a>,
    /// By row, where its cells begin.
    starts: Vec<usize>,
    scores: Scores,
}

#[derive(Debug)]
enum Scores {
    /// A cell for every pair.
    Cells(Vec<i16>),
    /// Cells of a row whenever they are needed.
    Scored(Scorer),
    /// Only allowed pairs: the partners of a row in order, and the scores beside them.
    Listed { starts: Vec<usize>, partners: Vec<u32>, scores: Vec<i64> },
}

/// Room for one row.
#[derive(Clone, Debug, Default)]
pub(super) struct Room {
    cells: Vec<i16>,
    scratch: Scratch,
}

/// The pairs of one person with those after them.
#[derive(Clone, Copy, Debug)]
pub(super) enum Row<'r> {
    /// The scores of everybody from `first` on, [`NOT_ALLOWED`] where the two may not be paired.
    Cells {
        /// Whom the first score is for.
        first: usize,
        /// Their scores.
        scores: &'r [i16],
    },
    /// The allowed partners in order, and their scores.
    Listed {
        /// Who they are.
        partners: &'r [u32],
        /// Their scores.
        scores: &'r [i64],
    },
}

/// What everybody asks for to be in a pair.
#[derive(Clone, Debug)]
pub(super) struct Asks {
    exact: Vec<i64>,
    /// In points, rounded down and brought into a range where two of them can be added.
    coarse: Vec<i32>,
    /// What one point of score is worth.
    unit: i64,
}

impl<'a> Pairs<'a> {
    /// The pairs that the rules of a checked input allow.
    pub(super) fn scored(input: &Input, roster: &'a Roster, watch: Watch<'a>) -> Self {
        let scorer = Scorer::new(input, roster);
        let starts = starts(roster);
        let all = starts.last().copied().unwrap_or(0);
        if all > KEPT_PAIRS {
            return Self { roster, watch, starts, scores: Scores::Scored(scorer) };
        }
        let mut cells = vec![NOT_ALLOWED; all];
        let mut rest = cells.as_mut_slice();
        let rows: Vec<Mutex<&mut [i16]>> = (starts.windows(2))
            .map(|ends| {
                let (row, others) = std::mem::take(&mut rest).split_at_mut(ends[1] - ends[0]);
                rest = others;
                Mutex::new(row)
            })
            .collect();
        let tell = Progress::rows(watch, Stage::Scoring, roster.rows());
        sweep(roster.rows(), all.saturating_mul(4), tell, Scratch::default, |scratch, number| {
            if let Ok(mut row) = rows[number].lock() {
                scorer.fill(roster, number, &mut row, scratch);
            }
        });
        drop(rows);
        Self { roster, watch, starts, scores: Scores::Cells(cells) }
    }

    /// The pairs of a list: two people, the row's first, and their score.
    ///
    /// # Errors
    ///
    /// A pair that is in the list twice.
    pub(super) fn listed(
        roster: &'a Roster,
        list: impl Iterator<Item = (usize, usize, i64)> + Clone,
        watch: Watch<'a>,
    ) -> Result<Self, (usize, usize)> {
        let starts = starts(roster);
        let all = starts.last().copied().unwrap_or(0);
        let (count, fits) = list.clone().fold((0usize, true), |(count, fits), (_, _, score)| {
            (count + 1, fits && (0..=i64::from(i16::MAX)).contains(&score))
        });
        if fits && count.saturating_mul(DENSE) >= all {
            let mut cells = vec![NOT_ALLOWED; all];
            for (a, b, score) in list {
                let cell = &mut cells[starts[a] + b - roster.first_partner(a)];
                if *cell != NOT_ALLOWED {
                    return Err((a, b));
                }
                *cell = i16::try_from(score).unwrap_or(NOT_ALLOWED);
            }
            return Ok(Self { roster, watch, starts, scores: Scores::Cells(cells) });
        }
        let mut order: Vec<(u32, u32, i64)> = list.map(|(a, b, score)| (small(a), small(b), score)).collect();
        order.sort_unstable();
        if let Some([(a, b, _), _]) = order.array_windows().find(|[one, next]| (one.0, one.1) == (next.0, next.1)) {
            return Err((wide(*a), wide(*b)));
        }
        let mut row_starts = vec![0usize; roster.rows() + 1];
        for &(a, ..) in &order {
            row_starts[wide(a) + 1] += 1;
        }
        for row in 0..roster.rows() {
            row_starts[row + 1] += row_starts[row];
        }
        let scores = Scores::Listed {
            starts: row_starts,
            partners: order.iter().map(|&(_, b, _)| b).collect(),
            scores: order.iter().map(|&(.., score)| score).collect(),
        };
        Ok(Self { roster, watch, starts, scores })
    }

    /// How many rows there are: all peers, or all mentees.
    pub(super) fn rows(&self) -> usize {
        self.roster.rows()
    }

    /// How many people there are.
    pub(super) fn people(&self) -> usize {
        self.roster.len()
    }

    /// How many pairs there are in a list of allowed pairs; nothing where every pair has a cell.
    pub(super) fn listed_pairs(&self) -> Option<usize> {
        if let Scores::Listed { partners, .. } = &self.scores { Some(partners.len()) } else { None }
    }

    /// Works on all rows on all cores; see [`sweep`].
    pub(super) fn sweep<T: Send>(
        &self,
        stage: Stage,
        start: impl Fn() -> T + Sync,
        work: impl Fn(&mut T, usize) + Sync,
    ) -> Vec<T> {
        let pairs = match &self.scores {
            // A look at a cell is quick, and scoring takes its time.
            Scores::Cells(cells) => cells.len() / 4,
            Scores::Scored(_) => self.starts.last().map_or(0, |all| all.saturating_mul(4)),
            Scores::Listed { partners, .. } => partners.len(),
        };
        sweep(self.rows(), pairs, Progress::rows(self.watch, stage, self.rows()), start, work)
    }

    /// One person's row.
    pub(super) fn row<'r>(&'r self, number: usize, room: &'r mut Room) -> Row<'r> {
        let first = self.roster.first_partner(number);
        match &self.scores {
            Scores::Cells(cells) => Row::Cells { first, scores: &cells[self.starts[number]..self.starts[number + 1]] },
            Scores::Scored(scorer) => {
                room.cells.resize(self.starts[number + 1] - self.starts[number], 0);
                scorer.fill(self.roster, number, &mut room.cells, &mut room.scratch);
                Row::Cells { first, scores: &room.cells }
            }
            Scores::Listed { starts, partners, scores } => {
                let span = starts[number]..starts[number + 1];
                Row::Listed { partners: &partners[span.clone()], scores: &scores[span] }
            }
        }
    }
}

impl Row<'_> {
    /// Hands over every allowed partner and their score.
    pub(super) fn each(&self, mut found: impl FnMut(usize, i64)) {
        match *self {
            Row::Cells { first, scores } => {
                for (b, &score) in (first..).zip(scores) {
                    if score != NOT_ALLOWED {
                        found(b, i64::from(score));
                    }
                }
            }
            Row::Listed { partners, scores } => {
                for (&b, &score) in partners.iter().zip(scores) {
                    found(wide(b), score);
                }
            }
        }
    }

    /// Hands over every allowed partner whose points are more than `own` and the partner together ask for.
    pub(super) fn above(&self, own: i64, asks: &Asks, mut found: impl FnMut(usize, i64)) {
        let mut test = |b: usize, score: i64| {
            if asks.unit * score > own + asks.exact[b] {
                found(b, score);
            }
        };
        let Row::Cells { first, scores } = *self else { return self.each(test) };
        let Some(own) = asks.coarse_own(own) else { return self.each(test) };
        // Most pairs are far from it; looking at many at once only tells whether one among them may be above.
        let coarse = &asks.coarse[first..];
        for (at, (scores, asked)) in (first..).step_by(AT_ONCE).zip(scores.chunks(AT_ONCE).zip(coarse.chunks(AT_ONCE)))
        {
            let any = scores.iter().zip(asked).fold(false, |any, (&score, ask)| any | (i32::from(score) > own + ask));
            if any {
                for (b, &score) in (at..).zip(scores) {
                    if score != NOT_ALLOWED {
                        test(b, i64::from(score));
                    }
                }
            }
        }
    }

    /// The score of an allowed partner.
    pub(super) fn score(&self, partner: usize) -> Option<i64> {
        match *self {
            Row::Cells { first, scores } => {
                let score = *scores.get(partner.checked_sub(first)?)?;
                (score != NOT_ALLOWED).then(|| i64::from(score))
            }
            Row::Listed { partners, scores } => {
                partners.binary_search(&small(partner)).ok().and_then(|at| scores.get(at).copied())
            }
        }
    }
}

impl Asks {
    /// Sums of two coarse asks stay far away from the ends of an `i32`.
    const LOWEST: i64 = -(1 << 30);
    const HIGHEST: i64 = 1 << 29;

    /// What everybody asks for, where one point of score is worth `unit`, at least 1.
    pub(super) fn new(exact: Vec<i64>, unit: i64) -> Self {
        // Asks below the range come out so low that they never hide a pair, whatever the other asks for.
        let coarse = |ask: &i64| i32::try_from(ask.div_euclid(unit).clamp(Self::LOWEST, Self::HIGHEST)).unwrap_or(0);
        Self { coarse: exact.iter().map(coarse).collect(), exact, unit }
    }

    /// What somebody asks for.
    pub(super) fn of(&self, person: usize) -> i64 {
        self.exact[person]
    }

    /// One person's own ask in points, unless it is so low that only exact numbers tell.
    fn coarse_own(&self, own: i64) -> Option<i32> {
        let points = own.div_euclid(self.unit).min(Self::HIGHEST);
        i32::try_from(points).ok().filter(|_| points >= -Self::HIGHEST)
    }
}

/// Rules, and pairs that are taken out whatever they say.
#[derive(Debug)]
struct Scorer {
    rules: Rules,
    minimum: i16,
    /// By person, partners with greater numbers that a bar or a pin takes out.
    barred: Vec<Vec<usize>>,
}

impl Scorer {
    fn new(input: &Input, roster: &Roster) -> Self {
        let mut barred = vec![Vec::new(); roster.len()];
        let bars = input.barred.iter().map(|bar| (bar.a, bar.b));
        for (a, b) in bars.chain(pins(input)) {
            let (a, b) = (roster.number(a), roster.number(b));
            if roster.opposite(a, b) {
                barred[a.min(b)].push(a.max(b));
            }
        }
        let minimum = i16::try_from(input.minimum_score).unwrap_or(i16::MAX);
        Self { rules: Rules::new(input, roster), minimum, barred }
    }

    fn fill(&self, roster: &Roster, number: usize, cells: &mut [i16], scratch: &mut Scratch) {
        let first = roster.first_partner(number);
        self.rules.score(number, first, cells, scratch);
        if self.minimum > 0 {
            for score in cells.iter_mut() {
                *score = if *score < self.minimum { NOT_ALLOWED } else { *score };
            }
        }
        for &other in &self.barred[number] {
            cells[other - first] = NOT_ALLOWED;
        }
    }
}

/// By row, where its cells begin if every pair has one.
fn starts(roster: &Roster) -> Vec<usize> {
    let lengths = (0..roster.rows()).map(|number| roster.len() - roster.first_partner(number));
    let ends = lengths.scan(0usize, |sum, length| {
        *sum = sum.saturating_add(length);
        Some(*sum)
    });
    std::iter::once(0).chain(ends).collect()
}

/// A number of a person in half the space. Nobody has more people than fit: validation has seen to it.
pub(super) fn small(person: usize) -> u32 {
    u32::try_from(person).unwrap_or(u32::MAX)
}

/// The same in full.
pub(super) fn wide(person: u32) -> usize {
    usize::try_from(person).unwrap_or(usize::MAX)
}
