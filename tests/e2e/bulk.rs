//! Many rows in one call: each has its own outcome, and none gets in another's way.

use serde_json::{Value, json};
use shared::domain::{
    enrollments::EnrollmentRole,
    programs::{Consent, Kind},
    rounds::RoundStatus,
};

use crate::{
    on_both_databases,
    support::{graphql::mutation, house::House},
};

on_both_databases!(every_row_has_its_own_outcome, a_country_coordinator_reaches_their_own_rows);

const OUTCOMES: &str = "outcomes { index ok enrollment { id status } userErrors { code field message } }";

fn oks(payload: &Value) -> Vec<bool> {
    payload["outcomes"].as_array().unwrap().iter().map(|outcome| outcome["ok"].as_bool().unwrap()).collect()
}

async fn every_row_has_its_own_outcome(house: House) {
    let program = house.program(Kind::Peer, Consent::IntroduceAtOnce).await;
    let round = house.round(&program, RoundStatus::Open, false).await;
    let (ana, ben) = (house.person("Ana Um", "DE").await, house.person("Ben Dois", "FR").await);
    let rows = json!([{ "personId": House::id("Person", ana.id) }, { "externalId": ben.external_id },
        { "externalId": "nobody" }, { "personId": "nonsense" }, { "personId": House::id("Person", ana.id) }, {},
        { "personId": House::id("Person", house.administrator.id), "capacity": 99 }]);
    let input = json!({ "input": { "roundId": House::id("Round", round.id), "rows": rows } });
    let enrolled = house.admin().mutate(&mutation("enrollPeople", OUTCOMES), input).await;
    assert_eq!(oks(&enrolled), [true, true, false, false, false, false, false], "{enrolled:#}");
    let code = |index: usize| enrolled["outcomes"][index]["userErrors"][0]["code"].clone();
    assert_eq!(
        [code(2), code(3), code(4), code(5)],
        ["NOT_FOUND", "INVALID", "ALREADY_EXISTS", "INVALID"].map(Value::from)
    );
    assert_eq!(enrolled["outcomes"][6]["userErrors"][0]["field"], json!(["capacity"]));

    let rows = json!([{ "id": enrolled["outcomes"][0]["enrollment"]["id"], "decision": "DECLINE" },
        { "id": House::id("Enrollment", uuid::Uuid::from_u128(7)), "decision": "ACCEPT" }]);
    let reviewed =
        house.admin().mutate(&mutation("reviewEnrollments", OUTCOMES), json!({ "input": { "rows": rows } })).await;
    assert_eq!(oks(&reviewed), [false, false]);
    assert_eq!(reviewed["outcomes"][0]["userErrors"][0]["code"], "NOT_POSSIBLE", "accepted already: {reviewed:#}");

    let many: Vec<Value> = (0..1_001).map(|_| json!({ "id": "x", "decision": "ACCEPT" })).collect();
    let document = mutation("reviewEnrollments", OUTCOMES);
    let errors = house.admin().user_errors(&document, json!({ "input": { "rows": many } })).await;
    assert_eq!(errors[0]["code"], "INVALID");
}

async fn a_country_coordinator_reaches_their_own_rows(house: House) {
    let program = house.program(Kind::Peer, Consent::IntroduceAtOnce).await;
    let round = house.round(&program, RoundStatus::Closed, false).await;
    for (name, country) in [("Ana Um", "DE"), ("Ben Dois", "DE"), ("Fifi Trois", "FR"), ("Gil Quatre", "FR")] {
        let person = house.person(name, country).await;
        house.enroll(&round, &person, EnrollmentRole::Peer, 1, &[country]).await;
    }
    house.night().await;
    let living = house.living(&round).await;
    assert_eq!(living.len(), 2);
    let rows: Vec<Value> =
        living.iter().map(|found| json!({ "id": House::id("Match", found.id), "reason": "moved" })).collect();
    let french = house.client(&house.coordinator("Clara Country", Some(&["FR"])).await);
    let document = mutation("endMatches", "outcomes { index ok match { status } userErrors { code } }");
    let input = json!({ "input": { "rows": rows } });
    let ended = french.mutate(&document, input.clone()).await;
    let french_pairs = oks(&ended).iter().filter(|ok| **ok).count();
    let hidden = ended["outcomes"].as_array().unwrap().iter().filter(|outcome| !outcome["ok"].as_bool().unwrap());
    assert!(hidden.clone().all(|outcome| outcome["userErrors"][0]["code"] == "NOT_FOUND"), "{ended:#}");
    assert_eq!(house.living(&round).await.len(), 2 - french_pairs);
    let participant = house.client(&house.person("Paul Participant", "DE").await);
    assert_eq!(participant.user_errors(&document, input).await[0]["code"], "FORBIDDEN");
}
