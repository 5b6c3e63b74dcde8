//! Explanations: why two people were matched.

use std::{mem, slice};

use async_graphql::{ComplexObject, Enum, SimpleObject, Value, resolver_utils::enum_value};
use shared::domain::explanations::{self, Ground as Fact};

use super::{
    plain::{Plain, Selected, Written, fields},
    sentences::{Voice, ground},
};

/// Why two people were matched.
#[derive(SimpleObject, Clone, Debug)]
pub(super) struct Explanation<'a> {
    /// Total compatibility, 0 to 1000.
    score: i32,
    /// What each criterion of the program says about the pair, in the program's order.
    contributions: Vec<Contribution<'a>>,
}

/// What one criterion says about a pair.
#[derive(SimpleObject, Clone, Debug)]
#[graphql(complex)]
pub(super) struct Contribution<'a> {
    /// What was found.
    ground: Ground<'a>,
    /// True for a MUST: it had to hold, and earns no points.
    must: bool,
    /// Points earned out of `outOf`; both 0 for a MUST.
    points: i32,
    /// The most this criterion could have earned. All `outOf` of a pair add up to 1000.
    out_of: i32,
    #[graphql(skip)]
    voice: Voice,
}

#[ComplexObject]
impl Contribution<'_> {
    /// The same in plain English, addressed to the caller.
    async fn sentence(&self) -> String {
        self.told()
    }
}

impl Contribution<'_> {
    fn told(&self) -> String {
        ground(&self.ground, self.voice)
    }
}

fields!(Explanation<'_> {
    "score" => score,
    "contributions" => contributions,
});

fields!(Contribution<'_> {
    "ground" => ground,
    "must" => must,
    "points" => points,
    "outOf" => out_of,
    "sentence" => told(),
});

fields!(Ground<'_> {
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
pub(super) struct Ground<'a> {
    /// Which fact.
    pub(super) kind: GroundKind,
    /// The question's label, for a fact about answers; null for the others.
    pub(super) label: Option<&'a str>,
    /// What the two share: countries (ISO 3166-1 alpha-2), languages (ISO 639-1) or answers. Empty when nothing is.
    pub(super) shared: &'a [String],
    /// What only the one side has or offers.
    pub(super) one: &'a [String],
    /// What only the other side has or offers.
    pub(super) other: &'a [String],
    /// How many hours the two clocks are apart, rounded down; null for the other facts.
    pub(super) hours: Option<i32>,
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

impl<'a> Explanation<'a> {
    /// An explanation in the match's own order of sides.
    pub(super) fn new(explanation: &'a explanations::Explanation, voice: Voice) -> Plain<Self> {
        Self::told(explanation, voice, false)
    }

    /// An explanation for the second side.
    pub(super) fn seen_from_b(explanation: &'a explanations::Explanation) -> Plain<Self> {
        Self::told(explanation, Voice::You, true)
    }

    fn told(explanation: &'a explanations::Explanation, voice: Voice, turned: bool) -> Plain<Self> {
        let contribution = |found: &'a explanations::Contribution| {
            let mut ground = Ground::from(&found.ground);
            if turned {
                mem::swap(&mut ground.one, &mut ground.other);
            }
            let (points, out_of) = (found.points.into(), found.out_of.into());
            Contribution { ground, must: found.must, points, out_of, voice }
        };
        Plain(Self {
            score: explanation.score.into(),
            contributions: explanation.contributions.iter().map(contribution).collect(),
        })
    }
}

impl<'a> From<&'a Fact> for Ground<'a> {
    fn from(fact: &'a Fact) -> Self {
        let empty = |kind| Self { kind, label: None, shared: &[], one: &[], other: &[], hours: None };
        match fact {
            Fact::SameCountry { country } => {
                Self { shared: slice::from_ref(country), ..empty(GroundKind::SameCountry) }
            }
            Fact::DifferentCountries { a, b } => {
                let (one, other) = (slice::from_ref(a), slice::from_ref(b));
                Self { one, other, ..empty(GroundKind::DifferentCountries) }
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
            Fact::HoursApart { hours } => Self { hours: Some((*hours).into()), ..empty(GroundKind::HoursApart) },
        }
    }
}
