//! Many rows in one call, each for itself: a row that is refused changes nothing for the others.

use shared::{
    domain::{
        enrollments::{Enrollment, EnrollmentEvent},
        matches::Match,
        refusals::{Refusal, RefusalCode},
    },
    store::{self, Tx},
};
use uuid::Uuid;

use super::{
    State, UseCaseError,
    enrollments::{EnrollInput, enroll_in, review_in},
    matches::{EndMatchInput, end_in},
    not_found, refuse, refuse_field,
};
use crate::caller::Caller;

/// The most rows one call may have.
pub const ROWS_MAX: usize = 1_000;
/// Rows that become permanent together; short enough for others to get their turn.
const BATCH: usize = 50;

/// What became of one row.
pub type Outcome<T> = Result<T, Vec<Refusal>>;

/// A decision on an applicant.
#[derive(Clone, Debug)]
pub struct Review {
    /// The enrollment.
    pub id: Uuid,
    /// `Accept`, `Decline` or `Waitlist`.
    pub event: EnrollmentEvent,
    /// Why; read by staff only.
    pub reason: Option<String>,
}

/// Somebody to be put into a round.
#[derive(Clone, Debug)]
pub struct Newcomer {
    /// By our id or the institution's.
    pub who: Who,
    /// What they bring; its `person_id` is set from `who`.
    pub input: EnrollInput,
}

/// How a row names a person.
#[derive(Clone, Debug)]
pub enum Who {
    /// Our id.
    Id(Uuid),
    /// The institution's id.
    ExternalId(String),
}

/// A match to be ended.
#[derive(Clone, Debug)]
pub struct Ending {
    /// The match.
    pub id: Uuid,
    /// How and why.
    pub input: EndMatchInput,
}

/// A row of a call: what to do with it, as a part of something larger.
pub trait Row: Send {
    /// What it changes.
    type Done: Send;

    /// Does it.
    fn act(
        self,
        tx: &Tx,
        state: &State,
        caller: &Caller,
    ) -> impl Future<Output = Result<Self::Done, UseCaseError>> + Send;
}

impl Row for Review {
    type Done = Enrollment;

    async fn act(self, tx: &Tx, state: &State, caller: &Caller) -> Result<Enrollment, UseCaseError> {
        review_in(tx, state, caller, self.id, self.event, self.reason).await
    }
}

impl Row for Newcomer {
    type Done = Enrollment;

    async fn act(self, tx: &Tx, state: &State, caller: &Caller) -> Result<Enrollment, UseCaseError> {
        let person_id = match self.who {
            Who::Id(id) => id,
            Who::ExternalId(external_id) => {
                let organization_id = caller.organization_id();
                let found = store::people::find_by_external_id(tx, organization_id, external_id.trim()).await?;
                let found = found.filter(|person| caller.acts_for(person));
                found.ok_or_else(|| not_found("externalId", "person"))?.id
            }
        };
        enroll_in(tx, state, caller, EnrollInput { person_id: Some(person_id), ..self.input }).await
    }
}

impl Row for Ending {
    type Done = Match;

    async fn act(self, tx: &Tx, state: &State, caller: &Caller) -> Result<Match, UseCaseError> {
        end_in(tx, state, caller, self.id, &self.input).await
    }
}

/// Does what each row says: decides on applicants, puts people into a round, or ends matches.
///
/// # Errors
/// Refused as a whole to anyone but staff, and for too many rows. What is wrong with one row is its outcome.
pub async fn each<R: Row>(
    state: &State,
    caller: &Caller,
    rows: Vec<Outcome<R>>,
) -> Result<Vec<Outcome<R::Done>>, UseCaseError> {
    if !caller.is_staff() {
        return Err(refuse(RefusalCode::Forbidden, "only staff change many rows at once"));
    }
    if rows.is_empty() || rows.len() > ROWS_MAX {
        let message = format!("send 1 to {ROWS_MAX} rows at a time; these are {}", rows.len());
        return Err(refuse_field(RefusalCode::Invalid, "rows", message));
    }
    let mut outcomes = Vec::with_capacity(rows.len());
    let mut rows = rows.into_iter().peekable();
    while rows.peek().is_some() {
        let tx = state.store.begin().await?;
        for row in rows.by_ref().take(BATCH) {
            let row = match row {
                Ok(row) => row,
                Err(refusals) => {
                    outcomes.push(Err(refusals));
                    continue;
                }
            };
            let part = tx.part().await?;
            match row.act(&part, state, caller).await {
                Ok(done) => {
                    tx.keep(part).await?;
                    outcomes.push(Ok(done));
                }
                Err(UseCaseError::Refused(refusals)) => {
                    part.undo().await?;
                    outcomes.push(Err(refusals));
                }
                Err(error @ (UseCaseError::Store(_) | UseCaseError::Secret(_))) => return Err(error),
            }
        }
        state.commit(tx).await?;
    }
    Ok(outcomes)
}
