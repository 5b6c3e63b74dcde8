//! A university's career mentoring: more students than places with professionals, so that some have to wait.

use chrono::{DateTime, Datelike, NaiveTime, TimeDelta, Utc};
use shared::domain::{
    enrollments::{Answers, Enrollment, EnrollmentEvent, EnrollmentRole, EnrollmentStatus, is_complete},
    organizations::{Organization, Role},
    people::Person,
    programs::{Admission, Asks, Comparison, Consent, Kind, Objective, Program, QuestionKind, Timings},
    rounds::{Round, RoundEvent, RoundStatus},
};
use uuid::Uuid;

use super::{
    Problem, Sample,
    harbour_people::{FIELDS, Mentor, Student, WAYS, YEARS, mentors, students},
    journal::Journal,
    names::GERMAN,
    random::Random,
    roster::Roster,
    rules::{Compared, criterion, question},
    staff::{Desk, appoint},
};

/// The organization with everything in it, as it stands at `now`.
pub(super) fn sample(now: DateTime<Utc>) -> Result<Sample, Problem> {
    let mut random = Random::new(0x4A2B_0412);
    let random = &mut random;
    let founded = now - TimeDelta::days(55);
    let organization = Organization {
        id: random.id(founded),
        slug: "harbour".to_owned(),
        name: "Harbour University".to_owned(),
        contact: Some("careers@harbour.example.org".to_owned()),
        portal_url: None,
        created_at: founded,
        updated_at: founded,
    };
    let mut roster = Roster::new(organization.id, "harbour.example.org");
    let desk = |role, headline| Desk {
        role,
        countries: None,
        names: &GERMAN,
        headline,
        country: "DE",
        languages: &["de", "en"],
        time_zone: "Europe/Berlin",
    };
    let desks = [
        desk(Role::Administrator, "Head of the career service"),
        desk(Role::Coordinator, "Coordinates career mentoring"),
    ];
    let (mut people, roles) = appoint(&desks, &mut roster, random, founded);
    let coordinator = people[1].id;

    let program = program(organization.id, random, founded);
    let opened = now - TimeDelta::days(40);
    let mut journal = Journal::default();
    let first_year = if now.month() >= 8 { now.year() } else { now.year() - 1 };
    let mut round = Round {
        id: random.id(founded),
        organization_id: organization.id,
        program_id: program.id,
        name: format!("Year {first_year}/{:02}", (first_year + 1).rem_euclid(100)),
        status: RoundStatus::Draft,
        rolling: true,
        country_cap_percent: None,
        ends_on: Some((now + TimeDelta::days(250)).date_naive()),
        opened_at: None,
        closed_at: None,
        created_at: founded,
        updated_at: founded,
    };
    journal.round_made(&round, coordinator, random);
    journal.round(&mut round, RoundEvent::Open, (coordinator, opened), random)?;

    let mut joining = Vec::new();
    joining
        .extend(mentors(&mut roster, random, opened).into_iter().map(|mentor| offer(&program, &round, mentor, random)));
    joining.extend(
        students(&mut roster, random, opened).into_iter().map(|student| ask(&program, &round, student, random)),
    );
    joining.sort_by_key(|(_, enrollment)| (enrollment.applied_at, enrollment.id));

    let mut enrollments = Vec::new();
    for (index, (person, mut enrollment)) in joining.into_iter().enumerate() {
        let at = enrollment.applied_at;
        journal.applied(&enrollment, random);
        journal.enrollment(&mut enrollment, EnrollmentEvent::Accept, (None, at), random)?;
        if is_complete(&enrollment, &program) {
            journal.enrollment(&mut enrollment, EnrollmentEvent::Activate, (None, at), random)?;
            if index % 31 == 11 {
                let later = (Some(person.id), now - TimeDelta::hours(20));
                enrollment.paused_until = Some((now + TimeDelta::days(21)).date_naive());
                journal.enrollment(&mut enrollment, EnrollmentEvent::Pause, later, random)?;
            }
        }
        people.push(person);
        enrollments.push(enrollment);
    }
    let changes = journal.changes;
    Ok(Sample { organization, people, roles, program, round, enrollments, constraints: Vec::new(), changes })
}

fn program(organization_id: Uuid, random: &mut Random, at: DateTime<Utc>) -> Program {
    let questions = vec![
        question(
            "fields",
            ("Fields", "Which fields of work do you know, or would you like to get to know?"),
            (QuestionKind::Multiple, Asks::Both, true),
            &FIELDS,
            (random, at),
        ),
        question(
            "year",
            ("Year of study", "Which year of your studies are you in?"),
            (QuestionKind::Single, Asks::AboutMe, false),
            &YEARS,
            (random, at),
        ),
        question(
            "meeting",
            ("Ways to meet", "How would you like to meet?"),
            (QuestionKind::Multiple, Asks::AboutMe, false),
            &WAYS,
            (random, at),
        ),
        question(
            "hopes",
            ("Hopes", "What would you like to talk about?"),
            (QuestionKind::Text, Asks::AboutMe, false),
            &[],
            (random, at),
        ),
    ];
    let criteria = vec![
        criterion("A field the student asks for", &Compared::Answers("fields", Comparison::Offers), None, (random, at)),
        criterion("Many of the fields", &Compared::Answers("fields", Comparison::Offers), Some(60), (random, at)),
        criterion("A shared language", &Compared::Languages, Some(20), (random, at)),
        criterion("The same ways to meet", &Compared::Answers("meeting", Comparison::Overlap), Some(20), (random, at)),
    ];
    Program {
        id: random.id(at),
        organization_id,
        name: "Career mentoring".to_owned(),
        description: "Students in their last years meet a professional, about an hour every two weeks. Final-year students \
                      come first. There are fewer mentors than students: whoever has no mentor yet stays on the list and \
                      is considered every night."
            .to_owned(),
        kind: Kind::Mentoring,
        consent: Consent::BothAccept,
        objective: Objective::Participation,
        admission: Admission::Automatic,
        time_zone: "Europe/Berlin".to_owned(),
        match_at: NaiveTime::from_hms_opt(2, 0, 0).unwrap_or_default(),
        minimum_score: 0,
        avoid_past_partners: true,
        timings: Timings::default(),
        quiet_hours: None,
        ice_breakers: Vec::new(),
        topics: Vec::new(),
        questions,
        criteria,
        seed: 20_261_015,
        version: 1,
        archived_at: None,
        created_at: at,
        updated_at: at,
    }
}

fn offer(program: &Program, round: &Round, mentor: Mentor, random: &mut Random) -> (Person, Enrollment) {
    let mut about = mentor.answers;
    if !mentor.fields.is_empty() {
        about.insert("fields".to_owned(), mentor.fields);
    }
    let role = EnrollmentRole::Mentor;
    let enrollment =
        Enrollment { capacity: mentor.capacity, about, ..blank(program, round, &mentor.person, role, random) };
    (mentor.person, enrollment)
}

fn ask(program: &Program, round: &Round, student: Student, random: &mut Random) -> (Person, Enrollment) {
    let mut wanted = Answers::new();
    if !student.fields.is_empty() {
        wanted.insert("fields".to_owned(), student.fields);
    }
    let role = EnrollmentRole::Mentee;
    let joined = blank(program, round, &student.person, role, random);
    let enrollment = Enrollment { priority: student.priority, about: student.answers, wanted, ..joined };
    (student.person, enrollment)
}

fn blank(program: &Program, round: &Round, person: &Person, role: EnrollmentRole, random: &mut Random) -> Enrollment {
    let at = person.created_at;
    Enrollment {
        id: random.id(at),
        organization_id: program.organization_id,
        program_id: program.id,
        round_id: round.id,
        person_id: person.id,
        role,
        status: EnrollmentStatus::Applied,
        capacity: 1,
        priority: 1,
        about: Answers::new(),
        wanted: Answers::new(),
        paused_until: None,
        version: 1,
        applied_at: at,
        created_at: at,
        updated_at: at,
    }
}
