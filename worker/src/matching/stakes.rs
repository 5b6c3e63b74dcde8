//! What is won by whom: both goals of a run in one integer per pair.

use std::ops::RangeInclusive;

use super::faults::Fault;
use super::input::{Input, Kind, Objective, Role};
use super::roster::Roster;
use super::scored::Scored;
use super::validation::pins;

/// No pair weighs more: leaves room for sums of a few weights in 64 bits.
const HEAVIEST: i64 = 1 << 56;

/// The weight of a pair is the reward of each side that has no partner yet, plus the score times a unit.
///
/// The units make the order of the goals exact: one step of the first goal outweighs everything the second could add
/// up to in the whole plan. Rewards need not grow from one priority to the next, because the sets of people who can
/// all have partners form a matroid, where preferring the better person at every turn is best in total.
#[derive(Clone, Debug)]
pub(super) struct Stakes {
    /// By person, what a first partner is worth; 0 for those who have one, and for mentors.
    pub(super) rewards: Vec<i64>,
    /// By person, free places after the pins, as far as there are partners to fill them.
    pub(super) free: Vec<usize>,
    /// What a point of score is worth.
    pub(super) unit: i64,
    /// What a step of priority is worth.
    pub(super) step: i64,
    /// Two plans whose worths differ by less than this are equal in the first goal.
    pub(super) minor: i64,
}

impl Stakes {
    /// The stakes of a checked input.
    ///
    /// # Errors
    ///
    /// [`Fault::TooLarge`] when a weight would not fit.
    pub(super) fn new(input: &Input, roster: &Roster) -> Result<Self, Fault> {
        let mut pinned = vec![0u32; roster.len()];
        for (a, b) in pins(input) {
            pinned[roster.number(a)] += 1;
            pinned[roster.number(b)] += 1;
        }
        let seat = |(number, &pins): (usize, &u32)| {
            let person = &input.people[roster.index(number)];
            Seat {
                role: person.role,
                free: person.capacity.saturating_sub(pins),
                priority: if person.taken == 0 && pins == 0 { person.priority.into() } else { 0 },
            }
        };
        let seats: Vec<Seat> = pinned.iter().enumerate().map(seat).collect();
        Self::weigh(input.kind, input.objective, &seats, roster, 0..=1000)
    }

    /// The stakes of people with given scores.
    ///
    /// # Errors
    ///
    /// [`Fault::TooLarge`] or [`Fault::ScoresTooLarge`] when a weight would not fit.
    pub(super) fn of_scores(scored: &Scored, roster: &Roster) -> Result<Self, Fault> {
        let seat = |number: usize| {
            let person = &scored.people[roster.index(number)];
            Seat { role: person.role, free: person.capacity, priority: person.priority }
        };
        let seats: Vec<Seat> = (0..roster.len()).map(seat).collect();
        let range =
            scored.pairs.iter().fold((0, 0), |(least, most), &(_, _, score)| (score.min(least), score.max(most)));
        let stakes = Self::weigh(scored.kind, scored.objective, &seats, roster, range.0..=range.1);
        // Without scores, would the rest fit?
        stakes.map_err(|fault| match Self::weigh(scored.kind, scored.objective, &seats, roster, 0..=0) {
            Ok(_) => Fault::ScoresTooLarge,
            Err(_) => fault,
        })
    }

    /// Works out what everybody is worth, in an order of the roster. `scores` holds 0 and every score.
    fn weigh(
        kind: Kind,
        objective: Objective,
        seats: &[Seat],
        roster: &Roster,
        scores: RangeInclusive<i64>,
    ) -> Result<Self, Fault> {
        let mut free = Vec::with_capacity(seats.len());
        let mut priorities = Vec::with_capacity(seats.len());
        let (mut places, mut wishes) = (0usize, 0usize);
        for (number, seat) in seats.iter().enumerate() {
            let left = usize::try_from(seat.free).map_err(|_| Fault::TooLarge)?.min(roster.considered(number));
            free.push(left);
            let side = if seat.role == Role::Mentor { &mut places } else { &mut wishes };
            *side = side.checked_add(left).ok_or(Fault::TooLarge)?;
            priorities.push(if seat.role == Role::Mentor { 0 } else { i64::from(seat.priority) });
        }
        let pairs = match kind {
            Kind::Peer => wishes / 2,
            Kind::Mentoring => places.min(wishes),
        };
        // The second goal of two plans differs by less than this. The first goal's unit is twice that, so that the
        // difference between two plans tells whether they differ in the first goal, even when the second pulls the other
        // way.
        let span = scores.end().checked_sub(*scores.start());
        let minor = match objective {
            Objective::Participation => {
                i64::try_from(pairs).ok().zip(span).and_then(|(pairs, span)| pairs.checked_mul(span))
            }
            Objective::Score => Some(priorities.iter().sum()),
        };
        let minor = minor.and_then(|minor| minor.checked_add(1)).ok_or(Fault::TooLarge)?;
        let major = minor.checked_mul(2).ok_or(Fault::TooLarge)?;
        let (step, unit) = match objective {
            Objective::Participation => (major, 1),
            Objective::Score => (1, major),
        };
        let reward = |priority: &i64| priority.checked_mul(step).filter(|&reward| reward <= HEAVIEST / 8);
        let rewards: Option<Vec<i64>> = priorities.iter().map(reward).collect();
        let rewards = rewards.ok_or(Fault::TooLarge)?;
        for score in [scores.start(), scores.end()] {
            unit.checked_mul(*score).filter(|score| score.abs() <= HEAVIEST / 2).ok_or(Fault::TooLarge)?;
        }
        Ok(Self { rewards, free, unit, step, minor })
    }

    /// The weight of a first partner on both sides.
    pub(super) fn weight(&self, a: usize, b: usize, score: i64) -> i64 {
        self.rewards[a] + self.rewards[b] + self.unit * score
    }
}

/// What counts of one person.
struct Seat {
    role: Role,
    free: u32,
    /// 0 for somebody who has a partner already.
    priority: u32,
}
