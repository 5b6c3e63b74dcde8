//! Lists of webhook endpoints and of the deliveries to them; only for administrators.

use sea_orm::{ColumnTrait, Condition, QueryFilter, Select};

use super::{Key, Position, Sight, at, sealed::Rows};
use crate::{
    domain::webhooks::{DeliveryStatus, EndpointStatus, WebhookDelivery, WebhookEndpoint},
    store::{Reads, StoreError, webhook_deliveries, webhook_endpoints},
};

/// Webhook endpoints.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct WebhookEndpointList {
    /// In one of these states; empty for all.
    pub statuses: Vec<EndpointStatus>,
}

/// What endpoints can be ordered by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum WebhookEndpointOrder {
    /// When they were made.
    CreatedAt,
    /// When their settings or status last changed.
    UpdatedAt,
}

/// What endpoints can hang under: nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum WebhookEndpointsOf {}

impl Rows for WebhookEndpointList {
    type Entity = webhook_endpoints::row::Entity;
    type Item = WebhookEndpoint;
    type Order = WebhookEndpointOrder;
    type Of = WebhookEndpointsOf;

    fn visible(&self, sight: &Sight) -> Select<Self::Entity> {
        let endpoints = webhook_endpoints::scoped(sight.organization_id);
        if sight.administrator {
            endpoints
        } else {
            endpoints.filter(Sight::nothing(webhook_endpoints::row::Column::Id))
        }
    }

    fn condition(&self) -> Condition {
        if self.statuses.is_empty() {
            return Condition::all();
        }
        let statuses = self.statuses.iter().map(|status| status.as_str());
        Condition::all().add(webhook_endpoints::row::Column::Status.is_in(statuses))
    }

    fn id() -> webhook_endpoints::row::Column {
        webhook_endpoints::row::Column::Id
    }

    fn key(order: WebhookEndpointOrder) -> webhook_endpoints::row::Column {
        match order {
            WebhookEndpointOrder::CreatedAt => webhook_endpoints::row::Column::CreatedAt,
            WebhookEndpointOrder::UpdatedAt => webhook_endpoints::row::Column::UpdatedAt,
        }
    }

    fn of(of: WebhookEndpointsOf) -> &'static [webhook_endpoints::row::Column] {
        match of {}
    }

    fn position(item: &WebhookEndpoint, order: WebhookEndpointOrder) -> Position {
        let key = match order {
            WebhookEndpointOrder::CreatedAt => item.created_at,
            WebhookEndpointOrder::UpdatedAt => item.updated_at,
        };
        at(Key::Instant(key), item.id)
    }

    async fn read(
        _: &impl Reads,
        rows: Vec<webhook_endpoints::row::Model>,
    ) -> Result<Vec<WebhookEndpoint>, StoreError> {
        rows.into_iter().map(webhook_endpoints::endpoint).collect()
    }
}

/// Deliveries.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct WebhookDeliveryList {
    /// In one of these states; empty for all.
    pub statuses: Vec<DeliveryStatus>,
}

/// What deliveries can be ordered by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum WebhookDeliveryOrder {
    /// When they were made.
    CreatedAt,
    /// When they last changed.
    UpdatedAt,
}

/// What deliveries can hang under.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum WebhookDeliveriesOf {
    /// Where they go.
    Endpoint,
}

impl Rows for WebhookDeliveryList {
    type Entity = webhook_deliveries::row::Entity;
    type Item = WebhookDelivery;
    type Order = WebhookDeliveryOrder;
    type Of = WebhookDeliveriesOf;

    fn visible(&self, sight: &Sight) -> Select<Self::Entity> {
        let deliveries = webhook_deliveries::scoped(sight.organization_id);
        if sight.administrator {
            deliveries
        } else {
            deliveries.filter(Sight::nothing(webhook_deliveries::row::Column::Id))
        }
    }

    fn condition(&self) -> Condition {
        if self.statuses.is_empty() {
            return Condition::all();
        }
        let statuses = self.statuses.iter().map(|status| status.as_str());
        Condition::all().add(webhook_deliveries::row::Column::Status.is_in(statuses))
    }

    fn id() -> webhook_deliveries::row::Column {
        webhook_deliveries::row::Column::Id
    }

    fn key(order: WebhookDeliveryOrder) -> webhook_deliveries::row::Column {
        match order {
            WebhookDeliveryOrder::CreatedAt => webhook_deliveries::row::Column::CreatedAt,
            WebhookDeliveryOrder::UpdatedAt => webhook_deliveries::row::Column::UpdatedAt,
        }
    }

    fn of(of: WebhookDeliveriesOf) -> &'static [webhook_deliveries::row::Column] {
        match of {
            WebhookDeliveriesOf::Endpoint => &[webhook_deliveries::row::Column::EndpointId],
        }
    }

    fn position(item: &WebhookDelivery, order: WebhookDeliveryOrder) -> Position {
        let key = match order {
            WebhookDeliveryOrder::CreatedAt => item.created_at,
            WebhookDeliveryOrder::UpdatedAt => item.updated_at,
        };
        at(Key::Instant(key), item.id)
    }

    async fn read(
        _: &impl Reads,
        rows: Vec<webhook_deliveries::row::Model>,
    ) -> Result<Vec<WebhookDelivery>, StoreError> {
        rows.into_iter().map(webhook_deliveries::delivery).collect()
    }
}
