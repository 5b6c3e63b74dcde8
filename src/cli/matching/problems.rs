//! What is wrong with a file, told line by line.

use std::path::Path;

use crate::cli::{Failure, output};

/// More than this many are only counted.
const TOLD: usize = 20;
/// Longer values are cut in a message.
const SHOWN: usize = 40;

/// Everything wrong with one file.
#[derive(Debug)]
pub(super) struct Problems {
    file: String,
    /// Lines, 0 for the whole file, and what is wrong there.
    told: Vec<(u64, String)>,
    count: usize,
}

impl Problems {
    /// Nothing is wrong with that file yet.
    pub(super) fn new(file: &Path) -> Self {
        Self { file: file.display().to_string(), told: Vec::new(), count: 0 }
    }

    /// Something is wrong with the file as a whole.
    pub(super) fn whole(&mut self, message: impl Into<String>) {
        self.line(0, message);
    }

    /// Something is wrong with a line.
    pub(super) fn line(&mut self, line: u64, message: impl Into<String>) {
        if self.told.len() < TOLD {
            self.told.push((line, message.into()));
        }
        self.count += 1;
    }

    /// Something is wrong with a field of a line.
    pub(super) fn field(&mut self, line: u64, field: &str, message: impl AsRef<str>) {
        self.line(line, format!("{field}: {}", message.as_ref()));
    }
}

/// Tells everything that is wrong with some files.
///
/// # Errors
///
/// When there is anything.
pub(super) fn none<'a>(files: impl IntoIterator<Item = &'a mut Problems>) -> Result<(), Failure> {
    let mut counts = Vec::new();
    for problems in files.into_iter().filter(|problems| problems.count > 0) {
        // Those that compare lines are found last.
        problems.told.sort_by_key(|&(line, _)| line);
        for (line, message) in &problems.told {
            let line = if *line > 0 { format!(":{line}") } else { String::new() };
            output::error(format!("{}{line}: {message}", problems.file));
        }
        let untold = problems.count - problems.told.len();
        if untold > 0 {
            output::error(format!("{}: and {untold} more", problems.file));
        }
        let s = if problems.count == 1 { "" } else { "s" };
        counts.push(format!("{} has {} error{s}", problems.file, problems.count));
    }
    if counts.is_empty() { Ok(()) } else { Err(Failure::new(format!("nothing was written: {}", counts.join(", ")))) }
}

/// A value as it is shown in a message: in quotes, without control characters, and not endless.
pub(super) fn shown(value: &str) -> String {
    let mut letters = value.chars();
    let start: String = letters.by_ref().take(SHOWN).collect();
    if letters.next().is_some() { format!("{start:?}...") } else { format!("{start:?}") }
}
