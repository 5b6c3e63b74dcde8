//! Quiet hours: mail that may wait does, until the morning of whoever is written to.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use shared::{
    domain::{
        enrollments::EnrollmentRole,
        people::Person,
        programs::{Consent, Kind, Program},
        rounds::RoundStatus,
    },
    store,
};

use crate::{
    on_both_databases,
    support::{graphql::mutation, house::House},
};

on_both_databases!(
    introductions_wait_for_the_readers_morning,
    what_is_asked_for_now_comes_now,
    what_became_pointless_in_the_night_is_not_sent_in_the_morning,
);

async fn person(house: &House, name: &str, country: &str, zone: &str) -> Person {
    let person = Person { time_zone: zone.to_owned(), ..house.draft(name, country) };
    let tx = house.store.begin().await.unwrap();
    store::people::insert_many(&tx, std::slice::from_ref(&person)).await.unwrap();
    tx.commit().await.unwrap();
    person
}

async fn set_quiet(house: &House, program: &Program, from: &str, until: &str) -> Value {
    let input = json!({ "input": { "id": House::id("Program", program.id),
        "quietHours": { "from": from, "until": until } } });
    let selection = "program { quietHours { from until } }";
    house.admin().mutate(&mutation("updateProgram", selection), input).await["program"]["quietHours"].take()
}

/// Two people in Berlin and one in Tokyo, and one who named no zone; all to be matched by the next night.
async fn four(house: &House) -> (Program, [Person; 4]) {
    let program = house.program(Kind::Peer, Consent::IntroduceAtOnce).await;
    let quiet = set_quiet(house, &program, "21:00", "08:00").await;
    assert_eq!(quiet, json!({ "from": "21:00", "until": "08:00" }));
    let round = house.round(&program, RoundStatus::Closed, false).await;
    let people = [
        person(house, "Alice Exemple", "FR", "Europe/Berlin").await,
        person(house, "Bob Exemple", "JP", "Asia/Tokyo").await,
        person(house, "Carla Exemple", "DE", "UTC").await,
        person(house, "Dan Exemple", "US", "America/New_York").await,
    ];
    for person in &people {
        house.enroll(&round, person, EnrollmentRole::Peer, 1, &["maps"]).await;
    }
    (program, people)
}

const MESSAGES: &str = "query($id: ID!) { node(id: $id) { ... on Person { messages(first: 50,
    orderBy: { field: CREATED_AT, direction: ASC }) { nodes { kind status error attempts dueAt
    attemptLog(first: 1) { totalCount } } } } } }";

async fn introduction(house: &House, person: &Person) -> Value {
    let data = house.admin().query(MESSAGES, json!({ "id": House::id("Person", person.id) })).await;
    let nodes = data["node"]["messages"]["nodes"].as_array().unwrap().clone();
    nodes.into_iter().find(|node| node["kind"] == "INTRODUCTION").unwrap()
}

fn mails(house: &House, people: &[Person]) -> Vec<usize> {
    people.iter().map(|person| house.relay.messages_to(&person.email).len()).collect()
}

fn at(house: &House, instant: &str) {
    house.clock.set(instant.parse::<DateTime<Utc>>().unwrap());
}

async fn introductions_wait_for_the_readers_morning(house: House) {
    let (program, people) = four(&house).await;
    house.night().await;
    // 02:30 in Berlin, 10:30 in Tokyo, 20:30 in New York.
    assert_eq!(mails(&house, &people), [0, 1, 0, 1]);
    for waiting in [&people[0], &people[2]] {
        let message = introduction(&house, waiting).await;
        assert_eq!(
            message,
            json!({ "kind": "INTRODUCTION", "status": "PENDING", "attempts": 0, "dueAt": "2026-03-03T07:00:00Z",
                "error": "quiet hours until 08:00 in Europe/Berlin", "attemptLog": { "totalCount": 0 } })
        );
    }
    at(&house, "2026-03-03T06:59:59Z");
    house.work().await;
    assert_eq!(mails(&house, &people), [0, 1, 0, 1]);
    at(&house, "2026-03-03T07:00:00Z");
    house.work().await;
    assert_eq!(mails(&house, &people), [1, 1, 1, 1]);
    let sent = introduction(&house, &people[0]).await;
    assert_eq!((&sent["status"], &sent["attempts"], &sent["error"]), (&json!("SENT"), &json!(1), &Value::Null));

    // Whoever switches them off is not made to wait; the rest of a program stays as it was.
    assert_eq!(set_quiet(&house, &program, "00:00", "00:00").await, Value::Null);
    at(&house, "2026-03-10T02:00:00Z");
    house.work().await;
    assert_eq!(mails(&house, &people), [2, 2, 2, 2], "the reminders of a week later, in the night");
}

async fn what_is_asked_for_now_comes_now(house: House) {
    let (_, people) = four(&house).await;
    house.night().await;
    let asked = json!({ "input": { "organization": house.organization.slug, "email": people[0].email } });
    house.anonymous().mutate(&mutation("requestSignIn", "accepted"), asked).await;
    house.work().await;
    assert_eq!(mails(&house, &people), [1, 1, 0, 1], "a link to sign in, in the middle of the night");
}

async fn what_became_pointless_in_the_night_is_not_sent_in_the_morning(house: House) {
    let (_, people) = four(&house).await;
    house.night().await;
    // Alice's partner leaves before breakfast.
    let round = store::messages::of_person(&house.store, house.organization.id, people[0].id, 1).await.unwrap();
    let found = store::matches::find(&house.store, house.organization.id, round[0].match_id.unwrap()).await.unwrap();
    let input = json!({ "input": { "id": House::id("Match", found.unwrap().id), "reason": "NO_TIME" } });
    house.admin().mutate(&mutation("endMatch", "match { status }"), input).await;
    house.clock.advance(TimeDelta::hours(12));
    house.work().await;
    let message = introduction(&house, &people[0]).await;
    assert_eq!(message["status"], "SUPPRESSED");
}
