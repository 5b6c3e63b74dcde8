//! How far a run has come, for whoever waits for it.

/// What a run is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Scoring pairs for the first time.
    Scoring,
    /// Solving, and looking for pairs that the prices do not cover.
    Solving,
    /// Checking the plan by separate code.
    Proving,
    /// Explaining pairs and non-matches.
    Explaining,
}

/// A sign of life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// What is being done.
    pub stage: Stage,
    /// Parts of the stage that are done.
    pub done: u64,
    /// Parts of the stage, at least `done`; 0 when nobody can tell.
    pub of: u64,
}

/// Is told of progress, from any thread and many times a second.
pub type Watch<'a> = &'a (dyn Fn(Progress) + Sync);

impl Progress {
    /// Tells of rows that are begun.
    pub(super) fn rows(watch: Watch<'_>, stage: Stage, rows: usize) -> impl Fn(usize) + Sync {
        let number = |rows: usize| u64::try_from(rows).unwrap_or(u64::MAX);
        move |done| watch(Self { stage, done: number(done), of: number(rows) })
    }
}
