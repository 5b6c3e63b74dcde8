//! What every part of Counterpart means by a word: the domain and its rules, the store, the outbox, configuration,
//! identity, time and logs. Knows nothing of HTTP, GraphQL, matching or SMTP.

pub mod auth;
pub mod bounces;
pub mod bus;
pub mod clock;
pub mod config;
pub mod domain;
pub mod failpoints;
pub mod generations;
pub mod limiter;
pub mod live;
pub mod matchmaking;
pub mod metrics;
pub mod outbound;
pub mod outbox;
pub mod store;
pub mod telemetry;
pub mod text;
