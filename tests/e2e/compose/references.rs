//! What a compose file refers to must be there, and what it waits for must be able to happen.

use std::{collections::BTreeSet, path::Path};

use serde_json::{Map, Value};

/// Everything that is referred to and missing, or declared and unused.
pub(super) fn problems(root: &Path, compose: &Value) -> Vec<String> {
    let empty = Map::new();
    let services = compose["services"].as_object().unwrap_or(&empty);
    let mut problems = Vec::new();
    for (name, service) in services {
        problems.extend(waiting(name, service, services));
        problems.extend(origin(root, name, service));
        problems.extend(mounts(root, service).into_iter().map(|problem| format!("{name} mounts {problem}")));
    }
    for (kind, plural) in [("volume", "volumes"), ("network", "networks"), ("secret", "secrets"), ("config", "configs")]
    {
        problems.extend(declared(root, compose, services, kind, plural));
    }
    problems
}

/// `depends_on`: the service must exist, start in the same profiles, and reach the state that is waited for.
fn waiting(name: &str, service: &Value, services: &Map<String, Value>) -> Vec<String> {
    let mut problems = Vec::new();
    for (target, condition) in dependencies(service) {
        let Some(other) = services.get(&target) else {
            problems.push(format!("{name} depends on {target}, which is not a service"));
            continue;
        };
        let (ours, theirs) = (strings(&service["profiles"]), strings(&other["profiles"]));
        let also_started = !ours.is_empty() && ours.iter().all(|profile| theirs.contains(profile));
        if !theirs.is_empty() && !also_started {
            problems.push(format!("{name} depends on {target}, which only some profiles start"));
        }
        let check = &other["healthcheck"];
        if condition == "service_healthy" && (check["test"].is_null() || check["disable"] == true) {
            problems.push(format!("{name} waits, but {target} never becomes healthy: it has no health check here"));
        }
        let restarts = other["restart"].as_str().unwrap_or("no");
        if condition == "service_completed_successfully" && matches!(restarts, "always" | "unless-stopped") {
            problems.push(format!("{name} waits, but {target} never completes: it is restarted {restarts}"));
        }
    }
    let mut reached = BTreeSet::new();
    let mut ahead: Vec<String> = dependencies(service).into_iter().map(|(target, _)| target).collect();
    while let Some(next) = ahead.pop() {
        if next == name {
            problems.push(format!("{name} and what it depends on wait for each other"));
            break;
        }
        if reached.insert(next.clone()) {
            let other = services.get(&next).unwrap_or(&Value::Null);
            ahead.extend(dependencies(other).into_iter().map(|(target, _)| target));
        }
    }
    problems
}

/// Target and condition of each dependency, in either form.
fn dependencies(service: &Value) -> Vec<(String, String)> {
    let targets = &service["depends_on"];
    let Some(targets) = targets.as_object() else {
        return strings(targets).into_iter().map(|target| (target, "service_started".to_owned())).collect();
    };
    let condition = |rule: &Value| rule["condition"].as_str().unwrap_or_default().to_owned();
    targets.iter().map(|(target, rule)| (target.clone(), condition(rule))).collect()
}

/// The image to run, or the folder and Dockerfile to build it from.
fn origin(root: &Path, name: &str, service: &Value) -> Option<String> {
    let build = &service["build"];
    if build.is_null() {
        return service["image"].is_null().then(|| format!("{name} has neither an image nor a build"));
    }
    let context = build.as_str().or(build["context"].as_str()).unwrap_or(".");
    let file = format!("{context}/{}", build["dockerfile"].as_str().unwrap_or("Dockerfile"));
    (!root.join(&file).is_file()).then(|| format!("{name} is built from {file}, which does not exist"))
}

/// Folders and files of this repository that are mounted but not there.
fn mounts(root: &Path, service: &Value) -> Vec<String> {
    sources(service, "volumes")
        .into_iter()
        .filter(|source| source.starts_with('.') && !root.join(source).exists())
        .map(|source| format!("{source}, which does not exist"))
        .collect()
}

/// One kind of thing that services use by name: each must be declared, and each declared one used.
fn declared(root: &Path, compose: &Value, services: &Map<String, Value>, kind: &str, plural: &str) -> Vec<String> {
    let empty = Map::new();
    let declared = compose[plural].as_object().unwrap_or(&empty);
    let mut problems = Vec::new();
    let mut used = BTreeSet::from(["default".to_owned()]);
    for (name, service) in services {
        for source in sources(service, plural).into_iter().filter(|source| !source.starts_with(['.', '/', '~'])) {
            if !declared.contains_key(&source) && source != "default" {
                problems.push(format!("{name} uses the {kind} {source}, which is not declared"));
            }
            used.insert(source);
        }
    }
    for (name, declaration) in declared {
        if !used.contains(name) {
            problems.push(format!("the {kind} {name} is declared but not used"));
        }
        if let Some(file) = declaration["file"].as_str().filter(|file| !root.join(file).exists()) {
            problems.push(format!("the {kind} {name} is read from {file}, which does not exist"));
        }
    }
    problems
}

/// The sources in a service's `volumes`, `networks`, `secrets` or `configs`, in either form of each.
fn sources(service: &Value, plural: &str) -> Vec<String> {
    if let Some(by_name) = service[plural].as_object() {
        return by_name.keys().cloned().collect();
    }
    let source = |entry: &Value| match entry.as_str() {
        // With only a path in the container, a volume has no name.
        Some(short) if plural == "volumes" => short.split_once(':').map(|(source, _)| source.to_owned()),
        Some(name) => Some(name.to_owned()),
        None => entry["source"].as_str().map(str::to_owned),
    };
    service[plural].as_array().into_iter().flatten().filter_map(source).collect()
}

fn strings(list: &Value) -> Vec<String> {
    list.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}
