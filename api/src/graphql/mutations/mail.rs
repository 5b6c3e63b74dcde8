//! Mutations of messages and suppressed addresses.

use async_graphql::{Context, ID, InputObject, Object};

use super::payloads::{codes, invalid, payload, settle, take};
use crate::{
    graphql::{
        ids::{Kind, global},
        mail::{MailCategory, MailPreference},
        messages::Message,
        reader::{Maybe, Reader, reader},
    },
    use_cases::{UseCaseError, mail, mail_preferences},
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

/// A wish for one category of mail.
#[derive(InputObject, Clone, Copy, Debug)]
pub(super) struct MailPreferenceInput {
    /// Which.
    category: MailCategory,
    /// Whether it is to be sent.
    wanted: bool,
}

/// Which mail the caller wants.
#[derive(InputObject, Clone, Debug)]
pub(super) struct SetMailPreferencesInput {
    /// One wish for a category; those that are left out stay as they are.
    preferences: Vec<MailPreferenceInput>,
}

payload! {
    /// What became of `setMailPreferences`.
    SetMailPreferencesPayload as "setMailPreferences" {
        /// Every category as it is now; null when it was refused.
        mail_preferences: Vec<MailPreference>
    } SetMailPreferencesUserError SetMailPreferencesErrorCode: Invalid
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

    /// Has a FAILED or BOUNCED message tried as if for the first time. What has become pointless meanwhile is suppressed instead of
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

    /// Switches categories of mail on or off for the caller; mail that waits already keeps to it, too.
    async fn set_mail_preferences(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The wishes.")] input: SetMailPreferencesInput,
    ) -> Maybe<SetMailPreferencesPayload> {
        settle(async {
            let Reader { state, caller, .. } = reader(ctx)?;
            let wishes: Vec<_> = input.preferences.iter().map(|wish| (wish.category.into(), wish.wanted)).collect();
            if wishes.len() > 20 {
                return Err(invalid("preferences", "give each category once").into());
            }
            let action = "setMailPreferences";
            let set = mail_preferences::set(state, &caller.person, &wishes, action, &caller.request_id).await;
            Ok(set.map_err(UseCaseError::from)?.into_iter().map(MailPreference::from).collect::<Vec<_>>())
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
