//! Matches and the places they take.

use chrono::{DateTime, Utc};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, Condition, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder,
    QuerySelect, Select, sea_query::OnConflict,
};
use uuid::Uuid;

use super::{Reads, StoreError, Tx, exactly_one, narrow, stored::Stored, word};
use crate::domain::matches::{Match, MatchStatus, Party};

const TABLE: &str = "matches";

pub(crate) mod row {
    use sea_orm::entity::prelude::*;

    use crate::{
        domain::explanations::Explanation,
        store::{positions::positional, stored::Stored},
    };

    positional! {
        #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
        #[sea_orm(table_name = "matches")]
        pub struct Model {
            #[sea_orm(primary_key, auto_increment = false)]
            pub id: Uuid,
            pub organization_id: Uuid,
            pub program_id: Uuid,
            pub round_id: Uuid,
            pub run_id: Option<Uuid>,
            pub origin: String,
            pub status: String,
            pub enrollment_a: Uuid,
            pub enrollment_b: Uuid,
            pub person_a: Uuid,
            pub person_b: Uuid,
            pub score: i32,
            pub explanation: Stored<Explanation>,
            pub answer_a: String,
            pub answer_b: String,
            pub answered_a_at: Option<DateTimeUtc>,
            pub answered_b_at: Option<DateTimeUtc>,
            pub note: Option<String>,
            pub proposed_at: DateTimeUtc,
            pub answer_by: Option<DateTimeUtc>,
            pub activated_at: Option<DateTimeUtc>,
            pub first_contact_at: Option<DateTimeUtc>,
            pub last_contact_at: Option<DateTimeUtc>,
            pub cadence_days: Option<i32>,
            pub calendar_at: Option<DateTimeUtc>,
            pub ended_at: Option<DateTimeUtc>,
            pub ended_by: Option<Uuid>,
            pub end_reason: Option<String>,
            pub version: i32,
            pub created_at: DateTimeUtc,
            pub updated_at: DateTimeUtc,
        }
    }

    super::super::no_relations!();
}

pub(crate) mod place_row {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "match_places")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub enrollment_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub place: i32,
        pub organization_id: Uuid,
        pub match_id: Uuid,
    }

    super::super::no_relations!();
}

pub(crate) fn stored_match(row: row::Model) -> Result<Match, StoreError> {
    Ok(Match {
        id: row.id,
        organization_id: row.organization_id,
        program_id: row.program_id,
        round_id: row.round_id,
        run_id: row.run_id,
        origin: word(TABLE, &row.origin)?,
        status: word(TABLE, &row.status)?,
        a: Party {
            enrollment_id: row.enrollment_a,
            person_id: row.person_a,
            answer: word(TABLE, &row.answer_a)?,
            answered_at: row.answered_a_at,
        },
        b: Party {
            enrollment_id: row.enrollment_b,
            person_id: row.person_b,
            answer: word(TABLE, &row.answer_b)?,
            answered_at: row.answered_b_at,
        },
        score: narrow(TABLE, row.score)?,
        explanation: row.explanation.0,
        note: row.note,
        proposed_at: row.proposed_at,
        answer_by: row.answer_by,
        activated_at: row.activated_at,
        first_contact_at: row.first_contact_at,
        last_contact_at: row.last_contact_at,
        cadence_days: row.cadence_days.map(|days| narrow(TABLE, days)).transpose()?,
        calendar_at: row.calendar_at,
        ended_at: row.ended_at,
        ended_by: row.ended_by,
        end_reason: row.end_reason,
        version: row.version,
        created_at: row.created_at,
        updated_at: row.updated_at,
    })
}

fn to_row(found: &Match) -> row::Model {
    row::Model {
        id: found.id,
        organization_id: found.organization_id,
        program_id: found.program_id,
        round_id: found.round_id,
        run_id: found.run_id,
        origin: found.origin.as_str().to_owned(),
        status: found.status.as_str().to_owned(),
        enrollment_a: found.a.enrollment_id,
        enrollment_b: found.b.enrollment_id,
        person_a: found.a.person_id,
        person_b: found.b.person_id,
        score: found.score.into(),
        explanation: Stored(found.explanation.clone()),
        answer_a: found.a.answer.as_str().to_owned(),
        answer_b: found.b.answer.as_str().to_owned(),
        answered_a_at: found.a.answered_at,
        answered_b_at: found.b.answered_at,
        note: found.note.clone(),
        proposed_at: found.proposed_at,
        answer_by: found.answer_by,
        activated_at: found.activated_at,
        first_contact_at: found.first_contact_at,
        last_contact_at: found.last_contact_at,
        cadence_days: found.cadence_days.map(i32::from),
        calendar_at: found.calendar_at,
        ended_at: found.ended_at,
        ended_by: found.ended_by,
        end_reason: found.end_reason.clone(),
        version: found.version,
        created_at: found.created_at,
        updated_at: found.updated_at,
    }
}

pub(crate) fn scoped(organization_id: Uuid) -> Select<row::Entity> {
    row::Entity::find().filter(row::Column::OrganizationId.eq(organization_id))
}

fn living() -> [&'static str; 3] {
    [MatchStatus::Proposed, MatchStatus::Active, MatchStatus::Paused].map(MatchStatus::as_str)
}

/// The match with this id.
///
/// # Errors
/// When the database is gone.
pub async fn find(reads: &impl Reads, organization_id: Uuid, id: Uuid) -> Result<Option<Match>, StoreError> {
    Ok(find_many(reads, organization_id, &[id]).await?.pop())
}

/// The matches with these ids, in no order; absent ones are left out.
///
/// # Errors
/// When the database is gone.
pub async fn find_many(reads: &impl Reads, organization_id: Uuid, ids: &[Uuid]) -> Result<Vec<Match>, StoreError> {
    let query = scoped(organization_id).filter(row::Column::Id.is_in(ids.iter().copied()));
    query.all(reads.conn()).await?.into_iter().map(stored_match).collect()
}

/// The living matches in which this enrollment is one side, oldest first.
///
/// # Errors
/// When the database is gone.
pub async fn living_of_enrollment(
    reads: &impl Reads,
    organization_id: Uuid,
    enrollment_id: Uuid,
) -> Result<Vec<Match>, StoreError> {
    let side = Condition::any()
        .add(row::Column::EnrollmentA.eq(enrollment_id))
        .add(row::Column::EnrollmentB.eq(enrollment_id));
    let query =
        scoped(organization_id).filter(side).filter(row::Column::Status.is_in(living())).order_by_asc(row::Column::Id);
    query.all(reads.conn()).await?.into_iter().map(stored_match).collect()
}

/// Living matches of a round, oldest first.
///
/// # Errors
/// When the database is gone.
pub async fn living_of_round(
    reads: &impl Reads,
    organization_id: Uuid,
    round_id: Uuid,
) -> Result<Vec<Match>, StoreError> {
    let query = scoped(organization_id)
        .filter(row::Column::RoundId.eq(round_id))
        .filter(row::Column::Status.is_in(living()))
        .order_by_asc(row::Column::Id);
    query.all(reads.conn()).await?.into_iter().map(stored_match).collect()
}

/// Who met whom in a program, and how that stands: the least the nightly run needs of every match there was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Acquaintance {
    /// One side.
    pub person_a: Uuid,
    /// The other side.
    pub person_b: Uuid,
    /// How it stands.
    pub status: MatchStatus,
}

/// All pairs a program ever had, whatever became of them.
///
/// # Errors
/// When the database is gone.
pub async fn acquaintances(
    reads: &impl Reads,
    organization_id: Uuid,
    program_id: Uuid,
) -> Result<Vec<Acquaintance>, StoreError> {
    let rows: Vec<(Uuid, Uuid, String)> = scoped(organization_id)
        .filter(row::Column::ProgramId.eq(program_id))
        .select_only()
        .columns([row::Column::PersonA, row::Column::PersonB, row::Column::Status])
        .order_by_asc(row::Column::Id)
        .into_tuple()
        .all(reads.conn())
        .await?;
    let met = |(person_a, person_b, status): (Uuid, Uuid, String)| {
        Ok(Acquaintance { person_a, person_b, status: word(TABLE, &status)? })
    };
    rows.into_iter().map(met).collect()
}

/// Proposals, over all organizations, whose time to answer ended before `now`, at most `limit`.
///
/// # Errors
/// When the database is gone.
pub async fn every_overdue_proposal(
    reads: &impl Reads,
    now: DateTime<Utc>,
    limit: u64,
) -> Result<Vec<Match>, StoreError> {
    let query = row::Entity::find()
        .filter(row::Column::Status.eq(MatchStatus::Proposed.as_str()))
        .filter(row::Column::AnswerBy.lte(now))
        .order_by_asc(row::Column::AnswerBy)
        .limit(limit);
    query.all(reads.conn()).await?.into_iter().map(stored_match).collect()
}

/// Matches, over all organizations, whose calendar the worker should look at by `now`, at most `limit`.
///
/// # Errors
/// When the database is gone.
pub async fn every_calendar_due(reads: &impl Reads, now: DateTime<Utc>, limit: u64) -> Result<Vec<Match>, StoreError> {
    let looked_at = [MatchStatus::Active, MatchStatus::Completed].map(MatchStatus::as_str);
    let query = row::Entity::find()
        .filter(row::Column::Status.is_in(looked_at))
        .filter(row::Column::CalendarAt.lte(now))
        .order_by_asc(row::Column::CalendarAt)
        .limit(limit);
    query.all(reads.conn()).await?.into_iter().map(stored_match).collect()
}

/// Says when the worker looks at a match's calendar next. Nobody is told, and the version stays: what people see does
/// not change. A writer who read the match before writes the old instant back, and it is looked at once more.
///
/// # Errors
/// When the database is gone.
pub async fn look_again_at(tx: &Tx, found: &Match, at: Option<DateTime<Utc>>) -> Result<(), StoreError> {
    row::Entity::update_many()
        .set(row::ActiveModel { calendar_at: Set(at), ..Default::default() })
        .filter(row::Column::OrganizationId.eq(found.organization_id))
        .filter(row::Column::Id.eq(found.id))
        .exec(&tx.tx)
        .await?;
    Ok(())
}

/// Stores a new match unless these two have a living one in the round; true when it was stored.
///
/// # Errors
/// When the database is gone.
pub async fn insert(tx: &Tx, found: &Match) -> Result<bool, StoreError> {
    let inserted = row::Entity::insert(to_row(found).into_active_model().reset_all())
        .on_conflict(OnConflict::new().do_nothing().to_owned())
        .try_insert()
        .exec_without_returning(&tx.tx)
        .await?;
    let is_new = matches!(inserted, sea_orm::TryInsertResult::Inserted(1));
    if is_new {
        tx.noted.note_match(found);
    }
    Ok(is_new)
}

/// Stores a changed match and counts the version up.
///
/// # Errors
/// [`StoreError::Conflict`] when it changed since it was read.
pub async fn update(tx: &Tx, found: &mut Match) -> Result<(), StoreError> {
    let mut row = to_row(found);
    row.version += 1;
    let done = row::Entity::update_many()
        .set(row.into_active_model().reset_all())
        .filter(row::Column::OrganizationId.eq(found.organization_id))
        .filter(row::Column::Id.eq(found.id))
        .filter(row::Column::Version.eq(found.version))
        .exec(&tx.tx)
        .await?;
    exactly_one(done.rows_affected, "the match")?;
    found.version += 1;
    tx.noted.note_match(found);
    Ok(())
}

/// Takes the lowest free place of an enrollment for a match; false when all `capacity` places are taken.
///
/// The table's key decides between two transactions that want the same place: the loser looks for the next.
///
/// # Errors
/// When the database is gone.
pub async fn take_place(
    tx: &Tx,
    organization_id: Uuid,
    enrollment_id: Uuid,
    capacity: i32,
    match_id: Uuid,
) -> Result<bool, StoreError> {
    let taken = place_row::Entity::find().filter(place_row::Column::EnrollmentId.eq(enrollment_id)).all(&tx.tx).await?;
    for place in 0..capacity {
        if taken.iter().any(|row| row.place == place) {
            continue;
        }
        let row = place_row::ActiveModel {
            enrollment_id: Set(enrollment_id),
            place: Set(place),
            organization_id: Set(organization_id),
            match_id: Set(match_id),
        };
        let inserted = place_row::Entity::insert(row)
            .on_conflict_do_nothing_on([place_row::Column::EnrollmentId, place_row::Column::Place])
            .exec_without_returning(&tx.tx)
            .await?;
        if matches!(inserted, sea_orm::TryInsertResult::Inserted(1)) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Undoes [`insert`] within the same transaction, when no place was left for one side.
pub(crate) async fn remove_unseated(tx: &Tx, found: &Match) -> Result<(), StoreError> {
    free_places(tx, found.id).await?;
    row::Entity::delete_many()
        .filter(row::Column::OrganizationId.eq(found.organization_id))
        .filter(row::Column::Id.eq(found.id))
        .exec(&tx.tx)
        .await?;
    Ok(())
}

/// Gives back the places a match took.
///
/// # Errors
/// When the database is gone.
pub async fn free_places(tx: &Tx, match_id: Uuid) -> Result<(), StoreError> {
    place_row::Entity::delete_many().filter(place_row::Column::MatchId.eq(match_id)).exec(&tx.tx).await?;
    Ok(())
}

/// How many places of these enrollments are taken; enrollments with none are left out.
///
/// # Errors
/// When the database is gone.
pub async fn places_taken(
    reads: &impl Reads,
    organization_id: Uuid,
    round_id: Uuid,
) -> Result<Vec<(Uuid, i64)>, StoreError> {
    let enrolled = super::enrollments::row::Entity::find()
        .select_only()
        .column(super::enrollments::row::Column::Id)
        .filter(super::enrollments::row::Column::RoundId.eq(round_id));
    let rows = place_row::Entity::find()
        .select_only()
        .column(place_row::Column::EnrollmentId)
        .column_as(place_row::Column::Place.count(), "taken")
        .filter(place_row::Column::OrganizationId.eq(organization_id))
        .filter(place_row::Column::EnrollmentId.in_subquery(sea_orm::QueryTrait::into_query(enrolled)))
        .group_by(place_row::Column::EnrollmentId)
        .into_tuple()
        .all(reads.conn())
        .await?;
    Ok(rows)
}
