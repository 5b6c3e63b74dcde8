//! Sessions: meetings of a match.

use super::states::{state_machine, words};

words! {
    /// The states of a session.
    SessionStatus {
        /// One side suggests a time.
        Proposed = "PROPOSED",
        /// Both agreed.
        Scheduled = "SCHEDULED",
        /// It took place.
        Held = "HELD",
        /// It did not.
        Missed = "MISSED",
        /// Called off beforehand.
        Canceled = "CANCELED",
    }
}

words! {
    /// What can happen to a session.
    SessionEvent {
        /// The other side agrees.
        Agree = "AGREE",
        /// It took place.
        Hold = "HOLD",
        /// It did not take place.
        Miss = "MISS",
        /// Called off.
        Cancel = "CANCEL",
    }
}

state_machine! { "the session", SessionStatus x SessionEvent {
    Proposed + Agree => Scheduled,
    Proposed + Cancel => Canceled,
    Scheduled + Hold => Held,
    Scheduled + Miss => Missed,
    Scheduled + Cancel => Canceled,
}}
