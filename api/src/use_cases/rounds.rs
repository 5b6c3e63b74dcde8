//! Rounds: create, open, close, complete, cancel.

use chrono::NaiveDate;
use serde_json::json;
use shared::{
    domain::{
        enrollments::{EnrollmentEvent, EnrollmentStatus, is_complete},
        people::tidy_line,
        programs::{Admission, Program},
        refusals::{Refusal, RefusalCode},
        rounds::{Round, RoundEvent, RoundStatus, over_country_cap},
    },
    matchmaking::Setting,
    store::{self, Tx},
};
use uuid::Uuid;

use super::{State, UseCaseError, duplicate, needs_program_staff, not_found, passed, refuse};
use crate::caller::Caller;

/// A new round, not yet open.
#[derive(Clone, Debug)]
pub struct RoundDraft {
    /// The program.
    pub program_id: Uuid,
    /// Unique in the program.
    pub name: String,
    /// Whether people join all year.
    pub rolling: bool,
    /// 1 to 100, or no cap.
    pub country_cap_percent: Option<i32>,
    /// The last day of its matches.
    pub ends_on: Option<NaiveDate>,
}

/// Creates a round.
///
/// # Errors
/// Refused to anyone but program staff, and for invalid fields or a taken name.
pub async fn create_round(state: &State, caller: &Caller, draft: RoundDraft) -> Result<Round, UseCaseError> {
    needs_program_staff(caller)?;
    let program = state.program(caller, draft.program_id).await?;
    let mut found = Vec::new();
    let name = tidy_line(&draft.name);
    if name.is_empty() || name.chars().count() > 200 {
        found.push(Refusal::field(RefusalCode::Invalid, "name", "give a name of 1 to 200 characters"));
    }
    let percent = draft.country_cap_percent.map(u8::try_from);
    let in_range = percent.is_none_or(|percent| percent.is_ok_and(|percent| (1..=100).contains(&percent)));
    if !in_range {
        found.push(Refusal::field(RefusalCode::Invalid, "countryCapPercent", "use 1 to 100, or leave it out"));
    }
    passed(found)?;
    let now = state.clock.now();
    let round = Round {
        id: state.clock.new_id(),
        organization_id: caller.organization_id(),
        program_id: program.id,
        name,
        status: RoundStatus::Draft,
        rolling: draft.rolling,
        country_cap_percent: percent.and_then(Result::ok),
        ends_on: draft.ends_on,
        opened_at: None,
        closed_at: None,
        created_at: now,
        updated_at: now,
    };
    let tx = state.store.begin().await?;
    let stored = store::rounds::insert(&tx, &round).await;
    stored.map_err(|error| duplicate(error, "name", "the program has a round of this name; choose another"))?;
    let steps = ("-", RoundStatus::Draft.as_str());
    state.setting(caller, &program).record(&tx, &round, steps, None).await?;
    state.audit(&tx, caller, "createRound", round.id, json!({ "name": round.name })).await?;
    state.commit(tx).await?;
    Ok(round)
}

/// Opens a round for enrollment.
///
/// # Errors
/// Refused to anyone but program staff, and when the round is past that.
pub async fn open_round(state: &State, caller: &Caller, id: Uuid) -> Result<Round, UseCaseError> {
    change(state, caller, id, RoundEvent::Open, "openRound").await
}

/// Ends enrollment. Applicants are accepted, up to the country cap in order of application; the next night matches them.
///
/// # Errors
/// Refused to anyone but program staff, and when the round is not open.
pub async fn close_round(state: &State, caller: &Caller, id: Uuid) -> Result<Round, UseCaseError> {
    change(state, caller, id, RoundEvent::Close, "closeRound").await
}

/// Ends a round with all its matches, as planned.
///
/// # Errors
/// Refused to anyone but program staff, and when the round is not running.
pub async fn complete_round(state: &State, caller: &Caller, id: Uuid) -> Result<Round, UseCaseError> {
    change(state, caller, id, RoundEvent::Complete, "completeRound").await
}

/// Calls a round off: enrollments are withdrawn and matches end.
///
/// # Errors
/// Refused to anyone but program staff, and when the round is over.
pub async fn cancel_round(state: &State, caller: &Caller, id: Uuid) -> Result<Round, UseCaseError> {
    change(state, caller, id, RoundEvent::Cancel, "cancelRound").await
}

async fn change(
    state: &State,
    caller: &Caller,
    id: Uuid,
    event: RoundEvent,
    action: &'static str,
) -> Result<Round, UseCaseError> {
    needs_program_staff(caller)?;
    let tx = state.store.begin().await?;
    let round = store::rounds::find(&tx, caller.organization_id(), id).await?;
    let mut round = round.ok_or_else(|| not_found("id", "round"))?;
    let program = store::programs::find(&tx, caller.organization_id(), round.program_id).await?;
    let program = program.ok_or_else(|| not_found("id", "round"))?;
    if program.archived_at.is_some() && event == RoundEvent::Open {
        return Err(refuse(RefusalCode::NotPossible, "the program is archived; its rounds cannot be opened"));
    }
    let setting = state.setting(caller, &program);
    setting.step_round(&tx, &mut round, event).await?;
    match event {
        RoundEvent::Close => admit(&tx, &setting, &program, &round).await?,
        RoundEvent::Complete | RoundEvent::Cancel => setting.wind_up_round(&tx, &round, event).await?,
        RoundEvent::Open | RoundEvent::Start => {}
    }
    state.audit(&tx, caller, action, round.id, json!({})).await?;
    state.commit(tx).await?;
    Ok(round)
}

/// Decides on the applicants of a closing round.
async fn admit(tx: &Tx, setting: &Setting<'_>, program: &Program, round: &Round) -> Result<(), UseCaseError> {
    let Some(percent) = round.country_cap_percent.filter(|_| !round.rolling) else { return Ok(()) };
    let living =
        [EnrollmentStatus::Applied, EnrollmentStatus::Accepted, EnrollmentStatus::Active, EnrollmentStatus::Paused];
    let applicants = store::enrollments::of_round(tx, round.organization_id, round.id, &living).await?;
    let ids: Vec<Uuid> = applicants.iter().map(|enrollment| enrollment.person_id).collect();
    let people = store::people::find_many(tx, round.organization_id, &ids).await?;
    let country_of: std::collections::HashMap<Uuid, Option<&str>> =
        people.iter().map(|person| (person.id, person.country.as_deref())).collect();
    let countries: Vec<Option<&str>> = ids.iter().map(|id| country_of.get(id).copied().flatten()).collect();
    let over = over_country_cap(&countries, percent);
    for (index, mut enrollment) in applicants.into_iter().enumerate() {
        if enrollment.status != EnrollmentStatus::Applied {
            continue;
        }
        if over.binary_search(&index).is_ok() {
            setting
                .step_enrollment(tx, &mut enrollment, EnrollmentEvent::Waitlist, Some("country cap".to_owned()))
                .await?;
        } else if program.admission == Admission::Automatic {
            setting.step_enrollment(tx, &mut enrollment, EnrollmentEvent::Accept, None).await?;
            if is_complete(&enrollment, program) {
                setting.step_enrollment(tx, &mut enrollment, EnrollmentEvent::Activate, None).await?;
            }
        }
    }
    Ok(())
}
