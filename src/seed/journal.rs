//! The way of sample rows through their states: every step by the state machine, and a history row for each.

use chrono::{DateTime, Utc};
use shared::{
    domain::{
        enrollments::{Enrollment, EnrollmentEvent, EnrollmentStatus},
        rounds::{Round, RoundEvent, RoundStatus},
        states::NotPossible,
    },
    store::history::StateChange,
};
use uuid::Uuid;

use super::random::Random;

/// Collects the history of one organization.
#[derive(Debug, Default)]
pub(super) struct Journal {
    pub(super) changes: Vec<StateChange>,
}

/// What changed, in which tenant, by whom and when.
#[derive(Clone, Copy)]
struct Step {
    organization_id: Uuid,
    entity: (&'static str, Uuid),
    states: (&'static str, &'static str),
    actor_id: Option<Uuid>,
    at: DateTime<Utc>,
}

impl Journal {
    /// Notes that the round was made.
    pub(super) fn round_made(&mut self, round: &Round, actor_id: Uuid, random: &mut Random) {
        let step = Step {
            organization_id: round.organization_id,
            entity: ("rounds", round.id),
            states: ("-", RoundStatus::Draft.as_str()),
            actor_id: Some(actor_id),
            at: round.created_at,
        };
        self.note(step, random);
    }

    /// Takes a step of a round.
    pub(super) fn round(
        &mut self,
        round: &mut Round,
        event: RoundEvent,
        (actor_id, at): (Uuid, DateTime<Utc>),
        random: &mut Random,
    ) -> Result<(), NotPossible> {
        let from = round.status;
        round.status = from.after(event)?;
        round.updated_at = at;
        match round.status {
            RoundStatus::Open => round.opened_at = Some(at),
            RoundStatus::Closed => round.closed_at = Some(at),
            RoundStatus::Draft | RoundStatus::Running | RoundStatus::Completed | RoundStatus::Canceled => {}
        }
        let step = Step {
            organization_id: round.organization_id,
            entity: ("rounds", round.id),
            states: (from.as_str(), round.status.as_str()),
            actor_id: Some(actor_id),
            at,
        };
        self.note(step, random);
        Ok(())
    }

    /// Notes that somebody applied.
    pub(super) fn applied(&mut self, enrollment: &Enrollment, random: &mut Random) {
        let step = Step {
            organization_id: enrollment.organization_id,
            entity: ("enrollments", enrollment.id),
            states: ("-", EnrollmentStatus::Applied.as_str()),
            actor_id: Some(enrollment.person_id),
            at: enrollment.applied_at,
        };
        self.note(step, random);
    }

    /// Takes a step of an enrollment; `actor_id` is `None` for what the service decides.
    pub(super) fn enrollment(
        &mut self,
        enrollment: &mut Enrollment,
        event: EnrollmentEvent,
        (actor_id, at): (Option<Uuid>, DateTime<Utc>),
        random: &mut Random,
    ) -> Result<(), NotPossible> {
        let from = enrollment.status;
        enrollment.status = from.after(event)?;
        enrollment.updated_at = at;
        let step = Step {
            organization_id: enrollment.organization_id,
            entity: ("enrollments", enrollment.id),
            states: (from.as_str(), enrollment.status.as_str()),
            actor_id,
            at,
        };
        self.note(step, random);
        Ok(())
    }

    fn note(&mut self, step: Step, random: &mut Random) {
        self.changes.push(StateChange {
            id: random.id(step.at),
            organization_id: step.organization_id,
            entity: step.entity.0,
            entity_id: step.entity.1,
            from: step.states.0,
            to: step.states.1,
            actor_id: step.actor_id,
            reason: None,
            at: step.at,
        });
    }
}
