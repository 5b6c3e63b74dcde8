//! What requests notice of a database that was restarted: nothing.

use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::support::{
    graphql::mutation,
    house::{House, On},
};

/// Ends every session of the house's database, as a restart does.
async fn end_sessions(house: &House) {
    let (client, connection) =
        tokio_postgres::connect(house.config.database.url.expose(), tokio_postgres::NoTls).await.unwrap();
    let connection = tokio::spawn(connection);
    let ended = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid()";
    let ended: i64 = client.query_one(ended, &[]).await.unwrap().get(0);
    assert!(ended > 1, "only {ended} sessions were open");
    drop(client);
    connection.await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_that_the_database_ended_are_replaced_unnoticed() {
    let Some(house) = House::open(On::Postgres).await else { return };
    let (_, _, people) = house.peers(4).await;
    // Several at once, so that the pool holds several connections.
    let all_ask = async || {
        let mut asking = JoinSet::new();
        for index in 0..16 {
            let client = house.client(&people[index % people.len()]);
            asking.spawn(async move {
                client.query("{ viewer { person { name } matches(first: 1) { totalCount } } }", json!({})).await
            });
        }
        for data in asking.join_all().await {
            assert_ne!(data["viewer"]["person"]["name"], Value::Null);
        }
    };
    all_ask().await;
    end_sessions(&house).await;
    all_ask().await;
    all_ask().await;
    end_sessions(&house).await;
    let document = mutation("updatePerson", "person { headline }");
    let input = json!({ "id": House::id("Person", people[0].id), "headline": "Still here" });
    let changed = house.client(&people[0]).mutate(&document, json!({ "input": input })).await;
    assert_eq!(changed["person"]["headline"], "Still here");
    end_sessions(&house).await;
    house.work().await;
}
