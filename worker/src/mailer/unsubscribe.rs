//! Mail that people may switch off: whether they did, and where they do it.

use shared::{
    auth::{UnsubscribeKey, UnsubscribeToken},
    domain::messages::Message,
    store::{self, Reads, StoreError},
};

use crate::Worker;

/// Whether the person switched such mails off.
pub(super) async fn is_unwanted(reads: &impl Reads, message: &Message) -> Result<bool, StoreError> {
    match message.mail.category() {
        Some(category) => {
            store::mail_preferences::is_off(reads, message.organization_id, message.person_id, category).await
        }
        None => Ok(false),
    }
}

impl Worker {
    /// Where one POST switches such mails off; `None` for essential ones, and in a development mode without an address of
    /// its own. The same at every attempt.
    pub(super) async fn unsubscribe_address(&self, message: &Message) -> Result<Option<String>, StoreError> {
        let base = &self.config.http.public_url;
        let Some(category) = message.mail.category().filter(|_| !base.is_empty()) else { return Ok(None) };
        let organization_id = message.organization_id;
        let key = match store::mail_preferences::key(&self.store, organization_id).await? {
            Some(key) => Some(key),
            None => self.make_unsubscribe_key(organization_id).await?,
        };
        let token = key.and_then(|key| UnsubscribeToken::sign(&key, organization_id, message.person_id, category));
        Ok(token.map(|token| format!("{}/unsubscribe?t={}", base.trim_end_matches('/'), token.to_text())))
    }

    /// Another worker may make one at the same moment: the stored one counts.
    async fn make_unsubscribe_key(&self, organization_id: uuid::Uuid) -> Result<Option<UnsubscribeKey>, StoreError> {
        let key = match UnsubscribeKey::generate() {
            Ok(key) => key,
            Err(error) => {
                tracing::error!(%error, "a mail goes out without a link to unsubscribe");
                return Ok(None);
            }
        };
        let tx = self.store.begin().await?;
        store::mail_preferences::insert_key(&tx, organization_id, &key, self.clock.now()).await?;
        let stored = store::mail_preferences::key(&tx, organization_id).await?;
        self.commit(tx).await?;
        Ok(stored)
    }
}
