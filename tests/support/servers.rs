//! Private database servers, started for one run of the tests and stopped with it.

use std::{
    env,
    io::Write as _,
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::Mutex,
};

/// A supervisor ends when its standard input closes, so the servers stop however this process ends.
static SUPERVISORS: Mutex<Vec<Child>> = Mutex::new(Vec::new());

/// Asks the system for a port that is free now.
pub(super) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0")
        .and_then(|listener| listener.local_addr())
        .expect("a port on the loopback interface")
        .port()
}

/// The program of that name on `PATH`.
pub(crate) fn on_path(program: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path).map(|folder| folder.join(program)).find(|file| file.is_file())
}

/// A folder for a server's files. Its supervisor removes it.
pub(super) fn scratch(prefix: &str) -> PathBuf {
    tempfile::Builder::new().prefix(prefix).tempdir().expect("a temporary folder").keep()
}

/// Runs a supervising shell script until this process ends. With `user`, the script and `folder` are that user's.
///
/// The script gets `arguments` as `$1`, `$2`, ..., starts its server in the background, and then reads its standard
/// input to the end before it stops the server and removes the folder.
pub(super) fn supervise(script: &str, arguments: &[&str], folder: &Path, user: Option<&User>) -> std::io::Result<()> {
    let child = supervisor(script, arguments, folder, user)?;
    SUPERVISORS.lock().expect("the list of supervisors").push(child);
    Ok(())
}

/// The same for a server that ends earlier: with the value that is given back, at the latest.
pub(super) fn supervisor(
    script: &str,
    arguments: &[&str],
    folder: &Path,
    user: Option<&User>,
) -> std::io::Result<Child> {
    let mut command = match user {
        None => Command::new("sh"),
        Some(user) => {
            std::os::unix::fs::chown(folder, Some(user.uid), Some(user.gid))?;
            let mut command = Command::new("setpriv");
            command
                .arg(format!("--reuid={}", user.uid))
                .arg(format!("--regid={}", user.gid))
                .args(["--clear-groups", "sh"]);
            command
        }
    };
    command
        .args(["-c", script, "sh"])
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
}

/// Lets a supervisor stop its server, and waits until it has.
pub(super) fn end(supervisor: &mut Child) {
    drop(supervisor.stdin.take());
    supervisor.wait().ok();
}

/// Who a server runs as when the tests run as root, which `initdb` refuses.
pub(super) struct User {
    uid: u32,
    gid: u32,
}

impl User {
    /// `None` unless this process is root.
    pub(super) fn instead_of_root() -> Option<Self> {
        if id("-u", None) != Some(0) {
            return None;
        }
        ["postgres", "nobody"].into_iter().find_map(|name| {
            let (uid, gid) = (id("-u", Some(name))?, id("-g", Some(name))?);
            Some(Self { uid, gid })
        })
    }
}

fn id(what: &str, name: Option<&str>) -> Option<u32> {
    let output = Command::new("id").arg(what).args(name).output().ok()?;
    String::from_utf8(output.stdout).ok()?.trim().parse().ok()
}

/// Sends a signal by its short name to a process: `TERM`, `STOP`, `CONT`, ...; true when there is such a process.
pub(crate) fn signal(process: u32, name: &str) -> bool {
    // A shell's own `kill` is there even where the program of that name is not installed.
    let script = r#"kill -s "$1" "$2""#;
    let status =
        Command::new("sh").args(["-c", script, "sh", name, &process.to_string()]).stderr(Stdio::null()).status();
    status.expect("a shell").success()
}

/// Says that a server is missing; with `CI=true` the test fails instead.
pub(crate) fn missing(server: &str, why: &str, remedy: &str) {
    let message = format!("no {server} for the tests: {why}\n({remedy})");
    assert!(env::var("CI").as_deref() != Ok("true"), "{message}");
    skipped(server, &message);
}

/// Says that tests are skipped, past the test runner's capture.
pub(crate) fn skipped(what: &str, message: &str) {
    let banner = "!".repeat(72);
    writeln!(std::io::stderr(), "\n{banner}\nSKIPPED: every test that needs {what}\n{message}\n{banner}\n")
        .expect("standard error");
}
