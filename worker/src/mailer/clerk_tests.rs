use std::pin::pin;

use chrono::TimeDelta;
use futures_util::{FutureExt as _, future::join_all};
use shared::{
    domain::{mail::AttemptOutcome, messages::MessageStatus, programs::Consent},
    store::{
        self, StoreError,
        messages::{Lease, Step},
    },
};
use uuid::Uuid;

use super::Clerk;
use crate::scene::Scene;

/// So many claimed messages of introduced people.
async fn claimed(pairs: usize) -> (Scene, Clerk, Vec<Lease>) {
    let scene = Scene::new(Consent::IntroduceAtOnce).await;
    for name in 0..pairs * 2 {
        scene.peer(&format!("Peer{name}"), "DE", &["maps"]).await;
    }
    scene.request(false).await;
    scene.worker().run_queued().await.unwrap();
    let leases = claim(&scene, pairs * 2).await;
    assert_eq!(leases.len(), pairs * 2);
    let clerk = Clerk::new(scene.store.clone(), TimeDelta::minutes(1));
    (scene, clerk, leases)
}

/// Claims as a worker whose leases are over at once.
async fn claim(scene: &Scene, limit: usize) -> Vec<Lease> {
    let tx = scene.store.begin().await.unwrap();
    let limit = u64::try_from(limit).unwrap();
    let claimed = store::messages::claim(&tx, Uuid::from_u128(1), TimeDelta::zero(), limit, scene.clock.now()).await;
    tx.commit().await.unwrap();
    claimed.unwrap().into_iter().map(|(lease, _)| lease).collect()
}

#[tokio::test]
async fn what_waits_is_written_together_and_only_a_lost_lease_is_refused() {
    let (scene, clerk, leases) = claimed(3).await;
    // Another worker takes one of them over.
    let lost = claim(&scene, 1).await[0].message_id;
    let before = scene.store.statements();
    let steps: Vec<Step> = leases.iter().map(|lease| Step::handed(*lease, true, scene.clock.now())).collect();
    // Nobody can write before all have come.
    let busy = scene.store.begin().await.unwrap();
    let writing = join_all(steps.iter().map(|step| clerk.write(std::slice::from_ref(step))));
    let (answers, undone) = tokio::join!(writing, busy.undo());
    undone.unwrap();
    for (lease, answer) in leases.iter().zip(answers) {
        assert_eq!(answer.unwrap(), [lease.message_id != lost]);
    }
    assert_eq!(scene.store.statements() - before, 2, "the first at once, and all that came meanwhile");
}

#[tokio::test]
async fn steps_of_one_asker_are_written_together_and_answered_one_by_one() {
    let (scene, clerk, leases) = claimed(1).await;
    let now = scene.clock.now();
    let message = scene.message(leases[0].message_id).await;
    let before = scene.store.statements();
    clerk.write(&[Step::in_hand(leases[0], true), Step::in_hand(leases[1], true)]).await.unwrap();
    assert_eq!(scene.store.statements() - before, 1);
    let attempt = scene.worker().attempt(&message, now, AttemptOutcome::Accepted, "250 accepted");
    let sent = Step::sent(leases[0], &message, now, attempt).unwrap();
    let steps = [sent, Step::in_hand(leases[1], false)];
    assert_eq!(clerk.write(&steps).await.unwrap(), [true, true]);
    assert_eq!(scene.message(message.id).await.status, MessageStatus::Sent);
    // An answer that got lost: the same once more.
    assert_eq!(clerk.write(&steps).await.unwrap(), [true, true]);
    let marked = Step::handed(leases[0], true, now);
    assert_eq!(clerk.write(&[marked]).await.unwrap(), [false], "it is over");
}

#[tokio::test]
async fn when_the_database_fails_everybody_is_told() {
    let (scene, clerk, leases) = claimed(2).await;
    scene.store.clone().close().await.unwrap();
    let steps: Vec<Step> = leases.iter().map(|lease| Step::in_hand(*lease, true)).collect();
    let answers = join_all(steps.iter().map(|step| clerk.write(std::slice::from_ref(step)))).await;
    assert_eq!(answers.len(), 4);
    for answer in answers {
        assert!(matches!(answer, Err(StoreError::Database(_))), "{answer:?}");
    }
}

#[tokio::test]
async fn whoever_gives_up_waiting_disturbs_nobody() {
    let (scene, clerk, leases) = claimed(2).await;
    let steps: Vec<Step> = leases.iter().map(|lease| Step::handed(*lease, true, scene.clock.now())).collect();
    let write = |index: usize| clerk.write(&steps[index..=index]);
    let mut last = pin!(write(3));
    let mut next = pin!(write(2));
    {
        let mut writer = pin!(write(0));
        let mut waits = pin!(write(1));
        // The first one writes, the others wait for it; then it is gone, and so is one of them.
        for asker in [writer.as_mut(), waits.as_mut(), next.as_mut(), last.as_mut()] {
            assert!(asker.now_or_never().is_none());
        }
    }
    let (next, last) = tokio::join!(next, last);
    assert_eq!((next.unwrap(), last.unwrap()), (vec![true], vec![true]));
    let gone = scene.message(leases[1].message_id).await;
    assert_eq!(gone.handed_at, None, "nobody would have sent it");
}
