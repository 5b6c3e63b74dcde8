//! Requests that mean nothing, or not what they seem to: answered before anything is executed.

use serde_json::{Value, json};

use crate::support::house::{House, On};

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_executed_is_a_request_error() {
    let house = House::open(On::Sqlite).await.unwrap();
    let admin = house.admin();
    let page = "query($n: Int!) { programs(first: $n) { totalCount } }";
    let mut wrong = Vec::new();
    let flag = "query($a: Int) { viewer @skip(if: $a) { person { id } } }";
    for (document, variables, code) in [
        (page, json!({}), "BAD_USER_INPUT"),
        (page, json!({ "n": null }), "BAD_USER_INPUT"),
        (page, json!({ "n": "1" }), "BAD_USER_INPUT"),
        (page, json!({ "n": 1.5 }), "BAD_USER_INPUT"),
        (page, json!({ "n": 2_147_483_648_i64 }), "BAD_USER_INPUT"),
        (page, json!({ "n": u64::MAX }), "BAD_USER_INPUT"),
        (page, json!({ "n": 1e30 }), "BAD_USER_INPUT"),
        (
            "query($w: ProgramWhere) { programs(first: 1, where: $w) { totalCount } }",
            json!({ "w": { "kind": "X" } }),
            "BAD_USER_INPUT",
        ),
        (
            "query($w: ProgramWhere) { programs(first: 1, where: $w) { totalCount } }",
            json!({ "w": { "role": "X" } }),
            "BAD_USER_INPUT",
        ),
        ("{ programs(first: 2147483648) { totalCount } }", json!({}), "LIMIT_EXCEEDED"),
        ("{ programs(first: 99999999999999999999) { totalCount } }", json!({}), "GRAPHQL_VALIDATION_FAILED"),
        ("{ programs(first: \"1\") { totalCount } }", json!({}), "GRAPHQL_VALIDATION_FAILED"),
        ("{ viewer @skip(if: \"yes\") { person { id } } }", json!({}), "GRAPHQL_VALIDATION_FAILED"),
        ("{ viewer @include { person { id } } }", json!({}), "GRAPHQL_VALIDATION_FAILED"),
        (flag, json!({ "a": 1 }), "GRAPHQL_VALIDATION_FAILED"),
        ("subscription { viewer }", json!({}), "GRAPHQL_VALIDATION_FAILED"),
        ("query A { __typename } query B { __typename }", json!({}), "GRAPHQL_VALIDATION_FAILED"),
        ("fragment F on Query { __typename }", json!({}), "GRAPHQL_PARSE_FAILED"),
        (" ", json!({}), "GRAPHQL_PARSE_FAILED"),
        ("# nothing", json!({}), "GRAPHQL_PARSE_FAILED"),
        ("{ }", json!({}), "GRAPHQL_PARSE_FAILED"),
        ("{ __typename } }", json!({}), "GRAPHQL_PARSE_FAILED"),
    ] {
        let answer = admin.raw(document, variables.clone()).await;
        let found = answer.body["errors"][0]["extensions"]["code"].as_str();
        if (answer.status.as_u16(), found) != (400, Some(code)) || answer.body.get("data").is_some() {
            wrong.push(format!("{document} {variables}: not {code} but {} {}", answer.status, answer.body));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    // The library reads numbers within a literal object later, and refuses them as well.
    let wide = "mutation { updateProgram(input: { id: \"x\", minimumScore: 2147483648 }) { userErrors { code } } }";
    assert_eq!(admin.raw(wide, json!({})).await.refusal(), (200, "BAD_USER_INPUT"));
    let named = json!({ "query": "query A { __typename } query B { __typename }", "operationName": "C" });
    assert_eq!(admin.post(named).await.refusal(), (400, "GRAPHQL_VALIDATION_FAILED"));
    let named = json!({ "query": "{ __typename }", "operationName": "C" });
    assert_eq!(admin.post(named).await.refusal(), (400, "GRAPHQL_VALIDATION_FAILED"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_means_something_is_executed() {
    let house = House::open(On::Sqlite).await.unwrap();
    let admin = house.admin();
    for (document, variables) in [
        ("query($n: Int = 1) { programs(first: $n) { totalCount } }", json!({})),
        ("query($n: Int!) { programs(first: $n) { totalCount } }", json!({ "n": 1, "unknown": [] })),
        (
            "query($a: Boolean!) { viewer @skip(if: $a) { person { id } } programs(first: 0) { totalCount } }",
            json!({ "a": true }),
        ),
        ("\u{feff}{ programs(first: 0) { totalCount } }", json!({})),
    ] {
        let answer = admin.raw(document, variables.clone()).await;
        assert_eq!((answer.status.as_u16(), &answer.body["errors"]), (200, &Value::Null), "{document}: {answer:?}");
        assert_eq!(answer.body["data"]["programs"]["totalCount"], 0, "{document} {variables}");
        assert_eq!(answer.body["data"].get("viewer"), None);
    }
}
