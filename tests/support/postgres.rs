//! A database of its own on a real `PostgreSQL` server, for each test.

use std::{
    env, fs,
    io::Write as _,
    path::{Path, PathBuf},
    process::Child,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use tokio::{sync::OnceCell, time::Instant};
use tokio_postgres::{Client, NoTls};

use super::{process, servers, versions};

const VARIABLE: &str = "COUNTERPART_TEST_POSTGRES";
const PREFIX: &str = "counterpart_test_";
/// Databases older than this belong to a run that was killed.
const STALE: Duration = Duration::from_hours(2);

/// Starts a private server and keeps it until standard input closes: `$1` programs, `$2` folder, `$3` port.
const SUPERVISOR: &str = r#"
trap '' INT
{
  "$1/initdb" -D "$2/data" -U postgres -A trust -E UTF8 --locale=C.UTF-8 --no-sync ||
    "$1/initdb" -D "$2/data" -U postgres -A trust -E UTF8 --locale=C --no-sync
} >"$2/log" 2>&1 || exit 1
"$1/postgres" -D "$2/data" -h 127.0.0.1 -p "$3" -k "$2" -F -c full_page_writes=off -c max_connections=300 >>"$2/log" 2>&1 &
server=$!
cat >/dev/null
kill -s INT "$server"
wait "$server"
rm -rf "$2"
"#;

/// The same for a server that is stopped and started by orders on standard input.
const ORDERLY: &str = r#"
trap '' INT
programs=$1 folder=$2 port=$3
{
  "$programs/initdb" -D "$folder/data" -U postgres -A trust -E UTF8 --locale=C.UTF-8 --no-sync ||
    "$programs/initdb" -D "$folder/data" -U postgres -A trust -E UTF8 --locale=C --no-sync
} >"$folder/log" 2>&1 || exit 1
start() {
  "$programs/postgres" -D "$folder/data" -h 127.0.0.1 -p "$port" -k "$folder" -F -c full_page_writes=off \
    -c max_connections=100 >>"$folder/log" 2>&1 &
  server=$!
}
start
while read -r order; do
  case $order in
    stop) kill -s QUIT "$server"; wait "$server" ;;
    start) start ;;
  esac
done
kill -s QUIT "$server"
wait "$server"
rm -rf "$folder"
"#;

static SERVER: OnceCell<Option<String>> = OnceCell::const_new();
static MIGRATED: OnceCell<String> = OnceCell::const_new();

/// A database that is dropped with this value.
pub(crate) struct TestDatabase {
    server: String,
    name: String,
    url: String,
}

impl TestDatabase {
    /// An empty database, or `None` where there is no server and the test is to be skipped.
    pub(crate) async fn create() -> Option<Self> {
        let server = server().await?;
        Some(Self::on(server, "template0").await)
    }

    /// A database that `counterpart migrate` has prepared: migrated once for the whole run, then copied.
    pub(crate) async fn migrated() -> Option<Self> {
        let server = server().await?;
        let template = MIGRATED
            .get_or_init(|| async {
                let database = Self::on(server.clone(), "template0").await;
                process::migrate(database.url()).await;
                database.client().await.batch_execute(versions::GUARD).await.expect("a guard of versions");
                // Kept for the run; the next run's sweep drops it.
                std::mem::ManuallyDrop::new(database).name.clone()
            })
            .await;
        Some(Self::on(server, template).await)
    }

    async fn on(server: String, template: &str) -> Self {
        let name = format!("{PREFIX}{}_{}", seconds(), uuid::Uuid::now_v7().simple());
        execute(&server, &format!("CREATE DATABASE {name} TEMPLATE {template} ENCODING 'UTF8'"))
            .await
            .expect("CREATE DATABASE");
        let url = with_database(&server, &name);
        Self { server, name, url }
    }

    /// The address for `COUNTERPART_DATABASE__URL`.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// A connection for looking at what the product wrote.
    pub(crate) async fn client(&self) -> Client {
        connect(&self.url).await.expect("a connection")
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let server = self.server.clone();
        let statement = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name);
        // The test's own runtime may be the one that runs this destructor, and may be going away.
        let dropped = std::thread::spawn(move || {
            tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a runtime")
                .block_on(execute(&server, &statement))
        })
        .join();
        if !std::thread::panicking() {
            dropped.expect("a thread").expect("DROP DATABASE");
        }
    }
}

/// A server for one test alone, which can be taken away and given back at the same address, with all its data.
pub(crate) struct TestPostgresServer {
    url: String,
    supervisor: Child,
}

impl TestPostgresServer {
    /// `None` where PostgreSQL is not installed and the test is to be skipped.
    pub(crate) async fn start() -> Option<Self> {
        let Some(programs) = programs() else {
            servers::missing("PostgreSQL server of a test's own", "initdb is not installed", "install it");
            return None;
        };
        let (folder, port) = (servers::scratch("counterpart-postgres-"), servers::free_port());
        let arguments = [&*programs.to_string_lossy(), &*folder.to_string_lossy(), &port.to_string()];
        let user = servers::User::instead_of_root();
        let supervisor = servers::supervisor(ORDERLY, &arguments, &folder, user.as_ref()).expect("a shell");
        let server = Self { url: format!("postgres://postgres@127.0.0.1:{port}/postgres"), supervisor };
        server.answers().await;
        Some(server)
    }

    /// The address for `COUNTERPART_DATABASE__URL`.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Where it listens.
    pub(crate) fn port(&self) -> u16 {
        self.url.parse::<reqwest::Url>().ok().and_then(|url| url.port()).expect("a port")
    }

    /// Ends it without any ado, as `pg_ctl stop -m immediate`.
    pub(crate) async fn take_away(&mut self) {
        self.order("stop");
        while connect(&self.url).await.is_ok() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Starts it again.
    pub(crate) async fn bring_back(&mut self) {
        self.order("start");
        self.answers().await;
    }

    /// A connection for looking at what the product wrote.
    pub(crate) async fn client(&self) -> Client {
        connect(&self.url).await.expect("a connection")
    }

    /// A database whose tables are in that folder; the server's own files, and its log of what it writes, stay elsewhere.
    pub(crate) async fn database_in(&self, folder: &Path) -> String {
        let client = self.client().await;
        let place = folder.join("tables").display().to_string();
        for statement in [
            // By the server, whose user must own the folder.
            format!("COPY (SELECT 1) TO PROGRAM 'mkdir -m 700 {place} && cat >/dev/null'"),
            format!("CREATE TABLESPACE elsewhere LOCATION '{place}'"),
            "CREATE DATABASE elsewhere TEMPLATE template0 ENCODING 'UTF8' TABLESPACE elsewhere".to_owned(),
        ] {
            client.batch_execute(&statement).await.expect("a database");
        }
        with_database(&self.url, "elsewhere")
    }

    fn order(&mut self, order: &str) {
        let input = self.supervisor.stdin.as_mut().expect("a supervisor that listens");
        writeln!(input, "{order}").expect("a running supervisor");
    }

    async fn answers(&self) {
        let deadline = Instant::now() + Duration::from_mins(1);
        while connect(&self.url).await.is_err() {
            assert!(Instant::now() < deadline, "a private server did not answer");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

impl Drop for TestPostgresServer {
    fn drop(&mut self) {
        servers::end(&mut self.supervisor);
    }
}

/// The address of a server on which databases can be made, found or started once.
async fn server() -> Option<String> {
    let server = SERVER.get_or_init(|| async {
        match find().await {
            Ok(url) => {
                sweep(&url).await;
                Some(url)
            }
            Err(why) => {
                servers::missing("PostgreSQL", &why, &format!("name one with {VARIABLE}=postgres://..."));
                None
            }
        }
    });
    server.await.clone()
}

async fn find() -> Result<String, String> {
    if let Ok(url) = env::var(VARIABLE) {
        return match connect(&url).await {
            Ok(_) => Ok(url),
            Err(error) => Err(format!("{VARIABLE} is set, but: {error:?}")),
        };
    }
    let user = env::var("USER").unwrap_or_else(|_| "root".to_owned());
    for user in ["postgres", &user] {
        let url = format!("postgres://{user}@127.0.0.1:5432/postgres");
        if may_create(&url).await {
            return Ok(url);
        }
    }
    start().await
}

async fn may_create(url: &str) -> bool {
    let question = "SELECT rolcreatedb OR rolsuper FROM pg_roles WHERE rolname = current_user";
    match connect(url).await {
        Ok(client) => matches!(client.query_one(question, &[]).await, Ok(row) if row.get(0)),
        Err(_) => false,
    }
}

async fn start() -> Result<String, String> {
    let programs = programs().ok_or("nothing usable at 127.0.0.1:5432, and no initdb is installed")?;
    let folder = servers::scratch("counterpart-postgres-");
    let port = servers::free_port();
    servers::supervise(
        SUPERVISOR,
        &[&programs.to_string_lossy(), &folder.to_string_lossy(), &port.to_string()],
        &folder,
        servers::User::instead_of_root().as_ref(),
    )
    .map_err(|error| format!("a private server did not start: {error}"))?;
    let url = format!("postgres://postgres@127.0.0.1:{port}/postgres");
    let deadline = Instant::now() + Duration::from_mins(1);
    while Instant::now() < deadline {
        if connect(&url).await.is_ok() {
            return Ok(url);
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let log = fs::read_to_string(folder.join("log")).unwrap_or_default();
    Err(format!("a private server did not answer:\n{log}"))
}

/// The folder with `initdb` and `postgres`: Debian keeps them off `PATH`, one folder a version.
fn programs() -> Option<PathBuf> {
    let beside = servers::on_path("initdb").and_then(|file| Some(file.parent()?.to_owned()));
    if beside.as_ref().is_some_and(|folder| folder.join("postgres").is_file()) {
        return beside;
    }
    let mut versions: Vec<(u32, PathBuf)> = fs::read_dir("/usr/lib/postgresql")
        .ok()?
        .filter_map(|entry| {
            let entry = entry.ok()?;
            let version = entry.file_name().to_str()?.parse().ok()?;
            Some((version, entry.path().join("bin")))
        })
        .filter(|(_, folder)| folder.join("initdb").is_file())
        .collect();
    versions.sort();
    versions.pop().map(|(_, folder)| folder)
}

/// Drops what killed runs left behind, leaving the databases of runs that are still going on.
async fn sweep(server: &str) {
    let client = connect(server).await.expect("a connection");
    let names = client.query("SELECT datname FROM pg_database", &[]).await.expect("the list of databases");
    for name in names.iter().map(|row| row.get::<_, String>(0)) {
        let made = name.strip_prefix(PREFIX).and_then(|rest| rest.split('_').next()?.parse::<u64>().ok());
        if made.is_some_and(|made| made + STALE.as_secs() < seconds()) {
            // Another run may be sweeping too.
            let statement = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
            client.batch_execute(&statement).await.ok();
        }
    }
}

fn seconds() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock after 1970").as_secs()
}

fn with_database(server: &str, name: &str) -> String {
    let mut url: reqwest::Url = server.parse().expect("a server address");
    url.set_path(name);
    url.into()
}

async fn execute(url: &str, statement: &str) -> Result<(), tokio_postgres::Error> {
    connect(url).await?.batch_execute(statement).await
}

async fn connect(url: &str) -> Result<Client, tokio_postgres::Error> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    // Ends by itself when the client is dropped.
    tokio::spawn(connection);
    Ok(client)
}

#[tokio::test]
async fn each_test_has_a_database_of_its_own() {
    let Some(one) = TestDatabase::create().await else {
        return;
    };
    let two = TestDatabase::create().await.unwrap();
    let client = one.client().await;
    client.batch_execute("CREATE TABLE only_here (name text); INSERT INTO only_here VALUES ('Zoë')").await.unwrap();
    let row = client.query_one("SELECT name FROM only_here", &[]).await.unwrap();
    assert_eq!(row.get::<_, String>(0), "Zoë");
    assert!(two.client().await.query("SELECT name FROM only_here", &[]).await.is_err());
}

#[tokio::test]
async fn a_database_is_dropped_even_while_somebody_is_connected() {
    let Some(database) = TestDatabase::create().await else {
        return;
    };
    let (server, name) = (database.server.clone(), database.name.clone());
    let client = database.client().await;
    drop(database);
    assert!(client.query_one("SELECT 1", &[]).await.is_err());
    let left =
        connect(&server).await.unwrap().query("SELECT 1 FROM pg_database WHERE datname = $1", &[&name]).await.unwrap();
    assert!(left.is_empty());
}

#[tokio::test]
async fn a_private_server_can_be_started() {
    if programs().is_none() {
        return;
    }
    let url = start().await.unwrap();
    let row = connect(&url).await.unwrap().query_one("SELECT current_user::text", &[]).await.unwrap();
    assert_eq!(row.get::<_, String>(0), "postgres");
}

#[tokio::test]
async fn a_migrated_database_has_tables_and_is_a_copy() {
    let Some(one) = TestDatabase::migrated().await else {
        return;
    };
    let tables = "SELECT tablename::text FROM pg_tables WHERE schemaname = 'public'";
    let client = one.client().await;
    let before = client.query(tables, &[]).await.unwrap().len();
    assert!(before > 0);
    client.batch_execute("CREATE TABLE only_here ()").await.unwrap();
    let two = TestDatabase::migrated().await.unwrap();
    assert_eq!(two.client().await.query(tables, &[]).await.unwrap().len(), before);
}
