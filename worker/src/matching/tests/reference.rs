//! The best plan from given scores by a slow, obvious way, and the check of a plan from outside.

use std::collections::BTreeMap;

use crate::matching::{Kind, Objective, Role, Scored, ScoredPlan};

/// What a plan achieves of both goals, the first one first.
pub(super) type Worth = (i128, i128);

/// What it is worth to give these people partners, by pairs of this total score.
fn worth(scored: &Scored, served: impl Fn(usize) -> bool, score: i128) -> Worth {
    let counts = |&person: &usize| scored.people[person].role != Role::Mentor && served(person);
    let participation =
        (0..scored.people.len()).filter(counts).map(|person| i128::from(scored.people[person].priority)).sum();
    match scored.objective {
        Objective::Participation => (participation, score),
        Objective::Score => (score, participation),
    }
}

/// The best that any set of pairs achieves, for a valid input. Pair by pair, with or without it: the best total score
/// for everything that can be left of all free places, which also tells who has a partner.
pub(super) fn best(scored: &Scored) -> Worth {
    let others = u32::try_from(scored.people.len()).expect("small").saturating_sub(1);
    let places = scored.people.iter().map(|person| usize::try_from(person.capacity.min(others)).expect("small"));
    let places: Vec<usize> = places.collect();
    // Everybody's free places are the digits of one number.
    let mut units = Vec::new();
    let mut states = 1;
    for places in &places {
        units.push(states);
        states *= places + 1;
    }
    let free = |state: usize, person: usize| state / units[person] % (places[person] + 1);
    let mut best: Vec<Option<i128>> = vec![None; states];
    best[states - 1] = Some(0);
    for &(a, b, score) in &scored.pairs {
        // A pair leads to a smaller number, which has had its turn: nobody makes a pair twice.
        for state in 0..states {
            if let Some(so_far) = best[state]
                && free(state, a) > 0
                && free(state, b) > 0
            {
                let after = state - units[a] - units[b];
                best[after] = best[after].max(Some(so_far + i128::from(score)));
            }
        }
    }
    let achieved = (0..states).filter_map(|state| {
        let served = |person: usize| free(state, person) < places[person];
        best[state].map(|score| worth(scored, served, score))
    });
    achieved.max().expect("no pair at all is a plan")
}

/// What a plan achieves, after a look at everything it says: pairs that are listed, in order and each once, not more
/// than there are places, sums that add up, and a certificate whose sides are equal.
pub(super) fn examined(scored: &Scored, plan: &ScoredPlan) -> Worth {
    let listed = scored.pairs.iter().map(|&(a, b, score)| ((a.min(b), a.max(b)), score));
    let listed: BTreeMap<(usize, usize), i64> = listed.collect();
    let id = |person: usize| scored.people[person].id;
    let mut partners = vec![0; scored.people.len()];
    for &(a, b, score) in &plan.pairs {
        assert_eq!(listed.get(&(a.min(b), a.max(b))), Some(&score), "{a} and {b} with {score}");
        match scored.kind {
            Kind::Peer => assert!(id(a) < id(b), "the smaller id first"),
            Kind::Mentoring => {
                assert_eq!((scored.people[a].role, scored.people[b].role), (Role::Mentor, Role::Mentee));
            }
        }
        partners[a] += 1;
        partners[b] += 1;
    }
    assert!(plan.pairs.is_sorted_by(|p, q| (id(p.0), id(p.1)) < (id(q.0), id(q.1))), "in order, each once");
    assert!(partners.iter().zip(&scored.people).all(|(&partners, person)| partners <= person.capacity));
    let score = plan.pairs.iter().map(|&(_, _, score)| i128::from(score)).sum();
    assert_eq!(plan.total_score, score);
    let matched = partners.iter().filter(|&&partners| partners > 0).count();
    assert_eq!(usize::try_from(plan.matched_people), Ok(matched));
    assert!(plan.certificate.certified && plan.certificate.primal == plan.certificate.dual);
    worth(scored, |person| partners[person] > 0, score)
}
