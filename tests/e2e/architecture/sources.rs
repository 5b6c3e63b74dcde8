//! What may be in which file.

use std::path::Path;

use super::{Source, packages::Package};

/// Lines in a Rust file.
pub(super) const LONGEST: usize = 450;
/// Words that promise instead of doing; written so that this file does not contain them.
pub(super) const UNFINISHED: [&str; 4] =
    [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("unimple", "mented!"), concat!("to", "do!")];
/// Names that say nothing about what is inside.
const VAGUE: [&str; 8] = ["util", "utils", "helper", "helpers", "common", "manager", "managers", "misc"];

/// Files called `mod.rs`, and modules with a name that fits anything.
pub(super) fn vaguely_named(sources: &[Source]) -> Vec<String> {
    let vague = |name: &str| name.split('_').any(|word| VAGUE.contains(&word));
    let mut complaints = Vec::new();
    for Source { path, text } in sources {
        let parts = Path::new(path).with_extension("");
        let parts: Vec<_> = parts.iter().filter_map(|part| part.to_str()).collect();
        if path.ends_with("/mod.rs") || parts.iter().any(|part| vague(part)) {
            complaints.push(path.clone());
        }
        for line in text.lines().map(str::trim) {
            let inline = line.split_once("mod ").filter(|(before, _)| before.is_empty() || before.starts_with("pub"));
            let name = inline.and_then(|(_, rest)| rest.strip_suffix('{')).unwrap_or_default().trim();
            if vague(name) {
                complaints.push(format!("{path}: mod {name}"));
            }
        }
    }
    complaints
}

/// Files that hold more than one thing.
pub(super) fn too_long(sources: &[Source]) -> Vec<String> {
    sources
        .iter()
        .map(|source| (&source.path, source.text.lines().count()))
        .filter(|(_, lines)| *lines > LONGEST)
        .map(|(path, lines)| format!("{path} has {lines} lines; split it by the next noun"))
        .collect()
}

/// Promises.
pub(super) fn unfinished(sources: &[Source]) -> Vec<String> {
    let mut complaints = Vec::new();
    for Source { path, text } in sources {
        for (number, line) in (1..).zip(text.lines()) {
            if UNFINISHED.iter().any(|word| line.contains(word)) {
                complaints.push(format!("{path}:{number}: {}", line.trim()));
            }
        }
    }
    complaints
}

/// Code in `shared` that names the database library and is not the store.
pub(super) fn outside_the_store(sources: &[Source]) -> Vec<String> {
    let mut complaints = Vec::new();
    for Source { path, text } in sources {
        let in_store = path == "shared/src/store.rs" || path.starts_with("shared/src/store/");
        if !path.starts_with("shared/src/") || in_store {
            continue;
        }
        for (number, line) in (1..).zip(text.lines()) {
            if code(line).contains("sea_orm::") && !line.contains("\"sea_orm::") {
                complaints.push(format!("{path}:{number}: {}", line.trim()));
            }
        }
    }
    complaints
}

/// What the matching engine names outside `std` and itself. Its tests may also name what tests are built with.
pub(super) fn beyond_matching(sources: &[Source], worker: &Package) -> Vec<String> {
    let mut complaints = Vec::new();
    for Source { path, text } in sources {
        let Some(inside) = path.strip_prefix("worker/src/matching") else { continue };
        let Some(inside) = inside.strip_suffix(".rs").filter(|rest| rest.is_empty() || rest.starts_with('/')) else {
            continue;
        };
        let depth = inside.matches('/').count();
        let mut in_tests = inside.split(['/', '_']).any(|part| part == "tests");
        for (number, line) in (1..).zip(text.lines()) {
            in_tests |= line.trim_start().starts_with("#[cfg(test)]");
            for named in foreign(code(line), worker, depth, in_tests) {
                complaints.push(format!("{path}:{number}: {named}"));
            }
        }
    }
    complaints
}

fn foreign(code: &str, worker: &Package, depth: usize, in_tests: bool) -> Vec<String> {
    let mut found = Vec::new();
    let crates = worker.dependencies.iter().chain(worker.for_tests.iter().filter(|_| !in_tests));
    for name in crates.map(|name| name.replace('-', "_")) {
        let only_for_tests = in_tests && worker.for_tests.iter().any(|other| other.replace('-', "_") == name);
        if !only_for_tests && names(code, &format!("{name}::")) {
            found.push(name);
        }
    }
    for (_, rest) in code.match_indices("crate::").map(|(at, path)| code.split_at(at + path.len())) {
        if !rest.starts_with("matching") {
            let module: String = rest.chars().take_while(|letter| letter.is_alphanumeric() || *letter == '_').collect();
            found.push(format!("crate::{module}"));
        }
    }
    // One more level for an inline module of tests.
    let outside = "super::".repeat(depth + 1 + usize::from(in_tests));
    if code.contains(&outside) {
        found.push(outside);
    }
    found
}

/// Whether a path in the code begins with that crate, rather than with a longer word or in another module.
fn names(code: &str, start: &str) -> bool {
    code.match_indices(start).any(|(at, _)| {
        let before = code.split_at(at).0.chars().next_back();
        before.is_none_or(|letter| !letter.is_alphanumeric() && letter != '_' && letter != ':')
    })
}

/// A line without its comment.
fn code(line: &str) -> &str {
    line.split_once("//").map_or(line, |(code, _)| code)
}
