//! Example queries for the explorer.

use api::SampleQuery;

use super::cast::Cast;

pub(super) fn all(_cast: &Cast) -> Vec<SampleQuery> {
    Vec::new()
}
