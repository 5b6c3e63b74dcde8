//! What is won by whom: both goals of a run in one integer per pair.

use super::faults::Fault;
use super::input::{Input, Kind, Objective, Role};
use super::roster::Roster;
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
        let mut free = Vec::with_capacity(roster.len());
        let mut priorities = Vec::with_capacity(roster.len());
        let (mut places, mut wishes) = (0usize, 0usize);
        for (number, &pins) in pinned.iter().enumerate() {
            let person = &input.people[roster.index(number)];
            let left = usize::try_from(person.capacity.saturating_sub(pins)).map_err(|_| Fault::TooLarge)?;
            let left = left.min(roster.considered(number));
            free.push(left);
            let side = if person.role == Role::Mentor { &mut places } else { &mut wishes };
            *side = side.checked_add(left).ok_or(Fault::TooLarge)?;
            let counts = person.role != Role::Mentor && person.taken == 0 && pins == 0;
            priorities.push(if counts { i64::from(person.priority) } else { 0 });
        }
        let pairs = match input.kind {
            Kind::Peer => wishes / 2,
            Kind::Mentoring => places.min(wishes),
        };
        // The second goal can add up to less than this. The first goal's unit is twice that, so that the difference
        // between two plans tells whether they differ in the first goal, even when the second pulls the other way.
        let minor = match input.objective {
            Objective::Participation => i64::try_from(pairs).ok().and_then(|pairs| pairs.checked_mul(1000)),
            Objective::Score => Some(priorities.iter().sum()),
        };
        let minor = minor.and_then(|minor| minor.checked_add(1)).ok_or(Fault::TooLarge)?;
        let major = minor.checked_mul(2).ok_or(Fault::TooLarge)?;
        let (step, unit) = match input.objective {
            Objective::Participation => (major, 1),
            Objective::Score => (1, major),
        };
        let reward = |priority: &i64| priority.checked_mul(step).filter(|&reward| reward <= HEAVIEST / 8);
        let rewards: Option<Vec<i64>> = priorities.iter().map(reward).collect();
        let rewards = rewards.ok_or(Fault::TooLarge)?;
        unit.checked_mul(1000).filter(|&score| score <= HEAVIEST / 2).ok_or(Fault::TooLarge)?;
        Ok(Self { rewards, free, unit, step, minor })
    }

    /// The weight of a first partner on both sides.
    pub(super) fn weight(&self, a: usize, b: usize, score: u16) -> i64 {
        self.rewards[a] + self.rewards[b] + self.unit * i64::from(score)
    }
}
