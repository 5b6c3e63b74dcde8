//! The header of an import: which column means what.

use shared::domain::programs::{Asks, Kind, Question};

use std::sync::Arc;

use super::{ROWS_MAX, RowError, Target, rows::Row};
use crate::use_cases::cells::unguard;

/// What a column holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::use_cases) enum Column {
    ExternalId,
    Name,
    Email,
    Headline,
    Country,
    Languages,
    TimeZone,
    Locale,
    Role,
    Capacity,
    Priority,
    /// An answer about oneself, by question key.
    About(String),
    /// A wish, by question key.
    Wanted(String),
    /// What exports tell and nobody can set like this.
    Told,
}

/// Columns of our own exports that are not read back.
const TOLD: [&str; 9] =
    ["personid", "active", "createdat", "updatedat", "enrollmentid", "program", "round", "status", "pauseduntil"];

/// The columns of a file, in its order.
#[derive(Clone, Debug)]
pub(in crate::use_cases) struct Columns {
    pub(in crate::use_cases) names: Vec<String>,
    pub(in crate::use_cases) columns: Vec<Column>,
}

impl Columns {
    /// Reads the header; every column must mean something, so that a misspelt one is not silently lost.
    pub(in crate::use_cases) fn read<'csv>(
        csv: &'csv str,
        target: Option<&Target>,
    ) -> Result<(Self, csv::Reader<&'csv [u8]>), RowError> {
        let fault =
            |column: Option<&str>, message: String| RowError { line: 1, column: column.map(str::to_owned), message };
        // Spreadsheets write a byte order mark, and semicolons where the comma is the decimal point.
        let csv = csv.strip_prefix('\u{feff}').unwrap_or(csv);
        let header = csv.lines().next().unwrap_or_default();
        let delimiter = if header.contains(';') && !header.contains(',') { b';' } else { b',' };
        let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).flexible(true).from_reader(csv.as_bytes());
        let header = reader.headers().map_err(|error| fault(None, error.to_string()))?.clone();
        let questions = target.map_or(&[][..], |target| &target.program.questions);
        let mut columns = Vec::new();
        let mut names: Vec<String> = Vec::new();
        for name in &header {
            let name = name.trim();
            let column = column(name, questions).ok_or_else(|| fault(Some(name), unknown(name, questions, target)))?;
            if column != Column::Told && columns.contains(&column) {
                return Err(fault(Some(name), "the file has this column twice".to_owned()));
            }
            columns.push(column);
            names.push(name.to_owned());
        }
        let has = |column: &Column| columns.contains(column);
        if !has(&Column::ExternalId) && !has(&Column::Email) {
            return Err(fault(None, "the file needs a column externalId or email".to_owned()));
        }
        let mentoring = target.is_some_and(|target| target.program.kind == Kind::Mentoring);
        if mentoring && !has(&Column::Role) {
            return Err(fault(None, "a mentoring program needs a column role (MENTOR or MENTEE)".to_owned()));
        }
        Ok((Self { names, columns }, reader))
    }

    /// Reads all rows; what is wrong goes to `faults`, each with its line.
    pub(in crate::use_cases) fn rows(
        &self,
        reader: &mut csv::Reader<&[u8]>,
        target: Option<&Target>,
        faults: &mut Vec<RowError>,
    ) -> Vec<Row> {
        let mut rows: Vec<Row> = Vec::new();
        let own = Arc::new(self.clone());
        for record in reader.records() {
            let record = match record {
                Ok(record) => record,
                Err(error) => {
                    let line = error.position().map_or(0, csv::Position::line);
                    faults.push(RowError { line, column: None, message: error.to_string() });
                    continue;
                }
            };
            let line = record.position().map_or(0, csv::Position::line);
            if record.iter().all(|field| field.trim().is_empty()) {
                continue;
            }
            if record.len() != self.columns.len() {
                let message = format!("the line has {} fields, the header {}", record.len(), self.columns.len());
                faults.push(RowError { line, column: None, message });
                continue;
            }
            if rows.len() == ROWS_MAX {
                let message = format!("a file may have at most {ROWS_MAX} people; split it");
                faults.push(RowError { line, column: None, message });
                break;
            }
            let row = Row::read(line, &own, record.iter().map(unguard), target, faults);
            rows.push(row);
        }
        find_twins(&rows, faults);
        rows
    }
}

/// A person may stand in a file once: nobody could say which row is right.
pub(in crate::use_cases) fn find_twins(rows: &[Row], faults: &mut Vec<RowError>) {
    let mut seen = std::collections::HashMap::new();
    for row in rows {
        let id = row.person.external_id.as_ref().map(|id| format!("externalId {id}"));
        let email = Some(format!("email {}", row.person.email)).filter(|_| !row.person.email.is_empty());
        for key in [id, email].into_iter().flatten() {
            if let Some(earlier) = seen.get(&key) {
                let message = format!("line {earlier} has the same {key}; a person may stand in a file once");
                faults.push(RowError { line: row.line, column: None, message });
                break;
            }
            seen.insert(key, row.line);
        }
    }
}

fn column(name: &str, questions: &[Question]) -> Option<Column> {
    // `externalId`, `external_id`, `External ID` are the same to a person.
    let folded: String = name.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_lowercase();
    let fixed = match folded.as_str() {
        "externalid" | "id" => Some(Column::ExternalId),
        "name" => Some(Column::Name),
        "email" => Some(Column::Email),
        "headline" => Some(Column::Headline),
        "country" => Some(Column::Country),
        "languages" => Some(Column::Languages),
        "timezone" => Some(Column::TimeZone),
        "locale" => Some(Column::Locale),
        "role" => Some(Column::Role),
        "capacity" => Some(Column::Capacity),
        "priority" => Some(Column::Priority),
        _ => None,
    };
    let question = |key: &str, wished: bool| {
        questions.iter().any(|question| {
            question.key == key && if wished { question.asks_wishes() } else { question.asks != Asks::Wanted }
        })
    };
    if let Some(key) = name.strip_prefix("wanted.") {
        return question(key, true).then(|| Column::Wanted(key.to_owned()));
    }
    let key = name.strip_prefix("about.").unwrap_or(name);
    // A question may be called `languages`, too; `about.languages` names it.
    if name.starts_with("about.") || fixed.is_none() {
        if question(key, false) {
            return Some(Column::About(key.to_owned()));
        }
        return (key == name && TOLD.contains(&folded.as_str())).then_some(Column::Told);
    }
    fixed
}

fn unknown(name: &str, questions: &[Question], target: Option<&Target>) -> String {
    let mut known: Vec<String> =
        ["externalId", "name", "email", "headline", "country", "languages", "timeZone", "locale"]
            .map(str::to_owned)
            .to_vec();
    if target.is_some() {
        known.extend(["role", "capacity", "priority"].map(str::to_owned));
    }
    for question in questions {
        if question.asks != Asks::Wanted {
            known.push(format!("about.{}", question.key));
        }
        if question.asks_wishes() {
            known.push(format!("wanted.{}", question.key));
        }
    }
    let hint = if target.is_none() { "; answers need a round to enroll in" } else { "" };
    format!("unknown column `{name}`; the columns are {}{hint}", known.join(", "))
}
