//! The connections to PostgreSQL: whoever gives up on one spoils it for nobody, and no thread takes any with it.

use std::time::Duration;

use shared::store::{self, Store};
use tokio::{
    task::JoinSet,
    time::{sleep, timeout},
};
use tokio_postgres::{Client, NoTls};

use crate::support::house::{House, On};

/// So few that they are soon all in use: one for transactions, and so many beside it.
const FEW: u32 = 2;
const MOMENT: Duration = Duration::from_millis(100);

/// Lets nobody read organizations until it is dropped.
async fn lock(house: &House) -> Client {
    let (client, connection) = tokio_postgres::connect(house.config.database.url.expose(), NoTls).await.unwrap();
    tokio::spawn(connection);
    client.batch_execute("BEGIN; LOCK TABLE organizations").await.unwrap();
    client
}

async fn few(house: &House) -> Store {
    Store::connect(house.config.database.url.expose(), FEW).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_statement_that_nobody_waits_for_any_more_spoils_no_other() {
    let Some(house) = House::open(On::Postgres).await else { return };
    let store = few(&house).await;
    let (ours, theirs) = (&house.organization, house.other_organization("lighthouse").await.0);
    let locked = lock(&house).await;
    for _ in 0..3 {
        timeout(MOMENT, store::organizations::find(&store, ours.id)).await.expect_err("the table is locked");
    }
    drop(locked);
    // An answer to the first question must not be taken for one to the next.
    for _ in 0..3 {
        for organization in [&theirs, ours] {
            let found = store::organizations::find(&store, organization.id).await.unwrap();
            assert_eq!(found.unwrap().slug, organization.slug);
        }
    }
    assert!(store.connections().0 <= FEW);
    store.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn who_finds_all_connections_in_use_waits_for_one() {
    let Some(house) = House::open(On::Postgres).await else { return };
    let store = few(&house).await;
    let id = house.organization.id;
    let locked = lock(&house).await;
    let mut asking = JoinSet::new();
    for _ in 0..5 {
        let store = store.clone();
        asking.spawn(async move { store::organizations::find(&store, id).await.unwrap().unwrap().id });
    }
    sleep(MOMENT).await;
    // Transactions do not have to wait for them.
    let tx = store.begin().await.unwrap();
    assert!(store::people::find(&tx, id, house.administrator.id).await.unwrap().is_some());
    tx.undo().await.unwrap();
    // The driver takes a moment to take its own back.
    while store.connections() != (FEW, 1, FEW) {
        sleep(MOMENT / 10).await;
    }
    drop(locked);
    assert_eq!(asking.join_all().await, [id; 5]);
    store.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_statement_costs_no_connection() {
    let Some(house) = House::open(On::Postgres).await else { return };
    let store = few(&house).await;
    let client = house.postgres().await.unwrap();
    let sessions = async || {
        let question = "SELECT array_agg(pid ORDER BY pid) FROM pg_stat_activity
            WHERE datname = current_database() AND query LIKE '%organizations%' AND pid <> pg_backend_pid()";
        client.query_one(question, &[]).await.unwrap().get::<_, Option<Vec<i32>>>(0).unwrap_or_default()
    };
    store::organizations::every(&store).await.unwrap();
    let before = sessions().await;
    client.batch_execute("ALTER TABLE organizations RENAME TO elsewhere").await.unwrap();
    store::organizations::every(&store).await.expect_err("there is no such table");
    client.batch_execute("ALTER TABLE elsewhere RENAME TO organizations").await.unwrap();
    assert_eq!(store::organizations::every(&store).await.unwrap().len(), 1);
    assert_eq!((before.len(), sessions().await), (1, before));
    store.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thread_that_ends_takes_no_connection_with_it() {
    let Some(house) = House::open(On::Postgres).await else { return };
    let store = Store::connect(house.config.database.url.expose(), 8).await.unwrap();
    assert_eq!((store.seats(1), store.seats(16)), (1, 1), "three of four, and two for each");
    let id = house.organization.id;
    for _ in 0..3 {
        let own = store.clone();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                own.settle(1).unwrap();
                for _ in 0..2 {
                    assert!(store::organizations::find(&own, id).await.unwrap().is_some());
                    let tx = own.begin().await.unwrap();
                    assert!(store::organizations::find(&tx, id).await.unwrap().is_some());
                    tx.commit().await.unwrap();
                }
            });
        });
        tokio::task::spawn_blocking(|| thread.join().unwrap()).await.unwrap();
        // The thread's runtime is gone; what it opened for transactions is not.
        store.begin().await.unwrap().commit().await.unwrap();
        assert!(store::organizations::find(&store, id).await.unwrap().is_some());
    }
    assert!(store.connections().0 <= 8);
    store.close().await.unwrap();
}
