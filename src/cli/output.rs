//! Everything the commands print.
//!
//! A reader that goes away, as `head` does, is no reason to fail: what cannot be printed is dropped.

use std::io::{self, Write};

/// Prints a line, or several, to standard output.
pub(super) fn line(text: impl AsRef<str>) {
    let mut out = io::stdout().lock();
    writeln!(out, "{}", text.as_ref()).and_then(|()| out.flush()).ok();
}

/// Prints text to standard output as it is.
pub(super) fn text(text: &str) {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).ok();
}

/// Prints a line, or several, to standard error.
pub(super) fn error(text: impl AsRef<str>) {
    writeln!(io::stderr().lock(), "{}", text.as_ref()).ok();
}
