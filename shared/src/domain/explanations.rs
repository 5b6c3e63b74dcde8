//! Why two people were matched, as facts; words are made from them where they are shown.

use serde::{Deserialize, Serialize};

/// Why a pair was chosen. `a` and `b` are the two sides in the match's own order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Explanation {
    /// Total compatibility, 0 to 1000.
    pub score: u16,
    /// One entry per criterion of the program that says something about this pair, in the program's order.
    pub contributions: Vec<Contribution>,
}

/// What one criterion says about a pair.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contribution {
    /// What was found.
    pub ground: Ground,
    /// True for a `MUST`: it had to hold, and earns no points.
    pub must: bool,
    /// Points earned out of `out_of`; both 0 for a `MUST`.
    pub points: u16,
    /// The most this criterion could have earned. All `out_of` of a pair add up to 1000.
    pub out_of: u16,
}

/// A fact about a pair. Country codes are ISO 3166-1 alpha-2, languages ISO 639-1.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Ground {
    /// Both live in this country.
    SameCountry {
        /// The country.
        country: String,
    },
    /// They live in different countries.
    DifferentCountries {
        /// Where side `a` lives.
        a: String,
        /// Where side `b` lives.
        b: String,
    },
    /// Languages both speak; empty when they share none.
    SharedLanguages {
        /// The languages.
        languages: Vec<String>,
    },
    /// Values both gave to the same question; empty when nothing is shared.
    SharedAnswers {
        /// The question's short label, as the program wrote it.
        label: String,
        /// The shared values.
        values: Vec<String>,
    },
    /// The two gave different answers to the same question, and the program likes that.
    DifferentAnswers {
        /// The question's short label.
        label: String,
        /// What side `a` answered.
        a: Vec<String>,
        /// What side `b` answered.
        b: Vec<String>,
    },
    /// What one side offers and the other wanted.
    Offered {
        /// The question's short label.
        label: String,
        /// What `a` offers that `b` wanted.
        by_a: Vec<String>,
        /// What `b` offers that `a` wanted.
        by_b: Vec<String>,
    },
    /// Their clocks differ by this many hours.
    HoursApart {
        /// Hours, rounded down.
        hours: u8,
    },
}

impl Ground {
    /// The same fact with the sides exchanged.
    #[must_use]
    pub fn seen_from_b(self) -> Self {
        match self {
            Self::DifferentCountries { a, b } => Self::DifferentCountries { a: b, b: a },
            Self::DifferentAnswers { label, a, b } => Self::DifferentAnswers { label, a: b, b: a },
            Self::Offered { label, by_a, by_b } => Self::Offered { label, by_a: by_b, by_b: by_a },
            same @ (Self::SameCountry { .. }
            | Self::SharedLanguages { .. }
            | Self::SharedAnswers { .. }
            | Self::HoursApart { .. }) => same,
        }
    }
}
