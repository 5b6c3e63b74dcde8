//! Which package may depend on what.

use std::{collections::BTreeMap, path::Path, process::Command};

use serde_json::Value;

/// What the rules need to know of a package.
#[derive(Clone, Default)]
pub(super) struct Package {
    /// What the product is built with.
    pub(super) dependencies: Vec<String>,
    /// What only its tests are built with.
    pub(super) for_tests: Vec<String>,
    /// Names of its targets, by kind.
    pub(super) targets: BTreeMap<String, Vec<String>>,
}

/// A library that only some packages may depend on.
const RESERVED: [(&str, &[&str]); 6] = [
    ("sea-orm", &["shared"]),
    ("sea-orm-migration", &["migrations"]),
    ("lettre", &["worker"]),
    ("minijinja", &["worker"]),
    ("async-graphql", &["api"]),
    ("actix-web", &["api"]),
];
/// Which packages of ours a package may depend on; the root package may depend on all.
const OURS: [(&str, &[&str]); 4] =
    [("api", &["shared"]), ("worker", &["shared"]), ("shared", &[]), ("migrations", &[])];

/// The packages of the workspace, by name, as Cargo understands their manifests.
pub(super) fn read(root: &Path) -> BTreeMap<String, Package> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--offline", "--format-version", "1"])
        .current_dir(root)
        .output()
        .expect("cargo metadata");
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("the packages of the workspace");
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let name = |value: &Value| value["name"].as_str().expect("a name").to_owned();
    let mut packages = BTreeMap::new();
    for found in list(&metadata["packages"]) {
        let mut package = Package::default();
        for dependency in list(&found["dependencies"]) {
            if dependency["kind"] == "dev" {
                package.for_tests.push(name(&dependency));
            } else {
                package.dependencies.push(name(&dependency));
            }
        }
        for target in list(&found["targets"]) {
            for kind in list(&target["kind"]) {
                let kind = kind.as_str().expect("a kind").to_owned();
                package.targets.entry(kind).or_default().push(name(&target));
            }
        }
        packages.insert(name(&found), package);
    }
    packages
}

/// Every dependency that is not where it belongs.
pub(super) fn misplaced(packages: &BTreeMap<String, Package>) -> Vec<String> {
    let mut complaints = Vec::new();
    for (name, package) in packages {
        let allowed = OURS.iter().find(|(ours, _)| ours == name).map(|(_, allowed)| *allowed);
        for dependency in &package.dependencies {
            let reserved = RESERVED.iter().find(|(reserved, _)| reserved == dependency);
            let for_others = reserved.is_some_and(|(_, packages)| !packages.contains(&name.as_str()));
            let not_below = packages.contains_key(dependency)
                && allowed.is_some_and(|allowed| !allowed.contains(&dependency.as_str()));
            if for_others || not_below {
                complaints.push(format!("{name} depends on {dependency}"));
            }
        }
    }
    complaints
}
