//! State changes, for showing.

use async_graphql::{Context, Object, Result};
use shared::store::history::PastChange;
use uuid::Uuid;

use super::{
    people::Person,
    reader::{Maybe, reader},
    scalars::Instant,
};

/// One step in the life of a match or an enrollment.
#[derive(Clone, Debug)]
pub(super) struct StateChange {
    change: PastChange,
    /// Whether the reader may know who did it, and why.
    whole: bool,
}

/// The steps of a thing the reader sees. `is_staff`: as staff, not as somebody whom it is about.
pub(super) async fn history(ctx: &Context<'_>, entity_id: Uuid, is_staff: bool) -> Result<Vec<StateChange>> {
    let reader = reader(ctx)?;
    let own = Some(reader.caller.person_id());
    let steps = reader.history(entity_id).await?.into_iter();
    Ok(steps.map(|change| StateChange { whole: is_staff || change.actor_id == own, change }).collect())
}

/// One step in the life of a match or an enrollment.
#[Object]
impl StateChange {
    /// The state before; null for the first step.
    async fn from(&self) -> Option<&str> {
        Some(self.change.from.as_str()).filter(|from| *from != "-")
    }

    /// The state after.
    async fn to(&self) -> &str {
        &self.change.to
    }

    /// When.
    async fn at(&self) -> Instant {
        Instant(self.change.at)
    }

    /// Who did it: for staff, and for the person who did it. Null for everybody else, and when time or the nightly run
    /// did it.
    async fn actor(&self, ctx: &Context<'_>) -> Maybe<Person> {
        let actor = self.change.actor_id.filter(|_| self.whole)?;
        let person = async { Ok(reader(ctx)?.person(actor).await?.map(Person)) };
        person.await.transpose()
    }

    /// Why, in the words of whoever did it. For staff, and for the person who did it; null for everybody else.
    async fn reason(&self) -> Option<&str> {
        self.change.reason.as_deref().filter(|_| self.whole)
    }
}
