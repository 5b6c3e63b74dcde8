//! Waits that differ a little, so that what failed together does not come back together.

use std::hash::{DefaultHasher, Hash, Hasher};

use chrono::TimeDelta;
use uuid::Uuid;

/// So many seconds and up to a quarter more, different for each thing and attempt, and the same whenever it is asked.
pub(crate) fn spread(id: Uuid, attempt: i32, seconds: i64) -> TimeDelta {
    let mut hasher = DefaultHasher::new();
    (id, attempt).hash(&mut hasher);
    let thousandths = i64::try_from(hasher.finish() % 250).unwrap_or(0);
    TimeDelta::milliseconds(seconds * 1000 + seconds * thousandths)
}
