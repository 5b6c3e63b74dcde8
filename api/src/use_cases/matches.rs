//! Matches: ask somebody, answer, be in touch, pause, end.

mod contact;

use serde_json::json;
use shared::{
    domain::{
        constraints::{Constraint, ConstraintKind},
        enrollments::{Enrollment, EnrollmentEvent, EnrollmentRole, EnrollmentStatus},
        explanations::Explanation,
        matches::{Answer, Match, MatchEvent, MatchOrigin, MatchStatus, Side},
        people::Person,
        programs::{Admission, Kind, Program},
        refusals::{Refusal, RefusalCode},
        rounds::Round,
    },
    matchmaking::{Made, NewMatch, Seat, Setting},
    store::{self, Tx},
};
use uuid::Uuid;

pub use self::contact::{note_contact, note_first_contact, set_match_cadence};
use super::{
    State, UseCaseError,
    enrollments::{admit, apply, check, couple, new_enrollment},
    not_found, passed, refuse, refuse_field,
};
use crate::caller::Caller;

/// One person asks another to pair up.
#[derive(Clone, Debug)]
pub struct RequestMatchInput {
    /// The round; both are enrolled in it by this, if they are not yet and it takes enrollments.
    pub round_id: Uuid,
    /// Whom to ask, by id.
    pub person_id: Option<Uuid>,
    /// Whom to ask, by address.
    pub email: Option<String>,
    /// A word to the other person, at most 1,000 characters.
    pub note: Option<String>,
}

/// How a match ends.
#[derive(Clone, Debug)]
pub struct EndMatchInput {
    /// Why, for the coordinators; 1 to 1,000 characters.
    pub reason: String,
    /// True when it reached what it was for.
    pub completed: bool,
    /// True: never match these two again. Confidential.
    pub not_again: bool,
}

/// Asks a person to pair up: the informal way into a match. The two are introduced once the other accepts.
///
/// # Errors
/// Refused when the two cannot be matched in this round, and says why.
pub async fn request_match(state: &State, caller: &Caller, input: RequestMatchInput) -> Result<Match, UseCaseError> {
    let organization_id = caller.organization_id();
    let note = input.note.as_deref().map(str::trim).filter(|note| !note.is_empty()).map(str::to_owned);
    if note.as_ref().is_some_and(|note| note.chars().count() > 1_000) {
        return Err(refuse_field(RefusalCode::Invalid, "note", "keep it to 1,000 characters"));
    }
    let tx = state.store.begin().await?;
    let round = store::rounds::find(&tx, organization_id, input.round_id).await?;
    let round = round.filter(Round::is_announced).ok_or_else(|| not_found("roundId", "round"))?;
    let program = store::programs::find(&tx, organization_id, round.program_id).await?;
    let program = program.ok_or_else(|| not_found("roundId", "round"))?;
    if !round.takes_enrollments() && !round.is_matched() {
        let message = format!("the round is {}; nobody can be matched in it", round.status);
        return Err(refuse_field(RefusalCode::RoundNotOpen, "roundId", message));
    }
    let other = addressee(&tx, caller, &input).await?;
    no_constraint(&tx, &program, caller.person_id(), other.id).await?;
    let setting = state.setting(caller, &program);
    let mine = seat(state, &tx, &setting, &round, &caller.person, None).await?;
    let theirs = seat(state, &tx, &setting, &round, &other, Some(mine.role)).await?;
    if theirs.status == EnrollmentStatus::Paused {
        return Err(refuse(RefusalCode::NotPossible, "this person takes no new partner at the moment"));
    }
    let (asking, a, b) = sides(program.kind, (&caller.person, &mine), (&other, &theirs));
    let pair = NewMatch { a, b, run_id: None, score: 0, explanation: Explanation::default() };
    let made = setting.request_match(&tx, pair, asking, note).await?;
    let Made::Match(found) = made else {
        let message = "you two have a living match already, or all your places are taken; end one first";
        return Err(refuse(RefusalCode::NoFreePlace, message));
    };
    state.audit(&tx, caller, "requestMatch", found.id, json!({ "personId": other.id })).await?;
    state.commit(tx).await?;
    Ok(*found)
}

async fn addressee(tx: &Tx, caller: &Caller, input: &RequestMatchInput) -> Result<Person, UseCaseError> {
    let organization_id = caller.organization_id();
    let (field, other) = match (input.person_id, &input.email) {
        (Some(id), None) => ("personId", store::people::find(tx, organization_id, id).await?),
        (None, Some(email)) => ("email", store::people::find_by_email(tx, organization_id, email).await?),
        _ => return Err(refuse(RefusalCode::Invalid, "name the person by personId or by email, not both")),
    };
    let other = other.filter(|person| person.active).ok_or_else(|| not_found(field, "person"))?;
    if other.id == caller.person_id() {
        return Err(refuse_field(RefusalCode::Invalid, field, "you cannot pair up with yourself"));
    }
    Ok(other)
}

/// A wish to be kept apart reads like a busy person: it must not be found out by asking.
async fn no_constraint(tx: &Tx, program: &Program, one: Uuid, other: Uuid) -> Result<(), UseCaseError> {
    let between = store::constraints::between(tx, program.organization_id, program.id, one, other).await?;
    if between.iter().any(|constraint| constraint.kind != ConstraintKind::Pin) {
        return Err(refuse(RefusalCode::NotPossible, "this person takes no new partner at the moment"));
    }
    Ok(())
}

/// The person's enrollment in the round; made now, as APPLIED, if there is none. `counterpart` is the other side's role.
async fn seat(
    state: &State,
    tx: &Tx,
    setting: &Setting<'_>,
    round: &Round,
    person: &Person,
    counterpart: Option<EnrollmentRole>,
) -> Result<Enrollment, UseCaseError> {
    let program = setting.program;
    let existing = store::enrollments::find_in_round(tx, program.organization_id, round.id, person.id).await?;
    let existing = match existing {
        Some(mut earlier) if earlier.status == EnrollmentStatus::Withdrawn && round.takes_enrollments() => {
            setting.step_enrollment(tx, &mut earlier, EnrollmentEvent::Reapply, None).await?;
            Some(earlier)
        }
        other => other,
    };
    let enrollment = if let Some(enrollment) = existing {
        enrollment
    } else {
        if !round.takes_enrollments() {
            let message = format!("{} is not in this round, and it takes no enrollments now", person.name);
            return Err(refuse_field(RefusalCode::RoundNotOpen, "roundId", message));
        }
        let role = match (program.kind, counterpart) {
            (Kind::Peer, _) => EnrollmentRole::Peer,
            (Kind::Mentoring, Some(EnrollmentRole::Mentee)) => EnrollmentRole::Mentor,
            (Kind::Mentoring, Some(_)) => EnrollmentRole::Mentee,
            (Kind::Mentoring, None) => {
                return Err(refuse(RefusalCode::NotPossible, "enroll as MENTOR or MENTEE first, then ask"));
            }
        };
        let mut enrollment = new_enrollment(state, program, round, person.id, role);
        passed(check(&mut enrollment, program))?;
        apply(tx, setting, &enrollment).await?;
        enrollment
    };
    if program.kind == Kind::Mentoring && counterpart == Some(enrollment.role) {
        return Err(refuse(RefusalCode::NotPossible, "a match needs one mentor and one mentee"));
    }
    let by_rule = program.admission == Admission::Automatic && round.accepts_at_once();
    let fits = match enrollment.status {
        EnrollmentStatus::Accepted | EnrollmentStatus::Active | EnrollmentStatus::Paused => true,
        EnrollmentStatus::Applied => by_rule,
        EnrollmentStatus::Waitlisted
        | EnrollmentStatus::Declined
        | EnrollmentStatus::Completed
        | EnrollmentStatus::Withdrawn
        | EnrollmentStatus::Removed => false,
    };
    if !fits {
        let message = format!("{} is {} in this round and has to be accepted first", person.name, enrollment.status);
        return Err(refuse(RefusalCode::NotPossible, message));
    }
    Ok(enrollment)
}

/// Puts asker and asked where a match has them.
fn sides<'a>(
    kind: Kind,
    (person, enrollment): (&'a Person, &'a Enrollment),
    other: (&'a Person, &'a Enrollment),
) -> (Side, Seat<'a>, Seat<'a>) {
    let comes_first = match kind {
        Kind::Peer => person.id < other.0.id,
        Kind::Mentoring => enrollment.role == EnrollmentRole::Mentor,
    };
    let asking = Seat { person, enrollment };
    let addressed = Seat { person: other.0, enrollment: other.1 };
    if comes_first { (Side::A, asking, addressed) } else { (Side::B, addressed, asking) }
}

/// A match the caller may act on.
/// A match in the caller's sight.
pub(super) struct Own {
    pub(super) found: Match,
    pub(super) program: Program,
    /// The caller's side; `None` for staff.
    pub(super) side: Option<Side>,
    pub(super) a: Person,
    pub(super) b: Person,
}

/// The match with this id, if the caller is one of the two or looks after one of them.
pub(super) async fn own(tx: &Tx, caller: &Caller, id: Uuid) -> Result<Own, UseCaseError> {
    let missing = || not_found("id", "match");
    let found = store::matches::find(tx, caller.organization_id(), id).await?.ok_or_else(missing)?;
    let (a, b) = couple(tx, &found).await?;
    let side = found.side_of(caller.person_id());
    let looked_after = [&a, &b].iter().any(|person| caller.looks_after(person.country.as_deref()));
    if side.is_none() && !looked_after {
        return Err(missing());
    }
    let program = store::programs::find(tx, caller.organization_id(), found.program_id).await?;
    Ok(Own { found, program: program.ok_or_else(missing)?, side, a, b })
}

/// The caller's side, for what only the two may do.
pub(super) fn needs_side(side: Option<Side>) -> Result<Side, UseCaseError> {
    side.ok_or_else(|| refuse(RefusalCode::Forbidden, "only the two people of the match may do this"))
}

/// Accepts or declines a proposal or a request.
///
/// # Errors
/// Refused when the match waits for no answer of the caller, and when accepting needs a place that is taken.
pub async fn answer_match(state: &State, caller: &Caller, id: Uuid, accept: bool) -> Result<Match, UseCaseError> {
    let tx = state.store.begin().await?;
    let Own { mut found, program, side, a, b } = own(&tx, caller, id).await?;
    let side = needs_side(side)?;
    let (mine, _) = found.sides(side);
    if mine.answer == Answer::Pending
        && found.status == MatchStatus::Proposed
        && found.answer_by.is_some_and(|until| until <= state.clock.now())
    {
        return Err(refuse(RefusalCode::NotPossible, "the time to answer is over; the next night looks again"));
    }
    let setting = state.setting(caller, &program);
    if accept && found.origin == MatchOrigin::Request && found.status == MatchStatus::Proposed {
        take_place(&tx, &setting, &found, side).await?;
        let_in(&tx, &setting, &found).await?;
    }
    setting.answer_match(&tx, &mut found, side, accept, (&a, &b)).await?;
    state.audit(&tx, caller, "answerMatch", found.id, json!({ "accept": accept })).await?;
    state.commit(tx).await?;
    Ok(found)
}

/// The person who was asked takes a place only now.
async fn take_place(tx: &Tx, setting: &Setting<'_>, found: &Match, side: Side) -> Result<(), UseCaseError> {
    let (mine, _) = found.sides(side);
    if mine.answer != Answer::Pending {
        return Ok(());
    }
    let enrollment = store::enrollments::find(tx, found.organization_id, mine.enrollment_id).await?;
    let enrollment = enrollment.ok_or_else(|| not_found("id", "match"))?;
    let capacity = enrollment.capacity;
    let organization_id = setting.organization.id;
    if !store::matches::take_place(tx, organization_id, enrollment.id, capacity, found.id).await? {
        let message = "all your places are taken; end a match or raise your capacity first";
        return Err(refuse(RefusalCode::NoFreePlace, message));
    }
    Ok(())
}

/// A "yes" lets both into the round who were not in it before.
async fn let_in(tx: &Tx, setting: &Setting<'_>, found: &Match) -> Result<(), UseCaseError> {
    let organization_id = found.organization_id;
    let round = store::rounds::find(tx, organization_id, found.round_id).await?;
    let round = round.ok_or_else(|| not_found("id", "match"))?;
    let ids = [found.a.enrollment_id, found.b.enrollment_id];
    for mut enrollment in store::enrollments::find_many(tx, organization_id, &ids).await? {
        if enrollment.status == EnrollmentStatus::Applied {
            admit(tx, setting, &round, &mut enrollment).await?;
        }
    }
    Ok(())
}

/// Takes a request back before it is answered.
///
/// # Errors
/// Refused to anyone but the person who asked (or staff), and when it is no open proposal.
pub async fn withdraw_match(state: &State, caller: &Caller, id: Uuid) -> Result<Match, UseCaseError> {
    let tx = state.store.begin().await?;
    let Own { mut found, program, side, a, b } = own(&tx, caller, id).await?;
    if let Some(side) = side {
        let asked_first = found.sides(side).0.answer == Answer::Accepted;
        if found.origin != MatchOrigin::Request || !asked_first {
            return Err(refuse(RefusalCode::NotPossible, "only your own request can be taken back; decline instead"));
        }
    }
    let setting = state.setting(caller, &program);
    setting.end_match(&tx, &mut found, MatchEvent::Withdraw, None, (&a, &b), &[]).await?;
    state.audit(&tx, caller, "withdrawMatch", found.id, json!({})).await?;
    state.commit(tx).await?;
    Ok(found)
}

/// Ends a match, by either side or by staff. Nobody's fault: the other side learns that it ended, not why.
///
/// # Errors
/// Refused without a reason, and when the match is not ACTIVE or PAUSED.
pub async fn end_match(state: &State, caller: &Caller, id: Uuid, input: EndMatchInput) -> Result<Match, UseCaseError> {
    let tx = state.store.begin().await?;
    let found = end_in(&tx, state, caller, id, &input).await?;
    state.commit(tx).await?;
    Ok(found)
}

/// As [`end_match`], as a part of something larger.
pub(super) async fn end_in(
    tx: &Tx,
    state: &State,
    caller: &Caller,
    id: Uuid,
    input: &EndMatchInput,
) -> Result<Match, UseCaseError> {
    let reason = input.reason.trim().to_owned();
    if reason.is_empty() || reason.chars().count() > 1_000 {
        let message = "say why in 1 to 1,000 characters; only coordinators read it";
        return Err(UseCaseError::Refused(vec![Refusal::field(RefusalCode::Invalid, "reason", message)]));
    }
    let Own { mut found, program, side, a, b } = own(tx, caller, id).await?;
    let event = if input.completed { MatchEvent::Complete } else { MatchEvent::EndEarly };
    let round = store::rounds::find(tx, caller.organization_id(), found.round_id).await?;
    let tries_again = !input.completed && round.is_some_and(|round| round.is_matched());
    let tell: Vec<(Side, bool)> = match side {
        Some(Side::A) => vec![(Side::B, tries_again)],
        Some(Side::B) => vec![(Side::A, tries_again)],
        None => vec![(Side::A, tries_again), (Side::B, tries_again)],
    };
    let setting = state.setting(caller, &program);
    setting.end_match(tx, &mut found, event, Some(reason), (&a, &b), &tell).await?;
    if input.not_again {
        keep_apart(state, tx, caller, &found, side).await?;
    }
    state.audit(tx, caller, "endMatch", found.id, json!({ "completed": input.completed })).await?;
    Ok(found)
}

/// A person's "not again" is confidential; staff's is a decision.
async fn keep_apart(
    state: &State,
    tx: &Tx,
    caller: &Caller,
    found: &Match,
    side: Option<Side>,
) -> Result<(), UseCaseError> {
    let (kind, person_a, person_b) = if let Some(side) = side {
        let (mine, theirs) = found.sides(side);
        (ConstraintKind::Avoid, mine.person_id, theirs.person_id)
    } else {
        let (low, high) = (found.a.person_id.min(found.b.person_id), found.a.person_id.max(found.b.person_id));
        (ConstraintKind::Forbid, low, high)
    };
    let organization_id = caller.organization_id();
    let between = store::constraints::between(tx, organization_id, found.program_id, person_a, person_b).await?;
    if between.iter().any(|standing| standing.kind == kind && standing.person_a == person_a) {
        return Ok(());
    }
    let constraint = Constraint {
        id: state.clock.new_id(),
        organization_id,
        program_id: found.program_id,
        kind,
        person_a,
        person_b,
        reason: None,
        created_by: Some(caller.person_id()),
        created_at: state.clock.now(),
    };
    store::constraints::insert(tx, &constraint).await?;
    Ok(())
}

/// The two take a break; both keep their place.
///
/// # Errors
/// Refused when the match is not ACTIVE.
pub async fn pause_match(state: &State, caller: &Caller, id: Uuid) -> Result<Match, UseCaseError> {
    rest(state, caller, id, MatchEvent::Pause, "pauseMatch").await
}

/// The break is over.
///
/// # Errors
/// Refused when the match is not PAUSED.
pub async fn resume_match(state: &State, caller: &Caller, id: Uuid) -> Result<Match, UseCaseError> {
    rest(state, caller, id, MatchEvent::Resume, "resumeMatch").await
}

async fn rest(
    state: &State,
    caller: &Caller,
    id: Uuid,
    event: MatchEvent,
    action: &'static str,
) -> Result<Match, UseCaseError> {
    let tx = state.store.begin().await?;
    let Own { mut found, program, .. } = own(&tx, caller, id).await?;
    state.setting(caller, &program).rest_match(&tx, &mut found, event).await?;
    state.audit(&tx, caller, action, found.id, json!({})).await?;
    state.commit(tx).await?;
    Ok(found)
}
