//! Check-ins: how people are doing with their matches.

use async_graphql::{Context, ID, Object};
use shared::{domain::check_ins, store::lists::matches::MatchList};

use super::{
    connections::order,
    ids::{Kind, global},
    matches::Match,
    people::Person,
    reader::{Maybe, find, reader},
    scalars::Instant,
    words::CheckInKind,
};

order! {
    /// The order of a list of check-ins; by default the latest first.
    CheckInOrder, CheckInOrderField = "shared::store::lists::check_ins::CheckInOrder" shared::store::lists::check_ins::CheckInOrder {
        /// When they were asked.
        AskedAt,
    } default AskedAt Desc
}

impl From<check_ins::CheckIn> for CheckIn {
    fn from(found: check_ins::CheckIn) -> Self {
        Self(found)
    }
}

/// One person was asked about one match.
#[derive(Clone, Debug)]
pub(super) struct CheckIn(pub(super) check_ins::CheckIn);

/// One person was asked how it goes with a match, or how it was, and perhaps answered. For the person, and staff who look
/// after them; never for the partner.
#[Object]
impl CheckIn {
    /// Its global id.
    pub(super) async fn id(&self) -> ID {
        global(Kind::CheckIn, self.0.id)
    }

    /// The match.
    async fn r#match(&self, ctx: &Context<'_>) -> Maybe<Match> {
        find::<MatchList>(ctx, self.0.match_id).await
    }

    /// Who was asked.
    async fn person(&self, ctx: &Context<'_>) -> Maybe<Person> {
        let person = async { Ok(reader(ctx)?.person(self.0.person_id).await?.map(Person)) };
        person.await.transpose()
    }

    /// On which occasion.
    async fn kind(&self) -> CheckInKind {
        self.0.kind.into()
    }

    /// When it was asked.
    async fn asked_at(&self) -> Instant {
        Instant(self.0.asked_at)
    }

    /// When it was answered last; null if it was not yet.
    async fn answered_at(&self) -> Option<Instant> {
        self.0.answered_at.map(Instant)
    }

    /// How content the person is, 1 (not at all) to 5 (very); null before the answer.
    async fn satisfaction(&self) -> Option<i32> {
        self.0.satisfaction.map(i32::from)
    }

    /// Of a wrap-up, whether the person would do it again; null if they did not say.
    async fn again(&self) -> Option<bool> {
        self.0.again
    }

    /// The person's own words; null if there are none.
    async fn note(&self) -> Option<&str> {
        self.0.note.as_deref()
    }
}
