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
            if let Ok(style) = ProgressStyle::with_template("  {spinner} {prefix:14} {msg}") {
                bar.set_style(style);
            }
            bar.set_prefix(what);
            bar.enable_steady_tick(Duration::from_millis(100));
            bar
        });
        Self { what, bar }
    }

    /// Says how far it is.
    pub(super) fn at(&self, done: u64, of: u64) {
        let Some(bar) = &self.bar else { return };
        if bar.length().is_none()
            && let Ok(style) = ProgressStyle::with_template("  {spinner} {prefix:14} {wide_bar} {pos}/{len}  ")
        {
            bar.set_style(style.progress_chars("━━ "));
        }
        bar.set_length(of);
        bar.set_position(done);
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
