//! Lists of matches.

use std::sync::Arc;

use sea_orm::{
    ColumnTrait, Condition, DbErr, QueryFilter, QueryResult, Select,
    sea_query::{CaseStatement, Expr, ExprTrait},
};
use uuid::Uuid;

use super::{Along, Key, Position, Sight, at, company::Place, sealed::Rows};
use crate::{
    domain::matches::{Match, MatchOrigin, MatchStatus},
    store::{
        Reads, StoreError,
        known::{Known, Memory},
        matches::{
            row::{Column, Entity, Model},
            scoped, stored_match,
        },
        positions::Positional as _,
    },
};

/// Matches of the reader and of people the reader looks after.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct MatchList {
    /// In this program.
    pub program_id: Option<Uuid>,
    /// In this round.
    pub round_id: Option<Uuid>,
    /// With this person on one of the sides.
    pub person_id: Option<Uuid>,
    /// In one of these states; empty for all.
    pub statuses: Vec<MatchStatus>,
    /// Which came about like this.
    pub origin: Option<MatchOrigin>,
}

/// What matches can be ordered by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MatchOrder {
    /// When they were made.
    CreatedAt,
    /// When they last changed.
    UpdatedAt,
    /// Their score.
    Score,
}

/// What matches can hang under.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MatchesOf {
    /// Their program.
    Program,
    /// Their round.
    Round,
    /// One of the two people.
    Person,
    /// The enrollment of one of the two.
    Enrollment,
    /// The run that planned them.
    Run,
}

impl Rows for MatchList {
    type Entity = Entity;
    type Item = Arc<Match>;
    type Order = MatchOrder;
    type Of = MatchesOf;

    fn visible(&self, sight: &Sight) -> Select<Entity> {
        scoped(sight.organization_id).filter(sight.names_any(&[Column::PersonA, Column::PersonB]))
    }

    fn condition(&self) -> Condition {
        let person = |id| Condition::any().add(Column::PersonA.eq(id)).add(Column::PersonB.eq(id));
        let mut condition = Condition::all()
            .add_option(self.program_id.map(|id| Column::ProgramId.eq(id)))
            .add_option(self.round_id.map(|id| Column::RoundId.eq(id)))
            .add_option(self.person_id.map(person))
            .add_option(self.origin.map(|origin| Column::Origin.eq(origin.as_str())));
        if !self.statuses.is_empty() {
            condition = condition.add(Column::Status.is_in(self.statuses.iter().map(|status| status.as_str())));
        }
        condition
    }

    fn id() -> Column {
        Column::Id
    }

    fn key(order: MatchOrder) -> Column {
        match order {
            MatchOrder::CreatedAt => Column::CreatedAt,
            MatchOrder::UpdatedAt => Column::UpdatedAt,
            MatchOrder::Score => Column::Score,
        }
    }

    fn of(of: MatchesOf) -> &'static [Column] {
        match of {
            MatchesOf::Program => &[Column::ProgramId],
            MatchesOf::Round => &[Column::RoundId],
            MatchesOf::Person => &[Column::PersonA, Column::PersonB],
            MatchesOf::Enrollment => &[Column::EnrollmentA, Column::EnrollmentB],
            MatchesOf::Run => &[Column::RunId],
        }
    }

    fn known(memory: &Memory) -> Option<&Known<Arc<Match>>> {
        Some(&memory.matches)
    }

    fn places(sight: &Sight, along: Along) -> Vec<Place> {
        let page = |column: Column| Expr::col(("page", column));
        if !along.partners_only {
            let place = |person, enrollment| Place { person: page(person), enrollment: Some(page(enrollment)) };
            return vec![place(Column::PersonA, Column::EnrollmentA), place(Column::PersonB, Column::EnrollmentB)];
        }
        let other = |a: Column, b: Column| -> Expr {
            CaseStatement::new().case(page(Column::PersonA).eq(sight.person_id), page(b)).finally(page(a)).into()
        };
        vec![Place {
            person: other(Column::PersonA, Column::PersonB),
            enrollment: Some(other(Column::EnrollmentA, Column::EnrollmentB)),
        }]
    }

    fn leading(row: &QueryResult) -> Result<(Model, usize), DbErr> {
        Ok((Model::at(row, 0)?, Model::WIDTH))
    }

    fn position(item: &Arc<Match>, order: MatchOrder) -> Position {
        let key = match order {
            MatchOrder::CreatedAt => Key::Instant(item.created_at),
            MatchOrder::UpdatedAt => Key::Instant(item.updated_at),
            MatchOrder::Score => Key::Number(item.score.into()),
        };
        at(key, item.id)
    }

    async fn read(_: &impl Reads, rows: Vec<Model>) -> Result<Vec<Arc<Match>>, StoreError> {
        rows.into_iter().map(|row| stored_match(row).map(Arc::new)).collect()
    }
}
