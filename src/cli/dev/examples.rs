//! Example queries for the explorer: documents per part in `examples`, with the ids of the actor's own things.

use std::collections::BTreeSet;

use api::{SampleQuery, graphql::global_id};
use serde_json::{Map, Value};
use shared::domain::programs::Kind;

use super::cast::{Actor, Cast, Part};

const ANYONE: &str = include_str!("examples/anyone.graphql");
const PARTICIPANT: &str = include_str!("examples/participant.graphql");
const MENTORING: &str = include_str!("examples/mentoring.graphql");
const UNMATCHED: &str = include_str!("examples/unmatched.graphql");
const COORDINATOR: &str = include_str!("examples/coordinator.graphql");
const COUNTRY_COORDINATOR: &str = include_str!("examples/country_coordinator.graphql");
const ADMINISTRATOR: &str = include_str!("examples/administrator.graphql");

/// The examples of every part in the cast, in its order.
pub(super) fn all(cast: &Cast) -> Vec<SampleQuery> {
    let mut roles = BTreeSet::new();
    cast.actors.iter().filter(|actor| roles.insert(actor.role())).flat_map(of).collect()
}

/// The examples of one actor.
fn of(actor: &Actor) -> Vec<SampleQuery> {
    let documents = match actor.part {
        Part::Matched if actor.kind == Some(Kind::Peer) => PARTICIPANT,
        Part::Matched | Part::Mentor => MENTORING,
        Part::Unmatched => UNMATCHED,
        Part::Coordinator => COORDINATOR,
        Part::CountryCoordinator => COUNTRY_COORDINATOR,
        Part::Administrator => ADMINISTRATOR,
    };
    let examples = [documents, ANYONE].into_iter().flat_map(titled);
    let query = |(title, query): (&str, &str)| {
        let variables = variables(query, actor)?;
        let (title, query) = (title.to_owned(), query.to_owned());
        Some(SampleQuery { title, role: actor.role().to_owned(), query, variables })
    };
    examples.filter_map(query).collect()
}

/// Splits a file into its documents, each below a line `# Title`.
fn titled(file: &'static str) -> impl Iterator<Item = (&'static str, &'static str)> {
    file.split("# ").filter_map(|part| part.split_once('\n')).map(|(title, document)| (title, document.trim_end()))
}

/// The ids that a document asks for; `None` when the actor has no such thing.
fn variables(document: &str, actor: &Actor) -> Option<Value> {
    let things = &actor.things;
    let known = [
        ("programId", "Program", things.program),
        ("roundId", "Round", things.round),
        ("enrollmentId", "Enrollment", things.enrollment),
        ("matchId", "Match", things.pair),
        ("personId", "Person", Some(actor.person.id)),
        ("someoneId", "Person", things.someone),
    ];
    let mut variables = Map::new();
    for (name, kind, id) in known {
        if document.contains(&format!("${name}:")) {
            variables.insert(name.to_owned(), global_id(kind, id?)?.into());
        }
    }
    Some(Value::Object(variables))
}

#[cfg(test)]
mod tests;
