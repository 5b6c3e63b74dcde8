//! Hard graphs of all families: the optimum of two solvers by others, and large ones by their certificates.

use std::convert::Infallible;

use pathfinding::prelude::{Matrix, kuhn_munkres};
use rustworkx_core::max_weight_matching::max_weight_matching;
use rustworkx_core::petgraph::graph::UnGraph;

use super::crowd::{Crowd, Scores};
use super::families;
use super::random::Random;
use super::reference::{Worth, best, examined};
use crate::matching::{Objective, Role, Scored, plan_scored};

const OBJECTIVES: [Objective; 2] = [Objective::Participation, Objective::Score];

/// A run as a plain matching problem: every place is a vertex, and both goals are one weight.
///
/// A first place is worth its person's priority. A pair between two people with several places goes through a gate of
/// two vertices, so that it is made at most once: using the gate from both sides is worth as much more than leaving it
/// closed as the pair is worth, and using it from one side only is worth no more than that.
struct Expanded {
    vertices: usize,
    /// By vertex, whether it is on the mentors' side.
    mentors: Vec<bool>,
    edges: Vec<(usize, usize, i128)>,
    /// What all closed gates are worth.
    closed: i128,
    /// What a unit of the first goal is worth.
    major: i128,
}

impl Expanded {
    fn new(scored: &Scored) -> Self {
        let priorities: i128 = scored.people.iter().map(|person| i128::from(person.priority)).sum();
        let points: i128 = scored.pairs.iter().map(|pair| i128::from(pair.2.unsigned_abs())).sum();
        let (major, priority, unit) = match scored.objective {
            Objective::Participation => (2 * points + 1, 2 * points + 1, 1),
            Objective::Score => (2 * priorities + 1, 1, 2 * priorities + 1),
        };
        let mut expanded = Self { vertices: 0, mentors: Vec::new(), edges: Vec::new(), closed: 0, major };
        let others = u32::try_from(scored.people.len()).expect("small").saturating_sub(1);
        let mut places: Vec<Vec<(usize, i128)>> = Vec::new();
        for person in &scored.people {
            let worth = |place: u32| {
                let counts = place == 0 && person.role != Role::Mentor;
                if counts { priority * i128::from(person.priority) } else { 0 }
            };
            let of_person = (0..person.capacity.min(others))
                .map(|place| (expanded.vertex(person.role == Role::Mentor), worth(place)));
            places.push(of_person.collect());
        }
        let open = priority * priorities + unit * points;
        for &(a, b, score) in &scored.pairs {
            let score = unit * i128::from(score);
            let side = |person: usize| scored.people[person].role == Role::Mentor;
            if places[a].len() < 2 || places[b].len() < 2 {
                for &(one, first) in &places[a] {
                    for &(other, second) in &places[b] {
                        expanded.edges.push((one, other, first + second + score));
                    }
                }
                continue;
            }
            let (at_a, at_b) = (expanded.vertex(side(b)), expanded.vertex(side(a)));
            expanded.edges.push((at_a, at_b, 2 * open));
            expanded.closed += 2 * open;
            expanded.edges.extend(places[a].iter().map(|&(place, worth)| (place, at_a, open + worth + score)));
            expanded.edges.extend(places[b].iter().map(|&(place, worth)| (place, at_b, open + worth)));
        }
        expanded
    }

    fn vertex(&mut self, mentors: bool) -> usize {
        self.mentors.push(mentors);
        self.vertices += 1;
        self.vertices - 1
    }

    /// The greatest weight by blossoms, without the gates.
    fn by_blossoms(&self) -> i128 {
        let mut graph = UnGraph::<(), i128>::default();
        let vertices: Vec<_> = (0..self.vertices).map(|_| graph.add_node(())).collect();
        for &(u, v, weight) in &self.edges {
            graph.add_edge(vertices[u], vertices[v], weight);
        }
        let weight =
            |edge: rustworkx_core::petgraph::graph::EdgeReference<'_, i128>| Ok::<_, Infallible>(*edge.weight());
        let matching = max_weight_matching(&graph, false, weight, true).expect("no weight is missing");
        let pairs = matching.into_iter().map(|(u, v)| {
            let edge = graph.find_edge(vertices[u], vertices[v]).expect("an edge");
            graph[edge]
        });
        pairs.sum::<i128>() - self.closed
    }

    /// The greatest weight by assignment, without the gates, for mentors and mentees.
    fn by_assignment(&self) -> i128 {
        let mut place = Vec::with_capacity(self.vertices);
        let mut sizes = [0, 0];
        for &mentors in &self.mentors {
            place.push(sizes[usize::from(mentors)]);
            sizes[usize::from(mentors)] += 1;
        }
        let flip = sizes[0] > sizes[1];
        // An assignment of two who have no edge, or one worth less than nothing, is none.
        let mut matrix = Matrix::new(sizes[usize::from(flip)], sizes[usize::from(!flip)], 0);
        for &(u, v, weight) in &self.edges {
            assert_ne!(self.mentors[u], self.mentors[v]);
            let (row, column) = if self.mentors[u] == flip { (u, v) } else { (v, u) };
            matrix[(place[row], place[column])] = weight.max(0);
        }
        kuhn_munkres(&matrix).0 - self.closed
    }

    /// A plan's worth as a weight.
    fn weight(&self, worth: Worth) -> i128 {
        worth.0 * self.major + worth.1
    }
}

/// The worth of the engine's plan, which other solvers found to be the best.
fn solved(scored: &Scored, what: &str) -> Worth {
    let plan = plan_scored(scored).unwrap_or_else(|fault| panic!("{fault}: {what}"));
    let worth = examined(scored, &plan);
    let expanded = Expanded::new(scored);
    let weight = expanded.weight(worth);
    assert_eq!(weight, expanded.by_blossoms(), "{what}: {scored:?}");
    if expanded.mentors.contains(&true) && expanded.mentors.contains(&false) {
        assert_eq!(weight, expanded.by_assignment(), "{what}: {scored:?}");
    }
    worth
}

/// The pairs of mentors and mentees that stand for pairs of peers, each of whom is one of both.
fn doubled(people: usize, pairs: &Scores) -> Scores {
    pairs.iter().flat_map(|&(a, b, score)| [(a, people + b, score), (b, people + a, score)]).collect()
}

/// Every family among so many peers, and among half as many mentors with as many mentees.
fn for_all(sizes: &[usize], seed: u64, check: impl Fn(&Scored, &str)) {
    let mut random = Random::new(seed);
    for &people in sizes {
        let graphs = families::all(people, &mut random).into_iter().map(|graph| (graph, None));
        let half = people / 2;
        let halves = families::all(half, &mut random).into_iter().map(|graph| (graph, Some(half)));
        for ((family, pairs), mentors) in graphs.chain(halves) {
            let (capacity, priorities) = [(1, 1), (1, 3), (3, 2)][random.below::<usize>(3)];
            let crowd = Crowd { people, mentors, capacity, priorities };
            let people = crowd.people - people % 2 * usize::from(mentors.is_some());
            let pairs = mentors.map_or(pairs.clone(), |half| doubled(half, &pairs));
            let mut scored = Crowd { people, ..crowd }.run(Objective::Participation, pairs, &mut random);
            for objective in OBJECTIVES {
                scored.objective = objective;
                check(&scored, &format!("{family}, {crowd:?}, {objective:?}"));
            }
        }
    }
}

#[test]
fn all_solvers_and_trying_agree_on_small_graphs_of_all_families() {
    for_all(&[2, 3, 4, 5, 6, 7, 8], 200, |scored, what| assert_eq!(solved(scored, what), best(scored), "{what}"));
}

#[test]
fn all_solvers_agree_on_graphs_of_all_families() {
    for_all(&[13, 20, 31, 40], 201, |scored, what| {
        solved(scored, what);
    });
}

#[test]
fn all_solvers_agree_on_larger_graphs_with_one_place_each() {
    let mut random = Random::new(202);
    for people in [75, 100, 151] {
        for (family, pairs) in families::all(people, &mut random) {
            let mut scored = Crowd::peers(people).run(Objective::Participation, pairs, &mut random);
            scored.objective = OBJECTIVES[random.below::<usize>(2)];
            solved(&scored, &format!("{family} of {people}"));
        }
    }
}

#[test]
fn graphs_of_thousands_are_certified() {
    let mut random = Random::new(203);
    let certify = |scored: &Scored, what: &str| {
        let plan = plan_scored(scored).unwrap_or_else(|fault| panic!("{fault}: {what}"));
        examined(scored, &plan);
    };
    for people in [1500, 3001] {
        for (family, pairs) in families::sparse_ones(people, &mut random) {
            let crowd = Crowd { priorities: 1 + random.below::<u64>(3), ..Crowd::peers(people) };
            certify(&crowd.run(OBJECTIVES[random.below::<usize>(2)], pairs, &mut random), family);
        }
    }
    for (family, pairs) in families::all(301, &mut random) {
        let crowd = Crowd { capacity: 3, ..Crowd::peers(301) };
        certify(&crowd.run(OBJECTIVES[random.below::<usize>(2)], pairs.clone(), &mut random), family);
        let crowd = Crowd { people: 602, mentors: Some(301), ..crowd };
        certify(&crowd.run(OBJECTIVES[random.below::<usize>(2)], doubled(301, &pairs), &mut random), family);
    }
}
