use chrono::TimeDelta;
use serde_json::{Value, json};
use shared::{
    domain::{
        enrollments::EnrollmentRole,
        programs::{Consent, Kind},
        rounds::RoundStatus,
    },
    store,
};

use crate::{
    on_both_databases,
    support::house::{House, On},
};

on_both_databases!(
    what_happens_is_told_in_its_order,
    a_reader_goes_on_from_its_cursor_and_nothing_is_left_out,
    what_is_too_old_is_dropped_and_its_cursors_say_so,
    events_are_for_staff_of_all_countries,
);

const EVENTS: &str = "query($first: Int!, $after: String, $where: EventWhere) {
    events(first: $first, after: $after, where: $where) {
        totalCount pageInfo { hasNextPage } edges { cursor node { id kind entityId programId roundId personIds at } } } }";

async fn read(house: &House, first: i64, after: Option<&str>, filter: Value) -> Value {
    let variables = json!({ "first": first, "after": after, "where": filter });
    house.admin().query(EVENTS, variables).await["events"].clone()
}

fn each(page: &Value, field: &str) -> Vec<String> {
    let edges = page["edges"].as_array().expect("edges").iter();
    edges.map(|edge| edge["node"][field].as_str().unwrap_or_default().to_owned()).collect()
}

fn cursor(page: &Value) -> String {
    let edges = page["edges"].as_array().expect("edges");
    edges.last().expect("an edge")["cursor"].as_str().expect("a cursor").to_owned()
}

async fn what_happens_is_told_in_its_order(house: House) {
    let program = house.program(Kind::Peer, Consent::IntroduceAtOnce).await;
    let round = house.round(&program, RoundStatus::Closed, false).await;
    let mut people = Vec::new();
    for name in ["Alice Exemple", "Bob Exemple"] {
        let person = house.person(name, "FR").await;
        house.enroll(&round, &person, EnrollmentRole::Peer, 1, &["maps"]).await;
        people.push(House::id("Person", person.id));
    }
    house.night().await;
    let input = json!({ "input": { "id": people[0], "headline": "Cartographer" } });
    house
        .admin()
        .mutate("mutation($input: UpdatePersonInput!) { updatePerson(input: $input) { userErrors { code } } }", input)
        .await;
    house.worker.fan_out().await.unwrap();

    let all = read(&house, 100, None, Value::Null).await;
    let told = [
        "person.created",
        "person.created",
        "person.created",
        "match_run.queued",
        "match_run.started",
        "match_run.ready",
        "match.proposed",
        "match.activated",
        "round.started",
        "match_run.published",
        "person.updated",
    ];
    assert_eq!(each(&all, "kind"), told, "{all:#}");
    let found = house.living(&round).await.remove(0);
    let only = json!({ "kinds": ["match.activated", "match.paused"], "entityId": House::id("Match", found.id) });
    let page = read(&house, 5, None, only).await;
    let event = &page["edges"][0]["node"];
    assert_eq!(page["totalCount"], 1);
    assert_eq!(event["programId"], House::id("Program", program.id));
    assert_eq!(event["roundId"], House::id("Round", round.id));
    assert_eq!(event["personIds"].as_array().unwrap().len(), 2);
    let text = all.to_string();
    assert!(!text.contains("Exemple") && !text.contains('@'), "no names, no addresses: {text}");
    let node = house
        .admin()
        .query("query($id: ID!) { node(id: $id) { ... on Event { kind } } }", json!({ "id": event["id"] }))
        .await;
    assert_eq!(node["node"]["kind"], "match.activated");

    let night = house.clock.now();
    let since = read(&house, 100, None, json!({ "from": night })).await;
    let before = read(&house, 100, None, json!({ "to": night })).await;
    assert_eq!(since["totalCount"].as_i64().unwrap() + before["totalCount"].as_i64().unwrap(), 11);
    assert_eq!(each(&before, "kind"), ["person.created"; 3]);
    let wrong = json!({ "first": 1, "where": { "kinds": ["match.begun"] } });
    assert_eq!(house.admin().error_codes(EVENTS, wrong).await, ["BAD_USER_INPUT"]);
}

async fn a_reader_goes_on_from_its_cursor_and_nothing_is_left_out(house: House) {
    let mut after: Option<String> = None;
    let mut seen = Vec::new();
    for round in 0..4 {
        for index in 0..3 {
            house.person(&format!("Person {round} {index}"), "DE").await;
        }
        house.worker.fan_out().await.unwrap();
        loop {
            let page = read(&house, 2, after.as_deref(), Value::Null).await;
            if page["edges"].as_array().unwrap().is_empty() {
                break;
            }
            seen.extend(each(&page, "id"));
            after = Some(cursor(&page));
        }
    }
    assert_eq!(seen.len(), 13, "the administrator and twelve people");
    let mut distinct = seen.clone();
    distinct.sort();
    distinct.dedup();
    assert_eq!(distinct.len(), seen.len());
}

async fn what_is_too_old_is_dropped_and_its_cursors_say_so(house: House) {
    house.person("Early Exemple", "FR").await;
    house.worker.fan_out().await.unwrap();
    let first = cursor(&read(&house, 1, None, Value::Null).await);
    let last = cursor(&read(&house, 100, None, Value::Null).await);
    house.clock.advance(TimeDelta::days(60));
    house.person("Late Exemple", "FR").await;
    house.worker.fan_out().await.unwrap();
    house.days_later(31).await;

    let left = read(&house, 100, None, Value::Null).await;
    assert_eq!(each(&left, "kind"), ["person.created"]);
    let on = read(&house, 100, Some(&last), Value::Null).await;
    assert_eq!(each(&on, "id"), each(&left, "id"), "the last one that is gone is a good cursor: nothing is missed");
    let answer = house.admin().raw(EVENTS, json!({ "first": 1, "after": first })).await.body;
    assert_eq!(answer["errors"][0]["extensions"]["code"], "BAD_USER_INPUT");
    assert!(answer["errors"][0]["message"].as_str().unwrap().contains("does not reach back"), "{answer}");
    // An empty log goes on numbering where it was.
    house.days_later(61).await;
    assert_eq!(read(&house, 1, None, Value::Null).await["totalCount"], 0);
    house.person("Last Exemple", "FR").await;
    house.worker.fan_out().await.unwrap();
    let reach = store::events::reach(&house.store, house.organization.id).await.unwrap();
    assert_eq!((reach.last, reach.dropped), (4, 3));
}

async fn events_are_for_staff_of_all_countries(house: House) {
    let (_, stranger) = house.other_organization("island").await;
    house.worker.fan_out().await.unwrap();
    let country = house.client(&house.coordinator("Clara Country", Some(&["FR"])).await);
    assert_eq!(country.error_codes("{ events(first: 1) { totalCount } }", json!({})).await, ["FORBIDDEN"]);
    let event = read(&house, 1, None, Value::Null).await["edges"][0]["node"]["id"].clone();
    for other in [country, house.client(&stranger)] {
        let node = other.query("query($id: ID!) { node(id: $id) { id } }", json!({ "id": event })).await;
        assert_eq!(node["node"], Value::Null);
    }
    let own = house.client(&stranger).query("{ events(first: 5) { totalCount } }", json!({})).await;
    assert_eq!(own["events"]["totalCount"], 1, "only that its administrator was created");
}

/// A transaction that began first and commits last: its event has the smaller id, and comes later in the log.
#[tokio::test(flavor = "multi_thread")]
async fn a_late_commit_is_not_skipped() {
    let Some(house) = House::open(On::Postgres).await else { return };
    house.worker.fan_out().await.unwrap();
    let start = cursor(&read(&house, 100, None, Value::Null).await);
    let slow = house.store.begin().await.unwrap();
    let [early, late] = [house.draft("Early Exemple", "FR"), house.draft("Late Exemple", "FR")];
    store::people::insert_many(&slow, std::slice::from_ref(&early)).await.unwrap();
    let quick = house.store.begin().await.unwrap();
    store::people::insert_many(&quick, std::slice::from_ref(&late)).await.unwrap();
    quick.commit().await.unwrap();
    house.worker.fan_out().await.unwrap();
    let page = read(&house, 100, Some(&start), Value::Null).await;
    assert_eq!(each(&page, "entityId"), [House::id("Person", late.id)]);
    slow.commit().await.unwrap();
    let (one, other) = (house.another_worker(), house.another_worker());
    let (one, other) = tokio::join!(one.fan_out(), other.fan_out());
    one.unwrap();
    other.unwrap();
    let page = read(&house, 100, Some(&cursor(&page)), Value::Null).await;
    assert_eq!(each(&page, "entityId"), [House::id("Person", early.id)], "nothing is skipped, nothing told twice");
}
