//! Constraints on pairs.

use async_graphql::{Context, ID, InputObject, Object};
use shared::{
    domain::constraints,
    store::lists::{constraints::ConstraintList, people::PersonList},
};

use super::{
    connections::order,
    ids::{Kind, global},
    people::Person,
    programs::Program,
    reader::{Maybe, find, reader},
    scalars::Instant,
    words::ConstraintKind,
};

order! {
    /// The order of a list of constraints; by default the latest first. Constraints never change.
    ConstraintOrder, ConstraintOrderField = "shared::store::lists::constraints::ConstraintOrder" shared::store::lists::constraints::ConstraintOrder {
        /// When they were made.
        CreatedAt,
    } default CreatedAt Desc
}

/// Which constraints.
#[derive(InputObject, Clone, Debug, Default)]
pub(super) struct ConstraintWhere {
    /// Of one of these kinds.
    kinds: Option<Vec<ConstraintKind>>,
}

impl ConstraintWhere {
    pub(super) fn list(filter: Option<Self>) -> ConstraintList {
        let kinds = filter.and_then(|filter| filter.kinds).unwrap_or_default();
        ConstraintList { kinds: kinds.into_iter().map(Into::into).collect() }
    }
}

impl From<constraints::Constraint> for Constraint {
    fn from(constraint: constraints::Constraint) -> Self {
        Self(constraint)
    }
}

/// A decision about one pair of people.
#[derive(Clone, Debug)]
pub(super) struct Constraint(constraints::Constraint);

/// A decision about one pair of people, for all rounds of a program. PIN and FORBID are for staff of all countries; an
/// AVOID is shown to the person who asked for it and to nobody else.
#[Object]
impl Constraint {
    /// Its global id.
    pub(super) async fn id(&self) -> ID {
        global(Kind::Constraint, self.0.id)
    }

    /// The program.
    async fn program(&self, ctx: &Context<'_>) -> Maybe<Program> {
        let program = async { Ok(reader(ctx)?.program(self.0.program_id).await?.map(Program)) };
        program.await.transpose()
    }

    /// What was decided.
    async fn kind(&self) -> ConstraintKind {
        self.0.kind.into()
    }

    /// One of the two; of an AVOID the person who asked.
    async fn person_a(&self, ctx: &Context<'_>) -> Maybe<Person> {
        find::<PersonList>(ctx, self.0.person_a).await
    }

    /// The other one; null when the caller may not see them, as somebody the caller was never matched with.
    async fn person_b(&self, ctx: &Context<'_>) -> Maybe<Person> {
        find::<PersonList>(ctx, self.0.person_b).await
    }

    /// Why; null if nobody said.
    async fn reason(&self) -> Option<&str> {
        self.0.reason.as_deref()
    }

    /// Who decided; null if they are gone.
    async fn created_by(&self, ctx: &Context<'_>) -> Maybe<Person> {
        let created_by = self.0.created_by?;
        let person = async { Ok(reader(ctx)?.person(created_by).await?.map(Person)) };
        person.await.transpose()
    }

    /// When.
    async fn created_at(&self) -> Instant {
        Instant(self.0.created_at)
    }
}
