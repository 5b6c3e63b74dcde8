//! The deployment files are checked without Docker: docker-compose.yml against the Compose schema, then for everything
//! a schema cannot see, such as a service that waits for one that is not there.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a test stops at the first thing that is not as it should be"
)]

use std::{fs, path::Path};

use serde_json::Value;

use crate::support::process::Launch;

#[path = "compose/dockerfile.rs"]
mod dockerfile;
#[path = "compose/references.rs"]
mod references;
#[path = "compose/values.rs"]
mod values;

/// The schema of Docker Compose 2.40 (<https://github.com/compose-spec/compose-spec>, Apache-2.0).
const SCHEMA: &str = include_str!("fixtures/compose-spec.json");

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn compose_file() -> String {
    fs::read_to_string(root().join("docker-compose.yml")).unwrap()
}

/// Everything wrong with a compose file in `root`, given the environment names of all settings.
fn problems(root: &Path, yaml: &str, known_settings: &[String]) -> Vec<String> {
    let compose = match parse(yaml) {
        Ok(compose) => compose,
        Err(error) => return vec![error.to_string()],
    };
    let schema: Value = serde_json::from_str(SCHEMA).unwrap();
    let schema = jsonschema::draft7::new(&schema).unwrap();
    let mut problems: Vec<String> =
        schema.iter_errors(&compose).map(|error| format!("{}: {error}", error.instance_path())).collect();
    problems.extend(references::problems(root, &compose));
    problems.extend(values::problems(&compose, known_settings));
    problems
}

fn parse(yaml: &str) -> Result<Value, serde_yaml_ng::Error> {
    let mut compose: serde_yaml_ng::Value = serde_yaml_ng::from_str(yaml)?;
    compose.apply_merge()?;
    serde_yaml_ng::from_value(compose)
}

#[test]
fn the_compose_file_is_in_order() {
    let problems = problems(root(), &compose_file(), &shared::config::Config::known_settings());
    assert!(problems.is_empty(), "{problems:#?}");
}

#[test]
fn the_image_is_built_from_what_is_there() {
    let read = |file| fs::read_to_string(root().join(file)).unwrap();
    let problems = dockerfile::problems(
        root(),
        &read("Dockerfile"),
        &read(".dockerignore"),
        &shared::config::Config::known_settings(),
    );
    assert!(problems.is_empty(), "{problems:#?}");
}

#[tokio::test]
async fn the_binary_has_every_command_that_the_containers_run() {
    let compose = parse(&compose_file()).unwrap();
    let dockerfile = fs::read_to_string(root().join("Dockerfile")).unwrap();
    let mut commands = vec![dockerfile::health_check(&dockerfile).expect("a HEALTHCHECK in exec form").split_off(1)];
    for service in compose["services"].as_object().unwrap().values() {
        if let (Some(_), Some(command)) = (service.get("build"), service["command"].as_array()) {
            commands.push(command.iter().map(|word| word.as_str().unwrap().to_owned()).collect());
        }
    }
    assert!(commands.len() > 3, "{commands:?}");
    for command in commands {
        let (words, flags): (Vec<_>, Vec<_>) = {
            let first_flag = command.iter().position(|word| word.starts_with("--")).unwrap_or(command.len());
            let (words, rest) = command.split_at(first_flag);
            (words.to_vec(), rest.iter().filter(|word| word.starts_with("--")).collect())
        };
        let launch = words.iter().fold(Launch::new([]), |launch, word| launch.arg(word));
        let help = launch.arg("--help").run().await.successfully();
        assert!(flags.iter().all(|flag| help.contains(*flag)), "{command:?} has a flag that is not in\n{help}");
    }
}

/// A small file without faults, into which each test below puts one.
const SOUND: &str = r"
services:
  db:
    image: postgres:17
    environment: {POSTGRES_PASSWORD: '${POSTGRES_PASSWORD:?is not set}'}
    volumes: ['db:/var/lib/postgresql/data']
    healthcheck: {test: [CMD, pg_isready]}
  migrate:
    build: .
    command: [migrate]
    environment: {COUNTERPART_DATABASE__URL: 'postgres://db/x'}
    depends_on: {db: {condition: service_healthy}}
  api:
    build: .
    depends_on: {migrate: {condition: service_completed_successfully}}
volumes: {db: }
";

/// The problems after `from` became `to` in the sound file.
fn after(from: &str, to: &str) -> Vec<String> {
    assert!(SOUND.contains(from), "{from} is not in the sound file");
    let known = ["COUNTERPART_DATABASE__URL".to_owned()];
    assert_eq!(problems(root(), SOUND, &known), Vec::<String>::new());
    problems(root(), &SOUND.replace(from, to), &known)
}

#[track_caller]
fn refused(from: &str, to: &str, because: &str) {
    let problems = after(from, to);
    assert!(problems.iter().any(|problem| problem.contains(because)), "{because:?} is not among {problems:#?}");
}

#[test]
fn the_schema_refuses_what_compose_would() {
    refused("image: postgres:17", "imagee: postgres:17", "imagee");
    refused("{test: [CMD, pg_isready]}", "{test: {}}", "/services/db/healthcheck");
    refused("condition: service_healthy", "condition: service_ready", "/services/migrate/depends_on");
    refused("services:", "services: [", "expected");
}

#[test]
fn a_dangling_reference_is_refused() {
    refused("{db: {condition", "{database: {condition", "migrate depends on database, which is not a service");
    refused("volumes: {db: }", "", "db uses the volume db, which is not declared");
    refused("volumes: {db: }", "volumes: {db: , old: }", "the volume old is declared but not used");
    refused("command: [migrate]", "networks: [back]", "migrate uses the network back, which is not declared");
    refused("command: [migrate]", "secrets: [key]", "migrate uses the secret key, which is not declared");
    refused("command: [migrate]", "configs: [{source: key}]", "migrate uses the config key, which is not declared");
    refused("command: [migrate]", "volumes: ['./not-here:/x']", "migrate mounts ./not-here, which does not exist");
    refused("build: .\n    depends_on", "depends_on", "api has neither an image nor a build");
    refused("build: .\n    depends_on", "build: not-here\n    depends_on", "api is built from not-here/Dockerfile");
    refused("volumes: {db: }", "volumes: {db: }\nsecrets: {k: {file: ./none}}", "the secret k is read from ./none");
}

#[test]
fn a_wait_that_cannot_end_is_refused() {
    refused("    healthcheck: {test: [CMD, pg_isready]}\n", "", "db never becomes healthy");
    refused("{test: [CMD, pg_isready]}", "{disable: true}", "db never becomes healthy");
    refused("command: [migrate]", "restart: unless-stopped", "migrate never completes");
    refused("command: [migrate]", "profiles: [hand]", "api depends on migrate, which only some profiles start");
    refused("image: postgres:17", "image: postgres:17\n    depends_on: [api]", "wait for each other");
}

#[test]
fn a_wrong_value_is_refused() {
    refused("DATABASE__URL:", "DATABASE__URI:", "migrate sets COUNTERPART_DATABASE__URI, which is no setting");
    refused("postgres://db/x", "postgres://${HOST}/x", "${HOST} is empty when it is not set");
    refused("${POSTGRES_PASSWORD:?is not set}", "postgres", "db has a password in the file: POSTGRES_PASSWORD");
    refused("${POSTGRES_PASSWORD:?is not set}", "${P:-postgres}", "db has a password in the file: POSTGRES_PASSWORD");
}

#[test]
fn a_wrong_image_is_refused() {
    const SOUND: &str = "ARG D=1\nFROM rust:${D} AS build\nCOPY Cargo.toml Cargo.lock ./\nFROM debian\n\
        COPY --from=build /a /b\nUSER 1:1\nHEALTHCHECK --retries=3 \\\n  CMD [\"counterpart\", \"health\"]\n";
    let problems = |from: &str, to: &str, ignored: &str| {
        assert!(SOUND.contains(from), "{from}");
        dockerfile::problems(root(), &SOUND.replace(from, to), ignored, &[]).join("\n")
    };
    assert_eq!(problems("ARG", "ARG", "target\n*.md\n"), "");
    assert_eq!(dockerfile::health_check(SOUND).unwrap(), ["counterpart", "health"]);
    assert!(problems("Cargo.toml", "Cargo.tml", "").contains("COPY Cargo.tml: does not exist"));
    assert!(problems("ARG", "ARG", "*.toml").contains("Cargo.toml is kept from the build by .dockerignore"));
    assert!(problems("ARG", "ARG", "worker/").contains("worker is kept from the build by .dockerignore"));
    assert!(problems("--from=build", "--from=built", "").contains("COPY --from=built: no such stage"));
    assert!(problems("ARG D=1", "ARG D", "").contains("D has no default"));
    assert!(problems("USER 1:1", "USER root", "").contains("runs as root"));
    assert!(problems("HEALTHCHECK", "#", "").contains("no HEALTHCHECK"));
    assert!(problems("USER", "ENV COUNTERPART_X__Y=1\nUSER", "").contains("COUNTERPART_X__Y, which is no setting"));
}
