//! What the engine is given: people, rules, and the pairs that must or must not be.

/// Everything a run depends on. Pairs are indices into `people`; the order of any list changes nothing in the plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Input {
    /// Who may be paired with whom by role.
    pub kind: Kind,
    /// What comes first when participation and compatibility pull apart.
    pub objective: Objective,
    /// Everybody in the run, also people whose places are all taken: they explain why others find nobody.
    pub people: Vec<Person>,
    /// The program's rules, in the program's order.
    pub criteria: Vec<Criterion>,
    /// Pairs that score less are not considered. 0 to 1000; 0 switches the rule off.
    pub minimum_score: u16,
    /// Pairs placed before anything is solved, even against criteria, minimum score and past partners. Each takes one
    /// free place on both sides. A pair named twice counts once; a pin of a living pair has nothing left to do.
    pub pins: Vec<(usize, usize)>,
    /// Pairs that may not be made. A pair may be barred for several reasons.
    pub barred: Vec<Barred>,
    /// Decides ties: stable ids are permuted by it, so that nobody is favored in every round.
    pub seed: u64,
}

/// Who may be paired with whom by role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Anybody with anybody; every role is [`Role::Peer`].
    Peer,
    /// Mentors with mentees; no role is [`Role::Peer`].
    Mentoring,
}

/// Which goal comes first; the other one breaks its ties.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Objective {
    /// The greatest sum of priorities of people with a partner (in mentoring: of mentees), then the greatest total score.
    Participation,
    /// The greatest total score, then the greatest sum of priorities.
    Score,
}

/// The side a person is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Both mentor and protégé.
    Peer,
    /// Gives.
    Mentor,
    /// Seeks.
    Mentee,
}

/// One participant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// Stable across runs and unique within one.
    pub id: u128,
    /// The side this person is on.
    pub role: Role,
    /// Free places: places already taken by living matches are subtracted, so this may be 0.
    pub capacity: u32,
    /// Places taken by living matches. Somebody with a partner no longer counts for participation.
    pub taken: u32,
    /// 1 or more; higher is more important. In mentoring only the mentees' priorities count.
    pub priority: u16,
    /// Answers, by the index that criteria use.
    pub features: Vec<Feature>,
}

/// One answer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Feature {
    /// Chosen values, strictly ascending. No value at all is the same as [`Feature::Missing`].
    Tags(Vec<u32>),
    /// A quantity: years, or the offset of a time zone in minutes.
    Number(i32),
    /// Not answered.
    Missing,
}

/// A rule and how strict it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Criterion {
    /// What is compared.
    pub rule: Rule,
    /// Whether it filters or scores.
    pub strength: Strength,
}

/// Whether a rule filters or scores.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strength {
    /// Pairs that break the rule are not considered.
    Must,
    /// Pairs that keep the rule score higher.
    Prefer {
        /// The rule's share of the score, relative to the other weights.
        weight: u32,
    },
}

/// What is compared. As a `MUST`, a missing answer on either side breaks the rule, except for [`Rule::Offers`].
/// As a `PREFER`, each side earns 0 to 1000 and the pair gets the average, rounded down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// The two answers are equal (tags: the same set). Both sides earn 1000 or nothing.
    Same {
        /// Index into [`Person::features`].
        feature: usize,
    },
    /// The two answers are not equal. Both sides earn 1000 or nothing.
    Different {
        /// Index into [`Person::features`].
        feature: usize,
    },
    /// The two share a tag. A side earns the share of its own tags that the other has too.
    Overlap {
        /// Index into [`Person::features`].
        feature: usize,
    },
    /// One side offers what the other wants. A side earns the share of its wishes that the other offers; somebody who
    /// wants nothing in particular earns 500 with everybody. As a `MUST`, one met wish is enough, and no wish is met by
    /// anyone; peers need it in both directions, in mentoring only the mentee's wishes can exclude.
    Offers {
        /// Index of what a person offers.
        offered: usize,
        /// Index of what a person wants.
        wanted: usize,
    },
    /// The two numbers are at most this far apart. Both sides earn 1000 at distance 0, falling evenly to nothing at
    /// `at_most + 1`.
    Within {
        /// Index into [`Person::features`].
        feature: usize,
        /// The greatest allowed distance, in the feature's unit.
        at_most: u32,
        /// The length of the circle for numbers that wrap around (1440 for time zones in minutes); at least 1.
        wrap: Option<u32>,
    },
}

/// A pair that may not be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Barred {
    /// One of the two.
    pub a: usize,
    /// The other.
    pub b: usize,
    /// On what ground.
    pub why: Bar,
}

/// Why a pair may not be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bar {
    /// Staff decided so.
    Forbidden,
    /// One of the two asked for it in confidence. The plan never tells it apart from [`Bar::Forbidden`].
    Avoided,
    /// They were partners before. A pin overrules this.
    PastPartner,
    /// They are partners now.
    Living,
}
