//! TOML that people write: read key by key, every mistake noted with its place instead of stopping at the
//! first. Policy files and the configuration are read through it.

pub mod asked;
pub mod nearest;
pub mod quantity;
pub mod reader;
pub mod source;
mod twice;

use std::ops::Range;
use std::path::PathBuf;

use toml::Spanned;
use toml::de::DeTable;

pub use reader::{Given, Table, Value};
pub use source::{Source, whole_file};

/// Something wrong in a file, for people: `senders/demo-shop.toml:12:3: …` with the line and a caret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    pub file: PathBuf,
    /// From 1; 0 where the file as a whole is meant.
    pub line: u32,
    pub column: u32,
    pub message: String,
    /// The message with the line itself and a caret below it.
    pub rendered: String,
    pub severity: Severity,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// It can't be used as it is.
    Error,
    /// It can, and probably says what nobody means.
    Warning,
    /// Nothing is wrong; somebody should know all the same.
    Note,
}

impl Severity {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }
}

/// The file's TOML; what can't be read of it is noted, and left out. Nothing else is then told of the file: a key
/// that seems to be missing stands in what could not be read.
pub fn document<'t>(source: &Source<'t>) -> Spanned<DeTable<'t>> {
    let (table, errors) = DeTable::parse_recoverable(source.of_file());
    let mut twice: Vec<Range<usize>> = Vec::new();
    let mut all_read = true;
    for error in &errors {
        let span = error.span().unwrap_or(0..0);
        if error.message() != TWICE {
            all_read = false;
            source.unreadable(&span, source.quoted_oddly(&span).unwrap_or(error.message()));
        } else if source.has_room() && !twice.contains(&span) {
            source.unreadable(&span, source.standing_twice(&span));
            twice.push(span);
        }
    }
    // Of what stands twice all is read, and the rest of the file can be looked at.
    if !all_read {
        source.close();
    }
    table
}

/// Whether all of a text can be read, though some of it may stand there twice.
pub fn is_readable(text: &str) -> bool {
    DeTable::parse_recoverable(text).1.iter().all(|error| error.message() == TWICE)
}

/// What the parser says of a key or a table that was there before.
const TWICE: &str = "duplicate key";

/// In the order in which people look for them.
pub fn sorted(mistakes: impl IntoIterator<Item = Mistake>) -> Vec<Mistake> {
    let mut mistakes: Vec<Mistake> = mistakes.into_iter().collect();
    mistakes.sort_by(|a, b| (&a.file, a.line, a.column).cmp(&(&b.file, b.line, b.column)));
    mistakes
}
