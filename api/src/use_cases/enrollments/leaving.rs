//! Leaving a round: what somebody was part of ends with it, nobody's fault.

use serde_json::json;
use shared::{
    domain::{
        enrollments::{Enrollment, EnrollmentEvent},
        matches::{Match, MatchEvent, MatchStatus, Side},
        people::Person,
        refusals::RefusalCode,
        rounds::Round,
    },
    matchmaking::Setting,
    store::{self, StoreError, Tx},
};
use uuid::Uuid;

use super::{Own, own};
use crate::{
    caller::Caller,
    use_cases::{State, UseCaseError, refuse},
};

/// Leaves a round; living matches end, nobody's fault, and the partners are told.
///
/// # Errors
/// Refused when the enrollment is over.
pub async fn withdraw_enrollment(
    state: &State,
    caller: &Caller,
    id: Uuid,
    reason: Option<String>,
) -> Result<Enrollment, UseCaseError> {
    leave(state, caller, id, EnrollmentEvent::Withdraw, "withdrawEnrollment", reason).await
}

/// Removes a person from a round, by staff.
///
/// # Errors
/// Refused to anyone but staff who look after the person, and when the enrollment is over.
pub async fn remove_enrollment(
    state: &State,
    caller: &Caller,
    id: Uuid,
    reason: Option<String>,
) -> Result<Enrollment, UseCaseError> {
    leave(state, caller, id, EnrollmentEvent::Remove, "removeEnrollment", reason).await
}

async fn leave(
    state: &State,
    caller: &Caller,
    id: Uuid,
    event: EnrollmentEvent,
    action: &'static str,
    reason: Option<String>,
) -> Result<Enrollment, UseCaseError> {
    let tx = state.store.begin().await?;
    let Own { mut enrollment, program, person, round } = own(&tx, caller, id).await?;
    if event == EnrollmentEvent::Remove && !caller.looks_after(person.country.as_deref()) {
        return Err(refuse(RefusalCode::Forbidden, "only staff remove people; withdraw instead"));
    }
    let setting = state.setting(caller, &program);
    leave_round(&tx, &setting, &mut enrollment, &round, event, reason).await?;
    state.audit(&tx, caller, action, enrollment.id, json!({})).await?;
    state.commit(tx).await?;
    Ok(enrollment)
}

/// Takes somebody out of a round: every living match ends, nobody's fault, and the partners are told. Tells how many.
pub(in crate::use_cases) async fn leave_round(
    tx: &Tx,
    setting: &Setting<'_>,
    enrollment: &mut Enrollment,
    round: &Round,
    event: EnrollmentEvent,
    reason: Option<String>,
) -> Result<u32, UseCaseError> {
    setting.step_enrollment(tx, enrollment, event, reason.clone()).await?;
    end_living(tx, setting, enrollment, round, reason).await
}

async fn end_living(
    tx: &Tx,
    setting: &Setting<'_>,
    enrollment: &Enrollment,
    round: &Round,
    reason: Option<String>,
) -> Result<u32, UseCaseError> {
    let organization_id = enrollment.organization_id;
    let mut ended = 0;
    for mut found in store::matches::living_of_enrollment(tx, organization_id, enrollment.id).await? {
        let (a, b) = couple(tx, &found).await?;
        let partner = if found.a.enrollment_id == enrollment.id { Side::B } else { Side::A };
        let proposed = found.status == MatchStatus::Proposed;
        let event = if proposed { MatchEvent::Withdraw } else { MatchEvent::EndEarly };
        let tell = [(partner, round.is_matched())];
        setting.end_match(tx, &mut found, event, reason.clone(), (&a, &b), &tell).await?;
        ended += 1;
    }
    Ok(ended)
}

/// The two people of a match.
pub(in crate::use_cases) async fn couple(tx: &Tx, found: &Match) -> Result<(Person, Person), StoreError> {
    let find = async |id: Uuid| {
        let person = store::people::find(tx, found.organization_id, id).await?;
        person.ok_or(StoreError::Conflict("the match"))
    };
    Ok((find(found.a.person_id).await?, find(found.b.person_id).await?))
}
