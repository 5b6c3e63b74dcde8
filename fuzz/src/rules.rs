//! Programs with rules, from bytes.

use libfuzzer_sys::arbitrary::{Result, Unstructured};

use crate::matching::{
    Bar, Barred, Criterion, Fault, Feature, Input, Kind, Objective, Person, Plan, Role, Rule, Strength, plan,
};

/// How many answers everybody has.
const FEATURES: usize = 3;

/// Plans what these bytes mean. Nothing may panic, a plan must be allowed, and the order of people must not matter.
pub fn check(bytes: &[u8]) {
    let Ok(input) = input(&mut Unstructured::new(bytes)) else { return };
    match plan(&input) {
        Ok(plan) => {
            examine(&input, &plan);
            let mut reversed = input.clone();
            reversed.people.reverse();
            let last = input.people.len().wrapping_sub(1);
            for bar in &mut reversed.barred {
                (bar.a, bar.b) = (last - bar.a, last - bar.b);
            }
            for pin in &mut reversed.pins {
                *pin = (last - pin.1, last - pin.0);
            }
            let same = crate::matching::plan(&reversed).expect("valid as before");
            let turned = same.pairs.iter().map(|pair| (last - pair.a, last - pair.b, pair.score));
            assert!(turned.eq(plan.pairs.iter().map(|pair| (pair.a, pair.b, pair.score))));
            assert_eq!(same.certificate, plan.certificate);
        }
        Err(fault) => {
            assert!(!matches!(fault, Fault::NotCertified { .. }), "{fault}");
            assert!(fault.to_string().contains(':'), "says what to do: {fault}");
        }
    }
}

fn examine(input: &Input, plan: &Plan) {
    let mut partners = vec![0; input.people.len()];
    for pair in &plan.pairs {
        partners[pair.a] += 1;
        partners[pair.b] += 1;
        let same = |a, b| (a, b) == (pair.a, pair.b) || (b, a) == (pair.a, pair.b);
        assert_eq!(pair.pinned, input.pins.iter().any(|&(a, b)| same(a, b)));
        let bars = input.barred.iter().filter(|bar| same(bar.a, bar.b));
        assert!(bars.into_iter().all(|bar| pair.pinned && bar.why == Bar::PastPartner));
        assert!(pair.pinned || pair.score >= input.minimum_score);
        let roles = [input.people[pair.a].role, input.people[pair.b].role];
        assert_eq!(roles, if input.kind == Kind::Peer { [Role::Peer; 2] } else { [Role::Mentor, Role::Mentee] });
        if pair.contributions.iter().any(|found| found.out_of > 0) {
            let points: u16 = pair.contributions.iter().map(|found| found.points).sum();
            assert_eq!(points, pair.score);
        }
    }
    assert!(partners.iter().zip(&input.people).all(|(&partners, person)| partners <= person.capacity));
    assert_eq!(plan.total_score, plan.pairs.iter().map(|pair| u64::from(pair.score)).sum());
    assert!(plan.certificate.certified && plan.certificate.primal == plan.certificate.dual);
    let alone = (0..input.people.len()).filter(|&person| {
        partners[person] == 0 && input.people[person].taken == 0 && input.people[person].capacity > 0
    });
    let mut alone: Vec<usize> = alone.collect();
    alone.sort_by_key(|&person| input.people[person].id);
    assert!(plan.non_matches.iter().map(|found| found.person).eq(alone));
}

fn input(bytes: &mut Unstructured<'_>) -> Result<Input> {
    let kind = *bytes.choose(&[Kind::Peer, Kind::Mentoring])?;
    let objective = *bytes.choose(&[Objective::Participation, Objective::Score])?;
    let seed = bytes.arbitrary::<u8>()?.into();
    let minimum_score = if bytes.ratio(1, 4)? { bytes.arbitrary::<u16>()? % 1100 } else { 0 };
    // One input in eight may be wrong in any way.
    let wild = bytes.ratio(1, 8)?;
    let criteria = (0..bytes.int_in_range(0..=5)?).map(|_| criterion(bytes, wild)).collect::<Result<_>>()?;
    let count = bytes.int_in_range(0..=20)?;
    let people = (0..count).map(|number| person(bytes, kind, number, wild)).collect::<Result<Vec<_>>>()?;
    let (mut pins, mut barred) = (Vec::new(), Vec::new());
    while !bytes.is_empty() && count > 0 && barred.len() < 100 {
        let index = |byte: u8| if wild { usize::from(byte) } else { usize::from(byte) % people.len() };
        let (a, b) = (index(bytes.arbitrary()?), index(bytes.arbitrary()?));
        if a == b && !wild {
            continue;
        }
        if bytes.ratio(1, 8)? {
            pins.push((a, b));
        } else {
            let why = *bytes.choose(&[Bar::Forbidden, Bar::Avoided, Bar::PastPartner, Bar::Living])?;
            barred.push(Barred { a, b, why });
        }
    }
    Ok(Input { kind, objective, people, criteria, minimum_score, pins, barred, seed })
}

fn criterion(bytes: &mut Unstructured<'_>, wild: bool) -> Result<Criterion> {
    // Feature 0 is a number, the others are tags.
    let mut feature = |from: usize| bytes.int_in_range(from..=if wild { FEATURES } else { FEATURES - 1 });
    let (any, tags, wanted) = (feature(0)?, feature(1)?, feature(1)?);
    let at_most = if bytes.ratio(1, 8)? { bytes.arbitrary()? } else { bytes.int_in_range(0..=20)? };
    let wrap = bytes.arbitrary::<Option<u8>>()?.map(u32::from).filter(|&wrap| wild || wrap > 0);
    let rule = *bytes.choose(&[
        Rule::Same { feature: any },
        Rule::Different { feature: any },
        Rule::Overlap { feature: tags },
        Rule::Offers { offered: tags, wanted },
        Rule::Within { feature: if wild { any } else { 0 }, at_most, wrap },
    ])?;
    let strength = if bytes.ratio(1, 3)? {
        Strength::Must
    } else {
        Strength::Prefer { weight: if wild { bytes.arbitrary()? } else { bytes.arbitrary::<u8>()?.into() } }
    };
    Ok(Criterion { rule, strength })
}

fn person(bytes: &mut Unstructured<'_>, kind: Kind, number: u128, wild: bool) -> Result<Person> {
    let roles = if kind == Kind::Peer { [Role::Peer; 2] } else { [Role::Mentor, Role::Mentee] };
    let mut features = Vec::with_capacity(FEATURES);
    for feature in 0..FEATURES {
        let answer = if bytes.ratio(1, 8)? {
            Feature::Missing
        } else if feature == 0 {
            Feature::Number(if bytes.ratio(1, 8)? { bytes.arbitrary()? } else { bytes.arbitrary::<i8>()?.into() })
        } else {
            let set: u8 = bytes.arbitrary()?;
            Feature::Tags((0..8).filter(|tag| set & (1 << tag) != 0).collect())
        };
        features.push(answer);
    }
    let mut person = Person {
        id: number * 0x9E37_79B9 % 1009,
        role: *bytes.choose(&roles)?,
        capacity: bytes.int_in_range(0..=3)?,
        taken: bytes.int_in_range(0..=1)?,
        priority: bytes.int_in_range(1..=3)?,
        features,
    };
    if wild {
        person.id = bytes.int_in_range(0..=255)?;
        person.role = *bytes.choose(&[person.role, Role::Peer, Role::Mentor, Role::Mentee])?;
        person.capacity = *bytes.choose(&[person.capacity, u32::MAX])?;
        person.priority = *bytes.choose(&[person.priority, 0, u16::MAX])?;
        if bytes.ratio(1, 8)? {
            person.features.reverse();
            person.features.push(Feature::Tags(vec![3, 2]));
        }
    }
    Ok(person)
}
