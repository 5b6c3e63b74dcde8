//! The instances, what they ask of a solver, and how fast the engine is meant to be on them.

use crate::graphs;
use crate::problem::Problem;
use crate::program::Program;
use crate::solvers::{LAPJV, LAPX, LEMON, MUNKRES, NETWORKX, RUSTWORKX, SCIPY};

/// An instance, always the same.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Instance {
    pub(crate) name: &'static str,
    /// What it is, in a few words; none if it is the one before, larger.
    pub(crate) about: &'static str,
    pub(crate) source: Source,
    pub(crate) set: Set,
    /// Solvers that take half a minute or more here and are left out; `--patient` asks them, too.
    pub(crate) beyond: &'static [&'static str],
    pub(crate) targets: &'static [Target],
}

/// Where the pairs come from.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Source {
    /// From answers and rules; only `plan` takes these, and no scores are written.
    Rules(Program),
    /// The scores of a program, of all allowed pairs or of the best few of each seeker.
    Scores(Program, Option<usize>),
    /// Scores without a program.
    Graph(fn() -> Problem),
}

/// When an instance is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Set {
    /// Also with `--quick`.
    Quick,
    /// Without a flag.
    Standard,
    /// Only with `--large`.
    Large,
}

/// What the engine is held to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Target {
    /// The most of another solver's time.
    Share(&'static str, f64),
    /// About as fast as the fastest of the others, or faster.
    NoCliff,
    /// The most seconds for everything.
    Seconds(f64),
    /// The most seconds for the independent check.
    Proving(f64),
    /// The most memory, in millions of bytes.
    Memory(f64),
}

const PEERS: Program =
    Program { mentors: 0, places: 1, seekers: 0, priorities: 1, shared_language: true, strict: false };

/// Places for 6,000 of 5,000.
const SPARE: Program =
    Program { mentors: 2000, places: 5, seekers: 5000, priorities: 3, shared_language: true, strict: false };

/// Places for 4,000 of 5,000.
const SHORT: Program = Program { places: 3, ..SPARE };

/// As from real programs: priorities, and answers instead of scores.
const RULES: Program = Program { seekers: 10_000, priorities: 3, shared_language: false, ..PEERS };

const BASE: Instance =
    Instance { name: "", about: "", source: Source::Rules(PEERS), set: Set::Standard, beyond: &[], targets: &[] };

const MENTORING_TARGETS: &[Target] = &[Target::Share(LEMON, 1.0 / 5.0), Target::Share(SCIPY, 1.0 / 3.0)];

/// All of them, in the order of the report.
pub(crate) const INSTANCES: &[Instance] = &[
    Instance {
        name: "peers-200",
        about: "three quarters of all pairs, scores of a program",
        source: Source::Scores(Program { seekers: 200, ..PEERS }, None),
        set: Set::Quick,
        ..BASE
    },
    Instance {
        name: "peers-500",
        about: "",
        source: Source::Scores(Program { seekers: 500, ..PEERS }, None),
        set: Set::Quick,
        beyond: &[NETWORKX],
        ..BASE
    },
    Instance {
        name: "peers-1000",
        about: "",
        source: Source::Scores(Program { seekers: 1000, ..PEERS }, None),
        beyond: &[NETWORKX],
        ..BASE
    },
    Instance {
        name: "peers-2000",
        about: "",
        source: Source::Scores(Program { seekers: 2000, ..PEERS }, None),
        beyond: &[NETWORKX],
        targets: &[Target::Share(LEMON, 1.0 / 20.0), Target::Share(RUSTWORKX, 1.0 / 200.0)],
        ..BASE
    },
    Instance {
        name: "peers-5000",
        about: "",
        source: Source::Scores(Program { seekers: 5000, ..PEERS }, None),
        beyond: &[NETWORKX, RUSTWORKX],
        targets: &[Target::Share(LEMON, 1.0 / 100.0)],
        ..BASE
    },
    Instance {
        name: "uniform-500",
        about: "three quarters of all pairs, any score",
        source: Source::Graph(|| graphs::uniform(500)),
        beyond: &[NETWORKX],
        set: Set::Quick,
        ..BASE
    },
    Instance {
        name: "uniform-2000",
        about: "",
        source: Source::Graph(|| graphs::uniform(2000)),
        beyond: &[NETWORKX],
        ..BASE
    },
    Instance {
        name: "sparse-20",
        about: "10,000 peers with their 20 best",
        source: Source::Scores(Program { seekers: 10_000, ..PEERS }, Some(20)),
        beyond: &[NETWORKX],
        targets: &[Target::Share(LEMON, 0.7)],
        ..BASE
    },
    Instance {
        name: "sparse-50",
        about: "10,000 peers with their 50 best",
        source: Source::Scores(Program { seekers: 10_000, ..PEERS }, Some(50)),
        beyond: &[RUSTWORKX, NETWORKX],
        targets: &[Target::Share(LEMON, 0.7)],
        ..BASE
    },
    Instance {
        name: "hubs-501",
        about: "everybody prefers the same few",
        source: Source::Graph(|| graphs::hubs(501)),
        beyond: &[NETWORKX],
        set: Set::Quick,
        ..BASE
    },
    Instance {
        name: "hubs-2001",
        about: "",
        source: Source::Graph(|| graphs::hubs(2001)),
        beyond: &[NETWORKX],
        targets: &[Target::Share(LEMON, 1.0 / 15.0)],
        ..BASE
    },
    Instance {
        name: "hubs-5000",
        about: "",
        source: Source::Graph(|| graphs::hubs(5000)),
        beyond: &[NETWORKX, RUSTWORKX],
        targets: &[Target::Share(LEMON, 1.0 / 15.0)],
        ..BASE
    },
    Instance {
        name: "ties-501",
        about: "all pairs, one score, an odd number",
        source: Source::Graph(|| graphs::ties(501)),
        set: Set::Quick,
        ..BASE
    },
    Instance {
        name: "ties-2001",
        about: "",
        source: Source::Graph(|| graphs::ties(2001)),
        beyond: &[NETWORKX],
        targets: &[Target::NoCliff],
        ..BASE
    },
    Instance {
        name: "path-100000",
        about: "one augmenting path from end to end",
        source: Source::Graph(|| graphs::path(100_000)),
        beyond: &[RUSTWORKX, NETWORKX],
        targets: &[Target::NoCliff],
        ..BASE
    },
    Instance {
        name: "cycle-100001",
        about: "one odd cycle",
        source: Source::Graph(|| graphs::cycle(100_001)),
        beyond: &[RUSTWORKX, NETWORKX],
        targets: &[Target::NoCliff],
        ..BASE
    },
    Instance {
        name: "delta-5000",
        about: "sparse, scores that hardly tie: many dual steps",
        source: Source::Graph(|| graphs::delta(5000)),
        beyond: &[NETWORKX],
        targets: &[Target::NoCliff],
        ..BASE
    },
    Instance {
        name: "wide-nest-625",
        about: "odd cycles of odd cycles, four levels",
        source: Source::Graph(|| graphs::wide_nest(4)),
        set: Set::Quick,
        ..BASE
    },
    Instance {
        name: "wide-nest-15625",
        about: "odd cycles of odd cycles, six levels",
        source: Source::Graph(|| graphs::wide_nest(6)),
        beyond: &[RUSTWORKX, NETWORKX],
        targets: &[Target::NoCliff],
        ..BASE
    },
    Instance {
        name: "deep-nest-1001",
        about: "500 triangles, each inside the next",
        source: Source::Graph(|| graphs::deep_nest(1001)),
        set: Set::Quick,
        ..BASE
    },
    Instance {
        name: "deep-nest-10001",
        about: "",
        source: Source::Graph(|| graphs::deep_nest(10_001)),
        beyond: &[RUSTWORKX, NETWORKX],
        targets: &[Target::NoCliff],
        ..BASE
    },
    Instance {
        name: "mentoring-500",
        about: "500 mentees, 200 mentors, three quarters of all pairs",
        source: Source::Scores(Program { mentors: 200, seekers: 500, ..SPARE }, None),
        set: Set::Quick,
        ..BASE
    },
    Instance {
        name: "mentoring-spare-all",
        about: "5,000 mentees, 2,000 mentors, three quarters of all pairs",
        source: Source::Scores(SPARE, None),
        targets: MENTORING_TARGETS,
        ..BASE
    },
    Instance {
        name: "mentoring-short-all",
        about: "the same with fewer places than mentees",
        source: Source::Scores(SHORT, None),
        beyond: &[MUNKRES],
        targets: MENTORING_TARGETS,
        ..BASE
    },
    Instance {
        name: "mentoring-spare-50",
        about: "each mentee's 50 best mentors",
        source: Source::Scores(SPARE, Some(50)),
        beyond: &[LAPX, LAPJV, MUNKRES],
        targets: &[Target::Share(LEMON, 0.8)],
        ..BASE
    },
    Instance {
        name: "mentoring-short-50",
        about: "the same with fewer places than mentees",
        source: Source::Scores(SHORT, Some(50)),
        beyond: &[LAPX, LAPJV, MUNKRES],
        targets: &[Target::Share(LEMON, 0.8)],
        ..BASE
    },
    Instance {
        name: "rules-10000",
        about: "10,000 peers, rules, all pairs allowed",
        source: Source::Rules(RULES),
        targets: &[Target::Seconds(2.0), Target::Memory(300.0), Target::Proving(0.3)],
        ..BASE
    },
    Instance {
        name: "rules-10000-strict",
        about: "10,000 peers, rules, three of them MUSTs",
        source: Source::Rules(Program { shared_language: true, strict: true, ..RULES }),
        targets: &[Target::Seconds(2.0), Target::Memory(300.0), Target::Proving(0.3)],
        ..BASE
    },
    Instance {
        name: "rules-100000",
        about: "100,000 peers, rules, all pairs allowed",
        source: Source::Rules(Program { seekers: 100_000, ..RULES }),
        set: Set::Large,
        targets: &[Target::Seconds(300.0), Target::Memory(2147.5)],
        ..BASE
    },
];

/// The instance of that name.
pub(crate) fn find(name: &str) -> Option<&'static Instance> {
    INSTANCES.iter().find(|instance| instance.name == name)
}

impl Instance {
    /// The scored pairs, unless the instance is made of rules only.
    pub(crate) fn problem(&self) -> Option<Problem> {
        match self.source {
            Source::Rules(_) => None,
            Source::Scores(program, best) => Some(program.problem(best)),
            Source::Graph(make) => Some(make()),
        }
    }

    /// The rules that allow the same pairs with the same scores.
    pub(crate) fn program(&self) -> Option<Program> {
        match self.source {
            Source::Rules(program) | Source::Scores(program, None) => Some(program),
            Source::Scores(_, Some(_)) | Source::Graph(_) => None,
        }
    }

    pub(crate) fn has_mentors(&self) -> bool {
        match self.source {
            Source::Rules(program) | Source::Scores(program, _) => program.mentors > 0,
            Source::Graph(_) => false,
        }
    }
}
