//! Lists of events.

use chrono::{DateTime, Utc};
use sea_orm::{ColumnTrait, Condition, QueryFilter, Select};
use uuid::Uuid;

use super::{Key, Position, Sight, at, sealed::Rows};
use crate::{
    domain::events::Event,
    store::{
        Reads, StoreError,
        events::{
            event,
            row::{Column, Entity, Model},
            scoped,
        },
    },
};

/// Events that have their place in the log; only for staff who run programs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct EventList {
    /// Of one of these kinds; empty for all.
    pub kinds: Vec<String>,
    /// That happened to this thing.
    pub entity_id: Option<Uuid>,
    /// That happened at this instant or later.
    pub from: Option<DateTime<Utc>>,
    /// That happened before this instant.
    pub to: Option<DateTime<Utc>>,
}

/// What events can be ordered by. They never change, so there is no other order than that of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EventOrder {
    /// Their place in the log.
    Position,
}

/// What events can hang under: nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EventsOf {}

impl Rows for EventList {
    type Entity = Entity;
    type Item = Event;
    type Order = EventOrder;
    type Of = EventsOf;

    fn visible(&self, sight: &Sight) -> Select<Entity> {
        let events = scoped(sight.organization_id).filter(Column::Position.is_not_null());
        if sight.is_whole() { events } else { events.filter(Sight::nothing(Column::Id)) }
    }

    fn condition(&self) -> Condition {
        let mut condition = Condition::all()
            .add_option(self.entity_id.map(|id| Column::EntityId.eq(id)))
            .add_option(self.from.map(|from| Column::At.gte(from)))
            .add_option(self.to.map(|to| Column::At.lt(to)));
        if !self.kinds.is_empty() {
            condition = condition.add(Column::Kind.is_in(self.kinds.iter().map(String::as_str)));
        }
        condition
    }

    fn id() -> Column {
        Column::Id
    }

    fn key(order: EventOrder) -> Column {
        match order {
            EventOrder::Position => Column::Position,
        }
    }

    fn of(of: EventsOf) -> &'static [Column] {
        match of {}
    }

    fn position(item: &Event, order: EventOrder) -> Position {
        let key = match order {
            EventOrder::Position => Key::Place(item.position.unwrap_or_default()),
        };
        at(key, item.id)
    }

    async fn read(_: &impl Reads, rows: Vec<Model>) -> Result<Vec<Event>, StoreError> {
        rows.into_iter().map(event).collect()
    }
}
