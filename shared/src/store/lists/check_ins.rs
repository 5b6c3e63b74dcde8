//! Lists of check-ins.

use sea_orm::{Condition, QueryFilter, Select};

use super::{Key, Position, Sight, at, sealed::Rows};
use crate::{
    domain::check_ins::CheckIn,
    store::{
        Reads, StoreError,
        check_ins::{
            check_in,
            row::{Column, Entity, Model},
            scoped,
        },
    },
};

/// What the reader was asked, and people the reader looks after; not what a partner was.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct CheckInList;

/// What check-ins can be ordered by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CheckInOrder {
    /// When they were asked.
    AskedAt,
}

/// What check-ins can hang under.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CheckInsOf {
    /// Their match.
    Match,
}

impl Rows for CheckInList {
    type Entity = Entity;
    type Item = CheckIn;
    type Order = CheckInOrder;
    type Of = CheckInsOf;

    fn visible(&self, sight: &Sight) -> Select<Entity> {
        scoped(sight.organization_id).filter(sight.names_any(&[Column::PersonId]))
    }

    fn condition(&self) -> Condition {
        Condition::all()
    }

    fn id() -> Column {
        Column::Id
    }

    fn key(_: CheckInOrder) -> Column {
        Column::AskedAt
    }

    fn of(of: CheckInsOf) -> &'static [Column] {
        match of {
            CheckInsOf::Match => &[Column::MatchId],
        }
    }

    fn position(item: &CheckIn, _: CheckInOrder) -> Position {
        at(Key::Instant(item.asked_at), item.id)
    }

    async fn read(_: &impl Reads, rows: Vec<Model>) -> Result<Vec<CheckIn>, StoreError> {
        rows.into_iter().map(check_in).collect()
    }
}
