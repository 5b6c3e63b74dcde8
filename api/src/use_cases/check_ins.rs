//! Check-ins: say how it goes, or how it was.

use serde_json::json;
use shared::{
    domain::{
        check_ins::{CheckIn, CheckInAnswer, CheckInKind},
        matches::MatchStatus,
    },
    store,
};
use uuid::Uuid;

use super::{State, UseCaseError, not_found};
use crate::caller::Caller;

/// Answers a check-in, or answers it anew. Whoever answers while the match goes on gives a sign of life.
///
/// # Errors
/// Refused for values out of range; somebody else's check-in is not there.
pub async fn answer_check_in(
    state: &State,
    caller: &Caller,
    id: Uuid,
    answer: CheckInAnswer,
) -> Result<CheckIn, UseCaseError> {
    let missing = || not_found("id", "check-in");
    let tx = state.store.begin().await?;
    let organization_id = caller.organization_id();
    let found = store::check_ins::find(&tx, organization_id, id).await?;
    let mut found = found.filter(|found| found.person_id == caller.person_id()).ok_or_else(missing)?;
    found.answer(answer, state.clock.now()).map_err(UseCaseError::Refused)?;
    store::check_ins::update(&tx, &found).await?;
    let of = store::matches::find(&tx, organization_id, found.match_id).await?;
    if let Some(mut of) = of.filter(|of| of.status == MatchStatus::Active && found.kind == CheckInKind::Pulse) {
        let program = store::programs::find(&tx, organization_id, of.program_id).await?.ok_or_else(missing)?;
        state.setting(caller, &program).note_contact(&tx, &mut of, state.clock.now()).await?;
    }
    // What somebody answers stays out of the audit log, which more people read.
    state.audit(&tx, caller, "answerCheckIn", found.id, json!({})).await?;
    state.commit(tx).await?;
    Ok(found)
}
