//! The root of all queries.

use async_graphql::{Context, ID, Object, Result};
use shared::store::lists::{
    constraints::{ConstraintList, ConstraintsOf},
    documents::DocumentList,
    enrollments::EnrollmentList,
    events::EventList,
    issuers::IssuerList,
    mail::MailSuppressionList,
    match_runs::MatchRunList,
    matches::MatchList,
    people::PersonList,
    programs::ProgramList,
    rounds::{RoundList, RoundsOf},
    webhooks::WebhookEndpointList,
};

use super::{
    connections::{Listing, PAGE_MAX, Paging, list},
    constraints::{ConstraintOrder, ConstraintWhere},
    documents::{DocumentOrder, DocumentWhere},
    enrollments::{Enrollment, EnrollmentOrder, EnrollmentWhere},
    errors::{ErrorCode, fail},
    events::{EventOrder, EventWhere, check_reach},
    ids::{Kind, argument},
    issuers::IssuerOrder,
    mail::MailSuppressionOrder,
    match_runs::{MatchRun, MatchRunOrder, MatchRunWhere},
    matches::{Match, MatchOrder, MatchWhere},
    nodes::{Node, nodes},
    organizations::Organization,
    people::{PersonOrder, PersonWhere},
    programs::{Program, ProgramOrder, ProgramWhere},
    reader::{Maybe, Shown, find, reader},
    rounds::{Round, RoundOrder, RoundWhere},
    viewer::Viewer,
    webhooks::{WebhookEndpointOrder, WebhookEndpointWhere},
};

/// The root of all queries.
#[derive(Clone, Copy, Debug)]
pub struct Query;

async fn by_id<L: Shown>(ctx: &Context<'_>, kind: Kind, id: &ID) -> Maybe<L::Node> {
    match reader(ctx).and_then(|_| argument(kind, "id", id)) {
        Ok(id) => find::<L>(ctx, id).await,
        Err(error) => Some(Err(error)),
    }
}

fn forbidden(message: &str) -> async_graphql::Error {
    fail(ErrorCode::Forbidden, message)
}

/// Everything that can be asked. Each field needs a bearer token, and answers within what its owner may see: an id of
/// something hidden, absent, or of another organization is answered with the same null.
#[Object]
impl Query {
    /// Whoever sent the request.
    async fn viewer(&self, ctx: &Context<'_>) -> Maybe<Viewer> {
        Some(reader(ctx).map(|_| Viewer))
    }

    /// The thing with this id; null when there is none for the caller.
    async fn node(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The global id of anything that is a Node.")] id: ID,
    ) -> Maybe<Node> {
        let found = async { Ok(nodes(ctx, "id", &[id]).await?.into_iter().next().flatten()) };
        found.await.transpose()
    }

    /// The things with these ids, in their order; null for each that there is not for the caller.
    async fn nodes(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Global ids of anything that is a Node, at most 100.")] ids: Vec<ID>,
    ) -> Maybe<Vec<Option<Node>>> {
        if u32::try_from(ids.len()).is_ok_and(|length| length <= PAGE_MAX) {
            return Some(nodes(ctx, "ids", &ids).await);
        }
        Some(Err(fail(ErrorCode::BadUserInput, format!("`ids` takes at most {PAGE_MAX}"))))
    }

    /// The caller's organization.
    async fn organization(&self, ctx: &Context<'_>) -> Maybe<Organization> {
        Some(reader(ctx).map(|reader| Organization(reader.caller.organization.clone())))
    }

    /// The people the caller looks after, by name by default. For staff; FORBIDDEN for participants.
    async fn people(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many from the start, 0 to 100; or give `last`.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 0 to 100; or give `first`.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
        #[graphql(name = "where", desc = "Only what fits this; everything by default.")] filter: Option<PersonWhere>,
        #[graphql(desc = "Another order than the default.")] order_by: Option<PersonOrder>,
    ) -> Maybe<Listing<PersonList>> {
        let people = reader(ctx).and_then(|reader| {
            if !reader.sight.staff {
                return Err(forbidden("only staff list people; your partners are in your matches"));
            }
            Ok(PersonWhere::list(filter))
        });
        list(ctx, people, PersonOrder::stretch(order_by, Paging { first, after, last, before }), None).await
    }

    /// The program with this id; null when there is none for the caller.
    async fn program(&self, ctx: &Context<'_>, #[graphql(desc = "A program's id.")] id: ID) -> Maybe<Program> {
        by_id::<ProgramList>(ctx, Kind::Program, &id).await
    }

    /// The organization's programs, by name by default.
    async fn programs(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many from the start, 0 to 100; or give `last`.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 0 to 100; or give `first`.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
        #[graphql(name = "where", desc = "Only what fits this; everything by default.")] filter: Option<ProgramWhere>,
        #[graphql(desc = "Another order than the default.")] order_by: Option<ProgramOrder>,
    ) -> Maybe<Listing<ProgramList>> {
        list(
            ctx,
            Ok(ProgramWhere::list(filter)),
            ProgramOrder::stretch(order_by, Paging { first, after, last, before }),
            None,
        )
        .await
    }

    /// The round with this id; null when there is none for the caller. Drafts are for staff.
    async fn round(&self, ctx: &Context<'_>, #[graphql(desc = "A round's id.")] id: ID) -> Maybe<Round> {
        by_id::<RoundList>(ctx, Kind::Round, &id).await
    }

    /// The rounds of a program, the latest first by default. Drafts are for staff.
    async fn rounds(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The program's id; of an unknown one there are no rounds.")] program_id: ID,
        #[graphql(desc = "How many from the start, 0 to 100; or give `last`.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 0 to 100; or give `first`.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
        #[graphql(name = "where", desc = "Only what fits this; everything by default.")] filter: Option<RoundWhere>,
        #[graphql(desc = "Another order than the default.")] order_by: Option<RoundOrder>,
    ) -> Maybe<Listing<RoundList>> {
        let stretch = RoundOrder::stretch(order_by, Paging { first, after, last, before });
        match reader(ctx).and_then(|_| argument(Kind::Program, "programId", &program_id)) {
            Ok(program_id) => {
                list(ctx, Ok(RoundWhere::list(filter)), stretch, Some((RoundsOf::Program, program_id))).await
            }
            Err(error) => Some(Err(error)),
        }
    }

    /// The enrollment with this id; null when there is none for the caller.
    async fn enrollment(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "An enrollment's id.")] id: ID,
    ) -> Maybe<Enrollment> {
        by_id::<EnrollmentList>(ctx, Kind::Enrollment, &id).await
    }

    /// Enrollments of the caller and of people the caller looks after, the latest first by default.
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
        list(
            ctx,
            EnrollmentWhere::list(filter),
            EnrollmentOrder::stretch(order_by, Paging { first, after, last, before }),
            None,
        )
        .await
    }

    /// The match with this id; null when there is none for the caller.
    #[graphql(name = "match")]
    async fn found(&self, ctx: &Context<'_>, #[graphql(desc = "A match's id.")] id: ID) -> Maybe<Match> {
        by_id::<MatchList>(ctx, Kind::Match, &id).await
    }

    /// Matches of the caller and of people the caller looks after, the latest first by default.
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
        list(ctx, MatchWhere::list(filter), MatchOrder::stretch(order_by, Paging { first, after, last, before }), None)
            .await
    }

    /// The match run with this id; null when there is none for the caller. For staff of all countries.
    async fn match_run(&self, ctx: &Context<'_>, #[graphql(desc = "A match run's id.")] id: ID) -> Maybe<MatchRun> {
        by_id::<MatchRunList>(ctx, Kind::MatchRun, &id).await
    }

    /// The organization's match runs, the latest first by default. For staff of all countries; FORBIDDEN for everybody
    /// else.
    async fn match_runs(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many from the start, 0 to 100; or give `last`.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 0 to 100; or give `first`.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
        #[graphql(name = "where", desc = "Only what fits this; everything by default.")] filter: Option<MatchRunWhere>,
        #[graphql(desc = "Another order than the default.")] order_by: Option<MatchRunOrder>,
    ) -> Maybe<Listing<MatchRunList>> {
        let runs: Result<MatchRunList> = reader(ctx).and_then(|reader| {
            if !reader.caller.runs_programs() {
                return Err(forbidden("only administrators and coordinators of all countries see match runs"));
            }
            MatchRunWhere::list(filter)
        });
        list(ctx, runs, MatchRunOrder::stretch(order_by, Paging { first, after, last, before }), None).await
    }

    /// The constraints that hold in a program, the latest first by default: decisions of staff for staff of all
    /// countries, and the caller's own confidential wishes.
    async fn constraints(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The program's id; of an unknown one there are no constraints.")] program_id: ID,
        #[graphql(desc = "How many from the start, 0 to 100; or give `last`.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 0 to 100; or give `first`.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
        #[graphql(name = "where", desc = "Only what fits this; everything by default.")] filter: Option<
            ConstraintWhere,
        >,
        #[graphql(desc = "Another order than the default.")] order_by: Option<ConstraintOrder>,
    ) -> Maybe<Listing<ConstraintList>> {
        let stretch = ConstraintOrder::stretch(order_by, Paging { first, after, last, before });
        match reader(ctx).and_then(|_| argument(Kind::Program, "programId", &program_id)) {
            Ok(program_id) => {
                let of = (ConstraintsOf::Program, program_id);
                list(ctx, Ok(ConstraintWhere::list(filter)), stretch, Some(of)).await
            }
            Err(error) => Some(Err(error)),
        }
    }

    /// The event log, the oldest first by default: read on from the last cursor to hear of everything that happened
    /// since, each event once and none left out. An event is here a moment after it happened. For staff of all countries;
    /// FORBIDDEN for everybody else. A cursor that is older than the log is an error.
    async fn events(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many from the start, 0 to 100; or give `last`.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 0 to 100; or give `first`.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
        #[graphql(name = "where", desc = "Only what fits this; everything by default.")] filter: Option<EventWhere>,
        #[graphql(desc = "Another order than the default.")] order_by: Option<EventOrder>,
    ) -> Maybe<Listing<EventList>> {
        let events = reader(ctx).and_then(|reader| {
            if !reader.caller.runs_programs() {
                return Err(forbidden("only administrators and coordinators of all countries read the event log"));
            }
            EventWhere::list(filter)
        });
        let stretch = EventOrder::stretch(order_by, Paging { first, after, last, before });
        if let (Ok(_), Ok(stretch)) = (&events, &stretch)
            && let Err(error) = check_reach(ctx, stretch).await
        {
            return Some(Err(error));
        }
        list(ctx, events, stretch, None).await
    }

    /// The organization's webhook endpoints, the latest first by default. For administrators; FORBIDDEN for everybody
    /// else.
    async fn webhook_endpoints(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many from the start, 0 to 100; or give `last`.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 0 to 100; or give `first`.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
        #[graphql(name = "where", desc = "Only what fits this; everything by default.")] filter: Option<
            WebhookEndpointWhere,
        >,
        #[graphql(desc = "Another order than the default.")] order_by: Option<WebhookEndpointOrder>,
    ) -> Maybe<Listing<WebhookEndpointList>> {
        let endpoints = reader(ctx).and_then(|reader| {
            if !reader.caller.is_administrator() {
                return Err(forbidden("only administrators see webhook endpoints"));
            }
            Ok(WebhookEndpointWhere::list(filter))
        });
        list(ctx, endpoints, WebhookEndpointOrder::stretch(order_by, Paging { first, after, last, before }), None).await
    }

    /// The issuers whose tokens the organization takes, by name by default. For administrators; FORBIDDEN for everybody
    /// else.
    async fn issuers(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many from the start, 0 to 100; or give `last`.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 0 to 100; or give `first`.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
        #[graphql(desc = "Another order than the default.")] order_by: Option<IssuerOrder>,
    ) -> Maybe<Listing<IssuerList>> {
        let issuers = reader(ctx).and_then(|reader| {
            if !reader.caller.is_administrator() {
                return Err(forbidden("only administrators see issuers"));
            }
            Ok(IssuerList)
        });
        list(ctx, issuers, IssuerOrder::stretch(order_by, Paging { first, after, last, before }), None).await
    }

    /// The documents that the organization's front ends may run by their hash, the latest first by default. For
    /// administrators; FORBIDDEN for everybody else.
    async fn documents(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many from the start, 0 to 100; or give `last`.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 0 to 100; or give `first`.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
        #[graphql(name = "where", desc = "Only what fits this; everything by default.")] filter: Option<DocumentWhere>,
        #[graphql(desc = "Another order than the default.")] order_by: Option<DocumentOrder>,
    ) -> Maybe<Listing<DocumentList>> {
        let documents = reader(ctx).and_then(|reader| {
            if !reader.caller.is_administrator() {
                return Err(forbidden("only administrators see registered documents"));
            }
            Ok(DocumentWhere::list(filter))
        });
        list(ctx, documents, DocumentOrder::stretch(order_by, Paging { first, after, last, before }), None).await
    }

    /// The addresses that are not written to any more, of people the caller looks after, the latest first by default. For
    /// staff; FORBIDDEN for participants.
    async fn mail_suppressions(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many from the start, 0 to 100; or give `last`.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 0 to 100; or give `first`.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
        #[graphql(desc = "Another order than the default.")] order_by: Option<MailSuppressionOrder>,
    ) -> Maybe<Listing<MailSuppressionList>> {
        let suppressions = reader(ctx).and_then(|reader| {
            if !reader.sight.staff {
                return Err(forbidden("only staff see which addresses are not written to"));
            }
            Ok(MailSuppressionList)
        });
        let stretch = MailSuppressionOrder::stretch(order_by, Paging { first, after, last, before });
        list(ctx, suppressions, stretch, None).await
    }
}
