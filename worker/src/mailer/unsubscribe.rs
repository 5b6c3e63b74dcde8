//! Where people switch mail off.

use shared::{
    auth::{UnsubscribeKey, UnsubscribeToken},
    domain::messages::Message,
    store::{self, StoreError},
};

use super::facts::Facts;
use crate::Worker;

impl Worker {
    /// Where one POST switches such mails off; `None` for essential ones, and in a development mode without an address of
    /// its own. The same at every attempt.
    pub(super) async fn unsubscribe_address(
        &self,
        facts: &Facts,
        message: &Message,
    ) -> Result<Option<String>, StoreError> {
        let base = &self.config.http.public_url;
        let Some(category) = message.mail.category().filter(|_| !base.is_empty()) else { return Ok(None) };
        let organization_id = message.organization_id;
        let made = match facts.key(message) {
            Some(_) => None,
            None => self.make_unsubscribe_key(organization_id).await?,
        };
        let key = facts.key(message).or(made.as_ref());
        let token = key.and_then(|key| UnsubscribeToken::sign(key, organization_id, message.person_id, category));
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
