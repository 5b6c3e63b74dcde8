//! Mails that are sent in batches: what is known of them is read for all at once, and is never old.

use std::{collections::BTreeSet, time::Duration};

use chrono::TimeDelta;
use shared::{
    domain::{
        enrollments::EnrollmentRole,
        mail::{AttemptOutcome, MailCategory, MailSuppression, MessageAttempt, SuppressionReason},
        messages::{Message, MessageStatus},
        people::Person,
        programs::{Consent, Kind},
        rounds::RoundStatus,
    },
    store::{
        self,
        messages::{Lease, Step},
    },
};
use uuid::Uuid;

use crate::support::{
    house::{House, On},
    smtp::{Rule, Stage},
};

/// One house on each database, with one connection to the relay.
async fn houses() -> Vec<House> {
    let mut houses = Vec::new();
    for on in [On::Sqlite, On::Postgres] {
        houses.extend(House::open_with(on, &[("MAIL__CONNECTIONS", "1")]).await);
    }
    houses
}

/// So many people who are introduced to each other; nothing is sent yet.
async fn introduced(house: &House, number: usize, capacity: i32) -> Vec<Person> {
    let program = house.program(Kind::Peer, Consent::IntroduceAtOnce).await;
    let round = house.round(&program, RoundStatus::Closed, false).await;
    let mut people = Vec::new();
    for index in 0..number {
        let person = house.person(&format!("Peer {index}"), "DE").await;
        let places = if index == 0 { capacity } else { 1 };
        house.enroll(&round, &person, EnrollmentRole::Peer, places, &["maps"]).await;
        people.push(person);
    }
    house.clock.set(House::morning() + TimeDelta::days(1));
    house.worker.queue_due_nights().await.unwrap();
    house.worker.run_queued().await.unwrap();
    people
}

/// The only message of this kind to a person.
async fn message(house: &House, person: &Person, kind: &str) -> Message {
    let found = store::messages::of_person(&house.store, house.organization.id, person.id, 10).await.unwrap();
    found.into_iter().find(|message| message.kind == kind).unwrap()
}

/// How often a test looks that needs a relay which answers at once: on a busy machine it may not.
const LOOKS: usize = 10;

/// How many statements 40 mails take through a relay that is brisk, or needs this long for each.
async fn statements_of_mails(house: &House, delay: Option<Duration>) -> u64 {
    introduced(house, 40, 1).await;
    if let Some(delay) = delay {
        house.relay.script(Rule::delay(Stage::Dot, delay).times(usize::MAX));
    }
    let before = house.store.statements();
    assert_eq!(house.worker.send_due().await.unwrap(), 40);
    house.store.statements() - before
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_takes_two_statements_and_one_where_the_relay_is_brisk() {
    // On SQLite what is sent is recorded in a transaction, whose statements are not among these.
    for (on, slow, brisk) in [(On::Sqlite, 40..=80, 0..=40), (On::Postgres, 80..=110, 40..=80)] {
        let one_connection = [("MAIL__CONNECTIONS", "1")];
        let Some(house) = House::open_with(on, &one_connection).await else { continue };
        let taken = statements_of_mails(&house, Some(Duration::from_millis(10))).await;
        assert!(slow.contains(&taken), "{taken} for 40 mails");
        let mut counts = Vec::new();
        while counts.len() < LOOKS && !counts.last().is_some_and(|taken| brisk.contains(taken)) {
            let Some(house) = House::open_with(on, &one_connection).await else { return };
            counts.push(statements_of_mails(&house, None).await);
        }
        assert!(counts.last().is_some_and(|taken| brisk.contains(taken)), "{counts:?} for 40 mails each");
    }
}

/// How many messages of this kind are marked as handed over while the relay thinks about the announcement of the third.
async fn marked_at_the_third(house: &House, people: &[Person], kind: &str) -> usize {
    let begun = house.relay.commands().len();
    house.relay.script(Rule::delay(Stage::Mail, Duration::from_millis(500)).after(2));
    let look = async {
        let announced = |command: &&String| command.contains("MAIL FROM");
        while house.relay.commands()[begun..].iter().filter(announced).count() < 3 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let mut marked = 0;
        for person in people {
            let message = message(house, person, kind).await;
            marked += usize::from(message.status == MessageStatus::Sending && message.handed_at.is_some());
        }
        marked
    };
    let (sent, marked) = tokio::join!(house.worker.send_due(), look);
    assert_eq!(sent.unwrap(), people.len());
    marked
}

/// A reminder is not sent again once it is marked, so it is marked as late as can be.
#[tokio::test(flavor = "multi_thread")]
async fn where_the_relay_is_brisk_what_is_no_reminder_is_marked_with_the_record_of_the_last() {
    for on in [On::Sqlite, On::Postgres] {
        let mut early = Vec::new();
        while early.len() < LOOKS && early.last() != Some(&1) {
            let Some(house) = House::open_with(on, &[("MAIL__CONNECTIONS", "1")]).await else { return };
            let people = introduced(&house, 4, 1).await;
            early.push(marked_at_the_third(&house, &people, "INTRODUCTION").await);
            house.clock.advance(TimeDelta::days(7));
            assert_eq!(marked_at_the_third(&house, &people, "FIRST_CONTACT_REMINDER").await, 0);
        }
        assert_eq!(early.last(), Some(&1), "{early:?} introductions were marked early");
    }
}

/// While the relay thinks about the first mail of a batch, things change for the others.
#[tokio::test(flavor = "multi_thread")]
async fn what_changes_while_a_batch_is_sent_counts() {
    for house in houses().await {
        let people = introduced(&house, 4, 1).await;
        assert_eq!(house.worker.send_due().await.unwrap(), 4);
        house.clock.advance(TimeDelta::days(7));
        house.relay.script(Rule::delay(Stage::Dot, Duration::from_millis(1_300)));
        let begun = house.relay.commands().len();
        let change = async {
            let first = loop {
                let commands = house.relay.commands();
                let told: Vec<&String> = commands[begun..].iter().collect();
                if told.iter().any(|command| command.ends_with("DATA")) {
                    break told.iter().find(|command| command.contains("RCPT")).unwrap().to_lowercase();
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            };
            let others: Vec<&Person> = people.iter().filter(|person| !first.contains(&person.email)).collect();
            let [leaves, bounced, bothered] = others[..] else { panic!("{first}") };
            house.leave(leaves).await;
            let (id, now) = (house.clock.new_id(), house.clock.now());
            let suppression = MailSuppression {
                id,
                organization_id: bounced.organization_id,
                address: bounced.email.clone(),
                reason: SuppressionReason::Bounced,
                detail: None,
                person_id: bounced.id,
                message_id: None,
                created_at: now,
            };
            let tx = house.store.begin().await.unwrap();
            store::mail_suppressions::insert(&tx, &suppression).await.unwrap();
            let id = house.clock.new_id();
            store::mail_preferences::set(&tx, bothered, MailCategory::Reminders, false, id, now).await.unwrap();
            tx.commit().await.unwrap();
            [
                (leaves, "the person is not written to any more"),
                (bounced, "a report said that nobody can be reached at the address"),
                (bothered, "the person switched this category of mail off"),
            ]
        };
        let (sent, changed) = tokio::join!(house.worker.send_due(), change);
        assert_eq!(sent.unwrap(), 1, "the one that was on its way");
        for (person, why) in changed {
            let reminder = message(&house, person, "FIRST_CONTACT_REMINDER").await;
            assert_eq!((reminder.status, reminder.error.as_deref()), (MessageStatus::Suppressed, Some(why)));
            assert_eq!(house.relay.messages_to(&person.email).len(), 1, "the introduction");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_address_gets_nothing_more_of_the_same_batch() {
    for house in houses().await {
        let people = introduced(&house, 3, 2).await;
        let twice = &people[0];
        house.relay.script(Rule::reply(Stage::Rcpt, "550 5.1.1 no such user here").to(&twice.email));
        assert_eq!(house.worker.send_due().await.unwrap(), 2);
        let asked = house.relay.commands().iter().filter(|command| command.contains(&twice.email)).count();
        assert_eq!(asked, 1, "the relay would have taken the second one");
        let messages = store::messages::of_person(&house.store, house.organization.id, twice.id, 10).await.unwrap();
        let introductions = messages.iter().filter(|message| message.kind == "INTRODUCTION");
        let ended: BTreeSet<_> = introductions.map(|message| message.status.as_str()).collect();
        assert_eq!(ended, BTreeSet::from(["FAILED", "SUPPRESSED"]));
    }
}

/// Claims what is due under a lease that is over at once.
async fn claim(house: &House, limit: u64) -> Vec<(Lease, Message)> {
    let tx = house.store.begin().await.unwrap();
    let owner = Uuid::from_u128(1);
    let claimed = store::messages::claim(&tx, owner, TimeDelta::zero(), limit, house.clock.now()).await.unwrap();
    tx.commit().await.unwrap();
    claimed
}

/// What the relay's acceptance of a message came to.
fn accepted(house: &House, message: &Message) -> MessageAttempt {
    MessageAttempt {
        id: house.clock.new_id(),
        organization_id: message.organization_id,
        message_id: message.id,
        person_id: message.person_id,
        outcome: AttemptOutcome::Accepted,
        status_code: None,
        reply: Some("250 accepted".to_owned()),
        started_at: house.clock.now(),
        ended_at: house.clock.now(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn steps_are_taken_together_and_only_by_whoever_holds_the_lease() {
    for house in houses().await {
        introduced(&house, 4, 1).await;
        let old = claim(&house, 4).await;
        let hour = TimeDelta::hours(1);
        let now = house.clock.now();
        let taken = async |steps: &[Step]| store::messages::take(&house.store, steps, hour).await.unwrap();
        // One of them belongs to somebody else by now.
        let lost = claim(&house, 1).await[0].1.id;
        let held: Vec<&(Lease, Message)> = old.iter().filter(|(_, message)| message.id != lost).collect();
        let [(handed, first), (sent, second), (young, third)] = held[..] else { panic!("{}", held.len()) };
        let (old_lease, taken_over) = old.iter().find(|(_, message)| message.id == lost).unwrap();
        let attempts = [second, taken_over].map(|message| accepted(&house, message));
        let steps = [
            Step::handed(*handed, true, now),
            Step::sent(*old_lease, taken_over, now, attempts[1].clone()).unwrap(),
            Step::sent(*sent, second, now, attempts[0].clone()).unwrap(),
            Step::in_hand(*young, false),
        ];
        let expected = [handed, sent, young].map(Lease::key).into_iter().collect();
        assert_eq!(taken(&steps).await, expected);
        assert_eq!(taken(&steps).await, expected, "once more changes nothing");
        for (attempt, is_kept) in attempts.iter().zip([true, false]) {
            let known = store::message_attempts::is_known(&house.store, attempt.organization_id, attempt.id).await;
            assert_eq!(known.unwrap(), is_kept, "what came of a lease is kept by whoever holds it");
        }

        let find = async |message: &Message| {
            let tx = house.store.begin().await.unwrap();
            store::messages::hold(&tx, message.organization_id, message.id).await.unwrap().unwrap()
        };
        let (first, second, third) = (find(first).await, find(second).await, find(third).await);
        assert_eq!((first.status, first.handed_at), (MessageStatus::Sending, Some(now)));
        assert_eq!((first.attempts, first.rescue_count), (1, 1));
        assert_eq!((second.status, second.sent_at), (MessageStatus::Sent, Some(now)));
        assert_eq!((second.attempts, second.rescue_count), (1, 0));
        assert_eq!((third.status, third.handed_at, third.attempts), (MessageStatus::Sending, None, 1));
        // Whose lease did not begin anew is free, and so is the one that somebody else just claimed.
        let free: BTreeSet<Uuid> = claim(&house, 10).await.into_iter().map(|(_, message)| message.id).collect();
        assert_eq!(free, BTreeSet::from([third.id, lost]));
        assert!(!taken(&[Step::in_hand(*young, true)]).await.contains(&young.key()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read_is_held_and_blames_no_other() {
    let Some(house) = House::open_with(On::Postgres, &[("MAIL__CONNECTIONS", "1")]).await else { return };
    let people = introduced(&house, 6, 1).await;
    let client = house.postgres().await.unwrap();
    let spoil = "UPDATE matches SET origin = 'NOWHERE', version = version + 1 WHERE id = (SELECT match_id FROM messages
        WHERE kind = 'INTRODUCTION' ORDER BY due_at, id OFFSET 1 LIMIT 1)";
    assert_eq!(client.execute(spoil, &[]).await.unwrap(), 1);
    for _ in 0..10 {
        house.worker.send_due().await.ok();
        let later = "UPDATE messages SET lease_until = now() - interval '1 second' WHERE status = 'SENDING'";
        client.execute(later, &[]).await.unwrap();
    }
    let mut ended = Vec::new();
    for person in &people {
        ended.push(message(&house, person, "INTRODUCTION").await.status.as_str());
    }
    ended.sort_unstable();
    assert_eq!(ended, ["HELD", "HELD", "SENT", "SENT", "SENT", "SENT"]);
}
