use std::time::Duration;

use shared::{bus::Bus, domain::programs::Consent};
use tokio_util::sync::CancellationToken;

use crate::{run, scene::Scene};

/// The worker runs on whatever thread is free.
fn movable<T: Send>(future: T) -> T {
    future
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_does_what_is_due_and_stops_when_told() {
    // Refused when another test was first, which is as good.
    rustls::crypto::ring::default_provider().install_default().ok();
    let mut scene = Scene::new(Consent::IntroduceAtOnce).await;
    scene.config.worker.tick_seconds = 1;
    scene.peer("Ana", "BR", &["maps"]).await;
    scene.peer("Ben", "DE", &["maps"]).await;
    let shutdown = CancellationToken::new();
    let working = run(&scene.config, scene.store.clone(), Bus::in_process(), scene.clock.clone(), shutdown.clone());
    let watching = async {
        // Asked for when the worker has looked already: the tick finds it.
        tokio::time::sleep(Duration::from_millis(200)).await;
        scene.request(false).await;
        for _ in 0..400 {
            let delivered = std::fs::read_dir(scene.mailbox().join("new")).map_or(0, Iterator::count);
            if delivered == 2 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        shutdown.cancel();
    };
    let (ended, ()) = tokio::join!(Box::pin(movable(working)), watching);
    ended.unwrap();
    let delivered = std::fs::read_dir(scene.mailbox().join("new")).map_or(0, Iterator::count);
    assert_eq!(delivered, 2, "both were matched and introduced");
}
