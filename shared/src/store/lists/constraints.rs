//! Lists of constraints.

use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, Select};

use super::{Key, Position, Sight, at, sealed::Rows};
use crate::{
    domain::constraints::{Constraint, ConstraintKind},
    store::{
        Reads, StoreError,
        constraints::{
            constraint,
            row::{Column, Entity, Model},
        },
    },
};

/// Decisions of staff for staff who run programs, and a reader's own wishes for the reader. A wish is shown to nobody
/// else, whoever they are.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct ConstraintList {
    /// Of one of these kinds; empty for all.
    pub kinds: Vec<ConstraintKind>,
}

/// What constraints can be ordered by. They never change, so there is no other order than that of their making.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ConstraintOrder {
    /// When they were made.
    CreatedAt,
}

/// What constraints can hang under.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ConstraintsOf {
    /// Their program.
    Program,
}

impl Rows for ConstraintList {
    type Entity = Entity;
    type Item = Constraint;
    type Order = ConstraintOrder;
    type Of = ConstraintsOf;

    fn visible(&self, sight: &Sight) -> Select<Entity> {
        let avoid = ConstraintKind::Avoid.as_str();
        let own = Condition::all().add(Column::Kind.eq(avoid)).add(Column::PersonA.eq(sight.person_id));
        let mut visible = Condition::any().add(own);
        if sight.is_whole() {
            visible = visible.add(Column::Kind.ne(avoid));
        }
        Entity::find().filter(Column::OrganizationId.eq(sight.organization_id)).filter(visible)
    }

    fn condition(&self) -> Condition {
        if self.kinds.is_empty() {
            return Condition::all();
        }
        Condition::all().add(Column::Kind.is_in(self.kinds.iter().map(|kind| kind.as_str())))
    }

    fn id() -> Column {
        Column::Id
    }

    fn key(order: ConstraintOrder) -> Column {
        match order {
            ConstraintOrder::CreatedAt => Column::CreatedAt,
        }
    }

    fn of(of: ConstraintsOf) -> &'static [Column] {
        match of {
            ConstraintsOf::Program => &[Column::ProgramId],
        }
    }

    fn position(item: &Constraint, order: ConstraintOrder) -> Position {
        let key = match order {
            ConstraintOrder::CreatedAt => item.created_at,
        };
        at(Key::Instant(key), item.id)
    }

    async fn read(_: &impl Reads, rows: Vec<Model>) -> Result<Vec<Constraint>, StoreError> {
        rows.into_iter().map(constraint).collect()
    }
}
