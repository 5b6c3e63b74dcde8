//! Links to sign in: the API notes that somebody asked, and here the code is made and the mail is ordered. The API takes
//! the same steps for an address that nobody has, so its answers tell nothing, not even by their time.

use chrono::TimeDelta;
use shared::{
    auth::{Credential, CredentialKind},
    domain::sign_ins::{LINK_LIFE, SignInLink},
    outbox::{
        self, Order,
        mails::{self, Mail, Party, Setting},
    },
    store::{self, StoreError, Tx},
};

use crate::Worker;

/// How many links are written, or rows deleted, at one time.
const BATCH: u64 = 200;
/// How long what is over is kept: links are still counted for a while, and a token that comes back late is told the same
/// as an unknown one.
const KEPT: TimeDelta = TimeDelta::days(1);

impl Worker {
    /// Gives every link that was asked for its code, and orders its mail. Older links of the same person end, and their
    /// waiting mails are not sent.
    ///
    /// # Errors
    /// When the database fails; the links are written the next time.
    pub(crate) async fn write_sign_in_links(&self) -> Result<usize, StoreError> {
        let tx = self.store.begin().await?;
        let links = store::sign_in_links::every_unwritten(&tx, BATCH, self.clock.now()).await?;
        let mut written = 0;
        for link in &links {
            written += usize::from(self.write_sign_in_link(&tx, link).await?);
        }
        self.commit(tx).await?;
        Ok(written)
    }

    async fn write_sign_in_link(&self, tx: &Tx, link: &SignInLink) -> Result<bool, StoreError> {
        let (organization_id, now) = (link.organization_id, self.clock.now());
        let Some(person_id) = link.person_id else { return Ok(false) };
        let person = store::people::find(tx, organization_id, person_id).await?;
        let organization = store::organizations::find(tx, organization_id).await?;
        let Some((person, organization)) = person.zip(organization) else { return Ok(false) };
        let code = match Credential::generate(CredentialKind::SignInCode, link.id) {
            Ok(code) => code,
            Err(error) => {
                tracing::error!(%error, "a link to sign in waits");
                return Ok(false);
            }
        };
        store::sign_in_links::end_of_person(tx, organization_id, person_id, Some(link.id), now).await?;
        let why = "a newer link was asked for";
        store::messages::suppress_of_person(tx, organization_id, person_id, Mail::SIGN_IN_LINK, why, now).await?;
        store::sign_in_links::set_code(tx, organization_id, link.id, &code.hash()).await?;
        let mail = Mail::SignInLink(mails::SignInLink {
            setting: Setting {
                organization: organization.name.clone(),
                program: organization.name.clone(),
                program_id: None,
                contact: organization.contact.clone(),
            },
            you: Party { name: person.name.clone(), email: None, country: None, headline: None, time_zone: None },
            link: format!("{}#code={}", link.page, code.text()),
            minutes: u16::try_from(LINK_LIFE.num_minutes()).unwrap_or(u16::MAX),
        });
        let order = Order {
            to: &person,
            match_id: None,
            about: link.id.to_string(),
            mail,
            due_at: now,
            expires_at: Some(link.expires_at),
        };
        outbox::enqueue(tx, &self.clock, order).await
    }

    /// Deletes links and sign-ins that have been over for a day.
    ///
    /// # Errors
    /// When the database fails; the rest is deleted the next time.
    pub(crate) async fn forget_sign_ins(&self) -> Result<(), StoreError> {
        let before = self.clock.now() - KEPT;
        let tx = self.store.begin().await?;
        store::sign_in_links::every_delete_before(&tx, before, BATCH).await?;
        store::sign_ins::every_delete_over(&tx, before, BATCH).await?;
        self.commit(tx).await
    }
}
