//! The check that a plan is allowed and that nothing better exists, by other means than the ones that made it.
//!
//! Rules, scores, capacities and weights are worked out again from the input. Optimality follows from weak duality:
//! whatever the prices are, if they cover every allowed pair then no plan can be worth more than their total. So prices
//! whose total is exactly the plan's worth leave nothing to doubt, however they were found.

use std::collections::BTreeSet;

use super::faults::Fault;
use super::input::{Input, Kind, Objective, Role};
use super::judge::Card;
use super::plan::Certificate;
use super::progress::Watch;
use super::roster::Roster;
use super::scored::Scored;
use super::stakes::Stakes;
use super::verify_pairs::{AllowedPairs, Tally};

/// The input as the verifier sees it. People are numbers in the roster; only the numbering itself is taken from there.
pub(super) struct Verifier<'a> {
    roles: Vec<Role>,
    allowed: AllowedPairs<'a>,
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

/// One person as they count for a plan.
struct Seat {
    role: Role,
    free: u64,
    priority: i64,
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
        watch: Watch<'a>,
    ) -> Result<Self, Fault> {
        let order = numbering(roster, input.people.len())?;
        let mut pinned = vec![0u64; order.len()];
        for person in pins.iter().flat_map(|&(a, b)| [a, b]) {
            pinned[person] += 1;
        }
        let mut seats = Vec::with_capacity(order.len());
        for (&index, &pins) in order.iter().zip(&pinned) {
            let person = &input.people[index];
            let free = u64::from(person.capacity).checked_sub(pins).ok_or(refuted("pins fit"))?;
            let counts = person.role != Role::Mentor && person.taken == 0 && pins == 0;
            seats.push(Seat { role: person.role, free, priority: if counts { person.priority.into() } else { 0 } });
        }
        let bars = input.barred.iter().map(|bar| (roster.number(bar.a), roster.number(bar.b)));
        let allowed = AllowedPairs::of_rules(input, order, bars.chain(pins.iter().copied()), cards, watch);
        Self::seat(input.kind, input.objective, &seats, stakes, allowed, 1000)
    }

    /// The same for given scores.
    ///
    /// # Errors
    ///
    /// [`Fault::NotCertified`] when the numbering or the units are wrong.
    pub(super) fn of_scores(
        scored: &'a Scored,
        roster: &Roster,
        stakes: &Stakes,
        watch: Watch<'a>,
    ) -> Result<Self, Fault> {
        let order = numbering(roster, scored.people.len())?;
        let seat = |&index: &usize| {
            let person = &scored.people[index];
            let priority = if person.role == Role::Mentor { 0 } else { person.priority.into() };
            Seat { role: person.role, free: person.capacity.into(), priority }
        };
        let seats: Vec<Seat> = order.iter().map(seat).collect();
        let range = |(least, most): (i64, i64), &(_, _, score): &(_, _, i64)| (least.min(score), most.max(score));
        let (least, most) = scored.pairs.iter().fold((0, 0), range);
        let span = i128::from(most) - i128::from(least);
        Self::seat(scored.kind, scored.objective, &seats, stakes, AllowedPairs::of_scores(scored, order, watch), span)
    }

    /// `span` is how much the scores of two pairs, or of a pair and none, can differ.
    fn seat(
        kind: Kind,
        objective: Objective,
        seats: &[Seat],
        stakes: &Stakes,
        allowed: AllowedPairs<'a>,
        span: i128,
    ) -> Result<Self, Fault> {
        // Nobody can fill more places than there are people to fill them.
        let [mentors, mentees] =
            [Role::Mentor, Role::Mentee].map(|role| seats.iter().filter(|seat| seat.role == role).count());
        let others = |role: Role| match role {
            Role::Peer => seats.len() - 1,
            Role::Mentor => mentees,
            Role::Mentee => mentors,
        };
        let free = |seat: &Seat| seat.free.min(u64::try_from(others(seat.role)).unwrap_or(u64::MAX));
        let rewards = seats.iter().map(|seat| seat.priority.checked_mul(stakes.step));
        let verifier = Self {
            roles: seats.iter().map(|seat| seat.role).collect(),
            free: seats.iter().map(free).collect(),
            rewards: rewards.collect::<Option<Vec<i64>>>().ok_or(Fault::TooLarge)?,
            unit: stakes.unit,
            allowed,
        };
        let places = |side: Role| {
            let of_side = verifier.roles.iter().zip(&verifier.free).filter(|&(&role, _)| role == side);
            of_side.map(|(_, &free)| i128::from(free)).sum::<i128>()
        };
        let most_pairs = match kind {
            Kind::Peer => places(Role::Peer) / 2,
            Kind::Mentoring => places(Role::Mentor).min(places(Role::Mentee)),
        };
        let priorities: i128 = seats.iter().map(|seat| i128::from(seat.priority)).sum();
        match objective {
            Objective::Participation => {
                let outweighs = i128::from(stakes.step) > span * most_pairs;
                claim(stakes.unit == 1 && outweighs, "participation comes first")?;
            }
            Objective::Score => {
                claim(stakes.step == 1 && i128::from(stakes.unit) > priorities, "the score comes first")?;
            }
        }
        Ok(verifier)
    }

    /// How many people there are.
    pub(super) fn len(&self) -> usize {
        self.roles.len()
    }

    /// How many people have a place to give.
    pub(super) fn open(&self) -> u64 {
        self.free.iter().map(|&free| u64::from(free > 0)).sum()
    }

    /// What a plan is worth, in twice the unit of the stakes, if it is allowed: every pair is, no pair comes twice, and
    /// nobody gets more partners than places.
    ///
    /// # Errors
    ///
    /// [`Fault::NotCertified`] when it is not.
    pub(super) fn worth(&self, pairs: &[(usize, usize)]) -> Result<i128, Fault> {
        let mut made: Vec<(usize, usize)> = pairs.iter().map(|&(a, b)| (a.min(b), a.max(b))).collect();
        made.sort_unstable();
        claim(made.array_windows().all(|[one, next]| one != next), "no pair is made twice")?;
        let mut partners = vec![0u64; self.len()];
        let mut worth = 0;
        for (&(a, b), score) in made.iter().zip(self.allowed.scores(&self.roles, &made)) {
            let score = score.ok_or(refuted("every pair is allowed"))?;
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

    /// The scores of pairs, the smaller number first; nothing for those that may not be made.
    pub(super) fn scores(&self, pairs: &[(usize, usize)]) -> Vec<Option<i64>> {
        let open = |&(a, b): &(usize, usize)| self.free[a] > 0 && self.free[b] > 0;
        let scores = self.allowed.scores(&self.roles, pairs);
        pairs.iter().zip(scores).map(|(pair, score)| score.filter(|_| open(pair))).collect()
    }

    /// Goes through all allowed pairs of people with places, the smaller number first, on all cores.
    pub(super) fn tally(&self, found: impl Fn(&mut Tally, usize, usize, i64) + Sync) -> Tally {
        self.allowed.tally(|tally, a, b, score| {
            if self.free[a] > 0 && self.free[b] > 0 {
                tally.pairs += 1;
                found(tally, a, b, score);
            }
        })
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
        let mut bound = 0;
        for person in (0..self.len()).filter(|&person| self.free[person] > 0) {
            let price = prices[person];
            if self.roles[person] == Role::Mentor {
                claim(price >= 0, "no place costs less than nothing")?;
                bound += i128::from(self.free[person]) * i128::from(price);
            } else {
                bound += (i128::from(self.rewards[person]) - i128::from(price)).max(0);
                bound += i128::from(self.free[person] - 1) * -i128::from(price.min(0));
            }
        }
        let found = self.tally(|tally, mentee, mentor, score| {
            let gain = self.unit.saturating_mul(score).saturating_add(prices[mentee]).saturating_sub(prices[mentor]);
            if gain > 0 {
                tally.gains += i128::from(gain);
            }
        });
        let dual = 2 * (bound + found.gains);
        claim(primal == dual, "the plan is worth as much as its bound")?;
        Ok(Certificate { primal, dual, vertices: self.open(), edges: found.pairs, certified: true })
    }
}

/// The order of a roster, in which everybody must be once.
fn numbering(roster: &Roster, people: usize) -> Result<&[usize], Fault> {
    let known: BTreeSet<usize> = roster.order().iter().copied().collect();
    let complete = known.len() == people && roster.len() == people && known.last().is_none_or(|&last| last < people);
    claim(complete, "everybody is numbered once")?;
    Ok(roster.order())
}
