//! Mutations of issuers and of the accounts people sign in with.

use async_graphql::{Context, ID, InputObject, Object};

use super::payloads::{codes, payload, settle, take};
use crate::{
    graphql::{
        ids::{Kind, global},
        issuers::Issuer,
        reader::{Maybe, Reader, reader},
        words::LinkBy,
    },
    use_cases::{
        identities,
        issuers::{self, IssuerDraft, IssuerPatch},
    },
};

/// A new issuer.
#[derive(InputObject, Clone, Debug)]
pub(super) struct CreateIssuerInput {
    /// The name to show, at most 200 characters.
    name: String,
    /// The `iss` of its tokens, to the letter, at most 255 bytes. Without `jwksUrl` it is the address below which its
    /// discovery document is (`/.well-known/openid-configuration`).
    issuer: String,
    /// The address of its JSON Web Key Set, `https://…`; by `OpenID` Connect discovery if left out.
    jwks_url: Option<String>,
    /// What the `aud` of its tokens must be or contain, at most 255 bytes: what the provider calls this API, not what it
    /// calls other programs.
    audience: String,
    /// How somebody who signs in for the first time is found among the people.
    link_by: LinkBy,
    /// The claim that holds the address or the external id. People must not be able to change it themselves. `email` if
    /// left out, for addresses; needed for external ids.
    link_claim: Option<String>,
    /// Whether its addresses count without `email_verified`; false if left out. Only for a provider that gives nobody an
    /// address that is not theirs.
    #[graphql(default)]
    trusts_email: bool,
}

/// Changes to an issuer. What is left out stays; an empty text clears. The `iss` stays: register another issuer instead.
#[derive(InputObject, Clone, Debug)]
pub(super) struct UpdateIssuerInput {
    /// The issuer's id.
    id: ID,
    /// The name to show, at most 200 characters.
    name: Option<String>,
    /// The address of its JSON Web Key Set; empty for discovery.
    jwks_url: Option<String>,
    /// What the `aud` of its tokens must be or contain.
    audience: Option<String>,
    /// How somebody who signs in for the first time is found among the people.
    link_by: Option<LinkBy>,
    /// The claim that holds the address or the external id.
    link_claim: Option<String>,
    /// Whether its addresses count without `email_verified`.
    trusts_email: Option<bool>,
    /// Whether its tokens are taken.
    active: Option<bool>,
}

/// An issuer to remove.
#[derive(InputObject, Clone, Debug)]
pub(super) struct DeleteIssuerInput {
    /// The issuer's id.
    id: ID,
}

/// An identity to remove.
#[derive(InputObject, Clone, Debug)]
pub(super) struct DeleteIdentityInput {
    /// The identity's id.
    id: ID,
}

payload! {
    /// What became of `createIssuer`.
    CreateIssuerPayload as "createIssuer" {
        /// The new issuer; null when it was refused.
        issuer: Issuer
    } CreateIssuerUserError CreateIssuerErrorCode: Invalid Forbidden AlreadyExists NotPossible
}

payload! {
    /// What became of `updateIssuer`.
    UpdateIssuerPayload as "updateIssuer" {
        /// The issuer as it is now; null when it was refused.
        issuer: Issuer
    } UpdateIssuerUserError UpdateIssuerErrorCode: Invalid NotFound Forbidden AlreadyExists Conflict
}

payload! {
    /// What became of `deleteIssuer`.
    DeleteIssuerPayload as "deleteIssuer" {
        /// The id of the issuer that is gone; null when it was refused.
        deleted_issuer_id: ID
    } DeleteIssuerUserError DeleteIssuerErrorCode: Invalid NotFound Forbidden
}

payload! {
    /// What became of `deleteIdentity`.
    DeleteIdentityPayload as "deleteIdentity" {
        /// The id of the identity that is gone; null when it was refused.
        deleted_identity_id: ID
    } DeleteIdentityUserError DeleteIdentityErrorCode: Invalid NotFound
}

/// Mutations of issuers and of the accounts people sign in with.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct IssuerMutations;

#[Object]
impl IssuerMutations {
    /// Registers an issuer: from then on its tokens are bearer tokens of this API, for people of the organization. At most
    /// 20. For administrators.
    async fn create_issuer(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The issuer.")] input: CreateIssuerInput,
    ) -> Maybe<CreateIssuerPayload> {
        settle(async {
            let Reader { state, caller, .. } = reader(ctx)?;
            let CreateIssuerInput { name, issuer, jwks_url, audience, link_by, link_claim, trusts_email } = input;
            let link_by = link_by.into();
            let draft = IssuerDraft { name, issuer, jwks_url, audience, link_by, link_claim, trusts_email };
            Ok(Issuer::from(issuers::create_issuer(state, caller, draft).await?))
        })
        .await
    }

    /// Changes an issuer; within 30 seconds everywhere. For administrators.
    async fn update_issuer(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The changes.")] input: UpdateIssuerInput,
    ) -> Maybe<UpdateIssuerPayload> {
        settle(async {
            let Reader { state, caller, .. } = reader(ctx)?;
            let UpdateIssuerInput { id, name, jwks_url, audience, link_by, link_claim, trusts_email, active } = input;
            let id = take(Kind::Issuer, "id", &id)?;
            let link_by = link_by.map(Into::into);
            let patch = IssuerPatch { name, jwks_url, audience, link_by, link_claim, trusts_email, active };
            Ok(Issuer::from(issuers::update_issuer(state, caller, id, patch).await?))
        })
        .await
    }

    /// Removes an issuer and all identities by it: its tokens are no longer taken. For administrators.
    async fn delete_issuer(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The issuer.")] input: DeleteIssuerInput,
    ) -> Maybe<DeleteIssuerPayload> {
        settle(async {
            let Reader { state, caller, .. } = reader(ctx)?;
            let id = take(Kind::Issuer, "id", &input.id)?;
            Ok(global(Kind::Issuer, issuers::delete_issuer(state, caller, id).await?))
        })
        .await
    }

    /// Unlinks an account from its person at once. Whoever signs in with it again is linked anew by its claims; to keep
    /// somebody out, deactivate the person. For the person themselves and administrators.
    async fn delete_identity(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The identity.")] input: DeleteIdentityInput,
    ) -> Maybe<DeleteIdentityPayload> {
        settle(async {
            let Reader { state, caller, .. } = reader(ctx)?;
            let id = take(Kind::Identity, "id", &input.id)?;
            Ok(global(Kind::Identity, identities::delete_identity(state, caller, id).await?))
        })
        .await
    }
}
