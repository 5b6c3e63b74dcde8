//! One row of an import: a person and perhaps an enrollment.

use std::sync::Arc;

use shared::domain::{
    enrollments::{Answers, Enrollment, EnrollmentRole},
    people::{self, Person},
    programs::{Kind, QuestionKind},
};

use super::{
    RowError, Target,
    columns::{Column, Columns},
    known::Fit,
};
use crate::{
    caller::Caller,
    use_cases::{
        State,
        people::{PersonDraft, new_person},
    },
};

/// A row as it was read. Columns the file lacks leave a known person's data alone.
#[derive(Clone, Debug)]
pub(in crate::use_cases) struct Row {
    pub(in crate::use_cases) line: u64,
    pub(in crate::use_cases) person: Person,
    pub(super) role: EnrollmentRole,
    columns: Arc<Columns>,
    about: Answers,
    wanted: Answers,
    capacity: Option<i32>,
    priority: Option<i32>,
}

impl Row {
    pub(in crate::use_cases) fn read<'a>(
        line: u64,
        columns: &Arc<Columns>,
        fields: impl Iterator<Item = &'a str>,
        target: Option<&Target>,
        faults: &mut Vec<RowError>,
    ) -> Self {
        let mut row = Self {
            line,
            person: blank(),
            role: EnrollmentRole::Peer,
            columns: Arc::clone(columns),
            about: Answers::new(),
            wanted: Answers::new(),
            capacity: None,
            priority: None,
        };
        for ((column, name), field) in columns.columns.iter().zip(&columns.names).zip(fields) {
            if let Err(message) = row.take(column, field.trim(), target) {
                faults.push(RowError { line, column: Some(name.clone()), message });
            }
        }
        row.fill_gaps();
        for refusal in people::check(&mut row.person) {
            let column = refusal.field.map(|field| row.column_of(&field));
            faults.push(RowError { line, column, message: refusal.message });
        }
        row
    }

    fn take(&mut self, column: &Column, field: &str, target: Option<&Target>) -> Result<(), String> {
        // PostgreSQL has no text with this character.
        if field.contains('\0') {
            return Err("a text must not hold the character U+0000".to_owned());
        }
        let some = || Some(field.to_owned()).filter(|text| !text.is_empty());
        match column {
            Column::ExternalId => self.person.external_id = some(),
            Column::Name => field.clone_into(&mut self.person.name),
            Column::Email => self.person.email = field.to_lowercase(),
            Column::Headline => self.person.headline = some(),
            Column::Country => self.person.country = some(),
            Column::Languages => self.person.languages = list(field),
            Column::TimeZone => {
                if let Some(zone) = some() {
                    self.person.time_zone = zone;
                }
            }
            Column::Locale => {
                if let Some(locale) = some() {
                    self.person.locale = locale;
                }
            }
            Column::Role => {
                self.role = field.to_uppercase().parse().map_err(|error| format!("{error}"))?;
            }
            Column::Capacity => self.capacity = number(field)?,
            Column::Priority => self.priority = number(field)?,
            Column::About(key) => insert(&mut self.about, key, field, target),
            Column::Wanted(key) => insert(&mut self.wanted, key, field, target),
            Column::Told => {}
        }
        if matches!(column, Column::Role)
            && let Some(target) = target
            && !self.role.fits(target.program.kind)
        {
            return Err(match target.program.kind {
                Kind::Peer => "in this program everybody is a PEER".to_owned(),
                Kind::Mentoring => "say MENTOR or MENTEE".to_owned(),
            });
        }
        Ok(())
    }

    /// A roster without names or addresses still makes people: ids stand in until the person signs in.
    fn fill_gaps(&mut self) {
        let has = |column: &Column| self.columns.columns.contains(column);
        let id = self.person.external_id.clone().unwrap_or_default();
        if !has(&Column::Email) && !id.is_empty() {
            let local: String =
                id.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' }).collect();
            self.person.email = format!("{local}@no-address.invalid");
        }
        if !has(&Column::Name) {
            self.person.name = if id.is_empty() { self.person.email.clone() } else { id };
        }
    }

    pub(in crate::use_cases) fn new_person(&self, state: &State, caller: &Caller) -> Person {
        let person = self.person.clone();
        let draft = PersonDraft {
            external_id: person.external_id,
            name: person.name,
            email: person.email,
            headline: person.headline,
            country: person.country,
            languages: person.languages,
            time_zone: Some(person.time_zone),
            locale: Some(person.locale),
        };
        new_person(state, caller, draft)
    }

    /// Brings a known person to what the file says; true when that changed something. Somebody who left comes back.
    pub(in crate::use_cases) fn apply_to(&self, known: &mut Person) -> bool {
        let before = known.clone();
        for column in &self.columns.columns {
            match column {
                Column::ExternalId => known.external_id.clone_from(&self.person.external_id),
                Column::Name => known.name.clone_from(&self.person.name),
                Column::Email => known.email.clone_from(&self.person.email),
                Column::Headline => known.headline.clone_from(&self.person.headline),
                Column::Country => known.country.clone_from(&self.person.country),
                Column::Languages => known.languages.clone_from(&self.person.languages),
                Column::TimeZone => known.time_zone.clone_from(&self.person.time_zone),
                Column::Locale => known.locale.clone_from(&self.person.locale),
                Column::Role
                | Column::Capacity
                | Column::Priority
                | Column::About(_)
                | Column::Wanted(_)
                | Column::Told => {}
            }
        }
        known.active = true;
        *known != before
    }

    /// A known person as the file has them; `None` when that is no change.
    pub(in crate::use_cases) fn changed(&self, state: &State, known: &Person) -> Option<Person> {
        let mut person = known.clone();
        self.apply_to(&mut person).then(|| {
            person.updated_at = state.clock.now();
            person
        })
    }

    /// The address the person will have.
    pub(super) fn email_for<'a>(&'a self, fit: &Fit<'a>) -> &'a str {
        match fit {
            Fit::Known(person) if !self.columns.columns.contains(&Column::Email) => &person.email,
            Fit::Known(_) | Fit::New | Fit::Faulty => &self.person.email,
        }
    }

    /// Brings an enrollment to what the file says; true when that changed something.
    pub(super) fn answer(&self, enrollment: &mut Enrollment) -> bool {
        let before = enrollment.clone();
        for column in &self.columns.columns {
            match column {
                Column::About(key) => replace(&mut enrollment.about, key, &self.about),
                Column::Wanted(key) => replace(&mut enrollment.wanted, key, &self.wanted),
                Column::Capacity => enrollment.capacity = self.capacity.unwrap_or(1),
                Column::Priority => enrollment.priority = self.priority.unwrap_or(1),
                Column::Role => enrollment.role = self.role,
                Column::ExternalId
                | Column::Name
                | Column::Email
                | Column::Headline
                | Column::Country
                | Column::Languages
                | Column::TimeZone
                | Column::Locale
                | Column::Told => {}
            }
        }
        *enrollment != before
    }

    /// The file's name for a domain field such as `about.topics` or `timeZone`.
    pub(in crate::use_cases) fn column_of(&self, field: &str) -> String {
        let fold = |name: &str| name.to_lowercase().replace(['_', ' '], "");
        let bare = field.strip_prefix("about.").unwrap_or(field);
        let named = |name: &&String| fold(name) == fold(field) || fold(name) == fold(bare);
        self.columns.names.iter().find(named).cloned().unwrap_or_else(|| field.to_owned())
    }
}

fn blank() -> Person {
    Person {
        id: uuid::Uuid::nil(),
        organization_id: uuid::Uuid::nil(),
        external_id: None,
        name: String::new(),
        email: String::new(),
        headline: None,
        country: None,
        languages: Vec::new(),
        time_zone: "UTC".to_owned(),
        locale: "en".to_owned(),
        active: true,
        version: 1,
        created_at: chrono::DateTime::UNIX_EPOCH,
        updated_at: chrono::DateTime::UNIX_EPOCH,
    }
}

fn number(field: &str) -> Result<Option<i32>, String> {
    if field.is_empty() {
        return Ok(None);
    }
    field.parse().map(Some).map_err(|_| format!("`{field}` is no whole number"))
}

fn list(field: &str) -> Vec<String> {
    field.split([';', '|']).map(str::trim).filter(|value| !value.is_empty()).map(str::to_owned).collect()
}

fn insert(answers: &mut Answers, key: &str, field: &str, target: Option<&Target>) {
    let question = target.and_then(|target| target.program.questions.iter().find(|question| question.key == *key));
    let is_list = question.is_some_and(|q| matches!(q.kind, QuestionKind::Tags | QuestionKind::Multiple));
    let values = if is_list { list(field) } else { vec![field.to_owned()] };
    answers.insert(key.to_owned(), values);
}

fn replace(answers: &mut Answers, key: &str, from: &Answers) {
    match from.get(key).filter(|values| values.iter().any(|value| !value.is_empty())) {
        Some(values) => answers.insert(key.to_owned(), values.clone()),
        None => answers.remove(key),
    };
}
