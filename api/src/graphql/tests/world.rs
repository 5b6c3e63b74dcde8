//! Two organizations in a database of their own, and people who ask.

use async_graphql::{Request, Variables};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use shared::{
    bus::Bus,
    clock::Clock,
    config::OutboundConfig,
    domain::{
        api_clients::Scopes,
        organizations::{Organization, Role, StaffRole},
        people::Person,
    },
    outbound::Outbound,
    store::{self, Store},
};
use uuid::Uuid;

use crate::{
    caller::Caller,
    graphql::{
        Limits, Operation, Schema, execute,
        ids::{Kind, global},
        operate, schema,
    },
    use_cases::State,
};

pub(super) struct World {
    pub(super) state: State,
    schema: Schema,
    /// Gone with the test.
    _folder: tempfile::TempDir,
}

impl World {
    /// An empty database. The variable `COUNTERPART_TEST_DATABASE_URL` names an empty one to use instead of SQLite.
    #[expect(clippy::disallowed_methods, reason = "a test is not configured by settings")]
    pub(super) async fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("world.db");
        let url = std::env::var("COUNTERPART_TEST_DATABASE_URL");
        let url = url.unwrap_or_else(|_| format!("sqlite://{}?mode=rwc", file.display()));
        migrations::migrate(&url).await.expect("the schema");
        let store = Store::connect(&url, 4).await.expect("the database");
        let start: DateTime<Utc> = "2026-03-01T08:00:00Z".parse().expect("an instant");
        // Refused when another test was first, which is as good.
        rustls::crypto::ring::default_provider().install_default().ok();
        let outbound = Outbound::new(&OutboundConfig::default()).expect("a client");
        let clock = Clock::starting_at(start);
        let (bus, public_url) = (Bus::in_process(), "".into());
        let state = State { store, clock, bus, outbound, signer: None, public_url };
        Self { schema: schema(state.clone(), Limits::default()), state, _folder: folder }
    }

    pub(super) async fn organization(&self, slug: &str) -> Organization {
        let now = self.state.clock.now();
        let organization = Organization {
            id: self.state.clock.new_id(),
            slug: format!("{slug}-{}", self.state.clock.new_id().simple()),
            name: slug.to_owned(),
            contact: None,
            portal_url: None,
            created_at: now,
            updated_at: now,
        };
        let tx = self.state.store.begin().await.expect("a transaction");
        store::organizations::insert(&tx, &organization).await.expect("an organization");
        tx.commit().await.expect("a commit");
        organization
    }

    pub(super) async fn person(&self, organization: &Organization, name: &str, country: &str) -> Person {
        let now = self.state.clock.now();
        let person = Person {
            id: self.state.clock.new_id(),
            organization_id: organization.id,
            external_id: None,
            name: name.to_owned(),
            email: format!("{}@example.org", name.to_lowercase()),
            headline: None,
            country: Some(country.to_owned()),
            languages: vec!["en".to_owned()],
            time_zone: "UTC".to_owned(),
            locale: "en".to_owned(),
            active: true,
            version: 1,
            created_at: now,
            updated_at: now,
        };
        let tx = self.state.store.begin().await.expect("a transaction");
        store::people::insert_many(&tx, std::slice::from_ref(&person)).await.expect("a person");
        tx.commit().await.expect("a commit");
        person
    }

    pub(super) async fn appoint(&self, person: &Person, role: Role, countries: Option<&[&str]>) {
        let role = StaffRole {
            id: self.state.clock.new_id(),
            organization_id: person.organization_id,
            person_id: person.id,
            role,
            countries: countries.map(|list| list.iter().map(|country| (*country).to_owned()).collect()),
            created_at: self.state.clock.now(),
        };
        let tx = self.state.store.begin().await.expect("a transaction");
        store::organizations::insert_role(&tx, &role).await.expect("a role");
        tx.commit().await.expect("a commit");
    }

    /// This person as a caller, with the roles they have now.
    pub(super) async fn caller(&self, person: &Person) -> Caller {
        let organization = store::organizations::find(&self.state.store, person.organization_id).await.expect("a read");
        let roles = store::organizations::roles_of(&self.state.store, person.organization_id, person.id).await;
        Caller {
            organization: organization.expect("an organization"),
            person: person.clone().into(),
            roles: roles.expect("roles"),
            request_id: "r1".to_owned(),
            expires_at: DateTime::<Utc>::MAX_UTC,
            client: None,
            scopes: Scopes::all(),
        }
    }

    /// What this person gets, as it is sent.
    pub(super) async fn text(&self, person: &Person, document: &str, variables: Value) -> String {
        let request = Request::new(document).variables(Variables::from_json(variables));
        let response = execute(&self.schema, Some(self.caller(person).await), request, "r1").await;
        serde_json::to_string(&response).expect("an answer is JSON")
    }

    /// What this person gets, as JSON.
    pub(super) async fn raw(&self, person: &Person, document: &str, variables: Value) -> Value {
        serde_json::from_str(&self.text(person, document, variables).await).expect("JSON")
    }

    /// What comes of this person's operation.
    pub(super) async fn operate(&self, person: &Person, document: &str, variables: Value) -> Operation {
        let request = Request::new(document).variables(Variables::from_json(variables));
        operate(&self.schema, Some(self.caller(person).await), request, "r1").await
    }

    /// The `data` of a document that must succeed.
    pub(super) async fn ask(&self, person: &Person, document: &str, variables: Value) -> Value {
        let mut answer = self.raw(person, document, variables).await;
        assert!(answer["errors"].is_null(), "{document}\n{answer:#}");
        answer["data"].take()
    }

    /// The payload of a mutation `name(input)` that must succeed.
    pub(super) async fn change(&self, person: &Person, name: &str, payload: &str, input: Value) -> Value {
        let mut kind = name.to_owned();
        kind[..1].make_ascii_uppercase();
        let document = format!(
            "mutation ($input: {kind}Input!) {{ done: {name}(input: $input) {{ {payload} userErrors {{ code field message }} }} }}"
        );
        let mut data = self.ask(person, &document, json!({ "input": input })).await;
        assert_eq!(data["done"]["userErrors"], json!([]), "{name} of {}", person.name);
        data["done"].take()
    }
}

/// A global id as a client holds it.
pub(super) fn person_id(person: &Person) -> String {
    id(Kind::Person, person.id)
}

fn id(kind: Kind, id: Uuid) -> String {
    global(kind, id).0
}
