//! People.

use std::sync::Arc;

use async_graphql::{Context, ID, InputObject, Object, Result};
use shared::{
    domain::people,
    store::lists::{
        enrollments::{EnrollmentList, EnrollmentsOf},
        identities::{IdentitiesOf, IdentityList},
        matches::{MatchList, MatchesOf},
        messages::{MessageList, MessagesOf},
        people::PersonList,
    },
};

use super::{
    connections::{Listing, Paging, list, order},
    enrollments::{EnrollmentOrder, EnrollmentWhere},
    ids::{Kind, global},
    issuers::IdentityOrder,
    matches::{MatchOrder, MatchWhere},
    messages::{MessageOrder, MessageWhere},
    reader::{Maybe, reader},
    scalars::Instant,
};

order! {
    /// The order of a list of people; by default by name.
    PersonOrder, PersonOrderField = "shared::store::lists::people::PersonOrder" shared::store::lists::people::PersonOrder {
        /// Their name.
        Name,
        /// When they were made.
        CreatedAt,
        /// When they last changed.
        UpdatedAt,
    } default Name Asc
}

/// Which people.
#[derive(InputObject, Clone, Debug, Default)]
pub(super) struct PersonWhere {
    /// Whose name, mail address or external id contains this, in any case.
    search: Option<String>,
    /// Who live in one of these countries (ISO 3166-1 alpha-2, in capitals).
    countries: Option<Vec<String>>,
    /// Who are still there, or who left.
    active: Option<bool>,
}

impl PersonWhere {
    pub(super) fn list(filter: Option<Self>) -> PersonList {
        let Self { search, countries, active } = filter.unwrap_or_default();
        PersonList { search, countries: countries.unwrap_or_default(), active, ..PersonList::default() }
    }
}

impl From<people::Person> for Person {
    fn from(person: people::Person) -> Self {
        Self(Arc::new(person))
    }
}

/// A person of the organization.
#[derive(Clone, Debug)]
pub(super) struct Person(pub(super) Arc<people::Person>);

impl Person {
    /// The person themselves, or staff who look after them.
    fn is_open_to(&self, ctx: &Context<'_>) -> Result<bool> {
        Ok(reader(ctx)?.caller.acts_for(&self.0))
    }

    /// A field for the person themselves and staff who look after them.
    fn shown<T>(&self, ctx: &Context<'_>, field: Option<T>) -> Maybe<T> {
        self.is_open_to(ctx).map(|open| field.filter(|_| open)).transpose()
    }
}

/// A person of the organization, participant or staff. Everybody sees themselves; staff see the people they look after;
/// participants also see their partners in matches, of proposals too.
#[Object]
impl Person {
    /// Their global id.
    pub(super) async fn id(&self) -> ID {
        global(Kind::Person, self.0.id)
    }

    /// The name to show.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// One line about them, as they wrote it: job, course of study.
    async fn headline(&self) -> Option<&str> {
        self.0.headline.as_deref()
    }

    /// Where they live, ISO 3166-1 alpha-2; null if they did not say.
    async fn country(&self) -> Option<&str> {
        self.0.country.as_deref()
    }

    /// The languages they speak, ISO 639-1.
    async fn languages(&self) -> &[String] {
        &self.0.languages
    }

    /// Their IANA time zone, such as `Europe/Berlin`.
    async fn time_zone(&self) -> &str {
        &self.0.time_zone
    }

    /// Their mail address. For the person themselves, staff who look after them, and partners from the moment they are
    /// introduced (the match became ACTIVE); null for everybody else.
    async fn email(&self, ctx: &Context<'_>) -> Maybe<&str> {
        let open = async {
            if self.is_open_to(ctx)? {
                return Ok(true);
            }
            reader(ctx)?.was_introduced_to(self.0.id).await
        };
        open.await.map(|open| Some(self.0.email.as_str()).filter(|_| open)).transpose()
    }

    /// The institution's own id. For the person themselves and staff who look after them; null for everybody else.
    async fn external_id(&self, ctx: &Context<'_>) -> Maybe<&str> {
        self.shown(ctx, self.0.external_id.as_deref())
    }

    /// The language tag (BCP 47) in which they get mail. For themselves and staff; null for everybody else.
    async fn locale(&self, ctx: &Context<'_>) -> Maybe<&str> {
        self.shown(ctx, Some(self.0.locale.as_str()))
    }

    /// False for somebody who left: they are never matched or written to. For themselves and staff; null for everybody
    /// else.
    async fn active(&self, ctx: &Context<'_>) -> Maybe<bool> {
        self.shown(ctx, Some(self.0.active))
    }

    /// When they were made. For themselves and staff; null for everybody else.
    async fn created_at(&self, ctx: &Context<'_>) -> Maybe<Instant> {
        self.shown(ctx, Some(Instant(self.0.created_at)))
    }

    /// When they last changed. For themselves and staff; null for everybody else.
    async fn updated_at(&self, ctx: &Context<'_>) -> Maybe<Instant> {
        self.shown(ctx, Some(Instant(self.0.updated_at)))
    }

    /// Their enrollments, of those the caller may see; the latest first by default.
    async fn enrollments(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many from the start, 0 to 100; or give `last`.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 0 to 100; or give `first`.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
        #[graphql(name = "where", desc = "Only what fits this; everything by default.")] filter: Option<
            EnrollmentWhere,
        >,
        #[graphql(desc = "Another order than the default.")] order_by: Option<EnrollmentOrder>,
    ) -> Maybe<Listing<EnrollmentList>> {
        let of = (EnrollmentsOf::Person, self.0.id);
        list(
            ctx,
            EnrollmentWhere::list(filter),
            EnrollmentOrder::stretch(order_by, Paging { first, after, last, before }),
            Some(of),
        )
        .await
    }

    /// Their matches, of those the caller may see; the latest first by default.
    async fn matches(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many from the start, 0 to 100; or give `last`.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 0 to 100; or give `first`.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
        #[graphql(name = "where", desc = "Only what fits this; everything by default.")] filter: Option<MatchWhere>,
        #[graphql(desc = "Another order than the default.")] order_by: Option<MatchOrder>,
    ) -> Maybe<Listing<MatchList>> {
        let of = (MatchesOf::Person, self.0.id);
        list(
            ctx,
            MatchWhere::list(filter),
            MatchOrder::stretch(order_by, Paging { first, after, last, before }),
            Some(of),
        )
        .await
    }

    /// The accounts of issuers that this person signs in with, the latest first by default. For the person themselves and
    /// administrators; null for everybody else.
    async fn identities(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many from the start, 0 to 100; or give `last`.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 0 to 100; or give `first`.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
        #[graphql(desc = "Another order than the default.")] order_by: Option<IdentityOrder>,
    ) -> Maybe<Listing<IdentityList>> {
        match reader(ctx) {
            Ok(reader) if !reader.caller.is_administrator() && reader.caller.person_id() != self.0.id => None,
            Ok(_) => {
                let of = (IdentitiesOf::Person, self.0.id);
                let stretch = IdentityOrder::stretch(order_by, Paging { first, after, last, before });
                list(ctx, Ok(IdentityList), stretch, Some(of)).await
            }
            Err(error) => Some(Err(error)),
        }
    }

    /// The mails to this person, the latest first by default. For staff who look after them; null for everybody else.
    async fn messages(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many from the start, 0 to 100; or give `last`.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 0 to 100; or give `first`.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
        #[graphql(name = "where", desc = "Only what fits this; everything by default.")] filter: Option<MessageWhere>,
        #[graphql(desc = "Another order than the default.")] order_by: Option<MessageOrder>,
    ) -> Maybe<Listing<MessageList>> {
        match reader(ctx) {
            Ok(reader) if !reader.caller.looks_after(self.0.country.as_deref()) => None,
            Ok(_) => {
                let of = (MessagesOf::Person, self.0.id);
                list(
                    ctx,
                    Ok(MessageWhere::list(filter)),
                    MessageOrder::stretch(order_by, Paging { first, after, last, before }),
                    Some(of),
                )
                .await
            }
            Err(error) => Some(Err(error)),
        }
    }
}
