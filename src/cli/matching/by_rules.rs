//! Planning from a spreadsheet and rules.

use std::{
    path::{Path, PathBuf},
    time::Instant,
};

use chrono::Datelike;
use shared::clock::Clock;
use worker::matching::{self, Bar, Barred, Feature, Input, Kind, Pair, Plan, Role, Rule, Strength};

use super::{
    Outputs,
    answers::{self, Values},
    couples::{self, Found, Strangers},
    files::Target,
    people::{Form, People, Person},
    problems::{self, Problems},
    report::{self, Contribution, Details, Match, Proof, Report, Unmatched},
    rules::{Couple, Rules},
    show, summary,
    words::{self, Words},
};
use crate::cli::{Failure, output, progress::Step};

/// Everything that was read.
struct Program {
    /// By index and by id, as the engine counts them.
    people: People,
    rules: Rules,
    values: Values,
    input: Input,
    /// Pairs of past partners who are not here any more.
    strangers: usize,
}

/// Plans and writes.
pub(super) fn run(people: &Path, rules: &Path, outputs: &Outputs) -> Result<(), Failure> {
    let step = Step::begin("Reading");
    let program = read(people, rules)?;
    drop(step);
    let step = Step::begin("Planning");
    let started = Instant::now();
    let planned = matching::plan_watched(&program.input, &|progress| show(&step, progress));
    let solve_seconds = started.elapsed().as_secs_f64();
    drop(step);
    let plan = planned.map_err(|fault| Failure::new(format!("nothing was written: {fault}")))?;
    let report = Report {
        kind: report::kind(program.input.kind),
        objective: report::objective(program.input.objective),
        people: program.people.list.len(),
        matched_people: plan.matched_people.into(),
        pairs: plan.pairs.len(),
        total_score: plan.total_score.into(),
        proof: Proof::from(&plan.certificate),
        solve_seconds,
        peak_rss_bytes: report::peak_memory(),
        details: Some(program.details(&plan)),
    };
    let pairs = plan.pairs.iter().map(|pair| {
        let (a, b) = program.sides(pair);
        (program.id(a), program.id(b), pair.score)
    });
    report::write(pairs.collect(), outputs, &report)?;
    let everybody = program.input.people.iter().map(|person| person.role);
    let sides = summary::sides(program.input.kind, everybody, plan.pairs.iter().map(|pair| (pair.a, pair.b)));
    output::line(summary::text(&report, sides, outputs.report.as_ref().map(Target::shown)));
    if program.strangers > 0 {
        let (count, s) = (program.strangers, if program.strangers == 1 { "" } else { "s" });
        let file = &program.people.file;
        output::line(format!("Skipped {count} pair{s} of past partners, with somebody who is not in {file}."));
    }
    outputs.tell();
    Ok(())
}

/// Reads everything, and checks what one file says about another.
fn read(people_path: &Path, rules_path: &Path) -> Result<Program, Failure> {
    let mut in_people = Problems::new(people_path);
    let mut in_rules = Problems::new(rules_path);
    let people = People::read(people_path, Form { answers: true, top_priority: u16::MAX.into() }, &mut in_people);
    let rules = Rules::read(rules_path, &mut in_rules);
    let kind = kind(&people, &mut in_people);
    problems::none([&mut in_people, &mut in_rules])?;
    let rules = rules.ok_or_else(|| Failure::new(format!("{} cannot be used", rules_path.display())))?;

    let year = Clock::system().now().year();
    let (features, values) = answers::read(&people, &rules.answers, year, &mut in_people, &mut in_rules);
    let mut files = Vec::new();
    let mut find = |couples: &[Couple], file: Option<&PathBuf>, strangers| {
        let (mut found, mut skipped) = couples::find(couples, &people, strangers, &mut in_rules);
        if let Some(file) = file {
            // A path in the rules means the same from wherever the command is run.
            let path = rules_path.parent().unwrap_or(Path::new("")).join(file);
            let mut problems = Problems::new(&path);
            let couples = couples::read(&path, &mut problems);
            let (more, more_skipped) = couples::find(&couples, &people, strangers, &mut problems);
            found.extend(more);
            skipped += more_skipped;
            files.push(problems);
        }
        (found, skipped)
    };
    let (pins, _) = find(&rules.pins, None, Strangers::Refused);
    let (forbidden, _) = find(&rules.forbidden, rules.forbidden_file.as_ref(), Strangers::Refused);
    let (past, strangers) = find(&rules.past, rules.past_file.as_ref(), Strangers::Skipped);
    couples::check_pins(&pins, &forbidden, &people, &mut in_rules);
    problems::none([&mut in_people, &mut in_rules].into_iter().chain(&mut files))?;

    let bars = |pairs: Vec<Found>, why| pairs.into_iter().map(move |Found { a, b, .. }| Barred { a, b, why });
    let input = Input {
        kind,
        objective: rules.objective,
        people: engine_people(&people, features, kind),
        criteria: rules.criteria.clone(),
        minimum_score: rules.minimum_score,
        pins: pins.iter().map(|pin| (pin.a, pin.b)).collect(),
        barred: bars(forbidden, Bar::Forbidden).chain(bars(past, Bar::PastPartner)).collect(),
        seed: rules.seed,
    };
    Ok(Program { people, rules, values, input, strangers })
}

/// What the roles say. In mentoring everybody has one.
fn kind(people: &People, problems: &mut Problems) -> Kind {
    let sided = |person: &&Person| matches!(person.role, Some(Role::Mentor | Role::Mentee));
    let Some(first) = people.list.iter().find(sided) else { return Kind::Peer };
    for person in people.list.iter().filter(|person| !sided(person)) {
        let is = if person.role.is_some() { "peer" } else { "empty" };
        let message = format!("{is}, but on line {} somebody is mentor or mentee: write mentor or mentee", first.line);
        problems.field(person.line, "role", message);
    }
    Kind::Mentoring
}

/// People as the engine takes them: their place by id is their index and their stable id.
fn engine_people(people: &People, features: Vec<Vec<Feature>>, kind: Kind) -> Vec<matching::Person> {
    let everybody = (0..).zip(&people.list).zip(features);
    let person = |((id, person), features): ((u128, &Person), _)| matching::Person {
        id,
        role: if kind == Kind::Peer { Role::Peer } else { person.role.unwrap_or(Role::Mentee) },
        capacity: person.capacity,
        taken: 0,
        priority: u16::try_from(person.priority).unwrap_or(u16::MAX),
        features,
    };
    everybody.map(person).collect()
}

impl Program {
    fn id(&self, person: usize) -> &str {
        self.people.list.get(person).map_or("?", |person| person.id.as_str())
    }

    /// The two as they are written: the mentee first, where the engine puts the mentor.
    fn sides(&self, pair: &Pair) -> (usize, usize) {
        self.turned(pair.a, pair.b)
    }

    /// What belongs to the engine's `a` and `b`, in the order of what is written.
    fn turned<T>(&self, a: T, b: T) -> (T, T) {
        match self.input.kind {
            Kind::Peer => (a, b),
            Kind::Mentoring => (b, a),
        }
    }

    fn details(&self, plan: &Plan) -> Details<'_> {
        let words = Words { labels: &self.rules.labels };
        let mut matches: Vec<Match<'_>> = plan.pairs.iter().map(|pair| self.explained(pair, words)).collect();
        matches.sort_unstable_by_key(|pair| (pair.a, pair.b));
        let unmatched = plan.non_matches.iter().map(|found| Unmatched {
            id: self.id(found.person),
            reason: words::code(found.reason),
            considered: found.considered,
            removals: words.removals(found),
            relaxation: words.remedy(found),
            text: words.sentence(found, &self.unanswered(found.person)),
        });
        Details {
            histogram: plan.histogram,
            blocking_pairs: plan.blocking_pairs,
            unmatched: unmatched.collect(),
            matches,
        }
    }

    fn explained<'a>(&'a self, pair: &Pair, words: Words<'a>) -> Match<'a> {
        let contributions = pair.contributions.iter().map(|found| {
            let (value_a, value_b) = self.turned(found.value_a, found.value_b);
            let (offered_by_a, offered_by_b) =
                self.turned(self.values.spell(&found.by_a), self.values.spell(&found.by_b));
            Contribution {
                rule: words.label(found.criterion),
                must: found.must,
                points: found.points,
                out_of: found.out_of,
                value_a,
                value_b,
                shared: self.values.spell(&found.shared),
                offered_by_a,
                offered_by_b,
                apart: found.apart,
            }
        });
        let (a, b) = self.sides(pair);
        Match {
            a: self.id(a),
            b: self.id(b),
            score: pair.score,
            pinned: pair.pinned,
            contributions: contributions.collect(),
        }
    }

    /// The columns that a must compares and where somebody's cell is empty. Whoever wants nothing breaks no rule.
    fn unanswered(&self, person: usize) -> Vec<&str> {
        let musts = self.input.criteria.iter().filter(|criterion| criterion.strength == Strength::Must);
        let features = musts.filter_map(|criterion| match criterion.rule {
            Rule::Same { feature }
            | Rule::Different { feature }
            | Rule::Overlap { feature }
            | Rule::Within { feature, .. } => Some(feature),
            Rule::Offers { .. } => None,
        });
        let empty = |feature: &usize| match self.input.people[person].features.get(*feature) {
            Some(Feature::Tags(tags)) => tags.is_empty(),
            Some(Feature::Number(_)) => false,
            Some(Feature::Missing) | None => true,
        };
        let mut columns: Vec<&str> =
            features.filter(empty).map(|feature| self.rules.answers[feature].column.as_str()).collect();
        columns.dedup();
        columns
    }
}
