//! What the end-to-end tests stand on: real servers, the real binary, a relay that remembers and a GraphQL client.
//!
//! Nothing here knows the product's rules. A missing `PostgreSQL` or Redis skips the tests that need it, loudly;
//! with `CI=true` it fails them.
#![allow(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    dead_code,
    reason = "a toolbox may hold more than today's tests use; its tools stop the test at once, and read the environment that says where the servers are"
)]

#[path = "support/browser.rs"]
pub(crate) mod browser;
#[path = "support/disk.rs"]
pub(crate) mod disk;
#[path = "support/dkim.rs"]
pub(crate) mod dkim;
#[path = "support/furniture.rs"]
mod furniture;
#[path = "support/graphql.rs"]
pub(crate) mod graphql;
#[path = "support/house.rs"]
pub(crate) mod house;
#[path = "support/node.rs"]
pub(crate) mod node;
#[path = "support/postgres.rs"]
pub(crate) mod postgres;
#[path = "support/process.rs"]
pub(crate) mod process;
#[path = "support/provider.rs"]
pub(crate) mod provider;
#[path = "support/receiver.rs"]
pub(crate) mod receiver;
#[path = "support/redis.rs"]
pub(crate) mod redis;
#[path = "support/servers.rs"]
pub(crate) mod servers;
#[path = "support/sink.rs"]
pub(crate) mod sink;
#[path = "support/smtp.rs"]
pub(crate) mod smtp;
#[path = "support/streams.rs"]
pub(crate) mod streams;
#[path = "support/versions.rs"]
mod versions;
