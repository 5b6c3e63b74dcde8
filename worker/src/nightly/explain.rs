//! From the engine's numbers back to people's words.

use shared::domain::{
    explanations::{Contribution, Explanation, Ground},
    non_matches::{self, CONSTRAINTS, Finding, Removal},
    programs::{Comparison, Criterion, Program, Subject},
};

use super::{
    input::Words,
    load::{Roster, Seat},
};
use crate::matching::{self, NonMatch, Pair, RuleRef};

/// Why a pair was chosen.
pub(super) fn pair(planned: &Pair, program: &Program, roster: &Roster, words: &Words<'_>) -> Explanation {
    let (a, b) = (&roster.seats[planned.a], &roster.seats[planned.b]);
    let contributions = planned.contributions.iter().filter_map(|found| {
        let criterion = program.criteria.get(found.criterion)?;
        Some(Contribution {
            ground: ground(found, criterion, program, (a, b), words)?,
            must: found.must,
            points: found.points,
            out_of: found.out_of,
        })
    });
    Explanation { score: planned.score, contributions: contributions.collect() }
}

/// What a criterion found; `None` when one of the two said nothing that could be told.
fn ground(
    found: &matching::Contribution,
    criterion: &Criterion,
    program: &Program,
    (a, b): (&Seat, &Seat),
    words: &Words<'_>,
) -> Option<Ground> {
    Some(match criterion.subject {
        Subject::Country => {
            let (a, b) = (a.person.country.clone()?, b.person.country.clone()?);
            if a == b { Ground::SameCountry { country: a } } else { Ground::DifferentCountries { a, b } }
        }
        Subject::Languages => Ground::SharedLanguages { languages: words.spell(&found.shared) },
        Subject::TimeZone => Ground::HoursApart { hours: u8::try_from(found.apart? / 60).ok()? },
        Subject::Question => {
            let key = criterion.question_key.as_ref()?;
            let question = program.questions.iter().find(|question| question.key == *key)?;
            let label = question.label.clone();
            let answer = |seat: &Seat| {
                let given = seat.enrollment.about.get(key).or_else(|| seat.enrollment.wanted.get(key));
                given.filter(|values| !values.is_empty()).cloned()
            };
            match criterion.comparison {
                Comparison::Offers => {
                    Ground::Offered { label, by_a: words.spell(&found.by_a), by_b: words.spell(&found.by_b) }
                }
                Comparison::Different => {
                    let (a, b) = (answer(a)?, answer(b)?);
                    if a == b {
                        Ground::SharedAnswers { label, values: a }
                    } else {
                        Ground::DifferentAnswers { label, a, b }
                    }
                }
                Comparison::Same | Comparison::Overlap | Comparison::Within => {
                    Ground::SharedAnswers { label, values: words.spell(&found.shared) }
                }
            }
        }
    })
}

/// Why somebody got nobody.
pub(super) fn non_match(found: &NonMatch, program: &Program) -> Finding {
    let label = |criterion: usize| program.criteria.get(criterion).map(|criterion| criterion.label.clone());
    let removal = |(rule, removed): &(RuleRef, u32)| {
        let rule = match rule {
            RuleRef::Criterion(criterion) => label(*criterion)?,
            RuleRef::PastPartners => "past partners".to_owned(),
            RuleRef::Constraints => CONSTRAINTS.to_owned(),
            RuleRef::MinimumScore => "minimum score".to_owned(),
            RuleRef::Full => "no free place".to_owned(),
        };
        Some(Removal { rule, removed: *removed })
    };
    Finding {
        reason: match found.reason {
            matching::Reason::NoCandidateMust => non_matches::Reason::NoCandidateMust,
            matching::Reason::AllCandidatesFull => non_matches::Reason::AllCandidatesFull,
            matching::Reason::LostOnPriority => non_matches::Reason::LostOnPriority,
            matching::Reason::LostOnTotalScore => non_matches::Reason::LostOnTotalScore,
            matching::Reason::OddOneOut => non_matches::Reason::OddOneOut,
            matching::Reason::OnlyPastPartners => non_matches::Reason::OnlyPastPartners,
            matching::Reason::ExcludedByConstraint => non_matches::Reason::ExcludedByConstraint,
            matching::Reason::BelowMinScore => non_matches::Reason::BelowMinScore,
        },
        considered: found.considered,
        removals: found.removals.iter().filter_map(removal).collect(),
        relaxation: found.relaxation.and_then(|relaxation| {
            Some(match relaxation {
                matching::Relaxation::DropCriterion(criterion) => {
                    non_matches::Relaxation::DropCriterion { label: label(criterion)? }
                }
                matching::Relaxation::AllowPastPartners => non_matches::Relaxation::AllowPastPartners,
                matching::Relaxation::LowerMinimumScore(to) => non_matches::Relaxation::LowerMinimumScore { to },
                matching::Relaxation::OneMorePlace { candidates } => {
                    non_matches::Relaxation::OneMorePlace { candidates }
                }
                matching::Relaxation::OneMoreParticipant => non_matches::Relaxation::OneMoreParticipant,
            })
        }),
    }
}
