//! Match runs, their reports and the pairs they planned.

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};
use shared::{
    domain::{match_runs, non_matches::Reason},
    store::lists::{
        enrollments::EnrollmentList,
        match_runs::{MatchRunList, NonMatchList, NonMatchesOf, PlannedPairList, PlannedPairsOf},
        matches::{MatchList, MatchesOf},
        rounds::RoundList,
    },
};

use super::{
    connections::{Listing, Paging, list, order},
    enrollments::Enrollment,
    explanations::Explanation,
    ids::{Kind, argument, global},
    matches::{MatchOrder, MatchWhere},
    people::Person,
    plain::Plain,
    programs::Program,
    reader::{Maybe, find, reader},
    rounds::{Round, int},
    scalars::{Date, Instant},
    sentences::Voice,
    words::{NonMatchReason, RunOrigin, RunStatus},
};

order! {
    /// The order of a list of match runs; by default the latest first.
    MatchRunOrder, MatchRunOrderField = "shared::store::lists::match_runs::MatchRunOrder" shared::store::lists::match_runs::MatchRunOrder {
        /// When they were asked for.
        QueuedAt,
        /// When they last changed.
        UpdatedAt,
    } default QueuedAt Desc
}

order! {
    /// The order of a list of planned pairs; by default the best first.
    PlannedPairOrder, PlannedPairOrderField = "shared::store::lists::match_runs::PlannedPairOrder" shared::store::lists::match_runs::PlannedPairOrder {
        /// Their score.
        Score,
    } default Score Desc
}

order! {
    /// The order of a list of non-matches; by default the earliest first.
    NonMatchOrder, NonMatchOrderField = "shared::store::lists::match_runs::NonMatchOrder" shared::store::lists::match_runs::NonMatchOrder {
        /// When they were found.
        CreatedAt,
    } default CreatedAt Asc
}

/// Which match runs.
#[derive(InputObject, Clone, Debug, Default)]
pub(super) struct MatchRunWhere {
    /// Of this program.
    program_id: Option<ID>,
    /// In one of these states.
    statuses: Option<Vec<RunStatus>>,
    /// Previews, or not.
    dry_run: Option<bool>,
}

impl MatchRunWhere {
    pub(super) fn list(filter: Option<Self>) -> Result<MatchRunList> {
        let Self { program_id, statuses, dry_run } = filter.unwrap_or_default();
        Ok(MatchRunList {
            program_id: program_id.map(|id| argument(Kind::Program, "where.programId", &id)).transpose()?,
            statuses: statuses.unwrap_or_default().into_iter().map(Into::into).collect(),
            dry_run,
        })
    }
}

/// Which planned pairs.
#[derive(InputObject, Clone, Copy, Debug, Default)]
pub(super) struct PlannedPairWhere {
    /// With at least this score, 0 to 1000.
    minimum_score: Option<i32>,
}

impl From<match_runs::MatchRun> for MatchRun {
    fn from(run: match_runs::MatchRun) -> Self {
        Self(run)
    }
}

/// One run of the matching for a program.
#[derive(Clone, Debug)]
pub(super) struct MatchRun(pub(super) match_runs::MatchRun);

/// One run of the matching for a program: a night, a request of staff, or a preview. For staff of all countries.
#[Object]
impl MatchRun {
    /// Its global id.
    pub(super) async fn id(&self) -> ID {
        global(Kind::MatchRun, self.0.id)
    }

    /// The program.
    async fn program(&self, ctx: &Context<'_>) -> Maybe<Program> {
        let program = async { Ok(reader(ctx)?.program(self.0.program_id).await?.map(Program)) };
        program.await.transpose()
    }

    /// Where it stands.
    async fn status(&self) -> RunStatus {
        self.0.status.into()
    }

    /// Who wanted it.
    async fn origin(&self) -> RunOrigin {
        self.0.origin.into()
    }

    /// A preview: nobody is matched or written to.
    async fn dry_run(&self) -> bool {
        self.0.dry_run
    }

    /// The day of a nightly run, on the program's calendar; null for a request.
    async fn local_date(&self) -> Option<Date> {
        self.0.local_date.map(Date)
    }

    /// The member of staff who asked; null for a night.
    async fn requested_by(&self, ctx: &Context<'_>) -> Maybe<Person> {
        let requested_by = self.0.requested_by?;
        let person = async { Ok(reader(ctx)?.person(requested_by).await?.map(Person)) };
        person.await.transpose()
    }

    /// What it found; null before it is READY.
    async fn report(&self) -> Option<RunReport> {
        self.0.report.as_ref().map(RunReport::from)
    }

    /// Why it failed or was skipped; null otherwise.
    async fn error(&self) -> Option<&str> {
        self.0.error.as_deref()
    }

    /// When it was asked for.
    async fn queued_at(&self) -> Instant {
        Instant(self.0.queued_at)
    }

    /// When a worker began; null if none did yet.
    async fn started_at(&self) -> Option<Instant> {
        self.0.started_at.map(Instant)
    }

    /// When it ended; null if it did not yet.
    async fn finished_at(&self) -> Option<Instant> {
        self.0.finished_at.map(Instant)
    }

    /// When it last changed.
    async fn updated_at(&self) -> Instant {
        Instant(self.0.updated_at)
    }

    /// The pairs it planned, the best first by default.
    async fn planned_pairs(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many from the start, 0 to 100; or give `last`.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 0 to 100; or give `first`.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
        #[graphql(name = "where", desc = "Only what fits this; everything by default.")] filter: Option<
            PlannedPairWhere,
        >,
        #[graphql(desc = "Another order than the default.")] order_by: Option<PlannedPairOrder>,
    ) -> Maybe<Listing<PlannedPairList>> {
        let of = (PlannedPairsOf::Run, self.0.id);
        let pairs = PlannedPairList { minimum_score: filter.and_then(|filter| filter.minimum_score) };
        list(ctx, Ok(pairs), PlannedPairOrder::stretch(order_by, Paging { first, after, last, before }), Some(of)).await
    }

    /// The people it left unmatched.
    async fn non_matches(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many from the start, 0 to 100; or give `last`.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 0 to 100; or give `first`.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
        #[graphql(desc = "Another order than the default.")] order_by: Option<NonMatchOrder>,
    ) -> Maybe<Listing<NonMatchList>> {
        let of = (NonMatchesOf::Run, self.0.id);
        list(
            ctx,
            Ok(NonMatchList::default()),
            NonMatchOrder::stretch(order_by, Paging { first, after, last, before }),
            Some(of),
        )
        .await
    }

    /// The matches that came of it, the latest first by default; none before it is published.
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
        let of = (MatchesOf::Run, self.0.id);
        list(
            ctx,
            MatchWhere::list(filter),
            MatchOrder::stretch(order_by, Paging { first, after, last, before }),
            Some(of),
        )
        .await
    }
}

/// What a run found, over all rounds of the program that were due.
#[derive(SimpleObject, Clone, Debug)]
pub(super) struct RunReport {
    /// One entry per round.
    rounds: Vec<RoundReport>,
    /// Pairs over all rounds.
    pairs: i32,
    /// Unmatched people over all rounds.
    unmatched: i32,
    /// Pairs dropped at publication because something about them had changed; the next run plans them anew.
    stale_pairs: i32,
}

/// What a run found in one round.
#[derive(Clone, Debug)]
pub(super) struct RoundReport(match_runs::RoundReport);

/// How often one reason for a non-match was found.
#[derive(SimpleObject, Clone, Copy, Debug)]
pub(super) struct ReasonCount {
    /// The reason.
    reason: NonMatchReason,
    /// How often.
    count: i32,
}

impl From<&match_runs::Report> for RunReport {
    fn from(report: &match_runs::Report) -> Self {
        Self {
            rounds: report.rounds.iter().cloned().map(RoundReport).collect(),
            pairs: int(report.pairs()),
            unmatched: int(report.unmatched()),
            stale_pairs: int(report.stale_pairs),
        }
    }
}

/// What a run found in one round.
#[Object]
impl RoundReport {
    /// The round; null if it is gone.
    async fn round(&self, ctx: &Context<'_>) -> Maybe<Round> {
        find::<RoundList>(ctx, self.0.round_id).await
    }

    /// The round's name then.
    async fn name(&self) -> &str {
        &self.0.round
    }

    /// People who could take a partner.
    async fn participants(&self) -> i32 {
        int(self.0.participants)
    }

    /// People in at least one new pair.
    async fn matched(&self) -> i32 {
        int(self.0.matched)
    }

    /// People with a free place, no partner and no new pair.
    async fn unmatched(&self) -> i32 {
        int(self.0.unmatched)
    }

    /// New pairs.
    async fn pairs(&self) -> i32 {
        int(self.0.pairs)
    }

    /// Sum of the pairs' scores.
    async fn total_score(&self) -> i32 {
        int(self.0.total_score)
    }

    /// Pairs by score: 0-99, 100-199, ... 900-1000.
    async fn histogram(&self) -> Vec<i32> {
        self.0.histogram.iter().map(|count| int(*count)).collect()
    }

    /// Pairs of people who would both rather have each other than the partners they got.
    async fn blocking_pairs(&self) -> i32 {
        int(self.0.blocking_pairs)
    }

    /// Whether the plan was proven optimal by code that is independent of the solver.
    async fn certified(&self) -> bool {
        self.0.certified
    }

    /// The plan's value as the solver counts: a whole number, as a text.
    async fn primal(&self) -> &str {
        &self.0.primal
    }

    /// The proven bound; equal to `primal` when certified. A whole number, as a text.
    async fn dual(&self) -> &str {
        &self.0.dual
    }

    /// How often each reason for a non-match was found.
    async fn reasons(&self) -> Vec<ReasonCount> {
        let count = |(name, count): (&String, &u32)| {
            // A reason of a version to come is left out rather than failing the whole report.
            let reason: Reason = serde_json::from_value(name.as_str().into()).ok()?;
            Some(ReasonCount { reason: reason.into(), count: int(*count) })
        };
        self.0.reasons.iter().filter_map(count).collect()
    }

    /// Milliseconds from the loaded people to the verified plan.
    async fn plan_ms(&self) -> i32 {
        int(self.0.plan_ms)
    }
}

impl From<match_runs::PlannedPair> for PlannedPair {
    fn from(pair: match_runs::PlannedPair) -> Self {
        Self(pair)
    }
}

/// A pair that a run planned.
#[derive(Clone, Debug)]
pub(super) struct PlannedPair(match_runs::PlannedPair);

/// A pair that a run planned. For staff of all countries.
#[Object]
impl PlannedPair {
    /// Its global id, to leave it out in `publishMatchRun`.
    async fn id(&self) -> ID {
        global(Kind::PlannedPair, self.0.id)
    }

    /// The round.
    async fn round(&self, ctx: &Context<'_>) -> Maybe<Round> {
        find::<RoundList>(ctx, self.0.round_id).await
    }

    /// The mentor in a MENTORING program; one of the peers otherwise.
    async fn a(&self, ctx: &Context<'_>) -> Maybe<Enrollment> {
        find::<EnrollmentList>(ctx, self.0.enrollment_a).await
    }

    /// The other side.
    async fn b(&self, ctx: &Context<'_>) -> Maybe<Enrollment> {
        find::<EnrollmentList>(ctx, self.0.enrollment_b).await
    }

    /// How well the two fit, 0 to 1000.
    async fn score(&self) -> i32 {
        self.0.score.into()
    }

    /// Whether it was placed by a PIN.
    async fn pinned(&self) -> bool {
        self.0.pinned
    }

    /// Why these two; `one` is `a`.
    async fn explanation(&self) -> Plain<Explanation<'_>> {
        Explanation::new(&self.0.explanation, Voice::They)
    }
}
