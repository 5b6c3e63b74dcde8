use std::fs;

use chrono::TimeDelta;
use shared::{
    domain::{messages::MessageStatus, programs::Consent},
    store,
};
use uuid::Uuid;

use crate::{Worker, scene::Scene};

const SAMPLE: &str = include_str!("../../../shared/src/bounces/samples/postfix.eml");

/// Ana, whose introduction was sent, with its id; and a worker that looks into a Maildir.
async fn sent() -> (Scene, Worker, Uuid) {
    let mut scene = Scene::new(Consent::IntroduceAtOnce).await;
    let ana = scene.peer("Ana", "BR", &["maps"]).await.person_id;
    scene.peer("Ben", "DE", &["maps"]).await;
    scene.request(false).await;
    scene.config.mail.bounces_dir = scene.mailbox().with_file_name("bounces");
    let worker = scene.worker();
    assert_eq!(worker.run_queued().await.unwrap(), 1);
    assert_eq!(worker.send_due().await.unwrap(), 2);
    assert_eq!(worker.take_bounces().await.unwrap(), 0, "the folders are made");
    let messages = scene.mails_to(ana).await;
    let id = messages.iter().find(|message| message.kind == "INTRODUCTION").unwrap().id;
    (scene, worker, id)
}

fn report(id: Uuid, to: &str) -> String {
    let values = [
        ("{id}", id.to_string()),
        ("{to}", to.to_owned()),
        ("{action}", "failed".to_owned()),
        ("{status}", "5.1.1".to_owned()),
    ];
    values.iter().fold(SAMPLE.to_owned(), |text, (name, value)| text.replace(name, value))
}

fn deliver(scene: &Scene, name: &str, text: &str) {
    fs::write(scene.config.mail.bounces_dir.join("new").join(name), text).unwrap();
}

fn names(scene: &Scene, folder: &str) -> Vec<String> {
    let entries = fs::read_dir(scene.config.mail.bounces_dir.join(folder)).unwrap();
    let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

async fn status(scene: &Scene, id: Uuid) -> MessageStatus {
    let tx = scene.store.begin().await.unwrap();
    store::messages::hold(&tx, scene.organization.id, id).await.unwrap().unwrap().status
}

async fn is_suppressed(scene: &Scene) -> bool {
    store::mail_suppressions::find(&scene.store, scene.organization.id, "ana@iln.example").await.unwrap().is_some()
}

#[tokio::test]
async fn reports_are_taken_in_and_the_rest_is_kept_for_a_human() {
    let (scene, worker, id) = sent().await;
    deliver(&scene, "1.a.host", &report(id, "ana@iln.example"));
    deliver(&scene, "2.b.host", "Subject: Out of office\n\nBack on Monday.\n");
    deliver(&scene, "3.c.host", &report(Uuid::from_u128(7), "ana@iln.example"));
    fs::create_dir(scene.config.mail.bounces_dir.join("new/folder")).unwrap();
    assert_eq!(worker.take_bounces().await.unwrap(), 2);
    assert_eq!(names(&scene, "new"), ["folder"]);
    assert_eq!(names(&scene, "cur"), ["1.a.host:2,S", "3.c.host:2,S"]);
    assert_eq!(names(&scene, "not-understood"), ["2.b.host"]);
    assert_eq!(status(&scene, id).await, MessageStatus::Bounced);
    assert!(is_suppressed(&scene).await);
    assert_eq!(worker.take_bounces().await.unwrap(), 0);
}

#[tokio::test]
async fn the_same_report_again_changes_nothing() {
    let (scene, worker, id) = sent().await;
    deliver(&scene, "1.a.host", &report(id, "ana@iln.example"));
    assert_eq!(worker.take_bounces().await.unwrap(), 1);
    let found = store::mail_suppressions::find(&scene.store, scene.organization.id, "ana@iln.example").await.unwrap();
    let tx = scene.store.begin().await.unwrap();
    assert!(store::mail_suppressions::delete(&tx, scene.organization.id, found.unwrap().id).await.unwrap());
    tx.commit().await.unwrap();
    deliver(&scene, "2.a.host", &report(id, "ana@iln.example"));
    assert_eq!(worker.take_bounces().await.unwrap(), 1);
    assert!(!is_suppressed(&scene).await, "staff lifted it since");
}

#[tokio::test]
async fn what_a_lost_worker_had_claimed_is_taken_in_by_another() {
    let (scene, worker, id) = sent().await;
    deliver(&scene, "1.a.host", &report(id, "ana@iln.example"));
    let name = std::ffi::OsStr::new("1.a.host");
    let claimed = worker.claim(&scene.config.mail.bounces_dir, name).await.unwrap();
    assert!(claimed.is_some_and(|path| path.ends_with("cur/1.a.host:2,")));
    let other = scene.worker();
    assert!(other.claim(&scene.config.mail.bounces_dir, name).await.unwrap().is_none(), "one claim wins");
    assert_eq!(other.take_bounces().await.unwrap(), 0, "its worker may be at it");
    scene.clock.advance(TimeDelta::minutes(5));
    assert_eq!(other.take_bounces().await.unwrap(), 1);
    assert_eq!(names(&scene, "cur"), ["1.a.host:2,S"]);
    assert_eq!(status(&scene, id).await, MessageStatus::Bounced);
}

#[tokio::test]
async fn several_workers_share_a_folder() {
    let (scene, worker, id) = sent().await;
    for number in 0..40 {
        deliver(&scene, &format!("{number}.a.host"), &report(id, &format!("nobody{number}@iln.example")));
    }
    let other = scene.worker();
    let (one, two) = tokio::join!(worker.take_bounces(), other.take_bounces());
    assert_eq!(one.unwrap() + two.unwrap(), 40);
    assert_eq!((names(&scene, "new").len(), names(&scene, "cur").len()), (0, 40));
    assert_eq!(status(&scene, id).await, MessageStatus::Sent, "nobody of them was written to");
}

#[tokio::test]
async fn a_report_waits_while_its_message_is_being_sent() {
    let mut scene = Scene::new(Consent::IntroduceAtOnce).await;
    let ana = scene.peer("Ana", "BR", &["maps"]).await.person_id;
    scene.peer("Ben", "DE", &["maps"]).await;
    scene.request(false).await;
    scene.config.mail.bounces_dir = scene.mailbox().with_file_name("bounces");
    let worker = scene.worker();
    worker.run_queued().await.unwrap();
    let tx = scene.store.begin().await.unwrap();
    let claimed = store::messages::claim(&tx, Uuid::from_u128(1), TimeDelta::zero(), 10, scene.clock.now()).await;
    tx.commit().await.unwrap();
    for (lease, _) in claimed.unwrap() {
        let step = store::messages::Step::in_hand(lease, true);
        store::messages::take(&scene.store, &[step], TimeDelta::zero()).await.unwrap();
    }
    let id = scene.mails_to(ana).await.iter().find(|message| message.kind == "INTRODUCTION").unwrap().id;
    worker.take_bounces().await.unwrap();
    deliver(&scene, "1.a.host", &report(id, "ana@iln.example"));
    assert_eq!(worker.take_bounces().await.unwrap(), 0);
    assert_eq!(names(&scene, "new"), ["1.a.host"]);
    assert_eq!(worker.send_due().await.unwrap(), 2, "rescued");
    assert_eq!(worker.take_bounces().await.unwrap(), 1);
    assert_eq!(status(&scene, id).await, MessageStatus::Bounced);
}
