use std::{
    net::TcpListener,
    process::{Child, Command, Stdio},
    time::Instant,
};

use tokio::time::{sleep, timeout};

use super::*;

fn draw(key: &str, capacity: u32, per_minute: u32, amount: u32) -> Draw {
    Draw { key: key.to_owned(), bucket: Bucket { capacity, per_minute }, amount }
}

fn granted(remaining: &[u32]) -> Outcome {
    Outcome::Granted { remaining: remaining.to_vec() }
}

#[test]
fn a_bucket_fills_and_empties_at_its_pace() {
    let (buckets, start) = (LocalBuckets::default(), Instant::now());
    assert_eq!(buckets.draw(&[draw("a", 10, 60, 7)], start), granted(&[3]));
    let refused = Outcome::Refused { draw: 0, wait: Duration::from_secs(4) };
    assert_eq!(buckets.draw(&[draw("a", 10, 60, 7)], start), refused);
    assert_eq!(buckets.draw(&[draw("b", 10, 60, 7)], start), granted(&[3]), "others have their own");
    let (nearly, later) = (start + Duration::from_micros(3_999_999), start + Duration::from_secs(4));
    let refused = Outcome::Refused { draw: 0, wait: Duration::from_micros(1) };
    assert_eq!(buckets.draw(&[draw("a", 10, 60, 7)], nearly), refused);
    assert_eq!(buckets.draw(&[draw("a", 10, 60, 7)], later), granted(&[0]));
    assert_eq!(buckets.draw(&[draw("a", 10, 60, 99)], start + Duration::from_mins(10)), granted(&[0]), "all it holds");
    assert_eq!(buckets.draw(&[draw("c", 2_000_000_000, u32::MAX, 2_000_000_000)], start), granted(&[0]));
}

#[test]
fn all_are_drawn_from_or_none() {
    let (buckets, now) = (LocalBuckets::default(), Instant::now());
    let both = [draw("small", 1, 60, 1), draw("large", 10, 60, 5)];
    assert_eq!(buckets.draw(&both, now), granted(&[0, 5]));
    assert_eq!(buckets.draw(&both, now), Outcome::Refused { draw: 0, wait: Duration::from_secs(1) });
    assert_eq!(buckets.draw(&[draw("large", 10, 60, 5)], now), granted(&[0]), "the refused draw took nothing");
}

#[test]
fn a_flood_of_strangers_does_not_fill_the_memory() {
    let (buckets, now) = (LocalBuckets::default(), Instant::now());
    for number in 0..150_000 {
        buckets.draw(&[draw(&format!("stranger {number}"), 1, 1, 1)], now);
    }
    assert_eq!(buckets.len(), 100_000);
    buckets.draw(&[draw("one more", 1, 1, 1)], now + Duration::from_mins(2));
    assert_eq!(buckets.len(), 1, "empty buckets went");
}

#[tokio::test]
async fn processes_share_the_buckets_in_redis() {
    let Some(server) = Server::start(free_port()).await else { return };
    let (one, other) = (server.limiter(), server.limiter());
    for limiter in [&one, &other] {
        shared(limiter).await;
    }
    assert_eq!(one.draw(&[draw("a", 10, 60, 7), draw("b", 9, 60, 1)]).await, granted(&[3, 8]));
    let refused = other.draw(&[draw("b", 9, 60, 1), draw("a", 10, 60, 7)]).await;
    let Outcome::Refused { draw: 1, wait } = refused else { panic!("{refused:?}") };
    assert!(wait <= Duration::from_secs(4) && wait > Duration::from_secs(2), "{wait:?}");
    // A bucket that empties fast has emptied by the time it is asked again.
    assert_eq!(one.draw(&[draw("fast", 10, 6_000_000, 10)]).await, granted(&[0]));
    sleep(Duration::from_millis(5)).await;
    assert_eq!(other.draw(&[draw("fast", 10, 6_000_000, 10)]).await, granted(&[0]));
    let mut connection = server.connection().await;
    let kept: i64 = redis::cmd("PTTL").arg("counterpart:limits:a").query_async(&mut connection).await.unwrap();
    assert!((1..=7_002).contains(&kept), "{kept}: forgotten once empty");
}

#[tokio::test]
async fn scripts_and_buckets_that_redis_forgot_come_back() {
    let Some(server) = Server::start(free_port()).await else { return };
    let limiter = server.limiter();
    shared(&limiter).await;
    assert_eq!(limiter.draw(&[draw("a", 10, 60, 7)]).await, granted(&[3]));
    let mut connection = server.connection().await;
    redis::cmd("FLUSHALL").exec_async(&mut connection).await.unwrap();
    redis::cmd("SCRIPT").arg("FLUSH").exec_async(&mut connection).await.unwrap();
    assert_eq!(limiter.draw(&[draw("a", 10, 60, 7)]).await, granted(&[3]));
    redis::cmd("SET").arg("counterpart:limits:a").arg("nonsense").exec_async(&mut connection).await.unwrap();
    assert_eq!(limiter.draw(&[draw("a", 10, 60, 7)]).await, granted(&[3]), "what is not ours counts as empty");
}

#[tokio::test]
async fn a_redis_that_hangs_costs_50_milliseconds_once_and_comes_back() {
    let Some(server) = Server::start(free_port()).await else { return };
    let limiter = server.limiter();
    shared(&limiter).await;
    assert_eq!(limiter.draw(&[draw("a", 10, 60, 7)]).await, granted(&[3]));
    server.signal("STOP");
    assert_eq!(limiter.draw(&[draw("a", 10, 60, 7)]).await, granted(&[3]), "a bucket of the process's own");
    let begun = Instant::now();
    for _ in 0..100 {
        assert!(matches!(limiter.draw(&[draw("a", 10, 60, 7)]).await, Outcome::Refused { .. }), "which fills too");
    }
    assert!(begun.elapsed() < Duration::from_millis(500), "nobody waits during the pause: {:?}", begun.elapsed());
    server.signal("CONT");
    shared(&limiter).await;
}

#[tokio::test]
async fn a_redis_that_dies_is_gone_back_to_when_it_lives_again() {
    let Some(mut server) = Server::start(free_port()).await else { return };
    let limiter = server.limiter();
    shared(&limiter).await;
    server.stop();
    assert_eq!(limiter.draw(&[draw("a", 10, 60, 7)]).await, granted(&[3]));
    assert!(matches!(limiter.draw(&[draw("a", 10, 60, 7)]).await, Outcome::Refused { .. }));
    let _again = Server::start(server.port).await.expect("it started once");
    shared(&limiter).await;
}

#[tokio::test]
async fn a_redis_that_never_was_is_no_obstacle() {
    let limiter = Limiter::redis(&format!("redis://127.0.0.1:{}", free_port())).unwrap();
    assert_eq!(limiter.draw(&[draw("a", 10, 60, 7)]).await, granted(&[3]));
    assert!(Limiter::redis("http://example.org").is_err());
}

/// Waits until draws go to Redis.
async fn shared(limiter: &Limiter) {
    let redis = limiter.redis.as_ref().unwrap();
    let trying = async {
        while redis.draw(&[draw("probe", 1_000_000, 1, 1)]).await.is_none() {
            sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(Duration::from_secs(20), trying).await.expect("Redis is used");
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A Redis of its own, so that it can be stopped and killed.
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

    fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    fn limiter(&self) -> Limiter {
        Limiter::redis(&self.url()).unwrap()
    }

    async fn connection(&self) -> redis::aio::MultiplexedConnection {
        redis::Client::open(self.url()).unwrap().get_multiplexed_async_connection().await.unwrap()
    }

    fn signal(&self, name: &str) {
        let status = Command::new("sh")
            .args(["-c", r#"kill -s "$1" "$2""#, "sh", name, &self.process.id().to_string()])
            .status();
        assert!(status.unwrap().success());
    }

    fn stop(&mut self) {
        self.process.kill().expect("a running server");
        self.process.wait().expect("a child process");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _already_gone = self.process.kill();
        let _status = self.process.wait();
    }
}

#[expect(clippy::print_stderr, reason = "a skipped test must be seen")]
#[expect(clippy::disallowed_methods, reason = "the tests are told by their environment whether they may be skipped")]
fn skip<T>(reason: &str) -> Option<T> {
    assert_ne!(std::env::var("CI").ok().as_deref(), Some("true"), "{reason}");
    eprintln!("SKIPPED: {reason}");
    None
}
