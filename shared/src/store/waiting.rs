//! What waits for coordinators in a program, in numbers.

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QuerySelect, QueryTrait};

use super::{Reads, StoreError, enrollments, match_runs, matches, messages};
use crate::{
    domain::{
        enrollments::EnrollmentStatus, match_runs::RunStatus, matches::MatchStatus, messages::MessageStatus,
        programs::Program,
    },
    outbox::mails::Waiting,
};

/// What waits in this program now.
///
/// # Errors
/// When the database is gone.
pub async fn of_program(reads: &impl Reads, program: &Program, now: DateTime<Utc>) -> Result<Waiting, StoreError> {
    let organization_id = program.organization_id;
    let small = |count: u64| u32::try_from(count).unwrap_or(u32::MAX);
    let runs = match_runs::row::Entity::find()
        .filter(match_runs::row::Column::OrganizationId.eq(organization_id))
        .filter(match_runs::row::Column::ProgramId.eq(program.id))
        .filter(match_runs::row::Column::Status.eq(RunStatus::Ready.as_str()))
        .filter(match_runs::row::Column::DryRun.eq(false));
    let enrolled = |status: EnrollmentStatus| {
        enrollments::row::Entity::find()
            .filter(enrollments::row::Column::OrganizationId.eq(organization_id))
            .filter(enrollments::row::Column::ProgramId.eq(program.id))
            .filter(enrollments::row::Column::Status.eq(status.as_str()))
    };
    let placed = matches::place_row::Entity::find()
        .select_only()
        .column(matches::place_row::Column::EnrollmentId)
        .filter(matches::place_row::Column::OrganizationId.eq(organization_id))
        .into_query();
    let unmatched = enrolled(EnrollmentStatus::Active).filter(enrollments::row::Column::Id.not_in_subquery(placed));
    let about = matches::scoped(organization_id)
        .filter(matches::row::Column::ProgramId.eq(program.id))
        .select_only()
        .column(matches::row::Column::Id)
        .into_query();
    let held = messages::scoped(organization_id)
        .filter(messages::row::Column::Status.eq(MessageStatus::Held.as_str()))
        .filter(messages::row::Column::MatchId.in_subquery(about));
    let active = matches::scoped(organization_id)
        .filter(matches::row::Column::ProgramId.eq(program.id))
        .filter(matches::row::Column::Status.eq(MatchStatus::Active.as_str()));
    let conn = reads.conn();
    let mut stalled = 0;
    for row in active.all(conn).await? {
        let found = matches::stored_match(row)?;
        let patience = found.patience_days(program.timings.stalled_days).map(|days| TimeDelta::days(days.into()));
        let since = found.last_sign_of_life().zip(patience).map(|(since, patience)| since + patience);
        stalled += u32::from(since.is_some_and(|since| since <= now));
    }
    Ok(Waiting {
        runs: small(runs.count(conn).await?),
        applications: small(enrolled(EnrollmentStatus::Applied).count(conn).await?),
        unmatched: small(unmatched.count(conn).await?),
        held: small(held.count(conn).await?),
        stalled,
    })
}
