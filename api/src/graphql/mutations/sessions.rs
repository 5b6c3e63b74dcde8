//! Mutations of sessions.

use async_graphql::{Context, ID, InputObject, Object};

use super::payloads::{codes, payload, settle, take};
use crate::{
    graphql::{
        ids::Kind,
        reader::{Maybe, Reader, reader},
        scalars::Instant,
        sessions::Session,
    },
    use_cases::sessions::{self, MoveSessionInput as Move},
};

/// A time to meet.
#[derive(InputObject, Clone, Debug)]
pub(super) struct ProposeSessionInput {
    /// The match's id.
    match_id: ID,
    /// When it begins: to come, and within two years. Seconds are left out.
    starts_at: Instant,
    /// How long it takes, 5 to 480 minutes; 60 if left out.
    #[graphql(default = 60)]
    minutes: i32,
    /// Where: a room, or an address to click; at most 1,000 characters.
    place: Option<String>,
    /// What for, at most 2,000 characters.
    agenda: Option<String>,
}

/// A session to agree to.
#[derive(InputObject, Clone, Debug)]
pub(super) struct AgreeToSessionInput {
    /// The session's id.
    id: ID,
}

/// Another time or place.
#[derive(InputObject, Clone, Debug)]
pub(super) struct MoveSessionInput {
    /// The session's id.
    id: ID,
    /// When it begins now: to come, and within two years. Give the old time to change only the place or agenda.
    starts_at: Instant,
    /// How long it takes, 5 to 480 minutes; as before if left out.
    minutes: Option<i32>,
    /// Where; as before if left out, nowhere in particular if empty.
    place: Option<String>,
    /// What for; as before if left out, nothing in particular if empty.
    agenda: Option<String>,
}

/// A session to call off.
#[derive(InputObject, Clone, Debug)]
pub(super) struct CancelSessionInput {
    /// The session's id.
    id: ID,
    /// Why, in 1 to 1,000 characters. The other person reads it.
    reason: String,
}

/// What became of a session.
#[derive(InputObject, Clone, Debug)]
pub(super) struct RecordSessionInput {
    /// The session's id.
    id: ID,
    /// True when it took place: HELD. False when it did not: MISSED.
    held: bool,
}

/// Declares the payload of a mutation of one session.
macro_rules! session_payload {
    ($(#[$meta:meta])* $name:ident $text:literal $error:ident $code:ident: $($codes:ident)+) => {
        payload! {
            $(#[$meta])*
            $name as $text {
                /// The session as it is now; null when it was refused.
                session: Session
            } $error $code: $($codes)+
        }
    };
}

session_payload! {
    /// What became of `proposeSession`.
    ProposeSessionPayload "proposeSession" ProposeSessionUserError ProposeSessionErrorCode:
        Invalid NotFound Forbidden NotPossible Conflict
}
session_payload! {
    /// What became of `agreeToSession`.
    AgreeToSessionPayload "agreeToSession" AgreeToSessionUserError AgreeToSessionErrorCode:
        Invalid NotFound Forbidden NotPossible Conflict
}
session_payload! {
    /// What became of `moveSession`.
    MoveSessionPayload "moveSession" MoveSessionUserError MoveSessionErrorCode:
        Invalid NotFound Forbidden NotPossible Conflict
}
session_payload! {
    /// What became of `cancelSession`.
    CancelSessionPayload "cancelSession" CancelSessionUserError CancelSessionErrorCode:
        Invalid NotFound NotPossible Conflict
}
session_payload! {
    /// What became of `recordSession`.
    RecordSessionPayload "recordSession" RecordSessionUserError RecordSessionErrorCode:
        Invalid NotFound NotPossible Conflict
}

/// Mutations of sessions.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct SessionMutations;

#[Object]
impl SessionMutations {
    /// Suggests a time to the other person of an ACTIVE match, who is asked by mail. For the two people.
    async fn propose_session(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "When and where.")] input: ProposeSessionInput,
    ) -> Maybe<ProposeSessionPayload> {
        settle(async {
            let Reader { state, caller, .. } = reader(ctx)?;
            let id = take(Kind::Match, "matchId", &input.match_id)?;
            let ProposeSessionInput { starts_at, minutes, place, agenda, .. } = input;
            let session = sessions::propose_session(state, caller, id, starts_at.0, minutes, place, agenda).await?;
            Ok(Session(session))
        })
        .await
    }

    /// Agrees to the time that the other person suggested; both get it for their calendars. For whoever was asked.
    async fn agree_to_session(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The session.")] input: AgreeToSessionInput,
    ) -> Maybe<AgreeToSessionPayload> {
        settle(async {
            let Reader { state, caller, .. } = reader(ctx)?;
            let id = take(Kind::Session, "id", &input.id)?;
            Ok(Session(sessions::agree_to_session(state, caller, id).await?))
        })
        .await
    }

    /// Suggests another time, which the other person has to agree to again. With the old time, changes the place or
    /// agenda of an agreed session and tells both. For the two people of an ACTIVE match.
    async fn move_session(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The session, and when it is now.")] input: MoveSessionInput,
    ) -> Maybe<MoveSessionPayload> {
        settle(async {
            let Reader { state, caller, .. } = reader(ctx)?;
            let id = take(Kind::Session, "id", &input.id)?;
            let MoveSessionInput { starts_at, minutes, place, agenda, .. } = input;
            let input = Move { starts_at: starts_at.0, minutes, place, agenda };
            Ok(Session(sessions::move_session(state, caller, id, input).await?))
        })
        .await
    }

    /// Calls a session off before it is over; whoever has it in the calendar is told. For the two people, and staff who
    /// look after one of them.
    async fn cancel_session(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The session, and why.")] input: CancelSessionInput,
    ) -> Maybe<CancelSessionPayload> {
        settle(async {
            let Reader { state, caller, .. } = reader(ctx)?;
            let id = take(Kind::Session, "id", &input.id)?;
            Ok(Session(sessions::cancel_session(state, caller, id, &input.reason).await?))
        })
        .await
    }

    /// Says whether a session took place, once it began. For the two people, and staff who look after one of them.
    async fn record_session(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The session, and whether it took place.")] input: RecordSessionInput,
    ) -> Maybe<RecordSessionPayload> {
        settle(async {
            let Reader { state, caller, .. } = reader(ctx)?;
            let id = take(Kind::Session, "id", &input.id)?;
            Ok(Session(sessions::record_session(state, caller, id, input.held).await?))
        })
        .await
    }
}
