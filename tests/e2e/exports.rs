//! Exports: exactly what the lists show, as files that spreadsheets and scripts can be trusted with.

use std::{fmt::Write as _, time::Duration};

use chrono::TimeDelta;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use shared::domain::people::Person;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpSocket, TcpStream},
};

use crate::{
    on_both_databases,
    support::{
        graphql::{Client, mutation},
        house::House,
    },
};

on_both_databases!(
    people_go_out_and_come_in_as_they_were,
    a_country_coordinator_gets_what_the_lists_show,
    outcomes_tell_how_it_went,
    a_large_export_is_whole_and_every_one_is_written_down,
    a_file_that_breaks_off_does_not_look_whole,
    whoever_may_not_export_gets_nothing,
);

/// The rows of a file, header first.
async fn export(client: &Client, path: &str) -> Vec<Vec<String>> {
    let answer = client.request_at(Method::GET, path).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK, "{path}");
    assert!(answer.headers()["content-type"].to_str().unwrap().starts_with("text/csv"));
    assert!(answer.headers()["content-disposition"].to_str().unwrap().starts_with("attachment"));
    assert_eq!(answer.headers()["cache-control"], "no-store");
    let text = answer.text().await.unwrap();
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes());
    reader.records().map(|record| record.unwrap().iter().map(str::to_owned).collect()).collect()
}

async fn people_go_out_and_come_in_as_they_were(house: House) {
    let names =
        ["=HYPERLINK(\"http://evil\",\"x\")", "+49", "-1", "@cmd", "'=quoted", "O'Neil; \"the\", one", "\u{202e}olleh"];
    let rows: Vec<Value> = names
        .iter()
        .enumerate()
        .map(|(id, name)| {
            json!({ "externalId": format!("-{id}"), "name": name, "email": format!("p{id}@x.example.org"),
                "headline": name, "country": "DE", "languages": ["de", "en"] })
        })
        .collect();
    let document = mutation("syncRoster", "report { created changeCount faultCount faults { message } }");
    let synced = house.admin().mutate(&document, json!({ "input": { "people": rows } })).await;
    assert_eq!(synced["report"]["created"], names.len(), "{synced}");
    let answer = house.admin().request_at(Method::GET, "/exports/people.csv?active=any").send().await.unwrap();
    let bytes = answer.bytes().await.unwrap();
    let csv = String::from_utf8(bytes.to_vec()).unwrap();
    assert!(csv.starts_with('\u{feff}'), "spreadsheets know UTF-8 by its mark");
    for cell in csv.split("\r\n").flat_map(|line| line.split(',')) {
        let cell = cell.trim_start_matches(['\u{feff}', '"']);
        assert!(!cell.starts_with(['=', '+', '-', '@']), "{cell}");
    }
    let import = mutation("importPeople", "report { created updated unchanged rows { line message } }");
    let back = house.admin().mutate(&import, json!({ "input": { "csv": csv } })).await;
    let expected = json!({ "created": 0, "updated": 0, "unchanged": names.len() + 1, "rows": [] });
    assert_eq!(back["report"], expected, "{csv}");
    let plain = house.admin().request_at(Method::GET, "/exports/people.csv?bom=false").send().await.unwrap();
    assert!(plain.text().await.unwrap().starts_with("\"externalId\""));
}

async fn a_country_coordinator_gets_what_the_lists_show(house: House) {
    let (program, round, people) = house.peers(2).await;
    house.person("Alice Exemple", "FR").await;
    house.night().await;
    let german = house.client(&house.coordinator("Doris Deutsch", Some(&["DE"])).await);
    let french = house.client(&house.coordinator("Clara Country", Some(&["FR"])).await);
    let filter = format!("?programId={}&roundId={}", House::id("Program", program.id), House::id("Round", round.id));
    for kind in ["people", "enrollments", "matches", "outcomes"] {
        let own = export(&french, &format!("/exports/{kind}.csv{filter}")).await;
        assert_eq!(own.len(), 1, "{kind}: {own:?}");
    }
    let seen = export(&french, "/exports/people.csv").await;
    let names: Vec<&str> = seen[1..].iter().map(|row| row[1].as_str()).collect();
    assert_eq!(names, ["Alice Exemple", "Clara Country"], "the coordinator, too, as in the list");
    let enrollments = export(&german, &format!("/exports/enrollments.csv{filter}")).await;
    assert!(enrollments[0].contains(&"about.topics".to_owned()) && enrollments.len() == 3, "{enrollments:?}");
    let matches = export(&german, "/exports/matches.csv").await;
    assert_eq!(matches.len(), 2);
    assert!(matches[1].contains(&people[0].email), "{matches:?}");
    let (_, stranger) = house.other_organization("island").await;
    let stranger = house.client(&stranger);
    for kind in ["enrollments", "matches"] {
        assert_eq!(export(&stranger, &format!("/exports/{kind}.csv{filter}")).await.len(), 1);
    }
    let (later, earlier) = ("?from=2030-01-01", "?to=2020-01-01T00:00:00Z");
    for filter in [later, earlier] {
        assert_eq!(export(&house.admin(), &format!("/exports/matches.csv{filter}")).await.len(), 1);
    }
    assert_eq!(export(&house.admin(), "/exports/matches.csv?from=2026-03-01&to=2026-04-01").await.len(), 2);
    // A partner in another country: known by name, not by address.
    half_abroad(&house, &french).await;
}

async fn half_abroad(house: &House, french: &Client) {
    use shared::domain::{
        enrollments::EnrollmentRole,
        programs::{Consent, Kind},
        rounds::RoundStatus,
    };
    let program = house.program(Kind::Peer, Consent::BothAccept).await;
    let round = house.round(&program, RoundStatus::Closed, false).await;
    let mut pair: Vec<Person> = Vec::new();
    for (name, country) in [("Fifi Francaise", "FR"), ("Gerd German", "DE")] {
        let person = house.person(name, country).await;
        house.enroll(&round, &person, EnrollmentRole::Peer, 1, &["maps"]).await;
        pair.push(person);
    }
    house.night().await;
    let seen = export(french, &format!("/exports/matches.csv?roundId={}", House::id("Round", round.id))).await;
    assert_eq!(seen.len(), 2);
    assert!(seen[1].contains(&pair[0].email) && seen[1].contains(&pair[1].name), "{seen:?}");
    assert!(!seen[1].contains(&pair[1].email), "{seen:?}");
}

async fn outcomes_tell_how_it_went(house: House) {
    let (_, round, _) = house.peers(4).await;
    house.night().await;
    let living = house.living(&round).await;
    let end = mutation("endMatch", "match { status }");
    house.days_later(40).await;
    let input = json!({ "input": { "id": House::id("Match", living[0].id), "reason": "=moved" } });
    house.admin().mutate(&end, input).await;
    let rows = export(&house.admin(), "/exports/outcomes.csv").await;
    assert_eq!(rows.len(), 3);
    let column = |row: &[String], name: &str| row[rows[0].iter().position(|found| found == name).unwrap()].clone();
    let ended = rows.iter().find(|row| row[3] == "ENDED_EARLY").unwrap();
    assert_eq!(column(ended, "survived30Days"), "true");
    assert_eq!(column(ended, "survived60Days"), "false");
    assert_eq!(column(ended, "firstContactWithin7Days"), "false");
    assert_eq!(column(ended, "days"), "40");
    assert_eq!(column(ended, "endReason"), "'=moved");
    let going_on = rows.iter().find(|row| row[3] == "ACTIVE").unwrap();
    assert_eq!(
        (column(going_on, "survived60Days"), column(going_on, "endedEarly")),
        (String::new(), "false".to_owned())
    );
}

/// So many people that no buffer on the way holds all of them.
async fn crowd(house: &House) {
    let long = "x".repeat(200);
    let mut csv = "externalId,name,headline\n".to_owned();
    for id in 0..5_000 {
        writeln!(csv, "x{id},{long},{long}").unwrap();
    }
    let upload = house.admin().request_at(Method::POST, "/roster?show=0").header("content-type", "text/csv").body(csv);
    let done: Value = upload.send().await.unwrap().json().await.unwrap();
    assert_eq!(done["report"]["created"], 5_000, "{done}");
}

/// A client that asked for a file, has read its first bytes, and has room for few more.
async fn slow_reader(client: &Client, path: &str) -> TcpStream {
    let request = client.request_at(Method::GET, path).build().unwrap();
    let (url, token) = (request.url(), request.headers()["authorization"].to_str().unwrap());
    let address = format!("{}:{}", url.host_str().unwrap(), url.port().unwrap());
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(8 * 1024).unwrap();
    let mut stream = socket.connect(address.parse().unwrap()).await.unwrap();
    let head = format!("GET {path} HTTP/1.1\r\nhost: {address}\r\nauthorization: {token}\r\n\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut start = [0; 12];
    stream.read_exact(&mut start).await.unwrap();
    assert_eq!(&start, b"HTTP/1.1 200");
    stream
}

async fn a_large_export_is_whole_and_every_one_is_written_down(house: House) {
    crowd(&house).await;
    let rows = export(&house.admin(), "/exports/people.csv").await;
    let mut ids: Vec<&String> = rows[1..].iter().map(|row| &row[8]).collect();
    ids.sort();
    ids.dedup();
    assert_eq!((rows.len(), ids.len()), (5_002, 5_001));
    // Whoever hangs up in the middle is written down with what they had.
    drop(slow_reader(&house.admin(), "/exports/people.csv").await);
    let Some(database) = house.postgres().await else { return };
    let entries = async |action: &str| -> Vec<Value> {
        let statement = "SELECT details::text FROM audit_entries WHERE action = $1 ORDER BY id";
        let rows = database.query(statement, &[&action]).await.unwrap();
        rows.iter().map(|row| serde_json::from_str(row.get::<_, &str>(0)).unwrap()).collect()
    };
    let mut found = entries("endExport").await;
    for _ in 0..200 {
        if found.len() == 2 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
        found = entries("endExport").await;
    }
    assert_eq!(found[0], json!({ "kind": "people", "rows": 5_001, "whole": true }));
    assert_eq!((found.len(), &found[1]["whole"]), (2, &json!(false)), "{found:?}");
    assert!(found[1]["rows"].as_u64().unwrap() < 5_001, "the work ended: {found:?}");
    let begun = entries("beginExport").await;
    assert_eq!((begun.len(), &begun[0]["filter"]["active"]), (2, &json!(true)));
}

/// A token ends while its owner still reads: the file breaks off, and nobody can take it for a whole one.
async fn a_file_that_breaks_off_does_not_look_whole(house: House) {
    crowd(&house).await;
    let mut stream = slow_reader(&house.admin(), "/exports/people.csv").await;
    house.clock.advance(TimeDelta::days(401));
    let mut rest = Vec::new();
    // Whether the connection is reset or only closed, the last chunk is missing.
    stream.read_to_end(&mut rest).await.ok();
    assert!(!rest.is_empty() && !rest.ends_with(b"0\r\n\r\n"), "{} bytes", rest.len());
    let status = house.admin().request_at(Method::GET, "/exports/people.csv").send().await.unwrap().status();
    assert_eq!(status, StatusCode::UNAUTHORIZED);
}

async fn whoever_may_not_export_gets_nothing(house: House) {
    let status =
        async |client: &Client, path: &str| client.request_at(Method::GET, path).send().await.unwrap().status();
    let participant = house.client(&house.person("Paul Participant", "DE").await);
    assert_eq!(status(&participant, "/exports/people.csv").await, StatusCode::FORBIDDEN);
    assert_eq!(status(&house.anonymous(), "/exports/people.csv").await, StatusCode::UNAUTHORIZED);
    let admin = house.admin();
    assert_eq!(status(&admin, "/exports/secrets.csv").await, StatusCode::NOT_FOUND);
    for path in ["people.csv?x=1", "people.csv?from=soon", "matches.csv?programId=7", "matches.csv?active=true"] {
        assert_eq!(status(&admin, &format!("/exports/{path}")).await, StatusCode::BAD_REQUEST, "{path}");
    }
}
