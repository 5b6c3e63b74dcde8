use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use futures_util::StreamExt as _;
use tokio::time::{sleep, timeout};

use super::*;

const PATIENCE: Duration = Duration::from_secs(20);

fn assert_send<T: Send>(value: T) -> T {
    value
}

/// A bus over Redis with what keeps it running.
struct Connected {
    bus: Bus,
    tasks: TaskTracker,
    shutdown: CancellationToken,
}

impl Connected {
    fn to(url: &str) -> Self {
        let (tasks, shutdown) = (TaskTracker::new(), CancellationToken::new());
        let bus = Bus::redis(url, &tasks, shutdown.clone()).unwrap();
        Self { bus, tasks, shutdown }
    }

    async fn stop(self) {
        self.shutdown.cancel();
        self.tasks.close();
        timeout(PATIENCE, self.tasks.wait()).await.expect("the listener ends at shutdown");
    }
}

async fn next(subscription: &mut Subscription) -> Notice {
    timeout(PATIENCE, assert_send(subscription.next())).await.expect("a notice in time").expect("a living bus")
}

async fn next_message(subscription: &mut Subscription) -> String {
    loop {
        if let Notice::Message(payload) = next(subscription).await {
            return payload.as_ref().to_owned();
        }
    }
}

#[tokio::test]
async fn in_process_every_subscriber_of_the_topic_hears_in_order() {
    let bus = Bus::in_process();
    bus.publish(Topic::MessagesDue, "nobody listens").await;
    let (mut first, mut second) = (bus.subscribe(Topic::MessagesDue), bus.clone().subscribe(Topic::MessagesDue));
    let mut other = bus.subscribe(Topic::RunProgress);
    assert_send(bus.publish(Topic::MessagesDue, r#"{"n":1}"#)).await;
    bus.publish(Topic::MessagesDue, r#"{"n":2}"#).await;
    for subscription in [&mut first, &mut second] {
        assert_eq!(next(subscription).await, Notice::Message(r#"{"n":1}"#.into()));
        assert_eq!(next(subscription).await, Notice::Message(r#"{"n":2}"#.into()));
    }
    bus.publish(Topic::RunProgress, "{}").await;
    assert_eq!(next(&mut other).await, Notice::Message("{}".into()));
    drop(bus);
    assert_eq!(first.next().await, None);
}

#[tokio::test]
async fn a_slow_subscriber_is_told_and_goes_on() {
    let bus = Bus::in_process();
    let mut stream = Box::pin(assert_send(bus.subscribe(Topic::MatchUpdated).into_stream()));
    for number in 0..=CAPACITY {
        bus.publish(Topic::MatchUpdated, &number.to_string()).await;
    }
    assert_eq!(stream.next().await, Some(Notice::Missed));
    assert_eq!(stream.next().await, Some(Notice::Message("1".into())));
}

#[tokio::test]
async fn the_settings_choose_the_bus() {
    let choose = |url: &str| {
        let config = RedisConfig { url: crate::config::SecretUrl::new(url) };
        Bus::from_config(&config, &TaskTracker::new(), CancellationToken::new())
    };
    assert!(choose("").unwrap().redis.is_none());
    assert!(choose("redis://127.0.0.1:1").unwrap().redis.is_some());
    let message = choose("http://:hunter2@cache").unwrap_err().to_string();
    assert!(message.starts_with("redis.url") && !message.contains("hunter2"), "{message}");
}

#[tokio::test]
async fn without_redis_publishing_costs_little_and_then_nothing() {
    // One address refuses, the other accepts and never answers.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    for port in [1, silent.local_addr().unwrap().port()] {
        let connected = Connected::to(&format!("redis://127.0.0.1:{port}"));
        let start = Instant::now();
        connected.bus.publish(Topic::RunRequested, "{}").await;
        let first = start.elapsed();
        assert!(first < Duration::from_millis(400), "{first:?}");
        let start = Instant::now();
        for _ in 0..100 {
            connected.bus.publish(Topic::RunRequested, "{}").await;
        }
        assert!(start.elapsed() < Duration::from_millis(100));
        connected.stop().await;
    }
}

#[tokio::test]
async fn processes_hear_each_other_through_redis() {
    let Some(url) = test_redis().await else { return };
    let (api, worker) = (Connected::to(&format!("{url}/7")), Connected::to(&format!("{url}/7")));
    let stranger = Connected::to(&format!("{url}/8"));
    let mut here = api.bus.subscribe(Topic::MatchUpdated);
    let mut there = worker.bus.subscribe(Topic::MatchUpdated);
    let mut elsewhere = stranger.bus.subscribe(Topic::MatchUpdated);
    for subscription in [&mut here, &mut there, &mut elsewhere] {
        assert_eq!(next(subscription).await, Notice::Missed, "said once the connection is up");
    }
    let payload = r#"{"match":"é"}"#;
    api.bus.publish(Topic::MatchUpdated, payload).await;
    assert_eq!(next(&mut here).await, Notice::Message(payload.into()));
    assert_eq!(next(&mut there).await, Notice::Message(payload.into()));
    let silence = timeout(Duration::from_millis(100), elsewhere.next()).await;
    assert!(silence.is_err(), "another database number is another installation");
    for connected in [api, worker, stranger] {
        connected.stop().await;
    }
}

#[tokio::test]
async fn a_subscription_comes_back_with_redis() {
    let Some(mut server) = Server::start(free_port()).await else { return };
    let connected = Connected::to(&format!("redis://127.0.0.1:{}", server.port));
    let mut subscription = connected.bus.subscribe(Topic::RunProgress);
    assert_eq!(next(&mut subscription).await, Notice::Missed);
    connected.bus.publish(Topic::RunProgress, "before").await;
    assert_eq!(next_message(&mut subscription).await, "before");

    let port = server.port;
    server.stop();
    connected.bus.publish(Topic::RunProgress, "lost").await;
    let _server = Server::start(port).await.expect("it started once");
    assert_eq!(next(&mut subscription).await, Notice::Missed, "the outage is told");
    let publisher = connected.bus.clone();
    let publishing = async {
        // Publishers pause for a second after a failure.
        loop {
            publisher.publish(Topic::RunProgress, "after").await;
            sleep(Duration::from_millis(200)).await;
        }
    };
    let heard = tokio::select! {
        heard = next_message(&mut subscription) => heard,
        () = publishing => unreachable!("it publishes for ever"),
    };
    assert_eq!(heard, "after");
    connected.stop().await;
}

/// The Redis to test against; without one the test is skipped, and in continuous integration it fails.
async fn test_redis() -> Option<String> {
    let url = setting("COUNTERPART_TEST_REDIS").unwrap_or_else(|| "redis://127.0.0.1:6379".to_owned());
    let connecting = async { redis::Client::open(url.as_str())?.get_multiplexed_async_connection().await };
    match timeout(Duration::from_secs(2), connecting).await {
        Ok(Ok(_)) => Some(url.trim_end_matches('/').to_owned()),
        _ => skip("no Redis at COUNTERPART_TEST_REDIS or 127.0.0.1:6379"),
    }
}

#[expect(clippy::print_stderr, reason = "a skipped test must be seen")]
fn skip<T>(reason: &str) -> Option<T> {
    assert_ne!(setting("CI").as_deref(), Some("true"), "{reason}");
    eprintln!("SKIPPED: {reason}");
    None
}

#[expect(clippy::disallowed_methods, reason = "the tests are told by their environment which servers they may use")]
fn setting(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A Redis of its own, so that it can be killed.
struct Server {
    port: u16,
    process: Child,
}

impl Server {
    async fn start(port: u16) -> Option<Self> {
        let command = Command::new("redis-server")
            .args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"])
            .stdout(Stdio::null())
            .spawn();
        let Ok(process) = command else { return skip("no redis-server to start and kill") };
        let server = Self { port, process };
        for _ in 0..200 {
            if tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_ok() {
                return Some(server);
            }
            sleep(Duration::from_millis(50)).await;
        }
        panic!("redis-server does not listen on port {port}");
    }

    fn stop(&mut self) {
        self.process.kill().expect("a running server");
        self.process.wait().expect("a child process");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // A test that failed half-way must not leave a server behind; one that was stopped is gone already.
        let _already_gone = self.process.kill();
        let _status = self.process.wait();
    }
}
