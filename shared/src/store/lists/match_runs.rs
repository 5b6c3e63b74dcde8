//! Lists of match runs, of the pairs they planned and of the people they left unmatched.

use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QuerySelect, QueryTrait, Select};
use uuid::Uuid;

use super::{Key, Position, Sight, at, sealed::Rows};
use crate::{
    domain::match_runs::{MatchRun, NonMatch, PlannedPair, RunStatus},
    store::{
        Reads, StoreError, match_runs, match_runs::match_run, matches::place_row, non_matches, non_matches::non_match,
        planned_pairs, planned_pairs::planned_pair,
    },
};

/// Match runs; only for staff who run programs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct MatchRunList {
    /// Of this program.
    pub program_id: Option<Uuid>,
    /// In one of these states; empty for all.
    pub statuses: Vec<RunStatus>,
    /// Previews, or not; `None` for both.
    pub dry_run: Option<bool>,
}

/// What runs can be ordered by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MatchRunOrder {
    /// When they were asked for.
    QueuedAt,
    /// When they last changed.
    UpdatedAt,
}

/// What runs can hang under.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MatchRunsOf {
    /// Their program.
    Program,
}

impl Rows for MatchRunList {
    type Entity = match_runs::row::Entity;
    type Item = MatchRun;
    type Order = MatchRunOrder;
    type Of = MatchRunsOf;

    fn visible(&self, sight: &Sight) -> Select<Self::Entity> {
        let runs = match_runs::scoped(sight.organization_id);
        if sight.is_whole() { runs } else { runs.filter(Sight::nothing(match_runs::row::Column::Id)) }
    }

    fn condition(&self) -> Condition {
        use match_runs::row::Column;
        let mut condition = Condition::all()
            .add_option(self.program_id.map(|id| Column::ProgramId.eq(id)))
            .add_option(self.dry_run.map(|dry_run| Column::DryRun.eq(dry_run)));
        if !self.statuses.is_empty() {
            condition = condition.add(Column::Status.is_in(self.statuses.iter().map(|status| status.as_str())));
        }
        condition
    }

    fn id() -> match_runs::row::Column {
        match_runs::row::Column::Id
    }

    fn key(order: MatchRunOrder) -> match_runs::row::Column {
        match order {
            MatchRunOrder::QueuedAt => match_runs::row::Column::QueuedAt,
            MatchRunOrder::UpdatedAt => match_runs::row::Column::UpdatedAt,
        }
    }

    fn of(of: MatchRunsOf) -> &'static [match_runs::row::Column] {
        match of {
            MatchRunsOf::Program => &[match_runs::row::Column::ProgramId],
        }
    }

    fn position(item: &MatchRun, order: MatchRunOrder) -> Position {
        let key = match order {
            MatchRunOrder::QueuedAt => item.queued_at,
            MatchRunOrder::UpdatedAt => item.updated_at,
        };
        at(Key::Instant(key), item.id)
    }

    async fn read(_: &impl Reads, rows: Vec<match_runs::row::Model>) -> Result<Vec<MatchRun>, StoreError> {
        rows.into_iter().map(match_run).collect()
    }
}

/// Planned pairs; only for staff who run programs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct PlannedPairList {
    /// With at least this score.
    pub minimum_score: Option<i32>,
}

/// What planned pairs can be ordered by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PlannedPairOrder {
    /// Their score.
    Score,
}

/// What planned pairs and non-matches can hang under.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PlannedPairsOf {
    /// The run.
    Run,
}

impl Rows for PlannedPairList {
    type Entity = planned_pairs::row::Entity;
    type Item = PlannedPair;
    type Order = PlannedPairOrder;
    type Of = PlannedPairsOf;

    fn visible(&self, sight: &Sight) -> Select<Self::Entity> {
        let pairs = planned_pairs::scoped(sight.organization_id);
        if sight.is_whole() { pairs } else { pairs.filter(Sight::nothing(planned_pairs::row::Column::Id)) }
    }

    fn condition(&self) -> Condition {
        Condition::all().add_option(self.minimum_score.map(|score| planned_pairs::row::Column::Score.gte(score)))
    }

    fn id() -> planned_pairs::row::Column {
        planned_pairs::row::Column::Id
    }

    fn key(order: PlannedPairOrder) -> planned_pairs::row::Column {
        match order {
            PlannedPairOrder::Score => planned_pairs::row::Column::Score,
        }
    }

    fn of(of: PlannedPairsOf) -> &'static [planned_pairs::row::Column] {
        match of {
            PlannedPairsOf::Run => &[planned_pairs::row::Column::RunId],
        }
    }

    fn position(item: &PlannedPair, order: PlannedPairOrder) -> Position {
        let key = match order {
            PlannedPairOrder::Score => Key::Number(item.score.into()),
        };
        at(key, item.id)
    }

    async fn read(_: &impl Reads, rows: Vec<planned_pairs::row::Model>) -> Result<Vec<PlannedPair>, StoreError> {
        rows.into_iter().map(planned_pair).collect()
    }
}

/// Findings about unmatched people. Who may read the enrollment may read what was published about it; a run's own list
/// is for staff who run programs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct NonMatchList {
    /// Only what became final, of people who are still without a partner.
    pub standing: bool,
}

/// What findings can be ordered by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NonMatchOrder {
    /// When they were made.
    CreatedAt,
}

/// What findings can hang under.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NonMatchesOf {
    /// The run.
    Run,
    /// The enrollment.
    Enrollment,
}

impl Rows for NonMatchList {
    type Entity = non_matches::row::Entity;
    type Item = NonMatch;
    type Order = NonMatchOrder;
    type Of = NonMatchesOf;

    fn visible(&self, sight: &Sight) -> Select<Self::Entity> {
        use crate::store::enrollments::row as enrollments;
        use non_matches::row::Column;

        let findings = non_matches::scoped(sight.organization_id);
        if sight.is_whole() {
            return findings;
        }
        if !self.standing {
            return findings.filter(Sight::nothing(Column::Id));
        }
        let enrolled = enrollments::Entity::find()
            .select_only()
            .column(enrollments::Column::Id)
            .filter(enrollments::Column::OrganizationId.eq(sight.organization_id))
            .filter(sight.names_any(&[enrollments::Column::PersonId]));
        findings.filter(Column::EnrollmentId.in_subquery(enrolled.into_query()))
    }

    fn condition(&self) -> Condition {
        use non_matches::row::Column;
        if !self.standing {
            return Condition::all();
        }
        let published = match_runs::row::Entity::find()
            .select_only()
            .column(match_runs::row::Column::Id)
            .filter(match_runs::row::Column::Status.eq(RunStatus::Published.as_str()))
            .filter(match_runs::row::Column::DryRun.eq(false));
        let matched = place_row::Entity::find().select_only().column(place_row::Column::EnrollmentId);
        Condition::all()
            .add(Column::RunId.in_subquery(published.into_query()))
            .add(Column::EnrollmentId.not_in_subquery(matched.into_query()))
    }

    fn id() -> non_matches::row::Column {
        non_matches::row::Column::Id
    }

    fn key(order: NonMatchOrder) -> non_matches::row::Column {
        match order {
            NonMatchOrder::CreatedAt => non_matches::row::Column::CreatedAt,
        }
    }

    fn of(of: NonMatchesOf) -> &'static [non_matches::row::Column] {
        match of {
            NonMatchesOf::Run => &[non_matches::row::Column::RunId],
            NonMatchesOf::Enrollment => &[non_matches::row::Column::EnrollmentId],
        }
    }

    fn position(item: &NonMatch, order: NonMatchOrder) -> Position {
        let key = match order {
            NonMatchOrder::CreatedAt => item.created_at,
        };
        at(Key::Instant(key), item.id)
    }

    async fn read(_: &impl Reads, rows: Vec<non_matches::row::Model>) -> Result<Vec<NonMatch>, StoreError> {
        rows.into_iter().map(non_match).collect()
    }
}
