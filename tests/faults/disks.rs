//! A disk without a free byte under the database.

use std::time::Duration;

use shared::store::{self, Store};

use super::world::World;
use crate::support::{disk::SmallDisk, postgres::TestPostgresServer, process::Process};

/// Fills the disk at the worst moments, one after the other: before the night, and in the middle of the mail.
async fn survive(world: &World, disk: &SmallDisk, complaint: &str) {
    // Slow enough that mail is still to be sent when the disk fills up.
    let pace = "mail.before_mark=sleep:20,mail.before_sent=sleep:20";
    let mut worker: Process = world.worker(pace).await;
    for sent in [0, 5] {
        while world.sent().await < sent {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let told = worker.stderr().matches(complaint).count();
        world
            .disturbed(async {
                disk.fill();
                worker.says_more(complaint, told).await;
                // What waits meets the full disk, too.
                tokio::time::sleep(Duration::from_millis(1500)).await;
                disk.clear();
            })
            .await;
    }
    world.settle().await;
    let status = worker.terminate().await;
    assert!(status.success(), "it goes on by itself: {status}\n{}", worker.stderr());
    let copies = world.finish().await;
    assert!(copies <= 2, "no more than was in hand when the disk filled up: {copies}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_disk_of_sqlite_may_be_full() {
    let Some(disk) = SmallDisk::of(24) else { return };
    let url = format!("sqlite://{}?mode=rwc", disk.folder().join("counterpart.db").display());
    let Some(world) = World::open_at(&url, 1, 30).await else { return };
    survive(&world, &disk, "full").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_disk_of_postgres_may_be_full() {
    let Some(disk) = SmallDisk::of(64) else { return };
    let Some(server) = TestPostgresServer::start().await else { return };
    let url = server.database_in(disk.folder()).await;
    let Some(world) = World::open_at(&url, 1, 30).await else { return };
    survive(&world, &disk, "No space left").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_without_room_is_an_error_and_nothing_after_it_is_lost() {
    let Some(disk) = SmallDisk::of(24) else { return };
    let url = format!("sqlite://{}?mode=rwc", disk.folder().join("counterpart.db").display());
    let Some(world) = World::open_at(&url, 1, 6).await else { return };
    let store = Store::connect(&url, 3).await.unwrap();
    let commit = async |name: &str| {
        let person = world.house.draft(name, "DE");
        let tx = store.begin().await?;
        store::people::insert_many(&tx, std::slice::from_ref(&person)).await?;
        tx.commit().await.map(|_| person)
    };
    disk.fill();
    // More often than there are connections: none of them may be spoiled.
    for n in 0..7 {
        let refused = commit(&format!("Nobody {n}")).await.unwrap_err().to_string();
        assert!(refused.contains("full"), "{refused}");
    }
    disk.clear();
    for n in 0..7 {
        let person = commit(&format!("Somebody {n}")).await.unwrap();
        let seen = store::people::find(&world.house.store, person.organization_id, person.id).await.unwrap();
        assert_eq!(seen.map(|seen| seen.name), Some(person.name), "what was committed is there for others");
    }
}
