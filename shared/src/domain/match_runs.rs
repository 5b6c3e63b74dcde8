//! Match runs: one night (or one request) of planning, and what it found.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    explanations::Explanation,
    non_matches::Finding,
    states::{state_machine, words},
};

/// One run of the matching for a program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MatchRun {
    /// `UUIDv7`.
    pub id: Uuid,
    /// The tenant.
    pub organization_id: Uuid,
    /// The program.
    pub program_id: Uuid,
    /// The program's local date of a nightly run; at most one run per program and date.
    pub local_date: Option<NaiveDate>,
    /// Who wanted it.
    pub origin: RunOrigin,
    /// A preview: nobody is matched or written to.
    pub dry_run: bool,
    /// Where it stands.
    pub status: RunStatus,
    /// The member of staff who asked.
    pub requested_by: Option<Uuid>,
    /// What it found; from READY on.
    pub report: Option<Report>,
    /// Why it failed, or was skipped.
    pub error: Option<String>,
    /// Lets a late worker notice that another took over.
    pub fence: i64,
    /// Times it was begun.
    pub attempts: i32,
    /// When it was asked for.
    pub queued_at: DateTime<Utc>,
    /// When a worker began.
    pub started_at: Option<DateTime<Utc>>,
    /// When it ended.
    pub finished_at: Option<DateTime<Utc>>,
    /// When the row last changed.
    pub updated_at: DateTime<Utc>,
}

words! {
    /// Who wanted a run.
    RunOrigin {
        /// The program's nightly time.
        Night = "NIGHT",
        /// A member of staff.
        Request = "REQUEST",
    }
}

words! {
    /// The states of a run.
    RunStatus {
        /// Waits for a worker.
        Queued = "QUEUED",
        /// A worker plans under a lease.
        Running = "RUNNING",
        /// Planned; waits for approval, or is a preview.
        Ready = "READY",
        /// Could not be planned; the reason is told.
        Failed = "FAILED",
        /// Its pairs became matches.
        Published = "PUBLISHED",
        /// Put away; its pairs became nothing.
        Discarded = "DISCARDED",
    }
}

words! {
    /// What a worker is doing in one round of a run, in this order.
    RunPhase {
        /// Scores the pairs that the rules allow.
        Scoring = "SCORING",
        /// Looks for the best plan.
        Solving = "SOLVING",
        /// Proves that the plan is the best.
        Proving = "PROVING",
        /// Finds out why, and why not.
        Explaining = "EXPLAINING",
    }
}

words! {
    /// What can happen to a run.
    RunEvent {
        /// A worker takes it.
        Claim = "CLAIM",
        /// The plan is stored.
        Finish = "FINISH",
        /// It cannot be planned.
        Fail = "FAIL",
        /// Its pairs become matches.
        Publish = "PUBLISH",
        /// It is put away; also a missed night that is too old.
        Discard = "DISCARD",
    }
}

state_machine! { "the match run", RunStatus x RunEvent {
    Queued + Claim => Running,
    Queued + Discard => Discarded,
    Running + Claim => Running,
    Running + Finish => Ready,
    Running + Fail => Failed,
    Ready + Publish => Published,
    Ready + Discard => Discarded,
}}

impl MatchRun {
    /// Whether nothing more will come of it: a preview is over once it is planned, other runs once they are published
    /// or put away.
    pub fn is_over(&self) -> bool {
        match self.status {
            RunStatus::Queued | RunStatus::Running => false,
            RunStatus::Ready => self.dry_run,
            RunStatus::Failed | RunStatus::Published | RunStatus::Discarded => true,
        }
    }
}

/// What a run found, over all rounds of the program that were due.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// One entry per round.
    pub rounds: Vec<RoundReport>,
    /// Pairs dropped at the commit because something about them had changed meanwhile; the next run plans them anew.
    pub stale_pairs: u32,
}

impl Report {
    /// Pairs over all rounds.
    pub fn pairs(&self) -> u32 {
        self.rounds.iter().map(|round| round.pairs).sum()
    }

    /// Unmatched people over all rounds.
    pub fn unmatched(&self) -> u32 {
        self.rounds.iter().map(|round| round.unmatched).sum()
    }
}

/// What a run found in one round.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoundReport {
    /// The round.
    pub round_id: Uuid,
    /// Its name.
    pub round: String,
    /// People who could take a partner.
    pub participants: u32,
    /// People in at least one new pair.
    pub matched: u32,
    /// People with a free place, no partner and no new pair.
    pub unmatched: u32,
    /// New pairs.
    pub pairs: u32,
    /// Sum of the pairs' scores.
    pub total_score: u64,
    /// Pairs by score: 0-99, 100-199, ... 900-1000.
    pub histogram: Vec<u32>,
    /// Pairs of people who would both rather have each other than the partners they got.
    pub blocking_pairs: u64,
    /// Whether the plan was proven optimal.
    pub certified: bool,
    /// The plan's value, as the solver counts (decimal).
    pub primal: String,
    /// The proven bound; equal to `primal` when certified (decimal).
    pub dual: String,
    /// How often each reason for a non-match was found.
    pub reasons: std::collections::BTreeMap<String, u32>,
    /// Milliseconds from the loaded input to the verified plan.
    pub plan_ms: u64,
}

/// A pair that a run planned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedPair {
    /// `UUIDv7`.
    pub id: Uuid,
    /// The tenant.
    pub organization_id: Uuid,
    /// The run.
    pub run_id: Uuid,
    /// The round.
    pub round_id: Uuid,
    /// MENTORING: the mentor. PEER: the smaller person id.
    pub enrollment_a: Uuid,
    /// The other side.
    pub enrollment_b: Uuid,
    /// 0 to 1000.
    pub score: u16,
    /// Placed by a PIN.
    pub pinned: bool,
    /// Why.
    pub explanation: Explanation,
}

/// A person left unmatched by a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NonMatch {
    /// `UUIDv7`.
    pub id: Uuid,
    /// The tenant.
    pub organization_id: Uuid,
    /// The run.
    pub run_id: Uuid,
    /// Whose.
    pub enrollment_id: Uuid,
    /// Why, and what would help.
    pub finding: Finding,
    /// When it was found.
    pub created_at: DateTime<Utc>,
}
