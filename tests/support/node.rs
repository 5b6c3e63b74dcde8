//! Clients that others wrote, in Node: a second opinion on what we serve.

use std::{
    path::Path,
    process::{Child, Command, Stdio},
};

use super::servers;

/// Starts a script of `tests/audit`; `None` without Node or what the script imports, which fails with `CI=true`.
pub(crate) fn start(script: &str, arguments: &[&str]) -> Option<Child> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join("audit");
    let Some(node) = servers::on_path("node") else {
        servers::missing("Node", "there is no node on PATH", "install the package nodejs");
        return None;
    };
    if !folder.join("node_modules").join("graphql-ws").is_dir() {
        servers::missing("Node packages", "tests/audit has no node_modules", "run `npm ci` in tests/audit");
        return None;
    }
    let mut command = Command::new(node);
    command.arg(script).args(arguments).current_dir(folder).stdin(Stdio::null()).stdout(Stdio::piped());
    Some(command.spawn().expect("node"))
}
