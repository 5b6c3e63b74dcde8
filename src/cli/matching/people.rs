//! `people.csv`: who takes part, and what they answered.

use std::path::Path;

use worker::matching::Role;

use super::{
    problems::{Problems, shown},
    table::{Row, Table},
};

/// Columns with a meaning of their own; the last two are there for the reader only.
pub(super) const RESERVED: [&str; 6] = ["id", "role", "capacity", "priority", "name", "email"];

/// What a file of people may hold.
#[derive(Clone, Copy, Debug)]
pub(super) struct Form {
    /// Every column without a meaning of its own is an answer; otherwise there may be none.
    pub(super) answers: bool,
    /// The highest priority.
    pub(super) top_priority: u32,
}

/// Everybody.
#[derive(Debug, Default)]
pub(super) struct People {
    /// The name of the file.
    pub(super) file: String,
    /// The names of the answers.
    pub(super) columns: Vec<String>,
    /// By id.
    pub(super) list: Vec<Person>,
}

/// One line of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Person {
    pub(super) id: String,
    pub(super) line: u64,
    pub(super) role: Option<Role>,
    pub(super) capacity: u32,
    pub(super) priority: u32,
    /// By column, the cell as it is.
    pub(super) answers: Vec<String>,
}

/// Where the columns with a meaning are.
struct Columns {
    id: usize,
    role: Option<usize>,
    capacity: Option<usize>,
    priority: Option<usize>,
    answers: Vec<usize>,
}

impl People {
    /// Reads a file. What is wrong goes to `problems`, and then what comes back is not to be used.
    pub(super) fn read(path: &Path, form: Form, problems: &mut Problems) -> Self {
        let expected = "the first line must name the columns: id, and those you need";
        let file = path.display().to_string();
        let mut people = Self { file, columns: Vec::new(), list: Vec::new() };
        let Some(mut table) = Table::open(path, expected, problems) else { return people };
        let Some(columns) = Columns::find(table.header(), form, problems) else { return people };
        people.columns = columns.answers.iter().map(|&column| table.header()[column].clone()).collect();
        let list = &mut people.list;
        while let Some(row) = table.next(problems) {
            list.extend(columns.person(row, form, problems));
        }
        list.sort_unstable_by(|one, other| (&one.id, one.line).cmp(&(&other.id, other.line)));
        for twice in list.chunk_by(|one, other| one.id == other.id) {
            if let [first, rest @ ..] = twice {
                for person in rest {
                    let message =
                        format!("{} is on line {} already: give each person once", shown(&person.id), first.line);
                    problems.field(person.line, "id", message);
                }
            }
        }
        people
    }

    /// Where somebody is in the list.
    pub(super) fn find(&self, id: &str) -> Option<usize> {
        self.list.binary_search_by(|person| person.id.as_str().cmp(id)).ok()
    }
}

impl Columns {
    fn find(header: &[String], form: Form, problems: &mut Problems) -> Option<Self> {
        let place = |name: &str| header.iter().position(|column| column.eq_ignore_ascii_case(name));
        let reserved = |column: &str| RESERVED.iter().any(|name| name.eq_ignore_ascii_case(column));
        let answers: Vec<usize> = (0..header.len()).filter(|&column| !reserved(&header[column])).collect();
        let mut fine = true;
        for name in RESERVED {
            if header.iter().filter(|column| column.eq_ignore_ascii_case(name)).count() > 1 {
                problems.line(1, format!("the column {name} is there twice: rename or remove one"));
                fine = false;
            }
        }
        if let (false, [first, ..]) = (form.answers, answers.as_slice()) {
            let unknown = shown(&header[*first]);
            problems.line(1, format!("unknown column {unknown}: with --edges the columns are {}", RESERVED.join(", ")));
            fine = false;
        }
        let id = place("id");
        if id.is_none() {
            problems.line(1, "there is no column id: add it, with any text that names each person");
        }
        let (role, capacity, priority) = (place("role"), place("capacity"), place("priority"));
        id.filter(|_| fine).map(|id| Self { id, role, capacity, priority, answers })
    }

    fn person(&self, row: Row<'_>, form: Form, problems: &mut Problems) -> Option<Person> {
        let mut number = |column: Option<usize>, range| match column {
            Some(column) if !row.bytes(column).is_empty() => {
                row.number(column, range, "give one, or leave the cell empty for 1", problems)
            }
            _ => Some(1),
        };
        let capacity = number(self.capacity, 0..=u32::MAX.into());
        let priority = number(self.priority, 1..=form.top_priority.into());
        let text = self.role.map_or(Some(""), |column| row.text(column, problems));
        let role = text.map(role).transpose().unwrap_or_else(|message| {
            problems.field(row.line, "role", message);
            None
        });
        let answers: Option<Vec<String>> =
            self.answers.iter().map(|&column| row.text(column, problems).map(str::to_owned)).collect();
        Some(Person {
            id: row.id(self.id, problems)?.to_owned(),
            line: row.line,
            role: role?,
            capacity: u32::try_from(capacity?).ok()?,
            priority: u32::try_from(priority?).ok()?,
            answers: answers?,
        })
    }
}

/// A role, or nothing for an empty cell.
fn role(text: &str) -> Result<Option<Role>, String> {
    let roles =
        [("", None), ("peer", Some(Role::Peer)), ("mentor", Some(Role::Mentor)), ("mentee", Some(Role::Mentee))];
    let role = roles.into_iter().find(|(name, _)| name.eq_ignore_ascii_case(text));
    role.map(|(_, role)| role).ok_or_else(|| format!("{} is no role: write mentor, mentee or peer", shown(text)))
}
