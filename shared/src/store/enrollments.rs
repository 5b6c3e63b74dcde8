//! Enrollments.

use chrono::NaiveDate;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect, Select,
};
use uuid::Uuid;

use super::{Reads, StoreError, Tx, exactly_one, stored::Stored, word};
use crate::domain::enrollments::{Enrollment, EnrollmentStatus};

const TABLE: &str = "enrollments";

pub(crate) mod row {
    use sea_orm::entity::prelude::*;

    use crate::{
        domain::enrollments::Answers,
        store::{positions::positional, stored::Stored},
    };

    positional! {
        #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
        #[sea_orm(table_name = "enrollments")]
        pub struct Model {
            #[sea_orm(primary_key, auto_increment = false)]
            pub id: Uuid,
            pub organization_id: Uuid,
            pub program_id: Uuid,
            pub round_id: Uuid,
            pub person_id: Uuid,
            pub role: String,
            pub status: String,
            pub capacity: i32,
            pub priority: i32,
            pub about: Stored<Answers>,
            pub wanted: Stored<Answers>,
            pub paused_until: Option<Date>,
            pub version: i32,
            pub applied_at: DateTimeUtc,
            pub created_at: DateTimeUtc,
            pub updated_at: DateTimeUtc,
        }
    }

    super::super::no_relations!();
}

pub(crate) fn enrollment(row: row::Model) -> Result<Enrollment, StoreError> {
    Ok(Enrollment {
        id: row.id,
        organization_id: row.organization_id,
        program_id: row.program_id,
        round_id: row.round_id,
        person_id: row.person_id,
        role: word(TABLE, &row.role)?,
        status: word(TABLE, &row.status)?,
        capacity: row.capacity,
        priority: row.priority,
        about: row.about.0,
        wanted: row.wanted.0,
        paused_until: row.paused_until,
        version: row.version,
        applied_at: row.applied_at,
        created_at: row.created_at,
        updated_at: row.updated_at,
    })
}

fn to_row(enrollment: &Enrollment) -> row::Model {
    row::Model {
        id: enrollment.id,
        organization_id: enrollment.organization_id,
        program_id: enrollment.program_id,
        round_id: enrollment.round_id,
        person_id: enrollment.person_id,
        role: enrollment.role.as_str().to_owned(),
        status: enrollment.status.as_str().to_owned(),
        capacity: enrollment.capacity,
        priority: enrollment.priority,
        about: Stored(enrollment.about.clone()),
        wanted: Stored(enrollment.wanted.clone()),
        paused_until: enrollment.paused_until,
        version: enrollment.version,
        applied_at: enrollment.applied_at,
        created_at: enrollment.created_at,
        updated_at: enrollment.updated_at,
    }
}

pub(crate) fn scoped(organization_id: Uuid) -> Select<row::Entity> {
    row::Entity::find().filter(row::Column::OrganizationId.eq(organization_id))
}

/// The enrollment with this id.
///
/// # Errors
/// When the database is gone.
pub async fn find(reads: &impl Reads, organization_id: Uuid, id: Uuid) -> Result<Option<Enrollment>, StoreError> {
    Ok(find_many(reads, organization_id, &[id]).await?.pop())
}

/// The enrollments with these ids, in no order; absent ones are left out.
///
/// # Errors
/// When the database is gone.
pub async fn find_many(reads: &impl Reads, organization_id: Uuid, ids: &[Uuid]) -> Result<Vec<Enrollment>, StoreError> {
    let mut found = Vec::with_capacity(ids.len());
    for chunk in ids.chunks(10_000) {
        let query = scoped(organization_id).filter(row::Column::Id.is_in(chunk.iter().copied()));
        for row in query.all(reads.conn()).await? {
            found.push(enrollment(row)?);
        }
    }
    Ok(found)
}

/// The enrollment of a person in a round.
///
/// # Errors
/// When the database is gone.
pub async fn find_in_round(
    reads: &impl Reads,
    organization_id: Uuid,
    round_id: Uuid,
    person_id: Uuid,
) -> Result<Option<Enrollment>, StoreError> {
    let query =
        scoped(organization_id).filter(row::Column::RoundId.eq(round_id)).filter(row::Column::PersonId.eq(person_id));
    query.one(reads.conn()).await?.map(enrollment).transpose()
}

/// The enrollments of a person, newest first.
///
/// # Errors
/// When the database is gone.
pub async fn of_person(
    reads: &impl Reads,
    organization_id: Uuid,
    person_id: Uuid,
) -> Result<Vec<Enrollment>, StoreError> {
    let query = scoped(organization_id)
        .filter(row::Column::PersonId.eq(person_id))
        .order_by_desc(row::Column::CreatedAt)
        .order_by_desc(row::Column::Id);
    query.all(reads.conn()).await?.into_iter().map(enrollment).collect()
}

/// The enrollments of these people that are not over, in no order.
///
/// # Errors
/// When the database is gone.
pub async fn living_of_people(
    reads: &impl Reads,
    organization_id: Uuid,
    person_ids: &[Uuid],
) -> Result<Vec<Enrollment>, StoreError> {
    let mut found = Vec::new();
    for chunk in person_ids.chunks(10_000) {
        let living = EnrollmentStatus::ALL.iter().filter(|status| status.is_living()).map(|status| status.as_str());
        let query = scoped(organization_id)
            .filter(row::Column::PersonId.is_in(chunk.iter().copied()))
            .filter(row::Column::Status.is_in(living));
        for row in query.all(reads.conn()).await? {
            found.push(enrollment(row)?);
        }
    }
    Ok(found)
}

/// The enrollments of a round in one of these states, in order of application.
///
/// # Errors
/// When the database is gone.
pub async fn of_round(
    reads: &impl Reads,
    organization_id: Uuid,
    round_id: Uuid,
    statuses: &[EnrollmentStatus],
) -> Result<Vec<Enrollment>, StoreError> {
    let query = scoped(organization_id)
        .filter(row::Column::RoundId.eq(round_id))
        .filter(row::Column::Status.is_in(statuses.iter().map(|status| status.as_str())))
        .order_by_asc(row::Column::AppliedAt)
        .order_by_asc(row::Column::Id);
    query.all(reads.conn()).await?.into_iter().map(enrollment).collect()
}

/// Stores new enrollments.
///
/// # Errors
/// [`StoreError::Duplicate`] when a person is in that round already.
pub async fn insert_many(tx: &Tx, enrollments: &[Enrollment]) -> Result<(), StoreError> {
    for chunk in enrollments.chunks(500) {
        let mut rows = Vec::with_capacity(chunk.len());
        for enrollment in chunk {
            rows.push(to_row(enrollment).into_active_model().reset_all());
        }
        row::Entity::insert_many(rows).exec_without_returning(&tx.tx).await.map_err(StoreError::from_write)?;
    }
    Ok(())
}

/// Stores a changed enrollment and counts the version up.
///
/// # Errors
/// [`StoreError::Conflict`] when it changed since it was read.
pub async fn update(tx: &Tx, enrollment: &mut Enrollment) -> Result<(), StoreError> {
    let mut row = to_row(enrollment);
    row.version += 1;
    let done = row::Entity::update_many()
        .set(row.into_active_model().reset_all())
        .filter(row::Column::OrganizationId.eq(enrollment.organization_id))
        .filter(row::Column::Id.eq(enrollment.id))
        .filter(row::Column::Version.eq(enrollment.version))
        .exec(&tx.tx)
        .await?;
    exactly_one(done.rows_affected, "the enrollment")?;
    enrollment.version += 1;
    Ok(())
}

/// The same as [`find_many`], and nobody can change them until the transaction ends.
///
/// # Errors
/// When the database is gone.
pub async fn hold_many(tx: &Tx, organization_id: Uuid, ids: &[Uuid]) -> Result<Vec<Enrollment>, StoreError> {
    let mut found = Vec::with_capacity(ids.len());
    for chunk in ids.chunks(10_000) {
        let query = scoped(organization_id)
            .filter(row::Column::Id.is_in(chunk.iter().copied()))
            .order_by_asc(row::Column::Id)
            .lock_shared();
        for row in query.all(&tx.tx).await? {
            found.push(enrollment(row)?);
        }
    }
    Ok(found)
}

/// Enrollments, over all organizations, whose pause ends on `day` or before, at most `limit`, the oldest pause first.
///
/// # Errors
/// When the database is gone.
pub async fn every_pause_until(reads: &impl Reads, day: NaiveDate, limit: u64) -> Result<Vec<Enrollment>, StoreError> {
    let query = row::Entity::find()
        .filter(row::Column::Status.eq(EnrollmentStatus::Paused.as_str()))
        .filter(row::Column::PausedUntil.lte(day))
        .order_by_asc(row::Column::PausedUntil)
        .order_by_asc(row::Column::Id)
        .limit(limit);
    query.all(reads.conn()).await?.into_iter().map(enrollment).collect()
}
