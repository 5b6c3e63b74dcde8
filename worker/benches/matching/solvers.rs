//! The solvers: the engine, and others in their own words.

use std::convert::Infallible;
use std::error::Error;
use std::fs;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use pathfinding::prelude::{Matrix, kuhn_munkres};
use rustworkx_core::max_weight_matching::max_weight_matching;
use rustworkx_core::petgraph::graph::{EdgeReference, UnGraph};
use worker::matching::{Progress, Stage, plan_scored, plan_watched};

use crate::catalog::{Instance, Source};
use crate::problem::{Optimum, Problem, index};
use crate::program::Program;

pub(crate) const OURS: &str = "Counterpart";
pub(crate) const OURS_ALL_CORES: &str = "Counterpart, all cores";
pub(crate) const RULES: &str = "Counterpart, from rules";
pub(crate) const RULES_ALL_CORES: &str = "Counterpart, from rules, all cores";
pub(crate) const LEMON: &str = "LEMON";
pub(crate) const RUSTWORKX: &str = "rustworkx-core";
pub(crate) const LAPJV: &str = "lapjv";
pub(crate) const MUNKRES: &str = "pathfinding kuhn_munkres";
pub(crate) const NETWORKX: &str = "networkx";
pub(crate) const SCIPY: &str = "SciPy";
pub(crate) const ORTOOLS: &str = "OR-Tools";
pub(crate) const LAPX: &str = "lapx";

/// All of them, in the order of the report.
pub(crate) const SOLVERS: &[&str] =
    &[OURS, RULES, OURS_ALL_CORES, RULES_ALL_CORES, LEMON, RUSTWORKX, NETWORKX, SCIPY, ORTOOLS, LAPX, LAPJV, MUNKRES];

/// Where a solver is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Home {
    /// In this program.
    Here,
    /// In the program that `--lemon` names.
    Lemon,
    /// In a package of the Python that `--python` names.
    Python(&'static str),
}

pub(crate) fn home(solver: &str) -> Home {
    match solver {
        LEMON => Home::Lemon,
        NETWORKX => Home::Python("networkx"),
        SCIPY => Home::Python("scipy"),
        ORTOOLS => Home::Python("ortools"),
        LAPX => Home::Python("lapx"),
        _ => Home::Here,
    }
}

/// Whether a solver may use more than one core.
pub(crate) fn on_all_cores(solver: &str) -> bool {
    solver == OURS_ALL_CORES || solver == RULES_ALL_CORES
}

/// The version of a solver that is in this program.
pub(crate) fn version(solver: &str) -> Option<String> {
    let package = if solver == MUNKRES { "pathfinding" } else { solver };
    let lock = include_str!("../../../Cargo.lock");
    let version = lock.split_once(&format!("name = \"{package}\"\nversion = \""))?.1.split('"').next()?;
    Some(version.to_owned())
}

/// Whether a solver takes this kind of instance.
pub(crate) fn takes(solver: &str, instance: &Instance) -> bool {
    let scored = !matches!(instance.source, Source::Rules(_));
    match solver {
        RULES => instance.program().is_some(),
        RULES_ALL_CORES => !scored,
        RUSTWORKX | NETWORKX => scored && !instance.has_mentors(),
        SCIPY | ORTOOLS | LAPX | LAPJV | MUNKRES => scored && instance.has_mentors(),
        _ => scored,
    }
}

/// What a solver found, and what it cost.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Outcome {
    pub(crate) optimum: Optimum,
    pub(crate) seconds: f64,
    /// Of these, for the independent check, where it can be told.
    pub(crate) proving: Option<f64>,
    /// The most memory while solving, the instance in the solver's own form included, in bytes; 0 if unknown.
    pub(crate) peak: u64,
}

/// Solves an instance in this process with a solver that is in it.
pub(crate) fn solve(solver: &str, instance: &Instance, folder: &Path) -> Result<Outcome, Box<dyn Error>> {
    if let RULES | RULES_ALL_CORES = solver {
        return from_rules(instance.program().ok_or("the instance has no rules")?);
    }
    let problem = Problem::read_compact(folder)?;
    let (seconds, made) = match solver {
        RUSTWORKX => rustworkx(problem)?,
        LAPJV => lapjv(problem)?,
        MUNKRES => munkres(problem)?,
        _ => ours(problem)?,
    };
    let peak = peak();
    let optimum = Problem::read_compact(folder)?.optimum(&made)?;
    Ok(Outcome { optimum, seconds, proving: None, peak })
}

/// Seconds, and the pairs made.
type Solved = Result<(f64, Vec<(usize, usize)>), Box<dyn Error>>;

fn ours(problem: Problem) -> Solved {
    let scored = problem.scored();
    drop(problem);
    let (seconds, plan) = timed(|| plan_scored(&scored));
    Ok((seconds, plan?.pairs.into_iter().map(|(a, b, _)| (a, b)).collect()))
}

fn from_rules(program: Program) -> Result<Outcome, Box<dyn Error>> {
    let input = program.input();
    let begun: Mutex<Vec<(Stage, Instant)>> = Mutex::default();
    let watch = |progress: Progress| {
        let mut begun = begun.lock().unwrap_or_else(PoisonError::into_inner);
        if begun.last().is_none_or(|&(stage, _)| stage != progress.stage) {
            begun.push((progress.stage, Instant::now()));
        }
    };
    let (seconds, plan) = timed(|| plan_watched(&input, &watch));
    let (plan, peak) = (plan?, peak());
    let begun = begun.into_inner().unwrap_or_else(PoisonError::into_inner);
    let proving = begun.windows(2).find(|stages| stages[0].0 == Stage::Proving);
    let mut matched = vec![false; input.people.len()];
    for pair in &plan.pairs {
        matched[pair.a] = true;
        matched[pair.b] = true;
    }
    let counted = matched.iter().zip(&input.people).skip(index(program.mentors)).filter(|&(&matched, _)| matched);
    let participation = counted.map(|(_, person)| u64::from(person.priority)).sum();
    Ok(Outcome {
        optimum: Optimum { participation, score: i64::try_from(plan.total_score)? },
        seconds,
        proving: proving.map(|stages| (stages[1].1 - stages[0].1).as_secs_f64()),
        peak,
    })
}

/// As many pairs as possible is what it can be asked for; everybody's priority is 1.
fn rustworkx(problem: Problem) -> Solved {
    let graph = UnGraph::<(), i32>::from_edges(&problem.pairs);
    drop(problem);
    let weight = |pair: EdgeReference<'_, i32>| Ok(i128::from(*pair.weight()));
    let (seconds, made) = timed(|| max_weight_matching::<_, _, Infallible>(&graph, true, weight, false));
    Ok((seconds, made?.into_iter().collect()))
}

/// Takes a square of costs: here how much less than the greatest a weight is.
fn lapjv(problem: Problem) -> Solved {
    let places = Places::new(&problem);
    let side = places.mentees.max(places.mentor_of.len());
    let greatest = places.cells(&problem).map(|(_, weight)| weight).max().unwrap_or(0);
    let exact = |cost: i64| i32::try_from(cost).map(f64::from);
    let nobody = exact(greatest)?;
    let mut costs = vec![nobody; side * side];
    for ((mentee, place), weight) in places.cells(&problem) {
        costs[mentee * side + place] = exact(greatest - weight)?;
    }
    drop(problem);
    let costs = lapjv::Matrix::from_shape_vec((side, side), costs)?;
    let (seconds, solved) = timed(|| lapjv::lapjv(&costs));
    let (place_of, _) = solved?;
    Ok((seconds, places.made(&place_of, |cell| costs[cell] < nobody)))
}

/// Takes a matrix of weights with at least as many columns as rows.
fn munkres(problem: Problem) -> Solved {
    let places = Places::new(&problem);
    let columns = places.mentees.max(places.mentor_of.len());
    let mut weights = Matrix::from_vec(places.mentees, columns, vec![0i64; places.mentees * columns])?;
    for (cell, weight) in places.cells(&problem) {
        weights[cell] = weight;
    }
    drop(problem);
    let (seconds, (_, place_of)) = timed(|| kuhn_munkres(&weights));
    Ok((seconds, places.made(&place_of, |cell| weights[cell] > 0)))
}

/// Mentoring as an assignment problem: a row for each mentee, a column for each place of a mentor.
struct Places {
    mentors: usize,
    mentees: usize,
    /// By column.
    mentor_of: Vec<usize>,
    /// By mentor.
    first: Vec<usize>,
    step: i64,
}

impl Places {
    fn new(problem: &Problem) -> Self {
        let mentors = index(problem.mentors);
        let mut mentor_of = Vec::new();
        let mut first = Vec::new();
        for (mentor, person) in problem.people[..mentors].iter().enumerate() {
            first.push(mentor_of.len());
            mentor_of.extend((0..person.capacity).map(|_| mentor));
        }
        Self { mentors, mentees: problem.people.len() - mentors, mentor_of, first, step: problem.step() }
    }

    /// Row and column, and the weight: the score, and a step for every priority. All other cells weigh nothing.
    fn cells(&self, problem: &Problem) -> impl Iterator<Item = ((usize, usize), i64)> {
        problem.pairs.iter().flat_map(move |&(a, b, score)| {
            let (mentor, mentee) = (index(a), index(b));
            let weight = i64::from(problem.people[mentee].priority) * self.step + i64::from(score);
            let first = self.first[mentor];
            let places = first..first + index(problem.people[mentor].capacity);
            places.map(move |place| ((mentee - self.mentors, place), weight))
        })
    }

    /// The pairs that a solution makes: those of its cells that weigh anything.
    fn made(&self, place_of: &[usize], weighs: impl Fn((usize, usize)) -> bool) -> Vec<(usize, usize)> {
        let cells = place_of[..self.mentees].iter().enumerate().filter(|&(mentee, &place)| weighs((mentee, place)));
        cells.map(|(mentee, &place)| (self.mentor_of[place], self.mentors + mentee)).collect()
    }
}

/// Seconds of the work, with the peak of memory counted from its start.
fn timed<T>(work: impl FnOnce() -> T) -> (f64, T) {
    // 5 resets the peak (proc(5)); where it cannot be reset, it includes the reading.
    fs::write("/proc/self/clear_refs", "5").ok();
    let start = Instant::now();
    let done = work();
    (start.elapsed().as_secs_f64(), done)
}

/// The most memory that this process had since the last reset, in bytes.
fn peak() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kibibytes = line.and_then(|line| line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok());
    1024 * kibibytes.unwrap_or(0)
}
