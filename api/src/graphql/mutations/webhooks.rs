//! Mutations of webhook endpoints and deliveries.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use shared::{domain::webhooks, store::lists::Key};

use super::payloads::{codes, invalid, payload, settle, take};
use crate::{
    graphql::{
        cursors::decode,
        ids::{Kind, global},
        reader::{Maybe, Reader, reader},
        scalars::Instant,
        webhooks::{WebhookDelivery, WebhookEndpoint},
    },
    use_cases::{
        UseCaseError,
        webhooks::{self as use_cases, EndpointDraft, EndpointPatch, Place},
    },
};

/// A new webhook endpoint.
#[derive(InputObject, Clone, Debug)]
pub(super) struct CreateWebhookEndpointInput {
    /// Where to post events to: a public `https://` address of at most 2,048 bytes, without user name and `#`.
    url: String,
    /// What it is for, in at most 200 characters.
    description: Option<String>,
    /// The kinds of events to deliver, as at `Event.kind`; left out or empty for all, also for kinds to come.
    #[graphql(default)]
    kinds: Vec<String>,
}

/// Changes to a webhook endpoint; what is left out stays as it is.
#[derive(InputObject, Clone, Debug)]
pub(super) struct UpdateWebhookEndpointInput {
    /// The endpoint's id.
    id: ID,
    /// See `CreateWebhookEndpointInput.url`.
    url: Option<String>,
    /// See `CreateWebhookEndpointInput.description`; an empty text clears it.
    description: Option<String>,
    /// See `CreateWebhookEndpointInput.kinds`; an empty list is for all.
    kinds: Option<Vec<String>>,
    /// Switches it on or off. Switched on it goes on from where it stood, and all that waits for it is due at once.
    enabled: Option<bool>,
    /// When it is switched on: go on after this cursor of `events` instead.
    after: Option<String>,
    /// When it is switched on: go on with what happened at this moment or later instead.
    from: Option<Instant>,
}

/// A webhook endpoint that gets a new secret.
#[derive(InputObject, Clone, Debug)]
pub(super) struct RotateWebhookSecretInput {
    /// The endpoint's id.
    id: ID,
}

/// A webhook endpoint to delete.
#[derive(InputObject, Clone, Debug)]
pub(super) struct DeleteWebhookEndpointInput {
    /// The endpoint's id.
    id: ID,
}

/// A webhook endpoint to try out.
#[derive(InputObject, Clone, Debug)]
pub(super) struct TestWebhookEndpointInput {
    /// The endpoint's id.
    id: ID,
}

/// What to deliver once more: give either `after` or `from`.
#[derive(InputObject, Clone, Debug)]
pub(super) struct ReplayWebhookEndpointInput {
    /// The endpoint's id.
    id: ID,
    /// What comes after this cursor of `events`.
    after: Option<String>,
    /// What happened at this moment or later.
    from: Option<Instant>,
    /// Only these kinds of events, of those the endpoint gets; left out or empty for all of them.
    #[graphql(default)]
    kinds: Vec<String>,
}

/// A delivery to make now.
#[derive(InputObject, Clone, Debug)]
pub(super) struct RetryWebhookDeliveryInput {
    /// The delivery's id.
    id: ID,
}

/// A webhook endpoint with its new secret, which is told this once.
#[derive(SimpleObject, Clone, Debug)]
pub(in crate::graphql) struct IssuedWebhookSecret {
    /// The endpoint.
    endpoint: WebhookEndpoint,
    /// What its deliveries are signed with: `whsec_` and 32 bytes in base64. Keep it; it is not shown again.
    secret: String,
}

impl From<webhooks::WebhookEndpoint> for IssuedWebhookSecret {
    fn from(endpoint: webhooks::WebhookEndpoint) -> Self {
        let secret = endpoint.secret.clone();
        Self { endpoint: endpoint.into(), secret }
    }
}

payload! {
    /// What became of `createWebhookEndpoint`.
    CreateWebhookEndpointPayload as "createWebhookEndpoint" {
        /// The new endpoint and its secret; null when it was refused.
        issued: IssuedWebhookSecret
    } CreateWebhookEndpointUserError CreateWebhookEndpointErrorCode: Invalid Forbidden NotPossible
}

payload! {
    /// What became of `updateWebhookEndpoint`.
    UpdateWebhookEndpointPayload as "updateWebhookEndpoint" {
        /// The endpoint as it is now; null when it was refused.
        webhook_endpoint: WebhookEndpoint
    } UpdateWebhookEndpointUserError UpdateWebhookEndpointErrorCode: Invalid NotFound Forbidden NotPossible Conflict
}

payload! {
    /// What became of `rotateWebhookSecret`.
    RotateWebhookSecretPayload as "rotateWebhookSecret" {
        /// The endpoint and its new secret; null when it was refused.
        issued: IssuedWebhookSecret
    } RotateWebhookSecretUserError RotateWebhookSecretErrorCode: Invalid NotFound Forbidden NotPossible Conflict
}

payload! {
    /// What became of `deleteWebhookEndpoint`.
    DeleteWebhookEndpointPayload as "deleteWebhookEndpoint" {
        /// The id of the endpoint that is gone; null when it was refused.
        deleted_webhook_endpoint_id: ID
    } DeleteWebhookEndpointUserError DeleteWebhookEndpointErrorCode: Invalid NotFound Forbidden
}

payload! {
    /// What became of `testWebhookEndpoint`.
    TestWebhookEndpointPayload as "testWebhookEndpoint" {
        /// The delivery, PENDING; null when it was refused.
        webhook_delivery: WebhookDelivery
    } TestWebhookEndpointUserError TestWebhookEndpointErrorCode: Invalid NotFound Forbidden NotPossible
}

payload! {
    /// What became of `replayWebhookEndpoint`.
    ReplayWebhookEndpointPayload as "replayWebhookEndpoint" {
        /// The endpoint; null when it was refused.
        webhook_endpoint: WebhookEndpoint
    } ReplayWebhookEndpointUserError ReplayWebhookEndpointErrorCode: Invalid NotFound Forbidden NotPossible Conflict
}

payload! {
    /// What became of `retryWebhookDelivery`.
    RetryWebhookDeliveryPayload as "retryWebhookDelivery" {
        /// The delivery, PENDING; null when it was refused.
        webhook_delivery: WebhookDelivery
    } RetryWebhookDeliveryUserError RetryWebhookDeliveryErrorCode: Invalid NotFound Forbidden NotPossible Conflict
}

/// The place in the log that two alternative fields of an input name.
fn place(after: Option<&String>, from: Option<Instant>) -> Result<Option<Place>, UseCaseError> {
    match (after, from) {
        (None, None) => Ok(None),
        (Some(_), Some(_)) => Err(invalid("from", "give either `after` or `from`")),
        (None, Some(from)) => Ok(Some(Place::From(from.0))),
        (Some(cursor), None) => {
            let decoded = ["Position+", "Position-"].into_iter().find_map(|order| decode(order, cursor));
            match decoded.map(|position| position.key) {
                Some(Key::Place(position)) => Ok(Some(Place::After(position))),
                _ => Err(invalid("after", "this is not a cursor of `events`")),
            }
        }
    }
}

/// Mutations of webhook endpoints and deliveries.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct WebhookMutations;

#[Object]
impl WebhookMutations {
    /// Makes a webhook endpoint: events from now on are posted to it. For administrators; at most 20 of an organization.
    async fn create_webhook_endpoint(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Where to post, and what.")] input: CreateWebhookEndpointInput,
    ) -> Maybe<CreateWebhookEndpointPayload> {
        settle(async {
            let Reader { state, caller, .. } = reader(ctx)?;
            let CreateWebhookEndpointInput { url, description, kinds } = input;
            let draft = EndpointDraft { url, description, kinds };
            Ok(use_cases::create_endpoint(state, caller, draft).await?.into())
        })
        .await
    }

    /// Changes a webhook endpoint, or switches it on or off. For administrators.
    async fn update_webhook_endpoint(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The endpoint, and what changes.")] input: UpdateWebhookEndpointInput,
    ) -> Maybe<UpdateWebhookEndpointPayload> {
        settle(async {
            let Reader { state, caller, .. } = reader(ctx)?;
            let id = take(Kind::WebhookEndpoint, "id", &input.id)?;
            let go_on = place(input.after.as_ref(), input.from)?;
            let UpdateWebhookEndpointInput { url, description, kinds, enabled, .. } = input;
            let patch = EndpointPatch { url, description, kinds, enabled, go_on };
            Ok(WebhookEndpoint::from(use_cases::update_endpoint(state, caller, id, patch).await?))
        })
        .await
    }

    /// Gives a webhook endpoint a new secret. For 24 hours deliveries are signed with the old one, too: time to bring the
    /// new one to the receiver. For administrators.
    async fn rotate_webhook_secret(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The endpoint.")] input: RotateWebhookSecretInput,
    ) -> Maybe<RotateWebhookSecretPayload> {
        settle(async {
            let Reader { state, caller, .. } = reader(ctx)?;
            let id = take(Kind::WebhookEndpoint, "id", &input.id)?;
            Ok(use_cases::rotate_secret(state, caller, id).await?.into())
        })
        .await
    }

    /// Removes a webhook endpoint with all its deliveries. For administrators.
    async fn delete_webhook_endpoint(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The endpoint.")] input: DeleteWebhookEndpointInput,
    ) -> Maybe<DeleteWebhookEndpointPayload> {
        settle(async {
            let Reader { state, caller, .. } = reader(ctx)?;
            let id = take(Kind::WebhookEndpoint, "id", &input.id)?;
            Ok(global(Kind::WebhookEndpoint, use_cases::delete_endpoint(state, caller, id).await?))
        })
        .await
    }

    /// Sends an event `webhook.test` to this endpoint, whatever kinds it gets, and to no other. For administrators.
    async fn test_webhook_endpoint(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The endpoint.")] input: TestWebhookEndpointInput,
    ) -> Maybe<TestWebhookEndpointPayload> {
        settle(async {
            let Reader { state, caller, .. } = reader(ctx)?;
            let id = take(Kind::WebhookEndpoint, "id", &input.id)?;
            Ok(WebhookDelivery::from(use_cases::test_endpoint(state, caller, id).await?))
        })
        .await
    }

    /// Delivers once more, with the same `webhook-id`, what the endpoint has seen since a place in the log. For
    /// administrators.
    async fn replay_webhook_endpoint(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The endpoint, and from where.")] input: ReplayWebhookEndpointInput,
    ) -> Maybe<ReplayWebhookEndpointPayload> {
        settle(async {
            let Reader { state, caller, .. } = reader(ctx)?;
            let id = take(Kind::WebhookEndpoint, "id", &input.id)?;
            let place = place(input.after.as_ref(), input.from)?;
            let place = place.ok_or_else(|| invalid("after", "give either `after` or `from`"))?;
            Ok(WebhookEndpoint::from(use_cases::replay_endpoint(state, caller, id, place, input.kinds).await?))
        })
        .await
    }

    /// Makes a delivery now: one that waits, once more one that arrived, or one that was given up. For administrators.
    async fn retry_webhook_delivery(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The delivery.")] input: RetryWebhookDeliveryInput,
    ) -> Maybe<RetryWebhookDeliveryPayload> {
        settle(async {
            let Reader { state, caller, .. } = reader(ctx)?;
            let id = take(Kind::WebhookDelivery, "id", &input.id)?;
            Ok(WebhookDelivery::from(use_cases::retry_delivery(state, caller, id).await?))
        })
        .await
    }
}
