//! The root of all subscriptions.
//!
//! A resolver here is asked twice. First for the beginning: who may listen, and to what; it leaves a [`Source`] and gives
//! no item. Then once for each event, which it only hands on: whoever follows the source has read the thing as the
//! subscriber may see it now. So each event is an execution of its own, with the caller's present rights.

use std::sync::{Arc, Mutex, PoisonError};

use async_graphql::{Context, ID, InputObject, Object, Result, Subscription};
use futures_util::stream::{self, Iter};
use shared::{
    domain::{match_runs, matches},
    store::lists::match_runs::MatchRunList,
};

use super::{
    errors::{ErrorCode, fail},
    feed::{MatchSource, RunSource, RunState, Source},
    ids::{Kind, argument},
    match_runs::MatchRun,
    matches::Match,
    reader::reader,
    words::{RunPhase, RunStatus},
};

/// What the resolvers below are asked for.
pub(super) enum Occasion {
    /// Who may listen, and to what; the answer goes in here.
    Begin(Mutex<Option<Box<Source>>>),
    /// A match changed.
    Match(Arc<matches::Match>),
    /// A run got further.
    Run(Box<RunState>),
}

impl Occasion {
    pub(super) fn begin() -> Arc<Self> {
        Arc::new(Self::Begin(Mutex::new(None)))
    }

    /// What the beginning left.
    pub(super) fn source(&self) -> Option<Box<Source>> {
        match self {
            Self::Begin(source) => source.lock().unwrap_or_else(PoisonError::into_inner).take(),
            Self::Match(_) | Self::Run(_) => None,
        }
    }
}

/// What a resolver gives: the event, or nothing at the beginning.
type AtMostOne<T> = Iter<std::option::IntoIter<T>>;

fn occasion<'c>(ctx: &Context<'c>) -> Result<&'c Occasion> {
    let occasion = ctx.data_opt::<Arc<Occasion>>().map(Arc::as_ref);
    occasion.ok_or_else(|| fail(ErrorCode::Internal, "a subscription was executed without an occasion"))
}

fn listen<T>(source: &Mutex<Option<Box<Source>>>, to: Source) -> AtMostOne<T> {
    *source.lock().unwrap_or_else(PoisonError::into_inner) = Some(Box::new(to));
    stream::iter(None)
}

/// Which changed matches.
#[derive(InputObject, Clone, Debug, Default)]
pub(super) struct MatchUpdatedWhere {
    /// In this program.
    program_id: Option<ID>,
    /// This match.
    match_id: Option<ID>,
}

/// The root of all subscriptions.
#[derive(Clone, Copy, Debug, Default)]
pub struct Subscription;

/// What can be watched, over graphql-transport-ws (a WebSocket at `/graphql`) or server-sent events (`Accept:
/// text/event-stream`). Each field needs a bearer token. An event shows the thing as it is when the event is sent, as far
/// as the subscriber may see it at that moment; of several changes in a short time only the last may be told, and one
/// change may be told twice. The stream ends with the token. After a reconnect, first subscribe and then query: what
/// changed in between is not told again.
#[Subscription]
impl Subscription {
    /// A match that was made or changed: of the caller, or of people the caller looks after. What the caller may not see
    /// is not told.
    async fn match_updated(
        &self,
        ctx: &Context<'_>,
        #[graphql(name = "where", desc = "Only what fits this; everything by default.")] filter: Option<
            MatchUpdatedWhere,
        >,
    ) -> Result<AtMostOne<Match>> {
        match occasion(ctx)? {
            Occasion::Begin(source) => {
                let reader = reader(ctx)?;
                let MatchUpdatedWhere { program_id, match_id } = filter.unwrap_or_default();
                let program_id = program_id.map(|id| argument(Kind::Program, "where.programId", &id)).transpose()?;
                let match_id = match_id.map(|id| argument(Kind::Match, "where.matchId", &id)).transpose()?;
                let matches = MatchSource::new(&reader.state, reader.sight.organization_id, program_id, match_id);
                Ok(listen(source, Source::Matches(matches)))
            }
            Occasion::Match(found) => Ok(stream::iter(Some(Match::from(Arc::clone(found))))),
            Occasion::Run(_) => Ok(stream::iter(None)),
        }
    }

    /// How far a match run is: at once, at every change, and a few times a second while it is planned. The stream is
    /// completed when the run is over: PUBLISHED, FAILED or DISCARDED, or READY for a preview. For staff of all countries;
    /// FORBIDDEN for everybody else, and `NOT_FOUND` when there is no such run.
    async fn match_run_progress(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "A match run's id.")] run_id: ID,
    ) -> Result<AtMostOne<MatchRunProgress>> {
        match occasion(ctx)? {
            Occasion::Begin(source) => {
                let reader = reader(ctx)?;
                let run_id = argument(Kind::MatchRun, "runId", &run_id)?;
                if !reader.caller.runs_programs() {
                    let message = "only administrators and coordinators of all countries see match runs";
                    return Err(fail(ErrorCode::Forbidden, message));
                }
                // Listens first and looks then, so that nothing happens in between.
                let run = RunSource::new(&reader.state, reader.sight.organization_id, run_id);
                if reader.find::<MatchRunList>(run_id).await?.is_none() {
                    return Err(fail(ErrorCode::NotFound, "there is no such match run"));
                }
                Ok(listen(source, Source::Run(run)))
            }
            Occasion::Run(state) => Ok(stream::iter(Some(MatchRunProgress(state.as_ref().clone())))),
            Occasion::Match(_) => Ok(stream::iter(None)),
        }
    }
}

/// How far a match run is.
#[derive(Clone, Debug)]
pub(super) struct MatchRunProgress(RunState);

/// How far a match run is. For staff of all countries.
#[Object]
impl MatchRunProgress {
    /// Where the run stands.
    async fn status(&self) -> RunStatus {
        self.0.run.status.into()
    }

    /// What is being done in the round that is planned now; null unless the run is RUNNING, and until the worker has
    /// told.
    async fn phase(&self) -> Option<RunPhase> {
        self.0.phase.map(Into::into)
    }

    /// How much of the planning is done, in percent, 0 to 100: an estimate that only goes up. Null before it begins and
    /// until the worker has told; 100 once it is done.
    async fn percent(&self) -> Option<i32> {
        let is_planned = match self.0.run.status {
            match_runs::RunStatus::Ready | match_runs::RunStatus::Published => true,
            match_runs::RunStatus::Queued
            | match_runs::RunStatus::Running
            | match_runs::RunStatus::Failed
            | match_runs::RunStatus::Discarded => false,
        };
        if is_planned { Some(100) } else { self.0.percent.map(i32::from) }
    }

    /// The run itself, with its report once it is READY.
    async fn match_run(&self) -> MatchRun {
        MatchRun(self.0.run.clone())
    }
}
