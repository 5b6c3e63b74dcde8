//! What is wrong with the settings, in words for the person who has to change them.

use std::fmt;
use std::path::PathBuf;

/// Why the settings cannot be used. The message holds no passwords.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The settings file cannot be read, or is not TOML.
    #[error("the settings file {} cannot be used: {reason}", path.display())]
    File {
        /// The file that was asked for.
        path: PathBuf,
        /// What the reader said.
        reason: String,
    },
    /// Some settings are unknown, unusable or missing. Never empty.
    #[error("the settings cannot be used:{}", list(.0))]
    Settings(Vec<Problem>),
}

/// One setting that stops the start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The setting, as `section.field`.
    pub field: String,
    /// Where its value came from: a variable's name, a file, or the defaults.
    pub origin: String,
    /// What is wrong and what is allowed.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (from {}): {}", self.field, self.origin, self.message)
    }
}

fn list(problems: &[Problem]) -> String {
    problems.iter().fold(String::new(), |list, problem| list + "\n  - " + &problem.to_string())
}
