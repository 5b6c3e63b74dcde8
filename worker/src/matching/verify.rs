//! The check that a plan is allowed and that nothing better exists, by other means than the ones that made it.
//!
//! Rules, scores, capacities and weights are worked out again from the input, pair by pair. Optimality follows from weak
//! duality: whatever the prices are, if they cover every allowed pair then no plan can be worth more than their total.
//! So prices whose total is exactly the plan's worth leave nothing to doubt, however they were found.

use std::collections::BTreeSet;

use super::faults::Fault;
use super::input::{Input, Kind, Objective, Person, Role};
use super::judge::{self, Card};
use super::plan::Certificate;
use super::roster::Roster;
use super::stakes::Stakes;

/// The input as the verifier sees it. People are numbers in the roster; only the numbering itself is taken from there.
pub(super) struct Verifier<'a> {
    input: &'a Input,
    people: Vec<&'a Person>,
    cards: Vec<&'a Card<'a>>,
    /// By person, everybody with a greater number who may not be paired with them, pins included.
    barred: Vec<BTreeSet<usize>>,
    /// By person, free places after the pins, as far as there are others to fill them.
    pub(super) free: Vec<u64>,
    /// By person, what a first partner is worth.
    pub(super) rewards: Vec<i64>,
    /// What a point of score is worth.
    pub(super) unit: i64,
}

/// A fault in the engine: the claim that does not hold.
pub(super) fn refuted(what: &'static str) -> Fault {
    Fault::NotCertified { what }
}

/// Fails with a claim unless it holds.
pub(super) fn claim(holds: bool, what: &'static str) -> Result<(), Fault> {
    if holds { Ok(()) } else { Err(refuted(what)) }
}

impl<'a> Verifier<'a> {
    /// Works out capacities and rewards again, and checks the units that the solver used: one step of the first goal
    /// must outweigh all that the second goal can add up to.
    ///
    /// # Errors
    ///
    /// [`Fault::NotCertified`] when the numbering, the pins or the units are wrong.
    pub(super) fn new(
        input: &'a Input,
        roster: &Roster,
        pins: &[(usize, usize)],
        stakes: &Stakes,
        cards: &'a [Card<'a>],
    ) -> Result<Self, Fault> {
        let known: BTreeSet<usize> = (0..roster.len()).map(|number| roster.index(number)).collect();
        claim(known.len() == input.people.len(), "everybody is numbered once")?;
        let people: Vec<&Person> = (0..roster.len()).map(|number| &input.people[roster.index(number)]).collect();
        let mut free: Vec<u64> = people.iter().map(|person| u64::from(person.capacity)).collect();
        let mut served: Vec<bool> = people.iter().map(|person| person.taken > 0).collect();
        let mut barred = vec![BTreeSet::new(); people.len()];
        for bar in &input.barred {
            let (a, b) = (roster.number(bar.a), roster.number(bar.b));
            barred[a.min(b)].insert(a.max(b));
        }
        for &(a, b) in pins {
            barred[a.min(b)].insert(a.max(b));
            for person in [a, b] {
                served[person] = true;
                free[person] = free[person].checked_sub(1).ok_or(refuted("pins fit"))?;
            }
        }
        // Nobody can fill more places than there are people to fill them.
        let [mentors, mentees] =
            [Role::Mentor, Role::Mentee].map(|role| people.iter().filter(|person| person.role == role).count());
        for (person, free) in people.iter().zip(&mut free) {
            let others = match person.role {
                Role::Peer => people.len() - 1,
                Role::Mentor => mentees,
                Role::Mentee => mentors,
            };
            *free = (*free).min(u64::try_from(others).unwrap_or(u64::MAX));
        }
        let counts = |number: usize| people[number].role != Role::Mentor && !served[number];
        let rewards = (0..people.len())
            .map(
                |number| {
                    if counts(number) { i64::from(people[number].priority).checked_mul(stakes.step) } else { Some(0) }
                },
            )
            .collect::<Option<Vec<i64>>>()
            .ok_or(Fault::TooLarge)?;
        let verifier = Self {
            input,
            cards: (0..roster.len()).map(|number| &cards[roster.index(number)]).collect(),
            people,
            barred,
            free,
            rewards,
            unit: stakes.unit,
        };
        let (most_pairs, priorities) = (verifier.most_pairs(), verifier.rewards.iter().sum::<i64>());
        match input.objective {
            Objective::Participation => {
                claim(stakes.unit == 1 && i128::from(stakes.step) > 1000 * most_pairs, "participation comes first")?;
            }
            Objective::Score => claim(stakes.step == 1 && stakes.unit > priorities, "the score comes first")?,
        }
        Ok(verifier)
    }

    /// No plan has more pairs than this.
    fn most_pairs(&self) -> i128 {
        let places = |side: Role| {
            let of_side = self.people.iter().zip(&self.free).filter(|(person, _)| person.role == side);
            of_side.map(|(_, &free)| i128::from(free)).sum::<i128>()
        };
        match self.input.kind {
            Kind::Peer => places(Role::Peer) / 2,
            Kind::Mentoring => places(Role::Mentor).min(places(Role::Mentee)),
        }
    }

    /// How many people there are.
    pub(super) fn len(&self) -> usize {
        self.people.len()
    }

    /// How many people have a place to give.
    pub(super) fn open(&self) -> u64 {
        self.free.iter().map(|&free| u64::from(free > 0)).sum()
    }

    /// The score of two people, if they may be paired and both have places.
    pub(super) fn allowed(&self, one: usize, other: usize) -> Option<u16> {
        if self.free[one] == 0 || self.free[other] == 0 || self.barred[one.min(other)].contains(&one.max(other)) {
            return None;
        }
        let (a, b) = match (self.people[one].role, self.people[other].role) {
            (Role::Peer, Role::Peer) | (Role::Mentor, Role::Mentee) => (one, other),
            (Role::Mentee, Role::Mentor) => (other, one),
            _ => return None,
        };
        let (a, b) = (self.cards[a], self.cards[b]);
        if !judge::keeps_musts(self.input, a, b) {
            return None;
        }
        let score = judge::score(self.input, a, b);
        (score >= self.input.minimum_score).then_some(score)
    }

    /// What a plan is worth, in twice the unit of the stakes, if it is allowed: every pair is, no pair comes twice, and
    /// nobody gets more partners than places.
    ///
    /// # Errors
    ///
    /// [`Fault::NotCertified`] when it is not.
    pub(super) fn worth(&self, pairs: &[(usize, usize)]) -> Result<i128, Fault> {
        let mut partners = vec![0u64; self.len()];
        let mut made = BTreeSet::new();
        let mut worth = 0;
        for &(a, b) in pairs {
            claim(made.insert((a.min(b), a.max(b))), "no pair is made twice")?;
            let score = self.allowed(a, b).ok_or(refuted("every pair is allowed"))?;
            worth += 2 * i128::from(self.unit) * i128::from(score);
            for person in [a, b] {
                if partners[person] == 0 {
                    worth += 2 * i128::from(self.rewards[person]);
                }
                partners[person] += 1;
            }
        }
        let fits = partners.iter().zip(&self.free).all(|(partners, free)| partners <= free);
        claim(fits, "nobody has more partners than places")?;
        Ok(worth)
    }

    /// Certifies a plan of mentors and mentees by the mentees' bids and the mentors' costs.
    ///
    /// A plan is worth, pair by pair, its points plus the bid less the cost; place by place, the costs of filled places;
    /// and mentee by mentee, the rewards less the bids for filled places. Taking every part at its best, and never below
    /// 0, bounds every plan: any bids and costs give a true bound.
    ///
    /// # Errors
    ///
    /// [`Fault::NotCertified`] when the plan is not allowed or the bound is not met.
    pub(super) fn mentoring(&self, pairs: &[(usize, usize)], prices: &[i64]) -> Result<Certificate, Fault> {
        let primal = self.worth(pairs)?;
        claim(prices.len() == self.len(), "everybody has a price")?;
        let role = |number: usize| self.people[number].role;
        let (mentors, mentees): (Vec<usize>, Vec<usize>) =
            (0..self.len()).filter(|&number| self.free[number] > 0).partition(|&number| role(number) == Role::Mentor);
        let mut bound = 0;
        for &mentor in &mentors {
            claim(prices[mentor] >= 0, "no place costs less than nothing")?;
            bound += i128::from(self.free[mentor]) * i128::from(prices[mentor]);
        }
        let mut edges = 0;
        for &mentee in &mentees {
            let bid = prices[mentee];
            bound += i128::from((self.rewards[mentee] - bid).max(0));
            bound += i128::from(self.free[mentee] - 1) * i128::from((-bid).max(0));
            for &mentor in &mentors {
                if let Some(score) = self.allowed(mentee, mentor) {
                    edges += 1;
                    bound += i128::from((self.unit * i64::from(score) + bid - prices[mentor]).max(0));
                }
            }
        }
        let dual = 2 * bound;
        claim(primal == dual, "the plan is worth as much as its bound")?;
        Ok(Certificate { primal, dual, vertices: self.open(), edges, certified: true })
    }
}
