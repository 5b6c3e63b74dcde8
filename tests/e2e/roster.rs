//! The roster: a dry run shows what the real run does, who is missing leaves in the ordinary way, and nothing is
//! half-written.

use std::fmt::Write;

use reqwest::{Method, StatusCode, header::CONTENT_TYPE};
use serde_json::{Value, json};
use shared::{domain::people::Person, store};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::{
    on_both_databases,
    support::{graphql::mutation, house::House},
};

on_both_databases!(
    a_dry_run_shows_what_the_real_run_does_and_then_nothing_is_left,
    addresses_go_from_one_person_to_another,
    who_is_missing_leaves_and_partners_are_told,
    too_many_missing_are_refused_with_the_numbers,
    faulty_rows_are_told_and_skipped_if_wanted,
    a_file_is_uploaded_by_those_who_may,
    whoever_uploads_beside_two_others_is_asked_to_come_back,
    a_coordinator_cannot_take_over_an_administrator,
    a_failure_on_the_way_is_made_up_for_by_the_same_call,
);

const REPORT: &str = "report { applied plan created updated unchanged deactivated skipped rosterSize
    enrollmentsWithdrawn matchesEnded missed changeCount faultCount refusal
    changes { kind line externalId name fields { field before after } } faults { line column message } }";

async fn sync(house: &House, input: Value) -> Value {
    let payload = house.admin().mutate(&mutation("syncRoster", REPORT), json!({ "input": input })).await;
    payload["report"].clone()
}

async fn refused(house: &House, input: Value) -> Value {
    let document = mutation("syncRoster", REPORT);
    house.admin().user_errors(&document, json!({ "input": input })).await.remove(0)
}

async fn known(house: &House, external_id: &str) -> Person {
    let found = store::people::find_by_external_id(&house.store, house.organization.id, external_id).await.unwrap();
    found.unwrap_or_else(|| panic!("{external_id} is unknown"))
}

async fn a_dry_run_shows_what_the_real_run_does_and_then_nothing_is_left(house: House) {
    // Some pseudo-random rosters, one after the other, from a small world of ids and addresses.
    let mut seed = 12_345_u64;
    let mut roll = |below: u64| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) % below
    };
    let (stranger, _) = house.other_organization("island").await;
    for _ in 0..12 {
        let mut addresses: Vec<u64> = (0..12).collect();
        let mut csv = "externalId,name,email,country\r\n".to_owned();
        for id in 0..12 {
            let address = addresses.remove(usize::try_from(roll(addresses.len() as u64)).unwrap());
            if roll(4) > 0 {
                let country = ["DE", "FR", ""][usize::try_from(roll(3)).unwrap()];
                writeln!(csv, "s{id},Name {},a{address}@x.example.org,{country}", roll(3)).unwrap();
            }
        }
        let call = |dry_run: bool, plan: Value| {
            json!({ "csv": csv, "deactivateMissing": true, "maxDeactivatedPercent": 100, "onError": "SKIP_ROWS",
                "dryRun": dry_run, "expectedPlan": plan })
        };
        let shown = sync(&house, call(true, Value::Null)).await;
        assert_eq!(shown["applied"], false);
        let done = sync(&house, call(false, shown["plan"].clone())).await;
        assert_eq!(done["applied"], true, "{done:#}");
        for field in ["created", "updated", "unchanged", "deactivated", "skipped", "changes", "faults"] {
            assert_eq!(shown[field], done[field], "{field} of {csv}");
        }
        let again = sync(&house, call(true, Value::Null)).await;
        assert_eq!(again["changeCount"], 0, "{csv}\n{again:#}");
    }
    let people = store::people::find_by_external_id(&house.store, stranger.id, "s1").await.unwrap();
    assert!(people.is_none(), "another tenant has nothing of it");
    let stale = json!({ "csv": "externalId,name\ns1,New name\n", "expectedPlan": "0" });
    assert_eq!(refused(&house, stale).await["code"], "CONFLICT");
}

async fn addresses_go_from_one_person_to_another(house: House) {
    sync(&house, json!({ "csv": "externalId,name,email\n1,Ana,ana@x.example.org\n2,Ben,ben@x.example.org\n" })).await;
    let csv = "externalId,name,email\n1,Ana,BEN@x.example.org\n2,Ben,ana@x.example.org\n";
    let swapped = sync(&house, json!({ "csv": csv })).await;
    assert_eq!((&swapped["updated"], &swapped["faultCount"]), (&json!(2), &json!(0)), "{swapped:#}");
    assert_eq!(known(&house, "1").await.email, "ben@x.example.org");
    assert_eq!(known(&house, "2").await.email, "ana@x.example.org");
    // Somebody new takes an address that is given up, and a chain moves on.
    let people = json!([{ "externalId": "3", "name": "Cem", "email": "ana@x.example.org" },
        { "externalId": "2", "email": "ben@x.example.org" }, { "externalId": "1", "email": "new@x.example.org" }]);
    let moved = sync(&house, json!({ "people": people })).await;
    assert_eq!((&moved["created"], &moved["updated"]), (&json!(1), &json!(2)), "{moved:#}");
    // One that is kept cannot be taken, and then neither can what depended on it.
    let people = json!([{ "externalId": "1", "email": "ben@x.example.org" },
        { "externalId": "2", "email": house.administrator.email }]);
    let kept = sync(&house, json!({ "people": people, "onError": "SKIP_ROWS" })).await;
    assert_eq!((&kept["skipped"], &kept["updated"]), (&json!(2), &json!(0)), "{kept:#}");
}

async fn who_is_missing_leaves_and_partners_are_told(house: House) {
    let (_, round, people) = house.peers(2).await;
    house.night().await;
    assert_eq!(house.living(&round).await.len(), 1);
    let row = |person: &Person| json!({ "externalId": person.external_id });
    // Those who came by other ways than a roster are never missing from one.
    let only = json!({ "people": [row(&people[0])], "deactivateMissing": true, "maxDeactivatedPercent": 100 });
    assert_eq!(sync(&house, only.clone()).await["deactivated"], 0);
    sync(&house, json!({ "people": [row(&people[0]), row(&people[1]), row(&house.administrator)] })).await;
    let mut dry = only.clone();
    dry["dryRun"] = json!(true);
    let shown = sync(&house, dry).await;
    assert_eq!((&shown["deactivated"], &shown["rosterSize"]), (&json!(1), &json!(3)), "never staff: {shown:#}");
    assert_eq!((&shown["enrollmentsWithdrawn"], &shown["matchesEnded"]), (&json!(1), &json!(1)));
    let done = sync(&house, only).await;
    assert_eq!((&done["enrollmentsWithdrawn"], &done["matchesEnded"]), (&json!(1), &json!(1)), "{done:#}");
    let gone = known(&house, people[1].external_id.as_deref().unwrap()).await;
    assert!(!gone.active);
    assert!(house.living(&round).await.is_empty());
    let before = house.subjects(&people[0]).len();
    house.work().await;
    assert_eq!(house.subjects(&people[0]).len(), before + 1, "the partner is told");
    let back = sync(&house, json!({ "people": [row(&people[1])] })).await;
    assert_eq!(back["changes"][0]["kind"], "REACTIVATE", "{back:#}");
}

async fn too_many_missing_are_refused_with_the_numbers(house: House) {
    let all = (0..10).fold("externalId\n".to_owned(), |csv, id| format!("{csv}{id}\n"));
    sync(&house, json!({ "csv": all })).await;
    let fewer = json!({ "csv": "externalId\n1\n2\n", "deactivateMissing": true });
    let refusal = refused(&house, fewer.clone()).await;
    assert_eq!(refusal["code"], "NOT_POSSIBLE");
    assert!(refusal["message"].as_str().unwrap().contains("8 of the 10"), "{refusal}");
    let mut dry = fewer;
    dry["dryRun"] = json!(true);
    assert!(sync(&house, dry).await["refusal"].is_string());
    let empty = json!({ "csv": "externalId\n", "deactivateMissing": true });
    assert_eq!(refused(&house, empty).await["code"], "NOT_POSSIBLE");
    assert!(known(&house, "5").await.active);
}

async fn faulty_rows_are_told_and_skipped_if_wanted(house: House) {
    sync(&house, json!({ "csv": "externalId,name\n1,Ana\n2,Ben\n3,Cem\n" })).await;
    let long = "x".repeat(10_000);
    let csv = format!(
        "externalId,name,country\n1,Anna,Germany\n2,\"Ben\nBoy\",DE\n4,{long},DE\n5,\u{202e}Eva,DE\n5,Twin,DE\n"
    );
    let all = sync(&house, json!({ "csv": csv })).await;
    assert_eq!((&all["applied"], &all["faultCount"]), (&json!(false), &json!(3)), "{all:#}");
    assert_eq!(all["faults"][0]["line"], 2);
    assert_eq!(all["faults"][0]["column"], "country");
    assert_eq!(known(&house, "2").await.name, "Ben", "nothing was written");
    let input = json!({ "csv": csv, "onError": "SKIP_ROWS", "deactivateMissing": true, "maxDeactivatedPercent": 50 });
    let some = sync(&house, input).await;
    assert_eq!(
        (&some["applied"], &some["skipped"], &some["updated"]),
        (&json!(true), &json!(3), &json!(1)),
        "{some:#}"
    );
    assert_eq!(some["deactivated"], 1, "somebody with a faulty row is there");
    assert!(known(&house, "1").await.active && !known(&house, "3").await.active);
    assert_eq!(known(&house, "5").await.name, "\u{202e}Eva");
    // A line of which nobody can say whom it is about: then nobody is missing.
    let broken = json!({ "csv": "externalId,name\n1,Ana\n2\n", "onError": "SKIP_ROWS", "deactivateMissing": true,
        "maxDeactivatedPercent": 100 });
    let broken = sync(&house, broken).await;
    assert_eq!((&broken["applied"], &broken["deactivated"]), (&json!(false), &json!(0)), "{broken:#}");
    let nothing = sync(&house, json!({ "csv": "name\nAna\n" })).await;
    assert_eq!(nothing["applied"], false);
}

async fn a_file_is_uploaded_by_those_who_may(house: House) {
    let mut csv = "externalId,name,email,country\r\n".to_owned();
    for id in 0..5_000 {
        write!(csv, "u{id},Student {id},u{id}@x.example.org,DE\r\n").unwrap();
    }
    let upload = async |client: &crate::support::graphql::Client, path: &str, media: &str, body: Vec<u8>| {
        let answer = client.request_at(Method::POST, path).header(CONTENT_TYPE, media).body(body).send().await.unwrap();
        (answer.status(), answer.json::<Value>().await.unwrap())
    };
    let body = csv.clone().into_bytes();
    let (status, done) = upload(&house.admin(), "/roster?show=2", "text/csv; charset=utf-8", body.clone()).await;
    assert_eq!(status, StatusCode::OK, "{done}");
    assert_eq!((&done["report"]["created"], &done["report"]["changeCount"]), (&json!(5_000), &json!(5_000)));
    assert_eq!(done["report"]["changes"].as_array().unwrap().len(), 2);
    let (_, again) = upload(&house.admin(), "/roster?dryRun=true", "text/csv", body.clone()).await;
    assert_eq!((&again["report"]["unchanged"], &again["report"]["changeCount"]), (&json!(5_000), &json!(0)));

    let country = house.client(&house.coordinator("Clara Country", Some(&["DE"])).await);
    let participant = house.client(&house.person("Paul Participant", "DE").await);
    for (client, status) in [
        (&country, StatusCode::FORBIDDEN),
        (&participant, StatusCode::FORBIDDEN),
        (&house.anonymous(), StatusCode::UNAUTHORIZED),
    ] {
        assert_eq!(upload(client, "/roster", "text/csv", body.clone()).await.0, status);
    }
    let admin = house.admin();
    for (path, media, body, status) in [
        ("/roster", "application/json", body.clone(), StatusCode::UNSUPPORTED_MEDIA_TYPE),
        ("/roster?dryrun=true", "text/csv", body.clone(), StatusCode::BAD_REQUEST),
        ("/roster?onError=perhaps", "text/csv", body.clone(), StatusCode::BAD_REQUEST),
        ("/roster", "text/csv", b"externalId,name\n1,J\xf6rg\n".to_vec(), StatusCode::BAD_REQUEST),
        ("/roster", "text/csv", vec![b'x'; 33_554_433], StatusCode::PAYLOAD_TOO_LARGE),
        ("/roster?expectedPlan=0", "text/csv", body.clone(), StatusCode::CONFLICT),
        ("/roster?deactivateMissing=true", "text/csv", b"externalId\n".to_vec(), StatusCode::UNPROCESSABLE_ENTITY),
    ] {
        let (found, told) = upload(&admin, path, media, body).await;
        assert_eq!(found, status, "{path}: {told}");
    }
    let nul = upload(&admin, "/roster", "text/csv", b"externalId,name\n7\0,X\n".to_vec()).await.1;
    assert_eq!(nul["report"]["applied"], false, "{nul}");
    assert!(nul["report"]["faults"][0]["message"].as_str().unwrap().contains("U+0000"), "{nul}");
}

/// Two files are read at a time, however slowly they come.
async fn whoever_uploads_beside_two_others_is_asked_to_come_back(house: House) {
    let admin = house.admin();
    let csv = "externalId,name\n1,One\n";
    let slow = async || {
        let mut slow = tokio::net::TcpStream::connect(house.base().trim_start_matches("http://")).await.unwrap();
        let head = format!(
            "POST /roster HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {}\r\ncontent-type: text/csv\r\n\
             content-length: {}\r\n\r\n",
            admin.token().unwrap(),
            csv.len()
        );
        slow.write_all(head.as_bytes()).await.unwrap();
        slow
    };
    let mut two = [slow().await, slow().await];
    let upload = async || {
        let request = admin.request_at(Method::POST, "/roster?dryRun=true").header(CONTENT_TYPE, "text/csv").body(csv);
        let answer = request.send().await.unwrap();
        (answer.status(), answer.headers().contains_key("retry-after"))
    };
    let mut tries = 0;
    while upload().await != (StatusCode::SERVICE_UNAVAILABLE, true) {
        tries += 1;
        assert!(tries < 500, "the two were never let in");
        // Ours may have been before one of them, which was sent away then.
        for one in &mut two {
            if one.try_read(&mut [0; 1]).is_ok() {
                *one = slow().await;
            }
        }
    }
    let [mut one, other] = two;
    one.write_all(csv.as_bytes()).await.unwrap();
    let mut told = String::new();
    while !told.contains("\"created\":1") {
        let mut more = [0; 1_024];
        let read = one.read(&mut more).await.unwrap();
        assert!(read > 0, "{told}");
        told += std::str::from_utf8(&more[..read]).unwrap();
    }
    assert_eq!(upload().await, (StatusCode::OK, false));
    drop(other);
}

async fn a_coordinator_cannot_take_over_an_administrator(house: House) {
    let coordinator = house.client(&house.coordinator("Cora Coordinator", None).await);
    let people = json!([{ "externalId": house.administrator.external_id, "email": "mine@evil.example.org" }]);
    let document = mutation("syncRoster", REPORT);
    let tried = coordinator.mutate(&document, json!({ "input": { "people": people } })).await;
    assert_eq!(tried["report"]["applied"], false, "{tried:#}");
    let csv =
        format!("externalId,email\n{},mine@evil.example.org\n", house.administrator.external_id.as_deref().unwrap());
    let document = mutation("importPeople", "report { updated rows { message } }");
    let tried = coordinator.mutate(&document, json!({ "input": { "csv": csv } })).await;
    assert!(tried["report"]["rows"][0]["message"].as_str().unwrap().contains("administrator"), "{tried:#}");
}

/// The database fails while people leave: those before it are gone, and the same call again takes the rest.
async fn a_failure_on_the_way_is_made_up_for_by_the_same_call(house: House) {
    let all = (0..120).fold("externalId,name\n".to_owned(), |csv, id| format!("{csv}{id},Person {id}\n"));
    sync(&house, json!({ "csv": all })).await;
    let call =
        json!({ "csv": "externalId,name\n0,Person 0\n", "deactivateMissing": true, "maxDeactivatedPercent": 100 });
    let Some(database) = house.postgres().await else { return };
    let broken = "CREATE FUNCTION break() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            IF NEW.external_id = '100' AND NOT NEW.active THEN RAISE EXCEPTION 'broken'; END IF; RETURN NEW; END $$;
        CREATE TRIGGER break BEFORE UPDATE ON people FOR EACH ROW EXECUTE FUNCTION break()";
    database.batch_execute(broken).await.unwrap();
    let document = mutation("syncRoster", REPORT);
    let answer = house.admin().raw(&document, json!({ "input": call })).await;
    assert_eq!(answer.body["errors"][0]["extensions"]["code"], "INTERNAL", "{:#}", answer.body);
    assert!(!known(&house, "1").await.active && known(&house, "100").await.active && known(&house, "119").await.active);
    database.batch_execute("DROP TRIGGER break ON people").await.unwrap();
    let done = sync(&house, call).await;
    assert_eq!((&done["deactivated"], &done["missed"]), (&json!(69), &json!(0)), "{done:#}");
    assert!(!known(&house, "119").await.active);
}
