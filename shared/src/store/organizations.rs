//! Organizations and staff roles.

use chrono::{DateTime, Utc};
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, sea_query::Expr};
use uuid::Uuid;

use super::{Reads, StoreError, Tx, exactly_one, from_json, to_json, word};
use crate::domain::organizations::{Organization, StaffRole};

const STAFF: &str = "staff_roles";

pub(crate) mod row {
    use sea_orm::entity::prelude::*;

    use crate::store::positions::positional;

    positional! {
        #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
        #[sea_orm(table_name = "organizations")]
        pub struct Model {
            #[sea_orm(primary_key, auto_increment = false)]
            pub id: Uuid,
            pub slug: String,
            pub name: String,
            pub contact: Option<String>,
            pub portal_url: Option<String>,
            pub created_at: DateTimeUtc,
            pub updated_at: DateTimeUtc,
        }
    }

    super::super::no_relations!();
}

pub(crate) mod staff_row {
    use sea_orm::entity::prelude::*;

    use crate::store::positions::positional;

    positional! {
        #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
        #[sea_orm(table_name = "staff_roles")]
        pub struct Model {
            #[sea_orm(primary_key, auto_increment = false)]
            pub id: Uuid,
            pub organization_id: Uuid,
            pub person_id: Uuid,
            pub role: String,
            pub countries: Option<Json>,
            pub created_at: DateTimeUtc,
        }
    }

    super::super::no_relations!();
}

impl From<row::Model> for Organization {
    fn from(row: row::Model) -> Self {
        let row::Model { id, slug, name, contact, portal_url, created_at, updated_at } = row;
        Self { id, slug, name, contact, portal_url, created_at, updated_at }
    }
}

pub(crate) fn staff(row: staff_row::Model) -> Result<StaffRole, StoreError> {
    Ok(StaffRole {
        id: row.id,
        organization_id: row.organization_id,
        person_id: row.person_id,
        role: word(STAFF, &row.role)?,
        countries: row.countries.map(|json| from_json(STAFF, json)).transpose()?,
        created_at: row.created_at,
    })
}

/// Every organization, oldest first.
///
/// # Errors
/// When the database is gone.
pub async fn every(reads: &impl Reads) -> Result<Vec<Organization>, StoreError> {
    let rows = row::Entity::find().order_by_asc(row::Column::Id).all(reads.conn()).await?;
    Ok(rows.into_iter().map(Organization::from).collect())
}

/// The organization with this id.
///
/// # Errors
/// When the database is gone.
pub async fn find(reads: &impl Reads, id: Uuid) -> Result<Option<Organization>, StoreError> {
    Ok(row::Entity::find_by_id(id).one(reads.conn()).await?.map(Organization::from))
}

/// The organization with this slug.
///
/// # Errors
/// When the database is gone.
pub async fn find_by_slug(reads: &impl Reads, slug: &str) -> Result<Option<Organization>, StoreError> {
    let row = row::Entity::find().filter(row::Column::Slug.eq(slug)).one(reads.conn()).await?;
    Ok(row.map(Organization::from))
}

/// Stores a new organization.
///
/// # Errors
/// [`StoreError::Duplicate`] when the slug is taken.
pub async fn insert(tx: &Tx, organization: &Organization) -> Result<(), StoreError> {
    let Organization { id, slug, name, contact, portal_url, created_at, updated_at } = organization.clone();
    let row = row::Model { id, slug, name, contact, portal_url, created_at, updated_at };
    row.into_active_model().reset_all().insert(&tx.tx).await.map_err(StoreError::from_write)?;
    Ok(())
}

/// Stores a changed organization. `read_at` is the `updated_at` it was read with, and guards against a change by
/// somebody else meanwhile.
///
/// # Errors
/// [`StoreError::Conflict`] when somebody else was faster.
pub async fn update(tx: &Tx, organization: &Organization, read_at: DateTime<Utc>) -> Result<(), StoreError> {
    let done = row::Entity::update_many()
        .col_expr(row::Column::Name, Expr::value(&organization.name))
        .col_expr(row::Column::Contact, Expr::value(organization.contact.as_deref()))
        .col_expr(row::Column::PortalUrl, Expr::value(organization.portal_url.as_deref()))
        .col_expr(row::Column::UpdatedAt, Expr::value(organization.updated_at))
        .filter(row::Column::Id.eq(organization.id))
        .filter(row::Column::UpdatedAt.eq(read_at))
        .exec(&tx.tx)
        .await?;
    exactly_one(done.rows_affected, "the organization")
}

/// The staff roles a person holds.
///
/// # Errors
/// When the database is gone.
pub async fn roles_of(
    reads: &impl Reads,
    organization_id: Uuid,
    person_id: Uuid,
) -> Result<Vec<StaffRole>, StoreError> {
    let rows = staff_row::Entity::find()
        .filter(staff_row::Column::OrganizationId.eq(organization_id))
        .filter(staff_row::Column::PersonId.eq(person_id))
        .order_by_asc(staff_row::Column::Id)
        .all(reads.conn())
        .await?;
    rows.into_iter().map(staff).collect()
}

/// All staff of an organization.
///
/// # Errors
/// When the database is gone.
pub async fn all_staff(reads: &impl Reads, organization_id: Uuid) -> Result<Vec<StaffRole>, StoreError> {
    let rows = staff_row::Entity::find()
        .filter(staff_row::Column::OrganizationId.eq(organization_id))
        .order_by_asc(staff_row::Column::Id)
        .all(reads.conn())
        .await?;
    rows.into_iter().map(staff).collect()
}

/// Gives a role.
///
/// # Errors
/// [`StoreError::Duplicate`] when the person has it already.
pub async fn insert_role(tx: &Tx, role: &StaffRole) -> Result<(), StoreError> {
    let row = staff_row::Model {
        id: role.id,
        organization_id: role.organization_id,
        person_id: role.person_id,
        role: role.role.as_str().to_owned(),
        countries: role.countries.as_ref().map(|list| to_json(STAFF, list)).transpose()?,
        created_at: role.created_at,
    };
    row.into_active_model().reset_all().insert(&tx.tx).await.map_err(StoreError::from_write)?;
    Ok(())
}

/// Takes a role away; true when there was one.
///
/// # Errors
/// When the database is gone.
pub async fn delete_role(tx: &Tx, organization_id: Uuid, role_id: Uuid) -> Result<bool, StoreError> {
    let done = staff_row::Entity::delete_many()
        .filter(staff_row::Column::OrganizationId.eq(organization_id))
        .filter(staff_row::Column::Id.eq(role_id))
        .exec(&tx.tx)
        .await?;
    Ok(done.rows_affected == 1)
}
