//! Enrollments: a person's place in a round, with answers about themselves and wishes.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use uuid::Uuid;

use super::{
    programs::{Kind, Program, Question, QuestionKind},
    refusals::{Refusal, RefusalCode},
    states::{state_machine, words},
};

/// Answers by question key. A single choice or a text is a list of one; an empty list is no answer.
pub type Answers = BTreeMap<String, Vec<String>>;

/// A person's place in a round.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Enrollment {
    /// `UUIDv7`.
    pub id: Uuid,
    /// The tenant.
    pub organization_id: Uuid,
    /// The program.
    pub program_id: Uuid,
    /// The round.
    pub round_id: Uuid,
    /// The person.
    pub person_id: Uuid,
    /// What the person is in this program.
    pub role: EnrollmentRole,
    /// Where it stands.
    pub status: EnrollmentStatus,
    /// How many partners at a time, 1 to 20.
    pub capacity: i32,
    /// 1 to 1000; higher is matched first when places are short.
    pub priority: i32,
    /// What the person says about themselves.
    pub about: Answers,
    /// What the person wishes of a partner.
    pub wanted: Answers,
    /// A pause that ends by itself on this day.
    pub paused_until: Option<NaiveDate>,
    /// Counts changes; a night that planned with an older version drops the pair.
    pub version: i32,
    /// The order of application.
    pub applied_at: DateTime<Utc>,
    /// When the enrollment was made.
    pub created_at: DateTime<Utc>,
    /// When the enrollment last changed.
    pub updated_at: DateTime<Utc>,
}

words! {
    /// What a person is in a program.
    EnrollmentRole {
        /// In a PEER program: mutual, no hierarchy.
        Peer = "PEER",
        /// In a MENTORING program: offers time and experience.
        Mentor = "MENTOR",
        /// In a MENTORING program: looks for a mentor.
        Mentee = "MENTEE",
    }
}

impl EnrollmentRole {
    /// Whether a program of this kind has this role.
    pub const fn fits(self, kind: Kind) -> bool {
        matches!((self, kind), (Self::Peer, Kind::Peer) | (Self::Mentor | Self::Mentee, Kind::Mentoring))
    }
}

words! {
    /// The states of an enrollment. "Matched" is none of them: it is derived from the matches.
    EnrollmentStatus {
        /// Asked to join; staff or the round's closing decide.
        Applied = "APPLIED",
        /// The person's country reached its share; invited to a later round.
        Waitlisted = "WAITLISTED",
        /// Accepted, but required answers are missing.
        Accepted = "ACCEPTED",
        /// Not accepted.
        Declined = "DECLINED",
        /// Complete: the next night looks for a partner.
        Active = "ACTIVE",
        /// Takes no new partner for a while.
        Paused = "PAUSED",
        /// The round ended with this person in it.
        Completed = "COMPLETED",
        /// The person left.
        Withdrawn = "WITHDRAWN",
        /// Staff removed the person.
        Removed = "REMOVED",
    }
}

words! {
    /// What can happen to an enrollment.
    EnrollmentEvent {
        /// Staff or the round's rule accept.
        Accept = "ACCEPT",
        /// Staff decline.
        Decline = "DECLINE",
        /// The country cap was reached.
        Waitlist = "WAITLIST",
        /// All required answers are there.
        Activate = "ACTIVATE",
        /// A required answer is missing after an edit.
        Reopen = "REOPEN",
        /// The person pauses.
        Pause = "PAUSE",
        /// The person resumes, or the pause ended.
        Resume = "RESUME",
        /// The round is over.
        Complete = "COMPLETE",
        /// The person leaves.
        Withdraw = "WITHDRAW",
        /// Staff remove the person.
        Remove = "REMOVE",
        /// The person who left comes back while the round takes people.
        Reapply = "REAPPLY",
    }
}

state_machine! { "the enrollment", EnrollmentStatus x EnrollmentEvent {
    Applied + Accept => Accepted,
    Applied + Decline => Declined,
    Applied + Waitlist => Waitlisted,
    Applied + Withdraw => Withdrawn,
    Waitlisted + Accept => Accepted,
    Waitlisted + Decline => Declined,
    Waitlisted + Withdraw => Withdrawn,
    Accepted + Activate => Active,
    Accepted + Withdraw => Withdrawn,
    Accepted + Remove => Removed,
    Active + Reopen => Accepted,
    Active + Pause => Paused,
    Active + Complete => Completed,
    Active + Withdraw => Withdrawn,
    Active + Remove => Removed,
    Paused + Resume => Active,
    Paused + Complete => Completed,
    Paused + Withdraw => Withdrawn,
    Paused + Remove => Removed,
    Withdrawn + Reapply => Applied,
}}

impl EnrollmentStatus {
    /// Whether the person may still be part of the round.
    pub const fn is_living(self) -> bool {
        matches!(self, Self::Applied | Self::Waitlisted | Self::Accepted | Self::Active | Self::Paused)
    }
}

/// The most characters in one answer.
pub const ANSWER_MAX: usize = 2_000;
/// The most values in one answer.
pub const VALUES_MAX: usize = 50;

/// Tidies answers in place and checks them against the program's questions. `side` is `about` or `wanted`.
///
/// Missing required answers are no error here: see [`is_complete`].
pub fn check_answers(answers: &mut Answers, questions: &[Question], side: &str) -> Vec<Refusal> {
    let mut found = Vec::new();
    let mut refuse = |key: &str, message: String| {
        found.push(Refusal::field(RefusalCode::Invalid, format!("{side}.{key}"), message));
    };
    answers.retain(|_, values| {
        for value in values.iter_mut() {
            *value = value.trim().to_owned();
        }
        values.retain(|value| !value.is_empty());
        !values.is_empty()
    });
    for (key, values) in answers.iter_mut() {
        let Some(question) = questions.iter().find(|question| question.key == *key) else {
            let known: Vec<_> = questions.iter().map(|question| question.key.as_str()).collect();
            refuse(key, format!("the program has no question `{key}`; it has {}", known.join(", ")));
            continue;
        };
        if question.kind == QuestionKind::Tags {
            for value in values.iter_mut() {
                *value = super::people::tidy_line(value).to_lowercase();
            }
        }
        if matches!(question.kind, QuestionKind::Tags | QuestionKind::Multiple) {
            values.sort();
            values.dedup();
        } else if values.len() > 1 {
            refuse(key, format!("`{key}` takes one answer"));
        }
        if values.len() > VALUES_MAX {
            refuse(key, format!("`{key}` takes at most {VALUES_MAX} values"));
        }
        if values.iter().any(|value| value.chars().count() > ANSWER_MAX) {
            refuse(key, format!("keep each value of `{key}` to {ANSWER_MAX} characters"));
        }
        let closed = matches!(question.kind, QuestionKind::Single | QuestionKind::Multiple);
        if closed && let Some(other) = values.iter().find(|value| !question.options.contains(value)) {
            refuse(key, format!("`{other}` is not an option of `{key}`: {}", question.options.join(", ")));
        }
    }
    found
}

/// Whether all required answers are there: a mentee's wishes, everybody else's answers about themselves.
pub fn is_complete(enrollment: &Enrollment, program: &Program) -> bool {
    program.questions.iter().filter(|question| question.required).all(|question| {
        let answers = if enrollment.role == EnrollmentRole::Mentee && question.asks_wishes() {
            &enrollment.wanted
        } else {
            &enrollment.about
        };
        answers.get(&question.key).is_some_and(|values| !values.is_empty())
    })
}

#[cfg(test)]
mod tests {
    use super::{
        super::programs::{Asks, Question, QuestionKind},
        Answers, check_answers,
    };

    fn question(key: &str, kind: QuestionKind, options: &[&str]) -> Question {
        Question {
            id: uuid::Uuid::nil(),
            key: key.to_owned(),
            label: key.to_owned(),
            prompt: key.to_owned(),
            kind,
            options: options.iter().map(|&option| option.to_owned()).collect(),
            required: false,
            asks: Asks::Both,
        }
    }

    fn answers(pairs: &[(&str, &[&str])]) -> Answers {
        let values = |list: &[&str]| list.iter().map(|&value| value.to_owned()).collect();
        pairs.iter().map(|(key, list)| ((*key).to_owned(), values(list))).collect()
    }

    #[test]
    fn tags_are_folded_sorted_and_counted_once() {
        let questions = [question("topics", QuestionKind::Tags, &[])];
        let mut given = answers(&[("topics", &[" Python ", "python", "open  access", ""])]);
        assert!(check_answers(&mut given, &questions, "about").is_empty());
        assert_eq!(given, answers(&[("topics", &["open access", "python"])]));
    }

    #[test]
    fn an_empty_answer_is_none() {
        let questions = [question("topics", QuestionKind::Tags, &[])];
        let mut given = answers(&[("topics", &["  "])]);
        assert!(check_answers(&mut given, &questions, "about").is_empty());
        assert!(given.is_empty());
    }

    #[test]
    fn faults_name_the_field_and_what_to_do() {
        let questions = [question("level", QuestionKind::Single, &["junior", "senior"])];
        for (given, field, words) in [
            (answers(&[("levle", &["junior"])]), "wanted.levle", "it has level"),
            (answers(&[("level", &["boss"])]), "wanted.level", "junior, senior"),
            (answers(&[("level", &["junior", "senior"])]), "wanted.level", "one answer"),
        ] {
            let mut given = given;
            let found = check_answers(&mut given, &questions, "wanted");
            assert_eq!(found.len(), 1, "{found:?}");
            assert_eq!(found[0].field.as_deref(), Some(field));
            assert!(found[0].message.contains(words), "{}", found[0].message);
        }
    }
}
