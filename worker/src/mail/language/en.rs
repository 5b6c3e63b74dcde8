//! Sentences in English.

use chrono::NaiveDate;
use shared::domain::{explanations::Ground, non_matches::Relaxation};

use super::{Language, Told};
use crate::mail::names;

pub(super) const ICE_BREAKERS: [&str; 4] = [
    "Where do you work or study, and what does an ordinary day look like?",
    "What do you hope for from our time together?",
    "How often do you want to be in touch, and by which means: mail, phone, video?",
    "What are you working on right now that you would like to talk through with somebody?",
];

pub(super) const TOPICS: [&str; 6] = [
    "Getting to know each other: where do you come from, what do you expect of the next months, and what would make them \
     worth your time?",
    "An ordinary day: what do you do all day, what do you like about it, and what would you rather hand over?",
    "A turning point: which decision has shaped your path most, and how did you come to it?",
    "Something hard: what are you struggling with right now, and what has helped the other one in a similar place?",
    "People: who has helped you on your way, and whom should the other one get to know?",
    "Looking back, and ahead: what have you learned from each other, what do you do differently now, and how do you want \
     to go on?",
];

pub(super) fn date(date: NaiveDate) -> String {
    date.format("%A, %-d %B %Y").to_string()
}

pub(super) fn days(days: u16) -> String {
    match days {
        1 => String::from("one day"),
        days => format!("{days} days"),
    }
}

pub(super) fn ground(ground: &Ground, partner: &str) -> Option<String> {
    let country = |code: &str| names::country(code, Language::En);
    Some(match ground {
        Ground::SameCountry { country: code } => {
            format!("You live in the same country: {}.", country(code))
        }
        Ground::DifferentCountries { a, b } => {
            format!("You live in different countries: {} and {}.", country(a), country(b))
        }
        Ground::SharedLanguages { languages } => {
            let named: Vec<String> = languages.iter().map(|code| names::language(code, Language::En)).collect();
            format!("You both speak {}.", list(&named)?)
        }
        Ground::SharedAnswers { label, values } => {
            format!("You share: {} ({label}).", list(values)?)
        }
        Ground::DifferentAnswers { label, a, b } => {
            format!("You differ, and that is intended: you chose {}, {partner} chose {} ({label}).", list(a)?, list(b)?)
        }
        Ground::Offered { label, by_a, by_b } => {
            let theirs =
                list(by_b).map(|values| format!("{partner} offers what you were looking for: {values} ({label})."));
            let yours =
                list(by_a).map(|values| format!("You offer what {partner} was looking for: {values} ({label})."));
            match (theirs, yours) {
                (Some(theirs), Some(yours)) => format!("{theirs} {yours}"),
                (theirs, yours) => theirs.or(yours)?,
            }
        }
        Ground::HoursApart { hours: 0 } => String::from("Your clocks show nearly the same time."),
        Ground::HoursApart { hours: 1 } => String::from("Your clocks are one hour apart."),
        Ground::HoursApart { hours } => format!("Your clocks are {hours} hours apart."),
    })
}

pub(super) fn reason(reason: Told, considered: u32) -> String {
    match reason {
        Told::NobodyFits => match considered {
            0 => String::from("There is nobody else to choose from yet."),
            1 => String::from("There was one person to choose from, and not everything fits that must fit."),
            more => format!(
                "There were {more} people to choose from, but nobody who fits everything that \
                 must fit."
            ),
        },
        Told::NobodyFitsWell => String::from(
            "There are people to choose from, but nobody fits as well as the program asks for. \
             We would rather wait than introduce you to somebody you have little in common with.",
        ),
        Told::Full => String::from(
            "There are people who would suit you, but all of them already have as many partners \
             as they can take on.",
        ),
        Told::Priority => String::from(
            "There are people who would suit you, but this time the places went to those whom \
             the program serves first.",
        ),
        Told::BetterElsewhere => String::from(
            "We look for the pairs that are best for everybody together. This time that left no \
             partner for you. It says nothing about you.",
        ),
        Told::OddOneOut => String::from(
            "An odd number of people took part, so one had to be left over. This time it was \
             you. It says nothing about you.",
        ),
        Told::OnlyPastPartners => String::from("Everybody who would suit you has already been your partner."),
        Told::PausedOrIncomplete => String::from(
            "Your participation is paused, or answers that are needed for matching are still \
             missing.",
        ),
        Told::Late => String::from("You joined after this round had been closed."),
        Told::Quota => String::from(
            "More people from your country applied than one round can take from one country. \
             Places are given in the order of application, and you are on the waiting list.",
        ),
    }
}

pub(super) fn help(reason: Told, relaxation: Option<&Relaxation>) -> Option<String> {
    let Some(relaxation) = relaxation else {
        return unaided(reason).map(String::from);
    };
    Some(match relaxation {
        Relaxation::DropCriterion { label } => format!(
            "If “{label}” did not have to fit, there would be somebody for you. Ask whether it \
             can be loosened for you."
        ),
        Relaxation::AllowPastPartners => String::from(
            "If you would like to meet a past partner again, say so: that would be possible at \
             once.",
        ),
        Relaxation::LowerMinimumScore { .. } => String::from(
            "Somebody comes close. Ask whether you may be introduced although you have less in \
             common than the program usually asks for.",
        ),
        Relaxation::OneMorePlace { candidates: 1 } => {
            String::from("One more place with somebody who suits you is all that is missing.")
        }
        Relaxation::OneMorePlace { candidates } => format!(
            "One more place with any of {candidates} people who suit you is all that is missing, \
             so places that become free may well be yours."
        ),
        Relaxation::OneMoreParticipant => String::from(
            "One more participant is all that is missing. If you know somebody who would enjoy \
             this, tell them about it.",
        ),
    })
}

/// Advice when no single change would have been enough.
fn unaided(reason: Told) -> Option<&'static str> {
    match reason {
        Told::NobodyFits | Told::NobodyFitsWell | Told::Full | Told::OddOneOut => Some(
            "Every further participant helps. If you know somebody who would enjoy this, tell \
             them about it.",
        ),
        Told::OnlyPastPartners => Some("Every new participant is a new chance."),
        Told::PausedOrIncomplete => Some("End the pause or fill in the missing answers, and you are back in."),
        Told::Priority | Told::BetterElsewhere | Told::Late | Told::Quota => None,
    }
}

fn list<S: AsRef<str>>(items: &[S]) -> Option<String> {
    super::list(items, "and")
}
