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
