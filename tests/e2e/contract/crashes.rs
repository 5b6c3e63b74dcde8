//! The real binary, killed in the middle of a mutation, on PostgreSQL.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::{Instant, sleep};
use tokio_postgres::Client as Postgres;

use crate::support::{
    graphql::{Answer, Client, mutation},
    postgres::TestDatabase,
    process::{Launch, Process},
};

/// A deployment of one organization.
pub(super) struct Deployment {
    pub(super) database: TestDatabase,
    pub(super) token: String,
    keys: tempfile::TempDir,
}

impl Deployment {
    /// `None` where there is no PostgreSQL.
    pub(super) async fn make() -> Option<Self> {
        let database = TestDatabase::migrated().await?;
        let keys = tempfile::tempdir().unwrap();
        let path = keys.path().join("keys").display().to_string();
        Launch::new(["keys", "generate", "--dir", &path]).run().await.successfully();
        let made = Self { database, token: String::new(), keys };
        let create = ["organization", "create", "--slug", "harbour", "--name", "Harbour"];
        let mut launch = made.with(Launch::new(create));
        for argument in ["--contact", "m@harbour.example.org", "--administrator-name", "Ada Admin"] {
            launch = launch.arg(argument);
        }
        launch.arg("--administrator-email").arg("ada@harbour.example.org").run().await.successfully();
        let token = Launch::new(["token", "--organization", "harbour", "--person", "ada@harbour.example.org"]);
        let token = made.with(token).run().await.successfully().trim().to_owned();
        Some(Self { token, ..made })
    }

    fn with(&self, launch: Launch) -> Launch {
        launch
            .env("COUNTERPART_DATABASE__URL", self.database.url())
            .env("COUNTERPART_AUTH__KEYS_DIR", self.keys.path().join("keys"))
    }

    /// The API as `counterpart api`, with some settings.
    pub(super) async fn api(&self, settings: &[(&str, &str)]) -> Process {
        let mut launch = self.with(Launch::api(self.database.url()));
        for (name, value) in settings {
            launch = launch.env(&format!("COUNTERPART_{name}"), *value);
        }
        launch.start().await
    }

    pub(super) fn admin(&self, api: &Process) -> Client {
        Client::new(api.base(), &self.token)
    }
}

const SHORT: (&str, &str) = ("HTTP__REQUEST_TIMEOUT_SECONDS", "2");
/// Long enough to be killed in time, on a busy machine too.
const LONGER: (&str, &str) = ("HTTP__REQUEST_TIMEOUT_SECONDS", "6");

fn create() -> Value {
    let input =
        json!({ "name": "Peers", "kind": "PEER", "consent": "BOTH_ACCEPT", "timeZone": "UTC", "matchAt": "02:00" });
    json!({ "query": mutation("createProgram", "program { id }"), "variables": { "input": input } })
}

async fn send(admin: &Client) -> Answer {
    admin.post_with(&[("idempotency-key", "k1")], create()).await
}

async fn number(postgres: &Postgres, sql: &str) -> i64 {
    postgres.query_one(sql, &[]).await.unwrap().get(0)
}

/// Waits until a count is what it should become.
async fn becomes(postgres: &Postgres, sql: &str, expected: i64) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while number(postgres, sql).await != expected {
        assert!(Instant::now() < deadline, "{sql} is not {expected}");
        sleep(Duration::from_millis(20)).await;
    }
}

/// Makes a statement of the API hang where the test wants it to, until the test lets go of the lock.
async fn hang(postgres: &Postgres, table: &str, when: &str) {
    let sql = format!(
        "CREATE FUNCTION hang() RETURNS trigger LANGUAGE plpgsql AS \
         'BEGIN PERFORM pg_advisory_xact_lock(7); RETURN NEW; END'; \
         CREATE TRIGGER hang BEFORE {when} ON {table} FOR EACH ROW EXECUTE FUNCTION hang(); \
         SELECT pg_advisory_lock(7)"
    );
    postgres.batch_execute(&sql).await.unwrap();
}

async fn let_go(postgres: &Postgres) {
    postgres.batch_execute("SELECT pg_advisory_unlock(7); DROP FUNCTION hang() CASCADE").await.unwrap();
}

const WAITING: &str = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted \
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";

async fn kill_while_hanging(deployment: &Deployment, postgres: &Postgres) {
    let mut api = deployment.api(&[LONGER]).await;
    let admin = deployment.admin(&api);
    let request = tokio::spawn(async move { admin.post_with(&[("idempotency-key", "k1")], create()).await });
    becomes(postgres, WAITING, 1).await;
    api.kill().await;
    assert!(request.await.is_err(), "there was no answer");
}

/// Asks again until somebody else is known not to be at it any more.
async fn retry(admin: &Client) -> Answer {
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        let answer = send(admin).await;
        if answer.header("retry-after").is_none() {
            return answer;
        }
        assert_eq!(answer.refusal(), (409, "CONFLICT"), "{answer:?}");
        assert!(Instant::now() < deadline, "{answer:?}");
    }
}

#[tokio::test]
async fn killed_between_commit_and_answer_the_effect_is_not_repeated() {
    let Some(deployment) = Deployment::make().await else { return };
    let postgres = deployment.database.client().await;
    hang(&postgres, "idempotency_keys", "UPDATE OF answer").await;
    kill_while_hanging(&deployment, &postgres).await;
    assert_eq!(number(&postgres, "SELECT count(*) FROM programs").await, 1, "it was committed");
    let_go(&postgres).await;
    becomes(&postgres, WAITING, 0).await;
    // What the dead process had sent may still be carried out; here it was not.
    postgres.batch_execute("UPDATE idempotency_keys SET answer = NULL").await.unwrap();
    let api = deployment.api(&[SHORT]).await;
    let answer = retry(&deployment.admin(&api)).await;
    assert_eq!(answer.refusal(), (409, "CONFLICT"), "{answer:?}");
    assert!(answer.body["errors"][0]["message"].as_str().unwrap().contains("was carried out"), "{answer:?}");
    assert_eq!(number(&postgres, "SELECT count(*) FROM programs").await, 1);
}

#[tokio::test]
async fn killed_before_the_commit_the_request_is_tried_anew() {
    let Some(deployment) = Deployment::make().await else { return };
    let postgres = deployment.database.client().await;
    hang(&postgres, "programs", "INSERT").await;
    kill_while_hanging(&deployment, &postgres).await;
    let_go(&postgres).await;
    becomes(&postgres, WAITING, 0).await;
    let api = deployment.api(&[SHORT]).await;
    let admin = deployment.admin(&api);
    let answer = retry(&admin).await;
    assert_eq!(answer.status.as_u16(), 200, "{answer:?}");
    assert_eq!(number(&postgres, "SELECT count(*) FROM programs").await, 1);
    assert_eq!(send(&admin).await.body, answer.body);

    // A day later the key is forgotten, in the database as in the rules.
    postgres.batch_execute("UPDATE idempotency_keys SET expires_at = now() - interval '1 second'").await.unwrap();
    let anew = send(&admin).await;
    assert_eq!((anew.status.as_u16(), anew.header("idempotency-replayed")), (200, None), "{anew:?}");
    let refusals = &anew.body["data"]["createProgram"]["userErrors"];
    assert_eq!(refusals[0]["code"], "ALREADY_EXISTS", "it was tried, and there is such a program by now");
    postgres.batch_execute("UPDATE idempotency_keys SET expires_at = now() - interval '1 second'").await.unwrap();
    let store = shared::store::Store::connect(deployment.database.url(), 1).await.unwrap();
    assert_eq!(shared::store::idempotency_keys::every_expired_forgotten(&store, 10).await.unwrap(), 1);
    assert_eq!(number(&postgres, "SELECT count(*) FROM idempotency_keys").await, 0);
}

#[tokio::test]
async fn a_client_that_hangs_up_gets_its_answer_when_it_asks_again() {
    let Some(deployment) = Deployment::make().await else { return };
    let postgres = deployment.database.client().await;
    let api = deployment.api(&[]).await;
    hang(&postgres, "programs", "INSERT").await;
    let admin = deployment.admin(&api);
    let request = tokio::spawn({
        let admin = admin.clone();
        async move { send(&admin).await }
    });
    becomes(&postgres, WAITING, 1).await;
    request.abort();
    assert!(request.await.is_err());
    let_go(&postgres).await;
    let answer = send(&admin).await;
    assert_eq!((answer.status.as_u16(), answer.header("idempotency-replayed")), (200, Some("true")), "{answer:?}");
    assert_eq!(number(&postgres, "SELECT count(*) FROM programs").await, 1);
}

#[tokio::test]
async fn a_statement_that_nobody_waits_for_any_more_is_stopped() {
    let Some(deployment) = Deployment::make().await else { return };
    let postgres = deployment.database.client().await;
    let api = deployment.api(&[SHORT]).await;
    let admin = deployment.admin(&api);
    hang(&postgres, "programs", "INSERT").await;
    assert_eq!(admin.post(create()).await.refusal(), (504, "TIMEOUT"));
    let running = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() \
        AND pid <> pg_backend_pid() AND state <> 'idle'";
    becomes(&postgres, running, 0).await;
    // The lock is still held: nobody waits for it, and the connections are good for others.
    assert_eq!(number(&postgres, WAITING).await, 0);
    let programs = admin.query("{ programs(first: 1) { totalCount } }", json!({})).await;
    assert_eq!(programs["programs"]["totalCount"], 0);
    let_go(&postgres).await;
    assert_eq!(admin.post(create()).await.status.as_u16(), 200);
}
