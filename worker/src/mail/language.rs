//! The languages mails are written in, and the sentences that are made from facts.
//!
//! Sentences live in one file per language; everything else a mail says is in its templates.

use chrono::NaiveDate;
use shared::domain::{
    explanations::Ground,
    non_matches::{Finding, Reason},
};

mod de;
mod en;

/// A language mails are written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Language {
    /// English, also for readers of any language that is not here.
    En,
    /// German.
    De,
}

impl Language {
    /// Every language.
    pub(super) const ALL: [Self; 2] = [Self::En, Self::De];

    /// The language for a locale (BCP 47, `de-AT`, or POSIX, `de_AT.UTF-8`).
    pub(super) fn of(locale: &str) -> Self {
        let primary = locale.split(['-', '_', '.']).next().unwrap_or_default();
        Self::ALL.into_iter().find(|language| language.code().eq_ignore_ascii_case(primary)).unwrap_or(Self::En)
    }

    /// ISO 639-1; also the name of the template folder.
    pub(super) fn code(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::De => "de",
        }
    }

    /// A day with its weekday, since people answer by weekdays.
    pub(super) fn date(self, date: NaiveDate) -> String {
        match self {
            Self::En => en::date(date),
            Self::De => de::date(date),
        }
    }

    /// A number of days, as it follows "within".
    pub(super) fn days(self, days: u16) -> String {
        match self {
            Self::En => en::days(days),
            Self::De => de::days(days),
        }
    }

    /// Questions to begin with, for programs that wrote none.
    pub(super) fn ice_breakers(self) -> [&'static str; 4] {
        match self {
            Self::En => en::ICE_BREAKERS,
            Self::De => de::ICE_BREAKERS,
        }
    }

    /// A standard topic, from 0; beyond the last one, the last.
    pub(super) fn topic(self, index: u16) -> &'static str {
        let topics = match self {
            Self::En => &en::TOPICS,
            Self::De => &de::TOPICS,
        };
        let [.., last] = topics;
        topics.get(usize::from(index)).unwrap_or(last)
    }

    /// What the reader (side `a`) and the partner have in common; nothing when the fact is an empty one.
    pub(super) fn ground(self, ground: &Ground, partner: &str) -> Option<String> {
        match self {
            Self::En => en::ground(ground, partner),
            Self::De => de::ground(ground, partner),
        }
    }

    /// Why there is no partner yet.
    pub(super) fn reason(self, finding: &Finding) -> String {
        match self {
            Self::En => en::reason(told(finding.reason), finding.considered),
            Self::De => de::reason(told(finding.reason), finding.considered),
        }
    }

    /// What would help; nothing when only waiting does.
    pub(super) fn help(self, finding: &Finding) -> Option<String> {
        match self {
            Self::En => en::help(told(finding.reason), finding.relaxation.as_ref()),
            Self::De => de::help(told(finding.reason), finding.relaxation.as_ref()),
        }
    }
}

/// Reasons as they are told. A constraint may be somebody's confidential wish, so it reads like a lost comparison even
/// if a finding should arrive here unredacted.
#[derive(Clone, Copy, Debug)]
enum Told {
    NobodyFits,
    NobodyFitsWell,
    Full,
    Priority,
    BetterElsewhere,
    OddOneOut,
    OnlyPastPartners,
    PausedOrIncomplete,
    Late,
    Quota,
}

fn told(reason: Reason) -> Told {
    match reason {
        Reason::NoCandidateMust => Told::NobodyFits,
        Reason::BelowMinScore => Told::NobodyFitsWell,
        Reason::AllCandidatesFull => Told::Full,
        Reason::LostOnPriority => Told::Priority,
        Reason::LostOnTotalScore | Reason::ExcludedByConstraint => Told::BetterElsewhere,
        Reason::OddOneOut => Told::OddOneOut,
        Reason::OnlyPastPartners => Told::OnlyPastPartners,
        Reason::PausedOrIncomplete => Told::PausedOrIncomplete,
        Reason::JoinedAfterCutoff => Told::Late,
        Reason::QuotaWaitlisted => Told::Quota,
    }
}

/// `A, B and C`; nothing for nothing.
fn list<S: AsRef<str>>(items: &[S], and: &str) -> Option<String> {
    let (last, rest) = items.split_last()?;
    let rest: Vec<&str> = rest.iter().map(AsRef::as_ref).collect();
    if rest.is_empty() {
        return Some(String::from(last.as_ref()));
    }
    Some(format!("{} {and} {}", rest.join(", "), last.as_ref()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_language_is_picked() {
        for (locale, language) in [
            ("de", Language::De),
            ("de-AT", Language::De),
            ("DE_ch.UTF-8", Language::De),
            ("en-GB", Language::En),
            ("fr", Language::En),
            ("den", Language::En),
            ("", Language::En),
        ] {
            assert_eq!(Language::of(locale), language, "{locale}");
        }
    }

    #[test]
    fn lists_are_joined_as_in_speech() {
        assert_eq!(list::<&str>(&[], "and"), None);
        assert_eq!(list(&["A"], "and").as_deref(), Some("A"));
        assert_eq!(list(&["A", "B", "C"], "und").as_deref(), Some("A, B und C"));
    }
}
