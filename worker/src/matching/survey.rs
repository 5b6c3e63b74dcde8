//! Who would have been there for somebody, and which rule stands between them.

use super::input::{Bar, Input, Role, Strength};
use super::judge::{self, Card};
use super::plan::RuleRef;
use super::roster::Roster;
use super::stakes::Stakes;
use super::validation::pins;

/// What one person's possible partners look like. People are numbers in the roster.
#[derive(Clone, Debug, Default)]
pub(super) struct Survey {
    /// How many there are before any rule.
    pub(super) considered: u32,
    /// How many each rule would remove on its own; rules that remove nobody are left out.
    pub(super) removals: Vec<(RuleRef, u32)>,
    /// How many keep every `MUST`; how many of those are no past partners; how many of those are not barred otherwise.
    pub(super) after_musts: u32,
    pub(super) after_past: u32,
    pub(super) after_bars: u32,
    /// Those who keep every rule, whether they have places or not.
    pub(super) candidates: Vec<usize>,
    /// Those with places who break exactly one rule, by rule.
    pub(super) by_one_rule: Vec<(RuleRef, usize)>,
}

/// Bars by person, for many surveys.
pub(super) struct Surveyor<'a> {
    input: &'a Input,
    roster: &'a Roster,
    stakes: &'a Stakes,
    /// By index into the input.
    cards: &'a [Card<'a>],
    past: Vec<Vec<usize>>,
    barred: Vec<Vec<usize>>,
}

impl<'a> Surveyor<'a> {
    /// Prepares a checked input.
    pub(super) fn new(input: &'a Input, roster: &'a Roster, stakes: &'a Stakes, cards: &'a [Card<'a>]) -> Self {
        let mut past = vec![Vec::new(); roster.len()];
        let mut barred = vec![Vec::new(); roster.len()];
        let bars = input.barred.iter().map(|bar| (bar.a, bar.b, bar.why == Bar::PastPartner));
        let pinned = pins(input).into_iter().map(|(a, b)| (a, b, false));
        for (a, b, is_past) in bars.chain(pinned) {
            let (a, b) = (roster.number(a), roster.number(b));
            let list = if is_past { &mut past } else { &mut barred };
            list[a].push(b);
            list[b].push(a);
        }
        past.iter_mut().chain(&mut barred).for_each(|list| list.sort_unstable());
        Self { input, roster, stakes, cards, past, barred }
    }

    /// Looks at everybody that somebody could be paired with.
    pub(super) fn survey(&self, number: usize) -> Survey {
        let rules = self.rules();
        let mut removed = vec![0u32; rules.len()];
        let mut survey = Survey::default();
        let mut broken = Vec::new();
        for other in (0..self.roster.len()).filter(|&other| self.roster.opposite(number, other)) {
            survey.considered += 1;
            broken.clear();
            broken.extend((0..rules.len()).filter(|&at| self.breaks(rules[at], number, other)));
            for &at in &broken {
                removed[at] += 1;
            }
            let breaks = |rule: RuleRef| broken.iter().any(|&at| rules[at] == rule);
            let musts = !broken.iter().any(|&at| matches!(rules[at], RuleRef::Criterion(_)));
            let past = musts && !breaks(RuleRef::PastPartners);
            let bars = past && !breaks(RuleRef::Constraints);
            survey.after_musts += u32::from(musts);
            survey.after_past += u32::from(past);
            survey.after_bars += u32::from(bars);
            if bars && !breaks(RuleRef::MinimumScore) {
                survey.candidates.push(other);
            }
            if let [only] = broken[..]
                && rules[only] != RuleRef::Full
            {
                survey.by_one_rule.push((rules[only], other));
            }
        }
        survey.removals = rules.into_iter().zip(removed).filter(|&(_, removed)| removed > 0).collect();
        survey
    }

    /// The score of two people, in roster numbers.
    pub(super) fn score(&self, a: usize, b: usize) -> u16 {
        let (a, b) = self.sides(a, b);
        judge::score(self.input, a, b)
    }

    /// All rules that can remove somebody, in the order they are reported.
    fn rules(&self) -> Vec<RuleRef> {
        let criteria = self.input.criteria.iter().enumerate();
        let musts = criteria.filter(|(_, criterion)| criterion.strength == Strength::Must);
        let others = [RuleRef::PastPartners, RuleRef::Constraints, RuleRef::MinimumScore, RuleRef::Full];
        musts.map(|(number, _)| RuleRef::Criterion(number)).chain(others).collect()
    }

    fn breaks(&self, rule: RuleRef, number: usize, other: usize) -> bool {
        match rule {
            RuleRef::Criterion(criterion) => {
                let (a, b) = self.sides(number, other);
                !judge::holds(self.input.kind, self.input.criteria[criterion].rule, a, b)
            }
            RuleRef::PastPartners => self.past[number].binary_search(&other).is_ok(),
            RuleRef::Constraints => self.barred[number].binary_search(&other).is_ok(),
            RuleRef::MinimumScore => {
                self.input.minimum_score > 0 && self.score(number, other) < self.input.minimum_score
            }
            RuleRef::Full => self.stakes.free[other] == 0,
        }
    }

    /// Two people with the mentor first.
    fn sides(&self, a: usize, b: usize) -> (&Card<'a>, &Card<'a>) {
        let (a, b) = (self.roster.index(a), self.roster.index(b));
        let swap = self.input.people[b].role == Role::Mentor;
        let (a, b) = if swap { (b, a) } else { (a, b) };
        (&self.cards[a], &self.cards[b])
    }
}
