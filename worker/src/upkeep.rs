//! Upkeep: what time alone decides. Proposals nobody answered expire, pauses end, rounds past their last day are
//! completed, the calendars of matches are kept, idempotency keys are forgotten with the answers under them.
//!
//! Each item is looked at again and stored in a transaction of its own, so two workers do no harm and one item that
//! fails does not stop the others.

use chrono::{DateTime, Days, TimeDelta, Utc};
use shared::{
    domain::{
        enrollments::{Enrollment, EnrollmentEvent, EnrollmentStatus, is_complete},
        matches::{Match, MatchEvent, MatchStatus},
        organizations::Organization,
        programs::Program,
        rounds::{Round, RoundEvent, RoundStatus},
    },
    matchmaking::{Setting, StepError},
    store::{self, StoreError, Tx},
};
use uuid::Uuid;

use crate::{Worker, schedule};

#[cfg(test)]
mod tests;

/// How many items of a kind are done at one time; the rest waits for the next tick.
const BATCH: u64 = 500;

impl Worker {
    /// Does what is due and returns how many items changed.
    ///
    /// # Errors
    /// When the database cannot say what is due. An item that fails is logged and tried again at the next tick.
    pub async fn upkeep(&self) -> Result<usize, StoreError> {
        let now = self.clock.now();
        // The latest date anywhere; each program's own date decides.
        let latest = now.date_naive().checked_add_days(Days::new(1)).unwrap_or(now.date_naive());
        let mut done = 0;
        for found in store::matches::every_overdue_proposal(&self.store, now, BATCH).await? {
            done += self.count("match", found.id, self.expire(&found).await);
        }
        for found in store::enrollments::every_pause_until(&self.store, latest, BATCH).await? {
            done += self.count("enrollment", found.id, self.resume(&found).await);
        }
        for found in store::rounds::every_ended_before(&self.store, latest, BATCH).await? {
            done += self.count("round", found.id, self.complete(&found).await);
        }
        self.keep_calendars().await?;
        let horizon = now - TimeDelta::days(self.config.events.retention_days.into());
        for organization_id in store::events::every_older_than(&self.store, horizon).await? {
            let dropped = self.drop_events(organization_id, horizon).await?;
            if dropped > 0 {
                tracing::info!(organization = %organization_id, dropped, "old events were deleted");
            }
        }
        self.forget_sign_ins().await?;
        // Answers are kept for those who ask again, and hold what they were told: not longer than they need it.
        let forgotten = store::idempotency_keys::every_expired_forgotten(&self.store, BATCH).await?;
        Ok(done + usize::try_from(forgotten).unwrap_or(0))
    }

    /// Deletes what is too old of one organization's log, a little at a time.
    async fn drop_events(&self, organization_id: Uuid, horizon: DateTime<Utc>) -> Result<usize, StoreError> {
        let mut dropped = 0;
        while !self.is_stopping() {
            let tx = self.store.begin().await?;
            let now = store::events::drop_before(&tx, organization_id, horizon, BATCH).await?;
            tx.commit().await?;
            dropped += now;
            if now == 0 {
                break;
            }
        }
        Ok(dropped)
    }

    fn count(&self, what: &'static str, id: Uuid, outcome: Result<bool, StepError>) -> usize {
        match outcome {
            Ok(changed) => usize::from(changed),
            Err(error) => {
                tracing::warn!(%error, worker = %self.instance, what, %id, "upkeep failed for one item");
                0
            }
        }
    }

    /// Closes a proposal that was not answered in time. Nobody is written to: the next night looks for somebody else.
    async fn expire(&self, found: &Match) -> Result<bool, StepError> {
        let tx = self.store.begin().await?;
        let now = self.clock.now();
        let Some(mut found) = store::matches::find(&tx, found.organization_id, found.id).await? else {
            return Ok(false);
        };
        if found.status != MatchStatus::Proposed || found.answer_by.is_none_or(|until| until > now) {
            return Ok(false);
        }
        let Some((organization, program)) = self.owner(&tx, found.organization_id, found.program_id).await? else {
            return Ok(false);
        };
        let ids = [found.a.person_id, found.b.person_id];
        let people = store::people::find_many(&tx, found.organization_id, &ids).await?;
        let person = |id| people.iter().find(|person| person.id == id);
        let (Some(a), Some(b)) = (person(ids[0]), person(ids[1])) else { return Ok(false) };
        let reason = Some("not answered in time".to_owned());
        self.setting(&organization, &program)
            .end_match(&tx, &mut found, MatchEvent::Expire, reason, (a, b), &[])
            .await?;
        self.commit(tx).await?;
        Ok(true)
    }

    /// Ends a pause whose day has come on the program's calendar.
    async fn resume(&self, found: &Enrollment) -> Result<bool, StepError> {
        let tx = self.store.begin().await?;
        let found = store::enrollments::find(&tx, found.organization_id, found.id).await?;
        let Some(mut found) = found.filter(|found| found.status == EnrollmentStatus::Paused) else { return Ok(false) };
        let Some((organization, program)) = self.owner(&tx, found.organization_id, found.program_id).await? else {
            return Ok(false);
        };
        let today = self.today(&program);
        if found.paused_until.is_none_or(|until| until > today) {
            return Ok(false);
        }
        let setting = self.setting(&organization, &program);
        setting.step_enrollment(&tx, &mut found, EnrollmentEvent::Resume, Some("the pause ended".to_owned())).await?;
        // The program may have got new questions meanwhile.
        if !is_complete(&found, &program) {
            setting.step_enrollment(&tx, &mut found, EnrollmentEvent::Reopen, None).await?;
        }
        self.commit(tx).await?;
        Ok(true)
    }

    /// Completes a round whose last day is over on the program's calendar, with everything that lives in it. One that
    /// was opened but never closed is left to staff.
    async fn complete(&self, found: &Round) -> Result<bool, StepError> {
        let tx = self.store.begin().await?;
        let Some(mut found) = store::rounds::find(&tx, found.organization_id, found.id).await? else {
            return Ok(false);
        };
        let Some((organization, program)) = self.owner(&tx, found.organization_id, found.program_id).await? else {
            return Ok(false);
        };
        let today = self.today(&program);
        if !found.is_matched() || found.ends_on.is_none_or(|last| last >= today) {
            return Ok(false);
        }
        let setting = self.setting(&organization, &program);
        if found.status != RoundStatus::Running {
            setting.step_round(&tx, &mut found, RoundEvent::Start).await?;
        }
        setting.step_round(&tx, &mut found, RoundEvent::Complete).await?;
        setting.wind_up_round(&tx, &found, RoundEvent::Complete).await?;
        self.commit(tx).await?;
        tracing::info!(round = %found.id, "a round is completed");
        Ok(true)
    }

    async fn owner(
        &self,
        tx: &Tx,
        organization_id: Uuid,
        program_id: Uuid,
    ) -> Result<Option<(Organization, Program)>, StoreError> {
        let organization = store::organizations::find(tx, organization_id).await?;
        let program = store::programs::find(tx, organization_id, program_id).await?;
        Ok(organization.zip(program))
    }

    fn setting<'a>(&'a self, organization: &'a Organization, program: &'a Program) -> Setting<'a> {
        Setting { organization, program, clock: &self.clock, actor_id: None }
    }

    fn today(&self, program: &Program) -> chrono::NaiveDate {
        schedule::local_date(program.time_zone.parse().unwrap_or(chrono_tz::UTC), self.clock.now())
    }
}
