//! Mailer.
use shared::{config::MailConfig, store::StoreError};
use crate::Worker;
#[derive(Debug)]
pub(crate) struct Post;
impl Post { pub(crate) fn new(_: &MailConfig) -> Self { Self } }
impl Worker {
    /// x
    pub async fn send_due(&self) -> Result<usize, StoreError> { Ok(0) }
}
