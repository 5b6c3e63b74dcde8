//! Workers that die, or are asked to stop, while they post events to an endpoint.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use serde_json::json;
use tokio::time::{Instant, sleep};

use super::{
    kills::{dies, stops},
    world::World,
};
use crate::support::{graphql::mutation, house::On, process::Process, receiver::Receiver};

/// A world whose events somebody wants; the night makes them.
struct Listened {
    world: World,
    receiver: Receiver,
}

impl Listened {
    async fn open() -> Option<Self> {
        let world = Box::pin(World::open(On::Postgres, 1, 12)).await?;
        let receiver = Receiver::start().await;
        let document = mutation("createWebhookEndpoint", "issued { endpoint { id } }");
        world.house.admin().mutate(&document, json!({ "input": { "url": receiver.url() } })).await;
        Some(Self { world, receiver })
    }

    async fn worker(&self, failpoints: &str) -> Process {
        let launch = self.world.launch(failpoints);
        launch.env("COUNTERPART_OUTBOUND__ALLOWED_NETWORKS", "127.0.0.0/8").start().await
    }

    async fn deliveries(&self) -> Vec<(String, i64)> {
        let client = self.world.client().await.unwrap();
        let question = "SELECT status, count(*) FROM webhook_deliveries GROUP BY status";
        client.query(question, &[]).await.unwrap().iter().map(|row| (row.get(0), row.get(1))).collect()
    }

    /// Lets a healthy worker finish, insists that every event arrived, and gives back how many came again.
    async fn finish(&self) -> usize {
        let mut worker = self.worker("").await;
        let deadline = Instant::now() + Duration::from_mins(1);
        self.world.settle().await;
        while self.deliveries().await.iter().any(|(status, _)| status != "DELIVERED") {
            assert!(Instant::now() < deadline, "{:?}", self.deliveries().await);
            sleep(Duration::from_millis(100)).await;
        }
        assert!(worker.terminate().await.success(), "{}", worker.stderr());
        let mut copies: BTreeMap<String, usize> = BTreeMap::new();
        for id in self.receiver.ids() {
            *copies.entry(id).or_default() += 1;
        }
        let asked: i64 = self.deliveries().await.iter().map(|(_, count)| count).sum();
        assert_eq!(copies.len(), usize::try_from(asked).unwrap(), "every event arrived");
        let matches = self.receiver.kinds().iter().filter(|kind| kind.starts_with("match.")).count();
        assert!(matches >= 6, "each of six matches is an event: {:?}", self.receiver.kinds());
        let received = self.receiver.received();
        let bodies: BTreeSet<_> = received.iter().map(|got| (got.header("webhook-id"), &got.body)).collect();
        assert_eq!(bodies.len(), copies.len(), "an event has the same bytes every time");
        assert_eq!(self.world.finish().await, 0);
        received.len() - copies.len()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_may_die_while_it_posts_events() {
    let Some(listened) = Listened::open().await else { return };
    for failpoints in ["webhooks.claimed=kill", "webhooks.claimed=kill", "webhooks.before_record=kill"] {
        dies(listened.worker(failpoints).await, failpoints).await;
    }
    let posted_by_the_dead = listened.receiver.ids().len();
    let again = listened.finish().await;
    assert!(again <= posted_by_the_dead, "only what the dead one had posted comes again: {again}");
}

async fn stop_at(point: &str) {
    let Some(listened) = Listened::open().await else { return };
    stops(listened.worker(&format!("{point}=sleep:1500@1")).await, point).await;
    let statuses = listened.deliveries().await;
    assert!(!statuses.iter().any(|(status, _)| status == "SENDING"), "{point}: nothing stays in hand: {statuses:?}");
    assert_eq!(listened.finish().await, 0, "{point}: nothing comes again");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_is_asked_to_stop_finishes_what_it_posts() {
    tokio::join!(stop_at("webhooks.claimed"), stop_at("webhooks.before_record"));
}
