//! Sessions.

use sea_orm::{ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, Select};
use uuid::Uuid;

use super::{Reads, StoreError, Tx, exactly_one, narrow, word};
use crate::domain::sessions::{Appointment, Session, SessionStatus};

const TABLE: &str = "sessions";

pub(crate) mod row {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "sessions")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub organization_id: Uuid,
        pub match_id: Uuid,
        pub program_id: Uuid,
        pub round_id: Uuid,
        pub person_a: Uuid,
        pub person_b: Uuid,
        pub status: String,
        pub starts_at: DateTimeUtc,
        pub minutes: i32,
        pub place: Option<String>,
        pub agenda: Option<String>,
        pub proposed_by: Uuid,
        pub sequence: i32,
        pub agreed_at: Option<DateTimeUtc>,
        pub cancel_reason: Option<String>,
        pub version: i32,
        pub created_at: DateTimeUtc,
        pub updated_at: DateTimeUtc,
    }

    super::super::no_relations!();
}

pub(crate) fn session(row: row::Model) -> Result<Session, StoreError> {
    Ok(Session {
        id: row.id,
        organization_id: row.organization_id,
        match_id: row.match_id,
        program_id: row.program_id,
        round_id: row.round_id,
        person_a: row.person_a,
        person_b: row.person_b,
        status: word(TABLE, &row.status)?,
        appointment: Appointment {
            starts_at: row.starts_at,
            minutes: narrow(TABLE, row.minutes)?,
            place: row.place,
            agenda: row.agenda,
        },
        proposed_by: row.proposed_by,
        sequence: row.sequence,
        agreed_at: row.agreed_at,
        cancel_reason: row.cancel_reason,
        version: row.version,
        created_at: row.created_at,
        updated_at: row.updated_at,
    })
}

fn to_row(session: &Session) -> row::Model {
    let Appointment { starts_at, minutes, place, agenda } = session.appointment.clone();
    row::Model {
        id: session.id,
        organization_id: session.organization_id,
        match_id: session.match_id,
        program_id: session.program_id,
        round_id: session.round_id,
        person_a: session.person_a,
        person_b: session.person_b,
        status: session.status.as_str().to_owned(),
        starts_at,
        minutes: minutes.into(),
        place,
        agenda,
        proposed_by: session.proposed_by,
        sequence: session.sequence,
        agreed_at: session.agreed_at,
        cancel_reason: session.cancel_reason.clone(),
        version: session.version,
        created_at: session.created_at,
        updated_at: session.updated_at,
    }
}

pub(crate) fn scoped(organization_id: Uuid) -> Select<row::Entity> {
    row::Entity::find().filter(row::Column::OrganizationId.eq(organization_id))
}

/// The session with this id.
///
/// # Errors
/// When the database is gone.
pub async fn find(reads: &impl Reads, organization_id: Uuid, id: Uuid) -> Result<Option<Session>, StoreError> {
    let row = scoped(organization_id).filter(row::Column::Id.eq(id)).one(reads.conn()).await?;
    row.map(session).transpose()
}

/// The sessions of a match that may still come to pass, the next first.
///
/// # Errors
/// When the database is gone.
pub async fn open_of_match(
    reads: &impl Reads,
    organization_id: Uuid,
    match_id: Uuid,
) -> Result<Vec<Session>, StoreError> {
    let open = SessionStatus::ALL.iter().filter(|status| status.is_open()).map(|status| status.as_str());
    let query = scoped(organization_id)
        .filter(row::Column::MatchId.eq(match_id))
        .filter(row::Column::Status.is_in(open))
        .order_by_asc(row::Column::StartsAt)
        .order_by_asc(row::Column::Id);
    query.all(reads.conn()).await?.into_iter().map(session).collect()
}

/// Stores a new session.
///
/// # Errors
/// When the database is gone.
pub async fn insert(tx: &Tx, session: &Session) -> Result<(), StoreError> {
    let row = sea_orm::ActiveModelTrait::reset_all(to_row(session).into_active_model());
    row::Entity::insert(row).exec_without_returning(&tx.tx).await?;
    tx.noted.note_session(session);
    Ok(())
}

/// Stores a changed session and counts the version up.
///
/// # Errors
/// [`StoreError::Conflict`] when it changed since it was read.
pub async fn update(tx: &Tx, session: &mut Session) -> Result<(), StoreError> {
    let mut row = to_row(session);
    row.version += 1;
    let done = row::Entity::update_many()
        .set(sea_orm::ActiveModelTrait::reset_all(row.into_active_model()))
        .filter(row::Column::OrganizationId.eq(session.organization_id))
        .filter(row::Column::Id.eq(session.id))
        .filter(row::Column::Version.eq(session.version))
        .exec(&tx.tx)
        .await?;
    exactly_one(done.rows_affected, "the session")?;
    session.version += 1;
    tx.noted.note_session(session);
    Ok(())
}
