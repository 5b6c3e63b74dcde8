//! Lists of messages.

use sea_orm::{ColumnTrait, Condition, QueryFilter, Select};

use super::{Key, Position, Sight, at, sealed::Rows};
use crate::{
    domain::messages::{Message, MessageStatus},
    outbox::mails::Mail,
    store::{
        Reads, StoreError,
        messages::{
            message,
            row::{Column, Entity, Model},
            scoped,
        },
    },
};

/// Messages to people the reader looks after as staff.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct MessageList {
    /// In one of these states; empty for all.
    pub statuses: Vec<MessageStatus>,
}

/// What messages can be ordered by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MessageOrder {
    /// When they were asked for.
    CreatedAt,
    /// When they last changed.
    UpdatedAt,
}

/// What messages can hang under.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MessagesOf {
    /// The match they are about.
    Match,
    /// Who receives them.
    Person,
}

impl Rows for MessageList {
    type Entity = Entity;
    type Item = Message;
    type Order = MessageOrder;
    type Of = MessagesOf;

    fn visible(&self, sight: &Sight) -> Select<Entity> {
        // That somebody signs in is their own affair.
        scoped(sight.organization_id)
            .filter(Column::Kind.ne(Mail::SIGN_IN_LINK))
            .filter(sight.looks_after(Column::PersonId))
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

    fn key(order: MessageOrder) -> Column {
        match order {
            MessageOrder::CreatedAt => Column::CreatedAt,
            MessageOrder::UpdatedAt => Column::UpdatedAt,
        }
    }

    fn of(of: MessagesOf) -> &'static [Column] {
        match of {
            MessagesOf::Match => &[Column::MatchId],
            MessagesOf::Person => &[Column::PersonId],
        }
    }

    fn position(item: &Message, order: MessageOrder) -> Position {
        let key = match order {
            MessageOrder::CreatedAt => item.created_at,
            MessageOrder::UpdatedAt => item.updated_at,
        };
        at(Key::Instant(key), item.id)
    }

    async fn read(_: &impl Reads, rows: Vec<Model>) -> Result<Vec<Message>, StoreError> {
        rows.into_iter().map(message).collect()
    }
}
