//! Clients that others wrote, in Node: a second opinion on what we serve.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Stdio,
};

use tokio::{
    process::{Child, Command},
    sync::OnceCell,
};

use super::servers;

const FILES: [&str; 4] = ["package.json", "package-lock.json", "run.mjs", "streams.mjs"];

/// Starts a script of `tests/audit` and pipes what it prints; `None` without Node or what the script imports, which
/// fails with `CI=true`.
pub(crate) async fn start(script: &str, arguments: &[&str]) -> Option<Child> {
    static FOLDER: OnceCell<Option<PathBuf>> = OnceCell::const_new();
    let folder = FOLDER.get_or_init(install).await.as_ref()?;
    let mut command = Command::new(servers::on_path("node")?);
    command.arg(script).args(arguments).current_dir(folder).stdin(Stdio::null()).stdout(Stdio::piped());
    Some(command.kill_on_drop(true).spawn().expect("node"))
}

/// Copies the scripts to where builds go and installs what they import: whatever npm leaves behind is no part of the sources.
async fn install() -> Option<PathBuf> {
    let (Some(_), Some(npm)) = (servers::on_path("node"), servers::on_path("npm")) else {
        servers::missing("Node", "node or npm is not on PATH", "install them");
        return None;
    };
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/audit");
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("audit");
    fs::create_dir_all(&folder).expect("a folder for Node");
    for file in FILES {
        fs::copy(sources.join(file), folder.join(file)).expect("a copy of the script");
    }
    // Installed before, from the same list.
    let (list, installed) = (folder.join("package-lock.json"), folder.join("node_modules/installed.json"));
    if fs::read(&installed).is_ok_and(|found| found == fs::read(&list).expect("the list of packages")) {
        return Some(folder);
    }
    let arguments = ["ci", "--ignore-scripts", "--no-audit", "--no-fund"];
    let done = Command::new(npm).args(arguments).current_dir(&folder).stdin(Stdio::null()).output().await.expect("npm");
    if !done.status.success() {
        let said = String::from_utf8_lossy(&done.stderr);
        servers::missing("npm packages", &format!("npm ci failed: {said}"), "allow npm to reach its registry");
        return None;
    }
    fs::copy(&list, &installed).expect("a note of what is installed");
    Some(folder)
}
