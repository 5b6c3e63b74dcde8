//! Which pages of other origins may read answers.

use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::{
    on_both_databases,
    support::{
        graphql::{Answer, Client, http, mutation},
        house::House,
    },
};

on_both_databases!(an_organization_decides_for_its_own_people, only_real_origins_are_listed);

const PORTAL: &str = "https://portal.harbour.example.org";
const ELSEWHERE: &str = "https://portal.island.example.org";

async fn update(client: &Client, input: Value) -> Answer {
    let document = mutation("updateOrganization", "organization { name portalUrl allowedOrigins documentsOnly }");
    client.raw(&document, json!({ "input": input })).await
}

/// The origin that may read this caller's answer.
async fn allowed(client: &Client, origin: &str) -> Option<String> {
    let answer = client.post_with(&[("origin", origin)], json!({ "query": "{ __typename }" })).await;
    assert_eq!(answer.status.as_u16(), 200);
    let vary: Vec<_> = answer.headers.get_all("vary").iter().map(|value| value.to_str().unwrap().to_owned()).collect();
    assert!(vary.join(",").contains("origin") && vary.join(",").contains("accept"), "{vary:?}");
    assert_eq!(answer.header("access-control-allow-credentials"), None);
    let allowed = answer.header("access-control-allow-origin").map(str::to_owned);
    let exposed = answer.header("access-control-expose-headers").unwrap_or_default();
    for name in ["x-request-id", "retry-after", "idempotency-replayed"] {
        assert_eq!(exposed.contains(name), allowed.is_some(), "{exposed}");
    }
    allowed
}

async fn preflight(base: &str, origin: &str) -> reqwest::Response {
    let request = http().request(reqwest::Method::OPTIONS, format!("{base}/graphql"));
    let request = request.header("origin", origin).header("access-control-request-method", "POST");
    request.header("access-control-request-headers", "authorization,content-type").send().await.unwrap()
}

async fn an_organization_decides_for_its_own_people(house: House) {
    let (_, stranger) = house.other_organization("island").await;
    let (admin, stranger) = (house.admin(), house.client(&stranger));
    let participant = house.client(&house.person("Paul Participant", "DE").await);
    assert_eq!(allowed(&admin, PORTAL).await, None, "nobody is allowed to begin with");
    assert_eq!(preflight(house.base(), PORTAL).await.status().as_u16(), 403);
    let updated = update(&admin, json!({ "allowedOrigins": [PORTAL, "http://localhost:3000"] })).await;
    assert_eq!(
        updated.body["data"]["updateOrganization"]["organization"]["allowedOrigins"],
        json!(["http://localhost:3000", PORTAL])
    );
    update(&stranger, json!({ "allowedOrigins": [ELSEWHERE] })).await;
    house.clock.advance(TimeDelta::seconds(10));
    for client in [&admin, &participant] {
        assert_eq!(allowed(client, PORTAL).await.as_deref(), Some(PORTAL));
        assert_eq!(allowed(client, ELSEWHERE).await, None, "another organization's page reads nothing of ours");
        assert_eq!(allowed(client, "https://evil.example").await, None);
        assert_eq!(allowed(client, "null").await, None);
    }
    assert_eq!(allowed(&stranger, PORTAL).await, None);
    let anonymous = house.anonymous();
    assert_eq!(allowed(&anonymous, PORTAL).await.as_deref(), Some(PORTAL));
    assert_eq!(allowed(&anonymous, ELSEWHERE).await.as_deref(), Some(ELSEWHERE));
    let denied = anonymous.post_with(&[("origin", PORTAL), ("authorization", "Bearer x")], json!({})).await;
    assert_eq!(denied.header("access-control-allow-origin"), Some(PORTAL), "a page can read why it was refused");

    let answer = preflight(house.base(), PORTAL).await;
    assert_eq!(answer.status().as_u16(), 204);
    let header = |name: &str| answer.headers()[name].to_str().unwrap().to_owned();
    assert_eq!(header("access-control-allow-origin"), PORTAL);
    assert_eq!(header("access-control-allow-methods"), "GET, POST");
    assert!(header("access-control-allow-headers").contains("idempotency-key"));
    assert!(header("access-control-allow-headers").contains("counterpart-organization"));
    assert!(!answer.headers().contains_key("access-control-allow-credentials"));
    assert_eq!(preflight(house.base(), "https://evil.example").await.status().as_u16(), 403);

    update(&admin, json!({ "allowedOrigins": [] })).await;
    house.clock.advance(TimeDelta::seconds(10));
    assert_eq!(allowed(&admin, PORTAL).await, None);
}

async fn only_real_origins_are_listed(house: House) {
    let admin = house.admin();
    let participant = house.client(&house.person("Paul Participant", "DE").await);
    for (input, field) in [
        (json!({ "allowedOrigins": [PORTAL, "*"] }), json!(["allowedOrigins", "1"])),
        (json!({ "allowedOrigins": ["https://portal.example.org/path"] }), json!(["allowedOrigins", "0"])),
        (json!({ "allowedOrigins": ["http://portal.example.org"] }), json!(["allowedOrigins", "0"])),
        (json!({ "allowedOrigins": vec![PORTAL; 21] }), json!(["allowedOrigins"])),
        (json!({ "name": " " }), json!(["name"])),
        (json!({ "contact": "nobody" }), json!(["contact"])),
        (json!({ "portalUrl": "javascript:alert(1)" }), json!(["portalUrl"])),
    ] {
        let answer = update(&admin, input.clone()).await;
        let payload = &answer.body["data"]["updateOrganization"];
        assert_eq!(payload["userErrors"][0]["field"], field, "{input}: {answer:?}");
        assert_eq!(payload["organization"], Value::Null);
    }
    let changed =
        update(&admin, json!({ "name": "Harbour", "portalUrl": "https://p.example.org/x", "contact": "" })).await;
    let organization = &changed.body["data"]["updateOrganization"]["organization"];
    assert_eq!(
        *organization,
        json!({ "name": "Harbour", "portalUrl": "https://p.example.org/x", "allowedOrigins": [], "documentsOnly": false })
    );
    let seen = participant.query("{ organization { name contact allowedOrigins documentsOnly } }", json!({})).await;
    let expected = json!({ "name": "Harbour", "contact": null, "allowedOrigins": null, "documentsOnly": false });
    assert_eq!(seen["organization"], expected);
    let refused = update(&participant, json!({ "name": "Mine" })).await;
    assert_eq!(refused.body["data"]["updateOrganization"]["userErrors"][0]["code"], "FORBIDDEN");
}
