//! The staff of a sample organization.

use chrono::{DateTime, Utc};
use shared::domain::{
    organizations::{Role, StaffRole},
    people::Person,
};

use super::{
    names::Names,
    random::Random,
    roster::{Profile, Roster},
};

/// A member of staff to be found.
pub(super) struct Desk {
    pub(super) role: Role,
    /// `None`: every country.
    pub(super) countries: Option<&'static [&'static str]>,
    pub(super) names: &'static Names,
    pub(super) headline: &'static str,
    pub(super) country: &'static str,
    pub(super) languages: &'static [&'static str],
    pub(super) time_zone: &'static str,
}

/// Finds somebody for each desk, in that order.
pub(super) fn appoint(
    desks: &[Desk],
    roster: &mut Roster,
    random: &mut Random,
    at: DateTime<Utc>,
) -> (Vec<Person>, Vec<StaffRole>) {
    let mut people = Vec::new();
    let mut roles = Vec::new();
    for desk in desks {
        let profile = Profile {
            names: desk.names,
            headline: desk.headline.to_owned(),
            country: desk.country,
            languages: desk.languages.to_vec(),
            time_zone: desk.time_zone,
            locale: if desk.languages.first() == Some(&"de") { "de" } else { "en" },
            external_id: None,
        };
        let person = roster.person(profile, random, at);
        roles.push(StaffRole {
            id: random.id(at),
            organization_id: person.organization_id,
            person_id: person.id,
            role: desk.role,
            countries: desk.countries.map(|codes| codes.iter().map(|&code| code.to_owned()).collect()),
            created_at: at,
        });
        people.push(person);
    }
    (people, roles)
}
