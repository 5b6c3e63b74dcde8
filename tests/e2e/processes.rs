//! The real binary as people run it: everything in one process for a newcomer, and several of each in production.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{
    browser,
    graphql::{Client, http, mutation},
    postgres::TestDatabase,
    process::{Launch, Process, migrate},
    redis::TestRedisServer,
    smtp::SmtpServer,
    streams::{Events, Socket},
};

/// The value of `NAME=...` in what the dev command prints.
fn printed(output: &str, name: &str) -> String {
    let line = output.lines().find_map(|line| line.trim().strip_prefix(&format!("{name}=")));
    line.unwrap_or_else(|| panic!("no {name} in\n{output}")).to_owned()
}

async fn mails(process: &Process, search: &str) -> Value {
    let url = format!("{}/mailbox/messages.json?search={search}&limit=50", process.base());
    let text = http().get(url).send().await.unwrap().text().await.unwrap();
    serde_json::from_str(&text).unwrap()
}

#[tokio::test]
async fn a_newcomer_sees_everything_after_one_command() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data").display().to_string();
    let start = async || {
        let mut launch = Launch::dev();
        launch = launch.arg("--data-dir").arg(&data);
        launch.start_with(&folder.path().join("data").join("address")).await
    };
    let mut process = start().await;
    process.says("Ctrl-C").await;
    let output = process.stdout();
    assert!(output.contains("/explorer") && output.contains("/mailbox"), "{output}");

    let me = Client::new(process.base(), &printed(&output, "PARTICIPANT"));
    let document = "{ viewer { person { name email } matches(first: 1) { nodes { partner { name } score } } } }";
    let viewer = me.query(document, json!({})).await["viewer"].clone();
    let partner = viewer["matches"]["nodes"][0]["partner"]["name"].as_str().unwrap();
    let delivered = mails(&process, viewer["person"]["email"].as_str().unwrap()).await;
    let id = delivered["messages"][0]["id"].as_str().unwrap();
    let url = format!("{}/mailbox/messages/{id}.json", process.base());
    let mail = http().get(url).send().await.unwrap().text().await.unwrap();
    assert!(mail.contains(partner), "the introduction names the partner {partner}: {mail}");
    for role in ["COORDINATOR", "ADMINISTRATOR"] {
        let staff = Client::new(process.base(), &printed(&output, role));
        let people = staff.query("{ people(first: 1) { totalCount } }", json!({})).await;
        assert!(people["people"]["totalCount"].as_i64().unwrap() > 100);
    }
    if let Some(page) = browser::dom(&format!("{}/explorer", process.base())).await {
        assert!(page.contains("With whom am I matched, and why?"), "the explorer shows its examples: {page}");
    }
    if let Some(page) = browser::dom(&format!("{}/mailbox#{id}/text", process.base())).await {
        assert!(page.contains(partner), "the mailbox shows the introduction: {page}");
    }
    let all = mails(&process, "").await["total"].clone();
    assert!(process.interrupt().await.success(), "{}", process.stderr());

    let mut again = start().await;
    again.says("Ctrl-C").await;
    assert_eq!(mails(&again, "").await["total"], all, "a second start keeps the data and sends nothing anew");
    assert!(again.terminate().await.success(), "{}", again.stderr());
}

#[tokio::test]
async fn replicas_share_the_work_and_send_every_mail_once() {
    let (Some(database), Some(redis)) = (TestDatabase::create().await, TestRedisServer::start().await) else { return };
    let (site, relay) = (Site::found(&database, &redis).await, SmtpServer::start());
    let (mut one, mut other) = (site.api().await, site.api().await);
    let mut workers = [site.worker(&relay).await, site.worker(&relay).await, site.worker(&relay).await];
    let (first, second) = (site.client(&one), site.client(&other));
    let run = request_run(&first, 60).await;
    let mut status = Value::Null;
    for _ in 0..240 {
        let document = "query($id: ID!) { matchRun(id: $id) { status report { rounds { pairs certified } } } }";
        status = second.query(document, json!({ "id": run })).await["matchRun"].clone();
        if status["status"] == "PUBLISHED" {
            break;
        }
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
    assert_eq!(status["report"]["rounds"], json!([{ "pairs": 30, "certified": true }]), "{status}");
    relay.wait_for(60, Duration::from_mins(1)).await;
    for process in &mut workers {
        assert!(process.terminate().await.success(), "{}", process.stderr());
    }
    assert_eq!(relay.messages().len(), 60);
    assert!(relay.ledger().values().all(|copies| *copies == 1), "{:?}", relay.ledger());
    for process in [&mut one, &mut other] {
        assert!(!process.stderr().contains("@harbour.example.org"), "logs mask addresses: {}", process.stderr());
        assert!(process.terminate().await.success(), "{}", process.stderr());
    }
}

/// One organization on servers that several processes share.
struct Site {
    database: String,
    redis: String,
    /// The administrator's.
    token: String,
    keys: tempfile::TempDir,
}

impl Site {
    async fn found(database: &TestDatabase, redis: &TestRedisServer) -> Self {
        let keys = tempfile::tempdir().unwrap();
        let mut site = Self { database: database.url().to_owned(), redis: redis.url(), token: String::new(), keys };
        migrate(&site.database).await;
        let folder = site.keys.path().display().to_string();
        Launch::new(["keys", "generate", "--dir", &folder]).run().await.successfully();
        let create =
            ["organization", "create", "--slug", "harbour", "--name", "Harbour", "--contact", "m@harbour.example.org"];
        let mut launch = site.with(Launch::new(create));
        for argument in ["--administrator-name", "Ada Admin", "--administrator-email", "ada@harbour.example.org"] {
            launch = launch.arg(argument);
        }
        launch.run().await.successfully();
        let token = Launch::new(["token", "--organization", "harbour", "--person", "ada@harbour.example.org"]);
        let token = site.with(token).run().await.successfully();
        token.trim().clone_into(&mut site.token);
        site
    }

    fn with(&self, launch: Launch) -> Launch {
        launch
            .env("COUNTERPART_DATABASE__URL", &self.database)
            .env("COUNTERPART_REDIS__URL", &self.redis)
            .env("COUNTERPART_AUTH__KEYS_DIR", self.keys.path())
    }

    async fn api(&self) -> Process {
        self.with(Launch::api(&self.database)).start().await
    }

    async fn worker(&self, relay: &SmtpServer) -> Process {
        let launch = self.with(Launch::worker(&self.database)).mail_through(relay);
        launch.env("COUNTERPART_WORKER__TICK_SECONDS", "1").start().await
    }

    fn client(&self, api: &Process) -> Client {
        Client::new(api.base(), &self.token)
    }
}

#[tokio::test]
async fn live_updates_cross_replicas_and_outlive_redis() {
    let (Some(database), Some(mut redis)) = (TestDatabase::create().await, TestRedisServer::start().await) else {
        return;
    };
    let (site, relay) = (Site::found(&database, &redis).await, SmtpServer::start());
    let (one, mut other) = (site.api().await, site.api().await);
    let (first, second) = (site.client(&one), site.client(&other));
    let mut socket = Socket::open(&second).await;
    let matches = "subscription { matchUpdated { id status } }";
    socket.subscribe("m", matches, json!({})).await;
    let mut events = Events::open(&second, matches, json!({})).await;

    // The worker plans, one replica was asked, and the other tells.
    let run = request_run(&first, 4).await;
    let progress = "subscription($id: ID!) { matchRunProgress(runId: $id) { status percent } }";
    let mut watched = Events::open(&second, progress, json!({ "id": run })).await;
    let mut worker = site.worker(&relay).await;
    let mut last = Value::Null;
    while last != "PUBLISHED" {
        last = watched.data().await["matchRunProgress"]["status"].clone();
    }
    assert_eq!(watched.next().await.0, "complete");
    assert!(worker.terminate().await.success(), "{}", worker.stderr());
    let made = [events.data().await, events.data().await].map(|data| data["matchUpdated"]["id"].clone());
    for id in &made {
        let told = socket.data("m").await["matchUpdated"].clone();
        assert!(made.contains(&told["id"]) && told["status"] == "ACTIVE", "{id} {told}");
    }

    // One replica changes a match while Redis is away: nobody hears of it, until Redis is back.
    redis.take_away();
    let pause = mutation("pauseMatch", "match { status }");
    first.mutate(&pause, json!({ "input": { "id": made[0] } })).await;
    redis.bring_back().await;
    let is_told = |data: &Value| data["matchUpdated"] == json!({ "id": made[0], "status": "PAUSED" });
    while !is_told(&events.data().await) {}
    while !is_told(&socket.data("m").await) {}

    // And from then on as before, once publishers dare to try again.
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    let resume = mutation("resumeMatch", "match { status }");
    first.mutate(&resume, json!({ "input": { "id": made[0] } })).await;
    while events.data().await["matchUpdated"]["status"] != "ACTIVE" {}

    // Whoever listens is told that the process stops, and does not keep it from stopping.
    other.signal("TERM");
    assert_eq!(socket.code().await, 1001);
    while events.next().await.0 != "complete" {}
    assert!(other.wait().await.success(), "{}", other.stderr());
}

/// A peer program with so many people in it, and a run of it; gives back the run's id.
async fn request_run(admin: &Client, people: usize) -> String {
    let call = async |name: &str, selection: &str, input: Value| {
        admin.mutate(&mutation(name, selection), json!({ "input": input })).await
    };
    let program = json!({ "name": "Peers", "kind": "PEER", "consent": "INTRODUCE_AT_ONCE", "timeZone": "UTC", "matchAt": "02:00" });
    let program = call("createProgram", "program { id }", program).await["program"]["id"].clone();
    let round =
        call("createRound", "round { id }", json!({ "programId": program, "name": "First" })).await["round"]["id"]
            .clone();
    call("openRound", "round { id }", json!({ "id": round })).await;
    let rows = (0..people).map(|index| format!("s{index},Student {index},s{index}@harbour.example.org\n"));
    let csv: String = std::iter::once("externalId,name,email\n".to_owned()).chain(rows).collect();
    call("importPeople", "report { enrolled }", json!({ "csv": csv, "roundId": round })).await;
    call("closeRound", "round { id }", json!({ "id": round })).await;
    let run = call("requestMatchRun", "matchRun { id }", json!({ "programId": program, "dryRun": false })).await;
    run["matchRun"]["id"].as_str().unwrap().to_owned()
}
