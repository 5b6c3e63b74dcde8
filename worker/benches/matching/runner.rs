//! Runs every solver in a process of its own, so that each has its own memory and can be stopped.

use std::env;
use std::error::Error;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::catalog::Instance;
use crate::problem::Optimum;
use crate::solvers::{self, Home, Outcome};

/// How to run the solvers.
#[derive(Clone, Debug)]
pub(crate) struct Runner {
    /// The program of `benches/matching/lemon.cpp`.
    pub(crate) lemon: Option<PathBuf>,
    /// A Python that has some of the packages.
    pub(crate) python: Option<PathBuf>,
    /// The core for those that get one; nothing where `taskset` is missing.
    pub(crate) core: Option<String>,
    /// When to stop a solver.
    pub(crate) limit: Duration,
    /// Where `problem.bin` is.
    pub(crate) folder: PathBuf,
}

/// How a run ended.
#[derive(Clone, Debug)]
pub(crate) enum End {
    Solved(Outcome, Option<String>),
    Missing,
    Stopped,
}

impl Runner {
    /// Whether the solver can be asked at all.
    pub(crate) fn has(&self, solver: &str) -> bool {
        match solvers::home(solver) {
            Home::Here => true,
            Home::Lemon => self.lemon.is_some(),
            Home::Python(_) => self.python.is_some(),
        }
    }

    /// Runs a solver once.
    ///
    /// # Errors
    ///
    /// When it cannot be started or says anything but an outcome.
    pub(crate) fn run(&self, solver: &'static str, instance: &Instance) -> Result<End, Box<dyn Error>> {
        let mut arguments: Vec<PathBuf> = Vec::new();
        if let Some(core) = self.core.as_ref().filter(|_| !solvers::on_all_cores(solver)) {
            arguments.extend(["taskset", "-c", core].map(PathBuf::from));
        }
        let file = self.folder.join("problem.bin");
        match solvers::home(solver) {
            Home::Here => {
                arguments.push(env::current_exe()?);
                arguments.extend(["--child", solver, instance.name].map(PathBuf::from));
                arguments.push(self.folder.clone());
            }
            Home::Lemon => arguments.extend([self.lemon.clone().ok_or("there is no LEMON")?, file]),
            Home::Python(package) => {
                let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../benches/matching/peers.py");
                arguments.extend([self.python.clone().ok_or("there is no Python")?, script, package.into(), file]);
            }
        }
        let text = finish(&arguments, self.limit).map_err(|error| format!("{solver} on {}: {error}", instance.name))?;
        let Some(text) = text else { return Ok(End::Stopped) };
        let answer: Value = serde_json::from_str(&text).map_err(|_| format!("{solver} said: {text}"))?;
        if answer.get("missing").is_some() {
            return Ok(End::Missing);
        }
        let outcome = read(&answer).ok_or_else(|| format!("{solver} said: {text}"))?;
        Ok(End::Solved(outcome, answer["version"].as_str().map(ToOwned::to_owned)))
    }
}

/// What a child prints.
pub(crate) fn written(outcome: &Outcome) -> Value {
    json!({
        "seconds": outcome.seconds,
        "proving": outcome.proving,
        "participation": outcome.optimum.participation,
        "score": outcome.optimum.score,
        "peak": outcome.peak,
    })
}

fn read(answer: &Value) -> Option<Outcome> {
    Some(Outcome {
        optimum: Optimum { participation: answer["participation"].as_u64()?, score: answer["score"].as_i64()? },
        seconds: answer["seconds"].as_f64()?,
        proving: answer["proving"].as_f64(),
        peak: answer["peak"].as_u64()?,
    })
}

/// What a program prints, unless it takes too long.
fn finish(arguments: &[PathBuf], limit: Duration) -> Result<Option<String>, Box<dyn Error>> {
    let (program, arguments) = arguments.split_first().ok_or("nothing to run")?;
    let mut child = Command::new(program).args(arguments).stdout(Stdio::piped()).spawn()?;
    let start = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        if start.elapsed() > limit {
            child.kill()?;
            child.wait()?;
            return Ok(None);
        }
        thread::sleep(Duration::from_millis(5));
    };
    let mut text = String::new();
    if let Some(mut output) = child.stdout.take() {
        output.read_to_string(&mut text)?;
    }
    if status.success() { Ok(Some(text)) } else { Err(format!("ended with {status}").into()) }
}
