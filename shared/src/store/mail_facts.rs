//! What has to be known of a batch of messages before they are sent: each kind of thing for all of them in one statement,
//! and in none when they need nothing of that kind. The messages belong to any organizations, so whoever uses what was
//! found compares the organization.

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect};
use uuid::Uuid;

use super::{
    Reads, StoreError, mail_domains, mail_preferences, mail_suppressions, match_runs, matches, people, programs,
    rounded::rounded, sessions, word,
};
use crate::{
    auth::UnsubscribeKey,
    domain::{
        mail::{MailCategory, MailSuppression, normalized},
        match_runs::MatchRun,
        matches::Match,
        people::Person,
        programs::QuietHours,
        sessions::Session,
    },
};

/// When mail of a program that may wait does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProgramQuiet {
    /// The program.
    pub program_id: Uuid,
    /// Its tenant.
    pub organization_id: Uuid,
    /// The hours, by the clock of whoever is written to.
    pub hours: QuietHours,
    /// The program's zone, a name of the IANA's.
    pub time_zone: String,
}

/// Program, organization, zone, from and until.
type QuietRow = (Uuid, Uuid, String, Option<String>, Option<String>);

/// The rows that have one of these values in this column, in no order.
async fn every<E: EntityTrait>(
    reads: &impl Reads,
    column: E::Column,
    ids: &[Uuid],
) -> Result<Vec<E::Model>, StoreError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    Ok(E::find().filter(column.is_in(rounded(ids))).all(reads.conn()).await?)
}

/// The people with these ids, in no order.
///
/// # Errors
/// When the database is gone.
pub async fn every_person(reads: &impl Reads, ids: &[Uuid]) -> Result<Vec<Person>, StoreError> {
    let rows = every::<people::row::Entity>(reads, people::row::Column::Id, ids).await?;
    Ok(rows.into_iter().map(people::person).collect())
}

/// The suppressions of any of these addresses in any of these organizations.
///
/// # Errors
/// When the database is gone.
pub async fn every_suppression(
    reads: &impl Reads,
    organizations: &[Uuid],
    addresses: &[&str],
) -> Result<Vec<MailSuppression>, StoreError> {
    use mail_suppressions::row::{Column, Entity};

    if addresses.is_empty() {
        return Ok(Vec::new());
    }
    let addresses: Vec<String> = addresses.iter().map(|address| normalized(address)).collect();
    let query = Entity::find()
        .filter(Column::OrganizationId.is_in(rounded(organizations)))
        .filter(Column::Address.is_in(rounded(&addresses)));
    query.all(reads.conn()).await?.into_iter().map(mail_suppressions::suppression).collect()
}

/// What these people switched off.
///
/// # Errors
/// When the database is gone.
pub async fn every_switched_off(reads: &impl Reads, people: &[Uuid]) -> Result<Vec<(Uuid, MailCategory)>, StoreError> {
    use mail_preferences::row::{Column, Entity};

    let rows = every::<Entity>(reads, Column::PersonId, people).await?;
    rows.into_iter().map(|row| Ok((row.person_id, word(mail_preferences::TABLE, &row.category)?))).collect()
}

/// The matches with these ids, in no order.
///
/// # Errors
/// When the database is gone.
pub async fn every_match(reads: &impl Reads, ids: &[Uuid]) -> Result<Vec<Match>, StoreError> {
    let rows = every::<matches::row::Entity>(reads, matches::row::Column::Id, ids).await?;
    rows.into_iter().map(matches::stored_match).collect()
}

/// The runs with these ids, in no order.
///
/// # Errors
/// When the database is gone.
pub async fn every_run(reads: &impl Reads, ids: &[Uuid]) -> Result<Vec<MatchRun>, StoreError> {
    let rows = every::<match_runs::row::Entity>(reads, match_runs::row::Column::Id, ids).await?;
    rows.into_iter().map(match_runs::match_run).collect()
}

/// The sessions with these ids, in no order.
///
/// # Errors
/// When the database is gone.
pub async fn every_session(reads: &impl Reads, ids: &[Uuid]) -> Result<Vec<Session>, StoreError> {
    let rows = every::<sessions::row::Entity>(reads, sessions::row::Column::Id, ids).await?;
    rows.into_iter().map(sessions::session).collect()
}

/// The quiet hours of these programs; one that has none is left out.
///
/// # Errors
/// When the database is gone.
pub async fn every_quiet_hours(reads: &impl Reads, programs: &[Uuid]) -> Result<Vec<ProgramQuiet>, StoreError> {
    use programs::row::{Column, Entity};

    if programs.is_empty() {
        return Ok(Vec::new());
    }
    let query = Entity::find().filter(Column::Id.is_in(rounded(programs))).select_only();
    let columns = [Column::Id, Column::OrganizationId, Column::TimeZone, Column::QuietFrom, Column::QuietUntil];
    let rows: Vec<QuietRow> = query.columns(columns).into_tuple().all(reads.conn()).await?;
    let mut found = Vec::with_capacity(rows.len());
    for (program_id, organization_id, time_zone, from, until) in rows {
        let hours = programs::quiet(from.as_deref(), until.as_deref())?;
        found.extend(hours.map(|hours| ProgramQuiet { program_id, organization_id, hours, time_zone }));
    }
    Ok(found)
}

/// The keys of these organizations, each with its organization; one that has none yet is left out.
///
/// # Errors
/// When the database is gone.
pub async fn every_unsubscribe_key(
    reads: &impl Reads,
    organizations: &[Uuid],
) -> Result<Vec<(Uuid, UnsubscribeKey)>, StoreError> {
    use mail_preferences::key_row::{Column, Entity};

    let rows = every::<Entity>(reads, Column::Id, organizations).await?;
    Ok(rows.into_iter().filter_map(|row| Some((row.id, UnsubscribeKey::from_text(&row.secret)?))).collect())
}

/// Those of these domains, in lower case, that are paused or have a mail on trial.
///
/// # Errors
/// When the database is gone.
pub async fn every_paused(reads: &impl Reads, domains: &[String]) -> Result<Vec<String>, StoreError> {
    use mail_domains::row::{Column, Entity};

    if domains.is_empty() {
        return Ok(Vec::new());
    }
    let query = Entity::find()
        .filter(Column::Domain.is_in(rounded(domains)))
        .filter(Column::PausedUntil.is_not_null())
        .select_only()
        .column(Column::Domain);
    Ok(query.into_tuple().all(reads.conn()).await?)
}
