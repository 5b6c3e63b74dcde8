//! What can be wrong with an input, in words that say what to do.

use std::error::Error;
use std::fmt;

use super::validation::MOST_WEIGHT;

/// Why no plan was made. People, criteria, features and pairs are indices into the input.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// A pin or barred pair names a person who is not in the input.
    UnknownPerson {
        /// The index that is out of range.
        index: usize,
    },
    /// A pin or barred pair joins a person with themselves.
    SelfPair {
        /// The person.
        person: usize,
    },
    /// Two people have the same stable id.
    DuplicateId {
        /// The id.
        id: u128,
    },
    /// A role does not exist in this kind of program.
    RoleOfOtherKind {
        /// The person.
        person: usize,
    },
    /// A priority is 0.
    NoPriority {
        /// The person.
        person: usize,
    },
    /// A criterion names a feature that a person does not have.
    UnknownFeature {
        /// The criterion.
        criterion: usize,
        /// The person.
        person: usize,
        /// The index that is out of range.
        feature: usize,
    },
    /// A criterion compares tags and finds a number, or the other way around.
    WrongFeature {
        /// The criterion.
        criterion: usize,
        /// The person.
        person: usize,
        /// The feature.
        feature: usize,
    },
    /// The tags of an answer are not strictly ascending.
    UnsortedTags {
        /// The person.
        person: usize,
        /// The feature.
        feature: usize,
    },
    /// Numbers cannot wrap around a circle of length 0.
    EmptyCircle {
        /// The criterion.
        criterion: usize,
    },
    /// The weights of all criteria add up to more than 2,000,000.
    WeightsTooLarge,
    /// The minimum score is above 1000.
    MinimumScoreTooHigh {
        /// What was asked for.
        minimum: u16,
    },
    /// A pin joins a pair that may not be made.
    PinBarred {
        /// One of the two.
        a: usize,
        /// The other.
        b: usize,
    },
    /// A pin joins two mentors or two mentees.
    PinSameSide {
        /// One of the two.
        a: usize,
        /// The other.
        b: usize,
    },
    /// A given pair joins two mentors or two mentees.
    PairSameSide {
        /// One of the two.
        a: usize,
        /// The other.
        b: usize,
    },
    /// A pair is given twice.
    DuplicatePair {
        /// One of the two.
        a: usize,
        /// The other.
        b: usize,
    },
    /// The scores, times the number of people, are larger than the engine's numbers can hold.
    ScoresTooLarge,
    /// More pins than free places.
    PinsExceedCapacity {
        /// The person.
        person: usize,
    },
    /// The run is larger than the engine's numbers can hold.
    TooLarge,
    /// The independent check did not confirm that the plan is allowed and optimal: an error in the engine.
    NotCertified {
        /// What did not hold.
        what: &'static str,
    },
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownPerson { index } => {
                write!(f, "a pin or barred pair names person {index}, who is not in the run: leave the pair out")
            }
            Self::SelfPair { person } => {
                write!(f, "person {person} is paired with themselves in a pin or barred pair: remove the pair")
            }
            Self::DuplicateId { id } => {
                write!(f, "the stable id {id:032x} appears twice: give every person once")
            }
            Self::RoleOfOtherKind { person } => write!(
                f,
                "person {person} has a role this kind of program does not know: use peers only, or mentors and mentees only"
            ),
            Self::NoPriority { person } => {
                write!(f, "person {person} has priority 0: priorities start at 1")
            }
            Self::UnknownFeature { criterion, person, feature } => write!(
                f,
                "criterion {criterion} reads feature {feature}, which person {person} does not have: give a missing answer as missing"
            ),
            Self::WrongFeature { criterion, person, feature } => write!(
                f,
                "criterion {criterion} cannot compare feature {feature} of person {person}: overlaps and offers need tags, distances need numbers"
            ),
            Self::UnsortedTags { person, feature } => {
                write!(
                    f,
                    "the tags of feature {feature} of person {person} are out of order: sort them and keep each once"
                )
            }
            Self::EmptyCircle { criterion } => {
                write!(f, "criterion {criterion} wraps around at 0: use the length of the circle, or no wrap")
            }
            Self::WeightsTooLarge => {
                write!(f, "the weights of the criteria add up to more than {MOST_WEIGHT}: use smaller weights")
            }
            Self::MinimumScoreTooHigh { minimum } => {
                write!(f, "a minimum score of {minimum} can never be reached: use 0 to 1000")
            }
            Self::PinBarred { a, b } => {
                write!(f, "people {a} and {b} are pinned and may not be paired: remove the pin or the bar")
            }
            Self::PinSameSide { a, b } => {
                write!(f, "people {a} and {b} are pinned and are on the same side: pin a mentor with a mentee")
            }
            Self::PairSameSide { a, b } => {
                write!(f, "people {a} and {b} are on the same side: pair a mentor with a mentee")
            }
            Self::DuplicatePair { a, b } => {
                write!(f, "people {a} and {b} are a pair twice: keep one of the scores")
            }
            Self::ScoresTooLarge => {
                write!(f, "the scores are too large for so many people and priorities: divide all of them by a number")
            }
            Self::PinsExceedCapacity { person } => {
                write!(f, "person {person} has more pins than free places: remove a pin or raise the capacity")
            }
            Self::TooLarge => {
                write!(f, "too many people or places for one run: split the program or lower the capacities")
            }
            Self::NotCertified { what } => {
                write!(
                    f,
                    "the plan failed its own check ({what}) and is not used: please report this with the run's input"
                )
            }
        }
    }
}

impl Error for Fault {}
