//! Points at which a debug build fails when it is told to, so that a test can end, stop or delay a real process exactly
//! there.
//!
//! `COUNTERPART_FAILPOINTS` holds a list such as `mail.marked=kill@3,night.planned=sleep:2000`: a point, what happens
//! there, and at which time of passing it; without `@` at every time. A release build has none of this, and refuses to
//! start when it is asked for.

use std::collections::BTreeMap;

use crate::domain::states::words;

/// The name of the environment variable.
pub const VARIABLE: &str = "COUNTERPART_FAILPOINTS";

words! {
    /// Where a process can be made to fail.
    Point {
        /// Messages were claimed; none was begun.
        MailClaimed = "mail.claimed",
        /// The relay waits for the content; the message is not marked as handed over.
        MailBeforeMark = "mail.before_mark",
        /// It is marked, in a transaction that committed.
        MailMarked = "mail.marked",
        /// The lease was looked at for the last time; nothing of the content is sent.
        MailBeforeDot = "mail.before_dot",
        /// The relay has answered the final dot.
        MailAfterDot = "mail.after_dot",
        /// The message is about to be recorded as sent.
        MailBeforeSent = "mail.before_sent",
        /// It is recorded, in a transaction that committed.
        MailSent = "mail.sent",
        /// A run was claimed.
        NightClaimed = "night.claimed",
        /// The threads that plan have begun.
        NightPlanning = "night.planning",
        /// The plan is made; nothing is stored.
        NightPlanned = "night.planned",
        /// Everything is written; the transaction is open.
        NightBeforeCommit = "night.before_commit",
        /// Everything is committed; nobody was told.
        NightCommitted = "night.committed",
        /// Deliveries to an endpoint were claimed.
        WebhooksClaimed = "webhooks.claimed",
        /// The endpoint has answered; nothing is recorded.
        WebhooksBeforeRecord = "webhooks.before_record",
    }
}

/// Why the points were not set.
#[derive(Debug, thiserror::Error)]
pub enum FailpointError {
    /// One part of the list cannot be read.
    #[error("{VARIABLE}: `{part}` is not like mail.marked=kill@3 or night.planned=sleep:2000: {why}")]
    Unreadable {
        /// The part.
        part: String,
        /// What is wrong with it.
        why: String,
    },
    /// This is a release build.
    #[error("{VARIABLE}: a release build has no such points; unset it")]
    NotInThisBuild,
    /// They are set already.
    #[error("{VARIABLE} was read twice")]
    Twice,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Action {
    /// SIGKILL, as a power cut.
    Kill,
    /// SIGSTOP, as a suspended machine; goes on after SIGCONT.
    Stop,
    /// So many milliseconds.
    Sleep(u64),
}

#[derive(Debug)]
#[cfg_attr(not(debug_assertions), expect(dead_code, reason = "a release build reads points only to refuse them"))]
struct Trap {
    action: Action,
    /// The only time of passing, counted from 1, at which it happens; `None`: always.
    at: Option<u64>,
    #[cfg(debug_assertions)]
    passed: std::sync::atomic::AtomicU64,
}

/// Sets the points of this process.
///
/// # Errors
/// When a point or an action is unknown, and in a release build.
pub fn set(list: &str) -> Result<(), FailpointError> {
    let traps = read(list)?;
    #[cfg(debug_assertions)]
    return armed::TRAPS.set(traps).map_err(|_| FailpointError::Twice);
    #[cfg(not(debug_assertions))]
    {
        drop(traps);
        Err(FailpointError::NotInThisBuild)
    }
}

fn read(list: &str) -> Result<BTreeMap<Point, Trap>, FailpointError> {
    let mut traps = BTreeMap::new();
    for part in list.split(',').map(str::trim).filter(|part| !part.is_empty()) {
        let unreadable = |why: &str| FailpointError::Unreadable { part: part.to_owned(), why: why.to_owned() };
        let (point, rest) = part.split_once('=').ok_or_else(|| unreadable("there is no `=`"))?;
        let point: Point = point.parse().map_err(|unknown| unreadable(&format!("{unknown}")))?;
        let (action, at) = match rest.split_once('@') {
            Some((action, at)) => {
                let at = at.parse().ok().filter(|at| *at > 0);
                (action, Some(at.ok_or_else(|| unreadable("after `@` comes a number from 1"))?))
            }
            None => (rest, None),
        };
        let action = match action.split_once(':') {
            None if action == "kill" => Action::Kill,
            None if action == "stop" => Action::Stop,
            Some(("sleep", time)) => Action::Sleep(time.parse().map_err(|_| unreadable("sleep takes milliseconds"))?),
            _ => return Err(unreadable("the actions are kill, stop and sleep:MILLISECONDS")),
        };
        let trap = Trap {
            action,
            at,
            #[cfg(debug_assertions)]
            passed: std::sync::atomic::AtomicU64::new(0),
        };
        traps.insert(point, trap);
    }
    Ok(traps)
}

impl Point {
    /// Passes the point; nothing happens unless it was [`set`].
    #[cfg_attr(not(debug_assertions), expect(clippy::unused_self, reason = "there is nothing to look up"))]
    pub async fn pass(self) {
        #[cfg(debug_assertions)]
        if let Some(time) = armed::reach(self) {
            tokio::time::sleep(time).await;
        }
    }

    /// The same on a thread that may be blocked.
    #[cfg_attr(not(debug_assertions), expect(clippy::unused_self, reason = "there is nothing to look up"))]
    pub fn pass_blocking(self) {
        #[cfg(debug_assertions)]
        if let Some(time) = armed::reach(self) {
            std::thread::sleep(time);
        }
    }
}

#[cfg(debug_assertions)]
mod armed {
    use std::{
        collections::BTreeMap,
        process::Command,
        sync::{OnceLock, atomic::Ordering},
        time::Duration,
    };

    use super::{Action, Point, Trap};

    pub(super) static TRAPS: OnceLock<BTreeMap<Point, Trap>> = OnceLock::new();

    /// Does what was asked for, and says how long the caller is to sleep.
    pub(super) fn reach(point: Point) -> Option<Duration> {
        let trap = TRAPS.get()?.get(&point)?;
        let passed = trap.passed.fetch_add(1, Ordering::SeqCst) + 1;
        if trap.at.is_some_and(|at| at != passed) {
            return None;
        }
        tracing::warn!(%point, action = ?trap.action, passed, "a failpoint");
        match trap.action {
            Action::Kill => signal("KILL"),
            Action::Stop => signal("STOP"),
            Action::Sleep(milliseconds) => return Some(Duration::from_millis(milliseconds)),
        }
        None
    }

    /// A shell sends it to its parent: the standard library can end a process, but not stop it.
    fn signal(name: &str) {
        let sent = Command::new("sh").args(["-c", r#"kill -s "$1" "$PPID""#, "sh", name]).status();
        if !sent.is_ok_and(|status| status.success()) {
            std::process::abort();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_points_is_read() {
        let traps = read("mail.marked=kill@3, night.planned=sleep:2000,mail.sent=stop").unwrap();
        let read: Vec<_> = traps.iter().map(|(point, trap)| (point.as_str(), trap.action, trap.at)).collect();
        let expected = [
            ("mail.marked", Action::Kill, Some(3)),
            ("mail.sent", Action::Stop, None),
            ("night.planned", Action::Sleep(2000), None),
        ];
        assert_eq!(read, expected);
        assert!(super::read("").unwrap().is_empty());
    }

    #[test]
    fn what_cannot_be_read_is_refused_with_what_could() {
        for (list, why) in [
            ("mail.maked=kill", "mail.marked"),
            ("mail.marked", "no `=`"),
            ("mail.marked=explode", "kill, stop"),
            ("mail.marked=kill@0", "from 1"),
            ("mail.marked=sleep:soon", "milliseconds"),
        ] {
            let error = read(list).unwrap_err().to_string();
            assert!(error.contains(why), "{list}: {error}");
        }
    }

    #[tokio::test]
    async fn a_point_that_is_not_set_is_passed() {
        Point::MailClaimed.pass().await;
        Point::NightPlanning.pass_blocking();
    }
}
