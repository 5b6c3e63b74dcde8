//! A real browser, for what only a browser can tell: that a page's scripts run under its own security policy.

use std::{env, path::PathBuf, process::Stdio, time::Duration};

use tokio::process::Command;

use super::servers;

/// What Chromium makes of a page, as HTML; `None` without Chromium, which fails with `CI=true`.
pub(crate) async fn dom(url: &str) -> Option<String> {
    let Some(chromium) = find() else {
        servers::missing("browser", "there is no chromium on PATH", "install the package chromium");
        return None;
    };
    let profile = tempfile::tempdir().expect("a folder");
    let mut command = Command::new(chromium);
    command
        // It opens only pages of this machine, often as root in a container, where its sandbox does not work.
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-dev-shm-usage"])
        .args(["--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"])
        .arg(format!("--user-data-dir={}", profile.path().display()))
        .args(["--virtual-time-budget=8000", "--dump-dom", url])
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true);
    let output = tokio::time::timeout(Duration::from_mins(2), command.output()).await;
    let output = output.expect("chromium in time").expect("chromium");
    Some(String::from_utf8_lossy(&output.stdout).into_owned())
}

fn find() -> Option<PathBuf> {
    let folders: Vec<PathBuf> = env::split_paths(&env::var_os("PATH")?).collect();
    let names = ["chromium", "chromium-browser", "google-chrome"];
    names.iter().flat_map(|name| folders.iter().map(move |folder| folder.join(name))).find(|path| path.is_file())
}
