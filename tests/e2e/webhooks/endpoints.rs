use chrono::TimeDelta;
use serde_json::{Value, json};

use super::{Hook, call, refused};
use crate::{
    on_both_databases,
    support::{
        house::House,
        receiver::{Behavior, Receiver},
    },
};

on_both_databases!(
    an_event_arrives_signed_and_once,
    a_secret_is_changed_without_a_gap,
    a_test_goes_to_one_endpoint_only,
    what_was_seen_is_delivered_once_more,
    an_endpoint_that_is_switched_on_goes_on_from_where_it_stood,
    endpoints_are_for_administrators,
);

async fn an_event_arrives_signed_and_once(house: House) {
    let (receiver, other) = (Receiver::start().await, Receiver::start().await);
    house.person("Before Exemple", "FR").await;
    house.worker.fan_out().await.unwrap();
    let hook = Hook::of(&house, &receiver).await;
    Hook::make(&house, &other.url(), &["match.activated"]).await;
    let person = house.person("After Exemple", "FR").await;
    assert_eq!(house.post().await, 1);
    assert_eq!(house.post().await, 0);

    let got = receiver.received();
    assert_eq!(got.len(), 1, "from now on, and each once");
    assert!(got[0].is_signed_with(&hook.secret));
    assert!(!got[0].is_signed_with("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"));
    assert_eq!(got[0].header("content-type"), "application/json");
    assert_eq!(got[0].header("webhook-timestamp"), house.clock.now().timestamp().to_string());
    let json = got[0].json();
    assert_eq!(
        (&json["type"], &json["data"]["entityId"]),
        (&json!("person.created"), &json!(House::id("Person", person.id)))
    );
    assert_eq!(json["data"]["eventId"], got[0].header("webhook-id"));
    assert!(!String::from_utf8_lossy(&got[0].body).contains("Exemple"), "thin");
    assert!(other.received().is_empty(), "not its kind");
    let delivery = hook.delivery(&house).await;
    assert_eq!(
        (&delivery["status"], &delivery["attempts"], &delivery["statusCode"]),
        (&json!("DELIVERED"), &json!(1), &json!(204))
    );
    assert_eq!(delivery["event"]["kind"], "person.created");
    let shown = hook.now(&house).await.to_string();
    assert!(!shown.contains("whsec_"), "{shown}");
}

async fn a_secret_is_changed_without_a_gap(house: House) {
    let receiver = Receiver::start().await;
    let hook = Hook::of(&house, &receiver).await;
    let rotated = call(
        &house,
        "rotateWebhookSecret",
        "issued { secret endpoint { previousSecretUntil } }",
        json!({ "id": hook.id }),
    )
    .await;
    let new = rotated["issued"]["secret"].as_str().unwrap();
    assert_ne!(new, hook.secret);
    for (hours, old_signs) in [(0, true), (23, true), (1, false)] {
        receiver.forget();
        house.clock.advance(TimeDelta::hours(hours));
        house.person(&format!("Exemple {hours} {old_signs}"), "FR").await;
        assert_eq!(house.post().await, 1);
        let got = receiver.received().remove(0);
        assert!(got.is_signed_with(new));
        assert_eq!(got.is_signed_with(&hook.secret), old_signs, "after {hours} more hours");
    }
}

async fn a_test_goes_to_one_endpoint_only(house: House) {
    let (receiver, other) = (Receiver::start().await, Receiver::start().await);
    let hook = Hook::make(&house, &receiver.url(), &["match.activated"]).await;
    Hook::of(&house, &other).await;
    let made = call(&house, "testWebhookEndpoint", "webhookDelivery { id status }", json!({ "id": hook.id })).await;
    assert_eq!(made["webhookDelivery"]["status"], "PENDING");
    assert_eq!(house.post().await, 1);
    assert_eq!((receiver.kinds(), other.kinds()), (vec!["webhook.test".to_owned()], vec![]));
    let id = made["webhookDelivery"]["id"].clone();
    call(&house, "retryWebhookDelivery", "webhookDelivery { status }", json!({ "id": id })).await;
    assert_eq!(house.post().await, 1);
    let ids = receiver.ids();
    assert_eq!(ids[0], ids[1], "the same event has the same id");
    call(&house, "deleteWebhookEndpoint", "deletedWebhookEndpointId", json!({ "id": hook.id })).await;
    assert_eq!(hook.now(&house).await, Value::Null);
    assert_eq!(refused(&house, "testWebhookEndpoint", json!({ "id": hook.id })).await[0]["code"], "NOT_FOUND");
    assert_eq!(refused(&house, "retryWebhookDelivery", json!({ "id": id })).await[0]["code"], "NOT_FOUND");
}

async fn what_was_seen_is_delivered_once_more(house: House) {
    let receiver = Receiver::start().await;
    let hook = Hook::of(&house, &receiver).await;
    let mut people = Vec::new();
    for name in ["One Exemple", "Two Exemple", "Three Exemple"] {
        people.push(house.person(name, "FR").await);
        house.clock.advance(TimeDelta::minutes(1));
    }
    let input = json!({ "id": House::id("Person", people[1].id), "headline": "x" });
    call(&house, "updatePerson", "person { id }", input).await;
    assert_eq!(house.post().await, 4);
    let ids = receiver.ids();

    let edges = house.admin().query("{ events(first: 10) { edges { cursor node { id } } } }", json!({})).await;
    let edges = edges["events"]["edges"].as_array().unwrap().clone();
    let second = edges.iter().find(|edge| edge["node"]["id"] == ids[1]).unwrap()["cursor"].clone();
    receiver.forget();
    let input = json!({ "id": hook.id, "after": second, "kinds": ["person.created"] });
    call(&house, "replayWebhookEndpoint", "webhookEndpoint { id }", input.clone()).await;
    assert_eq!(refused(&house, "replayWebhookEndpoint", input).await[0]["code"], "NOT_POSSIBLE", "one at a time");
    house.person("Four Exemple", "FR").await;
    assert_eq!(house.post().await, 2, "the third one again, and the new one");
    assert_eq!(receiver.ids()[..1], ids[2..3]);

    receiver.forget();
    let from = house.clock.now() - TimeDelta::minutes(2);
    call(&house, "replayWebhookEndpoint", "webhookEndpoint { id }", json!({ "id": hook.id, "from": from })).await;
    assert_eq!(house.post().await, 4);
    let mut again = receiver.ids();
    again.sort();
    again.dedup();
    assert_eq!(again.len(), 4);
    assert_eq!(hook.deliveries(&house).await.len(), 5, "one row for each event, however often it is sent");
    for (field, input) in [
        ("after", json!({ "id": hook.id })),
        ("after", json!({ "id": hook.id, "after": "nonsense" })),
        ("from", json!({ "id": hook.id, "after": second, "from": from })),
        ("after", json!({ "id": hook.id, "from": house.clock.now() + TimeDelta::days(1) })),
        ("kinds", json!({ "id": hook.id, "after": second, "kinds": ["person.born"] })),
    ] {
        let errors = refused(&house, "replayWebhookEndpoint", input).await;
        assert_eq!((&errors[0]["code"], &errors[0]["field"][0]), (&json!("INVALID"), &json!(field)));
    }
}

async fn an_endpoint_that_is_switched_on_goes_on_from_where_it_stood(house: House) {
    let receiver = Receiver::start().await;
    let hook = Hook::of(&house, &receiver).await;
    let switch = async |input: Value| {
        call(&house, "updateWebhookEndpoint", "webhookEndpoint { status disabledReason }", input).await
    };
    let off = switch(json!({ "id": hook.id, "enabled": false })).await;
    assert_eq!(off["webhookEndpoint"]["status"], "DISABLED");
    for name in ["One Exemple", "Two Exemple"] {
        house.person(name, "FR").await;
        house.clock.advance(TimeDelta::minutes(1));
    }
    assert_eq!(house.post().await, 0);
    let test = refused(&house, "testWebhookEndpoint", json!({ "id": hook.id })).await;
    assert_eq!(test[0]["code"], "NOT_POSSIBLE");
    let on = switch(json!({ "id": hook.id, "enabled": true })).await;
    assert_eq!(on["webhookEndpoint"], json!({ "status": "ACTIVE", "disabledReason": null }));
    assert_eq!(house.post().await, 2);

    switch(json!({ "id": hook.id, "enabled": false })).await;
    house.person("Three Exemple", "FR").await;
    house.clock.advance(TimeDelta::minutes(1));
    let now = house.clock.now();
    house.person("Four Exemple", "FR").await;
    house.worker.fan_out().await.unwrap();
    switch(json!({ "id": hook.id, "enabled": true, "from": now })).await;
    assert_eq!(house.post().await, 1, "the third one was left out");
    let elsewhere = refused(&house, "updateWebhookEndpoint", json!({ "id": hook.id, "from": now })).await;
    assert_eq!(elsewhere[0]["code"], "NOT_POSSIBLE");
    receiver.will(Behavior::ok());
}

async fn endpoints_are_for_administrators(house: House) {
    let receiver = Receiver::start().await;
    let hook = Hook::of(&house, &receiver).await;
    house.person("One Exemple", "FR").await;
    house.post().await;
    let delivery = hook.delivery(&house).await["id"].clone();
    let (_, stranger) = house.other_organization("island").await;
    let coordinator = house.client(&house.coordinator("Cora Coordinator", None).await);
    for other in [&coordinator, &house.client(&stranger)] {
        let ids = json!({ "ids": [hook.id, delivery] });
        let nodes = other.query("query($ids: [ID!]!) { nodes(ids: $ids) { id } }", ids).await;
        assert_eq!(nodes["nodes"], json!([null, null]));
    }
    assert_eq!(
        coordinator.error_codes("{ webhookEndpoints(first: 1) { totalCount } }", json!({})).await,
        ["FORBIDDEN"]
    );
    let list = house.admin().query("{ webhookEndpoints(first: 5, where: { statuses: [ACTIVE] }) { totalCount nodes { url createdBy { name } } } }", json!({})).await;
    assert_eq!(list["webhookEndpoints"]["nodes"][0]["createdBy"]["name"], "Ada Admin");

    for (field, input) in [
        ("url", json!({ "url": "http://example.org/hooks" })),
        ("url", json!({ "url": "https://10.0.0.1/hooks" })),
        ("url", json!({ "url": "https://169.254.169.254/latest/meta-data" })),
        ("url", json!({ "url": "https://user:secret@example.org/" })),
        ("url", json!({ "url": "nonsense" })),
        ("kinds", json!({ "url": receiver.url(), "kinds": ["nonsense"] })),
        ("description", json!({ "url": receiver.url(), "description": "x".repeat(201) })),
    ] {
        let errors = refused(&house, "createWebhookEndpoint", input).await;
        assert_eq!((&errors[0]["code"], &errors[0]["field"][0]), (&json!("INVALID"), &json!(field)));
    }
    for _ in 1..20 {
        Hook::of(&house, &receiver).await;
    }
    let errors = refused(&house, "createWebhookEndpoint", json!({ "url": receiver.url() })).await;
    assert_eq!(errors[0]["code"], "NOT_POSSIBLE");
}
