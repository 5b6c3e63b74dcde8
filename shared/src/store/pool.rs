//! The pooled connections, and what happens when the database was restarted behind them.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use sea_orm::{
    ConnectionTrait, DatabaseConnection, DbBackend, DbErr, ExecResult, QueryResult, RuntimeErr, Statement,
    prelude::async_trait, sqlx,
};

/// The connections of a store, for statements outside of transactions.
///
/// Asking each connection whether it still lives before every statement costs a round trip, so it is not done. When the
/// database was restarted, every pooled connection fails once, and is then replaced: a statement that only reads is
/// simply asked again.
#[derive(Clone, Debug)]
pub struct Pool {
    pub(super) db: DatabaseConnection,
    /// A statement can meet every stale connection of the pool in turn.
    stale: u32,
    sent: Arc<AtomicU64>,
}

impl Pool {
    pub(super) fn new(db: DatabaseConnection, max_connections: u32) -> Self {
        Self { db, stale: max_connections, sent: Arc::default() }
    }

    /// How many statements were sent so far, outside of transactions.
    pub(super) fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    /// Open, idle, at most.
    pub(super) fn connections(&self) -> (u32, u32, u32) {
        let idle = |idle: usize| u32::try_from(idle).unwrap_or(u32::MAX);
        let (open, idle) = if self.db.get_database_backend() == DbBackend::Postgres {
            let pool = self.db.get_postgres_connection_pool();
            (pool.size(), idle(pool.num_idle()))
        } else {
            let pool = self.db.get_sqlite_connection_pool();
            (pool.size(), idle(pool.num_idle()))
        };
        (open, idle, self.stale)
    }

    fn count(&self) {
        self.sent.fetch_add(1, Ordering::Relaxed);
    }

    /// Whether to ask again after so many tries: when the connection was broken before it was asked.
    pub(super) fn asks_again(&self, tries: u32, error: &DbErr) -> bool {
        tries <= self.stale && is_hung_up(error)
    }
}

/// Whether the connection broke, not the statement. A database that cannot be reached at all is another error.
#[expect(clippy::wildcard_enum_match_arm, reason = "the library's list is open; nothing else is a lost connection")]
fn is_hung_up(error: &DbErr) -> bool {
    let (DbErr::Query(RuntimeErr::SqlxError(error))
    | DbErr::Exec(RuntimeErr::SqlxError(error))
    | DbErr::Conn(RuntimeErr::SqlxError(error))) = error
    else {
        return false;
    };
    match error.as_ref() {
        sqlx::Error::Io(error) => error.kind() != std::io::ErrorKind::ConnectionRefused,
        // The server's last words: class 57P, somebody shut it down or ended the session.
        sqlx::Error::Database(error) => error.code().is_some_and(|code| code.starts_with("57P")),
        _ => false,
    }
}

#[async_trait::async_trait]
impl ConnectionTrait for Pool {
    fn get_database_backend(&self) -> DbBackend {
        self.db.get_database_backend()
    }

    /// Not repeated: it may have happened.
    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        self.count();
        self.db.execute_raw(statement).await
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        self.count();
        self.db.execute_unprepared(sql).await
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        self.count();
        let mut tries = 0;
        loop {
            tries += 1;
            match self.db.query_one_raw(statement.clone()).await {
                Err(error) if self.asks_again(tries, &error) => {}
                answered => return answered,
            }
        }
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        self.count();
        let mut tries = 0;
        loop {
            tries += 1;
            match self.db.query_all_raw(statement.clone()).await {
                Err(error) if self.asks_again(tries, &error) => {}
                answered => return answered,
            }
        }
    }
}
