//! Mutations of enrollments.

use async_graphql::{Context, ID, InputObject, Object};

use super::{
    answers::{AnswerInput, answers, answers_option},
    payloads::{codes, payload, settle, take, take_option},
};
use crate::{
    graphql::{
        enrollments::Enrollment,
        ids::Kind,
        reader::{Maybe, Reader, reader},
        scalars::Date,
        words::EnrollmentRole,
    },
    use_cases::enrollments::{self, EnrollInput as NewEnrollment, EnrollmentPatch},
};

/// Somebody joins a round.
#[derive(InputObject, Clone, Debug)]
pub(super) struct EnrollInput {
    /// The round's id.
    round_id: ID,
    /// Who joins, for staff who look after them; the caller if left out.
    person_id: Option<ID>,
    /// MENTOR or MENTEE; leave it out in a PEER program.
    role: Option<EnrollmentRole>,
    /// How many partners at a time, 1 to 20; 1 if left out.
    capacity: Option<i32>,
    /// Higher is matched first, 1 to 1000; 1 if left out. Only staff set it.
    priority: Option<i32>,
    /// What the person says about themselves.
    #[graphql(default)]
    about: Vec<AnswerInput>,
    /// What the person wishes of a partner.
    #[graphql(default)]
    wanted: Vec<AnswerInput>,
}

/// Changes to an enrollment. What is left out stays; answers are replaced as a whole side.
#[derive(InputObject, Clone, Debug)]
pub(super) struct UpdateEnrollmentInput {
    /// The enrollment's id.
    id: ID,
    /// How many partners at a time, 1 to 20; not below the living matches.
    capacity: Option<i32>,
    /// Higher is matched first, 1 to 1000. Only staff set it.
    priority: Option<i32>,
    /// What the person says about themselves.
    about: Option<Vec<AnswerInput>>,
    /// What the person wishes of a partner.
    wanted: Option<Vec<AnswerInput>>,
}

/// Somebody leaves a round.
#[derive(InputObject, Clone, Debug)]
pub(super) struct WithdrawEnrollmentInput {
    /// The enrollment's id.
    id: ID,
    /// Why; read by staff only.
    reason: Option<String>,
}

/// Somebody takes no new partner for a while.
#[derive(InputObject, Clone, Debug)]
pub(super) struct PauseEnrollmentInput {
    /// The enrollment's id.
    id: ID,
    /// The pause ends by itself on this day; it lasts until `resumeEnrollment` if left out.
    until: Option<Date>,
}

/// Somebody is back.
#[derive(InputObject, Clone, Debug)]
pub(super) struct ResumeEnrollmentInput {
    /// The enrollment's id.
    id: ID,
}

/// Staff decide on an applicant.
#[derive(InputObject, Clone, Debug)]
pub(super) struct ReviewEnrollmentInput {
    /// The enrollment's id.
    id: ID,
    /// True to accept, false to decline.
    accept: bool,
    /// Why; read by staff only.
    reason: Option<String>,
}

/// Staff remove somebody from a round.
#[derive(InputObject, Clone, Debug)]
pub(super) struct RemoveEnrollmentInput {
    /// The enrollment's id.
    id: ID,
    /// Why; read by staff only.
    reason: Option<String>,
}

payload! {
    /// What became of `enroll`.
    EnrollPayload as "enroll" {
        /// The new enrollment; null when it was refused.
        enrollment: Enrollment
    } EnrollUserError EnrollErrorCode: Invalid NotFound Forbidden AlreadyExists RoundNotOpen NotPossible
}

payload! {
    /// What became of `updateEnrollment`.
    UpdateEnrollmentPayload as "updateEnrollment" {
        /// The enrollment as it is now; null when it was refused.
        enrollment: Enrollment
    } UpdateEnrollmentUserError UpdateEnrollmentErrorCode: Invalid NotFound Forbidden NotPossible Conflict
}

payload! {
    /// What became of `withdrawEnrollment`.
    WithdrawEnrollmentPayload as "withdrawEnrollment" {
        /// The enrollment as it is now; null when it was refused.
        enrollment: Enrollment
    } WithdrawEnrollmentUserError WithdrawEnrollmentErrorCode: Invalid NotFound Forbidden NotPossible Conflict
}

payload! {
    /// What became of `pauseEnrollment`.
    PauseEnrollmentPayload as "pauseEnrollment" {
        /// The enrollment as it is now; null when it was refused.
        enrollment: Enrollment
    } PauseEnrollmentUserError PauseEnrollmentErrorCode: Invalid NotFound Forbidden NotPossible Conflict
}

payload! {
    /// What became of `resumeEnrollment`.
    ResumeEnrollmentPayload as "resumeEnrollment" {
        /// The enrollment as it is now; null when it was refused.
        enrollment: Enrollment
    } ResumeEnrollmentUserError ResumeEnrollmentErrorCode: Invalid NotFound Forbidden NotPossible Conflict
}

payload! {
    /// What became of `reviewEnrollment`.
    ReviewEnrollmentPayload as "reviewEnrollment" {
        /// The enrollment as it is now; null when it was refused.
        enrollment: Enrollment
    } ReviewEnrollmentUserError ReviewEnrollmentErrorCode: Invalid NotFound Forbidden NotPossible Conflict
}

payload! {
    /// What became of `removeEnrollment`.
    RemoveEnrollmentPayload as "removeEnrollment" {
        /// The enrollment as it is now; null when it was refused.
        enrollment: Enrollment
    } RemoveEnrollmentUserError RemoveEnrollmentErrorCode: Invalid NotFound Forbidden NotPossible Conflict
}

/// Mutations of enrollments.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct EnrollmentMutations;

#[Object]
impl EnrollmentMutations {
    /// Joins a round that takes enrollments: the caller, or somebody whom the caller looks after as staff.
    async fn enroll(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Who joins what, with answers.")] input: EnrollInput,
    ) -> Maybe<EnrollPayload> {
        settle(async {
            let Reader { state, caller, .. } = reader(ctx)?;
            let new = NewEnrollment {
                round_id: take(Kind::Round, "roundId", &input.round_id)?,
                person_id: take_option(Kind::Person, "personId", input.person_id.as_ref())?,
                role: input.role.map(Into::into),
                capacity: input.capacity,
                priority: input.priority,
                about: answers("about", input.about)?,
                wanted: answers("wanted", input.wanted)?,
            };
            Ok(Enrollment::from(enrollments::enroll(state, caller, new).await?))
        })
        .await
    }

    /// Edits answers, capacity and (staff) priority, while the enrollment lives. For the person, and staff who look
    /// after them.
    async fn update_enrollment(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The changes.")] input: UpdateEnrollmentInput,
    ) -> Maybe<UpdateEnrollmentPayload> {
        settle(async {
            let Reader { state, caller, .. } = reader(ctx)?;
            let id = take(Kind::Enrollment, "id", &input.id)?;
            let patch = EnrollmentPatch {
                capacity: input.capacity,
                priority: input.priority,
                about: answers_option("about", input.about)?,
                wanted: answers_option("wanted", input.wanted)?,
            };
            Ok(Enrollment::from(enrollments::update_enrollment(state, caller, id, patch).await?))
        })
        .await
    }

    /// Leaves a round: living matches end, and the partners are told that, not why. For the person, and staff who look
    /// after them.
    async fn withdraw_enrollment(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Who leaves.")] input: WithdrawEnrollmentInput,
    ) -> Maybe<WithdrawEnrollmentPayload> {
        settle(async {
            let Reader { state, caller, .. } = reader(ctx)?;
            let id = take(Kind::Enrollment, "id", &input.id)?;
            let left = Box::pin(enrollments::withdraw_enrollment(state, caller, id, input.reason)).await?;
            Ok(Enrollment::from(left))
        })
        .await
    }

    /// Takes no new partner for a while; living matches go on. For the person, and staff who look after them.
    async fn pause_enrollment(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Who pauses, and until when.")] input: PauseEnrollmentInput,
    ) -> Maybe<PauseEnrollmentPayload> {
        settle(async {
            let Reader { state, caller, .. } = reader(ctx)?;
            let id = take(Kind::Enrollment, "id", &input.id)?;
            let until = input.until.map(|date| date.0);
            Ok(Enrollment::from(enrollments::pause_enrollment(state, caller, id, until).await?))
        })
        .await
    }

    /// Ends a pause: the next night looks for a partner. For the person, and staff who look after them.
    async fn resume_enrollment(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Who is back.")] input: ResumeEnrollmentInput,
    ) -> Maybe<ResumeEnrollmentPayload> {
        settle(async {
            let Reader { state, caller, .. } = reader(ctx)?;
            let id = take(Kind::Enrollment, "id", &input.id)?;
            Ok(Enrollment::from(enrollments::resume_enrollment(state, caller, id).await?))
        })
        .await
    }

    /// Accepts or declines an applicant, also one who is waitlisted. For staff who look after the person.
    async fn review_enrollment(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The decision.")] input: ReviewEnrollmentInput,
    ) -> Maybe<ReviewEnrollmentPayload> {
        settle(async {
            let Reader { state, caller, .. } = reader(ctx)?;
            let id = take(Kind::Enrollment, "id", &input.id)?;
            let reviewed = enrollments::review_enrollment(state, caller, id, input.accept, input.reason).await?;
            Ok(Enrollment::from(reviewed))
        })
        .await
    }

    /// Removes somebody from a round: living matches end. For staff who look after the person.
    async fn remove_enrollment(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Who is removed.")] input: RemoveEnrollmentInput,
    ) -> Maybe<RemoveEnrollmentPayload> {
        settle(async {
            let Reader { state, caller, .. } = reader(ctx)?;
            let id = take(Kind::Enrollment, "id", &input.id)?;
            let left = Box::pin(enrollments::remove_enrollment(state, caller, id, input.reason)).await?;
            Ok(Enrollment::from(left))
        })
        .await
    }
}
