//! The same work on many rows, on all cores.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// Rows that a thread takes at a time: the rows of peers get shorter and shorter, so nobody gets one half each.
const ROWS_AT_A_TIME: usize = 32;

/// Work on fewer pairs than this is done before a thread has started.
const WORTH_A_THREAD: usize = 200_000;

/// Works on all rows and gives what came together, one part a thread. Which rows are in which part is not determined, so
/// putting the parts together must not depend on it. `pairs` says how much work there is; `tell` hears how many rows have
/// been begun.
pub(super) fn sweep<T: Send>(
    rows: usize,
    pairs: usize,
    tell: impl Fn(usize) + Sync,
    start: impl Fn() -> T + Sync,
    work: impl Fn(&mut T, usize) + Sync,
) -> Vec<T> {
    let next = AtomicUsize::new(0);
    let one = || {
        let mut part = start();
        loop {
            let first = next.fetch_add(ROWS_AT_A_TIME, Ordering::Relaxed);
            if first >= rows {
                return part;
            }
            tell(first);
            for row in first..rows.min(first + ROWS_AT_A_TIME) {
                work(&mut part, row);
            }
        }
    };
    let worth = pairs / WORTH_A_THREAD;
    // Asking how many cores there are reads files, which takes longer than planning a small program.
    let cores = if worth > 1 { thread::available_parallelism().map_or(1, usize::from).min(worth) } else { 1 };
    if cores == 1 {
        return vec![one()];
    }
    thread::scope(|scope| {
        // Where no further thread is to be had, this one does all the work.
        let helpers = (1..cores).filter_map(|_| thread::Builder::new().spawn_scoped(scope, one).ok());
        let helpers: Vec<_> = helpers.collect();
        let mut parts = vec![one()];
        for helper in helpers {
            match helper.join() {
                Ok(part) => parts.push(part),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        parts
    })
}
