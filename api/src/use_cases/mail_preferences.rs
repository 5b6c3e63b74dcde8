//! Which mail people want: set by themselves when signed in, or by the link in a mail.

use serde_json::json;
use shared::{
    auth::UnsubscribeToken,
    domain::{
        mail::{MailCategory, MailPreference},
        people::Person,
    },
    store::{self, StoreError, audit::AuditEntry},
};

use super::State;

/// The person whom a link in a mail belongs to, and the category of that mail; `None` for anything that is no such link.
///
/// # Errors
/// When the database is gone.
pub async fn by_link(state: &State, token: &str) -> Result<Option<(Person, MailCategory)>, StoreError> {
    let Some(token) = UnsubscribeToken::read(token) else { return Ok(None) };
    let key = store::mail_preferences::key(&state.store, token.organization_id).await?;
    if !key.is_some_and(|key| token.is_signed_by(&key)) {
        return Ok(None);
    }
    let person = store::people::find(&state.store, token.organization_id, token.person_id).await?;
    Ok(person.map(|person| (person, token.category)))
}

/// Switches categories on and off, and gives back what the person wants now. Done twice it is done once.
///
/// # Errors
/// When the database is gone.
pub async fn set(
    state: &State,
    person: &Person,
    wishes: &[(MailCategory, bool)],
    action: &'static str,
    request_id: &str,
) -> Result<Vec<MailPreference>, StoreError> {
    let now = state.clock.now();
    let tx = state.store.begin().await?;
    for &(category, wanted) in wishes {
        let id = state.clock.new_id();
        if !store::mail_preferences::set(&tx, person, category, wanted, id, now).await? {
            continue;
        }
        let entry = AuditEntry {
            id: state.clock.new_id(),
            organization_id: person.organization_id,
            actor_id: Some(person.id),
            client_id: None,
            action,
            entity_id: person.id,
            details: json!({ "category": category.as_str(), "wanted": wanted }),
            request_id: Some(request_id.to_owned()),
            at: now,
        };
        store::audit::record(&tx, entry).await?;
    }
    let preferences = store::mail_preferences::of_person(&tx, person.organization_id, person.id).await?;
    state.commit(tx).await?;
    Ok(preferences)
}
