//! From the event log to deliveries.

use shared::{
    domain::events::EventKind,
    store::{self, StoreError, webhook_deliveries::NewDelivery},
};
use uuid::Uuid;

use crate::Worker;

/// How many events get their place in the log in one transaction.
const SEQUENCE: u64 = 1_000;
/// How many events one endpoint is moved on by in one transaction.
const BATCH: u64 = 200;

impl Worker {
    /// Numbers the events that were committed and makes deliveries of them, until every active endpoint has seen the
    /// whole log; returns how many deliveries were asked for.
    ///
    /// # Errors
    /// When the database fails; what was committed until then stays, and the next call goes on from there.
    pub async fn fan_out(&self) -> Result<usize, StoreError> {
        for organization_id in store::events::every_unsequenced(&self.store).await? {
            let mut placed = SEQUENCE;
            while placed == SEQUENCE && !self.is_stopping() {
                let tx = self.store.begin().await?;
                placed = store::events::sequence(&tx, organization_id, SEQUENCE).await?;
                tx.commit().await?;
            }
        }
        let mut made = 0;
        // One batch each in turn: a long replay does not hold up the others.
        loop {
            let behind = store::webhook_endpoints::every_behind(&self.store).await?;
            let mut moved = false;
            for (organization_id, endpoint_id) in behind {
                if self.is_stopping() {
                    return Ok(made);
                }
                if let Some(count) = self.move_on(organization_id, endpoint_id).await? {
                    moved = true;
                    made += count;
                }
            }
            if !moved {
                return Ok(made);
            }
        }
    }

    /// Makes the next deliveries to one endpoint; `None` when another worker is at it, or there is nothing to do.
    async fn move_on(&self, organization_id: Uuid, endpoint_id: Uuid) -> Result<Option<usize>, StoreError> {
        let tx = self.store.begin().await?;
        let found = store::webhook_endpoints::hold_if_free(&tx, organization_id, endpoint_id).await?;
        let Some(endpoint) = found else { return Ok(None) };
        let events = store::events::after(&tx, organization_id, endpoint.position, BATCH).await?;
        let Some(last) = events.last().and_then(|event| event.position) else { return Ok(None) };
        let wanted = events.iter().filter(|event| {
            // A test goes to one endpoint, to which it was addressed when it was asked for.
            event.kind != EventKind::WebhookTest.as_str()
                && endpoint.wants(&event.kind, event.position.unwrap_or_default())
        });
        let new = |event_id| NewDelivery { id: self.clock.new_id(), organization_id, endpoint_id, event_id };
        let deliveries: Vec<NewDelivery> = wanted.map(|event| new(event.id)).collect();
        store::webhook_deliveries::enqueue(&tx, &deliveries, self.clock.now()).await?;
        store::webhook_endpoints::advance(&tx, &endpoint, last).await?;
        tx.commit().await?;
        Ok(Some(deliveries.len()))
    }
}
