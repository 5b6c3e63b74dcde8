//! Enrollments: join a round, answer, pause, leave; and what staff decide about them.

mod leaving;

use chrono::NaiveDate;
use serde_json::json;
use shared::{
    domain::{
        enrollments::{
            Answers, Enrollment, EnrollmentEvent, EnrollmentRole, EnrollmentStatus, check_answers, is_complete,
        },
        people::Person,
        programs::{Admission, Kind, Program},
        refusals::{Refusal, RefusalCode},
        rounds::Round,
    },
    matchmaking::Setting,
    store::{self, Tx},
};
use uuid::Uuid;

use super::{State, UseCaseError, duplicate, not_found, passed, refuse, refuse_field};
use crate::caller::Caller;

pub(super) use self::leaving::{couple, leave_round};
pub use self::leaving::{remove_enrollment, withdraw_enrollment};

/// Somebody joins a round.
#[derive(Clone, Debug, Default)]
pub struct EnrollInput {
    /// The round.
    pub round_id: Uuid,
    /// Who; `None` for the caller.
    pub person_id: Option<Uuid>,
    /// MENTOR or MENTEE; `None` in a PEER program.
    pub role: Option<EnrollmentRole>,
    /// Partners at a time, 1 to 20; 1 if left out.
    pub capacity: Option<i32>,
    /// 1 to 1000, set by staff; 1 if left out.
    pub priority: Option<i32>,
    /// What the person says about themselves.
    pub about: Answers,
    /// What the person wishes of a partner.
    pub wanted: Answers,
}

/// Changes to an enrollment; `None` leaves a field as it is. Answers are replaced as a whole side.
#[derive(Clone, Debug, Default)]
pub struct EnrollmentPatch {
    /// See [`EnrollInput::capacity`].
    pub capacity: Option<i32>,
    /// See [`EnrollInput::priority`].
    pub priority: Option<i32>,
    /// See [`EnrollInput::about`].
    pub about: Option<Answers>,
    /// See [`EnrollInput::wanted`].
    pub wanted: Option<Answers>,
}

const IN_ROUND: &str = "the person is in this round already; edit that enrollment";

/// Checks numbers and answers of an enrollment, tidying answers in place.
pub(super) fn check(enrollment: &mut Enrollment, program: &Program) -> Vec<Refusal> {
    let mut found = check_answers(&mut enrollment.about, &program.questions, "about");
    found.extend(check_answers(&mut enrollment.wanted, &program.questions, "wanted"));
    if !(1..=20).contains(&enrollment.capacity) {
        found.push(Refusal::field(RefusalCode::Invalid, "capacity", "use 1 to 20 partners at a time"));
    }
    if !(1..=1000).contains(&enrollment.priority) {
        found.push(Refusal::field(RefusalCode::Invalid, "priority", "use 1 to 1000"));
    }
    if !enrollment.role.fits(program.kind) {
        let roles = match program.kind {
            Kind::Peer => "PEER",
            Kind::Mentoring => "MENTOR or MENTEE",
        };
        found.push(Refusal::field(RefusalCode::Invalid, "role", format!("in this program the role is {roles}")));
    }
    found
}

/// A new enrollment with the state the program's and the round's rules give it. Not stored yet.
pub(super) fn new_enrollment(
    state: &State,
    program: &Program,
    round: &Round,
    person_id: Uuid,
    role: EnrollmentRole,
) -> Enrollment {
    let now = state.clock.now();
    Enrollment {
        id: state.clock.new_id(),
        organization_id: program.organization_id,
        program_id: program.id,
        round_id: round.id,
        person_id,
        role,
        status: EnrollmentStatus::Applied,
        capacity: 1,
        priority: 1,
        about: Answers::new(),
        wanted: Answers::new(),
        paused_until: None,
        version: 1,
        applied_at: now,
        created_at: now,
        updated_at: now,
    }
}

/// Stores a new enrollment as APPLIED.
pub(super) async fn apply(tx: &Tx, setting: &Setting<'_>, enrollment: &Enrollment) -> Result<(), UseCaseError> {
    let stored = store::enrollments::insert_many(tx, std::slice::from_ref(enrollment)).await;
    stored.map_err(|error| duplicate(error, "roundId", IN_ROUND))?;
    let applied = EnrollmentStatus::Applied.as_str();
    setting.record(tx, enrollment, ("-", applied), None).await?;
    Ok(())
}

/// Moves an applicant as far as the program's and the round's rules allow without a human.
pub(super) async fn admit(
    tx: &Tx,
    setting: &Setting<'_>,
    round: &Round,
    enrollment: &mut Enrollment,
) -> Result<(), UseCaseError> {
    if setting.program.admission == Admission::Automatic && round.accepts_at_once() {
        setting.step_enrollment(tx, enrollment, EnrollmentEvent::Accept, None).await?;
        settle(tx, setting, enrollment).await?;
    }
    Ok(())
}

/// Keeps ACCEPTED and ACTIVE true to whether all required answers are there.
pub(super) async fn settle(tx: &Tx, setting: &Setting<'_>, enrollment: &mut Enrollment) -> Result<(), UseCaseError> {
    let complete = is_complete(enrollment, setting.program);
    match (enrollment.status, complete) {
        (EnrollmentStatus::Accepted, true) => {
            setting.step_enrollment(tx, enrollment, EnrollmentEvent::Activate, None).await?;
        }
        (EnrollmentStatus::Active, false) => {
            setting.step_enrollment(tx, enrollment, EnrollmentEvent::Reopen, None).await?;
        }
        _ => {}
    }
    Ok(())
}

/// Joins a round, for oneself or (staff) for a person one looks after.
///
/// # Errors
/// Refused when the round takes nobody, for invalid answers, and when the person is in the round already.
pub async fn enroll(state: &State, caller: &Caller, input: EnrollInput) -> Result<Enrollment, UseCaseError> {
    let tx = state.store.begin().await?;
    let enrollment = enroll_in(&tx, state, caller, input).await?;
    state.commit(tx).await?;
    Ok(enrollment)
}

/// As [`enroll`], as a part of something larger.
pub(super) async fn enroll_in(
    tx: &Tx,
    state: &State,
    caller: &Caller,
    input: EnrollInput,
) -> Result<Enrollment, UseCaseError> {
    let organization_id = caller.organization_id();
    let person = person_acted_for(tx, caller, input.person_id).await?;
    let round = store::rounds::find(tx, organization_id, input.round_id).await?;
    let round = round.filter(|round| caller.is_staff() || round.is_announced());
    let round = round.ok_or_else(|| not_found("roundId", "round"))?;
    let program = store::programs::find(tx, organization_id, round.program_id).await?;
    let program = program.ok_or_else(|| not_found("roundId", "round"))?;
    if !round.takes_enrollments() {
        let message = format!("the round is {} and takes no enrollments", round.status);
        return Err(refuse_field(RefusalCode::RoundNotOpen, "roundId", message));
    }
    let role = match (input.role, program.kind) {
        (Some(role), _) => role,
        (None, Kind::Peer) => EnrollmentRole::Peer,
        (None, Kind::Mentoring) => {
            return Err(refuse_field(RefusalCode::Invalid, "role", "say MENTOR or MENTEE"));
        }
    };
    if input.priority.is_some() && !caller.looks_after(person.country.as_deref()) {
        return Err(refuse_field(RefusalCode::Forbidden, "priority", "only staff set priorities; leave it out"));
    }
    let setting = state.setting(caller, &program);
    let earlier = store::enrollments::find_in_round(tx, organization_id, round.id, person.id).await?;
    let is_new = earlier.is_none();
    let mut enrollment = match earlier {
        None => new_enrollment(state, &program, &round, person.id, role),
        Some(earlier) => come_back(tx, &setting, &round, earlier).await?,
    };
    enrollment.role = role;
    enrollment.capacity = input.capacity.unwrap_or(1);
    enrollment.priority = input.priority.unwrap_or(1);
    enrollment.about = input.about;
    enrollment.wanted = input.wanted;
    passed(check(&mut enrollment, &program))?;
    if is_new {
        apply(tx, &setting, &enrollment).await?;
    } else {
        store::enrollments::update(tx, &mut enrollment).await?;
    }
    admit(tx, &setting, &round, &mut enrollment).await?;
    state.audit(tx, caller, "enroll", enrollment.id, json!({ "personId": person.id })).await?;
    Ok(enrollment)
}

/// Somebody who left joins again, or somebody whom only a pair request had brought into the round joins for real.
async fn come_back(
    tx: &Tx,
    setting: &Setting<'_>,
    round: &Round,
    mut earlier: Enrollment,
) -> Result<Enrollment, UseCaseError> {
    if earlier.status == EnrollmentStatus::Withdrawn {
        earlier.applied_at = setting.clock.now();
        setting.step_enrollment(tx, &mut earlier, EnrollmentEvent::Reapply, None).await?;
    }
    let decided_by_rule = setting.program.admission == Admission::Automatic && round.accepts_at_once();
    if earlier.status != EnrollmentStatus::Applied || (!decided_by_rule && earlier.applied_at != setting.clock.now()) {
        return Err(refuse_field(RefusalCode::AlreadyExists, "roundId", IN_ROUND));
    }
    Ok(earlier)
}

async fn person_acted_for(tx: &Tx, caller: &Caller, id: Option<Uuid>) -> Result<Person, UseCaseError> {
    let id = id.unwrap_or(caller.person_id());
    let person = store::people::find(tx, caller.organization_id(), id).await?;
    let person = person.filter(|person| person.active && caller.acts_for(person));
    person.ok_or_else(|| not_found("personId", "person"))
}

/// An enrollment the caller may act on, with what belongs to it.
struct Own {
    enrollment: Enrollment,
    program: Program,
    round: Round,
    person: Person,
}

async fn own(tx: &Tx, caller: &Caller, id: Uuid) -> Result<Own, UseCaseError> {
    let organization_id = caller.organization_id();
    let missing = || not_found("id", "enrollment");
    let enrollment = store::enrollments::find(tx, organization_id, id).await?.ok_or_else(missing)?;
    let person = store::people::find(tx, organization_id, enrollment.person_id).await?;
    let person = person.filter(|person| caller.acts_for(person)).ok_or_else(missing)?;
    let program = store::programs::find(tx, organization_id, enrollment.program_id).await?.ok_or_else(missing)?;
    let round = store::rounds::find(tx, organization_id, enrollment.round_id).await?.ok_or_else(missing)?;
    Ok(Own { enrollment, program, round, person })
}

/// Edits answers, capacity and (staff) priority.
///
/// # Errors
/// Refused for invalid answers, for a capacity below the partners the person has, and when the enrollment is over.
pub async fn update_enrollment(
    state: &State,
    caller: &Caller,
    id: Uuid,
    patch: EnrollmentPatch,
) -> Result<Enrollment, UseCaseError> {
    let tx = state.store.begin().await?;
    let Own { mut enrollment, program, person, .. } = own(&tx, caller, id).await?;
    if !enrollment.status.is_living() {
        let message = format!("the enrollment is {} and cannot be edited", enrollment.status);
        return Err(refuse(RefusalCode::NotPossible, message));
    }
    if let Some(priority) = patch.priority {
        if !caller.looks_after(person.country.as_deref()) {
            return Err(refuse_field(RefusalCode::Forbidden, "priority", "only staff set priorities; leave it out"));
        }
        enrollment.priority = priority;
    }
    if let Some(capacity) = patch.capacity {
        let living = store::matches::living_of_enrollment(&tx, caller.organization_id(), id).await?.len();
        if usize::try_from(capacity).is_ok_and(|capacity| capacity < living) {
            let message = format!("the person has {living} living matches; end some first");
            return Err(refuse_field(RefusalCode::NotPossible, "capacity", message));
        }
        enrollment.capacity = capacity;
    }
    if let Some(about) = patch.about {
        enrollment.about = about;
    }
    if let Some(wanted) = patch.wanted {
        enrollment.wanted = wanted;
    }
    passed(check(&mut enrollment, &program))?;
    enrollment.updated_at = state.clock.now();
    store::enrollments::update(&tx, &mut enrollment).await?;
    settle(&tx, &state.setting(caller, &program), &mut enrollment).await?;
    state.audit(&tx, caller, "updateEnrollment", enrollment.id, json!({})).await?;
    state.commit(tx).await?;
    Ok(enrollment)
}

/// Takes no new partner for a while; living matches go on. `until` ends the pause by itself.
///
/// # Errors
/// Refused when the enrollment is not ACTIVE or the day is past.
pub async fn pause_enrollment(
    state: &State,
    caller: &Caller,
    id: Uuid,
    until: Option<NaiveDate>,
) -> Result<Enrollment, UseCaseError> {
    let tx = state.store.begin().await?;
    let Own { mut enrollment, program, .. } = own(&tx, caller, id).await?;
    if until.is_some_and(|day| day <= state.clock.now().date_naive()) {
        return Err(refuse_field(RefusalCode::Invalid, "until", "name a day to come, or leave it out"));
    }
    enrollment.paused_until = until;
    state.setting(caller, &program).step_enrollment(&tx, &mut enrollment, EnrollmentEvent::Pause, None).await?;
    state.audit(&tx, caller, "pauseEnrollment", enrollment.id, json!({ "until": until })).await?;
    state.commit(tx).await?;
    Ok(enrollment)
}

/// Ends a pause: the next night looks for a partner again.
///
/// # Errors
/// Refused when the enrollment is not PAUSED.
pub async fn resume_enrollment(state: &State, caller: &Caller, id: Uuid) -> Result<Enrollment, UseCaseError> {
    let tx = state.store.begin().await?;
    let Own { mut enrollment, program, .. } = own(&tx, caller, id).await?;
    enrollment.paused_until = None;
    let setting = state.setting(caller, &program);
    setting.step_enrollment(&tx, &mut enrollment, EnrollmentEvent::Resume, None).await?;
    // Answers may have been taken back, or questions added, during the pause.
    settle(&tx, &setting, &mut enrollment).await?;
    state.audit(&tx, caller, "resumeEnrollment", enrollment.id, json!({})).await?;
    state.commit(tx).await?;
    Ok(enrollment)
}

/// Accepts or declines an applicant, or somebody from the waiting list.
///
/// # Errors
/// Refused to anyone but staff who look after the person, and when it was decided already.
pub async fn review_enrollment(
    state: &State,
    caller: &Caller,
    id: Uuid,
    accept: bool,
    reason: Option<String>,
) -> Result<Enrollment, UseCaseError> {
    let tx = state.store.begin().await?;
    let event = if accept { EnrollmentEvent::Accept } else { EnrollmentEvent::Decline };
    let enrollment = review_in(&tx, state, caller, id, event, reason).await?;
    state.commit(tx).await?;
    Ok(enrollment)
}

/// As [`review_enrollment`], as a part of something larger; `event` may also put an applicant on the waiting list.
pub(super) async fn review_in(
    tx: &Tx,
    state: &State,
    caller: &Caller,
    id: Uuid,
    event: EnrollmentEvent,
    reason: Option<String>,
) -> Result<Enrollment, UseCaseError> {
    let Own { mut enrollment, program, person, .. } = own(tx, caller, id).await?;
    if !caller.looks_after(person.country.as_deref()) {
        return Err(refuse(RefusalCode::Forbidden, "only staff decide on applicants"));
    }
    let setting = state.setting(caller, &program);
    setting.step_enrollment(tx, &mut enrollment, event, reason).await?;
    settle(tx, &setting, &mut enrollment).await?;
    let waits = event == EnrollmentEvent::Waitlist;
    let details =
        if waits { json!({ "waitlist": true }) } else { json!({ "accept": event == EnrollmentEvent::Accept }) };
    state.audit(tx, caller, "reviewEnrollment", enrollment.id, details).await?;
    Ok(enrollment)
}
