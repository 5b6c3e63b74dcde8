//! The people whom a file speaks of, as the database has them, and how what the file says about them is written.

use std::collections::{HashMap, HashSet};

use shared::{
    domain::people::Person,
    store::{self, Reads, StoreError, Tx},
};
use uuid::Uuid;

use super::{RowError, rows::Row};
use crate::{
    caller::Caller,
    use_cases::{UseCaseError, duplicate},
};

/// What the database holds of the people in a file.
pub(in crate::use_cases) struct KnownPeople {
    people: HashMap<Uuid, Person>,
    by_external_id: HashMap<String, Uuid>,
    by_email: HashMap<String, Uuid>,
    staff: HashSet<Uuid>,
}

/// Whom a row speaks of.
pub(in crate::use_cases) enum Fit<'a> {
    /// Nobody we know.
    New,
    /// This person.
    Known(&'a Person),
    /// It cannot be said, or cannot be done: there is a fault about the row.
    Faulty,
}

/// A person with what the file made of them.
#[derive(Clone, Debug)]
pub(in crate::use_cases) struct Changed {
    pub(in crate::use_cases) before: Person,
    pub(in crate::use_cases) after: Person,
}

impl KnownPeople {
    pub(in crate::use_cases) async fn load(
        reads: &impl Reads,
        caller: &Caller,
        rows: &[Row],
    ) -> Result<Self, StoreError> {
        let organization_id = caller.organization_id();
        let external_ids: Vec<&str> = rows.iter().filter_map(|row| row.person.external_id.as_deref()).collect();
        let emails: Vec<&str> = rows.iter().map(|row| row.person.email.as_str()).collect();
        let people = store::people::find_by_keys(reads, organization_id, &external_ids, &emails).await?;
        let staff = store::organizations::all_staff(reads, organization_id).await?;
        let external = |person: &Person| person.external_id.clone().map(|id| (id, person.id));
        Ok(Self {
            by_external_id: people.iter().filter_map(external).collect(),
            by_email: people.iter().map(|person| (person.email.clone(), person.id)).collect(),
            people: people.into_iter().map(|person| (person.id, person)).collect(),
            staff: staff.into_iter().map(|role| role.person_id).collect(),
        })
    }

    /// Whether somebody is staff of any kind.
    pub(in crate::use_cases) fn is_staff(&self, id: Uuid) -> bool {
        self.staff.contains(&id)
    }

    /// The person a row names, whatever else is wrong with the row: by the institution's id, else by an address that
    /// belongs to no other id.
    pub(in crate::use_cases) fn named(&self, row: &Row) -> Option<&Person> {
        let by_email = || self.by_email.get(&row.person.email).and_then(|id| self.people.get(id));
        match &row.person.external_id {
            None => by_email(),
            Some(id) => match self.by_external_id.get(id) {
                Some(id) => self.people.get(id),
                None => by_email().filter(|person| person.external_id.is_none()),
            },
        }
    }

    /// Whom each row speaks of. An address may go from one person of the file to another; one that somebody keeps, in
    /// the file or outside of it, is a fault, and so is whatever would have needed a faulty row to be written.
    pub(in crate::use_cases) fn fit<'a>(
        &'a self,
        caller: &Caller,
        rows: &[Row],
        faults: &mut Vec<RowError>,
    ) -> Vec<Fit<'a>> {
        let spoiled: HashSet<u64> = faults.iter().map(|fault| fault.line).collect();
        let mut fault = |row: &Row, column: &str, message: String| {
            faults.push(RowError { line: row.line, column: Some(row.column_of(column)), message });
        };
        let mut fits = Vec::with_capacity(rows.len());
        let mut speaks_of: HashMap<Uuid, usize> = HashMap::new();
        for (index, row) in rows.iter().enumerate() {
            let fit = match self.named(row) {
                _ if spoiled.contains(&row.line) => Fit::Faulty,
                None => Fit::New,
                Some(person) => {
                    if let Some(earlier) = speaks_of.insert(person.id, index) {
                        let line = rows[earlier].line;
                        fault(row, "email", format!("line {line} speaks of the same person, whose address this is"));
                        Fit::Faulty
                    } else if self.takes_over_staff(caller, row, person) {
                        let message = "this person is staff; only an administrator changes their address or id";
                        fault(row, "email", message.to_owned());
                        Fit::Faulty
                    } else {
                        Fit::Known(person)
                    }
                }
            };
            fits.push(fit);
        }
        // Who wants which address, and whether whoever has it now lets it go.
        let wants: Vec<&str> = rows.iter().zip(&fits).map(|(row, fit)| row.email_for(fit)).collect();
        let wanted: HashMap<&str, usize> = wants
            .iter()
            .enumerate()
            .filter(|(index, _)| !matches!(fits[*index], Fit::Faulty))
            .map(|(i, e)| (*e, i))
            .collect();
        let mut doubtful: Vec<usize> = (0..rows.len()).collect();
        while let Some(index) = doubtful.pop() {
            let own = match &fits[index] {
                Fit::Faulty => continue,
                Fit::New => None,
                Fit::Known(person) => Some(*person),
            };
            let Some(holder) = self.by_email.get(wants[index]).filter(|id| own.is_none_or(|own| own.id != **id)) else {
                continue;
            };
            let lets_go = speaks_of.get(holder).is_some_and(|other| {
                matches!(fits[*other], Fit::Known(person) if person.id == *holder) && wants[*other] != wants[index]
            });
            if lets_go {
                continue;
            }
            let message = format!("the address {} belongs to another person, who keeps it", wants[index]);
            fault(&rows[index], "email", message);
            fits[index] = Fit::Faulty;
            // This row lets nothing go any more.
            doubtful.extend(own.and_then(|own| wanted.get(own.email.as_str())));
        }
        fits
    }

    /// An address is a way to sign in: a coordinator must not point an administrator's to somebody else.
    fn takes_over_staff(&self, caller: &Caller, row: &Row, person: &Person) -> bool {
        if caller.is_administrator() || !self.is_staff(person.id) {
            return false;
        }
        let mut after = person.clone();
        row.apply_to(&mut after);
        after.email != person.email || after.external_id != person.external_id
    }
}

/// Stores new and changed people, whatever addresses go from one to another.
pub(in crate::use_cases) async fn write_people(
    tx: &Tx,
    new: &[Person],
    changed: &[Changed],
) -> Result<(), UseCaseError> {
    let taken: HashSet<&str> = new
        .iter()
        .chain(changed.iter().filter(|person| person.after.email != person.before.email).map(|person| &person.after))
        .map(|person| person.email.as_str())
        .collect();
    for Changed { before, after } in changed {
        if before.email != after.email && taken.contains(before.email.as_str()) {
            store::people::park_address(tx, before).await?;
        }
    }
    let meanwhile = "somebody took one of these addresses or ids meanwhile; retry";
    for Changed { after, .. } in changed {
        let stored = store::people::update(tx, &mut after.clone()).await;
        stored.map_err(|error| duplicate(error, "csv", meanwhile))?;
    }
    let stored = store::people::insert_many(tx, new).await;
    stored.map_err(|error| duplicate(error, "csv", meanwhile))
}
