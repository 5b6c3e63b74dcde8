//! Mutations of API clients.

use async_graphql::{Context, ID, InputObject, Object};

use super::payloads::{codes, payload, settle, take, take_option};
use crate::{
    graphql::{
        api_clients::{ApiClient, IssuedKey},
        ids::Kind,
        reader::{Maybe, Reader, reader},
        words::ApiScope,
    },
    use_cases::api_clients::{self, ApiClientDraft, Issued},
};

/// A new API client.
#[derive(InputObject, Clone, Debug)]
pub(super) struct CreateApiClientInput {
    /// What it is, for people, at most 200 characters.
    name: String,
    /// The member of staff whom its requests act as; you if left out.
    person_id: Option<ID>,
    /// What it may be used for at most; at least one. STAFF needs `ON_BEHALF` beside it.
    scopes: Vec<ApiScope>,
    /// How long its key works, 1 to 365 days; 90 if left out.
    expires_in_days: Option<i32>,
}

/// An API client that gets a new key.
#[derive(InputObject, Clone, Debug)]
pub(super) struct RotateApiClientInput {
    /// The client's id.
    id: ID,
    /// How long the old key works beside the new one, 0 to 168 hours; 24 if left out.
    overlap_hours: Option<i32>,
    /// How long the new key works, 1 to 365 days; 90 if left out.
    expires_in_days: Option<i32>,
}

/// An API client to end.
#[derive(InputObject, Clone, Debug)]
pub(super) struct RevokeApiClientInput {
    /// The client's id.
    id: ID,
}

payload! {
    /// What became of `createApiClient`.
    CreateApiClientPayload as "createApiClient" {
        /// The new client with its key; null when it was refused.
        issued: IssuedKey
    } CreateApiClientUserError CreateApiClientErrorCode: Invalid NotFound Forbidden NotPossible
}

payload! {
    /// What became of `rotateApiClient`.
    RotateApiClientPayload as "rotateApiClient" {
        /// The client with its new key; null when it was refused.
        issued: IssuedKey
    } RotateApiClientUserError RotateApiClientErrorCode: Invalid NotFound Forbidden NotPossible Conflict
}

payload! {
    /// What became of `revokeApiClient`.
    RevokeApiClientPayload as "revokeApiClient" {
        /// The client as it is now; null when it was refused.
        api_client: ApiClient
    } RevokeApiClientUserError RevokeApiClientErrorCode: Invalid NotFound Forbidden Conflict
}

impl From<Issued> for IssuedKey {
    fn from(issued: Issued) -> Self {
        Self { api_client: ApiClient(issued.client), key: issued.key.text() }
    }
}

/// Mutations of API clients.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct ApiClientMutations;

#[Object]
impl ApiClientMutations {
    /// Makes an API client with a key, which is shown only now. For administrators who signed in themselves.
    async fn create_api_client(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The client.")] input: CreateApiClientInput,
    ) -> Maybe<CreateApiClientPayload> {
        settle(async {
            let Reader { state, caller, .. } = reader(ctx)?;
            let CreateApiClientInput { name, person_id, scopes, expires_in_days } = input;
            let person_id = take_option(Kind::Person, "personId", person_id.as_ref())?;
            let scopes = scopes.into_iter().map(Into::into).collect();
            let draft = ApiClientDraft { name, person_id, scopes, expires_in_days };
            Ok(api_clients::create_api_client(state, caller, draft).await?.into())
        })
        .await
    }

    /// Gives an API client a new key, which is shown only now. For administrators who signed in themselves.
    async fn rotate_api_client(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The client and the times.")] input: RotateApiClientInput,
    ) -> Maybe<RotateApiClientPayload> {
        settle(async {
            let Reader { state, caller, .. } = reader(ctx)?;
            let RotateApiClientInput { id, overlap_hours, expires_in_days } = input;
            let id = take(Kind::ApiClient, "id", &id)?;
            Ok(api_clients::rotate_api_client(state, caller, id, overlap_hours, expires_in_days).await?.into())
        })
        .await
    }

    /// Ends an API client: its keys, and the tokens it was given on behalf of people, stop working at once. For
    /// administrators who signed in themselves.
    async fn revoke_api_client(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The client.")] input: RevokeApiClientInput,
    ) -> Maybe<RevokeApiClientPayload> {
        settle(async {
            let Reader { state, caller, .. } = reader(ctx)?;
            let id = take(Kind::ApiClient, "id", &input.id)?;
            Ok(ApiClient(api_clients::revoke_api_client(state, caller, id).await?))
        })
        .await
    }
}
