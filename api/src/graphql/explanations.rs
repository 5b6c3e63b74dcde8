//! Explanations: why two people were matched.

use async_graphql::{ComplexObject, Enum, SimpleObject, Value, resolver_utils::enum_value};
use shared::domain::explanations::{self, Ground as Fact};

use super::{
    plain::{Plain, Selected, Written, fields},
    sentences::{Voice, ground},
};

/// Why two people were matched.
#[derive(SimpleObject, Clone, Debug)]
pub(super) struct Explanation {
    /// Total compatibility, 0 to 1000.
    score: i32,
    /// What each criterion of the program says about the pair, in the program's order.
    contributions: Vec<Contribution>,
}

/// What one criterion says about a pair.
#[derive(SimpleObject, Clone, Debug)]
#[graphql(complex)]
pub(super) struct Contribution {
    /// What was found.
    ground: Ground,
    /// True for a MUST: it had to hold, and earns no points.
    must: bool,
    /// Points earned out of `outOf`; both 0 for a MUST.
    points: i32,
    /// The most this criterion could have earned. All `outOf` of a pair add up to 1000.
    out_of: i32,
    #[graphql(skip)]
    fact: Fact,
    #[graphql(skip)]
    voice: Voice,
}

#[ComplexObject]
impl Contribution {
    /// The same in plain English, addressed to the caller.
    async fn sentence(&self) -> String {
        self.told()
    }
}

impl Contribution {
    fn told(&self) -> String {
        ground(&self.fact, self.voice)
    }
}

fields!(Explanation {
    "score" => score,
    "contributions" => contributions,
});

fields!(Contribution {
    "ground" => ground,
    "must" => must,
    "points" => points,
    "outOf" => out_of,
    "sentence" => told(),
});

fields!(Ground {
    "kind" => kind,
    "label" => label,
    "shared" => shared,
    "one" => one,
    "other" => other,
    "hours" => hours,
});

impl Written for GroundKind {
    fn written(&self, _: Selected<'_>) -> Value {
        enum_value(*self)
    }
}

/// A fact about a pair. `one` is the caller's side, or the first side for staff; `other` is the other one.
#[derive(SimpleObject, Clone, Debug)]
pub(super) struct Ground {
    /// Which fact.
    kind: GroundKind,
    /// The question's label, for a fact about answers; null for the others.
    label: Option<String>,
    /// What the two share: countries (ISO 3166-1 alpha-2), languages (ISO 639-1) or answers. Empty when nothing is.
    shared: Vec<String>,
    /// What only the one side has or offers.
    one: Vec<String>,
    /// What only the other side has or offers.
    other: Vec<String>,
    /// How many hours the two clocks are apart, rounded down; null for the other facts.
    hours: Option<i32>,
}

/// What a fact is about.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum GroundKind {
    /// Both live in the country in `shared`.
    SameCountry,
    /// The one lives in `one`, the other in `other`.
    DifferentCountries,
    /// Languages both speak, in `shared`.
    SharedLanguages,
    /// Answers both gave, in `shared`.
    SharedAnswers,
    /// The two answered differently, which the program likes.
    DifferentAnswers,
    /// What each side offers and the other wants, in `one` and `other`.
    Offered,
    /// The clocks differ by `hours`.
    HoursApart,
}

impl Explanation {
    /// An explanation in the match's own order of sides.
    pub(super) fn new(explanation: &explanations::Explanation, voice: Voice) -> Plain<Self> {
        Self::told(explanation, voice, |fact| fact)
    }

    /// An explanation for the second side.
    pub(super) fn seen_from_b(explanation: &explanations::Explanation) -> Plain<Self> {
        Self::told(explanation, Voice::You, Fact::seen_from_b)
    }

    fn told(explanation: &explanations::Explanation, voice: Voice, turned: impl Fn(Fact) -> Fact) -> Plain<Self> {
        let contribution = |found: &explanations::Contribution| {
            let fact = turned(found.ground.clone());
            Contribution {
                ground: fact.clone().into(),
                must: found.must,
                points: found.points.into(),
                out_of: found.out_of.into(),
                fact,
                voice,
            }
        };
        Plain(Self {
            score: explanation.score.into(),
            contributions: explanation.contributions.iter().map(contribution).collect(),
        })
    }
}

impl From<Fact> for Ground {
    fn from(fact: Fact) -> Self {
        let empty = |kind| Self { kind, label: None, shared: vec![], one: vec![], other: vec![], hours: None };
        match fact {
            Fact::SameCountry { country } => Self { shared: vec![country], ..empty(GroundKind::SameCountry) },
            Fact::DifferentCountries { a, b } => {
                Self { one: vec![a], other: vec![b], ..empty(GroundKind::DifferentCountries) }
            }
            Fact::SharedLanguages { languages } => Self { shared: languages, ..empty(GroundKind::SharedLanguages) },
            Fact::SharedAnswers { label, values } => {
                Self { label: Some(label), shared: values, ..empty(GroundKind::SharedAnswers) }
            }
            Fact::DifferentAnswers { label, a, b } => {
                Self { label: Some(label), one: a, other: b, ..empty(GroundKind::DifferentAnswers) }
            }
            Fact::Offered { label, by_a, by_b } => {
                Self { label: Some(label), one: by_a, other: by_b, ..empty(GroundKind::Offered) }
            }
            Fact::HoursApart { hours } => Self { hours: Some(hours.into()), ..empty(GroundKind::HoursApart) },
        }
    }
}
