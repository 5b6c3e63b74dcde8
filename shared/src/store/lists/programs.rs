//! Lists of programs.

use sea_orm::{ColumnTrait, Condition, Select};

use super::{Key, Position, Sight, at, people::contains, sealed::Rows};
use crate::{
    domain::programs::{Kind, Program},
    store::{
        Reads, StoreError,
        programs::{
            complete,
            row::{Column, Entity, Model},
            scoped,
        },
    },
};

/// Programs of the organization; everybody in it sees them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct ProgramList {
    /// Whose name contains this, in any case.
    pub search: Option<String>,
    /// Of this kind.
    pub kind: Option<Kind>,
    /// Put away, or not; `None` for both.
    pub archived: Option<bool>,
}

/// What programs can be ordered by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ProgramOrder {
    /// Their name.
    Name,
    /// When they were made.
    CreatedAt,
    /// When they last changed.
    UpdatedAt,
}

/// Programs hang under nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ProgramsOf {}

impl Rows for ProgramList {
    type Entity = Entity;
    type Item = Program;
    type Order = ProgramOrder;
    type Of = ProgramsOf;

    fn visible(&self, sight: &Sight) -> Select<Entity> {
        scoped(sight.organization_id)
    }

    fn condition(&self) -> Condition {
        let mut condition = Condition::all();
        if let Some(search) = &self.search {
            condition = condition.add(contains(Column::Name, search));
        }
        if let Some(kind) = self.kind {
            condition = condition.add(Column::Kind.eq(kind.as_str()));
        }
        match self.archived {
            Some(true) => condition.add(Column::ArchivedAt.is_not_null()),
            Some(false) => condition.add(Column::ArchivedAt.is_null()),
            None => condition,
        }
    }

    fn id() -> Column {
        Column::Id
    }

    fn key(order: ProgramOrder) -> Column {
        match order {
            ProgramOrder::Name => Column::Name,
            ProgramOrder::CreatedAt => Column::CreatedAt,
            ProgramOrder::UpdatedAt => Column::UpdatedAt,
        }
    }

    fn of(of: ProgramsOf) -> &'static [Column] {
        match of {}
    }

    fn position(item: &Program, order: ProgramOrder) -> Position {
        let key = match order {
            ProgramOrder::Name => Key::Text(item.name.clone()),
            ProgramOrder::CreatedAt => Key::Instant(item.created_at),
            ProgramOrder::UpdatedAt => Key::Instant(item.updated_at),
        };
        at(key, item.id)
    }

    async fn read(reads: &impl Reads, rows: Vec<Model>) -> Result<Vec<Program>, StoreError> {
        complete(reads, rows).await
    }
}
