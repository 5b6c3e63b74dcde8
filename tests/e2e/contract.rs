//! What front ends are promised about the requests they send.

mod audit;
mod crashes;
mod documents;
mod idempotency;
mod limits;
mod origins;
mod profile;
mod requests;
