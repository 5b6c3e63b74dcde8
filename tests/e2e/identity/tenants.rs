//! Organizations that register the same issuer: none can speak for another, nor keep its people out.

use chrono::TimeDelta;
use serde_json::{Value, json};
use shared::{domain::people::Person, store};

use super::{AUDIENCE, Outcome, present, refused, register, sign_in};
use crate::{
    on_both_databases,
    support::{
        house::House,
        provider::{Provider, SigningKey},
    },
};

on_both_databases!(
    two_organizations_share_an_issuer,
    a_squatter_keeps_nobody_out,
    a_tenants_issuer_speaks_for_nobody_elsewhere,
);

/// A person of another organization, with the address of this one.
async fn twin(house: &House, of: &Person, other: &Person) -> Person {
    let twin = Person {
        id: house.clock.new_id(),
        organization_id: other.organization_id,
        name: format!("{} on the island", of.name),
        external_id: None,
        ..of.clone()
    };
    let tx = house.store.begin().await.unwrap();
    store::people::insert_many(&tx, std::slice::from_ref(&twin)).await.unwrap();
    tx.commit().await.unwrap();
    twin
}

fn signed(house: &House, provider: &Provider, key: &SigningKey, subject: &str, person: &Person) -> String {
    let claims = json!({ "email": person.email, "email_verified": true });
    key.sign(&provider.claims(house.clock.now(), AUDIENCE, subject, &claims))
}

async fn present_to(house: &House, token: &str, slug: &str) -> Outcome {
    sign_in(&house.with_token(token).of_organization(slug)).await
}

async fn two_organizations_share_an_issuer(house: House) {
    let key = SigningKey::p256("ec-1");
    let provider = Provider::start(&[&key]).await;
    let (island, stranger) = house.other_organization("island").await;
    register(&house.admin(), &provider, &json!({})).await;
    register(&house.client(&stranger), &provider, &json!({})).await;
    let person = house.person("Paula Portal", "DE").await;
    twin(&house, &person, &stranger).await;
    let token = signed(&house, &provider, &key, "paula", &person);

    refused(present(&house, &token).await, 401, "the header Counterpart-Organization");
    for slug in ["nowhere", "", "harbour,island"] {
        refused(present_to(&house, &token, slug).await, 401, "takes no tokens of this issuer");
    }
    assert_eq!(present_to(&house, &token, "harbour").await, Ok("Paula Portal".to_owned()));
    assert_eq!(present(&house, &token).await, Ok("Paula Portal".to_owned()), "linked in one organization only");
    assert_eq!(present_to(&house, &token, &island.slug).await, Ok("Paula Portal on the island".to_owned()));
    refused(present(&house, &token).await, 401, "the header Counterpart-Organization");
    assert_eq!(present_to(&house, &token, "harbour").await, Ok("Paula Portal".to_owned()));
    assert_eq!(provider.fetches(), 1, "the same keys serve both");

    // What is linked in one is nothing in the other.
    let list = "{ people(first: 50) { totalCount } }";
    let seen = house.with_token(&token).of_organization("harbour").raw(list, Value::Null).await;
    assert_eq!(seen.body["errors"][0]["extensions"]["code"], "FORBIDDEN");
}

async fn a_squatter_keeps_nobody_out(house: House) {
    let (own, thief) = (SigningKey::p256("key-1"), SigningKey::rsa("key-1"));
    let provider = Provider::start(&[&own]).await;
    let false_keys = Provider::start(&[&thief]).await;
    let (_, stranger) = house.other_organization("island").await;
    // The squatter was first, with keys of its own.
    let more = json!({ "jwksUrl": false_keys.jwks_url() });
    register(&house.client(&stranger), &provider, &more).await;
    register(&house.admin(), &provider, &json!({})).await;
    house.clock.advance(TimeDelta::seconds(31));
    let person = house.person("Paula Portal", "DE").await;
    let twin = twin(&house, &person, &stranger).await;
    let token = signed(&house, &provider, &own, "paula", &person);
    assert_eq!(present(&house, &token).await, Ok("Paula Portal".to_owned()), "only one of them has the key");
    // With its keys it speaks for its own people only.
    let forged = signed(&house, &provider, &thief, "paula", &person);
    assert_eq!(present(&house, &forged).await, Ok(twin.name.clone()));
    refused(present_to(&house, &forged, "harbour").await, 401, "an algorithm that its key does not allow");

    // It registers the true keys as well, but has no tokens of these people: who was there before stays.
    let island = house.client(&stranger);
    let listed = island.query("{ issuers(first: 1) { nodes { id } } }", json!({})).await;
    let id = &listed["issuers"]["nodes"][0]["id"];
    let change = crate::support::graphql::mutation("updateIssuer", "issuer { id }");
    island.mutate(&change, json!({ "input": { "id": id, "jwksUrl": "" } })).await;
    house.clock.advance(TimeDelta::seconds(31));
    let newcomer = house.person("Nina Newcomer", "DE").await;
    let first = signed(&house, &provider, &own, "nina", &newcomer);
    refused(present(&house, &first).await, 401, "the header Counterpart-Organization");
    assert_eq!(present_to(&house, &first, "harbour").await, Ok("Nina Newcomer".to_owned()));
    assert_eq!(present(&house, &first).await, Ok("Nina Newcomer".to_owned()));
}

async fn a_tenants_issuer_speaks_for_nobody_elsewhere(house: House) {
    let key = SigningKey::p256("ec-1");
    let provider = Provider::start(&[&key]).await;
    let (_, stranger) = house.other_organization("island").await;
    register(&house.client(&stranger), &provider, &json!({})).await;
    let person = house.person("Paula Portal", "DE").await;
    let token = signed(&house, &provider, &key, "paula", &person);
    refused(present(&house, &token).await, 401, "not in the roster");
    refused(present_to(&house, &token, "harbour").await, 401, "takes no tokens of this issuer");
    // Nor with claims that only our own tokens have.
    let claims = provider.claims(
        house.clock.now(),
        AUDIENCE,
        &house.administrator.id.to_string(),
        &json!({ "org": house.organization.id, "email": house.administrator.email, "email_verified": true }),
    );
    refused(present(&house, &key.sign(&claims)).await, 401, "not in the roster");
    let seen = super::identities(&house.admin(), &person).await;
    assert_eq!(seen["totalCount"], 0);
}
