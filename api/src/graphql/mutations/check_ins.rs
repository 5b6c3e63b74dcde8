//! Mutations of check-ins.

use async_graphql::{Context, ID, InputObject, Object};
use shared::domain::check_ins::CheckInAnswer;

use super::payloads::{codes, payload, settle, take};
use crate::{
    graphql::{
        check_ins::CheckIn,
        ids::Kind,
        reader::{Maybe, Reader, reader},
    },
    use_cases::check_ins,
};

/// How somebody is doing with a match.
#[derive(InputObject, Clone, Debug)]
pub(super) struct AnswerCheckInInput {
    /// The check-in's id.
    id: ID,
    /// How content the person is, 1 (not at all) to 5 (very).
    satisfaction: i32,
    /// Of a wrap-up, whether the person would do it again.
    again: Option<bool>,
    /// Anything else, at most 2,000 characters. Staff read it, the partner never.
    note: Option<String>,
}

payload! {
    /// What became of `answerCheckIn`.
    AnswerCheckInPayload as "answerCheckIn" {
        /// The check-in as it is now; null when it was refused.
        check_in: CheckIn
    } AnswerCheckInUserError AnswerCheckInErrorCode: Invalid NotFound Conflict
}

/// Mutations of check-ins.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct CheckInMutations;

#[Object]
impl CheckInMutations {
    /// Answers a check-in; a later answer takes the place of an earlier. For whoever was asked.
    async fn answer_check_in(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The answer.")] input: AnswerCheckInInput,
    ) -> Maybe<AnswerCheckInPayload> {
        settle(async {
            let Reader { state, caller, .. } = reader(ctx)?;
            let id = take(Kind::CheckIn, "id", &input.id)?;
            let AnswerCheckInInput { satisfaction, again, note, .. } = input;
            let answer = CheckInAnswer { satisfaction, again, note };
            Ok(CheckIn(check_ins::answer_check_in(state, caller, id, answer).await?))
        })
        .await
    }
}
