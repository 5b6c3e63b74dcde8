//! The hours in which people are not disturbed.

use chrono::NaiveTime;

/// From one local time to another, on the clock of whoever is written to; over midnight when `from` is the later one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QuietHours {
    /// When they begin.
    pub from: NaiveTime,
    /// When they end.
    pub until: NaiveTime,
}

impl QuietHours {
    /// The hours between two times; none when they are the same.
    pub fn between(from: NaiveTime, until: NaiveTime) -> Option<Self> {
        (from != until).then_some(Self { from, until })
    }
}
