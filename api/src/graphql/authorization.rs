//! Who may use which root field: the table that tests walk through, row by row and column by column.

use shared::domain::api_clients::Scope;

/// Query, mutation or subscription.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Root {
    /// A field of `Query`.
    Query,
    /// A field of `Mutation`.
    Mutation,
    /// A field of `Subscription`.
    Subscription,
}

/// What a caller of one kind gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// An answer, within what the caller may see and do; a mutation may still refuse a row that is not the caller's.
    Allowed,
    /// null, as if there were no such thing.
    Hidden,
    /// Of a query or subscription the error FORBIDDEN; of a mutation a `userErrors` entry FORBIDDEN, or `NOT_FOUND` for a row that is hidden.
    Forbidden,
    /// The error UNAUTHENTICATED.
    Unauthenticated,
}

/// What an API client needs for a root field, besides its person's rights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    /// This scope.
    Scope(Scope),
    /// To be none: only people who signed in themselves may.
    Person,
    /// Nothing, like anybody else.
    Nothing,
}

/// A root field with what each kind of caller gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RootField {
    /// Where it is.
    pub root: Root,
    /// Its GraphQL name.
    pub name: &'static str,
    /// Nobody in particular.
    pub anonymous: Access,
    /// PARTICIPANT: no staff role.
    pub participant: Access,
    /// `COUNTRY_COORDINATOR`: a coordinator of some countries.
    pub country_coordinator: Access,
    /// COORDINATOR: of all countries.
    pub coordinator: Access,
    /// ADMINISTRATOR.
    pub administrator: Access,
    /// What API clients need; people's own tokens have all scopes.
    pub needs: Needs,
}

const fn everybody(root: Root, name: &'static str) -> RootField {
    RootField {
        root,
        name,
        anonymous: Access::Unauthenticated,
        participant: Access::Allowed,
        country_coordinator: Access::Allowed,
        coordinator: Access::Allowed,
        administrator: Access::Allowed,
        needs: match root {
            Root::Query | Root::Subscription => Needs::Scope(Scope::Read),
            Root::Mutation => Needs::Scope(Scope::Write),
        },
    }
}

/// Also those who have no token yet.
const fn anybody(root: Root, name: &'static str) -> RootField {
    RootField { anonymous: Access::Allowed, ..everybody(root, name) }
}

impl RootField {
    const fn needing(self, needs: Needs) -> Self {
        Self { needs, ..self }
    }
}

/// Staff of any kind.
const fn staff(root: Root, name: &'static str, others: Access) -> RootField {
    RootField { participant: others, ..everybody(root, name) }
}

/// Staff of all countries.
const fn program_staff(root: Root, name: &'static str, others: Access) -> RootField {
    RootField { country_coordinator: others, ..staff(root, name, others) }
}

const fn administrators(root: Root, name: &'static str, others: Access) -> RootField {
    RootField { coordinator: others, ..program_staff(root, name, others) }
}

/// What needs the scope EVENTS.
const EVENTS: Needs = Needs::Scope(Scope::Events);

use Access::{Forbidden, Hidden};
use Needs::{Nothing, Person};
use Root::{Mutation, Query, Subscription};

/// Mutations whose answers hold a secret that is shown once and stored nowhere, so their answers must not be kept either.
pub const SHOW_SECRETS: &[&str] =
    &["createApiClient", "rotateApiClient", "createWebhookEndpoint", "rotateWebhookSecret", "signIn", "refreshSession"];

/// Every root field of the schema. A test fails on a field that is missing here.
pub const ROOT_FIELDS: &[RootField] = &[
    everybody(Query, "viewer"),
    everybody(Query, "node"),
    everybody(Query, "nodes"),
    everybody(Query, "organization"),
    staff(Query, "people", Forbidden),
    everybody(Query, "program"),
    everybody(Query, "programs"),
    everybody(Query, "round"),
    everybody(Query, "rounds"),
    everybody(Query, "enrollment"),
    everybody(Query, "enrollments"),
    everybody(Query, "match"),
    everybody(Query, "matches"),
    program_staff(Query, "matchRun", Hidden),
    program_staff(Query, "matchRuns", Forbidden),
    everybody(Query, "constraints"),
    program_staff(Query, "events", Forbidden).needing(EVENTS),
    administrators(Query, "webhookEndpoints", Forbidden).needing(EVENTS),
    administrators(Query, "issuers", Forbidden),
    administrators(Query, "documents", Forbidden),
    staff(Query, "mailSuppressions", Forbidden),
    program_staff(Mutation, "createProgram", Forbidden),
    program_staff(Mutation, "updateProgram", Forbidden),
    program_staff(Mutation, "archiveProgram", Forbidden),
    program_staff(Mutation, "createRound", Forbidden),
    program_staff(Mutation, "openRound", Forbidden),
    program_staff(Mutation, "closeRound", Forbidden),
    program_staff(Mutation, "completeRound", Forbidden),
    program_staff(Mutation, "cancelRound", Forbidden),
    everybody(Mutation, "enroll"),
    everybody(Mutation, "updateEnrollment"),
    everybody(Mutation, "withdrawEnrollment"),
    everybody(Mutation, "pauseEnrollment"),
    everybody(Mutation, "resumeEnrollment"),
    staff(Mutation, "reviewEnrollment", Forbidden),
    staff(Mutation, "removeEnrollment", Forbidden),
    everybody(Mutation, "requestMatch"),
    everybody(Mutation, "answerMatch"),
    everybody(Mutation, "withdrawMatch"),
    everybody(Mutation, "endMatch"),
    everybody(Mutation, "pauseMatch"),
    everybody(Mutation, "resumeMatch"),
    everybody(Mutation, "noteFirstContact"),
    program_staff(Mutation, "requestMatchRun", Forbidden),
    program_staff(Mutation, "publishMatchRun", Forbidden),
    program_staff(Mutation, "discardMatchRun", Forbidden),
    everybody(Mutation, "createConstraint"),
    everybody(Mutation, "deleteConstraint"),
    everybody(Mutation, "updatePerson"),
    staff(Mutation, "createPerson", Forbidden),
    administrators(Mutation, "grantRole", Forbidden),
    administrators(Mutation, "revokeRole", Forbidden),
    program_staff(Mutation, "importPeople", Forbidden).needing(Needs::Scope(Scope::Roster)),
    administrators(Mutation, "createWebhookEndpoint", Forbidden).needing(EVENTS),
    administrators(Mutation, "updateWebhookEndpoint", Forbidden).needing(EVENTS),
    administrators(Mutation, "rotateWebhookSecret", Forbidden).needing(EVENTS),
    administrators(Mutation, "deleteWebhookEndpoint", Forbidden).needing(EVENTS),
    administrators(Mutation, "testWebhookEndpoint", Forbidden).needing(EVENTS),
    administrators(Mutation, "replayWebhookEndpoint", Forbidden).needing(EVENTS),
    administrators(Mutation, "retryWebhookDelivery", Forbidden).needing(EVENTS),
    administrators(Mutation, "createIssuer", Forbidden).needing(Person),
    administrators(Mutation, "updateIssuer", Forbidden).needing(Person),
    administrators(Mutation, "deleteIssuer", Forbidden).needing(Person),
    everybody(Mutation, "deleteIdentity"),
    administrators(Mutation, "createApiClient", Forbidden).needing(Person),
    administrators(Mutation, "rotateApiClient", Forbidden).needing(Person),
    administrators(Mutation, "revokeApiClient", Forbidden).needing(Person),
    anybody(Mutation, "requestSignIn").needing(Nothing),
    anybody(Mutation, "signIn").needing(Nothing),
    anybody(Mutation, "refreshSession").needing(Nothing),
    anybody(Mutation, "signOut").needing(Nothing),
    everybody(Mutation, "signOutEverywhere"),
    everybody(Subscription, "matchUpdated"),
    program_staff(Subscription, "matchRunProgress", Forbidden),
    administrators(Mutation, "updateOrganization", Forbidden),
    administrators(Mutation, "registerDocuments", Forbidden),
    administrators(Mutation, "deleteDocuments", Forbidden),
    program_staff(Mutation, "syncRoster", Forbidden).needing(Needs::Scope(Scope::Roster)),
    staff(Mutation, "reviewEnrollments", Forbidden),
    staff(Mutation, "enrollPeople", Forbidden),
    staff(Mutation, "endMatches", Forbidden),
    everybody(Mutation, "setMailPreferences"),
    staff(Mutation, "releaseMessage", Forbidden),
    staff(Mutation, "retryMessage", Forbidden),
    staff(Mutation, "cancelMessage", Forbidden),
    staff(Mutation, "liftMailSuppression", Forbidden),
    everybody(Mutation, "proposeSession"),
    everybody(Mutation, "agreeToSession"),
    everybody(Mutation, "moveSession"),
    everybody(Mutation, "cancelSession"),
    everybody(Mutation, "recordSession"),
    everybody(Mutation, "noteContact"),
    everybody(Mutation, "setMatchCadence"),
    everybody(Mutation, "answerCheckIn"),
];
