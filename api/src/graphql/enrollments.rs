//! Enrollments and answers.

use std::sync::Arc;

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};
use shared::{
    domain::{enrollments, programs::Question},
    store::lists::{
        Stretch,
        enrollments::EnrollmentList,
        match_runs::{NonMatchList, NonMatchOrder, NonMatchesOf},
        matches::{MatchList, MatchesOf},
        rounds::RoundList,
    },
};

use super::{
    connections::{Listing, Paging, list, order},
    history::{StateChange, history},
    ids::{Kind, argument, global},
    joined::Joined,
    matches::{MatchOrder, MatchWhere},
    non_matches::NonMatch,
    people::Person,
    plain::{Plain, fields},
    programs::Program,
    reader::{Maybe, find, reader},
    rounds::Round,
    scalars::{Date, Instant},
    words::{EnrollmentRole, EnrollmentStatus},
};

order! {
    /// The order of a list of enrollments; by default the latest first.
    EnrollmentOrder, EnrollmentOrderField = "shared::store::lists::enrollments::EnrollmentOrder" shared::store::lists::enrollments::EnrollmentOrder {
        /// When they were made.
        CreatedAt,
        /// When they last changed.
        UpdatedAt,
        /// The order of application.
        AppliedAt,
        /// Their priority in matching.
        Priority,
    } default CreatedAt Desc
}

/// Which enrollments.
#[derive(InputObject, Clone, Debug, Default)]
pub(super) struct EnrollmentWhere {
    /// In this program.
    program_id: Option<ID>,
    /// In this round.
    round_id: Option<ID>,
    /// Of this person.
    person_id: Option<ID>,
    /// In one of these states.
    statuses: Option<Vec<EnrollmentStatus>>,
    /// With this role.
    role: Option<EnrollmentRole>,
}

impl EnrollmentWhere {
    pub(super) fn list(filter: Option<Self>) -> Result<EnrollmentList> {
        let Self { program_id, round_id, person_id, statuses, role } = filter.unwrap_or_default();
        Ok(EnrollmentList {
            program_id: program_id.map(|id| argument(Kind::Program, "where.programId", &id)).transpose()?,
            round_id: round_id.map(|id| argument(Kind::Round, "where.roundId", &id)).transpose()?,
            person_id: person_id.map(|id| argument(Kind::Person, "where.personId", &id)).transpose()?,
            statuses: statuses.unwrap_or_default().into_iter().map(Into::into).collect(),
            role: role.map(Into::into),
        })
    }
}

impl From<Arc<enrollments::Enrollment>> for Enrollment {
    fn from(enrollment: Arc<enrollments::Enrollment>) -> Self {
        Self(enrollment)
    }
}

impl From<enrollments::Enrollment> for Enrollment {
    fn from(enrollment: enrollments::Enrollment) -> Self {
        Self(Arc::new(enrollment))
    }
}

/// A person's place in a round.
#[derive(Clone, Debug)]
pub(super) struct Enrollment(pub(super) Arc<enrollments::Enrollment>);

/// A person's place in a round, with answers about themselves and wishes. For the person, and staff who look after them.
#[Object]
impl Enrollment {
    /// Its global id.
    pub(super) async fn id(&self) -> ID {
        global(Kind::Enrollment, self.0.id)
    }

    /// The program.
    async fn program(&self, ctx: &Context<'_>) -> Maybe<Program> {
        let program = async { Ok(reader(ctx)?.program(self.0.program_id).await?.map(Program)) };
        program.await.transpose()
    }

    /// The round.
    async fn round(&self, ctx: &Context<'_>) -> Maybe<Round> {
        find::<RoundList>(ctx, self.0.round_id).await
    }

    /// The person.
    async fn person(&self, ctx: &Context<'_>) -> Maybe<Joined<Person>> {
        let person = async { Ok(reader(ctx)?.person(self.0.person_id).await?.map(Person).map(Joined)) };
        person.await.transpose()
    }

    /// What the person is in this program.
    async fn role(&self) -> EnrollmentRole {
        self.0.role.into()
    }

    /// Where it stands.
    async fn status(&self) -> EnrollmentStatus {
        self.0.status.into()
    }

    /// How many partners at a time, 1 to 20.
    async fn capacity(&self) -> i32 {
        self.0.capacity
    }

    /// Higher is matched first when places are short, 1 to 1000. Set by staff.
    async fn priority(&self) -> i32 {
        self.0.priority
    }

    /// What the person says about themselves, in the program's order.
    async fn about(&self, ctx: &Context<'_>) -> Maybe<Vec<Plain<Answer>>> {
        Some(answers(ctx, &self.0, &self.0.about).await)
    }

    /// What the person wishes of a partner, in the program's order. Partners never see it.
    async fn wanted(&self, ctx: &Context<'_>) -> Maybe<Vec<Plain<Answer>>> {
        Some(answers(ctx, &self.0, &self.0.wanted).await)
    }

    /// A pause ends by itself on this day of the program's calendar; null when there is no pause or no end.
    async fn paused_until(&self) -> Option<Date> {
        self.0.paused_until.map(Date)
    }

    /// Its matches, the latest first by default.
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
        let of = (MatchesOf::Enrollment, self.0.id);
        list(
            ctx,
            MatchWhere::list(filter),
            MatchOrder::stretch(order_by, Paging { first, after, last, before }),
            Some(of),
        )
        .await
    }

    /// Why the latest published run found no partner, and what would help. Null when none failed to, and once there is a
    /// living match.
    async fn non_match(&self, ctx: &Context<'_>) -> Maybe<NonMatch> {
        let latest = async {
            let of = (NonMatchesOf::Enrollment, self.0.id);
            let stretch = Stretch::latest(NonMatchOrder::CreatedAt, 1);
            let latest = reader(ctx)?.first(NonMatchList { standing: true }, stretch, of).await?;
            Ok(latest.map(NonMatch::from))
        };
        latest.await.transpose()
    }

    /// Its steps from state to state, oldest first.
    async fn history(&self, ctx: &Context<'_>) -> Maybe<Vec<StateChange>> {
        let steps = async {
            let is_staff = reader(ctx)?.caller.person_id() != self.0.person_id;
            history(ctx, self.0.id, is_staff).await
        };
        Some(steps.await)
    }

    /// Counts changes.
    async fn version(&self) -> i32 {
        self.0.version
    }

    /// When the person applied; the order in which country caps count.
    async fn applied_at(&self) -> Instant {
        Instant(self.0.applied_at)
    }

    /// When it was made.
    async fn created_at(&self) -> Instant {
        Instant(self.0.created_at)
    }

    /// When it last changed.
    async fn updated_at(&self) -> Instant {
        Instant(self.0.updated_at)
    }
}

/// A person's answer to one question.
#[derive(SimpleObject, Clone, Debug)]
pub(super) struct Answer {
    /// The question's key.
    key: String,
    /// The question's label.
    label: String,
    /// The answer: one value for SINGLE and TEXT, any number for MULTIPLE and TAGS.
    values: Vec<String>,
}

fields!(Answer {
    "key" => key,
    "label" => label,
    "values" => values,
});

/// The answers of one side, in the order of the program's questions.
pub(super) async fn answers(
    ctx: &Context<'_>,
    enrollment: &enrollments::Enrollment,
    given: &enrollments::Answers,
) -> Result<Vec<Plain<Answer>>> {
    let program = reader(ctx)?.program(enrollment.program_id).await?;
    let questions = program.as_ref().map_or(&[][..], |program| program.questions.as_slice());
    let answer = |question: &Question| {
        let values = given.get(&question.key)?.clone();
        Some(Plain(Answer { key: question.key.clone(), label: question.label.clone(), values }))
    };
    Ok(questions.iter().filter_map(answer).collect())
}
