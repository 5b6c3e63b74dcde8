//! Many programs, and whose turn it is.

use shared::domain::rounds::Round;

use super::*;

#[tokio::test]
async fn many_programs_are_looked_at_when_they_are_due_and_only_then() {
    let scene = Scene::new(Consent::IntroduceAtOnce).await;
    let tx = scene.store.begin().await.unwrap();
    for number in 0..300 {
        let mut program = scene.program.clone();
        (program.id, program.name) = (scene.clock.new_id(), format!("Program {number}"));
        (program.questions, program.criteria) = (Vec::new(), Vec::new());
        let mut round = scene.round.clone();
        (round.id, round.program_id) = (scene.clock.new_id(), program.id);
        store::programs::insert(&tx, &program).await.unwrap();
        store::rounds::insert(&tx, &round).await.unwrap();
    }
    tx.commit().await.unwrap();
    let due = async || {
        let tx = scene.store.begin().await.unwrap();
        store::nights::every_due(&tx, scene.clock.now(), 1_000).await.unwrap().len()
    };
    let (one, other) = (scene.worker(), scene.worker());
    assert_eq!(due().await, 301, "each new one is looked at once");
    assert_eq!(one.queue_due_nights().await.unwrap(), 0);
    assert_eq!(due().await, 0, "then not before its night");
    scene.set_time(NIGHT);
    let queued = tokio::join!(one.queue_due_nights(), other.queue_due_nights());
    assert_eq!(queued.0.unwrap() + queued.1.unwrap(), 301);
    assert_eq!(due().await, 0);
    assert_eq!(one.queue_due_nights().await.unwrap(), 0);
}

#[tokio::test]
async fn a_program_that_changes_its_time_is_looked_at_anew() {
    let scene = Scene::new(Consent::IntroduceAtOnce).await;
    let worker = scene.worker();
    assert_eq!(worker.queue_due_nights().await.unwrap(), 0);
    let mut program = scene.program.clone();
    program.match_at = "14:00:00".parse().unwrap();
    program.updated_at = scene.clock.now();
    let tx = scene.store.begin().await.unwrap();
    store::programs::update(&tx, &mut program).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(worker.queue_due_nights().await.unwrap(), 0);
    scene.clock.advance(TimeDelta::hours(2));
    assert_eq!(worker.queue_due_nights().await.unwrap(), 1, "two in the afternoon, not in the night");
}

#[tokio::test]
async fn a_round_whose_closing_commits_after_the_look_is_not_forgotten() {
    let scene = Scene::new(Consent::IntroduceAtOnce).await;
    let mut round = scene.round.clone();
    round.status = RoundStatus::Open;
    let store = async |round: &Round, read_as| {
        let tx = scene.store.begin().await.unwrap();
        store::rounds::update(&tx, round, read_as).await.unwrap();
        tx.commit().await.unwrap();
    };
    store(&round, RoundStatus::Closed).await;
    scene.set_time(NIGHT);
    let worker = scene.worker();
    assert_eq!(worker.queue_due_nights().await.unwrap(), 0, "nothing is closed");
    round.status = RoundStatus::Closed;
    store(&round, RoundStatus::Open).await;
    scene.clock.advance(TimeDelta::minutes(5));
    assert_eq!(worker.queue_due_nights().await.unwrap(), 1);
}

#[tokio::test]
async fn small_runs_do_not_wait_for_large_ones_and_all_come_to_their_turn() {
    let scene = Scene::new(Consent::IntroduceAtOnce).await;
    five(&scene).await;
    let first = scene.request(true).await;
    scene.clock.advance(TimeDelta::milliseconds(50));
    let second = scene.request(true).await;
    let claim = async |people| {
        let tx = scene.store.begin().await.unwrap();
        let lease = TimeDelta::minutes(1);
        let run = store::match_runs::claim_sized(&tx, Uuid::nil(), lease, people, scene.clock.now()).await.unwrap();
        tx.commit().await.unwrap();
        run.map(|run| run.id)
    };
    assert_eq!(claim(6..=i32::MAX).await, None, "five people are not many");
    assert_eq!(claim(0..=5).await, Some(first));
    assert_eq!(claim(0..=5).await, Some(second));
    assert_eq!(claim(0..=i32::MAX).await, None, "both are held");

    let slots: Vec<_> = slots(8_000).collect();
    assert_eq!(slots.len(), 5);
    assert_eq!(slots[..4].iter().map(|sizes| *sizes.end()).sum::<i32>(), 8_000);
    assert_eq!(slots[4], 2_001..=i32::MAX);
}
