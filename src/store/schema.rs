//! Migrations: numbered scripts, the same numbers for both databases, each applied once.

use super::database::{Commit, Database};
use super::fault::Result;
use super::sql::{Session, values};
use super::{Store, StoreError};

/// (SQLite, PostgreSQL), by version from 1.
const MIGRATIONS: &[(&str, &str)] = &[(
    include_str!("../../migrations/sqlite/0001_first.sql"),
    include_str!("../../migrations/postgres/0001_first.sql"),
)];

/// Any number that nobody else uses for an advisory lock in the same database.
const ONE_AT_A_TIME: i64 = 0x6f70_7467_6174_6501;

impl Store {
    /// Brings the schema to this program's version. Returns (from, to).
    pub async fn migrate(&self) -> Result<(i64, i64), StoreError> {
        Ok(migrate(&self.inner.database).await?)
    }

    /// `Schema` if `migrate` has work to do.
    pub async fn check_schema(&self) -> Result<(), StoreError> {
        let found = version(&mut self.inner.database.read().await?).await?;
        let needed = newest();
        if found == needed { Ok(()) } else { Err(StoreError::Schema { found, needed }) }
    }
}

fn newest() -> i64 {
    MIGRATIONS.len() as i64
}

async fn migrate(database: &Database) -> Result<(i64, i64)> {
    let mut tx = database.begin(Commit::Synced).await?;
    // SQLite's transaction excludes others by itself; two nodes of a cluster take turns here.
    if tx.either(false, true) {
        tx.execute_script("SET LOCAL lock_timeout = 0; SET LOCAL statement_timeout = 0").await?;
        tx.execute("SELECT pg_advisory_xact_lock($1)", values![ONE_AT_A_TIME]).await?;
    }
    let from = version(&mut tx).await?;
    if from == 0 {
        tx.execute_script("CREATE TABLE IF NOT EXISTS schema_version (version BIGINT NOT NULL PRIMARY KEY)")
            .await?;
    }
    for (index, (sqlite, postgres)) in MIGRATIONS.iter().enumerate().skip(usize::try_from(from).unwrap_or(0))
    {
        let script = *tx.either(sqlite, postgres);
        tx.execute_script(script).await?;
        tx.execute("INSERT INTO schema_version (version) VALUES ($1)", values![index as i64 + 1]).await?;
    }
    tx.commit().await?;
    Ok((from, from.max(newest())))
}

/// The version that the database is at; 0 for an empty one.
pub(super) async fn version(session: &mut Session) -> Result<i64> {
    let exists = session.either(
        "SELECT count(*) FROM sqlite_master WHERE name = 'schema_version'",
        "SELECT count(*) FROM pg_tables WHERE tablename = 'schema_version' AND schemaname = current_schema()",
    );
    let there = session.fetch_optional(exists, Vec::new()).await?;
    if there.map(|row| row.int(0)).transpose()?.unwrap_or(0) == 0 {
        return Ok(0);
    }
    let row = session.fetch_optional("SELECT max(version) FROM schema_version", Vec::new()).await?;
    Ok(row.map(|row| row.opt_int(0)).transpose()?.flatten().unwrap_or(0))
}
