//! Mutations of signing in and out. Most of them need no token: they are how to get one.

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};

use super::payloads::{codes, payload, settle, take_option};
use crate::{
    graphql::{
        RequestId,
        errors::{ErrorCode, fail},
        ids::{Kind, global},
        reader::{Maybe, Reader, reader},
        scalars::Instant,
    },
    use_cases::{
        State,
        sign_ins::{self, LinkRequest, Tokens},
    },
};

/// Somebody who wants to sign in.
#[derive(InputObject, Clone, Debug)]
pub(super) struct RequestSignInInput {
    /// The organization's short name (`slug`).
    organization: String,
    /// Your mail address, as the organization knows it.
    email: String,
    /// The page of the organization's portal to which the link leads, of the same scheme, host and port as `portalUrl`;
    /// the portal itself if left out. The code is added as the fragment, `#code=…`.
    redirect: Option<String>,
}

/// The code of a mailed link.
#[derive(InputObject, Clone, Debug)]
pub(super) struct SignInInput {
    /// What follows `#code=` in the link. It works once, for 15 minutes.
    code: String,
}

/// A refresh token to be exchanged.
#[derive(InputObject, Clone, Debug)]
pub(super) struct RefreshSessionInput {
    /// The latest refresh token of the sign-in. Refresh in one place at a time: a token that comes back after it was
    /// exchanged ends the sign-in, unless its answer got lost and it comes again within 10 seconds.
    refresh_token: String,
}

/// A sign-in to end.
#[derive(InputObject, Clone, Debug)]
pub(super) struct SignOutInput {
    /// A refresh token of the sign-in.
    refresh_token: String,
}

/// A person to sign out.
#[derive(InputObject, Clone, Debug)]
pub(super) struct SignOutEverywhereInput {
    /// The person's id; you if left out. Others are for administrators.
    person_id: Option<ID>,
}

/// What a sign-in goes on with.
#[derive(SimpleObject, Debug)]
pub(in crate::graphql) struct SignInTokens {
    /// The id of the person who signed in.
    person_id: ID,
    /// The bearer token for the header `Authorization`, for 15 minutes. It ends with the sign-in.
    access_token: String,
    /// When the access token ends.
    access_token_expires_at: Instant,
    /// What is exchanged for the next tokens, once. Keep it where no script of another site can read it.
    refresh_token: String,
    /// When the refresh token ends: 7 days after it was made, and 30 days after signing in at the latest.
    refresh_token_expires_at: Instant,
}

impl From<Tokens> for SignInTokens {
    fn from(tokens: Tokens) -> Self {
        Self {
            person_id: global(Kind::Person, tokens.person.id),
            access_token: tokens.access_token,
            access_token_expires_at: Instant(tokens.access_expires_at),
            refresh_token: tokens.refresh_token.text(),
            refresh_token_expires_at: Instant(tokens.refresh_expires_at),
        }
    }
}

payload! {
    /// What became of `requestSignIn`.
    RequestSignInPayload as "requestSignIn" {
        /// True when the request was taken, whether anybody has the address or not; null when it was refused.
        accepted: bool
    } RequestSignInUserError RequestSignInErrorCode: Invalid NotFound NotPossible TooMany
}

payload! {
    /// What became of `signIn`.
    SignInPayload as "signIn" {
        /// The first tokens; null when it was refused.
        tokens: SignInTokens
    } SignInUserError SignInErrorCode: Invalid NotPossible
}

payload! {
    /// What became of `refreshSession`.
    RefreshSessionPayload as "refreshSession" {
        /// The next tokens; null when it was refused.
        tokens: SignInTokens
    } RefreshSessionUserError RefreshSessionErrorCode: Invalid NotPossible Conflict
}

payload! {
    /// What became of `signOut`.
    SignOutPayload as "signOut" {
        /// True: whatever the token was, it is worth nothing now.
        signed_out: bool
    } SignOutUserError SignOutErrorCode: Invalid
}

payload! {
    /// What became of `signOutEverywhere`.
    SignOutEverywherePayload as "signOutEverywhere" {
        /// How many sign-ins ended; null when it was refused.
        ended: i32
    } SignOutEverywhereUserError SignOutEverywhereErrorCode: Invalid NotFound Forbidden
}

/// What those who are nobody yet work with.
fn anybody<'c>(ctx: &Context<'c>) -> Result<(&'c State, &'c str)> {
    let missing = || fail(ErrorCode::Internal, "the schema was made without its state");
    let state = ctx.data_opt::<State>().ok_or_else(missing)?;
    Ok((state, ctx.data_opt::<RequestId>().map_or("", |id| id.0.as_str())))
}

/// Mutations of signing in and out.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct SignInMutations;

#[Object]
impl SignInMutations {
    /// Sends a link by which you sign in, if the organization knows your address. The answer is the same if it does not.
    /// Needs no token. At most 5 in an hour for an address, known or not; a newer link ends older ones.
    async fn request_sign_in(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Who wants to sign in where.")] input: RequestSignInInput,
    ) -> Maybe<RequestSignInPayload> {
        settle(async {
            let (state, _) = anybody(ctx)?;
            let RequestSignInInput { organization, email, redirect } = input;
            sign_ins::request_sign_in(state, LinkRequest { organization, email, redirect }).await?;
            Ok(true)
        })
        .await
    }

    /// Signs in with the code of a mailed link, once. Needs no token.
    async fn sign_in(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The code.")] input: SignInInput,
    ) -> Maybe<SignInPayload> {
        settle(async {
            let (state, request_id) = anybody(ctx)?;
            Ok(sign_ins::sign_in(state, &input.code, request_id).await?.into())
        })
        .await
    }

    /// Exchanges a refresh token for the next tokens. Needs no other token.
    async fn refresh_session(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The refresh token.")] input: RefreshSessionInput,
    ) -> Maybe<RefreshSessionPayload> {
        settle(async {
            let (state, request_id) = anybody(ctx)?;
            Ok(sign_ins::refresh_sign_in(state, &input.refresh_token, request_id).await?.into())
        })
        .await
    }

    /// Ends a sign-in: its access tokens stop working at once. Needs no other token than its refresh token.
    async fn sign_out(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The sign-in.")] input: SignOutInput,
    ) -> Maybe<SignOutPayload> {
        settle(async {
            let (state, request_id) = anybody(ctx)?;
            sign_ins::sign_out(state, &input.refresh_token, request_id).await?;
            Ok(true)
        })
        .await
    }

    /// Ends every sign-in by mailed links of a person, and links on their way. For the person, and for administrators.
    /// Tokens of an identity provider are not ours to end.
    async fn sign_out_everywhere(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The person.")] input: SignOutEverywhereInput,
    ) -> Maybe<SignOutEverywherePayload> {
        settle(async {
            let Reader { state, caller, .. } = reader(ctx)?;
            let person_id = take_option(Kind::Person, "personId", input.person_id.as_ref())?;
            let ended = sign_ins::sign_out_everywhere(state, caller, person_id).await?;
            Ok(i32::try_from(ended).unwrap_or(i32::MAX))
        })
        .await
    }
}
