use chrono::TimeDelta;
use shared::{
    domain::{
        enrollments::EnrollmentStatus,
        matches::{MatchStatus, Side},
        messages::MessageStatus,
        programs::Consent,
        rounds::RoundStatus,
    },
    store,
};

use crate::scene::Scene;

/// Two people and the match a run made of them.
async fn couple(consent: Consent) -> Scene {
    let scene = Scene::new(consent).await;
    scene.peer("Ana", "BR", &["maps"]).await;
    scene.peer("Ben", "DE", &["maps"]).await;
    scene.request(false).await;
    assert_eq!(scene.worker().run_queued().await.unwrap(), 1);
    assert_eq!(scene.matches().await.len(), 1);
    scene
}

#[tokio::test]
async fn an_unanswered_proposal_expires_and_the_two_may_meet_again() {
    let scene = couple(Consent::BothAccept).await;
    let worker = scene.worker();
    let found = scene.matches().await.remove(0);
    scene.clock.advance(TimeDelta::days(14) - TimeDelta::seconds(1));
    assert_eq!(worker.upkeep().await.unwrap(), 0);
    scene.clock.advance(TimeDelta::seconds(1));
    assert_eq!(worker.upkeep().await.unwrap(), 1);
    assert_eq!(worker.upkeep().await.unwrap(), 0);
    assert!(scene.matches().await.is_empty());
    let expired = store::matches::find(&scene.store, scene.organization.id, found.id).await.unwrap().unwrap();
    assert_eq!(expired.status, MatchStatus::Expired);
    let mails = scene.mails_to(found.a.person_id).await;
    assert!(mails.iter().all(|mail| mail.status == MessageStatus::Suppressed), "{mails:?}");

    scene.request(false).await;
    assert_eq!(worker.run_queued().await.unwrap(), 1);
    assert_eq!(scene.matches().await.len(), 1);
}

#[tokio::test]
async fn a_pause_ends_on_its_day_in_the_programs_zone() {
    let scene = Scene::new(Consent::IntroduceAtOnce).await;
    let pause = |topics: &'static [&'static str], name: &'static str| {
        scene.enroll(name, "DE", topics, |_, enrollment| {
            enrollment.status = EnrollmentStatus::Paused;
            enrollment.paused_until = Some("2026-12-01".parse().unwrap());
        })
    };
    let complete = pause(&["maps"], "Pat").await;
    let incomplete = pause(&[], "Quy").await;
    let worker = scene.worker();
    scene.set_time("2026-11-30T22:59:59Z");
    assert_eq!(worker.upkeep().await.unwrap(), 0);
    scene.set_time("2026-11-30T23:00:00Z");
    assert_eq!(worker.upkeep().await.unwrap(), 2);
    let resumed = scene.enrollment(complete.id).await;
    assert_eq!((resumed.status, resumed.paused_until), (EnrollmentStatus::Active, None));
    assert_eq!(scene.enrollment(incomplete.id).await.status, EnrollmentStatus::Accepted, "an answer is missing");
}

#[tokio::test]
async fn a_round_past_its_last_day_is_completed_with_all_that_lives_in_it() {
    let scene = couple(Consent::IntroduceAtOnce).await;
    let found = scene.matches().await.remove(0);
    let late = scene.peer("Chi", "JP", &["law"]).await;
    let worker = scene.worker();
    scene.set_time("2027-03-31T21:59:59Z");
    assert_eq!(worker.upkeep().await.unwrap(), 0);
    scene.set_time("2027-03-31T22:00:00Z");
    assert_eq!(worker.queue_due_nights().await.unwrap(), 0, "nobody is matched in a round that is over");
    assert_eq!(worker.upkeep().await.unwrap(), 1);
    assert_eq!(scene.round_status().await, RoundStatus::Completed);
    let ended = store::matches::find(&scene.store, scene.organization.id, found.id).await.unwrap().unwrap();
    assert_eq!(ended.status, MatchStatus::Completed);
    assert_eq!(scene.enrollment(late.id).await.status, EnrollmentStatus::Completed);
    assert_eq!(scene.enrollment(found.sides(Side::A).0.enrollment_id).await.status, EnrollmentStatus::Completed);
    assert_eq!(worker.upkeep().await.unwrap(), 0);
}
