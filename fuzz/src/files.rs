//! Spreadsheets, rules and scores as `counterpart match` reads them, from bytes.

use std::fs;
use std::path::{Path, PathBuf};

use libfuzzer_sys::arbitrary::{Result, Unstructured};

/// Files whose lines are mostly made of pieces that mean something, else hardly any would be read to its end.
pub fn check(bytes: &[u8]) {
    let mut bytes = Unstructured::new(bytes);
    let Ok(files) = files(&mut bytes) else { return };
    // Files that are written over and over again are best kept in memory.
    let memory = Path::new("/dev/shm");
    let folder = if memory.is_dir() { memory.to_owned() } else { std::env::temp_dir() };
    let folder = folder.join(format!("counterpart-fuzz-{}", std::process::id()));
    fs::create_dir_all(&folder).expect("a folder");
    let write = |(name, text): (&str, Vec<u8>)| -> PathBuf {
        let path = folder.join(name);
        fs::write(&path, text).expect("a file");
        path
    };
    let [people, rules, edges, couples] = files.map(write);
    reading::check_rules(&people, &rules, &couples);
    reading::check_scores(&edges, &people);
    fs::remove_dir_all(&folder).expect("nobody else's folder");
}

fn files(bytes: &mut Unstructured<'_>) -> Result<[(&'static str, Vec<u8>); 4]> {
    // One run in four has somebody on either side.
    let roles: &[&str] = if bytes.ratio(1, 4)? { &["mentor", "Mentee "] } else { &["", "peer"] };
    let numbers: &[&str] = &["1", "", "2", "3", "0", "4294967295"];
    let people = [&["a", "b", "c", "d", "e", "f"], roles, numbers, numbers, TAGS, ZONES, AGES];
    let ids: [&[&str]; 2] = [&["a", "b", "c"], &["d", "e", "f", "new"]];
    Ok([
        ("people.csv", table("id,role,capacity,priority,tags,zone,age\n", &people, bytes)?),
        ("rules.toml", rules(bytes)?),
        ("edges.csv", table("a,b,score\n", &[ids[0], ids[1], SCORES], bytes)?),
        ("couples.csv", table("a,b\n", &ids, bytes)?),
    ])
}

const TAGS: &[&str] = &["", "de", "de;en", " en ;pt", ";", "\"pt\"", "en;en"];
const ZONES: &[&str] = &["", "Europe/Berlin", "+02:00", "-3", "UTC", "America/Sao_Paulo", "+0530", "x"];
const AGES: &[&str] = &["", "40", "-1", "2147483647", "-2147483648", "41", "x"];
const SCORES: &[&str] = &["0", "5", "-5", "700", "+1", "9223372036854775807", "1.5"];
const SETTINGS: &[&str] = &[
    "objective = \"score\"",
    "minimum_score = 300",
    "seed = \"spring\"",
    "pin = [[\"a\", \"b\"]]",
    "forbid = [[\"a\", \"c\"], [\"b\", \"d\"]]",
    "past_partners = [[\"a\", \"b\"], [\"a\", \"nobody\"]]",
    "past_partners_file = \"couples.csv\"",
];
const ENTRIES: &[&str] = &[
    "[[must]]\nrule = \"overlap\"\ncolumn = \"tags\"",
    "[[must]]\nrule = \"different\"\ncolumn = \"age\"",
    "[[prefer]]\nrule = \"same\"\ncolumn = \"zone\"",
    "[[prefer]]\nrule = \"within\"\ncolumn = \"age\"\nat_most = 10",
    "[[prefer]]\nrule = \"within\"\ncolumn = \"zone\"\nhours = 3",
    "[[prefer]]\nrule = \"offers\"\noffered = \"tags\"\nwanted = \"zone\"\nweight = 3",
];
const KEYS: &[&str] = &[
    "rule = \"offers\"",
    "column = \"tags\"",
    "offered = \"age\"",
    "wanted = \"id\"",
    "hours = 13",
    "at_most = -1",
    "wrap = 0",
    "wrap = 24",
    "weight = 10001",
];

/// A table: a header, and lines with a fitting cell for each column, most of the time.
fn table(header: &str, columns: &[&[&str]], bytes: &mut Unstructured<'_>) -> Result<Vec<u8>> {
    let mut text = piece(&[header], 32, bytes)?;
    for number in 0..bytes.int_in_range(0..=6)? {
        for (column, &cells) in columns.iter().enumerate() {
            let ids = column == 0 && bytes.ratio(15, 16)?;
            text.extend(if ids { cells[number % cells.len()].into() } else { piece(cells, 64, bytes)? });
            text.extend(if column + 1 < columns.len() { "," } else { "" }.as_bytes());
        }
        text.extend(piece(&["\n", "\n", "\n", "\r\n", "\n,,\n"], 64, bytes)?);
    }
    Ok(text)
}

/// Rules: settings, then entries, and now and then a key that belongs elsewhere.
fn rules(bytes: &mut Unstructured<'_>) -> Result<Vec<u8>> {
    let mut text = Vec::new();
    for (pieces, most) in [(SETTINGS, 3), (ENTRIES, 4)] {
        for _ in 0..bytes.int_in_range(0..=most)? {
            text.extend(piece(pieces, 64, bytes)?);
            text.push(b'\n');
            if bytes.ratio(1, 16)? {
                text.extend(piece(KEYS, 8, bytes)?);
                text.push(b'\n');
            }
        }
    }
    Ok(text)
}

/// One of these pieces, or once in a while any bytes.
fn piece(pieces: &[&str], once_in: u8, bytes: &mut Unstructured<'_>) -> Result<Vec<u8>> {
    if bytes.ratio(1, once_in)? {
        let length = bytes.int_in_range(0..=12)?;
        return Ok(bytes.bytes(length.min(bytes.len()))?.to_vec());
    }
    Ok(bytes.choose(pieces)?.as_bytes().to_vec())
}

/// The readers, whole, and what the commands do with what they read.
#[path = "../../src/cli/matching"]
#[allow(dead_code)]
mod reading {
    use std::path::Path;

    use serde::Deserialize;

    use self::couples::{Found, Strangers};
    use self::edges::Edges;
    use self::people::{Form, People};
    use self::problems::Problems;
    use self::rules::Rules;
    use crate::matching::{
        Bar, Barred, Fault, Input, Kind, Objective, Person, Role, Scored, ScoredPerson, plan, plan_scored,
    };

    mod answers;
    mod couples;
    mod edges;
    mod people;
    mod problems;
    mod rules;
    mod table;

    #[derive(Clone, Copy, Debug, Default, Deserialize)]
    #[serde(rename_all = "lowercase")]
    enum Goal {
        #[default]
        Participation,
        Score,
    }

    impl From<Goal> for Objective {
        fn from(goal: Goal) -> Self {
            match goal {
                Goal::Participation => Self::Participation,
                Goal::Score => Self::Score,
            }
        }
    }

    /// Whatever the readers accept, the engine plans, as long as its numbers hold it.
    fn accepted<T>(planned: Result<T, Fault>) {
        if let Err(fault) = planned {
            assert!(matches!(fault, Fault::TooLarge | Fault::ScoresTooLarge), "{fault}");
        }
    }

    pub fn check_rules(people: &Path, rules: &Path, past: &Path) {
        let (mut in_people, mut in_rules, mut in_past) =
            (Problems::new(people), Problems::new(rules), Problems::new(past));
        let people = People::read(people, Form { answers: true, top_priority: u16::MAX.into() }, &mut in_people);
        let rules = Rules::read(rules, &mut in_rules);
        if problems::none([&mut in_people, &mut in_rules]).is_err() {
            return;
        }
        let rules = rules.expect("rules without problems");
        let sides = people.list.iter().filter(|person| matches!(person.role, Some(Role::Mentor | Role::Mentee)));
        let kind = match sides.count() {
            0 => Kind::Peer,
            all if all == people.list.len() => Kind::Mentoring,
            // Some have a side and some do not: refused.
            _ => return,
        };
        let (features, values) = answers::read(&people, &rules.answers, 2026, &mut in_people, &mut in_rules);
        let pins = couples::find(&rules.pins, &people, Strangers::Refused, &mut in_rules).0;
        let forbidden = couples::find(&rules.forbidden, &people, Strangers::Refused, &mut in_rules).0;
        let mut former = couples::find(&rules.past, &people, Strangers::Skipped, &mut in_rules).0;
        let more = couples::read(past, &mut in_past);
        former.extend(couples::find(&more, &people, Strangers::Skipped, &mut in_past).0);
        couples::check_pins(&pins, &forbidden, &people, &mut in_rules);
        if problems::none([&mut in_people, &mut in_rules, &mut in_past]).is_err() {
            return;
        }
        for tags in features.iter().flatten() {
            if let crate::matching::Feature::Tags(tags) = tags {
                assert_eq!(values.spell(tags).len(), tags.len());
            }
        }
        let bars = |pairs: Vec<Found>, why| pairs.into_iter().map(move |Found { a, b, .. }| Barred { a, b, why });
        let everybody = (0..).zip(&people.list).zip(features).map(|((id, person), features)| Person {
            id,
            role: person.role.unwrap_or(Role::Peer),
            capacity: person.capacity,
            taken: 0,
            priority: u16::try_from(person.priority).expect("within the form"),
            features,
        });
        accepted(plan(&Input {
            kind,
            objective: rules.objective,
            people: everybody.collect(),
            criteria: rules.criteria,
            minimum_score: rules.minimum_score,
            pins: pins.iter().map(|pin| (pin.a, pin.b)).collect(),
            barred: bars(forbidden, Bar::Forbidden).chain(bars(former, Bar::PastPartner)).collect(),
            seed: rules.seed,
        }));
    }

    pub fn check_scores(path: &Path, people: &Path) {
        for kind in [Kind::Peer, Kind::Mentoring] {
            for form in [None, Some(Form { answers: true, top_priority: u32::MAX })] {
                let (mut in_edges, mut in_people) = (Problems::new(path), Problems::new(people));
                let people = form.map(|form| People::read(people, form, &mut in_people)).unwrap_or_default();
                let other_kind = |role| (role == Role::Peer) != (kind == Kind::Peer);
                if people.list.iter().any(|person| person.role.is_some_and(other_kind)) {
                    continue;
                }
                if problems::none([&mut in_people]).is_err() {
                    continue;
                }
                let Edges { people, pairs } = Edges::read(path, kind, &people, &mut in_edges);
                if problems::none([&mut in_edges]).is_err() {
                    continue;
                }
                let everybody = (0..).zip(&people).map(|(id, somebody)| ScoredPerson {
                    id,
                    role: somebody.role,
                    capacity: somebody.capacity,
                    priority: somebody.priority,
                });
                let people = everybody.collect();
                let objective = Objective::Participation;
                accepted(plan_scored(&Scored { kind, objective, people, pairs, seed: 0 }));
            }
        }
    }
}
