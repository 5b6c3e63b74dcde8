//! What is told to subscribers, event by event.

use std::time::Duration;

use futures_util::FutureExt as _;
use serde_json::{Value, json};
use shared::{bus::Topic, domain::people::Person};
use tokio::time::timeout;
use uuid::Uuid;

use super::{
    sight::{Cast, cast},
    world::{World, person_id},
};
use crate::graphql::{Feed, Operation, errors::is_request_error};

const MATCHES: &str = "subscription { matchUpdated { id status partner { name } } }";

async fn begin(world: &World, person: &Person, document: &str, variables: Value) -> Feed {
    match world.operate(person, document, variables).await {
        Operation::Live(feed) => *feed,
        Operation::Answer(response) => panic!("{document}: {response:?}"),
    }
}

/// The next thing that this person is told; steps on which there is nothing to see are passed over.
async fn told(world: &World, feed: &mut Feed, person: &Person) -> Value {
    let telling = async {
        loop {
            assert!(feed.changed().await);
            if let Some(response) = feed.tell(world.caller(person).await).await.expect("a database") {
                let mut answer = serde_json::to_value(response).expect("JSON");
                assert!(answer["errors"].is_null(), "{answer:#}");
                return answer["data"]["matchUpdated"].take();
            }
        }
    };
    timeout(Duration::from_secs(20), telling).await.expect("something to tell")
}

/// Takes every step there is without waiting; gives back how many there were and what was told.
async fn drained(world: &World, feed: &mut Feed, person: &Person) -> (usize, Vec<Value>) {
    let (mut steps, mut all) = (0, Vec::new());
    while feed.changed().now_or_never().is_some() {
        steps += 1;
        if let Some(response) = feed.tell(world.caller(person).await).await.expect("a database") {
            let mut answer = serde_json::to_value(response).expect("JSON");
            all.push(answer["data"]["matchUpdated"].take());
        }
    }
    (steps, all)
}

async fn ask_for(world: &World, asking: &Person, asked: &Person, round: &str) -> Value {
    let input = json!({ "roundId": round, "personId": person_id(asked) });
    world.change(asking, "requestMatch", "match { id }", input).await["match"]["id"].clone()
}

async fn notice(world: &World, organization_id: Uuid, match_ids: &[Uuid]) {
    let payload = json!({ "organizationId": organization_id, "programId": Uuid::nil(), "matchIds": match_ids });
    world.state.bus.publish(Topic::MatchUpdated, &payload.to_string()).await;
}

#[tokio::test]
async fn each_reader_is_told_their_own_side_and_strangers_nothing() {
    let Cast { world, german, ana, ben, caro, stranger, round, program, .. } = cast().await;
    let mut feeds = Vec::new();
    for person in [&ana, &ben, &german, &caro, &stranger] {
        feeds.push((person, begin(&world, person, MATCHES, json!({})).await));
    }
    let of_program = "subscription($id: ID!) { matchUpdated(where: { programId: $id }) { id } }";
    let mut here = begin(&world, &ana, of_program, json!({ "id": program })).await;
    let id = ask_for(&world, &ana, &ben, &round).await;
    let partners = [json!("Ben"), json!("Ana"), Value::Null];
    for ((person, feed), partner) in feeds.iter_mut().zip(partners) {
        let seen = told(&world, feed, person).await;
        assert_eq!((&seen["id"], &seen["status"], &seen["partner"]["name"]), (&id, &json!("PROPOSED"), &partner));
    }
    assert_eq!(told(&world, &mut here, &ana).await["id"], id);
    let (steps, seen) = drained(&world, &mut feeds[3].1, &caro).await;
    assert_eq!((steps, seen), (1, vec![]), "Caro has no part in it");
    assert_eq!(drained(&world, &mut feeds[4].1, &stranger).await, (0, vec![]), "nothing is even looked up elsewhere");

    // The right counts that somebody has when they are told.
    world.change(&ben, "answerMatch", "match { id }", json!({ "id": id, "accept": true })).await;
    let mut without = world.caller(&german).await;
    without.roles.clear();
    assert!(feeds[2].1.changed().await);
    assert!(feeds[2].1.tell(without).await.expect("a database").is_none());
}

#[tokio::test]
async fn of_several_changes_the_last_is_told() {
    let Cast { world, ana, ben, round, .. } = cast().await;
    let mut feed = begin(&world, &ben, MATCHES, json!({})).await;
    let id = ask_for(&world, &ana, &ben, &round).await;
    world.change(&ana, "withdrawMatch", "match { id }", json!({ "id": id })).await;
    let (steps, seen) = drained(&world, &mut feed, &ben).await;
    assert_eq!((steps, seen.len()), (1, 1));
    assert_eq!((&seen[0]["id"], &seen[0]["status"]), (&id, &json!("WITHDRAWN")));
}

#[tokio::test]
async fn what_was_missed_is_read_again() {
    let Cast { world, admin, ana, ben, caro, round, .. } = cast().await;
    let enrollment = world.ask(&ana, "{ enrollments(first: 1) { nodes { id } } }", json!({})).await;
    let input = json!({ "id": enrollment["enrollments"]["nodes"][0]["id"], "capacity": 5 });
    world.change(&ana, "updateEnrollment", "enrollment { id }", input).await;
    let mut feed = begin(&world, &admin, MATCHES, json!({})).await;
    let mut expected = vec![ask_for(&world, &ana, &ben, &round).await, ask_for(&world, &ana, &caro, &round).await];
    let only = "subscription($id: ID!) { matchUpdated(where: { matchId: $id }) { id } }";
    let mut second = begin(&world, &caro, only, json!({ "id": expected[1] })).await;
    // More than a subscriber's end of the bus holds.
    for _ in 0..300 {
        notice(&world, Uuid::from_u128(7), &[Uuid::from_u128(8)]).await;
    }
    let (steps, seen) = drained(&world, &mut feed, &admin).await;
    let mut seen: Vec<Value> = seen.iter().map(|found| found["id"].clone()).collect();
    let by_text = |one: &Value, other: &Value| one.as_str().cmp(&other.as_str());
    seen.sort_by(by_text);
    expected.sort_by(by_text);
    assert_eq!(seen, expected);
    assert!(steps < 10, "{steps}");
    assert_eq!(drained(&world, &mut feed, &admin).await, (0, vec![]));
    assert_eq!(drained(&world, &mut second, &caro).await.1.len(), 1, "and only what was asked for");
}

#[tokio::test]
async fn a_slow_subscriber_keeps_a_bounded_list() {
    let Cast { world, admin, ana, ben, round, .. } = cast().await;
    let mut feed = begin(&world, &admin, MATCHES, json!({})).await;
    let id = ask_for(&world, &ana, &ben, &round).await;
    for part in 0..50_u128 {
        let ids: Vec<Uuid> = (0..100).map(|index| Uuid::from_u128(1_000 * part + index + 1)).collect();
        notice(&world, admin.organization_id, &ids).await;
    }
    let (steps, seen) = drained(&world, &mut feed, &admin).await;
    assert!(steps <= 1_002, "{steps} of 5,001 changes were kept");
    assert!(seen.iter().any(|found| found["id"] == id), "{seen:?}");
    // What cannot be read is passed over.
    for garbage in ["", "{}", "null", "[1]"] {
        world.state.bus.publish(Topic::MatchUpdated, garbage).await;
    }
    assert_eq!(drained(&world, &mut feed, &admin).await, (0, vec![]));
}

#[tokio::test]
async fn a_subscription_that_cannot_begin_says_why() {
    let Cast { world, ana, .. } = cast().await;
    for (document, code) in [
        ("subscription { matchUpdated { id } again: matchUpdated { id } }", "GRAPHQL_VALIDATION_FAILED"),
        ("subscription { ... { matchUpdated { id } } }", "GRAPHQL_VALIDATION_FAILED"),
        ("subscription { ...F } fragment F on Subscription { matchUpdated { id } }", "GRAPHQL_VALIDATION_FAILED"),
        ("subscription { matchUpdated @include(if: true) { id } }", "GRAPHQL_VALIDATION_FAILED"),
        ("subscription { matchUpdated { nothing } }", "GRAPHQL_VALIDATION_FAILED"),
        ("subscription { nothing }", "GRAPHQL_VALIDATION_FAILED"),
        ("subscription { __typename }", "GRAPHQL_VALIDATION_FAILED"),
        ("subscription { matchUpdated", "GRAPHQL_PARSE_FAILED"),
        ("subscription { matchUpdated(where: { programId: \"x\" }) { id } }", "BAD_USER_INPUT"),
        ("subscription { matchRunProgress(runId: \"x\") { status } }", "BAD_USER_INPUT"),
    ] {
        let Operation::Answer(response) = world.operate(&ana, document, json!({})).await else {
            panic!("{document} has begun");
        };
        let answer = serde_json::to_value(&response).expect("JSON");
        assert_eq!(answer["errors"][0]["extensions"]["code"], code, "{document}: {answer:#}");
        assert!(is_request_error(&response), "{document}: {answer:#}");
    }
    let deep = format!("subscription {{ matchUpdated {{ {}id{} }} }}", "matchRun { ".repeat(70), "}".repeat(70));
    let Operation::Answer(response) = world.operate(&ana, &deep, json!({})).await else { panic!("it has begun") };
    assert!(format!("{response:?}").contains("LIMIT_EXCEEDED"), "{response:?}");
    // Without a stream there is nothing to subscribe to.
    let answer = world.raw(&ana, MATCHES, json!({})).await;
    assert_eq!(answer["errors"][0]["extensions"]["code"], "GRAPHQL_VALIDATION_FAILED", "{answer:#}");
}
