//! The two files of a run: the pairs, and a report for programs.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::ser::{Formatter, Serializer};
use worker::matching::{Certificate, Kind, Objective};

use super::{
    Outputs,
    files::Draft,
    words::{Remedy, Removal},
};
use crate::cli::Failure;

/// What there is to say about a run.
#[derive(Debug, Serialize)]
pub(super) struct Report<'a> {
    pub(super) kind: &'static str,
    pub(super) objective: &'static str,
    pub(super) people: usize,
    pub(super) matched_people: u64,
    pub(super) pairs: usize,
    pub(super) total_score: i128,
    #[serde(flatten)]
    pub(super) proof: Proof,
    pub(super) solve_seconds: f64,
    pub(super) peak_rss_bytes: Option<u64>,
    /// Only of a run by rules.
    #[serde(flatten)]
    pub(super) details: Option<Details<'a>>,
}

/// That nothing better exists.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Proof {
    /// Pairs that could have been made.
    pub(super) allowed_pairs: u64,
    pub(super) certified: bool,
    pub(super) primal_value: i128,
    pub(super) dual_value: i128,
}

/// What there is to say about a run by rules.
#[derive(Debug, Serialize)]
pub(super) struct Details<'a> {
    pub(super) histogram: [u32; 10],
    pub(super) blocking_pairs: u64,
    pub(super) matches: Vec<Match<'a>>,
    pub(super) unmatched: Vec<Unmatched<'a>>,
}

/// A pair, and why.
#[derive(Debug, Serialize)]
pub(super) struct Match<'a> {
    pub(super) a: &'a str,
    pub(super) b: &'a str,
    pub(super) score: u16,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(super) pinned: bool,
    pub(super) contributions: Vec<Contribution<'a>>,
}

/// What one rule says about a pair.
#[derive(Debug, Serialize)]
pub(super) struct Contribution<'a> {
    pub(super) rule: &'a str,
    pub(super) must: bool,
    pub(super) points: u16,
    pub(super) out_of: u16,
    pub(super) value_a: u16,
    pub(super) value_b: u16,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) shared: Vec<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) offered_by_a: Vec<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) offered_by_b: Vec<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) apart: Option<u32>,
}

/// Somebody without a partner, and why.
#[derive(Debug, Serialize)]
pub(super) struct Unmatched<'a> {
    pub(super) id: &'a str,
    pub(super) reason: &'static str,
    pub(super) considered: u32,
    pub(super) removals: Vec<Removal<'a>>,
    pub(super) relaxation: Option<Remedy<'a>>,
    /// The same for people.
    pub(super) text: String,
}

impl From<&Certificate> for Proof {
    fn from(certificate: &Certificate) -> Self {
        Self {
            allowed_pairs: certificate.edges,
            certified: certificate.certified,
            primal_value: certificate.primal,
            dual_value: certificate.dual,
        }
    }
}

/// Writes both files, or neither. Pairs are given by their ids.
pub(super) fn write<Score: ToString>(
    mut pairs: Vec<(&str, &str, Score)>,
    outputs: &Outputs,
    report: &Report<'_>,
) -> Result<(), Failure> {
    pairs.sort_unstable_by_key(|&(a, b, _)| (a, b));
    let pairs = outputs.pairs.draft(|file| {
        let mut csv = csv::Writer::from_writer(file);
        csv.write_record(["a", "b", "score"])?;
        for (a, b, score) in pairs {
            csv.write_record([a, b, &score.to_string()])?;
        }
        csv.flush()
    })?;
    let report = outputs.report.as_ref().map(|target| {
        target.draft(|file| {
            report.serialize(&mut Serializer::with_formatter(&mut *file, Lines::default()))?;
            file.write_all(b"\n")
        })
    });
    let report = report.transpose()?;
    pairs.publish()?;
    report.map_or(Ok(()), Draft::publish)
}

/// A kind as it is written.
pub(super) const fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Peer => "peer",
        Kind::Mentoring => "mentoring",
    }
}

/// An objective as it is written.
pub(super) const fn objective(objective: Objective) -> &'static str {
    match objective {
        Objective::Participation => "participation",
        Objective::Score => "score",
    }
}

/// The most memory this process has had, in bytes, where the system tells.
pub(super) fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?.checked_mul(1024)
}

/// JSON with a line for every fact, and for every item of a list of objects: to be read, searched and compared.
#[derive(Debug, Default)]
struct Lines {
    depth: usize,
}

impl Formatter for Lines {
    fn begin_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        if self.depth == 2 {
            writer.write_all(b"\n    ")?;
        }
        self.depth += 1;
        writer.write_all(b"{")
    }

    fn end_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.depth -= 1;
        writer.write_all(if self.depth == 0 { b"\n}" } else { b"}" })
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        if !first {
            writer.write_all(if self.depth == 1 { b"," } else { b", " })?;
        }
        if self.depth == 1 { writer.write_all(b"\n  ") } else { Ok(()) }
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        writer.write_all(b": ")
    }

    fn begin_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.depth += 1;
        writer.write_all(b"[")
    }

    fn end_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.depth -= 1;
        writer.write_all(b"]")
    }

    fn begin_array_value<W: ?Sized + Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        if first { Ok(()) } else { writer.write_all(b",") }
    }
}
