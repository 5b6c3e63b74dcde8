//! Messages: what was sent to whom, for staff.

use async_graphql::{Context, ID, InputObject, Object};
use shared::{
    domain::messages,
    store::lists::{
        mail::{MessageAttemptList, MessageAttemptsOf},
        matches::MatchList,
        messages::MessageList,
    },
};

use super::{
    connections::{Listing, Paging, list, order},
    ids::{Kind, global},
    mail::MessageAttemptOrder,
    matches::Match,
    people::Person,
    reader::{Maybe, find, reader},
    scalars::Instant,
    words::MessageStatus,
};

order! {
    /// The order of a list of messages; by default the latest first.
    MessageOrder, MessageOrderField = "shared::store::lists::messages::MessageOrder" shared::store::lists::messages::MessageOrder {
        /// When they were asked for.
        CreatedAt,
        /// When they last changed.
        UpdatedAt,
    } default CreatedAt Desc
}

/// Which messages.
#[derive(InputObject, Clone, Debug, Default)]
pub(super) struct MessageWhere {
    /// In one of these states.
    statuses: Option<Vec<MessageStatus>>,
}

impl MessageWhere {
    pub(super) fn list(filter: Option<Self>) -> MessageList {
        let statuses = filter.and_then(|filter| filter.statuses).unwrap_or_default();
        MessageList { statuses: statuses.into_iter().map(Into::into).collect() }
    }
}

impl From<messages::Message> for Message {
    fn from(message: messages::Message) -> Self {
        Self(message)
    }
}

/// A mail to one person.
#[derive(Clone, Debug)]
pub(super) struct Message(messages::Message);

/// A mail to one person, in the outbox or sent. For staff who look after the person.
#[Object]
impl Message {
    /// Its global id.
    async fn id(&self) -> ID {
        global(Kind::Message, self.0.id)
    }

    /// Which mail it is, such as `INTRODUCTION` or `PROPOSAL_REMINDER`.
    async fn kind(&self) -> &str {
        &self.0.kind
    }

    /// Where it stands.
    async fn status(&self) -> MessageStatus {
        self.0.status.into()
    }

    /// Who receives it.
    async fn person(&self, ctx: &Context<'_>) -> Maybe<Person> {
        let person = async { Ok(reader(ctx)?.person(self.0.person_id).await?.map(Person)) };
        person.await.transpose()
    }

    /// The match it is about; null if it is about none.
    #[graphql(name = "match")]
    async fn about(&self, ctx: &Context<'_>) -> Maybe<Match> {
        find::<MatchList>(ctx, self.0.match_id?).await
    }

    /// The language tag (BCP 47) it is written in.
    async fn locale(&self) -> &str {
        &self.0.locale
    }

    /// It is not sent before this moment.
    async fn due_at(&self) -> Instant {
        Instant(self.0.due_at)
    }

    /// It is not sent after this moment; null if it never becomes pointless.
    async fn expires_at(&self) -> Option<Instant> {
        self.0.expires_at.map(Instant)
    }

    /// When the mail relay accepted it; null if it did not yet.
    async fn sent_at(&self) -> Option<Instant> {
        self.0.sent_at.map(Instant)
    }

    /// What went wrong last, what it waits for, or why it was suppressed; null if nothing.
    async fn error(&self) -> Option<&str> {
        self.0.error.as_deref()
    }

    /// How often sending was tried.
    async fn attempts(&self) -> i32 {
        self.0.attempts
    }

    /// What each attempt to send it came to, and what reports said of it later, the latest first by default. Waiting (for its
    /// time, or for a relay that cannot be reached) is no attempt.
    async fn attempt_log(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many from the start, 0 to 100; or give `last`.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 0 to 100; or give `first`.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
        #[graphql(desc = "Another order than the default.")] order_by: Option<MessageAttemptOrder>,
    ) -> Maybe<Listing<MessageAttemptList>> {
        let stretch = MessageAttemptOrder::stretch(order_by, Paging { first, after, last, before });
        list(ctx, Ok(MessageAttemptList), stretch, Some((MessageAttemptsOf::Message, self.0.id))).await
    }

    /// When it was asked for.
    async fn created_at(&self) -> Instant {
        Instant(self.0.created_at)
    }

    /// When it last changed.
    async fn updated_at(&self) -> Instant {
        Instant(self.0.updated_at)
    }
}
