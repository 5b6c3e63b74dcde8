//! The matching engine beside other solvers, on the same instances in the same run: see `benches/README.md`.
//!
//! `cargo bench -p worker --bench matching -- --help` says what it can be asked.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a report goes to standard output, progress to standard error"
)]

mod catalog;
mod graphs;
mod problem;
mod program;
mod random;
mod report;
mod runner;
mod solvers;

use std::env;
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{self, Command, ExitCode};
use std::time::Duration;

use catalog::{INSTANCES, Instance, Set};
use report::{Line, Section};
use runner::{End, Runner};
use solvers::SOLVERS;

const HELP: &str = "\
cargo bench -p worker --bench matching -- [OPTIONS] [NAME...]

Runs the instances whose names contain one of the NAMEs; without a name, all of them.

  --quick          only small instances
  --large          also the instances that take minutes
  --solver NAME    only solvers whose name contains this
  --lemon FILE     the program made from benches/matching/lemon.cpp
  --python FILE    a Python with networkx, scipy, ortools or lapx, as far as it has them
  --repeat N       at most so many runs of each solver on each instance (5)
  --budget SECONDS start no further run of a solver after so long on an instance (5)
  --limit SECONDS  stop a run after so long (600)
  --core N         the core for solvers that get one (0)
  --patient        also ask solvers that are known to take far longer than the others
  --json FILE      write all measurements
  --write DIR      write people.csv and edges.csv of every instance instead of running
  --compact DIR    write problem.bin of every instance instead of running
  --list           name the instances

Paths are absolute, or relative to the folder `worker`.
";

/// What was asked for.
#[derive(Debug)]
struct Wish {
    names: Vec<String>,
    solvers: Vec<String>,
    /// The largest ones to run.
    set: Set,
    patient: bool,
    list: bool,
    repeat: usize,
    budget: f64,
    json: Option<PathBuf>,
    write: Option<PathBuf>,
    compact: Option<PathBuf>,
    runner: Runner,
}

fn main() -> ExitCode {
    match start() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn start() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    if let [child, solver, name, folder] = arguments.as_slice()
        && child == "--child"
    {
        let instance = catalog::find(name).ok_or("no such instance")?;
        let outcome = solvers::solve(solver, instance, Path::new(folder))?;
        println!("{}", runner::written(&outcome));
        return Ok(());
    }
    if arguments.iter().any(|argument| argument == "--help") {
        print!("{HELP}");
        return Ok(());
    }
    let wish = Wish::read(&arguments)?;
    let chosen: Vec<&'static Instance> = INSTANCES.iter().filter(|instance| wish.wants(instance)).collect();
    if wish.list {
        for instance in chosen {
            println!("{}: {}", instance.name, report::about(instance));
        }
        return Ok(());
    }
    if wish.write.is_some() || wish.compact.is_some() {
        return wish.write_all(&chosen);
    }
    let folder = &wish.runner.folder;
    let sections: Result<Vec<Section>, _> = chosen.into_iter().map(|instance| wish.run(instance)).collect();
    fs::remove_dir_all(folder).ok();
    let sections = sections?;
    print!("{}", report::markdown(&sections)?);
    if let Some(file) = &wish.json {
        fs::write(file, format!("{:#}\n", report::json(&sections)))?;
    }
    Ok(())
}

impl Wish {
    fn read(arguments: &[String]) -> Result<Self, Box<dyn Error>> {
        let taskset = Command::new("taskset").arg("-V").output().is_ok();
        let mut wish = Self {
            names: Vec::new(),
            solvers: Vec::new(),
            set: Set::Standard,
            patient: false,
            list: false,
            repeat: 5,
            budget: 5.0,
            json: None,
            write: None,
            compact: None,
            runner: Runner {
                lemon: None,
                python: None,
                core: taskset.then(|| "0".to_owned()),
                limit: Duration::from_mins(10),
                folder: env::temp_dir().join(format!("counterpart-bench-{}", process::id())),
            },
        };
        let mut rest = arguments.iter();
        while let Some(argument) = rest.next() {
            let mut value = || rest.next().ok_or_else(|| format!("{argument} needs a value: see --help"));
            match argument.as_str() {
                // Cargo says this to every benchmark.
                "--bench" => {}
                "--quick" => wish.set = Set::Quick,
                "--large" => wish.set = Set::Large,
                "--patient" => wish.patient = true,
                "--list" => wish.list = true,
                "--solver" => wish.solvers.push(value()?.to_lowercase()),
                "--lemon" => wish.runner.lemon = Some(value()?.into()),
                "--python" => wish.runner.python = Some(value()?.into()),
                "--repeat" => wish.repeat = value()?.parse()?,
                "--budget" => wish.budget = value()?.parse()?,
                "--limit" => wish.runner.limit = Duration::from_secs(value()?.parse()?),
                "--core" => wish.runner.core = wish.runner.core.and(Some(value()?.clone())),
                "--json" => wish.json = Some(value()?.into()),
                "--write" => wish.write = Some(value()?.into()),
                "--compact" => wish.compact = Some(value()?.into()),
                name if !name.starts_with('-') => wish.names.push(name.to_owned()),
                other => return Err(format!("there is no option {other}: see --help").into()),
            }
        }
        Ok(wish)
    }

    fn wants(&self, instance: &Instance) -> bool {
        let named = self.names.is_empty() || self.names.iter().any(|name| instance.name.contains(name.as_str()));
        named && instance.set <= self.set
    }

    fn asks(&self, solver: &str, instance: &Instance) -> bool {
        let name = solver.to_lowercase();
        solvers::takes(solver, instance)
            && (self.solvers.is_empty() || self.solvers.iter().any(|part| name.contains(part)))
    }

    fn write_all(&self, chosen: &[&'static Instance]) -> Result<(), Box<dyn Error>> {
        for instance in chosen {
            let Some(problem) = instance.problem() else { continue };
            if let Some(folder) = &self.write {
                problem.write_csv(&folder.join(instance.name))?;
            }
            if let Some(folder) = &self.compact {
                problem.write_compact(&folder.join(instance.name))?;
            }
        }
        Ok(())
    }

    /// Runs all solvers in turns, so that a busy moment of the machine meets all of them.
    fn run(&self, instance: &'static Instance) -> Result<Section, Box<dyn Error>> {
        let (mut people, mut pairs) = (0, None);
        if let Some(problem) = instance.problem() {
            (people, pairs) = (problem.people.len(), Some(problem.pairs.len()));
            problem.write_compact(&self.runner.folder)?;
        } else if let Some(program) = instance.program() {
            people = problem::index(program.mentors + program.seekers);
        }
        let mut lines = Vec::new();
        for &solver in SOLVERS.iter().filter(|solver| self.asks(solver, instance)) {
            let note = if !self.runner.has(solver) {
                "not installed"
            } else if !self.patient && instance.beyond.contains(&solver) {
                "too slow"
            } else {
                ""
            };
            lines.push(Line::new(solver, note));
        }
        for _ in 0..self.repeat {
            for line in &mut lines {
                let spent: f64 = line.outcomes.iter().map(|outcome| outcome.seconds).sum();
                if !line.note.is_empty() || spent >= self.budget {
                    continue;
                }
                eprintln!("{}: {}", instance.name, line.solver);
                match self.runner.run(line.solver, instance)? {
                    End::Solved(outcome, version) => {
                        line.outcomes.push(outcome);
                        line.version = version.or_else(|| solvers::version(line.solver));
                    }
                    End::Missing => line.note = "not installed",
                    End::Stopped => line.note = "stopped",
                }
            }
        }
        let mut found =
            lines.iter().flat_map(|line| line.outcomes.iter().map(|outcome| (line.solver, outcome.optimum)));
        if let Some((first, optimum)) = found.next()
            && let Some((other, different)) = found.find(|&(_, other)| other != optimum)
        {
            return Err(format!("{}: {first} found {optimum:?} and {other} {different:?}", instance.name).into());
        }
        Ok(Section { instance, people, pairs, lines })
    }
}
