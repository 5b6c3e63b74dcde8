//! The same mutation twice has one effect.

use chrono::TimeDelta;
use serde_json::{Value, json};
use shared::{
    domain::{
        documents::hash,
        programs::{Consent, Kind},
    },
    store::{
        self,
        idempotency_keys::{self, Claim, Key},
    },
};
use uuid::Uuid;

use crate::{
    on_both_databases,
    support::{
        graphql::{Answer, Client, mutation},
        house::House,
    },
};

on_both_databases!(
    twins_have_one_effect_and_one_answer,
    a_key_belongs_to_one_request_of_one_caller,
    what_was_not_tried_gives_the_key_back,
    after_a_crash_the_mark_decides,
    an_answer_with_a_secret_is_not_kept,
);

const KEY: &str = "idempotency-key";

fn create(name: &str) -> Value {
    let input =
        json!({ "name": name, "kind": "PEER", "consent": "BOTH_ACCEPT", "timeZone": "UTC", "matchAt": "02:00" });
    json!({ "query": mutation("createProgram", "program { id name }"), "variables": { "input": input } })
}

async fn send(client: &Client, key: &str, body: &Value) -> Answer {
    client.post_with(&[(KEY, key)], body.clone()).await
}

async fn programs(client: &Client) -> i64 {
    client.query("{ programs(first: 1) { totalCount } }", json!({})).await["programs"]["totalCount"].as_i64().unwrap()
}

async fn twins_have_one_effect_and_one_answer(house: House) {
    let admin = house.admin();
    let program = house.program(Kind::Peer, Consent::BothAccept).await;
    // Nothing but the key keeps twins from changing it again and again.
    let input = json!({ "id": House::id("Program", program.id), "minimumScore": 5 });
    let request = json!({ "query": mutation("updateProgram", "program { id name }"), "variables": { "input": input } });
    let version = async || {
        let found = store::programs::find(&house.store, house.organization.id, program.id).await.unwrap();
        found.unwrap().version
    };
    let before = version().await;
    let mut twins = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let (admin, request) = (admin.clone(), request.clone());
        twins.spawn(async move { send(&admin, "8e03978e-40d5-43dd-bc93-6894a57f9324", &request).await });
    }
    let answers = twins.join_all().await;
    assert_eq!(version().await, before + 1);
    let replayed = answers.iter().filter(|answer| answer.header("idempotency-replayed") == Some("true")).count();
    assert_eq!(replayed, 19);
    for answer in &answers {
        assert_eq!((answer.status.as_u16(), &answer.body), (200, &answers[0].body), "{answer:?}");
        assert!(answer.body["data"]["updateProgram"]["program"]["id"].is_string(), "{answer:?}");
    }
    let quoted = send(&admin, "\"8e03978e-40d5-43dd-bc93-6894a57f9324\"", &request).await;
    assert_eq!(quoted.body, answers[0].body, "the same key as the draft writes it");
    assert_eq!(version().await, before + 1);
    send(&admin, "another", &request).await;
    assert_eq!(version().await, before + 2, "another key is another request");
}

async fn a_key_belongs_to_one_request_of_one_caller(house: House) {
    let admin = house.admin();
    let other = house.client(&house.coordinator("Cora Coordinator", None).await);
    let (_, stranger) = house.other_organization("island").await;
    let stranger = house.client(&stranger);
    for (client, name) in [(&admin, "Peers"), (&other, "Others"), (&stranger, "Peers")] {
        let first = send(client, "k1", &create(name)).await;
        assert_eq!((first.status.as_u16(), first.header("idempotency-replayed")), (200, None), "{first:?}");
    }
    assert_eq!((programs(&admin).await, programs(&stranger).await), (2, 1));
    let reused = send(&admin, "k1", &create("More")).await;
    assert_eq!(reused.refusal(), (422, "BAD_USER_INPUT"), "{reused:?}");
    assert_eq!(programs(&admin).await, 2);

    // A query has no effect to repeat, and its key means nothing.
    let query = json!({ "query": "{ programs(first: 1) { totalCount } }" });
    assert_eq!(send(&admin, "k1", &query).await.status, 200);
    for bad in ["", "with space", &"x".repeat(256)] {
        assert_eq!(send(&admin, bad, &create("Bad")).await.refusal(), (400, "BAD_USER_INPUT"), "{bad:?}");
    }
    let two = admin.post_with(&[(KEY, "a"), (KEY, "b")], create("Bad")).await;
    assert_eq!(two.refusal(), (400, "BAD_USER_INPUT"));
    assert_eq!(programs(&admin).await, 2);
}

async fn what_was_not_tried_gives_the_key_back(house: House) {
    let admin = house.admin();
    let broken = json!({ "query": "mutation { createProgram { nonsense } }" });
    assert_eq!(send(&admin, "k1", &broken).await.refusal(), (400, "GRAPHQL_VALIDATION_FAILED"));
    assert_eq!(send(&admin, "k1", &create("Peers")).await.status, 200);

    // A refusal by the rules is an answer like any other, even when the rule would say something else by now.
    let refused = create("");
    let first = send(&admin, "k2", &refused).await;
    assert_eq!(first.body["data"]["createProgram"]["userErrors"][0]["code"], "INVALID");
    let again = send(&admin, "k2", &refused).await;
    assert_eq!((&again.body, again.header("idempotency-replayed")), (&first.body, Some("true")));
    assert_eq!(programs(&admin).await, 1);
}

async fn after_a_crash_the_mark_decides(house: House) {
    let admin = house.admin();
    let key = |name: &str| {
        let body = create(name);
        let asked = (body["query"].as_str().unwrap(), None::<String>, &body["variables"]);
        Key {
            organization_id: house.organization.id,
            person_id: house.administrator.id,
            client: String::new(),
            key: name.to_owned(),
            fingerprint: hash(&serde_json::to_string(&asked).unwrap()),
        }
    };
    let claim = async |name: &str, lease: TimeDelta| {
        let claimed = idempotency_keys::claim(&house.store, &key(name), Uuid::now_v7(), lease).await.unwrap();
        let Claim::Won(mark) = claimed else { panic!("{claimed:?}") };
        mark
    };
    let ask = async |name: &str| send(&admin, name, &create(name)).await;
    // A process claimed the key and died: its lease is over, nothing was committed.
    let late = claim("before", TimeDelta::zero()).await;
    let answer = ask("before").await;
    assert_eq!((answer.status.as_u16(), answer.header("idempotency-replayed")), (200, None), "{answer:?}");
    assert_eq!(programs(&admin).await, 1);
    let tx = house.store.marking(late).begin().await.unwrap();
    assert!(tx.commit().await.is_err(), "whoever lost the key can commit nothing more");

    // Another one committed and died before it answered.
    let mark = claim("after", TimeDelta::zero()).await;
    house.store.marking(mark).begin().await.unwrap().commit().await.unwrap();
    for _ in 0..2 {
        let answer = ask("after").await;
        assert_eq!(answer.refusal(), (409, "CONFLICT"), "{answer:?}");
        assert!(answer.body["errors"][0]["message"].as_str().unwrap().contains("was carried out"), "{answer:?}");
    }
    assert_eq!(programs(&admin).await, 1);

    // One that is still at it is waited for, and then the client is told to come back.
    let begun = std::time::Instant::now();
    claim("now", TimeDelta::milliseconds(600)).await;
    assert_eq!(ask("now").await.status, 200);
    assert!(begun.elapsed() > std::time::Duration::from_millis(500), "it waited until the lease was over");
    assert_eq!(programs(&admin).await, 2);
    assert_eq!(idempotency_keys::every_expired_forgotten(&house.store, 10).await.unwrap(), 0, "none is a day old");
}

async fn an_answer_with_a_secret_is_not_kept(house: House) {
    let input = json!({ "name": "Portal", "scopes": ["READ"] });
    let request = json!({ "query": mutation("createApiClient", ""), "variables": { "input": input } });
    let answer = send(&house.admin(), "one", &request).await;
    assert_eq!(answer.status, 400, "{answer:#?}");
    let message = answer.body["errors"][0]["message"].as_str().unwrap();
    assert!(message.contains("without Idempotency-Key"), "{message}");
    assert_eq!(house.admin().post(request).await.status, 200, "and without a key it is done");
}
