//! Lists of people.

use sea_orm::{
    ColumnTrait, Condition, EntityTrait, QueryFilter, QuerySelect, QueryTrait, Select,
    sea_query::{Expr, ExprTrait, Func, LikeExpr},
};
use uuid::Uuid;

use super::{Key, Position, Sight, at, sealed::Rows};
use crate::{
    domain::people::Person,
    store::{
        Reads, StoreError, enrollments,
        people::{
            person,
            row::{Column, Entity, Model},
            scoped,
        },
    },
};

/// People the reader looks after, and the reader.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct PersonList {
    /// Whose name, address or external id contains this, in any case.
    pub search: Option<String>,
    /// Who live in one of these countries; empty for all.
    pub countries: Vec<String>,
    /// Who are still there, or who left; `None` for both.
    pub active: Option<bool>,
    /// Who are or were in this program.
    pub program_id: Option<Uuid>,
    /// Who are or were in this round.
    pub round_id: Option<Uuid>,
    /// Also the partners of all these in matches, whom the reader knows but does not look after.
    pub with_partners: bool,
}

/// What people can be ordered by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PersonOrder {
    /// Their name.
    Name,
    /// When they were made.
    CreatedAt,
    /// When they last changed.
    UpdatedAt,
}

/// People hang under nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PeopleOf {}

/// A search text as a pattern that finds it anywhere, taken literally.
fn pattern(text: &str) -> LikeExpr {
    let literal = text.trim().to_lowercase().replace('!', "!!").replace('%', "!%").replace('_', "!_");
    LikeExpr::new(format!("%{literal}%")).escape('!')
}

pub(super) fn contains(column: impl ColumnTrait, text: &str) -> Expr {
    Expr::expr(Func::lower(Expr::col(column.as_column_ref()))).like(pattern(text))
}

impl Rows for PersonList {
    type Entity = Entity;
    type Item = Person;
    type Order = PersonOrder;
    type Of = PeopleOf;

    fn visible(&self, sight: &Sight) -> Select<Entity> {
        let mut known = sight.names_any(&[Column::Id]);
        if self.with_partners && !sight.is_whole() {
            known = Condition::any().add(known).add(sight.partners());
        }
        scoped(sight.organization_id).filter(known)
    }

    fn condition(&self) -> Condition {
        let mut condition = Condition::all();
        if let Some(search) = &self.search {
            let found = Condition::any()
                .add(contains(Column::Name, search))
                .add(contains(Column::Email, search))
                .add(contains(Column::ExternalId, search));
            condition = condition.add(found);
        }
        if !self.countries.is_empty() {
            condition = condition.add(Column::Country.is_in(self.countries.iter().map(String::as_str)));
        }
        if let Some(active) = self.active {
            condition = condition.add(Column::Active.eq(active));
        }
        if self.program_id.is_some() || self.round_id.is_some() {
            let enrolled =
                enrollments::row::Entity::find().select_only().column(enrollments::row::Column::PersonId).filter(
                    Condition::all()
                        .add_option(self.program_id.map(|id| enrollments::row::Column::ProgramId.eq(id)))
                        .add_option(self.round_id.map(|id| enrollments::row::Column::RoundId.eq(id))),
                );
            condition = condition.add(Column::Id.in_subquery(enrolled.into_query()));
        }
        condition
    }

    fn id() -> Column {
        Column::Id
    }

    fn key(order: PersonOrder) -> Column {
        match order {
            PersonOrder::Name => Column::Name,
            PersonOrder::CreatedAt => Column::CreatedAt,
            PersonOrder::UpdatedAt => Column::UpdatedAt,
        }
    }

    fn of(of: PeopleOf) -> &'static [Column] {
        match of {}
    }

    fn position(item: &Person, order: PersonOrder) -> Position {
        let key = match order {
            PersonOrder::Name => Key::Text(item.name.clone()),
            PersonOrder::CreatedAt => Key::Instant(item.created_at),
            PersonOrder::UpdatedAt => Key::Instant(item.updated_at),
        };
        at(key, item.id)
    }

    async fn read(_: &impl Reads, rows: Vec<Model>) -> Result<Vec<Person>, StoreError> {
        Ok(rows.into_iter().map(person).collect())
    }
}
