//! Connections to PostgreSQL for statements outside of transactions.
//!
//! The driver's own pool asks a connection that is given back whether it still lives, which costs both sides as much as a
//! small statement. After a transaction it has to, for that also sends the ROLLBACK of one that was dropped; after a
//! statement that was answered there is nothing to ask. So these connections go back without a word, and one on which an
//! answer may still come is closed.

use std::{fmt, sync::Arc, time::Duration};

use deadpool::{
    Runtime,
    managed::{self, Manager, Metrics, Object, PoolError, QueueMode, RecycleError, RecycleResult},
};
use sea_orm::{
    ConnAcquireErr, DbErr, ExecResult, QueryResult, RuntimeErr, Statement,
    sea_query::Values,
    sqlx::{
        AssertSqlSafe, Error, PgConnection, PgPool, Postgres,
        pool::PoolConnection,
        postgres::{PgConnectOptions, PgPoolOptions},
        query::Query,
        query_with,
    },
};
use sea_query_sqlx::SqlxValues;
use thread_local::ThreadLocal;

/// The age at which a connection is replaced, as in the driver's pool: what a server remembers for one only grows.
const OLDEST: Duration = Duration::from_mins(30);

/// The connections; clones share them.
#[derive(Clone)]
pub(super) struct Direct(Arc<Switchboard>);

struct Switchboard {
    opener: PgPool,
    most: usize,
    patience: Duration,
    /// Of whoever has none of their own.
    common: Lines,
    /// Of threads that settled, each with a runtime of its own: what is asked and answered on one thread wakes no other.
    own: ThreadLocal<Lines>,
}

type Lines = managed::Pool<Opener>;

/// Opens connections. The driver's pool knows how to wait for a server that is starting up; it never keeps one here.
struct Opener(PgPool);

/// A connection, and whether an answer may still come on it.
struct Line {
    connection: PgConnection,
    asked: bool,
}

impl Direct {
    /// So many connections at most, opened when they are needed; each statement waits for one as long as `patience`.
    pub(super) fn new(options: PgConnectOptions, most: u32, patience: Duration) -> Result<Self, DbErr> {
        let opener = PgPoolOptions::new().max_connections(most).acquire_timeout(patience).connect_lazy_with(options);
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        let common = lines(&opener, most, patience)?;
        Ok(Self(Arc::new(Switchboard { opener, most, patience, common, own: ThreadLocal::new() })))
    }

    /// How many of so many threads can settle: each with two connections, and one is left for everybody else.
    pub(super) fn seats(&self, threads: usize) -> usize {
        threads.min((self.0.most - 1) / 2).max(1)
    }

    /// Gives the calling thread, one of so many, its part of the connections.
    pub(super) fn settle(&self, threads: usize) -> Result<(), DbErr> {
        let board = &*self.0;
        let part = ((board.most - 1) / threads).max(1);
        board.own.get_or_try(|| lines(&board.opener, part, board.patience))?;
        board.common.resize(board.most.saturating_sub(part * threads).max(1));
        Ok(())
    }

    /// Open, and idle.
    pub(super) fn connections(&self) -> (usize, usize) {
        let all = std::iter::once(&self.0.common).chain(self.0.own.iter()).map(Lines::status);
        all.fold((0, 0), |(open, idle), status| (open + status.size, idle + status.available))
    }

    /// Closes what nobody uses, and everything else when it is given back.
    pub(super) fn close(&self) {
        self.0.common.close();
        self.0.own.iter().for_each(Lines::close);
    }

    pub(super) async fn execute(&self, statement: &Statement) -> Result<ExecResult, DbErr> {
        let mut line = self.line().await?;
        let done = query(statement).execute(&mut line.connection).await;
        answered(line, done).map(ExecResult::from).map_err(DbErr::Exec)
    }

    pub(super) async fn all(&self, statement: &Statement) -> Result<Vec<QueryResult>, DbErr> {
        let mut line = self.line().await?;
        let rows = query(statement).fetch_all(&mut line.connection).await;
        let rows = answered(line, rows).map_err(DbErr::Query)?;
        Ok(rows.into_iter().map(QueryResult::from).collect())
    }

    /// A connection to ask something on. Whoever asks and does not stay for the answer leaves it unusable.
    async fn line(&self) -> Result<Object<Opener>, DbErr> {
        let line = self.0.own.get().unwrap_or(&self.0.common).get().await;
        let mut line = line.map_err(|error| match error {
            PoolError::Timeout(_) | PoolError::Backend(Error::PoolTimedOut) => {
                DbErr::ConnectionAcquire(ConnAcquireErr::Timeout)
            }
            PoolError::Backend(error) => DbErr::Conn(RuntimeErr::SqlxError(error.into())),
            PoolError::Closed => DbErr::ConnectionAcquire(ConnAcquireErr::ConnectionClosed),
            other @ (PoolError::NoRuntimeSpecified | PoolError::PostCreateHook(_)) => DbErr::Custom(other.to_string()),
        })?;
        line.asked = true;
        Ok(line)
    }
}

impl Manager for Opener {
    type Type = Line;
    type Error = Error;

    async fn create(&self) -> Result<Line, Error> {
        Ok(Line { connection: self.0.acquire().await.map(PoolConnection::detach)?, asked: false })
    }

    async fn recycle(&self, line: &mut Line, metrics: &Metrics) -> RecycleResult<Error> {
        if line.asked || metrics.age() > OLDEST {
            return Err(RecycleError::message("it is to be replaced"));
        }
        Ok(())
    }
}

/// Room for so many connections. What was used last is best remembered by everybody's caches, and comes first.
fn lines(opener: &PgPool, most: usize, patience: Duration) -> Result<Lines, DbErr> {
    let lines = managed::Pool::builder(Opener(opener.clone()))
        .max_size(most)
        .queue_mode(QueueMode::Lifo)
        .wait_timeout(Some(patience))
        .runtime(Runtime::Tokio1)
        .build();
    lines.map_err(|error| DbErr::Custom(error.to_string()))
}

/// A statement that the driver prepares once for each connection.
fn query(statement: &Statement) -> Query<'_, Postgres, SqlxValues> {
    let values = statement.values.clone().unwrap_or_else(|| Values(Vec::new()));
    query_with(AssertSqlSafe(statement.sql.as_str()), SqlxValues(values))
}

/// Gives the connection back: as it was if the database answered, be it with an error; broken if it did not.
fn answered<T>(mut line: Object<Opener>, answer: Result<T, Error>) -> Result<T, RuntimeErr> {
    line.asked = match &answer {
        Ok(_) => false,
        Err(Error::Database(error)) => error.code().is_none_or(|code| code.starts_with("57P")),
        Err(_) => true,
    };
    answer.map_err(|error| RuntimeErr::SqlxError(error.into()))
}

impl fmt::Debug for Direct {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Direct").field(&self.connections()).finish()
    }
}
