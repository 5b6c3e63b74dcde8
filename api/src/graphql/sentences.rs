//! Facts in plain English.

use shared::domain::non_matches::{CONSTRAINTS, Reason, Relaxation, Removal};

use super::explanations::{Ground, GroundKind};

/// Whom a sentence is told to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Voice {
    /// One of the two people, who stands first.
    You,
    /// Staff.
    They,
}

fn list(values: &[String]) -> String {
    match values {
        [] => "nothing".to_owned(),
        [one] => one.clone(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}

/// What a fact about a pair means for whoever reads it.
pub(super) fn ground(ground: &Ground<'_>, voice: Voice) -> String {
    let you = voice == Voice::You;
    let Ground { kind, label, shared, one, other, hours } = ground;
    let label = label.unwrap_or_default();
    match kind {
        GroundKind::SameCountry if you => format!("You both live in {}.", list(shared)),
        GroundKind::SameCountry => format!("Both live in {}.", list(shared)),
        GroundKind::DifferentCountries if you => format!("You live in {}, your partner in {}.", list(one), list(other)),
        GroundKind::DifferentCountries => format!("One lives in {}, the other in {}.", list(one), list(other)),
        GroundKind::SharedLanguages if shared.is_empty() => "No language in common.".to_owned(),
        GroundKind::SharedLanguages if you => format!("You both speak {}.", list(shared)),
        GroundKind::SharedLanguages => format!("Both speak {}.", list(shared)),
        GroundKind::SharedAnswers if shared.is_empty() => format!("{label}: nothing in common."),
        GroundKind::SharedAnswers => format!("{label}: {} in common.", list(shared)),
        GroundKind::DifferentAnswers if you => {
            format!("{label}: {} on your side, {} on your partner's.", list(one), list(other))
        }
        GroundKind::DifferentAnswers => {
            format!("{label}: {} on one side, {} on the other.", list(one), list(other))
        }
        GroundKind::Offered => offered(label, one, other, you),
        GroundKind::HoursApart => match hours.unwrap_or_default() {
            0 => "The two clocks show the same hour.".to_owned(),
            1 => "The two clocks are one hour apart.".to_owned(),
            hours => format!("The two clocks are {hours} hours apart."),
        },
    }
}

fn offered(label: &str, by_a: &[String], by_b: &[String], you: bool) -> String {
    let (first, second) =
        if you { ("you offer", "your partner offers") } else { ("the first offers", "the second offers") };
    match (by_a, by_b) {
        ([], []) => format!("{label}: neither offers what the other is looking for."),
        (by_a, []) => format!("{label}: {first} {}, as wanted.", list(by_a)),
        ([], by_b) => format!("{label}: {second} {}, as wanted.", list(by_b)),
        (by_a, by_b) => format!("{label}: {first} {}, {second} {}, as wanted.", list(by_a), list(by_b)),
    }
}

/// Why a person has no partner.
pub(super) const fn reason(reason: Reason) -> &'static str {
    match reason {
        Reason::NoCandidateMust => "Nobody in the round satisfied all the rules that must hold.",
        Reason::AllCandidatesFull => {
            "There were suitable people, but all of them have as many partners as they can take."
        }
        Reason::LostOnPriority => "There were not enough places, and they went to people with a higher priority.",
        Reason::LostOnTotalScore => {
            "There were suitable people, but each of them is in a pair that fits better in total."
        }
        Reason::OddOneOut => "The number of people who could be paired was odd, and one had to be left over.",
        Reason::OnlyPastPartners => "The only suitable people are past partners.",
        Reason::ExcludedByConstraint => "A decision about a pair excluded the last suitable person.",
        Reason::PausedOrIncomplete => "The enrollment is paused, or required answers are missing.",
        Reason::BelowMinScore => "There were people to choose from, but none reached the program's minimum score.",
        Reason::JoinedAfterCutoff => "The enrollment came after the round was closed for matching.",
        Reason::QuotaWaitlisted => "The person's country has reached its share of this round.",
    }
}

/// What a rule removed.
pub(super) fn removal(removal: &Removal) -> String {
    let people = if removal.removed == 1 { "1 person".to_owned() } else { format!("{} people", removal.removed) };
    if removal.rule == CONSTRAINTS {
        return format!("Decisions about pairs ruled out {people}.");
    }
    format!("\u{201c}{}\u{201d} alone ruled out {people}.", removal.rule)
}

/// What would have helped.
pub(super) fn relaxation(relaxation: &Relaxation) -> String {
    match relaxation {
        Relaxation::DropCriterion { label } => {
            format!("Without the rule \u{201c}{label}\u{201d} there would have been a partner.")
        }
        Relaxation::AllowPastPartners => {
            "If past partners could meet again, there would have been a partner.".to_owned()
        }
        Relaxation::LowerMinimumScore { to } => {
            format!("With a minimum score of {to} there would have been a partner.")
        }
        Relaxation::OneMorePlace { candidates: 1 } => {
            "One suitable person could have taken one more partner.".to_owned()
        }
        Relaxation::OneMorePlace { candidates } => {
            format!("With one more place at one of {candidates} people there would have been a partner.")
        }
        Relaxation::OneMoreParticipant => "One more participant would have made the number even.".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use shared::domain::explanations::Ground as Fact;

    use super::{Ground, Voice, ground};

    #[test]
    fn a_fact_reads_differently_from_inside() {
        let offered = Fact::Offered {
            label: "Topics".to_owned(),
            by_a: vec!["writing".to_owned()],
            by_b: vec!["data".to_owned(), "law".to_owned(), "tea".to_owned()],
        };
        assert_eq!(
            ground(&Ground::from(&offered), Voice::You),
            "Topics: you offer writing, your partner offers data, law and tea, as wanted."
        );
        assert_eq!(
            ground(&Ground::from(&offered), Voice::They),
            "Topics: the first offers writing, the second offers data, law and tea, as wanted."
        );
        let apart = Fact::DifferentCountries { a: "DE".to_owned(), b: "BR".to_owned() };
        assert_eq!(ground(&Ground::from(&apart), Voice::You), "You live in DE, your partner in BR.");
    }
}
