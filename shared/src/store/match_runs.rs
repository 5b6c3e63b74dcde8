//! Match runs and the leases under which workers do them.

use std::ops::RangeInclusive;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder, Select, Value, sea_query::Expr};
use uuid::Uuid;

use super::{Reads, StoreError, Tx, claims::Claim, exactly_one, from_json, lease_clock, nights, to_json, word};
use crate::{
    domain::match_runs::{MatchRun, RunOrigin, RunStatus},
    metrics::METRICS,
};

const TABLE: &str = "match_runs";

pub(crate) mod row {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "match_runs")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub organization_id: Uuid,
        pub program_id: Uuid,
        pub local_date: Option<Date>,
        pub origin: String,
        pub dry_run: bool,
        pub status: String,
        pub requested_by: Option<Uuid>,
        pub report: Option<Json>,
        pub error: Option<String>,
        pub queued_at: DateTimeUtc,
        pub started_at: Option<DateTimeUtc>,
        pub finished_at: Option<DateTimeUtc>,
        pub updated_at: DateTimeUtc,
        pub owner: Option<Uuid>,
        pub fence: i64,
        pub lease_until: Option<DateTimeUtc>,
        pub attempts: i32,
        pub rescue_count: i32,
        pub people: i32,
        pub turn_at: DateTimeUtc,
    }

    super::super::no_relations!();
}

pub(crate) fn match_run(row: row::Model) -> Result<MatchRun, StoreError> {
    Ok(MatchRun {
        id: row.id,
        organization_id: row.organization_id,
        program_id: row.program_id,
        local_date: row.local_date,
        origin: word(TABLE, &row.origin)?,
        dry_run: row.dry_run,
        status: word(TABLE, &row.status)?,
        requested_by: row.requested_by,
        report: row.report.map(|json| from_json(TABLE, json)).transpose()?,
        error: row.error,
        fence: row.fence,
        attempts: row.attempts,
        queued_at: row.queued_at,
        started_at: row.started_at,
        finished_at: row.finished_at,
        updated_at: row.updated_at,
    })
}

pub(crate) fn scoped(organization_id: Uuid) -> Select<row::Entity> {
    row::Entity::find().filter(row::Column::OrganizationId.eq(organization_id))
}

/// The run with this id.
///
/// # Errors
/// When the database is gone.
pub async fn find(reads: &impl Reads, organization_id: Uuid, id: Uuid) -> Result<Option<MatchRun>, StoreError> {
    Ok(find_many(reads, organization_id, &[id]).await?.pop())
}

/// The runs with these ids, in no order; absent ones are left out.
///
/// # Errors
/// When the database is gone.
pub async fn find_many(reads: &impl Reads, organization_id: Uuid, ids: &[Uuid]) -> Result<Vec<MatchRun>, StoreError> {
    let query = scoped(organization_id).filter(row::Column::Id.is_in(ids.iter().copied()));
    query.all(reads.conn()).await?.into_iter().map(match_run).collect()
}

/// The latest local date for which a program has a nightly run, whatever became of it.
///
/// # Errors
/// When the database is gone.
pub async fn latest_night(
    reads: &impl Reads,
    organization_id: Uuid,
    program_id: Uuid,
) -> Result<Option<NaiveDate>, StoreError> {
    let row = scoped(organization_id)
        .filter(row::Column::ProgramId.eq(program_id))
        .filter(row::Column::LocalDate.is_not_null())
        .order_by_desc(row::Column::LocalDate)
        .one(reads.conn())
        .await?;
    Ok(row.and_then(|row| row.local_date))
}

/// Stores a run unless the program has one for its local date already; true when it was stored.
///
/// # Errors
/// When the database is gone.
pub async fn insert(tx: &Tx, run: &MatchRun) -> Result<bool, StoreError> {
    let people = nights::every_size(tx, &[run.program_id]).await?;
    let row = to_row(run, people.get(&run.program_id).copied().unwrap_or(0));
    let inserted = row::Entity::insert(row)
        .on_conflict_do_nothing_on([row::Column::ProgramId, row::Column::LocalDate])
        .exec_without_returning(&tx.tx)
        .await?;
    let is_new = matches!(inserted, sea_orm::TryInsertResult::Inserted(1));
    if is_new {
        tx.noted.note_run(run);
    }
    Ok(is_new)
}

/// A new row. Runs take turns by when they were asked for, larger ones a little later: nobody with ten people waits for
/// those with ten thousand, and those do not wait forever. Who asked for a run waits in front of the screen.
pub(super) fn to_row(run: &MatchRun, people: i32) -> row::ActiveModel {
    let size = TimeDelta::milliseconds(i64::from(people) * 20);
    let head_start = if run.origin == RunOrigin::Request { TimeDelta::minutes(10) } else { TimeDelta::zero() };
    row::ActiveModel {
        id: Set(run.id),
        organization_id: Set(run.organization_id),
        program_id: Set(run.program_id),
        local_date: Set(run.local_date),
        origin: Set(run.origin.as_str().to_owned()),
        dry_run: Set(run.dry_run),
        status: Set(run.status.as_str().to_owned()),
        requested_by: Set(run.requested_by),
        report: Set(None),
        error: Set(run.error.clone()),
        queued_at: Set(run.queued_at),
        started_at: Set(run.started_at),
        finished_at: Set(run.finished_at),
        updated_at: Set(run.updated_at),
        owner: Set(None),
        fence: Set(0),
        lease_until: Set(None),
        attempts: Set(0),
        rescue_count: Set(0),
        people: Set(people),
        turn_at: Set(run.queued_at + size - head_start),
    }
}

/// Takes the run whose turn it is: queued, or running under a lease that ran out. At most one worker gets it.
///
/// # Errors
/// When the database is gone.
pub async fn claim(tx: &Tx, owner: Uuid, lease: TimeDelta, now: DateTime<Utc>) -> Result<Option<MatchRun>, StoreError> {
    claim_sized(tx, owner, lease, 0..=i32::MAX, now).await
}

/// As [`claim`], among runs with so many people.
///
/// # Errors
/// When the database is gone.
pub async fn claim_sized(
    tx: &Tx,
    owner: Uuid,
    lease: TimeDelta,
    people: RangeInclusive<i32>,
    now: DateTime<Utc>,
) -> Result<Option<MatchRun>, StoreError> {
    let clock = lease_clock(tx).await?;
    let values = || -> Vec<Value> {
        let (fewest, most) = people.clone().into_inner();
        vec![owner.into(), (clock + lease).into(), now.into(), fewest.into(), most.into()]
    };
    let set = "status = 'RUNNING', owner = $1, fence = fence + 1, lease_until = $2, attempts = attempts + 1, \
               started_at = $3, updated_at = $3";
    // A run that somebody left lying has waited longest.
    let mut abandoned = values();
    abandoned.push(clock.into());
    let mut rows = Claim {
        set: &format!("{set}, rescue_count = rescue_count + 1"),
        pick: "status = 'RUNNING' AND people BETWEEN $4 AND $5 AND lease_until < $6 ORDER BY lease_until LIMIT 1",
        values: abandoned,
    }
    .rows::<row::Entity>(tx)
    .await?;
    for _ in &rows {
        METRICS.rescued("run");
    }
    if rows.is_empty() {
        let pick = "status = 'QUEUED' AND people BETWEEN $4 AND $5 ORDER BY turn_at, id LIMIT 1";
        rows = Claim { set, pick, values: values() }.rows::<row::Entity>(tx).await?;
    }
    let Some(row) = rows.pop() else { return Ok(None) };
    let run = match_run(row)?;
    tx.noted.note_run(&run);
    Ok(Some(run))
}

/// Prolongs the lease of a run.
///
/// # Errors
/// [`StoreError::Conflict`] when another worker took the run over.
pub async fn renew(tx: &Tx, run: &MatchRun, lease: TimeDelta) -> Result<(), StoreError> {
    let clock = lease_clock(tx).await?;
    let done = row::Entity::update_many()
        .col_expr(row::Column::LeaseUntil, Expr::value(clock + lease))
        .filter(row::Column::OrganizationId.eq(run.organization_id))
        .filter(row::Column::Id.eq(run.id))
        .filter(row::Column::Fence.eq(run.fence))
        .filter(row::Column::Status.eq(RunStatus::Running.as_str()))
        .exec(&tx.tx)
        .await?;
    exactly_one(done.rows_affected, "the run's lease")
}

/// Stores what became of a run, if it still has the fence and the state it was read with.
///
/// # Errors
/// [`StoreError::Conflict`] when another worker or a member of staff was faster.
pub async fn update(tx: &Tx, run: &MatchRun, read_as: RunStatus) -> Result<(), StoreError> {
    let done = row::Entity::update_many()
        .set(row::ActiveModel {
            status: Set(run.status.as_str().to_owned()),
            report: Set(run.report.as_ref().map(|report| to_json(TABLE, report)).transpose()?),
            error: Set(run.error.clone()),
            finished_at: Set(run.finished_at),
            updated_at: Set(run.updated_at),
            lease_until: Set(None),
            ..blank()
        })
        .filter(row::Column::OrganizationId.eq(run.organization_id))
        .filter(row::Column::Id.eq(run.id))
        .filter(row::Column::Fence.eq(run.fence))
        .filter(row::Column::Status.eq(read_as.as_str()))
        .exec(&tx.tx)
        .await?;
    exactly_one(done.rows_affected, "the run")?;
    tx.noted.note_run(run);
    Ok(())
}

/// Whether a program has a run that is not over: queued, or being planned.
///
/// # Errors
/// When the database is gone.
pub async fn is_busy(reads: &impl Reads, organization_id: Uuid, program_id: Uuid) -> Result<bool, StoreError> {
    let row = scoped(organization_id)
        .filter(row::Column::ProgramId.eq(program_id))
        .filter(row::Column::Status.is_in([RunStatus::Queued.as_str(), RunStatus::Running.as_str()]))
        .one(reads.conn())
        .await?;
    Ok(row.is_some())
}

fn blank() -> row::ActiveModel {
    <row::ActiveModel as sea_orm::ActiveModelTrait>::default()
}

/// The runs of a program that wait for approval, oldest first. Previews are not among them.
///
/// # Errors
/// When the database is gone.
pub async fn awaiting_approval(
    reads: &impl Reads,
    organization_id: Uuid,
    program_id: Uuid,
) -> Result<Vec<MatchRun>, StoreError> {
    let query = scoped(organization_id)
        .filter(row::Column::ProgramId.eq(program_id))
        .filter(row::Column::Status.eq(RunStatus::Ready.as_str()))
        .filter(row::Column::DryRun.eq(false))
        .order_by_asc(row::Column::Id);
    query.all(reads.conn()).await?.into_iter().map(match_run).collect()
}
