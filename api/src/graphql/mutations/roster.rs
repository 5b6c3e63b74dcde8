//! The mutation that brings people to a roster.

use async_graphql::{Context, Enum, InputObject, Object, SimpleObject};

use super::payloads::{codes, invalid, payload, settle};
use crate::{
    graphql::{
        reader::{Maybe, Reader, reader},
        rounds::int,
    },
    use_cases::roster::{self, RosterRow, SHOWN_MAX, Source, SyncInput, sync_roster},
};

/// What to do about faulty rows.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OnRowError {
    /// Nothing is written.
    RefuseAll,
    /// Everybody else is taken in. Whoever a faulty row is about stays as they are, and is not missing.
    SkipRows,
}

/// A person in a roster. What is left out stays as it is; an empty text clears it (`timeZone` and `locale` go back to UTC
/// and en). A new person without `email` or `name` gets stand-ins made of the id.
#[derive(InputObject, Clone, Debug)]
pub(super) struct RosterPersonInput {
    /// The institution's own id, which says who it is. At most 200 characters.
    external_id: String,
    /// The name to show, 1 to 200 characters.
    name: Option<String>,
    /// The mail address, in any case; unique in the organization. Addresses may go from one person of the roster to
    /// another.
    email: Option<String>,
    /// One line about them, at most 200 characters.
    headline: Option<String>,
    /// Where they live, ISO 3166-1 alpha-2.
    country: Option<String>,
    /// The languages they speak, ISO 639-1.
    languages: Option<Vec<String>>,
    /// Their IANA time zone.
    time_zone: Option<String>,
    /// The language tag (BCP 47) in which they get mail.
    locale: Option<String>,
}

/// A roster: give `people` or `csv`.
#[derive(InputObject, Clone, Debug)]
pub(super) struct SyncRosterInput {
    /// The people. A request has a size limit; larger rosters go as a file to `POST /roster`.
    people: Option<Vec<RosterPersonInput>>,
    /// The people as a CSV file, as `importPeople` takes it without a round, with a column `externalId`.
    csv: Option<String>,
    /// Also deactivate those who came with an earlier roster and are missing from this one; never staff, and never the
    /// caller. Their enrollments are withdrawn and their matches end, nobody's fault. Whoever comes back with a later
    /// roster is active again, and may join rounds anew.
    #[graphql(default)]
    deactivate_missing: bool,
    /// Refuse when more than this share of the roster would be deactivated, 0 to 100.
    #[graphql(default = 20)]
    max_deactivated_percent: u8,
    /// What to do about faulty rows.
    #[graphql(default_with = "OnRowError::RefuseAll")]
    on_error: OnRowError,
    /// True to show the difference only; nothing is written.
    #[graphql(default)]
    dry_run: bool,
    /// The `plan` of a dry run: do exactly what it showed, or refuse with CONFLICT.
    expected_plan: Option<String>,
    /// How many changes and how many faults to tell in full, 0 to 1,000; all are counted.
    #[graphql(default = 100)]
    show: i32,
}

/// What happens to a person.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "roster::ChangeKind")]
pub(super) enum RosterChangeKind {
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
#[derive(SimpleObject, Clone, Debug)]
pub(super) struct RosterFieldChange {
    /// The field's name.
    field: String,
    /// What it was; null for nothing.
    before: Option<String>,
    /// What it will be; null for nothing.
    after: Option<String>,
}

/// One difference between a roster and the people who are there.
#[derive(SimpleObject, Clone, Debug)]
pub(super) struct RosterChange {
    /// What happens to the person.
    kind: RosterChangeKind,
    /// The line of the file, counted from 1 with the header, or the place in `people`, counted from 1; null for somebody
    /// who is missing from it.
    line: Option<i32>,
    /// The institution's own id.
    external_id: Option<String>,
    /// The name as it will be.
    name: String,
    /// The fields that change; empty for somebody who leaves.
    fields: Vec<RosterFieldChange>,
}

/// One fault in a roster.
#[derive(SimpleObject, Clone, Debug)]
pub(super) struct RosterFault {
    /// The line of the file, counted from 1 with the header, or the place in `people`, counted from 1.
    line: i32,
    /// The column or field; null when it is about the whole row.
    column: Option<String>,
    /// What is wrong and what to do.
    message: String,
}

/// What a sync did, or would do.
#[derive(SimpleObject, Clone, Debug)]
pub(super) struct RosterReport {
    /// Whether it was done. False for a dry run, and when faulty rows kept it from being done.
    applied: bool,
    /// What this difference is known by, for `expectedPlan`.
    plan: String,
    /// People who were new.
    created: i32,
    /// People whose data changed, those who came back included.
    updated: i32,
    /// People who were as the roster has them.
    unchanged: i32,
    /// People who left.
    deactivated: i32,
    /// Rows that are faulty.
    skipped: i32,
    /// Active people who had come with a roster before this one.
    roster_size: i32,
    /// Enrollments that end with those who leave.
    enrollments_withdrawn: i32,
    /// Matches that end with those who leave.
    matches_ended: i32,
    /// People who should have left but were changed by somebody else meanwhile; the next sync takes them.
    missed: i32,
    /// The changes: in the order of the roster, then those who leave. At most `show`.
    changes: Vec<RosterChange>,
    /// How many changes there are.
    change_count: i32,
    /// What is wrong with rows, at most `show`.
    faults: Vec<RosterFault>,
    /// How many faults there are.
    fault_count: i32,
    /// Why the same without `dryRun` would be refused; null when it would not.
    refusal: Option<String>,
}

impl From<roster::SyncReport> for RosterReport {
    fn from(report: roster::SyncReport) -> Self {
        let field = |change: roster::FieldChange| RosterFieldChange {
            field: change.field.to_owned(),
            before: change.before,
            after: change.after,
        };
        let change = |change: roster::Change| RosterChange {
            kind: change.kind.into(),
            line: change.line.map(int),
            external_id: change.external_id,
            name: change.name,
            fields: change.fields.into_iter().map(field).collect(),
        };
        Self {
            applied: report.applied,
            plan: report.plan,
            created: int(report.created),
            updated: int(report.updated),
            unchanged: int(report.unchanged),
            deactivated: int(report.deactivated),
            skipped: int(report.skipped),
            roster_size: int(report.roster_size),
            enrollments_withdrawn: int(report.enrollments_withdrawn),
            matches_ended: int(report.matches_ended),
            missed: int(report.missed),
            changes: report.changes.into_iter().map(change).collect(),
            change_count: int(report.change_count),
            faults: report
                .faults
                .into_iter()
                .map(|fault| RosterFault { line: int(fault.line), column: fault.column, message: fault.message })
                .collect(),
            fault_count: int(report.fault_count),
            refusal: report.refusal,
        }
    }
}

payload! {
    /// What became of `syncRoster`.
    SyncRosterPayload as "syncRoster" {
        /// What was done or would be, and what is wrong with rows; null when it was refused.
        report: RosterReport
    } SyncRosterUserError SyncRosterErrorCode: Invalid Forbidden NotPossible AlreadyExists Conflict
}

/// The sync of a roster.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct RosterMutations;

#[Object]
impl RosterMutations {
    /// Brings people to what the institution's own system says: makes who is new, changes who changed, and, if wanted,
    /// deactivates who is missing. The same roster again changes nothing. New and changed people are written together;
    /// those who leave follow 50 at a time, and the same call again goes on where a failure stopped it. For staff of all
    /// countries.
    async fn sync_roster(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The roster, and what may be done.")] input: SyncRosterInput,
    ) -> Maybe<SyncRosterPayload> {
        settle(async {
            let Reader { state, caller, .. } = reader(ctx)?;
            let person = |given: RosterPersonInput| RosterRow {
                external_id: given.external_id,
                name: given.name,
                email: given.email,
                headline: given.headline,
                country: given.country,
                languages: given.languages,
                time_zone: given.time_zone,
                locale: given.locale,
            };
            let people = match (input.people, input.csv) {
                (Some(people), None) => Source::Rows(people.into_iter().map(person).collect()),
                (None, Some(csv)) => Source::Csv(csv),
                _ => return Err(invalid("people", "give one of people and csv").into()),
            };
            let show = usize::try_from(input.show).ok().filter(|show| *show <= SHOWN_MAX);
            let sync = SyncInput {
                people,
                deactivate_missing: input.deactivate_missing,
                most_deactivated_percent: input.max_deactivated_percent,
                on_error: match input.on_error {
                    OnRowError::RefuseAll => roster::OnError::RefuseAll,
                    OnRowError::SkipRows => roster::OnError::SkipRows,
                },
                dry_run: input.dry_run,
                expected_plan: input.expected_plan,
                show: show.ok_or_else(|| invalid("show", "use 0 to 1,000"))?,
            };
            Ok(RosterReport::from(sync_roster(state, caller, sync).await?))
        })
        .await
    }
}
