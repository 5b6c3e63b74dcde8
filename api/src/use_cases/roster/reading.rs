//! A roster as it came, as rows.

use std::{collections::HashMap, sync::Arc};

use super::{RosterRow, Source};
use crate::use_cases::import::{
    ROWS_MAX, RowError,
    columns::{Column, Columns, find_twins},
    rows::Row,
};

/// The rows of a roster, and what is wrong with them.
pub(super) struct Roster {
    pub(super) rows: Vec<Row>,
    pub(super) faults: Vec<RowError>,
    /// Whether it is known whom every row speaks of: otherwise nobody can be said to be missing.
    pub(super) is_complete: bool,
}

impl Roster {
    pub(super) fn read(source: &Source) -> Self {
        let mut roster = match source {
            Source::Csv(text) => Self::from_csv(text),
            Source::Rows(rows) => Self::from_rows(rows),
        };
        for row in roster.rows.iter().filter(|row| row.person.external_id.is_none()) {
            let message = "a row of a roster needs an externalId".to_owned();
            roster.faults.push(RowError { line: row.line, column: Some("externalId".to_owned()), message });
            roster.is_complete = false;
        }
        roster
    }

    fn from_csv(text: &str) -> Self {
        let mut faults = Vec::new();
        let rows = match Columns::read(text, None) {
            Ok((columns, mut reader)) if columns.columns.contains(&Column::ExternalId) => {
                columns.rows(&mut reader, None, &mut faults)
            }
            Ok(_) => {
                let message = "a roster needs a column externalId".to_owned();
                faults.push(RowError { line: 1, column: None, message });
                Vec::new()
            }
            Err(fault) => {
                faults.push(fault);
                Vec::new()
            }
        };
        let known: std::collections::HashSet<u64> = rows.iter().map(|row| row.line).collect();
        let is_complete = faults.iter().all(|fault| known.contains(&fault.line));
        Self { rows, faults, is_complete }
    }

    fn from_rows(given: &[RosterRow]) -> Self {
        let mut faults = Vec::new();
        let mut rows = Vec::with_capacity(given.len());
        let mut headers: HashMap<Vec<&'static str>, Arc<Columns>> = HashMap::new();
        for (line, row) in (1..).zip(given) {
            if rows.len() == ROWS_MAX {
                let message = format!("a roster may have at most {ROWS_MAX} people");
                faults.push(RowError { line, column: None, message });
                return Self { rows, faults, is_complete: false };
            }
            let cells = cells(row);
            let names: Vec<&'static str> = cells.iter().map(|(name, ..)| *name).collect();
            let columns = headers.entry(names).or_insert_with(|| {
                let names = cells.iter().map(|(name, ..)| (*name).to_owned()).collect();
                Arc::new(Columns { names, columns: cells.iter().map(|(_, column, _)| column.clone()).collect() })
            });
            rows.push(Row::read(line, columns, cells.iter().map(|(.., text)| text.as_str().trim()), None, &mut faults));
        }
        find_twins(&rows, &mut faults);
        Self { rows, faults, is_complete: true }
    }
}

/// What a row says, field by field; what it does not say is left out.
fn cells(row: &RosterRow) -> Vec<(&'static str, Column, String)> {
    let some = |name, column, text: &Option<String>| text.clone().map(|text| (name, column, text));
    let languages = row.languages.as_ref().map(|list| list.join(";"));
    [
        Some(("externalId", Column::ExternalId, row.external_id.clone())),
        some("name", Column::Name, &row.name),
        some("email", Column::Email, &row.email),
        some("headline", Column::Headline, &row.headline),
        some("country", Column::Country, &row.country),
        some("languages", Column::Languages, &languages),
        some("timeZone", Column::TimeZone, &row.time_zone),
        some("locale", Column::Locale, &row.locale),
    ]
    .into_iter()
    .flatten()
    .collect()
}
