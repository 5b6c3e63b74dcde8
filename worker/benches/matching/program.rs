//! Programs with people who answered questions, and how well two of them fit.

use worker::matching::{Criterion, Feature, Input, Kind, Objective, Person, Role, Rule, Strength};

use crate::problem::{self, Problem, index};
use crate::random::Random;

const COUNTRY: usize = 0;
const LANGUAGES: usize = 1;
const TOPICS: usize = 2;
const TIME_ZONE: usize = 3;

const FOR_COUNTRY: u32 = 1;
const FOR_LANGUAGES: u32 = 2;
const FOR_TOPICS: u32 = 5;
const FOR_TIME_ZONE: u32 = 2;

/// Who takes part, and what must be.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Program {
    /// 0 among peers.
    pub(crate) mentors: u32,
    /// The greatest capacity of a mentor; the least is 1.
    pub(crate) places: u32,
    /// Mentees or peers.
    pub(crate) seekers: u32,
    /// The greatest priority; the least is 1.
    pub(crate) priorities: u32,
    /// Two who are paired must share a language: that leaves about three quarters of all pairs.
    pub(crate) shared_language: bool,
    /// Two who are paired must be from different countries and at most eight hours apart.
    pub(crate) strict: bool,
}

/// What somebody answered.
#[derive(Clone, Copy, Debug)]
struct Profile {
    country: u32,
    /// A bit for every language.
    languages: u32,
    /// A bit for every topic.
    topics: u32,
    /// Hours from Greenwich.
    time_zone: i32,
}

impl Program {
    /// The program as the engine takes it.
    pub(crate) fn input(self) -> Input {
        let mut random = Random::new(7);
        let profiles = self.profiles();
        let people = (0u32..).zip(&profiles).map(|(number, profile)| {
            let (role, capacity) = self.seat(number, &mut random);
            Person {
                id: u128::from(number),
                role,
                capacity,
                taken: 0,
                priority: u16::try_from(1 + random.below(self.priorities)).unwrap_or(1),
                features: vec![
                    Feature::Tags(vec![profile.country]),
                    tags(profile.languages),
                    tags(profile.topics),
                    Feature::Number(60 * profile.time_zone),
                ],
            }
        });
        Input {
            kind: if self.mentors > 0 { Kind::Mentoring } else { Kind::Peer },
            objective: Objective::Participation,
            people: people.collect(),
            criteria: self.criteria(),
            minimum_score: 0,
            pins: Vec::new(),
            barred: Vec::new(),
            seed: 1,
        }
    }

    /// The same program as scored pairs, worked out without the engine: all that are allowed, or the best few of each
    /// seeker.
    pub(crate) fn problem(self, best: Option<usize>) -> Problem {
        let mut random = Random::new(7);
        let people = (0..self.mentors + self.seekers).map(|number| {
            let (_, capacity) = self.seat(number, &mut random);
            problem::Person { capacity, priority: 1 + random.below(self.priorities) }
        });
        let mut problem = Problem { mentors: self.mentors, people: people.collect(), pairs: Vec::new() };
        let profiles = self.profiles();
        let mut row = Vec::new();
        for b in self.mentors..self.mentors + self.seekers {
            // Peers see everybody when they choose, and only those before them when all pairs are wanted.
            let others =
                if self.mentors > 0 { 0..self.mentors } else { 0..if best.is_some() { self.seekers } else { b } };
            row.clear();
            for a in others.filter(|&a| a != b) {
                let (one, other) = (profiles[index(a)], profiles[index(b)]);
                if self.allows(one, other) {
                    row.push((score(one, other), a));
                }
            }
            if let Some(best) = best.filter(|&best| best < row.len()) {
                row.select_nth_unstable_by(best, |one, other| other.cmp(one));
                row.truncate(best);
            }
            problem.pairs.extend(row.iter().map(|&(score, a)| (a.min(b), a.max(b), score)));
        }
        problem.pairs.sort_unstable();
        problem.pairs.dedup();
        problem
    }

    fn seat(self, number: u32, random: &mut Random) -> (Role, u32) {
        match self.mentors {
            0 => (Role::Peer, 1),
            mentors if number < mentors => (Role::Mentor, 1 + random.below(self.places)),
            _ => (Role::Mentee, 1),
        }
    }

    fn profiles(self) -> Vec<Profile> {
        let mut random = Random::new(11);
        let profile = |_| Profile {
            country: random.skewed(80),
            languages: languages(&mut random),
            topics: topics(&mut random),
            time_zone: i32::try_from(random.below(24)).unwrap_or(0) - 11,
        };
        (0..self.mentors + self.seekers).map(profile).collect()
    }

    fn criteria(self) -> Vec<Criterion> {
        let far = Rule::Within { feature: TIME_ZONE, at_most: 8 * 60, wrap: Some(24 * 60) };
        let near = Rule::Within { feature: TIME_ZONE, at_most: 6 * 60, wrap: Some(24 * 60) };
        let musts = [
            (self.shared_language, Rule::Overlap { feature: LANGUAGES }),
            (self.strict, Rule::Different { feature: COUNTRY }),
            (self.strict, far),
        ];
        let preferences = [
            (FOR_TOPICS, Rule::Overlap { feature: TOPICS }),
            (FOR_LANGUAGES, Rule::Overlap { feature: LANGUAGES }),
            (FOR_COUNTRY, Rule::Different { feature: COUNTRY }),
            (FOR_TIME_ZONE, near),
        ];
        let musts = musts.into_iter().filter(|&(wanted, _)| wanted).map(|(_, rule)| (rule, Strength::Must));
        let preferences = preferences.into_iter().map(|(weight, rule)| (rule, Strength::Prefer { weight }));
        musts.chain(preferences).map(|(rule, strength)| Criterion { rule, strength }).collect()
    }

    fn allows(self, a: Profile, b: Profile) -> bool {
        (!self.shared_language || a.languages & b.languages != 0)
            && (!self.strict || a.country != b.country && hours_apart(a, b) <= 8)
    }
}

/// How well two people fit, 0 to 1000.
fn score(a: Profile, b: Profile) -> i32 {
    let minutes = 60 * hours_apart(a, b);
    let near = if minutes <= 6 * 60 { 1000 * (6 * 60 + 1 - minutes) / (6 * 60 + 1) } else { 0 };
    let earned = FOR_TOPICS * overlap(a.topics, b.topics)
        + FOR_LANGUAGES * overlap(a.languages, b.languages)
        + FOR_COUNTRY * if a.country == b.country { 0 } else { 1000 }
        + FOR_TIME_ZONE * near;
    (earned / (FOR_TOPICS + FOR_LANGUAGES + FOR_COUNTRY + FOR_TIME_ZONE)).cast_signed()
}

fn overlap(a: u32, b: u32) -> u32 {
    let shared = 1000 * (a & b).count_ones();
    u32::midpoint(shared / a.count_ones().max(1), shared / b.count_ones().max(1))
}

fn hours_apart(a: Profile, b: Profile) -> u32 {
    let straight = a.time_zone.abs_diff(b.time_zone);
    straight.min(24 - straight)
}

/// One to three of 20, and seven of ten people know the first.
fn languages(random: &mut Random) -> u32 {
    let wanted = 1 + random.below(3);
    let mut mask = u32::from(random.chance(7, 10));
    while mask.count_ones() < wanted {
        mask |= 1 << random.skewed(20);
    }
    mask
}

/// Three to five of 30.
fn topics(random: &mut Random) -> u32 {
    let wanted = 3 + random.below(3);
    let mut mask = 0u32;
    while mask.count_ones() < wanted {
        mask |= 1 << random.skewed(30);
    }
    mask
}

fn tags(mask: u32) -> Feature {
    Feature::Tags((0..32).filter(|bit| mask >> bit & 1 == 1).collect())
}
