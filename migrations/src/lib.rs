//! The only code that changes the database schema, for SQLite and PostgreSQL alike.
//!
//! Each migration is one module; a shipped one is never edited, the next change is a new module at the end of the list.

mod clients;
mod contract;
mod digests;
mod indexes;
mod initial;
mod issuers;
mod mail;
mod mail_domains;
mod operations;
mod quiet_hours;
mod roster;
mod sessions;
mod tables;
mod webhooks;

use sea_orm_migration::{
    MigrationTrait, async_trait,
    sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseConnection},
};
pub use sea_orm_migration::{MigratorTrait, sea_orm::DbErr};

/// All migrations, oldest first.
#[derive(Debug)]
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(initial::Migration),
            Box::new(issuers::Migration),
            Box::new(clients::Migration),
            Box::new(contract::Migration),
            Box::new(roster::Migration),
            Box::new(webhooks::Migration),
            Box::new(indexes::Migration),
            Box::new(operations::Migration),
            Box::new(mail::Migration),
            Box::new(sessions::Migration),
            Box::new(quiet_hours::Migration),
            Box::new(mail_domains::Migration),
            Box::new(digests::Migration),
        ]
    }
}

/// Brings the database at `url` to the newest schema and returns the names of the migrations applied now.
///
/// Uses a connection of its own: a pool that serves requests would keep the old schema in its prepared statements.
///
/// # Errors
/// When the database cannot be reached or a migration fails; on PostgreSQL and SQLite a failed migration leaves nothing behind.
pub async fn migrate(url: &str) -> Result<Vec<String>, DbErr> {
    let db = connect(url).await?;
    // Two replicas of a deployment may run `migrate` at once: the second waits and then finds nothing to do.
    let postgres = url.starts_with("postgres");
    if postgres {
        db.execute_unprepared("SELECT pg_advisory_lock(7152603)").await?;
    }
    let before = pending(&db).await?;
    let result = Migrator::up(&db, None).await;
    if postgres {
        db.execute_unprepared("SELECT pg_advisory_unlock(7152603)").await?;
    }
    db.close().await?;
    result.map(|()| before)
}

/// The names of the migrations that the database at `url` still lacks; empty when it is current.
///
/// # Errors
/// When the database cannot be reached.
pub async fn missing(url: &str) -> Result<Vec<String>, DbErr> {
    let db = connect(url).await?;
    let names = pending(&db).await?;
    db.close().await?;
    Ok(names)
}

async fn pending(db: &DatabaseConnection) -> Result<Vec<String>, DbErr> {
    let pending = Migrator::get_pending_migrations_read_only(db).await?;
    Ok(pending.iter().map(|migration| migration.name().to_owned()).collect())
}

async fn connect(url: &str) -> Result<DatabaseConnection, DbErr> {
    let mut options = ConnectOptions::new(url);
    options.max_connections(1).sqlx_logging(false);
    Database::connect(options).await
}
