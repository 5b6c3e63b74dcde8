mod many;

use std::collections::HashSet;

use chrono::TimeDelta;
use shared::{
    bus::Notice,
    domain::{
        enrollments::EnrollmentStatus,
        explanations::{Explanation, Ground},
        matches::MatchStatus,
        non_matches::Reason,
        programs::Consent,
        rounds::RoundStatus,
    },
    live::MatchesUpdated,
    matchmaking::{Made, NewMatch, publish_run},
};
use uuid::Uuid;

use super::*;
use crate::scene::Scene;

/// After the night of the scene's first day.
const NIGHT: &str = "2026-11-24T01:00:30Z";

async fn five(scene: &Scene) -> Vec<Uuid> {
    let mut people = Vec::new();
    for (name, country, topics) in [
        ("Ana", "BR", &["archives", "maps"][..]),
        ("Ben", "DE", &["archives"]),
        ("Chi", "JP", &["teaching"]),
        ("Dov", "IL", &["teaching", "maps"]),
        ("Eve", "KE", &["law"]),
    ] {
        people.push(scene.peer(name, country, topics).await.person_id);
    }
    people
}

/// Runs the scene's first night with one worker.
async fn first_night(scene: &Scene) {
    let worker = scene.worker();
    scene.set_time(NIGHT);
    assert_eq!(worker.queue_due_nights().await.unwrap(), 1);
    assert_eq!(worker.run_queued().await.unwrap(), 1);
}

/// The run that made the first match.
async fn published_run(scene: &Scene) -> MatchRun {
    scene.run(scene.matches().await[0].run_id.unwrap()).await
}

#[tokio::test]
async fn a_night_introduces_pairs_and_tells_the_odd_one_out_why() {
    let scene = Scene::new(Consent::IntroduceAtOnce).await;
    let people = five(&scene).await;
    let worker = scene.worker();
    assert_eq!(worker.queue_due_nights().await.unwrap(), 0, "the round was closed after last night");

    first_night(&scene).await;
    let run = published_run(&scene).await;
    assert_eq!(run.status, RunStatus::Published);
    let report = run.report.as_ref().unwrap();
    let round = &report.rounds[0];
    assert_eq!((round.participants, round.matched, round.unmatched, round.pairs), (5, 4, 1, 2));
    assert!(round.certified && round.primal == round.dual);
    assert_eq!(round.reasons.values().sum::<u32>(), 1);
    assert_eq!(round.histogram.iter().sum::<u32>(), 2);
    assert_eq!(scene.round_status().await, RoundStatus::Running);

    let matches = scene.matches().await;
    assert_eq!(matches.len(), 2);
    let mut told = Vec::new();
    for person in &people {
        told.push(scene.kinds_to(*person).await);
    }
    told.sort();
    let introduced = vec!["FIRST_CONTACT_REMINDER".to_owned(), "INTRODUCTION".to_owned()];
    assert_eq!(told[..4], vec![introduced; 4]);
    assert_eq!(told[4], ["NOT_MATCHED_YET"]);
    for found in &matches {
        assert_eq!(found.status, MatchStatus::Active);
        assert!(found.a.person_id < found.b.person_id);
        assert_eq!(found.explanation.score, found.score);
        let out_of: u16 = found.explanation.contributions.iter().map(|contribution| contribution.out_of).sum();
        assert_eq!(out_of, 1000);
        let country = &found.explanation.contributions[0];
        assert!(country.must && matches!(country.ground, Ground::DifferentCountries { .. }));
        assert!(
            matches!(&found.explanation.contributions[1].ground, Ground::SharedLanguages { languages } if languages == &["en"])
        );
        assert_eq!(found.explanation.contributions[2].ground, Ground::HoursApart { hours: 0 });
    }
    let teaching = Ground::SharedAnswers { label: "Topics".to_owned(), values: vec!["teaching".to_owned()] };
    assert!(matches.iter().any(|found| found.explanation.contributions[3].ground == teaching));

    // Once more, the same night: nothing is due, nothing changes.
    assert_eq!(worker.queue_due_nights().await.unwrap(), 0);
    assert_eq!(worker.run_queued().await.unwrap(), 0);
    assert_eq!(scene.matches().await, matches);

    // The next night nothing is new for anybody, so nobody is written to.
    scene.clock.advance(TimeDelta::days(1));
    assert_eq!(worker.queue_due_nights().await.unwrap(), 1);
    assert_eq!(worker.run_queued().await.unwrap(), 1);
    assert_eq!(scene.matches().await, matches);
    let mut again = Vec::new();
    for person in &people {
        again.push(scene.kinds_to(*person).await);
    }
    again.sort();
    // Alone now, the fifth reads a new reason at most once.
    assert_eq!(again[..4], told[..4]);
    assert!(again[4].len() <= 2, "{:?}", again[4]);
    scene.clock.advance(TimeDelta::days(1));
    worker.queue_due_nights().await.unwrap();
    worker.run_queued().await.unwrap();
    let mut third = Vec::new();
    for person in &people {
        third.push(scene.kinds_to(*person).await);
    }
    third.sort();
    assert_eq!(third, again, "the same reason is told once");
}

#[tokio::test]
async fn with_consent_of_both_the_night_proposes() {
    let scene = Scene::new(Consent::BothAccept).await;
    five(&scene).await;
    first_night(&scene).await;
    assert_eq!(published_run(&scene).await.status, RunStatus::Published);
    let matches = scene.matches().await;
    assert!(matches.len() == 2 && matches.iter().all(|found| found.status == MatchStatus::Proposed));
    let kinds = scene.kinds_to(matches[0].a.person_id).await;
    assert_eq!(kinds, ["PROPOSAL", "PROPOSAL_REMINDER"]);
}

#[tokio::test]
async fn with_approval_nobody_is_told_before_a_coordinator_says_yes() {
    let scene = Scene::new(Consent::CoordinatorApproves).await;
    let chief = scene.staff("Chief", None).await;
    let local = scene.staff("Local", Some(vec!["DE".to_owned()])).await;
    let people = five(&scene).await;
    first_night(&scene).await;
    let older = scene.waiting_run().await;
    assert_eq!(scene.kinds_to(chief).await, ["RUN_AWAITS_APPROVAL"]);
    assert!(scene.kinds_to(local).await.is_empty());
    assert!(scene.matches().await.is_empty());
    assert_eq!(scene.round_status().await, RoundStatus::Closed);

    // The next night replaces the plan that nobody looked at.
    scene.clock.advance(TimeDelta::days(1));
    let worker = scene.worker();
    assert_eq!(worker.queue_due_nights().await.unwrap(), 1);
    assert_eq!(worker.run_queued().await.unwrap(), 1);
    let older = scene.run(older.id).await;
    assert_eq!(older.status, RunStatus::Discarded);
    assert!(older.error.unwrap().starts_with("superseded"));
    let mut run = scene.waiting_run().await;
    for person in &people {
        assert!(scene.kinds_to(*person).await.is_empty());
    }

    // The coordinator publishes, as the API does; one of the people has changed an answer meanwhile.
    let pairs = store::planned_pairs::of_run(&scene.store, scene.organization.id, run.id).await.unwrap();
    assert_eq!(pairs.len(), 2);
    scene.clock.advance(TimeDelta::hours(8));
    let tx = scene.store.begin().await.unwrap();
    let mut changed = scene.enrollment(pairs[0].enrollment_a).await;
    changed.updated_at = scene.clock.now();
    store::enrollments::update(&tx, &mut changed).await.unwrap();
    let published = publish_run(&tx, &scene.setting(), &mut run, &pairs).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!((published.made.len(), published.stale), (1, 1));
    let run = scene.run(run.id).await;
    assert_eq!((run.status, run.report.unwrap().stale_pairs), (RunStatus::Published, 1));
    assert_eq!(scene.matches().await.len(), 1);
    assert_eq!(scene.round_status().await, RoundStatus::Running);
    let mut told = 0;
    for person in &people {
        told += usize::from(scene.kinds_to(*person).await == ["NOT_MATCHED_YET"]);
    }
    assert_eq!(told, 1);
}

#[tokio::test]
async fn a_preview_writes_to_nobody() {
    let scene = Scene::new(Consent::IntroduceAtOnce).await;
    let people = five(&scene).await;
    let id = scene.request(true).await;
    assert_eq!(scene.worker().run_queued().await.unwrap(), 1);
    let run = scene.run(id).await;
    assert_eq!((run.status, run.report.unwrap().pairs()), (RunStatus::Ready, 2));
    assert!(scene.matches().await.is_empty());
    for person in people {
        assert!(scene.kinds_to(person).await.is_empty());
    }
}

#[tokio::test]
async fn two_workers_at_once_share_the_runs_and_overbook_nobody() {
    let scene = Scene::new(Consent::IntroduceAtOnce).await;
    let countries = ["BR", "DE", "JP", "IL", "KE", "FR", "IN"];
    for (index, country) in countries.iter().cycle().take(40).enumerate() {
        let topics = [["law", "maps"], ["maps", "archives"], ["teaching", "law"]][index % 3];
        scene.enroll(&format!("P{index}"), country, &topics, |_, enrollment| enrollment.capacity = 2).await;
    }
    scene.set_time(NIGHT);
    for _ in 0..3 {
        scene.request(false).await;
    }
    let (one, other) = (scene.worker(), scene.worker());
    let queued = tokio::join!(one.queue_due_nights(), other.queue_due_nights());
    assert_eq!(queued.0.unwrap() + queued.1.unwrap(), 1, "one night, whoever asks");
    let done = tokio::join!(one.run_queued(), other.run_queued());
    assert_eq!(done.0.unwrap() + done.1.unwrap(), 4);
    let matches = scene.matches().await;
    let pairs: HashSet<(Uuid, Uuid)> = matches.iter().map(|found| (found.a.person_id, found.b.person_id)).collect();
    assert_eq!(pairs.len(), matches.len(), "no pair twice");
    let places = store::matches::places_taken(&scene.store, scene.organization.id, scene.round.id).await.unwrap();
    assert!(places.iter().all(|(_, taken)| *taken <= 2));
    assert_eq!(places.iter().map(|(_, taken)| taken).sum::<i64>(), 80, "everybody has two partners");
}

#[tokio::test]
async fn a_run_whose_worker_died_is_taken_up_and_the_late_one_changes_nothing() {
    let scene = Scene::new(Consent::IntroduceAtOnce).await;
    five(&scene).await;
    let id = scene.request(false).await;
    let tx = scene.store.begin().await.unwrap();
    let late = store::match_runs::claim(&tx, Uuid::from_u128(1), TimeDelta::zero(), scene.clock.now()).await.unwrap();
    tx.commit().await.unwrap();
    let mut late = late.unwrap();
    assert_eq!(late.id, id);

    assert_eq!(scene.worker().run_queued().await.unwrap(), 1);
    assert_eq!((scene.run(id).await.status, scene.run(id).await.attempts), (RunStatus::Published, 2));
    let matches = scene.matches().await;

    let snapshot = Snapshot::load(&scene.store, &scene.clock, &scene.organization, &scene.program).await.unwrap();
    let plans = planning::plan(&snapshot, id, &scene.clock, &Gauge::new(snapshot.rounds.len())).unwrap();
    let stored = persist::store_plan(&scene.store, scene.setting(), &mut late, &snapshot, plans).await;
    assert!(matches!(stored, Err(StoreError::Conflict(_))), "{stored:?}");
    assert_eq!(scene.matches().await, matches);
}

#[tokio::test]
async fn a_run_that_never_ends_fails_after_three_attempts() {
    let scene = Scene::new(Consent::IntroduceAtOnce).await;
    let id = scene.request(false).await;
    for _ in 0..3 {
        let tx = scene.store.begin().await.unwrap();
        let claimed =
            store::match_runs::claim(&tx, Uuid::from_u128(1), TimeDelta::zero(), scene.clock.now()).await.unwrap();
        assert!(claimed.is_some());
        tx.commit().await.unwrap();
    }
    assert_eq!(scene.worker().run_queued().await.unwrap(), 1);
    let run = scene.run(id).await;
    assert_eq!(run.status, RunStatus::Failed);
    assert!(run.error.unwrap().contains("begun 3 times"));
    assert_eq!(scene.worker().run_queued().await.unwrap(), 0, "and it stays so");
}

#[tokio::test]
async fn pairs_that_changed_while_they_were_planned_are_dropped() {
    let scene = Scene::new(Consent::IntroduceAtOnce).await;
    let ana = scene.peer("Ana", "BR", &["maps"]).await;
    let ben = scene.peer("Ben", "DE", &["maps"]).await;
    let chi = scene.peer("Chi", "JP", &["law"]).await;
    let dov = scene.peer("Dov", "IL", &["law"]).await;
    let id = scene.request(false).await;
    let worker = scene.worker();
    let mut run = worker.claim_run(0..=i32::MAX).await.unwrap().unwrap();
    let snapshot = Snapshot::load(&scene.store, &scene.clock, &scene.organization, &scene.program).await.unwrap();
    let plans = planning::plan(&snapshot, id, &scene.clock, &Gauge::new(snapshot.rounds.len())).unwrap();
    assert_eq!(plans[0].pairs.len(), 2);

    // Ben edits his profile; Chi and Dov find each other by themselves.
    let tx = scene.store.begin().await.unwrap();
    let mut person = scene.person(ben.person_id).await;
    person.headline = Some("Cataloger".to_owned());
    store::people::update(&tx, &mut person).await.unwrap();
    let (c, d) = (scene.person(chi.person_id).await, scene.person(dov.person_id).await);
    let seat = |person, enrollment| shared::matchmaking::Seat { person, enrollment };
    let new =
        NewMatch { a: seat(&c, &chi), b: seat(&d, &dov), run_id: None, score: 1, explanation: Explanation::default() };
    assert!(matches!(scene.setting().make_match(&tx, new).await.unwrap(), Made::Match(_)));
    tx.commit().await.unwrap();

    let (made, _) = persist::store_plan(&scene.store, scene.setting(), &mut run, &snapshot, plans).await.unwrap();
    assert_eq!(made, 0);
    let run = scene.run(id).await;
    let report = run.report.unwrap();
    assert_eq!((run.status, report.stale_pairs, report.pairs()), (RunStatus::Published, 2, 1));
    assert_eq!(scene.matches().await.len(), 1, "the one they made themselves");

    // The next run brings together who is left.
    scene.clock.advance(TimeDelta::minutes(1));
    scene.request(false).await;
    assert_eq!(worker.run_queued().await.unwrap(), 1);
    let matches = scene.matches().await;
    assert_eq!(matches.len(), 2);
    assert!(
        matches.iter().any(|found| found.side_of(ana.person_id).is_some() && found.side_of(ben.person_id).is_some())
    );
}

#[tokio::test]
async fn nights_missed_during_a_downtime_are_recorded_and_the_last_one_runs() {
    let scene = Scene::new(Consent::CoordinatorApproves).await;
    five(&scene).await;
    first_night(&scene).await;
    scene.clock.advance(TimeDelta::days(3) + TimeDelta::hours(5));
    let worker = scene.worker();
    assert_eq!(worker.queue_due_nights().await.unwrap(), 1);
    for night in ["2026-11-24", "2026-11-25", "2026-11-26", "2026-11-27"] {
        assert!(scene.has_night(night).await, "{night}");
    }
    assert!(!scene.has_night("2026-11-23").await && !scene.has_night("2026-11-28").await);
    assert_eq!(worker.run_queued().await.unwrap(), 1, "the two nights in between are not run");
    assert_eq!(worker.queue_due_nights().await.unwrap(), 0);
}

#[tokio::test]
async fn a_run_tells_how_far_it_is_and_which_matches_it_made() {
    let scene = Scene::new(Consent::IntroduceAtOnce).await;
    five(&scene).await;
    let worker = scene.worker();
    let (mut progress, mut updated) =
        (worker.bus.subscribe(Topic::RunProgress), worker.bus.subscribe(Topic::MatchUpdated));
    let id = scene.request(false).await;
    assert_eq!(worker.run_queued().await.unwrap(), 1);
    drop(worker);
    let mut told: Vec<RunProgress> = Vec::new();
    while let Some(Notice::Message(payload)) = progress.next().await {
        told.push(serde_json::from_str(&payload).unwrap());
    }
    assert!(told.iter().all(|told| told.run_id == id && told.organization_id == scene.organization.id));
    let mut statuses: Vec<RunStatus> = told.iter().map(|told| told.status).collect();
    statuses.dedup();
    assert_eq!(statuses, [RunStatus::Running, RunStatus::Ready, RunStatus::Published]);
    let percents: Vec<u8> = told.iter().filter_map(|told| told.percent).collect();
    assert!(!percents.is_empty() && percents.is_sorted(), "{percents:?}");
    let Some(Notice::Message(payload)) = updated.next().await else { panic!("nothing was told") };
    let updated: MatchesUpdated = serde_json::from_str(&payload).unwrap();
    assert_eq!(updated.match_ids, scene.matches().await.iter().map(|found| found.id).collect::<Vec<_>>());
}

#[tokio::test]
async fn people_who_take_no_part_get_their_reason_too() {
    let scene = Scene::new(Consent::IntroduceAtOnce).await;
    let mut expected = Vec::new();
    for (name, status, reason, kinds) in [
        ("Pat", EnrollmentStatus::Paused, Reason::PausedOrIncomplete, 0),
        ("Inc", EnrollmentStatus::Accepted, Reason::PausedOrIncomplete, 1),
        ("Wai", EnrollmentStatus::Waitlisted, Reason::QuotaWaitlisted, 1),
        ("Lat", EnrollmentStatus::Applied, Reason::JoinedAfterCutoff, 1),
    ] {
        let enrollment = scene
            .enroll(name, "DE", &["law"], |_, enrollment| {
                enrollment.status = status;
                enrollment.applied_at += TimeDelta::minutes(1);
            })
            .await;
        expected.push((enrollment, reason, kinds));
    }
    let id = scene.request(false).await;
    assert_eq!(scene.worker().run_queued().await.unwrap(), 1);
    assert_eq!(scene.run(id).await.report.unwrap().rounds[0].participants, 0);
    let findings = store::non_matches::of_run(&scene.store, scene.organization.id, id).await.unwrap();
    assert_eq!(findings.len(), 4);
    for (enrollment, reason, kinds) in expected {
        let found = findings.iter().find(|found| found.enrollment_id == enrollment.id).unwrap();
        assert_eq!(found.finding.reason, reason);
        assert_eq!(scene.kinds_to(enrollment.person_id).await.len(), kinds, "{reason:?}");
    }
}
