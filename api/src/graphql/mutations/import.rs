//! The import of people.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};

use super::payloads::{codes, payload, settle, take_option};
use crate::{
    graphql::{
        ids::Kind,
        reader::{Maybe, Reader, reader},
        rounds::int,
    },
    use_cases::import::{self, ImportInput},
};

/// A file of people.
#[derive(InputObject, Clone, Debug)]
pub(super) struct ImportPeopleInput {
    /// The file as a text: a header line, then one person a line, at most 100,000. Commas or semicolons between columns,
    /// `;` or `|` within a list.
    csv: String,
    /// Also enroll everybody in this round.
    round_id: Option<ID>,
    /// True to check and count only.
    #[graphql(default)]
    dry_run: bool,
}

/// What an import did, or why it did nothing.
#[derive(SimpleObject, Clone, Debug)]
pub(super) struct ImportReport {
    /// People who were new.
    created: i32,
    /// People whose data changed.
    updated: i32,
    /// People who were as the file has them.
    unchanged: i32,
    /// People newly in the round.
    enrolled: i32,
    /// People whose answers in the round changed.
    answers_updated: i32,
    /// What is wrong with the file. When this is not empty, nothing was written.
    rows: Vec<ImportRowError>,
}

/// One fault in a file.
#[derive(SimpleObject, Clone, Debug)]
pub(super) struct ImportRowError {
    /// The line, counted from 1 with the header.
    line: i32,
    /// The column's name; null when it is about the whole line.
    column: Option<String>,
    /// What is wrong and what to do.
    message: String,
}

payload! {
    /// What became of `importPeople`.
    ImportPeoplePayload as "importPeople" {
        /// What was done, or what is wrong with the file; null when it was refused.
        report: ImportReport
    } ImportPeopleUserError ImportPeopleErrorCode: Invalid NotFound Forbidden RoundNotOpen NotPossible Conflict
}

impl From<import::ImportReport> for ImportReport {
    fn from(report: import::ImportReport) -> Self {
        let row =
            |row: import::RowError| ImportRowError { line: int(row.line), column: row.column, message: row.message };
        Self {
            created: int(report.created),
            updated: int(report.updated),
            unchanged: int(report.unchanged),
            enrolled: int(report.enrolled),
            answers_updated: int(report.answers_updated),
            rows: report.rows.into_iter().map(row).collect(),
        }
    }
}

/// The import of people.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct ImportMutations;

#[Object]
impl ImportMutations {
    /// Takes in people with their answers: all rows, or none when any is at fault. Repeatable by `externalId`. For staff
    /// of all countries.
    async fn import_people(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The file.")] input: ImportPeopleInput,
    ) -> Maybe<ImportPeoplePayload> {
        settle(async {
            let Reader { state, caller, .. } = reader(ctx)?;
            let round_id = take_option(Kind::Round, "roundId", input.round_id.as_ref())?;
            let file = ImportInput { csv: input.csv, round_id, dry_run: input.dry_run };
            Ok(ImportReport::from(import::import_people(state, caller, file).await?))
        })
        .await
    }
}
