//! Which part of a list is read.

use chrono::{DateTime, Utc};
use sea_orm::{Value, sea_query::Order};
use uuid::Uuid;

/// Where something stands in an order: what it is ordered by, and its id to tell equals apart.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// What it is ordered by.
    pub key: Key,
    /// Its id.
    pub id: Uuid,
}

/// What a list is ordered by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Key {
    /// A moment, to the microsecond.
    Instant(DateTime<Utc>),
    /// A text, in the database's own order.
    Text(String),
    /// A number.
    Number(i32),
    /// A place in a log.
    Place(i64),
}

impl Key {
    pub(super) fn to_value(&self) -> Value {
        match self {
            Self::Instant(instant) => (*instant).into(),
            Self::Text(text) => text.clone().into(),
            Self::Number(number) => (*number).into(),
            Self::Place(place) => (*place).into(),
        }
    }
}

/// A part of a list, between two positions, read from one of its ends.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Stretch<O> {
    /// What the list is ordered by.
    pub order: O,
    /// Whether the largest comes first.
    pub descending: bool,
    /// Only what comes after this position.
    pub after: Option<Position>,
    /// Only what comes before this position.
    pub before: Option<Position>,
    /// At most so many items.
    pub limit: u32,
    /// Take the last items of what lies between, not the first. They still come in the list's order.
    pub from_end: bool,
}

impl<O> Stretch<O> {
    /// The first so many items in this order, the largest first.
    pub fn latest(order: O, limit: u32) -> Self {
        Self { order, descending: true, after: None, before: None, limit, from_end: false }
    }

    pub(super) fn reading_order(&self) -> Order {
        if self.descending == self.from_end { Order::Asc } else { Order::Desc }
    }

    /// One more than asked for tells whether there is more.
    pub(super) fn probe(&self) -> u64 {
        u64::from(self.limit) + 1
    }

    /// A page of what was read in reading order, up to one more than the limit (or more, of which the rest is dropped).
    pub(super) fn page<T>(&self, mut items: Vec<T>) -> Page<T> {
        let limit = usize::try_from(self.limit).unwrap_or(usize::MAX);
        let more = items.len() > limit;
        items.truncate(limit);
        if self.from_end {
            items.reverse();
            return Page { items, has_previous: more, has_next: self.before.is_some() };
        }
        Page { items, has_previous: self.after.is_some(), has_next: more }
    }
}

/// What was found in a stretch, in the list's order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    /// The items.
    pub items: Vec<T>,
    /// Whether something comes before them, as far as that is known without looking.
    pub has_previous: bool,
    /// Whether something comes after them, as far as that is known without looking.
    pub has_next: bool,
}

impl<T> Default for Page<T> {
    fn default() -> Self {
        Self { items: Vec::new(), has_previous: false, has_next: false }
    }
}
