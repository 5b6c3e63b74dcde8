//! PostgreSQL goes away in the middle or loses its answers, and Redis does whatever it likes.

use std::time::Duration;

use tokio::time::sleep;

use super::{proxy::Proxy, world::World};
use crate::support::{house::On, postgres::TestPostgresServer, redis::TestRedisServer};

#[tokio::test(flavor = "multi_thread")]
async fn postgres_may_be_restarted_at_any_time() {
    let Some(mut server) = TestPostgresServer::start().await else { return };
    let url = server.url().to_owned();
    let Some(world) = World::open_at(&url, 3, 30).await else { return };
    // Slow enough that every restart finds work in hand.
    let pace = "night.planned=sleep:400,mail.before_mark=sleep:20,mail.before_sent=sleep:20";
    let mut workers = [world.worker(pace).await, world.worker(pace).await];
    for worker in &mut workers {
        worker.says("the worker is ready").await;
    }
    for round in 0..4 {
        let before = world.sent().await;
        while round > 0 && world.sent().await < before + 5 {
            sleep(Duration::from_millis(20)).await;
        }
        world
            .disturbed(async {
                server.take_away().await;
                sleep(Duration::from_millis(200)).await;
                server.bring_back().await;
            })
            .await;
    }
    world.settle().await;
    for worker in &mut workers {
        assert!(worker.terminate().await.success(), "{}", worker.stderr());
    }
    let copies = world.finish().await;
    assert!(copies <= 8, "at most one for each restart and worker: {copies}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_answer_to_a_commit_may_get_lost() {
    let Some(world) = World::open(On::Postgres, 2, 30).await else { return };
    let url = world.house.config.database.url.expose().to_owned();
    let port = url.parse::<reqwest::Url>().unwrap().port().unwrap_or(5432);
    let proxy = Proxy::before(port).await;
    let way = proxy.way_to(&url);
    let mut workers = [
        World::launch_at(&way, &world.relay, "").start().await,
        World::launch_at(&way, &world.relay, "").start().await,
    ];
    world
        .disturbed(async {
            while proxy.broken().0 + proxy.broken().1 < 12 && world.is_busy().await {
                sleep(Duration::from_millis(50)).await;
            }
            proxy.behave();
            world.settle().await;
        })
        .await;
    for worker in &mut workers {
        assert!(worker.terminate().await.success(), "{}", worker.stderr());
    }
    let copies = world.finish().await;
    let (lost, cut) = proxy.broken();
    assert!(lost >= 3 && cut >= 3, "{lost} and {cut}");
    assert!(copies <= cut, "only a commit that did not happen is repeated: {copies} of {cut}");
}

#[tokio::test(flavor = "multi_thread")]
async fn redis_may_die_hang_or_forget_everything_under_three_workers() {
    let Some(mut redis) = TestRedisServer::start().await else { return };
    let Some(world) = World::open(On::Postgres, 4, 30).await else { return };
    let pace = "mail.before_mark=sleep:30";
    let mut workers = Vec::new();
    for _ in 0..3 {
        workers.push(world.launch(pace).env("COUNTERPART_REDIS__URL", redis.url()).start().await);
    }
    redis.flush().await;
    while world.sent().await < 20 {
        sleep(Duration::from_millis(20)).await;
    }
    redis.signal("STOP");
    let before = world.sent().await;
    while world.sent().await < before + 30 {
        sleep(Duration::from_millis(20)).await;
    }
    redis.signal("CONT");
    redis.take_away();
    sleep(Duration::from_millis(500)).await;
    redis.bring_back().await;
    redis.flush().await;
    world.settle().await;
    for worker in &mut workers {
        assert!(worker.terminate().await.success(), "{}", worker.stderr());
    }
    assert_eq!(world.finish().await, 0, "whatever Redis does, nothing is sent twice");
}
