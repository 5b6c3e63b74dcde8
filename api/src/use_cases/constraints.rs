//! Constraints: pin and forbid pairs (staff), and the confidential wish not to be matched with somebody.

use serde_json::json;
use shared::{
    domain::{
        constraints::{Constraint, ConstraintKind},
        refusals::RefusalCode,
    },
    store,
};
use uuid::Uuid;

use super::{State, UseCaseError, duplicate, needs_program_staff, not_found, refuse, refuse_field};
use crate::caller::Caller;

/// A new constraint.
#[derive(Clone, Debug)]
pub struct ConstraintDraft {
    /// The program; it holds in all its rounds.
    pub program_id: Uuid,
    /// PIN and FORBID are staff's, AVOID is a person's own.
    pub kind: ConstraintKind,
    /// One person; for AVOID the caller.
    pub person_a: Uuid,
    /// The other.
    pub person_b: Uuid,
    /// For staff only, at most 1,000 characters.
    pub reason: Option<String>,
}

/// Sets a constraint on a pair.
///
/// # Errors
/// Refused to anyone but program staff (AVOID: the person themselves), when a PIN meets a FORBID, and when it stands already.
pub async fn create_constraint(
    state: &State,
    caller: &Caller,
    draft: ConstraintDraft,
) -> Result<Constraint, UseCaseError> {
    let organization_id = caller.organization_id();
    if draft.kind == ConstraintKind::Avoid {
        if draft.person_a != caller.person_id() {
            let message = "whom to avoid is everybody's own decision; personA must be you";
            return Err(refuse_field(RefusalCode::Forbidden, "personA", message));
        }
    } else {
        needs_program_staff(caller)?;
    }
    if draft.person_a == draft.person_b {
        return Err(refuse_field(RefusalCode::Invalid, "personB", "name two different people"));
    }
    if draft.reason.as_ref().is_some_and(|reason| reason.chars().count() > 1_000) {
        return Err(refuse_field(RefusalCode::Invalid, "reason", "keep it to 1,000 characters"));
    }
    let program = state.program(caller, draft.program_id).await?;
    let tx = state.store.begin().await?;
    for (field, id) in [("personA", draft.person_a), ("personB", draft.person_b)] {
        store::people::find(&tx, organization_id, id).await?.ok_or_else(|| not_found(field, "person"))?;
    }
    let between = store::constraints::between(&tx, organization_id, program.id, draft.person_a, draft.person_b).await?;
    let opposite = match draft.kind {
        ConstraintKind::Pin => Some(ConstraintKind::Forbid),
        ConstraintKind::Forbid => Some(ConstraintKind::Pin),
        ConstraintKind::Avoid => None,
    };
    if let Some(other) = between.iter().find(|standing| Some(standing.kind) == opposite) {
        let message = format!("a {} of these two stands; delete it first", other.kind);
        return Err(refuse(RefusalCode::Constrained, message));
    }
    let ordered = (draft.person_a.min(draft.person_b), draft.person_a.max(draft.person_b));
    let (person_a, person_b) = match draft.kind {
        ConstraintKind::Avoid => (draft.person_a, draft.person_b),
        ConstraintKind::Pin | ConstraintKind::Forbid => ordered,
    };
    let constraint = Constraint {
        id: state.clock.new_id(),
        organization_id,
        program_id: program.id,
        kind: draft.kind,
        person_a,
        person_b,
        reason: draft.reason,
        created_by: Some(caller.person_id()),
        created_at: state.clock.now(),
    };
    let stored = store::constraints::insert(&tx, &constraint).await;
    stored.map_err(|error| duplicate(error, "kind", "this constraint stands already"))?;
    // The audit log is read by staff: it must not betray a confidential wish.
    let details = match constraint.kind {
        ConstraintKind::Avoid => json!({ "kind": "AVOID" }),
        kind @ (ConstraintKind::Pin | ConstraintKind::Forbid) => {
            json!({ "kind": kind.as_str(), "personIds": [person_a, person_b] })
        }
    };
    state.audit(&tx, caller, "createConstraint", constraint.id, details).await?;
    tx.commit().await?;
    Ok(constraint)
}

/// Removes a constraint.
///
/// # Errors
/// Refused to anyone but program staff; an AVOID can only be removed by the person who set it.
pub async fn delete_constraint(state: &State, caller: &Caller, id: Uuid) -> Result<Uuid, UseCaseError> {
    let tx = state.store.begin().await?;
    let standing = store::constraints::find(&tx, caller.organization_id(), id).await?;
    let visible = standing.filter(|standing| match standing.kind {
        ConstraintKind::Avoid => standing.person_a == caller.person_id(),
        ConstraintKind::Pin | ConstraintKind::Forbid => caller.runs_programs(),
    });
    visible.ok_or_else(|| not_found("id", "constraint"))?;
    store::constraints::delete(&tx, caller.organization_id(), id).await?;
    state.audit(&tx, caller, "deleteConstraint", id, json!({})).await?;
    tx.commit().await?;
    Ok(id)
}
