//! What came out: every solver's time and memory on every instance, and whether the targets are met.

use std::fmt::Write;

use serde_json::{Value, json};

use crate::catalog::{INSTANCES, Instance, Source, Target};
use crate::solvers::{OURS, OURS_ALL_CORES, Outcome, RULES, RULES_ALL_CORES, SOLVERS};

/// How many times the fastest peer's time is still no cliff: theirs is without reading, checking and proving.
const CLIFF: f64 = 3.0;

/// All runs of one solver on one instance.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    pub(crate) solver: &'static str,
    pub(crate) version: Option<String>,
    pub(crate) outcomes: Vec<Outcome>,
    /// Why there are no outcomes, or no more.
    pub(crate) note: &'static str,
}

/// All lines of one instance.
#[derive(Clone, Debug)]
pub(crate) struct Section {
    pub(crate) instance: &'static Instance,
    pub(crate) people: usize,
    /// Allowed ones, where they are listed.
    pub(crate) pairs: Option<usize>,
    pub(crate) lines: Vec<Line>,
}

impl Line {
    pub(crate) fn new(solver: &'static str, note: &'static str) -> Self {
        Self { solver, version: None, outcomes: Vec::new(), note }
    }

    fn seconds(&self) -> Option<f64> {
        median(self.outcomes.iter().map(|outcome| outcome.seconds).collect())
    }

    fn proving(&self) -> Option<f64> {
        median(self.outcomes.iter().filter_map(|outcome| outcome.proving).collect())
    }

    /// Millions of bytes.
    fn memory(&self) -> Option<f64> {
        let peak = self.outcomes.iter().map(|outcome| outcome.peak).max().filter(|&peak| peak > 0)?;
        u32::try_from(peak / 100_000).ok().map(|tenths| f64::from(tenths) / 10.0)
    }
}

impl Section {
    fn line(&self, solver: &str) -> Option<&Line> {
        self.lines.iter().find(|line| line.solver == solver)
    }

    /// The engine on one core, from scores if there are any.
    fn ours(&self) -> Option<&Line> {
        [OURS, RULES].into_iter().filter_map(|solver| self.line(solver)).find(|line| !line.outcomes.is_empty())
    }

    fn fastest_peer(&self) -> Option<f64> {
        let ours = [OURS, RULES, OURS_ALL_CORES, RULES_ALL_CORES];
        let peers = self.lines.iter().filter(|line| !ours.contains(&line.solver));
        peers.filter_map(Line::seconds).min_by(f64::total_cmp)
    }

    /// What a target asks, what was measured, and whether that will do.
    fn judge(&self, target: Target) -> (String, Option<(String, bool)>) {
        let ours = self.ours();
        let seconds = ours.and_then(Line::seconds);
        let shared = |theirs: Option<f64>| seconds.zip(theirs).map(|(ours, theirs)| ours / theirs);
        let (wanted, found, most, unit) = match target {
            Target::Share(solver, most) => {
                let share = shared(self.line(solver).and_then(Line::seconds));
                return (
                    format!("at most {} of {solver}'s time", part(most)),
                    share.map(|share| (part(share), share <= most)),
                );
            }
            Target::NoCliff => {
                let share = shared(self.fastest_peer());
                return (
                    format!("at most {CLIFF} times the fastest peer's time"),
                    share.map(|share| (part(share), share <= CLIFF)),
                );
            }
            Target::Seconds(most) => ("proven", seconds, most, "s"),
            Target::Proving(most) => ("verified", ours.and_then(Line::proving), most, "s"),
            Target::Memory(most) => ("memory", ours.and_then(Line::memory), most, "MB"),
        };
        (
            format!("{wanted} within {most} {unit}"),
            found.map(|found| (format!("{} {unit}", short(found)), found <= most)),
        )
    }
}

/// The tables in Markdown.
///
/// # Errors
///
/// None: a `String` takes everything.
pub(crate) fn markdown(sections: &[Section]) -> Result<String, std::fmt::Error> {
    let mut text = String::new();
    let rules = |section: &&Section| matches!(section.instance.source, Source::Rules(_));
    let groups: [(&str, Vec<&Section>); 3] = [
        ("Peers", sections.iter().filter(|section| !rules(section) && !section.instance.has_mentors()).collect()),
        ("Mentoring", sections.iter().filter(|section| !rules(section) && section.instance.has_mentors()).collect()),
        ("From rules", sections.iter().filter(rules).collect()),
    ];
    for (group, sections) in groups.into_iter().filter(|(_, sections)| !sections.is_empty()) {
        write!(text, "**{group}**, seconds (and how many times ours)\n\n")?;
        table(&mut text, &sections, |section, line| match line.seconds() {
            Some(seconds) => match section.ours().filter(|ours| ours.solver != line.solver).and_then(Line::seconds) {
                Some(ours) => format!("{} ({}×)", short(seconds), rounded(seconds / ours)),
                None => short(seconds),
            },
            None => line.note.to_owned(),
        })?;
        write!(text, "\n**{group}**, peak memory in MB, the instance included\n\n")?;
        table(&mut text, &sections, |_, line| line.memory().map(rounded).unwrap_or_default())?;
        text.push('\n');
    }
    if sections.iter().any(|section| !section.instance.targets.is_empty()) {
        text.push_str("**Targets**\n\n| instance | target | measured | |\n|---|---|---|---|\n");
    }
    for section in sections {
        for &target in section.instance.targets {
            let (wanted, found) = section.judge(target);
            let (found, verdict) = match found {
                Some((found, true)) => (found, "met"),
                Some((found, false)) => (found, "**missed**"),
                None => (String::new(), "not measured"),
            };
            writeln!(text, "| {} | {wanted} | {found} | {verdict} |", section.instance.name)?;
        }
    }
    text.push_str("\n**Instances**\n\n");
    for kin in sections.chunk_by(|_, next| next.instance.about.is_empty()) {
        let names: Vec<String> = kin.iter().map(|section| format!("`{}`", section.instance.name)).collect();
        writeln!(text, "- {}: {}", names.join(", "), about(kin[0].instance))?;
    }
    let lines = || sections.iter().flat_map(|section| &section.lines);
    let version = |solver: &&str| lines().find_map(|line| line.version.as_ref().filter(|_| line.solver == *solver));
    let versions: Vec<String> =
        SOLVERS.iter().filter_map(|solver| version(solver).map(|version| format!("{solver} {version}"))).collect();
    if !versions.is_empty() {
        writeln!(text, "\nVersions: {}.", versions.join(", "))?;
    }
    Ok(text)
}

/// What an instance is, though it may only be larger than one before.
pub(crate) fn about(instance: &Instance) -> &'static str {
    let upto = INSTANCES.iter().position(|other| other.name == instance.name).unwrap_or(0);
    INSTANCES[..=upto].iter().rev().map(|other| other.about).find(|about| !about.is_empty()).unwrap_or("")
}

/// A row for each instance, and a column for each solver that any of them takes.
fn table(
    text: &mut String,
    sections: &[&Section],
    cell: impl Fn(&Section, &Line) -> String,
) -> Result<(), std::fmt::Error> {
    let asked = |solver: &&&str| sections.iter().any(|section| section.line(solver).is_some());
    let solvers: Vec<&str> = SOLVERS.iter().filter(asked).copied().collect();
    writeln!(text, "| instance | people | pairs | {} |", solvers.join(" | "))?;
    writeln!(text, "|---|--:|--:|{}", "--:|".repeat(solvers.len()))?;
    for section in sections {
        let pairs = section.pairs.map(grouped).unwrap_or_default();
        write!(text, "| {} | {} | {pairs} |", section.instance.name, grouped(section.people))?;
        for solver in &solvers {
            write!(text, " {} |", section.line(solver).map(|line| cell(section, line)).unwrap_or_default())?;
        }
        text.push('\n');
    }
    Ok(())
}

/// Everything that was measured.
pub(crate) fn json(sections: &[Section]) -> Value {
    let lines = sections.iter().flat_map(|section| {
        section.lines.iter().map(|line| {
            let optimum = line.outcomes.first().map(|outcome| outcome.optimum);
            json!({
                "instance": section.instance.name,
                "people": section.people,
                "pairs": section.pairs,
                "solver": line.solver,
                "version": line.version,
                "note": line.note,
                "runs": line.outcomes.iter().map(|outcome| outcome.seconds).collect::<Vec<_>>(),
                "seconds": line.seconds(),
                "proving_seconds": line.proving(),
                "peak_megabytes": line.memory(),
                "participation": optimum.map(|optimum| optimum.participation),
                "score": optimum.map(|optimum| optimum.score),
            })
        })
    });
    Value::Array(lines.collect())
}

fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let upper = *values.get(values.len() / 2)?;
    let lower = *values.get(values.len().saturating_sub(1) / 2)?;
    Some(f64::midpoint(lower, upper))
}

/// A share as people say it.
fn part(share: f64) -> String {
    if share < 0.4 { format!("1/{}", rounded(1.0 / share).trim_end_matches(".0")) } else { format!("{share:.2}") }
}

/// Three digits that matter, or so.
fn short(number: f64) -> String {
    match number {
        ..0.01 => format!("{number:.4}"),
        ..1.0 => format!("{number:.3}"),
        ..10.0 => format!("{number:.2}"),
        ..100.0 => format!("{number:.1}"),
        _ => format!("{number:.0}"),
    }
}

fn rounded(number: f64) -> String {
    if number < 10.0 { format!("{number:.1}") } else { format!("{number:.0}") }
}

/// With commas.
fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
