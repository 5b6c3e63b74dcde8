//! What the solvers are given: people, and the pairs that may be made of them with their scores.

use std::error::Error;
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::Path;

use worker::matching::{Kind, Objective, Role, Scored, ScoredPerson};

/// People and scored pairs. With mentors, the people are first the mentors and then the mentees, and a pair names its
/// mentor first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Problem {
    /// How many of the people are mentors; 0 among peers.
    pub(crate) mentors: u32,
    pub(crate) people: Vec<Person>,
    pub(crate) pairs: Vec<(u32, u32, i32)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Person {
    pub(crate) capacity: u32,
    /// 1 for every peer: no solver but ours knows priorities of both ends. Mentees have 1 to 3.
    pub(crate) priority: u32,
}

/// What a plan achieves: the priorities of those with a partner (among mentors and mentees: of mentees), and the scores.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Optimum {
    pub(crate) participation: u64,
    pub(crate) score: i64,
}

impl Problem {
    /// Peers with one place each.
    pub(crate) fn peers(people: u32, pairs: Vec<(u32, u32, i32)>) -> Self {
        let people = vec![Person { capacity: 1, priority: 1 }; index(people)];
        Self { mentors: 0, people, pairs }
    }

    /// In the form that the engine takes.
    pub(crate) fn scored(&self) -> Scored {
        let role = |person: usize| match self.mentors {
            0 => Role::Peer,
            mentors if person < index(mentors) => Role::Mentor,
            _ => Role::Mentee,
        };
        let people = (0u128..).zip(&self.people).enumerate().map(|(at, (id, person))| ScoredPerson {
            id,
            role: role(at),
            capacity: person.capacity,
            priority: person.priority,
        });
        Scored {
            kind: if self.mentors > 0 { Kind::Mentoring } else { Kind::Peer },
            objective: Objective::Participation,
            people: people.collect(),
            pairs: self.pairs.iter().map(|&(a, b, score)| (index(a), index(b), i64::from(score))).collect(),
            seed: 1,
        }
    }

    /// More than all scores of any plan together: what a step of participation weighs where it comes first.
    pub(crate) fn step(&self) -> i64 {
        let most = self.pairs.iter().map(|&(_, _, score)| i64::from(score)).max().unwrap_or(0);
        let places = |side: &[Person]| side.iter().map(|person| i64::from(person.capacity)).sum::<i64>();
        let pairs = match index(self.mentors) {
            0 => places(&self.people) / 2,
            mentors => places(&self.people[mentors..]),
        };
        1 + most * pairs
    }

    /// What a set of pairs achieves, if it may be made.
    pub(crate) fn optimum(&self, made: &[(usize, usize)]) -> Result<Optimum, Box<dyn Error>> {
        let mut sorted: Vec<(usize, usize)> = made.iter().map(|&(a, b)| (a.min(b), a.max(b))).collect();
        sorted.sort_unstable();
        sorted.dedup();
        let mut taken = vec![0; self.people.len()];
        let (mut score, mut found) = (0, 0);
        for &(a, b, points) in &self.pairs {
            let (a, b) = (index(a), index(b));
            if sorted.binary_search(&(a.min(b), a.max(b))).is_ok() {
                taken[a] += 1;
                taken[b] += 1;
                score += i64::from(points);
                found += 1;
            }
        }
        if found != made.len() || taken.iter().zip(&self.people).any(|(&taken, person)| taken > person.capacity) {
            return Err("the plan has a pair or a place too many".into());
        }
        let counted = taken.iter().zip(&self.people).skip(index(self.mentors)).filter(|&(&taken, _)| taken > 0);
        let participation = counted.map(|(_, person)| u64::from(person.priority)).sum();
        Ok(Optimum { participation, score })
    }

    /// Writes `problem.bin`, which all solvers read: little-endian 32-bit numbers, which are how many mentors, people and
    /// pairs there are, then capacity and priority of each person, then both people and the score of each pair.
    pub(crate) fn write_compact(&self, folder: &Path) -> Result<(), Box<dyn Error>> {
        fs::create_dir_all(folder)?;
        let mut file = BufWriter::new(File::create(folder.join("problem.bin"))?);
        for number in [self.mentors, u32::try_from(self.people.len())?, u32::try_from(self.pairs.len())?] {
            file.write_all(&number.to_le_bytes())?;
        }
        for person in &self.people {
            file.write_all(&person.capacity.to_le_bytes())?;
            file.write_all(&person.priority.to_le_bytes())?;
        }
        for (a, b, score) in &self.pairs {
            file.write_all(&a.to_le_bytes())?;
            file.write_all(&b.to_le_bytes())?;
            file.write_all(&score.to_le_bytes())?;
        }
        Ok(file.flush()?)
    }

    /// Reads what [`Self::write_compact`] wrote.
    pub(crate) fn read_compact(folder: &Path) -> Result<Self, Box<dyn Error>> {
        let bytes = fs::read(folder.join("problem.bin"))?;
        let mut numbers = bytes.as_chunks::<4>().0.iter().map(|&number| u32::from_le_bytes(number));
        let mut next = || numbers.next().ok_or("problem.bin ends too early");
        let (mentors, people, pairs) = (next()?, next()?, next()?);
        let mut problem = Self { mentors, ..Self::default() };
        for _ in 0..people {
            problem.people.push(Person { capacity: next()?, priority: next()? });
        }
        problem.pairs.reserve_exact(index(pairs));
        for _ in 0..pairs {
            problem.pairs.push((next()?, next()?, next()?.cast_signed()));
        }
        Ok(problem)
    }

    /// Writes `people.csv` and `edges.csv`, as `counterpart match --edges` reads them: mentees come before their mentors.
    pub(crate) fn write_csv(&self, folder: &Path) -> Result<(), Box<dyn Error>> {
        fs::create_dir_all(folder)?;
        let mut people = BufWriter::new(File::create(folder.join("people.csv"))?);
        writeln!(people, "id,capacity,priority")?;
        for (id, person) in self.people.iter().enumerate() {
            writeln!(people, "{id},{},{}", person.capacity, person.priority)?;
        }
        people.flush()?;
        let mut edges = BufWriter::new(File::create(folder.join("edges.csv"))?);
        writeln!(edges, "a,b,score")?;
        for &(a, b, score) in &self.pairs {
            let (a, b) = if self.mentors > 0 { (b, a) } else { (a, b) };
            writeln!(edges, "{a},{b},{score}")?;
        }
        Ok(edges.flush()?)
    }
}

/// A number of a person as an index.
pub(crate) fn index(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
