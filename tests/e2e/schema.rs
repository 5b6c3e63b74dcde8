//! The migrated schema of both databases is exactly what the program reads and writes.

use shared::store::{Store, drift};

use crate::support::postgres::TestDatabase;

async fn is_exact(url: &str) {
    assert!(!migrations::missing(url).await.unwrap().is_empty(), "an empty database lacks every migration");
    let applied = migrations::migrate(url).await.unwrap();
    assert!(!applied.is_empty());
    assert_eq!(migrations::migrate(url).await.unwrap(), Vec::<String>::new(), "the second time there is nothing to do");
    assert_eq!(migrations::missing(url).await.unwrap(), Vec::<String>::new());
    let store = Store::connect(url, 2).await.unwrap();
    assert_eq!(drift::find(&store).await.unwrap(), Vec::<String>::new());
}

#[tokio::test]
async fn sqlite_is_exact() {
    let folder = tempfile::tempdir().unwrap();
    is_exact(&format!("sqlite://{}?mode=rwc", folder.path().join("counterpart.db").display())).await;
}

#[tokio::test]
async fn postgres_is_exact() {
    let Some(database) = TestDatabase::create().await else { return };
    is_exact(database.url()).await;
    let client = database.client().await;
    let unnamed = client
        .query(
            "SELECT conname FROM pg_constraint WHERE connamespace = 'public'::regnamespace \
                AND conrelid::regclass::text NOT LIKE 'seaql%' AND contype IN ('f', 'u') AND conname !~ '^(fk|uq)_'",
            &[],
        )
        .await
        .unwrap();
    assert!(unnamed.is_empty(), "constraints without a name of their own");
}

/// Two replicas of a deployment migrate at once: one does the work, the other waits and finds nothing left.
#[tokio::test]
async fn two_migrations_at_once_do_no_harm() {
    let Some(database) = TestDatabase::create().await else { return };
    let (one, other) = tokio::join!(migrations::migrate(database.url()), migrations::migrate(database.url()));
    let (one, other) = (one.unwrap(), other.unwrap());
    assert!(one.is_empty() != other.is_empty(), "exactly one of them applied something: {one:?}, {other:?}");
}
