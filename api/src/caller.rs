//! Who asks: a person of one organization, with the staff roles they hold right now.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use shared::{
    auth::{Basis, Claims},
    domain::{
        api_clients::{Scope, Scopes},
        organizations::{Organization, Role, StaffRole},
        people::Person,
    },
    store::{self, Store, StoreError, callers::KnownCaller, lists::Sight},
};
use uuid::Uuid;

/// The person behind a request. Read from the database for each request, so a revoked role ends at once.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The tenant; nothing outside it exists for the caller.
    pub organization: Organization,
    /// The person.
    pub person: Arc<Person>,
    /// Staff roles; none for a participant.
    pub roles: Vec<StaffRole>,
    /// The request, for logs and audit entries.
    pub request_id: String,
    /// When the caller's token ends; nothing may go on for them after that.
    pub expires_at: DateTime<Utc>,
    /// The API client through which they ask; `None` for a person's own token.
    pub client: Option<Uuid>,
    /// What the token may be used for at most; all there is for a person's own.
    pub scopes: Scopes,
}

impl Caller {
    /// The person a verified token speaks of; `None` when the person is gone or left, or the token's basis ended.
    ///
    /// # Errors
    /// When the database is gone.
    pub async fn load(
        store: &Store,
        claims: &Claims,
        request_id: String,
        now: DateTime<Utc>,
    ) -> Result<Option<Self>, StoreError> {
        let Claims { organization_id, person_id, expires_at, basis } = claims;
        let known = store::callers::find(store, *organization_id, *person_id, basis.as_ref(), now).await?;
        let Some(known) = known else {
            return Ok(None);
        };
        let KnownCaller { person, organization, mut roles } = known;
        if !person.active {
            return Ok(None);
        }
        let person = Arc::new(person);
        let (client, scopes) = match basis {
            Some(Basis::Client { id, scopes }) => (Some(*id), scopes.clone()),
            Some(Basis::SignIn { .. }) | None => (None, Scopes::all()),
        };
        if client.is_some() && !scopes.allow(Scope::Staff) {
            roles.clear();
        }
        Ok(Some(Self { organization, person, roles, request_id, expires_at: *expires_at, client, scopes }))
    }

    /// Whether the token may be used for this; what the person may do is another question.
    pub fn allows(&self, scope: Scope) -> bool {
        self.scopes.allow(scope)
    }

    /// The tenant's id.
    pub fn organization_id(&self) -> Uuid {
        self.organization.id
    }

    /// The person's id.
    pub fn person_id(&self) -> Uuid {
        self.person.id
    }

    /// Whether the caller administers the organization.
    pub fn is_administrator(&self) -> bool {
        self.roles.iter().any(|role| role.role == Role::Administrator)
    }

    /// Whether the caller is staff of any kind, country coordinators included.
    pub fn is_staff(&self) -> bool {
        !self.roles.is_empty()
    }

    /// Whether the caller runs programs as a whole: an administrator, or a coordinator without a country limit.
    pub fn runs_programs(&self) -> bool {
        self.roles.iter().any(|role| role.role == Role::Administrator || role.countries.is_none())
    }

    /// The countries the caller looks after: `None` for all of them, an empty list for none.
    pub fn countries(&self) -> Option<Vec<String>> {
        if self.runs_programs() {
            return None;
        }
        let mut countries: Vec<String> =
            self.roles.iter().filter_map(|role| role.countries.clone()).flatten().collect();
        countries.sort();
        countries.dedup();
        Some(countries)
    }

    /// How far the caller may look.
    pub fn sight(&self) -> Sight {
        Sight {
            organization_id: self.organization_id(),
            person_id: self.person_id(),
            staff: self.is_staff(),
            administrator: self.is_administrator(),
            countries: self.countries(),
        }
    }

    /// Whether the caller, as staff, looks after a person of this country.
    pub fn looks_after(&self, country: Option<&str>) -> bool {
        match self.countries() {
            None => true,
            Some(countries) => country.is_some_and(|country| countries.iter().any(|own| own == country)),
        }
    }

    /// Whether the caller may act for this person: themselves, or staff who look after them.
    pub fn acts_for(&self, person: &Person) -> bool {
        person.id == self.person.id || self.looks_after(person.country.as_deref())
    }
}
