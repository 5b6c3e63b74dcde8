use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use shared::{
    bus::Bus,
    store::{self, StoreError, webhook_deliveries::Outcome},
};
use uuid::Uuid;
use worker::Worker;

use super::{Hook, call};
use crate::{
    on_both_databases,
    support::{
        graphql::http,
        house::House,
        receiver::{Behavior, Receiver},
    },
};

on_both_databases!(
    what_fails_is_tried_again_and_at_last_given_up,
    each_way_to_misbehave_is_a_failure_and_says_so,
    an_endpoint_that_fails_for_five_days_is_switched_off_with_one_mail,
    an_endpoint_that_is_gone_is_switched_off_at_once,
    two_workers_share_two_hundred_deliveries,
    what_a_dead_worker_had_in_hand_is_sent_again,
    an_endpoint_that_never_answers_holds_up_nobody_else,
    an_event_that_cannot_be_read_holds_up_no_other,
    addresses_inside_the_network_are_not_called,
);

fn instant(value: &serde_json::Value) -> DateTime<Utc> {
    value.as_str().expect("a text").parse().expect("an instant")
}

async fn what_fails_is_tried_again_and_at_last_given_up(house: House) {
    let receiver = Receiver::start().await;
    let hook = Hook::of(&house, &receiver).await;
    receiver.will(Behavior::Answer("500 Internal Server Error", String::new(), "we are\r\n\0 on fire".to_owned()));
    house.person("One Exemple", "FR").await;
    let begin = house.clock.now();
    for attempt in 1..=10 {
        assert_eq!(house.post().await, 0);
        let delivery = hook.delivery(&house).await;
        assert_eq!((&delivery["attempts"], &delivery["statusCode"]), (&json!(attempt), &json!(500)));
        if attempt < 10 {
            assert_eq!(
                (&delivery["status"], &delivery["error"]),
                (&json!("PENDING"), &json!("HTTP 500: we are on fire"))
            );
            assert_eq!(house.post().await, 0, "not before its time");
            house.clock.set(instant(&delivery["dueAt"]));
        }
    }
    assert!((75..95).contains(&(house.clock.now() - begin).num_hours()), "about three days");
    let delivery = hook.delivery(&house).await;
    assert_eq!(
        (&delivery["status"], &delivery["error"]),
        (&json!("FAILED"), &json!("given up: HTTP 500: we are on fire"))
    );
    assert_eq!(receiver.ids().iter().collect::<BTreeSet<_>>().len(), 1, "every attempt has the same id");
    assert!(hook.now(&house).await["failingSince"].is_string());

    receiver.will(Behavior::ok());
    call(&house, "retryWebhookDelivery", "webhookDelivery { status }", json!({ "id": delivery["id"] })).await;
    assert_eq!(house.post().await, 1);
    assert_eq!(hook.delivery(&house).await["status"], "DELIVERED");
    assert!(hook.now(&house).await["failingSince"].is_null());
}

async fn each_way_to_misbehave_is_a_failure_and_says_so(house: House) {
    let (receiver, inside) = (Receiver::start().await, Receiver::start().await);
    let answer = |status, headers: &str, body: String| Behavior::Answer(status, headers.to_owned(), body);
    let redirect = format!("location: {}\r\n", inside.url());
    for (behavior, error, wait, arrived) in [
        (Behavior::Drop, "the connection broke off", 5, 0),
        (answer("429 Too Many Requests", "retry-after: 3600\r\n", String::new()), "HTTP 429", 3_600, 0),
        (answer("503 Service Unavailable", "retry-after: 7200\r\n", "later".to_owned()), "HTTP 503: later", 7_200, 0),
        (answer("500 Oh", "retry-after: 7200\r\n", String::new()), "HTTP 500", 5, 0),
        (answer("302 Found", &redirect, String::new()), "redirects are not followed", 5, 0),
        (answer("307 Temporary Redirect", &redirect, String::new()), "redirects are not followed", 5, 0),
        (answer("404 Not Found", "", "x".repeat(1_000_000)), "HTTP 404: xxx", 5, 0),
        (answer("200 OK", "", "x".repeat(1_000_000)), "", 0, 1),
        (Behavior::Endless, "", 0, 1),
    ] {
        let hook = Hook::of(&house, &receiver).await;
        receiver.will(behavior.clone());
        house.person(&format!("Exemple {}", Uuid::simple(house.clock.new_id())), "FR").await;
        assert_eq!(house.post().await, arrived, "{behavior:?}");
        let delivery = hook.delivery(&house).await;
        let said = delivery["error"].as_str().unwrap_or_default();
        assert!(said.starts_with(error) || (!error.is_empty() && said.contains(error)), "{behavior:?}: {said}");
        assert!(said.len() < 300, "{said}");
        if arrived == 0 {
            let waits = (instant(&delivery["dueAt"]) - house.clock.now()).num_seconds();
            assert!((wait..=wait + wait / 4 + 1).contains(&waits), "{behavior:?}: {waits}");
        }
        call(&house, "deleteWebhookEndpoint", "deletedWebhookEndpointId", json!({ "id": hook.id })).await;
    }
    assert!(inside.received().is_empty(), "no redirect is followed");
}

async fn an_endpoint_that_fails_for_five_days_is_switched_off_with_one_mail(house: House) {
    let (receiver, healthy) = (Receiver::start().await, Receiver::start().await);
    let hook = Hook::of(&house, &receiver).await;
    Hook::of(&house, &healthy).await;
    receiver.will(Behavior::status("500 Internal Server Error"));
    for day in 0..8 {
        house.person(&format!("Exemple {day}"), "FR").await;
        house.post().await;
        house.worker.send_due().await.unwrap();
        let status = hook.now(&house).await["status"].clone();
        assert_eq!(status, if day < 5 { "ACTIVE" } else { "DISABLED" }, "day {day}");
        house.clock.advance(TimeDelta::days(1));
    }
    house.post().await;
    house.worker.send_due().await.unwrap();
    let subject = format!(
        "{}: the webhook to {} was switched off",
        house.organization.name,
        receiver.url().split('/').nth(2).unwrap()
    );
    assert_eq!(house.subjects(&house.administrator), [subject]);
    assert!(hook.now(&house).await["disabledReason"].as_str().unwrap().starts_with("every delivery has failed since"));
    assert_eq!(healthy.kinds().iter().filter(|kind| *kind == "webhook_endpoint.disabled").count(), 1);
    assert_eq!(healthy.kinds().len(), 9, "the other endpoint missed nothing");

    receiver.will(Behavior::ok());
    receiver.forget();
    call(&house, "updateWebhookEndpoint", "webhookEndpoint { status }", json!({ "id": hook.id, "enabled": true }))
        .await;
    house.post().await;
    let missed = receiver.ids().into_iter().collect::<BTreeSet<_>>();
    assert_eq!(missed.len(), 9, "everything since it began to fail, and that it was switched off");
    let now = hook.now(&house).await;
    assert_eq!((&now["status"], &now["failingSince"]), (&json!("ACTIVE"), &json!(null)));
}

async fn an_endpoint_that_is_gone_is_switched_off_at_once(house: House) {
    let receiver = Receiver::start().await;
    let hook = Hook::of(&house, &receiver).await;
    receiver.will(Behavior::status("410 Gone"));
    house.person("One Exemple", "FR").await;
    house.person("Two Exemple", "FR").await;
    house.post().await;
    let now = hook.now(&house).await;
    assert_eq!(now["status"], "DISABLED");
    assert_eq!(now["disabledReason"], "it answered that it is gone for good (HTTP 410)");
    house.worker.send_due().await.unwrap();
    assert_eq!(house.subjects(&house.administrator).len(), 1);
    let count = receiver.received().len();
    house.person("Three Exemple", "FR").await;
    house.clock.advance(TimeDelta::days(1));
    house.post().await;
    assert_eq!(receiver.received().len(), count);
}

async fn two_workers_share_two_hundred_deliveries(house: House) {
    let receiver = Receiver::start().await;
    let hook = Hook::of(&house, &receiver).await;
    for index in 0..200 {
        house.person(&format!("Person {index}"), "DE").await;
    }
    let other = house.another_worker();
    let (one, two) = tokio::join!(house.worker.fan_out(), other.fan_out());
    assert!(one.unwrap() + two.unwrap() <= 200);
    house.worker.fan_out().await.unwrap();
    assert_eq!(hook.now(&house).await["deliveries"]["totalCount"], 200, "one for each endpoint and event");
    let (one, two) = tokio::join!(house.worker.deliver_due(), other.deliver_due());
    let (one, two) = (one.unwrap(), two.unwrap());
    assert_eq!(one + two, 200);
    assert!(one > 0 && two > 0, "{one} and {two}: both have worked");
    let ids = receiver.ids();
    assert_eq!((ids.len(), ids.iter().collect::<BTreeSet<_>>().len()), (200, 200), "none is doubled");
}

async fn what_a_dead_worker_had_in_hand_is_sent_again(house: House) {
    let receiver = Receiver::start().await;
    let hook = Hook::of(&house, &receiver).await;
    house.person("One Exemple", "FR").await;
    house.worker.fan_out().await.unwrap();
    let endpoint = store::webhook_endpoints::every_due(&house.store, house.clock.now()).await.unwrap()[0].id;
    // It dies between the sending and the record of it.
    let tx = house.store.begin().await.unwrap();
    let claimed = store::webhook_deliveries::claim_every_of(
        &tx,
        endpoint,
        Uuid::from_u128(1),
        TimeDelta::zero(),
        4,
        house.clock.now(),
    );
    let (lease, delivery) = claimed.await.unwrap().remove(0);
    tx.commit().await.unwrap();
    let events = store::events::find_many(&house.store, house.organization.id, &[delivery.event_id]).await.unwrap();
    let sent = http().post(receiver.url()).header("webhook-id", events[0].global_id()).body(events[0].payload());
    assert!(sent.send().await.unwrap().status().is_success());

    assert_eq!(house.post().await, 1);
    let got = receiver.received();
    assert_eq!(got.len(), 2, "twice at most");
    assert_eq!(got[0].header("webhook-id"), got[1].header("webhook-id"));
    assert_eq!(got[0].body, got[1].body);
    assert_eq!(hook.delivery(&house).await["attempts"], 2);
    let tx = house.store.begin().await.unwrap();
    let finished = store::webhook_deliveries::finish(&tx, lease, Outcome::Delivered(200), house.clock.now()).await;
    assert!(matches!(finished, Err(StoreError::Conflict(_))), "the dead one has no say any more");
}

async fn an_endpoint_that_never_answers_holds_up_nobody_else(house: House) {
    let (silent, quick) = (Receiver::start().await, Receiver::start().await);
    Hook::of(&house, &silent).await;
    silent.will(Behavior::Silence);
    let (other, administrator) = house.other_organization("island").await;
    let document = "mutation($input: CreateWebhookEndpointInput!) { createWebhookEndpoint(input: $input) { userErrors { code } } }";
    house.client(&administrator).mutate(document, json!({ "input": { "url": quick.url() } })).await;
    for index in 0..20 {
        house.person(&format!("Person {index}"), "DE").await;
        house.person_of(&other, &format!("Islander {index}")).await;
    }
    house.worker.fan_out().await.unwrap();
    tokio::select! {
        all = house.worker.deliver_due() => panic!("the silent ones are still under way: {all:?}"),
        () = quick.wait_for(20) => {}
    }
    assert_eq!(quick.ids().len(), 20);
    assert!(silent.ids().len() <= 4, "no more than its share");
}

async fn an_event_that_cannot_be_read_holds_up_no_other(house: House) {
    // Only PostgreSQL lets a test write what the store would not.
    let Some(client) = house.postgres().await else { return };
    let receiver = Receiver::start().await;
    Hook::of(&house, &receiver).await;
    for name in ["One Exemple", "Two Exemple", "Three Exemple"] {
        house.person(name, "FR").await;
    }
    house.worker.fan_out().await.unwrap();
    let spoil = "UPDATE events SET data = '\"written by a later version\"'
        WHERE id = (SELECT event_id FROM webhook_deliveries ORDER BY created_at, id LIMIT 1)";
    assert_eq!(client.execute(spoil, &[]).await.unwrap(), 1);
    assert_eq!(house.worker.deliver_due().await.unwrap(), 2);
    assert_eq!(receiver.ids().len(), 2);
    let question = "SELECT status FROM webhook_deliveries ORDER BY created_at, id LIMIT 1";
    assert_eq!(client.query_one(question, &[]).await.unwrap().get::<_, String>(0), "FAILED");
}

async fn addresses_inside_the_network_are_not_called(house: House) {
    let receiver = Receiver::start().await;
    let literal = Hook::of(&house, &receiver).await;
    let name = Hook::make(&house, &format!("https://localhost:{}/hooks", receiver.port()), &[]).await;
    house.person("One Exemple", "FR").await;
    house.worker.fan_out().await.unwrap();
    // The operator allows no network of their own any more.
    let mut config = house.config.clone();
    config.outbound.allowed_networks.clear();
    let strict = Worker::new(&config, house.store.clone(), Bus::in_process(), house.clock.clone()).unwrap();
    assert_eq!(strict.deliver_due().await.unwrap(), 0);
    assert!(receiver.received().is_empty());
    let error = async |hook: &Hook| hook.delivery(&house).await["error"].as_str().unwrap_or_default().to_owned();
    assert_eq!(error(&literal).await, "the address is not a public one");
    assert_eq!(error(&name).await, "the host's name does not lead to a public address");
}
