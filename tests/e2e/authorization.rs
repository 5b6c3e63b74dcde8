//! Who may do what: every root field against every kind of caller, and every tenant against every other.

use api::graphql::authorization::{Access, ROOT_FIELDS, Root, RootField};
use serde_json::{Value, json};
use shared::domain::{
    enrollments::EnrollmentRole,
    people::Person,
    programs::{Consent, Kind},
    rounds::RoundStatus,
};

use crate::{
    on_both_databases,
    support::{graphql::Client, house::House, streams::Socket},
};

on_both_databases!(every_root_field_keeps_its_row, a_foreign_id_looks_like_an_absent_one, countries_limit_everything);

type Column = fn(&RootField) -> Access;

/// The ids of one of everything in an organization.
pub(crate) struct Things {
    program: String,
    round: String,
    person: String,
    enrollment: String,
    found: String,
    run: String,
    pair: String,
    constraint: String,
}

/// Fills the house: two peers in France matched in a run, a READY run that waits, and a constraint.
pub(crate) async fn things(house: &House) -> Things {
    let program = house.program(Kind::Peer, Consent::IntroduceAtOnce).await;
    let round = house.round(&program, RoundStatus::Closed, false).await;
    let mut enrollments = Vec::new();
    for name in ["Alice Exemple", "Bob Exemple"] {
        let person = house.person(name, "FR").await;
        enrollments.push((house.enroll(&round, &person, EnrollmentRole::Peer, 1, &["maps"]).await, person));
    }
    house.night().await;
    let found = house.living(&round).await.remove(0);
    let run = found.run_id.unwrap();
    let pairs = shared::store::planned_pairs::of_run(&house.store, house.organization.id, run).await.unwrap();
    let input = json!({ "input": { "programId": House::id("Program", program.id), "kind": "FORBID",
        "personA": House::id("Person", enrollments[0].1.id), "personB": House::id("Person", house.administrator.id) } });
    let document = "mutation($input: CreateConstraintInput!) { createConstraint(input: $input) { constraint { id } userErrors { message } } }";
    let constraint = house.admin().mutate(document, input).await;
    Things {
        program: House::id("Program", program.id),
        round: House::id("Round", round.id),
        person: House::id("Person", enrollments[0].1.id),
        enrollment: House::id("Enrollment", enrollments[0].0.id),
        found: House::id("Match", found.id),
        run: House::id("MatchRun", run),
        pair: House::id("PlannedPair", pairs[0].id),
        constraint: constraint["constraint"]["id"].as_str().unwrap().to_owned(),
    }
}

impl Things {
    /// A well-formed id of nothing.
    fn absent(kind: &str) -> String {
        House::id(kind, uuid::Uuid::from_u128(7))
    }
}

/// A call of a root field about these things. Mutations name rows that exist, with input that would do little.
pub(crate) fn call(field: &RootField, things: &Things, me: &str) -> (String, Value) {
    if field.root == Root::Query {
        let arguments = match field.name {
            "viewer" => "{ person { id } }".to_owned(),
            "organization" => "{ id }".to_owned(),
            "nodes" => format!("(ids: [{:?}]) {{ id }}", things.program),
            "node" | "program" => format!("(id: {:?}) {{ id }}", things.program),
            "round" => format!("(id: {:?}) {{ id }}", things.round),
            "enrollment" => format!("(id: {:?}) {{ id }}", things.enrollment),
            "match" => format!("(id: {:?}) {{ id }}", things.found),
            "matchRun" => format!("(id: {:?}) {{ id }}", things.run),
            "rounds" | "constraints" => {
                format!("(programId: {:?}, first: 1) {{ totalCount }}", things.program)
            }
            _ => "(first: 1) { totalCount }".to_owned(),
        };
        return (format!("{{ {}{arguments} }}", field.name), json!({}));
    }
    if field.root == Root::Subscription {
        let call = match field.name {
            "matchUpdated" => "matchUpdated { id }".to_owned(),
            "matchRunProgress" => format!("matchRunProgress(runId: {:?}) {{ status }}", things.run),
            other => panic!("this test knows no call of {other}: add one"),
        };
        return (format!("subscription {{ {call} }}"), json!({}));
    }
    let input = match field.name {
        "createProgram" => {
            json!({ "name": "X", "kind": "PEER", "consent": "BOTH_ACCEPT", "timeZone": "nowhere", "matchAt": "02:00" })
        }
        "updateProgram" => json!({ "id": things.program, "timeZone": "nowhere" }),
        "archiveProgram" => json!({ "id": Things::absent("Program") }),
        "createRound" => json!({ "programId": things.program, "name": "" }),
        "openRound" | "closeRound" | "completeRound" | "cancelRound" => json!({ "id": Things::absent("Round") }),
        "enroll" => json!({ "roundId": things.round }),
        "updateEnrollment" | "resumeEnrollment" => json!({ "id": things.enrollment }),
        "withdrawEnrollment" | "pauseEnrollment" | "removeEnrollment" => json!({ "id": Things::absent("Enrollment") }),
        "reviewEnrollment" => json!({ "id": things.enrollment, "accept": true }),
        "requestMatch" => json!({ "roundId": things.round, "personId": things.person }),
        "answerMatch" => json!({ "id": Things::absent("Match"), "accept": true }),
        "endMatch" => json!({ "id": things.found, "reason": "" }),
        "withdrawMatch" | "resumeMatch" => json!({ "id": things.found }),
        "pauseMatch" | "noteFirstContact" | "noteContact" | "setMatchCadence" => {
            json!({ "id": Things::absent("Match") })
        }
        "requestMatchRun" => json!({ "programId": things.program, "dryRun": true }),
        "publishMatchRun" | "discardMatchRun" => json!({ "id": things.run }),
        "createConstraint" => json!({ "programId": things.program, "kind": "AVOID", "personA": me, "personB": me }),
        "deleteConstraint" => json!({ "id": Things::absent("Constraint") }),
        "updatePerson" => json!({ "id": Things::absent("Person") }),
        "createPerson" => json!({ "name": "", "email": "" }),
        "grantRole" => json!({ "personId": Things::absent("Person"), "role": "COORDINATOR" }),
        "revokeRole" => json!({ "id": Things::absent("StaffRole") }),
        "importPeople" => json!({ "csv": "" }),
        "createWebhookEndpoint" => json!({ "url": "" }),
        "updateWebhookEndpoint" | "rotateWebhookSecret" | "deleteWebhookEndpoint" | "testWebhookEndpoint" => {
            json!({ "id": Things::absent("WebhookEndpoint") })
        }
        "replayWebhookEndpoint" => {
            json!({ "id": Things::absent("WebhookEndpoint"), "from": "2026-01-01T00:00:00Z" })
        }
        "retryWebhookDelivery" => json!({ "id": Things::absent("WebhookDelivery") }),
        "createIssuer" => json!({ "name": "", "issuer": "", "audience": "", "linkBy": "EMAIL" }),
        "updateIssuer" | "deleteIssuer" => json!({ "id": Things::absent("Issuer") }),
        "deleteIdentity" => json!({ "id": Things::absent("Identity") }),
        "updateOrganization" => json!({ "name": "" }),
        "registerDocuments" => json!({ "texts": [] }),
        "deleteDocuments" => json!({ "ids": [] }),
        "syncRoster" => json!({ "csv": "", "dryRun": true }),
        "reviewEnrollments" | "endMatches" => json!({ "rows": [] }),
        "enrollPeople" => json!({ "roundId": things.round, "rows": [] }),
        "answerCheckIn" => json!({ "id": Things::absent("CheckIn"), "satisfaction": 3 }),
        "proposeSession" => json!({ "matchId": Things::absent("Match"), "startsAt": "2026-03-02T08:00:00Z" }),
        "agreeToSession" => json!({ "id": Things::absent("Session") }),
        "moveSession" => json!({ "id": Things::absent("Session"), "startsAt": "2026-03-02T08:00:00Z" }),
        "cancelSession" => json!({ "id": Things::absent("Session"), "reason": "" }),
        "recordSession" => json!({ "id": Things::absent("Session"), "held": true }),
        "createApiClient" => json!({ "name": "", "scopes": [] }),
        "rotateApiClient" | "revokeApiClient" => json!({ "id": Things::absent("ApiClient") }),
        "requestSignIn" => json!({ "organization": "nowhere", "email": "" }),
        "signIn" => json!({ "code": "" }),
        "refreshSession" | "signOut" => json!({ "refreshToken": "" }),
        "releaseMessage" | "retryMessage" | "cancelMessage" => json!({ "id": Things::absent("Message") }),
        "liftMailSuppression" => json!({ "id": Things::absent("MailSuppression") }),
        "setMailPreferences" => json!({ "preferences": [] }),
        "signOutEverywhere" => json!({}),
        other => panic!("this test knows no call of {other}: add one"),
    };
    let input_type = format!("{}{}Input", field.name[..1].to_uppercase(), &field.name[1..]);
    let document =
        format!("mutation($input: {input_type}!) {{ {}(input: $input) {{ userErrors {{ code }} }} }}", field.name);
    (document, json!({ "input": input }))
}

/// The answer to a subscription that is refused, or the first that comes of one that is not, if it comes at once.
async fn beginning(client: &Client, document: &str, variables: Value) -> Value {
    let mut socket = Socket::open(client).await;
    socket.subscribe("s", document, variables).await;
    // Asked later and answered earlier than whatever takes its time.
    socket.subscribe("q", "{ __typename }", json!({})).await;
    loop {
        let mut message = socket.hear().await;
        match (message["id"].as_str(), message["type"].as_str()) {
            (Some("s"), Some("error")) => return json!({ "errors": message["payload"] }),
            (Some("s"), Some("next")) => return message["payload"].take(),
            (Some("q"), Some("complete")) if !document.contains("matchRunProgress") => return json!({}),
            _ => {}
        }
    }
}

/// What an answer amounts to. A mutation that finds no row says no more about its caller than that.
fn seen(field: &RootField, body: &Value, expected: Access) -> Access {
    let codes = |list: &Value, path: &str| -> Vec<String> {
        let errors = list.as_array().cloned().unwrap_or_default();
        errors.iter().map(|error| error.pointer(path).and_then(Value::as_str).unwrap_or("?").to_owned()).collect()
    };
    let top = codes(&body["errors"], "/extensions/code");
    if top.iter().any(|code| code == "UNAUTHENTICATED") {
        return Access::Unauthenticated;
    }
    if top.iter().any(|code| code == "FORBIDDEN") {
        return Access::Forbidden;
    }
    assert!(top.is_empty(), "{}: {body:#}", field.name);
    let data = &body["data"][field.name];
    if field.root == Root::Subscription {
        return Access::Allowed;
    }
    if field.root == Root::Query {
        return if data.is_null() { Access::Hidden } else { Access::Allowed };
    }
    let refusals = codes(&data["userErrors"], "/code");
    match refusals.first().map(String::as_str) {
        Some("FORBIDDEN") => Access::Forbidden,
        Some("NOT_FOUND") if expected != Access::Unauthenticated => expected,
        _ => Access::Allowed,
    }
}

async fn every_root_field_keeps_its_row(house: House) {
    let things = things(&house).await;
    let participant = house.person("Paul Participant", "DE").await;
    let country = house.coordinator("Clara Country", Some(&["FR"])).await;
    let coordinator = house.coordinator("Cora Coordinator", None).await;
    let administrator = house.administrator.clone();
    let columns: [(&str, Option<&Person>, Column); 5] = [
        ("anonymous", None, |field| field.anonymous),
        ("participant", Some(&participant), |field| field.participant),
        ("country coordinator", Some(&country), |field| field.country_coordinator),
        ("coordinator", Some(&coordinator), |field| field.coordinator),
        ("administrator", Some(&administrator), |field| field.administrator),
    ];
    let mut wrong = Vec::new();
    for field in ROOT_FIELDS {
        for (who, person, expected) in &columns {
            let client = person.map_or_else(|| house.anonymous(), |person| house.client(person));
            let me = &House::id("Person", person.map_or(uuid::Uuid::nil(), |person| person.id));
            let (document, variables) = call(field, &things, me);
            let body = if field.root == Root::Subscription {
                beginning(&client, &document, variables).await
            } else {
                client.raw(&document, variables).await.body
            };
            let mut found = seen(field, &body, expected(field));
            // Somebody else's row is not there for a participant: that is no refusal of the field.
            let own_row = ["enrollment", "match"].contains(&field.name);
            if own_row && *who == "participant" && found == Access::Hidden {
                found = Access::Allowed;
            }
            if found != expected(field) {
                wrong.push(format!("{} as {who}: {found:?}, not {:?}: {}", field.name, expected(field), body));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

async fn a_foreign_id_looks_like_an_absent_one(house: House) {
    let things = things(&house).await;
    let (_, stranger) = house.other_organization("island").await;
    let stranger = house.client(&stranger);
    let ids = [
        &things.program,
        &things.round,
        &things.person,
        &things.enrollment,
        &things.found,
        &things.run,
        &things.pair,
        &things.constraint,
    ];
    for id in ids {
        let answer = stranger.query("query($id: ID!) { node(id: $id) { id } }", json!({ "id": id })).await;
        assert_eq!(answer["node"], Value::Null, "{id}");
    }
    for list in ["people", "programs", "enrollments", "matches"] {
        let answer = stranger.query(&format!("{{ {list}(first: 10) {{ totalCount }} }}"), json!({})).await;
        let own = i64::from(list == "people");
        assert_eq!(answer[list]["totalCount"], own, "{list}");
    }
    for field in ROOT_FIELDS.iter().filter(|field| field.root == Root::Mutation) {
        let (document, variables) = call(field, &things, &things.person);
        let text = variables.to_string();
        if !ids.iter().any(|id| text.contains(*id)) {
            continue;
        }
        let codes = stranger.user_errors(&document, variables).await;
        assert!(
            codes.iter().all(|error| ["NOT_FOUND", "INVALID", "FORBIDDEN"].contains(&error["code"].as_str().unwrap())),
            "{}: {codes:?}",
            field.name
        );
    }
}

async fn countries_limit_everything(house: House) {
    let things = things(&house).await;
    let french = house.client(&house.coordinator("Clara Country", Some(&["FR"])).await);
    let polish = house.client(&house.coordinator("Pawel Poland", Some(&["PL"])).await);
    let document = "query($program: ID!, $person: ID!, $found: ID!, $enrollment: ID!) {
        people(first: 50) { totalCount nodes { country } } matches(first: 50) { totalCount }
        enrollments(first: 50) { totalCount } person: node(id: $person) { id } found: node(id: $found) { id }
        enrollment(id: $enrollment) { id } program(id: $program) { matches(first: 5) { totalCount } } }";
    let variables = json!({ "program": things.program, "person": things.person, "found": things.found,
        "enrollment": things.enrollment });
    let seen = french.query(document, variables.clone()).await;
    assert_eq!(seen["matches"]["totalCount"], 1);
    assert_eq!(seen["enrollments"]["totalCount"], 2);
    assert_eq!(seen["program"]["matches"]["totalCount"], 1);
    assert!(seen["person"]["id"].is_string() && seen["found"]["id"].is_string());
    let hidden = polish.query(document, variables).await;
    assert_eq!((&hidden["matches"]["totalCount"], &hidden["enrollments"]["totalCount"]), (&json!(0), &json!(0)));
    assert_eq!(hidden["program"]["matches"]["totalCount"], 0);
    for field in ["person", "found", "enrollment"] {
        assert_eq!(hidden[field], Value::Null, "{field}");
    }
    let countries: Vec<_> =
        hidden["people"]["nodes"].as_array().unwrap().iter().map(|node| node["country"].clone()).collect();
    assert!(!countries.contains(&json!("FR")), "{countries:?}");
}
