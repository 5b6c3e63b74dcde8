//! Reasons and remedies, for programs and for people.

use serde::Serialize;
use worker::matching::{NonMatch, Reason, Relaxation, RuleRef};

/// Rules are named by their words in the rules file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Words<'a> {
    /// By criterion.
    pub(super) labels: &'a [String],
}

/// What a rule removes.
#[derive(Debug, Serialize)]
pub(super) struct Removal<'a> {
    rule: &'a str,
    count: u32,
}

/// What would have helped.
#[derive(Debug, Serialize)]
#[serde(tag = "kind", rename_all = "SCREAMING_SNAKE_CASE")]
pub(super) enum Remedy<'a> {
    DropRule { rule: &'a str },
    AllowPastPartners,
    LowerMinimumScore { to: u16 },
    OneMorePlace { candidates: u32 },
    OneMoreParticipant,
}

impl<'a> Words<'a> {
    /// A rule's name.
    fn rule(self, rule: RuleRef) -> &'a str {
        match rule {
            RuleRef::Criterion(criterion) => self.label(criterion),
            RuleRef::PastPartners => "past_partners",
            RuleRef::Constraints => "forbid",
            RuleRef::MinimumScore => "minimum_score",
            RuleRef::Full => "capacity",
        }
    }

    /// A criterion's name.
    pub(super) fn label(self, criterion: usize) -> &'a str {
        self.labels.get(criterion).map_or("?", String::as_str)
    }

    /// What every rule removes.
    pub(super) fn removals(self, found: &NonMatch) -> Vec<Removal<'a>> {
        found.removals.iter().map(|&(rule, count)| Removal { rule: self.rule(rule), count }).collect()
    }

    /// What would have helped.
    pub(super) fn remedy(self, found: &NonMatch) -> Option<Remedy<'a>> {
        found.relaxation.map(|relaxation| match relaxation {
            Relaxation::DropCriterion(criterion) => Remedy::DropRule { rule: self.label(criterion) },
            Relaxation::AllowPastPartners => Remedy::AllowPastPartners,
            Relaxation::LowerMinimumScore(to) => Remedy::LowerMinimumScore { to },
            Relaxation::OneMorePlace { candidates } => Remedy::OneMorePlace { candidates },
            Relaxation::OneMoreParticipant => Remedy::OneMoreParticipant,
        })
    }

    /// Why somebody has no partner, and what would have helped. `unanswered` are the columns that a must compares and
    /// where this person's cell is empty.
    pub(super) fn sentence(self, found: &NonMatch, unanswered: &[&str]) -> String {
        if found.reason == Reason::NoCandidateMust && !unanswered.is_empty() {
            let columns: Vec<String> = unanswered.iter().map(|column| format!("\"{column}\"")).collect();
            let (is, it) = if columns.len() == 1 { ("is", "it") } else { ("are", "them") };
            return format!("{} {is} empty, and a must needs {it}.", columns.join(" and "));
        }
        let mut sentence = match found.reason {
            Reason::NoCandidateMust if found.considered == 0 => "There is nobody to choose from.".to_owned(),
            Reason::NoCandidateMust => format!("Nobody keeps every must{}.", self.musts(found)),
            Reason::AllCandidatesFull => "Everybody suitable is taken by pins, or has capacity 0.".to_owned(),
            Reason::LostOnPriority => {
                "There are too few places, and they went to people whose priority is no lower.".to_owned()
            }
            Reason::LostOnTotalScore => "Everybody suitable is in a pair that is at least as good in total.".to_owned(),
            Reason::OddOneOut => "An odd number of people could be paired; one is left over.".to_owned(),
            Reason::OnlyPastPartners => "Everybody suitable is a past partner.".to_owned(),
            Reason::ExcludedByConstraint => "Everybody suitable is ruled out by forbid or a pin.".to_owned(),
            Reason::BelowMinScore => "Nobody suitable reaches minimum_score.".to_owned(),
        };
        let help = self.remedy(found).map(|remedy| match remedy {
            Remedy::DropRule { rule } => format!(" Without \"{rule}\" there would be a partner."),
            Remedy::AllowPastPartners => " If past partners could meet again, there would be a partner.".to_owned(),
            Remedy::LowerMinimumScore { to } => format!(" With minimum_score = {to} there would be a partner."),
            Remedy::OneMorePlace { candidates: 1 } => {
                " One more place with the one suitable person would help.".to_owned()
            }
            Remedy::OneMorePlace { candidates } => {
                format!(" One more place with one of {candidates} suitable people would help.")
            }
            Remedy::OneMoreParticipant => " One more participant would help.".to_owned(),
        });
        sentence.push_str(&help.unwrap_or_default());
        sentence
    }

    /// How many of the others each must rules out, the strictest first.
    fn musts(self, found: &NonMatch) -> String {
        let mut musts: Vec<(RuleRef, u32)> =
            found.removals.iter().copied().filter(|(rule, _)| matches!(rule, RuleRef::Criterion(_))).collect();
        musts.sort_by_key(|&(_, count)| std::cmp::Reverse(count));
        let told = musts.iter().map(|&(rule, count)| {
            let count = if count == found.considered { format!("all {count}") } else { count.to_string() };
            format!("\"{}\" rules out {count}", self.rule(rule))
        });
        let told: Vec<String> = told.collect();
        if told.is_empty() { String::new() } else { format!(": {}", told.join(", ")) }
    }
}

/// A reason as the API calls it.
pub(super) const fn code(reason: Reason) -> &'static str {
    match reason {
        Reason::NoCandidateMust => "NO_CANDIDATE_MUST",
        Reason::AllCandidatesFull => "ALL_CANDIDATES_FULL",
        Reason::LostOnPriority => "LOST_ON_PRIORITY",
        Reason::LostOnTotalScore => "LOST_ON_TOTAL_SCORE",
        Reason::OddOneOut => "ODD_ONE_OUT",
        Reason::OnlyPastPartners => "ONLY_PAST_PARTNERS",
        Reason::ExcludedByConstraint => "EXCLUDED_BY_CONSTRAINT",
        Reason::BelowMinScore => "BELOW_MIN_SCORE",
    }
}
