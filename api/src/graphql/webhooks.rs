//! Webhook endpoints and the deliveries to them.

use async_graphql::{Context, ID, InputObject, Object};
use shared::{
    domain::webhooks,
    store::lists::{
        events::EventList,
        webhooks::{WebhookDeliveriesOf, WebhookDeliveryList, WebhookEndpointList},
    },
};

use super::{
    connections::{Listing, Paging, list, order},
    events::Event,
    ids::{Kind, global},
    people::Person,
    reader::{Maybe, find, reader},
    scalars::Instant,
    words::{WebhookDeliveryStatus, WebhookEndpointStatus},
};

order! {
    /// The order of a list of webhook endpoints; by default the latest first.
    WebhookEndpointOrder, WebhookEndpointOrderField = "shared::store::lists::webhooks::WebhookEndpointOrder" shared::store::lists::webhooks::WebhookEndpointOrder {
        /// When they were made.
        CreatedAt,
        /// When their settings or status last changed.
        UpdatedAt,
    } default CreatedAt Desc
}

order! {
    /// The order of a list of deliveries; by default the latest first.
    WebhookDeliveryOrder, WebhookDeliveryOrderField = "shared::store::lists::webhooks::WebhookDeliveryOrder" shared::store::lists::webhooks::WebhookDeliveryOrder {
        /// When they were made.
        CreatedAt,
        /// When they last changed.
        UpdatedAt,
    } default CreatedAt Desc
}

/// Which webhook endpoints.
#[derive(InputObject, Clone, Debug, Default)]
pub(super) struct WebhookEndpointWhere {
    /// In one of these states.
    statuses: Option<Vec<WebhookEndpointStatus>>,
}

impl WebhookEndpointWhere {
    pub(super) fn list(filter: Option<Self>) -> WebhookEndpointList {
        let statuses = filter.and_then(|filter| filter.statuses).unwrap_or_default();
        WebhookEndpointList { statuses: statuses.into_iter().map(Into::into).collect() }
    }
}

/// Which deliveries.
#[derive(InputObject, Clone, Debug, Default)]
pub(super) struct WebhookDeliveryWhere {
    /// In one of these states.
    statuses: Option<Vec<WebhookDeliveryStatus>>,
}

impl WebhookDeliveryWhere {
    fn list(filter: Option<Self>) -> WebhookDeliveryList {
        let statuses = filter.and_then(|filter| filter.statuses).unwrap_or_default();
        WebhookDeliveryList { statuses: statuses.into_iter().map(Into::into).collect() }
    }
}

impl From<webhooks::WebhookEndpoint> for WebhookEndpoint {
    fn from(endpoint: webhooks::WebhookEndpoint) -> Self {
        Self(endpoint)
    }
}

/// Where events are posted to.
#[derive(Clone, Debug)]
pub(super) struct WebhookEndpoint(webhooks::WebhookEndpoint);

/// An address of another system that events are posted to, signed by Standard Webhooks (standardwebhooks.com). For
/// administrators.
///
/// A request has the headers `webhook-id` (the event's id: the same at every attempt, so that a receiver can leave out
/// what it has), `webhook-timestamp` (Unix seconds of the attempt) and `webhook-signature` (one `v1,` signature for each
/// valid secret), and as its body JSON with `type`, `timestamp` and `data`: ids and nothing about anybody. An answer 2xx
/// within 20 seconds means it was taken; 410 switches the endpoint off; `Retry-After` of a 429 or 503 is kept to; anything
/// else is tried again, ten times over about three days. Events arrive at least once and in no particular order. An
/// endpoint of which everything failed for five days is switched off, and administrators get a mail.
#[Object]
impl WebhookEndpoint {
    /// Its global id.
    pub(super) async fn id(&self) -> ID {
        global(Kind::WebhookEndpoint, self.0.id)
    }

    /// Where events are posted to.
    async fn url(&self) -> &str {
        &self.0.url
    }

    /// What it is for; null if nobody said.
    async fn description(&self) -> Option<&str> {
        self.0.description.as_deref()
    }

    /// The kinds of events that are delivered, as at `Event.kind`; null for all, also for kinds to come.
    async fn kinds(&self) -> Option<&Vec<String>> {
        self.0.kinds.as_ref()
    }

    /// Whether it is delivered to.
    async fn status(&self) -> WebhookEndpointStatus {
        self.0.status.into()
    }

    /// Why it is DISABLED; null while it is ACTIVE.
    async fn disabled_reason(&self) -> Option<&str> {
        self.0.disabled_reason.as_deref()
    }

    /// Since when every attempt failed; null when the last one arrived.
    async fn failing_since(&self) -> Option<Instant> {
        self.0.failing_since.map(Instant)
    }

    /// Until when the secret before the last rotation still signs, too; null when there is none.
    async fn previous_secret_until(&self) -> Option<Instant> {
        self.0.previous_secret_until.map(Instant)
    }

    /// Who made it; null if they are gone.
    async fn created_by(&self, ctx: &Context<'_>) -> Maybe<Person> {
        let created_by = self.0.created_by?;
        let person = async { Ok(reader(ctx)?.person(created_by).await?.map(Person)) };
        person.await.transpose()
    }

    /// When it was made.
    async fn created_at(&self) -> Instant {
        Instant(self.0.created_at)
    }

    /// When its settings or its status last changed.
    async fn updated_at(&self) -> Instant {
        Instant(self.0.updated_at)
    }

    /// What was and is delivered to it; the latest first by default.
    async fn deliveries(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many from the start, 0 to 100; or give `last`.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 0 to 100; or give `first`.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
        #[graphql(name = "where", desc = "Only what fits this; everything by default.")] filter: Option<
            WebhookDeliveryWhere,
        >,
        #[graphql(desc = "Another order than the default.")] order_by: Option<WebhookDeliveryOrder>,
    ) -> Maybe<Listing<WebhookDeliveryList>> {
        let stretch = WebhookDeliveryOrder::stretch(order_by, Paging { first, after, last, before });
        let of = (WebhookDeliveriesOf::Endpoint, self.0.id);
        list(ctx, Ok(WebhookDeliveryWhere::list(filter)), stretch, Some(of)).await
    }
}

impl From<webhooks::WebhookDelivery> for WebhookDelivery {
    fn from(delivery: webhooks::WebhookDelivery) -> Self {
        Self(delivery)
    }
}

/// An event on its way to an endpoint.
#[derive(Clone, Debug)]
pub(super) struct WebhookDelivery(webhooks::WebhookDelivery);

/// One event on its way to one endpoint, kept as long as the event. For administrators.
#[Object]
impl WebhookDelivery {
    /// Its global id.
    pub(super) async fn id(&self) -> ID {
        global(Kind::WebhookDelivery, self.0.id)
    }

    /// Where it goes.
    async fn endpoint(&self, ctx: &Context<'_>) -> Maybe<WebhookEndpoint> {
        find::<WebhookEndpointList>(ctx, self.0.endpoint_id).await
    }

    /// What it tells; null for the moment until a test has its place in the log.
    async fn event(&self, ctx: &Context<'_>) -> Maybe<Event> {
        find::<EventList>(ctx, self.0.event_id).await
    }

    /// Where it stands.
    async fn status(&self) -> WebhookDeliveryStatus {
        self.0.status.into()
    }

    /// How often it was tried since it was last begun.
    async fn attempts(&self) -> i32 {
        self.0.attempts
    }

    /// It is not tried (again) before this moment.
    async fn due_at(&self) -> Instant {
        Instant(self.0.due_at)
    }

    /// The HTTP status of the last answer; null when there was none.
    async fn status_code(&self) -> Option<i32> {
        self.0.status_code
    }

    /// What went wrong last, with the beginning of the answer; null if nothing.
    async fn error(&self) -> Option<&str> {
        self.0.error.as_deref()
    }

    /// When the endpoint took it; null if it did not yet.
    async fn delivered_at(&self) -> Option<Instant> {
        self.0.delivered_at.map(Instant)
    }

    /// When it was made.
    async fn created_at(&self) -> Instant {
        Instant(self.0.created_at)
    }

    /// When it last changed.
    async fn updated_at(&self) -> Instant {
        Instant(self.0.updated_at)
    }
}
