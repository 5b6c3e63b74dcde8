//! The public audit of GraphQL over HTTP, against the real binary.

use std::{path::Path, process::Stdio};

use tokio::process::Command;

use crate::support::{process::Launch, servers};

#[tokio::test]
async fn all_61_checks_of_the_public_audit_pass() {
    let (Some(node), Some(npm)) = (servers::on_path("node"), servers::on_path("npm")) else {
        servers::missing("Node", "node or npm is not on PATH", "install them");
        return;
    };
    // In a folder of its own: whatever npm leaves behind is no part of the sources.
    let (folder, sources) = (tempfile::tempdir().unwrap(), Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/audit"));
    for file in ["package.json", "package-lock.json", "run.mjs"] {
        std::fs::copy(sources.join(file), folder.path().join(file)).unwrap();
    }
    let install = Command::new(npm)
        .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"])
        .current_dir(folder.path())
        .stdin(Stdio::null())
        .output()
        .await
        .unwrap();
    let said = String::from_utf8_lossy(&install.stderr).into_owned();
    if !install.status.success() {
        servers::missing("npm packages", &format!("npm ci failed: {said}"), "allow npm to reach its registry");
        return;
    }
    let process = Launch::dev().arg("--no-seed").start().await;
    let audit = Command::new(node)
        .arg("run.mjs")
        .arg(format!("{}/graphql", process.base()))
        .current_dir(folder.path())
        .output()
        .await
        .unwrap();
    let said = String::from_utf8_lossy(&audit.stdout).into_owned();
    assert!(said.ends_with("61 ok, 0 notice, 0 warn, 0 error\n") && audit.status.success(), "{said}");
}
