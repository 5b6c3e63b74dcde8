//! Programs: create, edit, archive.

use chrono::NaiveTime;
use serde_json::json;
use shared::domain::{
    programs::{
        Admission, Asks, Comparison, Consent, Criterion, Kind, Objective, Program, Question, QuestionKind, QuietHours,
        Strength, Subject, Timings, check,
    },
    refusals::{Refusal, RefusalCode},
};
use shared::store;
use uuid::Uuid;

use super::{State, UseCaseError, duplicate, needs_program_staff, passed, refuse};
use crate::caller::Caller;

/// A new program.
#[derive(Clone, Debug)]
pub struct ProgramDraft {
    /// Unique in the organization.
    pub name: String,
    /// For participants; plain text.
    pub description: String,
    /// Peers, or mentors with mentees; fixed for good.
    pub kind: Kind,
    /// Who agrees before two people are introduced.
    pub consent: Consent,
    /// What the nightly run aims at first.
    pub objective: Objective,
    /// Who decides on applicants.
    pub admission: Admission,
    /// IANA zone.
    pub time_zone: String,
    /// Local time of the nightly run.
    pub match_at: NaiveTime,
    /// 0 to 1000.
    pub minimum_score: i32,
    /// Whether past partners are kept apart.
    pub avoid_past_partners: bool,
    /// Dates the program keeps.
    pub timings: Timings,
    /// When mail that may wait does; `None` for never.
    pub quiet_hours: Option<QuietHours>,
    /// Questions to begin with; empty means the standard ones.
    pub ice_breakers: Vec<String>,
    /// What pairs may talk about; empty means the standard ones.
    pub topics: Vec<String>,
    /// What participants are asked.
    pub questions: Vec<QuestionDraft>,
    /// The rules.
    pub criteria: Vec<CriterionDraft>,
}

/// A question as it is written down.
#[derive(Clone, Debug)]
pub struct QuestionDraft {
    /// Stable name.
    pub key: String,
    /// A word or two.
    pub label: String,
    /// The whole question.
    pub prompt: String,
    /// What an answer looks like.
    pub kind: QuestionKind,
    /// The choices.
    pub options: Vec<String>,
    /// Whether nobody is matched without an answer.
    pub required: bool,
    /// About whom it is.
    pub asks: Asks,
}

/// A criterion as it is written down.
#[derive(Clone, Debug)]
pub struct CriterionDraft {
    /// What reasons call it.
    pub label: String,
    /// What is compared.
    pub subject: Subject,
    /// Of a QUESTION.
    pub question_key: Option<String>,
    /// How it is compared.
    pub comparison: Comparison,
    /// Hours, for WITHIN.
    pub at_most: Option<i32>,
    /// Whether it must hold or earns points.
    pub strength: Strength,
    /// Points relative to the others.
    pub weight: i32,
}

/// Changes to a program; `None` leaves a field as it is. Questions and criteria are replaced as whole lists.
#[derive(Clone, Debug, Default)]
pub struct ProgramPatch {
    /// See [`ProgramDraft::name`].
    pub name: Option<String>,
    /// See [`ProgramDraft::description`].
    pub description: Option<String>,
    /// See [`ProgramDraft::consent`].
    pub consent: Option<Consent>,
    /// See [`ProgramDraft::objective`].
    pub objective: Option<Objective>,
    /// See [`ProgramDraft::admission`].
    pub admission: Option<Admission>,
    /// See [`ProgramDraft::time_zone`].
    pub time_zone: Option<String>,
    /// See [`ProgramDraft::match_at`].
    pub match_at: Option<NaiveTime>,
    /// See [`ProgramDraft::minimum_score`].
    pub minimum_score: Option<i32>,
    /// See [`ProgramDraft::avoid_past_partners`].
    pub avoid_past_partners: Option<bool>,
    /// See [`ProgramDraft::timings`].
    pub timings: Option<Timings>,
    /// See [`ProgramDraft::quiet_hours`].
    pub quiet_hours: Option<Option<QuietHours>>,
    /// See [`ProgramDraft::ice_breakers`].
    pub ice_breakers: Option<Vec<String>>,
    /// See [`ProgramDraft::topics`].
    pub topics: Option<Vec<String>>,
    /// See [`ProgramDraft::questions`].
    pub questions: Option<Vec<QuestionDraft>>,
    /// See [`ProgramDraft::criteria`].
    pub criteria: Option<Vec<CriterionDraft>>,
}

const NAME_TAKEN: &str = "the organization has a program of this name; choose another";

fn small<T: TryFrom<i32>>(value: i32, field: &str, found: &mut Vec<Refusal>) -> Option<T> {
    let small = T::try_from(value).ok();
    if small.is_none() {
        found.push(Refusal::field(RefusalCode::Invalid, field, "the number is out of range"));
    }
    small
}

fn questions(state: &State, drafts: Vec<QuestionDraft>) -> Vec<Question> {
    let question = |draft: QuestionDraft| {
        let QuestionDraft { key, label, prompt, kind, options, required, asks } = draft;
        Question { id: state.clock.new_id(), key, label, prompt, kind, options, required, asks }
    };
    drafts.into_iter().map(question).collect()
}

fn criteria(state: &State, drafts: Vec<CriterionDraft>, found: &mut Vec<Refusal>) -> Vec<Criterion> {
    let mut criteria = Vec::with_capacity(drafts.len());
    for (index, draft) in drafts.into_iter().enumerate() {
        criteria.push(Criterion {
            id: state.clock.new_id(),
            label: draft.label,
            subject: draft.subject,
            question_key: draft.question_key,
            comparison: draft.comparison,
            at_most: draft.at_most.and_then(|hours| small(hours, &format!("criteria.{index}.atMost"), found)),
            strength: draft.strength,
            weight: small(draft.weight, &format!("criteria.{index}.weight"), found).unwrap_or_default(),
        });
    }
    criteria
}

/// Creates a program.
///
/// # Errors
/// Refused to anyone but program staff, and for invalid fields or a taken name.
pub async fn create_program(state: &State, caller: &Caller, draft: ProgramDraft) -> Result<Program, UseCaseError> {
    needs_program_staff(caller)?;
    let now = state.clock.now();
    let id = state.clock.new_id();
    let mut found = Vec::new();
    let mut program = Program {
        id,
        organization_id: caller.organization_id(),
        name: draft.name,
        description: draft.description,
        kind: draft.kind,
        consent: draft.consent,
        objective: draft.objective,
        admission: draft.admission,
        time_zone: draft.time_zone,
        match_at: draft.match_at,
        minimum_score: small(draft.minimum_score, "minimumScore", &mut found).unwrap_or_default(),
        avoid_past_partners: draft.avoid_past_partners,
        timings: draft.timings,
        quiet_hours: draft.quiet_hours,
        ice_breakers: draft.ice_breakers,
        topics: draft.topics,
        questions: questions(state, draft.questions),
        criteria: criteria(state, draft.criteria, &mut found),
        // The random bits of the id: published with each run, chosen by nobody.
        seed: i64::try_from(id.as_u128() & 0x3fff_ffff_ffff_ffff).unwrap_or_default(),
        version: 1,
        archived_at: None,
        created_at: now,
        updated_at: now,
    };
    found.extend(check(&mut program));
    passed(found)?;
    let tx = state.store.begin().await?;
    let stored = store::programs::insert(&tx, &program).await;
    stored.map_err(|error| duplicate(error, "name", NAME_TAKEN))?;
    state.audit(&tx, caller, "createProgram", program.id, json!({ "name": program.name })).await?;
    tx.commit().await?;
    Ok(program)
}

/// Changes a program. With `expected_version` the change is refused if somebody else changed it since.
///
/// # Errors
/// Refused to anyone but program staff, and for invalid fields, a taken name, or a conflict.
pub async fn update_program(
    state: &State,
    caller: &Caller,
    id: Uuid,
    expected_version: Option<i32>,
    patch: ProgramPatch,
) -> Result<Program, UseCaseError> {
    needs_program_staff(caller)?;
    let tx = state.store.begin().await?;
    let program = store::programs::find(&tx, caller.organization_id(), id).await?;
    let mut program = program.ok_or_else(|| super::not_found("id", "program"))?;
    if expected_version.is_some_and(|version| version != program.version) {
        return Err(refuse(RefusalCode::Conflict, "the program was changed meanwhile; load it again and retry"));
    }
    let mut found = Vec::new();
    let ProgramPatch { name, description, consent, objective, admission, time_zone, match_at, .. } = patch;
    set(&mut program.name, name);
    set(&mut program.description, description);
    set(&mut program.consent, consent);
    set(&mut program.objective, objective);
    set(&mut program.admission, admission);
    set(&mut program.time_zone, time_zone);
    set(&mut program.match_at, match_at);
    set(&mut program.minimum_score, patch.minimum_score.and_then(|score| small(score, "minimumScore", &mut found)));
    set(&mut program.avoid_past_partners, patch.avoid_past_partners);
    set(&mut program.timings, patch.timings);
    set(&mut program.quiet_hours, patch.quiet_hours);
    set(&mut program.ice_breakers, patch.ice_breakers);
    set(&mut program.topics, patch.topics);
    set(&mut program.questions, patch.questions.map(|drafts| questions(state, drafts)));
    set(&mut program.criteria, patch.criteria.map(|drafts| criteria(state, drafts, &mut found)));
    program.updated_at = state.clock.now();
    found.extend(check(&mut program));
    passed(found)?;
    let stored = store::programs::update(&tx, &mut program).await;
    stored.map_err(|error| duplicate(error, "name", NAME_TAKEN))?;
    state.audit(&tx, caller, "updateProgram", program.id, json!({ "version": program.version })).await?;
    tx.commit().await?;
    Ok(program)
}

fn set<T>(field: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *field = value;
    }
}

/// Puts a program away: it has no more nights. Its matches go on.
///
/// # Errors
/// Refused to anyone but program staff, and when it is archived already.
pub async fn archive_program(state: &State, caller: &Caller, id: Uuid) -> Result<Program, UseCaseError> {
    needs_program_staff(caller)?;
    let tx = state.store.begin().await?;
    let program = store::programs::find(&tx, caller.organization_id(), id).await?;
    let mut program = program.ok_or_else(|| super::not_found("id", "program"))?;
    if program.archived_at.is_some() {
        return Err(refuse(RefusalCode::NotPossible, "the program is archived already"));
    }
    program.archived_at = Some(state.clock.now());
    program.updated_at = state.clock.now();
    store::programs::update(&tx, &mut program).await?;
    state.audit(&tx, caller, "archiveProgram", program.id, json!({})).await?;
    tx.commit().await?;
    Ok(program)
}
