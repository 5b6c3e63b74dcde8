//! Sessions: meetings of a match.

use async_graphql::{Context, ID, InputObject, Object};
use chrono::{DateTime, TimeDelta, Utc};
use shared::{
    domain::sessions,
    store::lists::{matches::MatchList, sessions::SessionList},
};

use super::{
    connections::order,
    history::{StateChange, history},
    ids::{Kind, global},
    matches::Match,
    people::Person,
    reader::{Maybe, find, reader},
    scalars::Instant,
    words::SessionStatus,
};

order! {
    /// The order of a list of sessions; by default the earliest first.
    SessionOrder, SessionOrderField = "shared::store::lists::sessions::SessionOrder" shared::store::lists::sessions::SessionOrder {
        /// When they begin.
        StartsAt,
        /// When they were suggested first.
        CreatedAt,
    } default StartsAt Asc
}

/// Which sessions.
#[derive(InputObject, Clone, Debug, Default)]
pub(super) struct SessionWhere {
    /// In one of these states.
    statuses: Option<Vec<SessionStatus>>,
    /// Which begin at this moment or later.
    starts_from: Option<Instant>,
    /// Which begin before this moment.
    starts_before: Option<Instant>,
}

impl SessionWhere {
    pub(super) fn list(filter: Option<Self>) -> SessionList {
        let Self { statuses, starts_from, starts_before } = filter.unwrap_or_default();
        SessionList {
            statuses: statuses.unwrap_or_default().into_iter().map(Into::into).collect(),
            starts_from: starts_from.map(|instant| instant.0),
            starts_before: starts_before.map(|instant| instant.0),
        }
    }

    /// What is before somebody. To the minute, so that the same list asked for twice at once is one.
    pub(super) fn coming(now: DateTime<Utc>) -> SessionList {
        let open = |status: &sessions::SessionStatus| status.is_open();
        let minute = now - TimeDelta::seconds(now.timestamp().rem_euclid(60));
        SessionList {
            statuses: sessions::SessionStatus::ALL.iter().copied().filter(open).collect(),
            starts_from: Some(minute),
            starts_before: None,
        }
    }
}

impl From<sessions::Session> for Session {
    fn from(session: sessions::Session) -> Self {
        Self(session)
    }
}

/// A meeting of the two of a match.
#[derive(Clone, Debug)]
pub(super) struct Session(pub(super) sessions::Session);

/// A meeting of the two of a match: proposed, agreed on, perhaps moved, and held. For the two, and staff who look after at
/// least one of them.
#[Object]
impl Session {
    /// Its global id.
    pub(super) async fn id(&self) -> ID {
        global(Kind::Session, self.0.id)
    }

    /// The match.
    async fn r#match(&self, ctx: &Context<'_>) -> Maybe<Match> {
        find::<MatchList>(ctx, self.0.match_id).await
    }

    /// Where it stands.
    async fn status(&self) -> SessionStatus {
        self.0.status.into()
    }

    /// When it begins.
    async fn starts_at(&self) -> Instant {
        Instant(self.0.appointment.starts_at)
    }

    /// When it ends.
    async fn ends_at(&self) -> Instant {
        Instant(self.0.ends_at())
    }

    /// How long it takes, in minutes.
    async fn minutes(&self) -> i32 {
        self.0.appointment.minutes.into()
    }

    /// Where: a room, or an address to click; null if nobody said.
    async fn place(&self) -> Option<&str> {
        self.0.appointment.place.as_deref()
    }

    /// What for; null if nobody said.
    async fn agenda(&self) -> Option<&str> {
        self.0.appointment.agenda.as_deref()
    }

    /// Who suggested the present time.
    async fn proposed_by(&self, ctx: &Context<'_>) -> Maybe<Person> {
        let person = async { Ok(reader(ctx)?.person(self.0.proposed_by).await?.map(Person)) };
        person.await.transpose()
    }

    /// Whether the time waits for the caller's answer.
    async fn is_my_turn(&self, ctx: &Context<'_>) -> Maybe<bool> {
        Some(reader(ctx).map(|reader| {
            let me = reader.caller.person_id();
            let is_one_of_them = [self.0.person_a, self.0.person_b].contains(&me);
            self.0.status == sessions::SessionStatus::Proposed && is_one_of_them && self.0.proposed_by != me
        }))
    }

    /// When the two first agreed on a time; null if they did not yet.
    async fn agreed_at(&self) -> Option<Instant> {
        self.0.agreed_at.map(Instant)
    }

    /// Why it was called off; null if it was not, or the match ended.
    async fn cancel_reason(&self) -> Option<&str> {
        self.0.cancel_reason.as_deref()
    }

    /// Its steps from state to state, oldest first.
    async fn history(&self, ctx: &Context<'_>) -> Maybe<Vec<StateChange>> {
        let steps = async {
            let me = reader(ctx)?.caller.person_id();
            history(ctx, self.0.id, ![self.0.person_a, self.0.person_b].contains(&me)).await
        };
        Some(steps.await)
    }

    /// Counts changes.
    async fn version(&self) -> i32 {
        self.0.version
    }

    /// When it was suggested first.
    async fn created_at(&self) -> Instant {
        Instant(self.0.created_at)
    }

    /// When it last changed.
    async fn updated_at(&self) -> Instant {
        Instant(self.0.updated_at)
    }
}
