//! Webhooks: the event log is made into deliveries, and these are posted (Standard Webhooks, standardwebhooks.com).
//!
//! Whoever changes something only records an event. Two loops do the rest: [`fan_out`] numbers what was committed and
//! makes one delivery for each endpoint that wants it; this one claims deliveries under leases and posts them, many at
//! a time, so that an endpoint that is slow or dead holds up nobody but itself. Every attempt has the same `webhook-id`;
//! after a worker's death an event may arrive twice, and it is never lost. The order is not promised.

mod fan_out;
mod flight;
mod post;
mod retries;
mod signature;

use std::pin::pin;

use chrono::TimeDelta;
use futures_util::{FutureExt as _, StreamExt as _, stream::FuturesUnordered};
use shared::{
    domain::{
        events::Event,
        webhooks::{WebhookDelivery, WebhookEndpoint},
    },
    failpoints::Point,
    metrics::METRICS,
    outbound::{Outbound, OutboundError},
    store::{
        self, StoreError, Tx,
        webhook_deliveries::{Lease, Outcome},
        webhook_endpoints::DueEndpoint,
    },
};

use uuid::Uuid;

use self::flight::Flight;
use crate::{Worker, ticks::Wake};

/// A claimed delivery with everything it needs.
#[derive(Clone, Debug)]
struct Parcel {
    lease: Lease,
    delivery: WebhookDelivery,
    endpoint: WebhookEndpoint,
    event: Event,
}

impl Worker {
    /// The client for other people's addresses, made when it is first needed.
    pub(crate) async fn outbound(&self) -> Result<&Outbound, OutboundError> {
        self.outbound.get_or_try_init(async || Outbound::new(&self.config.outbound)).await
    }

    /// Makes deliveries whenever something was committed.
    pub(crate) async fn fan_outs(&self, mut wake: Wake) {
        loop {
            match self.fan_out().await {
                // A test or a delivery to be repeated needs no new one.
                Ok(_) => self.deliveries_made.notify_one(),
                Err(error) => tracing::error!(%error, "deliveries were not made; trying again at the next tick"),
            }
            if !wake.next(&self.shutdown).await {
                return;
            }
        }
    }

    /// Posts whatever is due, and finishes what is under way before it returns.
    pub(crate) async fn deliveries(&self, mut wake: Wake) {
        let mut flight = Flight::default();
        let mut under_way = FuturesUnordered::new();
        loop {
            match self.claim_beside(&mut flight, &mut under_way).await {
                Ok((parcels, _)) => under_way.extend(parcels.into_iter().map(|parcel| self.deliver(parcel))),
                Err(error) => tracing::error!(%error, "no delivery could be claimed; trying again at the next tick"),
            }
            tokio::select! {
                Some((due, _)) = under_way.next() => {
                    flight.land(&due);
                    // Whatever else has landed by now is counted before the next look.
                    while let Some(Some((due, _))) = under_way.next().now_or_never() {
                        flight.land(&due);
                    }
                }
                () = self.deliveries_made.notified() => {}
                goes_on = wake.next(&self.shutdown) => if !goes_on { break },
            }
        }
        while under_way.next().await.is_some() {}
    }

    /// Posts what is due until nothing is, and returns how many deliveries arrived.
    ///
    /// # Errors
    /// When the database cannot say what is due. A delivery that fails is tried again at its time.
    pub async fn deliver_due(&self) -> Result<usize, StoreError> {
        let mut flight = Flight::default();
        let mut under_way = FuturesUnordered::new();
        let mut arrived = 0;
        loop {
            let (parcels, landed) = self.claim_beside(&mut flight, &mut under_way).await?;
            arrived += landed;
            under_way.extend(parcels.into_iter().map(|parcel| self.deliver(parcel)));
            let Some((due, delivered)) = under_way.next().await else { return Ok(arrived) };
            flight.land(&due);
            arrived += usize::from(delivered);
        }
    }

    /// Claims while what is under way goes on: it may hold just what the claim waits for, be it a row, a connection or the
    /// one writer. Tells also how many arrived meanwhile.
    async fn claim_beside<F>(
        &self,
        flight: &mut Flight,
        under_way: &mut FuturesUnordered<F>,
    ) -> Result<(Vec<Parcel>, usize), StoreError>
    where
        F: Future<Output = (DueEndpoint, bool)>,
    {
        let mut landed = Vec::new();
        let claimed = {
            let mut claim = pin!(self.claim_webhooks(flight));
            loop {
                tokio::select! {
                    claimed = &mut claim => break claimed,
                    Some(one) = under_way.next() => landed.push(one),
                }
            }
        };
        for (due, _) in &landed {
            flight.land(due);
        }
        Ok((claimed?, landed.iter().filter(|(_, arrived)| *arrived).count()))
    }

    /// Takes as many deliveries as there is room for, shared out over organizations and endpoints.
    async fn claim_webhooks(&self, flight: &mut Flight) -> Result<Vec<Parcel>, StoreError> {
        let mut parcels = Vec::new();
        match self.fill(flight, &mut parcels).await {
            Err(error) if !parcels.is_empty() => {
                // What was claimed before that is posted all the same.
                tracing::error!(%error, "not everything that is due could be claimed");
                Ok(parcels)
            }
            filled => filled.map(|()| parcels),
        }
    }

    async fn fill(&self, flight: &mut Flight, parcels: &mut Vec<Parcel>) -> Result<(), StoreError> {
        while !self.is_stopping() && flight.has_room() {
            let due = store::webhook_endpoints::every_due(&self.store, self.clock.now()).await?;
            let before = parcels.len();
            for (due, limit) in flight.share(&due) {
                let taken = self.claim_of(&due, limit).await?;
                flight.take_off(&due, taken.len());
                parcels.extend(taken);
            }
            if parcels.len() == before {
                break;
            }
        }
        Ok(())
    }

    async fn claim_of(&self, due: &DueEndpoint, limit: u64) -> Result<Vec<Parcel>, StoreError> {
        let (organization_id, now) = (due.organization_id, self.clock.now());
        // Longer than an attempt may take, whatever the mailer needs.
        let lease = self.lease().max(TimeDelta::seconds(2 * post::SECONDS));
        let tx = self.store.begin().await?;
        let mut claimed =
            store::webhook_deliveries::claim_every_of(&tx, due.id, self.instance, lease, limit, now).await?;
        let endpoint = store::webhook_endpoints::find(&tx, organization_id, due.id).await?;
        let ids: Vec<_> = claimed.iter().map(|(_, delivery)| delivery.event_id).collect();
        let events = match store::events::find_many(&tx, organization_id, &ids).await {
            Err(StoreError::Corrupt { .. }) => self.readable(&tx, organization_id, &mut claimed).await?,
            found => found?,
        };
        tx.commit().await?;
        if !claimed.is_empty() {
            Point::WebhooksClaimed.pass().await;
        }
        let parcel = |(lease, delivery): (Lease, WebhookDelivery)| {
            // Neither can be gone: rows point to them.
            let event = events.iter().find(|event| event.id == delivery.event_id)?.clone();
            Some(Parcel { lease, delivery, endpoint: endpoint.clone()?, event })
        };
        Ok(claimed.into_iter().filter_map(parcel).collect())
    }

    /// Gives up deliveries whose events cannot be read, so that they do not stop the others, and gives back the events of
    /// those that are left.
    async fn readable(
        &self,
        tx: &Tx,
        organization_id: Uuid,
        claimed: &mut Vec<(Lease, WebhookDelivery)>,
    ) -> Result<Vec<Event>, StoreError> {
        let mut events = Vec::with_capacity(claimed.len());
        for (lease, delivery) in std::mem::take(claimed) {
            match store::events::find_many(tx, organization_id, &[delivery.event_id]).await {
                Ok(found) => {
                    events.extend(found);
                    claimed.push((lease, delivery));
                }
                Err(error @ StoreError::Corrupt { .. }) => {
                    tracing::error!(%error, delivery = %delivery.id, "an event cannot be read, and is not delivered");
                    let outcome = Outcome::Failed { status_code: None, why: error.to_string() };
                    store::webhook_deliveries::finish(tx, lease, outcome, self.clock.now()).await?;
                }
                Err(error) => return Err(error),
            }
        }
        Ok(events)
    }

    /// One attempt, from the request to its record; tells whose place is free again and whether it arrived.
    async fn deliver(&self, parcel: Parcel) -> (DueEndpoint, bool) {
        let Parcel { delivery, endpoint, .. } = &parcel;
        let due = DueEndpoint {
            id: endpoint.id,
            organization_id: endpoint.organization_id,
            failing: endpoint.failing_since.is_some(),
        };
        let verdict = self.post_webhook(&parcel).await;
        let arrived = matches!(verdict.outcome, Outcome::Delivered(_));
        METRICS.webhook_tried(arrived);
        let (id, attempt) = (delivery.id, delivery.attempts);
        Point::WebhooksBeforeRecord.pass().await;
        match self.record_attempt(&parcel, verdict).await {
            Ok(()) => tracing::info!(delivery = %id, endpoint = %endpoint.id, attempt, arrived, "a webhook was tried"),
            Err(StoreError::Conflict(_)) => {
                tracing::warn!(delivery = %id, "another worker has taken the delivery over, or it was deleted");
            }
            Err(error) => {
                tracing::error!(%error, delivery = %id, "an attempt was not recorded; it is repeated when its lease ends");
            }
        }
        (due, arrived)
    }
}
