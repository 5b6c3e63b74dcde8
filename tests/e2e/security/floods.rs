//! Documents made to keep the server busy. Each is refused, or answered, without work that grows with it; and the server
//! serves the next one.

use serde_json::{Value, json};

use crate::support::house::{House, On};

async fn house() -> House {
    House::open(On::Sqlite).await.expect("SQLite is always there")
}

/// The codes of an answer, which must say no more than is needed to mend the document.
async fn refused(house: &House, document: &str, variables: Value) -> Vec<String> {
    let client = house.admin();
    let answer = client.raw(document, variables).await;
    assert!(answer.status.is_client_error(), "{} {}", answer.status, shortened(&answer.body));
    let text = answer.body.to_string();
    assert!(text.len() < 20_000, "an answer of {} bytes: {}", text.len(), shortened(&answer.body));
    assert!(answer.body.get("data").is_none(), "{}", shortened(&answer.body));
    client.query("{ viewer { person { id } } }", json!({})).await;
    let errors = answer.body["errors"].as_array().expect("errors").iter();
    errors.map(|error| error["extensions"]["code"].as_str().expect("a code").to_owned()).collect()
}

/// So many of something, one after the other.
fn many(count: usize, one: impl Fn(usize) -> String) -> String {
    (0..count).map(one).collect::<Vec<_>>().concat()
}

fn shortened(body: &Value) -> String {
    body.to_string().chars().take(500).collect()
}

async fn is_too_much(house: &House, document: &str) {
    assert_eq!(refused(house, document, json!({})).await, ["LIMIT_EXCEEDED"], "{document:.80}");
}

#[tokio::test(flavor = "multi_thread")]
async fn alias_flood() {
    let house = house().await;
    for count in [51, 5_000, 100_000] {
        let aliases = many(count, |index| format!("a{index}: viewer {{ person {{ id }} }} "));
        let document = format!("{{ {aliases} }}");
        if document.len() < house.config.http.body_limit_bytes {
            is_too_much(&house, &document).await;
        } else {
            let answer = house.admin().raw(&document, json!({})).await;
            assert_eq!(answer.status, 413);
        }
    }
    let nested = many(2_000, |index| format!("a{index}: name "));
    is_too_much(&house, &format!("{{ viewer {{ person {{ {nested} }} }} }}")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn directive_flood() {
    let house = house().await;
    for directive in ["@include(if: true) ", "@skip(if: false) ", "@nonsense ", "@a@b@c "] {
        is_too_much(&house, &format!("{{ viewer {} {{ person {{ id }} }} }}", directive.repeat(20_000))).await;
    }
    let some = format!("{{ viewer {} {{ person {{ id }} }} }}", "@nonsense ".repeat(1_000));
    assert!(refused(&house, &some, json!({})).await.iter().all(|code| code == "GRAPHQL_VALIDATION_FAILED"));
}

#[tokio::test(flavor = "multi_thread")]
async fn duplicate_field_flood() {
    let house = house().await;
    is_too_much(&house, &format!("{{ viewer {{ person {{ {} }} }} }}", "name ".repeat(5_000))).await;
    is_too_much(&house, &format!("{{ {} }}", "viewer { person { id } } ".repeat(2_000))).await;
    let arguments = many(20_000, |index| format!("x{index}: 1 "));
    is_too_much(&house, &format!("{{ people({arguments}) {{ totalCount }} }}")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn depth_flood() {
    let house = house().await;
    for depth in [20, 60, 100, 10_000] {
        let document = format!("{{ viewer {}{{ id }}{} }}", "{ person ".repeat(depth), "}".repeat(depth));
        is_too_much(&house, &document).await;
        is_too_much(
            &house,
            &format!("{{ people(where: {}1{}) {{ totalCount }} }}", "[".repeat(depth + 60), "]".repeat(depth + 60)),
        )
        .await;
    }
    let lists = format!("{}{}", "[".repeat(100), "]".repeat(100));
    let answer = house
        .admin()
        .raw(
            "query($x: [ID!]!) { nodes(ids: $x) { id } }",
            json!({ "x": serde_json::from_str::<Value>(&lists).unwrap() }),
        )
        .await;
    assert!(!answer.body["errors"].is_null(), "{}", shortened(&answer.body));
}

#[tokio::test(flavor = "multi_thread")]
async fn circular_fragment_flood() {
    let house = house().await;
    is_too_much(&house, "{ viewer { ...A } } fragment A on Viewer { ...A }").await;
    let ring = many(90, |index| format!("fragment F{index} on Viewer {{ ...F{} }} ", (index + 1) % 90));
    is_too_much(&house, &format!("{{ viewer {{ ...F0 }} }} {ring}")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn fragment_doubling_bomb() {
    let house = house().await;
    let levels = many(24, |level| format!("fragment F{level} on Viewer {{ ...F{0} ...F{0} }} ", level + 1));
    is_too_much(&house, &format!("{{ viewer {{ ...F0 }} }} {levels} fragment F24 on Viewer {{ person {{ id }} }}"))
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn introspection_flood() {
    let house = house().await;
    let deep = "{ __schema { types { fields { type { fields { type { fields { type { fields { name } } } } } } } } } }";
    is_too_much(&house, deep).await;
    let wide = many(60, |index| format!("a{index}: __schema {{ types {{ name }} }} "));
    is_too_much(&house, &format!("{{ {wide} }}")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn list_size_flood() {
    let house = house().await;
    is_too_much(&house, "{ programs(first: 100) { nodes { rounds(first: 100) { nodes { enrollments(first: 100) { nodes { id } } } } } } }").await;
    for first in [json!(101), json!(-1), json!(2_147_483_647)] {
        let answer =
            house.admin().raw("query($n: Int) { people(first: $n) { nodes { id } } }", json!({ "n": first })).await;
        assert!(!answer.body["errors"].is_null(), "{first}: {}", shortened(&answer.body));
    }
    let ids: Vec<String> = (0..5_000_u128).map(|index| House::id("Person", uuid::Uuid::from_u128(index))).collect();
    let answer = house.admin().raw("query($ids: [ID!]!) { nodes(ids: $ids) { id } }", json!({ "ids": ids })).await;
    assert!(!answer.body["errors"].is_null(), "{}", shortened(&answer.body));
}

#[tokio::test(flavor = "multi_thread")]
async fn batch_brute_force() {
    let house = house().await;
    let guess = json!({ "query": "{ viewer { person { id } } }" });
    let batch = Value::Array(vec![guess; 1_000]);
    let answer = house.admin().post(batch).await;
    assert_eq!(answer.status, 400, "{}", shortened(&answer.body));
    assert_eq!(answer.body["errors"][0]["message"], "Batches are not accepted; send each request on its own.");
    let operations = many(3_000, |index| format!("query Q{index} {{ viewer {{ person {{ id }} }} }} "));
    is_too_much(&house, &operations).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn error_flood() {
    let house = house().await;
    let unknown = many(900, |index| format!("nonsense{index} "));
    let codes = refused(&house, &format!("{{ viewer {{ {unknown} }} }}"), json!({})).await;
    assert!(codes.len() <= 20 && codes.iter().all(|code| code == "GRAPHQL_VALIDATION_FAILED"), "{codes:?}");
}
