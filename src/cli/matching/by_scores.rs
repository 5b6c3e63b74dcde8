//! Planning from scores that somebody else worked out.

use std::{path::Path, time::Instant};

use worker::matching::{self, Kind, Objective, Role, Scored, ScoredPerson};

use super::{
    Outputs,
    edges::{Edges, Somebody},
    files::Target,
    people::{Form, People},
    problems::{self, Problems},
    report::{self, Proof, Report},
    show, summary,
};
use crate::cli::{Failure, output, progress::Step};

/// Plans and writes.
pub(super) fn run(
    edges: &Path,
    people: Option<&Path>,
    kind: Kind,
    objective: Objective,
    outputs: &Outputs,
) -> Result<(), Failure> {
    let step = Step::begin("Reading");
    let Edges { people, pairs } = read(edges, people, kind)?;
    drop(step);
    let scored_person = |(id, somebody): (u128, &Somebody)| ScoredPerson {
        id,
        role: somebody.role,
        capacity: somebody.capacity,
        priority: somebody.priority,
    };
    let scored = Scored { kind, objective, people: (0..).zip(&people).map(scored_person).collect(), pairs, seed: 0 };
    let step = Step::begin("Planning");
    let started = Instant::now();
    let planned = matching::plan_scored_watched(&scored, &|progress| show(&step, progress));
    let solve_seconds = started.elapsed().as_secs_f64();
    drop(step);
    let plan = planned.map_err(|fault| Failure::new(format!("nothing was written: {fault}")))?;
    let report = Report {
        kind: report::kind(kind),
        objective: report::objective(objective),
        people: people.len(),
        matched_people: plan.matched_people,
        pairs: plan.pairs.len(),
        total_score: plan.total_score,
        proof: Proof::from(&plan.certificate),
        solve_seconds,
        peak_rss_bytes: report::peak_memory(),
        details: None,
    };
    let id = |person: usize| people.get(person).map_or("?", |person| person.id.as_str());
    let pairs = plan.pairs.iter().map(|&(a, b, score)| match kind {
        Kind::Peer => (id(a), id(b), score),
        // The engine puts the mentor first.
        Kind::Mentoring => (id(b), id(a), score),
    });
    report::write(pairs.collect(), outputs, &report)?;
    let roles = people.iter().map(|person| person.role);
    let sides = summary::sides(kind, roles, plan.pairs.iter().map(|&(a, b, _)| (a, b)));
    output::line(summary::text(&report, sides, outputs.report.as_ref().map(Target::shown)));
    outputs.tell();
    Ok(())
}

/// Reads everything, and checks what one file says about another.
fn read(edges: &Path, people: Option<&Path>, kind: Kind) -> Result<Edges, Failure> {
    let mut in_edges = Problems::new(edges);
    let mut in_people = Problems::new(people.unwrap_or(Path::new("")));
    let form = Form { answers: false, top_priority: u32::MAX };
    let people = people.map(|people| People::read(people, form, &mut in_people)).unwrap_or_default();
    let other_kind = |role| (role == Role::Peer) != (kind == Kind::Peer);
    for person in people.list.iter().filter(|person| person.role.is_some_and(other_kind)) {
        let message = match kind {
            Kind::Peer => "with --kind peer everybody is a peer: write peer, or nothing",
            Kind::Mentoring => "with --kind mentoring nobody is a peer: write mentor or mentee, or nothing",
        };
        in_people.field(person.line, "role", message);
    }
    problems::none([&mut in_people])?;
    let edges = Edges::read(edges, kind, &people, &mut in_edges);
    problems::none([&mut in_edges])?;
    Ok(edges)
}
