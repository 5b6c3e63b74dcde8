//! People who leave: what they were part of ends, nobody's fault.

use std::collections::HashMap;

use serde_json::json;
use shared::{
    domain::{
        enrollments::{Enrollment, EnrollmentEvent},
        people::Person,
        programs::Program,
        rounds::Round,
    },
    store::{self, StoreError, Tx},
};
use uuid::Uuid;

use super::SyncReport;
use crate::{
    caller::Caller,
    use_cases::{State, UseCaseError, enrollments::leave_round, refuse},
};

/// People who leave together in one transaction; short enough for others to get their turn.
const BATCH: usize = 50;

/// What the history and the partners' coordinators read.
const REASON: &str = "no longer on the roster";

/// Deactivates these people, in batches. Whoever was changed since they were read is missed, and counted.
pub(super) async fn deactivate(
    state: &State,
    caller: &Caller,
    people: &[Person],
    report: &mut SyncReport,
) -> Result<(), UseCaseError> {
    let organization_id = caller.organization_id();
    for batch in people.chunks(BATCH) {
        let tx = state.store.begin().await?;
        let ids: Vec<Uuid> = batch.iter().map(|person| person.id).collect();
        let places = Places::load(&tx, organization_id, &ids).await?;
        let mut gone = Vec::new();
        for person in batch {
            let part = tx.part().await?;
            match leave(&part, state, caller, person, &places).await {
                Ok((enrollments, matches)) => {
                    tx.keep(part).await?;
                    gone.push(person.id);
                    report.enrollments_withdrawn += u64::from(enrollments);
                    report.matches_ended += u64::from(matches);
                }
                Err(UseCaseError::Refused(_)) => {
                    part.undo().await?;
                    report.missed += 1;
                    report.deactivated -= 1;
                }
                Err(error @ (UseCaseError::Store(_) | UseCaseError::Secret(_))) => return Err(error),
            }
        }
        state.audit(&tx, caller, "deactivatePeople", organization_id, json!({ "personIds": gone })).await?;
        state.commit(tx).await?;
    }
    Ok(())
}

async fn leave(
    tx: &Tx,
    state: &State,
    caller: &Caller,
    person: &Person,
    places: &Places,
) -> Result<(u32, u32), UseCaseError> {
    let mut person = person.clone();
    person.active = false;
    person.updated_at = state.clock.now();
    store::people::update(tx, &mut person).await?;
    let (mut enrollments, mut matches) = (0, 0);
    // Read afresh: a partner who left a moment ago may have taken one of these along.
    for mut enrollment in store::enrollments::living_of_people(tx, person.organization_id, &[person.id]).await? {
        let (program, round) = places.of(&enrollment)?;
        let setting = state.setting(caller, program);
        let reason = Some(REASON.to_owned());
        matches += leave_round(tx, &setting, &mut enrollment, round, EnrollmentEvent::Withdraw, reason).await?;
        enrollments += 1;
    }
    Ok((enrollments, matches))
}

/// Where the people of a batch are enrolled.
struct Places {
    programs: HashMap<Uuid, Program>,
    rounds: HashMap<Uuid, Round>,
}

impl Places {
    async fn load(tx: &Tx, organization_id: Uuid, people: &[Uuid]) -> Result<Self, StoreError> {
        let living = store::enrollments::living_of_people(tx, organization_id, people).await?;
        let mut programs: Vec<Uuid> = living.iter().map(|enrollment| enrollment.program_id).collect();
        let mut rounds: Vec<Uuid> = living.iter().map(|enrollment| enrollment.round_id).collect();
        for ids in [&mut programs, &mut rounds] {
            ids.sort();
            ids.dedup();
        }
        let programs = store::programs::find_many(tx, organization_id, &programs).await?;
        let rounds = store::rounds::find_many(tx, organization_id, &rounds).await?;
        Ok(Self {
            programs: programs.into_iter().map(|program| (program.id, program)).collect(),
            rounds: rounds.into_iter().map(|round| (round.id, round)).collect(),
        })
    }

    fn of(&self, enrollment: &Enrollment) -> Result<(&Program, &Round), UseCaseError> {
        let found = self.programs.get(&enrollment.program_id).zip(self.rounds.get(&enrollment.round_id));
        found.ok_or_else(|| refuse(shared::domain::refusals::RefusalCode::Conflict, "the round is gone"))
    }
}
