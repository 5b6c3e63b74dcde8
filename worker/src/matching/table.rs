//! The scores of all allowed pairs, row by row.

use super::input::Input;
use super::roster::Roster;
use super::rules::{NOT_ALLOWED, Rules, Scratch};
use super::validation::pins;

/// Up to this many pairs are kept (two bytes each); beyond, every row is computed whenever it is needed.
const KEPT_PAIRS: usize = 80_000_000;

/// The score of every pair, [`NOT_ALLOWED`] where the two may not be paired. People are numbers in the roster.
#[derive(Clone, Debug)]
pub(super) struct Table<'a> {
    roster: &'a Roster,
    rules: Rules,
    minimum: u16,
    /// By person, partners with greater numbers that a bar or a pin takes out.
    barred: Vec<Vec<usize>>,
    kept: Option<Vec<u16>>,
    starts: Vec<usize>,
}

/// Room for one row.
#[derive(Clone, Debug, Default)]
pub(super) struct Row {
    scores: Vec<u16>,
    scratch: Scratch,
}

impl<'a> Table<'a> {
    /// The table of a checked input.
    pub(super) fn new(input: &Input, roster: &'a Roster) -> Self {
        let mut barred = vec![Vec::new(); roster.len()];
        let bars = input.barred.iter().map(|bar| (bar.a, bar.b));
        for (a, b) in bars.chain(pins(input)) {
            let (a, b) = (roster.number(a), roster.number(b));
            if roster.opposite(a, b) {
                barred[a.min(b)].push(a.max(b));
            }
        }
        let mut starts = vec![0usize];
        let mut pairs = 0usize;
        for number in 0..roster.rows() {
            pairs = pairs.saturating_add(roster.len() - roster.first_partner(number));
            starts.push(pairs);
        }
        let mut table =
            Self { roster, rules: Rules::new(input, roster), minimum: input.minimum_score, barred, kept: None, starts };
        if pairs <= KEPT_PAIRS {
            let mut kept = vec![0; pairs];
            let mut scratch = Scratch::default();
            for number in 0..roster.rows() {
                let span = table.starts[number]..table.starts[number + 1];
                table.fill(number, &mut kept[span], &mut scratch);
            }
            table.kept = Some(kept);
        }
        table
    }

    /// How many rows there are: all peers, or all mentees.
    pub(super) fn rows(&self) -> usize {
        self.roster.rows()
    }

    /// The person that the first score of a row belongs to.
    pub(super) fn first(&self, number: usize) -> usize {
        self.roster.first_partner(number)
    }

    /// The scores of one person with everybody from [`Table::first`] on.
    pub(super) fn row<'r>(&'r self, number: usize, row: &'r mut Row) -> &'r [u16] {
        let span = self.starts[number]..self.starts[number + 1];
        if let Some(kept) = &self.kept {
            return &kept[span];
        }
        row.scores.resize(span.len(), 0);
        self.fill(number, &mut row.scores, &mut row.scratch);
        &row.scores
    }

    fn fill(&self, number: usize, scores: &mut [u16], scratch: &mut Scratch) {
        let first = self.first(number);
        self.rules.score(number, first, scores, scratch);
        if self.minimum > 0 {
            for score in scores.iter_mut().filter(|score| **score < self.minimum) {
                *score = NOT_ALLOWED;
            }
        }
        for &other in &self.barred[number] {
            scores[other - first] = NOT_ALLOWED;
        }
    }
}
