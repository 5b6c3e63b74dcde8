//! Programs with their questions and criteria.

use std::{collections::HashMap, sync::Arc};

use chrono::NaiveTime;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect, Select,
    sea_query::LockType,
};
use uuid::Uuid;

use super::{Reads, Store, StoreError, Tx, exactly_one, from_json, narrow, to_json, word};
use crate::domain::programs::{Criterion, Program, Question, QuietHours, Timings};

const TABLE: &str = "programs";
const CRITERIA: &str = "criteria";
const QUESTIONS: &str = "questions";
pub(super) const MATCH_AT: &str = "%H:%M";

pub(crate) mod row {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "programs")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub organization_id: Uuid,
        pub name: String,
        pub description: String,
        pub kind: String,
        pub consent: String,
        pub objective: String,
        pub admission: String,
        pub time_zone: String,
        pub match_at: String,
        pub minimum_score: i32,
        pub avoid_past_partners: bool,
        pub proposal_reminder_days: i32,
        pub proposal_expires_days: i32,
        pub first_contact_days: i32,
        pub stalled_days: i32,
        pub first_check_in_days: i32,
        pub check_in_days: i32,
        pub topic_days: i32,
        pub quiet_from: Option<String>,
        pub quiet_until: Option<String>,
        pub ice_breakers: Json,
        pub topics: Json,
        pub seed: i64,
        pub version: i32,
        pub archived_at: Option<DateTimeUtc>,
        pub created_at: DateTimeUtc,
        pub updated_at: DateTimeUtc,
        /// When the worker has to look whether a night is due.
        pub next_night_at: DateTimeUtc,
        /// When the worker has to look whether its digest is due.
        pub next_digest_at: DateTimeUtc,
    }

    super::super::no_relations!();
}

pub(crate) mod question_row {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "questions")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub organization_id: Uuid,
        pub program_id: Uuid,
        pub key: String,
        pub label: String,
        pub prompt: String,
        pub kind: String,
        pub asks: String,
        pub options: Json,
        pub required: bool,
        pub position: i32,
    }

    super::super::no_relations!();
}

pub(crate) mod criterion_row {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "criteria")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub organization_id: Uuid,
        pub program_id: Uuid,
        pub label: String,
        pub subject: String,
        pub question_key: Option<String>,
        pub comparison: String,
        pub at_most: Option<i32>,
        pub strength: String,
        pub weight: i32,
        pub position: i32,
    }

    super::super::no_relations!();
}

fn program(row: row::Model) -> Result<Program, StoreError> {
    Ok(Program {
        id: row.id,
        organization_id: row.organization_id,
        name: row.name,
        description: row.description,
        kind: word(TABLE, &row.kind)?,
        consent: word(TABLE, &row.consent)?,
        objective: word(TABLE, &row.objective)?,
        admission: word(TABLE, &row.admission)?,
        time_zone: row.time_zone,
        match_at: time(&row.match_at)?,
        minimum_score: narrow(TABLE, row.minimum_score)?,
        avoid_past_partners: row.avoid_past_partners,
        timings: Timings {
            proposal_reminder_days: narrow(TABLE, row.proposal_reminder_days)?,
            proposal_expires_days: narrow(TABLE, row.proposal_expires_days)?,
            first_contact_days: narrow(TABLE, row.first_contact_days)?,
            stalled_days: narrow(TABLE, row.stalled_days)?,
            first_check_in_days: narrow(TABLE, row.first_check_in_days)?,
            check_in_days: narrow(TABLE, row.check_in_days)?,
            topic_days: narrow(TABLE, row.topic_days)?,
        },
        quiet_hours: quiet(row.quiet_from.as_deref(), row.quiet_until.as_deref())?,
        ice_breakers: from_json(TABLE, row.ice_breakers)?,
        topics: from_json(TABLE, row.topics)?,
        questions: Vec::new(),
        criteria: Vec::new(),
        seed: row.seed,
        version: row.version,
        archived_at: row.archived_at,
        created_at: row.created_at,
        updated_at: row.updated_at,
    })
}

fn time(text: &str) -> Result<NaiveTime, StoreError> {
    NaiveTime::parse_from_str(text, MATCH_AT).map_err(|error| StoreError::corrupt(TABLE, error))
}

pub(super) fn quiet(from: Option<&str>, until: Option<&str>) -> Result<Option<QuietHours>, StoreError> {
    let Some((from, until)) = from.zip(until) else { return Ok(None) };
    Ok(QuietHours::between(time(from)?, time(until)?))
}

fn to_row(program: &Program) -> Result<row::Model, StoreError> {
    Ok(row::Model {
        id: program.id,
        organization_id: program.organization_id,
        name: program.name.clone(),
        description: program.description.clone(),
        kind: program.kind.as_str().to_owned(),
        consent: program.consent.as_str().to_owned(),
        objective: program.objective.as_str().to_owned(),
        admission: program.admission.as_str().to_owned(),
        time_zone: program.time_zone.clone(),
        match_at: program.match_at.format(MATCH_AT).to_string(),
        minimum_score: program.minimum_score.into(),
        avoid_past_partners: program.avoid_past_partners,
        proposal_reminder_days: program.timings.proposal_reminder_days.into(),
        proposal_expires_days: program.timings.proposal_expires_days.into(),
        first_contact_days: program.timings.first_contact_days.into(),
        stalled_days: program.timings.stalled_days.into(),
        first_check_in_days: program.timings.first_check_in_days.into(),
        check_in_days: program.timings.check_in_days.into(),
        topic_days: program.timings.topic_days.into(),
        quiet_from: program.quiet_hours.map(|hours| hours.from.format(MATCH_AT).to_string()),
        quiet_until: program.quiet_hours.map(|hours| hours.until.format(MATCH_AT).to_string()),
        ice_breakers: to_json(TABLE, &program.ice_breakers)?,
        topics: to_json(TABLE, &program.topics)?,
        seed: program.seed,
        version: program.version,
        archived_at: program.archived_at,
        created_at: program.created_at,
        updated_at: program.updated_at,
        // Whatever changed, zone and time perhaps: the worker looks at the program at its next tick.
        next_night_at: program.updated_at,
        next_digest_at: program.updated_at,
    })
}

fn question(row: question_row::Model) -> Result<Question, StoreError> {
    Ok(Question {
        id: row.id,
        key: row.key,
        label: row.label,
        prompt: row.prompt,
        kind: word(QUESTIONS, &row.kind)?,
        options: from_json(QUESTIONS, row.options)?,
        required: row.required,
        asks: word(QUESTIONS, &row.asks)?,
    })
}

fn criterion(row: criterion_row::Model) -> Result<Criterion, StoreError> {
    Ok(Criterion {
        id: row.id,
        label: row.label,
        subject: word(CRITERIA, &row.subject)?,
        question_key: row.question_key,
        comparison: word(CRITERIA, &row.comparison)?,
        at_most: row.at_most.map(|hours| narrow(CRITERIA, hours)).transpose()?,
        strength: word(CRITERIA, &row.strength)?,
        weight: narrow(CRITERIA, row.weight)?,
    })
}

pub(crate) fn scoped(organization_id: Uuid) -> Select<row::Entity> {
    row::Entity::find().filter(row::Column::OrganizationId.eq(organization_id))
}

/// Reads the questions and criteria of all these programs in two statements.
pub(crate) async fn complete(reads: &impl Reads, rows: Vec<row::Model>) -> Result<Vec<Program>, StoreError> {
    let mut programs = rows.into_iter().map(program).collect::<Result<Vec<_>, _>>()?;
    let ids: Vec<Uuid> = programs.iter().map(|program| program.id).collect();
    let mut questions: HashMap<Uuid, Vec<Question>> = HashMap::new();
    let mut criteria: HashMap<Uuid, Vec<Criterion>> = HashMap::new();
    for chunk in ids.chunks(10_000) {
        let rows = question_row::Entity::find()
            .filter(question_row::Column::ProgramId.is_in(chunk.iter().copied()))
            .order_by_asc(question_row::Column::Position)
            .all(reads.conn())
            .await?;
        for row in rows {
            questions.entry(row.program_id).or_default().push(question(row)?);
        }
        let rows = criterion_row::Entity::find()
            .filter(criterion_row::Column::ProgramId.is_in(chunk.iter().copied()))
            .order_by_asc(criterion_row::Column::Position)
            .all(reads.conn())
            .await?;
        for row in rows {
            criteria.entry(row.program_id).or_default().push(criterion(row)?);
        }
    }
    for program in &mut programs {
        program.questions = questions.remove(&program.id).unwrap_or_default();
        program.criteria = criteria.remove(&program.id).unwrap_or_default();
    }
    Ok(programs)
}

/// The program with this id.
///
/// # Errors
/// When the database is gone.
pub async fn find(reads: &impl Reads, organization_id: Uuid, id: Uuid) -> Result<Option<Program>, StoreError> {
    Ok(find_many(reads, organization_id, &[id]).await?.pop())
}

/// The programs with these ids, in no order; absent ones are left out.
///
/// # Errors
/// When the database is gone.
pub async fn find_many(reads: &impl Reads, organization_id: Uuid, ids: &[Uuid]) -> Result<Vec<Program>, StoreError> {
    let query = scoped(organization_id).filter(row::Column::Id.is_in(ids.iter().copied()));
    let rows = query.all(reads.conn()).await?;
    complete(reads, rows).await
}

/// The programs with these ids, as [`find_many`], remembered: one small statement tells their versions, and only what is
/// not known at its version is read.
///
/// # Errors
/// When the database is gone.
pub async fn current(store: &Store, organization_id: Uuid, ids: &[Uuid]) -> Result<Vec<Arc<Program>>, StoreError> {
    let query = scoped(organization_id).filter(row::Column::Id.is_in(ids.iter().copied()));
    let versions: Vec<(Uuid, i32)> =
        query.select_only().columns([row::Column::Id, row::Column::Version]).into_tuple().all(&store.pool).await?;
    at_versions(store, organization_id, &versions).await
}

/// The programs with these ids, of which somebody has just read the version; the few that changed since then come as
/// they are now.
///
/// # Errors
/// When the database is gone.
pub async fn at_versions(
    store: &Store,
    organization_id: Uuid,
    versions: &[(Uuid, i32)],
) -> Result<Vec<Arc<Program>>, StoreError> {
    let known = &store.memory.programs;
    let mut found = Vec::with_capacity(versions.len());
    let mut missing = Vec::new();
    for at in versions {
        match known.find(*at).filter(|program| program.organization_id == organization_id) {
            Some(program) => found.push(program),
            None => missing.push(at.0),
        }
    }
    if !missing.is_empty() {
        // Questions are read after the version: should the program change in between, the next reader sees a newer version
        // than the one that is kept here, and reads it again.
        for program in find_many(store, organization_id, &missing).await? {
            let program = Arc::new(program);
            known.remember((program.id, program.version), Arc::clone(&program));
            found.push(program);
        }
    }
    Ok(found)
}

/// Every program of every organization that is not archived, for the worker.
///
/// # Errors
/// When the database is gone.
pub async fn every_living(reads: &impl Reads) -> Result<Vec<Program>, StoreError> {
    let query = row::Entity::find().filter(row::Column::ArchivedAt.is_null()).order_by_asc(row::Column::Id);
    let rows = query.all(reads.conn()).await?;
    rows.into_iter().map(program).collect()
}

/// Stores a new program.
///
/// # Errors
/// [`StoreError::Duplicate`] when the organization has a program of this name.
pub async fn insert(tx: &Tx, program: &Program) -> Result<(), StoreError> {
    let row = to_row(program)?.into_active_model().reset_all();
    row.insert(&tx.tx).await.map_err(StoreError::from_write)?;
    insert_parts(tx, program).await
}

/// Stores a changed program with all its questions and criteria, and counts the version up.
///
/// # Errors
/// [`StoreError::Conflict`] when it changed since it was read, [`StoreError::Duplicate`] when the new name is taken.
pub async fn update(tx: &Tx, program: &mut Program) -> Result<(), StoreError> {
    let mut row = to_row(program)?;
    row.version += 1;
    let done = row::Entity::update_many()
        .set(row.into_active_model().reset_all())
        .filter(row::Column::OrganizationId.eq(program.organization_id))
        .filter(row::Column::Id.eq(program.id))
        .filter(row::Column::Version.eq(program.version))
        .exec(&tx.tx)
        .await
        .map_err(StoreError::from_write)?;
    exactly_one(done.rows_affected, "the program")?;
    program.version += 1;
    question_row::Entity::delete_many().filter(question_row::Column::ProgramId.eq(program.id)).exec(&tx.tx).await?;
    criterion_row::Entity::delete_many().filter(criterion_row::Column::ProgramId.eq(program.id)).exec(&tx.tx).await?;
    insert_parts(tx, program).await
}

async fn insert_parts(tx: &Tx, program: &Program) -> Result<(), StoreError> {
    let mut questions = Vec::with_capacity(program.questions.len());
    for (position, question) in (0_i32..).zip(&program.questions) {
        let row = question_row::Model {
            id: question.id,
            organization_id: program.organization_id,
            program_id: program.id,
            key: question.key.clone(),
            label: question.label.clone(),
            prompt: question.prompt.clone(),
            kind: question.kind.as_str().to_owned(),
            asks: question.asks.as_str().to_owned(),
            options: to_json(QUESTIONS, &question.options)?,
            required: question.required,
            position,
        };
        questions.push(row.into_active_model().reset_all());
    }
    if !questions.is_empty() {
        question_row::Entity::insert_many(questions).exec_without_returning(&tx.tx).await?;
    }
    let criteria: Vec<_> = (0_i32..)
        .zip(&program.criteria)
        .map(|(position, criterion)| {
            let row = criterion_row::Model {
                id: criterion.id,
                organization_id: program.organization_id,
                program_id: program.id,
                label: criterion.label.clone(),
                subject: criterion.subject.as_str().to_owned(),
                question_key: criterion.question_key.clone(),
                comparison: criterion.comparison.as_str().to_owned(),
                at_most: criterion.at_most.map(i32::from),
                strength: criterion.strength.as_str().to_owned(),
                weight: criterion.weight.into(),
                position,
            };
            row.into_active_model().reset_all()
        })
        .collect();
    if !criteria.is_empty() {
        criterion_row::Entity::insert_many(criteria).exec_without_returning(&tx.tx).await?;
    }
    Ok(())
}

/// Lets other transactions that hold the same program wait until this one ends.
///
/// # Errors
/// When the database is gone.
pub async fn hold(tx: &Tx, organization_id: Uuid, id: Uuid) -> Result<(), StoreError> {
    // Not the full lock: new rows that point at the program need not wait. SQLite has one writer anyway.
    let query = scoped(organization_id).filter(row::Column::Id.eq(id)).lock(LockType::NoKeyUpdate);
    let _held: Option<row::Model> = query.one(&tx.tx).await?;
    Ok(())
}
