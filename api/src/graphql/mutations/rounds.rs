//! Mutations of rounds.

use async_graphql::{Context, ID, InputObject, Object};

use super::payloads::{codes, payload, settle, take};
use crate::{
    graphql::{
        ids::Kind,
        reader::{Maybe, Reader, reader},
        rounds::Round,
        scalars::Date,
    },
    use_cases::rounds::{self, RoundDraft},
};

/// A new round.
#[derive(InputObject, Clone, Debug)]
pub(super) struct CreateRoundInput {
    /// The program's id.
    program_id: ID,
    /// Its name, unique in the program; at most 200 characters.
    name: String,
    /// True: people join all year and every night matches whoever is there. False: matching begins when it is closed.
    #[graphql(default)]
    rolling: bool,
    /// The largest share of the round that one country may have, 1 to 100 percent; no cap if left out.
    country_cap_percent: Option<i32>,
    /// The last day of its matches; none if left out.
    ends_on: Option<Date>,
}

payload! {
    /// What became of `createRound`.
    CreateRoundPayload as "createRound" {
        /// The new round, a DRAFT; null when it was refused.
        round: Round
    } CreateRoundUserError CreateRoundErrorCode: Invalid NotFound Forbidden AlreadyExists
}

/// Declares a step of a round: its input and its payload.
macro_rules! step {
    ($input:ident $payload:ident $text:literal $error:ident $code:ident) => {
        /// The round to change.
        #[derive(InputObject, Clone, Debug)]
        pub(super) struct $input {
            /// The round's id.
            id: ID,
        }

        payload! {
            /// What became of the round.
            $payload as $text {
                /// The round as it is now; null when it was refused.
                round: Round
            } $error $code: Invalid NotFound Forbidden NotPossible Conflict
        }
    };
}

step! { OpenRoundInput OpenRoundPayload "openRound" OpenRoundUserError OpenRoundErrorCode }
step! { CloseRoundInput CloseRoundPayload "closeRound" CloseRoundUserError CloseRoundErrorCode }
step! { CompleteRoundInput CompleteRoundPayload "completeRound" CompleteRoundUserError CompleteRoundErrorCode }
step! { CancelRoundInput CancelRoundPayload "cancelRound" CancelRoundUserError CancelRoundErrorCode }

/// Mutations of rounds.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct RoundMutations;

#[Object]
impl RoundMutations {
    /// Creates a round that nobody but staff sees until it is opened. For staff of all countries.
    async fn create_round(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The round.")] input: CreateRoundInput,
    ) -> Maybe<CreateRoundPayload> {
        settle(async {
            let Reader { state, caller, .. } = reader(ctx)?;
            let draft = RoundDraft {
                program_id: take(Kind::Program, "programId", &input.program_id)?,
                name: input.name,
                rolling: input.rolling,
                country_cap_percent: input.country_cap_percent,
                ends_on: input.ends_on.map(|date| date.0),
            };
            Ok(Round(rounds::create_round(state, caller, draft).await?))
        })
        .await
    }

    /// Opens a round for enrollment, or opens it again. For staff of all countries.
    async fn open_round(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The round.")] input: OpenRoundInput,
    ) -> Maybe<OpenRoundPayload> {
        settle(async {
            let Reader { state, caller, .. } = reader(ctx)?;
            let id = take(Kind::Round, "id", &input.id)?;
            Ok(Round(rounds::open_round(state, caller, id).await?))
        })
        .await
    }

    /// Ends enrollment: applicants are accepted up to the country cap, and the next night matches. For staff of all
    /// countries.
    async fn close_round(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The round.")] input: CloseRoundInput,
    ) -> Maybe<CloseRoundPayload> {
        settle(async {
            let Reader { state, caller, .. } = reader(ctx)?;
            let id = take(Kind::Round, "id", &input.id)?;
            Ok(Round(rounds::close_round(state, caller, id).await?))
        })
        .await
    }

    /// Ends a round with all its matches, as planned. For staff of all countries.
    async fn complete_round(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The round.")] input: CompleteRoundInput,
    ) -> Maybe<CompleteRoundPayload> {
        settle(async {
            let Reader { state, caller, .. } = reader(ctx)?;
            let id = take(Kind::Round, "id", &input.id)?;
            Ok(Round(rounds::complete_round(state, caller, id).await?))
        })
        .await
    }

    /// Calls a round off: enrollments are withdrawn and matches end. For staff of all countries.
    async fn cancel_round(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The round.")] input: CancelRoundInput,
    ) -> Maybe<CancelRoundPayload> {
        settle(async {
            let Reader { state, caller, .. } = reader(ctx)?;
            let id = take(Kind::Round, "id", &input.id)?;
            Ok(Round(rounds::cancel_round(state, caller, id).await?))
        })
        .await
    }
}
