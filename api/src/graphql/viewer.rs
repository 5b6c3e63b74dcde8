//! The caller.

use std::sync::Arc;

use async_graphql::{Context, Object, Result};
use shared::store::{
    self,
    lists::{
        enrollments::{EnrollmentList, EnrollmentsOf},
        matches::{MatchList, MatchesOf},
        sessions::{SessionList, SessionsOf},
    },
};

use super::{
    connections::{Listing, Paging, list},
    enrollments::{EnrollmentOrder, EnrollmentWhere},
    mail::MailPreference,
    matches::{MatchOrder, MatchWhere},
    organizations::{Organization, StaffRole},
    people::Person,
    reader::{Maybe, reader},
    sessions::{SessionOrder, SessionWhere},
};

/// Whoever sent the request.
#[derive(Clone, Copy, Debug)]
pub(super) struct Viewer;

fn own(ctx: &Context<'_>) -> Result<uuid::Uuid> {
    Ok(reader(ctx)?.caller.person_id())
}

/// Whoever sent the request, with what is theirs.
#[Object]
impl Viewer {
    /// The person.
    async fn person(&self, ctx: &Context<'_>) -> Maybe<Person> {
        Some(reader(ctx).map(|reader| Person(Arc::clone(&reader.caller.person))))
    }

    /// Their organization.
    async fn organization(&self, ctx: &Context<'_>) -> Maybe<Organization> {
        Some(reader(ctx).map(|reader| Organization(reader.caller.organization.clone())))
    }

    /// The staff roles they hold; empty for a participant.
    async fn roles(&self, ctx: &Context<'_>) -> Maybe<Vec<StaffRole>> {
        Some(reader(ctx).map(|reader| reader.caller.roles.iter().cloned().map(StaffRole).collect()))
    }

    /// Which mail they want: every category that can be switched off.
    async fn mail_preferences(&self, ctx: &Context<'_>) -> Maybe<Vec<MailPreference>> {
        let found = async {
            let caller = &reader(ctx)?.caller;
            let store = &reader(ctx)?.state.store;
            let found = store::mail_preferences::of_person(store, caller.organization_id(), caller.person_id()).await?;
            Ok(found.into_iter().map(MailPreference::from).collect())
        };
        Some(found.await)
    }

    /// Their enrollments, the latest first by default.
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
        let of = own(ctx).map(|own| (EnrollmentsOf::Person, own));
        let stretch = EnrollmentOrder::stretch(order_by, Paging { first, after, last, before });
        match of {
            Ok(of) => list(ctx, EnrollmentWhere::list(filter), stretch, Some(of)).await,
            Err(error) => Some(Err(error)),
        }
    }

    /// Their matches, the latest first by default.
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
        let of = own(ctx).map(|own| (MatchesOf::Person, own));
        let stretch = MatchOrder::stretch(order_by, Paging { first, after, last, before });
        match of {
            Ok(of) => list(ctx, MatchWhere::list(filter), stretch, Some(of)).await,
            Err(error) => Some(Err(error)),
        }
    }

    /// The sessions before them: those that are not over and were not called off, the next first by default.
    async fn sessions(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many from the start, 0 to 100; or give `last`.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 0 to 100; or give `first`.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
        #[graphql(desc = "Another order than the default.")] order_by: Option<SessionOrder>,
    ) -> Maybe<Listing<SessionList>> {
        let stretch = SessionOrder::stretch(order_by, Paging { first, after, last, before });
        match reader(ctx) {
            Ok(reader) => {
                let of = (SessionsOf::Person, reader.caller.person_id());
                list(ctx, Ok(SessionWhere::coming(reader.state.clock.now())), stretch, Some(of)).await
            }
            Err(error) => Some(Err(error)),
        }
    }
}
