//! Whole rows against the same pairs one by one.

use super::instances::{Shape, allowed, random_input};
use super::random::Random;
use crate::matching::input::{Criterion, Feature, Kind, Objective, Rule, Strength};
use crate::matching::judge_rows::{JudgeRoom, JudgeRows};
use crate::matching::pairs::{Asks, CLOSED, Pairs, Room};
use crate::matching::roster::Roster;

#[test]
fn rows_say_what_pairs_say() {
    let mut random = Random::new(70);
    for round in 0..72usize {
        // Few different answers among many people are found_by_judge together, many are not.
        let shape = Shape {
            kind: [Kind::Peer, Kind::Mentoring][round % 2],
            objective: Objective::Participation,
            people: [9, 40, 80][round / 2 % 3],
            tags: [2, 6, 300][round / 6 % 3],
            capacity: 2,
            priorities: 2,
            strictness: [1, 5][round / 18 % 2],
        };
        let mut input = random_input(shape, &mut random);
        if round % 5 == 0 {
            // A reach so long that somebody who is near enough earns nothing.
            let rule = Rule::Within { feature: 4, at_most: 1_000_000, wrap: None };
            input.criteria.push(Criterion { rule, strength: Strength::Must });
            input.criteria.push(Criterion { rule, strength: Strength::Prefer { weight: 100_000 } });
            input.people[0].features[4] = Feature::Number(-1_000_000);
            input.people[1].features[4] = Feature::Number(0);
        }
        let roster = Roster::new(&input);
        let pairs = Pairs::scored(&input, &roster, &|_| {});
        let by_judge = JudgeRows::new(&input, roster.order());
        for a in 0..pairs.rows() {
            let mut expected = Vec::new();
            let mut found_by_judge = Vec::new();
            for b in roster.first_partner(a)..roster.len() {
                let score = allowed(&input, roster.index(a), roster.index(b)).map(i64::from);
                expected.extend(score.map(|score| (b, score)));
            }
            let mut found = Vec::new();
            pairs.row(a, &mut Room::default()).each(|b, score| found.push((b, score)));
            assert_eq!(found, expected);
            by_judge.each(a, roster.first_partner(a)..roster.len(), &mut JudgeRoom::default(), |b, score| {
                found_by_judge.push((b, score));
            });
            // Bars, pins and the minimum are not rules.
            found_by_judge.retain(|pair| expected.contains(pair) || allowed_by_rules_only(&input, &roster, a, pair.0));
            assert_eq!(found_by_judge, expected);
        }
    }
}

/// Whether nothing but a rule could have taken a pair out, so that the judge should not have named it.
fn allowed_by_rules_only(input: &crate::matching::Input, roster: &Roster, a: usize, b: usize) -> bool {
    let (a, b) = (roster.index(a), roster.index(b));
    let mut bare = input.clone();
    bare.barred.clear();
    bare.pins.clear();
    bare.minimum_score = 0;
    allowed(&bare, a, b).is_none()
}

#[test]
fn no_pair_above_the_asks_is_overlooked() {
    let mut random = Random::new(71);
    let people = |random: &mut Random| {
        let shape = Shape {
            kind: Kind::Peer,
            objective: Objective::Participation,
            people: 40 + random.below::<usize>(60),
            tags: 4,
            capacity: 1,
            priorities: 1,
            strictness: 2,
        };
        random_input(shape, random)
    };
    for _ in 0..60 {
        let input = people(&mut random);
        let roster = Roster::new(&input);
        let scored = Pairs::scored(&input, &roster, &|_| {});
        for unit in [1, 2, 7, 1 << 40] {
            let ask = |random: &mut Random| match random.below::<usize>(8) {
                0 => CLOSED,
                1 => -CLOSED,
                2 => (random.below::<i64>(1 << 40) - (1 << 39)) * 8,
                _ => (random.below::<i64>(1200) - 100) * unit / 2 + random.below::<i64>(3) - 1,
            };
            let asks = Asks::new((0..roster.len()).map(|_| ask(&mut random)).collect(), unit);
            for a in 0..scored.rows() {
                let mut expected = Vec::new();
                let row = &mut Room::default();
                let row = scored.row(a, row);
                row.each(|b, score| {
                    if unit * score > asks.of(a) + asks.of(b) {
                        expected.push((b, score));
                    }
                });
                let mut found = Vec::new();
                row.above(asks.of(a), &asks, |b, score| found.push((b, score)));
                assert_eq!(found, expected);
            }
        }
    }
}

#[test]
fn listed_pairs_are_the_same_in_cells_and_in_a_list() {
    let mut random = Random::new(72);
    let shape = Shape {
        kind: Kind::Mentoring,
        objective: Objective::Score,
        people: 30,
        tags: 3,
        capacity: 1,
        priorities: 1,
        strictness: 0,
    };
    let input = random_input(shape, &mut random);
    let roster = Roster::new(&input);
    let mut list = Vec::new();
    for a in 0..roster.rows() {
        for b in roster.first_partner(a)..roster.len() {
            list.push((a, b, random.below::<i64>(50)));
        }
    }
    random.shuffle(&mut list);
    let all = |list: &[(usize, usize, i64)]| {
        let pairs = Pairs::listed(&roster, list.iter().copied(), &|_| {}).expect("no pair twice");
        let mut all = Vec::new();
        for a in 0..pairs.rows() {
            let mut room = Room::default();
            let row = pairs.row(a, &mut room);
            row.each(|b, score| {
                assert_eq!(row.score(b), Some(score));
                all.push((a, b, score));
            });
        }
        all
    };
    let cells = all(&list);
    // A negative score, or one too large, has no place in a cell.
    let far: Vec<_> = list.iter().map(|&(a, b, score)| (a, b, score - 100_000)).collect();
    let listed: Vec<_> = all(&far).into_iter().map(|(a, b, score)| (a, b, score + 100_000)).collect();
    assert_eq!(cells, listed);
    assert_eq!(cells.len(), list.len());
    for mut list in [list, far] {
        list.push((list[0].0, list[0].1, 1));
        assert!(Pairs::listed(&roster, list.iter().copied(), &|_| {}).is_err(), "a pair twice");
    }
}
