//! Random programs, and the best plan for small ones by trying everything.

use super::random::Random;
use crate::matching::input::{Bar, Barred, Criterion, Feature, Input, Kind, Objective, Person, Role, Rule, Strength};
use crate::matching::judge::{self, Card};

/// What a random program looks like.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shape {
    pub(super) kind: Kind,
    pub(super) objective: Objective,
    pub(super) people: usize,
    /// Different tags per question: few of them make ties.
    pub(super) tags: u64,
    /// The greatest capacity; the least is 0.
    pub(super) capacity: u64,
    /// The greatest priority.
    pub(super) priorities: u64,
    /// How many of ten programs have each kind of rule that excludes.
    pub(super) strictness: u64,
}

/// A program of this shape.
pub(super) fn random_input(shape: Shape, random: &mut Random) -> Input {
    let mut people = Vec::new();
    for number in 0..shape.people {
        let role = match shape.kind {
            Kind::Peer => Role::Peer,
            Kind::Mentoring if random.chance(2, 5) => Role::Mentor,
            Kind::Mentoring => Role::Mentee,
        };
        people.push(Person {
            id: (u128::from(random.next()) << 64) | u128::try_from(number).expect("small"),
            role,
            capacity: if random.chance(2, 3) { 1 } else { random.below(shape.capacity + 1) },
            taken: u32::from(random.chance(1, 8)),
            priority: 1 + random.below::<u16>(shape.priorities),
            features: vec![
                random_tags(shape.tags, 1, random),
                random_tags(shape.tags, 3, random),
                random_tags(shape.tags, 3, random),
                random_tags(shape.tags, 2, random),
                if random.chance(1, 10) { Feature::Missing } else { Feature::Number(random.below::<i32>(24) * 60) },
            ],
        });
    }
    let rules = [
        Rule::Same { feature: 0 },
        Rule::Different { feature: 0 },
        Rule::Overlap { feature: 1 },
        Rule::Offers { offered: 2, wanted: 3 },
        Rule::Within { feature: 4, at_most: 6 * 60, wrap: Some(24 * 60) },
    ];
    let mut criteria = Vec::new();
    for rule in rules {
        if random.chance(shape.strictness, 20) {
            criteria.push(Criterion { rule, strength: Strength::Must });
        }
        if random.chance(1, 2) {
            criteria.push(Criterion { rule, strength: Strength::Prefer { weight: random.below(4) } });
        }
    }
    let mut input = Input {
        kind: shape.kind,
        objective: shape.objective,
        people,
        criteria,
        minimum_score: if random.chance(shape.strictness, 20) { random.below(700) } else { 0 },
        pins: Vec::new(),
        barred: Vec::new(),
        seed: random.next(),
    };
    if !input.people.is_empty() && random.chance(1, 6) {
        // Somebody with more answers than a mask can tell apart.
        input.people[0].features[1] = Feature::Tags((0..200).collect());
    }
    bar_and_pin(&mut input, shape, random);
    input
}

fn random_tags(different: u64, most: u64, random: &mut Random) -> Feature {
    let mut tags: Vec<u32> = (0..random.below::<u64>(most + 1)).map(|_| random.below(different)).collect();
    tags.sort_unstable();
    tags.dedup();
    if tags.is_empty() && random.chance(1, 2) { Feature::Missing } else { Feature::Tags(tags) }
}

fn bar_and_pin(input: &mut Input, shape: Shape, random: &mut Random) {
    let people = u64::try_from(shape.people).expect("small");
    for _ in 0..shape.strictness * people / 20 {
        let (a, b) = (random.below::<usize>(people), random.below::<usize>(people));
        if a != b {
            let why = [Bar::Forbidden, Bar::Avoided, Bar::PastPartner, Bar::Living][random.below::<usize>(4)];
            input.barred.push(Barred { a, b, why });
        }
    }
    if people > 1 && random.chance(1, 4) {
        let (a, b) = (random.below::<usize>(people), random.below::<usize>(people));
        let open = |person: usize| input.people[person].capacity > 0;
        let barred = input
            .barred
            .iter()
            .any(|bar| (bar.a == a && bar.b == b || bar.a == b && bar.b == a) && bar.why != Bar::PastPartner);
        let sides = input.kind == Kind::Peer || input.people[a].role != input.people[b].role;
        if a != b && open(a) && open(b) && !barred && sides {
            input.pins.push((a, b));
        }
    }
}

/// The allowed pairs of a program with their scores, and everybody's free places, both after the pins.
pub(super) fn allowed_pairs(input: &Input) -> (Vec<(usize, usize, u64)>, Vec<u32>) {
    let mut free: Vec<u32> = input.people.iter().map(|person| person.capacity).collect();
    for &(a, b) in &input.pins {
        free[a] -= 1;
        free[b] -= 1;
    }
    let mut pairs = Vec::new();
    for a in 0..input.people.len() {
        for b in a + 1..input.people.len() {
            if let Some(score) = allowed(input, a, b) {
                pairs.push((a, b, u64::from(score)));
            }
        }
    }
    (pairs, free)
}

/// The score of a pair that may be made, whatever the capacities.
pub(super) fn allowed(input: &Input, a: usize, b: usize) -> Option<u16> {
    let same = |x: usize, y: usize| x == a && y == b || x == b && y == a;
    let taken = input.barred.iter().any(|bar| same(bar.a, bar.b)) || input.pins.iter().any(|&(x, y)| same(x, y));
    let (one, other) = match (input.people[a].role, input.people[b].role) {
        (Role::Peer, Role::Peer) | (Role::Mentor, Role::Mentee) => (a, b),
        (Role::Mentee, Role::Mentor) => (b, a),
        _ => return None,
    };
    let cards = Card::all(input);
    let (one, other) = (&cards[one], &cards[other]);
    let score = judge::score(input, one, other);
    (!taken && judge::keeps_musts(input, one, other) && score >= input.minimum_score).then_some(score)
}

/// What a plan achieves besides the pins: both goals, in the program's order.
pub(super) fn achieved(input: &Input, pairs: &[(usize, usize, u64)]) -> (u64, u64) {
    let mut matched: Vec<usize> = pairs.iter().flat_map(|&(a, b, _)| [a, b]).collect();
    matched.sort_unstable();
    matched.dedup();
    let counts = |&person: &usize| {
        let pinned = input.pins.iter().any(|&(a, b)| a == person || b == person);
        input.people[person].role != Role::Mentor && input.people[person].taken == 0 && !pinned
    };
    let participation =
        matched.iter().filter(|&person| counts(person)).map(|&p| u64::from(input.people[p].priority)).sum();
    let score = pairs.iter().map(|&(_, _, score)| score).sum();
    match input.objective {
        Objective::Participation => (participation, score),
        Objective::Score => (score, participation),
    }
}

/// The best that any plan achieves with these pairs, by trying every set of them.
pub(super) fn best_by_trying(input: &Input, pairs: &[(usize, usize, u64)], free: &[u32]) -> (u64, u64) {
    fn go(
        input: &Input,
        rest: &[(usize, usize, u64)],
        free: &mut Vec<u32>,
        made: &mut Vec<(usize, usize, u64)>,
        best: &mut (u64, u64),
    ) {
        let Some((&(a, b, score), rest)) = rest.split_first() else {
            *best = (*best).max(achieved(input, made));
            return;
        };
        if free[a] > 0 && free[b] > 0 {
            free[a] -= 1;
            free[b] -= 1;
            made.push((a, b, score));
            go(input, rest, free, made, best);
            made.pop();
            free[a] += 1;
            free[b] += 1;
        }
        go(input, rest, free, made, best);
    }
    let mut best = (0, 0);
    go(input, pairs, &mut free.to_vec(), &mut Vec::new(), &mut best);
    best
}
