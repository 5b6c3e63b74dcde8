//! Tokens of issuers that organizations register: taken as they are, and nothing else is.

use chrono::TimeDelta;
use serde_json::{Value, json};
use shared::{
    domain::{organizations::Organization, people::Person},
    store,
};

use crate::{
    on_both_databases,
    support::{
        graphql::{Client, mutation},
        house::House,
        provider::{Provider, SigningKey},
    },
};

mod attacks;
mod keys;
mod tenants;

on_both_databases!(
    a_portals_tokens_work_as_they_are,
    an_external_id_links_too,
    only_what_an_issuer_vouches_for_links,
    nobody_is_taken_over,
    two_first_sign_ins_make_one_link,
    only_administrators_register_issuers,
);

const AUDIENCE: &str = "counterpart-api";

/// What a request with a token comes to: the person's name, or why not.
type Outcome = Result<String, (u16, String)>;

/// Registers the provider by discovery, linking by the claim `email`, with some fields changed.
async fn register(client: &Client, provider: &Provider, changes: &Value) -> String {
    let mut input = json!({ "name": "Portal", "issuer": provider.issuer(), "audience": AUDIENCE, "linkBy": "EMAIL" });
    for (name, value) in changes.as_object().unwrap() {
        input[name] = value.clone();
    }
    let payload = client.mutate(&mutation("createIssuer", "issuer { id }"), json!({ "input": input })).await;
    payload["issuer"]["id"].as_str().unwrap().to_owned()
}

async fn update(house: &House, id: &str, changes: &Value) {
    let mut input = changes.clone();
    input["id"] = json!(id);
    house.admin().mutate(&mutation("updateIssuer", "issuer { id }"), json!({ "input": input })).await;
}

async fn sign_in(client: &Client) -> Outcome {
    let answer = client.raw("{ viewer { person { name } } }", json!({})).await;
    let text = |path: &str| answer.body.pointer(path).and_then(Value::as_str).map(str::to_owned);
    text("/data/viewer/person/name")
        .ok_or_else(|| (answer.status.as_u16(), text("/errors/0/message").unwrap_or_else(|| panic!("{answer:?}"))))
}

async fn present(house: &House, token: &str) -> Outcome {
    sign_in(&house.with_token(token)).await
}

#[track_caller]
fn refused(outcome: Outcome, status: u16, told: &str) {
    let (found, message) = outcome.expect_err(told);
    assert_eq!(found, status, "{message}");
    assert!(message.contains(told), "{message}");
}

/// A token of the provider for this person of the house, with a verified address.
fn token(house: &House, provider: &Provider, key: &SigningKey, person: &Person, more: &Value) -> String {
    let mut claims = json!({ "email": person.email.to_uppercase(), "email_verified": true });
    for (name, value) in more.as_object().unwrap() {
        claims[name] = value.clone();
    }
    key.sign(&provider.claims(house.clock.now(), AUDIENCE, &format!("subject-of-{}", person.id), &claims))
}

async fn audited(house: &House, organization: &Organization, action: &str, person: &Person) -> bool {
    let since = House::morning();
    store::audit::is_recorded_since(&house.store, organization.id, action, person.id, since).await.unwrap()
}

const IDENTITIES: &str = "query($id: ID!) { node(id: $id) { ... on Person {
    identities(first: 5) { totalCount nodes { id subject issuerName lastSeenAt person { name } } } } } }";

async fn identities(client: &Client, person: &Person) -> Value {
    let data = client.query(IDENTITIES, json!({ "id": House::id("Person", person.id) })).await;
    data["node"]["identities"].clone()
}

async fn a_portals_tokens_work_as_they_are(house: House) {
    let keys = [SigningKey::rsa("rsa-1"), SigningKey::p256("ec-1"), SigningKey::ed25519("ed-1")];
    let provider = Provider::start(&keys.iter().collect::<Vec<_>>()).await;
    register(&house.admin(), &provider, &json!({})).await;
    let person = house.person("Paula Portal", "DE").await;
    for key in &keys {
        let token = token(&house, &provider, key, &person, &json!({}));
        assert_eq!(present(&house, &token).await, Ok("Paula Portal".to_owned()), "{}", key.id);
    }
    assert_eq!(provider.requests(), 2, "the keys are kept");
    assert!(audited(&house, &house.organization, "linkIdentity", &person).await);

    // From now on the subject alone decides, whatever the claims say.
    let other = house.person("Otto Other", "DE").await;
    for claims in [
        json!({ "email": other.email }),
        json!({ "email": null, "email_verified": null }),
        json!({ "email_verified": false, "aud": ["another", AUDIENCE] }),
    ] {
        let token = token(&house, &provider, &keys[0], &person, &claims);
        assert_eq!(present(&house, &token).await, Ok("Paula Portal".to_owned()), "{claims}");
    }

    // The person and administrators see the account, nobody else does, and its use is noted once a day.
    let portal = house.with_token(&token(&house, &provider, &keys[0], &person, &json!({})));
    let seen = identities(&portal, &person).await;
    assert_eq!(seen["totalCount"], 1);
    let identity = &seen["nodes"][0];
    assert_eq!(identity["subject"], format!("subject-of-{}", person.id));
    assert_eq!((&identity["issuerName"], &identity["person"]["name"]), (&json!("Portal"), &json!("Paula Portal")));
    let first = identity["lastSeenAt"].clone();
    assert_eq!(identities(&house.admin(), &person).await, seen);
    let coordinator = house.client(&house.coordinator("Cora Coordinator", None).await);
    assert_eq!(identities(&coordinator, &person).await, Value::Null);
    assert_eq!(identities(&house.client(&other), &other).await["totalCount"], 0);
    for (hours, is_noted) in [(23, false), (2, true)] {
        house.clock.advance(TimeDelta::hours(hours));
        let portal = house.with_token(&token(&house, &provider, &keys[0], &person, &json!({})));
        let now = identities(&portal, &person).await["nodes"][0]["lastSeenAt"].clone();
        assert_eq!(now != first, is_noted, "after {hours} hours: {now}, first {first}");
    }

    // Unlinked, the account is linked anew by what it says now.
    let delete = mutation("deleteIdentity", "deletedIdentityId");
    let input = json!({ "input": { "id": identity["id"] } });
    for stranger in [&coordinator, &house.client(&other)] {
        assert_eq!(stranger.user_errors(&delete, input.clone()).await[0]["code"], "NOT_FOUND");
    }
    house.client(&person).mutate(&delete, input.clone()).await;
    assert!(audited(&house, &house.organization, "deleteIdentity", &person).await);
    assert_eq!(house.admin().user_errors(&delete, input).await[0]["code"], "NOT_FOUND");
    let anew = token(&house, &provider, &keys[0], &person, &json!({ "email": other.email }));
    assert_eq!(present(&house, &anew).await, Ok("Otto Other".to_owned()));

    let mut left = store::people::find(&house.store, house.organization.id, other.id).await.unwrap().unwrap();
    left.active = false;
    let tx = house.store.begin().await.unwrap();
    store::people::update(&tx, &mut left).await.unwrap();
    tx.commit().await.unwrap();
    refused(present(&house, &anew).await, 401, "no longer active");
}

async fn an_external_id_links_too(house: House) {
    let key = SigningKey::p256("ec-1");
    let provider = Provider::start(&[&key]).await;
    let more = json!({ "linkBy": "EXTERNAL_ID", "linkClaim": "matriculation", "jwksUrl": provider.jwks_url() });
    register(&house.admin(), &provider, &more).await;
    let mut person = house.person("Paula Portal", "DE").await;
    person.external_id = Some("00123".to_owned());
    let mut numbered = house.person("Nina Number", "DE").await;
    numbered.external_id = Some("123".to_owned());
    let tx = house.store.begin().await.unwrap();
    store::people::update(&tx, &mut person).await.unwrap();
    store::people::update(&tx, &mut numbered).await.unwrap();
    tx.commit().await.unwrap();
    // An address says nothing here.
    let by_address = token(&house, &provider, &key, &person, &json!({}));
    refused(present(&house, &by_address).await, 401, "the claim that the organization chose");
    for claim in [json!(""), json!(12.5), json!(["00123"]), json!("x".repeat(256))] {
        let token = token(&house, &provider, &key, &person, &json!({ "matriculation": claim }));
        refused(present(&house, &token).await, 401, "the claim that the organization chose");
    }
    let unknown = token(&house, &provider, &key, &person, &json!({ "matriculation": "0123" }));
    refused(present(&house, &unknown).await, 401, "not in the roster");
    let by_id = token(&house, &provider, &key, &person, &json!({ "matriculation": "00123" }));
    assert_eq!(present(&house, &by_id).await, Ok("Paula Portal".to_owned()));
    let by_number = token(&house, &provider, &key, &numbered, &json!({ "matriculation": 123 }));
    assert_eq!(present(&house, &by_number).await, Ok("Nina Number".to_owned()));
    assert_eq!(provider.requests(), 1, "without discovery");
}

async fn only_what_an_issuer_vouches_for_links(house: House) {
    let key = SigningKey::p256("ec-1");
    let provider = Provider::start(&[&key]).await;
    let issuer = register(&house.admin(), &provider, &json!({})).await;
    let person = house.person("Paula Portal", "DE").await;
    for verified in [json!(false), json!(null), json!("false"), json!("yes"), json!(1)] {
        let token = token(&house, &provider, &key, &person, &json!({ "email_verified": verified }));
        refused(present(&house, &token).await, 401, "email_verified must be true");
    }
    let nowhere = token(&house, &provider, &key, &person, &json!({ "email": "nobody@example.org" }));
    refused(present(&house, &nowhere).await, 401, "not in the roster");
    let text = token(&house, &provider, &key, &person, &json!({ "email": "Paula" }));
    refused(present(&house, &text).await, 401, "the claim that the organization chose");

    // An issuer whose addresses are trusted, in a claim of its own. The change is known here within half a minute.
    update(&house, &issuer, &json!({ "trustsEmail": true, "linkClaim": "upn" })).await;
    house.clock.advance(TimeDelta::seconds(31));
    let trusted = json!({ "email": null, "email_verified": null, "upn": person.email });
    let token = token(&house, &provider, &key, &person, &trusted);
    assert_eq!(present(&house, &token).await, Ok("Paula Portal".to_owned()));

    // Switched off and removed, at once.
    update(&house, &issuer, &json!({ "active": false })).await;
    refused(present(&house, &token).await, 401, "unexpected issuer");
    update(&house, &issuer, &json!({ "active": true })).await;
    house.clock.advance(TimeDelta::seconds(3));
    assert_eq!(present(&house, &token).await, Ok("Paula Portal".to_owned()));
    let delete = mutation("deleteIssuer", "deletedIssuerId");
    house.admin().mutate(&delete, json!({ "input": { "id": issuer } })).await;
    refused(present(&house, &token).await, 401, "unexpected issuer");
    assert_eq!(identities(&house.admin(), &person).await["totalCount"], 0);
}

async fn nobody_is_taken_over(house: House) {
    let key = SigningKey::p256("ec-1");
    let provider = Provider::start(&[&key]).await;
    register(&house.admin(), &provider, &json!({})).await;
    let person = house.person("Paula Portal", "DE").await;
    let own = token(&house, &provider, &key, &person, &json!({}));
    assert_eq!(present(&house, &own).await, Ok("Paula Portal".to_owned()));
    let thief = token(&house, &provider, &key, &person, &json!({ "sub": "somebody else" }));
    refused(present(&house, &thief).await, 401, "linked to another account");
    assert!(audited(&house, &house.organization, "refuseIdentity", &person).await);
    refused(present(&house, &thief).await, 401, "linked to another account");
    assert_eq!(present(&house, &own).await, Ok("Paula Portal".to_owned()));
}

async fn two_first_sign_ins_make_one_link(house: House) {
    let key = SigningKey::p256("ec-1");
    let provider = Provider::start(&[&key]).await;
    register(&house.admin(), &provider, &json!({})).await;
    let person = house.person("Paula Portal", "DE").await;
    let same = token(&house, &provider, &key, &person, &json!({}));
    let outcomes = futures(8, |_| same.clone(), &house).await;
    assert!(outcomes.iter().all(|outcome| *outcome == Ok("Paula Portal".to_owned())), "{outcomes:?}");
    assert_eq!(identities(&house.admin(), &person).await["totalCount"], 1);
    assert_eq!(provider.fetches(), 1, "they all waited for the same keys");

    let rival = house.person("Rita Rival", "DE").await;
    let by_number =
        |number: usize| token(&house, &provider, &key, &rival, &json!({ "sub": format!("account {number}") }));
    let outcomes = futures(8, by_number, &house).await;
    let won = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
    assert_eq!(won, 1, "{outcomes:?}");
    for lost in outcomes.into_iter().filter(Result::is_err) {
        refused(lost, 401, "linked to another account");
    }
    assert_eq!(identities(&house.admin(), &rival).await["totalCount"], 1);
}

/// So many sign-ins at once.
async fn futures(count: usize, token: impl Fn(usize) -> String, house: &House) -> Vec<Outcome> {
    let tasks: Vec<_> = (0..count)
        .map(|number| {
            let client = house.with_token(&token(number));
            tokio::spawn(async move { sign_in(&client).await })
        })
        .collect();
    let mut outcomes = Vec::new();
    for task in tasks {
        outcomes.push(task.await.unwrap());
    }
    outcomes
}

async fn only_administrators_register_issuers(house: House) {
    let create = mutation("createIssuer", "issuer { id }");
    let input = |changes: Value| {
        let mut input = json!({ "name": "Portal", "issuer": "https://id.example.org", "audience": "counterpart",
            "linkBy": "EMAIL" });
        for (name, value) in changes.as_object().unwrap() {
            input[name] = value.clone();
        }
        json!({ "input": input })
    };
    let coordinator = house.client(&house.coordinator("Cora Coordinator", None).await);
    assert_eq!(coordinator.user_errors(&create, input(json!({}))).await[0]["code"], "FORBIDDEN");
    assert_eq!(coordinator.error_codes("{ issuers(first: 1) { totalCount } }", json!({})).await, ["FORBIDDEN"]);

    let admin = house.admin();
    for (changes, field, told) in [
        (json!({ "name": " " }), "name", "1 to 200"),
        (json!({ "issuer": "http://id.example.org" }), "issuer", "https"),
        (json!({ "issuer": "id.example.org" }), "issuer", "is not a URL"),
        (json!({ "issuer": "https://id.example.org?tenant=1" }), "issuer", "?"),
        (json!({ "issuer": "https://10.0.0.1" }), "issuer", "not a public one"),
        (json!({ "issuer": "https://[::ffff:169.254.169.254]" }), "issuer", "not a public one"),
        (json!({ "jwksUrl": "http://id.example.org/keys" }), "jwksUrl", "https"),
        (json!({ "jwksUrl": "file:///etc/passwd" }), "jwksUrl", "host"),
        (json!({ "jwksUrl": "https://admin:secret@id.example.org/keys" }), "jwksUrl", "password"),
        (json!({ "audience": "" }), "audience", "1 to 255"),
        (json!({ "linkBy": "EXTERNAL_ID" }), "linkClaim", "1 to 255"),
        (json!({ "linkClaim": "upn" }), "linkClaim", "email_verified"),
    ] {
        let errors = admin.user_errors(&create, input(changes.clone())).await;
        assert_eq!((&errors[0]["code"], &errors[0]["field"]), (&json!("INVALID"), &json!([field])), "{changes}");
        let message = errors[0]["message"].as_str().unwrap();
        assert!(message.contains(told), "{changes}: {message}");
    }
    let made = admin.mutate(&create, input(json!({}))).await["issuer"]["id"].clone();
    assert_eq!(admin.user_errors(&create, input(json!({}))).await[0]["code"], "ALREADY_EXISTS");
    for number in 1..20 {
        admin.mutate(&create, input(json!({ "audience": format!("program-{number}") }))).await;
    }
    let beyond = admin.user_errors(&create, input(json!({ "audience": "one more" }))).await;
    assert_eq!(beyond[0]["code"], "INVALID", "an audience has no spaces");
    let beyond = admin.user_errors(&create, input(json!({ "audience": "one-more" }))).await;
    assert_eq!(beyond[0]["code"], "NOT_POSSIBLE");
    let change = mutation("updateIssuer", "issuer { audience jwksUrl }");
    let taken = json!({ "input": { "id": made, "audience": "program-3" } });
    assert_eq!(admin.user_errors(&change, taken).await[0]["code"], "ALREADY_EXISTS");
    house.clock.advance(TimeDelta::seconds(1));
    let moved = json!({ "input": { "id": made, "jwksUrl": "https://id.example.org/keys" } });
    assert_eq!(admin.mutate(&change, moved).await["issuer"]["jwksUrl"], "https://id.example.org/keys");
    let back = json!({ "input": { "id": made, "jwksUrl": "" } });
    assert_eq!(admin.mutate(&change, back).await["issuer"]["jwksUrl"], Value::Null);
    let page = "{ issuers(first: 5, orderBy: { field: UPDATED_AT, direction: DESC }) {
        totalCount nodes { id name issuer audience linkBy linkClaim trustsEmail active } } }";
    let listed = admin.query(page, json!({})).await;
    assert_eq!((&listed["issuers"]["totalCount"], &listed["issuers"]["nodes"][0]["id"]), (&json!(20), &made));

    // Another tenant's issuer is no issuer.
    let (_, stranger) = house.other_organization("island").await;
    let stranger = house.client(&stranger);
    let own = json!({ "input": { "id": made } });
    for (name, selection) in [("updateIssuer", "issuer { id }"), ("deleteIssuer", "deletedIssuerId")] {
        let errors = stranger.user_errors(&mutation(name, selection), own.clone()).await;
        assert_eq!(errors[0]["code"], "NOT_FOUND", "{name}");
    }
    assert_eq!(stranger.query("{ issuers(first: 1) { totalCount } }", json!({})).await["issuers"]["totalCount"], 0);
}
