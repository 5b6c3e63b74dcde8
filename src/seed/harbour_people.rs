//! Students and professionals of the university's career mentoring.

use chrono::{DateTime, TimeDelta, Utc};
use shared::domain::{enrollments::Answers, people::Person};

use super::{
    names::{
        ARABIC, CHINESE, ENGLISH, FRENCH, GERMAN, INDIAN, ITALIAN, NORDIC, Names, POLISH, SPANISH, TURKISH, UKRAINIAN,
    },
    random::Random,
    roster::{Profile, Roster},
};

/// Fields of work. Few professionals offer the last ones, and nobody offers music.
pub(super) const FIELDS: [&str; 15] = [
    "Data",
    "Design",
    "Education",
    "Engineering",
    "Environment",
    "Finance",
    "Health",
    "Journalism",
    "Law",
    "Logistics",
    "Marketing",
    "Public service",
    "Software",
    "Museums",
    "Music",
];
pub(super) const YEARS: [&str; 3] = ["Penultimate", "Final", "Postgraduate"];
pub(super) const WAYS: [&str; 4] = ["On campus", "At my workplace", "By video", "On a walk"];

/// Courses of study, with the fields their students ask for most.
const COURSES: [(&str, &[&str]); 14] = [
    ("Computer science", &["Software", "Data", "Design"]),
    ("Computer science", &["Software", "Data", "Finance"]),
    ("Mechanical engineering", &["Engineering", "Logistics", "Environment"]),
    ("Naval architecture", &["Engineering", "Logistics", "Environment"]),
    ("Economics", &["Finance", "Data", "Public service"]),
    ("Business administration", &["Finance", "Marketing", "Logistics"]),
    ("Law", &["Law", "Public service", "Finance"]),
    ("Education", &["Education", "Public service"]),
    ("Nursing science", &["Health", "Public service", "Education"]),
    ("Media studies", &["Journalism", "Marketing", "Design"]),
    ("Communication design", &["Design", "Marketing", "Software"]),
    ("Marine biology", &["Environment", "Education", "Data"]),
    ("History", &["Museums", "Journalism", "Education"]),
    ("Musicology", &["Music", "Museums"]),
];
/// What professionals do, with the fields they can speak about.
const JOBS: [(&str, &[&str]); 17] = [
    ("Software engineer, shipping company", &["Software", "Logistics"]),
    ("Lead developer, hospital systems", &["Software", "Health"]),
    ("Data analyst, public transport", &["Data", "Logistics", "Public service"]),
    ("Actuary, insurance", &["Finance", "Data"]),
    ("Credit officer, savings bank", &["Finance"]),
    ("Project engineer, wind power", &["Engineering", "Environment"]),
    ("Production engineer, aircraft parts", &["Engineering", "Logistics"]),
    ("Head of operations, container terminal", &["Logistics", "Engineering"]),
    ("Lawyer, employment law", &["Law"]),
    ("Legal adviser, city council", &["Law", "Public service"]),
    ("Head teacher, primary school", &["Education", "Public service"]),
    ("Ward manager, children's hospital", &["Health"]),
    ("Physiotherapist with an own practice", &["Health", "Marketing"]),
    ("Editor, local newspaper", &["Journalism"]),
    ("Brand strategist, agency", &["Marketing", "Design"]),
    ("Interaction designer, self-employed", &["Design", "Software"]),
    ("Water quality officer, harbour authority", &["Environment", "Public service"]),
];
/// The rare ones.
const RARE_JOBS: [(&str, &[&str]); 2] =
    [("Curator, maritime museum", &["Museums", "Education"]), ("Radio journalist", &["Journalism", "Museums"])];
const WISHES: [&str; 7] = [
    "How do I find out which job is for me?",
    "I would like an honest look at my application.",
    "What does an ordinary week look like?",
    "How did you get your first job, and what would you do differently?",
    "I will be the first in my family to finish a degree, and I have a lot of questions.",
    "Should I stay for a doctorate?",
    "How do people talk about money in interviews?",
];

/// A professional who offers places.
pub(super) struct Mentor {
    pub(super) person: Person,
    pub(super) capacity: i32,
    /// None for somebody who has not filled in the form yet.
    pub(super) fields: Vec<String>,
    pub(super) answers: Answers,
}

/// A student who looks for a mentor.
pub(super) struct Student {
    pub(super) person: Person,
    /// Higher comes first.
    pub(super) priority: i32,
    /// None for somebody who has not filled in the form yet.
    pub(super) fields: Vec<String>,
    pub(super) answers: Answers,
}

/// Sixty professionals with about a hundred places.
pub(super) fn mentors(roster: &mut Roster, random: &mut Random, opened: DateTime<Utc>) -> Vec<Mentor> {
    (0_usize..60)
        .map(|index| {
            let (headline, fields) =
                if index % 20 == 7 { RARE_JOBS[index / 20 % RARE_JOBS.len()] } else { JOBS[index % JOBS.len()] };
            let (names, mother_tongue) = origin(random, 75);
            let at = opened + minutes(index, 60, 900);
            let profile = profile(names, mother_tongue, headline.to_owned(), None, random);
            Mentor {
                person: roster.person(profile, random, at),
                capacity: [1, 2, 1, 2, 3][index % 5],
                fields: if index == 41 { Vec::new() } else { owned(fields) },
                answers: ways(random),
            }
        })
        .collect()
}

/// A hundred and fifty students, more than there are places.
pub(super) fn students(roster: &mut Roster, random: &mut Random, opened: DateTime<Utc>) -> Vec<Student> {
    (0_usize..150)
        .map(|index| {
            let (course, usual) = COURSES[random.below(COURSES.len())];
            let (year, priority) =
                [("Final", 3), ("Penultimate", 1), ("Final", 3), ("Penultimate", 1), ("Postgraduate", 2)][index % 5];
            let (names, mother_tongue) = origin(random, 60);
            let at = opened + minutes(index, 20, 375);
            let external_id = Some(format!("s{}", 1_004_200 + index * 7));
            let profile = profile(names, mother_tongue, headline(course, year), external_id, random);
            let count = 1 + random.below(2);
            let mut fields = random.some(usual, count);
            if random.chance(20) {
                fields.push(random.pick(&FIELDS));
            }
            let mut answers = ways(random);
            answers.insert("year".to_owned(), vec![year.to_owned()]);
            if random.chance(60) {
                answers.insert("hopes".to_owned(), vec![random.pick(&WISHES).to_owned()]);
            }
            let forgot = index % 29 == 12;
            Student {
                person: roster.person(profile, random, at),
                priority,
                fields: if forgot { Vec::new() } else { owned(&fields) },
                answers,
            }
        })
        .collect()
}

fn headline(course: &str, year: &str) -> String {
    if year == "Postgraduate" {
        format!("{course}, postgraduate")
    } else {
        format!("{course}, {} year", year.to_lowercase())
    }
}

/// Names and a first language; so many in a hundred are German.
fn origin(random: &mut Random, german: usize) -> (&'static Names, &'static str) {
    const OTHERS: [(&Names, &str); 11] = [
        (&TURKISH, "tr"),
        (&POLISH, "pl"),
        (&ARABIC, "ar"),
        (&UKRAINIAN, "uk"),
        (&INDIAN, "hi"),
        (&CHINESE, "zh"),
        (&SPANISH, "es"),
        (&ITALIAN, "it"),
        (&NORDIC, "da"),
        (&FRENCH, "fr"),
        (&ENGLISH, "en"),
    ];
    if random.chance(german) { (&GERMAN, "de") } else { OTHERS[random.below(OTHERS.len())] }
}

fn profile(
    names: &'static Names,
    mother_tongue: &'static str,
    headline: String,
    external_id: Option<String>,
    random: &mut Random,
) -> Profile {
    let mut languages = vec![mother_tongue];
    let speaks_german = mother_tongue == "de" || random.chance(65);
    if speaks_german {
        languages.push("de");
    }
    if !speaks_german || random.chance(70) {
        languages.push("en");
    }
    let locale = if speaks_german && random.chance(70) { "de" } else { "en" };
    Profile { names, headline, country: "DE", languages, time_zone: "Europe/Berlin", locale, external_id }
}

fn ways(random: &mut Random) -> Answers {
    let count = 1 + random.below(3);
    Answers::from([("meeting".to_owned(), owned(&random.some(&WAYS, count)))])
}

fn owned(list: &[&str]) -> Vec<String> {
    list.iter().map(|&item| item.to_owned()).collect()
}

fn minutes(index: usize, first: i64, step: i64) -> TimeDelta {
    TimeDelta::minutes(first + step * i64::try_from(index).unwrap_or(0))
}
