//! Programs: what is asked, which rules hold, how consent works and when things happen.

mod quiet_hours;
mod timings;

use chrono::{DateTime, NaiveTime, Utc};
use uuid::Uuid;

pub use self::{quiet_hours::QuietHours, timings::Timings};
use super::{
    people::LINE_MAX,
    refusals::{Refusal, RefusalCode},
    states::words,
};

/// A mentoring program of an organization, with its questions and criteria.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    /// `UUIDv7`.
    pub id: Uuid,
    /// The tenant.
    pub organization_id: Uuid,
    /// Unique in the organization.
    pub name: String,
    /// For participants; plain text.
    pub description: String,
    /// Peers, or mentors with mentees.
    pub kind: Kind,
    /// Who agrees before two people are introduced.
    pub consent: Consent,
    /// What the nightly run aims at first.
    pub objective: Objective,
    /// Who decides on applicants.
    pub admission: Admission,
    /// IANA zone of the program's nights and dates.
    pub time_zone: String,
    /// Local time of the nightly run.
    pub match_at: NaiveTime,
    /// Pairs below this score, 0 to 1000, are never made.
    pub minimum_score: u16,
    /// Whether people who were partners once are kept apart.
    pub avoid_past_partners: bool,
    /// Dates the program keeps.
    pub timings: Timings,
    /// When mail that may wait does; `None` for never.
    pub quiet_hours: Option<QuietHours>,
    /// Questions to begin with, for the introduction; empty means the standard ones.
    pub ice_breakers: Vec<String>,
    /// What pairs may talk about, one after the other, the last a look back; empty means the standard ones.
    pub topics: Vec<String>,
    /// What participants are asked, in order.
    pub questions: Vec<Question>,
    /// The rules, in order.
    pub criteria: Vec<Criterion>,
    /// Breaks ties in matching, so that nobody is favoured for ever; published with every run.
    pub seed: i64,
    /// Counts changes.
    pub version: i32,
    /// When it was put away; an archived program has no nights.
    pub archived_at: Option<DateTime<Utc>>,
    /// When the program was made.
    pub created_at: DateTime<Utc>,
    /// When the program last changed.
    pub updated_at: DateTime<Utc>,
}

words! {
    /// Who is matched with whom.
    Kind {
        /// Any two people: both give and both take.
        Peer = "PEER",
        /// Mentors with mentees.
        Mentoring = "MENTORING",
    }
}

words! {
    /// Who agrees before two people are introduced.
    Consent {
        /// The night introduces them at once.
        IntroduceAtOnce = "INTRODUCE_AT_ONCE",
        /// Both are asked and both must accept.
        BothAccept = "BOTH_ACCEPT",
        /// A coordinator approves the run; then they are introduced.
        CoordinatorApproves = "COORDINATOR_APPROVES",
    }
}

words! {
    /// What matching aims at first.
    Objective {
        /// As many people as possible, by priority; then the highest total score.
        Participation = "PARTICIPATION",
        /// The highest total score, even if more people stay unmatched.
        Score = "SCORE",
    }
}

words! {
    /// Who decides on applicants.
    Admission {
        /// Everybody is accepted (a country cap still applies when the round closes).
        Automatic = "AUTOMATIC",
        /// A coordinator accepts or declines each applicant.
        Review = "REVIEW",
    }
}

/// Something participants are asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// `UUIDv7`.
    pub id: Uuid,
    /// Stable name for programs and CSV columns: `[a-z][a-z0-9_]*`.
    pub key: String,
    /// A word or two for explanations ("Topics").
    pub label: String,
    /// The whole question.
    pub prompt: String,
    /// What an answer looks like.
    pub kind: QuestionKind,
    /// The choices of SINGLE and MULTIPLE.
    pub options: Vec<String>,
    /// Whether nobody is matched without an answer.
    pub required: bool,
    /// Whether it is asked about the person, about the partner, or both.
    pub asks: Asks,
}

impl Question {
    /// Whether the question is (also) about the partner one wishes for.
    pub fn asks_wishes(&self) -> bool {
        matches!(self.asks, Asks::Wanted | Asks::Both)
    }
}

words! {
    /// What an answer looks like.
    QuestionKind {
        /// One of the options.
        Single = "SINGLE",
        /// Any of the options.
        Multiple = "MULTIPLE",
        /// Words of the person's own choosing, compared in lower case.
        Tags = "TAGS",
        /// Free text, never compared.
        Text = "TEXT",
    }
}

words! {
    /// Which side a question is about.
    Asks {
        /// About oneself.
        AboutMe = "ABOUT_ME",
        /// About the partner one wishes for.
        Wanted = "WANTED",
        /// Both: what one offers and what one looks for.
        Both = "BOTH",
    }
}

/// A rule of matching.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Criterion {
    /// `UUIDv7`.
    pub id: Uuid,
    /// What coordinators and reasons call it ("Another country").
    pub label: String,
    /// What is compared.
    pub subject: Subject,
    /// The question's key, when the subject is a question.
    pub question_key: Option<String>,
    /// How it is compared.
    pub comparison: Comparison,
    /// Hours, for WITHIN.
    pub at_most: Option<u16>,
    /// Whether it must hold or earns points.
    pub strength: Strength,
    /// Points relative to the other PREFER criteria, 1 to 100; 0 for a MUST.
    pub weight: u16,
}

words! {
    /// What a criterion looks at.
    Subject {
        /// The country people live in.
        Country = "COUNTRY",
        /// The languages they speak.
        Languages = "LANGUAGES",
        /// How far their clocks are apart.
        TimeZone = "TIME_ZONE",
        /// A question of the program.
        Question = "QUESTION",
    }
}

words! {
    /// How a criterion compares two people.
    Comparison {
        /// Equal.
        Same = "SAME",
        /// Different.
        Different = "DIFFERENT",
        /// At least one value in common; the more the better.
        Overlap = "OVERLAP",
        /// One offers what the other wants.
        Offers = "OFFERS",
        /// At most so many hours apart.
        Within = "WITHIN",
    }
}

words! {
    /// How much a criterion counts.
    Strength {
        /// Without it there is no match.
        Must = "MUST",
        /// It earns points.
        Prefer = "PREFER",
    }
}

/// Checks a program as a whole, tidying lines in place. Empty when all is well.
pub fn check(program: &mut Program) -> Vec<Refusal> {
    let mut found = Vec::new();
    let mut refuse = |field: String, message: &str| {
        found.push(Refusal::field(RefusalCode::Invalid, field, message));
    };
    program.name = super::people::tidy_line(&program.name);
    if program.name.is_empty() || program.name.chars().count() > LINE_MAX {
        refuse("name".to_owned(), "give a name of 1 to 200 characters");
    }
    if program.description.chars().count() > 10_000 {
        refuse("description".to_owned(), "keep it to 10,000 characters");
    }
    if program.time_zone.parse::<chrono_tz::Tz>().is_err() {
        refuse("timeZone".to_owned(), "use an IANA zone such as Europe/Berlin");
    }
    if program.minimum_score > 1000 {
        refuse("minimumScore".to_owned(), "use 0 to 1000");
    }
    program.timings.check(&mut refuse);
    if program.ice_breakers.len() > 10 || program.ice_breakers.iter().any(|line| line.chars().count() > 500) {
        refuse("iceBreakers".to_owned(), "at most 10, of 500 characters each");
    }
    let is_topic = |line: &String| (1..=500).contains(&line.trim().chars().count());
    if program.topics.len() > 60 || !program.topics.iter().all(is_topic) {
        refuse("topics".to_owned(), "at most 60, of 1 to 500 characters each");
    }
    check_questions(&program.questions, &mut refuse);
    check_criteria(program, &mut refuse);
    found
}

fn check_questions(questions: &[Question], refuse: &mut impl FnMut(String, &str)) {
    if questions.len() > 50 {
        refuse("questions".to_owned(), "at most 50 questions");
    }
    for (index, question) in questions.iter().enumerate() {
        let at = |field: &str| format!("questions.{index}.{field}");
        let mut key = question.key.bytes();
        let well_formed = key.next().is_some_and(|first| first.is_ascii_lowercase())
            && key.all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
            && question.key.len() <= 40;
        if !well_formed {
            refuse(at("key"), "use small letters, digits and _ (at most 40), beginning with a letter");
        }
        if questions[..index].iter().any(|earlier| earlier.key == question.key) {
            refuse(at("key"), "another question has this key");
        }
        if question.label.trim().is_empty() || question.label.chars().count() > LINE_MAX {
            refuse(at("label"), "give a label of 1 to 200 characters");
        }
        if question.prompt.trim().is_empty() || question.prompt.chars().count() > 1_000 {
            refuse(at("prompt"), "give a question of 1 to 1,000 characters");
        }
        let closed = matches!(question.kind, QuestionKind::Single | QuestionKind::Multiple);
        if closed && (question.options.len() < 2 || question.options.len() > 200) {
            refuse(at("options"), "give 2 to 200 options");
        }
        if !closed && !question.options.is_empty() {
            refuse(at("options"), "only SINGLE and MULTIPLE have options");
        }
    }
}

fn check_criteria(program: &Program, refuse: &mut impl FnMut(String, &str)) {
    if program.criteria.len() > 30 {
        refuse("criteria".to_owned(), "at most 30 criteria");
    }
    for (index, criterion) in program.criteria.iter().enumerate() {
        let at = |field: &str| format!("criteria.{index}.{field}");
        if criterion.label.trim().is_empty() || criterion.label.chars().count() > LINE_MAX {
            refuse(at("label"), "give a label of 1 to 200 characters");
        }
        let question =
            criterion.question_key.as_ref().map(|key| program.questions.iter().find(|question| question.key == *key));
        match (criterion.subject, &question) {
            (Subject::Question, None) => refuse(at("questionKey"), "name the question that is compared"),
            (Subject::Question, Some(None)) => refuse(at("questionKey"), "the program has no such question"),
            (Subject::Country | Subject::Languages | Subject::TimeZone, Some(_)) => {
                refuse(at("questionKey"), "only a criterion on QUESTION names one");
            }
            _ => {}
        }
        let fits = match criterion.subject {
            Subject::Country => matches!(criterion.comparison, Comparison::Same | Comparison::Different),
            Subject::Languages => criterion.comparison == Comparison::Overlap,
            Subject::TimeZone => criterion.comparison == Comparison::Within,
            Subject::Question => match question.flatten() {
                None => true,
                Some(question) if question.kind == QuestionKind::Text => false,
                Some(question) if criterion.comparison == Comparison::Offers => question.asks == Asks::Both,
                Some(_) => criterion.comparison != Comparison::Within,
            },
        };
        if !fits {
            refuse(
                at("comparison"),
                "COUNTRY takes SAME or DIFFERENT, LANGUAGES takes OVERLAP, TIME_ZONE takes WITHIN, and a question \
                 (not of kind TEXT) takes SAME, DIFFERENT, OVERLAP, or OFFERS if it asks BOTH",
            );
        }
        if (criterion.comparison == Comparison::Within) != criterion.at_most.is_some_and(|hours| hours <= 12) {
            refuse(at("atMost"), "WITHIN takes 0 to 12 hours, the others take none");
        }
        let weight_fits = match criterion.strength {
            Strength::Must => criterion.weight == 0,
            Strength::Prefer => (1..=100).contains(&criterion.weight),
        };
        if !weight_fits {
            refuse(at("weight"), "PREFER takes 1 to 100, MUST takes none");
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, NaiveTime};
    use uuid::Uuid;

    use super::{
        Admission, Asks, Comparison, Consent, Criterion, Kind, Objective, Program, Question, QuestionKind, Strength,
        Subject, Timings, check,
    };

    fn program() -> Program {
        let at = DateTime::UNIX_EPOCH;
        Program {
            id: Uuid::nil(),
            organization_id: Uuid::nil(),
            name: "Career mentoring".to_owned(),
            description: String::new(),
            kind: Kind::Mentoring,
            consent: Consent::IntroduceAtOnce,
            objective: Objective::Participation,
            admission: Admission::Automatic,
            time_zone: "Europe/Berlin".to_owned(),
            match_at: NaiveTime::MIN,
            minimum_score: 0,
            avoid_past_partners: true,
            timings: Timings::default(),
            quiet_hours: None,
            ice_breakers: Vec::new(),
            topics: Vec::new(),
            questions: vec![Question {
                id: Uuid::nil(),
                key: "field".to_owned(),
                label: "Field".to_owned(),
                prompt: "Which field?".to_owned(),
                kind: QuestionKind::Multiple,
                options: vec!["law".to_owned(), "medicine".to_owned()],
                required: true,
                asks: Asks::Both,
            }],
            criteria: vec![Criterion {
                id: Uuid::nil(),
                label: "Field wanted".to_owned(),
                subject: Subject::Question,
                question_key: Some("field".to_owned()),
                comparison: Comparison::Offers,
                at_most: None,
                strength: Strength::Prefer,
                weight: 3,
            }],
            seed: 0,
            version: 1,
            archived_at: None,
            created_at: at,
            updated_at: at,
        }
    }

    #[test]
    fn a_sound_program_passes() {
        assert_eq!(check(&mut program()), []);
    }

    #[test]
    fn each_fault_names_its_field() {
        type Spoil = fn(&mut Program);
        let cases: &[(&str, Spoil)] = &[
            ("name", |program| program.name = " \n ".to_owned()),
            ("timeZone", |program| program.time_zone = "Middle/Earth".to_owned()),
            ("minimumScore", |program| program.minimum_score = 1001),
            ("proposalReminderDays", |program| program.timings.proposal_reminder_days = 14),
            ("firstContactDays", |program| program.timings.first_contact_days = 0),
            ("topicDays", |program| program.timings.topic_days = 366),
            ("topics", |program| program.topics = vec![" ".to_owned()]),
            ("questions.0.key", |program| program.questions[0].key = "Field!".to_owned()),
            ("questions.0.options", |program| program.questions[0].options.truncate(1)),
            ("criteria.0.questionKey", |program| program.criteria[0].question_key = Some("feild".to_owned())),
            ("criteria.0.comparison", |program| program.criteria[0].comparison = Comparison::Within),
            ("criteria.0.atMost", |program| program.criteria[0].at_most = Some(3)),
            ("criteria.0.weight", |program| program.criteria[0].weight = 0),
        ];
        for (field, spoil) in cases {
            let mut spoiled = program();
            spoil(&mut spoiled);
            let found = check(&mut spoiled);
            assert!(found.iter().any(|refusal| refusal.field.as_deref() == Some(field)), "{field}: {found:?}");
        }
    }
}
