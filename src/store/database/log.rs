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

/// Rows after which the log is taken back: each changes two or three pages.
const ROWS: u64 = 8_000;

pub(super) struct Log {
    pool: SqlitePool,
    turns: Arc<Turns>,
    rows: Arc<AtomicU64>,
    long: Arc<Notify>,
    task: AbortHandle,
}

impl Log {
    /// Keeps it short from now on, on a connection of its own.
    pub fn keep(pool: SqlitePool, turns: Arc<Turns>) -> Arc<Self> {
        let (rows, long) = (Arc::<AtomicU64>::default(), Arc::new(Notify::new()));
        let task = tokio::spawn(shorten(pool.clone(), turns.clone(), rows.clone(), long.clone()));
        Arc::new(Self { pool, turns, rows, long, task: task.abort_handle() })
    }

    /// So many rows were written.
    pub fn grew(&self, rows: u64) {
        if self.rows.fetch_add(rows, Ordering::Relaxed) + rows >= ROWS {
            self.long.notify_one();
        }
    }

    /// Empties it, in a moment without readers; given up after some.
    pub async fn truncate(&self) {
        for _ in 0..100 {
            let turn = self.turns.next(PATIENCE).await;
            if checkpoint(&self.pool, "PRAGMA busy_timeout = 0; PRAGMA wal_checkpoint(TRUNCATE)").await {
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

async fn shorten(pool: SqlitePool, turns: Arc<Turns>, rows: Arc<AtomicU64>, long: Arc<Notify>) {
    let passive = "PRAGMA wal_checkpoint(PASSIVE)";
    loop {
        long.notified().await;
        rows.store(0, Ordering::Relaxed);
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
