//! Nights: every program's people are matched once per local date, and whenever staff ask for it.
//!
//! A run is claimed under a lease, planned from a snapshot with no transaction open, and stored in one transaction that
//! checks again whatever may have changed meanwhile. A worker that dies loses its lease, and another begins anew.

mod explain;
mod gauge;
mod input;
mod load;
mod persist;
mod planning;
mod queue;
#[cfg(test)]
mod tests;

use std::{ops::RangeInclusive, sync::Arc, time::Duration};

use futures_util::future::join_all;
use shared::{
    bus::Topic,
    domain::{
        match_runs::{MatchRun, RunPhase, RunStatus},
        organizations::Organization,
        programs::Program,
    },
    failpoints::Point,
    live::RunProgress,
    matchmaking::Setting,
    metrics::METRICS,
    store::{self, StoreError},
};

use tokio::time::{Instant, interval_at};
use tracing::Instrument as _;

use self::{gauge::Gauge, load::Snapshot, planning::RoundPlan};
use crate::Worker;

/// How often a run is begun before it counts as failed. Only a worker that dies or a database that fails begins again.
const ATTEMPTS: i32 = 3;

/// How often live subscribers are told how far a run is, at most.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// How many small runs a worker does at the same time.
const SMALL_AT_ONCE: usize = 4;

/// What a worker does at the same time, as numbers of people: a few small runs, `people_at_once` together at most, and
/// one of any size above. So small ones never wait for a large one to end, and there is never more than one large one in
/// memory.
pub(crate) fn slots(people_at_once: u32) -> impl Iterator<Item = RangeInclusive<i32>> {
    let small = i32::try_from(people_at_once).unwrap_or(i32::MAX) / 4;
    std::iter::repeat_n(0..=small, SMALL_AT_ONCE).chain([small + 1..=i32::MAX])
}

/// How planning ended.
enum Planned {
    /// With a plan.
    Plans(Vec<RoundPlan>),
    /// Not at all, and it would not go better next time.
    Impossible(String),
    /// Another worker has taken the run over.
    Lost,
}

impl Worker {
    /// Does the runs that nobody else does, until none is left, and returns how many this worker ended.
    ///
    /// A run that cannot be planned is FAILED; one that the database interrupts is taken up again when its lease ends.
    /// Neither stops the others.
    ///
    /// # Errors
    /// When the database cannot say what is queued.
    pub async fn run_queued(&self) -> Result<usize, StoreError> {
        let slots = slots(self.config.worker.people_at_once).map(|sizes| self.run_sized(sizes));
        let done = join_all(slots).await;
        done.into_iter().sum()
    }

    /// One after the other, the runs with so many people.
    pub(crate) async fn run_sized(&self, sizes: RangeInclusive<i32>) -> Result<usize, StoreError> {
        let mut done = 0;
        while !self.is_stopping() {
            let Some(run) = self.claim_run(sizes.clone()).await? else { break };
            let run_id = run.id;
            let span = tracing::info_span!("run", id = %run.id, program = %run.program_id, attempt = run.attempts);
            Point::NightClaimed.pass().await;
            match self.do_run(run).instrument(span).await {
                Ok(ended) => done += usize::from(ended),
                // It stays ours until the lease ends, so it cannot stand in the way of the others.
                Err(error) => tracing::error!(%error, run = %run_id, "a run was interrupted; it is taken up again"),
            }
        }
        Ok(done)
    }

    async fn claim_run(&self, sizes: RangeInclusive<i32>) -> Result<Option<MatchRun>, StoreError> {
        let tx = self.store.begin().await?;
        let (lease, now) = (self.lease(), self.clock.now());
        let Some(run) = store::match_runs::claim_sized(&tx, self.instance, lease, sizes, now).await? else {
            return Ok(None);
        };
        if run.attempts == 1 {
            let steps = (RunStatus::Queued.as_str(), RunStatus::Running.as_str());
            persist::record(&tx, &self.clock, &run, steps, None).await?;
            METRICS.run_begun((self.clock.now() - run.queued_at).as_seconds_f64());
        }
        self.commit(tx).await?;
        Ok(Some(run))
    }

    /// True when the run has ended, in whatever way; false when another worker has it now.
    async fn do_run(&self, mut run: MatchRun) -> Result<bool, StoreError> {
        if run.attempts > ATTEMPTS {
            let why = format!("the run was begun {ATTEMPTS} times and never came to an end; see the worker's log");
            return self.fail_run(run, why).await;
        }
        let found = self.setting_of(&run).await?;
        let Some((organization, program)) = found else {
            return self.fail_run(run, "the program is gone".to_owned()).await;
        };
        let snapshot = Arc::new(Snapshot::load(&self.store, &self.clock, &organization, &program).await?);
        let plans = match self.plan(&run, Arc::clone(&snapshot)).await? {
            Planned::Plans(plans) => plans,
            Planned::Impossible(why) => return self.fail_run(run, why).await,
            Planned::Lost => return Ok(false),
        };
        Point::NightPlanned.pass().await;
        let setting = Setting { organization: &organization, program: &program, clock: &self.clock, actor_id: None };
        let (made, changes) = match persist::store_plan(&self.store, setting, &mut run, &snapshot, plans).await {
            Ok(stored) => stored,
            Err(StoreError::Conflict(what)) => {
                // A worker that took over, or staff who discarded the run, were faster: theirs counts.
                tracing::warn!(run = %run.id, what, "a plan was not stored");
                return Ok(false);
            }
            Err(error) => return Err(error),
        };
        Point::NightCommitted.pass().await;
        tracing::info!(run = %run.id, program = %program.id, status = %run.status, matches = made, "a run is done");
        self.count_run(&run);
        self.bus.announce(changes).await;
        self.bus.publish(Topic::MessagesDue, "{}").await;
        Ok(true)
    }

    async fn setting_of(&self, run: &MatchRun) -> Result<Option<(Organization, Program)>, StoreError> {
        let organization = store::organizations::find(&self.store, run.organization_id).await?;
        let program = store::programs::find(&self.store, run.organization_id, run.program_id).await?;
        Ok(organization.zip(program))
    }

    /// Plans beside the runtime's own threads, tells how far that is, and keeps the lease meanwhile.
    async fn plan(&self, run: &MatchRun, snapshot: Arc<Snapshot>) -> Result<Planned, StoreError> {
        let clock = self.clock.clone();
        let run_id = run.id;
        let gauge = Arc::new(Gauge::new(snapshot.rounds.len()));
        let told = Arc::clone(&gauge);
        let mut planning = tokio::task::spawn_blocking(move || planning::plan(&snapshot, run_id, &clock, &told));
        let third = Duration::from_secs(self.config.worker.lease_seconds) / 3;
        let mut renewal = interval_at(Instant::now() + third, third);
        let mut look = interval_at(Instant::now() + LOOK_EVERY, LOOK_EVERY);
        // The beginning is told of every run, however short it is.
        let mut shown = gauge.read();
        self.tell_progress(run, shown).await;
        loop {
            tokio::select! {
                _ = look.tick() => {
                    let now = gauge.read();
                    if now != shown {
                        shown = now;
                        self.tell_progress(run, shown).await;
                    }
                }
                planned = &mut planning => {
                    return Ok(match planned {
                        Ok(Ok(plans)) => Planned::Plans(plans),
                        Ok(Err(why)) => Planned::Impossible(why),
                        Err(_) => Planned::Impossible("planning stopped unexpectedly; see the worker's log".to_owned()),
                    });
                }
                _ = renewal.tick() => match self.renew_run(run).await {
                    Ok(()) => {}
                    Err(StoreError::Conflict(_)) => return Ok(Planned::Lost),
                    // The lease lasts for another two tries, and storing the plan checks it anyway.
                    Err(error) => tracing::warn!(%error, run = %run.id, "the run's lease was not renewed"),
                },
            }
        }
    }

    async fn tell_progress(&self, run: &MatchRun, (phase, percent): (RunPhase, u8)) {
        let progress = RunProgress { phase: Some(phase), percent: Some(percent), ..RunProgress::of(run) };
        self.bus.announce_progress(progress).await;
    }

    async fn renew_run(&self, run: &MatchRun) -> Result<(), StoreError> {
        let tx = self.store.begin().await?;
        store::match_runs::renew(&tx, run, self.lease()).await?;
        self.commit(tx).await
    }

    async fn fail_run(&self, mut run: MatchRun, why: String) -> Result<bool, StoreError> {
        tracing::error!(run = %run.id, program = %run.program_id, why, "a run failed");
        let tx = self.store.begin().await?;
        match persist::fail(&tx, &self.clock, &mut run, why).await {
            Ok(()) => self.commit(tx).await?,
            Err(StoreError::Conflict(_)) => return Ok(false),
            Err(error) => return Err(error),
        }
        self.count_run(&run);
        Ok(true)
    }

    fn count_run(&self, run: &MatchRun) {
        let begun = run.started_at.unwrap_or(run.queued_at);
        METRICS.run_ended(run.status.as_str(), (self.clock.now() - begun).as_seconds_f64());
    }
}
