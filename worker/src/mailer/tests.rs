use std::slice;

use chrono::TimeDelta;
use shared::{
    domain::{messages::MessageStatus, programs::Consent},
    store::messages::Lease,
};
use uuid::Uuid;

use super::*;
use crate::scene::Scene;

/// Ana and Ben, introduced or proposed to each other, with their mails in the outbox.
async fn couple(consent: Consent) -> (Scene, [Uuid; 2]) {
    let scene = Scene::new(consent).await;
    let ana = scene.peer("Ana", "BR", &["maps"]).await.person_id;
    let ben = scene.peer("Ben", "DE", &["maps"]).await.person_id;
    scene.request(false).await;
    assert_eq!(scene.worker().run_queued().await.unwrap(), 1);
    (scene, [ana, ben])
}

async fn mail_to(scene: &Scene, person_id: Uuid, kind: &str) -> Message {
    scene.mails_to(person_id).await.into_iter().find(|message| message.kind == kind).unwrap()
}

/// Claims everything due as a worker that will not live to begin it.
async fn claim_only(scene: &Scene) -> Vec<(Lease, Message)> {
    let tx = scene.store.begin().await.unwrap();
    let claimed = store::messages::claim(&tx, Uuid::from_u128(1), TimeDelta::zero(), 10, scene.clock.now()).await;
    tx.commit().await.unwrap();
    claimed.unwrap()
}

/// Takes a step of a message that is ours, under a lease that is over at once.
async fn take(scene: &Scene, step: Step) {
    let taken = store::messages::take(&scene.store, slice::from_ref(&step), TimeDelta::zero()).await.unwrap();
    assert!(taken.contains(&step.lease().key()));
}

/// The same, and has all of them in hand when it dies.
async fn claim_and_die(scene: &Scene) -> Vec<(Lease, Message)> {
    let claimed = claim_only(scene).await;
    for (held, _) in &claimed {
        take(scene, Step::in_hand(*held, true)).await;
    }
    claimed
}

fn delivered(scene: &Scene) -> usize {
    std::fs::read_dir(scene.mailbox().join("new")).map_or(0, Iterator::count)
}

#[tokio::test]
async fn due_mails_are_delivered_and_reminders_wait_for_their_day() {
    let (scene, [ana, _]) = couple(Consent::IntroduceAtOnce).await;
    let worker = scene.worker();
    assert_eq!(worker.send_due().await.unwrap(), 2);
    assert_eq!(worker.send_due().await.unwrap(), 0);
    let introduction = mail_to(&scene, ana, "INTRODUCTION").await;
    assert_eq!((introduction.status, introduction.attempts), (MessageStatus::Sent, 1));
    assert!(introduction.handed_at.is_some() && introduction.sent_at.is_some());
    let file = scene.mailbox().join("new").join(format!("{}.eml", introduction.id));
    let bytes = std::fs::read(file).unwrap();
    let parsed = mail_parser::MessageParser::default().parse(&bytes).unwrap();
    assert_eq!(parsed.message_id(), Some(format!("{}@localhost", introduction.id).as_str()));
    assert_eq!(parsed.to().unwrap().first().unwrap().address(), Some("ana@iln.example"));
    assert_eq!(parsed.reply_to().unwrap().first().unwrap().address(), Some("hello@iln.example"));

    let reminder = mail_to(&scene, ana, "FIRST_CONTACT_REMINDER").await;
    assert_eq!(reminder.status, MessageStatus::Pending);
    scene.clock.advance(TimeDelta::days(7));
    assert_eq!(worker.send_due().await.unwrap(), 2);
    assert_eq!(delivered(&scene), 4);
}

#[tokio::test]
async fn pointless_mails_are_suppressed() {
    let (scene, [ana, ben]) = couple(Consent::BothAccept).await;
    let mut found = scene.matches().await.remove(0);
    let people = (scene.person(found.a.person_id).await, scene.person(found.b.person_id).await);
    // Ana has answered before her proposal went out; Ben has left.
    let claimed = claim_and_die(&scene).await;
    assert_eq!(claimed.len(), 2);
    let tx = scene.store.begin().await.unwrap();
    let side = found.side_of(ana).unwrap();
    scene.setting().answer_match(&tx, &mut found, side, true, (&people.0, &people.1)).await.unwrap();
    let mut gone = scene.person(ben).await;
    gone.active = false;
    store::people::update(&tx, &mut gone).await.unwrap();
    tx.commit().await.unwrap();

    assert_eq!(scene.worker().send_due().await.unwrap(), 0);
    for (person, why) in [(ana, "answered or closed meanwhile"), (ben, "the person is not written to any more")] {
        let proposal = mail_to(&scene, person, "PROPOSAL").await;
        assert_eq!((proposal.status, proposal.error.as_deref()), (MessageStatus::Suppressed, Some(why)));
    }
    assert_eq!(delivered(&scene), 0);
}

#[tokio::test]
async fn a_reminder_that_comes_a_week_late_is_not_sent() {
    let (scene, [ana, _]) = couple(Consent::IntroduceAtOnce).await;
    scene.worker().send_due().await.unwrap();
    scene.clock.advance(TimeDelta::days(14));
    assert_eq!(scene.worker().send_due().await.unwrap(), 0);
    let reminder = mail_to(&scene, ana, "FIRST_CONTACT_REMINDER").await;
    assert_eq!((reminder.status, reminder.error.as_deref()), (MessageStatus::Suppressed, Some("its time is over")));
}

#[tokio::test]
async fn what_a_dead_worker_had_in_hand_is_rescued() {
    let (scene, [ana, _]) = couple(Consent::IntroduceAtOnce).await;
    let (late, message) = claim_and_die(&scene).await.remove(0);
    assert_eq!(scene.worker().send_due().await.unwrap(), 2);
    let introduction = mail_to(&scene, ana, "INTRODUCTION").await;
    assert_eq!((introduction.status, introduction.rescue_count), (MessageStatus::Sent, 1));
    let finished = scene.worker().finish(late, &message, Outcome::Sent).await;
    assert!(matches!(finished, Err(StoreError::Conflict(_))), "the dead one has no say any more");
}

#[tokio::test]
async fn what_may_have_been_sent_is_sent_again_but_reminders_are_not() {
    let (scene, [ana, ben]) = couple(Consent::IntroduceAtOnce).await;
    for (held, message) in claim_and_die(&scene).await {
        take(&scene, Step::handed(held, true, scene.clock.now())).await;
        assert_eq!(message.kind, "INTRODUCTION");
    }
    assert_eq!(scene.worker().send_due().await.unwrap(), 2, "better twice than never");

    scene.clock.advance(TimeDelta::days(7));
    for (held, message) in claim_and_die(&scene).await {
        assert_eq!(message.kind, "FIRST_CONTACT_REMINDER");
        take(&scene, Step::handed(held, true, scene.clock.now())).await;
    }
    assert_eq!(scene.worker().send_due().await.unwrap(), 0);
    for person in [ana, ben] {
        assert_eq!(mail_to(&scene, person, "FIRST_CONTACT_REMINDER").await.status, MessageStatus::Held);
    }
}

#[tokio::test]
async fn a_message_that_kills_its_workers_is_held_and_the_others_flow() {
    let (scene, [ana, ben]) = couple(Consent::IntroduceAtOnce).await;
    for _ in 0..3 {
        claim_and_die(&scene).await;
    }
    let chi = scene.peer("Chi", "JP", &["law"]).await.person_id;
    let dov = scene.peer("Dov", "IL", &["law"]).await.person_id;
    scene.request(false).await;
    let worker = scene.worker();
    worker.run_queued().await.unwrap();
    assert_eq!(worker.send_due().await.unwrap(), 2);
    for (person, status) in
        [(ana, MessageStatus::Held), (ben, MessageStatus::Held), (chi, MessageStatus::Sent), (dov, MessageStatus::Sent)]
    {
        assert_eq!(mail_to(&scene, person, "INTRODUCTION").await.status, status);
    }
}

#[tokio::test]
async fn a_message_whose_workers_die_before_its_turn_loses_nothing() {
    let (scene, [ana, _]) = couple(Consent::IntroduceAtOnce).await;
    for _ in 0..5 {
        claim_only(&scene).await;
    }
    assert_eq!(scene.worker().send_due().await.unwrap(), 2);
    let introduction = mail_to(&scene, ana, "INTRODUCTION").await;
    assert_eq!((introduction.attempts, introduction.rescue_count), (1, 0));
}

#[tokio::test]
async fn while_nothing_can_be_delivered_sending_pauses_and_costs_no_attempt() {
    let (scene, [ana, ben]) = couple(Consent::IntroduceAtOnce).await;
    let blocked = scene.mailbox();
    std::fs::write(&blocked, b"not a folder").unwrap();
    let worker = scene.worker();
    assert_eq!(worker.send_due().await.unwrap(), 0);
    for person in [ana, ben] {
        let message = mail_to(&scene, person, "INTRODUCTION").await;
        assert_eq!((message.status, message.attempts), (MessageStatus::Pending, 0));
        assert_eq!(message.due_at, scene.clock.now() + TimeDelta::seconds(5));
        assert!(message.handed_at.is_none());
    }
    // One probe after five seconds, the next after ten more.
    scene.clock.advance(TimeDelta::seconds(5));
    assert_eq!(worker.send_due().await.unwrap(), 0);
    let due: Vec<_> = [mail_to(&scene, ana, "INTRODUCTION").await, mail_to(&scene, ben, "INTRODUCTION").await]
        .map(|message| (message.due_at - scene.clock.now()).num_seconds())
        .into();
    assert!(due.contains(&10) && due.contains(&0), "one has tried, the other waits: {due:?}");

    std::fs::remove_file(&blocked).unwrap();
    assert_eq!(worker.send_due().await.unwrap(), 0, "still pausing");
    scene.clock.advance(TimeDelta::seconds(10));
    assert_eq!(worker.send_due().await.unwrap(), 2);
    assert_eq!(delivered(&scene), 2);
}

#[tokio::test]
async fn what_each_answer_of_a_relay_means() {
    let (scene, [ana, _]) = couple(Consent::IntroduceAtOnce).await;
    let worker = scene.worker();
    let mut introduction = mail_to(&scene, ana, "INTRODUCTION").await;
    let mut reminder = mail_to(&scene, ana, "FIRST_CONTACT_REMINDER").await;
    introduction.attempts = 1;
    reminder.attempts = 1;
    let mut post = worker.posts[0].lock().await;
    let now = scene.clock.now();
    let mut judge = |message: &Message, class| {
        let error = SendError { class, reply: "why".to_owned() };
        let outcome = worker.judge(&mut post, message, error);
        (outcome, post.closed_until(now))
    };
    for class in [Class::RelayUnreachable, Class::LoginFailed] {
        let (outcome, closed) = judge(&introduction, class);
        let due_at = closed.unwrap();
        assert_eq!(outcome, Outcome::Deferred { due_at, why: "why".to_owned(), counts: false });
    }
    for class in [Class::BadAddress, Class::Refused] {
        assert_eq!(judge(&introduction, class), (Outcome::Failed("why".to_owned()), None));
    }
    for (message, class) in
        [(&introduction, Class::Temporary), (&reminder, Class::Temporary), (&introduction, Class::Ambiguous)]
    {
        let (outcome, _) = judge(message, class);
        let Outcome::Deferred { due_at, counts: true, .. } = outcome else { panic!("{outcome:?}") };
        assert_eq!(due_at, now + backoff::delay(message.id, 1));
    }
    assert!(matches!(judge(&reminder, Class::Ambiguous).0, Outcome::Held(_)));
    introduction.attempts = 3;
    assert!(matches!(judge(&introduction, Class::Ambiguous).0, Outcome::Held(_)));
    introduction.attempts = 12;
    assert!(matches!(judge(&introduction, Class::Temporary).0, Outcome::Failed(_)));
    introduction.attempts = 2;
    introduction.created_at -= TimeDelta::days(4);
    assert!(matches!(judge(&introduction, Class::Temporary).0, Outcome::Failed(_)));
}
