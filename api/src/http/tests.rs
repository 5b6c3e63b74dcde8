//! The HTTP layer on a real port, over a small schema of its own.

mod events;
mod health;
mod identity;
mod interruptions;
mod mailbox;
mod negotiation;
mod pages;
mod requests;
mod sockets;

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_graphql::{Context, EmptySubscription, Object, Schema};
use chrono::TimeDelta;
use reqwest::{Client, RequestBuilder, StatusCode, Url, header::HeaderMap};
use serde_json::{Value, json};
use shared::{
    auth::{Grant, Signer},
    bus::Bus,
    clock::Clock,
    config::Config,
    domain::{organizations::Organization, people::Person},
    store::{self, Store},
};
use tempfile::TempDir;
use tokio::sync::Notify;
use tokio_util::{
    sync::{CancellationToken, DropGuard},
    task::TaskTracker,
};
use uuid::Uuid;

use super::Service;
use crate::{App, DevSamples, Readiness, caller::Caller, graphql::Operation};

const NEWER: &str = "application/graphql-response+json; charset=utf-8";
const OLDER: &str = "application/json; charset=utf-8";

/// What the schema below has been through.
#[derive(Debug, Default)]
struct Witness {
    started: Notify,
    dropped: Notify,
    changes: AtomicUsize,
}

struct Query(Arc<Witness>);

#[Object]
impl Query {
    async fn greeting(&self, #[graphql(default_with = "\"you\".to_owned()")] name: String) -> String {
        format!("Hello {name}")
    }

    /// Who asks, and in which request.
    async fn asked<'a>(&self, context: &'a Context<'_>) -> Vec<Option<&'a str>> {
        let caller = context.data_unchecked::<Option<Caller>>().as_ref();
        vec![caller.map(|caller| caller.person.name.as_str()), Some(context.data_unchecked::<String>())]
    }

    async fn fails(&self) -> async_graphql::Result<bool> {
        Err("no such luck".into())
    }

    async fn panics(&self, #[graphql(default = true)] really: bool) -> bool {
        assert!(!really, "a detail that is nobody's business");
        false
    }

    /// Waits, and tells whether it was allowed to wait to the end.
    async fn waits(&self, milliseconds: u64) -> bool {
        struct Waiting<'a>(&'a Witness);
        impl Drop for Waiting<'_> {
            fn drop(&mut self) {
                self.0.dropped.notify_one();
            }
        }
        let _waiting = Waiting(&self.0);
        self.0.started.notify_one();
        tokio::time::sleep(Duration::from_millis(milliseconds)).await;
        true
    }
}

struct Mutation(Arc<Witness>);

#[Object]
impl Mutation {
    async fn change(&self) -> bool {
        self.0.changes.fetch_add(1, Ordering::SeqCst);
        true
    }
}

/// A running server. It stops when this is dropped.
struct Server {
    base: String,
    http: Client,
    witness: Arc<Witness>,
    store: Store,
    readiness: Readiness,
    clock: Clock,
    signer: Signer,
    folder: TempDir,
    tasks: TaskTracker,
    shutdown: DropGuard,
}

impl Server {
    /// A server in development mode, with mailbox and explorer.
    async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// The same with some settings changed: their environment names without the prefix, and values.
    async fn start_with(settings: &[(&str, &str)]) -> Self {
        Self::begin(settings, false, true, |_| {}).await
    }

    /// The same with all tables; the others have none, for they never get as far.
    async fn start_with_tables() -> Self {
        Self::begin(&[], true, true, |_| {}).await
    }

    /// The same over the product's own schema, with all tables.
    async fn start_product(adjust: impl FnOnce(&mut Service)) -> Self {
        Self::begin(&[], true, false, adjust).await
    }

    async fn begin(
        settings: &[(&str, &str)],
        has_tables: bool,
        is_witnessed: bool,
        adjust: impl FnOnce(&mut Service),
    ) -> Self {
        // Refused when another test was first, which is as good.
        rustls::crypto::ring::default_provider().install_default().ok();
        let folder = tempfile::tempdir().unwrap();
        let env = settings.iter().map(|(name, value)| (format!("COUNTERPART_{name}"), (*value).to_owned()));
        let config = Config::embedded(folder.path(), 0, env).unwrap();
        let signer = Signer::load_or_generate(&config.auth).unwrap();
        let database = config.database.url.expose();
        if has_tables {
            migrations::migrate(database).await.unwrap();
        }
        let store = Store::connect(database, 2).await.unwrap();
        let clock = Clock::system();
        let samples = config.http.explorer.then(DevSamples::default);
        let mut app = App::build(&config, store.clone(), Bus::in_process(), clock.clone(), samples).unwrap();
        let witness = Arc::new(Witness::default());
        let schema =
            Schema::build(Query(Arc::clone(&witness)), Mutation(Arc::clone(&witness)), EmptySubscription).finish();
        if is_witnessed {
            let same = schema.clone();
            app.service.execute = Arc::new(move |caller, request, request_id| {
                let (schema, request) = (schema.clone(), request.data(caller).data(request_id));
                Box::pin(async move { schema.execute(request).await })
            });
            app.service.operate = Arc::new(move |caller, request, request_id| {
                let (schema, request) = (same.clone(), request.data(caller).data(request_id));
                Box::pin(async move { Operation::Answer(Box::new(schema.execute(request).await)) })
            });
        }
        adjust(&mut app.service);

        let redirects = reqwest::redirect::Policy::none();
        let http = Client::builder().no_proxy().redirect(redirects).timeout(Duration::from_secs(30)).build().unwrap();
        let tasks = TaskTracker::new();
        let shutdown = CancellationToken::new();
        let (base, readiness) = (format!("http://{}", app.address()), app.readiness());
        let stop = shutdown.clone();
        tasks.spawn(async move { app.run(stop).await.unwrap() });
        tasks.close();
        Self { base, http, witness, store, readiness, clock, signer, folder, tasks, shutdown: shutdown.drop_guard() }
    }

    /// A GET request for the GraphQL endpoint with these parameters.
    fn ask(&self, parameters: &[(&str, &str)]) -> RequestBuilder {
        self.http.get(Url::parse_with_params(&format!("{}/graphql", self.base), parameters).unwrap())
    }

    fn get(&self, path: &str) -> RequestBuilder {
        self.http.get(format!("{}{path}", self.base))
    }

    fn post(&self, body: impl Into<reqwest::Body>) -> RequestBuilder {
        self.http.post(format!("{}/graphql", self.base)).header("content-type", "application/json").body(body)
    }

    fn document(&self, document: &str) -> RequestBuilder {
        self.post(json!({ "query": document }).to_string()).header("accept", NEWER)
    }

    /// A token for this person of this organization, valid for an hour.
    fn token(&self, organization_id: Uuid, person_id: Uuid) -> String {
        let grant = Grant { organization_id, person_id, ttl: TimeDelta::hours(1) };
        self.signer.sign(&grant, self.clock.now()).unwrap()
    }

    /// A person of an organization of their own, in a server with tables.
    async fn member(&self) -> Person {
        let now = self.clock.now();
        let organization = Organization {
            id: self.clock.new_id(),
            slug: "lwb".to_owned(),
            name: "Librarians Without Borders".to_owned(),
            contact: None,
            portal_url: None,
            created_at: now,
            updated_at: now,
        };
        let person = Person {
            id: self.clock.new_id(),
            organization_id: organization.id,
            external_id: None,
            name: "Amina Odhiambo".to_owned(),
            email: "amina@example.ke".to_owned(),
            headline: None,
            country: Some("KE".to_owned()),
            languages: vec!["en".to_owned()],
            time_zone: "Africa/Nairobi".to_owned(),
            locale: "en".to_owned(),
            active: true,
            version: 1,
            created_at: now,
            updated_at: now,
        };
        let tx = self.store.begin().await.unwrap();
        store::organizations::insert(&tx, &organization).await.unwrap();
        store::people::insert_many(&tx, std::slice::from_ref(&person)).await.unwrap();
        tx.commit().await.unwrap();
        person
    }

    /// Marks a person as gone.
    async fn let_go(&self, person: &mut Person) {
        person.active = false;
        let tx = self.store.begin().await.unwrap();
        store::people::update(&tx, person).await.unwrap();
        tx.commit().await.unwrap();
    }

    /// Asks the server to stop and waits until it has.
    async fn stop(self) {
        drop(self.shutdown);
        self.tasks.wait().await;
    }
}

/// An answer, whatever it is.
#[derive(Debug)]
struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    text: String,
}

impl Answer {
    async fn to(request: RequestBuilder) -> Self {
        let answer = request.send().await.unwrap();
        let (status, headers) = (answer.status(), answer.headers().clone());
        Self { status, headers, text: answer.text().await.unwrap() }
    }

    fn header(&self, name: &str) -> &str {
        self.headers.get(name).unwrap_or_else(|| panic!("{name} is missing: {self:?}")).to_str().unwrap()
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The one error of an answer, after checking the shape that every error of this layer has.
    fn fault(&self) -> (u16, String, String) {
        let body = self.json();
        assert_eq!(body.as_object().unwrap().keys().collect::<Vec<_>>(), ["errors"], "{self:?}");
        let error = &body["errors"][0];
        assert_eq!(error["extensions"]["requestId"], self.header("x-request-id"), "{self:?}");
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        (self.status.as_u16(), text(&error["extensions"]["code"]), text(&error["message"]))
    }
}
