//! The words of the field and their rules: pure, no database, no clock.

pub mod api_clients;
pub mod check_ins;
pub mod constraints;
pub mod documents;
pub mod enrollments;
pub mod events;
pub mod explanations;
pub mod global_ids;
pub mod issuers;
pub mod mail;
pub mod mail_domains;
pub mod mail_status;
pub mod match_runs;
pub mod matches;
pub mod messages;
pub mod non_matches;
pub mod organizations;
pub mod outcomes;
pub mod people;
pub mod programs;
pub mod refusals;
pub mod rounds;
pub mod sessions;
pub mod sign_ins;
pub mod states;
pub mod webhooks;
