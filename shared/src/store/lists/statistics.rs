//! How rounds stand, in numbers; within what the reader may see.

use std::collections::HashMap;

use sea_orm::{
    ColumnTrait, EntityTrait, QueryFilter, QuerySelect, QueryTrait,
    sea_query::{Asterisk, Expr, ExprTrait},
};
use uuid::Uuid;

use super::Sight;
use crate::{
    domain::{enrollments::EnrollmentStatus, matches::MatchStatus},
    store::{Reads, StoreError, enrollments, matches, word},
};

/// How many there are in one state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Count<S> {
    /// The state.
    pub status: S,
    /// How many.
    pub count: u64,
}

/// How a round stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RoundStatistics {
    /// Enrollments by state; states without any are left out.
    pub enrollments: Vec<Count<EnrollmentStatus>>,
    /// Matches by state; states without any are left out.
    pub matches: Vec<Count<MatchStatus>>,
    /// ACTIVE enrollments with at least one living match.
    pub matched: u64,
    /// ACTIVE enrollments without any.
    pub unmatched: u64,
}

/// The numbers of these rounds, in three statements. Rounds without enrollments are left out.
///
/// # Errors
/// When the database is gone.
pub async fn statistics(
    reads: &impl Reads,
    sight: &Sight,
    round_ids: &[Uuid],
) -> Result<HashMap<Uuid, RoundStatistics>, StoreError> {
    use enrollments::row::Column as Enrollment;
    use matches::row::Column as Match;
    let mut found: HashMap<Uuid, RoundStatistics> = HashMap::new();
    let enrolled = || {
        enrollments::scoped(sight.organization_id)
            .filter(sight.names_any(&[Enrollment::PersonId]))
            .filter(Enrollment::RoundId.is_in(round_ids.iter().copied()))
            .select_only()
            .column(Enrollment::RoundId)
    };
    // Of rows, not of their ids: an index can tell without them.
    let count = || Expr::col(Asterisk).count();
    let by_status = enrolled()
        .column(Enrollment::Status)
        .column_as(count(), "count")
        .group_by(Enrollment::RoundId)
        .group_by(Enrollment::Status)
        .into_tuple::<(Uuid, String, i64)>()
        .all(reads.conn());
    let seated = matches::place_row::Entity::find()
        .select_only()
        .column(matches::place_row::Column::EnrollmentId)
        .filter(matches::place_row::Column::OrganizationId.eq(sight.organization_id));
    let seated = enrolled()
        .column_as(count(), "count")
        .filter(Enrollment::Status.eq(EnrollmentStatus::Active.as_str()))
        .filter(Enrollment::Id.in_subquery(seated.into_query()))
        .group_by(Enrollment::RoundId)
        .into_tuple::<(Uuid, i64)>()
        .all(reads.conn());
    let matched = matches::scoped(sight.organization_id)
        .filter(sight.names_any(&[Match::PersonA, Match::PersonB]))
        .filter(Match::RoundId.is_in(round_ids.iter().copied()))
        .select_only()
        .column(Match::RoundId)
        .column(Match::Status)
        .column_as(count(), "count")
        .group_by(Match::RoundId)
        .group_by(Match::Status)
        .into_tuple::<(Uuid, String, i64)>()
        .all(reads.conn());
    // None of the three waits for another.
    let (by_status, seated, matched) = tokio::try_join!(by_status, seated, matched)?;
    for (round_id, status, count) in by_status {
        let status: EnrollmentStatus = word("enrollments", &status)?;
        let count = u64::try_from(count).unwrap_or(0);
        let statistics = found.entry(round_id).or_default();
        statistics.enrollments.push(Count { status, count });
        if status == EnrollmentStatus::Active {
            statistics.unmatched = count;
        }
    }
    for (round_id, count) in seated {
        let statistics = found.entry(round_id).or_default();
        statistics.matched = u64::try_from(count).unwrap_or(0);
        statistics.unmatched = statistics.unmatched.saturating_sub(statistics.matched);
    }
    for (round_id, status, count) in matched {
        let count = Count { status: word("matches", &status)?, count: u64::try_from(count).unwrap_or(0) };
        found.entry(round_id).or_default().matches.push(count);
    }
    #[expect(clippy::iter_over_hash_type, reason = "each one is sorted by itself, in whatever order")]
    for statistics in found.values_mut() {
        statistics.enrollments.sort_by_key(|count| count.status);
        statistics.matches.sort_by_key(|count| count.status);
    }
    Ok(found)
}

/// Which of these people the reader was ever introduced to: they know each other's addresses.
///
/// # Errors
/// When the database is gone.
pub async fn introduced(reads: &impl Reads, sight: &Sight, person_ids: &[Uuid]) -> Result<Vec<Uuid>, StoreError> {
    use matches::row::Column::{ActivatedAt, PersonA, PersonB};
    let mut found = Vec::new();
    for (mine, theirs) in [(PersonA, PersonB), (PersonB, PersonA)] {
        let ids: Vec<Uuid> = matches::scoped(sight.organization_id)
            .filter(mine.eq(sight.person_id))
            .filter(theirs.is_in(person_ids.iter().copied()))
            .filter(ActivatedAt.is_not_null())
            .select_only()
            .column(theirs)
            .distinct()
            .into_tuple()
            .all(reads.conn())
            .await?;
        found.extend(ids);
    }
    Ok(found)
}
