//! `rules.toml`: what comes first, what must hold, what is preferred, and which pairs are settled.

use std::{
    fmt,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Deserializer, de};
use toml::Spanned;
use worker::matching::{Criterion, Objective, Rule, Strength};

use super::{Goal, problems::Problems};

/// A rule's weight is at most this.
const HEAVIEST: u32 = 10_000;
/// Keys that are not part of a rule.
const KEYS: [&str; 8] =
    ["objective", "minimum_score", "seed", "pin", "forbid", "past_partners", "forbid_file", "past_partners_file"];
/// Minutes in a day.
const DAY: u32 = 1440;

/// The file, understood.
#[derive(Debug)]
pub(super) struct Rules {
    pub(super) objective: Objective,
    pub(super) minimum_score: u16,
    pub(super) seed: u64,
    /// All `must`s, then all `prefer`s; features are indices into `answers`.
    pub(super) criteria: Vec<Criterion>,
    /// By criterion, its words in the file.
    pub(super) labels: Vec<String>,
    /// What the criteria compare.
    pub(super) answers: Vec<Answer>,
    pub(super) pins: Vec<Couple>,
    pub(super) forbidden: Vec<Couple>,
    pub(super) past: Vec<Couple>,
    /// Files of more such pairs.
    pub(super) forbidden_file: Option<PathBuf>,
    pub(super) past_file: Option<PathBuf>,
}

/// A column, and how its cells are read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) column: String,
    pub(super) reading: Reading,
    /// Where the rules name it first, and by which key.
    pub(super) line: u64,
    pub(super) key: &'static str,
}

/// How a cell is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reading {
    /// Values, separated by semicolons.
    Values,
    /// A whole number.
    Number,
    /// A time zone, in minutes east of UTC.
    TimeZone,
}

/// Two ids, and where they stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Couple {
    pub(super) ids: [String; 2],
    pub(super) line: u64,
}

/// The file as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    #[serde(default)]
    objective: Goal,
    minimum_score: Option<Spanned<i64>>,
    #[serde(default)]
    seed: Seed,
    #[serde(default)]
    must: Vec<Spanned<Entry>>,
    #[serde(default)]
    prefer: Vec<Spanned<Entry>>,
    #[serde(default)]
    pin: Vec<Spanned<Vec<String>>>,
    #[serde(default)]
    forbid: Vec<Spanned<Vec<String>>>,
    #[serde(default)]
    past_partners: Vec<Spanned<Vec<String>>>,
    forbid_file: Option<PathBuf>,
    past_partners_file: Option<PathBuf>,
}

/// One rule. Which keys go together, a type could say only with messages that do not name the line.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    rule: Spanned<Comparison>,
    column: Option<Spanned<String>>,
    offered: Option<Spanned<String>>,
    wanted: Option<Spanned<String>>,
    at_most: Option<Spanned<i64>>,
    wrap: Option<Spanned<i64>>,
    hours: Option<Spanned<i64>>,
    weight: Option<Spanned<i64>>,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum Comparison {
    Same,
    Different,
    Overlap,
    Offers,
    Within,
}

/// A number, or a text that stands for one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Seed(u64);

impl Rules {
    /// Reads a file. What is wrong goes to `problems`.
    pub(super) fn read(path: &Path, problems: &mut Problems) -> Option<Self> {
        let bytes = std::fs::read(path).map_err(|error| problems.whole(format!("cannot be read: {error}"))).ok()?;
        match std::str::from_utf8(&bytes) {
            Ok(text) => Self::parse(text.trim_start_matches('\u{feff}'), problems),
            Err(error) => {
                let line = Lines::of(&bytes).at(error.valid_up_to());
                problems.line(line, "is not UTF-8: save the file as UTF-8");
                None
            }
        }
    }

    fn parse(text: &str, problems: &mut Problems) -> Option<Self> {
        let lines = Lines::of(text.as_bytes());
        let document: Document = match toml::from_str(text) {
            Ok(document) => document,
            Err(error) => {
                problems.line(lines.at(error.span().map_or(0, |span| span.start)), hinted(error.message()));
                return None;
            }
        };
        let mut reader = Reader { lines: &lines, problems, answers: Vec::new() };
        let minimum = document.minimum_score.as_ref();
        let minimum_score = minimum.map_or(Some(0), |minimum| reader.number("minimum_score", minimum, 0, 1000));
        let mut criteria = Vec::new();
        let mut labels = Vec::new();
        for (entries, must) in [(&document.must, true), (&document.prefer, false)] {
            for entry in entries {
                let criterion = reader.criterion(entry, must);
                criteria.extend(criterion);
                labels.push(label(entry.as_ref()));
            }
        }
        let pins = reader.couples("pin", document.pin);
        let forbidden = reader.couples("forbid", document.forbid);
        let past = reader.couples("past_partners", document.past_partners);
        let Reader { answers, .. } = reader;
        (criteria.len() == labels.len()).then_some(Self {
            objective: document.objective.into(),
            minimum_score: u16::try_from(minimum_score?).ok()?,
            seed: document.seed.0,
            criteria,
            labels,
            answers,
            pins,
            forbidden,
            past,
            forbidden_file: document.forbid_file,
            past_file: document.past_partners_file,
        })
    }
}

/// Turns entries into criteria.
struct Reader<'a> {
    lines: &'a Lines,
    problems: &'a mut Problems,
    answers: Vec<Answer>,
}

impl Reader<'_> {
    fn line<T>(&self, spanned: &Spanned<T>) -> u64 {
        self.lines.at(spanned.span().start)
    }

    fn criterion(&mut self, spanned: &Spanned<Entry>, must: bool) -> Option<Criterion> {
        let entry = spanned.as_ref();
        let (needed, allowed): (&[&str], &[&str]) = match (entry.rule.as_ref(), entry.hours.is_some()) {
            (Comparison::Same | Comparison::Different | Comparison::Overlap, _) => (&["column"], &[]),
            (Comparison::Offers, _) => (&["offered", "wanted"], &[]),
            (Comparison::Within, true) => (&["column"], &["hours"]),
            (Comparison::Within, false) => (&["column", "at_most"], &["wrap"]),
        };
        self.check_keys(entry, must, needed, allowed)?;
        let weight = entry.weight.as_ref().map_or(Some(1), |weight| self.number("weight", weight, 1, HEAVIEST));
        let mut answer = |key, column: &Option<Spanned<String>>, reading| {
            column.as_ref().map(|column| self.answer(key, column, reading))
        };
        let rule = match entry.rule.as_ref() {
            Comparison::Same => Rule::Same { feature: answer("column", &entry.column, Reading::Values)? },
            Comparison::Different => Rule::Different { feature: answer("column", &entry.column, Reading::Values)? },
            Comparison::Overlap => Rule::Overlap { feature: answer("column", &entry.column, Reading::Values)? },
            Comparison::Offers => Rule::Offers {
                offered: answer("offered", &entry.offered, Reading::Values)?,
                wanted: answer("wanted", &entry.wanted, Reading::Values)?,
            },
            Comparison::Within => {
                if let Some(hours) = &entry.hours {
                    let feature = answer("column", &entry.column, Reading::TimeZone)?;
                    Rule::Within { feature, at_most: self.number("hours", hours, 0, 12)? * 60, wrap: Some(DAY) }
                } else {
                    let feature = answer("column", &entry.column, Reading::Number)?;
                    let largest = u32::MAX;
                    let at_most = self.number("at_most", entry.at_most.as_ref()?, 0, largest);
                    let wrap = entry.wrap.as_ref().map(|wrap| self.number("wrap", wrap, 1, largest));
                    Rule::Within { feature, at_most: at_most?, wrap: wrap.map_or(Some(None), |wrap| wrap.map(Some))? }
                }
            }
        };
        let strength = if must { Strength::Must } else { Strength::Prefer { weight: weight? } };
        Some(Criterion { rule, strength })
    }

    /// Whether an entry has the keys that its rule takes, and no others.
    fn check_keys(&mut self, entry: &Entry, must: bool, needed: &[&str], allowed: &[&str]) -> Option<()> {
        let keys = [
            ("column", entry.column.as_ref().map(|value| self.line(value))),
            ("offered", entry.offered.as_ref().map(|value| self.line(value))),
            ("wanted", entry.wanted.as_ref().map(|value| self.line(value))),
            ("at_most", entry.at_most.as_ref().map(|value| self.line(value))),
            ("wrap", entry.wrap.as_ref().map(|value| self.line(value))),
            ("hours", entry.hours.as_ref().map(|value| self.line(value))),
        ];
        let rule = entry.rule.as_ref().name();
        let takes = [needed, allowed].concat().join(", ");
        let mut fine = true;
        for (key, line) in keys {
            match line {
                None if needed.contains(&key) => {
                    let or = if key == "at_most" { ", for numbers, or hours, for time zones" } else { "" };
                    let message = format!("rule = \"{rule}\" needs it{or}");
                    self.problems.field(self.line(&entry.rule), key, message);
                    fine = false;
                }
                Some(line) if !needed.contains(&key) && !allowed.contains(&key) => {
                    self.problems.field(line, key, format!("rule = \"{rule}\" takes {takes}: remove it"));
                    fine = false;
                }
                _ => {}
            }
        }
        if let (Some(weight), true) = (&entry.weight, must) {
            self.problems.field(
                self.line(weight),
                "weight",
                "a [[must]] has no weight: remove it, or make it a [[prefer]]",
            );
            fine = false;
        }
        fine.then_some(())
    }

    fn couples(&mut self, key: &str, list: Vec<Spanned<Vec<String>>>) -> Vec<Couple> {
        let mut couples = Vec::with_capacity(list.len());
        for spanned in list {
            let line = self.line(&spanned);
            match <[String; 2]>::try_from(spanned.into_inner()) {
                Ok(ids) => couples.push(Couple { ids: ids.map(|id| id.trim().to_owned()), line }),
                Err(ids) => {
                    self.problems.field(line, key, format!("a pair is two ids, and here are {}", ids.len()));
                }
            }
        }
        couples
    }

    fn number(&mut self, key: &str, number: &Spanned<i64>, least: u32, most: u32) -> Option<u32> {
        let fits = u32::try_from(*number.as_ref()).ok().filter(|number| (least..=most).contains(number));
        if fits.is_none() {
            let message = format!("{} is out of range: use {least} to {most}", number.as_ref());
            self.problems.field(self.line(number), key, message);
        }
        fits
    }

    /// The index of a column that is read in some way.
    fn answer(&mut self, key: &'static str, column: &Spanned<String>, reading: Reading) -> usize {
        let name = column.as_ref().trim();
        let known = self.answers.iter().position(|answer| answer.column == name && answer.reading == reading);
        known.unwrap_or_else(|| {
            self.answers.push(Answer { column: name.to_owned(), reading, line: self.line(column), key });
            self.answers.len() - 1
        })
    }
}

impl Comparison {
    const fn name(self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::Different => "different",
            Self::Overlap => "overlap",
            Self::Offers => "offers",
            Self::Within => "within",
        }
    }
}

/// A rule in the words of the file.
fn label(entry: &Entry) -> String {
    let text = |column: &Option<Spanned<String>>| column.as_ref().map(|column| column.as_ref().trim().to_owned());
    let columns = [&entry.column, &entry.offered, &entry.wanted].into_iter().filter_map(text);
    let columns = columns.collect::<Vec<_>>().join(" -> ");
    format!("{} {columns}", entry.rule.as_ref().name())
}

impl<'de> Deserialize<'de> for Seed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl de::Visitor<'_> for Visitor {
            type Value = Seed;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a whole number or a text")
            }

            fn visit_i64<E>(self, number: i64) -> Result<Seed, E> {
                Ok(Seed(number.cast_unsigned()))
            }

            /// FNV-1a (G. Fowler, L. Noll, K.-P. Vo, 1991).
            fn visit_str<E>(self, text: &str) -> Result<Seed, E> {
                let step = |hash: u64, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
                Ok(Seed(text.bytes().fold(0xcbf2_9ce4_8422_2325, step)))
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

/// What the parser says, and what it may mean.
fn hinted(message: &str) -> String {
    let message = message.replace('\n', ", ").replace("expected i64", "expected a whole number");
    // In TOML, whatever follows a rule is part of it.
    let misplaced = |key: &&&str| message.starts_with(&format!("unknown field `{key}`, expected one of `rule`"));
    if let Some(key) = KEYS.iter().find(misplaced) {
        return format!("{key} is not part of a rule: put it above the first [[must]] or [[prefer]]");
    }
    if message.contains("expected a sequence") {
        return format!("{message}: begin a rule with [[must]] or [[prefer]], and write pairs as [[\"ana\", \"ben\"]]");
    }
    message
}

/// Where the lines of a text end.
struct Lines(Vec<usize>);

impl Lines {
    fn of(text: &[u8]) -> Self {
        Self(text.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at).collect())
    }

    /// The line of a byte, from 1.
    fn at(&self, byte: usize) -> u64 {
        u64::try_from(self.0.partition_point(|&end| end < byte)).unwrap_or(u64::MAX).saturating_add(1)
    }
}

#[cfg(test)]
mod tests;
