//! What the mailer does with the answers of a relay, and what staff do about it.

use chrono::TimeDelta;
use serde_json::{Value, json};
use shared::{
    domain::{people::Person, programs::Consent, programs::Kind, rounds::RoundStatus},
    store,
};

use crate::{
    on_both_databases,
    support::{
        graphql::{Client, mutation},
        house::House,
        smtp::{Rule, Stage},
    },
};

on_both_databases!(
    an_address_at_which_nobody_is_is_not_written_to_until_staff_lift_it,
    another_address_is_written_to_at_once,
    a_refusal_by_policy_says_nothing_about_the_address,
    temporary_and_vague_replies_are_tried_again,
    every_attempt_can_be_looked_at,
    staff_release_retry_and_cancel,
    countries_keep_to_their_own_mail,
);

/// Two people, in France and in Japan, about to be introduced by the next night.
async fn couple(house: &House) -> [Person; 2] {
    let program = house.program(Kind::Peer, Consent::IntroduceAtOnce).await;
    let round = house.round(&program, RoundStatus::Closed, false).await;
    let mut people = Vec::new();
    for (name, country) in [("Alice Exemple", "FR"), ("Bob Exemple", "JP")] {
        let person = house.person(name, country).await;
        house.enroll(&round, &person, shared::domain::enrollments::EnrollmentRole::Peer, 1, &["maps"]).await;
        people.push(person);
    }
    people.try_into().unwrap()
}

const MESSAGES: &str = "query($id: ID!) { node(id: $id) { ... on Person { messages(first: 50,
    orderBy: { field: CREATED_AT, direction: ASC }) { nodes { id kind status error attempts
    attemptLog(first: 20, orderBy: { field: STARTED_AT, direction: ASC }) { totalCount
        nodes { outcome statusCode reply startedAt endedAt } } } } } } }";

/// The message of this kind to a person, as the administrator sees it.
async fn message(house: &House, person: &Person, kind: &str) -> Value {
    let data = house.admin().query(MESSAGES, json!({ "id": House::id("Person", person.id) })).await;
    let nodes = data["node"]["messages"]["nodes"].as_array().unwrap().clone();
    nodes.into_iter().find(|node| node["kind"] == kind).unwrap_or_else(|| panic!("no {kind}"))
}

async fn suppressions(house: &House) -> Vec<Value> {
    let document = "{ mailSuppressions(first: 10) { totalCount nodes { id address reason detail person { name }
        message { kind } } } }";
    house.admin().query(document, json!({})).await["mailSuppressions"]["nodes"].as_array().unwrap().clone()
}

/// The payload of a mutation that takes an id, done or refused.
async fn answer(client: &Client, name: &str, selection: &str, id: &Value) -> Value {
    client.query(&mutation(name, selection), json!({ "input": { "id": id } })).await[name].take()
}

fn codes(payload: &Value) -> Vec<&str> {
    payload["userErrors"].as_array().unwrap().iter().map(|error| error["code"].as_str().unwrap()).collect()
}

async fn an_address_at_which_nobody_is_is_not_written_to_until_staff_lift_it(house: House) {
    let [alice, bob] = couple(&house).await;
    house.relay.script(Rule::reply(Stage::Rcpt, "550 5.1.1 no such user here").to(&alice.email));
    house.night().await;

    let introduction = message(&house, &alice, "INTRODUCTION").await;
    assert_eq!(introduction["status"], "FAILED");
    assert_eq!(house.relay.messages_to(&bob.email).len(), 1, "the other one is written to");
    let found = suppressions(&house).await;
    assert_eq!(found.len(), 1);
    assert_eq!(found[0]["address"], alice.email.as_str());
    assert_eq!(found[0]["reason"], "BAD_ADDRESS");
    assert_eq!(found[0]["detail"], "550 5.1.1 no such user here");
    assert_eq!(found[0]["person"]["name"], "Alice Exemple");
    assert_eq!(found[0]["message"]["kind"], "INTRODUCTION");

    // The relay would take it now; it is not even asked.
    house.days_later(7).await;
    let reminder = message(&house, &alice, "FIRST_CONTACT_REMINDER").await;
    assert_eq!(reminder["status"], "SUPPRESSED");
    assert_eq!(reminder["error"], "a relay said that nobody can be reached at the address");
    assert_eq!(reminder["attemptLog"]["totalCount"], 0);
    assert!(house.relay.messages_to(&alice.email).is_empty());

    // A retry does not get around it; lifting it does.
    let retried = answer(&house.admin(), "retryMessage", "message { status }", &introduction["id"]).await;
    assert_eq!(retried["message"]["status"], "PENDING");
    house.work().await;
    assert_eq!(message(&house, &alice, "INTRODUCTION").await["status"], "SUPPRESSED");

    let lift = async || answer(&house.admin(), "liftMailSuppression", "liftedSuppressionId", &found[0]["id"]).await;
    let lifted = lift().await;
    assert_eq!(lifted["liftedSuppressionId"], found[0]["id"]);
    assert!(suppressions(&house).await.is_empty());
    assert_eq!(codes(&lift().await), ["NOT_FOUND"]);
}

async fn another_address_is_written_to_at_once(house: House) {
    let [alice, _] = couple(&house).await;
    house.relay.script(Rule::reply(Stage::Rcpt, "550 5.1.2 no such host").to(&alice.email));
    house.night().await;
    assert_eq!(suppressions(&house).await.len(), 1);

    let tx = house.store.begin().await.unwrap();
    let mut moved = store::people::find(&tx, alice.organization_id, alice.id).await.unwrap().unwrap();
    "alice@elsewhere.example.org".clone_into(&mut moved.email);
    store::people::update(&tx, &mut moved).await.unwrap();
    tx.commit().await.unwrap();
    let id = message(&house, &alice, "INTRODUCTION").await["id"].clone();
    answer(&house.admin(), "retryMessage", "message { status }", &id).await;
    house.work().await;
    assert_eq!(house.relay.messages_to("alice@elsewhere.example.org").len(), 1);
    assert_eq!(suppressions(&house).await.len(), 1, "whoever has the old address now is not written to");
}

async fn a_refusal_by_policy_says_nothing_about_the_address(house: House) {
    let [alice, bob] = couple(&house).await;
    house.relay.script(Rule::reply(Stage::Rcpt, "550 5.7.1 relaying denied").to(&alice.email));
    house.relay.script(Rule::reply(Stage::Rcpt, "550 5.2.1 mailbox disabled").to(&bob.email));
    house.night().await;
    for (person, code) in [(&alice, "5.7.1"), (&bob, "5.2.1")] {
        let introduction = message(&house, person, "INTRODUCTION").await;
        assert_eq!(introduction["status"], "FAILED");
        assert_eq!(introduction["attemptLog"]["nodes"][0]["outcome"], "REFUSED");
        assert_eq!(introduction["attemptLog"]["nodes"][0]["statusCode"], code);
    }
    assert!(suppressions(&house).await.is_empty());
}

async fn temporary_and_vague_replies_are_tried_again(house: House) {
    let [alice, bob] = couple(&house).await;
    house.relay.script(Rule::reply(Stage::Rcpt, "452 4.2.2 mailbox full").to(&alice.email));
    house.relay.script(Rule::reply(Stage::Rcpt, "554 5.0.0 something is wrong").to(&bob.email).times(9));
    house.night().await;
    assert_eq!(message(&house, &alice, "INTRODUCTION").await["status"], "PENDING");
    house.clock.advance(TimeDelta::minutes(50));
    house.work().await;
    assert!(house.relay.messages_to(&alice.email).is_empty(), "a full mailbox is not emptied within minutes");
    house.clock.advance(TimeDelta::minutes(40));
    house.work().await;
    assert_eq!(house.relay.messages_to(&alice.email).len(), 1);

    for _ in 0..5 {
        house.clock.advance(TimeDelta::hours(5));
        house.work().await;
    }
    let introduction = message(&house, &bob, "INTRODUCTION").await;
    assert_eq!((&introduction["status"], &introduction["attempts"]), (&json!("FAILED"), &json!(3)));
    assert!(suppressions(&house).await.is_empty());
}

async fn every_attempt_can_be_looked_at(house: House) {
    let [alice, _] = couple(&house).await;
    house.relay.script(Rule::reply(Stage::Rcpt, "451 4.3.0 later please").to(&alice.email));
    house.night().await;
    house.clock.advance(TimeDelta::hours(1));
    house.work().await;
    let introduction = message(&house, &alice, "INTRODUCTION").await;
    assert_eq!((&introduction["status"], &introduction["attempts"]), (&json!("SENT"), &json!(2)));
    let log = introduction["attemptLog"]["nodes"].as_array().unwrap();
    let told: Vec<_> = log.iter().map(|attempt| (attempt["outcome"].clone(), attempt["statusCode"].clone())).collect();
    assert_eq!(told[0], (json!("DEFERRED"), json!("4.3.0")));
    assert_eq!(told[1].0, "ACCEPTED");
    assert_eq!(log[0]["reply"], "451 4.3.0 later please");
    assert!(log.iter().all(|attempt| attempt["startedAt"].is_string() && attempt["endedAt"].is_string()));
}

async fn staff_release_retry_and_cancel(house: House) {
    let [alice, bob] = couple(&house).await;
    house.relay.script(Rule::reply(Stage::Rcpt, "550 5.7.1 not today").to(&alice.email));
    house.night().await;
    let admin = house.admin();
    let act = async |name: &str, id: &Value| answer(&admin, name, "message { id status attempts }", id).await;
    let failed = message(&house, &alice, "INTRODUCTION").await;
    assert_eq!(codes(&act("releaseMessage", &failed["id"]).await), ["NOT_POSSIBLE"], "only what is held");
    assert_eq!(codes(&act("cancelMessage", &failed["id"]).await), ["NOT_POSSIBLE"], "it is over");
    let retried = act("retryMessage", &failed["id"]).await;
    assert_eq!((&retried["message"]["status"], &retried["message"]["attempts"]), (&json!("PENDING"), &json!(0)));
    house.work().await;
    assert_eq!(house.relay.messages_to(&alice.email).len(), 1);
    assert_eq!(codes(&act("retryMessage", &failed["id"]).await), ["NOT_POSSIBLE"], "it is sent");

    let waiting = message(&house, &bob, "FIRST_CONTACT_REMINDER").await;
    assert_eq!(act("cancelMessage", &waiting["id"]).await["message"]["status"], "SUPPRESSED");

    // The relay took the other reminder and did not say so: it is held, and goes once more when staff say so.
    house.relay.script(Rule::accept_and_drop().to(&alice.email));
    house.days_later(7).await;
    let held = message(&house, &alice, "FIRST_CONTACT_REMINDER").await;
    assert_eq!(held["status"], "HELD");
    assert_eq!(held["attemptLog"]["nodes"][0]["outcome"], "UNKNOWN");
    assert_eq!(codes(&act("retryMessage", &held["id"]).await), ["NOT_POSSIBLE"]);
    assert_eq!(act("releaseMessage", &held["id"]).await["message"]["status"], "PENDING");
    house.work().await;
    assert_eq!(message(&house, &alice, "FIRST_CONTACT_REMINDER").await["status"], "SENT");
    assert_eq!(house.relay.messages_to(&alice.email).len(), 3);
    assert_eq!(house.relay.messages_to(&bob.email).len(), 1, "the canceled one was not sent");
}

async fn countries_keep_to_their_own_mail(house: House) {
    let [alice, bob] = couple(&house).await;
    for person in [&alice, &bob] {
        house.relay.script(Rule::reply(Stage::Rcpt, "550 5.1.1 gone").to(&person.email));
    }
    house.night().await;
    let found = suppressions(&house).await;
    assert_eq!(found.len(), 2);
    let coordinator = house.coordinator("Carla Coordinator", Some(&["JP"])).await;
    let client = house.client(&coordinator);
    let own = client.query("{ mailSuppressions(first: 10) { totalCount nodes { address } } }", json!({})).await;
    assert_eq!(own["mailSuppressions"], json!({ "totalCount": 1, "nodes": [{ "address": bob.email }] }));

    for (person, expected) in [(&alice, vec!["NOT_FOUND"]), (&bob, Vec::new())] {
        let id = message(&house, person, "INTRODUCTION").await["id"].clone();
        assert_eq!(codes(&answer(&client, "retryMessage", "message { id }", &id).await), expected);
        let id = &found.iter().find(|one| one["address"] == person.email.as_str()).unwrap()["id"];
        let lifted = answer(&client, "liftMailSuppression", "liftedSuppressionId", id).await;
        assert_eq!(codes(&lifted), expected);
    }

    // A link to sign in is nobody's business, however its mail fares.
    house.relay.script(Rule::reply(Stage::Rcpt, "550 5.7.1 no").to(&coordinator.email));
    let asked = json!({ "input": { "organization": house.organization.slug, "email": coordinator.email } });
    house.anonymous().mutate(&mutation("requestSignIn", "accepted"), asked).await;
    house.work().await;
    let sent = store::messages::of_person(&house.store, house.organization.id, coordinator.id, 10).await.unwrap();
    assert_eq!(sent[0].kind, "SIGN_IN_LINK");
    let id = json!(House::id("Message", sent[0].id));
    let refused = answer(&house.admin(), "retryMessage", "message { id }", &id).await;
    assert_eq!(codes(&refused), ["NOT_FOUND"]);
}
