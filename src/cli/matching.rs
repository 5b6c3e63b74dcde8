//! `counterpart match`: a plan from files, for whoever has a spreadsheet or scores of their own.
//!
//! `table` reads CSV, `people`, `edges` and `couples` what is in it, `rules` the rules; `answers` turns cells into what
//! the engine compares. `by_rules` and `by_scores` plan; `report` and `files` write, `summary` and `words` tell.

mod answers;
mod by_rules;
mod by_scores;
mod couples;
mod edges;
mod files;
mod people;
mod problems;
mod report;
mod rules;
mod summary;
mod table;
mod words;

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use serde::Deserialize;
use worker::matching;

use self::files::Target;
use super::{Failure, output, progress::Step};

#[derive(Debug, Args)]
#[command(after_long_help = include_str!("matching/help.txt"))]
pub(super) struct Options {
    /// Who takes part; may be left out with --edges
    #[arg(long, value_name = "CSV", required_unless_present = "edges")]
    people: Option<PathBuf>,
    /// What must hold, and what is preferred; needs --people
    #[arg(long, value_name = "TOML", required_unless_present = "edges", conflicts_with = "edges")]
    rules: Option<PathBuf>,
    /// Instead of rules, every allowed pair with a score of your own: a,b,score
    #[arg(long, value_name = "CSV", requires = "kind")]
    edges: Option<PathBuf>,
    /// With --edges: anybody with anybody, or a mentee (a) with a mentor (b)
    #[arg(long, conflicts_with = "rules")]
    kind: Option<Kind>,
    /// With --edges: what comes first, as many people as possible or the highest total score
    #[arg(long, conflicts_with = "rules", default_value = "participation")]
    objective: Goal,
    /// Where to write the pairs: a,b,score
    #[arg(long, value_name = "CSV")]
    out: PathBuf,
    /// Where to write a report for programs
    #[arg(long, value_name = "JSON")]
    report: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Kind {
    Peer,
    Mentoring,
}

/// What comes first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
enum Goal {
    #[default]
    Participation,
    Score,
}

/// The files of a run.
#[derive(Debug)]
struct Outputs {
    pairs: Target,
    report: Option<Target>,
}

/// Plans, writes the pairs and perhaps a report, and tells how it went.
pub(super) fn run(options: &Options) -> Result<(), Failure> {
    let outputs = Outputs::new(options)?;
    match options {
        Options { edges: Some(edges), kind: Some(kind), people, objective, .. } => {
            by_scores::run(edges, people.as_deref(), (*kind).into(), (*objective).into(), &outputs)
        }
        Options { people: Some(people), rules: Some(rules), .. } => by_rules::run(people, rules, &outputs),
        _ => Err(Failure::new("give --people and --rules, or --edges and --kind")),
    }
}

/// Shows on a terminal how far a plan is.
fn show(step: &Step, progress: matching::Progress) {
    let what = match progress.stage {
        matching::Stage::Scoring => "scoring pairs",
        matching::Stage::Solving => "finding the best plan",
        matching::Stage::Proving => "proving it",
        matching::Stage::Explaining => "explaining it",
    };
    step.advance(what, progress.done, progress.of);
}

impl Outputs {
    fn new(options: &Options) -> Result<Self, Failure> {
        let inputs = [("--people", &options.people), ("--rules", &options.rules), ("--edges", &options.edges)];
        let mut others: Vec<(&str, &Path)> =
            inputs.into_iter().filter_map(|(option, path)| Some((option, path.as_deref()?))).collect();
        let pairs = Target::new("--out", &options.out, &others)?;
        others.push(("--out", &options.out));
        let report = options.report.as_deref().map(|path| Target::new("--report", path, &others)).transpose()?;
        Ok(Self { pairs, report })
    }

    /// Says what was written.
    fn tell(&self) {
        let report = self.report.as_ref().map(|report| format!(" and {}", report.shown())).unwrap_or_default();
        output::line(format!("\nWrote {}{report}.", self.pairs.shown()));
    }
}

impl From<Kind> for matching::Kind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Peer => Self::Peer,
            Kind::Mentoring => Self::Mentoring,
        }
    }
}

impl From<Goal> for matching::Objective {
    fn from(goal: Goal) -> Self {
        match goal {
            Goal::Participation => Self::Participation,
            Goal::Score => Self::Score,
        }
    }
}
