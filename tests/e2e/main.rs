//! The end-to-end tests: the real binary, or the same API and worker in this process, over HTTP, on SQLite and on
//! PostgreSQL, with a relay that remembers every mail.
#![allow(
    clippy::as_conversions,
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::missing_panics_doc,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test stops at the first thing that is not as it should be"
)]

mod architecture;
mod authorization;
mod bounces;
mod bulk;
mod clients;
mod commands;
mod compose;
mod connections;
mod contract;
mod exports;
#[path = "../faults.rs"]
mod faults;
mod identity;
mod imports;
mod live;
mod mail;
mod mail_batches;
mod mail_pace;
mod mail_quiet_hours;
mod mail_signatures;
mod many_nights;
mod matching;
mod meetings;
mod metrics;
mod nights;
mod page;
mod processes;
mod restarts;
mod roster;
mod schema;
mod security;
mod sign_ins;
mod statements;
mod story;
#[path = "../support.rs"]
mod support;
mod unsubscribing;
mod webhooks;

/// Runs one story on both databases, each as a test of its own.
macro_rules! on_both_databases {
    ($($story:ident),+ $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $story() {
                if let Some(house) = crate::support::house::House::open(crate::support::house::On::Sqlite).await {
                    super::$story(house).await;
                }
            })+
        }

        mod postgres {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $story() {
                if let Some(house) = crate::support::house::House::open(crate::support::house::On::Postgres).await {
                    super::$story(house).await;
                }
            })+
        }
    };
}
pub(crate) use on_both_databases;
