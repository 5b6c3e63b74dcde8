//! The schema as a whole, without a database.

mod feed;
mod joined;
mod sight;
mod world;

use std::{collections::BTreeSet, path::Path};

use async_graphql::{Request, Response, Variables};
use serde_json::{Value, json};

use super::{
    authorization::{ROOT_FIELDS, Root},
    sdl,
};

#[test]
#[expect(clippy::disallowed_methods, reason = "a test is not configured by settings")]
fn the_committed_schema_is_the_one_that_is_served() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("schema.graphql");
    let served = sdl();
    if std::env::var("UPDATE_SCHEMA").is_ok() {
        std::fs::write(&path, &served).expect("api/schema.graphql can be written");
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        served == committed,
        "api/schema.graphql differs from the schema; look at the change, then run the tests of `api` with UPDATE_SCHEMA=1"
    );
}

async fn introspected() -> Value {
    let schema = async_graphql::Schema::new(super::Query, super::Mutation::default(), super::Subscription);
    let query = "{ __schema { types { kind name description fields { name description args { name description } }
        inputFields { name description } enumValues { name description } specifiedByURL } } }";
    let response = schema.execute(query).await;
    assert!(response.is_ok(), "{:?}", response.errors);
    serde_json::to_value(response.data).expect("introspection is JSON")
}

#[tokio::test]
async fn every_root_field_has_its_row_of_authorization() {
    let schema = introspected().await;
    let types = schema["__schema"]["types"].as_array().expect("types").clone();
    let fields = |name: &str| -> BTreeSet<String> {
        let root = types.iter().find(|found| found["name"] == name).expect("a root");
        let fields = root["fields"].as_array().expect("fields");
        fields.iter().map(|field| field["name"].as_str().expect("a name").to_owned()).collect()
    };
    let listed = |root: Root| -> BTreeSet<String> {
        ROOT_FIELDS.iter().filter(|row| row.root == root).map(|row| row.name.to_owned()).collect()
    };
    assert_eq!(fields("Query"), listed(Root::Query));
    assert_eq!(fields("Mutation"), listed(Root::Mutation));
    assert_eq!(fields("Subscription"), listed(Root::Subscription));
    let distinct = [Root::Query, Root::Mutation, Root::Subscription].map(|root| listed(root).len());
    assert_eq!(ROOT_FIELDS.len(), distinct.iter().sum::<usize>(), "no row twice");
}

#[tokio::test]
async fn everything_in_the_schema_is_described() {
    let schema = introspected().await;
    let mut silent = Vec::new();
    for found in schema["__schema"]["types"].as_array().expect("types") {
        let name = found["name"].as_str().unwrap_or_default();
        if name.starts_with("__") {
            continue;
        }
        let said = |thing: &Value| thing["description"].as_str().is_some_and(|text| !text.trim().is_empty());
        if !said(found) && found["kind"] != "SCALAR" && !name.ends_with("Connection") {
            silent.push(name.to_owned());
        }
        for list in ["fields", "inputFields", "enumValues"] {
            for member in found[list].as_array().into_iter().flatten() {
                let path = format!("{name}.{}", member["name"].as_str().unwrap_or_default());
                if !said(member) {
                    silent.push(path.clone());
                }
                for argument in member["args"].as_array().into_iter().flatten().filter(|argument| !said(argument)) {
                    silent.push(format!("{path}({})", argument["name"].as_str().unwrap_or_default()));
                }
            }
        }
        let own_scalar = found["kind"] == "SCALAR" && !["Boolean", "Float", "ID", "Int", "String"].contains(&name);
        assert!(!own_scalar || found["specifiedByURL"].is_string(), "{name} needs @specifiedBy");
    }
    assert!(silent.is_empty(), "without a description: {silent:?}");
}

/// A request of nobody, which no resolver can take to the database.
async fn ask(query: &str, variables: Value) -> Value {
    let schema = async_graphql::Schema::new(super::Query, super::Mutation::default(), super::Subscription);
    let request = Request::new(query).variables(Variables::from_json(variables));
    let response: Response = super::errors::finish(schema.execute(request).await, "r1");
    serde_json::to_value(response).expect("an answer is JSON")
}

#[tokio::test]
async fn nobody_in_particular_gets_nothing() {
    let answer =
        ask("{ viewer { person { id } } programs(first: 1) { totalCount } node(id: \"x\") { id } }", json!({})).await;
    assert_eq!(answer["data"], json!({ "viewer": null, "programs": null, "node": null }));
    let errors = answer["errors"].as_array().expect("errors");
    assert_eq!(errors.len(), 3);
    assert!(errors.iter().all(|error| error["extensions"]["code"] == "UNAUTHENTICATED"), "{answer:#}");
}

#[tokio::test]
async fn a_document_that_does_not_fit_has_a_code_and_no_data() {
    let answer = ask("{ nonsense }", json!({})).await;
    assert_eq!(answer["errors"][0]["extensions"], json!({ "code": "GRAPHQL_VALIDATION_FAILED", "requestId": "r1" }));
    assert_eq!(answer["data"], Value::Null);
}

#[test]
fn every_kind_of_event_is_documented() {
    let sdl = super::sdl();
    for kind in shared::domain::events::EventKind::ALL {
        assert!(sdl.contains(&format!("`{kind}`")), "{kind}");
    }
}
