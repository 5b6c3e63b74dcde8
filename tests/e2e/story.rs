//! The whole story, from an empty organization to an ended match, told over the API alone, in each mode of consent.

use serde_json::{Value, json};
use shared::domain::people::Person;

use crate::{
    on_both_databases,
    support::{
        graphql::{Client, mutation},
        house::House,
    },
};

on_both_databases!(
    introduced_at_once,
    both_must_accept,
    a_coordinator_approves,
    an_unanswered_proposal_closes,
    two_people_who_chose_each_other,
    a_request_that_comes_to_nothing_leaves_no_trace,
    the_country_cap_waitlists_the_latest,
);

/// Calls a mutation and gives back the entity; user errors fail the test.
async fn call(client: &Client, name: &str, entity: &str, selection: &str, input: Value) -> Value {
    let document = mutation(name, &format!("{entity} {{ {selection} }}"));
    client.mutate(&document, json!({ "input": input })).await[entity].clone()
}

/// Calls a mutation that must be refused and gives back the codes.
async fn refused(client: &Client, name: &str, input: Value) -> Vec<String> {
    let errors = client.user_errors(&mutation(name, ""), json!({ "input": input })).await;
    errors.iter().map(|error| error["code"].as_str().unwrap().to_owned()).collect()
}

/// A program and an open round in it, made by the administrator.
async fn program(house: &House, consent: &str, cap: Option<i32>) -> (String, String) {
    let admin = house.admin();
    let program = call(&admin, "createProgram", "program", "id", json!({
        "name": "Peers", "kind": "PEER", "consent": consent, "timeZone": "Europe/Berlin", "matchAt": "02:00",
        "stalledDays": 0, "firstCheckInDays": 0, "topicDays": 0,
        "questions": [{ "key": "topics", "label": "Topics", "prompt": "What moves you?", "kind": "TAGS", "asks": "ABOUT_ME" }],
        "criteria": [
            { "label": "Another country", "subject": "COUNTRY", "comparison": "DIFFERENT", "strength": "MUST" },
            { "label": "Topics", "subject": "QUESTION", "questionKey": "topics", "comparison": "OVERLAP",
              "strength": "PREFER", "weight": 3 },
        ],
    }))
    .await;
    let program = program["id"].as_str().unwrap().to_owned();
    let round = call(
        &admin,
        "createRound",
        "round",
        "id status",
        json!({
            "programId": program, "name": "Spring", "countryCapPercent": cap,
        }),
    )
    .await;
    assert_eq!(round["status"], "DRAFT");
    let round = round["id"].as_str().unwrap().to_owned();
    let open = call(&admin, "openRound", "round", "status", json!({ "id": round })).await;
    assert_eq!(open["status"], "OPEN");
    (program, round)
}

async fn enroll(house: &House, round: &str, name: &str, country: &str, topics: &[&str]) -> Person {
    let person = house.person(name, country).await;
    let enrollment = call(
        &house.client(&person),
        "enroll",
        "enrollment",
        "status",
        json!({
            "roundId": round, "about": [{ "key": "topics", "values": topics }],
        }),
    )
    .await;
    assert!(["ACTIVE", "APPLIED"].contains(&enrollment["status"].as_str().unwrap()), "{enrollment}");
    person
}

async fn my_match(client: &Client) -> Value {
    let document = "{ viewer { matches(first: 5) { nodes { id status score isMyTurn
        partner { name email country } explanation { score contributions { sentence } } sides { answer } history { from to } } } } }";
    client.query(document, json!({})).await["viewer"]["matches"]["nodes"][0].clone()
}

async fn close(house: &House, round: &str) {
    let closed = call(&house.admin(), "closeRound", "round", "status", json!({ "id": round })).await;
    assert_eq!(closed["status"], "CLOSED");
}

async fn introduced_at_once(house: House) {
    let (program, round) = program(&house, "INTRODUCE_AT_ONCE", None).await;
    let ana = enroll(&house, &round, "Ana Silva", "BR", &["python", "teaching"]).await;
    let ben = enroll(&house, &round, "Ben Meyer", "DE", &["python", "maps"]).await;
    let cem = enroll(&house, &round, "Cem Kaya", "DE", &["maps"]).await;
    house.night().await;
    assert_eq!(my_match(&house.client(&ana)).await, Value::Null, "an open round is not matched yet");
    close(&house, &round).await;
    house.night().await;

    let found = my_match(&house.client(&ana)).await;
    assert_eq!((&found["status"], &found["partner"]["name"]), (&json!("ACTIVE"), &json!("Ben Meyer")));
    assert_eq!(found["partner"]["email"], json!(ben.email));
    assert!(found["score"].as_i64().unwrap() > 0);
    assert!(found["explanation"]["contributions"].to_string().contains("python"), "{found}");
    let introduction = &house.relay.messages_to(&ana.email)[0];
    for words in ["Ben Meyer", &ben.email, "python"] {
        assert!(introduction.text().contains(words), "the introduction lacks {words}:\n{}", introduction.text());
    }
    assert_eq!(introduction.header("Auto-Submitted").as_deref(), Some("auto-generated"));

    let why = "{ viewer { enrollments(first: 1) { nodes { nonMatch { reason sentence relaxation { kind } } } } } }";
    let why = house.client(&cem).query(why, json!({})).await;
    let why = &why["viewer"]["enrollments"]["nodes"][0]["nonMatch"];
    assert!(why["reason"].is_string() && why["sentence"].is_string(), "{why}");
    assert_eq!(house.subjects(&cem).len(), 1, "and was told so");

    let report = "query($id: ID!) { program(id: $id) { matchRuns(first: 5) { nodes { status localDate
        report { rounds { participants matched unmatched pairs certified primal dual } } } } } }";
    let runs = house.admin().query(report, json!({ "id": program })).await;
    let run = &runs["program"]["matchRuns"]["nodes"][0];
    let expected = json!({ "participants": 3, "matched": 2, "unmatched": 1, "pairs": 1, "certified": true,
        "primal": run["report"]["rounds"][0]["primal"], "dual": run["report"]["rounds"][0]["primal"] });
    assert_eq!((&run["status"], &run["report"]["rounds"][0]), (&json!("PUBLISHED"), &expected));

    house.days_later(8).await;
    assert_eq!(house.subjects(&ana).len(), 2, "a reminder to be in touch: {:?}", house.subjects(&ana));
    let id = found["id"].clone();
    let ended =
        call(&house.client(&ana), "endMatch", "match", "status", json!({ "id": id, "reason": "No time." })).await;
    assert_eq!(ended["status"], "ENDED_EARLY");
    house.work().await;
    assert_eq!(house.subjects(&ben).len(), 3, "the partner is told: {:?}", house.subjects(&ben));
    assert!(!house.relay.messages_to(&ben.email)[2].text().contains("No time."), "but not why");
    house.night().await;
    assert_eq!(my_match(&house.client(&ben)).await["status"], "ENDED_EARLY", "past partners do not return");
}

async fn both_must_accept(house: House) {
    let (_, round) = program(&house, "BOTH_ACCEPT", None).await;
    let ana = enroll(&house, &round, "Ana Silva", "BR", &["python"]).await;
    let ben = enroll(&house, &round, "Ben Meyer", "DE", &["python"]).await;
    close(&house, &round).await;
    house.night().await;
    let proposed = my_match(&house.client(&ana)).await;
    assert_eq!((&proposed["status"], &proposed["isMyTurn"]), (&json!("PROPOSED"), &json!(true)));
    assert_eq!(proposed["partner"]["email"], Value::Null, "no address before both agree");
    let proposal = house.relay.messages_to(&ana.email)[0].text();
    assert!(proposal.contains("Ben Meyer") && !proposal.contains(&ben.email), "{proposal}");

    let answer = json!({ "id": proposed["id"], "accept": true });
    let once = call(&house.client(&ana), "answerMatch", "match", "status", answer.clone()).await;
    assert_eq!(once["status"], "PROPOSED");
    assert_eq!(refused(&house.client(&ana), "answerMatch", answer.clone()).await, ["NOT_POSSIBLE"]);
    house.days_later(8).await;
    assert_eq!(house.subjects(&ana).len(), 1, "who answered is not reminded: {:?}", house.subjects(&ana));
    assert_eq!(house.subjects(&ben).len(), 2, "who did not, is: {:?}", house.subjects(&ben));
    let twice = call(&house.client(&ben), "answerMatch", "match", "status", answer).await;
    assert_eq!(twice["status"], "ACTIVE");
    house.work().await;
    assert!(house.relay.messages_to(&ana.email)[1].text().contains(&ben.email));
    assert!(house.relay.messages_to(&ben.email)[2].text().contains(&ana.email));
    let history = my_match(&house.client(&ben)).await["history"].clone();
    assert_eq!(history, json!([{ "from": null, "to": "PROPOSED" }, { "from": "PROPOSED", "to": "ACTIVE" }]));
}

async fn a_coordinator_approves(house: House) {
    let coordinator = house.coordinator("Cora Coordinator", None).await;
    let (program, round) = program(&house, "COORDINATOR_APPROVES", None).await;
    let ana = enroll(&house, &round, "Ana Silva", "BR", &["python"]).await;
    let ben = enroll(&house, &round, "Ben Meyer", "DE", &["python"]).await;
    close(&house, &round).await;
    house.night().await;
    assert_eq!(my_match(&house.client(&ana)).await, Value::Null);
    assert!(house.subjects(&ana).is_empty() && house.subjects(&ben).is_empty(), "nobody is written to before approval");
    assert_eq!(house.subjects(&coordinator).len(), 1, "but the coordinator is");

    let client = house.client(&coordinator);
    let runs = "query($id: ID!) { program(id: $id) { matchRuns(first: 1) { nodes { id status
        plannedPairs(first: 5) { nodes { id score a { person { name } } b { person { name } } } } } } } }";
    let runs = client.query(runs, json!({ "id": program })).await;
    let run = &runs["program"]["matchRuns"]["nodes"][0];
    assert_eq!(run["status"], "READY");
    assert_eq!(run["plannedPairs"]["nodes"].as_array().unwrap().len(), 1);
    assert_eq!(refused(&house.client(&ana), "publishMatchRun", json!({ "id": run["id"] })).await, ["FORBIDDEN"]);
    let published = call(&client, "publishMatchRun", "matchRun", "status", json!({ "id": run["id"] })).await;
    assert_eq!(published["status"], "PUBLISHED");
    house.work().await;
    assert_eq!(my_match(&house.client(&ana)).await["status"], "ACTIVE");
    assert_eq!((house.subjects(&ana).len(), house.subjects(&ben).len()), (1, 1));
    assert_eq!(refused(&client, "publishMatchRun", json!({ "id": run["id"] })).await, ["NOT_POSSIBLE"]);
}

async fn an_unanswered_proposal_closes(house: House) {
    let (_, round) = program(&house, "BOTH_ACCEPT", None).await;
    let ana = enroll(&house, &round, "Ana Silva", "BR", &["python"]).await;
    let ben = enroll(&house, &round, "Ben Meyer", "DE", &["python"]).await;
    close(&house, &round).await;
    house.night().await;
    let first = my_match(&house.client(&ana)).await;
    for _ in 0..16 {
        house.days_later(1).await;
    }
    let document = "query($id: ID!) { match(id: $id) { status } }";
    let closed = house.client(&ana).query(document, json!({ "id": first["id"] })).await;
    assert_eq!(closed["match"]["status"], "EXPIRED");
    let answer = json!({ "id": first["id"], "accept": true });
    assert_eq!(refused(&house.client(&ben), "answerMatch", answer).await, ["NOT_POSSIBLE"]);
    let reminders = house.subjects(&ben).len();
    assert!((2..=4).contains(&reminders), "a proposal and its one reminder, perhaps anew: {:?}", house.subjects(&ben));
}

async fn two_people_who_chose_each_other(house: House) {
    let (_, round) = program(&house, "INTRODUCE_AT_ONCE", None).await;
    let (ana, ben) = (house.person("Ana Silva", "DE").await, house.person("Ben Meyer", "DE").await);
    let input = json!({ "roundId": round, "email": ben.email, "note": "Shall we?" });
    let asked = call(&house.client(&ana), "requestMatch", "match", "id status isMyTurn", input.clone()).await;
    assert_eq!((&asked["status"], &asked["isMyTurn"]), (&json!("PROPOSED"), &json!(false)));
    assert_eq!(refused(&house.client(&ana), "requestMatch", input).await, ["NO_FREE_PLACE"]);
    house.work().await;
    let letter = house.relay.messages_to(&ben.email)[0].text();
    assert!(letter.contains("Shall we?") && letter.contains("Ana Silva") && !letter.contains(&ana.email), "{letter}");
    let answer = json!({ "id": asked["id"], "accept": true });
    assert_eq!(refused(&house.client(&ana), "answerMatch", answer.clone()).await, ["NOT_POSSIBLE"]);
    let agreed = call(&house.client(&ben), "answerMatch", "match", "status partner { email }", answer).await;
    assert_eq!((&agreed["status"], &agreed["partner"]["email"]), (&json!("ACTIVE"), &json!(ana.email)));
    house.work().await;
    assert_eq!((house.subjects(&ana).len(), house.subjects(&ben).len()), (1, 2));
}

async fn a_request_that_comes_to_nothing_leaves_no_trace(house: House) {
    let (_, round) = program(&house, "INTRODUCE_AT_ONCE", None).await;
    let (ana, ben) = (house.person("Ana Silva", "BR").await, house.person("Ben Meyer", "DE").await);
    let input = json!({ "roundId": round, "personId": House::id("Person", ben.id) });
    let asked = call(&house.client(&ana), "requestMatch", "match", "id", input).await;
    let declined =
        call(&house.client(&ben), "answerMatch", "match", "status", json!({ "id": asked["id"], "accept": false }))
            .await;
    assert_eq!(declined["status"], "DECLINED");
    let mine = "{ viewer { enrollments(first: 5) { nodes { status } } } }";
    let left = house.client(&ben).query(mine, json!({})).await;
    assert_eq!(left["viewer"]["enrollments"]["nodes"], json!([{ "status": "WITHDRAWN" }]));
    let joined = call(&house.client(&ben), "enroll", "enrollment", "status", json!({ "roundId": round })).await;
    assert_eq!(joined["status"], "ACTIVE", "and can still join for themselves");
}

async fn the_country_cap_waitlists_the_latest(house: House) {
    let (_, round) = program(&house, "INTRODUCE_AT_ONCE", Some(40)).await;
    let mut germans = Vec::new();
    for index in 0..4 {
        germans.push(enroll(&house, &round, &format!("German {index}"), "DE", &["maps"]).await);
    }
    for (index, country) in ["BR", "FR", "IN", "NG", "PL", "US"].into_iter().enumerate() {
        enroll(&house, &round, &format!("Other {index}"), country, &["maps"]).await;
    }
    let late = enroll(&house, &round, "Late German", "DE", &["maps"]).await;
    close(&house, &round).await;
    house.night().await;
    // Four of eleven is the cap; the fifth of them came last.
    assert_eq!(my_match(&house.client(&late)).await, Value::Null);
    let why = "{ viewer { enrollments(first: 1) { nodes { status nonMatch { reason } } } } }";
    let why = house.client(&late).query(why, json!({})).await;
    let expected = json!({ "status": "WAITLISTED", "nonMatch": { "reason": "QUOTA_WAITLISTED" } });
    assert_eq!(why["viewer"]["enrollments"]["nodes"][0], expected);
    for person in &germans {
        assert_eq!(my_match(&house.client(person)).await["status"], "ACTIVE", "{}", person.name);
    }
}
