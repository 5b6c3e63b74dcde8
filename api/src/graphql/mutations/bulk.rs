//! Mutations of many rows, each with an outcome of its own.

use async_graphql::{Context, Enum, ID, InputObject, Object, SimpleObject};
use shared::domain::{enrollments::EnrollmentEvent, refusals::Refusal};

use super::{
    answers::{AnswerInput, answers},
    payloads::{codes, invalid, path, payload, settle, take},
};
use crate::{
    graphql::{
        enrollments::Enrollment,
        ids::Kind,
        matches::Match,
        reader::{Maybe, Reader, reader},
        rounds::int,
        words::EnrollmentRole,
    },
    use_cases::{
        UseCaseError,
        bulk::{self, Ending, Newcomer, Outcome, Review, Who},
        enrollments::EnrollInput,
        matches::EndMatchInput as End,
    },
};

/// A decision on an applicant.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ReviewDecision {
    /// Into the round.
    Accept,
    /// Not into the round.
    Decline,
    /// Onto the waiting list; for somebody who is APPLIED.
    Waitlist,
}

/// One decision.
#[derive(InputObject, Clone, Debug)]
pub(super) struct ReviewRowInput {
    /// The enrollment's id.
    id: ID,
    /// What is decided.
    decision: ReviewDecision,
    /// Why; read by staff only.
    reason: Option<String>,
}

/// Decisions on applicants.
#[derive(InputObject, Clone, Debug)]
pub(super) struct ReviewEnrollmentsInput {
    /// At most 1,000.
    rows: Vec<ReviewRowInput>,
}

/// Somebody to be put into the round.
#[derive(InputObject, Clone, Debug)]
pub(super) struct EnrollRowInput {
    /// The person's id; or give `externalId`.
    person_id: Option<ID>,
    /// The institution's own id of the person; or give `personId`.
    external_id: Option<String>,
    /// MENTOR or MENTEE; leave it out in a PEER program.
    role: Option<EnrollmentRole>,
    /// How many partners at a time, 1 to 20; 1 if left out.
    capacity: Option<i32>,
    /// Higher is matched first, 1 to 1000; 1 if left out.
    priority: Option<i32>,
    /// What the person says about themselves.
    #[graphql(default)]
    about: Vec<AnswerInput>,
    /// What the person wishes of a partner.
    #[graphql(default)]
    wanted: Vec<AnswerInput>,
}

/// People to be put into a round.
#[derive(InputObject, Clone, Debug)]
pub(super) struct EnrollPeopleInput {
    /// The round's id.
    round_id: ID,
    /// At most 1,000.
    rows: Vec<EnrollRowInput>,
}

/// A match to be ended.
#[derive(InputObject, Clone, Debug)]
pub(super) struct EndMatchRowInput {
    /// The match's id.
    id: ID,
    /// Why, in 1 to 1,000 characters; read by staff only.
    reason: String,
    /// True when it ended as planned.
    #[graphql(default)]
    completed: bool,
}

/// Matches to be ended.
#[derive(InputObject, Clone, Debug)]
pub(super) struct EndMatchesInput {
    /// At most 1,000.
    rows: Vec<EndMatchRowInput>,
}

codes! { BulkRowErrorCode "a row of many"; Invalid NotFound Forbidden AlreadyExists NotPossible RoundNotOpen Conflict }

/// Why one row was refused.
#[derive(SimpleObject, Clone, Debug)]
pub(super) struct BulkRowError {
    /// The kind of refusal, for programs.
    code: BulkRowErrorCode,
    /// The field of the row it is about, as a path of names and indices; null when it is about the whole row.
    field: Option<Vec<String>>,
    /// What is wrong and what to do, for people, in English.
    message: String,
}

/// What became of one row.
#[derive(SimpleObject, Debug)]
pub(super) struct EnrollmentOutcome {
    /// The row's place in the list, counted from 0.
    index: i32,
    /// Whether it was done.
    ok: bool,
    /// The enrollment as it is now; null when the row was refused.
    enrollment: Option<Enrollment>,
    /// Why the row was refused; empty when it was done.
    user_errors: Vec<BulkRowError>,
}

/// What became of one row.
#[derive(SimpleObject, Debug)]
pub(super) struct MatchOutcome {
    /// The row's place in the list, counted from 0.
    index: i32,
    /// Whether it was done.
    ok: bool,
    /// The match as it is now; null when the row was refused.
    #[graphql(name = "match")]
    found: Option<Match>,
    /// Why the row was refused; empty when it was done.
    user_errors: Vec<BulkRowError>,
}

payload! {
    /// What became of `reviewEnrollments`.
    ReviewEnrollmentsPayload as "reviewEnrollments" {
        /// One outcome for each row, in their order; null when everything was refused.
        outcomes: Vec<EnrollmentOutcome>
    } ReviewEnrollmentsUserError ReviewEnrollmentsErrorCode: Invalid Forbidden
}

payload! {
    /// What became of `enrollPeople`.
    EnrollPeoplePayload as "enrollPeople" {
        /// One outcome for each row, in their order; null when everything was refused.
        outcomes: Vec<EnrollmentOutcome>
    } EnrollPeopleUserError EnrollPeopleErrorCode: Invalid Forbidden
}

payload! {
    /// What became of `endMatches`.
    EndMatchesPayload as "endMatches" {
        /// One outcome for each row, in their order; null when everything was refused.
        outcomes: Vec<MatchOutcome>
    } EndMatchesUserError EndMatchesErrorCode: Invalid Forbidden
}

fn errors(refusals: Vec<Refusal>) -> Vec<BulkRowError> {
    let error = |refusal: Refusal| BulkRowError {
        code: BulkRowErrorCode::nearest(refusal.code),
        field: path(refusal.field),
        message: refusal.message,
    };
    refusals.into_iter().map(error).collect()
}

fn enrolled(outcomes: Vec<Outcome<shared::domain::enrollments::Enrollment>>) -> Vec<EnrollmentOutcome> {
    let outcome = |(index, outcome): (usize, Outcome<shared::domain::enrollments::Enrollment>)| {
        let (enrollment, refusals) = match outcome {
            Ok(enrollment) => (Some(Enrollment::from(enrollment)), Vec::new()),
            Err(refusals) => (None, refusals),
        };
        let ok = enrollment.is_some();
        EnrollmentOutcome { index: int(index), ok, enrollment, user_errors: errors(refusals) }
    };
    outcomes.into_iter().enumerate().map(outcome).collect()
}

/// A row as the use case takes it, or what is wrong with it already.
fn row<T>(read: Result<T, UseCaseError>) -> Result<Outcome<T>, UseCaseError> {
    match read {
        Ok(row) => Ok(Ok(row)),
        Err(UseCaseError::Refused(refusals)) => Ok(Err(refusals)),
        Err(error @ (UseCaseError::Store(_) | UseCaseError::Secret(_))) => Err(error),
    }
}

fn newcomer(round_id: uuid::Uuid, given: EnrollRowInput) -> Result<Newcomer, UseCaseError> {
    let who = match (given.person_id, given.external_id) {
        (Some(id), None) => Who::Id(take(Kind::Person, "personId", &id)?),
        (None, Some(external_id)) => Who::ExternalId(external_id),
        _ => return Err(invalid("personId", "give one of personId and externalId")),
    };
    let input = EnrollInput {
        round_id,
        person_id: None,
        role: given.role.map(Into::into),
        capacity: given.capacity,
        priority: given.priority,
        about: answers("about", given.about)?,
        wanted: answers("wanted", given.wanted)?,
    };
    Ok(Newcomer { who, input })
}

/// Mutations of many rows.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct BulkMutations;

#[Object]
impl BulkMutations {
    /// Decides on many applicants. Each row counts for itself: one that is refused changes nothing for the others. Rows
    /// become permanent 50 at a time, in their order. For staff, each within what they look after.
    async fn review_enrollments(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The decisions.")] input: ReviewEnrollmentsInput,
    ) -> Maybe<ReviewEnrollmentsPayload> {
        settle(async {
            let Reader { state, caller, .. } = reader(ctx)?;
            let review = |given: ReviewRowInput| {
                let event = match given.decision {
                    ReviewDecision::Accept => EnrollmentEvent::Accept,
                    ReviewDecision::Decline => EnrollmentEvent::Decline,
                    ReviewDecision::Waitlist => EnrollmentEvent::Waitlist,
                };
                row(take(Kind::Enrollment, "id", &given.id).map(|id| Review { id, event, reason: given.reason }))
            };
            let rows = input.rows.into_iter().map(review).collect::<Result<_, _>>()?;
            Ok(enrolled(bulk::each(state, caller, rows).await?))
        })
        .await
    }

    /// Puts many people into a round that takes enrollments. Each row counts for itself: one that is refused changes
    /// nothing for the others. Rows become permanent 50 at a time, in their order. For staff, each within what they look
    /// after.
    async fn enroll_people(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Who joins what.")] input: EnrollPeopleInput,
    ) -> Maybe<EnrollPeoplePayload> {
        settle(async {
            let Reader { state, caller, .. } = reader(ctx)?;
            let round_id = take(Kind::Round, "roundId", &input.round_id)?;
            let rows = input.rows.into_iter().map(|given| row(newcomer(round_id, given)));
            let rows = rows.collect::<Result<_, _>>()?;
            Ok(enrolled(bulk::each(state, caller, rows).await?))
        })
        .await
    }

    /// Ends many matches that are ACTIVE or PAUSED; nobody's fault, and both people are told. Each row counts for itself:
    /// one that is refused changes nothing for the others. Rows become permanent 50 at a time, in their order. For staff,
    /// each within what they look after.
    async fn end_matches(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The matches, and why they end.")] input: EndMatchesInput,
    ) -> Maybe<EndMatchesPayload> {
        settle(async {
            let Reader { state, caller, .. } = reader(ctx)?;
            let ending = |given: EndMatchRowInput| {
                let input = End { reason: given.reason, completed: given.completed, not_again: false };
                row(take(Kind::Match, "id", &given.id).map(|id| Ending { id, input }))
            };
            let rows = input.rows.into_iter().map(ending).collect::<Result<_, _>>()?;
            let outcomes = bulk::each(state, caller, rows).await?;
            let outcome = |(index, outcome): (usize, Outcome<shared::domain::matches::Match>)| {
                let (found, refusals) = match outcome {
                    Ok(found) => (Some(Match::from(found)), Vec::new()),
                    Err(refusals) => (None, refusals),
                };
                MatchOutcome { index: int(index), ok: found.is_some(), found, user_errors: errors(refusals) }
            };
            Ok(outcomes.into_iter().enumerate().map(outcome).collect())
        })
        .await
    }
}
