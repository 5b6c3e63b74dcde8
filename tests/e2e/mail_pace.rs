//! The pace of mail: a domain with a ceiling gets mail by slots, one that wants mail to come more slowly is left in peace,
//! and all others get theirs at once.

use std::{collections::BTreeMap, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use shared::{
    domain::{
        enrollments::EnrollmentRole,
        messages::Message,
        people::Person,
        programs::{Consent, Kind},
        rounds::RoundStatus,
    },
    store,
};
use uuid::Uuid;

use crate::support::{
    graphql::mutation,
    house::{House, On},
    process::Launch,
    smtp::{Ledger, Rule, SmtpServer, Stage},
};

const CEILINGS: &str = "MAIL__DOMAIN_CEILINGS";
/// The domain of the mailboxes of most people in these tests.
const CAMPUS: &str = "harbour.example.org";
const ELSEWHERE: &str = "mail.example.net";

/// One house on each database.
async fn houses(settings: &[(&str, &str)]) -> Vec<House> {
    let mut houses = Vec::new();
    for on in [On::Sqlite, On::Postgres] {
        houses.extend(House::open_with(on, settings).await);
    }
    houses
}

/// So many people with mailboxes at these domains, whom the next night introduces to each other.
async fn people(house: &House, numbers: &[(&str, usize)]) -> Vec<Person> {
    let program = house.program(Kind::Peer, Consent::IntroduceAtOnce).await;
    let round = house.round(&program, RoundStatus::Closed, false).await;
    let mut people = Vec::new();
    for (domain, number) in numbers {
        for index in 0..*number {
            let mut person = house.draft("Peer Exemple", "DE");
            person.email = format!("peer{index}@{domain}");
            people.push(person);
        }
    }
    let tx = house.store.begin().await.unwrap();
    store::people::insert_many(&tx, &people).await.unwrap();
    tx.commit().await.unwrap();
    for person in &people {
        house.enroll(&round, person, EnrollmentRole::Peer, 1, &["maps"]).await;
    }
    people
}

/// The introductions of the night, as they stand.
async fn introductions(house: &House, people: &[Person]) -> Vec<Message> {
    let mut found = Vec::new();
    for person in people {
        let messages = store::messages::of_person(&house.store, house.organization.id, person.id, 10).await.unwrap();
        found.extend(messages.into_iter().filter(|message| message.kind == "INTRODUCTION"));
    }
    found
}

/// Their slots, in seconds since then, in order.
fn slots(messages: &[Message], since: DateTime<Utc>) -> Vec<i64> {
    let mut slots: Vec<i64> =
        messages.iter().filter_map(|message| Some((message.slot_at? - since).num_seconds())).collect();
    slots.sort_unstable();
    slots
}

fn arrived(house: &House, domain: &str) -> usize {
    house.relay.messages().iter().filter(|message| message.to[0].ends_with(&format!("@{domain}"))).count()
}

/// The first message to a person, as the administrator sees it.
async fn seen(house: &House, person: &Person) -> Value {
    let document = "query($id: ID!) { node(id: $id) { ... on Person { messages(first: 1,
        orderBy: { field: CREATED_AT, direction: ASC }) { nodes { kind status error attempts dueAt
        attemptLog(first: 20) { nodes { outcome statusCode } } } } } } }";
    house.admin().query(document, json!({ "id": House::id("Person", person.id) })).await["node"]["messages"]["nodes"][0]
        .take()
}

/// Nobody got a second copy of anything.
fn once(house: &House) {
    let ledger = house.relay.ledger();
    assert!(ledger.values().all(|copies| *copies == 1), "{ledger:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_domain_gets_its_ceiling_and_others_what_there_is() {
    for house in houses(&[(CEILINGS, "Harbour.example.org=4"), ("MAIL__CONNECTIONS", "1")]).await {
        let people = people(&house, &[(CAMPUS, 4), (ELSEWHERE, 2)]).await;
        house.night().await;
        let night = house.clock.now();
        assert_eq!((arrived(&house, CAMPUS), arrived(&house, ELSEWHERE)), (1, 2));
        let given = introductions(&house, &people).await;
        assert_eq!(slots(&given, night), [0, 15, 30, 45]);

        let last = given.iter().max_by_key(|message| message.slot_at).unwrap();
        let person = people.iter().find(|person| person.id == last.person_id).unwrap();
        assert_eq!(
            seen(&house, person).await,
            json!({ "kind": "INTRODUCTION", "status": "PENDING", "attempts": 0, "dueAt": "2026-03-03T01:30:45Z",
                "error": "its turn is still to come: harbour.example.org gets at most 4 mails a minute",
                "attemptLog": { "nodes": [] } })
        );
        for expected in [2, 3, 4] {
            house.clock.advance(TimeDelta::seconds(14));
            house.work().await;
            assert_eq!(arrived(&house, CAMPUS), expected - 1);
            house.clock.advance(TimeDelta::seconds(1));
            house.work().await;
            assert_eq!(arrived(&house, CAMPUS), expected);
        }
        let sent = introductions(&house, &people).await;
        assert_eq!(slots(&sent, night), [0, 15, 30, 45], "what comes back at its slot keeps it");
        assert!(sent.iter().all(|message| message.attempts == 1 && message.error.is_none()), "{sent:?}");
        once(&house);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_waits_for_is_not_kept_waiting() {
    for house in houses(&[("MAIL__PER_DOMAIN_PER_MINUTE", "1")]).await {
        let people = people(&house, &[(CAMPUS, 4)]).await;
        house.night().await;
        let asked = json!({ "input": { "organization": house.organization.slug, "email": people[0].email } });
        house.anonymous().mutate(&mutation("requestSignIn", "accepted"), asked).await;
        house.work().await;
        assert_eq!(arrived(&house, CAMPUS), 2, "the first introduction, and the link to sign in");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn after_an_outage_mail_does_not_leave_all_at_once() {
    for house in houses(&[(CEILINGS, "harbour.example.org=1"), ("MAIL__CONNECTIONS", "1")]).await {
        let people = people(&house, &[(CAMPUS, 6)]).await;
        house.night().await;
        assert_eq!(slots(&introductions(&house, &people).await, house.clock.now()), [0, 60, 120, 180, 240, 300]);
        // Nobody worked when most of the slots came.
        house.clock.advance(TimeDelta::seconds(250));
        house.work().await;
        let sent = introductions(&house, &people).await;
        assert_eq!(slots(&sent, house.clock.now()), [-250, -10, 50, 110, 170, 230]);
        assert_eq!(arrived(&house, CAMPUS), 2, "the one whose slot was just now");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn workers_share_the_ceiling_of_a_domain() {
    for house in houses(&[(CEILINGS, "harbour.example.org=60")]).await {
        let people = people(&house, &[(CAMPUS, 20)]).await;
        let now = house.clock.now() + TimeDelta::days(1);
        house.clock.set(now);
        house.worker.queue_due_nights().await.unwrap();
        house.worker.run_queued().await.unwrap();
        let other = house.another_worker();
        let (one, two) = tokio::join!(house.worker.send_due(), other.send_due());
        assert_eq!(one.unwrap() + two.unwrap(), 1);
        assert_eq!(slots(&introductions(&house, &people).await, now), (0..20).collect::<Vec<_>>());
        once(&house);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_domain_that_wants_mail_more_slowly_is_left_in_peace_and_others_are_not() {
    for house in houses(&[("MAIL__CONNECTIONS", "1")]).await {
        let people = people(&house, &[(CAMPUS, 3), (ELSEWHERE, 1)]).await;
        for person in &people[..3] {
            house
                .relay
                .script(Rule::reply(Stage::Rcpt, "421 4.7.28 an unusual rate of mail").times(9).to(&person.email));
        }
        house.night().await;
        let night = house.clock.now();
        assert_eq!((arrived(&house, CAMPUS), arrived(&house, ELSEWHERE)), (0, 1));
        let tried = || house.relay.commands().iter().filter(|command| command.contains("RCPT TO:<peer")).count();
        assert_eq!(tried(), 2, "one at each domain");
        let waits = introductions(&house, &people[..3]).await;
        assert!(waits.iter().all(|message| message.due_at == night + TimeDelta::minutes(5) && message.attempts == 0));
        let mut reasons = BTreeMap::new();
        for person in &people[..3] {
            let message = seen(&house, person).await;
            assert_eq!(message["status"], "PENDING");
            let attempts = message["attemptLog"]["nodes"].as_array().unwrap().clone();
            reasons.insert(message["error"].as_str().unwrap().to_owned(), attempts);
        }
        let attempt = json!({ "outcome": "DEFERRED", "statusCode": "4.7.28" });
        let expected = [
            ("421 4.7.28 an unusual rate of mail".to_owned(), vec![attempt]),
            ("harbour.example.org wants mail to come more slowly (421 4.7.28)".to_owned(), Vec::new()),
        ];
        assert_eq!(reasons, BTreeMap::from(expected), "the words of the relay are for whom they were meant");

        // One is on trial, and is refused again: twice as long.
        house.clock.advance(TimeDelta::minutes(5));
        house.work().await;
        assert_eq!(tried(), 3);
        let domain = store::mail_domains::find(&house.store, CAMPUS).await.unwrap().unwrap();
        assert_eq!(domain.pause.unwrap().until, night + TimeDelta::minutes(15));

        house.relay.behave();
        house.clock.advance(TimeDelta::minutes(10));
        house.work().await;
        assert_eq!(arrived(&house, CAMPUS), 3, "the one on trial, and then the others");
        assert_eq!(store::mail_domains::find(&house.store, CAMPUS).await.unwrap().unwrap().pause, None);
        assert!(introductions(&house, &people).await.iter().all(|message| message.attempts == 1));
        once(&house);

        // The next time it begins anew.
        house.relay.script(Rule::reply(Stage::Dot, "550 5.7.28 an unusual rate of mail").to(&people[0].email));
        house.days_later(7).await;
        let domain = store::mail_domains::find(&house.store, CAMPUS).await.unwrap().unwrap();
        assert_eq!(domain.pause.unwrap().until, house.clock.now() + TimeDelta::minutes(5));
    }
}

/// Two processes on the real clock: nothing is accepted before its slot, and no slot is given twice.
#[tokio::test(flavor = "multi_thread")]
async fn processes_share_the_ceiling_of_a_domain() {
    let Some(house) = House::open(On::Postgres).await else { return };
    let people = people(&house, &[(CAMPUS, 6), (ELSEWHERE, 2)]).await;
    house.clock.set(Utc::now() - TimeDelta::days(2));
    house.worker.queue_due_nights().await.unwrap();
    house.worker.run_queued().await.unwrap();
    let ledger = Ledger::new();
    let relay = SmtpServer::with_ledger(&ledger);
    let worker = || {
        Launch::worker(house.config.database.url.expose())
            .mail_through(&relay)
            .env("COUNTERPART_WORKER__TICK_SECONDS", "1")
            .env("COUNTERPART_DATABASE__MAX_CONNECTIONS", "4")
            .env("COUNTERPART_MAIL__DOMAIN_CEILINGS", "harbour.example.org=60")
            .start()
    };
    let begun = Utc::now();
    let (mut one, mut other) = tokio::join!(worker(), worker());
    relay.wait_for(8, Duration::from_mins(1)).await;
    assert!(one.terminate().await.success() && other.terminate().await.success());

    let sent = introductions(&house, &people).await;
    let accepted: BTreeMap<Uuid, i64> = ledger
        .read()
        .into_iter()
        .filter_map(|entry| Some((entry.at, entry.accepted?)))
        .map(|(at, copy)| (shared::domain::messages::id_of(&copy.message_id).unwrap(), at))
        .collect();
    assert_eq!(accepted.len(), 8);
    let mut slots: Vec<DateTime<Utc>> = Vec::new();
    for message in &sent {
        let at = DateTime::from_timestamp_micros(accepted[&message.id]).unwrap();
        let Some(slot) = message.slot_at else { continue };
        assert!(slot >= begun && at >= slot, "accepted at {at}, its slot is {slot}");
        slots.push(slot);
    }
    slots.sort_unstable();
    assert_eq!(slots.len(), 6);
    assert!(slots.windows(2).all(|pair| pair[1] - pair[0] >= TimeDelta::seconds(1)), "{slots:?}");
    assert_eq!(relay.ledger().len(), 8);
    assert!(relay.ledger().values().all(|copies| *copies == 1));
}

#[tokio::test]
async fn a_figure_that_makes_no_sense_stops_the_worker() {
    let worker = || {
        Launch::worker("sqlite://absent.db?mode=rwc")
            .env("COUNTERPART_MAIL__SMTP_HOST", "127.0.0.1")
            .env("COUNTERPART_MAIL__FROM_ADDRESS", "m@example.org")
    };
    for (name, value, words) in [
        (
            "DOMAIN_CEILINGS",
            "gmail.com:60",
            "`gmail.com:60` does not look like domain=mails a minute, 0 to 100000, such as gmail.com=60",
        ),
        ("DOMAIN_CEILINGS", "a.org=1,a.org=2", "`a.org=2` names a domain for the second time; keep one of them"),
        ("PER_DOMAIN_PER_MINUTE", "-1", "-1 is not between 0 and 100000"),
    ] {
        let name = format!("COUNTERPART_MAIL__{name}");
        let finished = worker().env(&name, value).run().await;
        assert_eq!(finished.status.code(), Some(2), "{}", finished.stderr);
        assert!(finished.stderr.contains(words) && finished.stderr.contains(&name), "{}", finished.stderr);
    }
}
