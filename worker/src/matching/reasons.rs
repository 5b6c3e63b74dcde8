//! Why somebody got nobody, and what single change would have helped.

use super::candidates::Candidate;
use super::faults::Fault;
use super::input::{Input, Objective, Role};
use super::mentoring::Mentoring;
use super::pairs::{Pairs, Room};
use super::peers::Peers;
use super::plan::{NonMatch, Reason, Relaxation, RuleRef};
use super::roster::Roster;
use super::stakes::Stakes;
use super::survey::{Survey, Surveyor};

/// A solved run, ready to be asked what else would have been possible.
pub(super) enum Solved<'a> {
    /// Peers, with the groups of people who are connected by allowed pairs.
    Peers(Box<Peers<'a>>, Groups),
    /// Mentors and mentees, with what any further pair would gain.
    Mentoring(Vec<i64>),
}

impl<'a> Solved<'a> {
    /// A solved run among peers.
    pub(super) fn peers(peers: Peers<'a>, pairs: &Pairs<'_>, stakes: &Stakes) -> Self {
        let groups = Groups::new(pairs, stakes, peers.known(), &peers.pairs());
        Self::Peers(Box::new(peers), groups)
    }

    /// A solved run of mentors and mentees.
    pub(super) fn mentoring(plan: &Mentoring, pairs: &Pairs<'_>, stakes: &Stakes) -> Self {
        Self::Mentoring(plan.margins(pairs, stakes))
    }

    /// Whether somebody without a partner would get one if these pairs of theirs were allowed too.
    fn gains_by(&self, stakes: &Stakes, pairs: &[Candidate]) -> Result<bool, Fault> {
        match self {
            Self::Peers(peers, _) => peers.gains_by(pairs),
            Self::Mentoring(margins) => Ok(pairs
                .iter()
                .any(|&(mentee, mentor, score)| stakes.unit * score + margins[mentee] - margins[mentor] > 0)),
        }
    }
}

/// Explains non-matches of one run.
pub(super) struct Reasoner<'a> {
    pub(super) input: &'a Input,
    pub(super) roster: &'a Roster,
    pub(super) stakes: &'a Stakes,
    pub(super) surveyor: Surveyor<'a>,
    pub(super) solved: Solved<'a>,
    /// By person, free places that the plan leaves empty.
    pub(super) empty: Vec<usize>,
}

impl Reasoner<'_> {
    /// Explains why somebody with a free place got nobody.
    ///
    /// # Errors
    ///
    /// [`Fault::TooLarge`] when a trial would be.
    pub(super) fn explain(&self, number: usize) -> Result<NonMatch, Fault> {
        let survey = self.surveyor.survey(number);
        let reason = self.reason(number, &survey)?;
        Ok(NonMatch {
            person: self.roster.index(number),
            reason,
            considered: survey.considered,
            relaxation: self.relaxation(number, reason, &survey)?,
            removals: survey.removals,
        })
    }

    fn reason(&self, number: usize, survey: &Survey) -> Result<Reason, Fault> {
        if survey.after_musts == 0 {
            return Ok(Reason::NoCandidateMust);
        }
        if survey.after_past == 0 {
            return Ok(Reason::OnlyPastPartners);
        }
        if survey.after_bars == 0 {
            return Ok(Reason::ExcludedByConstraint);
        }
        if survey.candidates.is_empty() {
            return Ok(Reason::BelowMinScore);
        }
        let open: Vec<usize> = survey.candidates.iter().copied().filter(|&other| self.stakes.free[other] > 0).collect();
        if open.is_empty() {
            return Ok(Reason::AllCandidatesFull);
        }
        if let Solved::Peers(_, groups) = &self.solved
            && groups.left_over(number)
        {
            return Ok(Reason::OddOneOut);
        }
        // A partner for this person costs something of the second goal only, or of the first one too.
        let in_second = self.costs_less(number, &open, self.stakes.minor)?;
        let on_priority = in_second != (self.input.objective == Objective::Participation);
        Ok(if on_priority { Reason::LostOnPriority } else { Reason::LostOnTotalScore })
    }

    /// Whether the plan would lose less than this by having a partner for somebody.
    fn costs_less(&self, number: usize, open: &[usize], limit: i64) -> Result<bool, Fault> {
        match &self.solved {
            Solved::Peers(peers, _) => peers.gains_for(number, limit),
            Solved::Mentoring(_) if self.input.people[self.roster.index(number)].role == Role::Mentor => {
                // Priorities are the mentees'.
                Ok(self.input.objective == Objective::Participation)
            }
            Solved::Mentoring(margins) => Ok(open.iter().any(|&mentor| {
                let points = self.stakes.unit * i64::from(self.surveyor.score(number, mentor));
                margins[mentor] - margins[number] - points < limit
            })),
        }
    }

    fn relaxation(&self, number: usize, reason: Reason, survey: &Survey) -> Result<Option<Relaxation>, Fault> {
        if reason == Reason::OddOneOut || survey.considered == 0 {
            return Ok(Some(Relaxation::OneMoreParticipant));
        }
        let full = survey.candidates.iter().filter(|&&other| self.empty[other] == 0).count();
        if full > 0 {
            return Ok(Some(Relaxation::OneMorePlace { candidates: u32::try_from(full).unwrap_or(u32::MAX) }));
        }
        if let Some(minimum) = self.lower_minimum(number, survey)? {
            return Ok(Some(Relaxation::LowerMinimumScore(minimum)));
        }
        // Past partners first, then the criteria as the program lists them.
        let mut rules: Vec<RuleRef> = survey.by_one_rule.iter().map(|&(rule, _)| rule).collect();
        rules.sort_unstable_by_key(|&rule| (rule != RuleRef::PastPartners, rule));
        rules.dedup();
        for rule in rules {
            let relaxation = match rule {
                RuleRef::PastPartners => Relaxation::AllowPastPartners,
                RuleRef::Criterion(criterion) => Relaxation::DropCriterion(criterion),
                RuleRef::Constraints | RuleRef::MinimumScore | RuleRef::Full => continue,
            };
            let mut pairs = self.held_back_by(rule, number, survey);
            pairs.retain(|&(_, _, score)| score >= i64::from(self.input.minimum_score));
            if self.solved.gains_by(self.stakes, &pairs)? {
                return Ok(Some(relaxation));
            }
        }
        Ok(None)
    }

    /// The highest minimum score at which somebody would have got a partner.
    fn lower_minimum(&self, number: usize, survey: &Survey) -> Result<Option<u16>, Fault> {
        let mut pairs = self.held_back_by(RuleRef::MinimumScore, number, survey);
        pairs.sort_unstable_by_key(|&(a, b, score)| (std::cmp::Reverse(score), a, b));
        if !self.solved.gains_by(self.stakes, &pairs)? {
            return Ok(None);
        }
        // More pairs never help less, so the number of pairs needed can be found by halving.
        let (mut too_few, mut enough) = (0, pairs.len());
        while enough - too_few > 1 {
            let half = usize::midpoint(too_few, enough);
            if self.solved.gains_by(self.stakes, &pairs[..half])? {
                enough = half;
            } else {
                too_few = half;
            }
        }
        Ok(pairs.get(too_few).and_then(|&(_, _, score)| u16::try_from(score).ok()))
    }

    /// Pairs with open people that nothing but this rule forbids, smaller number first.
    fn held_back_by(&self, rule: RuleRef, number: usize, survey: &Survey) -> Vec<Candidate> {
        let held_back = survey.by_one_rule.iter().filter(|&&(by, _)| by == rule);
        held_back
            .map(|&(_, other)| (number.min(other), number.max(other), self.surveyor.score(number, other).into()))
            .collect()
    }
}

/// People with free places, grouped by who is connected by allowed pairs, at any number of removes.
pub(super) struct Groups {
    group: Vec<usize>,
    /// By group: how many people, and how many empty places the plan leaves.
    people: Vec<usize>,
    empty: Vec<usize>,
}

impl Groups {
    /// Groups people; `known` must have a pair of everybody who is in any.
    fn new(all: &Pairs<'_>, stakes: &Stakes, known: &[Candidate], pairs: &[(usize, usize)]) -> Self {
        let mut leader: Vec<usize> = (0..stakes.free.len()).collect();
        let mut join = |a: usize, b: usize| {
            let (one, other) = (lead(&mut leader, a), lead(&mut leader, b));
            leader[one.max(other)] = one.min(other);
            one != other
        };
        let mut somewhere: Vec<usize> = known.iter().flat_map(|&(a, b, _)| [a, b]).collect();
        somewhere.sort_unstable();
        somewhere.dedup();
        let joined = known.iter().filter(|&&(a, b, _)| join(a, b)).count();
        let mut groups = somewhere.len() - joined;
        let mut room = Room::default();
        for &a in &somewhere {
            if groups <= 1 {
                // Nothing more can be joined.
                break;
            }
            all.row(a, &mut room).each(|b, _| {
                if stakes.free[b] > 0 && join(a, b) {
                    groups -= 1;
                }
            });
        }
        let group: Vec<usize> = (0..leader.len()).map(|person| lead(&mut leader, person)).collect();
        let mut people = vec![0; group.len()];
        let mut empty = vec![0; group.len()];
        for (person, &group) in group.iter().enumerate() {
            people[group] += 1;
            empty[group] += stakes.free[person];
        }
        for &(a, b) in pairs {
            empty[group[a]] -= 1;
            empty[group[b]] -= 1;
        }
        Self { group, people, empty }
    }

    /// Whether somebody's is the only empty place in a group where all others have partners.
    fn left_over(&self, person: usize) -> bool {
        let group = self.group[person];
        self.people[group] > 1 && self.empty[group] == 1
    }
}

/// The leader of somebody's group so far.
fn lead(leader: &mut [usize], person: usize) -> usize {
    let mut at = person;
    while leader[at] != at {
        leader[at] = leader[leader[at]];
        at = leader[at];
    }
    at
}
