//! TOML with the place of every value, read section by section so that all mistakes are found at once.
//!
//! A section remembers which keys were asked for; what is left when it is finished is unknown, and a
//! mistake. Values may come from the environment instead of the file.

mod tree;

use std::cell::RefCell;
use std::ops::Range;
use std::path::{Path, PathBuf};

use super::mistake;
use crate::policy::file::{Mistake, Severity};
use tree::{Entries, Node, Value};

/// Where a value was typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Octets of the file.
    File(Range<usize>),
    /// The variable's name.
    Environment(String),
    /// Nowhere: the file as a whole.
    Whole,
}

/// A value and where it was typed.
#[derive(Clone, Debug)]
pub struct At<T> {
    pub value: T,
    pub origin: Origin,
}

/// The file in hand, and what was found wrong with it.
pub struct Report {
    file: PathBuf,
    text: String,
    mistakes: RefCell<Vec<Mistake>>,
}

impl Report {
    pub fn new(file: &Path, text: &str) -> Self {
        Self { file: file.to_owned(), text: text.to_owned(), mistakes: RefCell::default() }
    }

    pub fn error(&self, origin: &Origin, message: impl Into<String>) {
        self.add(origin, Severity::Error, message.into(), &self.text);
    }

    pub fn warn(&self, origin: &Origin, message: impl Into<String>) {
        self.add(origin, Severity::Warning, message.into(), &self.text);
    }

    /// The same about a secret: the line is shown with stars for the value.
    pub fn about_secret(&self, origin: &Origin, value: &Origin, severity: Severity, message: &str) {
        let mut text = self.text.clone();
        if let Origin::File(span) = value
            && let Some(secret) = text.get(span.clone())
        {
            let stars = "*".repeat(secret.len());
            text.replace_range(span.clone(), &stars);
        }
        self.add(origin, severity, message.to_owned(), &text);
    }

    /// All of it, in the order of the file.
    pub fn finish(self) -> Vec<Mistake> {
        let mut all = self.mistakes.into_inner();
        all.sort_by_key(|mistake| (mistake.line, mistake.column));
        all
    }

    fn add(&self, origin: &Origin, severity: Severity, message: String, text: &str) {
        self.mistakes.borrow_mut().push(match origin {
            Origin::File(span) => mistake::at(&self.file, text, span.clone(), severity, message),
            Origin::Environment(name) => mistake::whole(Path::new(name), severity, message),
            Origin::Whole => mistake::whole(&self.file, severity, message),
        });
    }
}

/// One table, and which of its keys were asked for.
pub struct Section<'r> {
    report: &'r Report,
    pub origin: Origin,
    name: String,
    entries: Entries,
    asked: Vec<&'static str>,
}

/// The whole file as a section, overrides laid over it. Broken TOML is reported, and what could be read
/// is still given.
pub fn read<'r>(report: &'r Report, overrides: &[(String, String)]) -> Section<'r> {
    let mut entries = tree::parse(&report.text, |origin, message| report.error(&origin, message));
    for (name, value) in overrides {
        let path = name.trim_start_matches(super::OVERRIDE_PREFIX).to_ascii_lowercase();
        let path: Vec<&str> = path.split("__").collect();
        if !tree::lay_over(&mut entries, &path, name, value) {
            let origin = Origin::Environment(name.clone());
            report.error(&origin, "names no key that a single value could be given");
        }
    }
    Section { report, origin: Origin::Whole, name: String::new(), entries, asked: Vec::new() }
}

impl<'r> Section<'r> {
    /// A text.
    pub fn text(&mut self, key: &'static str) -> Option<At<String>> {
        self.parse(key, |text| Ok(text.to_owned()))
    }

    /// A text that stands for something else.
    pub fn parse<T>(
        &mut self,
        key: &'static str,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Option<At<T>> {
        let node = self.take(key)?;
        self.parse_node(node, &parse)
    }

    /// A list of such texts; from the environment with commas between them.
    pub fn list<T>(
        &mut self,
        key: &'static str,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Option<Vec<At<T>>> {
        let node = self.take(key)?;
        let items = match node.value {
            Value::List(items) => items,
            Value::Typed(text) => {
                let item = |part: &str| Node {
                    origin: node.origin.clone(),
                    value: Value::Typed(part.trim().to_owned()),
                };
                text.split(',').filter(|part| !part.trim().is_empty()).map(item).collect()
            }
            _ => {
                self.report.error(&node.origin, format!("`{key}` wants a list of texts in [ ]"));
                return None;
            }
        };
        Some(items.into_iter().filter_map(|item| self.parse_node(item, &parse)).collect())
    }

    /// `true` or `false`.
    pub fn flag(&mut self, key: &'static str) -> Option<At<bool>> {
        let node = self.take(key)?;
        let value = match &node.value {
            Value::Flag(flag) => Some(*flag),
            Value::Typed(text) => text.parse().ok(),
            _ => None,
        };
        self.given(key, "true or false", node.origin, value)
    }

    /// A whole number within bounds.
    pub fn number(&mut self, key: &'static str, bounds: std::ops::RangeInclusive<i64>) -> Option<At<usize>> {
        let node = self.take(key)?;
        let number = match &node.value {
            Value::Integer(number) => Some(*number),
            Value::Typed(text) => text.parse().ok(),
            _ => None,
        };
        let number = number.filter(|number| bounds.contains(number));
        let wanted = format!("a whole number from {} to {}", bounds.start(), bounds.end());
        self.given(key, &wanted, node.origin, number.and_then(|number| usize::try_from(number).ok()))
    }

    /// A table of names and texts.
    pub fn texts(&mut self, key: &'static str) -> Vec<(String, At<String>)> {
        let inner = self.section(key);
        let text = |(name, (_, node)): (String, (Origin, Node))| Some((name, inner_text(self.report, node)?));
        inner.map(|inner| inner.entries.into_iter().filter_map(text).collect()).unwrap_or_default()
    }

    /// A table.
    pub fn section(&mut self, key: &'static str) -> Option<Section<'r>> {
        let node = self.take(key)?;
        match node.value {
            Value::Table(entries) => Some(self.inner(key, node.origin, entries)),
            _ => {
                self.report.error(&node.origin, format!("`{key}` is a section: [{}]", self.path(key)));
                None
            }
        }
    }

    /// A list of tables.
    pub fn sections(&mut self, key: &'static str) -> Vec<Section<'r>> {
        let Some(node) = self.take(key) else { return Vec::new() };
        let mut sections = Vec::new();
        let mistaken = match node.value {
            Value::List(items) => {
                let mut others = false;
                for item in items {
                    match item.value {
                        Value::Table(entries) => sections.push(self.inner(key, item.origin, entries)),
                        _ => others = true,
                    }
                }
                others
            }
            _ => true,
        };
        if mistaken {
            self.report
                .error(&node.origin, format!("`{key}` may stand more than once: [[{}]]", self.path(key)));
        }
        sections
    }

    /// Keys that a later version minds: taken, not looked at, with one warning.
    pub fn not_in_force(&mut self, keys: &[&'static str]) {
        for key in keys {
            self.asked.push(key);
            if let Some((origin, _)) = self.entries.remove(*key) {
                self.report
                    .warn(&origin, format!("`{}` is read but not in force in this version", self.path(key)));
            }
        }
    }

    /// A secret in the file is a mistake that says where it belongs.
    pub fn secret_elsewhere(&mut self, key: &'static str, instead: &str) {
        if let Some((origin, node)) = self.entries.remove(key) {
            let message = format!(
                "a secret never stands in this file: put it into one of its own and name that with `{instead}`"
            );
            self.report.about_secret(&origin, &node.origin, Severity::Error, &message);
        }
    }

    /// Reports a key that has to be there.
    pub fn missing(&self, key: &str) {
        let place = if self.name.is_empty() { String::new() } else { format!(" in [{}]", self.name) };
        self.report.error(&self.origin, format!("`{key}` is missing{place}"));
    }

    /// Reports what nobody asked for.
    pub fn finish(self) {
        for (key, (origin, node)) in &self.entries {
            let hint = match nearest(key, &self.asked) {
                Some(known) => format!("; did you mean `{known}`?"),
                None if self.asked.is_empty() => String::new(),
                None => format!("; known here: {}", self.asked.join(", ")),
            };
            // What it holds may be a secret: shown are its place and name alone.
            let message = format!("unknown key `{}`{hint}", self.path(&key.escape_debug().to_string()));
            self.report.about_secret(origin, &node.origin, Severity::Error, &message);
        }
    }

    fn take(&mut self, key: &'static str) -> Option<Node> {
        self.asked.push(key);
        self.entries.remove(key).map(|(_, node)| node)
    }

    fn inner(&self, key: &str, origin: Origin, entries: Entries) -> Section<'r> {
        Section { report: self.report, origin, name: self.path(key), entries, asked: Vec::new() }
    }

    fn path(&self, key: &str) -> String {
        if self.name.is_empty() { key.to_owned() } else { format!("{}.{key}", self.name) }
    }

    fn parse_node<T>(&self, node: Node, parse: &impl Fn(&str) -> Result<T, String>) -> Option<At<T>> {
        let text = inner_text(self.report, node)?;
        match parse(&text.value) {
            Ok(value) => Some(At { value, origin: text.origin }),
            Err(message) => {
                self.report.error(&text.origin, message);
                None
            }
        }
    }

    fn given<T>(&self, key: &str, wanted: &str, origin: Origin, value: Option<T>) -> Option<At<T>> {
        if value.is_none() {
            self.report.error(&origin, format!("`{key}` wants {wanted}"));
        }
        value.map(|value| At { value, origin })
    }
}

fn inner_text(report: &Report, node: Node) -> Option<At<String>> {
    let found = match node.value {
        Value::Text(text) | Value::Typed(text) => return Some(At { value: text, origin: node.origin }),
        Value::Integer(_) => "a number",
        Value::Flag(_) => "true or false",
        Value::List(_) => "a list",
        Value::Table(_) => "a section",
        Value::Foreign(kind) => kind,
    };
    report.error(&node.origin, format!("a text in quotes is wanted here, this is {found}"));
    None
}

/// The known word that was most likely meant.
fn nearest<'k>(word: &str, known: &[&'k str]) -> Option<&'k str> {
    let distance = |other: &&str| edits(word, other);
    let best = known.iter().copied().min_by_key(distance)?;
    (edits(word, best) <= 1 + best.len() / 4).then_some(best)
}

/// Letters to insert, remove or replace to make one word of the other (Levenshtein).
fn edits(from: &str, to: &str) -> usize {
    let mut row: Vec<usize> = (0..=to.chars().count()).collect();
    for (line, letter) in from.chars().enumerate() {
        let mut diagonal = line;
        let mut left = line + 1;
        for (cell, other) in row.iter_mut().skip(1).zip(to.chars()) {
            let replaced = diagonal + usize::from(letter != other);
            diagonal = *cell;
            left = replaced.min(left + 1).min(*cell + 1);
            *cell = left;
        }
        if let Some(first) = row.first_mut() {
            *first = line + 1;
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_known_key_is_meant() {
        assert_eq!(nearest("lisen", &["listen", "certificate"]), Some("listen"));
        assert_eq!(nearest("max_mesage_size", &["max_message_size", "key"]), Some("max_message_size"));
        assert_eq!(nearest("colour", &["listen", "key"]), None);
    }

    #[test]
    fn edits_are_counted() {
        assert_eq!(edits("kitten", "sitting"), 3);
        assert_eq!(edits("", "abc"), 3);
        assert_eq!(edits("same", "same"), 0);
    }
}
