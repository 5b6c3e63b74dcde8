//! State changes: one row for each step of any state machine.

use chrono::{DateTime, Utc};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use uuid::Uuid;

use super::{Reads, StoreError, Tx, events};
use crate::domain::{
    enrollments::Enrollment,
    events::{Event, EventKind, Relatives, Thing},
    match_runs::MatchRun,
    matches::Match,
    rounds::Round,
    sessions::Session,
};

pub(crate) mod row {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "state_changes")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub organization_id: Uuid,
        pub entity: String,
        pub entity_id: Uuid,
        pub from_state: String,
        pub to_state: String,
        pub actor_id: Option<Uuid>,
        pub reason: Option<String>,
        pub at: DateTimeUtc,
    }

    super::super::no_relations!();
}

/// One step of a state machine. `from` is `-` when the thing was made with this state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StateChange {
    /// `UUIDv7`.
    pub id: Uuid,
    /// The tenant.
    pub organization_id: Uuid,
    /// The table of the thing.
    pub entity: &'static str,
    /// The thing.
    pub entity_id: Uuid,
    /// The state before.
    pub from: &'static str,
    /// The state after.
    pub to: &'static str,
    /// The person who did it; `None` for the worker.
    pub actor_id: Option<Uuid>,
    /// Why, if somebody said so.
    pub reason: Option<String>,
    /// When.
    pub at: DateTime<Utc>,
}

/// A stored step, for showing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PastChange {
    /// The state before; `-` for the first.
    pub from: String,
    /// The state after.
    pub to: String,
    /// The person who did it; `None` for the worker.
    pub actor_id: Option<Uuid>,
    /// Why, if somebody said so.
    pub reason: Option<String>,
    /// When.
    pub at: DateTime<Utc>,
}

/// A thing with states, as the history and the event log name it.
pub trait Stateful: Sync {
    /// Which thing.
    const THING: Thing;

    /// Its id.
    fn id(&self) -> Uuid;

    /// Its tenant.
    fn organization_id(&self) -> Uuid;

    /// What it belongs to.
    fn relatives(&self) -> Relatives;
}

impl Stateful for Round {
    const THING: Thing = Thing::Round;

    fn id(&self) -> Uuid {
        self.id
    }

    fn organization_id(&self) -> Uuid {
        self.organization_id
    }

    fn relatives(&self) -> Relatives {
        Relatives { program_id: Some(self.program_id), ..Relatives::default() }
    }
}

impl Stateful for Enrollment {
    const THING: Thing = Thing::Enrollment;

    fn id(&self) -> Uuid {
        self.id
    }

    fn organization_id(&self) -> Uuid {
        self.organization_id
    }

    fn relatives(&self) -> Relatives {
        let person_ids = vec![self.person_id];
        Relatives { program_id: Some(self.program_id), round_id: Some(self.round_id), person_ids }
    }
}

impl Stateful for Match {
    const THING: Thing = Thing::Match;

    fn id(&self) -> Uuid {
        self.id
    }

    fn organization_id(&self) -> Uuid {
        self.organization_id
    }

    fn relatives(&self) -> Relatives {
        let person_ids = vec![self.a.person_id, self.b.person_id];
        Relatives { program_id: Some(self.program_id), round_id: Some(self.round_id), person_ids }
    }
}

impl Stateful for MatchRun {
    const THING: Thing = Thing::MatchRun;

    fn id(&self) -> Uuid {
        self.id
    }

    fn organization_id(&self) -> Uuid {
        self.organization_id
    }

    fn relatives(&self) -> Relatives {
        Relatives { program_id: Some(self.program_id), ..Relatives::default() }
    }
}

impl Stateful for Session {
    const THING: Thing = Thing::Session;

    fn id(&self) -> Uuid {
        self.id
    }

    fn organization_id(&self) -> Uuid {
        self.organization_id
    }

    fn relatives(&self) -> Relatives {
        let person_ids = vec![self.person_a, self.person_b];
        Relatives { program_id: Some(self.program_id), round_id: Some(self.round_id), person_ids }
    }
}

/// A step that something takes now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// `UUIDv7`; of the row in the history and of the event.
    pub id: Uuid,
    /// The state before, `-` for the first, and the state after.
    pub states: (&'static str, &'static str),
    /// The person who did it; `None` for the worker.
    pub actor_id: Option<Uuid>,
    /// Why, if somebody said so.
    pub reason: Option<String>,
    /// When.
    pub at: DateTime<Utc>,
}

/// Writes a step down, in the history and in the event log.
///
/// # Errors
/// When the database is gone.
pub async fn step<T: Stateful>(tx: &Tx, thing: &T, step: Step) -> Result<(), StoreError> {
    steps(tx, [(thing, step)]).await
}

/// The same for several things of one kind, in two statements.
///
/// # Errors
/// When the database is gone.
pub async fn steps<'a, T: Stateful + 'a>(
    tx: &Tx,
    steps: impl IntoIterator<Item = (&'a T, Step)>,
) -> Result<(), StoreError> {
    let (mut changes, mut told) = (Vec::new(), Vec::new());
    for (thing, Step { id, states: (from, to), actor_id, reason, at }) in steps {
        let (organization_id, entity_id) = (thing.organization_id(), thing.id());
        if let Some(kind) = EventKind::of_step(T::THING, from, to) {
            let (kind, relatives) = (kind.as_str().to_owned(), thing.relatives());
            told.push(Event { id, organization_id, kind, entity_id, relatives, at, position: None });
        }
        let entity = T::THING.table();
        changes.push(StateChange { id, organization_id, entity, entity_id, from, to, actor_id, reason, at });
    }
    record(tx, changes).await?;
    events::record(tx, &told).await
}

/// Writes steps down, in the history only.
///
/// # Errors
/// When the database is gone.
pub async fn record(tx: &Tx, changes: Vec<StateChange>) -> Result<(), StoreError> {
    let mut rows: Vec<row::ActiveModel> = Vec::with_capacity(changes.len());
    for change in changes {
        rows.push(row::ActiveModel {
            id: Set(change.id),
            organization_id: Set(change.organization_id),
            entity: Set(change.entity.to_owned()),
            entity_id: Set(change.entity_id),
            from_state: Set(change.from.to_owned()),
            to_state: Set(change.to.to_owned()),
            actor_id: Set(change.actor_id),
            reason: Set(change.reason),
            at: Set(change.at),
        });
    }
    while !rows.is_empty() {
        let rest = rows.split_off(rows.len().min(1_000));
        row::Entity::insert_many(rows).exec_without_returning(&tx.tx).await?;
        rows = rest;
    }
    Ok(())
}

/// The steps of these things, oldest first, each with the thing's id.
///
/// # Errors
/// When the database is gone.
pub async fn of_entities(
    reads: &impl Reads,
    organization_id: Uuid,
    entity_ids: &[Uuid],
) -> Result<Vec<(Uuid, PastChange)>, StoreError> {
    let rows = row::Entity::find()
        .filter(row::Column::OrganizationId.eq(organization_id))
        .filter(row::Column::EntityId.is_in(entity_ids.iter().copied()))
        .order_by_asc(row::Column::At)
        .order_by_asc(row::Column::Id)
        .all(reads.conn())
        .await?;
    let past = |row: row::Model| {
        let row::Model { entity_id, from_state: from, to_state: to, actor_id, reason, at, .. } = row;
        (entity_id, PastChange { from, to, actor_id, reason, at })
    };
    Ok(rows.into_iter().map(past).collect())
}
