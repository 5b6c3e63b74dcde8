//! Lists of rounds.

use sea_orm::{ColumnTrait, Condition, QueryFilter, Select};

use super::{Key, Position, Sight, at, sealed::Rows};
use crate::{
    domain::rounds::{Round, RoundStatus},
    store::{
        Reads, StoreError,
        rounds::{
            round,
            row::{Column, Entity, Model},
            scoped,
        },
    },
};

/// Rounds; drafts only for staff.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct RoundList {
    /// In one of these states; empty for all.
    pub statuses: Vec<RoundStatus>,
}

/// What rounds can be ordered by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RoundOrder {
    /// When they were made.
    CreatedAt,
    /// When they last changed.
    UpdatedAt,
}

/// What rounds can hang under.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RoundsOf {
    /// Their program.
    Program,
}

impl Rows for RoundList {
    type Entity = Entity;
    type Item = Round;
    type Order = RoundOrder;
    type Of = RoundsOf;

    fn visible(&self, sight: &Sight) -> Select<Entity> {
        let rounds = scoped(sight.organization_id);
        if sight.staff { rounds } else { rounds.filter(Column::Status.ne(RoundStatus::Draft.as_str())) }
    }

    fn condition(&self) -> Condition {
        if self.statuses.is_empty() {
            return Condition::all();
        }
        Condition::all().add(Column::Status.is_in(self.statuses.iter().map(|status| status.as_str())))
    }

    fn id() -> Column {
        Column::Id
    }

    fn key(order: RoundOrder) -> Column {
        match order {
            RoundOrder::CreatedAt => Column::CreatedAt,
            RoundOrder::UpdatedAt => Column::UpdatedAt,
        }
    }

    fn of(of: RoundsOf) -> &'static [Column] {
        match of {
            RoundsOf::Program => &[Column::ProgramId],
        }
    }

    fn position(item: &Round, order: RoundOrder) -> Position {
        let key = match order {
            RoundOrder::CreatedAt => item.created_at,
            RoundOrder::UpdatedAt => item.updated_at,
        };
        at(Key::Instant(key), item.id)
    }

    async fn read(_: &impl Reads, rows: Vec<Model>) -> Result<Vec<Round>, StoreError> {
        rows.into_iter().map(round).collect()
    }
}
