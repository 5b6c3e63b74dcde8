//! What an operator watches: it is served where the settings say, it moves, and alerts name nothing that does not exist.

use std::collections::BTreeSet;

use serde_yaml_ng::Value;
use tokio_postgres::{Client, Row};

use crate::support::{
    graphql::http,
    postgres::TestDatabase,
    process::{Launch, Process},
    smtp::SmtpServer,
};

const LISTEN: &str = "COUNTERPART_METRICS__LISTEN";

/// The address that the log tells.
fn address(process: &Process) -> String {
    let output = process.stdout() + &process.stderr();
    let line = output.lines().find(|line| line.contains("metrics are served")).expect("a line with the address");
    let at = line.rfind("127.0.0.1:").expect("an address");
    line[at..].chars().take_while(|character| character.is_ascii_digit() || ".:".contains(*character)).collect()
}

async fn scrape(process: &Process) -> String {
    let answer = http().get(format!("http://{}/metrics", address(process))).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    let kind = answer.headers()["content-type"].to_str().unwrap().to_owned();
    assert!(kind.starts_with("application/openmetrics-text"), "{kind}");
    answer.text().await.unwrap()
}

fn value(text: &str, series: &str) -> f64 {
    let line = text.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
    line.unwrap_or_else(|| panic!("no {series} in\n{text}")).parse().unwrap()
}

/// The names of all series there can be, as Prometheus would store them.
fn names(text: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for line in text.lines().filter_map(|line| line.strip_prefix("# TYPE ")) {
        let (name, kind) = line.split_once(' ').unwrap();
        let endings: &[&str] = match kind {
            "counter" => &["_total"],
            "histogram" => &["_bucket", "_sum", "_count"],
            _ => &[""],
        };
        found.extend(endings.iter().map(|ending| format!("{name}{ending}")));
    }
    found
}

/// What the gauges say when everything due is sent and only later mail waits.
async fn told(client: &Client) -> Option<[String; 2]> {
    let open = "SELECT status, due_at > now() FROM messages WHERE status IN ('PENDING', 'SENDING')";
    let open = client.query(open, &[]).await.unwrap();
    let waits = |row: &Row| row.get::<_, String>(0) == "PENDING" && row.get::<_, bool>(1);
    let is_quiet = !open.is_empty() && open.iter().all(waits);
    let told = |state: &str, count: usize| format!("counterpart_messages{{state=\"{state}\"}} {count}\n");
    is_quiet.then(|| [told("pending", open.len()), told("sending", 0)])
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_tells_what_it_did_and_what_waits_and_alerts_name_only_that() {
    let Some(database) = TestDatabase::migrated().await else { return };
    let client = database.client().await;
    let data = include_str!("../../benches/nights/data.sql");
    client.batch_execute(&data.replace(":programs", "3").replace(":scale", "0.2")).await.unwrap();
    let relay = SmtpServer::start();
    let launch = Launch::worker(database.url()).mail_through(&relay).env(LISTEN, "127.0.0.1:0");
    let mut worker = launch.env("COUNTERPART_WORKER__TICK_SECONDS", "1").start().await;
    worker.says("metrics are served").await;
    let mut text = String::new();
    // What waits is counted before the counters are read, so a run may end in between: only what the database says
    // afterwards tells that all of a scrape is of one moment.
    for _ in 0..300 {
        text = scrape(&worker).await;
        let is_done = text.contains("counterpart_runs_total{status=\"PUBLISHED\"} 3")
            && told(&client).await.is_some_and(|told| told.iter().all(|line| text.contains(line)));
        if is_done {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    assert!(value(&text, "counterpart_send_attempts_total{outcome=\"sent\"}") >= 4.0, "{text}");
    assert!(
        value(&text, "counterpart_database_connections_limit") >= value(&text, "counterpart_database_connections_open")
    );
    assert!((value(&text, "counterpart_run_duration_seconds_count") - 3.0).abs() < 0.1, "{text}");
    let told = told(&client).await.expect("reminders wait, and nothing else does");
    assert!(told.iter().all(|line| text.contains(line)), "{told:?}{text}");
    assert!(value(&text, "counterpart_oldest_due_message_age_seconds") < 0.001, "{text}");
    assert!(!text.contains("bench1") && !text.contains("@example.org"), "no names in it: {text}");

    let known = names(&text);
    let rules: Value = serde_yaml_ng::from_str(include_str!("../../examples/operations/alerts.yml")).unwrap();
    let runbook = include_str!("../../examples/operations/runbook.md");
    let headings: BTreeSet<&str> = runbook.lines().filter_map(|line| line.strip_prefix("## ")).collect();
    let mut alerts = BTreeSet::new();
    for rule in rules["groups"][0]["rules"].as_sequence().unwrap() {
        let alert = rule["alert"].as_str().unwrap();
        alerts.insert(alert);
        let page = format!("runbook.md#{}", alert.to_lowercase());
        assert_eq!(rule["annotations"]["runbook"].as_str(), Some(page.as_str()));
        let expression = rule["expr"].as_str().unwrap();
        let words = expression.split(|character: char| !character.is_ascii_alphanumeric() && character != '_');
        let metrics: Vec<&str> = words.filter(|word| word.starts_with("counterpart_")).collect();
        assert!(!metrics.is_empty(), "{alert}");
        for metric in metrics {
            assert!(known.contains(metric), "{alert} looks at {metric}, which nobody tells: {known:?}");
        }
    }
    assert_eq!(alerts, headings, "every alert has its section, and every section its alert");
    assert!(worker.terminate().await.success(), "{}", worker.stderr());
}
