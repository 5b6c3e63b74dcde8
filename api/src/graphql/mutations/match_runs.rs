//! Mutations of match runs.

use async_graphql::{Context, ID, InputObject, Object};

use super::payloads::{codes, payload, settle, take};
use crate::{
    graphql::{
        ids::Kind,
        match_runs::MatchRun,
        reader::{Maybe, Reader, reader},
    },
    use_cases::{UseCaseError, match_runs},
};

/// A run of the matching, now.
#[derive(InputObject, Clone, Debug)]
pub(super) struct RequestMatchRunInput {
    /// The program's id.
    program_id: ID,
    /// True for a preview: nobody is matched or written to.
    dry_run: bool,
}

/// A planned run whose pairs become matches.
#[derive(InputObject, Clone, Debug)]
pub(super) struct PublishMatchRunInput {
    /// The match run's id.
    id: ID,
    /// Ids of planned pairs to leave out; the next run plans these people anew.
    #[graphql(default)]
    except_pairs: Vec<ID>,
}

/// A planned run to put away.
#[derive(InputObject, Clone, Debug)]
pub(super) struct DiscardMatchRunInput {
    /// The match run's id.
    id: ID,
}

payload! {
    /// What became of `requestMatchRun`.
    RequestMatchRunPayload as "requestMatchRun" {
        /// The new run, QUEUED; null when it was refused.
        match_run: MatchRun
    } RequestMatchRunUserError RequestMatchRunErrorCode: Invalid NotFound Forbidden NotPossible AlreadyExists Conflict
}

payload! {
    /// What became of `publishMatchRun`.
    PublishMatchRunPayload as "publishMatchRun" {
        /// The run as it is now; null when it was refused.
        match_run: MatchRun
    } PublishMatchRunUserError PublishMatchRunErrorCode: Invalid NotFound Forbidden NotPossible Conflict
}

payload! {
    /// What became of `discardMatchRun`.
    DiscardMatchRunPayload as "discardMatchRun" {
        /// The run as it is now; null when it was refused.
        match_run: MatchRun
    } DiscardMatchRunUserError DiscardMatchRunErrorCode: Invalid NotFound Forbidden NotPossible Conflict
}

/// Mutations of match runs.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct MatchRunMutations;

#[Object]
impl MatchRunMutations {
    /// Asks for a run of the matching, or for a preview of one; a worker takes it within a minute. For staff of all
    /// countries.
    async fn request_match_run(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The program, and whether it is a preview.")] input: RequestMatchRunInput,
    ) -> Maybe<RequestMatchRunPayload> {
        settle(async {
            let Reader { state, caller, .. } = reader(ctx)?;
            let id = take(Kind::Program, "programId", &input.program_id)?;
            Ok(MatchRun(match_runs::request_match_run(state, caller, id, input.dry_run).await?))
        })
        .await
    }

    /// Makes matches of a READY run's pairs: the people are introduced, or asked. For staff of all countries.
    async fn publish_match_run(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The run, and what of it to leave out.")] input: PublishMatchRunInput,
    ) -> Maybe<PublishMatchRunPayload> {
        settle(async {
            let Reader { state, caller, .. } = reader(ctx)?;
            let id = take(Kind::MatchRun, "id", &input.id)?;
            let pairs = input.except_pairs.iter().enumerate();
            let except = pairs.map(|(index, pair)| take(Kind::PlannedPair, &format!("exceptPairs.{index}"), pair));
            let except = except.collect::<Result<Vec<_>, UseCaseError>>()?;
            Ok(MatchRun(match_runs::publish_match_run(state, caller, id, except).await?))
        })
        .await
    }

    /// Puts a run away: its pairs become nothing. For staff of all countries.
    async fn discard_match_run(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The run.")] input: DiscardMatchRunInput,
    ) -> Maybe<DiscardMatchRunPayload> {
        settle(async {
            let Reader { state, caller, .. } = reader(ctx)?;
            let id = take(Kind::MatchRun, "id", &input.id)?;
            Ok(MatchRun(match_runs::discard_match_run(state, caller, id).await?))
        })
        .await
    }
}
