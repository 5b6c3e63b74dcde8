//! Rounds.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use shared::{
    domain::rounds,
    store::lists::{
        self,
        enrollments::{EnrollmentList, EnrollmentsOf},
        matches::{MatchList, MatchesOf},
        rounds::RoundList,
    },
};

use super::{
    connections::{Listing, Paging, list, order},
    enrollments::{EnrollmentOrder, EnrollmentWhere},
    ids::{Kind, global},
    matches::{MatchOrder, MatchWhere},
    programs::Program,
    reader::{Maybe, reader},
    scalars::{Date, Instant},
    words::{EnrollmentStatus, MatchStatus, RoundStatus},
};

order! {
    /// The order of a list of rounds; by default the latest first.
    RoundOrder, RoundOrderField = "shared::store::lists::rounds::RoundOrder" shared::store::lists::rounds::RoundOrder {
        /// When they were made.
        CreatedAt,
        /// When they last changed.
        UpdatedAt,
    } default CreatedAt Desc
}

/// Which rounds.
#[derive(InputObject, Clone, Debug, Default)]
pub(super) struct RoundWhere {
    /// In one of these states.
    statuses: Option<Vec<RoundStatus>>,
}

impl RoundWhere {
    pub(super) fn list(filter: Option<Self>) -> RoundList {
        let statuses = filter.and_then(|filter| filter.statuses).unwrap_or_default();
        RoundList { statuses: statuses.into_iter().map(Into::into).collect() }
    }
}

impl From<rounds::Round> for Round {
    fn from(round: rounds::Round) -> Self {
        Self(round)
    }
}

/// A round of a program.
#[derive(Clone, Debug)]
pub(super) struct Round(pub(super) rounds::Round);

/// A round of a program, from call to reflection. Everybody in the organization sees it; drafts only staff.
#[Object]
impl Round {
    /// Its global id.
    pub(super) async fn id(&self) -> ID {
        global(Kind::Round, self.0.id)
    }

    /// The program.
    async fn program(&self, ctx: &Context<'_>) -> Maybe<Program> {
        let program = async { Ok(reader(ctx)?.program(self.0.program_id).await?.map(Program)) };
        program.await.transpose()
    }

    /// Its name, unique in the program.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// Where it stands.
    async fn status(&self) -> RoundStatus {
        self.0.status.into()
    }

    /// True: people join all year and every night matches whoever is there. False: matching begins when it is closed.
    async fn rolling(&self) -> bool {
        self.0.rolling
    }

    /// Whether people can enroll now.
    async fn takes_enrollments(&self) -> bool {
        self.0.takes_enrollments()
    }

    /// The largest share of the round that one country may have, 1 to 100 percent; null for no cap. Whoever is over it
    /// is waitlisted, in order of application.
    async fn country_cap_percent(&self) -> Option<i32> {
        self.0.country_cap_percent.map(i32::from)
    }

    /// The last day of its matches; null if it has none.
    async fn ends_on(&self) -> Option<Date> {
        self.0.ends_on.map(Date)
    }

    /// When enrollment opened; null if it did not yet.
    async fn opened_at(&self) -> Option<Instant> {
        self.0.opened_at.map(Instant)
    }

    /// When enrollment closed; null if it did not yet.
    async fn closed_at(&self) -> Option<Instant> {
        self.0.closed_at.map(Instant)
    }

    /// When it was made.
    async fn created_at(&self) -> Instant {
        Instant(self.0.created_at)
    }

    /// When it last changed.
    async fn updated_at(&self) -> Instant {
        Instant(self.0.updated_at)
    }

    /// How it stands, in numbers. For staff, within the countries they look after; null for everybody else.
    async fn statistics(&self, ctx: &Context<'_>) -> Maybe<RoundStatistics> {
        let statistics = async {
            let reader = reader(ctx)?;
            if !reader.sight.staff {
                return Ok(None);
            }
            Ok(Some(RoundStatistics::from(reader.statistics(self.0.id).await?)))
        };
        statistics.await.transpose()
    }

    /// The enrollments in it, of those the caller may see; the latest first by default.
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
        let of = (EnrollmentsOf::Round, self.0.id);
        list(
            ctx,
            EnrollmentWhere::list(filter),
            EnrollmentOrder::stretch(order_by, Paging { first, after, last, before }),
            Some(of),
        )
        .await
    }

    /// The matches in it, of those the caller may see; the latest first by default.
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
        let of = (MatchesOf::Round, self.0.id);
        list(
            ctx,
            MatchWhere::list(filter),
            MatchOrder::stretch(order_by, Paging { first, after, last, before }),
            Some(of),
        )
        .await
    }
}

/// A round in numbers, within what the caller may see.
#[derive(SimpleObject, Clone, Debug)]
pub(super) struct RoundStatistics {
    /// Enrollments by state; states without any are left out.
    enrollments: Vec<EnrollmentCount>,
    /// Matches by state; states without any are left out.
    matches: Vec<MatchCount>,
    /// ACTIVE enrollments with at least one living match.
    matched: i32,
    /// ACTIVE enrollments without any.
    unmatched: i32,
}

/// How many enrollments are in one state.
#[derive(SimpleObject, Clone, Copy, Debug)]
pub(super) struct EnrollmentCount {
    /// The state.
    status: EnrollmentStatus,
    /// How many.
    count: i32,
}

/// How many matches are in one state.
#[derive(SimpleObject, Clone, Copy, Debug)]
pub(super) struct MatchCount {
    /// The state.
    status: MatchStatus,
    /// How many.
    count: i32,
}

/// A number as GraphQL's `Int` holds it.
pub(super) fn int(number: impl TryInto<i32>) -> i32 {
    number.try_into().unwrap_or(i32::MAX)
}

impl From<lists::RoundStatistics> for RoundStatistics {
    fn from(found: lists::RoundStatistics) -> Self {
        let enrollment = |count: &lists::Count<_>| EnrollmentCount {
            status: EnrollmentStatus::from(count.status),
            count: int(count.count),
        };
        let matched =
            |count: &lists::Count<_>| MatchCount { status: MatchStatus::from(count.status), count: int(count.count) };
        Self {
            enrollments: found.enrollments.iter().map(enrollment).collect(),
            matches: found.matches.iter().map(matched).collect(),
            matched: int(found.matched),
            unmatched: int(found.unmatched),
        }
    }
}
