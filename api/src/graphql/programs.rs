//! Programs, with their questions and criteria.

use std::sync::Arc;

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use shared::{
    domain::programs,
    store::lists::{
        Stretch,
        constraints::{ConstraintList, ConstraintsOf},
        enrollments::{EnrollmentList, EnrollmentOrder as Order, EnrollmentsOf},
        match_runs::{MatchRunList, MatchRunsOf},
        matches::{MatchList, MatchesOf},
        programs::ProgramList,
        rounds::{RoundList, RoundsOf},
    },
};

use super::{
    connections::{Listing, Paging, list, order},
    constraints::{ConstraintOrder, ConstraintWhere},
    enrollments::{Enrollment, EnrollmentOrder, EnrollmentWhere},
    ids::{Kind, global},
    match_runs::{MatchRunOrder, MatchRunWhere},
    matches::{MatchOrder, MatchWhere},
    reader::{Maybe, reader},
    rounds::{RoundOrder, RoundWhere},
    scalars::{Instant, LocalTime},
    words::{Admission, Asks, Comparison, Consent, Objective, ProgramKind, QuestionKind, Strength, Subject},
};

order! {
    /// The order of a list of programs; by default by name.
    ProgramOrder, ProgramOrderField = "shared::store::lists::programs::ProgramOrder" shared::store::lists::programs::ProgramOrder {
        /// Their name.
        Name,
        /// When they were made.
        CreatedAt,
        /// When they last changed.
        UpdatedAt,
    } default Name Asc
}

/// Which programs.
#[derive(InputObject, Clone, Debug, Default)]
pub(super) struct ProgramWhere {
    /// Whose name contains this, in any case.
    search: Option<String>,
    /// Of this kind.
    kind: Option<ProgramKind>,
    /// Put away, or not.
    archived: Option<bool>,
}

impl ProgramWhere {
    pub(super) fn list(filter: Option<Self>) -> ProgramList {
        let Self { search, kind, archived } = filter.unwrap_or_default();
        ProgramList { search, kind: kind.map(Into::into), archived }
    }
}

impl From<programs::Program> for Program {
    fn from(program: programs::Program) -> Self {
        Self(Arc::new(program))
    }
}

/// A mentoring program.
#[derive(Clone, Debug)]
pub(super) struct Program(pub(super) Arc<programs::Program>);

/// A mentoring program: what is asked, which rules hold, how consent works and when things happen. Everybody in the
/// organization sees it.
#[Object]
impl Program {
    /// Its global id.
    pub(super) async fn id(&self) -> ID {
        global(Kind::Program, self.0.id)
    }

    /// Its name, unique in the organization.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// For participants; plain text.
    async fn description(&self) -> &str {
        &self.0.description
    }

    /// Peers, or mentors with mentees.
    async fn kind(&self) -> ProgramKind {
        self.0.kind.into()
    }

    /// Who agrees before two people are introduced.
    async fn consent(&self) -> Consent {
        self.0.consent.into()
    }

    /// What the nightly run aims at first.
    async fn objective(&self) -> Objective {
        self.0.objective.into()
    }

    /// Who decides on applicants.
    async fn admission(&self) -> Admission {
        self.0.admission.into()
    }

    /// The IANA zone of its nights and dates.
    async fn time_zone(&self) -> &str {
        &self.0.time_zone
    }

    /// When the nightly run is due, on the program's clock.
    async fn match_at(&self) -> LocalTime {
        LocalTime(self.0.match_at)
    }

    /// Pairs below this score are never made, 0 to 1000.
    async fn minimum_score(&self) -> i32 {
        self.0.minimum_score.into()
    }

    /// Whether people who were partners once are kept apart.
    async fn avoid_past_partners(&self) -> bool {
        self.0.avoid_past_partners
    }

    /// After so many days without an answer a proposal is recalled to mind, 1 to 365.
    async fn proposal_reminder_days(&self) -> i32 {
        self.0.timings.proposal_reminder_days.into()
    }

    /// After so many days an unanswered proposal closes, 1 to 365.
    async fn proposal_expires_days(&self) -> i32 {
        self.0.timings.proposal_expires_days.into()
    }

    /// After so many days without a word between two partners both are reminded, 1 to 365.
    async fn first_contact_days(&self) -> i32 {
        self.0.timings.first_contact_days.into()
    }

    /// After so many days without a sign of life from two partners both are asked, 1 to 365; 0 for never. Half as long
    /// again as their own cadence, if that is more.
    async fn stalled_days(&self) -> i32 {
        self.0.timings.stalled_days.into()
    }

    /// After so many days partners are first asked how it goes, 1 to 365; 0 for never.
    async fn first_check_in_days(&self) -> i32 {
        self.0.timings.first_check_in_days.into()
    }

    /// Every so many days after that they are asked again, 1 to 365; 0 for never.
    async fn check_in_days(&self) -> i32 {
        self.0.timings.check_in_days.into()
    }

    /// Every so many days partners get a topic to talk about, 1 to 365; 0 for never.
    async fn topic_days(&self) -> i32 {
        self.0.timings.topic_days.into()
    }

    /// When mail that may wait does; null for never.
    async fn quiet_hours(&self) -> Option<QuietHours> {
        self.0
            .quiet_hours
            .map(|programs::QuietHours { from, until }| QuietHours { from: LocalTime(from), until: LocalTime(until) })
    }

    /// What partners may talk about, one after the other; empty means the standard topics.
    async fn topics(&self) -> &[String] {
        &self.0.topics
    }

    /// Questions to begin with, for the introduction; empty for the standard ones.
    async fn ice_breakers(&self) -> &[String] {
        &self.0.ice_breakers
    }

    /// What participants are asked, in order.
    async fn questions(&self) -> Vec<Question> {
        self.0.questions.iter().cloned().map(Question::from).collect()
    }

    /// The rules of matching, in order.
    async fn criteria(&self) -> Vec<Criterion> {
        self.0.criteria.iter().cloned().map(Criterion::from).collect()
    }

    /// Breaks ties in matching, so that nobody is favoured for ever: a whole number, as a text.
    async fn seed(&self) -> String {
        self.0.seed.to_string()
    }

    /// Counts changes; for `updateProgram`.
    async fn version(&self) -> i32 {
        self.0.version
    }

    /// When it was put away; null while it lives. An archived program has no nights.
    async fn archived_at(&self) -> Option<Instant> {
        self.0.archived_at.map(Instant)
    }

    /// When it was made.
    async fn created_at(&self) -> Instant {
        Instant(self.0.created_at)
    }

    /// When it last changed.
    async fn updated_at(&self) -> Instant {
        Instant(self.0.updated_at)
    }

    /// Its rounds, the latest first by default; drafts only for staff.
    async fn rounds(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many from the start, 0 to 100; or give `last`.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 0 to 100; or give `first`.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
        #[graphql(name = "where", desc = "Only what fits this; everything by default.")] filter: Option<RoundWhere>,
        #[graphql(desc = "Another order than the default.")] order_by: Option<RoundOrder>,
    ) -> Maybe<Listing<RoundList>> {
        let of = (RoundsOf::Program, self.0.id);
        list(
            ctx,
            Ok(RoundWhere::list(filter)),
            RoundOrder::stretch(order_by, Paging { first, after, last, before }),
            Some(of),
        )
        .await
    }

    /// The caller's latest enrollment in it; null if there is none.
    async fn my_enrollment(&self, ctx: &Context<'_>) -> Maybe<Enrollment> {
        let mine = async {
            let reader = reader(ctx)?;
            let mine = EnrollmentList { person_id: Some(reader.caller.person_id()), ..EnrollmentList::default() };
            let of = (EnrollmentsOf::Program, self.0.id);
            Ok(reader.first(mine, Stretch::latest(Order::CreatedAt, 1), of).await?.map(Enrollment::from))
        };
        mine.await.transpose()
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
        let of = (EnrollmentsOf::Program, self.0.id);
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
        let of = (MatchesOf::Program, self.0.id);
        list(
            ctx,
            MatchWhere::list(filter),
            MatchOrder::stretch(order_by, Paging { first, after, last, before }),
            Some(of),
        )
        .await
    }

    /// Its match runs, the latest first by default. For staff of all countries; null for everybody else.
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
        match reader(ctx) {
            Ok(reader) if !reader.caller.runs_programs() => None,
            Ok(_) => {
                let of = (MatchRunsOf::Program, self.0.id);
                list(
                    ctx,
                    MatchRunWhere::list(filter),
                    MatchRunOrder::stretch(order_by, Paging { first, after, last, before }),
                    Some(of),
                )
                .await
            }
            Err(error) => Some(Err(error)),
        }
    }

    /// The constraints that hold in it, the latest first by default: decisions of staff for staff of all countries, and
    /// the caller's own confidential wishes.
    async fn constraints(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many from the start, 0 to 100; or give `last`.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 0 to 100; or give `first`.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
        #[graphql(name = "where", desc = "Only what fits this; everything by default.")] filter: Option<
            ConstraintWhere,
        >,
        #[graphql(desc = "Another order than the default.")] order_by: Option<ConstraintOrder>,
    ) -> Maybe<Listing<ConstraintList>> {
        let of = (ConstraintsOf::Program, self.0.id);
        list(
            ctx,
            Ok(ConstraintWhere::list(filter)),
            ConstraintOrder::stretch(order_by, Paging { first, after, last, before }),
            Some(of),
        )
        .await
    }
}

/// From one time to another on the clock of whoever is written to, over midnight when the first is the later one.
#[derive(SimpleObject, Clone, Debug)]
pub(super) struct QuietHours {
    /// When they begin.
    from: LocalTime,
    /// When they end.
    until: LocalTime,
}

/// Something participants are asked.
#[derive(SimpleObject, Clone, Debug)]
pub(super) struct Question {
    /// Its stable name, for answers, criteria and CSV columns.
    key: String,
    /// A word or two, for explanations.
    label: String,
    /// The whole question.
    prompt: String,
    /// What an answer looks like.
    kind: QuestionKind,
    /// The choices of SINGLE and MULTIPLE; empty for the others.
    options: Vec<String>,
    /// Whether nobody is matched without an answer.
    required: bool,
    /// Whether it is asked about the person, about the partner, or both.
    asks: Asks,
}

impl From<programs::Question> for Question {
    fn from(question: programs::Question) -> Self {
        let programs::Question { id: _, key, label, prompt, kind, options, required, asks } = question;
        Self { key, label, prompt, kind: kind.into(), options, required, asks: asks.into() }
    }
}

/// A rule of matching.
#[derive(SimpleObject, Clone, Debug)]
pub(super) struct Criterion {
    /// What explanations and reasons call it.
    label: String,
    /// What is compared.
    subject: Subject,
    /// The question's key when the subject is QUESTION; null for the others.
    question_key: Option<String>,
    /// How it is compared.
    comparison: Comparison,
    /// Hours, for WITHIN; null for the others.
    at_most: Option<i32>,
    /// Whether it must hold or earns points.
    strength: Strength,
    /// Points relative to the other PREFER criteria, 1 to 100; 0 for a MUST.
    weight: i32,
}

impl From<programs::Criterion> for Criterion {
    fn from(criterion: programs::Criterion) -> Self {
        Self {
            label: criterion.label,
            subject: criterion.subject.into(),
            question_key: criterion.question_key,
            comparison: criterion.comparison.into(),
            at_most: criterion.at_most.map(i32::from),
            strength: criterion.strength.into(),
            weight: criterion.weight.into(),
        }
    }
}
