//! Mutations of messages and suppressed addresses.

use async_graphql::{Context, ID, InputObject, Object};

use super::payloads::{codes, payload, settle, take};
use crate::{
    graphql::{
        ids::{Kind, global},
        messages::Message,
        reader::{Maybe, Reader, reader},
    },
    use_cases::mail,
};

/// A message to release.
#[derive(InputObject, Clone, Debug)]
pub(super) struct ReleaseMessageInput {
    /// The message's id.
    id: ID,
}

/// A message to try once more.
#[derive(InputObject, Clone, Debug)]
pub(super) struct RetryMessageInput {
    /// The message's id.
    id: ID,
}

/// A message that is not to be sent.
#[derive(InputObject, Clone, Debug)]
pub(super) struct CancelMessageInput {
    /// The message's id.
    id: ID,
}

/// A suppression to lift.
#[derive(InputObject, Clone, Debug)]
pub(super) struct LiftMailSuppressionInput {
    /// The suppression's id.
    id: ID,
}

payload! {
    /// What became of `releaseMessage`.
    ReleaseMessagePayload as "releaseMessage" {
        /// The message, which waits for its turn; null when it was refused.
        message: Message
    } ReleaseMessageUserError ReleaseMessageErrorCode: Invalid NotFound Forbidden NotPossible Conflict
}

payload! {
    /// What became of `retryMessage`.
    RetryMessagePayload as "retryMessage" {
        /// The message, which waits for its turn; null when it was refused.
        message: Message
    } RetryMessageUserError RetryMessageErrorCode: Invalid NotFound Forbidden NotPossible Conflict
}

payload! {
    /// What became of `cancelMessage`.
    CancelMessagePayload as "cancelMessage" {
        /// The message, which is not sent; null when it was refused.
        message: Message
    } CancelMessageUserError CancelMessageErrorCode: Invalid NotFound Forbidden NotPossible Conflict
}

payload! {
    /// What became of `liftMailSuppression`.
    LiftMailSuppressionPayload as "liftMailSuppression" {
        /// The id of the suppression that is gone; null when it was refused.
        lifted_suppression_id: ID
    } LiftMailSuppressionUserError LiftMailSuppressionErrorCode: Invalid NotFound Forbidden
}

/// Mutations of messages and suppressed addresses.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct MailMutations;

#[Object]
impl MailMutations {
    /// Lets a HELD message go: it is tried as if for the first time. If it may have been sent already, the person may get it
    /// twice. For staff who look after the person.
    async fn release_message(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The message.")] input: ReleaseMessageInput,
    ) -> Maybe<ReleaseMessagePayload> {
        settle(async {
            let Reader { state, caller, .. } = reader(ctx)?;
            let id = take(Kind::Message, "id", &input.id)?;
            Ok(Message::from(mail::release_message(state, caller, id).await?))
        })
        .await
    }

    /// Has a FAILED message tried as if for the first time. What has become pointless meanwhile is suppressed instead of
    /// sent, and so is what goes to a suppressed address: lift that first. For staff who look after the person.
    async fn retry_message(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The message.")] input: RetryMessageInput,
    ) -> Maybe<RetryMessagePayload> {
        settle(async {
            let Reader { state, caller, .. } = reader(ctx)?;
            let id = take(Kind::Message, "id", &input.id)?;
            Ok(Message::from(mail::retry_message(state, caller, id).await?))
        })
        .await
    }

    /// Ends a PENDING or HELD message: it is not sent. For staff who look after the person.
    async fn cancel_message(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The message.")] input: CancelMessageInput,
    ) -> Maybe<CancelMessagePayload> {
        settle(async {
            let Reader { state, caller, .. } = reader(ctx)?;
            let id = take(Kind::Message, "id", &input.id)?;
            Ok(Message::from(mail::cancel_message(state, caller, id).await?))
        })
        .await
    }

    /// Lets an address be written to again. For staff who look after the person.
    async fn lift_mail_suppression(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The suppression.")] input: LiftMailSuppressionInput,
    ) -> Maybe<LiftMailSuppressionPayload> {
        settle(async {
            let Reader { state, caller, .. } = reader(ctx)?;
            let id = take(Kind::MailSuppression, "id", &input.id)?;
            Ok(global(Kind::MailSuppression, mail::lift_suppression(state, caller, id).await?))
        })
        .await
    }
}
