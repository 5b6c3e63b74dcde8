//! `edges.csv`: which pairs are allowed, and how well they fit.

use std::{collections::HashMap, path::Path};

use worker::matching::{Kind, Role};

use super::{
    people::People,
    problems::{Problems, shown},
    table::Table,
};

const HEADER: [&str; 3] = ["a", "b", "score"];
const EXPECTED: &str = "the first line must be a,b,score";

/// Allowed pairs, and everybody who is in one of them or in the file of people.
#[derive(Debug, Default)]
pub(super) struct Edges {
    /// Everybody, by id.
    pub(super) people: Vec<Somebody>,
    /// Indices into the people, the smaller (of peers) or the mentee's first, in ascending order.
    pub(super) pairs: Vec<(usize, usize, i64)>,
}

/// Somebody who takes part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Somebody {
    pub(super) id: String,
    pub(super) role: Role,
    pub(super) capacity: u32,
    pub(super) priority: u32,
}

/// One line of the file. As large as what it becomes, so that millions of them need no second copy.
#[derive(Clone, Copy, Debug)]
struct Edge {
    a: u32,
    b: u32,
    score: i64,
    line: u32,
}

/// People by numbers, in the order of their appearance.
#[derive(Debug, Default)]
struct Names {
    known: HashMap<Box<[u8]>, u32>,
    ids: Vec<String>,
    /// By person, the first line on which they are `a`, and `b`; 0 if there is none.
    lines: Vec<[u32; 2]>,
}

impl Names {
    /// The number of somebody new.
    fn add(&mut self, id: &str) -> u32 {
        let number = narrow(self.ids.len());
        self.known.insert(id.as_bytes().into(), number);
        self.ids.push(id.to_owned());
        self.lines.push([0; 2]);
        number
    }
}

impl Edges {
    /// Reads a file. What is wrong goes to `problems`, and then what comes back is not to be used.
    pub(super) fn read(path: &Path, kind: Kind, people: &People, problems: &mut Problems) -> Self {
        let mut names = Names::default();
        for person in &people.list {
            names.add(&person.id);
        }
        let mut edges = lines(path, &mut names, problems);
        if kind == Kind::Mentoring {
            check_sides(&names, people, problems);
        }
        // From now on, people have the numbers of their ids' order.
        let mut order: Vec<u32> = (0..narrow(names.ids.len())).collect();
        order.sort_unstable_by_key(|&number| &names.ids[wide(number)]);
        let mut rank = vec![0; order.len()];
        for (place, &number) in order.iter().enumerate() {
            rank[wide(number)] = narrow(place);
        }
        for edge in &mut edges {
            let (a, b) = (rank[wide(edge.a)], rank[wide(edge.b)]);
            let swap = kind == Kind::Peer && b < a;
            (edge.a, edge.b) = if swap { (b, a) } else { (a, b) };
        }
        edges.sort_unstable_by_key(|edge| (edge.a, edge.b, edge.line));
        for twice in edges.chunk_by(|one, other| (one.a, one.b) == (other.a, other.b)) {
            if let [first, rest @ ..] = twice {
                for edge in rest {
                    let [a, b] = [edge.a, edge.b].map(|place| shown(&names.ids[wide(order[wide(place)])]));
                    let message =
                        format!("the pair {a} and {b} is on line {} already: keep one of the two", first.line);
                    problems.line(edge.line.into(), message);
                }
            }
        }
        let given = |number: u32| people.list.get(wide(number));
        let somebody = |&number: &u32| Somebody {
            id: names.ids[wide(number)].clone(),
            role: match kind {
                Kind::Peer => Role::Peer,
                Kind::Mentoring if names.lines[wide(number)][1] != 0 => Role::Mentor,
                // Who is in no pair may be on either side.
                Kind::Mentoring => given(number).and_then(|person| person.role).unwrap_or(Role::Mentee),
            },
            capacity: given(number).map_or(1, |person| person.capacity),
            priority: given(number).map_or(1, |person| person.priority),
        };
        Self {
            people: order.iter().map(somebody).collect(),
            pairs: edges.into_iter().map(|edge| (wide(edge.a), wide(edge.b), edge.score)).collect(),
        }
    }
}

/// Every line that means something.
fn lines(path: &Path, names: &mut Names, problems: &mut Problems) -> Vec<Edge> {
    let mut edges = Vec::new();
    let Some(mut table) = Table::open(path, EXPECTED, problems) else { return edges };
    if table.header() != HEADER {
        problems.line(1, format!("the header is {}: {EXPECTED}", shown(&table.header().join(","))));
        return edges;
    }
    while let Some(row) = table.next(problems) {
        let line = narrow(row.line);
        let [a, b] = [0, 1].map(|column| {
            let known = names.known.get(row.bytes(column)).copied();
            known.or_else(|| row.id(column, problems).map(|id| names.add(id)))
        });
        let help = "round it, or multiply all scores by 10 or 100";
        let score = row.number(2, i64::MIN..=i64::MAX, help, problems);
        let (Some(a), Some(b)) = (a, b) else { continue };
        if a == b {
            let id = shown(&names.ids[wide(a)]);
            problems.line(row.line, format!("{id} is paired with themselves: remove the line"));
            continue;
        }
        for (side, number) in [a, b].into_iter().enumerate() {
            let first = &mut names.lines[wide(number)][side];
            *first = if *first == 0 { line } else { *first };
        }
        edges.extend(score.map(|score| Edge { a, b, score, line }));
    }
    edges
}

/// In mentoring, `a` is the mentee and `b` the mentor, all through the file and in the file of people.
fn check_sides(names: &Names, people: &People, problems: &mut Problems) {
    let roles = ["mentee", "mentor"];
    for (number, &lines) in names.lines.iter().enumerate() {
        let id = shown(&names.ids[number]);
        if lines.iter().all(|&line| line > 0) {
            let (earlier, later) = if lines[0] < lines[1] { (0, 1) } else { (1, 0) };
            let message = format!(
                "{id} is the {} here and the {} on line {}: a is always the mentee, b the mentor",
                roles[later], roles[earlier], lines[earlier]
            );
            problems.field(lines[later].into(), HEADER[later], message);
        }
        let Some(person) = people.list.get(number) else { continue };
        let expected = match person.role {
            Some(Role::Mentee) => 0,
            Some(Role::Mentor) => 1,
            Some(Role::Peer) | None => continue,
        };
        let line = lines[1 - expected];
        if line > 0 {
            let message = format!(
                "{id} is the {} here, but line {} of the people says {}: a is always the mentee, b the mentor",
                roles[1 - expected],
                person.line,
                roles[expected]
            );
            problems.field(line.into(), HEADER[1 - expected], message);
        }
    }
}

/// Numbers of people and lines fit into 32 bits: a file with more is larger than any machine's memory.
fn narrow(number: impl TryInto<u32>) -> u32 {
    number.try_into().unwrap_or(u32::MAX)
}

fn wide(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, kind: Kind) -> Edges {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("edges.csv");
        std::fs::write(&path, text).unwrap();
        let mut problems = Problems::new(&path);
        let edges = Edges::read(&path, kind, &People::default(), &mut problems);
        assert!(super::super::problems::none([&mut problems]).is_ok(), "{problems:?}");
        edges
    }

    #[test]
    fn people_are_counted_by_their_ids_and_pairs_by_people() {
        let edges = read("a,b,score\nz,10,-7\n10,9,9223372036854775807\n\"z\" , 9 ,+0\n", Kind::Peer);
        let ids: Vec<&str> = edges.people.iter().map(|person| person.id.as_str()).collect();
        assert_eq!(ids, ["10", "9", "z"]);
        assert_eq!(edges.pairs, [(0, 1, i64::MAX), (0, 2, -7), (1, 2, 0)]);
    }

    #[test]
    fn in_mentoring_the_mentee_comes_first() {
        let edges = read("a,b,score\nz,a,1\nb,a,2\n", Kind::Mentoring);
        let roles: Vec<Role> = edges.people.iter().map(|person| person.role).collect();
        assert_eq!(roles, [Role::Mentor, Role::Mentee, Role::Mentee]);
        assert_eq!(edges.pairs, [(1, 0, 2), (2, 0, 1)]);
    }

    /// The engine's list takes the place of the file's, so that millions of pairs are there once.
    #[test]
    fn a_line_takes_no_more_room_than_a_pair() {
        assert_eq!(size_of::<Edge>(), size_of::<(usize, usize, i64)>());
        assert_eq!(align_of::<Edge>(), align_of::<(usize, usize, i64)>());
    }
}
