//! What verbs print: aligned columns for people, JSON for programs. Nothing in it can steer a terminal.

use std::io::{self, Write as _};

use crate::telemetry::escaped;

/// For whom it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Output {
    Text,
    Json,
}

/// Prints one line.
pub fn line(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{}", escaped(text))?;
    out.flush()
}

/// Prints a text of several lines.
pub fn lines(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    text.split('\n').try_for_each(|line| writeln!(out, "{}", escaped(line)))?;
    out.flush()
}

/// Prints one JSON document.
pub fn json(value: &impl serde::Serialize) -> anyhow::Result<()> {
    // JSON lets DEL and C1 controls stand as they are; escaped in its own way they mean the same.
    Ok(lines(&serde_json::to_string_pretty(value)?)?)
}

/// `1 fact`, `2 facts`.
pub fn counted(number: impl TryInto<u64> + Copy, one: &str, many: &str) -> String {
    let number = number.try_into().unwrap_or_default();
    format!("{number} {}", if number == 1 { one } else { many })
}

/// Writes one JSON document on a line of its own.
pub fn json_line(out: &mut impl io::Write, value: &impl serde::Serialize) -> anyhow::Result<()> {
    Ok(writeln!(out, "{}", escaped(&serde_json::to_string(value)?))?)
}

/// Prints rows under their headings, every column as wide as its widest cell.
pub fn table(headings: &[&str], rows: &[Vec<String>]) -> io::Result<()> {
    for row in aligned(headings, rows) {
        let mut out = io::stdout().lock();
        writeln!(out, "{row}")?;
    }
    io::stdout().flush()
}

/// The lines of a table.
fn aligned(headings: &[&str], rows: &[Vec<String>]) -> Vec<String> {
    let heading = headings.iter().map(|heading| (*heading).to_owned()).collect();
    let cells = |row: &Vec<String>| row.iter().map(|cell| escaped(cell)).collect::<Vec<_>>();
    let all: Vec<Vec<String>> = std::iter::once(&heading).chain(rows).map(cells).collect();
    let width = |column: usize| {
        all.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..headings.len()).map(width).collect();
    let line = |row: &Vec<String>| {
        let padded = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
        padded.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    all.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned_and_nothing_steers_the_terminal() {
        let rows = [vec!["å".to_owned(), "x\x1b[2J\n".to_owned()], vec!["long".to_owned(), "y".to_owned()]];
        let lines = aligned(&["one", "two"], &rows);
        assert_eq!(lines, ["one   two", "å     x\\u001b[2J\\u000a", "long  y"]);
    }
}
