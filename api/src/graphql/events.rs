//! The event log.

use async_graphql::{Context, ID, InputObject, Object, Result};
use shared::{
    domain::events::{self, EventKind},
    store::{
        self,
        lists::{Key, Stretch, events::EventList},
    },
};

use super::{
    connections::order,
    errors::{ErrorCode, fail},
    ids::{Kind, global, read},
    reader::reader,
    scalars::Instant,
};

order! {
    /// The order of the event log; by default the oldest first. Events never change.
    EventOrder, EventOrderField = "shared::store::lists::events::EventOrder" shared::store::lists::events::EventOrder {
        /// Their place in the log. Whatever is added to the log later stands after all that could be read before.
        Position,
    } default Position Asc
}

/// Which events.
#[derive(InputObject, Clone, Debug, Default)]
pub(super) struct EventWhere {
    /// Of one of these kinds, such as `match.activated`; the list is at `Event.kind`.
    kinds: Option<Vec<String>>,
    /// That happened to the thing with this id.
    entity_id: Option<ID>,
    /// That happened at this moment or later.
    from: Option<Instant>,
    /// That happened before this moment.
    to: Option<Instant>,
}

impl EventWhere {
    pub(super) fn list(filter: Option<Self>) -> Result<EventList> {
        let filter = filter.unwrap_or_default();
        let kinds = filter.kinds.unwrap_or_default();
        if let Some(error) = kinds.iter().find_map(|kind| kind.parse::<EventKind>().err()) {
            return Err(fail(ErrorCode::BadUserInput, format!("`where.kinds`: {error}")));
        }
        let entity = filter.entity_id.map(|id| {
            let found = read(&id).map(|(_, id)| id);
            found.ok_or_else(|| fail(ErrorCode::BadUserInput, "`where.entityId` is not an id"))
        });
        let (from, to) = (filter.from.map(|from| from.0), filter.to.map(|to| to.0));
        Ok(EventList { kinds, entity_id: entity.transpose()?, from, to })
    }
}

/// Insists that the log still has what comes after the cursor: a reader must not miss something without noticing.
///
/// # Errors
/// `BAD_USER_INPUT` when it has not.
pub(super) async fn check_reach<O>(ctx: &Context<'_>, stretch: &Stretch<O>) -> Result<()> {
    let Some(Key::Place(after)) = stretch.after.as_ref().map(|after| &after.key).filter(|_| !stretch.descending) else {
        return Ok(());
    };
    let reader = reader(ctx)?;
    let reach = store::events::reach(&reader.state.store, reader.caller.organization_id()).await?;
    if *after < reach.dropped {
        let message = "`after`: the log does not reach back to this cursor any more, so something would be missing; \
                       load what you need anew, then read the log without a cursor";
        return Err(fail(ErrorCode::BadUserInput, message));
    }
    Ok(())
}

impl From<events::Event> for Event {
    fn from(event: events::Event) -> Self {
        Self(event)
    }
}

/// Something that happened.
#[derive(Clone, Debug)]
pub(super) struct Event(events::Event);

/// Something that happened in the organization, with ids and nothing about anybody: look the things up. For staff of all
/// countries. Kept for a while (90 days, unless the operator decides otherwise).
#[Object]
impl Event {
    /// Its global id; also the `webhook-id` of its deliveries.
    pub(super) async fn id(&self) -> ID {
        global(Kind::Event, self.0.id)
    }

    /// What happened. There may be more kinds one day: leave out what you do not know.
    ///
    /// `person.created`, `person.updated` (also when somebody comes back), `person.deactivated`;
    /// `enrollment.applied`, `enrollment.accepted` (required answers are missing), `enrollment.waitlisted`,
    /// `enrollment.declined`, `enrollment.activated` (the next night looks for a partner), `enrollment.reopened` (answers
    /// became missing), `enrollment.paused`, `enrollment.resumed`, `enrollment.completed`, `enrollment.withdrawn`,
    /// `enrollment.removed`;
    /// `round.created`, `round.opened`, `round.closed`, `round.started` (pairs are at work), `round.completed`,
    /// `round.canceled`;
    /// `match.proposed`, `match.activated` (the two are introduced), `match.paused`, `match.resumed`, `match.completed`,
    /// `match.ended_early`, `match.declined`, `match.expired` (nobody answered in time), `match.withdrawn`;
    /// `session.proposed` (a time is suggested, or another one), `session.scheduled` (both agreed), `session.held`,
    /// `session.missed`, `session.canceled`;
    /// `match_run.queued`, `match_run.started`, `match_run.ready`, `match_run.failed`, `match_run.published`,
    /// `match_run.discarded`;
    /// `webhook_endpoint.disabled` (it failed for too long), `webhook.test` (delivered to one endpoint only).
    async fn kind(&self) -> &str {
        &self.0.kind
    }

    /// The global id of the thing it happened to: `person.*` of a Person, and so on; null for a kind that this version
    /// does not know.
    async fn entity_id(&self) -> Option<ID> {
        self.0.global_entity_id().map(ID)
    }

    /// The id of the program it belongs to; null if to none.
    async fn program_id(&self) -> Option<ID> {
        self.0.relatives.program_id.map(|id| global(Kind::Program, id))
    }

    /// The id of the round it belongs to; null if to none.
    async fn round_id(&self) -> Option<ID> {
        self.0.relatives.round_id.map(|id| global(Kind::Round, id))
    }

    /// The ids of the people it is about: of a match both.
    async fn person_ids(&self) -> Vec<ID> {
        self.0.relatives.person_ids.iter().map(|id| global(Kind::Person, *id)).collect()
    }

    /// When it happened.
    async fn at(&self) -> Instant {
        Instant(self.0.at)
    }
}
