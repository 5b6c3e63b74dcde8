//! Which nights are due: one run per program and local date, however many workers ask.
//!
//! Every program says when it has to be looked at next (`programs.next_night_at`): when its next night is due, or at once
//! when it was changed. So a tick costs next to nothing for programs whose night is still to come. Those that are due are
//! looked at many at a time, and several workers share them.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use chrono_tz::Tz;
use shared::{
    bus::Topic,
    domain::{
        match_runs::{MatchRun, RunOrigin, RunStatus},
        rounds::Round,
    },
    store::{
        self, StoreError,
        history::{self, Step},
        nights::DueProgram,
    },
};

use crate::{
    Worker,
    schedule::{self, CATCH_UP},
};

/// The most missed nights that are recorded one by one after a long downtime.
const SKIPPED_MAX: usize = 31;
/// How many programs are looked at in one transaction.
const AT_ONCE: u64 = 250;
/// So long after a night was due a program without anybody to match is looked at once more: its round may have been closed
/// just in time by a transaction that was not committed yet.
const LATE_COMMITS: TimeDelta = TimeDelta::minutes(5);
/// When a program that makes no sense is looked at again, unless somebody changes it before.
const NONSENSE: TimeDelta = TimeDelta::hours(1);

/// What comes of a look at a program.
struct Look {
    /// The nights that are to be stored, oldest first; all but the last are missed, and the last may be.
    nights: Vec<Night>,
    /// When to look again.
    next: DateTime<Utc>,
}

struct Night {
    date: NaiveDate,
    /// Why it will not be run.
    skipped: Option<String>,
}

impl Worker {
    /// Queues the latest due night of every program that has somebody to match, and records nights that were missed
    /// before it as skipped. Returns how many runs were queued; a night that has its run already is left alone.
    ///
    /// # Errors
    /// When the database fails; whatever was not looked at is still due. One program that makes no sense does not stop the
    /// others.
    pub async fn queue_due_nights(&self) -> Result<usize, StoreError> {
        let mut queued = 0;
        while !self.is_stopping() {
            let (looked, new) = self.queue_some().await?;
            queued += new;
            if looked == 0 {
                break;
            }
        }
        if queued > 0 {
            tracing::info!(nights = queued, "nights are due");
            self.bus.publish(Topic::RunRequested, "{}").await;
        }
        Ok(queued)
    }

    /// How many programs were looked at, and how many runs were queued.
    async fn queue_some(&self) -> Result<(usize, usize), StoreError> {
        let now = self.clock.now();
        let tx = self.store.begin().await?;
        let programs = store::nights::every_due(&tx, now, AT_ONCE).await?;
        if programs.is_empty() {
            return Ok((0, 0));
        }
        let ids: Vec<_> = programs.iter().map(|program| program.id).collect();
        let rounds = store::nights::every_round(&tx, &ids).await?;
        let latest = store::nights::every_latest(&tx, &ids).await?;
        let sizes = store::nights::every_size(&tx, &ids).await?;
        let (mut nights, mut looks) = (Vec::new(), Vec::new());
        for program in &programs {
            let rounds = rounds.get(&program.id).map_or(&[][..], Vec::as_slice);
            let Look { nights: new, next } = look(program, rounds, latest.get(&program.id).copied(), now);
            looks.push((program.id, next));
            let people = sizes.get(&program.id).copied().unwrap_or(0);
            nights.extend(new.into_iter().map(|night| (self.run_of(program, night, now), people)));
        }
        store::nights::insert_many(&tx, &nights).await?;
        let steps = nights.iter().map(|(run, _)| {
            let states = ("-", run.status.as_str());
            (run, Step { id: self.clock.new_id(), states, actor_id: None, reason: run.error.clone(), at: now })
        });
        history::steps(&tx, steps).await?;
        store::nights::every_look_at(&tx, &looks).await?;
        self.commit(tx).await?;
        Ok((programs.len(), nights.iter().filter(|(run, _)| run.status == RunStatus::Queued).count()))
    }

    fn run_of(&self, program: &DueProgram, night: Night, now: DateTime<Utc>) -> MatchRun {
        let status = if night.skipped.is_some() { RunStatus::Discarded } else { RunStatus::Queued };
        MatchRun {
            id: self.clock.new_id(),
            organization_id: program.organization_id,
            program_id: program.id,
            local_date: Some(night.date),
            origin: RunOrigin::Night,
            dry_run: false,
            status,
            requested_by: None,
            report: None,
            finished_at: night.skipped.is_some().then_some(now),
            error: night.skipped,
            fence: 0,
            attempts: 0,
            queued_at: now,
            started_at: None,
            updated_at: now,
        }
    }
}

/// Which nights a program has got by now.
fn look(program: &DueProgram, rounds: &[Round], latest: Option<NaiveDate>, now: DateTime<Utc>) -> Look {
    let nonsense = Look { nights: Vec::new(), next: now + NONSENSE };
    let (Ok(zone), Some(match_at)) = (program.time_zone.parse::<Tz>(), program.match_at) else {
        let zone = &program.time_zone;
        tracing::error!(program = %program.id, zone, "the program's time zone or time is unknown; change it");
        return nonsense;
    };
    let latest_due = schedule::latest_due(zone, match_at, now);
    let (Some((date, due)), Some(next)) = (latest_due, schedule::next_due(zone, match_at, now)) else {
        return nonsense;
    };
    let nothing = |next| Look { nights: Vec::new(), next };
    if latest.is_some_and(|latest| latest >= date) {
        return nothing(next);
    }
    let today = schedule::local_date(zone, now);
    let matched_since = rounds
        .iter()
        .filter(|round| round.is_matched() && round.ends_on.is_none_or(|last| last >= today))
        .map(matched_since)
        .min();
    // A round that is closed at noon waits for the coming night: the one before was not missed.
    let Some(since) = matched_since.filter(|since| *since <= due) else {
        let once_more = due + LATE_COMMITS;
        return nothing(if once_more > now { once_more.min(next) } else { next });
    };
    let missed =
        latest.map_or_else(Vec::new, |latest| schedule::nights_between(zone, match_at, latest, date, SKIPPED_MAX));
    let missed = missed.into_iter().filter(|(_, due)| *due >= since).rev().map(|(missed, _)| Night {
        date: missed,
        skipped: Some(format!(
            "skipped: no worker was running in the night of {missed}, and that of {date} was due too"
        )),
    });
    let late = now - due;
    let skipped =
        (late > CATCH_UP).then(|| format!("skipped: no worker was running until {} hours later", late.num_hours()));
    Look { nights: missed.chain([Night { date, skipped }]).collect(), next }
}

/// Since when nights match this round.
fn matched_since(round: &Round) -> DateTime<Utc> {
    let begun = if round.rolling { round.opened_at.or(round.closed_at) } else { round.closed_at };
    begun.unwrap_or(round.created_at)
}
