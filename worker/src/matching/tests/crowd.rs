//! Random people for given pairs.

use super::random::Random;
use crate::matching::{Kind, Objective, Role, Scored, ScoredPerson};

/// Two people, by index, and their score.
pub(super) type Scores = Vec<(usize, usize, i64)>;

/// What the people of a run look like.
#[derive(Clone, Copy, Debug)]
pub(super) struct Crowd {
    pub(super) people: usize,
    /// How many of the first people are mentors, the others being mentees; none means peers.
    pub(super) mentors: Option<usize>,
    /// The greatest capacity. 1 gives everybody one place; more gives some people none.
    pub(super) capacity: u64,
    /// The greatest priority.
    pub(super) priorities: u64,
}

impl Crowd {
    /// Peers with one place and one priority.
    pub(super) fn peers(people: usize) -> Self {
        Self { people, mentors: None, capacity: 1, priorities: 1 }
    }

    /// A run of such people with these pairs, in any order and with either of the two first.
    pub(super) fn run(self, objective: Objective, mut pairs: Scores, random: &mut Random) -> Scored {
        let mut people = Vec::with_capacity(self.people);
        for number in 0..self.people {
            let role = match self.mentors {
                None => Role::Peer,
                Some(mentors) if number < mentors => Role::Mentor,
                Some(_) => Role::Mentee,
            };
            let capacity = if self.capacity == 1 { 1 } else { random.below(self.capacity + 1) };
            people.push(ScoredPerson {
                id: u128::from(random.next()),
                role,
                capacity,
                priority: 1 + random.below::<u32>(self.priorities),
            });
        }
        random.shuffle(&mut pairs);
        for (a, b, _) in &mut pairs {
            if random.chance(1, 2) {
                (*a, *b) = (*b, *a);
            }
        }
        let kind = if self.mentors.is_some() { Kind::Mentoring } else { Kind::Peer };
        Scored { kind, objective, people, pairs, seed: random.next() }
    }

    /// All pairs that the roles allow.
    pub(super) fn possible(self) -> Vec<(usize, usize)> {
        let first_partner = |person: usize| self.mentors.map_or(person + 1, |mentors| mentors.max(person + 1));
        let rows = self.mentors.unwrap_or(self.people);
        (0..rows).flat_map(|a| (first_partner(a)..self.people).map(move |b| (a, b))).collect()
    }
}

/// A way of making scores up: from `low`, so many different ones, so far apart.
#[derive(Clone, Copy, Debug)]
pub(super) struct Range {
    pub(super) low: i64,
    pub(super) different: u64,
    pub(super) step: i64,
}

impl Range {
    /// Few scores and many, none below 0, some, or all of them, and enormous ones.
    pub(super) const ALL: [Self; 9] = [
        Self { low: 0, different: 1, step: 1 },
        Self { low: 1, different: 1, step: 1 },
        Self { low: 0, different: 2, step: 1 },
        Self { low: -1, different: 3, step: 1 },
        Self { low: 1, different: 4, step: 1 },
        Self { low: -3, different: 9, step: 1 },
        Self { low: -50, different: 51, step: 1 },
        Self { low: 0, different: 1001, step: 1 },
        Self { low: -1_000_000_007, different: 5, step: 700_000_001 },
    ];

    /// One of these scores.
    pub(super) fn score(self, random: &mut Random) -> i64 {
        self.low + self.step * random.below::<i64>(self.different)
    }
}
