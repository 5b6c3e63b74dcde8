//! The root of all mutations. Each takes one `input`, calls one use case, and answers with a payload.

mod answers;
mod api_clients;
mod bulk;
mod check_ins;
mod constraints;
mod documents;
mod enrollments;
mod import;
mod issuers;
mod mail;
mod match_runs;
mod matches;
mod organizations;
mod payloads;
mod people;
mod programs;
mod roster;
mod rounds;
mod sessions;
mod sign_ins;
mod webhooks;

use async_graphql::MergedObject;

/// Everything that can be changed. Each field needs a bearer token, unless it says that it needs none, and answers with a payload: what was changed (null
/// when it was refused) and `userErrors`, which a form can show.
#[derive(MergedObject, Clone, Copy, Debug, Default)]
pub struct Mutation(
    programs::ProgramMutations,
    rounds::RoundMutations,
    enrollments::EnrollmentMutations,
    matches::MatchMutations,
    match_runs::MatchRunMutations,
    constraints::ConstraintMutations,
    people::PersonMutations,
    import::ImportMutations,
    webhooks::WebhookMutations,
    issuers::IssuerMutations,
    organizations::OrganizationMutations,
    documents::DocumentMutations,
    roster::RosterMutations,
    bulk::BulkMutations,
    api_clients::ApiClientMutations,
    sign_ins::SignInMutations,
    mail::MailMutations,
    sessions::SessionMutations,
    check_ins::CheckInMutations,
);
