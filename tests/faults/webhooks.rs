//! Workers that die while they post events to an endpoint.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use serde_json::json;
use tokio::time::{Instant, sleep};

use super::{kills::was_killed, world::World};
use crate::support::{graphql::mutation, house::On, receiver::Receiver};

async fn deliveries(world: &World) -> Vec<(String, i64)> {
    let client = world.client().await.unwrap();
    let question = "SELECT status, count(*) FROM webhook_deliveries GROUP BY status";
    client.query(question, &[]).await.unwrap().iter().map(|row| (row.get(0), row.get(1))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_may_die_while_it_posts_events() {
    let Some(world) = World::open(On::Postgres, 1, 12).await else { return };
    let receiver = Receiver::start().await;
    let document = mutation("createWebhookEndpoint", "issued { endpoint { id } }");
    world.house.admin().mutate(&document, json!({ "input": { "url": receiver.url() } })).await;
    let launch =
        |failpoints: &str| world.launch(failpoints).env("COUNTERPART_OUTBOUND__ALLOWED_NETWORKS", "127.0.0.0/8");
    // The night makes the events.
    for failpoints in ["webhooks.claimed=kill", "webhooks.claimed=kill", "webhooks.before_record=kill"] {
        let mut worker = launch(failpoints).start().await;
        let status = worker.wait().await;
        assert!(was_killed(status), "{failpoints}: {status}\n{}", worker.stderr());
    }
    let posted_by_the_dead = receiver.ids().len();
    let mut worker = launch("").start().await;
    let deadline = Instant::now() + Duration::from_mins(1);
    world.settle().await;
    while deliveries(&world).await.iter().any(|(status, _)| status != "DELIVERED") {
        assert!(Instant::now() < deadline, "{:?}", deliveries(&world).await);
        sleep(Duration::from_millis(100)).await;
    }
    assert!(worker.terminate().await.success(), "{}", worker.stderr());

    let mut copies: BTreeMap<String, usize> = BTreeMap::new();
    for id in receiver.ids() {
        *copies.entry(id).or_default() += 1;
    }
    let asked: i64 = deliveries(&world).await.iter().map(|(_, count)| count).sum();
    assert_eq!(copies.len(), usize::try_from(asked).unwrap(), "every event arrived");
    let matches = receiver.kinds().iter().filter(|kind| kind.starts_with("match.")).count();
    assert!(matches >= 6, "each of six matches is an event: {:?}", receiver.kinds());
    let again: usize = copies.values().map(|count| count - 1).sum();
    assert!(again <= posted_by_the_dead, "only what the dead one had posted comes again: {again}");
    let bodies: BTreeSet<_> =
        receiver.received().iter().map(|got| (got.header("webhook-id").to_owned(), got.body.clone())).collect();
    assert_eq!(bodies.len(), copies.len(), "an event has the same bytes every time");
    assert_eq!(world.finish().await, 0);
}
