//! Who came with a roster: only they can be missing from one.

use chrono::{DateTime, Utc};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
    QueryTrait, sea_query::OnConflict,
};
use uuid::Uuid;

use super::{Reads, StoreError, Tx, enrollments, matches, people};
use crate::{
    clock::Clock,
    domain::{enrollments::EnrollmentStatus, matches::MatchStatus},
};

pub(crate) mod row {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "roster_entries")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub organization_id: Uuid,
        pub person_id: Uuid,
        pub created_at: DateTimeUtc,
    }

    super::super::no_relations!();
}

/// Everybody who came with a roster and has not left, by id.
///
/// # Errors
/// When the database is gone.
pub async fn active_members(reads: &impl Reads, organization_id: Uuid) -> Result<Vec<Uuid>, StoreError> {
    use people::row::Column::{Active, Id};
    let entries = row::Entity::find()
        .select_only()
        .column(row::Column::PersonId)
        .filter(row::Column::OrganizationId.eq(organization_id));
    let members = people::scoped(organization_id)
        .filter(Active.eq(true))
        .filter(Id.in_subquery(entries.into_query()))
        .select_only()
        .column(Id)
        .order_by_asc(Id);
    Ok(members.into_tuple().all(reads.conn()).await?)
}

/// Notes that these people came with a roster; those who did before stay as they are.
///
/// # Errors
/// When the database is gone.
pub async fn note(
    tx: &Tx,
    clock: &Clock,
    organization_id: Uuid,
    person_ids: &[Uuid],
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    for chunk in person_ids.chunks(2_000) {
        let entry = |person_id: &Uuid| row::ActiveModel {
            id: Set(clock.new_id()),
            organization_id: Set(organization_id),
            person_id: Set(*person_id),
            created_at: Set(now),
        };
        row::Entity::insert_many(chunk.iter().map(entry))
            .on_conflict(OnConflict::column(row::Column::PersonId).do_nothing().to_owned())
            .try_insert()
            .exec_without_returning(&tx.tx)
            .await?;
    }
    Ok(())
}

/// What would end with people who leave: how many enrollments, and how many matches.
///
/// # Errors
/// When the database is gone.
pub async fn ties(reads: &impl Reads, organization_id: Uuid, person_ids: &[Uuid]) -> Result<(u64, u64), StoreError> {
    use enrollments::row::Column as Enrollment;
    use matches::row::Column as Match;
    let mut enrolled = 0;
    let mut matched = std::collections::HashSet::new();
    for chunk in person_ids.chunks(10_000) {
        let people = || chunk.iter().copied();
        let living = EnrollmentStatus::ALL.iter().filter(|status| status.is_living()).map(|status| status.as_str());
        enrolled += enrollments::scoped(organization_id)
            .filter(Enrollment::PersonId.is_in(people()))
            .filter(Enrollment::Status.is_in(living))
            .count(reads.conn())
            .await?;
        let living = MatchStatus::ALL.iter().filter(|status| status.is_living()).map(|status| status.as_str());
        let ids: Vec<Uuid> = matches::scoped(organization_id)
            .filter(Condition::any().add(Match::PersonA.is_in(people())).add(Match::PersonB.is_in(people())))
            .filter(Match::Status.is_in(living))
            .select_only()
            .column(Match::Id)
            .into_tuple()
            .all(reads.conn())
            .await?;
        matched.extend(ids);
    }
    Ok((enrolled, u64::try_from(matched.len()).unwrap_or(u64::MAX)))
}
