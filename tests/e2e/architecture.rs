//! The rules of ARCHITECTURE.md that a compiler does not know.
//!
//! Each rule is a function from what was read to a list of complaints, so that it can also be shown a case it refuses.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a test stops at the first thing that is not as it should be"
)]

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

#[path = "architecture/packages.rs"]
mod packages;
#[path = "architecture/sources.rs"]
mod sources;

/// Folders with text of ours.
const FOLDERS: [&str; 8] = [".ci", "api", "benches", "migrations", "shared", "src", "tests", "worker"];
/// What may lie at the top of the repository.
const TOP_LEVEL: [&str; 29] = [
    ".ci",
    ".dockerignore",
    ".gitattributes",
    ".gitignore",
    "ARCHITECTURE.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "Cargo.lock",
    "Cargo.toml",
    "Dockerfile",
    "LICENSE",
    "README.md",
    "SECURITY.md",
    "api",
    "benches",
    "clippy.toml",
    "deny.toml",
    "docker-compose.yml",
    "docs",
    "examples",
    "fuzz",
    "migrations",
    "proptest-regressions",
    "rust-toolchain.toml",
    "rustfmt.toml",
    "shared",
    "src",
    "tests",
    "worker",
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A file of ours: its path from the root of the repository, and its text.
struct Source {
    path: String,
    text: String,
}

/// Every text file in the folders, and those at the top.
fn all_sources() -> Vec<Source> {
    let mut files = Vec::new();
    for folder in FOLDERS {
        walk(&root().join(folder), &mut files);
    }
    for entry in fs::read_dir(root()).unwrap().map(Result::unwrap) {
        if entry.file_type().unwrap().is_file() && TOP_LEVEL.contains(&entry.file_name().to_str().unwrap()) {
            files.push(entry.path());
        }
    }
    files.sort();
    // What is not UTF-8 is no text of ours.
    let read = |file: PathBuf| {
        let path = file.strip_prefix(root()).unwrap().to_str().unwrap().to_owned();
        fs::read_to_string(file).ok().map(|text| Source { path, text })
    };
    files.into_iter().filter_map(read).collect()
}

fn walk(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().map(Result::unwrap) {
        // What others wrote is fetched for some tests, and not ours to judge.
        if entry.file_name() == "node_modules" {
            continue;
        }
        if entry.path().is_dir() {
            walk(&entry.path(), files);
        } else {
            files.push(entry.path());
        }
    }
}

fn rust_sources() -> Vec<Source> {
    let mut sources = all_sources();
    sources.retain(|source| Path::new(&source.path).extension().is_some_and(|extension| extension == "rs"));
    assert!(sources.len() > 20, "the sources were not found");
    sources
}

fn source(path: &str, text: &str) -> Vec<Source> {
    vec![Source { path: path.to_owned(), text: text.to_owned() }]
}

#[track_caller]
fn none(complaints: &[String]) {
    assert!(complaints.is_empty(), "{complaints:#?}");
}

#[track_caller]
fn one(complaints: &[String], about: &str) {
    assert!(matches!(complaints, [complaint] if complaint.contains(about)), "{about:?}: {complaints:#?}");
}

#[test]
fn packages_depend_only_on_what_they_may() {
    let workspace = packages::read(root());
    none(&packages::misplaced(&workspace));

    let with = |package: &str, dependency: &str| {
        let mut workspace = workspace.clone();
        workspace.get_mut(package).unwrap().dependencies.push(dependency.to_owned());
        packages::misplaced(&workspace)
    };
    one(&with("api", "lettre"), "api depends on lettre");
    one(&with("worker", "sea-orm"), "worker depends on sea-orm");
    one(&with("worker", "actix-web"), "worker depends on actix-web");
    one(&with("worker", "api"), "worker depends on api");
    one(&with("shared", "worker"), "shared depends on worker");
    one(&with("migrations", "shared"), "migrations depends on shared");
}

#[test]
fn there_is_one_binary_and_one_test_binary() {
    let workspace = packages::read(root());
    let named = |kind: &str| -> Vec<String> {
        workspace.values().flat_map(|package| package.targets.get(kind).cloned().unwrap_or_default()).collect()
    };
    assert_eq!(named("bin"), ["counterpart"]);
    assert_eq!(named("test"), ["e2e"]);
}

#[test]
fn no_file_is_called_after_nothing() {
    none(&sources::vaguely_named(&rust_sources()));
    for path in ["api/src/graphql/mod.rs", "shared/src/utils.rs", "worker/src/mail_helper.rs", "src/common/a.rs"] {
        one(&sources::vaguely_named(&source(path, "")), path);
    }
    one(&sources::vaguely_named(&source("src/a.rs", "pub(crate) mod match_manager {")), "match_manager");
    none(&sources::vaguely_named(&source("shared/src/utilities_bill.rs", "mod communities;")));
}

#[test]
fn no_file_is_too_long_to_read() {
    none(&sources::too_long(&rust_sources()));
    one(&sources::too_long(&source("src/a.rs", &"\n".repeat(sources::LONGEST + 1))), "src/a.rs");
    none(&sources::too_long(&source("src/a.rs", &"\n".repeat(sources::LONGEST))));
}

#[test]
fn nothing_is_left_for_later() {
    none(&sources::unfinished(&all_sources()));
    for word in sources::UNFINISHED {
        one(&sources::unfinished(&source("README.md", &format!("fine\n{word}\n"))), "README.md:2");
    }
}

#[test]
fn only_the_store_knows_the_database_library() {
    none(&sources::outside_the_store(&rust_sources()));
    let text = "/// Unlike sea_orm\nuse sea_orm::EntityTrait;\n";
    one(&sources::outside_the_store(&source("shared/src/outbox.rs", text)), "shared/src/outbox.rs:2");
    none(&sources::outside_the_store(&source("shared/src/store/people.rs", text)));
}

#[test]
fn matching_knows_nothing_but_itself() {
    let workspace = packages::read(root());
    let worker = &workspace["worker"];
    none(&sources::beyond_matching(&rust_sources(), worker));

    let refused = |path: &str, text: &str| sources::beyond_matching(&source(path, text), worker);
    let inside = "worker/src/matching/plan.rs";
    one(&refused("worker/src/matching.rs", "use chrono::Utc;"), "chrono");
    one(&refused(inside, "use crate::nightly::load;"), "crate::nightly");
    one(&refused(inside, "let now = chrono::Utc::now();"), "chrono");
    one(&refused(inside, "use super::super::mail;"), "super::super");
    one(&refused(inside, "pub(crate) use {std::fmt, uuid::Uuid};"), "uuid");
    one(&refused(inside, "use proptest::prelude::*;"), "proptest");
    for text in [
        "use std::fmt;\nuse super::Input;\nuse crate::matching::Plan;\n",
        "// chrono::Utc would be a clock\n",
        "#[cfg(test)]\nmod tests {\n    use super::super::Input;\n    use proptest::prelude::*;\n}\n",
    ] {
        none(&refused(inside, text));
    }
    none(&refused("worker/src/matching/tests/random.rs", "use proptest::prelude::*;"));
    none(&refused("worker/src/nightly.rs", "use chrono::Utc;"));
}

#[test]
fn every_mail_has_all_its_parts_in_every_language() {
    let templates = root().join("worker/templates");
    let mails: Vec<PathBuf> = fs::read_dir(&templates)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir() && !path.ends_with("shared"))
        .collect();
    assert!(!mails.is_empty());
    let mut missing = Vec::new();
    for mail in mails {
        for part in ["subject.txt", "body.txt", "body.html"] {
            missing.extend(["en", "de"].map(|language| mail.join(language).join(part)).into_iter().filter(|part| {
                let text = fs::read_to_string(part).unwrap_or_default();
                text.trim().is_empty()
            }));
        }
    }
    assert!(missing.is_empty(), "missing or empty: {missing:#?}");
}

#[test]
fn the_top_level_holds_only_what_belongs_there() {
    let listed = Command::new("git").args(["ls-files", "-z"]).current_dir(root()).output();
    // An exported tree has no history, and a small machine no git.
    let Some(listed) = listed.ok().filter(|output| output.status.success()) else { return };
    let listed = String::from_utf8(listed.stdout).unwrap();
    let mut strays = BTreeMap::new();
    for path in listed.split('\0').filter(|path| !path.is_empty()) {
        let top = path.split('/').next().unwrap();
        if !TOP_LEVEL.contains(&top) {
            strays.insert(top, path);
        }
    }
    assert!(strays.is_empty(), "{strays:#?}");
}
