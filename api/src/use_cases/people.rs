//! People: create, edit, and who is staff.

use serde_json::json;
use shared::{
    domain::{
        organizations::{Role, StaffRole},
        people::{Person, check},
        refusals::RefusalCode,
    },
    store,
};
use uuid::Uuid;

use super::{State, UseCaseError, duplicate, needs_administrator, not_found, passed, refuse, refuse_field};
use crate::caller::Caller;

/// A new person.
#[derive(Clone, Debug)]
pub struct PersonDraft {
    /// The institution's own id.
    pub external_id: Option<String>,
    /// The name to show.
    pub name: String,
    /// The address; unique in the organization.
    pub email: String,
    /// One line about them.
    pub headline: Option<String>,
    /// ISO 3166-1 alpha-2.
    pub country: Option<String>,
    /// ISO 639-1.
    pub languages: Vec<String>,
    /// IANA zone; UTC if left out.
    pub time_zone: Option<String>,
    /// BCP 47; `en` if left out.
    pub locale: Option<String>,
}

/// Changes to a person; `None` leaves a field as it is, an empty text clears it.
#[derive(Clone, Debug, Default)]
pub struct PersonPatch {
    /// See [`PersonDraft::name`].
    pub name: Option<String>,
    /// See [`PersonDraft::headline`].
    pub headline: Option<String>,
    /// See [`PersonDraft::country`].
    pub country: Option<String>,
    /// See [`PersonDraft::languages`].
    pub languages: Option<Vec<String>>,
    /// See [`PersonDraft::time_zone`].
    pub time_zone: Option<String>,
    /// See [`PersonDraft::locale`].
    pub locale: Option<String>,
}

/// A person of this draft, not checked and not stored yet.
pub(super) fn new_person(state: &State, caller: &Caller, draft: PersonDraft) -> Person {
    let now = state.clock.now();
    Person {
        id: state.clock.new_id(),
        organization_id: caller.organization_id(),
        external_id: draft.external_id.map(|id| id.trim().to_owned()).filter(|id| !id.is_empty()),
        name: draft.name,
        email: draft.email,
        headline: draft.headline,
        country: draft.country.filter(|country| !country.trim().is_empty()),
        languages: draft.languages,
        time_zone: draft.time_zone.unwrap_or_else(|| "UTC".to_owned()),
        locale: draft.locale.unwrap_or_else(|| "en".to_owned()),
        active: true,
        version: 1,
        created_at: now,
        updated_at: now,
    }
}

/// Creates a person.
///
/// # Errors
/// Refused to anyone but staff who look after the person's country, for invalid fields, and for a taken address or id.
pub async fn create_person(state: &State, caller: &Caller, draft: PersonDraft) -> Result<Person, UseCaseError> {
    if !caller.is_staff() {
        return Err(refuse(RefusalCode::Forbidden, "only staff create people"));
    }
    let mut person = new_person(state, caller, draft);
    passed(check(&mut person))?;
    if !caller.looks_after(person.country.as_deref()) {
        return Err(refuse(RefusalCode::Forbidden, "only staff who look after this country create people"));
    }
    let tx = state.store.begin().await?;
    let stored = store::people::insert_many(&tx, std::slice::from_ref(&person)).await;
    stored.map_err(|error| duplicate(error, "email", "somebody has this address or external id already"))?;
    state.audit(&tx, caller, "createPerson", person.id, json!({})).await?;
    state.commit(tx).await?;
    Ok(person)
}

/// Edits a person's own data.
///
/// # Errors
/// Refused to anyone but the person and staff who look after them, and for invalid fields.
pub async fn update_person(
    state: &State,
    caller: &Caller,
    id: Uuid,
    patch: PersonPatch,
) -> Result<Person, UseCaseError> {
    let tx = state.store.begin().await?;
    let person = store::people::find(&tx, caller.organization_id(), id).await?;
    let person = person.filter(|person| caller.acts_for(person));
    let mut person = person.ok_or_else(|| not_found("id", "person"))?;
    let some = |text: String| Some(text).filter(|text| !text.trim().is_empty());
    if let Some(name) = patch.name {
        person.name = name;
    }
    if let Some(headline) = patch.headline {
        person.headline = some(headline);
    }
    if let Some(country) = patch.country {
        person.country = some(country);
    }
    if let Some(languages) = patch.languages {
        person.languages = languages;
    }
    if let Some(time_zone) = patch.time_zone {
        person.time_zone = time_zone;
    }
    if let Some(locale) = patch.locale {
        person.locale = locale;
    }
    passed(check(&mut person))?;
    if !caller.acts_for(&person) {
        let message = "you look after other countries; ask an administrator to move this person";
        return Err(refuse_field(RefusalCode::Forbidden, "country", message));
    }
    person.updated_at = state.clock.now();
    store::people::update(&tx, &mut person).await?;
    state.audit(&tx, caller, "updatePerson", person.id, json!({})).await?;
    state.commit(tx).await?;
    Ok(person)
}

/// Makes a person staff.
///
/// # Errors
/// Refused to anyone but administrators, for countries of an administrator, and when the person has the role already.
pub async fn grant_role(
    state: &State,
    caller: &Caller,
    person_id: Uuid,
    role: Role,
    countries: Option<Vec<String>>,
) -> Result<StaffRole, UseCaseError> {
    needs_administrator(caller)?;
    let countries = match (role, countries) {
        (_, None) => None,
        (Role::Administrator, Some(_)) => {
            return Err(refuse_field(RefusalCode::Invalid, "countries", "only coordinators have countries"));
        }
        (Role::Coordinator, Some(countries)) => Some(tidy_countries(&countries)?),
    };
    let tx = state.store.begin().await?;
    let person = store::people::find(&tx, caller.organization_id(), person_id).await?;
    person.ok_or_else(|| not_found("personId", "person"))?;
    let granted = StaffRole {
        id: state.clock.new_id(),
        organization_id: caller.organization_id(),
        person_id,
        role,
        countries,
        created_at: state.clock.now(),
    };
    let stored = store::organizations::insert_role(&tx, &granted).await;
    stored.map_err(|error| duplicate(error, "role", "the person has this role already; revoke it first"))?;
    state.audit(&tx, caller, "grantRole", person_id, json!({ "role": role.as_str() })).await?;
    tx.commit().await?;
    Ok(granted)
}

fn tidy_countries(countries: &[String]) -> Result<Vec<String>, UseCaseError> {
    let mut tidy: Vec<String> = countries.iter().map(|country| country.trim().to_uppercase()).collect();
    tidy.sort();
    tidy.dedup();
    let well_formed = |country: &String| country.len() == 2 && country.bytes().all(|byte| byte.is_ascii_uppercase());
    if tidy.is_empty() || !tidy.iter().all(well_formed) {
        let message = "give one or more two-letter codes such as DE, or leave it out for all countries";
        return Err(refuse_field(RefusalCode::Invalid, "countries", message));
    }
    Ok(tidy)
}

/// Takes a staff role away; it ends with the next request.
///
/// # Errors
/// Refused to anyone but administrators, and for an administrator's own role: somebody must stay.
pub async fn revoke_role(state: &State, caller: &Caller, id: Uuid) -> Result<Uuid, UseCaseError> {
    needs_administrator(caller)?;
    if caller.roles.iter().any(|own| own.id == id && own.role == Role::Administrator) {
        return Err(refuse(RefusalCode::NotPossible, "another administrator must take this role from you"));
    }
    let tx = state.store.begin().await?;
    if !store::organizations::delete_role(&tx, caller.organization_id(), id).await? {
        return Err(not_found("id", "role"));
    }
    state.audit(&tx, caller, "revokeRole", id, json!({})).await?;
    tx.commit().await?;
    Ok(id)
}
