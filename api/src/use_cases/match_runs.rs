//! Match runs: request one, publish what it planned, or put it away.

use serde_json::json;
use shared::{
    bus::Topic,
    domain::{
        match_runs::{MatchRun, RunEvent, RunOrigin, RunStatus},
        refusals::RefusalCode,
    },
    matchmaking, store,
};
use uuid::Uuid;

use super::{State, UseCaseError, needs_program_staff, not_found, refuse, refuse_field};
use crate::caller::Caller;

/// Asks a worker to plan now. A dry run shows what would happen; nobody is matched or written to.
///
/// # Errors
/// Refused to anyone but program staff, when a run of the program is under way, and when no round is due.
pub async fn request_match_run(
    state: &State,
    caller: &Caller,
    program_id: Uuid,
    dry_run: bool,
) -> Result<MatchRun, UseCaseError> {
    needs_program_staff(caller)?;
    let organization_id = caller.organization_id();
    let program = state.program(caller, program_id).await?;
    if program.archived_at.is_some() {
        return Err(refuse_field(RefusalCode::NotPossible, "programId", "the program is archived"));
    }
    let tx = state.store.begin().await?;
    let rounds = store::rounds::of_program(&tx, organization_id, program_id).await?;
    if !rounds.iter().any(shared::domain::rounds::Round::is_matched) {
        let message = "no round is to be matched now: close a round (or open a rolling one) first";
        return Err(refuse_field(RefusalCode::NotPossible, "programId", message));
    }
    if store::match_runs::is_busy(&tx, organization_id, program_id).await? {
        return Err(refuse_field(RefusalCode::NotPossible, "programId", "a run is under way; wait for it to finish"));
    }
    let now = state.clock.now();
    let run = MatchRun {
        id: state.clock.new_id(),
        organization_id,
        program_id,
        local_date: None,
        origin: RunOrigin::Request,
        dry_run,
        status: RunStatus::Queued,
        requested_by: Some(caller.person_id()),
        report: None,
        error: None,
        fence: 0,
        attempts: 0,
        queued_at: now,
        started_at: None,
        finished_at: None,
        updated_at: now,
    };
    store::match_runs::insert(&tx, &run).await?;
    let setting = state.setting(caller, &program);
    setting.record(&tx, &run, ("-", run.status.as_str()), None).await?;
    state.audit(&tx, caller, "requestMatchRun", run.id, json!({ "dryRun": dry_run })).await?;
    state.commit(tx).await?;
    state.bus.publish(Topic::RunRequested, &json!({ "runId": run.id }).to_string()).await;
    Ok(run)
}

/// Makes matches of the pairs a run planned, but for `except_pairs`. Pairs that have become impossible are left out.
///
/// # Errors
/// Refused to anyone but program staff, for a dry run, and when the run does not wait for approval.
pub async fn publish_match_run(
    state: &State,
    caller: &Caller,
    id: Uuid,
    except_pairs: Vec<Uuid>,
) -> Result<MatchRun, UseCaseError> {
    needs_program_staff(caller)?;
    let organization_id = caller.organization_id();
    let tx = state.store.begin().await?;
    let run = store::match_runs::find(&tx, organization_id, id).await?;
    let mut run = run.ok_or_else(|| not_found("id", "match run"))?;
    if run.dry_run {
        return Err(refuse(RefusalCode::NotPossible, "a dry run is never published; request a run instead"));
    }
    run.status.after(RunEvent::Publish)?;
    let program = store::programs::find(&tx, organization_id, run.program_id).await?;
    let program = program.ok_or_else(|| not_found("id", "match run"))?;
    let mut pairs = store::planned_pairs::of_run(&tx, organization_id, id).await?;
    if let Some(stranger) = except_pairs.iter().find(|id| !pairs.iter().any(|pair| pair.id == **id)) {
        return Err(refuse_field(RefusalCode::NotFound, "exceptPairIds", format!("the run has no pair {stranger}")));
    }
    pairs.retain(|pair| !except_pairs.contains(&pair.id));
    let setting = state.setting(caller, &program);
    matchmaking::publish_run(&tx, &setting, &mut run, &pairs).await?;
    state.audit(&tx, caller, "publishMatchRun", run.id, json!({ "pairs": pairs.len() })).await?;
    state.commit(tx).await?;
    Ok(run)
}

/// Puts a planned run away; its pairs become nothing.
///
/// # Errors
/// Refused to anyone but program staff, and when the run is not READY or QUEUED.
pub async fn discard_match_run(state: &State, caller: &Caller, id: Uuid) -> Result<MatchRun, UseCaseError> {
    needs_program_staff(caller)?;
    let tx = state.store.begin().await?;
    let run = store::match_runs::find(&tx, caller.organization_id(), id).await?;
    let mut run = run.ok_or_else(|| not_found("id", "match run"))?;
    let program = state.program(caller, run.program_id).await?;
    let from = run.status;
    run.status = from.after(RunEvent::Discard)?;
    run.updated_at = state.clock.now();
    run.finished_at = Some(state.clock.now());
    store::match_runs::update(&tx, &run, from).await?;
    let steps = (from.as_str(), run.status.as_str());
    state.setting(caller, &program).record(&tx, &run, steps, None).await?;
    state.audit(&tx, caller, "discardMatchRun", run.id, json!({})).await?;
    state.commit(tx).await?;
    Ok(run)
}
