//! The whole product in the test's own process, on a clock that the test turns: the same `App` and `Worker` as in
//! production, over HTTP, on a real database, with a relay that remembers.

use chrono::{DateTime, TimeDelta, Utc};
use shared::{
    auth::{Grant, Signer},
    bus::Bus,
    clock::Clock,
    config::Config,
    domain::{
        organizations::{Organization, Role, StaffRole},
        people::Person,
    },
    store::{self, Store},
};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;
use worker::Worker;

use super::{graphql::Client, postgres::TestDatabase, smtp::SmtpServer, versions::GUARD};

/// On which database a test runs.
#[derive(Clone, Copy, Debug)]
pub(crate) enum On {
    Sqlite,
    Postgres,
}

/// An organization with its API, its worker and its relay.
pub(crate) struct House {
    pub(crate) config: Config,
    pub(crate) store: Store,
    pub(crate) clock: Clock,
    pub(crate) worker: Worker,
    pub(crate) relay: SmtpServer,
    pub(crate) organization: Organization,
    pub(crate) administrator: Person,
    base: String,
    signer: Signer,
    shutdown: CancellationToken,
    // Dropped last: the files and the database under all of it.
    kept: (TempDir, Option<TestDatabase>),
}

impl Drop for House {
    fn drop(&mut self) {
        self.shutdown.cancel();
    }
}

impl House {
    /// Monday, 2 March 2026, 09:00 in Berlin, where every program of these tests lives.
    pub(crate) fn morning() -> DateTime<Utc> {
        "2026-03-02T08:00:00Z".parse().expect("an instant")
    }

    /// Opens a house with an administrator in it; `None` when the database is not to be had.
    pub(crate) async fn open(on: On) -> Option<Self> {
        Self::open_with(on, &[]).await
    }

    /// The same with some settings changed, by their environment names without the prefix.
    pub(crate) async fn open_with(on: On, settings: &[(&str, &str)]) -> Option<Self> {
        let database = match on {
            On::Sqlite => None,
            On::Postgres => Some(TestDatabase::create().await?),
        };
        let folder = tempfile::tempdir().expect("a folder");
        let relay = SmtpServer::start();
        let mut env = vec![
            ("COUNTERPART_MAIL__TRANSPORT".to_owned(), "smtp".to_owned()),
            ("COUNTERPART_MAIL__SMTP_HOST".to_owned(), relay.address().ip().to_string()),
            ("COUNTERPART_MAIL__SMTP_PORT".to_owned(), relay.address().port().to_string()),
            ("COUNTERPART_MAIL__SMTP_SECURITY".to_owned(), "none".to_owned()),
            // Receivers of webhooks are on this machine.
            ("COUNTERPART_OUTBOUND__ALLOWED_NETWORKS".to_owned(), "127.0.0.0/8".to_owned()),
            // Tests ask faster than anybody; the tests of the limits turn them on.
            ("COUNTERPART_LIMITS__ENABLED".to_owned(), "false".to_owned()),
        ];
        env.extend(settings.iter().map(|(name, value)| (format!("COUNTERPART_{name}"), (*value).to_owned())));
        if let Some(database) = &database {
            env.push(("COUNTERPART_DATABASE__URL".to_owned(), database.url().to_owned()));
        }
        let config = Config::embedded(folder.path(), 0, env.into_iter()).expect("a configuration");
        migrations::migrate(config.database.url.expose()).await.expect("a schema");
        if let Some(database) = &database {
            database.client().await.batch_execute(GUARD).await.expect("a guard of versions");
        }
        let store = Store::connect(config.database.url.expose(), 8).await.expect("a store");
        let clock = Clock::fixed_at(Self::morning());
        let signer = Signer::load_or_generate(&config.auth).expect("a key");
        let bus = Bus::in_process();
        // Refused when another test was first, which is as good.
        rustls::crypto::ring::default_provider().install_default().ok();
        let app = api::App::build(&config, store.clone(), bus.clone(), clock.clone(), None).expect("an API");
        let base = format!("http://{}", app.address());
        let shutdown = CancellationToken::new();
        let stop = shutdown.clone();
        tokio::spawn(async move { app.run(stop).await.expect("the API ends well") });
        let worker = Worker::new(&config, store.clone(), bus, clock.clone()).expect("a worker");
        let (organization, administrator) = found(&store, &clock, "harbour").await;
        let kept = (folder, database);
        Some(Self { config, store, clock, worker, relay, organization, administrator, base, signer, shutdown, kept })
    }

    /// A connection of its own to the database, for faults and for what the API does not show; `None` on SQLite.
    pub(crate) async fn postgres(&self) -> Option<tokio_postgres::Client> {
        match &self.kept.1 {
            Some(database) => Some(database.client().await),
            None => None,
        }
    }

    /// A second worker on the same database.
    pub(crate) fn another_worker(&self) -> Worker {
        Worker::new(&self.config, self.store.clone(), Bus::in_process(), self.clock.clone()).expect("a worker")
    }

    /// Another tenant with an administrator of its own.
    pub(crate) async fn other_organization(&self, slug: &str) -> (Organization, Person) {
        found(&self.store, &self.clock, slug).await
    }

    /// A signed-in client for a person.
    pub(crate) fn client(&self, person: &Person) -> Client {
        let grant = Grant { organization_id: person.organization_id, person_id: person.id, ttl: TimeDelta::days(400) };
        Client::new(&self.base, &self.signer.sign(&grant, Self::morning()).expect("a token"))
    }

    /// Where the API is, `http://host:port`.
    pub(crate) fn base(&self) -> &str {
        &self.base
    }

    /// The administrator's client.
    pub(crate) fn admin(&self) -> Client {
        self.client(&self.administrator)
    }

    /// A client with any bearer token.
    pub(crate) fn with_token(&self, token: &str) -> Client {
        Client::new(&self.base, token)
    }

    /// Nobody's client.
    pub(crate) fn anonymous(&self) -> Client {
        Client::anonymous(&self.base)
    }

    /// Somebody leaves the organization.
    pub(crate) async fn leave(&self, person: &Person) {
        let tx = self.store.begin().await.expect("a transaction");
        let found = store::people::find(&tx, person.organization_id, person.id).await.expect("a read");
        let mut left = Person { active: false, ..found.expect("a person") };
        store::people::update(&tx, &mut left).await.expect("a change");
        tx.commit().await.expect("a commit");
    }

    /// The API's id of a thing.
    pub(crate) fn id(kind: &str, id: Uuid) -> String {
        api::graphql::global_id(kind, id).expect("a type with ids")
    }

    /// A new person of the house.
    pub(crate) async fn person(&self, name: &str, country: &str) -> Person {
        let person = self.draft(name, country);
        let tx = self.store.begin().await.expect("a transaction");
        store::people::insert_many(&tx, std::slice::from_ref(&person)).await.expect("a person");
        tx.commit().await.expect("a commit");
        person
    }

    /// The same, not stored yet.
    pub(crate) fn draft(&self, name: &str, country: &str) -> Person {
        person(&self.clock, &self.organization, name, country)
    }

    /// A new person of another organization.
    pub(crate) async fn person_of(&self, organization: &Organization, name: &str) -> Person {
        let person = person(&self.clock, organization, name, "DE");
        let tx = self.store.begin().await.expect("a transaction");
        store::people::insert_many(&tx, std::slice::from_ref(&person)).await.expect("a person");
        tx.commit().await.expect("a commit");
        person
    }

    /// Makes somebody a coordinator, of these countries or of all.
    pub(crate) async fn coordinator(&self, name: &str, countries: Option<&[&str]>) -> Person {
        let person = self.person(name, "DE").await;
        let countries = countries.map(|list| list.iter().map(|&country| country.to_owned()).collect());
        give_role(&self.store, &self.clock, &person, Role::Coordinator, countries).await;
        person
    }

    /// Turns the clock to the next 02:00 in Berlin and lets the worker do all it finds.
    pub(crate) async fn night(&self) {
        let now = self.clock.now();
        let today = now.date_naive().and_hms_opt(1, 30, 0).expect("a time").and_utc();
        let next = if today > now { today } else { today + TimeDelta::days(1) };
        self.clock.set(next);
        self.work().await;
    }

    /// Turns the clock on by so many days and lets the worker do all it finds.
    pub(crate) async fn days_later(&self, days: i64) {
        self.clock.advance(TimeDelta::days(days));
        self.work().await;
    }

    /// One turn of the worker, at the present time.
    pub(crate) async fn work(&self) {
        self.worker.upkeep().await.expect("upkeep");
        self.worker.queue_due_nights().await.expect("nights are queued");
        self.worker.run_queued().await.expect("runs are done");
        self.worker.send_due().await.expect("mail is sent");
    }

    /// The subjects of all mail to a person so far, oldest first.
    pub(crate) fn subjects(&self, person: &Person) -> Vec<String> {
        self.relay.messages_to(&person.email).iter().map(super::smtp::Received::subject).collect()
    }
}

async fn found(store: &Store, clock: &Clock, slug: &str) -> (Organization, Person) {
    let now = clock.now();
    let organization = Organization {
        id: clock.new_id(),
        slug: slug.to_owned(),
        name: format!("{slug} university"),
        contact: Some(format!("mentoring@{slug}.example.org")),
        portal_url: Some(format!("https://portal.{slug}.example.org")),
        created_at: now,
        updated_at: now,
    };
    let administrator = person(clock, &organization, "Ada Admin", "DE");
    let tx = store.begin().await.expect("a transaction");
    store::organizations::insert(&tx, &organization).await.expect("an organization");
    store::people::insert_many(&tx, std::slice::from_ref(&administrator)).await.expect("an administrator");
    tx.commit().await.expect("a commit");
    give_role(store, clock, &administrator, Role::Administrator, None).await;
    (organization, administrator)
}

async fn give_role(store: &Store, clock: &Clock, person: &Person, role: Role, countries: Option<Vec<String>>) {
    let role = StaffRole {
        id: clock.new_id(),
        organization_id: person.organization_id,
        person_id: person.id,
        role,
        countries,
        created_at: clock.now(),
    };
    let tx = store.begin().await.expect("a transaction");
    store::organizations::insert_role(&tx, &role).await.expect("a role");
    tx.commit().await.expect("a commit");
}

fn person(clock: &Clock, organization: &Organization, name: &str, country: &str) -> Person {
    let now = clock.now();
    let local = name.to_lowercase().replace(' ', ".");
    Person {
        id: clock.new_id(),
        organization_id: organization.id,
        external_id: Some(Uuid::simple(clock.new_id()).to_string()),
        name: name.to_owned(),
        email: format!("{local}@{}.example.org", organization.slug),
        headline: None,
        country: Some(country.to_owned()),
        languages: vec!["en".to_owned()],
        time_zone: "Europe/Berlin".to_owned(),
        locale: "en".to_owned(),
        active: true,
        version: 1,
        created_at: now,
        updated_at: now,
    }
}
