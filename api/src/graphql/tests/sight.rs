//! What people see of each other, on a database.

use serde_json::{Value, json};
use shared::domain::{organizations::Role, people::Person};

use super::world::{World, person_id};

pub(super) struct Cast {
    pub(super) world: World,
    pub(super) admin: Person,
    pub(super) german: Person,
    pub(super) ana: Person,
    pub(super) ben: Person,
    pub(super) caro: Person,
    pub(super) stranger: Person,
    pub(super) program: String,
    pub(super) round: String,
}

pub(super) async fn cast() -> Cast {
    let world = World::new().await;
    let ours = world.organization("ours").await;
    let theirs = world.organization("theirs").await;
    let admin = world.person(&ours, "Admin", "FR").await;
    world.appoint(&admin, Role::Administrator, None).await;
    let german = world.person(&ours, "German", "DE").await;
    world.appoint(&german, Role::Coordinator, Some(&["DE"])).await;
    let ana = world.person(&ours, "Ana", "DE").await;
    let ben = world.person(&ours, "Ben", "BR").await;
    let caro = world.person(&ours, "Caro", "BR").await;
    let stranger = world.person(&theirs, "Stranger", "DE").await;
    world.appoint(&stranger, Role::Administrator, None).await;
    let input = json!({ "name": "Peers", "kind": "PEER", "consent": "BOTH_ACCEPT", "timeZone": "Europe/Berlin",
        "matchAt": "03:00", "questions": [{ "key": "topics", "label": "Topics", "prompt": "What about?", "kind": "TAGS", "asks": "BOTH" }] });
    let program = world.change(&admin, "createProgram", "program { id }", input).await["program"]["id"].clone();
    let input = json!({ "programId": program, "name": "One", "rolling": true });
    let round = world.change(&admin, "createRound", "round { id }", input).await["round"]["id"].clone();
    world.change(&admin, "openRound", "round { status }", json!({ "id": round })).await;
    for (person, topic) in [(&ana, "writing"), (&ben, "data"), (&caro, "law")] {
        let about = json!([{ "key": "topics", "values": [topic] }]);
        let wanted = json!([{ "key": "topics", "values": ["secret"] }]);
        let input = json!({ "roundId": round, "about": about, "wanted": wanted });
        world.change(person, "enroll", "enrollment { id status }", input).await;
    }
    let text = |value: Value| value.as_str().expect("an id").to_owned();
    Cast { world, admin, german, ana, ben, caro, stranger, program: text(program), round: text(round) }
}

const SEEN: &str = "query ($ids: [ID!]!) {
    nodes(ids: $ids) { __typename id ... on Person { name email externalId } }
    enrollments(first: 10) { totalCount nodes { person { name } wanted { values } } }
    matches(first: 10) { totalCount nodes { partner { name email } sides { person { name } about { values } enrollment { id } } } }
}";

#[tokio::test]
async fn everybody_sees_their_own_part_of_it() {
    let Cast { world, admin, german, ana, ben, caro, stranger, program, round } = cast().await;
    let input = json!({ "roundId": round, "personId": person_id(&ben), "note": "Hello" });
    let asked = world.change(&ana, "requestMatch", "match { id isMyTurn }", input).await;
    assert_eq!(asked["match"]["isMyTurn"], false);
    let found = asked["match"]["id"].clone();
    let ids = json!([person_id(&ana), person_id(&ben), person_id(&caro), found, program, person_id(&stranger)]);
    let seen = async |person: &Person| world.ask(person, SEEN, json!({ "ids": ids })).await;
    let names = |data: &Value| -> Vec<Value> {
        let nodes = data["nodes"].as_array().expect("nodes");
        nodes
            .iter()
            .map(|node| {
                if node.is_null() {
                    json!(null)
                } else {
                    node.get("name").cloned().unwrap_or(node["__typename"].clone())
                }
            })
            .collect()
    };

    let data = seen(&ana).await;
    assert_eq!(names(&data), [json!("Ana"), json!("Ben"), json!(null), json!("Match"), json!("Program"), json!(null)]);
    assert_eq!(data["nodes"][1]["email"], Value::Null, "not before they are introduced");
    assert_eq!(data["nodes"][0]["email"], "ana@example.org");
    assert_eq!(data["enrollments"]["totalCount"], 1);
    let first = &data["matches"]["nodes"][0];
    assert_eq!(first["partner"], json!({ "name": "Ben", "email": null }));
    let abouts: Vec<&Value> =
        first["sides"].as_array().expect("sides").iter().map(|side| &side["about"][0]["values"][0]).collect();
    assert!(abouts.contains(&&json!("data")) && abouts.contains(&&json!("writing")), "{data:#}");
    let own = first["sides"].as_array().expect("sides").iter().filter(|side| !side["enrollment"].is_null()).count();
    assert_eq!(own, 1, "the partner's enrollment is the partner's");

    let data = seen(&caro).await;
    assert_eq!(names(&data), [json!(null), json!(null), json!("Caro"), json!(null), json!("Program"), json!(null)]);
    assert_eq!(data["matches"], json!({ "totalCount": 0, "nodes": [] }));

    let data = seen(&german).await;
    assert_eq!(names(&data), [json!("Ana"), json!("Ben"), json!(null), json!("Match"), json!("Program"), json!(null)]);
    assert_eq!(data["nodes"][1]["email"], Value::Null, "Ben lives elsewhere");
    assert_eq!(data["enrollments"]["totalCount"], 1);
    assert_eq!(data["matches"]["totalCount"], 1);
    assert_eq!(data["matches"]["nodes"][0]["partner"], Value::Null);

    let data = seen(&admin).await;
    assert_eq!(data["enrollments"]["totalCount"], 3);
    assert_eq!(data["nodes"][1]["email"], "ben@example.org");

    let data = seen(&stranger).await;
    assert_eq!(names(&data), [json!(null), json!(null), json!(null), json!(null), json!(null), json!("Stranger")]);
    assert_eq!(data["enrollments"]["totalCount"], 0);

    world.change(&ben, "answerMatch", "match { status }", json!({ "id": found, "accept": true })).await;
    let data = seen(&ana).await;
    assert_eq!(data["matches"]["nodes"][0]["partner"]["email"], "ben@example.org");
    let end = json!({ "id": found, "reason": "private words", "notAgain": true });
    world.change(&ana, "endMatch", "match { status }", end).await;
    let ended = "query ($id: ID!, $program: ID!) { match(id: $id) { status endReason endedBy { name } note history { from to reason actor { name } } messages(first: 9) { totalCount } }
        constraints(programId: $program, first: 9) { totalCount nodes { kind personB { name } } } }";
    let variables = json!({ "id": found, "program": program });
    let told = world.ask(&ben, ended, variables.clone()).await;
    assert!(!told.to_string().contains("private words"), "{told:#}");
    assert_eq!(told["match"]["endedBy"], Value::Null);
    assert_eq!(told["match"]["messages"], Value::Null);
    assert_eq!(told["constraints"]["totalCount"], 0);
    let mine = world.ask(&ana, ended, variables.clone()).await;
    assert_eq!(mine["match"]["endReason"], "private words");
    assert_eq!(mine["constraints"]["nodes"], json!([{ "kind": "AVOID", "personB": { "name": "Ben" } }]));
    let staff = world.ask(&admin, ended, variables).await;
    assert_eq!(staff["match"]["endReason"], "private words");
    assert_eq!(staff["constraints"]["totalCount"], 0, "a wish is not staff's to read");
    assert!(staff["match"]["messages"]["totalCount"].as_i64() > Some(1), "{staff:#}");
    assert_eq!(staff["match"]["history"][0]["from"], Value::Null);
}

#[tokio::test]
async fn lists_under_lists_are_paged_and_counted_thing_by_thing() {
    let Cast { world, admin, ana, ben, caro, round, .. } = cast().await;
    for other in [&ben, &caro] {
        let input = json!({ "id": enrollment(&world, &ana).await, "capacity": 5 });
        world.change(&ana, "updateEnrollment", "enrollment { capacity }", input).await;
        let input = json!({ "roundId": round, "personId": person_id(other) });
        world.change(&ana, "requestMatch", "match { id }", input).await;
    }
    let nested = "query ($after: String) { people(first: 10, where: { countries: [\"DE\", \"BR\"] }) { nodes { name
        matches(first: 1, after: $after, orderBy: { field: CREATED_AT, direction: ASC }) {
            totalCount pageInfo { hasNextPage hasPreviousPage endCursor } edges { cursor node { sides { person { name } } } } } } } }";
    let data = world.ask(&admin, nested, json!({})).await;
    let of = |data: &Value, name: &str| -> Value {
        let people = data["people"]["nodes"].as_array().expect("people");
        people.iter().find(|person| person["name"] == name).expect("the person")["matches"].clone()
    };
    let first = of(&data, "Ana");
    assert_eq!(first["totalCount"], 2);
    assert_eq!(first["pageInfo"]["hasNextPage"], true);
    assert!(first["edges"][0].to_string().contains("Ben"), "{first:#}");
    assert_eq!(of(&data, "Caro")["totalCount"], 1);
    assert_eq!(of(&data, "Caro")["pageInfo"]["hasNextPage"], false);
    assert_eq!(of(&data, "German")["edges"], json!([]));
    let data = world.ask(&admin, nested, json!({ "after": first["pageInfo"]["endCursor"] })).await;
    let second = of(&data, "Ana");
    assert!(second["edges"][0].to_string().contains("Caro"), "{second:#}");
    assert_eq!(second["pageInfo"]["hasNextPage"], false);
    assert_eq!(second["pageInfo"]["hasPreviousPage"], true);
    // From the end, and by other keys.
    let others = "{ last: people(last: 2, where: { search: \"A\" }) { nodes { name } pageInfo { hasPreviousPage } }
        scored: matches(first: 1, orderBy: { field: SCORE, direction: DESC }) { pageInfo { endCursor } }
        priority: enrollments(last: 2, orderBy: { field: PRIORITY, direction: DESC }) { nodes { priority } }
        programs(first: 5) { nodes { rounds(first: 1) { nodes { statistics { matched unmatched matches { status count } } } } myEnrollment { id } } } }";
    let data = world.ask(&admin, others, json!({})).await;
    assert_eq!(data["last"]["nodes"], json!([{ "name": "Caro" }, { "name": "German" }]), "German has an A");
    assert_eq!(data["last"]["pageInfo"]["hasPreviousPage"], true);
    let statistics = &data["programs"]["nodes"][0]["rounds"]["nodes"][0]["statistics"];
    assert_eq!(*statistics, json!({ "matched": 1, "unmatched": 2, "matches": [{ "status": "PROPOSED", "count": 2 }] }));
    let wrong = "query ($c: String) { matches(first: 1, after: $c) { totalCount } match(id: \"x\") { id } people(first: 101) { totalCount } }";
    let answer = world.raw(&admin, wrong, json!({ "c": data["scored"]["pageInfo"]["endCursor"] })).await;
    let codes: Vec<&Value> =
        answer["errors"].as_array().expect("errors").iter().map(|error| &error["extensions"]["code"]).collect();
    assert_eq!(codes, [&json!("BAD_USER_INPUT"); 3], "{answer:#}");
    assert_eq!(answer["data"], json!({ "matches": null, "match": null, "people": null }));
}

async fn enrollment(world: &World, person: &Person) -> Value {
    world.ask(person, "{ enrollments(first: 1) { nodes { id } } }", json!({})).await["enrollments"]["nodes"][0]["id"]
        .clone()
}

#[tokio::test]
async fn a_refusal_names_its_code_and_its_field() {
    let Cast { world, ana, admin, program, .. } = cast().await;
    let forbidden = world
        .raw(
            &ana,
            "mutation { archiveProgram(input: { id: \"x\" }) { program { id } userErrors { code field } } }",
            json!({}),
        )
        .await;
    let expected = json!({ "program": null, "userErrors": [{ "code": "INVALID", "field": ["id"] }] });
    assert_eq!(forbidden["data"]["archiveProgram"], expected);
    let document = "mutation ($id: ID!) { updateProgram(input: { id: $id, firstContactDays: 0, criteria: [
        { label: \"Topics\", subject: QUESTION, questionKey: \"nothing\", comparison: OVERLAP, strength: PREFER, weight: 5 }] })
        { program { id } userErrors { code field message } } }";
    let answer = world.ask(&admin, document, json!({ "id": program })).await;
    let errors = answer["updateProgram"]["userErrors"].as_array().expect("errors").clone();
    let fields: Vec<&Value> = errors.iter().map(|error| &error["field"]).collect();
    assert_eq!(fields, [&json!(["firstContactDays"]), &json!(["criteria", "0", "questionKey"])]);
    let denied = world.ask(&ana, document, json!({ "id": program })).await;
    assert_eq!(denied["updateProgram"]["userErrors"][0]["code"], "FORBIDDEN");
    let denied =
        world.raw(&ana, "{ people(first: 1) { totalCount } matchRuns(first: 1) { totalCount } }", json!({})).await;
    assert_eq!(denied["data"], json!({ "people": null, "matchRuns": null }));
    assert_eq!(denied["errors"][0]["extensions"]["code"], "FORBIDDEN");
}

#[tokio::test]
async fn a_document_is_measured_before_it_is_read() {
    let Cast { world, ana, .. } = cast().await;
    let code =
        async |document: &str| world.raw(&ana, document, json!({})).await["errors"][0]["extensions"]["code"].clone();
    assert_eq!(code(&"{ a ".repeat(100_000)).await, "LIMIT_EXCEEDED");
    assert_eq!(
        code("{ programs(first: 100) { nodes { enrollments(first: 100) { nodes { id } } } } }").await,
        "LIMIT_EXCEEDED"
    );
    assert_eq!(code("{ viewer { ").await, "GRAPHQL_PARSE_FAILED");
    assert_eq!(code("{ viewer }").await, "GRAPHQL_VALIDATION_FAILED");
    assert_eq!(code("{ programs(first: 1, where: { search: \"\\u0000\" }) { totalCount } }").await, "BAD_USER_INPUT");
    let answer = world.raw(&ana, "{ viewer { person { name } } }", json!({})).await;
    assert_eq!(answer["extensions"]["cost"]["requested"], 3);
}
