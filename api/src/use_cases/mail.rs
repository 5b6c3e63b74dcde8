//! What staff do about mail: release, retry or cancel a message, and lift the suppression of an address.

use serde_json::json;
use shared::{
    domain::{
        messages::{Message, MessageEvent, MessageStatus},
        refusals::RefusalCode,
    },
    store::{
        self, Tx,
        lists::{find_visible, mail::MailSuppressionList, messages::MessageList},
    },
};
use uuid::Uuid;

use super::{State, UseCaseError, not_found, not_possible, refuse};
use crate::caller::Caller;

/// Lets a HELD message go.
///
/// # Errors
/// Refused to anyone but staff who look after the person, and unless it is HELD.
pub async fn release_message(state: &State, caller: &Caller, id: Uuid) -> Result<Message, UseCaseError> {
    restart(state, caller, id, MessageEvent::Release, "releaseMessage").await
}

/// Has a FAILED or BOUNCED message tried once more.
///
/// # Errors
/// Refused to anyone but staff who look after the person, and unless it is FAILED or BOUNCED.
pub async fn retry_message(state: &State, caller: &Caller, id: Uuid) -> Result<Message, UseCaseError> {
    restart(state, caller, id, MessageEvent::Retry, "retryMessage").await
}

async fn restart(
    state: &State,
    caller: &Caller,
    id: Uuid,
    event: MessageEvent,
    action: &'static str,
) -> Result<Message, UseCaseError> {
    let tx = state.store.begin().await?;
    let message = hold(&tx, caller, id).await?;
    message.status.after(event)?;
    store::messages::restart(&tx, &message, state.clock.now()).await?;
    done(state, caller, tx, id, action).await
}

/// Ends a message that waits or is held: it is not sent.
///
/// # Errors
/// Refused to anyone but staff who look after the person, and unless it is PENDING or HELD.
pub async fn cancel_message(state: &State, caller: &Caller, id: Uuid) -> Result<Message, UseCaseError> {
    let tx = state.store.begin().await?;
    let message = hold(&tx, caller, id).await?;
    if message.status == MessageStatus::Sending {
        return Err(not_possible("the message is being sent; look again in a minute"));
    }
    message.status.after(MessageEvent::Suppress)?;
    store::messages::suppress(&tx, &message, "canceled by staff", state.clock.now()).await?;
    done(state, caller, tx, id, "cancelMessage").await
}

/// The message, if the caller sees it, and for nobody else until the transaction ends.
async fn hold(tx: &Tx, caller: &Caller, id: Uuid) -> Result<Message, UseCaseError> {
    needs_staff(caller)?;
    let held = store::messages::hold(tx, caller.organization_id(), id).await?;
    let visible = find_visible(tx, &caller.sight(), &MessageList::default(), &[id]).await?;
    held.filter(|_| !visible.is_empty()).ok_or_else(|| not_found("id", "message"))
}

async fn done(state: &State, caller: &Caller, tx: Tx, id: Uuid, action: &'static str) -> Result<Message, UseCaseError> {
    let changed = store::messages::hold(&tx, caller.organization_id(), id).await?;
    let changed = changed.ok_or_else(|| not_found("id", "message"))?;
    state.audit(&tx, caller, action, id, json!({ "kind": changed.kind })).await?;
    state.commit(tx).await?;
    Ok(changed)
}

/// Lets an address be written to again.
///
/// # Errors
/// Refused to anyone but staff who look after the person.
pub async fn lift_suppression(state: &State, caller: &Caller, id: Uuid) -> Result<Uuid, UseCaseError> {
    needs_staff(caller)?;
    let tx = state.store.begin().await?;
    let visible = find_visible(&tx, &caller.sight(), &MailSuppressionList, &[id]).await?;
    let lifted = visible.into_iter().next().ok_or_else(|| not_found("id", "suppression"))?;
    if !store::mail_suppressions::delete(&tx, caller.organization_id(), id).await? {
        return Err(not_found("id", "suppression"));
    }
    let details = json!({ "personId": lifted.person_id, "reason": lifted.reason.as_str() });
    state.audit(&tx, caller, "liftMailSuppression", id, details).await?;
    state.commit(tx).await?;
    Ok(id)
}

fn needs_staff(caller: &Caller) -> Result<(), UseCaseError> {
    if caller.is_staff() {
        return Ok(());
    }
    Err(refuse(RefusalCode::Forbidden, "only staff may do this"))
}
