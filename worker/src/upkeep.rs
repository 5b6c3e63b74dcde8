//! Upkeep.
use shared::store::StoreError;
use crate::Worker;
impl Worker {
    /// x
    pub async fn upkeep(&self) -> Result<usize, StoreError> { Ok(0) }
}
