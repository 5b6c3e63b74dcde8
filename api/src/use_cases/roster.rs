//! The roster: bringing people to what the institution's own system says, again and again. Who is new is made, who
//! changed is changed, who is missing can be deactivated; a dry run shows all that first.

mod differences;
mod leaving;
mod reading;

use serde::Serialize;
use serde_json::json;
use shared::{domain::refusals::RefusalCode, store};

pub use self::differences::{Change, ChangeKind, FieldChange};
use self::{differences::Plan, reading::Roster};
use super::{
    State, UseCaseError,
    import::{RowError, known::write_people},
    needs_program_staff, refuse, refuse_field,
};
use crate::caller::Caller;

/// The most changes and faults one answer shows; the rest is counted.
pub const SHOWN_MAX: usize = 1_000;

/// A roster to bring people to.
#[derive(Clone, Debug)]
pub struct SyncInput {
    /// Who should be there.
    pub people: Source,
    /// Deactivate those who came with a roster and are missing from this one.
    pub deactivate_missing: bool,
    /// Refuse to deactivate more than this share of the roster, 0 to 100.
    pub most_deactivated_percent: u8,
    /// What to do about faulty rows.
    pub on_error: OnError,
    /// Show what would be done.
    pub dry_run: bool,
    /// Do exactly what a dry run with this plan showed, or nothing.
    pub expected_plan: Option<String>,
    /// How many changes, and how many faults, to tell in full, at most [`SHOWN_MAX`].
    pub show: usize,
}

impl SyncInput {
    /// These people with everything else as it is by default.
    pub fn of(people: Source) -> Self {
        Self {
            people,
            deactivate_missing: false,
            most_deactivated_percent: 20,
            on_error: OnError::RefuseAll,
            dry_run: false,
            expected_plan: None,
            show: 100,
        }
    }
}

/// In which form a roster comes.
#[derive(Clone, Debug)]
pub enum Source {
    /// A CSV file, as [`super::import::ImportInput::csv`], with a column externalId.
    Csv(String),
    /// Rows.
    Rows(Vec<RosterRow>),
}

/// A person in a roster. `None` leaves a field as it is; an empty text clears it.
#[derive(Clone, Debug, Default)]
pub struct RosterRow {
    /// The institution's id.
    pub external_id: String,
    /// The name to show.
    pub name: Option<String>,
    /// The address.
    pub email: Option<String>,
    /// One line about them.
    pub headline: Option<String>,
    /// ISO 3166-1 alpha-2.
    pub country: Option<String>,
    /// ISO 639-1.
    pub languages: Option<Vec<String>>,
    /// IANA zone.
    pub time_zone: Option<String>,
    /// BCP 47.
    pub locale: Option<String>,
}

/// What to do about faulty rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnError {
    /// Nothing is written.
    #[default]
    RefuseAll,
    /// Everybody else is taken in.
    SkipRows,
}

/// What a sync did, or would do.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SyncReport {
    /// Whether it was done. False for a dry run, and when faulty rows kept it from being done.
    pub applied: bool,
    /// What the plan is known by.
    pub plan: String,
    /// People who were new.
    pub created: u32,
    /// People whose data changed, those who came back included.
    pub updated: u32,
    /// People who were as the roster has them.
    pub unchanged: u32,
    /// People who left.
    pub deactivated: u32,
    /// Rows that are faulty.
    pub skipped: u32,
    /// People who came with a roster and are active, before this one.
    pub roster_size: u32,
    /// Enrollments that end with those who leave.
    pub enrollments_withdrawn: u64,
    /// Matches that end with those who leave.
    pub matches_ended: u64,
    /// People who should have left but were changed by somebody else meanwhile; the next sync takes them.
    pub missed: u32,
    /// The changes, in the order of the roster and then those who leave; as many as were asked for.
    pub changes: Vec<Change>,
    /// How many changes there are.
    pub change_count: u32,
    /// What is wrong with rows, as much as was asked for.
    pub faults: Vec<RowError>,
    /// How many faults there are.
    pub fault_count: u32,
    /// Why the same without a dry run would be refused; `None` when it would not.
    pub refusal: Option<String>,
}

/// Brings people to what a roster says.
///
/// New and changed people are written in one transaction. Those who leave follow in batches, each person with all that
/// ends for them; when the database fails in between, the same call again goes on from there.
///
/// # Errors
/// Refused to anyone but program staff, when too many would leave, and when it is not what `expected_plan` showed.
/// Faulty rows are in the report.
pub async fn sync_roster(state: &State, caller: &Caller, input: SyncInput) -> Result<SyncReport, UseCaseError> {
    needs_program_staff(caller)?;
    if input.most_deactivated_percent > 100 {
        return Err(refuse_field(RefusalCode::Invalid, "maxDeactivatedPercent", "use 0 to 100"));
    }
    let roster = Roster::read(&input.people);
    if input.dry_run {
        let (plan, mut report) = Plan::make(&state.store, state, caller, roster, &input).await?;
        let leaving: Vec<_> = plan.leaving.iter().map(|person| person.id).collect();
        let ends = store::roster::ties(&state.store, caller.organization_id(), &leaving).await?;
        (report.enrollments_withdrawn, report.matches_ended) = ends;
        return Ok(report);
    }
    let tx = state.store.begin().await?;
    let (plan, mut report) = Plan::make(&tx, state, caller, roster, &input).await?;
    if input.expected_plan.as_ref().is_some_and(|expected| *expected != report.plan) {
        let message = "something changed since the dry run; run it again and look at the difference";
        return Err(refuse_field(RefusalCode::Conflict, "expectedPlan", message));
    }
    match (&report.refusal, report.fault_count) {
        (None, _) => {}
        // What is wrong with rows is told row by row.
        (Some(_), 1..) => return Ok(report),
        (Some(refusal), 0) => return Err(refuse(RefusalCode::NotPossible, refusal)),
    }
    write_people(&tx, &plan.new, &plan.changed).await?;
    let organization_id = caller.organization_id();
    store::roster::note(&tx, &state.clock, organization_id, &plan.members, state.clock.now()).await?;
    let counts = json!({ "created": report.created, "updated": report.updated, "leaving": plan.leaving.len() });
    state.audit(&tx, caller, "syncRoster", organization_id, counts).await?;
    tx.commit().await?;
    report.applied = true;
    leaving::deactivate(state, caller, &plan.leaving, &mut report).await?;
    Ok(report)
}
