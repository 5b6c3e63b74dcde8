//! The general solver against enumeration, and against its own prices on graphs too large for that.

use super::random::Random;
use crate::matching::blossom::Matcher;
use crate::matching::graph::Graph;
use crate::matching::half::Half;

/// The greatest weight of any matching, by trying everything.
fn enumerate(vertices: usize, edges: &[(usize, usize, i64)]) -> i64 {
    let mut best = vec![0i64; 1 << vertices];
    for set in 1..best.len() {
        let first = usize::try_from(set.trailing_zeros()).expect("small");
        best[set] = best[set & (set - 1)];
        for &(u, v, weight) in edges {
            let pair = (1 << u) | (1 << v);
            if (u == first || v == first) && set & pair == pair {
                best[set] = best[set].max(weight + best[set & !pair]);
            }
        }
    }
    best.last().copied().unwrap_or(0)
}

/// Solves, checks matching and prices in the slow obvious way, and returns the matching's weight.
fn solve(vertices: usize, edges: &[(usize, usize, i64)]) -> i64 {
    let doubled: Vec<_> = edges.iter().map(|&(u, v, weight)| (u, v, 2 * weight)).collect();
    let graph = Graph::new(vertices, &doubled);
    let mut half = Half::default();
    half.extend(&graph, &vec![0; vertices]);
    half.solve(&graph);
    let mut matcher = Matcher::new(graph, &half);
    matcher.solve();
    let mates = matcher.mates();
    let mut weight = 0;
    for &(u, v, w) in edges {
        if mates[u] == Some(v) {
            assert_eq!(mates[v], Some(u));
            weight += w;
        }
    }
    let vertices_matched = mates.iter().flatten().count();
    assert_eq!(vertices_matched, 2 * edges.iter().filter(|&&(u, v, _)| mates[u] == Some(v)).count());
    let nest = matcher.nest();
    let around = |v: usize| {
        let mut chain = Vec::new();
        let mut node = v;
        while let Some(parent) = nest.parent(node) {
            chain.push(parent);
            node = parent;
        }
        chain
    };
    let mut dual: i64 = matcher.prices().iter().sum();
    assert!(matcher.prices().iter().all(|&price| price >= 0));
    for node in vertices..nest.nodes() {
        if nest.children(node).is_empty() {
            continue;
        }
        let mut leaves = Vec::new();
        nest.leaves(node, &mut leaves);
        assert!(leaves.iter().all(|&leaf| around(leaf).contains(&node)));
        assert_eq!(leaves.len() % 2, 1);
        assert!(matcher.surcharge(node) >= 0);
        dual += matcher.surcharge(node) * i64::try_from(leaves.len() / 2).expect("small");
    }
    for &(u, v, w) in edges {
        let chain = around(u);
        let shared: i64 =
            around(v).iter().filter(|node| chain.contains(node)).map(|&node| matcher.surcharge(node)).sum();
        assert!(matcher.prices()[u] + matcher.prices()[v] + shared >= 2 * w);
    }
    assert_eq!(dual, 2 * weight);
    weight
}

#[test]
fn every_graph_on_five_vertices_with_two_weights_agrees_with_enumeration() {
    let pairs: Vec<_> = (0..5).flat_map(|v| (0..v).map(move |u| (u, v))).collect();
    for code in 0..3usize.pow(10) {
        let mut rest = code;
        let mut edges = Vec::new();
        for &(u, v) in &pairs {
            match rest % 3 {
                1 => edges.push((u, v, 3)),
                2 => edges.push((u, v, 5)),
                _ => {}
            }
            rest /= 3;
        }
        assert_eq!(solve(5, &edges), enumerate(5, &edges), "{edges:?}");
    }
}

#[test]
fn random_small_graphs_agree_with_enumeration() {
    let mut random = Random::new(1);
    for round in 0..30_000 {
        let vertices = 2 + random.below::<usize>(9);
        let top = [2, 4, 10, 1000][round % 4];
        let density = 1 + random.below::<u64>(10);
        let mut edges = Vec::new();
        for v in 0..vertices {
            for u in 0..v {
                if random.chance(density, 10) {
                    edges.push((u, v, random.below(top)));
                }
            }
        }
        random.shuffle(&mut edges);
        assert_eq!(solve(vertices, &edges), enumerate(vertices, &edges), "{edges:?}");
    }
}

#[test]
fn prices_prove_large_graphs() {
    let mut random = Random::new(2);
    for (vertices, degree, top) in
        [(50, 49, 3), (101, 100, 1), (101, 100, 1000), (300, 4, 5), (301, 3, 1000), (500, 10, 50), (1000, 6, 1_000_000)]
    {
        for bonus in [0, 1_000_000] {
            let mut edges = Vec::new();
            for v in 1..vertices {
                for u in 0..v {
                    if random.chance(degree, vertices) {
                        let (u, v) = (usize::try_from(u).expect("small"), usize::try_from(v).expect("small"));
                        edges.push((u, v, bonus + 1 + random.below::<i64>(top)));
                    }
                }
            }
            solve(usize::try_from(vertices).expect("small"), &edges);
        }
    }
}

#[test]
fn chains_of_odd_cycles_nest_blossoms() {
    // Triangles in a row, and cycles of cycles, with weights that make inner blossoms expand again.
    let mut random = Random::new(3);
    for _ in 0..300 {
        let triangles = 2 + random.below::<usize>(60);
        let mut edges = Vec::new();
        for t in 0..triangles {
            let [a, b, c] = [3 * t, 3 * t + 1, 3 * t + 2];
            let top = [1, 3, 40][t % 3];
            for (u, v) in [(a, b), (b, c), (a, c)] {
                edges.push((u, v, 20 + random.below::<i64>(top)));
            }
            for _ in 0..2 {
                let other =
                    3 * random.below::<usize>(u64::try_from(triangles).expect("small")) + random.below::<usize>(3);
                let from = [a, b, c][random.below::<usize>(3)];
                if other / 3 != t && !edges.iter().any(|&(u, v, _)| (u, v) == (from, other) || (u, v) == (other, from))
                {
                    edges.push((from, other, 10 + random.below::<i64>(25)));
                }
            }
        }
        solve(3 * triangles, &edges);
    }
}
