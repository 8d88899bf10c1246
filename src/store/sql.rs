//! The thin layer under every query: two native pools behind one type, values in, typed rows out. One SQL
//! text with `$1` placeholders serves both databases; only INTEGER, TEXT and BLOB columns exist.

use std::ops::{Deref, DerefMut};

use bytes::Bytes;
use jiff::Timestamp;
use sqlx::pool::PoolConnection;
use sqlx::postgres::PgRow;
use sqlx::sqlite::SqliteRow;
use sqlx::{
    AssertSqlSafe, PgConnection, Postgres, Row as _, SqlSafeStr, Sqlite, SqliteConnection, Transaction,
};
use uuid::Uuid;

use super::database::Writing;
use super::fault::{Fault, Result};
use crate::clock::{Clock, from_micros};
use crate::keys::LookupHash;

/// SQLite's, in octets.
const PAGE: usize = 4096;

/// A value to bind.
#[derive(Clone, Debug)]
pub(super) enum Value {
    Int(Option<i64>),
    Text(Option<String>),
    Blob(Option<Vec<u8>>),
    /// A large one that may have to be bound again.
    Shared(Bytes),
}

/// The values of one statement, in the order of their placeholders.
macro_rules! values {
    ($($value:expr),* $(,)?) => { vec![$($crate::store::sql::Value::from($value)),*] };
}
pub(super) use values;

macro_rules! value_from {
    ($($type:ty => |$value:ident| $made:expr;)*) => {
        $(impl From<$type> for Value { fn from($value: $type) -> Self { $made } })*
    };
}

value_from! {
    i64 => |value| Self::Int(Some(value));
    Option<i64> => |value| Self::Int(value);
    u32 => |value| Self::Int(Some(value.into()));
    Timestamp => |value| Self::Int(Some(value.as_microsecond()));
    Option<Timestamp> => |value| Self::Int(value.map(Timestamp::as_microsecond));
    &str => |value| Self::Text(Some(value.to_owned()));
    String => |value| Self::Text(Some(value));
    Option<String> => |value| Self::Text(value);
    Option<&str> => |value| Self::Text(value.map(str::to_owned));
    Vec<u8> => |value| Self::Blob(Some(value));
    Option<Vec<u8>> => |value| Self::Blob(value);
    Bytes => |value| Self::Shared(value);
    Uuid => |value| Self::Blob(Some(value.as_bytes().to_vec()));
    Option<Uuid> => |value| Self::Blob(value.map(|id| id.as_bytes().to_vec()));
    LookupHash => |value| Self::Blob(Some(value.0.to_vec()));
    [u8; 32] => |value| Self::Blob(Some(value.to_vec()));
    Option<[u8; 32]> => |value| Self::Blob(value.map(|hash| hash.to_vec()));
}

/// One row of an answer. Columns are counted from 0.
pub(super) enum Row {
    Sqlite(SqliteRow),
    Postgres(PgRow),
}

macro_rules! get {
    ($row:expr, $column:expr, $type:ty) => {
        match $row {
            Row::Sqlite(row) => row.try_get::<$type, _>($column).map_err(Fault::from),
            Row::Postgres(row) => row.try_get::<$type, _>($column).map_err(Fault::from),
        }
    };
}

impl Row {
    pub fn int(&self, column: usize) -> Result<i64> {
        get!(self, column, i64)
    }

    pub fn opt_int(&self, column: usize) -> Result<Option<i64>> {
        get!(self, column, Option<i64>)
    }

    pub fn text(&self, column: usize) -> Result<&str> {
        get!(self, column, &str)
    }

    pub fn opt_text(&self, column: usize) -> Result<Option<&str>> {
        get!(self, column, Option<&str>)
    }

    pub fn blob(&self, column: usize) -> Result<&[u8]> {
        get!(self, column, &[u8])
    }

    pub fn opt_blob(&self, column: usize) -> Result<Option<&[u8]>> {
        get!(self, column, Option<&[u8]>)
    }

    pub fn time(&self, column: usize) -> Result<Timestamp> {
        self.int(column).map(from_micros)
    }

    pub fn opt_time(&self, column: usize) -> Result<Option<Timestamp>> {
        Ok(self.opt_int(column)?.map(from_micros))
    }

    pub fn id(&self, column: usize) -> Result<Uuid> {
        Uuid::from_slice(self.blob(column)?).map_err(|_| unreadable("an id", column))
    }

    pub fn opt_id(&self, column: usize) -> Result<Option<Uuid>> {
        let id = self.opt_blob(column)?.map(Uuid::from_slice).transpose();
        id.map_err(|_| unreadable("an id", column))
    }

    /// SHA-256 and HMAC-SHA256.
    pub fn hash(&self, column: usize) -> Result<[u8; 32]> {
        self.blob(column)?.try_into().map_err(|_| unreadable("a hash", column))
    }

    /// A word of one of our enums.
    pub fn word<T: std::str::FromStr>(&self, column: usize) -> Result<T> {
        self.text(column)?.parse().map_err(|_| unreadable("a word of ours", column))
    }

    pub fn opt_word<T: std::str::FromStr>(&self, column: usize) -> Result<Option<T>> {
        let word = self.opt_text(column)?.map(str::parse).transpose();
        word.map_err(|_| unreadable("a word of ours", column))
    }

    /// A JSON text.
    pub fn json<T: serde::de::DeserializeOwned>(&self, column: usize) -> Result<T> {
        parse_json(self.text(column)?)
    }
}

fn unreadable(what: &str, column: usize) -> Fault {
    Fault::Unreadable(format!("column {column} is not {what}"))
}

/// Reads a JSON text of ours; the error shows nothing of it.
pub(super) fn parse_json<T: serde::de::DeserializeOwned>(text: &str) -> Result<T> {
    let place = |error: serde_json::Error| format!("JSON, line {} column {}", error.line(), error.column());
    serde_json::from_str(text).map_err(|error| Fault::Unreadable(place(error)))
}

/// Writes a JSON text of ours.
pub(super) fn to_json<T: serde::Serialize>(value: &T) -> String {
    serde_json::to_string(value).expect("our own types have no keys that JSON can't hold")
}

/// A connection that statements run on: one at rest for reading, or one in a transaction (`Tx`).
pub(super) struct Session {
    link: Link,
    clock: Clock,
    /// By all statements so far: rows, and pages of what was bound.
    written: u64,
}

enum Link {
    Sqlite(PoolConnection<Sqlite>),
    SqliteTx(Transaction<'static, Sqlite>),
    Postgres(PoolConnection<Postgres>),
    PostgresTx(Transaction<'static, Postgres>),
}

enum Raw<'a> {
    Sqlite(&'a mut SqliteConnection),
    Postgres(&'a mut PgConnection),
}

/// Binds all values in order and runs the query in one of three ways.
macro_rules! run {
    ($connection:expr, $sql:expr, $values:expr, $how:ident) => {{
        let mut query = sqlx::query($sql);
        for value in $values {
            query = match value {
                Value::Int(value) => query.bind(value),
                Value::Text(value) => query.bind(value),
                Value::Blob(value) => query.bind(value),
                Value::Shared(value) => query.bind(value.to_vec()),
            };
        }
        query.$how($connection).await
    }};
}

impl Session {
    pub fn sqlite(connection: PoolConnection<Sqlite>, clock: Clock) -> Self {
        Self { link: Link::Sqlite(connection), clock, written: 0 }
    }

    pub fn postgres(connection: PoolConnection<Postgres>, clock: Clock) -> Self {
        Self { link: Link::Postgres(connection), clock, written: 0 }
    }

    fn raw(&mut self) -> Raw<'_> {
        match &mut self.link {
            Link::Sqlite(connection) => Raw::Sqlite(connection),
            Link::SqliteTx(transaction) => Raw::Sqlite(transaction),
            Link::Postgres(connection) => Raw::Postgres(connection),
            Link::PostgresTx(transaction) => Raw::Postgres(transaction),
        }
    }

    /// One of two texts, where the databases differ.
    pub fn either<T>(&self, sqlite: T, postgres: T) -> T {
        match &self.link {
            Link::Sqlite(_) | Link::SqliteTx(_) => sqlite,
            Link::Postgres(_) | Link::PostgresTx(_) => postgres,
        }
    }

    /// Runs a statement; how many rows it touched.
    pub async fn execute(&mut self, sql: impl SqlSafeStr, values: Vec<Value>) -> Result<u64> {
        let sql = sql.into_sql_str();
        check_placeholders(sql.as_str(), values.len());
        let pages = pages(&values);
        let touched = match self.raw() {
            Raw::Sqlite(connection) => run!(connection, sql, values, execute)?.rows_affected(),
            Raw::Postgres(connection) => run!(connection, sql, values, execute)?.rows_affected(),
        };
        self.written += touched + pages;
        Ok(touched)
    }

    /// Runs a statement; the rows that it gives.
    pub async fn fetch(&mut self, sql: impl SqlSafeStr, values: Vec<Value>) -> Result<Vec<Row>> {
        let sql = sql.into_sql_str();
        check_placeholders(sql.as_str(), values.len());
        let pages = pages(&values);
        let rows: Vec<Row> = match self.raw() {
            Raw::Sqlite(connection) => {
                run!(connection, sql, values, fetch_all)?.into_iter().map(Row::Sqlite).collect()
            }
            Raw::Postgres(connection) => {
                run!(connection, sql, values, fetch_all)?.into_iter().map(Row::Postgres).collect()
            }
        };
        // What was only read counts too: nothing tells it from what `RETURNING` gives.
        self.written += rows.len() as u64 + pages;
        Ok(rows)
    }

    /// Runs a statement that gives at most one row.
    pub async fn fetch_optional(&mut self, sql: impl SqlSafeStr, values: Vec<Value>) -> Result<Option<Row>> {
        Ok(self.fetch(sql, values).await?.into_iter().next())
    }

    /// Several statements without values, as migrations have them.
    pub async fn execute_script(&mut self, script: &'static str) -> Result<()> {
        match self.raw() {
            Raw::Sqlite(connection) => sqlx::raw_sql(script).execute(connection).await.map(drop)?,
            Raw::Postgres(connection) => sqlx::raw_sql(script).execute(connection).await.map(drop)?,
        }
        Ok(())
    }

    /// The clock by which leases, due times and limits are judged (invariant 13): the cluster shares
    /// PostgreSQL's, a lone node has its own.
    pub async fn now(&mut self) -> Result<Timestamp> {
        match &self.link {
            // Invariant 13: handed in, or the one SQL function that tests can drive.
            Link::Sqlite(_) | Link::SqliteTx(_) => Ok(self.clock.now()),
            Link::Postgres(_) | Link::PostgresTx(_) => {
                let row = self.fetch_optional("SELECT optgate_now()", Vec::new()).await?;
                row.ok_or_else(|| Fault::Unreadable("the clock gave nothing".into()))?.time(0)
            }
        }
    }
}

/// A transaction; rolled back unless it is committed.
pub(super) struct Tx {
    session: Session,
    /// Declared last, so that it outlives the rollback.
    writing: Option<Writing>,
}

impl Tx {
    pub fn sqlite(transaction: Transaction<'static, Sqlite>, clock: Clock, writing: Writing) -> Self {
        let session = Session { link: Link::SqliteTx(transaction), clock, written: 0 };
        Self { session, writing: Some(writing) }
    }

    pub fn postgres(transaction: Transaction<'static, Postgres>, clock: Clock) -> Self {
        let session = Session { link: Link::PostgresTx(transaction), clock, written: 0 };
        Self { session, writing: None }
    }

    pub async fn commit(self) -> Result<()> {
        let Session { link, written, .. } = self.session;
        match link {
            Link::SqliteTx(transaction) => transaction.commit().await?,
            Link::PostgresTx(transaction) => transaction.commit().await?,
            Link::Sqlite(_) | Link::Postgres(_) => {}
        }
        if let Some(writing) = self.writing {
            writing.wrote(written);
        }
        Ok(())
    }
}

impl Deref for Tx {
    type Target = Session;

    fn deref(&self) -> &Session {
        &self.session
    }
}

impl DerefMut for Tx {
    fn deref_mut(&mut self) -> &mut Session {
        &mut self.session
    }
}

/// Whole pages that these values fill.
fn pages(values: &[Value]) -> u64 {
    let length = |value: &Value| match value {
        Value::Int(_) => 0,
        Value::Text(text) => text.as_ref().map_or(0, String::len),
        Value::Blob(octets) => octets.as_ref().map_or(0, Vec::len),
        Value::Shared(octets) => octets.len(),
    };
    values.iter().map(|value| (length(value) / PAGE) as u64).sum()
}

/// A missing value would silently be NULL on SQLite: caught where tests run.
fn check_placeholders(sql: &str, values: usize) {
    if cfg!(debug_assertions) {
        let numbers = sql.split('$').skip(1).filter_map(|rest| {
            let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
            rest[..digits].parse::<usize>().ok()
        });
        let unnamed = sql.matches('?').count();
        assert_eq!(numbers.max().unwrap_or(unnamed), values, "placeholders and values differ: {sql}");
    }
}

/// A text built from constants and placeholders alone.
pub(super) fn built(sql: String) -> AssertSqlSafe<String> {
    AssertSqlSafe(sql)
}
