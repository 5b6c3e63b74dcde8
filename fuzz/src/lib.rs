//! What the fuzz targets share: inputs from bytes, and what must hold of every plan.
//!
//! The engine needs nothing but the standard library: its files, linked into this folder, are compiled as a part of
//! this crate, without the rest of their own crate and everything that depends on a database. So are the readers of
//! `counterpart match`.

// The readers know the engine by the name of its own crate.
extern crate self as worker;

pub mod files;
pub mod matching;
pub mod rules;
pub mod scored;

#[path = "../../worker/src/matching/tests/reference.rs"]
mod reference;

/// What the readers need of the command line.
mod cli {
    /// A reason not to go on.
    pub struct Failure;

    impl Failure {
        pub fn new(_: impl Into<String>) -> Self {
            Self
        }
    }

    pub mod output {
        pub fn error(_: impl AsRef<str>) {}
    }
}
