//! What is different between a roster and the people who are there.

use std::collections::HashSet;

use serde::Serialize;
use sha2::{Digest as _, Sha256};
use shared::{
    domain::people::Person,
    store::{self, Reads},
};
use uuid::Uuid;

use super::{OnError, SyncInput, SyncReport, reading::Roster};
use crate::{
    caller::Caller,
    use_cases::{
        State, UseCaseError,
        import::known::{Changed, Fit, KnownPeople},
    },
};

/// One difference.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Change {
    /// What happens to the person.
    pub kind: ChangeKind,
    /// The line of the file or the row of the list, counted from 1; `None` for somebody who is missing from it.
    pub line: Option<u64>,
    /// The institution's id.
    pub external_id: Option<String>,
    /// The name as it will be.
    pub name: String,
    /// The fields that change; empty for somebody who leaves.
    pub fields: Vec<FieldChange>,
}

/// What happens to a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ChangeKind {
    /// The person is new.
    Create,
    /// The person's data changes.
    Update,
    /// The person had left and is back.
    Reactivate,
    /// The person leaves.
    Deactivate,
}

/// A field with what it was and will be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FieldChange {
    /// The field's name.
    pub field: &'static str,
    /// What it was; `None` for nothing.
    pub before: Option<String>,
    /// What it will be; `None` for nothing.
    pub after: Option<String>,
}

/// What is to be written.
pub(super) struct Plan {
    pub(super) new: Vec<Person>,
    pub(super) changed: Vec<Changed>,
    /// Everybody in the roster, by id.
    pub(super) members: Vec<Uuid>,
    pub(super) leaving: Vec<Person>,
}

impl Plan {
    /// Compares, and tells what came of it.
    pub(super) async fn make(
        reads: &impl Reads,
        state: &State,
        caller: &Caller,
        roster: Roster,
        input: &SyncInput,
    ) -> Result<(Self, SyncReport), UseCaseError> {
        let Roster { rows, mut faults, is_complete } = roster;
        let known = KnownPeople::load(reads, caller, &rows).await?;
        let fits = known.fit(caller, &rows, &mut faults);
        let mut plan = Self { new: Vec::new(), changed: Vec::new(), members: Vec::new(), leaving: Vec::new() };
        let mut report = SyncReport::default();
        let mut telling = Telling { hash: Sha256::new(), show: input.show };
        let mut faulty = HashSet::new();
        for (row, fit) in rows.iter().zip(fits) {
            match fit {
                Fit::Faulty => {
                    faulty.insert(row.line);
                }
                Fit::New => {
                    let person = row.new_person(state, caller);
                    telling.tell(&mut report, ChangeKind::Create, Some(row.line), None, &person);
                    report.created += 1;
                    plan.members.push(person.id);
                    plan.new.push(person);
                }
                Fit::Known(before) => {
                    plan.members.push(before.id);
                    if let Some(after) = row.changed(state, before) {
                        let kind = if before.active { ChangeKind::Update } else { ChangeKind::Reactivate };
                        telling.tell(&mut report, kind, Some(row.line), Some(before), &after);
                        report.updated += 1;
                        plan.changed.push(Changed { before: before.clone(), after });
                    } else {
                        report.unchanged += 1;
                    }
                }
            }
        }
        let organization_id = caller.organization_id();
        let members = store::roster::active_members(reads, organization_id).await?;
        report.roster_size = u32::try_from(members.len()).unwrap_or(u32::MAX);
        if input.deactivate_missing && is_complete {
            // A faulty row is about somebody who is there.
            let there: HashSet<Uuid> = rows.iter().filter_map(|row| known.named(row)).map(|person| person.id).collect();
            let stays = |id: &Uuid| there.contains(id) || known.is_staff(*id) || *id == caller.person_id();
            let missing: Vec<Uuid> = members.into_iter().filter(|id| !stays(id)).collect();
            plan.leaving = store::people::find_many(reads, organization_id, &missing).await?;
            plan.leaving.sort_by_key(|person| person.id);
            for person in &plan.leaving {
                telling.tell(&mut report, ChangeKind::Deactivate, None, Some(person), person);
            }
            report.deactivated = u32::try_from(plan.leaving.len()).unwrap_or(u32::MAX);
        }
        faulty.extend(faults.iter().map(|fault| fault.line));
        report.skipped = u32::try_from(faulty.len()).unwrap_or(u32::MAX);
        report.fault_count = u32::try_from(faults.len()).unwrap_or(u32::MAX);
        report.refusal = refusal(&report, input, is_complete);
        faults.sort_by_key(|fault| fault.line);
        faults.truncate(input.show);
        report.faults = faults;
        report.plan = telling.hash.finalize().iter().fold(String::new(), |plan, byte| plan + &format!("{byte:02x}"));
        Ok((plan, report))
    }
}

/// Why this must not be done as it is.
fn refusal(report: &SyncReport, input: &SyncInput, is_complete: bool) -> Option<String> {
    if report.fault_count > 0 && input.on_error == OnError::RefuseAll {
        return Some("some rows are faulty; correct them, or let them be skipped".to_owned());
    }
    if input.deactivate_missing && !is_complete {
        let message = "it cannot be said of some rows whom they are about, so nobody can be said to be missing";
        return Some(message.to_owned());
    }
    let (leaving, all) = (u64::from(report.deactivated), u64::from(report.roster_size));
    let most = input.most_deactivated_percent;
    (leaving * 100 > all * u64::from(most)).then(|| {
        format!(
            "{leaving} of the {all} people of the roster are missing, more than the {most} % that may be deactivated; \
             check the file, or allow a larger maxDeactivatedPercent"
        )
    })
}

/// Tells changes, and keeps all of them in the hash that the plan is known by.
struct Telling {
    hash: Sha256,
    show: usize,
}

impl Telling {
    fn tell(
        &mut self,
        report: &mut SyncReport,
        kind: ChangeKind,
        line: Option<u64>,
        before: Option<&Person>,
        after: &Person,
    ) {
        let change = Change {
            kind,
            line,
            external_id: after.external_id.clone(),
            name: after.name.clone(),
            fields: fields(before, after),
        };
        let known_as = before.map(|person| (person.id, person.version));
        // Debug output quotes texts, so that no two different changes read the same.
        let told = (kind, known_as, &change.external_id, &change.name, &change.fields);
        self.hash.update(format!("{told:?}\n").as_bytes());
        report.change_count += 1;
        if report.changes.len() < self.show {
            report.changes.push(change);
        }
    }
}

fn fields(before: Option<&Person>, after: &Person) -> Vec<FieldChange> {
    let was = before.map(told);
    let fields = told(after).into_iter().enumerate().map(|(index, (field, after))| {
        let before = was.as_ref().and_then(|was| was[index].1.clone());
        FieldChange { field, before, after }
    });
    fields.filter(|change| change.before != change.after).collect()
}

fn told(person: &Person) -> [(&'static str, Option<String>); 9] {
    let languages = Some(person.languages.join(";")).filter(|list| !list.is_empty());
    [
        ("externalId", person.external_id.clone()),
        ("name", Some(person.name.clone())),
        ("email", Some(person.email.clone())),
        ("headline", person.headline.clone()),
        ("country", person.country.clone()),
        ("languages", languages),
        ("timeZone", Some(person.time_zone.clone())),
        ("locale", Some(person.locale.clone())),
        ("active", Some(person.active.to_string())),
    ]
}
