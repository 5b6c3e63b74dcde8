//! The public audit of GraphQL over HTTP, against the real binary.

use crate::support::{node, process::Launch};

#[tokio::test]
async fn all_61_checks_of_the_public_audit_pass() {
    let process = Launch::dev().arg("--no-seed").start().await;
    let endpoint = format!("{}/graphql", process.base());
    let Some(audit) = node::start("run.mjs", &[&endpoint]).await else { return };
    let audit = audit.wait_with_output().await.unwrap();
    let said = String::from_utf8_lossy(&audit.stdout).into_owned();
    assert!(said.ends_with("61 ok, 0 notice, 0 warn, 0 error\n") && audit.status.success(), "{said}");
}
