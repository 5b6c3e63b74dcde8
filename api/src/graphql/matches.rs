//! Matches and their sides.

use std::sync::Arc;

use async_graphql::{Context, ID, InputObject, Object, Result};
use shared::{
    domain::matches::{self, Side},
    store::lists::{
        check_ins::{CheckInList, CheckInsOf},
        enrollments::EnrollmentList,
        match_runs::MatchRunList,
        matches::MatchList,
        messages::{MessageList, MessagesOf},
        rounds::RoundList,
        sessions::{SessionList, SessionsOf},
    },
};

use super::{
    check_ins::CheckInOrder,
    connections::{Listing, Paging, list, order},
    enrollments::{Answer, Enrollment, answers},
    explanations::Explanation,
    history::{StateChange, history},
    ids::{Kind, argument, global},
    joined::Joined,
    match_runs::MatchRun,
    messages::{MessageOrder, MessageWhere},
    people::Person,
    plain::Plain,
    programs::Program,
    reader::{Maybe, find, reader},
    rounds::Round,
    scalars::Instant,
    sentences::Voice,
    sessions::{SessionOrder, SessionWhere},
    words::{AnswerToMatch, EnrollmentRole, MatchOrigin, MatchStatus},
};

order! {
    /// The order of a list of matches; by default the latest first.
    MatchOrder, MatchOrderField = "shared::store::lists::matches::MatchOrder" shared::store::lists::matches::MatchOrder {
        /// When they were made.
        CreatedAt,
        /// When they last changed.
        UpdatedAt,
        /// Their score.
        Score,
    } default CreatedAt Desc
}

/// Which matches.
#[derive(InputObject, Clone, Debug, Default)]
pub(super) struct MatchWhere {
    /// In this program.
    program_id: Option<ID>,
    /// In this round.
    round_id: Option<ID>,
    /// With this person on one of the sides.
    person_id: Option<ID>,
    /// In one of these states.
    statuses: Option<Vec<MatchStatus>>,
    /// Which came about like this.
    origin: Option<MatchOrigin>,
}

impl MatchWhere {
    pub(super) fn list(filter: Option<Self>) -> Result<MatchList> {
        let Self { program_id, round_id, person_id, statuses, origin } = filter.unwrap_or_default();
        Ok(MatchList {
            program_id: program_id.map(|id| argument(Kind::Program, "where.programId", &id)).transpose()?,
            round_id: round_id.map(|id| argument(Kind::Round, "where.roundId", &id)).transpose()?,
            person_id: person_id.map(|id| argument(Kind::Person, "where.personId", &id)).transpose()?,
            statuses: statuses.unwrap_or_default().into_iter().map(Into::into).collect(),
            origin: origin.map(Into::into),
        })
    }
}

impl From<Arc<matches::Match>> for Match {
    fn from(found: Arc<matches::Match>) -> Self {
        Self(found)
    }
}

impl From<matches::Match> for Match {
    fn from(found: matches::Match) -> Self {
        Self(Arc::new(found))
    }
}

/// Two people brought together.
#[derive(Clone, Debug)]
pub(super) struct Match(pub(super) Arc<matches::Match>);

impl Match {
    /// The reader's own side; none for staff, who see a match without being part of it.
    fn side(&self, ctx: &Context<'_>) -> Result<Option<Side>> {
        Ok(self.0.side_of(reader(ctx)?.caller.person_id()))
    }
}

/// Two people brought together: what each of them answered, and how it went on. For the two, and staff who look after at
/// least one of them.
#[Object]
impl Match {
    /// Its global id.
    pub(super) async fn id(&self) -> ID {
        global(Kind::Match, self.0.id)
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

    /// The run that planned it. For staff of all countries; null for everybody else, and for a request.
    async fn match_run(&self, ctx: &Context<'_>) -> Maybe<MatchRun> {
        find::<MatchRunList>(ctx, self.0.run_id?).await
    }

    /// How it came about.
    async fn origin(&self) -> MatchOrigin {
        self.0.origin.into()
    }

    /// Where it stands.
    async fn status(&self) -> MatchStatus {
        self.0.status.into()
    }

    /// The other person, seen by one of the two; null for staff.
    async fn partner(&self, ctx: &Context<'_>) -> Maybe<Joined<Person>> {
        let partner = async {
            let Some(side) = self.side(ctx)? else { return Ok(None) };
            let (_, partner) = self.0.sides(side);
            Ok(reader(ctx)?.person(partner.person_id).await?.map(Person).map(Joined))
        };
        partner.await.transpose()
    }

    /// The other person's side, seen by one of the two; null for staff.
    async fn partner_side(&self, ctx: &Context<'_>) -> Maybe<Joined<MatchSide>> {
        let side = self.side(ctx).map(|own| {
            let (_, party) = self.0.sides(own?);
            Some(Joined(MatchSide { party: *party, program_id: self.0.program_id }))
        });
        side.transpose()
    }

    /// Both sides. In a MENTORING program the mentor comes first.
    async fn sides(&self) -> [Joined<MatchSide>; 2] {
        [self.0.a, self.0.b].map(|party| Joined(MatchSide { party, program_id: self.0.program_id }))
    }

    /// Whether it waits for the caller's answer.
    async fn is_my_turn(&self, ctx: &Context<'_>) -> Maybe<bool> {
        Some(self.side(ctx).map(|side| {
            let waits = |side| self.0.sides(side).0.answer == matches::Answer::Pending;
            self.0.status == matches::MatchStatus::Proposed && side.is_some_and(waits)
        }))
    }

    /// How well the two fit, 0 to 1000; null for a request, where nobody computed it.
    async fn score(&self) -> Option<i32> {
        (self.0.origin == matches::MatchOrigin::Run).then_some(self.0.score.into())
    }

    /// Why these two, seen from the caller's side; null for a request.
    async fn explanation(&self, ctx: &Context<'_>) -> Maybe<Plain<Explanation<'_>>> {
        if self.0.origin == matches::MatchOrigin::Request {
            return None;
        }
        let explained = self.side(ctx).map(|side| match side {
            Some(Side::A) => Explanation::new(&self.0.explanation, Voice::You),
            Some(Side::B) => Explanation::seen_from_b(&self.0.explanation),
            None => Explanation::new(&self.0.explanation, Voice::They),
        });
        Some(explained)
    }

    /// What the person who asked wrote to the other; null if nothing.
    async fn note(&self) -> Option<&str> {
        self.0.note.as_deref()
    }

    /// When it was proposed.
    async fn proposed_at(&self) -> Instant {
        Instant(self.0.proposed_at)
    }

    /// An unanswered proposal closes at this moment; null when it does not.
    async fn answer_by(&self) -> Option<Instant> {
        self.0.answer_by.map(Instant)
    }

    /// When the two were introduced; null if they were not yet.
    async fn activated_at(&self) -> Option<Instant> {
        self.0.activated_at.map(Instant)
    }

    /// When the two were first in touch, as one of them told us; null if nobody did.
    async fn first_contact_at(&self) -> Option<Instant> {
        self.0.first_contact_at.map(Instant)
    }

    /// When the two were last in touch, as they or their sessions told us; null if nobody did.
    async fn last_contact_at(&self) -> Option<Instant> {
        self.0.last_contact_at.map(Instant)
    }

    /// How many days the two mean to have from one meeting to the next; null when they leave it to the program.
    async fn cadence_days(&self) -> Option<i32> {
        self.0.cadence_days.map(i32::from)
    }

    /// When it ended, in whatever way; null while it lives.
    async fn ended_at(&self) -> Option<Instant> {
        self.0.ended_at.map(Instant)
    }

    /// Who ended it. For staff, and for whoever did; null for everybody else, and when time did.
    async fn ended_by(&self, ctx: &Context<'_>) -> Maybe<Person> {
        let ended_by = self.0.ended_by?;
        let person = async {
            let reader = reader(ctx)?;
            if self.side(ctx)?.is_some() && ended_by != reader.caller.person_id() {
                return Ok(None);
            }
            Ok(reader.person(ended_by).await?.map(Person))
        };
        person.await.transpose()
    }

    /// Why it ended, in the words of whoever ended it. For staff, and for whoever did; null for everybody else.
    async fn end_reason(&self, ctx: &Context<'_>) -> Maybe<&str> {
        let reason = self.0.end_reason.as_deref()?;
        let shown = reader(ctx)
            .and_then(|reader| Ok(self.side(ctx)?.is_none() || self.0.ended_by == Some(reader.caller.person_id())));
        shown.map(|shown| shown.then_some(reason)).transpose()
    }

    /// Its steps from state to state, oldest first.
    async fn history(&self, ctx: &Context<'_>) -> Maybe<Vec<StateChange>> {
        let steps = async {
            let is_staff = self.side(ctx)?.is_none();
            history(ctx, self.0.id, is_staff).await
        };
        Some(steps.await)
    }

    /// The meetings of the two, the next first by default. For the two, and staff who look after one of them.
    async fn sessions(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many from the start, 0 to 100; or give `last`.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 0 to 100; or give `first`.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
        #[graphql(name = "where", desc = "Only what fits this; everything by default.")] filter: Option<SessionWhere>,
        #[graphql(desc = "Another order than the default.")] order_by: Option<SessionOrder>,
    ) -> Maybe<Listing<SessionList>> {
        let stretch = SessionOrder::stretch(order_by, Paging { first, after, last, before });
        list(ctx, Ok(SessionWhere::list(filter)), stretch, Some((SessionsOf::Match, self.0.id))).await
    }

    /// How it goes, or how it was: what the caller was asked, and (for staff) those they look after. The latest first by
    /// default.
    async fn check_ins(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many from the start, 0 to 100; or give `last`.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 0 to 100; or give `first`.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
        #[graphql(desc = "Another order than the default.")] order_by: Option<CheckInOrder>,
    ) -> Maybe<Listing<CheckInList>> {
        let stretch = CheckInOrder::stretch(order_by, Paging { first, after, last, before });
        list(ctx, Ok(CheckInList), stretch, Some((CheckInsOf::Match, self.0.id))).await
    }

    /// The mails about it to people the caller looks after, the latest first by default. For staff who are not part of
    /// the match; null for everybody else.
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
        match self.side(ctx) {
            Ok(Some(_)) => None,
            Ok(None) => {
                let of = (MessagesOf::Match, self.0.id);
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

    /// Counts changes.
    async fn version(&self) -> i32 {
        self.0.version
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

/// One side of a match.
#[derive(Clone, Copy, Debug)]
pub(super) struct MatchSide {
    party: matches::Party,
    program_id: uuid::Uuid,
}

/// One side of a match: a person and what they answered.
#[Object]
impl MatchSide {
    /// The person.
    async fn person(&self, ctx: &Context<'_>) -> Maybe<Joined<Person>> {
        let person = async { Ok(reader(ctx)?.person(self.party.person_id).await?.map(Person).map(Joined)) };
        person.await.transpose()
    }

    /// The person's enrollment. For the person, and staff who look after them; null for everybody else.
    async fn enrollment(&self, ctx: &Context<'_>) -> Maybe<Enrollment> {
        find::<EnrollmentList>(ctx, self.party.enrollment_id).await
    }

    /// What the person is in this program.
    async fn role(&self, ctx: &Context<'_>) -> Maybe<EnrollmentRole> {
        let role = async {
            let enrollment = reader(ctx)?.enrollment(self.party.enrollment_id).await?;
            Ok(enrollment.map(|enrollment| enrollment.role.into()))
        };
        role.await.transpose()
    }

    /// What the person says about themselves, in the program's order: open to the partner too.
    async fn about(&self, ctx: &Context<'_>) -> Maybe<Vec<Plain<Answer>>> {
        let about = async {
            let enrollment = reader(ctx)?.enrollment(self.party.enrollment_id).await?;
            match enrollment.filter(|enrollment| enrollment.program_id == self.program_id) {
                Some(enrollment) => Ok(Some(answers(ctx, &enrollment, &enrollment.about).await?)),
                None => Ok(None),
            }
        };
        about.await.transpose()
    }

    /// What the person answered to the proposal or request.
    async fn answer(&self) -> AnswerToMatch {
        self.party.answer.into()
    }

    /// When; null if they did not yet.
    async fn answered_at(&self) -> Option<Instant> {
        self.party.answered_at.map(Instant)
    }
}
