//! The pools, and how a connection must be set up for what we promise: synced commits above all.

use std::os::unix::fs::OpenOptionsExt as _;
use std::str::FromStr as _;
use std::sync::Arc;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteRow, SqliteSynchronous,
};
use sqlx::{ConnectOptions as _, PgPool, Row as _, SqlitePool};
use tokio::sync::Mutex;

use super::StoreError;
use super::fault::{Fault, Result};
use super::sql::{Session, Tx};
use crate::clock::Clock;

/// How long anybody waits for a connection or a lock.
const PATIENCE: Duration = Duration::from_secs(5);
const READERS: u32 = 4;
const POSTGRES_CONNECTIONS: u32 = 12;

/// Whether a commit waits for the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Commit {
    /// Durable when it returns (invariant 1).
    Synced,
    /// Durable with the next synced commit, which logs after it. For claims, leases and permits: what is
    /// lost of them in a crash belongs to work that was never settled.
    Lazy,
}

/// One of the two databases.
pub(super) struct Database {
    pools: Pools,
    clock: Clock,
}

enum Pools {
    Sqlite { synced: SqlitePool, lazy: SqlitePool, readers: SqlitePool, turn: Arc<Mutex<()>> },
    Postgres(PgPool),
}

impl Database {
    pub async fn open(url: &str, clock: Clock) -> Result<Self, StoreError> {
        let pools = if url.starts_with("sqlite:") {
            open_sqlite(url).await?
        } else if url.starts_with("postgres:") || url.starts_with("postgresql:") {
            open_postgres(url).await?
        } else {
            return Err(StoreError::Unavailable("the URL starts with neither sqlite: nor postgres:".into()));
        };
        Ok(Self { pools, clock })
    }

    /// Whether opening it would find anything; a server always may have it.
    pub fn is_there(url: &str) -> bool {
        let Some(path) = url.strip_prefix("sqlite://") else { return true };
        let length = |path: &str| std::fs::metadata(path).map_or(0, |own| own.len());
        length(path) > 0 || length(&format!("{path}-wal")) > 0
    }

    /// Whether all who write wait for each other, other processes included.
    pub fn has_one_writer(&self) -> bool {
        matches!(self.pools, Pools::Sqlite { .. })
    }

    /// A connection to read from.
    pub async fn read(&self) -> Result<Session> {
        Ok(match &self.pools {
            Pools::Sqlite { readers, .. } => Session::sqlite(readers.acquire().await?, self.clock.clone()),
            Pools::Postgres(pool) => Session::postgres(pool.acquire().await?, self.clock.clone()),
        })
    }

    /// A transaction to write in.
    pub async fn begin(&self, commit: Commit) -> Result<Tx> {
        Ok(match &self.pools {
            Pools::Sqlite { synced, lazy, turn, .. } => {
                let turn = tokio::time::timeout(PATIENCE, turn.clone().lock_owned()).await;
                let turn = turn.map_err(|_| Fault::Gone("no turn to write came in time".into()))?;
                let pool = if commit == Commit::Synced { synced } else { lazy };
                Tx::sqlite(pool.begin_with("BEGIN IMMEDIATE").await?, self.clock.clone(), turn)
            }
            Pools::Postgres(pool) => {
                let begin = match commit {
                    Commit::Synced => "BEGIN",
                    Commit::Lazy => "BEGIN; SET LOCAL synchronous_commit TO off",
                };
                Tx::postgres(pool.begin_with(begin).await?, self.clock.clone())
            }
        })
    }

    /// Takes what was deleted or erased out of SQLite's write-ahead log too. Waits for a moment without readers
    /// in small steps, so that nobody waits for it; what it misses, the next one or `close` takes.
    pub async fn truncate_log(self: Arc<Self>) {
        let Pools::Sqlite { lazy, turn, .. } = &self.pools else { return };
        let truncate = "PRAGMA busy_timeout = 0; PRAGMA wal_checkpoint(TRUNCATE)";
        for _ in 0..100 {
            let _turn = turn.lock().await;
            let done = sqlx::raw_sql(truncate).fetch_all(lazy).await;
            let _ = sqlx::raw_sql("PRAGMA busy_timeout = 5000").execute(lazy).await;
            let busy = |rows: Vec<SqliteRow>| rows.last().and_then(|row| row.try_get::<i64, _>(0).ok());
            if done.map(busy).is_ok_and(|busy| busy == Some(0)) {
                return;
            }
            drop(_turn);
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    pub async fn close(&self) {
        match &self.pools {
            Pools::Sqlite { synced, lazy, readers, .. } => {
                readers.close().await;
                lazy.close().await;
                synced.close().await;
            }
            Pools::Postgres(pool) => pool.close().await,
        }
    }
}

async fn open_sqlite(url: &str) -> Result<Pools, StoreError> {
    let options = SqliteConnectOptions::from_str(url)
        .map_err(|_| StoreError::Unavailable("the sqlite: URL can't be read".into()))?
        .journal_mode(SqliteJournalMode::Wal)
        .busy_timeout(PATIENCE)
        .foreign_keys(true)
        // Invariant 12: what is deleted or erased is overwritten, not merely unlinked.
        .pragma("secure_delete", "ON")
        .pragma("journal_size_limit", "67108864")
        // In pages: bodies that come and go within it never reach the file.
        .pragma("wal_autocheckpoint", "4000")
        .pragma("cache_size", "-16384")
        .pragma("temp_store", "MEMORY")
        .disable_statement_logging()
        .statement_cache_capacity(256);
    // Others on the machine have no business in it. The log files take the file's rights.
    let created =
        std::fs::OpenOptions::new().append(true).create(true).mode(0o600).open(options.get_filename());
    created.map_err(|error| StoreError::Unavailable(format!("the database file: {}", error.kind())))?;
    let pool = |most: u32| {
        SqlitePoolOptions::new()
            .max_connections(most)
            .acquire_timeout(PATIENCE)
            .idle_timeout(None)
            .max_lifetime(None)
            .test_before_acquire(false)
            // A full disk ends a transaction behind the driver's back, which then takes it for open for ever:
            // such a connection is of no more use.
            .before_acquire(|connection, _| {
                Box::pin(async move { Ok(!sqlx::Connection::is_in_transaction(connection)) })
            })
    };
    let synced = pool(1).connect_with(options.clone().synchronous(SqliteSynchronous::Full)).await;
    let lazy = pool(1).connect_lazy_with(options.clone().synchronous(SqliteSynchronous::Normal));
    let readers = pool(READERS).connect_lazy_with(options.pragma("query_only", "ON"));
    Ok(Pools::Sqlite { synced: synced.map_err(Fault::from)?, lazy, readers, turn: Arc::default() })
}

async fn open_postgres(url: &str) -> Result<Pools, StoreError> {
    let options = PgConnectOptions::from_str(url)
        .map_err(|_| StoreError::Unavailable("the postgres: URL can't be read".into()))?
        .application_name("optgate")
        .disable_statement_logging()
        .statement_cache_capacity(256)
        .options([
            ("synchronous_commit", "on"),
            ("lock_timeout", "5000"),
            ("statement_timeout", "30000"),
            ("idle_in_transaction_session_timeout", "30000"),
        ]);
    let pool = PgPoolOptions::new()
        .max_connections(POSTGRES_CONNECTIONS)
        .acquire_timeout(PATIENCE)
        .test_before_acquire(false)
        // A question costs a round trip: asked only of connections that have rested.
        .before_acquire(|connection, meta| {
            Box::pin(async move {
                if meta.idle_for > Duration::from_secs(1) {
                    sqlx::Connection::ping(connection).await?;
                }
                Ok(true)
            })
        });
    Ok(Pools::Postgres(pool.connect_with(options).await.map_err(Fault::from)?))
}
