//! Import: people with answers from CSV, into a round if wanted. Repeatable by `externalId`; all rows or none.

pub(super) mod columns;
pub(super) mod known;
pub(super) mod rows;

use std::collections::HashMap;

use serde_json::json;
use shared::{
    domain::{
        enrollments::Enrollment,
        people::Person,
        programs::Program,
        refusals::RefusalCode,
        rounds::{Round, RoundEvent},
    },
    store::{self, Tx},
};
use uuid::Uuid;

use self::{
    columns::Columns,
    known::{Changed, Fit, KnownPeople, write_people},
    rows::Row,
};
use super::{
    State, UseCaseError,
    enrollments::{admit, apply},
    needs_program_staff, not_found, refuse_field,
};
use crate::caller::Caller;

/// A CSV file to take in.
#[derive(Clone, Debug)]
pub struct ImportInput {
    /// The file: UTF-8, a header line, commas or semicolons between columns, `;` or `|` within a list.
    pub csv: String,
    /// Enroll everybody in this round, too.
    pub round_id: Option<Uuid>,
    /// Check and count only; nothing is written.
    pub dry_run: bool,
}

/// What an import did, or why it did nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImportReport {
    /// People who were new.
    pub created: u32,
    /// People whose data changed.
    pub updated: u32,
    /// People who were as the file has them.
    pub unchanged: u32,
    /// People newly in the round.
    pub enrolled: u32,
    /// People whose answers in the round changed.
    pub answers_updated: u32,
    /// What is wrong with the file. Not empty: nothing was written.
    pub rows: Vec<RowError>,
}

/// One fault in a file.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct RowError {
    /// The line, counted from 1 with the header.
    pub line: u64,
    /// The column's name.
    pub column: Option<String>,
    /// What is wrong and what to do.
    pub message: String,
}

/// The most rows one file may have.
pub const ROWS_MAX: usize = 100_000;

/// Where people go besides the roster.
pub(super) struct Target {
    program: Program,
    round: Round,
}

/// Takes in a CSV file.
///
/// # Errors
/// Refused to anyone but program staff, and when the round takes no enrollments. Faults in the file are in the report.
pub async fn import_people(state: &State, caller: &Caller, input: ImportInput) -> Result<ImportReport, UseCaseError> {
    needs_program_staff(caller)?;
    let tx = state.store.begin().await?;
    let target = match input.round_id {
        Some(id) => Some(target(&tx, caller, id).await?),
        None => None,
    };
    let (columns, mut reader) = match Columns::read(&input.csv, target.as_ref()) {
        Ok(read) => read,
        Err(error) => return Ok(ImportReport { rows: vec![error], ..ImportReport::default() }),
    };
    let mut report = ImportReport::default();
    let rows = columns.rows(&mut reader, target.as_ref(), &mut report.rows);
    let plan = Plan::make(state, caller, &tx, &rows, target.as_ref(), &mut report).await?;
    if !report.rows.is_empty() {
        report.rows.sort_by_key(|error| error.line);
        return Ok(ImportReport { rows: report.rows, ..ImportReport::default() });
    }
    if input.dry_run {
        return Ok(report);
    }
    plan.write(state, caller, &tx, target.as_ref()).await?;
    let counts = json!({ "created": report.created, "updated": report.updated, "enrolled": report.enrolled });
    let entity_id = input.round_id.unwrap_or(caller.organization_id());
    state.audit(&tx, caller, "importPeople", entity_id, counts).await?;
    state.commit(tx).await?;
    Ok(report)
}

async fn target(tx: &Tx, caller: &Caller, round_id: Uuid) -> Result<Target, UseCaseError> {
    let missing = || not_found("roundId", "round");
    let round = store::rounds::find(tx, caller.organization_id(), round_id).await?.ok_or_else(missing)?;
    let program = store::programs::find(tx, caller.organization_id(), round.program_id).await?.ok_or_else(missing)?;
    if !round.takes_enrollments() {
        let way_out = if round.status.after(RoundEvent::Open).is_ok() { "open it first" } else { "make a new round" };
        let message = format!("the round is {} and takes no enrollments; {way_out}", round.status);
        return Err(refuse_field(RefusalCode::RoundNotOpen, "roundId", message));
    }
    Ok(Target { program, round })
}

/// What is to be written.
#[derive(Default)]
struct Plan {
    new_people: Vec<Person>,
    changed_people: Vec<Changed>,
    new_enrollments: Vec<Enrollment>,
    changed_enrollments: Vec<Enrollment>,
}

impl Plan {
    /// What these rows come to; what is wrong with them goes into the report.
    async fn make(
        state: &State,
        caller: &Caller,
        tx: &Tx,
        rows: &[Row],
        target: Option<&Target>,
        report: &mut ImportReport,
    ) -> Result<Self, UseCaseError> {
        let known = KnownPeople::load(tx, caller, rows).await?;
        let enrollments = match target {
            None => Vec::new(),
            Some(target) => {
                let all = shared::domain::enrollments::EnrollmentStatus::ALL;
                store::enrollments::of_round(tx, caller.organization_id(), target.round.id, all).await?
            }
        };
        let enrolled = enrollments.into_iter().map(|enrollment| (enrollment.person_id, enrollment)).collect();
        let mut plan = Self::default();
        let fits = known.fit(caller, rows, &mut report.rows);
        for (row, fit) in rows.iter().zip(fits) {
            let person = match fit {
                Fit::Faulty => continue,
                Fit::New => {
                    let person = row.new_person(state, caller);
                    plan.new_people.push(person.clone());
                    report.created += 1;
                    person
                }
                Fit::Known(before) => {
                    if let Some(after) = row.changed(state, before) {
                        plan.changed_people.push(Changed { before: before.clone(), after: after.clone() });
                        report.updated += 1;
                        after
                    } else {
                        report.unchanged += 1;
                        before.clone()
                    }
                }
            };
            if let Some(target) = target {
                plan.add_enrollment(state, row, &person, &enrolled, target, report);
            }
        }
        Ok(plan)
    }

    fn add_enrollment(
        &mut self,
        state: &State,
        row: &Row,
        person: &Person,
        enrolled: &HashMap<Uuid, Enrollment>,
        target: &Target,
        report: &mut ImportReport,
    ) {
        let Target { program, round } = target;
        let existing = enrolled.get(&person.id);
        let mut enrollment = match existing {
            Some(enrollment) => enrollment.clone(),
            None => super::enrollments::new_enrollment(state, program, round, person.id, row.role),
        };
        let changed = row.answer(&mut enrollment);
        let refusals = super::enrollments::check(&mut enrollment, program);
        for refusal in refusals {
            let column = refusal.field.map(|field| row.column_of(&field));
            report.rows.push(RowError { line: row.line, column, message: refusal.message });
        }
        match existing {
            None => {
                self.new_enrollments.push(enrollment);
                report.enrolled += 1;
            }
            Some(before) if changed && before.status.is_living() && *before != enrollment => {
                enrollment.updated_at = state.clock.now();
                self.changed_enrollments.push(enrollment);
                report.answers_updated += 1;
            }
            Some(_) => {}
        }
    }

    async fn write(self, state: &State, caller: &Caller, tx: &Tx, target: Option<&Target>) -> Result<(), UseCaseError> {
        write_people(tx, &self.new_people, &self.changed_people).await?;
        let Some(Target { program, round }) = target else { return Ok(()) };
        let setting = state.setting(caller, program);
        for mut enrollment in self.new_enrollments {
            apply(tx, &setting, &enrollment).await?;
            admit(tx, &setting, round, &mut enrollment).await?;
        }
        for mut enrollment in self.changed_enrollments {
            store::enrollments::update(tx, &mut enrollment).await?;
            super::enrollments::settle(tx, &setting, &mut enrollment).await?;
        }
        Ok(())
    }
}
