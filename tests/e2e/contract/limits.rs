//! How much a caller may ask for.

use std::time::Duration;

use serde_json::json;

use crate::{
    clients::{exchange, issue},
    support::{
        house::{House, On},
        redis::TestRedisServer,
    },
};

const TINY: [(&str, &str); 7] = [
    ("LIMITS__ENABLED", "true"),
    ("LIMITS__REQUESTS_BURST", "5"),
    ("LIMITS__REQUESTS_PER_MINUTE", "1"),
    ("LIMITS__ANONYMOUS_REQUESTS_BURST", "4"),
    ("LIMITS__ANONYMOUS_REQUESTS_PER_MINUTE", "1"),
    ("LIMITS__POINTS_BURST", "20000"),
    ("LIMITS__POINTS_PER_MINUTE", "60"),
];
const WHO: &str = "{ viewer { person { name } } }";

#[tokio::test(flavor = "multi_thread")]
async fn whoever_asks_too_much_is_told_when_to_come_back_and_others_are_not_troubled() {
    let house = House::open_with(On::Sqlite, &TINY).await.unwrap();
    let (admin, other) = (house.admin(), house.client(&house.person("Paul Participant", "DE").await));
    let first = admin.raw(WHO, json!({})).await;
    let cost = &first.body["extensions"]["cost"];
    assert_eq!((&cost["remaining"], &cost["restoreRate"]), (&json!(20_000 - 3), &json!(1)), "{first:?}");
    // What is refused counts as well.
    assert_eq!(admin.raw("{", json!({})).await.status.as_u16(), 400);
    for _ in 0..3 {
        assert_eq!(admin.raw(WHO, json!({})).await.status.as_u16(), 200);
    }
    for document in [WHO, "{"] {
        let refused = admin.raw(document, json!({})).await;
        assert_eq!(refused.refusal(), (429, "LIMIT_EXCEEDED"), "{refused:?}");
        let wait: u64 = refused.header("retry-after").unwrap().parse().unwrap();
        assert!((50..=60).contains(&wait), "{refused:?}");
        let message = refused.body["errors"][0]["message"].as_str().unwrap();
        assert!(message.contains("5 requests") && message.contains(&format!("in {wait} seconds")), "{message}");
    }
    assert_eq!(other.raw(WHO, json!({})).await.status.as_u16(), 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn points_count_too_and_one_organization_cannot_use_up_anothers() {
    let house = House::open_with(
        On::Sqlite,
        &[
            ("LIMITS__ENABLED", "true"),
            ("LIMITS__POINTS_BURST", "20000"),
            ("LIMITS__POINTS_PER_MINUTE", "60"),
            ("LIMITS__ORGANIZATION_POINTS_BURST", "20000"),
            ("LIMITS__ORGANIZATION_POINTS_PER_MINUTE", "60"),
        ],
    )
    .await
    .unwrap();
    let (_, stranger) = house.other_organization("island").await;
    let heavy = "{ programs(first: 100) { nodes { rounds(first: 50) { nodes { id } } } } }";
    let costs = house.admin().raw(heavy, json!({})).await.body["extensions"]["cost"]["requested"].clone();
    assert!(costs.as_i64().unwrap() > 10_000, "{costs}");
    let colleague = house.client(&house.coordinator("Cora Coordinator", None).await);
    let refused = colleague.raw(heavy, json!({})).await;
    assert_eq!(refused.refusal(), (429, "LIMIT_EXCEEDED"), "{refused:?}");
    assert!(refused.body["errors"][0]["message"].as_str().unwrap().starts_with("the organization"), "{refused:?}");
    assert_eq!(house.client(&stranger).raw(heavy, json!({})).await.status.as_u16(), 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_in_particular_is_an_address() {
    let settings: Vec<_> = TINY.into_iter().chain([("HTTP__TRUSTED_PROXIES", "1")]).collect();
    let house = House::open_with(On::Sqlite, &settings).await.unwrap();
    let anonymous = house.anonymous();
    let from = async |address: &str, token: Option<&str>| {
        let mut headers = vec![("x-forwarded-for", address)];
        let bearer = token.map(|token| format!("Bearer {token}"));
        if let Some(bearer) = &bearer {
            headers.push(("authorization", bearer));
        }
        anonymous.post_with(&headers, json!({ "query": "{ __typename }" })).await.status.as_u16()
    };
    // Tokens that are not believed count for the address, so guessing has an end.
    for (token, expected) in [(None, 200), (Some("nonsense"), 401), (Some("x.y.z"), 401), (None, 200)] {
        assert_eq!(from("192.0.2.1", token).await, expected);
    }
    assert_eq!(from("192.0.2.1", None).await, 429);
    assert_eq!(from("192.0.2.1", Some("nonsense")).await, 429);
    assert_eq!(from("10.9.9.9, 192.0.2.1", None).await, 429, "what the client wrote itself does not count");
    assert_eq!(from("192.0.2.2", None).await, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn exchanging_and_guessing_keys_are_counted() {
    let house = House::open_with(On::Sqlite, &TINY).await.unwrap();
    let (_, key) = issue(&house, &["READ", "ON_BEHALF"]).await;
    // Whatever becomes of it: the client has asked.
    for expected in [400, 400, 400, 400, 400, 429] {
        let (status, body) = exchange(&house, &key, &[]).await;
        assert_eq!(status, expected, "{body}");
    }
    let turned = if key.ends_with("00") { "11" } else { "00" };
    let guess = format!("{}{turned}", key.get(..key.len() - 2).unwrap());
    for expected in [401, 401, 401, 401, 429] {
        let (status, body) = exchange(&house, &guess, &[]).await;
        assert_eq!(status, expected, "{body}");
    }
    let (_, told) = exchange(&house, &key, &[]).await;
    assert!(told["error_description"].as_str().unwrap().contains("ask again in"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_limited_when_limits_are_off() {
    let settings: Vec<_> = TINY.into_iter().chain([("LIMITS__ENABLED", "false")]).collect();
    let house = House::open_with(On::Sqlite, &settings).await.unwrap();
    let admin = house.admin();
    for _ in 0..20 {
        let answer = admin.raw(WHO, json!({})).await;
        assert_eq!((answer.status.as_u16(), &answer.body["extensions"]["cost"]["remaining"]), (200, &json!(null)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_redis_limits_hold_in_the_process_and_with_it_again_for_all() {
    let Some(mut redis) = TestRedisServer::start().await else { return };
    let url = redis.url();
    let settings: Vec<_> = TINY.into_iter().chain([("REDIS__URL", url.as_str())]).collect();
    let house = House::open_with(On::Sqlite, &settings).await.unwrap();
    let admin = house.admin();
    let statuses = async |times: usize| {
        let mut statuses = Vec::new();
        for _ in 0..times {
            statuses.push(admin.raw(WHO, json!({})).await.status.as_u16());
        }
        statuses
    };
    // The first request may find Redis not connected yet; then it is counted in the process.
    let before = statuses(7).await;
    assert_eq!(before.last(), Some(&429), "{before:?}");
    redis.take_away();
    let begun = std::time::Instant::now();
    let without = statuses(7).await;
    assert!(without[..4].iter().all(|status| *status == 200) && without.last() == Some(&429), "{without:?}");
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    redis.bring_back().await;
    let deadline = std::time::Instant::now() + Duration::from_secs(20);
    while statuses(1).await != [200] {
        assert!(std::time::Instant::now() < deadline, "the buckets in Redis, empty anew, are used again");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}
