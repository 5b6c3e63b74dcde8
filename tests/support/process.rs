//! The real binary, started the way an operator starts it.

use std::{
    env,
    fs::{self, File},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    time::Duration,
};

use tempfile::TempDir;
use tokio::time::{Instant, sleep};

use super::{graphql, servers, smtp::SmtpServer};

const BINARY: &str = env!("CARGO_BIN_EXE_counterpart");
/// Where another build is, to be run instead: a release build, say, where the time it takes matters.
const OTHER_BINARY: &str = "COUNTERPART_TEST_BINARY";
const PUBLIC_URL: &str = "COUNTERPART_HTTP__PUBLIC_URL";
/// Generous: the machine that runs the tests may be busy building something else.
const PATIENCE: Duration = Duration::from_mins(1);
/// What a started binary inherits; every `COUNTERPART_` setting comes from the test alone.
const INHERITED: [&str; 7] =
    ["PATH", "HOME", "LANG", "TMPDIR", "RUST_BACKTRACE", "LLVM_PROFILE_FILE", "LD_LIBRARY_PATH"];

/// A command line in the making. It runs in an empty folder of its own.
pub(crate) struct Launch {
    command: Command,
    folder: TempDir,
    /// Where the binary writes the address it listens on.
    address_file: Option<PathBuf>,
}

/// What a command that ran to its end left.
#[derive(Debug)]
pub(crate) struct Finished {
    pub(crate) status: ExitStatus,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// A running process: killed with this value, and its output shown when the test failed.
pub(crate) struct Process {
    child: Child,
    folder: TempDir,
    base: Option<String>,
}

/// Runs `counterpart migrate` on a database.
pub(crate) async fn migrate(database_url: &str) {
    Launch::new(["migrate"]).env("COUNTERPART_DATABASE__URL", database_url).run().await.successfully();
}

impl Launch {
    /// Any subcommand with its arguments.
    pub(crate) fn new<const N: usize>(arguments: [&str; N]) -> Self {
        let folder = tempfile::Builder::new().prefix("counterpart-test-").tempdir().expect("a temporary folder");
        let other = env::var_os(OTHER_BINARY).map(|other| fs::canonicalize(other).expect(OTHER_BINARY));
        let mut command = Command::new(other.unwrap_or_else(|| BINARY.into()));
        command
            .args(arguments)
            .env_clear()
            .envs(INHERITED.iter().filter_map(|&name| Some((name, env::var_os(name)?))))
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .stdout(File::create(folder.path().join("stdout")).expect("a file"))
            .stderr(File::create(folder.path().join("stderr")).expect("a file"));
        Self { command, folder, address_file: None }
    }

    /// Everything in one process, on a free port and with its data in the process's own folder.
    pub(crate) fn dev() -> Self {
        let mut launch = Self::new(["dev", "--port", "0"]);
        launch.address_file = Some(launch.folder.path().join("data").join("address"));
        launch
    }

    /// The API alone, on a free port. Without `COUNTERPART_AUTH__KEYS_DIR` it has no keys and does not start.
    pub(crate) fn api(database_url: &str) -> Self {
        let mut launch = Self::new(["api"]);
        let file = launch.folder.path().join("address");
        launch.address_file = Some(file.clone());
        launch
            .env("COUNTERPART_DATABASE__URL", database_url)
            .env("COUNTERPART_HTTP__HOST", "127.0.0.1")
            .env("COUNTERPART_HTTP__PORT", "0")
            .env("COUNTERPART_HTTP__ADDRESS_FILE", file)
            .env(PUBLIC_URL, "http://counterpart.test")
    }

    /// The worker alone. Without [`Launch::mail_through`] it does not know where mail goes, and does not start.
    pub(crate) fn worker(database_url: &str) -> Self {
        Self::new(["worker"]).env("COUNTERPART_DATABASE__URL", database_url).env(PUBLIC_URL, "http://counterpart.test")
    }

    /// Sends mail through that relay, also in `dev`.
    pub(crate) fn mail_through(self, relay: &SmtpServer) -> Self {
        self.mail_to(relay.address())
    }

    /// Sends mail to whatever listens there.
    pub(crate) fn mail_to(self, relay: SocketAddr) -> Self {
        self.env("COUNTERPART_MAIL__TRANSPORT", "smtp")
            .env("COUNTERPART_MAIL__SMTP_HOST", relay.ip().to_string())
            .env("COUNTERPART_MAIL__SMTP_PORT", relay.port().to_string())
            .env("COUNTERPART_MAIL__SMTP_SECURITY", "none")
            .env("COUNTERPART_MAIL__FROM_ADDRESS", "mentoring@counterpart.test")
    }

    /// One more argument.
    pub(crate) fn arg(mut self, argument: &str) -> Self {
        self.command.arg(argument);
        self
    }

    /// One more setting.
    pub(crate) fn env(mut self, name: &str, value: impl AsRef<std::ffi::OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// The folder in which the process will run, for files it is to find there.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Runs a command to its end.
    pub(crate) async fn run(self) -> Finished {
        let mut process = self.spawn();
        let status = process.wait().await;
        Finished { status, stdout: process.stdout(), stderr: process.stderr() }
    }

    /// Starts a command and waits until it is ready, if it serves HTTP.
    pub(crate) async fn start(self) -> Process {
        let address_file = self.address_file.clone();
        let mut process = self.spawn();
        if let Some(file) = address_file {
            let address = process.address(&file).await;
            process.base = Some(format!("http://{address}"));
            process.ready().await;
        }
        process
    }

    /// As [`Launch::start`], for a process that writes its address somewhere else.
    pub(crate) async fn start_with(mut self, address_file: &Path) -> Process {
        self.address_file = Some(address_file.to_owned());
        // One left from an earlier start would be taken for the new one.
        fs::remove_file(address_file).ok();
        self.start().await
    }

    fn spawn(mut self) -> Process {
        Process { child: self.command.spawn().expect("the counterpart binary"), folder: self.folder, base: None }
    }
}

impl Finished {
    /// The output of a command that must have succeeded.
    pub(crate) fn successfully(self) -> String {
        assert!(self.status.success(), "{self:#?}");
        self.stdout
    }
}

impl Process {
    /// `http://127.0.0.1:PORT` of a process that serves HTTP.
    pub(crate) fn base(&self) -> &str {
        self.base.as_deref().expect("a process that serves HTTP")
    }

    /// The folder in which the process runs; `dev` has its `data` there.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Its standard output so far.
    pub(crate) fn stdout(&self) -> String {
        fs::read_to_string(self.folder.path().join("stdout")).expect("the standard output")
    }

    /// Its standard error so far.
    pub(crate) fn stderr(&self) -> String {
        fs::read_to_string(self.folder.path().join("stderr")).expect("the standard error")
    }

    /// Waits until either output has that text.
    pub(crate) async fn says(&mut self, text: &str) {
        self.until(&format!("the output has {text:?}"), async |process| {
            (process.stdout().contains(text) || process.stderr().contains(text)).then_some(())
        })
        .await;
    }

    /// Waits until standard error has that text more often than `told` times.
    pub(crate) async fn says_more(&mut self, text: &str, told: usize) {
        self.until(&format!("standard error has {text:?} once more"), async |process| {
            (process.stderr().matches(text).count() > told).then_some(())
        })
        .await;
    }

    /// Asks for an orderly end (SIGTERM) and waits for it.
    pub(crate) async fn terminate(&mut self) -> ExitStatus {
        self.signal("TERM");
        self.wait().await
    }

    /// Does what Ctrl-C does (SIGINT) and waits for the end.
    pub(crate) async fn interrupt(&mut self) -> ExitStatus {
        self.signal("INT");
        self.wait().await
    }

    /// Ends it without warning (SIGKILL), as a power cut would.
    pub(crate) async fn kill(&mut self) {
        self.child.kill().expect("a running process");
        self.wait().await;
    }

    /// Sends a signal by its short name: `TERM`, `INT`, `STOP`, `CONT`, ...
    pub(crate) fn signal(&self, name: &str) {
        assert!(servers::signal(self.child.id(), name), "the process is gone already\n{}", self.tail());
    }

    /// Its number, for signals from elsewhere.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// How it ended, if it has.
    pub(crate) fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().expect("a child process")
    }

    /// Waits for the end.
    pub(crate) async fn wait(&mut self) -> ExitStatus {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().expect("a child process") {
                return status;
            }
            assert!(Instant::now() < deadline, "it does not end\n{}", self.tail());
            sleep(Duration::from_millis(10)).await;
        }
    }

    async fn address(&mut self, file: &Path) -> String {
        self.until("the address file", async |_| {
            let address = fs::read_to_string(file).ok()?;
            let address = address.trim();
            address.parse::<std::net::SocketAddr>().ok()?;
            Some(address.to_owned())
        })
        .await
    }

    async fn ready(&mut self) {
        let url = format!("{}/readyz", self.base());
        let http = graphql::http();
        self.until("/readyz answers 200", async |_| {
            let response = http.get(&url).send().await.ok()?;
            (response.status() == reqwest::StatusCode::OK).then_some(())
        })
        .await;
    }

    async fn until<T>(&mut self, what: &str, mut check: impl AsyncFnMut(&Self) -> Option<T>) -> T {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(found) = check(self).await {
                return found;
            }
            if let Some(status) = self.child.try_wait().expect("a child process") {
                panic!("{status} while waiting until {what}\n{}", self.tail());
            }
            assert!(Instant::now() < deadline, "waited too long until {what}\n{}", self.tail());
            sleep(Duration::from_millis(20)).await;
        }
    }

    fn tail(&self) -> String {
        let last = |text: String| {
            let lines: Vec<_> = text.lines().collect();
            lines[lines.len().saturating_sub(60)..].join("\n")
        };
        format!("--- standard output\n{}\n--- standard error\n{}", last(self.stdout()), last(self.stderr()))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already, which is as good.
        self.child.kill().ok();
        self.child.wait().ok();
        if std::thread::panicking() {
            use std::io::Write as _;
            writeln!(std::io::stderr(), "counterpart said:\n{}", self.tail()).ok();
        }
    }
}

#[tokio::test]
async fn a_process_starts_on_a_free_port_and_ends_when_asked() {
    let mut process = Launch::dev().arg("--no-seed").start().await;
    let answer = graphql::http().get(format!("{}/healthz", process.base())).send().await.unwrap();
    assert_eq!(answer.status(), reqwest::StatusCode::OK);
    assert!(process.folder().join("data").is_dir());
    assert!(process.terminate().await.success());

    let mut process = Launch::dev().arg("--no-seed").start().await;
    assert!(process.interrupt().await.success());
}

#[tokio::test]
async fn a_command_that_fails_is_told_apart() {
    let finished = Launch::new(["--no-such-flag"]).run().await;
    assert!(!finished.status.success());
    assert!(finished.stderr.contains("--no-such-flag"), "{finished:?}");
    let help = Launch::new(["--help"]).run().await.successfully();
    assert!(help.contains("migrate"), "{help}");
}
