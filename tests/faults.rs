//! What becomes of nights and mail when everything around them fails: real workers are killed, suspended and stopped at
//! named points, their relay, PostgreSQL and Redis misbehave, and afterwards the [`checker`] compares the relay's ledger
//! with the database.
//!
//! The long soak is `soak::soak`, which is run by hand: see CONTRIBUTING.md.

#[path = "faults/checker.rs"]
mod checker;
#[path = "faults/databases.rs"]
mod databases;
#[path = "faults/disks.rs"]
mod disks;
#[path = "faults/kills.rs"]
mod kills;
#[path = "faults/nights.rs"]
mod nights;
#[path = "faults/proxy.rs"]
mod proxy;
#[path = "faults/relays.rs"]
mod relays;
#[path = "faults/sinks.rs"]
mod sinks;
#[path = "faults/soak.rs"]
mod soak;
#[path = "faults/suspensions.rs"]
mod suspensions;
#[path = "faults/webhooks.rs"]
mod webhooks;
#[path = "faults/world.rs"]
mod world;
