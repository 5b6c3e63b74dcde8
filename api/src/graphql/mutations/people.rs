//! Mutations of people and of who is staff.

use async_graphql::{Context, ID, InputObject, Object};

use super::payloads::{codes, payload, settle, take};
use crate::{
    graphql::{
        ids::{Kind, global},
        organizations::StaffRole,
        people::Person,
        reader::{Maybe, Reader, reader},
        words::Role,
    },
    use_cases::people::{self, PersonDraft, PersonPatch},
};

/// A new person.
#[derive(InputObject, Clone, Debug)]
pub(super) struct CreatePersonInput {
    /// The institution's own id, unique in the organization.
    external_id: Option<String>,
    /// The name to show, at most 200 characters.
    name: String,
    /// The mail address, unique in the organization.
    email: String,
    /// One line about them, at most 200 characters.
    headline: Option<String>,
    /// Where they live, ISO 3166-1 alpha-2.
    country: Option<String>,
    /// The languages they speak, ISO 639-1.
    #[graphql(default)]
    languages: Vec<String>,
    /// Their IANA time zone; UTC if left out.
    time_zone: Option<String>,
    /// The language tag (BCP 47) to write to them in; `en` if left out.
    locale: Option<String>,
}

/// Changes to a person. What is left out stays; an empty text clears.
#[derive(InputObject, Clone, Debug)]
pub(super) struct UpdatePersonInput {
    /// The person's id.
    id: ID,
    /// The name to show, at most 200 characters.
    name: Option<String>,
    /// One line about them, at most 200 characters.
    headline: Option<String>,
    /// Where they live, ISO 3166-1 alpha-2.
    country: Option<String>,
    /// The languages they speak, ISO 639-1; the whole list.
    languages: Option<Vec<String>>,
    /// Their IANA time zone.
    time_zone: Option<String>,
    /// The language tag (BCP 47) to write to them in.
    locale: Option<String>,
}

/// A person who becomes staff.
#[derive(InputObject, Clone, Debug)]
pub(super) struct GrantRoleInput {
    /// The person's id.
    person_id: ID,
    /// Which role.
    role: Role,
    /// The countries a coordinator looks after, ISO 3166-1 alpha-2; all if left out. Not for administrators.
    countries: Option<Vec<String>>,
}

/// A staff role to take away.
#[derive(InputObject, Clone, Debug)]
pub(super) struct RevokeRoleInput {
    /// The staff role's id.
    id: ID,
}

payload! {
    /// What became of `createPerson`.
    CreatePersonPayload as "createPerson" {
        /// The new person; null when it was refused.
        person: Person
    } CreatePersonUserError CreatePersonErrorCode: Invalid Forbidden AlreadyExists
}

payload! {
    /// What became of `updatePerson`.
    UpdatePersonPayload as "updatePerson" {
        /// The person as they are now; null when it was refused.
        person: Person
    } UpdatePersonUserError UpdatePersonErrorCode: Invalid NotFound Forbidden Conflict
}

payload! {
    /// What became of `grantRole`.
    GrantRolePayload as "grantRole" {
        /// The new staff role; null when it was refused.
        staff_role: StaffRole
    } GrantRoleUserError GrantRoleErrorCode: Invalid NotFound Forbidden AlreadyExists
}

payload! {
    /// What became of `revokeRole`.
    RevokeRolePayload as "revokeRole" {
        /// The id of the staff role that is gone; null when it was refused.
        revoked_role_id: ID
    } RevokeRoleUserError RevokeRoleErrorCode: Invalid NotFound Forbidden NotPossible
}

/// Mutations of people and of who is staff.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct PersonMutations;

#[Object]
impl PersonMutations {
    /// Creates a person. For staff who look after the person's country.
    async fn create_person(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The person.")] input: CreatePersonInput,
    ) -> Maybe<CreatePersonPayload> {
        settle(async {
            let Reader { state, caller, .. } = reader(ctx)?;
            let CreatePersonInput { external_id, name, email, headline, country, languages, time_zone, locale } = input;
            let draft = PersonDraft { external_id, name, email, headline, country, languages, time_zone, locale };
            Ok(Person::from(people::create_person(state, caller, draft).await?))
        })
        .await
    }

    /// Edits a person's own data. For the person, and staff who look after them.
    async fn update_person(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The changes.")] input: UpdatePersonInput,
    ) -> Maybe<UpdatePersonPayload> {
        settle(async {
            let Reader { state, caller, .. } = reader(ctx)?;
            let UpdatePersonInput { id, name, headline, country, languages, time_zone, locale } = input;
            let id = take(Kind::Person, "id", &id)?;
            let patch = PersonPatch { name, headline, country, languages, time_zone, locale };
            Ok(Person::from(people::update_person(state, caller, id, patch).await?))
        })
        .await
    }

    /// Makes a person staff. For administrators.
    async fn grant_role(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The person and the role.")] input: GrantRoleInput,
    ) -> Maybe<GrantRolePayload> {
        settle(async {
            let Reader { state, caller, .. } = reader(ctx)?;
            let id = take(Kind::Person, "personId", &input.person_id)?;
            Ok(StaffRole(people::grant_role(state, caller, id, input.role.into(), input.countries).await?))
        })
        .await
    }

    /// Takes a staff role away; it ends with the person's next request. For administrators.
    async fn revoke_role(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The role.")] input: RevokeRoleInput,
    ) -> Maybe<RevokeRolePayload> {
        settle(async {
            let Reader { state, caller, .. } = reader(ctx)?;
            let id = take(Kind::StaffRole, "id", &input.id)?;
            Ok(global(Kind::StaffRole, people::revoke_role(state, caller, id).await?))
        })
        .await
    }
}
