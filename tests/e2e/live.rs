//! Subscriptions: what is told to whom, over both transports, for as long as the right to it lasts.

use chrono::TimeDelta;
use serde_json::{Value, json};
use shared::{
    bus::Topic,
    domain::{
        enrollments::EnrollmentRole,
        people::Person,
        programs::{Consent, Kind},
        rounds::RoundStatus,
    },
    store,
};
use tokio::io::{AsyncBufReadExt as _, BufReader};

use crate::{
    clients::{issue, on_behalf},
    on_both_databases,
    support::{
        graphql::mutation,
        house::{House, On},
        node,
        streams::{Events, Socket},
    },
};

on_both_databases!(
    a_match_is_told_to_those_who_see_it,
    a_run_is_told_from_the_queue_to_its_end,
    rights_end_while_a_stream_is_open,
    a_stream_ends_with_its_token,
    a_stream_ends_with_the_client_it_was_opened_by,
);

const MATCHES: &str = "subscription($where: MatchUpdatedWhere) { matchUpdated(where: $where) {
    id status partner { name email } sides { person { name } answer } } }";
const PROGRESS: &str = "subscription($id: ID!) { matchRunProgress(runId: $id) { status phase percent
    matchRun { id report { pairs } } } }";

/// Two peers in France, in a round that the coming night matches; both are asked.
async fn couple(house: &House) -> (String, Person, Person) {
    let program = house.program(Kind::Peer, Consent::BothAccept).await;
    let round = house.round(&program, RoundStatus::Closed, false).await;
    let mut people = Vec::new();
    for name in ["Alice Exemple", "Bob Exemple"] {
        let person = house.person(name, "FR").await;
        house.enroll(&round, &person, EnrollmentRole::Peer, 1, &["maps"]).await;
        people.push(person);
    }
    let bob = people.pop().unwrap();
    (House::id("Program", program.id), people.pop().unwrap(), bob)
}

async fn answer(house: &House, person: &Person, id: &Value) {
    let input = json!({ "input": { "id": id, "accept": true } });
    house.client(person).mutate(&mutation("answerMatch", "match { status }"), input).await;
}

async fn a_match_is_told_to_those_who_see_it(house: House) {
    let (program, alice, bob) = couple(&house).await;
    let french = house.coordinator("Clara Country", Some(&["FR"])).await;
    let polish = house.coordinator("Pawel Poland", Some(&["PL"])).await;
    let passerby = house.person("Paula Passerby", "FR").await;
    let (_, stranger) = house.other_organization("island").await;
    let mut seeing = Vec::new();
    let mut blind = Vec::new();
    for person in [&alice, &french, &house.administrator, &polish, &passerby, &stranger] {
        let mut socket = Socket::open(&house.client(person)).await;
        socket.subscribe("m", MATCHES, json!({})).await;
        // Answered after the subscription has begun.
        socket.is_silent().await;
        let list = if [polish.id, passerby.id, stranger.id].contains(&person.id) { &mut blind } else { &mut seeing };
        list.push(socket);
    }
    let mut events = Events::open(&house.client(&bob), MATCHES, json!({ "where": { "programId": program } })).await;
    let absent = House::id("Match", uuid::Uuid::from_u128(7));
    let mut other = Socket::open(&house.client(&bob)).await;
    other.subscribe("m", MATCHES, json!({ "where": { "matchId": absent } })).await;
    other.is_silent().await;

    house.night().await;
    let told = events.data().await["matchUpdated"].clone();
    assert_eq!((&told["status"], &told["partner"]["name"]), (&json!("PROPOSED"), &json!("Alice Exemple")));
    assert_eq!(told["partner"]["email"], Value::Null, "an address is told when both have accepted");
    for (socket, partner) in seeing.iter_mut().zip([json!("Bob Exemple"), Value::Null, Value::Null]) {
        let seen = socket.data("m").await["matchUpdated"].clone();
        assert_eq!((&seen["id"], &seen["partner"]["name"]), (&told["id"], &partner));
    }
    answer(&house, &alice, &told["id"]).await;
    answer(&house, &bob, &told["id"]).await;
    let mut last = json!({});
    while last["status"] != "ACTIVE" {
        last = events.data().await["matchUpdated"].clone();
    }
    assert_eq!(last["partner"]["email"], json!(alice.email));
    for socket in &mut seeing {
        while socket.data("m").await["matchUpdated"]["status"] != "ACTIVE" {}
    }
    for socket in blind.iter_mut().chain([&mut other]) {
        socket.is_silent().await;
    }
}

async fn a_run_is_told_from_the_queue_to_its_end(house: House) {
    let (program, ..) = couple(&house).await;
    let admin = house.admin();
    let request = mutation("requestMatchRun", "matchRun { id }");
    let ask = async |dry_run: bool| {
        let input = json!({ "input": { "programId": program, "dryRun": dry_run } });
        admin.mutate(&request, input).await["matchRun"]["id"].clone()
    };
    for (dry_run, end) in [(true, "READY"), (false, "PUBLISHED")] {
        let run = ask(dry_run).await;
        let mut socket = Socket::open(&admin).await;
        socket.subscribe("r", PROGRESS, json!({ "id": run })).await;
        let first = socket.data("r").await["matchRunProgress"].clone();
        assert_eq!((&first["status"], &first["percent"]), (&json!("QUEUED"), &Value::Null));
        let mut events = Events::open(&admin, PROGRESS, json!({ "id": run })).await;
        assert_eq!(events.data().await["matchRunProgress"]["status"], "QUEUED");

        let telling = async {
            let mut last = first;
            while last["status"] != end {
                last = socket.data("r").await["matchRunProgress"].clone();
                let phase = last["phase"].as_str();
                assert!(last["status"] == "RUNNING" || phase.is_none(), "{last}");
            }
            last
        };
        let (last, ()) = tokio::join!(telling, house.work());
        assert_eq!((&last["percent"], &last["matchRun"]["id"]), (&json!(100), &run));
        assert_eq!(last["matchRun"]["report"]["pairs"], 1);
        assert_eq!(socket.hear().await, json!({ "id": "r", "type": "complete" }));
        while events.next().await.0 != "complete" {}
        // A run that is over is told once.
        socket.subscribe("again", PROGRESS, json!({ "id": run })).await;
        assert_eq!(socket.data("again").await["matchRunProgress"]["status"], end);
        assert_eq!(socket.hear().await, json!({ "id": "again", "type": "complete" }));
    }

    // A night of a program with nobody left, put away while somebody watches.
    let run = ask(false).await;
    let mut events = Events::open(&admin, PROGRESS, json!({ "id": run })).await;
    assert_eq!(events.data().await["matchRunProgress"]["status"], "QUEUED");
    admin.mutate(&mutation("discardMatchRun", "matchRun { id }"), json!({ "input": { "id": run } })).await;
    assert_eq!(events.data().await["matchRunProgress"]["status"], "DISCARDED");
    assert_eq!(events.next().await.0, "complete");

    // Another tenant's run is as absent as one that never was.
    let (_, stranger) = house.other_organization("island").await;
    let mut messages = Vec::new();
    for id in [run, json!(House::id("MatchRun", uuid::Uuid::from_u128(7)))] {
        let (name, answer) = Events::open(&house.client(&stranger), PROGRESS, json!({ "id": id })).await.next().await;
        assert_eq!((name.as_str(), &answer["errors"][0]["extensions"]["code"]), ("next", &json!("NOT_FOUND")));
        messages.push(answer["errors"][0]["message"].clone());
    }
    assert_eq!(messages[0], messages[1]);
}

async fn rights_end_while_a_stream_is_open(house: House) {
    let (_, alice, bob) = couple(&house).await;
    let coordinator = house.coordinator("Cora Coordinator", None).await;
    let mut staff = Socket::open(&house.client(&coordinator)).await;
    staff.subscribe("m", MATCHES, json!({})).await;
    staff.is_silent().await;
    let mut leaving = Events::open(&house.client(&bob), MATCHES, json!({})).await;
    house.night().await;
    let told = staff.data("m").await["matchUpdated"]["id"].clone();
    assert_eq!(leaving.data().await["matchUpdated"]["id"], told);

    let roles = store::organizations::roles_of(&house.store, house.organization.id, coordinator.id).await.unwrap();
    let revoke = json!({ "input": { "id": House::id("StaffRole", roles[0].id) } });
    house.admin().mutate(&mutation("revokeRole", "revokedRoleId"), revoke).await;
    answer(&house, &alice, &told).await;
    assert_eq!(leaving.data().await["matchUpdated"]["id"], told, "the notice has arrived everywhere");
    staff.is_silent().await;

    // Whoever left is noticed within half a minute, whether anything happens or not.
    let mut gone = bob.clone();
    gone.active = false;
    let tx = house.store.begin().await.unwrap();
    store::people::update(&tx, &mut gone).await.unwrap();
    tx.commit().await.unwrap();
    house.clock.advance(TimeDelta::seconds(31));
    let (name, answer) = leaving.next().await;
    assert_eq!((name.as_str(), &answer["errors"][0]["extensions"]["code"]), ("next", &json!("UNAUTHENTICATED")));
    assert_eq!(leaving.next().await.0, "complete");
}

async fn a_stream_ends_with_its_token(house: House) {
    let person = house.person("Ana Exemplo", "BR").await;
    let client = house.client(&person);
    let mut socket = Socket::open(&client).await;
    socket.subscribe("m", MATCHES, json!({})).await;
    socket.is_silent().await;
    let mut events = Events::open(&client, MATCHES, json!({})).await;
    house.clock.advance(TimeDelta::days(401));
    assert_eq!(socket.code().await, 4401);
    let (name, answer) = events.next().await;
    assert_eq!((name.as_str(), &answer["errors"][0]["extensions"]["code"]), ("next", &json!("UNAUTHENTICATED")));
    assert_eq!(events.next().await.0, "complete");
}

async fn a_stream_ends_with_the_client_it_was_opened_by(house: House) {
    let person = house.person("Ana Exemplo", "BR").await;
    let (id, key) = issue(&house, &["READ", "ON_BEHALF"]).await;
    let exchanged = on_behalf(&house, &key, person.external_id.as_deref().unwrap()).await;
    let mut sockets = Vec::new();
    let mut streams = Vec::new();
    for client in [house.with_token(&key), exchanged] {
        let mut socket = Socket::open(&client).await;
        socket.subscribe("m", MATCHES, json!({})).await;
        socket.is_silent().await;
        sockets.push(socket);
        streams.push(Events::open(&client, MATCHES, json!({})).await);
    }
    house.admin().mutate(&mutation("revokeApiClient", ""), json!({ "input": { "id": id } })).await;
    house.clock.advance(TimeDelta::seconds(31));
    for mut socket in sockets {
        assert_eq!(socket.code().await, 4401);
    }
    for mut events in streams {
        let (name, answer) = events.next().await;
        assert_eq!((name.as_str(), &answer["errors"][0]["extensions"]["code"]), ("next", &json!("UNAUTHENTICATED")));
        assert_eq!(events.next().await.0, "complete");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_to_be_told_waits_for_the_database() {
    let Some(house) = House::open(On::Postgres).await else { return };
    let (program, round, people) = house.peers(2).await;
    let mut events = Events::open(&house.client(&people[0]), MATCHES, json!({})).await;
    house.night().await;
    let told = events.data().await["matchUpdated"]["id"].clone();
    let found = house.living(&round).await.remove(0).id;
    let (database, connection) =
        tokio_postgres::connect(house.config.database.url.expose(), tokio_postgres::NoTls).await.unwrap();
    let connection = tokio::spawn(connection);
    for (gone, back) in [
        // Nobody can say who listens.
        ("ALTER TABLE people RENAME TO gone", "ALTER TABLE gone RENAME TO people"),
        // Nobody can say what changed.
        ("ALTER TABLE matches RENAME TO gone", "ALTER TABLE gone RENAME TO matches"),
    ] {
        database.batch_execute(gone).await.unwrap();
        let notice = json!({ "organizationId": house.organization.id, "programId": program.id, "matchIds": [found] });
        house.worker.bus.publish(Topic::MatchUpdated, &notice.to_string()).await;
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
        database.batch_execute(back).await.unwrap();
        assert_eq!(events.data().await["matchUpdated"]["id"], told);
    }
    drop(database);
    connection.await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_that_others_wrote_hear_it_too() {
    let Some(house) = House::open(On::Sqlite).await else { return };
    let (program, ..) = couple(&house).await;
    let admin = house.admin();
    let input = json!({ "input": { "programId": program, "dryRun": false } });
    let run = admin.mutate(&mutation("requestMatchRun", "matchRun { id }"), input).await["matchRun"]["id"].clone();
    let arguments = [admin.endpoint(), admin.token().unwrap(), run.as_str().unwrap()];
    let Some(mut child) = node::start("streams.mjs", &arguments).await else { return };
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert_eq!(lines.next_line().await.unwrap().unwrap(), "ready");
    house.work().await;
    let told: Value = serde_json::from_str(&lines.next_line().await.unwrap().unwrap()).unwrap();
    assert!(child.wait().await.unwrap().success());
    for name in ["socket", "events"] {
        let statuses = told[name].as_array().unwrap();
        assert_eq!(
            (statuses.first(), statuses.last()),
            (Some(&json!("QUEUED")), Some(&json!("PUBLISHED"))),
            "{told:#}"
        );
    }
    for answer in told["answers"].as_array().unwrap() {
        assert_eq!(answer["data"]["viewer"]["person"]["name"], "Ada Admin", "{told:#}");
    }
    assert_eq!(told["refused"][0]["thrown"], "GRAPHQL_VALIDATION_FAILED", "{told:#}");
    assert_eq!(told["refused"][1]["errors"][0]["extensions"]["code"], "GRAPHQL_VALIDATION_FAILED", "{told:#}");
    assert_eq!(told["closed"]["thrown"], 4403, "{told:#}");
}
