//! SQLite: one writer at a time, readers beside it, and what a connection must be told.

use std::os::unix::fs::OpenOptionsExt as _;
use std::str::FromStr as _;
use std::sync::Arc;
use std::time::Duration;

use sqlx::pool::PoolConnection;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions as _, SqlitePool};

use super::log::Log;
use super::turn::{Turn, Turns};
use super::{Commit, PATIENCE};
use crate::clock::Clock;
use crate::store::StoreError;
use crate::store::fault::{Fault, Result};
use crate::store::sql::Tx;

const READERS: u32 = 4;

/// The pools of one database file.
pub(super) struct Sqlite {
    synced: SqlitePool,
    lazy: SqlitePool,
    readers: SqlitePool,
    turns: Arc<Turns>,
    pub log: Arc<Log>,
}

/// What a transaction holds while it writes. Kept until after its rollback or commit.
pub(in crate::store) struct Writing {
    log: Arc<Log>,
    _turn: Turn,
}

impl Sqlite {
    pub async fn open(url: &str) -> Result<Self, StoreError> {
        let options = options(url)?;
        // Others on the machine have no business in it. The log files take the file's rights.
        let created =
            std::fs::OpenOptions::new().append(true).create(true).mode(0o600).open(options.get_filename());
        created.map_err(|error| StoreError::Unavailable(format!("the database file: {}", error.kind())))?;
        let turns = Arc::new(Turns::beside(options.get_filename()));
        let synced = pool(1).connect_with(options.clone().synchronous(SqliteSynchronous::Full)).await;
        let lazy = pool(1).connect_lazy_with(options.clone().synchronous(SqliteSynchronous::Normal));
        let options = options.pragma("query_only", "ON");
        let for_log = pool(1).connect_lazy_with(options.clone().busy_timeout(Duration::ZERO));
        let log = Log::keep(for_log, turns.clone());
        let readers = pool(READERS).connect_lazy_with(options);
        Ok(Self { synced: synced.map_err(Fault::from)?, lazy, readers, turns, log })
    }

    pub async fn read(&self) -> Result<PoolConnection<sqlx::Sqlite>> {
        Ok(self.readers.acquire().await?)
    }

    pub async fn begin(&self, commit: Commit, clock: Clock) -> Result<Tx> {
        let turn = self.turns.next(PATIENCE).await?;
        let writing = Writing { log: self.log.clone(), _turn: turn };
        let pool = if commit == Commit::Synced { &self.synced } else { &self.lazy };
        Ok(Tx::sqlite(pool.begin_with("BEGIN IMMEDIATE").await?, clock, writing))
    }

    pub async fn close(&self) {
        self.log.close().await;
        self.readers.close().await;
        self.lazy.close().await;
        self.synced.close().await;
    }
}

impl Writing {
    /// A transaction was committed that wrote about so much, as `Log` counts.
    pub fn wrote(&self, much: u64) {
        self.log.grew(much);
    }
}

fn options(url: &str) -> Result<SqliteConnectOptions, StoreError> {
    let options = SqliteConnectOptions::from_str(url)
        .map_err(|_| StoreError::Unavailable("the sqlite: URL can't be read".into()))?
        .journal_mode(SqliteJournalMode::Wal)
        .busy_timeout(PATIENCE)
        .foreign_keys(true)
        // Invariant 12: what is deleted or erased is overwritten, not merely unlinked.
        .pragma("secure_delete", "ON")
        .pragma("journal_size_limit", "67108864")
        // In pages (64 MiB). `Log` takes it back before, beside the commits and not in one of them.
        .pragma("wal_autocheckpoint", "16384")
        .pragma("cache_size", "-16384")
        .pragma("temp_store", "MEMORY")
        .disable_statement_logging()
        .statement_cache_capacity(256);
    Ok(options)
}

fn pool(most: u32) -> SqlitePoolOptions {
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
}
