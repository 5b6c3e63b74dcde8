//! Lists of enrollments.

use std::sync::Arc;

use sea_orm::{ColumnTrait, Condition, DbErr, QueryFilter, QueryResult, Select, sea_query::Expr};
use uuid::Uuid;

use super::{Along, Key, Position, Sight, at, company::Place, sealed::Rows};
use crate::{
    domain::enrollments::{Enrollment, EnrollmentRole, EnrollmentStatus},
    store::{
        Reads, StoreError,
        enrollments::{
            enrollment,
            row::{Column, Entity, Model},
            scoped,
        },
        known::{Known, Memory},
        positions::Positional as _,
    },
};

/// Enrollments of the reader and of people the reader looks after.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct EnrollmentList {
    /// In this program.
    pub program_id: Option<Uuid>,
    /// In this round.
    pub round_id: Option<Uuid>,
    /// Of this person.
    pub person_id: Option<Uuid>,
    /// In one of these states; empty for all.
    pub statuses: Vec<EnrollmentStatus>,
    /// With this role.
    pub role: Option<EnrollmentRole>,
}

/// What enrollments can be ordered by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EnrollmentOrder {
    /// When they were made.
    CreatedAt,
    /// When they last changed.
    UpdatedAt,
    /// The order of application.
    AppliedAt,
    /// Their priority in matching.
    Priority,
}

/// What enrollments can hang under.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EnrollmentsOf {
    /// Their program.
    Program,
    /// Their round.
    Round,
    /// Whose they are.
    Person,
}

impl Rows for EnrollmentList {
    type Entity = Entity;
    type Item = Arc<Enrollment>;
    type Order = EnrollmentOrder;
    type Of = EnrollmentsOf;

    fn visible(&self, sight: &Sight) -> Select<Entity> {
        scoped(sight.organization_id).filter(sight.names_any(&[Column::PersonId]))
    }

    fn condition(&self) -> Condition {
        let mut condition = Condition::all()
            .add_option(self.program_id.map(|id| Column::ProgramId.eq(id)))
            .add_option(self.round_id.map(|id| Column::RoundId.eq(id)))
            .add_option(self.person_id.map(|id| Column::PersonId.eq(id)))
            .add_option(self.role.map(|role| Column::Role.eq(role.as_str())));
        if !self.statuses.is_empty() {
            condition = condition.add(Column::Status.is_in(self.statuses.iter().map(|status| status.as_str())));
        }
        condition
    }

    fn id() -> Column {
        Column::Id
    }

    fn key(order: EnrollmentOrder) -> Column {
        match order {
            EnrollmentOrder::CreatedAt => Column::CreatedAt,
            EnrollmentOrder::UpdatedAt => Column::UpdatedAt,
            EnrollmentOrder::AppliedAt => Column::AppliedAt,
            EnrollmentOrder::Priority => Column::Priority,
        }
    }

    fn of(of: EnrollmentsOf) -> &'static [Column] {
        match of {
            EnrollmentsOf::Program => &[Column::ProgramId],
            EnrollmentsOf::Round => &[Column::RoundId],
            EnrollmentsOf::Person => &[Column::PersonId],
        }
    }

    fn known(memory: &Memory) -> Option<&Known<Arc<Enrollment>>> {
        Some(&memory.enrollments)
    }

    fn places(_: &Sight, _: Along) -> Vec<Place> {
        vec![Place { person: Expr::col(("page", Column::PersonId)), enrollment: None }]
    }

    fn leading(row: &QueryResult) -> Result<(Model, usize), DbErr> {
        Ok((Model::at(row, 0)?, Model::WIDTH))
    }

    fn position(item: &Arc<Enrollment>, order: EnrollmentOrder) -> Position {
        let key = match order {
            EnrollmentOrder::CreatedAt => Key::Instant(item.created_at),
            EnrollmentOrder::UpdatedAt => Key::Instant(item.updated_at),
            EnrollmentOrder::AppliedAt => Key::Instant(item.applied_at),
            EnrollmentOrder::Priority => Key::Number(item.priority),
        };
        at(key, item.id)
    }

    async fn read(_: &impl Reads, rows: Vec<Model>) -> Result<Vec<Arc<Enrollment>>, StoreError> {
        rows.into_iter().map(|row| enrollment(row).map(Arc::new)).collect()
    }
}
