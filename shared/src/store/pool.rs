//! The pooled connections, and what happens when the database was restarted behind them.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, ExecResult, QueryResult, RuntimeErr,
    Statement, TransactionOptions, TransactionTrait as _, prelude::async_trait, sqlx,
};
use tokio::runtime::Handle;

use super::direct::Direct;

/// The connections of a store, for statements outside of transactions.
///
/// Asking each connection whether it still lives before every statement costs a round trip, so it is not done. When the
/// database was restarted, every pooled connection fails once, and is then replaced: a statement that only reads is
/// simply asked again.
#[derive(Clone, Debug)]
pub struct Pool {
    /// For transactions, and for whatever SQLite is asked.
    pub(super) db: DatabaseConnection,
    /// For everything else that PostgreSQL is asked.
    direct: Option<Direct>,
    /// How many connections there may be. A statement can meet every stale one in turn.
    most: u32,
    sent: Arc<AtomicU64>,
    /// The runtime that the store was opened in.
    home: Handle,
}

impl Pool {
    /// `db` with connections of its own kind beside it, so that there are `most` together. Statements wait for one as long
    /// as `patience`.
    pub(super) fn new(db: DatabaseConnection, most: u32, patience: Duration) -> Result<Self, DbErr> {
        let direct = if db.get_database_backend() == DbBackend::Postgres {
            let pool = db.get_postgres_connection_pool();
            let rest = most.saturating_sub(pool.options().get_max_connections()).max(1);
            Some(Direct::new(pool.connect_options().as_ref().clone(), rest, patience)?)
        } else {
            None
        };
        Ok(Self { db, direct, most, sent: Arc::default(), home: Handle::current() })
    }

    /// How many statements were sent so far, outside of transactions.
    pub(super) fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    /// Open, idle, at most.
    pub(super) fn connections(&self) -> (u32, u32, u32) {
        let number = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        let (open, idle) = if self.db.get_database_backend() == DbBackend::Postgres {
            let pool = self.db.get_postgres_connection_pool();
            (pool.size(), number(pool.num_idle()))
        } else {
            let pool = self.db.get_sqlite_connection_pool();
            (pool.size(), number(pool.num_idle()))
        };
        let (more, more_idle) = self.direct.as_ref().map_or((0, 0), Direct::connections);
        (open + number(more), idle + number(more_idle), self.most)
    }

    /// See [`Store::seats`](super::Store::seats).
    pub(super) fn seats(&self, threads: usize) -> usize {
        self.direct.as_ref().map_or(threads, |direct| direct.seats(threads))
    }

    /// See [`Store::settle`](super::Store::settle).
    pub(super) fn settle(&self, threads: usize) -> Result<(), DbErr> {
        self.direct.as_ref().map_or(Ok(()), |direct| direct.settle(threads))
    }

    /// Begins a transaction. Its connection may be opened for it, and then belongs to the runtime of the store, not to that
    /// of a thread which may end before the next one needs it.
    pub(super) async fn begin(&self, options: TransactionOptions) -> Result<DatabaseTransaction, DbErr> {
        if self.direct.is_none() || Handle::current().id() == self.home.id() {
            return self.db.begin_with_options(options).await;
        }
        let db = self.db.clone();
        let begun = self.home.spawn(async move { db.begin_with_options(options).await }).await;
        begun.map_err(|error| DbErr::Custom(error.to_string()))?
    }

    /// Whether the database answers.
    pub(super) async fn ping(&self) -> Result<(), DbErr> {
        if self.direct.is_none() {
            return self.db.ping().await;
        }
        self.query_one_raw(Statement::from_string(DbBackend::Postgres, "SELECT 1")).await?;
        Ok(())
    }

    /// Closes every connection.
    pub(super) async fn close(self) -> Result<(), DbErr> {
        if let Some(direct) = &self.direct {
            direct.close();
        }
        self.db.close().await
    }

    fn count(&self) {
        self.sent.fetch_add(1, Ordering::Relaxed);
    }

    /// Whether to ask again after so many tries: when the connection was broken before it was asked.
    pub(super) fn asks_again(&self, tries: u32, error: &DbErr) -> bool {
        tries <= self.most && is_hung_up(error)
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
        match &self.direct {
            Some(direct) => direct.execute(&statement).await,
            None => self.db.execute_raw(statement).await,
        }
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
            let answered = match &self.direct {
                // To the end of the answer: whoever stops at the first row is not told that a commit failed.
                Some(direct) => direct.all(&statement).await.map(|rows| rows.into_iter().next()),
                None => self.db.query_one_raw(statement.clone()).await,
            };
            match answered {
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
            let answered = match &self.direct {
                Some(direct) => direct.all(&statement).await,
                None => self.db.query_all_raw(statement.clone()).await,
            };
            match answered {
                Err(error) if self.asks_again(tries, &error) => {}
                answered => return answered,
            }
        }
    }
}
