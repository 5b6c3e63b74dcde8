//! An international peer network: about two hundred librarians, each to be paired with one in another country.

use chrono::{DateTime, NaiveTime, TimeDelta, Utc};
use shared::domain::{
    constraints::{Constraint, ConstraintKind},
    enrollments::{Answers, Enrollment, EnrollmentEvent, EnrollmentRole, EnrollmentStatus, is_complete},
    organizations::{Organization, Role},
    people::Person,
    programs::{Admission, Asks, Comparison, Consent, Kind, Objective, Program, QuestionKind, Timings},
    rounds::{Round, RoundEvent, RoundStatus, over_country_cap},
};
use uuid::Uuid;

use super::{
    Problem, Sample,
    countries::{COUNTRIES, Country},
    journal::Journal,
    names::{ENGLISH, PACIFIC},
    random::Random,
    roster::{Profile, Roster},
    rules::{Compared, criterion, question},
    staff::{Desk, appoint},
};

const TOPICS: [&str; 16] = [
    "Advocacy",
    "Cataloguing",
    "Children's services",
    "Community outreach",
    "Copyright",
    "Digital collections",
    "Information literacy",
    "Library design",
    "Library systems",
    "Local history",
    "Makerspaces",
    "Open access",
    "Preservation",
    "Reading promotion",
    "Research data",
    "Staff development",
];
/// Kinds of libraries, with how people name theirs and who works there.
const LIBRARIES: [(&str, &str, [&str; 3]); 5] = [
    ("Public", "city library", ["Branch librarian", "Children's librarian", "Outreach librarian"]),
    ("University", "university library", ["Subject librarian", "Research data librarian", "Open access officer"]),
    ("School", "secondary school library", ["School librarian", "Teacher librarian", "Reading coach"]),
    ("Special", "hospital library", ["Information specialist", "Medical librarian", "Systems librarian"]),
    ("Archive", "city archive", ["Archivist", "Digitisation specialist", "Cataloguer"]),
];
const HOPES: [&str; 8] = [
    "I would like to hear how a library like mine works somewhere else.",
    "I am new to the profession and curious about how others began.",
    "We are planning a new building, and I want to learn from people who have been through it.",
    "I work alone most of the time; somebody to compare notes with would be wonderful.",
    "I want to practise explaining what we do, and to steal a good idea or two.",
    "After twenty years in one place I would like a fresh pair of eyes.",
    "I am interested in what people borrow, read and complain about in other countries.",
    "I would love to run a small project together with a library abroad.",
];

/// The organization with everything in it, as it stands at `now`.
pub(super) fn sample(now: DateTime<Utc>) -> Result<Sample, Problem> {
    let mut random = Random::new(0x11B2_A21E);
    let random = &mut random;
    let founded = now - TimeDelta::days(60);
    let organization = Organization {
        id: random.id(founded),
        slug: "librarians".to_owned(),
        name: "Librarians Without Borders".to_owned(),
        contact: Some("hello@librarians.example.org".to_owned()),
        portal_url: None,
        created_at: founded,
        updated_at: founded,
    };
    let mut roster = Roster::new(organization.id, "librarians.example.org");
    let desks = [
        Desk {
            role: Role::Administrator,
            countries: None,
            names: &ENGLISH,
            headline: "Runs the network's office",
            country: "IE",
            languages: &["en", "fr"],
            time_zone: "Europe/Dublin",
        },
        Desk {
            role: Role::Coordinator,
            countries: None,
            names: &ENGLISH,
            headline: "Program coordinator",
            country: "CA",
            languages: &["en", "fr"],
            time_zone: "America/Toronto",
        },
        Desk {
            role: Role::Coordinator,
            countries: Some(&["AU", "FJ", "NZ"]),
            names: &PACIFIC,
            headline: "Volunteer for Australia, New Zealand and Fiji",
            country: "NZ",
            languages: &["en"],
            time_zone: "Pacific/Auckland",
        },
    ];
    let (mut people, roles) = appoint(&desks, &mut roster, random, founded);
    let coordinator = people[1].id;

    let program = program(organization.id, random, founded);
    let opened = now - TimeDelta::days(45);
    let closed = now - TimeDelta::hours(3);
    let mut journal = Journal::default();
    let mut round = Round {
        id: random.id(founded),
        organization_id: organization.id,
        program_id: program.id,
        name: "Autumn round".to_owned(),
        status: RoundStatus::Draft,
        rolling: false,
        country_cap_percent: Some(20),
        ends_on: Some((now + TimeDelta::days(120)).date_naive()),
        opened_at: None,
        closed_at: None,
        created_at: founded,
        updated_at: founded,
    };
    journal.round_made(&round, coordinator, random);
    journal.round(&mut round, RoundEvent::Open, (coordinator, opened), random)?;

    let applicants = applicants(&mut roster, random, opened);
    let mut enrollments = Vec::new();
    for (index, (person, library)) in applicants.iter().enumerate() {
        let enrollment = apply(&program, &round, person, *library, index, random);
        journal.applied(&enrollment, random);
        enrollments.push(enrollment);
    }

    journal.round(&mut round, RoundEvent::Close, (coordinator, closed), random)?;
    let countries: Vec<Option<&str>> = applicants.iter().map(|(person, _)| person.country.as_deref()).collect();
    let over = over_country_cap(&countries, 20);
    for (index, enrollment) in enrollments.iter_mut().enumerate() {
        let decided = (Some(coordinator), closed);
        if over.contains(&index) {
            journal.enrollment(enrollment, EnrollmentEvent::Waitlist, decided, random)?;
            continue;
        }
        journal.enrollment(enrollment, EnrollmentEvent::Accept, decided, random)?;
        if is_complete(enrollment, &program) {
            journal.enrollment(enrollment, EnrollmentEvent::Activate, decided, random)?;
        }
        if enrollment.status == EnrollmentStatus::Active && index % 71 == 13 {
            let person = (Some(enrollment.person_id), closed + TimeDelta::hours(1));
            enrollment.paused_until = Some((now + TimeDelta::days(30)).date_naive());
            journal.enrollment(enrollment, EnrollmentEvent::Pause, person, random)?;
        }
    }
    let constraints = decisions(&program, &enrollments, &applicants, coordinator, closed, random);
    people.extend(applicants.into_iter().map(|(person, _)| person));
    let changes = journal.changes;
    Ok(Sample { organization, people, roles, program, round, enrollments, constraints, changes })
}

fn program(organization_id: Uuid, random: &mut Random, at: DateTime<Utc>) -> Program {
    let options: Vec<&str> = LIBRARIES.iter().map(|(kind, ..)| *kind).collect();
    let questions = vec![
        question(
            "topics",
            ("Topics", "Which topics would you like to talk about?"),
            (QuestionKind::Multiple, Asks::AboutMe, true),
            &TOPICS,
            (random, at),
        ),
        question(
            "library",
            ("Kind of library", "What kind of library do you work in?"),
            (QuestionKind::Single, Asks::AboutMe, true),
            &options,
            (random, at),
        ),
        question(
            "hopes",
            ("Hopes", "What do you hope for from this partnership?"),
            (QuestionKind::Text, Asks::AboutMe, false),
            &[],
            (random, at),
        ),
    ];
    let criteria = vec![
        criterion("Another country", &Compared::Country(Comparison::Different), None, (random, at)),
        criterion("A shared language", &Compared::Languages, None, (random, at)),
        criterion("Topics in common", &Compared::Answers("topics", Comparison::Overlap), Some(60), (random, at)),
        criterion("Time zones near", &Compared::HoursApart(8), Some(25), (random, at)),
        criterion("The same kind of library", &Compared::Answers("library", Comparison::Same), Some(15), (random, at)),
    ];
    Program {
        id: random.id(at),
        organization_id,
        name: "International peer network".to_owned(),
        description: "Two librarians in two countries talk for four months: about their work, their libraries and \
                      whatever they are curious about. Nobody is the mentor; both learn."
            .to_owned(),
        kind: Kind::Peer,
        consent: Consent::IntroduceAtOnce,
        objective: Objective::Participation,
        admission: Admission::Automatic,
        time_zone: "Europe/Dublin".to_owned(),
        match_at: NaiveTime::from_hms_opt(2, 0, 0).unwrap_or_default(),
        minimum_score: 0,
        avoid_past_partners: true,
        timings: Timings::default(),
        quiet_hours: None,
        topics: Vec::new(),
        ice_breakers: vec![
            "Where do you work, and what do you see from your window there?".to_owned(),
            "How often would you like to be in touch, and by which means?".to_owned(),
            "What was the best question anybody asked you at work this year?".to_owned(),
        ],
        questions,
        criteria,
        seed: 20_260_901,
        version: 1,
        archived_at: None,
        created_at: at,
        updated_at: at,
    }
}

/// Everybody who applied, in order of application, each with an index into [`LIBRARIES`].
fn applicants(roster: &mut Roster, random: &mut Random, opened: DateTime<Utc>) -> Vec<(Person, usize)> {
    let mut homes: Vec<&Country> = COUNTRIES.iter().flat_map(|country| vec![country; country.people]).collect();
    random.shuffle(&mut homes);
    (0_i64..)
        .zip(homes)
        .map(|(index, country)| {
            let (town, time_zone) = country.towns[random.below(country.towns.len())];
            let library = random.below(LIBRARIES.len());
            let (_, place, jobs) = LIBRARIES[library];
            let mut languages = vec![random.pick(country.languages)];
            if random.chance(country.english) {
                languages.push("en");
            }
            if random.chance(12) {
                languages.push(random.pick(&["fr", "es", "de", "pt"]));
            }
            let profile = Profile {
                names: random.pick(country.names),
                headline: format!("{}, {place}, {town}", random.pick(&jobs)),
                country: country.code,
                locale: if languages.first() == Some(&"de") { "de" } else { "en" },
                languages,
                time_zone,
                external_id: None,
            };
            let at = opened + TimeDelta::minutes(40 + index * 285);
            (roster.person(profile, random, at), library)
        })
        .collect()
}

fn apply(
    program: &Program,
    round: &Round,
    person: &Person,
    library: usize,
    index: usize,
    random: &mut Random,
) -> Enrollment {
    let mut about = Answers::new();
    // A few forgot a required answer and are not matched before they give it.
    if index % 53 != 17 {
        let count = 2 + random.below(3);
        let topics: Vec<String> = random.some(&TOPICS, count).into_iter().map(str::to_owned).collect();
        about.insert("topics".to_owned(), topics);
    }
    about.insert("library".to_owned(), vec![LIBRARIES[library].0.to_owned()]);
    if random.chance(70) {
        about.insert("hopes".to_owned(), vec![random.pick(&HOPES).to_owned()]);
    }
    let at = person.created_at;
    Enrollment {
        id: random.id(at),
        organization_id: program.organization_id,
        program_id: program.id,
        round_id: round.id,
        person_id: person.id,
        role: EnrollmentRole::Peer,
        status: EnrollmentStatus::Applied,
        capacity: 1,
        priority: 1,
        about,
        wanted: Answers::new(),
        paused_until: None,
        version: 1,
        applied_at: at,
        created_at: at,
        updated_at: at,
    }
}

/// One pair that staff want and one that they rule out.
fn decisions(
    program: &Program,
    enrollments: &[Enrollment],
    applicants: &[(Person, usize)],
    coordinator: Uuid,
    at: DateTime<Utc>,
    random: &mut Random,
) -> Vec<Constraint> {
    let ready = |wanted: &'static str| {
        let found = enrollments.iter().zip(applicants).filter(move |(enrollment, (person, _))| {
            enrollment.status == EnrollmentStatus::Active
                && person.country.as_deref() == Some(wanted)
                && person.languages.iter().any(|language| language == "en")
        });
        found.map(|(_, (person, _))| person.id)
    };
    let decided = [
        (
            ConstraintKind::Pin,
            ready("KE").next().zip(ready("NL").next()),
            "They met at the spring conference and asked.",
        ),
        (ConstraintKind::Forbid, ready("GB").next().zip(ready("IE").next()), "Colleagues until last year."),
    ];
    let mut constraints = Vec::new();
    for (kind, pair, reason) in decided {
        let Some((one, other)) = pair else { continue };
        constraints.push(Constraint {
            id: random.id(at),
            organization_id: program.organization_id,
            program_id: program.id,
            kind,
            person_a: one.min(other),
            person_b: one.max(other),
            reason: Some(reason.to_owned()),
            created_by: Some(coordinator),
            created_at: at,
        });
    }
    constraints
}
