//! What is going on during a start: a moving line on a terminal, plain lines anywhere else.

use std::{
    io::{IsTerminal, stdout},
    time::Duration,
};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::output;

/// One step of a start. It leaves one line behind when it is done, and none when it is dropped before.
#[derive(Debug)]
pub(super) struct Step {
    what: &'static str,
    /// Only on a terminal.
    bar: Option<ProgressBar>,
}

impl Step {
    /// Says what begins.
    pub(super) fn begin(what: &'static str) -> Self {
        let bar = stdout().is_terminal().then(|| {
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stdout());
            if let Ok(style) = ProgressStyle::with_template("  {prefix:16} {msg} {spinner}") {
                bar.set_style(style);
            }
            bar.set_prefix(what);
            bar.enable_steady_tick(Duration::from_millis(100));
            bar
        });
        Self { what, bar }
    }

    /// Says how far it is; only a terminal shows it.
    pub(super) fn note(&self, text: &str) {
        if let Some(bar) = &self.bar {
            bar.set_message(text.to_owned());
        }
    }

    /// Says which part of it is being done, and how much of that if anybody can tell; only a terminal shows it.
    pub(super) fn advance(&self, part: &str, done: u64, of: u64) {
        let Some(bar) = &self.bar else { return };
        let filled = done.saturating_mul(20).checked_div(of).and_then(|filled| usize::try_from(filled.min(20)).ok());
        let drawn = filled.map(|filled| format!("  {}{}", "━".repeat(filled), "┄".repeat(20 - filled)));
        let message = format!("{part}{}", drawn.unwrap_or_default());
        if bar.message() != message {
            bar.set_message(message);
        }
    }

    /// Says what came of it.
    pub(super) fn done(self, outcome: &str) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
        output::line(format!("  {:16} {outcome}", self.what));
    }
}

impl Drop for Step {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
