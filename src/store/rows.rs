//! Statements over many rows. Row counts are rounded to a few shapes, so that a connection's cache of
//! prepared statements stays small.

use std::fmt::Write as _;

use super::fault::Result;
use super::sql::{Row, Session, Value, built};

/// The largest number of rows in one statement: far below SQLite's 32,766 values and PostgreSQL's 65,535.
pub(super) const MOST_ROWS: usize = 512;

/// The same where a statement joins with the rows: of many more SQLite thinks that reading the whole table was less.
pub(super) const MOST_JOINED: usize = 128;

/// `(?, ?), (?, ?)` or `($1, $2), ($3, $4)`, for all values that a statement has. SQLite looks up the name of each
/// parameter among all names, so that it is given none where there are many.
fn all_tuples(session: &Session, rows: usize, columns: usize) -> String {
    let unnamed: fn(usize, usize) -> String =
        |rows, columns| vec![format!("({})", vec!["?"; columns].join(", ")); rows].join(", ");
    session.either(unnamed, |rows, columns| tuples(1, rows, columns))(rows, columns)
}

/// `($1, $2), ($3, $4)`, counting on from `first`.
pub(super) fn tuples(first: usize, rows: usize, columns: usize) -> String {
    let mut text = String::with_capacity(rows * columns * 6);
    let mut number = first;
    for row in 0..rows {
        text.push_str(if row == 0 { "(" } else { ", (" });
        for column in 0..columns {
            let comma = if column == 0 { "" } else { ", " };
            let _ = write!(text, "{comma}${number}");
            number += 1;
        }
        text.push(')');
    }
    text
}

/// Splits rows into runs of the most, then of some times 64, some times 8, and the rest: three statements for all that is
/// left, in 21 shapes. Each statement costs a change of threads or a round trip.
fn runs(mut rows: Vec<Vec<Value>>, most: usize) -> Vec<Vec<Vec<Value>>> {
    let mut runs = Vec::new();
    while !rows.is_empty() {
        let step = [64, 8, 1].into_iter().find(|step| rows.len() >= *step).unwrap_or(1);
        let run = (rows.len() / step * step).min(most);
        let rest = rows.split_off(run);
        runs.push(std::mem::replace(&mut rows, rest));
    }
    runs
}

/// `INSERT INTO table (columns) VALUES …`; `tail` may say what to do on a conflict.
pub(super) async fn insert(
    session: &mut Session,
    into: &'static str,
    rows: Vec<Vec<Value>>,
    tail: &'static str,
) -> Result<u64> {
    let mut inserted = 0;
    for run in runs(rows, MOST_ROWS) {
        let columns = run.first().map_or(0, Vec::len);
        let sql = format!("INSERT INTO {into} VALUES {} {tail}", all_tuples(session, run.len(), columns));
        inserted += session.execute(built(sql), run.into_iter().flatten().collect()).await?;
    }
    Ok(inserted)
}

/// The same with a `tail` that gives rows back.
pub(super) async fn insert_returning(
    session: &mut Session,
    into: &'static str,
    rows: Vec<Vec<Value>>,
    tail: &'static str,
) -> Result<Vec<Row>> {
    let mut found = Vec::new();
    for run in runs(rows, MOST_ROWS) {
        let columns = run.first().map_or(0, Vec::len);
        let sql = format!("INSERT INTO {into} VALUES {} {tail}", all_tuples(session, run.len(), columns));
        found.extend(session.fetch(built(sql), run.into_iter().flatten().collect()).await?);
    }
    Ok(found)
}

/// A statement over a table of values: `WITH v(columns) AS (VALUES …) statement`. Gives the rows of all runs.
pub(super) async fn with_values(
    session: &mut Session,
    columns: &'static str,
    rows: Vec<Vec<Value>>,
    statement: &'static str,
) -> Result<Vec<Row>> {
    let mut found = Vec::new();
    for run in runs(rows, MOST_JOINED) {
        let width = run.first().map_or(0, Vec::len);
        let sql =
            format!("WITH v({columns}) AS (VALUES {}) {statement}", all_tuples(session, run.len(), width));
        found.extend(session.fetch(built(sql), run.into_iter().flatten().collect()).await?);
    }
    Ok(found)
}

/// A query with a list of any length where it says `{}`; `$1` … are the `fixed` values. Gives the rows of all parts.
pub(super) async fn with_list(
    session: &mut Session,
    query: &'static str,
    fixed: Vec<Value>,
    mut list: Vec<Value>,
) -> Result<Vec<Row>> {
    let mut found = Vec::new();
    while !list.is_empty() {
        let rest = list.split_off(list.len().min(MOST_ROWS));
        let mut part = std::mem::replace(&mut list, rest);
        // Rounded up: the last value again does no harm in a list.
        let last = part.last().cloned();
        part.resize_with(part.len().next_power_of_two(), || last.clone().unwrap_or(Value::Int(None)));
        let names = tuples(fixed.len() + 1, 1, part.len());
        let values = fixed.iter().cloned().chain(part).collect();
        found.extend(session.fetch(built(query.replace("{}", &names)), values).await?);
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use sqlx::{AssertSqlSafe, Connection as _, SqliteConnection};

    use super::super::import::people::{KNOWN, UPDATE};
    use super::*;

    #[tokio::test]
    async fn a_join_with_rows_looks_its_people_up_and_never_reads_them_all() {
        let mut connection = SqliteConnection::connect("sqlite::memory:").await.unwrap();
        let schema = include_str!("../../migrations/sqlite/0001_first.sql");
        sqlx::raw_sql(schema).execute(&mut connection).await.unwrap();
        for (columns, width, statement) in
            [("sender, hash", 2, KNOWN.0), ("id, version, state, suppressed", 4, UPDATE)]
        {
            let rows = vec![vec![Value::Int(None); width]; 4 * MOST_JOINED];
            for run in runs(rows, MOST_JOINED) {
                let values = tuples(1, run.len(), width);
                let sql = format!("EXPLAIN QUERY PLAN WITH v({columns}) AS (VALUES {values}) {statement}");
                let steps: Vec<(i64, i64, i64, String)> =
                    sqlx::query_as(AssertSqlSafe(sql)).fetch_all(&mut connection).await.unwrap();
                let steps: Vec<String> = steps.into_iter().map(|(.., step)| step).collect();
                let sought = |step: &&String| step.starts_with("SEARCH s");
                assert_eq!(steps.iter().filter(sought).count(), 1, "{steps:?}");
                assert!(!steps.iter().any(|step| step.starts_with("SCAN s")), "{steps:?}");
            }
        }
    }
}
