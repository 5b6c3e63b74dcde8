//! Items of pages, as the document wants them.

use serde_json::json;

use super::sight::{Cast, cast};

#[tokio::test]
async fn fields_keep_the_order_of_the_document_and_what_stands_twice_is_one() {
    let Cast { world, admin, .. } = cast().await;
    let document = "{ enrollments(first: 1, orderBy: { field: APPLIED_AT, direction: ASC }) { edges { node {
        person { name } role: __typename ...Rest person { country } about { values } about { key } } } } }
      fragment Rest on Enrollment { ... on Node { kind: __typename } status person { country headline } }";
    let told = world.text(&admin, document, json!({})).await;
    let node = r#"{"person":{"name":"Ana","country":"DE","headline":null},"role":"Enrollment","kind":"Enrollment","#
        .to_owned()
        + r#""status":"ACTIVE","about":[{"values":["writing"],"key":"topics"}]}"#;
    assert!(told.contains(&node), "{told}");
}

#[tokio::test]
async fn a_field_that_fails_takes_nothing_else_along() {
    let Cast { world, admin, .. } = cast().await;
    let document = "{ people(first: 1) { nodes { name matches(first: 1000) { nodes { id } } country } } }";
    let answer = world.raw(&admin, document, json!({})).await;
    let node = &answer["data"]["people"]["nodes"][0];
    assert_eq!(node["matches"], json!(null));
    assert!(node["name"].is_string() && node["country"].is_string(), "{answer}");
    assert_eq!(answer["errors"][0]["path"], json!(["people", "nodes", 0, "matches"]));
    assert_eq!(answer["errors"].as_array().map(Vec::len), Some(1));
}
