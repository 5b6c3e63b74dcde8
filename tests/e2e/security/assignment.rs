//! Fields that nobody offered: tenant, role and state set along with an innocent change.

use serde_json::json;

use super::shape::Shape;
use crate::{
    on_both_databases,
    support::{graphql::mutation, house::House},
};

on_both_databases!(mass_assignment_of_organization_or_role, a_participant_promotes_themselves);

async fn mass_assignment_of_organization_or_role(house: House) {
    let admin = house.admin();
    let shape = Shape::of(&admin).await;
    // No input has a place for what only the system decides.
    for name in shape.input_objects() {
        for (field, _) in shape.inputs(name) {
            let is_decided = ["organizationId", "tenantId", "version", "createdAt", "updatedAt", "passwordHash"];
            assert!(!is_decided.contains(&field.as_str()), "{name}.{field}");
        }
    }
    // And what is sent all the same is refused as a whole, not passed over.
    let (foreign, _) = house.other_organization("island").await;
    for (extra, value) in [
        ("organizationId", json!(House::id("Organization", foreign.id))),
        ("organization_id", json!(foreign.id)),
        ("role", json!("ADMINISTRATOR")),
        ("roles", json!(["ADMINISTRATOR"])),
        ("active", json!(false)),
        ("id", json!(House::id("Person", house.administrator.id))),
    ] {
        let mut input = json!({ "name": "Mallory", "email": "mallory@example.org" });
        input[extra] = value;
        let document = mutation("createPerson", "person { id }");
        let codes = admin.error_codes(&document, json!({ "input": input })).await;
        assert!(
            codes.iter().all(|code| ["GRAPHQL_VALIDATION_FAILED", "BAD_USER_INPUT"].contains(&code.as_str())),
            "{extra}: {codes:?}"
        );
    }
    let people = admin.query("{ people(first: 50) { totalCount } }", json!({})).await;
    assert_eq!(people["people"]["totalCount"], 1, "nobody was made");
}

async fn a_participant_promotes_themselves(house: House) {
    let person = house.person("Mallory", "DE").await;
    let me = House::id("Person", person.id);
    let client = house.client(&person);
    for role in ["ADMINISTRATOR", "COORDINATOR"] {
        let input = json!({ "personId": me, "role": role });
        let errors = client.user_errors(&mutation("grantRole", "staffRole { id }"), json!({ "input": input })).await;
        assert_eq!(errors[0]["code"], "FORBIDDEN");
    }
    for field in ["externalId", "email", "active", "roles"] {
        let mut input = json!({ "id": me });
        input[field] = json!("x");
        client.error_codes(&mutation("updatePerson", "person { id }"), json!({ "input": input })).await;
    }
    let admin = House::id("Person", house.administrator.id);
    let input = json!({ "id": admin, "name": "Pwned" });
    let errors = client.user_errors(&mutation("updatePerson", "person { id }"), json!({ "input": input })).await;
    assert_eq!(errors[0]["code"], "NOT_FOUND", "somebody else looks like nobody");
}
