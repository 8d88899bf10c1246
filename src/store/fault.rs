//! Why a statement failed, sorted once: what the writer does next depends on it. Texts name codes and
//! constraints, never a value (invariant 11).

use super::StoreError;
use crate::journal::JournalError;
use crate::keys::KeyError;

/// A failed statement or an unreadable row.
#[derive(Clone, Debug)]
pub(super) enum Fault {
    /// No connection, or lost: it may or may not have been done.
    Gone(String),
    /// Deadlock, serialization, busy: undone by the database, may be tried again.
    Conflict(String),
    /// No room left.
    Full,
    /// A no could not be written into the journal: it alone is not recorded.
    NotKept(StoreError),
    /// A row of that key is there.
    Exists,
    /// The database will not take this row, however often it is tried.
    Refused(String),
    /// What is there does not make sense.
    Unreadable(String),
}

pub(super) type Result<T, E = Fault> = std::result::Result<T, E>;

impl From<sqlx::Error> for Fault {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::Database(reported) => {
                let code = reported.code().unwrap_or_default().into_owned();
                if reported.try_downcast_ref::<sqlx::sqlite::SqliteError>().is_some() {
                    sqlite(&code, reported.message())
                } else {
                    postgres(&code, reported.constraint().unwrap_or_default())
                }
            }
            sqlx::Error::Io(cause) if cause.kind() == std::io::ErrorKind::StorageFull => Self::Full,
            sqlx::Error::Io(cause) => Self::Gone(format!("connection: {}", cause.kind())),
            sqlx::Error::PoolTimedOut => Self::Gone("no connection came free in time".into()),
            sqlx::Error::PoolClosed | sqlx::Error::WorkerCrashed => Self::Gone("it was closed".into()),
            sqlx::Error::ColumnDecode { index, .. } => {
                Self::Unreadable(format!("column {index} has another type"))
            }
            sqlx::Error::Protocol(_) => Self::Gone("protocol error".into()),
            sqlx::Error::Tls(_) => Self::Gone("TLS failed".into()),
            _ => Self::Gone("it failed in an unforeseen way".into()),
        }
    }
}

/// SQLite's extended result codes; the primary code is the low octet. sqlite.org/rescode.html
fn sqlite(code: &str, message: &str) -> Fault {
    let extended: i32 = code.parse().unwrap_or(1);
    match extended & 0xff {
        5 | 6 => Fault::Conflict(format!("SQLite code {extended}: locked")),
        13 => Fault::Full,
        // Messages of constraints name columns, not values.
        19 if matches!(extended, 1555 | 2067 | 2579) => Fault::Exists,
        19 => Fault::Refused(format!("SQLite code {extended}: {message}")),
        8 | 10 | 14 | 23 => Fault::Gone(format!("SQLite code {extended}: can't read or write the file")),
        11 | 26 => Fault::Unreadable(format!("SQLite code {extended}: the file is damaged")),
        _ => Fault::Refused(format!("SQLite code {extended}")),
    }
}

/// SQLSTATE classes. postgresql.org/docs/current/errcodes-appendix.html
fn postgres(code: &str, constraint: &str) -> Fault {
    match code {
        "53100" => Fault::Full,
        "23505" => Fault::Exists,
        "40001" | "40P01" | "55P03" => Fault::Conflict(format!("SQLSTATE {code}")),
        _ if ["08", "53", "57", "58", "28", "25"].iter().any(|class| code.starts_with(class)) => {
            Fault::Gone(format!("SQLSTATE {code}"))
        }
        _ => Fault::Refused(format!("SQLSTATE {code} {constraint}")),
    }
}

impl From<KeyError> for Fault {
    fn from(error: KeyError) -> Self {
        Self::Unreadable(error.to_string())
    }
}

impl From<JournalError> for Fault {
    fn from(error: JournalError) -> Self {
        use std::io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
        Self::NotKept(match &error {
            JournalError::Io { error: cause, .. }
                if matches!(cause.kind(), StorageFull | QuotaExceeded | FileTooLarge) =>
            {
                StoreError::Full
            }
            _ => StoreError::Unavailable(format!("the journal of noes: {error}")),
        })
    }
}

impl From<Fault> for StoreError {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Gone(why) | Fault::Conflict(why) => Self::Unavailable(why),
            Fault::Refused(why) => Self::Unavailable(format!("it refused a statement: {why}")),
            Fault::Full => Self::Full,
            Fault::NotKept(error) => error,
            Fault::Exists => Self::Exists,
            Fault::Unreadable(what) => Self::Unreadable(what),
        }
    }
}

impl Fault {
    /// Whether it has nothing to do with what was asked: every other job would meet it too, and wait as long.
    pub fn befalls_all(&self) -> bool {
        matches!(self, Self::Gone(_) | Self::Conflict(_) | Self::Full)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_lock_and_a_full_disk_are_not_met_by_each_job_alone() {
        for fault in [sqlite("5", ""), sqlite("13", ""), postgres("55P03", ""), postgres("53100", "")] {
            assert!(fault.befalls_all(), "{fault:?}");
        }
        for fault in [sqlite("2067", ""), sqlite("275", ""), postgres("23505", ""), postgres("22P02", "")] {
            assert!(!fault.befalls_all(), "{fault:?}");
        }
    }
}
