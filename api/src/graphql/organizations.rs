//! Organizations and their staff.

use async_graphql::{Context, ID, Object};
use shared::{domain::organizations, store};

use super::{
    api_clients::ApiClient,
    ids::{Kind, global},
    people::Person,
    reader::{Maybe, reader},
    scalars::Instant,
    words::Role,
};

/// How many API clients are listed; at most half as many have a key that works.
const CLIENTS_SHOWN: u64 = 200;

/// The tenant: a university, a network, a company. Nothing of one organization is ever visible to another.
#[derive(Clone, Debug)]
pub(super) struct Organization(pub(super) organizations::Organization);

/// The tenant: a university, a network, a company. Nothing of one organization is ever visible to another.
#[Object]
impl Organization {
    /// Its global id.
    pub(super) async fn id(&self) -> ID {
        global(Kind::Organization, self.0.id)
    }

    /// Its short name, unique on this server.
    async fn slug(&self) -> &str {
        &self.0.slug
    }

    /// The name people know.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// The mail address where participants ask questions; null if there is none.
    async fn contact(&self) -> Option<&str> {
        self.0.contact.as_deref()
    }

    /// The organization's own portal, to which mails link; null if there is none.
    async fn portal_url(&self) -> Option<&str> {
        self.0.portal_url.as_deref()
    }

    /// The origins whose pages may read answers of the API, as browsers name them, such as `https://portal.example.org`.
    /// For administrators; null for everybody else.
    async fn allowed_origins(&self, ctx: &Context<'_>) -> Maybe<Vec<String>> {
        let origins = async {
            let reader = reader(ctx)?;
            if !reader.caller.is_administrator() {
                return Ok(None);
            }
            let settings = store::organization_settings::find(&reader.state.store, self.0.id).await?;
            Ok(Some(settings.map(|settings| settings.allowed_origins).unwrap_or_default()))
        };
        origins.await.transpose()
    }

    /// Whether participants may only run registered documents.
    async fn documents_only(&self, ctx: &Context<'_>) -> Maybe<bool> {
        let settings = async {
            let settings = store::organization_settings::find(&reader(ctx)?.state.store, self.0.id).await?;
            Ok(settings.is_some_and(|settings| settings.documents_only))
        };
        Some(settings.await)
    }

    /// Who is staff, in the order of appointment. For administrators; null for everybody else.
    async fn staff(&self, ctx: &Context<'_>) -> Maybe<Vec<StaffRole>> {
        let staff = async {
            let reader = reader(ctx)?;
            if !reader.caller.is_administrator() {
                return Ok(None);
            }
            let staff = store::organizations::all_staff(&reader.state.store, self.0.id).await?;
            Ok(Some(staff.into_iter().map(StaffRole).collect()))
        };
        staff.await.transpose()
    }

    /// The back ends that ask with keys of their own, revoked ones included, the latest 200 first. For administrators;
    /// null for everybody else.
    async fn api_clients(&self, ctx: &Context<'_>) -> Maybe<Vec<ApiClient>> {
        let clients = async {
            let reader = reader(ctx)?;
            if !reader.caller.is_administrator() {
                return Ok(None);
            }
            let clients = store::api_clients::latest(&reader.state.store, self.0.id, CLIENTS_SHOWN).await?;
            Ok(Some(clients.into_iter().map(ApiClient).collect()))
        };
        clients.await.transpose()
    }

    /// When it was made.
    async fn created_at(&self) -> Instant {
        Instant(self.0.created_at)
    }

    /// When it last changed.
    async fn updated_at(&self) -> Instant {
        Instant(self.0.updated_at)
    }
}

/// A staff role that a person holds.
#[derive(Clone, Debug)]
pub(super) struct StaffRole(pub(super) organizations::StaffRole);

/// A staff role that a person holds.
#[Object]
impl StaffRole {
    /// Its global id, for `revokeRole`.
    async fn id(&self) -> ID {
        global(Kind::StaffRole, self.0.id)
    }

    /// Who holds it.
    async fn person(&self, ctx: &Context<'_>) -> Maybe<Person> {
        let person = async { Ok(reader(ctx)?.person(self.0.person_id).await?.map(Person)) };
        person.await.transpose()
    }

    /// Which role.
    async fn role(&self) -> Role {
        self.0.role.into()
    }

    /// The countries a coordinator looks after (ISO 3166-1 alpha-2); null for all of them.
    async fn countries(&self) -> Option<&[String]> {
        self.0.countries.as_deref()
    }

    /// When it was given.
    async fn created_at(&self) -> Instant {
        Instant(self.0.created_at)
    }
}
