//! Which nights are due: one run per program and local date, however many workers ask.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use shared::{
    domain::{
        match_runs::{MatchRun, RunOrigin, RunStatus},
        programs::Program,
        rounds::Round,
    },
    store::{self, StoreError},
};
use uuid::Uuid;

use super::persist;
use crate::{
    Worker,
    schedule::{self, CATCH_UP},
};

/// The most missed nights that are recorded one by one after a long downtime.
const SKIPPED_MAX: usize = 31;

impl Worker {
    /// Queues the latest due night of every program that has somebody to match, and records nights that were missed
    /// before it as skipped. Returns how many runs were queued; a night that has its run already is left alone.
    ///
    /// # Errors
    /// When the database fails. One program that fails does not stop the others.
    pub async fn queue_due_nights(&self) -> Result<usize, StoreError> {
        let mut rounds: HashMap<Uuid, Vec<Round>> = HashMap::new();
        for round in store::rounds::every_living(&self.store).await? {
            rounds.entry(round.program_id).or_default().push(round);
        }
        let mut queued = 0;
        for program in store::programs::every_living(&self.store).await? {
            let rounds = rounds.remove(&program.id).unwrap_or_default();
            match self.queue_night(&program, &rounds).await {
                Ok(new) => queued += usize::from(new),
                Err(error) => tracing::error!(%error, program = %program.id, "a night could not be queued"),
            }
        }
        Ok(queued)
    }

    async fn queue_night(&self, program: &Program, rounds: &[Round]) -> Result<bool, StoreError> {
        let now = self.clock.now();
        let Ok(zone) = program.time_zone.parse::<Tz>() else {
            tracing::error!(program = %program.id, zone = program.time_zone, "the program's time zone is unknown; change it");
            return Ok(false);
        };
        let Some((date, due)) = schedule::latest_due(zone, program.match_at, now) else { return Ok(false) };
        let today = schedule::local_date(zone, now);
        let matched_since = rounds
            .iter()
            .filter(|round| round.is_matched() && round.ends_on.is_none_or(|last| last >= today))
            .map(matched_since)
            .min();
        // A round that is closed at noon waits for the coming night: the one before was not missed.
        let Some(since) = matched_since.filter(|since| *since <= due) else { return Ok(false) };
        let latest = store::match_runs::latest_night(&self.store, program.organization_id, program.id).await?;
        if latest.is_some_and(|latest| latest >= date) {
            return Ok(false);
        }
        let missed = latest.map_or_else(Vec::new, |latest| {
            schedule::nights_between(zone, program.match_at, latest, date, SKIPPED_MAX)
        });
        let tx = self.store.begin().await?;
        for (missed, _) in missed.into_iter().filter(|(_, due)| *due >= since).rev() {
            let why =
                format!("skipped: no worker was running in the night of {missed}, and that of {date} was due too");
            self.insert_night(&tx, program, missed, Some(why)).await?;
        }
        let too_late = now - due > CATCH_UP;
        let why =
            too_late.then(|| format!("skipped: no worker was running until {} hours later", (now - due).num_hours()));
        let new = self.insert_night(&tx, program, date, why).await?;
        self.commit(tx).await?;
        if new {
            tracing::info!(program = %program.id, %date, "a night is due");
        }
        Ok(new && !too_late)
    }

    async fn insert_night(
        &self,
        tx: &store::Tx,
        program: &Program,
        date: NaiveDate,
        skipped: Option<String>,
    ) -> Result<bool, StoreError> {
        let now = self.clock.now();
        let status = if skipped.is_some() { RunStatus::Discarded } else { RunStatus::Queued };
        let run = MatchRun {
            id: self.clock.new_id(),
            organization_id: program.organization_id,
            program_id: program.id,
            local_date: Some(date),
            origin: RunOrigin::Night,
            dry_run: false,
            status,
            requested_by: None,
            report: None,
            error: skipped.clone(),
            fence: 0,
            attempts: 0,
            queued_at: now,
            started_at: None,
            finished_at: skipped.is_some().then_some(now),
            updated_at: now,
        };
        let new = store::match_runs::insert(tx, &run).await?;
        if new {
            persist::record(tx, &self.clock, &run, ("-", status.as_str()), skipped).await?;
        }
        Ok(new)
    }
}

/// Since when nights match this round.
fn matched_since(round: &Round) -> DateTime<Utc> {
    let begun = if round.rolling { round.opened_at.or(round.closed_at) } else { round.closed_at };
    begun.unwrap_or(round.created_at)
}
