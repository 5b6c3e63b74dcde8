//! Nights and the mail they cause, when things go well and when they do not.

use std::collections::HashSet;

use chrono::TimeDelta;
use shared::{
    domain::{
        enrollments::EnrollmentRole,
        matches::Match,
        messages::MessageStatus,
        programs::{Consent, Kind},
        rounds::RoundStatus,
    },
    store,
};

use crate::{
    on_both_databases,
    support::{
        house::House,
        smtp::{Rule, Stage},
    },
};

on_both_databases!(
    the_same_night_twice_changes_nothing,
    two_workers_at_once_do_one_night,
    nobody_gets_more_partners_than_places,
    a_relay_that_is_gone_costs_nothing_but_time,
    a_temporary_refusal_is_tried_again,
    a_lasting_refusal_fails_one_mail_only,
    a_reminder_is_sent_once_and_not_when_pointless,
);

async fn count(house: &House, status: MessageStatus) -> u64 {
    let counts = store::messages::every_count(&house.store).await.unwrap();
    counts.into_iter().find(|(found, _)| *found == status).map_or(0, |(_, count)| count)
}

async fn the_same_night_twice_changes_nothing(house: House) {
    let (program, round, _) = house.peers(7).await;
    house.night().await;
    // As people see them: when the worker looks at their calendar next may change.
    let living = async || {
        let seen = |found: Match| (found.id, found.status, found.version, found.updated_at);
        house.living(&round).await.into_iter().map(seen).collect::<Vec<_>>()
    };
    let (matches, mails) = (living().await, house.relay.messages().len());
    assert_eq!(matches.len(), 3);
    assert_eq!(mails, 7, "six introductions and one word to the odd one out");
    let latest = store::match_runs::latest_night(&house.store, house.organization.id, program.id).await.unwrap();
    assert!(latest.is_some());
    house.work().await;
    house.another_worker().queue_due_nights().await.unwrap();
    house.work().await;
    assert_eq!(living().await, matches);
    assert_eq!(house.relay.messages().len(), mails);
    house.night().await;
    assert_eq!(living().await, matches, "a living match is never broken by a later night");
    assert_eq!(house.relay.messages().len(), mails, "the same reason is told once");
}

async fn two_workers_at_once_do_one_night(house: House) {
    let (_, round, people) = house.peers(40).await;
    house.clock.advance(TimeDelta::days(1));
    let other = house.another_worker();
    let turn = async |worker: &worker::Worker| {
        worker.queue_due_nights().await.unwrap();
        worker.run_queued().await.unwrap();
        worker.send_due().await.unwrap();
    };
    tokio::join!(turn(&house.worker), turn(&other));
    house.work().await;
    let matches = house.living(&round).await;
    let people_in_pairs: HashSet<_> = matches.iter().flat_map(|found| [found.a.person_id, found.b.person_id]).collect();
    assert_eq!((matches.len(), people_in_pairs.len()), (20, 40));
    for person in people {
        assert_eq!(house.relay.messages_to(&person.email).len(), 1, "one introduction each");
    }
}

async fn nobody_gets_more_partners_than_places(house: House) {
    let program = house.program(Kind::Mentoring, Consent::IntroduceAtOnce).await;
    let round = house.round(&program, RoundStatus::Open, true).await;
    for (index, capacity) in [1, 2, 3].into_iter().enumerate() {
        let mentor = house.person(&format!("Mentor {index}"), "DE").await;
        house.enroll(&round, &mentor, EnrollmentRole::Mentor, capacity, &["law"]).await;
    }
    for index in 0..5 {
        let mentee = house.person(&format!("Mentee {index}"), "DE").await;
        house.enroll(&round, &mentee, EnrollmentRole::Mentee, 1, &["law"]).await;
    }
    house.night().await;
    assert_eq!(house.living(&round).await.len(), 5);
    for index in 5..9 {
        let mentee = house.person(&format!("Mentee {index}"), "DE").await;
        house.enroll(&round, &mentee, EnrollmentRole::Mentee, 1, &["law"]).await;
    }
    house.night().await;
    let matches = house.living(&round).await;
    assert_eq!(matches.len(), 6, "one place was left for four more");
    let places = store::matches::places_taken(&house.store, house.organization.id, round.id).await.unwrap();
    assert_eq!(places.iter().map(|(_, taken)| taken).sum::<i64>(), 12);
    assert!(places.iter().all(|(_, taken)| *taken <= 3));
}

async fn a_relay_that_is_gone_costs_nothing_but_time(house: House) {
    let (_, _, people) = house.peers(4).await;
    house.relay.go_away().await;
    house.night().await;
    assert_eq!(house.relay.messages().len(), 0);
    assert_eq!(count(&house, MessageStatus::Sent).await, 0);
    house.relay.come_back().await;
    for _ in 0..20 {
        house.clock.advance(TimeDelta::minutes(10));
        house.work().await;
    }
    for person in people {
        assert_eq!(house.relay.messages_to(&person.email).len(), 1, "every introduction arrived once");
    }
    assert_eq!(count(&house, MessageStatus::Failed).await, 0);
}

async fn a_temporary_refusal_is_tried_again(house: House) {
    let (_, _, people) = house.peers(2).await;
    house.relay.script(Rule::reply(Stage::Rcpt, "451 4.3.0 try again later").times(2).to(&people[0].email));
    house.night().await;
    assert_eq!(house.relay.messages_to(&people[1].email).len(), 1, "the others flow");
    assert_eq!(house.relay.messages_to(&people[0].email).len(), 0);
    for _ in 0..12 {
        house.clock.advance(TimeDelta::hours(1));
        house.work().await;
    }
    assert_eq!(house.relay.messages_to(&people[0].email).len(), 1);
    assert!(house.relay.ledger().values().all(|copies| *copies == 1), "{:?}", house.relay.ledger());
}

async fn a_lasting_refusal_fails_one_mail_only(house: House) {
    let (_, _, people) = house.peers(2).await;
    house.relay.script(Rule::reply(Stage::Rcpt, "550 5.1.1 no such user").to(&people[0].email));
    house.night().await;
    for _ in 0..3 {
        house.clock.advance(TimeDelta::hours(6));
        house.work().await;
    }
    assert_eq!(house.relay.messages_to(&people[0].email).len(), 0);
    assert_eq!(house.relay.messages_to(&people[1].email).len(), 1);
    let to_first = store::messages::of_person(&house.store, house.organization.id, people[0].id, 10).await.unwrap();
    let failed = to_first.iter().find(|message| message.kind == "INTRODUCTION").unwrap();
    assert_eq!(failed.status, MessageStatus::Failed);
    assert!(failed.error.as_deref().unwrap_or_default().contains("5.1.1"), "{:?}", failed.error);
}

async fn a_reminder_is_sent_once_and_not_when_pointless(house: House) {
    let (_, round, people) = house.peers(4).await;
    house.night().await;
    let matches = house.living(&round).await;
    let quiet = matches[0].clone();
    let talking = matches[1].clone();
    let member = people.iter().find(|person| person.id == talking.a.person_id).unwrap();
    let id = House::id("Match", talking.id);
    let document = "mutation($input: NoteFirstContactInput!) {
        noteFirstContact(input: $input) { match { id } userErrors { code message } } }";
    house.client(member).mutate(document, serde_json::json!({ "input": { "id": id } })).await;
    for _ in 0..12 {
        house.days_later(1).await;
    }
    for person in &people {
        let reminders = house.subjects(person).len() - 1;
        let is_quiet = quiet.side_of(person.id).is_some();
        assert_eq!(reminders, usize::from(is_quiet), "{}: {:?}", person.name, house.subjects(person));
    }
}
