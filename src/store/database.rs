//! The pools, and how a connection must be set up for what we promise: synced commits above all.

mod log;
mod sqlite;
mod turn;

use std::str::FromStr as _;
use std::sync::Arc;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{ConnectOptions as _, PgPool};

use super::StoreError;
use super::fault::{Fault, Result};
use super::sql::{Session, Tx};
use crate::clock::Clock;
use sqlite::Sqlite;
pub(super) use sqlite::Writing;

/// How long anybody waits for a connection or a lock.
const PATIENCE: Duration = Duration::from_secs(5);
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
    Sqlite(Sqlite),
    Postgres(PgPool),
}

impl Database {
    pub async fn open(url: &str, clock: Clock) -> Result<Self, StoreError> {
        let pools = if url.starts_with("sqlite:") {
            Pools::Sqlite(Sqlite::open(url).await?)
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
        matches!(self.pools, Pools::Sqlite(_))
    }

    /// A connection to read from.
    pub async fn read(&self) -> Result<Session> {
        Ok(match &self.pools {
            Pools::Sqlite(sqlite) => Session::sqlite(sqlite.read().await?, self.clock.clone()),
            Pools::Postgres(pool) => Session::postgres(pool.acquire().await?, self.clock.clone()),
        })
    }

    /// A transaction to write in.
    pub async fn begin(&self, commit: Commit) -> Result<Tx> {
        Ok(match &self.pools {
            Pools::Sqlite(sqlite) => sqlite.begin(commit, self.clock.clone()).await?,
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
        if let Pools::Sqlite(sqlite) = &self.pools {
            sqlite.log.truncate().await;
        }
    }

    pub async fn close(&self) {
        match &self.pools {
            Pools::Sqlite(sqlite) => sqlite.close().await,
            Pools::Postgres(pool) => pool.close().await,
        }
    }
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
