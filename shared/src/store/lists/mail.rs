//! Lists of suppressed addresses and of attempts to send, for staff who look after the person.

use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QuerySelect, QueryTrait, Select};

use super::{Key, Position, Sight, at, sealed::Rows};
use crate::{
    domain::mail::{MailSuppression, MessageAttempt},
    outbox::mails::Mail,
    store::{Reads, StoreError, mail_suppressions, message_attempts, messages},
};

/// Addresses that are not written to, of people the reader looks after.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct MailSuppressionList;

/// What suppressions can be ordered by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MailSuppressionOrder {
    /// Since when they stand.
    CreatedAt,
    /// The address.
    Address,
}

/// Suppressions hang under nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MailSuppressionsOf {}

impl Rows for MailSuppressionList {
    type Entity = mail_suppressions::row::Entity;
    type Item = MailSuppression;
    type Order = MailSuppressionOrder;
    type Of = MailSuppressionsOf;

    fn visible(&self, sight: &Sight) -> Select<Self::Entity> {
        mail_suppressions::scoped(sight.organization_id)
            .filter(sight.looks_after(mail_suppressions::row::Column::PersonId))
    }

    fn condition(&self) -> Condition {
        Condition::all()
    }

    fn id() -> mail_suppressions::row::Column {
        mail_suppressions::row::Column::Id
    }

    fn key(order: MailSuppressionOrder) -> mail_suppressions::row::Column {
        match order {
            MailSuppressionOrder::CreatedAt => mail_suppressions::row::Column::CreatedAt,
            MailSuppressionOrder::Address => mail_suppressions::row::Column::Address,
        }
    }

    fn of(of: MailSuppressionsOf) -> &'static [mail_suppressions::row::Column] {
        match of {}
    }

    fn position(item: &MailSuppression, order: MailSuppressionOrder) -> Position {
        let key = match order {
            MailSuppressionOrder::CreatedAt => Key::Instant(item.created_at),
            MailSuppressionOrder::Address => Key::Text(item.address.clone()),
        };
        at(key, item.id)
    }

    async fn read(
        _: &impl Reads,
        rows: Vec<mail_suppressions::row::Model>,
    ) -> Result<Vec<MailSuppression>, StoreError> {
        rows.into_iter().map(mail_suppressions::suppression).collect()
    }
}

/// Attempts to send messages that the reader sees.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct MessageAttemptList;

/// What attempts can be ordered by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MessageAttemptOrder {
    /// When they began.
    StartedAt,
}

/// What attempts can hang under.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MessageAttemptsOf {
    /// What was sent.
    Message,
}

impl Rows for MessageAttemptList {
    type Entity = message_attempts::row::Entity;
    type Item = MessageAttempt;
    type Order = MessageAttemptOrder;
    type Of = MessageAttemptsOf;

    fn visible(&self, sight: &Sight) -> Select<Self::Entity> {
        // That somebody signs in is their own affair.
        let sign_ins = messages::row::Entity::find()
            .select_only()
            .column(messages::row::Column::Id)
            .filter(messages::row::Column::OrganizationId.eq(sight.organization_id))
            .filter(messages::row::Column::Kind.eq(Mail::SIGN_IN_LINK))
            .into_query();
        message_attempts::scoped(sight.organization_id)
            .filter(message_attempts::row::Column::MessageId.not_in_subquery(sign_ins))
            .filter(sight.looks_after(message_attempts::row::Column::PersonId))
    }

    fn condition(&self) -> Condition {
        Condition::all()
    }

    fn id() -> message_attempts::row::Column {
        message_attempts::row::Column::Id
    }

    fn key(order: MessageAttemptOrder) -> message_attempts::row::Column {
        match order {
            MessageAttemptOrder::StartedAt => message_attempts::row::Column::StartedAt,
        }
    }

    fn of(of: MessageAttemptsOf) -> &'static [message_attempts::row::Column] {
        match of {
            MessageAttemptsOf::Message => &[message_attempts::row::Column::MessageId],
        }
    }

    fn position(item: &MessageAttempt, order: MessageAttemptOrder) -> Position {
        match order {
            MessageAttemptOrder::StartedAt => at(Key::Instant(item.started_at), item.id),
        }
    }

    async fn read(_: &impl Reads, rows: Vec<message_attempts::row::Model>) -> Result<Vec<MessageAttempt>, StoreError> {
        rows.into_iter().map(message_attempts::attempt).collect()
    }
}
