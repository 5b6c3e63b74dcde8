//! Mutations of the organization.

use async_graphql::{Context, InputObject, Object};

use super::payloads::{codes, payload, settle};
use crate::{
    graphql::{
        organizations::Organization,
        reader::{Maybe, Reader, reader},
    },
    use_cases::organizations::{self, OrganizationPatch},
};

/// Changes to the organization. What is left out stays; an empty text clears.
#[derive(InputObject, Clone, Debug)]
pub(super) struct UpdateOrganizationInput {
    /// The name people know, at most 200 characters.
    name: Option<String>,
    /// The mail address where participants ask questions.
    contact: Option<String>,
    /// The organization's own portal, `https://...`; mails link to it.
    portal_url: Option<String>,
    /// The origins whose pages may read answers, at most 20; the whole list. Each exactly as browsers send it, such as
    /// `https://portal.example.org`; `http` only for `localhost`. Takes effect within 10 seconds.
    allowed_origins: Option<Vec<String>>,
    /// True when participants may only run registered documents; staff may always run any. Takes effect within 10
    /// seconds.
    documents_only: Option<bool>,
}

payload! {
    /// What became of `updateOrganization`.
    UpdateOrganizationPayload as "updateOrganization" {
        /// The organization as it is now; null when it was refused.
        organization: Organization
    } UpdateOrganizationUserError UpdateOrganizationErrorCode: Invalid NotFound Forbidden Conflict
}

/// Mutations of the organization.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct OrganizationMutations;

#[Object]
impl OrganizationMutations {
    /// Changes the caller's organization. For administrators.
    async fn update_organization(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The changes.")] input: UpdateOrganizationInput,
    ) -> Maybe<UpdateOrganizationPayload> {
        settle(async {
            let Reader { state, caller, .. } = reader(ctx)?;
            let UpdateOrganizationInput { name, contact, portal_url, allowed_origins, documents_only } = input;
            let patch = OrganizationPatch { name, contact, portal_url, allowed_origins, documents_only };
            Ok(Organization(organizations::update_organization(state, caller, patch).await?))
        })
        .await
    }
}
