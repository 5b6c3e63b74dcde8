//! Non-matches: why somebody has no partner, and what would help.

use async_graphql::{Context, Enum, ID, Object, Result, SimpleObject};
use shared::{
    domain::{
        match_runs,
        non_matches::{self, Finding},
    },
    outbox::letters::for_participants,
    store::lists::{enrollments::EnrollmentList, match_runs::MatchRunList},
};

use super::{
    enrollments::Enrollment,
    ids::{Kind, global},
    match_runs::MatchRun,
    reader::{Maybe, find, reader},
    rounds::int,
    scalars::Instant,
    sentences,
    words::NonMatchReason,
};

impl From<match_runs::NonMatch> for NonMatch {
    fn from(found: match_runs::NonMatch) -> Self {
        Self(found)
    }
}

/// Why a run left a person unmatched.
#[derive(Clone, Debug)]
pub(super) struct NonMatch(match_runs::NonMatch);

impl NonMatch {
    /// What the reader may know: decisions about pairs are told to staff only, and not about themselves.
    async fn finding(&self, ctx: &Context<'_>) -> Result<Finding> {
        let reader = reader(ctx)?;
        let enrollment = reader.enrollment(self.0.enrollment_id).await?;
        let own = enrollment.is_none_or(|enrollment| enrollment.person_id == reader.caller.person_id());
        Ok(if own { for_participants(&self.0.finding) } else { self.0.finding.clone() })
    }
}

/// Why a run left a person unmatched, and what would help. For the person once the run is published, and for staff.
#[Object]
impl NonMatch {
    /// Its global id.
    async fn id(&self) -> ID {
        global(Kind::NonMatch, self.0.id)
    }

    /// Whose.
    async fn enrollment(&self, ctx: &Context<'_>) -> Maybe<Enrollment> {
        find::<EnrollmentList>(ctx, self.0.enrollment_id).await
    }

    /// The run. For staff of all countries; null for everybody else.
    async fn match_run(&self, ctx: &Context<'_>) -> Maybe<MatchRun> {
        find::<MatchRunList>(ctx, self.0.run_id).await
    }

    /// The reason. A decision about a pair is told to staff only: for the person it reads `LOST_ON_TOTAL_SCORE`.
    async fn reason(&self, ctx: &Context<'_>) -> Maybe<NonMatchReason> {
        Some(self.finding(ctx).await.map(|finding| finding.reason.into()))
    }

    /// The reason in plain English.
    async fn sentence(&self, ctx: &Context<'_>) -> Maybe<&str> {
        Some(self.finding(ctx).await.map(|finding| sentences::reason(finding.reason)))
    }

    /// How many people there were to choose from before any rule.
    async fn considered(&self) -> i32 {
        int(self.0.finding.considered)
    }

    /// What each rule removed, in the program's order; rules that removed nobody are left out.
    async fn removals(&self, ctx: &Context<'_>) -> Maybe<Vec<Removal>> {
        let removal = |found: non_matches::Removal| Removal {
            sentence: sentences::removal(&found),
            removed: int(found.removed),
            rule: found.rule,
        };
        Some(self.finding(ctx).await.map(|finding| finding.removals.into_iter().map(removal).collect()))
    }

    /// The smallest single change that would have given the person a partner; null where no single change would.
    async fn relaxation(&self, ctx: &Context<'_>) -> Maybe<Relaxation> {
        self.finding(ctx).await.map(|finding| finding.relaxation.map(Relaxation::from)).transpose()
    }

    /// When it was found.
    async fn created_at(&self) -> Instant {
        Instant(self.0.created_at)
    }
}

/// How many people one rule removed.
#[derive(SimpleObject, Clone, Debug)]
pub(super) struct Removal {
    /// The rule: a criterion's label, `past partners`, `minimum score`, or (for staff) `constraints`.
    rule: String,
    /// How many this rule alone would remove.
    removed: i32,
    /// The same in plain English.
    sentence: String,
}

/// The smallest single change that would have given a person a partner.
#[derive(SimpleObject, Clone, Debug)]
pub(super) struct Relaxation {
    /// What would have to change.
    kind: RelaxationKind,
    /// The criterion's label, for `DROP_CRITERION`; null for the others.
    label: Option<String>,
    /// The highest minimum score that would have sufficed, for `LOWER_MINIMUM_SCORE`; null for the others.
    to: Option<i32>,
    /// How many people could each have taken this person with one more place, for `ONE_MORE_PLACE`; null for the others.
    candidates: Option<i32>,
    /// The same in plain English.
    sentence: String,
}

/// What would have to change for a person to have a partner.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RelaxationKind {
    /// Stop requiring a criterion for this person.
    DropCriterion,
    /// Let past partners meet again.
    AllowPastPartners,
    /// Lower the program's minimum score.
    LowerMinimumScore,
    /// One more place with somebody.
    OneMorePlace,
    /// One more participant whom the rules allow.
    OneMoreParticipant,
}

impl From<non_matches::Relaxation> for Relaxation {
    fn from(found: non_matches::Relaxation) -> Self {
        let sentence = sentences::relaxation(&found);
        let of = |kind| Self { kind, label: None, to: None, candidates: None, sentence };
        match found {
            non_matches::Relaxation::DropCriterion { label } => {
                Self { label: Some(label), ..of(RelaxationKind::DropCriterion) }
            }
            non_matches::Relaxation::AllowPastPartners => of(RelaxationKind::AllowPastPartners),
            non_matches::Relaxation::LowerMinimumScore { to } => {
                Self { to: Some(to.into()), ..of(RelaxationKind::LowerMinimumScore) }
            }
            non_matches::Relaxation::OneMorePlace { candidates } => {
                Self { candidates: Some(int(candidates)), ..of(RelaxationKind::OneMorePlace) }
            }
            non_matches::Relaxation::OneMoreParticipant => of(RelaxationKind::OneMoreParticipant),
        }
    }
}
