//! The database: rows stay in here, everybody else sees domain types.
//!
//! A read takes anything that [`Reads`]; a write that belongs to a larger whole takes a [`Tx`], so forgetting the
//! transaction does not compile. Every finder names the organization; the few that look across tenants are for the
//! worker and say so with `every_` in their name.
#![allow(unreachable_pub, reason = "the entity derive needs its family of types public inside a private module")]

/// What the derive wants of every row: we join by hand where we join at all.
macro_rules! no_relations {
    () => {
        #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
        pub enum Relation {}

        impl ActiveModelBehavior for ActiveModel {}
    };
}
use no_relations;

pub mod api_clients;
pub mod audit;
pub mod bases;
pub mod callers;
pub mod check_ins;
mod claims;
pub mod constraints;
pub mod digests;
mod direct;
pub mod documents;
pub mod drift;
pub mod enrollments;
pub mod events;
pub mod gauges;
mod given;
pub mod history;
pub mod idempotency_keys;
pub mod identities;
pub mod issuers;
mod known;
pub mod lists;
pub mod mail_domains;
pub mod mail_facts;
pub mod mail_preferences;
pub mod mail_suppressions;
pub mod match_runs;
pub mod matches;
pub mod message_attempts;
pub mod messages;
pub mod nights;
pub mod non_matches;
pub mod organization_settings;
pub mod organizations;
pub mod people;
pub mod planned_pairs;
mod pool;
mod positions;
pub mod programs;
pub mod roster;
mod rounded;
pub mod rounds;
pub mod sessions;
pub mod sign_in_links;
pub mod sign_ins;
mod stored;
pub mod waiting;
pub mod webhook_deliveries;
pub mod webhook_endpoints;

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use sea_orm::{
    ConnectOptions, ConnectionTrait, Database, DatabaseTransaction, DbBackend, DbErr, SqlErr, SqliteTransactionMode,
    Statement, TransactionOptions, TransactionTrait, Value,
    sqlx::{
        self, Connection as _,
        sqlite::{SqliteConnection, SqliteJournalMode, SqliteSynchronous},
    },
};
use tokio::sync::{Mutex, OwnedMutexGuard};

use self::{idempotency_keys::Mark, known::Memory, pool::Pool};
use crate::live::{Changes, Noted};

/// How long whoever needs a connection waits for one.
const TURN: Duration = Duration::from_secs(10);

/// How long PostgreSQL bears with a process. SQLite has no such limits.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// How long one statement may run, for whoever gives up waiting: a statement that nobody waits for would otherwise
    /// run on and hold its locks.
    pub statement: Option<Duration>,
    /// How long a transaction may say nothing. Ours wait for nothing but the database, so a silent one belongs to a
    /// machine that is suspended or gone, and must not hold its locks until it comes back.
    pub silence: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { statement: None, silence: Duration::from_secs(30) }
    }
}

/// What can go wrong in the store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database refused or is gone.
    #[error("the database failed: {0}")]
    Database(#[from] DbErr),
    /// A row that our own rules rule out.
    #[error("table {table} holds something this version cannot read: {problem}")]
    Corrupt {
        /// The table.
        table: &'static str,
        /// What is wrong with it.
        problem: String,
    },
    /// The row was changed by somebody else since it was read, or is gone.
    #[error("{0} was changed meanwhile")]
    Conflict(&'static str),
    /// Such a row exists already.
    #[error("such a row exists already: {0}")]
    Duplicate(String),
}

impl StoreError {
    /// The same for somebody else whom it concerns: all that were written down together failed together.
    #[must_use]
    pub fn for_another(&self) -> Self {
        match self {
            Self::Database(error) => Self::Database(DbErr::Custom(error.to_string())),
            Self::Corrupt { table, problem } => Self::Corrupt { table, problem: problem.clone() },
            Self::Conflict(what) => Self::Conflict(what),
            Self::Duplicate(what) => Self::Duplicate(what.clone()),
        }
    }

    pub(crate) fn corrupt(table: &'static str, problem: impl std::fmt::Display) -> Self {
        Self::Corrupt { table, problem: problem.to_string() }
    }

    /// Tells a broken uniqueness rule from a broken database.
    pub(crate) fn from_write(error: DbErr) -> Self {
        match error.sql_err() {
            Some(SqlErr::UniqueConstraintViolation(what)) => Self::Duplicate(what),
            _ => Self::Database(error),
        }
    }
}

/// A pool of connections to the one database.
#[derive(Clone, Debug)]
pub struct Store {
    pool: Pool,
    /// Rows as they were at a version, which never changes again.
    memory: Arc<Memory>,
    /// SQLite has one writer: waiting for it here is fair and never ends in a BUSY error.
    writer: Option<Arc<Mutex<()>>>,
    /// What every commit leaves behind, when it is made under an idempotency key.
    mark: Option<Mark>,
}

/// A transaction that can write. Dropping it without [`Tx::commit`] undoes everything.
#[derive(Debug)]
#[expect(clippy::struct_field_names, reason = "whatever it is called, it is the transaction")]
pub struct Tx {
    tx: DatabaseTransaction,
    noted: Noted,
    mark: Option<Mark>,
    _writer: Option<OwnedMutexGuard<()>>,
}

mod sealed {
    pub trait Connected {
        type Conn: sea_orm::ConnectionTrait;
        fn conn(&self) -> &Self::Conn;
    }
}

/// Whatever can be read from: the store itself, or an open transaction.
pub trait Reads: sealed::Connected + Sync {}

impl sealed::Connected for Store {
    type Conn = Pool;
    fn conn(&self) -> &Pool {
        &self.pool
    }
}

impl sealed::Connected for Tx {
    type Conn = DatabaseTransaction;
    fn conn(&self) -> &DatabaseTransaction {
        &self.tx
    }
}

impl Reads for Store {}
impl Reads for Tx {}

impl Store {
    /// Opens a pool at `url` (`sqlite://...?mode=rwc` or `postgres://...`) with at most `max_connections`. Of
    /// PostgreSQL's, half are for transactions; there is one of each kind at least.
    ///
    /// # Errors
    /// When the database cannot be reached.
    pub async fn connect(url: &str, max_connections: u32) -> Result<Self, StoreError> {
        Self::connect_with(url, max_connections, Patience::default()).await
    }

    /// The same with other limits.
    ///
    /// # Errors
    /// When the database cannot be reached.
    pub async fn connect_with(url: &str, max_connections: u32, patience: Patience) -> Result<Self, StoreError> {
        let sqlite = url.starts_with("sqlite");
        let transactions = if sqlite { max_connections } else { (max_connections / 2).max(1) };
        let mut options = ConnectOptions::new(url);
        if !sqlite {
            options.map_sqlx_postgres_opts(move |postgres| {
                let silence = patience.silence.as_millis().to_string();
                let postgres = postgres.options([("idle_in_transaction_session_timeout", silence)]);
                match patience.statement {
                    Some(limit) => postgres.options([("statement_timeout", limit.as_millis().to_string())]),
                    None => postgres,
                }
            });
        }
        options
            .max_connections(transactions)
            .min_connections(1)
            .acquire_timeout(TURN)
            .sqlx_logging(false)
            .test_before_acquire(false);
        if sqlite {
            options.map_sqlx_sqlite_opts(|sqlite| {
                sqlite
                    .journal_mode(SqliteJournalMode::Wal)
                    .synchronous(SqliteSynchronous::Full)
                    .foreign_keys(true)
                    .busy_timeout(Duration::from_secs(10))
            });
            options
                .map_sqlx_sqlite_pool_opts(|pool| pool.after_release(|connection, _| Box::pin(is_at_rest(connection))));
        }
        let db = Database::connect(options).await?;
        let pool = Pool::new(db, max_connections, TURN)?;
        let writer = sqlite.then(|| Arc::new(Mutex::new(())));
        Ok(Self { pool, memory: Arc::default(), writer, mark: None })
    }

    /// The same store for a request under an idempotency key: every transaction that is begun here leaves the mark when
    /// it commits, so that the request's effect and the knowledge of it are one.
    #[must_use]
    pub fn marking(&self, mark: Mark) -> Self {
        Self { mark: Some(mark), ..self.clone() }
    }

    /// Begins a transaction that will write.
    ///
    /// # Errors
    /// When no connection can be had.
    pub async fn begin(&self) -> Result<Tx, StoreError> {
        let writer = self.turn_to_write().await;
        let options = TransactionOptions {
            // A deferred transaction that reads first would fail at its first write when somebody else wrote meanwhile.
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        let options = if self.writer.is_some() { options } else { TransactionOptions::default() };
        let mut tries = 0;
        loop {
            tries += 1;
            match self.pool.begin(options).await {
                Err(error) if self.pool.asks_again(tries, &error) => {}
                begun => {
                    let (noted, mark) = (Noted::default(), self.mark.clone());
                    return Ok(Tx { tx: begun?, noted, mark, _writer: writer });
                }
            }
        }
    }

    /// Waits until nobody else in this process writes, where there is one writer.
    async fn turn_to_write(&self) -> Option<OwnedMutexGuard<()>> {
        match &self.writer {
            Some(writer) => Some(Arc::clone(writer).lock_owned().await),
            None => None,
        }
    }

    /// How many statements were sent so far, outside of transactions, by this store and its clones.
    pub fn statements(&self) -> u64 {
        self.pool.sent()
    }

    /// The connections of the pool: open ones, those of them that nobody uses, and the most there may be.
    pub fn connections(&self) -> (u32, u32, u32) {
        self.pool.connections()
    }

    /// How many of so many threads can [`settle`](Self::settle); one at least.
    pub fn seats(&self, threads: usize) -> usize {
        self.pool.seats(threads)
    }

    /// Gives the calling thread, one of so many that each have a runtime of their own, connections to PostgreSQL of its own
    /// for what is asked outside of transactions. A connection is best used where it was opened: elsewhere, each answer
    /// wakes two threads.
    ///
    /// # Errors
    /// When the connections cannot be set up; none is opened yet.
    pub fn settle(&self, threads: usize) -> Result<(), StoreError> {
        Ok(self.pool.settle(threads)?)
    }

    /// Whether the database answers.
    ///
    /// # Errors
    /// When it does not.
    pub async fn ping(&self) -> Result<(), StoreError> {
        Ok(self.pool.ping().await?)
    }

    /// Closes every connection.
    ///
    /// # Errors
    /// When the database cannot say goodbye; nothing is lost then.
    pub async fn close(self) -> Result<(), StoreError> {
        Ok(self.pool.close().await?)
    }
}

impl Tx {
    /// Makes everything in this transaction permanent, and says what of it live subscribers should be told with
    /// [`Bus::announce`](crate::bus::Bus::announce).
    ///
    /// # Errors
    /// When the database refuses, or somebody else has taken over the idempotency key; nothing was written then, unless
    /// the connection broke during the commit itself.
    pub async fn commit(self) -> Result<Changes, StoreError> {
        if let Some(mark) = &self.mark {
            idempotency_keys::leave(&self, mark).await?;
        }
        self.tx.commit().await?;
        Ok(self.noted.into_changes())
    }
}

impl Tx {
    /// A part of this transaction that can be undone by itself: [`Tx::keep`] keeps it, [`Tx::undo`] forgets it, and
    /// nothing of it is permanent before the whole is.
    ///
    /// # Errors
    /// When the database is gone.
    pub async fn part(&self) -> Result<Self, StoreError> {
        Ok(Self { tx: self.tx.begin().await?, noted: Noted::default(), mark: None, _writer: None })
    }

    /// Keeps a part of this transaction.
    ///
    /// # Errors
    /// When the database is gone.
    pub async fn keep(&self, part: Self) -> Result<(), StoreError> {
        self.noted.absorb(part.commit().await?);
        Ok(())
    }

    /// Undoes everything in this transaction, or in this part of one.
    ///
    /// # Errors
    /// When the database is gone; nothing was written then either.
    pub async fn undo(self) -> Result<(), StoreError> {
        Ok(self.tx.rollback().await?)
    }
}

/// Whether a connection that is given back is in no transaction.
///
/// A COMMIT for which there is no room undoes the transaction, and so the driver's ROLLBACK fails, which leaves the driver
/// counting one transaction too many: whatever came next on that connection would seem to be committed and never be.
async fn is_at_rest(connection: &mut SqliteConnection) -> Result<bool, sqlx::Error> {
    if connection.is_in_transaction() {
        // A rollback may be on its way; whatever is answered now was asked after it.
        connection.ping().await?;
    }
    Ok(!connection.is_in_transaction())
}

/// The database's own clock, on which all leases live: hosts may disagree about the time, their database does not.
///
/// # Errors
/// When the database is gone.
pub async fn lease_clock(reads: &impl Reads) -> Result<DateTime<Utc>, StoreError> {
    let conn = reads.conn();
    if conn.get_database_backend() == DbBackend::Postgres {
        let statement = Statement::from_string(DbBackend::Postgres, "SELECT clock_timestamp()");
        let row = conn.query_one_raw(statement).await?;
        let row = row.ok_or_else(|| StoreError::corrupt("clock", "no answer"))?;
        return Ok(row.try_get_by_index::<DateTime<Utc>>(0)?);
    }
    Ok(clock_of_sqlite())
}

/// So long from now by the clock of [`lease_clock`], without asking for it first: an expression over `$1`, and what that is.
fn from_now(backend: DbBackend, span: TimeDelta) -> (&'static str, Value) {
    if backend == DbBackend::Postgres {
        let micros = span.num_microseconds().unwrap_or(i64::MAX);
        return ("clock_timestamp() + $1 * interval '1 microsecond'", micros.into());
    }
    ("$1", (clock_of_sqlite() + span).into())
}

/// SQLite has no clock but this machine's.
fn clock_of_sqlite() -> DateTime<Utc> {
    #[expect(clippy::disallowed_methods, reason = "the database's clock, not the product's")]
    let now = Utc::now();
    now.duration_trunc(TimeDelta::microseconds(1)).unwrap_or(now)
}

/// The stored spelling of a word, back as the word.
fn word<T: std::str::FromStr<Err = crate::domain::states::UnknownWord>>(
    table: &'static str,
    text: &str,
) -> Result<T, StoreError> {
    text.parse().map_err(|error| StoreError::corrupt(table, error))
}

/// A JSON column as what it holds.
fn from_json<T: serde::de::DeserializeOwned>(table: &'static str, json: sea_orm::JsonValue) -> Result<T, StoreError> {
    serde_json::from_value(json).map_err(|error| StoreError::corrupt(table, error))
}

/// What a JSON column holds.
fn to_json<T: serde::Serialize>(table: &'static str, value: &T) -> Result<sea_orm::JsonValue, StoreError> {
    serde_json::to_value(value).map_err(|error| StoreError::corrupt(table, error))
}

/// A small number as the column's type holds it.
fn narrow<T: TryFrom<i32>>(table: &'static str, value: i32) -> Result<T, StoreError> {
    T::try_from(value).map_err(|_| StoreError::corrupt(table, format!("{value} is out of range")))
}

/// Insists that a guarded update hit its one row.
fn exactly_one(hit: u64, what: &'static str) -> Result<(), StoreError> {
    if hit == 1 { Ok(()) } else { Err(StoreError::Conflict(what)) }
}
