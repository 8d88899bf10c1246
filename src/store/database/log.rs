//! SQLite's write-ahead log, taken back into the database file beside those who write. SQLite would do it within
//! somebody's commit, and mail that waits for its 250 would pay for an import.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use sqlx::sqlite::SqliteRow;
use sqlx::{Row as _, SqlitePool};
use tokio::sync::Notify;
use tokio::task::AbortHandle;

use super::PATIENCE;
use super::turn::Turns;

/// What was written before the log is taken back. A row counts as one, with one more for each page that it fills: as
/// it changes indexes too, this is a log of some 30 to 60 MiB.
const LONG: u64 = 6_000;

pub(super) struct Log {
    pool: SqlitePool,
    turns: Arc<Turns>,
    written: Arc<AtomicU64>,
    long: Arc<Notify>,
    task: AbortHandle,
}

impl Log {
    /// Keeps it short from now on, on a connection of its own that waits for no lock.
    pub fn keep(pool: SqlitePool, turns: Arc<Turns>) -> Arc<Self> {
        let (written, long) = (Arc::<AtomicU64>::default(), Arc::new(Notify::new()));
        let task = tokio::spawn(shorten(pool.clone(), turns.clone(), written.clone(), long.clone()));
        Arc::new(Self { pool, turns, written, long, task: task.abort_handle() })
    }

    /// A transaction was committed that wrote so much.
    pub fn grew(&self, by: u64) {
        if self.written.fetch_add(by, Ordering::Relaxed) + by >= LONG {
            self.long.notify_one();
        }
    }

    /// Empties it, in a moment without readers; given up after some.
    pub async fn truncate(&self) {
        for _ in 0..100 {
            let turn = self.turns.next(PATIENCE).await;
            if checkpoint(&self.pool, "PRAGMA wal_checkpoint(TRUNCATE)").await {
                return;
            }
            drop(turn);
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    pub async fn close(&self) {
        self.task.abort();
        self.pool.close().await;
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn shorten(pool: SqlitePool, turns: Arc<Turns>, written: Arc<AtomicU64>, long: Arc<Notify>) {
    let passive = "PRAGMA wal_checkpoint(PASSIVE)";
    loop {
        long.notified().await;
        written.store(0, Ordering::Relaxed);
        // Most of it while others write. What they added is little, and with it the log begins at its start again.
        checkpoint(&pool, passive).await;
        if let Ok(_turn) = turns.next(PATIENCE).await {
            checkpoint(&pool, passive).await;
        }
    }
}

/// Whether nobody was in the way. A full disk, say, is met by those who write.
async fn checkpoint(pool: &SqlitePool, pragma: &'static str) -> bool {
    let rows = sqlx::raw_sql(pragma).fetch_all(pool).await.unwrap_or_default();
    let busy = |row: &SqliteRow| row.try_get::<i64, _>(0).ok();
    rows.last().and_then(busy) == Some(0)
}
