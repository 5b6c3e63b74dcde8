//! People.

use std::hash::{DefaultHasher, Hash, Hasher};

use chrono::{DateTime, Utc};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect, Select,
    sea_query::Expr,
};
use uuid::Uuid;

use super::{Reads, StoreError, Tx, events, exactly_one, stored::Stored};
use crate::domain::{
    events::{Event, EventKind, Relatives},
    people::Person,
};

pub(crate) mod row {
    use sea_orm::entity::prelude::*;

    use crate::store::{positions::positional, stored::Stored};

    positional! {
        #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
        #[sea_orm(table_name = "people")]
        pub struct Model {
            #[sea_orm(primary_key, auto_increment = false)]
            pub id: Uuid,
            pub organization_id: Uuid,
            pub external_id: Option<String>,
            pub name: String,
            pub email: String,
            pub headline: Option<String>,
            pub country: Option<String>,
            pub languages: Stored<Vec<String>>,
            pub time_zone: String,
            pub locale: String,
            pub active: bool,
            pub version: i32,
            pub created_at: DateTimeUtc,
            pub updated_at: DateTimeUtc,
        }
    }

    super::super::no_relations!();
}

pub(crate) fn person(row: row::Model) -> Person {
    Person {
        id: row.id,
        organization_id: row.organization_id,
        external_id: row.external_id,
        name: row.name,
        email: row.email,
        headline: row.headline,
        country: row.country,
        languages: row.languages.0,
        time_zone: row.time_zone,
        locale: row.locale,
        active: row.active,
        version: row.version,
        created_at: row.created_at,
        updated_at: row.updated_at,
    }
}

fn to_row(person: &Person) -> row::Model {
    row::Model {
        id: person.id,
        organization_id: person.organization_id,
        external_id: person.external_id.clone(),
        name: person.name.clone(),
        email: person.email.clone(),
        headline: person.headline.clone(),
        country: person.country.clone(),
        languages: Stored(person.languages.clone()),
        time_zone: person.time_zone.clone(),
        locale: person.locale.clone(),
        active: person.active,
        version: person.version,
        created_at: person.created_at,
        updated_at: person.updated_at,
    }
}

pub(crate) fn scoped(organization_id: Uuid) -> Select<row::Entity> {
    row::Entity::find().filter(row::Column::OrganizationId.eq(organization_id))
}

/// The person with this id.
///
/// # Errors
/// When the database is gone.
pub async fn find(reads: &impl Reads, organization_id: Uuid, id: Uuid) -> Result<Option<Person>, StoreError> {
    Ok(scoped(organization_id).filter(row::Column::Id.eq(id)).one(reads.conn()).await?.map(person))
}

/// The people with these ids, in no order; absent ones are left out.
///
/// # Errors
/// When the database is gone.
pub async fn find_many(reads: &impl Reads, organization_id: Uuid, ids: &[Uuid]) -> Result<Vec<Person>, StoreError> {
    let mut found = Vec::with_capacity(ids.len());
    // SQLite takes at most 32,766 parameters in one statement.
    for chunk in ids.chunks(10_000) {
        let query = scoped(organization_id).filter(row::Column::Id.is_in(chunk.iter().copied()));
        for row in query.all(reads.conn()).await? {
            found.push(person(row));
        }
    }
    Ok(found)
}

/// The person with this address.
///
/// # Errors
/// When the database is gone.
pub async fn find_by_email(
    reads: &impl Reads,
    organization_id: Uuid,
    email: &str,
) -> Result<Option<Person>, StoreError> {
    let query = scoped(organization_id).filter(row::Column::Email.eq(email.trim().to_lowercase()));
    Ok(query.one(reads.conn()).await?.map(person))
}

/// The person with the institution's own id.
///
/// # Errors
/// When the database is gone.
pub async fn find_by_external_id(
    reads: &impl Reads,
    organization_id: Uuid,
    external_id: &str,
) -> Result<Option<Person>, StoreError> {
    let query = scoped(organization_id).filter(row::Column::ExternalId.eq(external_id));
    Ok(query.one(reads.conn()).await?.map(person))
}

/// Everybody who has one of these external ids or one of these (lower-case) addresses, each once.
///
/// # Errors
/// When the database is gone.
pub async fn find_by_keys(
    reads: &impl Reads,
    organization_id: Uuid,
    external_ids: &[&str],
    emails: &[&str],
) -> Result<Vec<Person>, StoreError> {
    let mut found = std::collections::BTreeMap::new();
    for (column, keys) in [(row::Column::ExternalId, external_ids), (row::Column::Email, emails)] {
        for chunk in keys.chunks(10_000) {
            let query = scoped(organization_id).filter(column.is_in(chunk.iter().copied()));
            for row in query.all(reads.conn()).await? {
                found.insert(row.id, person(row));
            }
        }
    }
    Ok(found.into_values().collect())
}

/// What is told about a person. The event's id follows from what it tells, so that whoever writes a person need not
/// think of it: the time, as in every `UUIDv7`, and then whom and which version.
fn event(person: &Person, kind: EventKind, at: DateTime<Utc>) -> Event {
    let mut hasher = DefaultHasher::new();
    (person.id, person.version).hash(&mut hasher);
    let millis = u64::try_from(at.timestamp_millis()).unwrap_or(0);
    let (mut bytes, tail) = ([0; 10], hasher.finish().to_be_bytes());
    bytes[2..].copy_from_slice(&tail);
    Event {
        id: uuid::Builder::from_unix_timestamp_millis(millis, &bytes).into_uuid(),
        organization_id: person.organization_id,
        kind: kind.as_str().to_owned(),
        entity_id: person.id,
        relatives: Relatives { person_ids: vec![person.id], ..Relatives::default() },
        at,
        position: None,
    }
}

/// Stores new people, and tells so in the event log.
///
/// # Errors
/// [`StoreError::Duplicate`] when an address or an external id is taken.
pub async fn insert_many(tx: &Tx, people: &[Person]) -> Result<(), StoreError> {
    for chunk in people.chunks(500) {
        let mut rows = Vec::with_capacity(chunk.len());
        for person in chunk {
            rows.push(to_row(person).into_active_model().reset_all());
        }
        row::Entity::insert_many(rows).exec_without_returning(&tx.tx).await.map_err(StoreError::from_write)?;
        let told = |person: &Person| event(person, EventKind::PersonCreated, person.created_at);
        events::record(tx, &chunk.iter().map(told).collect::<Vec<_>>()).await?;
    }
    Ok(())
}

/// Stores a changed person, counts the version up, and tells so in the event log.
///
/// # Errors
/// [`StoreError::Conflict`] when the person changed since it was read, [`StoreError::Duplicate`] when the new address
/// or external id is taken.
pub async fn update(tx: &Tx, person: &mut Person) -> Result<(), StoreError> {
    let mut row = to_row(person);
    row.version += 1;
    let done = row::Entity::update_many()
        .set(row.into_active_model().reset_all())
        .filter(row::Column::OrganizationId.eq(person.organization_id))
        .filter(row::Column::Id.eq(person.id))
        .filter(row::Column::Version.eq(person.version))
        .exec(&tx.tx)
        .await
        .map_err(StoreError::from_write)?;
    exactly_one(done.rows_affected, "the person")?;
    person.version += 1;
    let kind = if person.active { EventKind::PersonUpdated } else { EventKind::PersonDeactivated };
    events::record(tx, &[event(person, kind, person.updated_at)]).await
}

/// Puts a placeholder where a person's address is, so that another can take it before the person gets a new one, all in
/// this transaction. The version stays: the change proper is still to come.
///
/// # Errors
/// [`StoreError::Conflict`] when the person changed since it was read.
pub async fn park_address(tx: &Tx, person: &Person) -> Result<(), StoreError> {
    let done = row::Entity::update_many()
        .col_expr(row::Column::Email, Expr::value(format!("{}@parked.invalid", person.id.simple())))
        .filter(row::Column::OrganizationId.eq(person.organization_id))
        .filter(row::Column::Id.eq(person.id))
        .filter(row::Column::Version.eq(person.version))
        .exec(&tx.tx)
        .await?;
    exactly_one(done.rows_affected, "the person")
}

/// The same as [`find_many`], and nobody can change them until the transaction ends.
///
/// # Errors
/// When the database is gone.
pub async fn hold_many(tx: &Tx, organization_id: Uuid, ids: &[Uuid]) -> Result<Vec<Person>, StoreError> {
    let mut found = Vec::with_capacity(ids.len());
    for chunk in ids.chunks(10_000) {
        let query = scoped(organization_id)
            .filter(row::Column::Id.is_in(chunk.iter().copied()))
            .order_by_asc(row::Column::Id)
            .lock_shared();
        for row in query.all(&tx.tx).await? {
            found.push(person(row));
        }
    }
    Ok(found)
}
