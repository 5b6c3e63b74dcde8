//! Programs whose night may be due, many at a time: so many statements for a few hundred of them, not for each, and none
//! for those whose night is still to come.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use sea_orm::{
    ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{Expr, LockBehavior, LockType},
};
use uuid::Uuid;

use super::{StoreError, Tx, enrollments, match_runs, programs, rounds};
use crate::domain::{enrollments::EnrollmentStatus, match_runs::MatchRun, rounds::Round};

/// A program that has to be looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DueProgram {
    /// The program.
    pub id: Uuid,
    /// The tenant.
    pub organization_id: Uuid,
    /// The IANA zone of its nights.
    pub time_zone: String,
    /// The local time of its nights; `None` when it cannot be read.
    pub match_at: Option<NaiveTime>,
}

/// Up to `limit` programs, over all organizations, that have to be looked at by now. They stay with this transaction: other
/// workers pass them over and take the next ones.
///
/// # Errors
/// When the database is gone.
pub async fn every_due(tx: &Tx, now: DateTime<Utc>, limit: u64) -> Result<Vec<DueProgram>, StoreError> {
    use programs::row::{Column, Entity};
    let rows: Vec<(Uuid, Uuid, String, String)> = Entity::find()
        .select_only()
        .columns([Column::Id, Column::OrganizationId, Column::TimeZone, Column::MatchAt])
        .filter(Column::ArchivedAt.is_null())
        .filter(Column::NextNightAt.lte(now))
        .order_by_asc(Column::NextNightAt)
        .order_by_asc(Column::Id)
        .limit(limit)
        .lock_with_behavior(LockType::NoKeyUpdate, LockBehavior::SkipLocked)
        .into_tuple()
        .all(&tx.tx)
        .await?;
    let due = |(id, organization_id, time_zone, match_at): (Uuid, Uuid, String, String)| DueProgram {
        id,
        organization_id,
        time_zone,
        match_at: NaiveTime::parse_from_str(&match_at, programs::MATCH_AT).ok(),
    };
    Ok(rows.into_iter().map(due).collect())
}

/// When each of these programs has to be looked at again.
///
/// # Errors
/// When the database is gone.
pub async fn every_look_at(tx: &Tx, looks: &[(Uuid, DateTime<Utc>)]) -> Result<(), StoreError> {
    use programs::row::{Column, Entity};
    let mut by_instant: BTreeMap<DateTime<Utc>, Vec<Uuid>> = BTreeMap::new();
    for (id, at) in looks {
        by_instant.entry(*at).or_default().push(*id);
    }
    for (at, ids) in by_instant {
        Entity::update_many()
            .col_expr(Column::NextNightAt, Expr::value(at))
            .filter(Column::Id.is_in(ids))
            .exec(&tx.tx)
            .await?;
    }
    Ok(())
}

/// The rounds of these programs that people join or that are matched: OPEN, CLOSED or RUNNING.
///
/// # Errors
/// When the database is gone.
pub async fn every_round(tx: &Tx, program_ids: &[Uuid]) -> Result<HashMap<Uuid, Vec<Round>>, StoreError> {
    let rows = rounds::living().filter(rounds::row::Column::ProgramId.is_in(program_ids.iter().copied()));
    let mut found: HashMap<Uuid, Vec<Round>> = HashMap::new();
    for row in rows.all(&tx.tx).await? {
        found.entry(row.program_id).or_default().push(rounds::round(row)?);
    }
    Ok(found)
}

/// For each of these programs the latest local date for which it has a nightly run, whatever became of it.
///
/// # Errors
/// When the database is gone.
pub async fn every_latest(tx: &Tx, program_ids: &[Uuid]) -> Result<HashMap<Uuid, NaiveDate>, StoreError> {
    use match_runs::row::{Column, Entity};
    let rows: Vec<(Uuid, NaiveDate)> = Entity::find()
        .select_only()
        .column(Column::ProgramId)
        .column_as(Column::LocalDate.max(), "latest")
        .filter(Column::ProgramId.is_in(program_ids.iter().copied()))
        .filter(Column::LocalDate.is_not_null())
        .group_by(Column::ProgramId)
        .into_tuple()
        .all(&tx.tx)
        .await?;
    Ok(rows.into_iter().collect())
}

/// How many people take part in the living rounds of each of these programs; nobody means no entry.
///
/// # Errors
/// When the database is gone.
pub async fn every_size(tx: &Tx, program_ids: &[Uuid]) -> Result<HashMap<Uuid, i32>, StoreError> {
    use enrollments::row::{Column, Entity};
    let rounds = rounds::living()
        .select_only()
        .column(rounds::row::Column::Id)
        .filter(rounds::row::Column::ProgramId.is_in(program_ids.iter().copied()));
    let rows: Vec<(Uuid, i64)> = Entity::find()
        .select_only()
        .column(Column::ProgramId)
        .column_as(Column::Id.count(), "people")
        .filter(Column::RoundId.in_subquery(sea_orm::QueryTrait::into_query(rounds)))
        .filter(Column::Status.eq(EnrollmentStatus::Active.as_str()))
        .group_by(Column::ProgramId)
        .into_tuple()
        .all(&tx.tx)
        .await?;
    Ok(rows.into_iter().map(|(id, people)| (id, i32::try_from(people).unwrap_or(i32::MAX))).collect())
}

/// Stores new nights, each with how many people take part. Whoever holds the programs ([`every_due`]) and has looked for
/// their latest night meets none that is there already.
///
/// # Errors
/// When the database is gone.
pub async fn insert_many(tx: &Tx, nights: &[(MatchRun, i32)]) -> Result<(), StoreError> {
    for chunk in nights.chunks(500) {
        let rows = chunk.iter().map(|(run, people)| match_runs::to_row(run, *people));
        match_runs::row::Entity::insert_many(rows).exec_without_returning(&tx.tx).await?;
    }
    for (run, _) in nights {
        tx.noted.note_run(run);
    }
    Ok(())
}
