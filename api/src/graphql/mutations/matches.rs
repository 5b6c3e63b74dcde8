//! Mutations of matches.

use async_graphql::{Context, ID, InputObject, Object};

use super::payloads::{codes, payload, settle, take, take_option};
use crate::{
    graphql::{
        ids::Kind,
        matches::Match,
        reader::{Maybe, Reader, reader},
    },
    use_cases::matches::{self, EndMatchInput as End, RequestMatchInput as Ask},
};

/// One person asks another to pair up.
#[derive(InputObject, Clone, Debug)]
pub(super) struct RequestMatchInput {
    /// The round's id. Whoever of the two is not in it yet joins it by this, if it takes enrollments.
    round_id: ID,
    /// Whom to ask, by id; or give `email`.
    person_id: Option<ID>,
    /// Whom to ask, by mail address; or give `personId`.
    email: Option<String>,
    /// A word to the other person, at most 1,000 characters.
    note: Option<String>,
}

/// An answer to a proposal or a request.
#[derive(InputObject, Clone, Debug)]
pub(super) struct AnswerMatchInput {
    /// The match's id.
    id: ID,
    /// True to accept, false to decline.
    accept: bool,
}

/// How a match ends.
#[derive(InputObject, Clone, Debug)]
pub(super) struct EndMatchInput {
    /// The match's id.
    id: ID,
    /// Why, in 1 to 1,000 characters. Only staff read it; the partner learns that the match ended.
    reason: String,
    /// True when it reached what it was for: COMPLETED. Otherwise `ENDED_EARLY`.
    #[graphql(default)]
    completed: bool,
    /// True to never match these two again. Of one of the two it is a confidential wish, of staff a decision.
    #[graphql(default)]
    not_again: bool,
}

/// Declares a step of a match that needs no more than its id.
macro_rules! step_input {
    ($($(#[$meta:meta])* $name:ident)+) => {
        $($(#[$meta])*
        #[derive(InputObject, Clone, Debug)]
        pub(super) struct $name {
            /// The match's id.
            id: ID,
        })+
    };
}

step_input! {
    /// A request to take back.
    WithdrawMatchInput
    /// A match that takes a break.
    PauseMatchInput
    /// A match that goes on.
    ResumeMatchInput
    /// Two people who are in touch.
    NoteFirstContactInput
    /// Two people who are still in touch.
    NoteContactInput
}

/// How often two people mean to meet.
#[derive(InputObject, Clone, Debug)]
pub(super) struct SetMatchCadenceInput {
    /// The match's id.
    id: ID,
    /// Days from one meeting to the next, 1 to 730; null to leave it to the program.
    days: Option<i32>,
}

/// Declares the payload of a mutation of one match.
macro_rules! match_payload {
    ($(#[$meta:meta])* $name:ident $text:literal $error:ident $code:ident: $($codes:ident)+) => {
        payload! {
            $(#[$meta])*
            $name as $text {
                /// The match as it is now; null when it was refused.
                r#match: Match
            } $error $code: $($codes)+
        }
    };
}

match_payload! {
    /// What became of `requestMatch`.
    RequestMatchPayload "requestMatch" RequestMatchUserError RequestMatchErrorCode:
        Invalid NotFound Forbidden NotPossible AlreadyExists NoFreePlace RoundNotOpen Conflict
}
match_payload! {
    /// What became of `answerMatch`.
    AnswerMatchPayload "answerMatch" AnswerMatchUserError AnswerMatchErrorCode:
        Invalid NotFound Forbidden NotPossible NoFreePlace Conflict
}
match_payload! {
    /// What became of `withdrawMatch`.
    WithdrawMatchPayload "withdrawMatch" WithdrawMatchUserError WithdrawMatchErrorCode:
        Invalid NotFound NotPossible Conflict
}
match_payload! {
    /// What became of `endMatch`.
    EndMatchPayload "endMatch" EndMatchUserError EndMatchErrorCode: Invalid NotFound NotPossible Conflict
}
match_payload! {
    /// What became of `pauseMatch`.
    PauseMatchPayload "pauseMatch" PauseMatchUserError PauseMatchErrorCode: Invalid NotFound NotPossible Conflict
}
match_payload! {
    /// What became of `resumeMatch`.
    ResumeMatchPayload "resumeMatch" ResumeMatchUserError ResumeMatchErrorCode: Invalid NotFound NotPossible Conflict
}
match_payload! {
    /// What became of `noteFirstContact`.
    NoteFirstContactPayload "noteFirstContact" NoteFirstContactUserError NoteFirstContactErrorCode:
        Invalid NotFound NotPossible Conflict
}

match_payload! {
    /// What became of `noteContact`.
    NoteContactPayload "noteContact" NoteContactUserError NoteContactErrorCode: Invalid NotFound NotPossible Conflict
}
match_payload! {
    /// What became of `setMatchCadence`.
    SetMatchCadencePayload "setMatchCadence" SetMatchCadenceUserError SetMatchCadenceErrorCode:
        Invalid NotFound NotPossible Conflict
}

/// Mutations of matches.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct MatchMutations;

#[Object]
impl MatchMutations {
    /// Asks a person to pair up: the informal way into a match. The two are introduced once the other accepts.
    async fn request_match(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whom to ask.")] input: RequestMatchInput,
    ) -> Maybe<RequestMatchPayload> {
        settle(async {
            let Reader { state, caller, .. } = reader(ctx)?;
            let ask = Ask {
                round_id: take(Kind::Round, "roundId", &input.round_id)?,
                person_id: take_option(Kind::Person, "personId", input.person_id.as_ref())?,
                email: input.email,
                note: input.note,
            };
            Ok(Match::from(matches::request_match(state, caller, ask).await?))
        })
        .await
    }

    /// Accepts or declines a proposal or a request; the second yes makes the match ACTIVE. For the two people.
    async fn answer_match(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The answer.")] input: AnswerMatchInput,
    ) -> Maybe<AnswerMatchPayload> {
        settle(async {
            let Reader { state, caller, .. } = reader(ctx)?;
            let id = take(Kind::Match, "id", &input.id)?;
            Ok(Match::from(matches::answer_match(state, caller, id, input.accept).await?))
        })
        .await
    }

    /// Takes a request back before it is answered, or (staff) a proposal. For whoever asked, and staff.
    async fn withdraw_match(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The match.")] input: WithdrawMatchInput,
    ) -> Maybe<WithdrawMatchPayload> {
        settle(async {
            let Reader { state, caller, .. } = reader(ctx)?;
            let id = take(Kind::Match, "id", &input.id)?;
            Ok(Match::from(matches::withdraw_match(state, caller, id).await?))
        })
        .await
    }

    /// Ends a match that is ACTIVE or PAUSED. Nobody's fault: the other learns that it ended, not why. For the two
    /// people, and staff who look after one of them.
    async fn end_match(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The match, and why it ends.")] input: EndMatchInput,
    ) -> Maybe<EndMatchPayload> {
        settle(async {
            let Reader { state, caller, .. } = reader(ctx)?;
            let id = take(Kind::Match, "id", &input.id)?;
            let end = End { reason: input.reason, completed: input.completed, not_again: input.not_again };
            Ok(Match::from(matches::end_match(state, caller, id, end).await?))
        })
        .await
    }

    /// Lets a match take a break. For the two people, and staff who look after one of them.
    async fn pause_match(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The match.")] input: PauseMatchInput,
    ) -> Maybe<PauseMatchPayload> {
        settle(async {
            let Reader { state, caller, .. } = reader(ctx)?;
            let id = take(Kind::Match, "id", &input.id)?;
            Ok(Match::from(matches::pause_match(state, caller, id).await?))
        })
        .await
    }

    /// Ends the break of a match. For the two people, and staff who look after one of them.
    async fn resume_match(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The match.")] input: ResumeMatchInput,
    ) -> Maybe<ResumeMatchPayload> {
        settle(async {
            let Reader { state, caller, .. } = reader(ctx)?;
            let id = take(Kind::Match, "id", &input.id)?;
            Ok(Match::from(matches::resume_match(state, caller, id).await?))
        })
        .await
    }

    /// Notes that the two are in touch, so that nobody is reminded. For the two people, and staff who look after one of
    /// them.
    async fn note_first_contact(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The match.")] input: NoteFirstContactInput,
    ) -> Maybe<NoteFirstContactPayload> {
        settle(async {
            let Reader { state, caller, .. } = reader(ctx)?;
            let id = take(Kind::Match, "id", &input.id)?;
            Ok(Match::from(matches::note_first_contact(state, caller, id).await?))
        })
        .await
    }

    /// Notes that the two were in touch lately, so that nobody asks them whether they are. For the two people, and staff who
    /// look after one of them.
    async fn note_contact(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The match.")] input: NoteContactInput,
    ) -> Maybe<NoteContactPayload> {
        settle(async {
            let Reader { state, caller, .. } = reader(ctx)?;
            let id = take(Kind::Match, "id", &input.id)?;
            Ok(Match::from(matches::note_contact(state, caller, id).await?))
        })
        .await
    }

    /// Sets how often the two mean to meet: they are asked whether they are still in touch only after half as long again.
    /// For the two people, and staff who look after one of them.
    async fn set_match_cadence(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The match, and its cadence.")] input: SetMatchCadenceInput,
    ) -> Maybe<SetMatchCadencePayload> {
        settle(async {
            let Reader { state, caller, .. } = reader(ctx)?;
            let id = take(Kind::Match, "id", &input.id)?;
            Ok(Match::from(matches::set_match_cadence(state, caller, id, input.days).await?))
        })
        .await
    }
}
