//! Sessions: propose a time, agree, move, call off, and say whether it took place.

use serde_json::json;
use shared::{
    domain::{
        matches::{Match, MatchStatus, Side},
        people::Person,
        programs::Program,
        refusals::{Refusal, RefusalCode},
        sessions::{Appointment, Session, SessionStatus},
    },
    store::{self, Tx},
};
use uuid::Uuid;

use super::{
    State, UseCaseError,
    matches::{Own, needs_side, own},
    not_found, not_possible, passed,
};
use crate::caller::Caller;

/// Another time, place or agenda; `None` leaves what there is, an empty text takes it away.
#[derive(Clone, Debug)]
pub struct MoveSessionInput {
    /// When it begins.
    pub starts_at: chrono::DateTime<chrono::Utc>,
    /// How long it takes.
    pub minutes: Option<i32>,
    /// Where.
    pub place: Option<String>,
    /// What for.
    pub agenda: Option<String>,
}

/// A session with its match, in the caller's sight.
struct Found {
    session: Session,
    of: Match,
    program: Program,
    /// The caller's side; `None` for staff.
    side: Option<Side>,
    a: Person,
    b: Person,
}

async fn find(tx: &Tx, caller: &Caller, id: Uuid) -> Result<Found, UseCaseError> {
    let missing = || not_found("id", "session");
    let session = store::sessions::find(tx, caller.organization_id(), id).await?.ok_or_else(missing)?;
    // What is wrong with the match is not told: whoever does not see it sees no session of it.
    let Own { found: of, program, side, a, b } =
        own(tx, caller, session.match_id).await.map_err(|error| match error {
            UseCaseError::Refused(_) => missing(),
            UseCaseError::Store(_) | UseCaseError::Secret(_) => error,
        })?;
    Ok(Found { session, of, program, side, a, b })
}

/// People of a match that rests or ended agree on nothing new.
fn needs_active(found: &Match) -> Result<(), UseCaseError> {
    if found.status == MatchStatus::Active {
        return Ok(());
    }
    Err(not_possible(format!("the match is {}; sessions are planned while it is ACTIVE", found.status)))
}

fn minutes(minutes: i32) -> Result<u16, UseCaseError> {
    let refusal = || Refusal::field(RefusalCode::Invalid, "minutes", "use 5 to 480 minutes");
    u16::try_from(minutes).map_err(|_| UseCaseError::Refused(vec![refusal()]))
}

/// How many sessions of a match may wait or be to come: plenty, and no flood of mail.
const OPEN_MAX: usize = 50;

/// Suggests a time to the other person.
///
/// # Errors
/// Refused to anyone but the two, when the match is not ACTIVE, and when the time is over.
pub async fn propose_session(
    state: &State,
    caller: &Caller,
    match_id: Uuid,
    starts_at: chrono::DateTime<chrono::Utc>,
    length: i32,
    place: Option<String>,
    agenda: Option<String>,
) -> Result<Session, UseCaseError> {
    let tx = state.store.begin().await?;
    let Own { found, program, side, a, b } = own(&tx, caller, match_id).await.map_err(in_match_id)?;
    let side = needs_side(side)?;
    needs_active(&found)?;
    let mut appointment = Appointment { starts_at, minutes: minutes(length)?, place, agenda };
    passed(appointment.check(state.clock.now()))?;
    let open = store::sessions::open_of_match(&tx, caller.organization_id(), found.id).await?;
    let now = state.clock.now();
    if open.iter().filter(|session| session.ends_at() > now).count() >= OPEN_MAX {
        return Err(not_possible("the two have 50 sessions before them already; call some off first"));
    }
    let setting = state.setting(caller, &program);
    let session = setting.propose_session(&tx, &found, side, appointment, (&a, &b)).await?;
    state.audit(&tx, caller, "proposeSession", session.id, json!({ "startsAt": starts_at })).await?;
    state.commit(tx).await?;
    Ok(session)
}

/// The match is named by another field of the input than in its own mutations.
fn in_match_id(error: UseCaseError) -> UseCaseError {
    match error {
        UseCaseError::Refused(_) => not_found("matchId", "match"),
        UseCaseError::Store(_) | UseCaseError::Secret(_) => error,
    }
}

/// Agrees to the time that the other person suggested.
///
/// # Errors
/// Refused to whoever suggested it, when the match is not ACTIVE, and when the time is over.
pub async fn agree_to_session(state: &State, caller: &Caller, id: Uuid) -> Result<Session, UseCaseError> {
    let tx = state.store.begin().await?;
    let Found { mut session, mut of, program, side, a, b } = find(&tx, caller, id).await?;
    let side = needs_side(side)?;
    needs_active(&of)?;
    if session.status == SessionStatus::Proposed {
        if session.proposed_by == caller.person_id() {
            return Err(not_possible("you suggested this time yourself; the other one has to agree"));
        }
        if session.appointment.starts_at <= state.clock.now() {
            return Err(not_possible("this time is over; suggest another one"));
        }
    }
    let setting = state.setting(caller, &program);
    setting.agree_to_session(&tx, &mut session, &mut of, side, (&a, &b)).await?;
    state.audit(&tx, caller, "agreeToSession", session.id, json!({})).await?;
    state.commit(tx).await?;
    Ok(session)
}

/// Suggests another time, which the other person has to agree to; or changes only the place or agenda of an agreed one.
///
/// # Errors
/// Refused to anyone but the two, when the match is not ACTIVE, when the session is over, and when the new time is.
pub async fn move_session(
    state: &State,
    caller: &Caller,
    id: Uuid,
    input: MoveSessionInput,
) -> Result<Session, UseCaseError> {
    let tx = state.store.begin().await?;
    let Found { mut session, of, program, side, a, b } = find(&tx, caller, id).await?;
    let side = needs_side(side)?;
    needs_active(&of)?;
    let there = session.appointment.clone();
    let mut appointment = Appointment {
        starts_at: input.starts_at,
        minutes: input.minutes.map_or(Ok(there.minutes), minutes)?,
        place: input.place.or(there.place),
        agenda: input.agenda.or(there.agenda),
    };
    passed(appointment.check(state.clock.now()))?;
    if appointment == session.appointment {
        return Err(not_possible("nothing would change"));
    }
    let moved = json!({ "from": session.appointment.starts_at, "to": appointment.starts_at });
    let setting = state.setting(caller, &program);
    setting.move_session(&tx, &mut session, &of, side, appointment, (&a, &b)).await?;
    state.audit(&tx, caller, "moveSession", session.id, moved).await?;
    state.commit(tx).await?;
    Ok(session)
}

/// Calls a session off beforehand.
///
/// # Errors
/// Refused without a reason, when the session is over, and to people outside of the match.
pub async fn cancel_session(state: &State, caller: &Caller, id: Uuid, reason: &str) -> Result<Session, UseCaseError> {
    let tx = state.store.begin().await?;
    let Found { mut session, of, program, side, a, b } = find(&tx, caller, id).await?;
    let reason = shared::domain::people::tidy_line(reason);
    if reason.is_empty() || reason.chars().count() > 1_000 {
        let message = "say why in 1 to 1,000 characters; the other one reads it";
        return Err(UseCaseError::Refused(vec![Refusal::field(RefusalCode::Invalid, "reason", message)]));
    }
    if session.status == SessionStatus::Scheduled && session.ends_at() <= state.clock.now() {
        return Err(not_possible("its time is over; say with recordSession whether it took place"));
    }
    let setting = state.setting(caller, &program);
    setting.cancel_session(&tx, &mut session, &of, side, Some(reason), (&a, &b)).await?;
    state.audit(&tx, caller, "cancelSession", session.id, json!({})).await?;
    state.commit(tx).await?;
    Ok(session)
}

/// Says whether a session took place.
///
/// # Errors
/// Refused before it began, and when it is over in another way.
pub async fn record_session(state: &State, caller: &Caller, id: Uuid, held: bool) -> Result<Session, UseCaseError> {
    let tx = state.store.begin().await?;
    let Found { mut session, mut of, program, .. } = find(&tx, caller, id).await?;
    if session.status.is_open() && session.appointment.starts_at > state.clock.now() {
        return Err(not_possible("it has not begun yet; call it off if it will not take place"));
    }
    let setting = state.setting(caller, &program);
    setting.record_session(&tx, &mut session, &mut of, held).await?;
    state.audit(&tx, caller, "recordSession", session.id, json!({ "held": held })).await?;
    state.commit(tx).await?;
    Ok(session)
}
