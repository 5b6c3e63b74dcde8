//! Mutations of programs.

use async_graphql::{Context, ID, InputObject, Object};
use shared::domain::programs::{QuietHours, Timings};
use uuid::Uuid;

use super::payloads::{Stop, codes, invalid, payload, settle, take};
use crate::{
    graphql::{
        ids::Kind,
        programs::Program,
        reader::{Maybe, Reader, reader},
        scalars::LocalTime,
        words::{Admission, Asks, Comparison, Consent, Objective, ProgramKind, QuestionKind, Strength, Subject},
    },
    use_cases::{
        UseCaseError,
        programs::{self, CriterionDraft, ProgramDraft, ProgramPatch, QuestionDraft},
    },
};

/// Something participants will be asked.
#[derive(InputObject, Clone, Debug)]
pub(super) struct QuestionInput {
    /// Its stable name: small letters, digits and `_`, beginning with a letter, at most 40.
    key: String,
    /// A word or two, for explanations; at most 200 characters.
    label: String,
    /// The whole question, at most 1,000 characters.
    prompt: String,
    /// What an answer looks like.
    kind: QuestionKind,
    /// The choices of SINGLE and MULTIPLE, 2 to 200; none for the others.
    #[graphql(default)]
    options: Vec<String>,
    /// Whether nobody is matched without an answer.
    #[graphql(default)]
    required: bool,
    /// Whether it is asked about the person, about the partner, or both.
    asks: Asks,
}

/// A rule of matching.
#[derive(InputObject, Clone, Debug)]
pub(super) struct CriterionInput {
    /// What explanations and reasons call it, at most 200 characters.
    label: String,
    /// What is compared.
    subject: Subject,
    /// The question's key, when the subject is QUESTION.
    question_key: Option<String>,
    /// How it is compared.
    comparison: Comparison,
    /// Hours, 0 to 12, for WITHIN.
    at_most: Option<i32>,
    /// Whether it must hold or earns points.
    strength: Strength,
    /// Points relative to the other PREFER criteria, 1 to 100; leave it out for a MUST.
    #[graphql(default)]
    weight: i32,
}

/// From one time to another on the clock of whoever is written to; the same time twice for never. Introductions, proposals,
/// reminders, topics and the like wait for the end of them. Links to sign in, requests to pair up, changes of sessions and
/// the last reminder before one do not.
#[derive(InputObject, Clone, Copy, Debug)]
pub(super) struct QuietHoursInput {
    /// When they begin, such as `21:00`.
    from: LocalTime,
    /// When they end, such as `08:00`.
    until: LocalTime,
}

impl QuietHoursInput {
    fn hours(self) -> Option<QuietHours> {
        QuietHours::between(self.from.0, self.until.0)
    }
}

/// A new program.
#[derive(InputObject, Clone, Debug)]
pub(super) struct CreateProgramInput {
    /// Its name, unique in the organization; at most 200 characters.
    name: String,
    /// For participants; plain text of at most 10,000 characters.
    #[graphql(default)]
    description: String,
    /// Peers, or mentors with mentees. It cannot be changed later.
    kind: ProgramKind,
    /// Who agrees before two people are introduced.
    consent: Consent,
    /// What the nightly run aims at first; PARTICIPATION if left out.
    objective: Option<Objective>,
    /// Who decides on applicants; AUTOMATIC if left out.
    admission: Option<Admission>,
    /// The IANA zone of its nights and dates, such as `Europe/Berlin`.
    time_zone: String,
    /// When the nightly run is due, on the program's clock.
    match_at: LocalTime,
    /// Pairs below this score are never made, 0 to 1000; 0 if left out.
    #[graphql(default)]
    minimum_score: i32,
    /// Whether people who were partners once are kept apart; true if left out.
    #[graphql(default = true)]
    avoid_past_partners: bool,
    /// Days without an answer until a proposal is recalled to mind, 1 to 365; 7 if left out.
    proposal_reminder_days: Option<i32>,
    /// Days until an unanswered proposal closes, 1 to 365; 14 if left out.
    proposal_expires_days: Option<i32>,
    /// Days without a word between two partners until both are reminded, 1 to 365; 7 if left out.
    first_contact_days: Option<i32>,
    /// Days without a sign of life between two partners until both are asked, 1 to 365, 0 for never; 21 if left out.
    stalled_days: Option<i32>,
    /// Days until partners are first asked how it goes, 1 to 365, 0 for never; 30 if left out.
    first_check_in_days: Option<i32>,
    /// Days until they are asked again, time after time, 1 to 365, 0 for never; 60 if left out.
    check_in_days: Option<i32>,
    /// Days from one topic to talk about to the next, 1 to 365, 0 for never; 14 if left out.
    topic_days: Option<i32>,
    /// When mail that may wait does; never if left out.
    quiet_hours: Option<QuietHoursInput>,
    /// What partners may talk about, one after the other, the last a look back; the standard topics if empty. At most 60, of
    /// 500 characters each.
    #[graphql(default)]
    topics: Vec<String>,
    /// Questions to begin with, for the introduction; the standard ones if empty.
    #[graphql(default)]
    ice_breakers: Vec<String>,
    /// What participants are asked, in order.
    #[graphql(default)]
    questions: Vec<QuestionInput>,
    /// The rules of matching, in order; at most 30.
    #[graphql(default)]
    criteria: Vec<CriterionInput>,
}

/// Changes to a program. What is left out stays; lists are replaced as a whole.
#[derive(InputObject, Clone, Debug)]
pub(super) struct UpdateProgramInput {
    /// The program's id.
    id: ID,
    /// The version that was read: the change is refused with CONFLICT if somebody else changed it since. Left out, the
    /// last writer wins.
    expected_version: Option<i32>,
    /// A new name, unique in the organization.
    name: Option<String>,
    /// For participants; plain text.
    description: Option<String>,
    /// Who agrees before two people are introduced.
    consent: Option<Consent>,
    /// What the nightly run aims at first.
    objective: Option<Objective>,
    /// Who decides on applicants.
    admission: Option<Admission>,
    /// The IANA zone of its nights and dates.
    time_zone: Option<String>,
    /// When the nightly run is due, on the program's clock.
    match_at: Option<LocalTime>,
    /// Pairs below this score are never made, 0 to 1000.
    minimum_score: Option<i32>,
    /// Whether people who were partners once are kept apart.
    avoid_past_partners: Option<bool>,
    /// Days without an answer until a proposal is recalled to mind, 1 to 365.
    proposal_reminder_days: Option<i32>,
    /// Days until an unanswered proposal closes, 1 to 365.
    proposal_expires_days: Option<i32>,
    /// Days without a word between two partners until both are reminded, 1 to 365.
    first_contact_days: Option<i32>,
    /// Days without a sign of life between two partners until both are asked, 1 to 365, 0 for never.
    stalled_days: Option<i32>,
    /// Days until partners are first asked how it goes, 1 to 365, 0 for never.
    first_check_in_days: Option<i32>,
    /// Days until they are asked again, time after time, 1 to 365, 0 for never.
    check_in_days: Option<i32>,
    /// Days from one topic to talk about to the next, 1 to 365, 0 for never.
    topic_days: Option<i32>,
    /// When mail that may wait does.
    quiet_hours: Option<QuietHoursInput>,
    /// What partners may talk about, one after the other, the last a look back.
    topics: Option<Vec<String>>,
    /// Questions to begin with, for the introduction.
    ice_breakers: Option<Vec<String>>,
    /// What participants are asked. Answers to questions that are gone are no longer shown.
    questions: Option<Vec<QuestionInput>>,
    /// The rules of matching.
    criteria: Option<Vec<CriterionInput>>,
}

/// A program to put away.
#[derive(InputObject, Clone, Debug)]
pub(super) struct ArchiveProgramInput {
    /// The program's id.
    id: ID,
}

payload! {
    /// What became of `createProgram`.
    CreateProgramPayload as "createProgram" {
        /// The new program; null when it was refused.
        program: Program
    } CreateProgramUserError CreateProgramErrorCode: Invalid Forbidden AlreadyExists
}

payload! {
    /// What became of `updateProgram`.
    UpdateProgramPayload as "updateProgram" {
        /// The program as it is now; null when it was refused.
        program: Program
    } UpdateProgramUserError UpdateProgramErrorCode: Invalid NotFound Forbidden AlreadyExists Conflict
}

payload! {
    /// What became of `archiveProgram`.
    ArchiveProgramPayload as "archiveProgram" {
        /// The program as it is now; null when it was refused.
        program: Program
    } ArchiveProgramUserError ArchiveProgramErrorCode: Invalid NotFound Forbidden NotPossible Conflict
}

impl From<QuestionInput> for QuestionDraft {
    fn from(input: QuestionInput) -> Self {
        let QuestionInput { key, label, prompt, kind, options, required, asks } = input;
        Self { key, label, prompt, kind: kind.into(), options, required, asks: asks.into() }
    }
}

impl From<CriterionInput> for CriterionDraft {
    fn from(input: CriterionInput) -> Self {
        Self {
            label: input.label,
            subject: input.subject.into(),
            question_key: input.question_key,
            comparison: input.comparison.into(),
            at_most: input.at_most,
            strength: input.strength.into(),
            weight: input.weight,
        }
    }
}

fn all<T, U: From<T>>(items: Vec<T>) -> Vec<U> {
    items.into_iter().map(U::from).collect()
}

/// Days that were given, in the order of [`Timings`].
type Days = [Option<i32>; 7];

/// Days that were given, over those there were.
fn timings(days: Days, there: Timings) -> Result<Timings, UseCaseError> {
    let [reminder, expires, contact, stalled, first_check_in, check_in, topic] = days;
    let read = |field: &str, days: Option<i32>, there: u16| match days.map(u16::try_from) {
        None => Ok(there),
        Some(Ok(days)) => Ok(days),
        Some(Err(_)) => Err(invalid(field, "use 1 to 365 days")),
    };
    Ok(Timings {
        proposal_reminder_days: read("proposalReminderDays", reminder, there.proposal_reminder_days)?,
        proposal_expires_days: read("proposalExpiresDays", expires, there.proposal_expires_days)?,
        first_contact_days: read("firstContactDays", contact, there.first_contact_days)?,
        stalled_days: read("stalledDays", stalled, there.stalled_days)?,
        first_check_in_days: read("firstCheckInDays", first_check_in, there.first_check_in_days)?,
        check_in_days: read("checkInDays", check_in, there.check_in_days)?,
        topic_days: read("topicDays", topic, there.topic_days)?,
    })
}

/// Days are stored together: those that were not given stay as they are.
async fn changed_timings(reader: &Reader, id: Uuid, days: Days) -> Result<Option<Timings>, Stop> {
    if days.iter().all(Option::is_none) {
        return Ok(None);
    }
    let Some(program) = reader.program(id).await? else { return Ok(None) };
    Ok(Some(timings(days, program.timings)?))
}

/// Mutations of programs.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct ProgramMutations;

#[Object]
impl ProgramMutations {
    /// Creates a program. For staff of all countries.
    async fn create_program(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The program.")] input: CreateProgramInput,
    ) -> Maybe<CreateProgramPayload> {
        settle(async {
            let Reader { state, caller, .. } = reader(ctx)?;
            let days = [
                input.proposal_reminder_days,
                input.proposal_expires_days,
                input.first_contact_days,
                input.stalled_days,
                input.first_check_in_days,
                input.check_in_days,
                input.topic_days,
            ];
            let draft = ProgramDraft {
                name: input.name,
                description: input.description,
                kind: input.kind.into(),
                consent: input.consent.into(),
                objective: input.objective.unwrap_or(Objective::Participation).into(),
                admission: input.admission.unwrap_or(Admission::Automatic).into(),
                time_zone: input.time_zone,
                match_at: input.match_at.0,
                minimum_score: input.minimum_score,
                avoid_past_partners: input.avoid_past_partners,
                timings: timings(days, Timings::default())?,
                quiet_hours: input.quiet_hours.and_then(QuietHoursInput::hours),
                ice_breakers: input.ice_breakers,
                topics: input.topics,
                questions: all(input.questions),
                criteria: all(input.criteria),
            };
            Ok(Program::from(programs::create_program(state, caller, draft).await?))
        })
        .await
    }

    /// Changes a program; from the next run on. For staff of all countries.
    async fn update_program(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The changes.")] input: UpdateProgramInput,
    ) -> Maybe<UpdateProgramPayload> {
        settle(async {
            let reader = reader(ctx)?;
            let id = take(Kind::Program, "id", &input.id)?;
            let days = [
                input.proposal_reminder_days,
                input.proposal_expires_days,
                input.first_contact_days,
                input.stalled_days,
                input.first_check_in_days,
                input.check_in_days,
                input.topic_days,
            ];
            let patch = ProgramPatch {
                name: input.name,
                description: input.description,
                consent: input.consent.map(Into::into),
                objective: input.objective.map(Into::into),
                admission: input.admission.map(Into::into),
                time_zone: input.time_zone,
                match_at: input.match_at.map(|time| time.0),
                minimum_score: input.minimum_score,
                avoid_past_partners: input.avoid_past_partners,
                timings: changed_timings(reader, id, days).await?,
                quiet_hours: input.quiet_hours.map(QuietHoursInput::hours),
                ice_breakers: input.ice_breakers,
                topics: input.topics,
                questions: input.questions.map(all),
                criteria: input.criteria.map(all),
            };
            let Reader { state, caller, .. } = reader;
            let program = programs::update_program(state, caller, id, input.expected_version, patch).await?;
            Ok(Program::from(program))
        })
        .await
    }

    /// Puts a program away: it has no more nights, and its matches go on. For staff of all countries.
    async fn archive_program(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The program.")] input: ArchiveProgramInput,
    ) -> Maybe<ArchiveProgramPayload> {
        settle(async {
            let Reader { state, caller, .. } = reader(ctx)?;
            let id = take(Kind::Program, "id", &input.id)?;
            Ok(Program::from(programs::archive_program(state, caller, id).await?))
        })
        .await
    }
}
