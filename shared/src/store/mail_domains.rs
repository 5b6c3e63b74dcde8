//! How it stands with mail to each domain. The rows belong to no organization, because whoever takes in a domain's mail
//! sees one sender; so nothing in them may tell one organization of another.

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, EntityTrait, IntoActiveModel, PaginatorTrait, QueryFilter,
    QuerySelect,
};

use super::{Reads, StoreError, Tx, exactly_one};
use crate::domain::mail_domains::{MailDomain, Pause};

const TABLE: &str = "mail_domains";

pub(crate) mod row {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "mail_domains")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub domain: String,
        pub next_slot_at: DateTimeUtc,
        pub paused_until: Option<DateTimeUtc>,
        pub pause_seconds: Option<i32>,
        pub reason: Option<String>,
        pub updated_at: DateTimeUtc,
    }

    super::super::no_relations!();
}

fn mail_domain(row: row::Model) -> Result<MailDomain, StoreError> {
    let pause = match (row.paused_until, row.pause_seconds, row.reason) {
        (Some(until), Some(seconds), Some(reason)) => {
            Some(Pause { until, length: TimeDelta::seconds(seconds.into()), reason })
        }
        (None, None, None) => None,
        _ => return Err(StoreError::corrupt(TABLE, "half a pause")),
    };
    Ok(MailDomain { domain: row.domain, next_slot_at: row.next_slot_at, pause })
}

/// How it stands with a domain; `None` when nothing is known of it.
///
/// # Errors
/// When the database is gone.
pub async fn find(reads: &impl Reads, domain: &str) -> Result<Option<MailDomain>, StoreError> {
    row::Entity::find_by_id(domain).one(reads.conn()).await?.map(mail_domain).transpose()
}

/// The same, made if it is new. Nobody else can change it until the transaction ends, which must not wait for a relay.
///
/// # Errors
/// When the database is gone.
pub async fn hold(tx: &Tx, domain: &str, now: DateTime<Utc>) -> Result<MailDomain, StoreError> {
    let held = async || row::Entity::find_by_id(domain).lock_exclusive().one(&tx.tx).await;
    if let Some(row) = held().await? {
        return mail_domain(row);
    }
    // Somebody else may make it at the same moment: whose row it is does not matter.
    let row = row::Model {
        domain: domain.to_owned(),
        next_slot_at: now,
        paused_until: None,
        pause_seconds: None,
        reason: None,
        updated_at: now,
    };
    row::Entity::insert(row.into_active_model().reset_all())
        .on_conflict_do_nothing_on([row::Column::Domain])
        .exec_without_returning(&tx.tx)
        .await?;
    let row = held().await?;
    mail_domain(row.ok_or_else(|| StoreError::corrupt(TABLE, "a row that was just stored is gone"))?)
}

/// How many domains get no mail now.
///
/// # Errors
/// When the database is gone.
pub async fn every_paused(reads: &impl Reads, now: DateTime<Utc>) -> Result<u64, StoreError> {
    Ok(row::Entity::find().filter(row::Column::PausedUntil.gt(now)).count(reads.conn()).await?)
}

/// Stores how it stands with a domain that this transaction [holds](hold).
///
/// # Errors
/// When the database is gone.
pub async fn update(tx: &Tx, found: &MailDomain, now: DateTime<Utc>) -> Result<(), StoreError> {
    let pause = found.pause.as_ref();
    let seconds = pause.and_then(|pause| i32::try_from(pause.length.num_seconds()).ok());
    let done = row::Entity::update_many()
        .set(row::ActiveModel {
            next_slot_at: Set(found.next_slot_at),
            paused_until: Set(pause.map(|pause| pause.until)),
            pause_seconds: Set(seconds),
            reason: Set(pause.map(|pause| pause.reason.clone())),
            updated_at: Set(now),
            ..<row::ActiveModel as ActiveModelTrait>::default()
        })
        .filter(row::Column::Domain.eq(&found.domain))
        .exec(&tx.tx)
        .await?;
    exactly_one(done.rows_affected, "the domain")
}
