//! What the mailer has learned: what each attempt came to, which addresses are not written to any more, and what people
//! do not want.

use async_graphql::{Context, ID, Object, SimpleObject};
use shared::{domain::mail, store::lists::messages::MessageList};

use super::{
    connections::order,
    ids::{Kind, global},
    messages::Message,
    people::Person,
    reader::{Maybe, find, reader},
    scalars::Instant,
    words::word,
};

word! {
    /// What an attempt to send a message came to.
    AttemptOutcome = "shared::domain::mail::AttemptOutcome" {
        /// The mail relay took it.
        Accepted,
        /// Not now: the relay asked to try again, or fell silent before it had the message.
        Deferred,
        /// The relay refused it for good.
        Refused,
        /// The relay refused it for good because nobody can be reached at the address.
        BadAddress,
        /// The relay had it and did not answer: it may have been sent.
        Unknown,
        /// Whoever sent it stopped in the middle.
        Lost,
        /// The mail relay had taken it, and a report said later that it could not be delivered.
        Bounced,
        /// The mail relay had taken it, and a report said that it was not delivered yet; others go on trying.
        Delayed,
    }
}

word! {
    /// What people may switch off. Introductions, proposals, requests, sessions, ends of matches and links to sign in are
    /// essential and belong to none.
    MailCategory = "shared::domain::mail::MailCategory" {
        /// Reminders of what was already told.
        Reminders,
        /// News that ask for nothing, such as that there is no partner yet.
        News,
        /// Notes to staff about their work, such as that a plan waits for approval.
        StaffNotes,
        /// Topics to talk about, and questions how it goes.
        Prompts,
    }
}

word! {
    /// Why an address is not written to.
    SuppressionReason = "shared::domain::mail::SuppressionReason" {
        /// A mail relay said that nobody can be reached at it: no such mailbox or domain.
        BadAddress,
        /// A report said the same, after a mail relay had taken a mail.
        Bounced,
    }
}

order! {
    /// The order of a list of attempts; by default the latest first.
    MessageAttemptOrder, MessageAttemptOrderField = "shared::store::lists::mail::MessageAttemptOrder" shared::store::lists::mail::MessageAttemptOrder {
        /// When they began.
        StartedAt,
    } default StartedAt Desc
}

order! {
    /// The order of a list of suppressed addresses; by default the latest first.
    MailSuppressionOrder, MailSuppressionOrderField = "shared::store::lists::mail::MailSuppressionOrder" shared::store::lists::mail::MailSuppressionOrder {
        /// Since when they are not written to.
        CreatedAt,
        /// The address.
        Address,
    } default CreatedAt Desc
}

impl From<mail::MessageAttempt> for MessageAttempt {
    fn from(attempt: mail::MessageAttempt) -> Self {
        Self(attempt)
    }
}

/// One attempt to send a message.
#[derive(Clone, Debug)]
pub(super) struct MessageAttempt(mail::MessageAttempt);

/// One attempt to send a message. For staff who look after the person.
#[Object]
impl MessageAttempt {
    /// Its global id.
    async fn id(&self) -> ID {
        global(Kind::MessageAttempt, self.0.id)
    }

    /// What it came to.
    async fn outcome(&self) -> AttemptOutcome {
        self.0.outcome.into()
    }

    /// The enhanced status code of the relay's reply (RFC 3463), such as `5.1.1`; null if the reply had none.
    async fn status_code(&self) -> Option<&str> {
        self.0.status_code.as_deref()
    }

    /// The relay's words, shortened to one line; null if nothing is known of them.
    async fn reply(&self) -> Option<&str> {
        self.0.reply.as_deref()
    }

    /// When it began.
    async fn started_at(&self) -> Instant {
        Instant(self.0.started_at)
    }

    /// When it was over, or found to be.
    async fn ended_at(&self) -> Instant {
        Instant(self.0.ended_at)
    }
}

impl From<mail::MailSuppression> for MailSuppression {
    fn from(suppression: mail::MailSuppression) -> Self {
        Self(suppression)
    }
}

/// An address that is not written to any more.
#[derive(Clone, Debug)]
pub(super) struct MailSuppression(mail::MailSuppression);

/// An address that is not written to any more, whoever has it, until staff lift the suppression. A person who gets another
/// address is written to at once. For staff who look after the person.
#[Object]
impl MailSuppression {
    /// Its global id.
    async fn id(&self) -> ID {
        global(Kind::MailSuppression, self.0.id)
    }

    /// The address, in lower case.
    async fn address(&self) -> &str {
        &self.0.address
    }

    /// Why.
    async fn reason(&self) -> SuppressionReason {
        self.0.reason.into()
    }

    /// The relay's words, shortened to one line; null if there were none.
    async fn detail(&self) -> Option<&str> {
        self.0.detail.as_deref()
    }

    /// Who had the address then.
    async fn person(&self, ctx: &Context<'_>) -> Maybe<Person> {
        let person = async { Ok(reader(ctx)?.person(self.0.person_id).await?.map(Person)) };
        person.await.transpose()
    }

    /// The message it was learned from; null if it is none that is shown.
    async fn message(&self, ctx: &Context<'_>) -> Maybe<Message> {
        find::<MessageList>(ctx, self.0.message_id?).await
    }

    /// Since when it is not written to.
    async fn created_at(&self) -> Instant {
        Instant(self.0.created_at)
    }
}

/// Whether somebody wants one category of mail.
#[derive(SimpleObject, Clone, Debug)]
pub(super) struct MailPreference {
    /// Which.
    category: MailCategory,
    /// Whether it is sent.
    wanted: bool,
    /// Since when it is switched off; null when it is sent.
    off_since: Option<Instant>,
}

impl From<mail::MailPreference> for MailPreference {
    fn from(preference: mail::MailPreference) -> Self {
        let mail::MailPreference { category, off_since } = preference;
        Self { category: category.into(), wanted: off_since.is_none(), off_since: off_since.map(Instant) }
    }
}
