//! Why somebody was not matched, as facts.

use serde::{Deserialize, Serialize};

/// Why a person stayed unmatched in a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Reason {
    /// Nobody satisfied the rules that must hold.
    NoCandidateMust,
    /// Candidates existed, and every one of them has all places taken by earlier matches.
    AllCandidatesFull,
    /// The places went to people with a higher priority.
    LostOnPriority,
    /// Every candidate is in a pair that is better in total.
    LostOnTotalScore,
    /// An odd number of people could be paired among themselves; one is left over.
    OddOneOut,
    /// Every candidate is a past partner.
    OnlyPastPartners,
    /// A pair that staff forbade, or a confidential wish, removed the last candidate.
    ExcludedByConstraint,
    /// The person pauses, or required answers are missing.
    PausedOrIncomplete,
    /// Candidates exist, but every score is below the program's minimum.
    BelowMinScore,
    /// The person joined after the round was closed.
    JoinedAfterCutoff,
    /// The person's country reached its share of the round.
    QuotaWaitlisted,
}

impl Reason {
    /// What a person is told about once, however often the reason turns within it: that everybody suitable went to
    /// others is one piece of news. A decision about a pair hides among these.
    pub const fn news(self) -> &'static str {
        match self {
            Self::AllCandidatesFull
            | Self::LostOnPriority
            | Self::LostOnTotalScore
            | Self::OddOneOut
            | Self::ExcludedByConstraint => "EVERYBODY_TAKEN",
            Self::NoCandidateMust | Self::BelowMinScore | Self::OnlyPastPartners => "NOBODY_SUITABLE",
            Self::PausedOrIncomplete => "PAUSED_OR_INCOMPLETE",
            Self::JoinedAfterCutoff => "JOINED_AFTER_CUTOFF",
            Self::QuotaWaitlisted => "QUOTA_WAITLISTED",
        }
    }
}

/// The rule name of decisions about pairs in [`Removal::rule`]; told to staff only.
pub const CONSTRAINTS: &str = "constraints";

/// How many candidates a rule removed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Removal {
    /// The rule in words a coordinator knows (the criterion's label, `past partners`, `constraints`, `minimum score`).
    pub rule: String,
    /// Candidates this rule alone would remove.
    pub removed: u32,
}

/// The smallest single change that would have given the person a match.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Relaxation {
    /// Stop requiring this criterion for this person.
    DropCriterion {
        /// The criterion's label.
        label: String,
    },
    /// Let past partners meet again.
    AllowPastPartners,
    /// Lower the program's minimum score.
    LowerMinimumScore {
        /// The highest minimum that would have sufficed.
        to: u16,
    },
    /// One more place with somebody.
    OneMorePlace {
        /// How many people could each have taken this person with one more place.
        candidates: u32,
    },
    /// One more participant whom the rules allow (the odd one out).
    OneMoreParticipant,
}

/// The stored finding about an unmatched person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// The reason.
    pub reason: Reason,
    /// How many people there were to choose from before any rule.
    pub considered: u32,
    /// What each rule removed, in the program's order; rules that removed nobody are left out.
    pub removals: Vec<Removal>,
    /// What would have helped, where one single change would.
    pub relaxation: Option<Relaxation>,
}
