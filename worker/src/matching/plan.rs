//! What the engine answers: pairs, explained non-matches, and the proof that nothing better exists.

/// The outcome of a run. People and criteria are indices into the input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The pairs to make, by the stable ids of `a`, then of `b`.
    pub pairs: Vec<Pair>,
    /// Everybody with a free place and no partner at all, by stable id.
    pub non_matches: Vec<NonMatch>,
    /// The proof that no other plan is better.
    pub certificate: Certificate,
    /// Allowed pairs outside the plan whose score is higher than what both sides have got (an empty place counts as
    /// less than any score). The plan maximizes the sum, so a few are normal.
    pub blocking_pairs: u64,
    /// Pairs by score: 0 to 99, 100 to 199, and so on; the last one holds 900 to 1000.
    pub histogram: [u32; 10],
    /// Sum of the scores of all pairs.
    pub total_score: u64,
    /// People in at least one of the pairs.
    pub matched_people: u32,
}

/// Two people to bring together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pair {
    /// The mentor, or the peer with the smaller id.
    pub a: usize,
    /// The mentee, or the other peer.
    pub b: usize,
    /// Compatibility, 0 to 1000. 500 for every pair when no criterion scores.
    pub score: u16,
    /// Placed by hand rather than chosen.
    pub pinned: bool,
    /// Every criterion that scores, and every `MUST` that holds (a pin may break one), in the program's order.
    pub contributions: Vec<Contribution>,
}

/// What one criterion says about a pair.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contribution {
    /// Index into the input's criteria.
    pub criterion: usize,
    /// True for a `MUST`: it holds, and earns no points.
    pub must: bool,
    /// How well it fits for `a`, 0 to 1000.
    pub value_a: u16,
    /// How well it fits for `b`, 0 to 1000.
    pub value_b: u16,
    /// Points earned. Over all criteria they add up to the pair's score; 0 for a `MUST`.
    pub points: u16,
    /// The most this criterion could have earned. They add up to 1000 when any criterion has weight; 0 for a `MUST`.
    pub out_of: u16,
    /// Tags both have, ascending (`Overlap`, `Same`, `Different`).
    pub shared: Vec<u32>,
    /// What `a` offers that `b` wants, ascending (`Offers`).
    pub by_a: Vec<u32>,
    /// What `b` offers that `a` wants, ascending (`Offers`).
    pub by_b: Vec<u32>,
    /// How far apart the numbers are, in the feature's unit (`Within`, when both answered).
    pub apart: Option<u32>,
}

/// Why somebody with a free place got nobody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NonMatch {
    /// Index into the input's people.
    pub person: usize,
    /// The reason.
    pub reason: Reason,
    /// People there were to choose from before any rule.
    pub considered: u32,
    /// For every rule that removes somebody, how many of the considered it would remove on its own: criteria in the
    /// program's order, then past partners, constraints, minimum score, full.
    pub removals: Vec<(RuleRef, u32)>,
    /// The smallest single change that would have given this person a match, where one would.
    pub relaxation: Option<Relaxation>,
}

/// Why somebody stayed unmatched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// Nobody keeps every `MUST`, or there is nobody at all.
    NoCandidateMust,
    /// Candidates exist, and earlier matches and pins have taken all their places.
    AllCandidatesFull,
    /// No plan that serves higher priorities as well as this one has room for this person.
    LostOnPriority,
    /// Every candidate is in a pair that is better in total.
    LostOnTotalScore,
    /// An odd number of peers can be paired among themselves; this one is left over.
    OddOneOut,
    /// Everybody who keeps the `MUST`s is a past partner.
    OnlyPastPartners,
    /// A barred pair removed the last candidate.
    ExcludedByConstraint,
    /// Candidates exist, but every score is below the minimum.
    BelowMinScore,
}

/// A rule that removes candidates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RuleRef {
    /// The `MUST` at this index of the input's criteria.
    Criterion(usize),
    /// Not the same partner again.
    PastPartners,
    /// Pairs barred for any other reason.
    Constraints,
    /// The lowest score that counts.
    MinimumScore,
    /// No place left before the run or after the pins.
    Full,
}

/// A single change that would have given somebody a match, all else being equal. Changes of a rule are meant for this
/// person's own pairs only, and are only named when every best plan under the change has a partner for this person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relaxation {
    /// Do not require the `MUST` at this index of the input's criteria.
    DropCriterion(usize),
    /// Let past partners meet again.
    AllowPastPartners,
    /// The highest minimum score that would have sufficed.
    LowerMinimumScore(u16),
    /// One more place with one of the candidates, kept for this person; nobody else would lose a partner.
    OneMorePlace {
        /// Candidates whose places are all taken. At least 1.
        candidates: u32,
    },
    /// One more participant whom the rules allow.
    OneMoreParticipant,
}

/// The two sides of linear-programming duality. Equal sides prove the plan optimal on the whole graph. Twice the weight
/// of the objective's encoding, so that every price is an integer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// Twice the weight of the plan, without its pins.
    pub primal: i128,
    /// The bound that the dual prices put on every plan.
    pub dual: i128,
    /// People with a place to give in the solved graph.
    pub vertices: u64,
    /// Allowed pairs between them; the dual prices were checked against every one.
    pub edges: u64,
    /// The independent check passed. A plan is only returned when it did.
    pub certified: bool,
}
