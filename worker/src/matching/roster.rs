//! The people of a run in the order that decides ties.

use super::input::{Input, Kind, Role};
use super::scored::Scored;

/// Numbers people from 0 in an order that depends on their ids and the seed only: first mentees, then mentors, each by
/// a permutation of their stable ids. Everything behind this knows people by these numbers, so that the order of the
/// input cannot show in the plan.
#[derive(Clone, Debug)]
pub(super) struct Roster {
    order: Vec<usize>,
    rank: Vec<usize>,
    mentees: Option<usize>,
}

impl Roster {
    /// Puts everybody in order.
    pub(super) fn new(input: &Input) -> Self {
        Self::of(input.kind, input.people.iter().map(|person| (person.role, person.id)), input.seed)
    }

    /// Puts everybody with given scores in order.
    pub(super) fn of_scores(scored: &Scored) -> Self {
        Self::of(scored.kind, scored.people.iter().map(|person| (person.role, person.id)), scored.seed)
    }

    fn of(kind: Kind, people: impl Iterator<Item = (Role, u128)>, seed: u64) -> Self {
        let keys: Vec<_> = people.map(|(role, id)| (role == Role::Mentor, permuted(id, seed), id)).collect();
        let mut order: Vec<usize> = (0..keys.len()).collect();
        order.sort_by_key(|&index| keys[index]);
        let mut rank = vec![0; order.len()];
        for (number, &index) in order.iter().enumerate() {
            rank[index] = number;
        }
        let mentees = match kind {
            Kind::Peer => None,
            Kind::Mentoring => Some(keys.iter().filter(|(is_mentor, ..)| !is_mentor).count()),
        };
        Self { order, rank, mentees }
    }

    /// How many people there are.
    pub(super) fn len(&self) -> usize {
        self.order.len()
    }

    /// The input's index of a person.
    pub(super) fn index(&self, number: usize) -> usize {
        self.order[number]
    }

    /// The number of the person at an index of the input.
    pub(super) fn number(&self, index: usize) -> usize {
        self.rank[index]
    }

    /// Everybody's index in the input, in order.
    pub(super) fn order(&self) -> &[usize] {
        &self.order
    }

    /// How many people have partners to look at after them: all peers, or all mentees.
    pub(super) fn rows(&self) -> usize {
        self.mentees.unwrap_or(self.order.len())
    }

    /// The first possible partner after a person: the next peer, or the first mentor.
    pub(super) fn first_partner(&self, number: usize) -> usize {
        self.mentees.unwrap_or(number + 1)
    }

    /// Whether two people are on sides that can be paired at all.
    pub(super) fn opposite(&self, a: usize, b: usize) -> bool {
        self.mentees.map_or(a != b, |mentees| (a < mentees) != (b < mentees))
    }

    /// How many possible partners somebody has before any rule.
    pub(super) fn considered(&self, number: usize) -> usize {
        match self.mentees {
            None => self.order.len().saturating_sub(1),
            Some(mentees) if number < mentees => self.order.len() - mentees,
            Some(mentees) => mentees,
        }
    }
}

/// A number that looks random and differs from seed to seed: the finalizer of `SplitMix64` (Steele, Lea and Flood, 2014)
/// over both halves of the id.
fn permuted(id: u128, seed: u64) -> u64 {
    let bytes = id.to_le_bytes();
    let (low, high) = bytes.split_at(8);
    [low, high].into_iter().fold(mixed(seed), |state, half| {
        let half = half.iter().rev().fold(0u64, |number, &byte| (number << 8) | u64::from(byte));
        mixed(state ^ half)
    })
}

/// One step of mixing: every bit of the input changes about half the bits of the output.
fn mixed(number: u64) -> u64 {
    let mut z = number.wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}
