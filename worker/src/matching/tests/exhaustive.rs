//! Plans from given scores on all small graphs, against all plans.

use super::crowd::{Crowd, Range};
use super::random::Random;
use super::reference::{best, examined};
use crate::matching::{Objective, plan_scored};

/// Whether this is the best plan there is, for both objectives, with random scores on the pairs that `graph` has a bit
/// for.
fn check(crowd: Crowd, graph: u32, range: Range, random: &mut Random) {
    let chosen = crowd.possible().into_iter().enumerate().filter(|&(bit, _)| graph & (1 << bit) != 0);
    let pairs = chosen.map(|(_, (a, b))| (a, b, range.score(random))).collect();
    let mut scored = crowd.run(Objective::Participation, pairs, random);
    for objective in [Objective::Participation, Objective::Score] {
        scored.objective = objective;
        let plan = plan_scored(&scored).unwrap_or_else(|fault| panic!("{fault}: {scored:?}"));
        assert_eq!(examined(&scored, &plan), best(&scored), "{scored:?}");
    }
}

/// Checks every `stride`th graph on so many people, each in turn with one place and with up to three, with one priority
/// and with up to three.
fn check_graphs(people: usize, mentors: Option<usize>, stride: usize, seed: u64) {
    let mut random = Random::new(seed);
    let alike = Crowd { people, mentors, capacity: 1, priorities: 1 };
    let graphs = 1u32 << alike.possible().len();
    // Another graph of every stride, so that a share has them all in time.
    for start in (0..graphs).step_by(stride) {
        let graph = start + random.below::<u32>(u64::try_from(stride).expect("small"));
        for (capacity, priorities) in [(1, 1 + random.below::<u64>(3)), (3, 1 + random.below::<u64>(3))] {
            let range = Range::ALL[random.below::<usize>(9)];
            check(Crowd { capacity, priorities, ..alike }, graph.min(graphs - 1), range, &mut random);
        }
    }
}

#[test]
fn all_graphs_on_up_to_six_peers() {
    for people in 0..=6 {
        check_graphs(people, None, 1, 100);
    }
    // The smaller ones again, with other scores, places and priorities.
    for round in 0..10 {
        check_graphs(5, None, 1, 110 + round);
    }
}

#[test]
fn one_in_a_hundred_graphs_on_seven_peers() {
    check_graphs(7, None, 100, 101);
}

#[test]
fn one_in_twenty_thousand_graphs_on_eight_peers() {
    check_graphs(8, None, 20_000, 102);
}

#[test]
fn all_graphs_on_small_numbers_of_mentors_and_mentees() {
    for mentors in 0..=3 {
        for mentees in 0..=4 {
            check_graphs(mentors + mentees, Some(mentors), 1, 103);
        }
    }
    check_graphs(7, Some(4), 1, 104);
}

#[test]
fn one_in_five_graphs_on_eight_mentors_and_mentees() {
    for mentors in [2, 3, 4, 5] {
        check_graphs(8, Some(mentors), 5, 105);
    }
}

#[test]
#[ignore = "takes minutes: cargo test --release -p worker exhaustive -- --ignored"]
fn all_graphs_on_seven_peers_and_on_eight_mentors_and_mentees() {
    check_graphs(7, None, 1, 106);
    for mentors in 1..8 {
        check_graphs(8, Some(mentors), 1, 107);
    }
}
