//! What people can do. One function each, `(state, caller, input) -> Result<outcome, UseCaseError>`: first the right to the
//! row, then the rule, then the writes in one transaction.

pub mod api_clients;
pub mod bounces;
pub mod bulk;
mod cells;
pub mod check_ins;
pub mod constraints;
pub mod documents;
pub mod enrollments;
pub mod exports;
pub mod identities;
pub mod import;
pub mod issuers;
pub mod mail;
pub mod mail_preferences;
pub mod match_runs;
pub mod matches;
pub mod organizations;
pub mod people;
pub mod programs;
pub mod roster;
pub mod rounds;
pub mod sessions;
pub mod sign_ins;
pub mod token_exchange;
pub mod webhooks;

use std::sync::Arc;

use serde_json::Value;
use shared::{
    auth::{KeyError, NoRandomness, Signer},
    bus::{Bus, Topic},
    clock::Clock,
    domain::{
        programs::Program,
        refusals::{Refusal, RefusalCode},
        states::NotPossible,
    },
    matchmaking::{Setting, StepError},
    outbound::Outbound,
    store::{self, Store, StoreError, Tx, audit::AuditEntry},
};
use uuid::Uuid;

use crate::caller::Caller;

/// What every use case works with.
#[derive(Clone, Debug)]
pub struct State {
    /// The database.
    pub store: Store,
    /// The clock.
    pub clock: Clock,
    /// Wake-ups for the worker and for subscribers.
    pub bus: Bus,
    /// Judges addresses that organizations name.
    pub outbound: Outbound,
    /// Signs tokens; `None` where there are only public keys, to check tokens of others.
    pub signer: Option<Signer>,
    /// Where people reach this server, without a slash at the end.
    pub public_url: Arc<str>,
}

/// Why a use case did nothing.
#[derive(Debug, thiserror::Error)]
pub enum UseCaseError {
    /// An expected "no", for the payload's `userErrors`.
    #[error("refused: {0:?}")]
    Refused(Vec<Refusal>),
    /// The database failed.
    #[error(transparent)]
    Store(StoreError),
    /// A secret could not be made.
    #[error("no secret could be made: {0}")]
    Secret(String),
}

impl From<NoRandomness> for UseCaseError {
    fn from(error: NoRandomness) -> Self {
        Self::Secret(error.to_string())
    }
}

impl From<KeyError> for UseCaseError {
    fn from(error: KeyError) -> Self {
        Self::Secret(error.to_string())
    }
}

impl From<StoreError> for UseCaseError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Conflict(what) => refuse(
                RefusalCode::Conflict,
                format!("{what} was changed by somebody else meanwhile; load it again and retry"),
            ),
            other @ (StoreError::Database(_) | StoreError::Corrupt { .. } | StoreError::Duplicate(_)) => {
                Self::Store(other)
            }
        }
    }
}

impl From<NotPossible> for UseCaseError {
    fn from(error: NotPossible) -> Self {
        refuse(RefusalCode::NotPossible, error.to_string())
    }
}

impl From<StepError> for UseCaseError {
    fn from(error: StepError) -> Self {
        match error {
            StepError::NotPossible(error) => error.into(),
            StepError::Store(error) => error.into(),
        }
    }
}

fn refuse(code: RefusalCode, message: impl Into<String>) -> UseCaseError {
    UseCaseError::Refused(vec![Refusal::whole(code, message)])
}

fn refuse_field(code: RefusalCode, field: &str, message: impl Into<String>) -> UseCaseError {
    UseCaseError::Refused(vec![Refusal::field(code, field, message)])
}

/// Another tenant's thing, somebody else's thing and no thing at all look exactly the same.
fn not_found(field: &str, what: &str) -> UseCaseError {
    refuse_field(RefusalCode::NotFound, field, format!("there is no such {what}"))
}

fn passed(found: Vec<Refusal>) -> Result<(), UseCaseError> {
    if found.is_empty() { Ok(()) } else { Err(UseCaseError::Refused(found)) }
}

/// A write that broke a uniqueness rule, as a refusal of the field it is about.
fn duplicate(error: StoreError, field: &str, message: &str) -> UseCaseError {
    if matches!(error, StoreError::Duplicate(_)) {
        return refuse_field(RefusalCode::AlreadyExists, field, message);
    }
    error.into()
}

fn not_possible(message: impl Into<String>) -> UseCaseError {
    refuse(RefusalCode::NotPossible, message)
}

fn needs_administrator(caller: &Caller) -> Result<(), UseCaseError> {
    if caller.is_administrator() {
        return Ok(());
    }
    Err(refuse(RefusalCode::Forbidden, "only administrators may do this"))
}

fn needs_program_staff(caller: &Caller) -> Result<(), UseCaseError> {
    if caller.runs_programs() {
        return Ok(());
    }
    Err(refuse(RefusalCode::Forbidden, "only administrators and coordinators of all countries may do this"))
}

impl State {
    fn setting<'a>(&'a self, caller: &'a Caller, program: &'a Program) -> Setting<'a> {
        Setting { organization: &caller.organization, program, clock: &self.clock, actor_id: Some(caller.person_id()) }
    }

    async fn program(&self, caller: &Caller, id: Uuid) -> Result<Program, UseCaseError> {
        let found = store::programs::find(&self.store, caller.organization_id(), id).await?;
        found.ok_or_else(|| not_found("programId", "program"))
    }

    /// Commits, tells live subscribers, and wakes the worker: there may be mail to send or an event to deliver.
    async fn commit(&self, tx: Tx) -> Result<(), StoreError> {
        let changes = tx.commit().await?;
        self.bus.announce(changes).await;
        self.bus.publish(Topic::MessagesDue, "{}").await;
        Ok(())
    }

    async fn audit(
        &self,
        tx: &Tx,
        caller: &Caller,
        action: &'static str,
        entity_id: Uuid,
        details: Value,
    ) -> Result<(), StoreError> {
        let entry = AuditEntry {
            id: self.clock.new_id(),
            organization_id: caller.organization_id(),
            actor_id: Some(caller.person_id()),
            client_id: caller.client,
            action,
            entity_id,
            details,
            request_id: Some(caller.request_id.clone()),
            at: self.clock.now(),
        };
        store::audit::record(tx, entry).await
    }
}
