//! What production shows to strangers.

use serde_json::json;

use super::crashes::Deployment;
use crate::support::{
    graphql::{Client, http},
    house::{House, On},
};

const SCHEMA: &str = "{ __schema { types { name } } }";

#[tokio::test]
async fn production_describes_itself_to_signed_in_callers_only() {
    let Some(deployment) = Deployment::make().await else { return };
    let api = deployment.api(&[]).await;
    let (anonymous, admin) = (Client::anonymous(api.base()), deployment.admin(&api));
    for document in [
        SCHEMA,
        "{ __type(name: \"Person\") { name } }",
        "{ ...F } fragment F on Query { ... on Query { __schema { queryType { name } } } }",
        "{ a: __schema { queryType { name } } }",
    ] {
        assert_eq!(anonymous.raw(document, json!({})).await.refusal(), (400, "UNAUTHENTICATED"), "{document}");
        assert_eq!(admin.raw(document, json!({})).await.status.as_u16(), 200, "{document}");
    }
    assert_eq!(anonymous.raw("{ __typename }", json!({})).await.status.as_u16(), 200);
    // One letter away from what there is, and no hint.
    for document in [
        "{ viewr { person { id } } }",
        "{ viewer { persn { id } } }",
        "{ programs(frist: 1) { totalCount } }",
        "query($a: Progam) { viewer { person { id } } }",
        "{ viewer { ...F } } fragment F on Viewr { person { id } }",
        "mutation { enroll(input: { rondId: 1 }) { userErrors { code } } }",
        "{ programs(first: 1, orderBy: { field: NAM, direction: ASC }) { totalCount } }",
    ] {
        for client in [&anonymous, &admin] {
            let answer = client.raw(document, json!({})).await;
            assert!(answer.status.as_u16() == 400 || answer.body["errors"].is_array(), "{document}: {answer:?}");
            let text = answer.body.to_string().to_lowercase();
            assert!(!text.contains("did you mean") && !text.contains("suggest"), "{document}: {text}");
        }
    }
    for path in ["/explorer", "/explorer/assets/explorer.js", "/explorer/samples.json", "/mailbox"] {
        let answer = http().get(format!("{}{path}", api.base())).send().await.unwrap();
        assert_eq!(answer.status().as_u16(), 404, "{path}");
    }
    let front = http().get(format!("{}/", api.base())).send().await.unwrap().text().await.unwrap();
    assert!(front.contains("Counterpart") && !front.contains("explorer"), "{front}");
}

#[tokio::test(flavor = "multi_thread")]
async fn development_describes_itself_to_everybody() {
    let house = House::open(On::Sqlite).await.unwrap();
    assert_eq!(house.anonymous().raw(SCHEMA, json!({})).await.status.as_u16(), 200);
}
