//! How far one match run is.

use shared::{
    bus::{Notice, Subscription, Topic},
    domain::match_runs::{MatchRun, RunPhase, RunStatus},
    live::RunProgress,
    store::{
        StoreError,
        lists::{self, match_runs::MatchRunList},
    },
};
use uuid::Uuid;

use crate::{graphql::reader::Reader, use_cases::State};

/// A run as it stands in the database, with what its worker told last.
#[derive(Clone, Debug)]
pub(in crate::graphql) struct RunState {
    pub(in crate::graphql) run: MatchRun,
    pub(in crate::graphql) phase: Option<RunPhase>,
    pub(in crate::graphql) percent: Option<u8>,
}

/// Progress of one run.
pub(in crate::graphql) struct RunSource {
    pub(super) heard: Subscription,
    organization_id: Uuid,
    run_id: Uuid,
    has_news: bool,
    latest: Option<RunProgress>,
    is_over: bool,
}

impl RunSource {
    /// Listens from now on, and has the present state to tell at once.
    pub(in crate::graphql) fn new(state: &State, organization_id: Uuid, run_id: Uuid) -> Self {
        let heard = state.bus.subscribe(Topic::RunProgress);
        Self { heard, organization_id, run_id, has_news: true, latest: None, is_over: false }
    }

    pub(super) fn take(&mut self, notice: &Notice) -> bool {
        if let Notice::Message(payload) = notice {
            let Ok(progress) = serde_json::from_str::<RunProgress>(payload) else {
                tracing::debug!("a notice about a run cannot be read");
                return false;
            };
            if (progress.organization_id, progress.run_id) != (self.organization_id, self.run_id) {
                return false;
            }
            self.latest = Some(progress);
        }
        self.has_news = true;
        true
    }

    pub(super) fn has_news(&self) -> bool {
        self.has_news
    }

    pub(super) fn is_over(&self) -> bool {
        self.is_over
    }

    pub(super) async fn next(&mut self, reader: &Reader) -> Result<Option<RunState>, StoreError> {
        let list = MatchRunList::default();
        let found = lists::find_visible(&reader.state.store, &reader.sight, &list, &[self.run_id]).await?;
        self.has_news = false;
        let Some(run) = found.into_iter().next() else { return Ok(None) };
        self.is_over = run.is_over();
        let told = self.latest.filter(|told| (told.status, run.status) == (RunStatus::Running, RunStatus::Running));
        Ok(Some(RunState { run, phase: told.and_then(|told| told.phase), percent: told.and_then(|told| told.percent) }))
    }
}
