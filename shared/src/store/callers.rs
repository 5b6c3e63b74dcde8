//! Who asks: a person with their organization and staff roles, in one statement, because every request begins with it.

use chrono::{DateTime, Utc};
use sea_orm::{
    ColumnTrait, ConnectionTrait,
    sea_query::{Expr, ExprTrait, IntoCondition, JoinType, Order, Query},
};
use uuid::Uuid;

use super::{
    Reads, StoreError,
    bases::stands,
    organizations, people,
    positions::{Positional as _, select_as},
};
use crate::{
    auth::Basis,
    domain::{
        organizations::{Organization, StaffRole},
        people::Person,
    },
};

/// A person with all that decides what they may do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownCaller {
    /// The person.
    pub person: Person,
    /// Their organization.
    pub organization: Organization,
    /// Their staff roles; none for a participant.
    pub roles: Vec<StaffRole>,
}

/// The person with this id, active or not, as long as the token's basis stands.
///
/// # Errors
/// When the database is gone.
pub async fn find(
    reads: &impl Reads,
    organization_id: Uuid,
    person_id: Uuid,
    basis: Option<&Basis>,
    now: DateTime<Utc>,
) -> Result<Option<KnownCaller>, StoreError> {
    let conn = reads.conn();
    let mut query = Query::select();
    select_as::<people::row::Entity>(&mut query, "people", "p_");
    select_as::<organizations::row::Entity>(&mut query, "organizations", "o_");
    select_as::<organizations::staff_row::Entity>(&mut query, "staff_roles", "r_");
    let own_role = Expr::col(("staff_roles", organizations::staff_row::Column::PersonId))
        .equals(("people", people::row::Column::Id))
        .and(
            Expr::col(("staff_roles", organizations::staff_row::Column::OrganizationId))
                .equals(("people", people::row::Column::OrganizationId)),
        );
    query
        .from("people")
        .join(
            JoinType::InnerJoin,
            "organizations",
            Expr::col(("organizations", organizations::row::Column::Id))
                .equals(("people", people::row::Column::OrganizationId))
                .into_condition(),
        )
        .join(JoinType::LeftJoin, "staff_roles", own_role.into_condition())
        .and_where(people::row::Column::OrganizationId.eq(organization_id))
        .and_where(people::row::Column::Id.eq(person_id))
        .order_by(("staff_roles", organizations::staff_row::Column::Id), Order::Asc);
    if let Some(basis) = basis {
        query.cond_where(stands(organization_id, basis, now));
    }
    let rows = conn.query_all(&query).await?;
    let Some(first) = rows.first() else { return Ok(None) };
    let organization_at = people::row::Model::WIDTH;
    let role_at = organization_at + organizations::row::Model::WIDTH;
    let person = people::person(people::row::Model::at(first, 0)?);
    let organization = Organization::from(organizations::row::Model::at(first, organization_at)?);
    let mut roles = Vec::new();
    for row in &rows {
        // Whoever is not staff has one row, with nothing in the place of a role.
        if row.try_get_by_index::<Option<Uuid>>(role_at)?.is_some() {
            roles.push(organizations::staff(organizations::staff_row::Model::at(row, role_at)?)?);
        }
    }
    Ok(Some(KnownCaller { person, organization, roles }))
}
