//! Bad files are refused with their place, a reason and what to do; then nothing is written.

use super::{BOTH, run};

/// Complaints in order, without the last line that counts them.
async fn complaints(files: &[(&str, &[u8])], arguments: &str) -> Vec<String> {
    let run = run(files, arguments).await;
    assert_eq!(run.finished.status.code(), Some(1), "{:#?}", run.finished);
    assert_eq!(run.left, [""; 0], "something was written");
    let mut lines: Vec<String> = run.finished.stderr.lines().map(str::to_owned).collect();
    let last = lines.pop().unwrap_or_default();
    assert!(last.starts_with("counterpart: nothing was written: "), "{last}");
    lines
}

async fn edges(content: &[u8], kind: &str) -> Vec<String> {
    complaints(&[("edges.csv", content)], &format!("--edges edges.csv --kind {kind} {BOTH}")).await
}

async fn people(content: &str, rules: &str) -> Vec<String> {
    let files = [("people.csv", content.as_bytes()), ("rules.toml", rules.as_bytes())];
    complaints(&files, &format!("--people people.csv --rules rules.toml {BOTH}")).await
}

#[tokio::test]
async fn faulty_edges() {
    let not_whole = "is not a whole number: round it, or multiply all scores by 10 or 100";
    let out_of_range = "is out of range: use -9223372036854775808 to 9223372036854775807";
    let cases: &[(&str, &[u8], &str, &[&str])] = &[
        ("empty", b"", "peer", &["edges.csv: the file is empty: the first line must be a,b,score"]),
        (
            "header",
            b"b,a,score\n1,2,3\n",
            "peer",
            &["edges.csv:1: the header is \"b,a,score\": the first line must be a,b,score"],
        ),
        ("no header", b"1,2,3\n", "peer", &["edges.csv:1: the header is \"1,2,3\": the first line must be a,b,score"]),
        ("twice", b"a,a,score\n", "peer", &["edges.csv:1: the column \"a\" is there twice: rename or remove one"]),
        ("no name", b"a,b,\n", "peer", &["edges.csv:1: column 3 has no name: name it or remove it"]),
        (
            "semicolons",
            b"a;b;score\n1;2;3\n",
            "peer",
            &["edges.csv:1: the columns are separated by \";\": save the file with commas instead"],
        ),
        (
            "tabs",
            b"a\tb\tscore\n",
            "peer",
            &["edges.csv:1: the columns are separated by tabs: save the file with commas instead"],
        ),
        (
            "UTF-16",
            b"\xff\xfea\0,\0b\0",
            "peer",
            &["edges.csv:1: byte 0xFF is not UTF-8: save the file as \"CSV UTF-8\""],
        ),
        (
            "Latin-1",
            b"a,b,score\n1,2,3\n1,Ren\xe9,3\n",
            "peer",
            &["edges.csv:3: b: byte 0xE9 is not UTF-8: save the file as \"CSV UTF-8\""],
        ),
        (
            "fields",
            b"a,b,score\n1,2\n\n1,2,3,4\r\n\"1,2,3\n4,5,6\n",
            "peer",
            &[
                "edges.csv:2: 2 fields, but the header has 3",
                "edges.csv:4: 4 fields, but the header has 3; put a value that holds a comma in quotation marks",
                "edges.csv:5: 1 field, but the header has 3, and a quotation mark that is opened here and closed lines later, or never",
            ],
        ),
        (
            "scores",
            b"a,b,score\n1,2,12.5\n1,3,\n1,4,9223372036854775808\n1,5,high\n1,6,-9223372036854775808\n",
            "peer",
            &[
                &format!("edges.csv:2: score: \"12.5\" {not_whole}"),
                "edges.csv:3: score: is empty: give a whole number",
                &format!("edges.csv:4: score: \"9223372036854775808\" {out_of_range}"),
                &format!("edges.csv:5: score: \"high\" {not_whole}"),
            ],
        ),
        (
            "ids",
            b"a,b,score\n,2,1\n2, ,1\n\"2\n3\",4,1\n",
            "peer",
            &[
                "edges.csv:2: a: is empty: give an id, any text",
                "edges.csv:3: b: is empty: give an id, any text",
                "edges.csv:4: a: goes on in the next line: close the quotation mark",
            ],
        ),
        (
            "pairs of peers",
            b"a,b,score\n1,2,3\n1, 1,3\n2,1,4\n1,2,5\n",
            "peer",
            &[
                "edges.csv:3: \"1\" is paired with themselves: remove the line",
                "edges.csv:4: the pair \"1\" and \"2\" is on line 2 already: keep one of the two",
                "edges.csv:5: the pair \"1\" and \"2\" is on line 2 already: keep one of the two",
            ],
        ),
        (
            "sides",
            b"a,b,score\nzoe,mia,1\nleo,zoe,1\nmia,leo,2\nzoe,mia,7\n",
            "mentoring",
            &[
                "edges.csv:3: b: \"zoe\" is the mentor here and the mentee on line 2: a is always the mentee, b the mentor",
                "edges.csv:4: a: \"mia\" is the mentee here and the mentor on line 2: a is always the mentee, b the mentor",
                "edges.csv:4: b: \"leo\" is the mentor here and the mentee on line 3: a is always the mentee, b the mentor",
                "edges.csv:5: the pair \"zoe\" and \"mia\" is on line 2 already: keep one of the two",
            ],
        ),
    ];
    for (case, content, kind, expected) in cases {
        assert_eq!(edges(content, kind).await, *expected, "{case}");
    }
    let many: Vec<String> = (0..25).map(|index| format!("p{index},q,x")).collect();
    let told = edges(format!("a,b,score\n{}", many.join("\n")).as_bytes(), "peer").await;
    assert_eq!((told.len(), told[20].as_str()), (21, "edges.csv: and 5 more"));
}

#[tokio::test]
async fn people_that_do_not_go_with_edges() {
    let told = async |people: &str, kind: &str| {
        let files = [("edges.csv", b"a,b,score\nzoe,mia,1\n".as_slice()), ("people.csv", people.as_bytes())];
        complaints(&files, &format!("--edges edges.csv --people people.csv --kind {kind} {BOTH}")).await
    };
    let unknown = "people.csv:1: unknown column \"country\": with --edges the columns are id, role, capacity, priority, name, email";
    assert_eq!(told("id,country\n", "peer").await, [unknown]);
    let peer = "people.csv:2: role: with --kind peer everybody is a peer: write peer, or nothing";
    assert_eq!(told("id,role\nzoe,mentor\nmia,peer\n", "peer").await, [peer]);
    let sided = "people.csv:2: role: with --kind mentoring nobody is a peer: write mentor or mentee, or nothing";
    assert_eq!(told("id,role\nidle,peer\n", "mentoring").await, [sided]);
    let side = "edges.csv:2: a: \"zoe\" is the mentee here, but line 2 of the people says mentor: a is always the mentee, b the mentor";
    assert_eq!(told("id,role\nzoe,mentor\n", "mentoring").await, [side]);
    let twice = "people.csv:4: id: \"zoe\" is on line 2 already: give each person once";
    assert_eq!(told("id\nzoe\nmia\nzoe\n", "peer").await, [twice]);
}

#[tokio::test]
async fn faulty_people() {
    let cases: &[(&str, &[&str])] = &[
        ("", &["people.csv: the file is empty: the first line must name the columns: id, and those you need"]),
        ("name\nAna\n", &["people.csv:1: there is no column id: add it, with any text that names each person"]),
        ("id,role,Role\n", &["people.csv:1: the column role is there twice: rename or remove one"]),
        ("id;role\n", &["people.csv:1: the columns are separated by \";\": save the file with commas instead"]),
        (
            "id,role,capacity,priority\na,mentor,many,0\nb,mentee,-1,65536\nc,boss,1.5,\n,mentor,,\na,mentor,,\nd,,,\n",
            &[
                "people.csv:2: capacity: \"many\" is not a whole number: give one, or leave the cell empty for 1",
                "people.csv:2: priority: \"0\" is out of range: use 1 to 65535",
                "people.csv:3: capacity: \"-1\" is out of range: use 0 to 4294967295",
                "people.csv:3: priority: \"65536\" is out of range: use 1 to 65535",
                "people.csv:4: capacity: \"1.5\" is not a whole number: give one, or leave the cell empty for 1",
                "people.csv:4: role: \"boss\" is no role: write mentor, mentee or peer",
                "people.csv:5: id: is empty: give an id, any text",
                "people.csv:7: role: empty, but on line 6 somebody is mentor or mentee: write mentor or mentee",
            ],
        ),
    ];
    for (content, expected) in cases {
        assert_eq!(people(content, "").await, *expected, "{content}");
    }
}

#[tokio::test]
async fn faulty_rules() {
    let keys = "`objective`, `minimum_score`, `seed`, `must`, `prefer`, `pin`, `forbid`, `past_partners`, `forbid_file`, `past_partners_file`";
    let cases: &[(&str, &[&str])] = &[
        ("objective = 'most'", &["rules.toml:1: unknown variant `most`, expected `participation` or `score`"]),
        ("\ncolor = 1", &[&format!("rules.toml:2: unknown field `color`, expected one of {keys}")]),
        ("minimum_score = '5'", &["rules.toml:1: invalid type: string \"5\", expected a whole number"]),
        ("minimum_score = 1001", &["rules.toml:1: minimum_score: 1001 is out of range: use 0 to 1000"]),
        ("seed = 1.5", &["rules.toml:1: invalid type: floating point `1.5`, expected a whole number or a text"]),
        (
            "[[must]]\nrule = 'same'\ncolum = 'x'",
            &[
                "rules.toml:3: unknown field `colum`, expected one of `rule`, `column`, `offered`, `wanted`, `at_most`, `wrap`, `hours`, `weight`",
            ],
        ),
        (
            "[[must]]\nrule = 'similar'",
            &[
                "rules.toml:2: unknown variant `similar`, expected one of `same`, `different`, `overlap`, `offers`, `within`",
            ],
        ),
        ("[[must]]\ncolumn = 'x'", &["rules.toml:1: missing field `rule`"]),
        (
            "[must]\nrule = 'same'",
            &[
                "rules.toml:1: invalid type: map, expected a sequence: begin a rule with [[must]] or [[prefer]], and write pairs as [[\"ana\", \"ben\"]]",
            ],
        ),
        (
            "[[must]]\nrule = 'same'\ncolumn = 'x'\npin = []",
            &["rules.toml:4: pin is not part of a rule: put it above the first [[must]] or [[prefer]]"],
        ),
        (
            "[[must]]\nrule = 'same'\noffered = 'x'\nweight = 2\n[[prefer]]\nrule = 'within'\ncolumn = 'x'\n\
             [[prefer]]\nrule = 'within'\ncolumn = 'x'\nat_most = -1\nwrap = 0\nweight = 0\n\
             [[prefer]]\nrule = 'within'\ncolumn = 'x'\nhours = 13\n",
            &[
                "rules.toml:2: column: rule = \"same\" needs it",
                "rules.toml:3: offered: rule = \"same\" takes column: remove it",
                "rules.toml:4: weight: a [[must]] has no weight: remove it, or make it a [[prefer]]",
                "rules.toml:6: at_most: rule = \"within\" needs it, for numbers, or hours, for time zones",
                "rules.toml:11: at_most: -1 is out of range: use 0 to 4294967295",
                "rules.toml:12: wrap: 0 is out of range: use 1 to 4294967295",
                "rules.toml:13: weight: 0 is out of range: use 1 to 10000",
                "rules.toml:17: hours: 13 is out of range: use 0 to 12",
            ],
        ),
        (
            "[[must]]\nrule = 'same'\ncolumn = 'Age'\n[[must]]\nrule = 'offers'\noffered = 'name'\nwanted = 'age'\n",
            &[
                "rules.toml:3: column: people.csv has no column \"Age\"; its columns with answers: age, zone",
                "rules.toml:6: offered: \"name\" is not an answer: it has a meaning of its own",
            ],
        ),
        (
            "[[must]]\nrule = 'within'\ncolumn = 'age'\nat_most = 3\n[[must]]\nrule = 'within'\ncolumn = 'zone'\nhours = 3\n",
            &[
                "people.csv:2: age: \"old\" is not a whole number: \"within\" compares whole numbers; write one, or leave the cell empty",
                "people.csv:3: zone: \"Berlin\" is no time zone: write +02:00 or Europe/Berlin",
            ],
        ),
        ("pin = [['a', 'z'], ['b', 'b'],\n['a']]", &["rules.toml:2: pin: a pair is two ids, and here are 1"]),
        (
            "pin = [['a', 'z'], ['b', 'b']]\nforbid = [\n['y', 'a']]\npast_partners = [['b', 'b']]\nforbid_file = 'no.csv'",
            &[
                "rules.toml:1: people.csv has nobody with the id \"z\"",
                "rules.toml:1: \"b\" is paired with themselves: remove the pair",
                "rules.toml:3: people.csv has nobody with the id \"y\"",
                "rules.toml:4: \"b\" is paired with themselves: remove the pair",
                "no.csv: cannot be read: No such file or directory (os error 2)",
            ],
        ),
    ];
    for (rules, expected) in cases {
        assert_eq!(people("id,age,zone\na,old,+01:00\nb,7,Berlin\n", rules).await, *expected, "{rules}");
    }
}

#[tokio::test]
async fn pins_that_cannot_be() {
    let rules = "pin = [['a', 'x'],\n['b', 'x'],\n['b', 'a'],\n['y', 'a'], ['a', 'y']]\nforbid = [['y', 'a']]";
    let expected = [
        "rules.toml:2: pin: \"x\" has more pins than capacity: remove a pin or raise the capacity",
        "rules.toml:3: pin: \"a\" and \"b\" are on the same side: pin a mentor with a mentee",
        "rules.toml:3: pin: \"b\" has more pins than capacity: remove a pin or raise the capacity",
        "rules.toml:4: pin: \"a\" and \"y\" are forbidden, too: remove one of the two",
    ];
    assert_eq!(people("id,role,capacity\na,mentor,3\nb,mentor,\nx,mentee,\ny,mentee,\n", rules).await, expected);
}

#[tokio::test]
async fn arguments_that_do_not_go_together() {
    let files = [("e.csv", b"a,b,score\n".as_slice()), ("p.csv", b"id\n".as_slice()), ("r.toml", b"".as_slice())];
    for (arguments, code, words) in [
        ("--out o.csv", 2, "--people <CSV>"),
        ("--people p.csv --out o.csv", 2, "--rules <TOML>"),
        ("--rules r.toml --out o.csv", 2, "--people <CSV>"),
        ("--edges e.csv --out o.csv", 2, "--kind <KIND>"),
        ("--edges e.csv --kind peer", 2, "--out <CSV>"),
        ("--edges e.csv --kind both --out o.csv", 2, "peer, mentoring"),
        ("--edges e.csv --kind peer --rules r.toml --people p.csv --out o.csv", 2, "cannot be used with"),
        ("--people p.csv --rules r.toml --objective score --out o.csv", 2, "cannot be used with"),
        ("--edges e.csv --kind peer --out e.csv", 1, "--out e.csv: this is also the file of --edges: name another one"),
        (
            "--edges e.csv --kind peer --out o.csv --report ./o.csv",
            1,
            "--report ./o.csv: this is also the file of --out",
        ),
        ("--edges e.csv --kind peer --out no/o.csv", 1, "--out no/o.csv: there is no such folder"),
        ("--edges e.csv --kind peer --out ..", 1, "--out ..: this is a folder: name a file in it"),
        ("--edges no.csv --kind peer --out o.csv", 1, "no.csv: cannot be read: No such file"),
    ] {
        let run = run(&files, arguments).await;
        assert_eq!(run.finished.status.code(), Some(code), "{arguments}: {}", run.finished.stderr);
        assert!(run.finished.stderr.contains(words), "{arguments}: {}", run.finished.stderr);
        assert_eq!(run.left, [""; 0], "{arguments}");
    }
}

/// A device takes what it is given and stays what it is.
#[tokio::test]
async fn a_device_is_no_file() {
    let files = [("edges.csv", b"a,b,score\n1,2,3\n".as_slice())];
    let run = run(&files, "--edges edges.csv --kind peer --out /dev/null --report /dev/stdout").await;
    assert!(run.finished.status.success(), "{:#?}", run.finished);
    assert!(run.finished.stdout.contains("\"total_score\": 3"), "{}", run.finished.stdout);
}
