//! `counterpart match`: what it makes of good files, and what it says about bad ones.

use std::{fs, path::Path};

use serde_json::Value;

use crate::support::process::{Finished, Launch};

mod refusals;

/// A run that has ended: what it said, and what it left in its folder.
struct Run {
    finished: Finished,
    pairs: Option<String>,
    report: Option<Value>,
    left: Vec<String>,
}

/// Runs `counterpart match` with these arguments in a folder with these files.
async fn run(files: &[(&str, &[u8])], arguments: &str) -> Run {
    let launch = arguments.split_whitespace().fold(Launch::new(["match"]), Launch::arg);
    for (name, content) in files {
        let path = launch.folder().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
    let mut process = launch.start().await;
    let status = process.wait().await;
    let read = |name: &str| fs::read_to_string(process.folder().join(name)).ok();
    let report = read("report.json").map(|text| serde_json::from_str(&text).unwrap());
    let given = |name: &str| files.iter().any(|(file, _)| file.split('/').next() == Some(name));
    let mut left: Vec<String> = fs::read_dir(process.folder())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name != "stdout" && name != "stderr" && !given(name))
        .collect();
    left.sort();
    let finished = Finished { status, stdout: process.stdout(), stderr: process.stderr() };
    Run { pairs: read("pairs.csv"), report, left, finished }
}

impl Run {
    /// The pairs, without what differs from run to run in the report.
    fn outcome(self) -> (String, Value) {
        assert!(self.finished.status.success(), "{:#?}", self.finished);
        assert_eq!(self.left, ["pairs.csv", "report.json"]);
        let mut report = self.report.unwrap();
        for field in ["solve_seconds", "peak_rss_bytes"] {
            let took = report.as_object_mut().unwrap().remove(field).unwrap();
            assert!(took.is_number() || (field == "peak_rss_bytes" && took.is_null()), "{field}: {took}");
        }
        assert_eq!(report["certified"], true);
        assert_eq!(report["primal_value"], report["dual_value"]);
        assert!(report["dual_value"].is_number());
        (self.pairs.unwrap(), report)
    }
}

const BOTH: &str = "--out pairs.csv --report report.json";

async fn by_rules(people: &str, rules: &str) -> (String, Value) {
    let files = [("people.csv", people.as_bytes()), ("rules.toml", rules.as_bytes())];
    run(&files, &format!("--people people.csv --rules rules.toml {BOTH}")).await.outcome()
}

async fn by_scores(edges: &str, people: Option<&str>, arguments: &str) -> (String, Value) {
    let mut files = vec![("edges.csv", edges.as_bytes())];
    files.extend(people.map(|people| ("people.csv", people.as_bytes())));
    let people = if people.is_some() { "--people people.csv" } else { "" };
    run(&files, &format!("--edges edges.csv {people} {arguments} {BOTH}")).await.outcome()
}

/// The commands of the README do what the README says.
#[tokio::test]
async fn the_readme_is_true() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = fs::read_to_string(root.join("README.md")).unwrap();
    let examples = ["people.csv", "rules.toml", "edges.csv"].map(|name| format!("examples/matching/{name}"));
    let contents = examples.each_ref().map(|name| fs::read(root.join(name)).unwrap());
    let files: Vec<(&str, &[u8])> =
        examples.iter().map(String::as_str).zip(contents.iter().map(Vec::as_slice)).collect();
    let commands: Vec<&str> = readme.lines().filter_map(|line| line.strip_prefix("counterpart match --")).collect();
    assert_eq!(commands.len(), 2);
    for command in commands {
        let run = run(&files, &format!("--{command}")).await;
        let shown = run.finished.stdout.clone();
        let (pairs, report) = run.outcome();
        if command.starts_with("people") {
            assert!(readme.contains(&format!("```text\n{shown}```")), "{shown}");
            assert_eq!(report["unmatched"][1]["reason"], "LOST_ON_PRIORITY");
        } else {
            assert_eq!(pairs, "a,b,score\nfinn,cem,740\ngita,ada,810\nhugo,dora,520\nkofi,ben,900\nlena,eva,700\n");
            assert_eq!(report["total_score"], 3670);
        }
    }
    // What it shows of the files is in them.
    for (block, file) in [("```csv\n", 0), ("```toml\n", 1)] {
        let shown = readme.split_once(block).unwrap().1.split_once("```").unwrap().0;
        let file = String::from_utf8(contents[file].clone()).unwrap();
        assert!(shown.lines().all(|line| file.contains(line)), "{shown}");
    }
}

#[tokio::test]
async fn peers_of_a_spreadsheet() {
    let people = "\u{feff}ID,Name,country,languages,priority\r\n\
                  dee,Dee,BR,pt;en,\r\n\
                  \" ana \",Ana,DE, en ; de;;en,\r\n\
                  ben,\"Ben, the first\",DE,en;de,\r\n\
                  cem,Cem,TR,,9\r\n\
                  ,,,,\r\n";
    let rules = "[[must]]\nrule = 'different'\ncolumn = 'country'\n\
                 [[prefer]]\nrule = 'overlap'\ncolumn = 'languages'\n\
                 [[prefer]]\nrule = 'same'\ncolumn = 'languages'\n";
    let (pairs, report) = by_rules(people, rules).await;
    // Everybody is matched first, and only then the score counts.
    assert_eq!(report["matched_people"], 4);
    assert_eq!((&report["kind"], &report["objective"]), (&"peer".into(), &"participation".into()));
    assert_eq!(pairs.lines().count(), 3);
    let explained = report["matches"].as_array().unwrap().iter().find(|pair| pair["b"] == "dee").unwrap();
    assert_eq!(explained["contributions"][1]["shared"], serde_json::json!(["en"]), "{explained:#}");
    assert_eq!(explained["contributions"][0]["rule"], "different country");

    let (pairs, report) = by_rules(people, &format!("minimum_score = 1\nseed = 'x'\n{rules}")).await;
    assert_eq!(pairs.lines().count(), 2, "nobody has a language in common with Cem: {pairs}");
    let unmatched = report["unmatched"].as_array().unwrap();
    let cem = unmatched.iter().find(|person| person["id"] == "cem").unwrap();
    assert_eq!(cem["reason"], "BELOW_MIN_SCORE");
    assert_eq!(cem["removals"], serde_json::json!([{ "rule": "minimum_score", "count": 3 }]));
}

#[tokio::test]
async fn mentors_and_mentees_of_a_spreadsheet() {
    let people = "id,role,capacity,knows,topics,zone\n\
                  1,MENTOR,2,law;data,,+01:00\n\
                  2,mentor,,tea,,Europe/Berlin\n\
                  3,mentee,,,data,UTC+3\n\
                  4,mentee,,,data;tea,-02:00\n\
                  5,mentee,0,,,\n";
    let rules = "pin = [['4', '2']]\n\
                 [[must]]\nrule = 'offers'\noffered = 'knows'\nwanted = 'topics'\n\
                 [[prefer]]\nrule = 'within'\ncolumn = 'zone'\nhours = 3\n";
    let (pairs, report) = by_rules(people, rules).await;
    assert_eq!(pairs, "a,b,score\n3,1,337\n4,2,5\n", "the mentee is first");
    assert_eq!((&report["kind"], &report["people"]), (&"mentoring".into(), &5.into()));
    let [first, second] = [0, 1].map(|at| &report["matches"][at]);
    assert_eq!((&first["pinned"], &second["pinned"]), (&Value::Null, &true.into()));
    let offered = &first["contributions"][0];
    assert_eq!((&offered["offered_by_b"], &offered["offered_by_a"]), (&serde_json::json!(["data"]), &Value::Null));
    assert_eq!((&offered["value_a"], &offered["value_b"]), (&1000.into(), &500.into()));
    assert_eq!(first["contributions"][1]["apart"], 120, "in minutes");
    assert_eq!(report["unmatched"], serde_json::json!([]));
}

#[tokio::test]
async fn settled_pairs_come_from_the_rules_and_from_files_beside_them() {
    let rules = "past_partners = [['a', 'b'], ['a', 'gone']]\nforbid_file = 'more/forbid.csv'\n";
    let files: [(&str, &[u8]); 3] = [
        ("people.csv", b"id\na\nb\nc\nd\n"),
        ("set/rules.toml", rules.as_bytes()),
        ("set/more/forbid.csv", b"a,b\nd,a\nc,d\nc,d\n"),
    ];
    let run = run(&files, &format!("--people people.csv --rules set/rules.toml {BOTH}")).await;
    assert!(run.finished.stdout.contains("Skipped 1 pair of past partners"), "{}", run.finished.stdout);
    assert_eq!(run.outcome().0, "a,b,score\na,c,500\nb,d,500\n");
}

#[tokio::test]
async fn scores_of_ones_own() {
    let edges = "a,b,score\n\
                 b,a,10\nb,c,25\nc,d,10\n\
                 x,y,-5\n";
    let (pairs, report) = by_scores(edges, None, "--kind peer").await;
    assert_eq!(pairs, "a,b,score\na,b,10\nc,d,10\nx,y,-5\n");
    assert_eq!(
        (&report["total_score"], &report["matched_people"], &report["pairs"]),
        (&15.into(), &6.into(), &3.into())
    );
    let (pairs, report) = by_scores(edges, None, "--kind peer --objective score").await;
    assert_eq!(pairs, "a,b,score\nb,c,25\n");
    assert_eq!((&report["objective"], &report["total_score"]), (&"score".into(), &25.into()));

    let people = "id,role,capacity,priority\nmia,mentor,2,\nzoe,mentee,,9\nleo,mentee,,1\nidle,,,\n";
    let edges = "a,b,score\nzoe,mia,1\nleo,mia,7\nyan,mia,9\n";
    let (pairs, report) = by_scores(edges, Some(people), "--kind mentoring").await;
    assert_eq!(pairs, "a,b,score\nyan,mia,9\nzoe,mia,1\n", "priority comes before score");
    assert_eq!(report["people"], 5);
    let (pairs, _) = by_scores("a,b,score\n1,2,3\n", Some("id,capacity\n1,0\n"), "--kind peer").await;
    assert_eq!(pairs, "a,b,score\n");
}

#[tokio::test]
async fn nothing_in_nothing_out() {
    let (pairs, report) = by_rules("id,role\n", "").await;
    assert_eq!((pairs.as_str(), &report["pairs"]), ("a,b,score\n", &0.into()));
    let (pairs, report) = by_scores("a,b,score\n", None, "--kind mentoring").await;
    assert_eq!((pairs.as_str(), &report["people"]), ("a,b,score\n", &0.into()));
}

/// The same lines in another order, from a small generator of numbers.
fn shuffled(csv: &str) -> String {
    let (header, rest) = csv.split_once('\n').unwrap();
    let mut lines: Vec<&str> = rest.lines().collect();
    let mut state = 7_u64;
    for at in (1..lines.len()).rev() {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        lines.swap(at, (state >> 33) as usize % (at + 1));
    }
    format!("{header}\n{}\n", lines.join("\n"))
}

/// Three thousand people, of whom everybody can find somebody.
fn crowd() -> String {
    let person = |index: usize| {
        let (country, topic) = (["DE", "BR", "IN", "US", "GB"][index % 5], index * index % 17);
        format!("p{index},{country},t{topic};t{},{}\n", index * 7 % 23, 1 + index % 3)
    };
    "id,country,topics,priority\n".to_owned() + &(0..3000).map(person).collect::<String>()
}

#[tokio::test]
async fn the_order_of_lines_changes_nothing() {
    let people = crowd();
    let rules = "[[must]]\nrule = 'different'\ncolumn = 'country'\n\
                 [[must]]\nrule = 'overlap'\ncolumn = 'topics'\n\
                 [[prefer]]\nrule = 'overlap'\ncolumn = 'topics'\n";
    let (one, other) = (by_rules(&people, rules).await, by_rules(&shuffled(&people), rules).await);
    assert!(one == other, "the order of people shows");
    assert_eq!(one.0.lines().count() - 1, one.1["matches"].as_array().unwrap().len());
    assert!(one.1["matched_people"].as_u64().unwrap() > 2900, "{}", one.1["matched_people"]);

    let edge = |index: usize| {
        format!("m{},{},{}\n", index % 300, ["x", "y"][index % 2].repeat(1 + index / 300), index * 31 % 101)
    };
    let edges = "a,b,score\n".to_owned() + &(0..3000).map(edge).collect::<String>();
    for kind in ["--kind peer", "--kind mentoring"] {
        let (one, other) = (by_scores(&edges, None, kind).await, by_scores(&shuffled(&edges), None, kind).await);
        assert!(one == other, "the order of pairs shows: {kind}");
    }
}
