//! People from CSV: what is wrong is told with its place, nothing is half-written, and the same file changes nothing.

use std::fmt::Write;

use serde_json::{Value, json};
use shared::domain::{
    programs::{Consent, Kind},
    rounds::RoundStatus,
};

use crate::{
    on_both_databases,
    support::{graphql::mutation, house::House},
};

on_both_databases!(
    a_file_is_taken_in_once,
    a_faulty_file_changes_nothing_and_says_where,
    a_round_of_the_usual_columns_matches_all_it_can,
);

async fn import(house: &House, csv: &str, round: &str, dry_run: bool) -> Value {
    let document =
        mutation("importPeople", "report { created updated unchanged enrolled rows { line column message } }");
    let input = json!({ "csv": csv, "roundId": round, "dryRun": dry_run });
    house.admin().query(&document, json!({ "input": input })).await["importPeople"].clone()
}

async fn people(house: &House) -> i64 {
    let counted = house.admin().query("{ people(first: 1) { totalCount } }", json!({})).await;
    counted["people"]["totalCount"].as_i64().unwrap()
}

async fn open_round(house: &House) -> String {
    let program = house.program(Kind::Peer, Consent::IntroduceAtOnce).await;
    House::id("Round", house.round(&program, RoundStatus::Open, true).await.id)
}

async fn a_file_is_taken_in_once(house: House) {
    let round = open_round(&house).await;
    let csv = "\u{feff}External ID;name;email;country;languages;about.topics\r\n\
               1;\"Silva; Ana\";ana@x.example.org;br;pt|en;Maps|teaching\r\n\r\n\
               2;Ben;BEN@x.example.org;DE;de;\r\n";
    let seen = import(&house, csv, &round, true).await;
    assert_eq!((&seen["report"]["created"], people(&house).await), (&json!(2), 1), "a dry run writes nothing");
    let first = import(&house, csv, &round, false).await;
    let expected = json!({ "created": 2, "updated": 0, "unchanged": 0, "enrolled": 2, "rows": [] });
    assert_eq!(first["report"], expected, "{first}");
    let second = import(&house, csv, &round, false).await;
    let expected = json!({ "created": 0, "updated": 0, "unchanged": 2, "enrolled": 0, "rows": [] });
    assert_eq!(second["report"], expected, "{second}");
    let moved = import(&house, "externalId,country\n2,AT\n", &round, false).await;
    assert_eq!(moved["report"]["updated"], 1, "columns that are missing leave the rest alone: {moved}");
    assert_eq!(people(&house).await, 3);
}

async fn a_faulty_file_changes_nothing_and_says_where(house: House) {
    let round = open_round(&house).await;
    for (csv, line, column, words) in [
        ("externalId,colour\n1,red\n", 1, Some("colour"), "unknown column"),
        ("name\nAna\n", 1, None, "externalId or email"),
        ("externalId,name,email\n1,Ana,ana@x.example.org\n2,Ben,nonsense\n", 3, Some("email"), "like ana@example.org"),
        ("externalId,name,email\n1,Ana\n", 2, None, "2 fields"),
        ("externalId,country\n1,DE\n1,FR\n", 3, None, "line 2"),
        ("externalId,capacity\n1,many\n", 2, Some("capacity"), "whole number"),
        ("externalId,capacity\n1,99\n", 2, Some("capacity"), "1 to 20"),
        ("externalId,role\n1,MENTOR\n", 2, Some("role"), "PEER"),
        ("externalId,country\n1,DE\n2,Germany\n", 3, Some("country"), "two-letter"),
        ("", 1, None, "externalId or email"),
    ] {
        let refused = import(&house, csv, &round, false).await;
        let faults = refused["report"]["rows"].as_array().cloned().unwrap_or_default();
        let told = faults.iter().any(|fault| {
            fault["line"] == line
                && (column.is_none() || fault["column"] == json!(column))
                && fault["message"].as_str().unwrap().contains(words)
        });
        assert!(told, "{csv:?}: {refused:#}");
        assert_eq!(people(&house).await, 1, "{csv:?} changed something");
    }
}

/// Another country, a shared language, topics in common: only those who name no language, or one that nobody abroad
/// speaks, can be left over.
async fn a_round_of_the_usual_columns_matches_all_it_can(house: House) {
    let admin = house.admin();
    let create = mutation("createProgram", "program { id }");
    let program = admin.mutate(&create, json!({ "input": {
        "name": "Peers", "kind": "PEER", "consent": "INTRODUCE_AT_ONCE", "timeZone": "Europe/Berlin", "matchAt": "02:00",
        "questions": [{ "key": "topics", "label": "Topics", "prompt": "Topics?", "kind": "TAGS", "asks": "ABOUT_ME" }],
        "criteria": [
            { "label": "Another country", "subject": "COUNTRY", "comparison": "DIFFERENT", "strength": "MUST" },
            { "label": "A shared language", "subject": "LANGUAGES", "comparison": "OVERLAP", "strength": "MUST" },
            { "label": "Topics", "subject": "QUESTION", "questionKey": "topics", "comparison": "OVERLAP", "strength": "PREFER", "weight": 3 },
        ],
    } }));
    let program = program.await["program"]["id"].clone();
    let spring = json!({ "input": { "programId": program, "name": "Spring" } });
    let round = admin.mutate(&mutation("createRound", "round { id }"), spring).await["round"]["id"].clone();
    let step = async |name: &str| {
        admin.mutate(&mutation(name, ""), json!({ "input": { "id": round } })).await;
    };
    step("openRound").await;
    let countries = ["US", "US", "US", "IN", "GB", "DE", "BR", "FR"];
    let topics = ["python", "java", "career", "docker", "teaching"];
    let mut csv = "id,country,languages,topics\n".to_owned();
    for index in 0..80_usize {
        let languages = match index {
            7 | 33 => "",
            50 => "is",
            _ => "en",
        };
        let (country, topic, second) = (countries[index % 8], topics[index % 5], topics[(index * 3 + 1) % 5]);
        writeln!(csv, "p{index:03},{country},{languages},{topic};{second}").unwrap();
    }
    let taken = import(&house, &csv, round.as_str().unwrap(), false).await;
    assert_eq!(taken["report"]["enrolled"], 80, "{taken}");
    step("closeRound").await;
    house.night().await;
    let document = "query($id: ID!) { program(id: $id) { matchRuns(first: 1) { nodes { report { rounds {
        participants matched unmatched certified reasons { reason count } } } } } } }";
    let runs = admin.query(document, json!({ "id": program })).await;
    let report = &runs["program"]["matchRuns"]["nodes"][0]["report"]["rounds"][0];
    // 77 people can be matched, so one of them is the odd one out.
    assert_eq!((&report["matched"], &report["certified"]), (&json!(76), &json!(true)), "{report}");
    let impossible = json!({ "reason": "NO_CANDIDATE_MUST", "count": 3 });
    assert!(report["reasons"].as_array().unwrap().contains(&impossible), "{report}");
}
