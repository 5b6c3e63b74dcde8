//! Steps of rounds and enrollments, each stored with its history.

use super::{Setting, StepError};
use crate::{
    domain::{
        enrollments::{Enrollment, EnrollmentEvent, EnrollmentStatus},
        matches::{MatchEvent, MatchStatus, Side},
        rounds::{Round, RoundEvent},
    },
    store::{self, Tx},
};

impl Setting<'_> {
    /// Takes one step of a round.
    ///
    /// # Errors
    /// [`StepError::NotPossible`] when the state does not allow it.
    pub async fn step_round(&self, tx: &Tx, round: &mut Round, event: RoundEvent) -> Result<(), StepError> {
        let from = round.status;
        round.status = from.after(event)?;
        round.updated_at = self.clock.now();
        match event {
            RoundEvent::Open => round.opened_at = Some(self.clock.now()),
            RoundEvent::Close => round.closed_at = Some(self.clock.now()),
            RoundEvent::Start | RoundEvent::Complete | RoundEvent::Cancel => {}
        }
        store::rounds::update(tx, round, from).await?;
        self.record(tx, round, (from.as_str(), round.status.as_str()), None).await?;
        Ok(())
    }

    /// Takes one step of an enrollment.
    ///
    /// # Errors
    /// [`StepError::NotPossible`] when the state does not allow it.
    pub async fn step_enrollment(
        &self,
        tx: &Tx,
        enrollment: &mut Enrollment,
        event: EnrollmentEvent,
        reason: Option<String>,
    ) -> Result<(), StepError> {
        let from = enrollment.status;
        enrollment.status = from.after(event)?;
        enrollment.updated_at = self.clock.now();
        if enrollment.status != EnrollmentStatus::Paused {
            enrollment.paused_until = None;
        }
        store::enrollments::update(tx, enrollment).await?;
        let steps = (from.as_str(), enrollment.status.as_str());
        self.record(tx, enrollment, steps, reason).await?;
        Ok(())
    }

    /// Ends what still lives in a round that was completed or canceled: proposals are withdrawn, matches are completed
    /// or ended early, and everybody in them is told.
    ///
    /// # Errors
    /// When somebody changed one of them meanwhile or the database is gone; the caller rolls back then.
    pub async fn wind_up_round(&self, tx: &Tx, round: &Round, event: RoundEvent) -> Result<(), StepError> {
        let organization_id = round.organization_id;
        let completed = event == RoundEvent::Complete;
        let reason = format!("the round is {}", round.status.as_str().to_lowercase());
        for mut found in store::matches::living_of_round(tx, organization_id, round.id).await? {
            let ids = [found.a.person_id, found.b.person_id];
            let people = store::people::find_many(tx, organization_id, &ids).await?;
            let person = |id| people.iter().find(|person| person.id == id);
            let (Some(a), Some(b)) = (person(ids[0]), person(ids[1])) else { continue };
            let event = match (found.status, completed) {
                (MatchStatus::Proposed, _) => MatchEvent::Withdraw,
                (_, true) => MatchEvent::Complete,
                (_, false) => MatchEvent::EndEarly,
            };
            let tell = [(Side::A, false), (Side::B, false)];
            self.end_match(tx, &mut found, event, Some(reason.clone()), (a, b), &tell).await?;
        }
        let statuses: Vec<EnrollmentStatus> =
            EnrollmentStatus::ALL.iter().copied().filter(|status| status.is_living()).collect();
        for mut enrollment in store::enrollments::of_round(tx, organization_id, round.id, &statuses).await? {
            // Somebody who was never active did not complete anything.
            let complete = completed && enrollment.status.after(EnrollmentEvent::Complete).is_ok();
            let event = if complete { EnrollmentEvent::Complete } else { EnrollmentEvent::Withdraw };
            self.step_enrollment(tx, &mut enrollment, event, Some(reason.clone())).await?;
        }
        Ok(())
    }
}
