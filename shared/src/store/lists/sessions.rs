//! Lists of sessions.

use chrono::{DateTime, Utc};
use sea_orm::{ColumnTrait, Condition, QueryFilter, Select};

use super::{Key, Position, Sight, at, sealed::Rows};
use crate::{
    domain::sessions::{Session, SessionStatus},
    store::{
        Reads, StoreError,
        sessions::{
            row::{Column, Entity, Model},
            scoped, session,
        },
    },
};

/// Sessions of the reader and of people the reader looks after.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct SessionList {
    /// In one of these states; empty for all.
    pub statuses: Vec<SessionStatus>,
    /// Which begin at this instant or later.
    pub starts_from: Option<DateTime<Utc>>,
    /// Which begin before this instant.
    pub starts_before: Option<DateTime<Utc>>,
}

/// What sessions can be ordered by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SessionOrder {
    /// When they begin.
    StartsAt,
    /// When they were suggested first.
    CreatedAt,
}

/// What sessions can hang under.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SessionsOf {
    /// Their match.
    Match,
    /// One of the two people.
    Person,
}

impl Rows for SessionList {
    type Entity = Entity;
    type Item = Session;
    type Order = SessionOrder;
    type Of = SessionsOf;

    fn visible(&self, sight: &Sight) -> Select<Entity> {
        scoped(sight.organization_id).filter(sight.names_any(&[Column::PersonA, Column::PersonB]))
    }

    fn condition(&self) -> Condition {
        let mut condition = Condition::all()
            .add_option(self.starts_from.map(|from| Column::StartsAt.gte(from)))
            .add_option(self.starts_before.map(|before| Column::StartsAt.lt(before)));
        if !self.statuses.is_empty() {
            condition = condition.add(Column::Status.is_in(self.statuses.iter().map(|status| status.as_str())));
        }
        condition
    }

    fn id() -> Column {
        Column::Id
    }

    fn key(order: SessionOrder) -> Column {
        match order {
            SessionOrder::StartsAt => Column::StartsAt,
            SessionOrder::CreatedAt => Column::CreatedAt,
        }
    }

    fn of(of: SessionsOf) -> &'static [Column] {
        match of {
            SessionsOf::Match => &[Column::MatchId],
            SessionsOf::Person => &[Column::PersonA, Column::PersonB],
        }
    }

    fn position(item: &Session, order: SessionOrder) -> Position {
        let key = match order {
            SessionOrder::StartsAt => item.appointment.starts_at,
            SessionOrder::CreatedAt => item.created_at,
        };
        at(Key::Instant(key), item.id)
    }

    async fn read(_: &impl Reads, rows: Vec<Model>) -> Result<Vec<Session>, StoreError> {
        rows.into_iter().map(session).collect()
    }
}
