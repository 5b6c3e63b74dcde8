//! Keys that are changed, and providers that are out of order.

use chrono::TimeDelta;
use serde_json::{Value, json};

use super::{present, refused, register, sign_in, token};
use crate::{
    on_both_databases,
    support::{
        house::House,
        provider::{Mood, Provider, SigningKey},
    },
};

on_both_databases!(
    keys_are_changed_without_a_pause,
    a_storm_of_unknown_keys_is_harmless,
    a_provider_that_is_down_keeps_nobody_out_for_a_day,
    a_provider_out_of_order_is_told,
    a_key_without_a_name_is_the_only_one,
);

async fn keys_are_changed_without_a_pause(house: House) {
    let (old, new) = (SigningKey::rsa("old"), SigningKey::p256("new"));
    let provider = Provider::start(&[&old]).await;
    register(&house.admin(), &provider, &json!({})).await;
    let person = house.person("Paula Portal", "DE").await;
    let by = |key: &SigningKey| token(&house, &provider, key, &person, &json!({}));
    assert_eq!(present(&house, &by(&old)).await, Ok("Paula Portal".to_owned()));
    house.clock.advance(TimeDelta::seconds(31));
    provider.publishes(&[&old, &new]);
    assert_eq!(present(&house, &by(&new)).await, Ok("Paula Portal".to_owned()), "a new key is fetched when it is used");
    assert_eq!(provider.fetches(), 2);

    // The old one is gone when the keys are no longer fresh: the first request after that renews them.
    provider.says_cache_control("max-age=120");
    provider.publishes(&[&new]);
    house.clock.advance(TimeDelta::minutes(11));
    assert_eq!(present(&house, &by(&new)).await, Ok("Paula Portal".to_owned()), "nobody waits for that");
    let unknown = SigningKey::ed25519("ed");
    refused(present(&house, &by(&unknown)).await, 401, "an unknown key");
    refused(present(&house, &by(&old)).await, 401, "an unknown key");
    assert_eq!(provider.fetches(), 3);

    // What the provider said about how long they are good counts.
    house.clock.advance(TimeDelta::seconds(119));
    assert_eq!(present(&house, &by(&new)).await, Ok("Paula Portal".to_owned()));
    assert_eq!(provider.fetches(), 3);
    house.clock.advance(TimeDelta::seconds(2));
    assert_eq!(present(&house, &by(&new)).await, Ok("Paula Portal".to_owned()));
    refused(present(&house, &by(&unknown)).await, 401, "an unknown key");
    assert_eq!(provider.fetches(), 4);
}

async fn a_storm_of_unknown_keys_is_harmless(house: House) {
    let (own, other) = (SigningKey::p256("own"), SigningKey::rsa("other"));
    let provider = Provider::start(&[&own]).await;
    register(&house.admin(), &provider, &json!({})).await;
    let person = house.person("Paula Portal", "DE").await;
    let good = token(&house, &provider, &own, &person, &json!({}));
    assert_eq!(present(&house, &good).await, Ok("Paula Portal".to_owned()));
    let claims = provider.claims(house.clock.now(), super::AUDIENCE, "x", &json!({}));
    let storm = async |seconds: i64, fetches: usize| {
        house.clock.advance(TimeDelta::seconds(seconds));
        let tasks: Vec<_> = (0..40)
            .map(|number| {
                let mut header = other.header();
                header.kid = Some(format!("key-{seconds}-{number}"));
                let client = house.with_token(&other.sign_with(&header, &claims));
                tokio::spawn(async move { sign_in(&client).await })
            })
            .collect();
        assert_eq!(present(&house, &good).await, Ok("Paula Portal".to_owned()));
        for task in tasks {
            refused(task.await.unwrap(), 401, "an unknown key");
        }
        assert_eq!(provider.fetches(), fetches);
    };
    storm(0, 1).await;
    storm(29, 1).await;
    storm(1, 2).await;
    storm(15, 2).await;
    storm(15, 3).await;
}

async fn a_provider_that_is_down_keeps_nobody_out_for_a_day(house: House) {
    let (own, new) = (SigningKey::p256("own"), SigningKey::rsa("new"));
    let provider = Provider::start(&[&own]).await;
    register(&house.admin(), &provider, &json!({})).await;
    let person = house.person("Paula Portal", "DE").await;
    let by = |key: &SigningKey| token(&house, &provider, key, &person, &json!({}));
    assert_eq!(present(&house, &by(&own)).await, Ok("Paula Portal".to_owned()));

    // It takes the request and never answers: whoever has a known key does not notice.
    provider.is(Mood::Silent);
    house.clock.advance(TimeDelta::minutes(11));
    let client = house.with_token(&by(&new));
    let waiting = tokio::spawn(async move { sign_in(&client).await });
    for _ in 0..5 {
        assert_eq!(present(&house, &by(&own)).await, Ok("Paula Portal".to_owned()));
    }
    refused(waiting.await.unwrap(), 401, "an unknown key");

    for mood in [Mood::Broken, Mood::Garbage, Mood::Endless, Mood::Impostor, Mood::Elsewhere(provider.jwks_url())] {
        provider.is(mood.clone());
        provider.publishes(&[&new]);
        house.clock.advance(TimeDelta::hours(4));
        assert_eq!(present(&house, &by(&own)).await, Ok("Paula Portal".to_owned()), "{mood:?}");
        refused(present(&house, &by(&new)).await, 401, "an unknown key");
    }
    // After a day nobody knows any more whether the keys are still the issuer's.
    provider.is(Mood::Broken);
    house.clock.advance(TimeDelta::hours(4));
    refused(present(&house, &by(&own)).await, 503, "the keys of its issuer cannot be read");
    let before = provider.requests();
    refused(present(&house, &by(&own)).await, 503, "try again in a minute");
    assert_eq!(provider.requests(), before, "nobody is asked twice in half a minute");
    provider.is(Mood::Good);
    provider.publishes(&[&own]);
    house.clock.advance(TimeDelta::seconds(31));
    assert_eq!(present(&house, &by(&own)).await, Ok("Paula Portal".to_owned()));
}

async fn a_provider_out_of_order_is_told(house: House) {
    let (own, new) = (SigningKey::p256("own"), SigningKey::rsa("new"));
    let trap = Provider::start(&[&own]).await;
    let person = house.person("Paula Portal", "DE").await;
    for (number, mood) in [Mood::Broken, Mood::Endless, Mood::Elsewhere(trap.jwks_url()), Mood::Garbage, Mood::Impostor]
        .iter()
        .enumerate()
    {
        let provider = Provider::start(&[&own]).await;
        provider.is(mood.clone());
        register(&house.admin(), &provider, &json!({ "name": format!("Provider {number}") })).await;
        house.clock.advance(TimeDelta::seconds(3));
        let token = token(&house, &provider, &own, &person, &json!({}));
        refused(present(&house, &token).await, 503, "the keys of its issuer cannot be read");
    }
    assert_eq!(trap.requests(), 0, "redirects are not followed");
    // Key sets that are none.
    let many: Vec<Value> = std::iter::repeat_n(own.jwk(), 101).collect();
    for keys in [vec![], many, vec![json!("key"), json!({}), json!({ "kty": "RSA" })]] {
        let provider = Provider::start(&[&own]).await;
        provider.publishes_raw(keys);
        let jwks = json!({ "jwksUrl": provider.jwks_url() });
        register(&house.admin(), &provider, &jwks).await;
        house.clock.advance(TimeDelta::seconds(3));
        let token = token(&house, &provider, &own, &person, &json!({}));
        refused(present(&house, &token).await, 503, "the keys of its issuer cannot be read");
        assert_eq!(provider.requests(), 1);
    }
    let gone = Provider::start(&[&new]).await;
    register(&house.admin(), &gone, &json!({ "jwksUrl": "http://127.0.0.1:9/keys" })).await;
    house.clock.advance(TimeDelta::seconds(3));
    let token = token(&house, &gone, &new, &person, &json!({}));
    refused(present(&house, &token).await, 503, "the keys of its issuer cannot be read");
}

async fn a_key_without_a_name_is_the_only_one(house: House) {
    let (one, other) = (SigningKey::p256("one"), SigningKey::ed25519("other"));
    let nameless = |key: &SigningKey| {
        let mut jwk = key.jwk();
        jwk.as_object_mut().unwrap().remove("kid");
        jwk
    };
    let provider = Provider::start(&[]).await;
    provider.publishes_raw(vec![nameless(&one)]);
    register(&house.admin(), &provider, &json!({})).await;
    let person = house.person("Paula Portal", "DE").await;
    let claims = json!({ "email": person.email, "email_verified": true });
    let by = |key: &SigningKey| {
        let mut header = key.header();
        header.kid = None;
        key.sign_with(&header, &provider.claims(house.clock.now(), super::AUDIENCE, "x", &claims))
    };
    assert_eq!(present(&house, &by(&one)).await, Ok("Paula Portal".to_owned()));
    refused(present(&house, &by(&other)).await, 401, "an unknown key");
    // One of each kind is no question, two of a kind are.
    house.clock.advance(TimeDelta::seconds(31));
    provider.publishes_raw(vec![nameless(&one), nameless(&other)]);
    assert_eq!(present(&house, &by(&other)).await, Ok("Paula Portal".to_owned()));
    provider.publishes_raw(vec![nameless(&one), nameless(&one)]);
    house.clock.advance(TimeDelta::minutes(11));
    refused(present(&house, &by(&SigningKey::rsa("x"))).await, 401, "an unknown key");
    refused(present(&house, &by(&one)).await, 401, "an unknown key");
}
