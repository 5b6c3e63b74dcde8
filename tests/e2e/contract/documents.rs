//! Registered documents.

use chrono::TimeDelta;
use serde_json::{Value, json};
use shared::domain::documents::hash;

use crate::{
    on_both_databases,
    support::{
        graphql::{Client, mutation},
        house::House,
    },
};

on_both_databases!(
    a_registered_document_is_run_by_its_hash,
    participants_can_be_bound_to_registered_documents,
    each_text_is_reported_on,
);

const WHO: &str = "query Who($n: Int = 1) { viewer { person { name } matches(first: $n) { totalCount } } }";

async fn register(client: &Client, texts: &[&str]) -> Value {
    let selection = "report { rows { documentId outcome cost messages document { id text } } }";
    client.mutate(&mutation("registerDocuments", selection), json!({ "input": { "texts": texts } })).await["report"]["rows"]
        .clone()
}

async fn a_registered_document_is_run_by_its_hash(house: House) {
    let (admin, me) = (house.admin(), house.client(&house.person("Paul Participant", "DE").await));
    let id = format!("sha256:{}", hash(WHO));
    let named = json!({ "documentId": id });
    assert_eq!(me.post(named.clone()).await.refusal(), (400, "PERSISTED_DOCUMENT_NOT_FOUND"));
    let rows = register(&admin, &[WHO]).await;
    assert_eq!((&rows[0]["documentId"], &rows[0]["outcome"]), (&json!(id), &json!("REGISTERED")));
    let apollo = json!({ "persistedQuery": { "version": 1, "sha256Hash": hash(WHO) } });
    for body in [
        named.clone(),
        json!({ "documentId": id, "operationName": "Who", "variables": { "n": 5 } }),
        json!({ "documentId": id, "query": WHO }),
        json!({ "extensions": apollo }),
        json!({ "extensions": apollo, "query": WHO }),
    ] {
        let answer = me.post(body.clone()).await;
        assert_eq!(answer.body["data"]["viewer"]["person"]["name"], "Paul Participant", "{body}: {answer:?}");
    }
    assert_eq!(me.get(&[("documentId", &id), ("variables", "{\"n\": 2}")]).await.status.as_u16(), 200);
    assert_eq!(me.get(&[("extensions", &json!(apollo).to_string())]).await.status.as_u16(), 200);
    for (body, status) in [
        (json!({ "documentId": hash(WHO) }), 400),
        (json!({ "documentId": format!("sha256:{}", hash(WHO).to_uppercase()) }), 400),
        (json!({ "documentId": 7 }), 400),
        (json!({ "documentId": id, "query": "{ __typename }" }), 400),
        (json!({ "extensions": { "persistedQuery": { "sha256Hash": "x" } } }), 400),
        (json!({ "documentId": id, "variables": { "n": "x" } }), 400),
    ] {
        assert_eq!(me.post(body.clone()).await.refusal(), (status, "BAD_USER_INPUT"), "{body}");
    }
    // Nobody and another organization have no such document.
    let (_, stranger) = house.other_organization("island").await;
    for client in [house.anonymous(), house.client(&stranger)] {
        assert_eq!(client.post(named.clone()).await.refusal(), (400, "PERSISTED_DOCUMENT_NOT_FOUND"));
    }

    // A registered mutation is no more allowed over GET than any other, and has its key.
    let change = mutation("createProgram", "program { id }");
    register(&admin, &[&change]).await;
    let id = format!("sha256:{}", hash(&change));
    assert_eq!(admin.get(&[("documentId", &id)]).await.refusal(), (405, "BAD_USER_INPUT"));
    let input = json!({ "name": "P", "kind": "PEER", "consent": "BOTH_ACCEPT", "timeZone": "UTC", "matchAt": "02:00" });
    let body = json!({ "documentId": id, "variables": { "input": input } });
    let first = admin.post_with(&[("idempotency-key", "k")], body.clone()).await;
    let again = admin.post_with(&[("idempotency-key", "k")], body).await;
    assert_eq!((&first.body, again.header("idempotency-replayed")), (&again.body, Some("true")));
}

async fn participants_can_be_bound_to_registered_documents(house: House) {
    let (admin, me) = (house.admin(), house.client(&house.person("Paul Participant", "DE").await));
    let coordinator = house.client(&house.coordinator("Clara Country", Some(&["FR"])).await);
    let other = "{ viewer { person { email } } }";
    register(&admin, &[WHO]).await;
    let bind = async |documents_only: bool| {
        let input = json!({ "input": { "documentsOnly": documents_only } });
        admin.mutate(&mutation("updateOrganization", "organization { documentsOnly }"), input).await;
        house.clock.advance(TimeDelta::seconds(10));
    };
    assert_eq!(me.raw(other, json!({})).await.status.as_u16(), 200);
    bind(true).await;
    let refused = me.raw(other, json!({})).await;
    assert_eq!(refused.refusal(), (403, "FORBIDDEN"), "{refused:?}");
    assert_eq!(me.get(&[("query", other)]).await.refusal(), (403, "FORBIDDEN"));
    assert_eq!(me.raw("{", json!({})).await.refusal(), (403, "FORBIDDEN"), "nothing else is even parsed");
    assert_eq!(me.raw(WHO, json!({})).await.status.as_u16(), 200, "the text itself is as good as its hash");
    assert_eq!(me.post(json!({ "documentId": format!("sha256:{}", hash(WHO)) })).await.status.as_u16(), 200);
    assert_eq!(coordinator.raw(other, json!({})).await.status.as_u16(), 200, "staff may run any");
    let (_, stranger) = house.other_organization("island").await;
    assert_eq!(house.client(&stranger).raw(other, json!({})).await.status.as_u16(), 200);
    bind(false).await;
    assert_eq!(me.raw(other, json!({})).await.status.as_u16(), 200);
}

async fn each_text_is_reported_on(house: House) {
    let admin = house.admin();
    let deep = format!("{}id{}", "{ a ".repeat(20), "}".repeat(20));
    let unknown_variable = "{ matches(first: $n) { totalCount } }";
    let texts =
        [WHO, "{", "{ viewer { nmae } }", &deep, unknown_variable, WHO, "mutation { enroll { userErrors { code } } }"];
    let rows = register(&admin, &texts).await;
    let outcomes: Vec<_> = rows.as_array().unwrap().iter().map(|row| row["outcome"].as_str().unwrap()).collect();
    assert_eq!(
        outcomes,
        ["REGISTERED", "REFUSED", "REFUSED", "REFUSED", "REFUSED", "UNCHANGED", "REFUSED"],
        "{rows:#}"
    );
    assert_eq!((&rows[0]["cost"], &rows[1]["cost"]), (&json!(25), &Value::Null), "{rows:#}");
    for row in rows.as_array().unwrap() {
        assert_eq!(row["messages"] == json!([]), row["outcome"] != "REFUSED", "{row}");
        assert!(!row.to_string().contains("Did you mean"), "{row}");
    }
    let listed = "query($ids: [String!]) { documents(first: 10, where: { documentIds: $ids }) { totalCount nodes { id text createdBy { name } } } }";
    let found = admin.query(listed, json!({ "ids": [rows[0]["documentId"], "nonsense"] })).await["documents"].clone();
    assert_eq!((&found["totalCount"], &found["nodes"][0]["createdBy"]["name"]), (&json!(1), &json!("Ada Admin")));
    let (_, stranger) = house.other_organization("island").await;
    let stranger = house.client(&stranger);
    assert_eq!(stranger.query(listed, json!({})).await["documents"]["totalCount"], 0);

    let delete = mutation("deleteDocuments", "deletedDocumentIds");
    let input = json!({ "input": { "ids": [found["nodes"][0]["id"]] } });
    assert_eq!(stranger.mutate(&delete, input.clone()).await["deletedDocumentIds"], json!([]));
    let me = house.client(&house.person("Paul Participant", "DE").await);
    let named = json!({ "documentId": rows[0]["documentId"] });
    assert_eq!(me.post(named.clone()).await.status.as_u16(), 200);
    assert_eq!(admin.mutate(&delete, input.clone()).await["deletedDocumentIds"], json!([found["nodes"][0]["id"]]));
    assert_eq!(admin.mutate(&delete, input).await["deletedDocumentIds"], json!([]));
    house.clock.advance(TimeDelta::seconds(30));
    assert_eq!(me.post(named).await.refusal(), (400, "PERSISTED_DOCUMENT_NOT_FOUND"));

    let refused = [
        json!({ "texts": [] }),
        json!({ "texts": vec!["{ __typename }"; 101] }),
        json!({ "texts": [" ".repeat(65_537)] }),
    ];
    for input in refused {
        let errors = admin
            .user_errors(&mutation("registerDocuments", "report { rows { outcome } }"), json!({ "input": input }))
            .await;
        assert_eq!(errors[0]["code"], "INVALID");
    }
}
