//! The outbox: mail is asked for in the transaction that makes it necessary, and sent by the worker afterwards.

mod categories;
pub mod letters;
pub mod mails;
mod urgency;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::{
    clock::Clock,
    domain::{
        messages::{Message, MessageStatus},
        people::Person,
    },
    store::{StoreError, Tx, messages},
};
use mails::Mail;

/// A mail somebody should get.
#[derive(Clone, Debug)]
pub struct Order<'a> {
    /// Who gets it.
    pub to: &'a Person,
    /// The match it is about, if any.
    pub match_id: Option<Uuid>,
    /// What makes it the same mail if it is asked for again: usually the id of the thing it is about.
    pub about: String,
    /// What it says.
    pub mail: Mail,
    /// Not before this instant.
    pub due_at: DateTime<Utc>,
    /// Pointless after this instant.
    pub expires_at: Option<DateTime<Utc>>,
}

/// Asks for a mail. It is sent if, and only if, the transaction commits; asked for twice it is sent once. True when it
/// is new.
///
/// # Errors
/// When the database is gone.
pub async fn enqueue(tx: &Tx, clock: &Clock, order: Order<'_>) -> Result<bool, StoreError> {
    if !order.to.active {
        return Ok(false);
    }
    let now = clock.now();
    let kind = order.mail.kind();
    let message = Message {
        id: clock.new_id(),
        organization_id: order.to.organization_id,
        person_id: order.to.id,
        match_id: order.match_id,
        kind: kind.to_owned(),
        dedupe_key: format!("{kind}:{}:{}", order.about, order.to.id),
        mail: order.mail,
        locale: order.to.locale.clone(),
        status: MessageStatus::Pending,
        due_at: order.due_at,
        expires_at: order.expires_at,
        handed_at: None,
        sent_at: None,
        error: None,
        attempts: 0,
        rescue_count: 0,
        slot_at: None,
        created_at: now,
        updated_at: now,
    };
    messages::insert(tx, &message).await
}
