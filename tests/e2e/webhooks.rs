//! The event log and webhooks: over the API, on a real receiver, on both databases.

mod endpoints;
mod events;
mod faults;

use serde_json::{Value, json};

use crate::support::{graphql::mutation, house::House, receiver::Receiver};

/// What tests read of an endpoint.
const ENDPOINT: &str = "id url kinds status disabledReason failingSince previousSecretUntil
    deliveries(first: 100, orderBy: { field: CREATED_AT, direction: ASC }) {
        totalCount nodes { id status attempts dueAt statusCode error deliveredAt event { kind } } }";

/// An endpoint of the house with its secret.
struct Hook {
    id: String,
    secret: String,
}

/// A mutation of the administrator that must succeed.
async fn call(house: &House, name: &str, selection: &str, input: Value) -> Value {
    house.admin().mutate(&mutation(name, selection), json!({ "input": input })).await
}

/// The codes of a mutation of the administrator that must be refused.
async fn refused(house: &House, name: &str, input: Value) -> Vec<Value> {
    house.admin().user_errors(&mutation(name, ""), json!({ "input": input })).await
}

impl Hook {
    async fn make(house: &House, url: &str, kinds: &[&str]) -> Self {
        let input = json!({ "url": url, "kinds": kinds });
        let made = call(house, "createWebhookEndpoint", "issued { endpoint { id } secret }", input).await;
        let text = |value: &Value| value.as_str().expect("a text").to_owned();
        Self { id: text(&made["issued"]["endpoint"]["id"]), secret: text(&made["issued"]["secret"]) }
    }

    async fn of(house: &House, receiver: &Receiver) -> Self {
        Self::make(house, &receiver.url(), &[]).await
    }

    async fn now(&self, house: &House) -> Value {
        let document = format!("query($id: ID!) {{ node(id: $id) {{ ... on WebhookEndpoint {{ {ENDPOINT} }} }} }}");
        house.admin().query(&document, json!({ "id": self.id })).await["node"].clone()
    }

    /// Its deliveries, oldest first.
    async fn deliveries(&self, house: &House) -> Vec<Value> {
        self.now(house).await["deliveries"]["nodes"].as_array().expect("a list").clone()
    }

    /// Its only delivery.
    async fn delivery(&self, house: &House) -> Value {
        let all = self.deliveries(house).await;
        assert_eq!(all.len(), 1, "{all:#?}");
        all[0].clone()
    }
}

impl House {
    /// Numbers events, makes deliveries and posts what is due; tells how many arrived.
    async fn post(&self) -> usize {
        self.worker.fan_out().await.expect("deliveries are made");
        self.worker.deliver_due().await.expect("deliveries are posted")
    }
}
