//! Given scores from bytes.

use libfuzzer_sys::arbitrary::{Result, Unstructured};

use crate::matching::{Fault, Kind, Objective, Role, Scored, ScoredPerson, plan_scored};
use crate::reference::{best, examined};

/// Plans what these bytes mean. Nothing may panic, every plan must be what it says, and small ones the best of all.
pub fn check(bytes: &[u8]) {
    let Ok(scored) = scored(&mut Unstructured::new(bytes)) else { return };
    match plan_scored(&scored) {
        Ok(plan) => {
            let worth = examined(&scored, &plan);
            if is_small(&scored) {
                assert_eq!(worth, best(&scored));
            }
        }
        Err(fault) => {
            assert!(!matches!(fault, Fault::NotCertified { .. }), "{fault}");
            assert!(fault.to_string().contains(':'), "says what to do: {fault}");
        }
    }
}

/// Whether all that can be left of all free places can be listed.
fn is_small(scored: &Scored) -> bool {
    let others = u32::try_from(scored.people.len()).unwrap_or(u32::MAX).saturating_sub(1);
    let states = scored.people.iter().map(|person| u64::from(person.capacity.min(others)) + 1);
    states.fold(1, u64::saturating_mul) <= 1 << 16
}

fn scored(bytes: &mut Unstructured<'_>) -> Result<Scored> {
    let kind = *bytes.choose(&[Kind::Peer, Kind::Mentoring])?;
    let objective = *bytes.choose(&[Objective::Participation, Objective::Score])?;
    let seed = bytes.arbitrary::<u8>()?.into();
    // One input in eight may be wrong in any way.
    let wild = bytes.ratio(1, 8)?;
    let large = bytes.ratio(1, 4)?;
    let most = if bytes.ratio(1, 2)? { 8 } else { 40 };
    let count = bytes.int_in_range(0..=most)?;
    let mut people = Vec::new();
    for number in 0..count {
        let roles = if kind == Kind::Peer { [Role::Peer; 2] } else { [Role::Mentor, Role::Mentee] };
        let mut person = ScoredPerson {
            id: number * 0x9E37_79B9 % 1009,
            role: *bytes.choose(&roles)?,
            capacity: bytes.int_in_range(0..=3)?,
            priority: bytes.int_in_range(1..=3)?,
        };
        if wild {
            person.id = bytes.int_in_range(0..=255)?;
            person.role = *bytes.choose(&[Role::Peer, Role::Mentor, Role::Mentee])?;
            person.capacity = *bytes.choose(&[person.capacity, u32::MAX])?;
            person.priority = *bytes.choose(&[person.priority, 0, u32::MAX])?;
        }
        people.push(person);
    }
    let mut pairs = Vec::new();
    while !bytes.is_empty() && pairs.len() < 400 {
        let [a, b] = [bytes.arbitrary::<u8>()?, bytes.arbitrary::<u8>()?].map(usize::from);
        let score = match (wild, large) {
            (true, _) => bytes.arbitrary()?,
            (false, true) => bytes.arbitrary::<i32>()?.into(),
            (false, false) => bytes.arbitrary::<i8>()?.into(),
        };
        if wild {
            pairs.push((a, b, score));
        } else if count > 0 {
            let (a, b) = (a % people.len(), b % people.len());
            let sides = kind == Kind::Peer || people[a].role != people[b].role;
            let listed = pairs.iter().any(|&(c, d, _)| (c, d) == (a, b) || (d, c) == (a, b));
            if a != b && sides && !listed {
                pairs.push((a, b, score));
            }
        }
    }
    Ok(Scored { kind, objective, people, pairs, seed })
}
