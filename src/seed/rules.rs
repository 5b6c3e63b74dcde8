//! What sample programs ask and how they match, each in a line or two.

use chrono::{DateTime, Utc};
use shared::domain::programs::{Asks, Comparison, Criterion, Question, QuestionKind, Strength, Subject};

use super::random::Random;

/// A question with options; none for a free text.
pub(super) fn question(
    key: &str,
    (label, prompt): (&str, &str),
    (kind, asks, required): (QuestionKind, Asks, bool),
    options: &[&str],
    (random, at): (&mut Random, DateTime<Utc>),
) -> Question {
    Question {
        id: random.id(at),
        key: key.to_owned(),
        label: label.to_owned(),
        prompt: prompt.to_owned(),
        kind,
        options: options.iter().map(|&option| option.to_owned()).collect(),
        required,
        asks,
    }
}

/// What a criterion compares.
pub(super) enum Compared {
    Country(Comparison),
    Languages,
    HoursApart(u16),
    Answers(&'static str, Comparison),
}

/// A criterion: a weight for what is preferred, `None` for what must hold.
pub(super) fn criterion(
    label: &str,
    compared: &Compared,
    weight: Option<u16>,
    (random, at): (&mut Random, DateTime<Utc>),
) -> Criterion {
    let (subject, question_key, comparison, at_most) = match *compared {
        Compared::Country(comparison) => (Subject::Country, None, comparison, None),
        Compared::Languages => (Subject::Languages, None, Comparison::Overlap, None),
        Compared::HoursApart(hours) => (Subject::TimeZone, None, Comparison::Within, Some(hours)),
        Compared::Answers(key, comparison) => (Subject::Question, Some(key.to_owned()), comparison, None),
    };
    Criterion {
        id: random.id(at),
        label: label.to_owned(),
        subject,
        question_key,
        comparison,
        at_most,
        strength: if weight.is_some() { Strength::Prefer } else { Strength::Must },
        weight: weight.unwrap_or(0),
    }
}
