//! Mutations of constraints.

use async_graphql::{Context, ID, InputObject, Object};

use super::payloads::{codes, payload, settle, take};
use crate::{
    graphql::{
        constraints::Constraint,
        ids::{Kind, global},
        reader::{Maybe, Reader, reader},
        words::ConstraintKind,
    },
    use_cases::constraints::{self, ConstraintDraft},
};

/// A new constraint on a pair.
#[derive(InputObject, Clone, Debug)]
pub(super) struct CreateConstraintInput {
    /// The program's id; it holds in all its rounds.
    program_id: ID,
    /// PIN and FORBID are for staff of all countries; AVOID is everybody's own confidential wish.
    kind: ConstraintKind,
    /// The id of one of the two; of an AVOID the caller's own.
    person_a: ID,
    /// The id of the other one.
    person_b: ID,
    /// Why, in at most 1,000 characters.
    reason: Option<String>,
}

/// A constraint to remove.
#[derive(InputObject, Clone, Debug)]
pub(super) struct DeleteConstraintInput {
    /// The constraint's id.
    id: ID,
}

payload! {
    /// What became of `createConstraint`.
    CreateConstraintPayload as "createConstraint" {
        /// The new constraint; null when it was refused.
        constraint: Constraint
    } CreateConstraintUserError CreateConstraintErrorCode: Invalid NotFound Forbidden AlreadyExists Constrained
}

payload! {
    /// What became of `deleteConstraint`.
    DeleteConstraintPayload as "deleteConstraint" {
        /// The id of the constraint that is gone; null when it was refused.
        deleted_constraint_id: ID
    } DeleteConstraintUserError DeleteConstraintErrorCode: Invalid NotFound Forbidden
}

/// Mutations of constraints.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct ConstraintMutations;

#[Object]
impl ConstraintMutations {
    /// Pins or forbids a pair, for staff of all countries; or asks confidentially not to be matched with somebody, for
    /// everybody.
    async fn create_constraint(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The pair, and what is decided.")] input: CreateConstraintInput,
    ) -> Maybe<CreateConstraintPayload> {
        settle(async {
            let Reader { state, caller, .. } = reader(ctx)?;
            let draft = ConstraintDraft {
                program_id: take(Kind::Program, "programId", &input.program_id)?,
                kind: input.kind.into(),
                person_a: take(Kind::Person, "personA", &input.person_a)?,
                person_b: take(Kind::Person, "personB", &input.person_b)?,
                reason: input.reason,
            };
            Ok(Constraint::from(constraints::create_constraint(state, caller, draft).await?))
        })
        .await
    }

    /// Removes a constraint that the caller sees.
    async fn delete_constraint(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The constraint.")] input: DeleteConstraintInput,
    ) -> Maybe<DeleteConstraintPayload> {
        settle(async {
            let Reader { state, caller, .. } = reader(ctx)?;
            let id = take(Kind::Constraint, "id", &input.id)?;
            Ok(global(Kind::Constraint, constraints::delete_constraint(state, caller, id).await?))
        })
        .await
    }
}
