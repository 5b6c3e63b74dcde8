//! Exports: what the lists show the caller, as CSV, page by page from the database.
//!
//! Rows come in the order in which they were made, each as it was when its page was read: none is left out and none comes
//! twice, however much changes meanwhile. What is made during an export may or may not be in it.

mod pages;
mod table;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use shared::{
    domain::{programs::Program, refusals::RefusalCode},
    store::{
        self, StoreError,
        lists::{Position, Sight},
    },
};
use uuid::Uuid;

use self::pages::Names;
use super::{State, UseCaseError, refuse};
use crate::caller::Caller;

/// Rows of one page.
const PAGE: u32 = 1_000;

/// What is exported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// People.
    People,
    /// Enrollments, with answers when it is about one program.
    Enrollments,
    /// Matches.
    Matches,
    /// What became of the matches that began.
    Outcomes,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::People, Self::Enrollments, Self::Matches, Self::Outcomes];

    /// The name in the address and in the file's name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::People => "people",
            Self::Enrollments => "enrollments",
            Self::Matches => "matches",
            Self::Outcomes => "outcomes",
        }
    }
}

/// What to export.
#[derive(Clone, Copy, Debug)]
pub struct ExportInput {
    /// Of what.
    pub kind: Kind,
    /// Only of this program; of people, whoever is or was in it.
    pub program_id: Option<Uuid>,
    /// Only of this round.
    pub round_id: Option<Uuid>,
    /// Only what was made at this moment or later.
    pub from: Option<DateTime<Utc>>,
    /// Only what was made before this moment.
    pub to: Option<DateTime<Utc>>,
    /// People who are there (true) or who left (false); `None` for both.
    pub active: Option<bool>,
    /// Begin with a byte order mark, by which spreadsheets know UTF-8.
    pub byte_order_mark: bool,
}

/// An export under way.
#[derive(Debug)]
pub struct Export {
    state: State,
    caller: Caller,
    sight: Sight,
    input: ExportInput,
    /// The program whose answers are columns.
    program: Option<Program>,
    names: Names,
    after: Option<Position>,
    is_begun: bool,
    is_over: bool,
    rows: u64,
}

/// Why an export breaks off.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The caller's token ended.
    #[error("the token expired during the export")]
    Expired,
    /// A row could not be written.
    #[error("a row cannot be written as CSV: {0}")]
    Csv(#[from] csv::Error),
}

impl Export {
    /// Begins an export, and writes down that it was begun.
    ///
    /// # Errors
    /// Refused to anyone but staff.
    pub async fn begin(state: &State, caller: &Caller, input: ExportInput) -> Result<Self, UseCaseError> {
        if !caller.is_staff() {
            return Err(refuse(RefusalCode::Forbidden, "only staff export"));
        }
        let organization_id = caller.organization_id();
        let program_id = match (input.program_id, input.round_id) {
            (Some(id), _) => Some(id),
            (None, Some(round_id)) => {
                store::rounds::find(&state.store, organization_id, round_id).await?.map(|round| round.program_id)
            }
            (None, None) => None,
        };
        let program = match program_id.filter(|_| input.kind == Kind::Enrollments) {
            Some(id) => store::programs::find(&state.store, organization_id, id).await?,
            None => None,
        };
        let nothing_before = |from| Position { key: store::lists::Key::Instant(from), id: Uuid::nil() };
        let export = Self {
            state: state.clone(),
            caller: caller.clone(),
            sight: caller.sight(),
            input,
            program,
            names: Names::default(),
            after: input.from.map(nothing_before),
            is_begun: false,
            is_over: false,
            rows: 0,
        };
        let filter = json!({ "programId": input.program_id, "roundId": input.round_id, "from": input.from,
            "to": input.to, "active": input.active });
        export.audit("beginExport", json!({ "kind": input.kind.name(), "filter": filter })).await?;
        Ok(export)
    }

    /// The next part of the file; `None` at its end.
    ///
    /// # Errors
    /// When the database fails or the caller's token ended: the file is not whole then.
    pub async fn next(&mut self) -> Result<Option<Vec<u8>>, ExportError> {
        if self.is_over {
            return Ok(None);
        }
        if self.state.clock.now() >= self.caller.expires_at {
            return Err(ExportError::Expired);
        }
        let (table, page) = self.page().await?;
        self.rows += page.written;
        self.after = page.last;
        self.is_over = self.after.is_none();
        Ok(Some(table))
    }

    /// Writes down how the export ended.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn end(self, is_whole: bool) -> Result<(), StoreError> {
        self.audit("endExport", json!({ "kind": self.input.kind.name(), "rows": self.rows, "whole": is_whole })).await
    }

    async fn audit(&self, action: &'static str, details: Value) -> Result<(), StoreError> {
        let tx = self.state.store.begin().await?;
        self.state.audit(&tx, &self.caller, action, self.caller.organization_id(), details).await?;
        tx.commit().await?;
        Ok(())
    }
}
