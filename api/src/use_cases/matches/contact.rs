//! Whether two people are in touch, and how often they mean to be.

use serde_json::json;
use shared::{
    domain::{
        matches::{Match, MatchStatus},
        refusals::RefusalCode,
    },
    store,
};
use uuid::Uuid;

use super::{
    super::{State, UseCaseError, refuse, refuse_field},
    Own, own,
};
use crate::caller::Caller;

/// Notes that the two are in touch, so nobody is reminded.
///
/// # Errors
/// Refused when the match is not ACTIVE, or it is known already.
pub async fn note_first_contact(state: &State, caller: &Caller, id: Uuid) -> Result<Match, UseCaseError> {
    let tx = state.store.begin().await?;
    let Own { mut found, program, .. } = own(&tx, caller, id).await?;
    if found.status != MatchStatus::Active {
        let message = format!("the match is {}; there is no contact to note", found.status);
        return Err(refuse(RefusalCode::NotPossible, message));
    }
    if !state.setting(caller, &program).note_first_contact(&tx, &mut found).await? {
        return Err(refuse(RefusalCode::NotPossible, "the first contact is noted already"));
    }
    state.audit(&tx, caller, "noteFirstContact", found.id, json!({})).await?;
    state.commit(tx).await?;
    Ok(found)
}

/// Notes that the two were in touch lately, so nobody asks them.
///
/// # Errors
/// Refused when the match is not ACTIVE.
pub async fn note_contact(state: &State, caller: &Caller, id: Uuid) -> Result<Match, UseCaseError> {
    let tx = state.store.begin().await?;
    let Own { mut found, program, .. } = own(&tx, caller, id).await?;
    if found.status != MatchStatus::Active {
        let message = format!("the match is {}; there is no contact to note", found.status);
        return Err(refuse(RefusalCode::NotPossible, message));
    }
    state.setting(caller, &program).note_contact(&tx, &mut found, state.clock.now()).await?;
    state.audit(&tx, caller, "noteContact", found.id, json!({})).await?;
    state.commit(tx).await?;
    Ok(found)
}

/// Sets how often the two mean to meet; `None` leaves it to the program again.
///
/// # Errors
/// Refused for a number out of range, and when the match is over.
pub async fn set_match_cadence(
    state: &State,
    caller: &Caller,
    id: Uuid,
    days: Option<i32>,
) -> Result<Match, UseCaseError> {
    let cadence = days.map(|days| u16::try_from(days).ok().filter(|days| (1..=730).contains(days)));
    if cadence == Some(None) {
        return Err(refuse_field(RefusalCode::Invalid, "days", "use 1 to 730 days, or null"));
    }
    let tx = state.store.begin().await?;
    let Own { mut found, .. } = own(&tx, caller, id).await?;
    if !found.status.is_living() {
        return Err(refuse(RefusalCode::NotPossible, format!("the match is {}; it is over", found.status)));
    }
    found.cadence_days = cadence.flatten();
    found.updated_at = state.clock.now();
    store::matches::update(&tx, &mut found).await?;
    state.audit(&tx, caller, "setMatchCadence", found.id, json!({ "days": days })).await?;
    state.commit(tx).await?;
    Ok(found)
}
