//! A Redis database of its own, for each test; or a Redis server of its own, to take away in the middle.

use std::{
    env,
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::Duration,
};

use redis::{Client, RedisResult, aio::MultiplexedConnection};
use tokio::{sync::OnceCell, time::Instant};

use super::servers;

const VARIABLE: &str = "COUNTERPART_TEST_REDIS";
/// Who uses a numbered database, so that two test runs on one server never share it.
const CLAIM: &str = "counterpart-test-claim";
const CLAIM_SECONDS: u64 = 15 * 60;
/// A server has 16 databases unless told otherwise; number 0 is left to whoever else uses it.
const NUMBERS: std::ops::Range<u32> = 1..16;

/// Starts a private server and keeps it until standard input closes: `$1` program, `$2` folder, `$3` port.
const SUPERVISOR: &str = r#"
trap '' INT
"$1" --bind 127.0.0.1 --port "$3" --dir "$2" --databases 16 --save '' --appendonly no >"$2/log" 2>&1 &
server=$!
cat >/dev/null
kill -s TERM "$server"
wait "$server"
rm -rf "$2"
"#;

static SERVER: OnceCell<Option<String>> = OnceCell::const_new();
static PRIVATE: OnceCell<String> = OnceCell::const_new();

/// A numbered database that was empty, and is emptied again with this value.
///
/// Channel names are shared by every number: a test that publishes should use a [`TestRedisServer`].
pub(crate) struct TestRedis {
    url: String,
}

impl TestRedis {
    /// `None` where there is no server and the test is to be skipped.
    pub(crate) async fn create() -> Option<Self> {
        let server = server().await?;
        if let Some(redis) = Self::claim(&server).await {
            return Some(redis);
        }
        // Somebody's data is in every number there: leave it alone.
        let server = PRIVATE.get_or_try_init(start).await.expect("a free Redis database, or redis-server on PATH");
        let redis = Self::claim(server).await;
        Some(redis.expect("a free database on the private Redis server"))
    }

    async fn claim(server: &str) -> Option<Self> {
        for number in NUMBERS {
            let url = with_number(server, number);
            let mut connection = connect(&url).await.expect("a connection to Redis");
            let claimed: Option<String> = ::redis::cmd("SET")
                .arg(CLAIM)
                .arg(std::process::id())
                .arg("NX")
                .arg("EX")
                .arg(CLAIM_SECONDS)
                .query_async(&mut connection)
                .await
                .expect("SET");
            if claimed.is_none() {
                continue;
            }
            let keys: u64 = query(&mut connection, "DBSIZE").await.expect("DBSIZE");
            if keys == 1 {
                return Some(Self { url });
            }
            ::redis::cmd("DEL").arg(CLAIM).exec_async(&mut connection).await.expect("DEL");
        }
        None
    }

    /// The address for `COUNTERPART_REDIS__URL`.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for TestRedis {
    fn drop(&mut self) {
        let emptied = Client::open(self.url.as_str()).and_then(|client| {
            let mut connection = client.get_connection_with_timeout(Duration::from_secs(5))?;
            ::redis::cmd("FLUSHDB").exec(&mut connection)
        });
        if !std::thread::panicking() {
            emptied.expect("FLUSHDB");
        }
    }
}

/// A server for one test alone, which can be taken away and given back at the same address.
pub(crate) struct TestRedisServer {
    program: PathBuf,
    port: u16,
    process: Option<Child>,
}

impl TestRedisServer {
    /// `None` where `redis-server` is not installed and the test is to be skipped.
    pub(crate) async fn start() -> Option<Self> {
        let Some(program) = servers::on_path("redis-server") else {
            servers::missing("Redis server of a test's own", "redis-server is not on PATH", "install it");
            return None;
        };
        let mut server = Self { program, port: servers::free_port(), process: None };
        server.bring_back().await;
        Some(server)
    }

    /// The address for `COUNTERPART_REDIS__URL`.
    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/0", self.port)
    }

    /// Ends the server at once; its data is gone.
    pub(crate) fn take_away(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().expect("a running redis-server");
            process.wait().expect("the end of redis-server");
        }
    }

    /// Stops the server where it is (`STOP`), or lets it go on (`CONT`).
    pub(crate) fn signal(&self, name: &str) {
        let process = self.process.as_ref().expect("a running redis-server");
        servers::signal(process.id(), name);
    }

    /// Forgets all data.
    pub(crate) async fn flush(&self) {
        let mut connection = connect(&self.url()).await.expect("a connection to Redis");
        query::<()>(&mut connection, "FLUSHALL").await.expect("FLUSHALL");
    }

    /// Starts the server again, empty.
    pub(crate) async fn bring_back(&mut self) {
        self.take_away();
        let process = Command::new(&self.program)
            .args(["--bind", "127.0.0.1", "--save", "", "--appendonly", "no"])
            .args(["--port", &self.port.to_string()])
            .current_dir(env::temp_dir())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        self.process = Some(process.expect("redis-server"));
        wait(&self.url()).await.expect("redis-server");
    }
}

impl Drop for TestRedisServer {
    fn drop(&mut self) {
        self.take_away();
    }
}

/// The address of a server, found or started once.
async fn server() -> Option<String> {
    let server = SERVER.get_or_init(|| async {
        match find().await {
            Ok(url) => Some(url),
            Err(why) => {
                servers::missing("Redis", &why, &format!("name one with {VARIABLE}=redis://..."));
                None
            }
        }
    });
    server.await.clone()
}

async fn find() -> Result<String, String> {
    if let Ok(url) = env::var(VARIABLE) {
        return match ping(&url).await {
            Ok(()) => Ok(url),
            Err(error) => Err(format!("{VARIABLE} is set, but: {error}")),
        };
    }
    let local = "redis://127.0.0.1:6379/";
    if ping(local).await.is_ok() {
        return Ok(local.to_owned());
    }
    start().await
}

async fn start() -> Result<String, String> {
    let program =
        servers::on_path("redis-server").ok_or("nothing usable at 127.0.0.1:6379, and no redis-server is installed")?;
    let folder = servers::scratch("counterpart-redis-");
    let port = servers::free_port();
    servers::supervise(
        SUPERVISOR,
        &[&program.to_string_lossy(), &folder.to_string_lossy(), &port.to_string()],
        &folder,
        None,
    )
    .map_err(|error| format!("a private server did not start: {error}"))?;
    let url = format!("redis://127.0.0.1:{port}/");
    wait(&url).await?;
    Ok(url)
}

async fn wait(url: &str) -> Result<(), String> {
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        match ping(url).await {
            Ok(()) => return Ok(()),
            Err(error) if Instant::now() > deadline => return Err(error.to_string()),
            Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
        }
    }
}

async fn ping(url: &str) -> RedisResult<()> {
    query(&mut connect(url).await?, "PING").await
}

async fn query<T: ::redis::FromRedisValue>(connection: &mut MultiplexedConnection, command: &str) -> RedisResult<T> {
    ::redis::cmd(command).query_async(connection).await
}

async fn connect(url: &str) -> RedisResult<MultiplexedConnection> {
    Client::open(url)?.get_multiplexed_async_connection().await
}

fn with_number(server: &str, number: u32) -> String {
    let mut url: reqwest::Url = server.parse().expect("a server address");
    url.set_path(&number.to_string());
    url.into()
}

#[tokio::test]
async fn each_test_has_an_empty_database_of_its_own() {
    let Some(one) = TestRedis::create().await else {
        return;
    };
    let two = TestRedis::create().await.unwrap();
    assert_ne!(one.url(), two.url());
    for redis in [&one, &two] {
        let mut connection = connect(redis.url()).await.unwrap();
        let added: bool = ::redis::cmd("SETNX").arg("same").arg("key").query_async(&mut connection).await.unwrap();
        assert!(added);
    }
}

#[tokio::test]
async fn a_database_with_somebody_elses_data_is_left_alone() {
    let Some(mut server) = TestRedisServer::start().await else {
        return;
    };
    let theirs = with_number(&server.url(), 1);
    ::redis::cmd("SET").arg("theirs").arg("precious").exec_async(&mut connect(&theirs).await.unwrap()).await.unwrap();
    let ours = TestRedis::claim(&server.url()).await.unwrap();
    assert_eq!(ours.url(), with_number(&server.url(), 2));
    let mut connection = connect(&theirs).await.unwrap();
    assert_eq!(query::<u64>(&mut connection, "DBSIZE").await.unwrap(), 1);
    drop(ours);

    server.take_away();
    assert!(ping(&server.url()).await.is_err());
    server.bring_back().await;
    assert!(ping(&server.url()).await.is_ok());
}

#[tokio::test]
async fn a_private_server_can_be_started() {
    if servers::on_path("redis-server").is_some() {
        let url = PRIVATE.get_or_try_init(start).await.unwrap();
        assert!(TestRedis::claim(url).await.is_some());
    }
}
