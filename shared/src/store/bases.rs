//! What a token stands and falls with, as a condition of the statement that reads its person: a request is not one
//! statement slower for it.

use chrono::{DateTime, Utc};
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QuerySelect, QueryTrait as _};
use uuid::Uuid;

use super::{api_clients, people, sign_ins};
use crate::auth::Basis;

/// Rows of `people` whose token still has its basis. A sign-in must not have ended; an API client must neither be revoked
/// nor expired, and the person it acts as must still be there.
pub(crate) fn stands(organization_id: Uuid, basis: &Basis, now: DateTime<Utc>) -> Condition {
    let own = match basis {
        Basis::SignIn { id } => sign_ins::row::Entity::find()
            .select_only()
            .column(sign_ins::row::Column::PersonId)
            .filter(sign_ins::row::Column::OrganizationId.eq(organization_id))
            .filter(sign_ins::row::Column::Id.eq(*id))
            .filter(sign_ins::row::Column::EndedAt.is_null())
            .filter(sign_ins::row::Column::ExpiresAt.gt(now))
            .into_query(),
        Basis::Client { id, .. } => {
            let present = people::scoped(organization_id)
                .select_only()
                .column(people::row::Column::Id)
                .filter(people::row::Column::Active.eq(true));
            let clients = api_clients::row::Entity::find()
                .select_only()
                .column(api_clients::row::Column::OrganizationId)
                .filter(api_clients::row::Column::OrganizationId.eq(organization_id))
                .filter(api_clients::row::Column::Id.eq(*id))
                .filter(api_clients::row::Column::RevokedAt.is_null())
                .filter(api_clients::row::Column::ExpiresAt.gt(now))
                .filter(api_clients::row::Column::PersonId.in_subquery(present.into_query()))
                .into_query();
            return Condition::all().add(people::row::Column::OrganizationId.in_subquery(clients));
        }
    };
    Condition::all().add(people::row::Column::Id.in_subquery(own))
}
