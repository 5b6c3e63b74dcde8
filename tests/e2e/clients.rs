//! Portals' back ends: keys, their scopes, and tokens on behalf of people.

use api::graphql::authorization::{Needs, ROOT_FIELDS};
use chrono::TimeDelta;
use reqwest::StatusCode;
use serde_json::{Value, json};
use shared::{domain::api_clients::Scope, store};

use crate::{
    authorization::{call, things},
    on_both_databases,
    support::{
        graphql::{Client, http, mutation, with_form},
        house::House,
    },
};

on_both_databases!(
    every_root_field_keeps_to_its_scope,
    scopes_cannot_be_walked_around,
    a_key_is_rotated_and_ends,
    a_key_ends_with_its_person,
    only_administrators_who_signed_in_themselves_manage_clients,
    a_token_on_behalf_of_a_person,
    a_token_on_behalf_ends_with_its_client,
    token_requests_that_are_refused,
);

const EXTERNAL_ID: &str = "urn:counterpart:params:oauth:token-type:external-id";
const GRANT: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const ISSUED: &str = "issued { key apiClient { id keyPrefix expiresAt lastUsedAt } }";

/// A new client of these scopes: its id and its key.
pub(crate) async fn issue(house: &House, scopes: &[&str]) -> (String, String) {
    let input = json!({ "name": "Portal", "scopes": scopes });
    let issued = house.admin().mutate(&mutation("createApiClient", ISSUED), json!({ "input": input })).await;
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let (id, key) = (text(&issued["issued"]["apiClient"]["id"]), text(&issued["issued"]["key"]));
    assert!(key.starts_with(issued["issued"]["apiClient"]["keyPrefix"].as_str().unwrap()), "{key}");
    (id, key)
}

/// The answer of `/token`: status and body.
pub(crate) async fn exchange(house: &House, key: &str, form: &[(&str, &str)]) -> (u16, Value) {
    let request = with_form(http().post(format!("{}/token", house.base())).bearer_auth(key), form);
    let answer = request.send().await.unwrap();
    assert_eq!(answer.headers()["cache-control"], "no-store");
    (answer.status().as_u16(), answer.json().await.unwrap())
}

/// A client with the token on behalf of somebody.
pub(crate) async fn on_behalf(house: &House, key: &str, external_id: &str) -> Client {
    let form = [("grant_type", GRANT), ("subject_token", external_id), ("subject_token_type", EXTERNAL_ID)];
    let (status, body) = exchange(house, key, &form).await;
    assert_eq!((status, &body["token_type"], &body["expires_in"]), (200, &json!("Bearer"), &json!(600)), "{body}");
    assert_eq!(body["issued_token_type"], "urn:ietf:params:oauth:token-type:access_token");
    Client::new(house.base(), body["access_token"].as_str().unwrap())
}

async fn is_out(client: &Client) -> bool {
    client.raw("{ viewer { person { id } } }", json!({})).await.status == StatusCode::UNAUTHORIZED
}

async fn every_root_field_keeps_to_its_scope(house: House) {
    let things = things(&house).await;
    let me = House::id("Person", house.administrator.id);
    let mut wrong = Vec::new();
    for &scope in Scope::ALL {
        let scopes: Vec<&str> = if scope == Scope::Staff { vec!["STAFF", "ON_BEHALF"] } else { vec![scope.as_str()] };
        let client = Client::new(house.base(), &issue(&house, &scopes).await.1);
        for field in ROOT_FIELDS {
            let (document, variables) = call(field, &things, &me);
            let body = client.raw(&document, variables).await.body;
            let error = &body["errors"][0];
            let is_refused = error["extensions"]["code"] == "FORBIDDEN" && body["data"].is_null();
            let (expected, word) = match field.needs {
                Needs::Scope(needed) => (needed != scope, needed.as_str()),
                Needs::Person => (true, "people"),
                Needs::Nothing => (false, ""),
            };
            let told = error["message"].as_str().unwrap_or_default();
            if is_refused != expected || (expected && !(told.contains(word) && told.contains(field.name))) {
                wrong.push(format!("{} with {scope}: {body}", field.name));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

async fn scopes_cannot_be_walked_around(house: House) {
    let reader = Client::new(house.base(), &issue(&house, &["READ"]).await.1);
    let me = House::id("Person", house.administrator.id);
    let change = "updatePerson(input: $input) { userErrors { code } }";
    let documents = [
        format!("mutation($input: UpdatePersonInput!) {{ viewer: {change} }}"),
        format!(
            "mutation($input: UpdatePersonInput!) {{ ...F }} fragment F on Mutation {{ ...G }} fragment G on Mutation {{ {change} }}"
        ),
        format!("mutation($input: UpdatePersonInput!) {{ ... on Mutation {{ ... {{ {change} }} }} }}"),
        "mutation($input: UpdatePersonInput!) { updatePerson(input: $input) @include(if: true) { userErrors { code } } }".to_owned(),
    ];
    for document in documents {
        let answer = reader.raw(&document, json!({ "input": { "id": me, "name": "Changed" } })).await;
        assert_eq!(answer.body["errors"][0]["extensions"]["code"], "FORBIDDEN", "{document}: {}", answer.body);
    }
    let two = "query A { viewer { person { name } } } mutation B($input: UpdatePersonInput!) { updatePerson(input: $input) { userErrors { code } } }";
    let variables = json!({ "input": { "id": me, "name": "Changed" } });
    let body = json!({ "query": two, "operationName": "B", "variables": variables });
    assert_eq!(reader.post(body).await.body["errors"][0]["extensions"]["code"], "FORBIDDEN");
    let body = json!({ "query": two, "operationName": "A", "variables": variables });
    assert_eq!(reader.post(body).await.body["data"]["viewer"]["person"]["name"], house.administrator.name);
    let schema = reader.query("{ __schema { queryType { name } } __typename }", json!({})).await;
    assert_eq!(schema["__typename"], "Query");
}

async fn a_key_is_rotated_and_ends(house: House) {
    let (id, old) = issue(&house, &["READ"]).await;
    let client = |key: &str| Client::new(house.base(), key);
    let used = async || {
        let clients = house.admin().query("{ organization { apiClients { lastUsedAt } } }", json!({})).await;
        clients["organization"]["apiClients"][0]["lastUsedAt"].clone()
    };
    assert_eq!(used().await, Value::Null);
    assert!(!is_out(&client(&old)).await);
    assert_eq!(used().await, "2026-03-02T08:00:00Z");
    house.clock.advance(TimeDelta::seconds(59));
    assert!(!is_out(&client(&old)).await);
    assert_eq!(used().await, "2026-03-02T08:00:00Z", "written once a minute at most");
    house.clock.advance(TimeDelta::seconds(1));
    assert!(!is_out(&client(&old)).await);
    assert_eq!(used().await, "2026-03-02T08:01:00Z");

    let rotate = mutation("rotateApiClient", ISSUED);
    let input = json!({ "input": { "id": id, "overlapHours": 2, "expiresInDays": 10 } });
    let rotated = house.admin().mutate(&rotate, input).await;
    let new = rotated["issued"]["key"].as_str().unwrap().to_owned();
    assert!(!is_out(&client(&old)).await && !is_out(&client(&new)).await, "both work during the overlap");
    // The wrong secret of a right id, and another spelling.
    for wrong in [format!("{}{}", &new[..new.len() - 4], "0000"), new.to_uppercase(), new.replace('_', "-")] {
        assert!(is_out(&client(&wrong)).await, "{wrong}");
    }
    house.clock.advance(TimeDelta::hours(2));
    assert!(is_out(&client(&old)).await && !is_out(&client(&new)).await);
    house.clock.advance(TimeDelta::days(10));
    let answer = client(&new).raw("{ viewer { person { id } } }", json!({})).await;
    assert!(answer.body["errors"][0]["message"].as_str().unwrap().contains("has expired"), "{}", answer.body);

    let errors = house.admin().user_errors(&rotate, json!({ "input": { "id": id, "overlapHours": 169 } })).await;
    assert_eq!(errors[0]["field"], json!(["overlapHours"]));
    let at_once = house.admin().mutate(&rotate, json!({ "input": { "id": id, "overlapHours": 0 } })).await;
    let newest = at_once["issued"]["key"].as_str().unwrap().to_owned();
    assert!(is_out(&client(&new)).await && !is_out(&client(&newest)).await);
    let revoke = mutation("revokeApiClient", "apiClient { revokedAt }");
    let revoked = house.admin().mutate(&revoke, json!({ "input": { "id": id } })).await;
    assert!(revoked["apiClient"]["revokedAt"].is_string());
    assert_eq!(house.admin().mutate(&revoke, json!({ "input": { "id": id } })).await, revoked, "once is enough");
    assert!(is_out(&client(&newest)).await);
    let errors = house.admin().user_errors(&rotate, json!({ "input": { "id": id } })).await;
    assert_eq!(errors[0]["code"], "NOT_POSSIBLE");
}

async fn a_key_ends_with_its_person(house: House) {
    let coordinator = house.coordinator("Cora Coordinator", Some(&["FR"])).await;
    let input =
        json!({ "name": "Portal", "scopes": ["READ", "ON_BEHALF"], "personId": House::id("Person", coordinator.id) });
    let issued = house.admin().mutate(&mutation("createApiClient", ISSUED), json!({ "input": input })).await;
    let key = issued["issued"]["key"].as_str().unwrap();
    let client = Client::new(house.base(), key);
    let seen = client.query("{ viewer { person { name } roles { countries } } }", json!({})).await;
    assert_eq!(seen["viewer"], json!({ "person": { "name": "Cora Coordinator" }, "roles": [{ "countries": ["FR"] }] }));
    let participant = house.person("Paul Participant", "FR").await;
    let external_id = participant.external_id.clone().unwrap();
    let exchanged = on_behalf(&house, key, &external_id).await;
    assert!(!is_out(&exchanged).await);
    house.leave(&coordinator).await;
    assert!(is_out(&client).await && is_out(&exchanged).await, "whom the client acts as has left");
}

async fn only_administrators_who_signed_in_themselves_manage_clients(house: House) {
    let (id, key) = issue(&house, &["READ", "WRITE"]).await;
    let create = mutation("createApiClient", ISSUED);
    let coordinator = house.client(&house.coordinator("Cora Coordinator", None).await);
    let (_, stranger) = house.other_organization("island").await;
    let stranger = house.client(&stranger);
    for (name, input) in [
        ("createApiClient", json!({ "name": "X", "scopes": ["READ"] })),
        ("rotateApiClient", json!({ "id": id })),
        ("revokeApiClient", json!({ "id": id })),
    ] {
        let document = mutation(name, "");
        let errors = coordinator.user_errors(&document, json!({ "input": input })).await;
        assert_eq!(errors[0]["code"], "FORBIDDEN", "{name}");
        let codes = Client::new(house.base(), &key).error_codes(&document, json!({ "input": input })).await;
        assert_eq!(codes, ["FORBIDDEN"], "{name}: a key makes no keys");
        if name != "createApiClient" {
            let errors = stranger.user_errors(&document, json!({ "input": input })).await;
            assert_eq!(errors[0]["code"], "NOT_FOUND", "{name}");
        }
    }
    let listed = "{ organization { apiClients { id } } }";
    assert_eq!(coordinator.query(listed, json!({})).await["organization"]["apiClients"], Value::Null);
    assert_eq!(stranger.query(listed, json!({})).await["organization"]["apiClients"], json!([]));
    let participant = house.person("Paul Participant", "FR").await;
    for (input, field) in [
        (json!({ "name": " ", "scopes": ["READ"] }), "name"),
        (json!({ "name": "X", "scopes": [] }), "scopes"),
        (json!({ "name": "X", "scopes": ["STAFF"] }), "scopes"),
        (json!({ "name": "X", "scopes": ["READ"], "expiresInDays": 366 }), "expiresInDays"),
        (json!({ "name": "X", "scopes": ["READ"], "expiresInDays": 0 }), "expiresInDays"),
        (json!({ "name": "X", "scopes": ["READ"], "personId": House::id("Person", participant.id) }), "personId"),
    ] {
        let errors = house.admin().user_errors(&create, json!({ "input": input })).await;
        assert_eq!(errors[0]["field"], json!([field]), "{input}");
    }
}

async fn a_token_on_behalf_of_a_person(house: House) {
    let (id, key) = issue(&house, &["READ", "WRITE", "ON_BEHALF"]).await;
    let coordinator = house.coordinator("Cora Coordinator", None).await;
    let external_id = coordinator.external_id.clone().unwrap();
    let client = on_behalf(&house, &key, &external_id).await;
    let seen = client.query("{ viewer { person { name } roles { role } } }", json!({})).await;
    assert_eq!(
        seen["viewer"],
        json!({ "person": { "name": "Cora Coordinator" }, "roles": [] }),
        "no roles without STAFF"
    );
    assert_eq!(client.error_codes("{ people(first: 1) { totalCount } }", json!({})).await, ["FORBIDDEN"]);
    let input = json!({ "input": { "id": House::id("Person", coordinator.id), "headline": "Changed by the portal" } });
    client.mutate(&mutation("updatePerson", "person { headline }"), input).await;
    let entries = store::audit::latest(&house.store, house.organization.id, 10).await.unwrap();
    let entry = entries.iter().find(|entry| entry.action == "updatePerson").unwrap();
    let client_id = entry.client_id.unwrap();
    assert_eq!((House::id("ApiClient", client_id), entry.actor_id), (id, Some(coordinator.id)));

    let (_, key) = issue(&house, &["READ", "ON_BEHALF", "STAFF"]).await;
    let client = on_behalf(&house, &key, &external_id).await;
    client.query("{ people(first: 1) { totalCount } }", json!({})).await;
    let form = [
        ("grant_type", GRANT),
        ("subject_token", external_id.as_str()),
        ("subject_token_type", EXTERNAL_ID),
        ("scope", "READ"),
    ];
    let (status, body) = exchange(&house, &key, &form).await;
    assert_eq!((status, &body["scope"]), (200, &json!("READ")));
    let narrow = Client::new(house.base(), body["access_token"].as_str().unwrap());
    assert_eq!(narrow.error_codes("{ people(first: 1) { totalCount } }", json!({})).await, ["FORBIDDEN"]);
    let input = json!({ "input": { "id": House::id("Person", coordinator.id), "headline": "Beyond" } });
    assert_eq!(narrow.error_codes(&mutation("updatePerson", ""), input).await, ["FORBIDDEN"]);
    // A token on behalf is no key.
    let again = exchange(&house, body["access_token"].as_str().unwrap(), &form).await;
    assert_eq!((again.0, &again.1["error"]), (401, &json!("invalid_client")));
    house.clock.advance(TimeDelta::minutes(10) + TimeDelta::seconds(31));
    assert!(is_out(&narrow).await && is_out(&client).await);
}

async fn a_token_on_behalf_ends_with_its_client(house: House) {
    let participant = house.person("Paul Participant", "FR").await;
    let external_id = participant.external_id.clone().unwrap();
    let (id, key) = issue(&house, &["READ", "ON_BEHALF"]).await;
    let client = on_behalf(&house, &key, &external_id).await;
    assert!(!is_out(&client).await);
    house.admin().mutate(&mutation("revokeApiClient", ""), json!({ "input": { "id": id } })).await;
    assert!(is_out(&client).await, "the client was revoked");

    let (_, key) = issue(&house, &["READ", "ON_BEHALF"]).await;
    house.clock.advance(TimeDelta::days(90) - TimeDelta::minutes(5));
    let form = [("grant_type", GRANT), ("subject_token", &*external_id), ("subject_token_type", EXTERNAL_ID)];
    let (_, body) = exchange(&house, &key, &form).await;
    assert_eq!(body["expires_in"], 300, "no longer than the key");
    let client = Client::new(house.base(), body["access_token"].as_str().unwrap());
    assert!(!is_out(&client).await);
    house.clock.advance(TimeDelta::minutes(5));
    assert!(is_out(&client).await, "its key expired; no leeway for that");

    let (_, key) = issue(&house, &["READ", "ON_BEHALF"]).await;
    let client = on_behalf(&house, &key, &external_id).await;
    house.leave(&participant).await;
    assert!(is_out(&client).await, "the person left");
}

async fn token_requests_that_are_refused(house: House) {
    let (_, key) = issue(&house, &["READ", "ON_BEHALF"]).await;
    let (_, mere_reader) = issue(&house, &["READ"]).await;
    let participant = house.person("Paul Participant", "FR").await;
    let gone = house.person("Gina Gone", "FR").await;
    house.leave(&gone).await;
    let (_, stranger) = house.other_organization("island").await;
    let own = participant.external_id.clone().unwrap();
    let usual = [("grant_type", GRANT), ("subject_token", own.as_str()), ("subject_token_type", EXTERNAL_ID)];
    let with = |name: &'static str, value: &str| -> Vec<(String, String)> {
        let mut form: Vec<(String, String)> = usual.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        form.retain(|(known, _)| known != name);
        form.push((name.to_owned(), value.to_owned()));
        form
    };
    let send = async |key: &str, form: Vec<(String, String)>| {
        let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let (status, body) = exchange(&house, key, &form).await;
        (status, body["error"].as_str().unwrap_or("none").to_owned(), body["error_description"].clone())
    };
    let refused = async |key: &str, form: Vec<(String, String)>| {
        let (status, error, _) = send(key, form).await;
        (status, error)
    };
    let is = |status: u16, error: &str| (status, error.to_owned());

    let unknown = send(&key, with("subject_token", "nobody")).await;
    assert_eq!((unknown.0, unknown.1.as_str()), (400, "invalid_request"));
    for other in [gone.external_id.as_deref().unwrap(), stranger.external_id.as_deref().unwrap()] {
        assert_eq!(send(&key, with("subject_token", other)).await, unknown, "gone and foreign are as good as unknown");
    }
    assert_eq!(refused(&key, with("subject_token", "")).await, is(400, "invalid_request"));
    assert_eq!(refused(&key, with("grant_type", "client_credentials")).await, is(400, "unsupported_grant_type"));
    assert_eq!(refused(&key, with("subject_token_type", "urn:x")).await, is(400, "invalid_request"));
    assert_eq!(refused(&key, with("requested_token_type", "urn:x")).await, is(400, "invalid_request"));
    assert_eq!(refused(&key, with("actor_token", "x")).await, is(400, "invalid_request"));
    assert_eq!(refused(&key, with("client_secret", &key)).await, is(400, "invalid_request"));
    for scope in ["WRITE", "READ WRITE", "ON_BEHALF", "read", "EVERYTHING"] {
        assert_eq!(refused(&key, with("scope", scope)).await, is(400, "invalid_scope"), "{scope}");
    }
    let twice = [with("scope", "READ"), vec![("scope".to_owned(), "READ".to_owned())]].concat();
    assert_eq!(refused(&key, twice).await, is(400, "invalid_request"));
    assert_eq!(refused(&mere_reader, with("scope", "READ")).await, is(400, "unauthorized_client"));
    let wrong = format!("{}{}", &key[..key.len() - 4], "0000");
    for bad in [wrong.as_str(), "nonsense", &key[..40]] {
        assert_eq!(refused(bad, with("scope", "READ")).await, is(401, "invalid_client"));
    }

    let endpoint = format!("{}/token", house.base());
    let (prefix, secret) = key.rsplit_once('_').unwrap();
    let basic = with_form(http().post(&endpoint).basic_auth(prefix, Some(secret)), &usual).send().await.unwrap();
    assert_eq!(basic.status(), 200);
    let wrong =
        with_form(http().post(&endpoint).basic_auth(prefix, Some("0".repeat(64))), &usual).send().await.unwrap();
    assert_eq!(wrong.status(), 401);
    assert!(wrong.headers()["www-authenticate"].to_str().unwrap().starts_with("Basic "));
    let nobody = with_form(http().post(&endpoint), &usual).send().await.unwrap();
    assert_eq!(nobody.status(), 401);
    let in_address = with_form(http().post(format!("{endpoint}?access_token={key}")), &usual).send().await.unwrap();
    assert_eq!(
        (in_address.status().as_u16(), in_address.text().await.unwrap().contains("in the address")),
        (400, true)
    );
    assert_eq!(http().get(&endpoint).bearer_auth(&key).send().await.unwrap().status(), 405);
    let as_json = http().post(&endpoint).bearer_auth(&key).json(&json!({ "grant_type": GRANT })).send().await.unwrap();
    assert_eq!(as_json.status(), 400);
    let long = "x".repeat(20_000);
    let long = with_form(http().post(&endpoint).bearer_auth(&key), &[("subject_token", &long)]).send().await.unwrap();
    assert_eq!(long.status(), 400);
    // A key elsewhere than in the header counts for nothing.
    let document = json!({ "query": "{ viewer { person { id } } }" });
    for request in [
        http().post(format!("{}/graphql?access_token={key}", house.base())).json(&document),
        http().post(format!("{}/graphql", house.base())).header("cookie", format!("token={key}")).json(&document),
    ] {
        let body: Value = request.send().await.unwrap().json().await.unwrap();
        assert_eq!(body["errors"][0]["extensions"]["code"], "UNAUTHENTICATED");
    }
}
