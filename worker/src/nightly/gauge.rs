//! How far a run's planning is: told from the threads that plan, read by the task that waits for them.

use std::sync::atomic::{AtomicU64, Ordering};

use shared::domain::match_runs::RunPhase;

use crate::matching::{Progress, Stage};

/// Parts that a stage is told in.
const PARTS: u64 = 1_000;
/// Parts of a round: four stages.
const ROUND: u64 = 4 * PARTS;

/// Only ever goes up, whichever thread is late.
#[derive(Debug)]
pub(super) struct Gauge {
    rounds: u64,
    /// Rounds, stages and parts of a stage that are done, counted in parts.
    reached: AtomicU64,
}

impl Gauge {
    /// A gauge for so many rounds, at its beginning.
    pub(super) fn new(rounds: usize) -> Self {
        Self { rounds: u64::try_from(rounds).unwrap_or(u64::MAX), reached: AtomicU64::new(0) }
    }

    /// Takes what the engine tells about this round.
    pub(super) fn take(&self, round: usize, progress: Progress) {
        let stage = match progress.stage {
            Stage::Scoring => 0,
            Stage::Solving => 1,
            Stage::Proving => 2,
            Stage::Explaining => 3,
        };
        // Of a stage whose length nobody knows, only the beginning is told.
        let part = progress.done.saturating_mul(PARTS).checked_div(progress.of).unwrap_or(0).min(PARTS - 1);
        let round = u64::try_from(round).unwrap_or(u64::MAX);
        self.reached.fetch_max(round.saturating_mul(ROUND).saturating_add(stage * PARTS + part), Ordering::Relaxed);
    }

    /// What is being done, and how much of the whole is done, 0 to 100.
    pub(super) fn read(&self) -> (RunPhase, u8) {
        let reached = self.reached.load(Ordering::Relaxed);
        // Where each phase begins and how much of a round it usually takes, in percent.
        let (phase, begins, takes) = match reached % ROUND / PARTS {
            0 => (RunPhase::Scoring, 0, 25),
            1 => (RunPhase::Solving, 25, 50),
            2 => (RunPhase::Proving, 75, 15),
            _ => (RunPhase::Explaining, 90, 10),
        };
        let in_round = begins * PARTS + takes * (reached % PARTS);
        let whole = (reached / ROUND).saturating_mul(100 * PARTS).saturating_add(in_round);
        let percent = whole.checked_div(self.rounds.saturating_mul(PARTS)).unwrap_or(0).min(100);
        (phase, u8::try_from(percent).unwrap_or(100))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(stage: Stage, done: u64, of: u64) -> Progress {
        Progress { stage, done, of }
    }

    #[test]
    fn it_goes_up_through_phases_and_rounds_and_never_down() {
        let gauge = Gauge::new(2);
        assert_eq!(gauge.read(), (RunPhase::Scoring, 0));
        gauge.take(0, at(Stage::Scoring, 500, 1_000));
        assert_eq!(gauge.read(), (RunPhase::Scoring, 6));
        gauge.take(0, at(Stage::Solving, 7, 0));
        assert_eq!(gauge.read(), (RunPhase::Solving, 12));
        gauge.take(0, at(Stage::Scoring, 1_000, 1_000));
        assert_eq!(gauge.read(), (RunPhase::Solving, 12), "a late thread changes nothing");
        gauge.take(0, at(Stage::Explaining, 9, 9));
        assert_eq!(gauge.read(), (RunPhase::Explaining, 49));
        gauge.take(1, at(Stage::Scoring, 0, 9));
        assert_eq!(gauge.read(), (RunPhase::Scoring, 50));
        gauge.take(1, at(Stage::Proving, u64::MAX, u64::MAX));
        assert_eq!(gauge.read().0, RunPhase::Proving);
        gauge.take(1, at(Stage::Explaining, 5, 5));
        assert_eq!(gauge.read(), (RunPhase::Explaining, 99));
    }
}
