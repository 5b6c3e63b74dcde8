//! Reports about mail that could not be delivered.

use serde_json::json;
use shared::bounces::{self, Applied, BounceOutcome, Report};

use super::{State, UseCaseError, needs_program_staff};
use crate::caller::Caller;

/// Applies a report to the caller's organization, and to no other.
///
/// # Errors
/// Refused to anyone but administrators and coordinators of all countries: a report is about anybody.
pub async fn take_bounce(state: &State, caller: &Caller, report: &Report) -> Result<Applied, UseCaseError> {
    needs_program_staff(caller)?;
    let tx = state.store.begin().await?;
    let applied = bounces::apply(&tx, &state.clock, caller.organization_id(), report).await?;
    let Applied::Done(outcomes) = &applied else { return Ok(applied) };
    let changes: Vec<&str> =
        outcomes.iter().copied().filter(|outcome| outcome.is_change()).map(BounceOutcome::as_str).collect();
    if let Some(message_id) = report.about.filter(|_| !changes.is_empty()) {
        state.audit(&tx, caller, "takeBounce", message_id, json!({ "outcomes": changes })).await?;
        state.commit(tx).await?;
    }
    Ok(applied)
}
