//! Reports about mail that the relay had taken: posted to the API, and out of a Maildir by the real binary.

use std::{fs, time::Duration};

use chrono::TimeDelta;
use reqwest::{Method, header::CONTENT_TYPE};
use serde_json::{Value, json};
use shared::{
    bounces::LONGEST,
    domain::{
        enrollments::EnrollmentRole,
        people::Person,
        programs::{Consent, Kind},
        rounds::RoundStatus,
    },
};

use crate::{
    clients::issue,
    on_both_databases,
    support::{
        graphql::{Client, http, mutation},
        house::House,
        process::Launch,
        smtp::{Received, SmtpServer},
    },
};

on_both_databases!(
    an_address_that_bounces_is_not_written_to_and_staff_see_why,
    other_reports_say_nothing_about_the_address,
    the_same_report_twice_changes_nothing,
    nobody_speaks_about_others,
    a_bounced_message_is_sent_again_when_staff_say_so,
    what_is_no_report_is_refused_with_what_to_do,
    only_those_who_may_pass_reports_on,
);

const POSTFIX: &str = include_str!("../../shared/src/bounces/samples/postfix.eml");
const EXCHANGE: &str = include_str!("../../shared/src/bounces/samples/exchange.eml");
const GMAIL: &str = include_str!("../../shared/src/bounces/samples/gmail.eml");

/// Two people who were introduced to each other.
async fn couple(house: &House) -> [Person; 2] {
    let program = house.program(Kind::Peer, Consent::IntroduceAtOnce).await;
    let round = house.round(&program, RoundStatus::Closed, false).await;
    let mut people = Vec::new();
    for (name, country) in [("Alice Exemple", "FR"), ("Bob Exemple", "JP")] {
        let person = house.person(name, country).await;
        house.enroll(&round, &person, EnrollmentRole::Peer, 1, &["maps"]).await;
        people.push(person);
    }
    house.night().await;
    house.clock.advance(TimeDelta::minutes(1));
    people.try_into().unwrap()
}

/// A report by one of the samples about a mail that the relay took.
fn report(sample: &str, mail: &Received, to: &str, action: &str, status: &str) -> String {
    let id = mail.header("Message-ID").unwrap();
    let (id, _) = id.trim_start_matches('<').split_once('@').unwrap();
    [("{id}", id), ("{to}", to), ("{action}", action), ("{status}", status)]
        .iter()
        .fold(sample.to_owned(), |text, (name, value)| text.replace(name, value))
}

/// The first mail to a person.
fn mail(house: &House, person: &Person) -> Received {
    house.relay.messages_to(&person.email).remove(0)
}

async fn post(client: &Client, media: &str, body: impl Into<Vec<u8>>) -> (u16, Value) {
    let request = client.request_at(Method::POST, "/bounces").header(CONTENT_TYPE, media).body(body.into());
    let answer = request.send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

/// The outcome of a report with one recipient, which was understood.
async fn outcome(client: &Client, report: &str) -> Value {
    let (status, told) = post(client, "message/rfc822", report).await;
    assert_eq!((status, told["recipients"].as_array().map(Vec::len)), (202, Some(1)), "{told}");
    told["recipients"][0]["outcome"].clone()
}

const MESSAGES: &str = "query($id: ID!) { node(id: $id) { ... on Person { messages(first: 50) { nodes {
    id kind status error sentAt attempts attemptLog(first: 20, orderBy: { field: STARTED_AT, direction: ASC }) {
    nodes { outcome statusCode reply } } } } } } }";

/// The message of this kind to a person, as the administrator sees it.
async fn message(house: &House, person: &Person, kind: &str) -> Value {
    let data = house.admin().query(MESSAGES, json!({ "id": House::id("Person", person.id) })).await;
    let nodes = data["node"]["messages"]["nodes"].as_array().unwrap().clone();
    nodes.into_iter().find(|node| node["kind"] == kind).unwrap()
}

fn outcomes(message: &Value) -> Vec<&str> {
    let log = message["attemptLog"]["nodes"].as_array().unwrap();
    log.iter().map(|attempt| attempt["outcome"].as_str().unwrap()).collect()
}

const SUPPRESSIONS: &str =
    "{ mailSuppressions(first: 10) { nodes { id address reason detail message { kind status } } } }";

async fn suppressions(client: &Client) -> Vec<Value> {
    client.query(SUPPRESSIONS, json!({})).await["mailSuppressions"]["nodes"].as_array().unwrap().clone()
}

async fn an_address_that_bounces_is_not_written_to_and_staff_see_why(house: House) {
    let [alice, bob] = couple(&house).await;
    let pipe = Client::new(house.base(), &issue(&house, &["MAIL"]).await.1);
    let sent = mail(&house, &alice);
    let (status, told) =
        post(&pipe, "message/rfc822", report(POSTFIX, &sent, &alice.email.to_uppercase(), "failed", "5.1.1")).await;
    assert_eq!(status, 202, "{told}");
    let introduction = message(&house, &alice, "INTRODUCTION").await;
    assert_eq!(told["messageId"], introduction["id"]);
    let recipient = &told["recipients"][0];
    assert_eq!((&recipient["action"], &recipient["statusCode"]), (&json!("failed"), &json!("5.1.1")));
    assert_eq!(recipient["outcome"], "SUPPRESSED");

    assert_eq!(introduction["status"], "BOUNCED");
    assert!(introduction["sentAt"].is_string() && introduction["attempts"] == 1, "{introduction}");
    assert!(introduction["error"].as_str().unwrap().starts_with("550 5.1.1 <"), "{introduction}");
    assert_eq!(outcomes(&introduction), ["ACCEPTED", "BOUNCED"]);
    assert_eq!(introduction["attemptLog"]["nodes"][1]["statusCode"], "5.1.1");
    let found = suppressions(&house.admin()).await;
    assert_eq!(found.len(), 1);
    assert_eq!((&found[0]["address"], &found[0]["reason"]), (&json!(alice.email), &json!("BOUNCED")));
    assert_eq!(found[0]["message"], json!({ "kind": "INTRODUCTION", "status": "BOUNCED" }));

    house.days_later(7).await;
    let reminder = message(&house, &alice, "FIRST_CONTACT_REMINDER").await;
    assert_eq!(reminder["status"], "SUPPRESSED");
    assert_eq!(reminder["error"], "a report said that nobody can be reached at the address");
    assert_eq!(house.relay.messages_to(&alice.email).len(), 1);
    assert_eq!(house.relay.messages_to(&bob.email).len(), 2, "the other one is written to");
}

async fn other_reports_say_nothing_about_the_address(house: House) {
    let [alice, bob] = couple(&house).await;
    let admin = house.admin();
    let of =
        |sample, person: &Person, action, status| report(sample, &mail(&house, person), &person.email, action, status);
    for (action, status, expected, now) in [
        ("relayed", "2.0.0", "DELIVERED", "SENT"),
        ("delivered", "2.1.5", "DELIVERED", "SENT"),
        ("expanded", "2.0.0", "DELIVERED", "SENT"),
        ("delayed", "4.4.1", "DELAYED", "SENT"),
        ("failed", "5.7.1", "BOUNCED", "BOUNCED"),
    ] {
        assert_eq!(outcome(&admin, &of(EXCHANGE, &alice, action, status)).await, expected, "{action}");
        assert_eq!(message(&house, &alice, "INTRODUCTION").await["status"], now, "{action}");
        house.clock.advance(TimeDelta::minutes(1));
    }
    assert_eq!(outcomes(&message(&house, &alice, "INTRODUCTION").await), ["ACCEPTED", "DELAYED", "BOUNCED"]);
    assert_eq!(outcome(&admin, &of(GMAIL, &bob, "failed", "5.2.2")).await, "BOUNCED");
    assert_eq!(message(&house, &bob, "INTRODUCTION").await["status"], "BOUNCED");
    assert!(suppressions(&admin).await.is_empty());
    house.days_later(7).await;
    assert_eq!(house.relay.messages_to(&bob.email).len(), 2, "a full mailbox may be emptied");
}

async fn the_same_report_twice_changes_nothing(house: House) {
    let [alice, _] = couple(&house).await;
    let admin = house.admin();
    let delayed = report(POSTFIX, &mail(&house, &alice), &alice.email, "delayed", "4.4.1");
    let failed = report(GMAIL, &mail(&house, &alice), &alice.email, "failed", "5.1.1");
    let (one, two) = tokio::join!(outcome(&admin, &failed), outcome(&admin, &failed));
    let mut both = [one.as_str().unwrap(), two.as_str().unwrap()];
    both.sort_unstable();
    assert_eq!(both, ["KNOWN", "SUPPRESSED"]);
    assert_eq!(outcome(&admin, &delayed).await, "DELAYED");
    let before = message(&house, &alice, "INTRODUCTION").await;
    let found = suppressions(&admin).await.remove(0);
    let lift = mutation("liftMailSuppression", "liftedSuppressionId");
    admin.mutate(&lift, json!({ "input": { "id": found["id"] } })).await;
    for again in [&failed, &delayed, &failed] {
        assert_eq!(outcome(&admin, again).await, "KNOWN");
    }
    assert_eq!(message(&house, &alice, "INTRODUCTION").await, before);
    assert!(suppressions(&admin).await.is_empty(), "staff lifted it");
}

async fn nobody_speaks_about_others(house: House) {
    let [alice, bob] = couple(&house).await;
    let sent = mail(&house, &alice);
    // Alice knows the Message-ID of her own mail, and would like to silence Bob.
    let forged = report(POSTFIX, &sent, &bob.email, "failed", "5.1.1");
    assert_eq!(outcome(&house.admin(), &forged).await, "OTHER_RECIPIENT");
    // Another tenant knows everything, and passes it on with a key of its own.
    let (island, stranger) = house.other_organization("island").await;
    assert_ne!(island.id, house.organization.id);
    let real = report(POSTFIX, &sent, &alice.email, "failed", "5.1.1");
    let (status, told) = post(&house.client(&stranger), "message/rfc822", real.clone()).await;
    assert_eq!((status, &told["messageId"]), (202, &Value::Null), "{told}");
    assert_eq!(told["recipients"][0]["outcome"], "UNKNOWN_MESSAGE");
    // And somebody knows no Message-ID at all.
    let id = sent.header("Message-ID").unwrap();
    let (id, _) = id.trim_start_matches('<').split_once('@').unwrap();
    let unknown = real.replace(id, "0199aaaa-bbbb-7ccc-8ddd-eeeeffff0001");
    assert_eq!(outcome(&house.admin(), &unknown).await, "UNKNOWN_MESSAGE");
    assert_eq!(outcome(&house.admin(), &real.replace(id, "some-other")).await, "UNKNOWN_MESSAGE");
    for person in [&alice, &bob] {
        assert_eq!(message(&house, person, "INTRODUCTION").await["status"], "SENT");
    }
    assert!(suppressions(&house.admin()).await.is_empty());
    assert!(suppressions(&house.client(&stranger)).await.is_empty());
}

async fn a_bounced_message_is_sent_again_when_staff_say_so(house: House) {
    let [alice, _] = couple(&house).await;
    let admin = house.admin();
    let failed = report(POSTFIX, &mail(&house, &alice), &alice.email, "failed", "5.7.1");
    assert_eq!(outcome(&admin, &failed).await, "BOUNCED");
    let id = message(&house, &alice, "INTRODUCTION").await["id"].clone();
    let retry = mutation("retryMessage", "message { status sentAt }");
    let retried = admin.mutate(&retry, json!({ "input": { "id": id } })).await;
    assert_eq!(retried["message"], json!({ "status": "PENDING", "sentAt": null }));
    house.work().await;
    assert_eq!(house.relay.messages_to(&alice.email).len(), 2);
    assert_eq!(outcome(&admin, &failed).await, "KNOWN", "what was reported before says nothing about this time");
    assert_eq!(message(&house, &alice, "INTRODUCTION").await["status"], "SENT");
}

async fn what_is_no_report_is_refused_with_what_to_do(house: House) {
    let [alice, _] = couple(&house).await;
    let admin = house.admin();
    let fine = report(POSTFIX, &mail(&house, &alice), &alice.email, "failed", "5.1.1");
    let large = format!("{fine}{}", "x".repeat(LONGEST));
    let vacation = "Subject: Out of office\n\nBack on Monday.\n".to_owned();
    for (media, body, status, words) in [
        ("text/plain", fine.clone(), 415, "message/rfc822"),
        ("message/rfc822", large, 413, "send its beginning"),
        ("message/rfc822", vacation, 422, "message/delivery-status"),
        ("message/rfc822", String::new(), 422, "no headers of a mail"),
        ("message/rfc822", "\u{0}\u{fffd}".repeat(1000), 422, "This is no report"),
        ("message/rfc822", fine.replace("Action: failed", "Action: exploded"), 422, "names no recipient"),
    ] {
        let (found, told) = post(&admin, media, body).await;
        assert_eq!(found, status, "{told}");
        let message = told["errors"][0]["message"].as_str().unwrap();
        assert!(message.contains(words), "{message}");
    }
    let nested = format!("{}{fine}", "Content-Type: message/rfc822\n\n".repeat(20_000));
    assert_eq!(post(&admin, "message/rfc822", nested).await.0, 422);
    // What is no text, and what would be a header, end up as one line of text.
    let odd = fine.replace("Recipient address\n    rejected", "\u{0}\u{1b}M\u{fc}ller\n    Bcc: all@example.org");
    let bytes: Vec<u8> = odd.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
    let (status, told) = post(&admin, "message/rfc822; charset=binary", bytes).await;
    assert_eq!((status, &told["recipients"][0]["outcome"]), (202, &json!("SUPPRESSED")), "{told}");
    let kept = suppressions(&admin).await[0]["detail"].as_str().unwrap().to_owned();
    assert!(kept.contains("M\u{fffd}ller Bcc: all@example.org"), "{kept}");
}

async fn only_those_who_may_pass_reports_on(house: House) {
    let [alice, _] = couple(&house).await;
    let failed = report(POSTFIX, &mail(&house, &alice), &alice.email, "failed", "5.1.1");
    let of_france = house.coordinator("Carla Coordinator", Some(&["FR"])).await;
    let writer = Client::new(house.base(), &issue(&house, &["READ", "WRITE", "ROSTER"]).await.1);
    for (client, expected) in [
        (house.anonymous(), 401),
        (house.with_token("nonsense"), 401),
        (writer, 403),
        (house.client(&alice), 403),
        (house.client(&of_france), 403),
    ] {
        assert_eq!(post(&client, "message/rfc822", failed.clone()).await.0, expected);
    }
    assert_eq!(message(&house, &alice, "INTRODUCTION").await["status"], "SENT");
    let got = house.admin().request_at(Method::GET, "/bounces").send().await.unwrap();
    assert_eq!(got.status(), 404);
    let of_all = house.coordinator("Cora Coordinator", None).await;
    assert_eq!(outcome(&house.client(&of_all), &failed).await, "SUPPRESSED");
}

#[tokio::test]
async fn bounces_reach_the_real_binary_by_a_maildir_and_by_http() {
    let relay = SmtpServer::start();
    let launch = Launch::dev().mail_through(&relay);
    let folder = launch.folder().join("bounces");
    fs::create_dir_all(folder.join("new")).unwrap();
    let launch = launch
        .env("COUNTERPART_MAIL__BOUNCES_DIR", &folder)
        .env("COUNTERPART_MAIL__ENVELOPE_FROM", "bounces@counterpart.test")
        .env("COUNTERPART_WORKER__TICK_SECONDS", "1");
    let mut process = launch.start().await;
    process.says("Ctrl-C").await;
    let output = process.stdout();
    let token = output.lines().find_map(|line| line.trim().strip_prefix("ADMINISTRATOR=")).unwrap();
    let admin = Client::new(process.base(), token);
    assert!(relay.commands().iter().any(|command| command.contains("MAIL FROM:<bounces@counterpart.test>")));

    // The administrator's organization is one of two; its mail is the one that a report is believed about.
    let mut posted = None;
    for sent in relay.messages() {
        let failed = report(EXCHANGE, &sent, &sent.to[0], "failed", "5.1.10");
        let (status, told) = post(&admin, "message/rfc822", failed).await;
        assert_eq!(status, 202, "{told}");
        if told["recipients"][0]["outcome"] == "SUPPRESSED" {
            posted = Some(sent.to[0].clone());
            break;
        }
    }
    let posted = posted.expect("a mail of the administrator's organization");
    let other = relay.messages().into_iter().rfind(|sent| sent.to[0] != posted && is_of(&posted, &sent.to[0])).unwrap();
    fs::write(folder.join("new/1.x.host"), report(GMAIL, &other, &other.to[0], "failed", "5.1.1")).unwrap();
    fs::write(folder.join("new/2.x.host"), "Subject: Out of office\n\nBack on Monday.\n").unwrap();
    let done = folder.join("cur/1.x.host:2,S");
    for _ in 0..120 {
        if done.exists() && folder.join("not-understood/2.x.host").exists() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
    assert!(done.exists(), "{}", process.stderr());
    let mut addresses: Vec<String> = suppressions(&admin)
        .await
        .iter()
        .map(|one| {
            assert_eq!((&one["reason"], &one["message"]["status"]), (&json!("BOUNCED"), &json!("BOUNCED")));
            one["address"].as_str().unwrap().to_owned()
        })
        .collect();
    addresses.sort();
    let mut expected = vec![posted, other.to[0].to_lowercase()];
    expected.sort();
    assert_eq!(addresses, expected);
    let health = http().get(format!("{}/healthz", process.base())).send().await.unwrap();
    assert_eq!(health.status(), 200);
    assert!(process.interrupt().await.success(), "{}", process.stderr());
    assert!(!process.stderr().contains(&other.to[0]), "logs keep addresses to themselves");
}

/// Whether two addresses of the sample organizations belong to the same one.
fn is_of(one: &str, other: &str) -> bool {
    let domain = |address: &str| address.rsplit_once('@').map(|(_, domain)| domain.to_lowercase());
    domain(one) == domain(other)
}
