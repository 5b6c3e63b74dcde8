//! API clients.

use async_graphql::{Context, ID, Object, SimpleObject};
use shared::domain::api_clients;

use super::{
    ids::{Kind, global},
    people::Person,
    reader::{Maybe, reader},
    scalars::Instant,
    words::ApiScope,
};

/// A back end that asks with a key of its own.
#[derive(Clone, Debug)]
pub(super) struct ApiClient(pub(super) api_clients::ApiClient);

/// A back end of the organization's portal that asks with a key of its own. For administrators.
#[Object]
impl ApiClient {
    /// Its global id.
    async fn id(&self) -> ID {
        global(Kind::ApiClient, self.0.id)
    }

    /// What it is, for people.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// Whom its requests act as: within this person's rights, and within its scopes.
    async fn person(&self, ctx: &Context<'_>) -> Maybe<Person> {
        let person = async { Ok(reader(ctx)?.person(self.0.person_id).await?.map(Person)) };
        person.await.transpose()
    }

    /// What it may be used for at most.
    async fn scopes(&self) -> Vec<ApiScope> {
        self.0.scopes.iter().map(Into::into).collect()
    }

    /// How its key begins, to recognize it by; the rest was shown once and is kept nowhere.
    async fn key_prefix(&self) -> String {
        self.0.key_prefix()
    }

    /// When its key stops working, unless it is rotated.
    async fn expires_at(&self) -> Instant {
        Instant(self.0.expires_at)
    }

    /// Until when the key before the last rotation works, perhaps in the past; null if it was never rotated.
    async fn previous_key_expires_at(&self) -> Option<Instant> {
        self.0.previous_until.map(Instant)
    }

    /// When it was revoked; null if it was not.
    async fn revoked_at(&self) -> Option<Instant> {
        self.0.revoked_at.map(Instant)
    }

    /// When its key was last used, to the minute; null if never.
    async fn last_used_at(&self) -> Option<Instant> {
        self.0.last_used_at.map(Instant)
    }

    /// Who made it.
    async fn created_by(&self, ctx: &Context<'_>) -> Maybe<Person> {
        let person = async { Ok(reader(ctx)?.person(self.0.created_by).await?.map(Person)) };
        person.await.transpose()
    }

    /// When it was made.
    async fn created_at(&self) -> Instant {
        Instant(self.0.created_at)
    }

    /// When it last changed; being used is no change.
    async fn updated_at(&self) -> Instant {
        Instant(self.0.updated_at)
    }
}

/// An API client with its new key.
#[derive(SimpleObject, Debug)]
pub(super) struct IssuedKey {
    /// The client.
    pub(super) api_client: ApiClient,
    /// The key, `cpk_<id>_<secret>`, for the header `Authorization: Bearer`. It is shown only here: keep it well.
    pub(super) key: String,
}
