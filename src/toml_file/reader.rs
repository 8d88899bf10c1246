//! Reads TOML by key and type, and notes every mistake instead of stopping at the first.
//!
//! A key that nobody asked for is a mistake: `Table::finish` says so.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::ops::Range;
use std::str::FromStr;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::asked::{FILE, ITEM, NAME, Place};
use super::nearest::hint;
use super::source::Source;
use crate::policy::RuleRef;

/// A value, where it stands, and the file and line of its key.
#[derive(Clone, Debug)]
pub struct Given<T> {
    pub value: T,
    pub span: Range<usize>,
    pub rule: RuleRef,
}

/// One value whose type is yet to be asked. What it can't be read as is noted as a mistake, once.
#[derive(Clone, Copy, Debug)]
pub struct Value<'a> {
    source: &'a Source<'a>,
    spanned: &'a Spanned<DeValue<'a>>,
    place: Place,
}

/// One table whose keys are asked for one by one.
#[derive(Debug)]
pub struct Table<'a> {
    source: &'a Source<'a>,
    /// The table's header, or the whole inline table.
    span: Range<usize>,
    /// How many keys stand here.
    given: usize,
    place: Place,
    left: BTreeMap<&'a str, (Range<usize>, &'a Spanned<DeValue<'a>>)>,
    asked: Vec<&'static str>,
}

impl<'a> Value<'a> {
    pub fn source(&self) -> &'a Source<'a> {
        self.source
    }

    pub fn span(&self) -> Range<usize> {
        self.spanned.span()
    }

    /// Notes a mistake here.
    pub fn wrong<T>(&self, message: impl Into<String>) -> Option<T> {
        self.source.error(&self.span(), message);
        None
    }

    pub fn text(&self) -> Option<&'a str> {
        self.asked_as("string");
        match self.spanned.get_ref() {
            DeValue::String(text) => Some(text.as_ref()),
            _ => self.expected("a text in quotes"),
        }
    }

    pub fn non_empty(&self) -> Option<String> {
        match self.text()? {
            text if text.trim().is_empty() => self.wrong("this may not be empty"),
            text if text.chars().any(char::is_control) => {
                self.wrong("this may not hold control characters or line breaks")
            }
            text => Some(text.to_owned()),
        }
    }

    pub fn boolean(&self) -> Option<bool> {
        self.asked_as("boolean");
        match self.spanned.get_ref() {
            DeValue::Boolean(boolean) => Some(*boolean),
            _ => self.expected("true or false"),
        }
    }

    /// A whole number from 1.
    pub fn count(&self) -> Option<u32> {
        self.asked_as("integer");
        let number = match self.spanned.get_ref() {
            DeValue::Integer(number) => u32::from_str_radix(number.as_str(), number.radix()).ok(),
            _ => return self.expected("a whole number"),
        };
        number.filter(|number| *number > 0).or_else(|| self.wrong("this must be a whole number from 1"))
    }

    /// A whole number from 0.
    pub fn whole(&self) -> Option<u32> {
        self.asked_as("integer");
        match self.spanned.get_ref() {
            DeValue::Integer(number) => u32::from_str_radix(number.as_str(), number.radix())
                .map_or_else(|_| self.wrong("this must be a whole number from 0"), Some),
            _ => self.expected("a whole number"),
        }
    }

    /// A number from 0 to 65535.
    pub fn ordinal(&self) -> Option<u16> {
        self.asked_as("integer");
        let number = match self.spanned.get_ref() {
            DeValue::Integer(number) => u16::from_str_radix(number.as_str(), number.radix()).ok(),
            _ => return self.expected("a whole number"),
        };
        number.or_else(|| self.wrong("this must be a whole number from 0 to 65535"))
    }

    pub fn float(&self) -> Option<f64> {
        self.asked_as("number");
        match self.spanned.get_ref() {
            DeValue::Integer(number) => number.as_str().parse().ok(),
            DeValue::Float(number) => number.as_str().parse().ok(),
            _ => self.expected("a number"),
        }
    }

    /// A day; of a moment the day that it names.
    pub fn day(&self) -> Option<jiff::civil::Date> {
        self.asked_as("string");
        match self.spanned.get_ref() {
            DeValue::Datetime(date) => date.date.and_then(|day| day.to_string().parse().ok()),
            _ => None,
        }
        .or_else(|| self.expected("a date such as 2026-11-21"))
    }

    /// A moment in UTC or with an offset.
    pub fn moment(&self) -> Option<jiff::Timestamp> {
        self.asked_as("string");
        match self.spanned.get_ref() {
            DeValue::Datetime(date) => date.to_string().parse().ok(),
            _ => None,
        }
        .or_else(|| self.expected("a moment such as 2026-11-21T12:00:00Z"))
    }

    /// A text in a syntax of its own.
    pub fn parsed<T: FromStr>(&self) -> Option<T>
    where
        T::Err: Display,
    {
        self.read(|text| text.parse().map_err(|error: T::Err| error.to_string()))
    }

    /// A text that `read` understands, or says why not.
    pub fn read<T>(&self, read: impl FnOnce(&str) -> Result<T, String>) -> Option<T> {
        read(self.text()?).map_or_else(|error| self.wrong(error), Some)
    }

    /// One of these words.
    pub fn word<T: Copy>(&self, words: &[(&str, T)]) -> Option<T> {
        self.source.asked().as_word(self.place, words.iter().map(|(word, _)| *word));
        let text = self.text()?;
        let found = words.iter().find(|(word, _)| *word == text).map(|(_, meaning)| *meaning);
        found.or_else(|| {
            let known: Vec<String> = words.iter().map(|(word, _)| format!("`{word}`")).collect();
            let hint = hint(text, words.iter().map(|(word, _)| *word));
            self.wrong(format!("`{text}` is none of {}{hint}", known.join(", ")))
        })
    }

    /// One of a vocabulary that is too long to be told: `what` says what it is of.
    pub fn known_word<T: Copy>(&self, what: &str, words: &[(&str, T)]) -> Option<T> {
        self.source.asked().as_word(self.place, words.iter().map(|(word, _)| *word));
        let text = self.text()?;
        let found = words.iter().find(|(word, _)| *word == text).map(|(_, meaning)| *meaning);
        found.or_else(|| {
            let hint = hint(text, words.iter().map(|(word, _)| *word));
            self.wrong(format!("`{text}` is not {what}{hint}"))
        })
    }

    /// A list; what is wrong in it is noted item by item, and the rest kept.
    pub fn list<T>(&self, item: impl Fn(Value<'a>) -> Option<T>) -> Option<Vec<T>> {
        self.asked_as("array");
        let array = match self.spanned.get_ref() {
            DeValue::Array(array) => array,
            DeValue::String(text) if self.source.shows(text) => {
                return self.wrong(format!("this must be a list in [ ]: [\"{text}\"]"));
            }
            _ => return self.expected("a list in [ ]"),
        };
        let place = self.source.asked().key(self.place, ITEM);
        let one = |spanned| item(Value { source: self.source, spanned, place });
        Some(array.iter().filter_map(one).collect())
    }

    /// A list of texts, each with its place; one text is a list too, with commas between its items.
    pub fn texts<T>(&self, read: impl Fn(&str) -> Result<T, String>) -> Option<Vec<Given<T>>> {
        let span = self.span();
        if let DeValue::String(text) = self.spanned.get_ref() {
            let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
            let read = |item| read(item).map_or_else(|error| self.wrong(error), Some);
            let rule = self.source.rule(span.start);
            return Some(
                items
                    .filter_map(read)
                    .map(|value| Given { value, span: span.clone(), rule: rule.clone() })
                    .collect(),
            );
        }
        self.list(|item| {
            let value = item.read(&read)?;
            let span = item.span();
            Some(Given { value, rule: item.source.rule(span.start), span })
        })
    }

    pub fn table(&self) -> Option<Table<'a>> {
        self.asked_as("object");
        match self.spanned.get_ref() {
            DeValue::Table(table) => Some(Table::at(self.source, self.span(), table, self.place)),
            _ => self.expected("a table"),
        }
    }

    pub fn is_table(&self) -> bool {
        matches!(self.spanned.get_ref(), DeValue::Table(_))
    }

    /// The keys of a table, for whoever only looks; none of anything else.
    pub fn below(&self) -> Vec<(&'a str, Value<'a>)> {
        let DeValue::Table(table) = self.spanned.get_ref() else { return Vec::new() };
        let value = |spanned| Value { source: self.source, spanned, place: self.place };
        table.iter().map(|(key, spanned)| (key.get_ref().as_ref(), value(spanned))).collect()
    }

    pub fn is_text(&self) -> bool {
        matches!(self.spanned.get_ref(), DeValue::String(_))
    }

    fn asked_as(&self, name: &'static str) {
        self.source.asked().as_type(self.place, name);
    }

    fn expected<T>(&self, wanted: &str) -> Option<T> {
        let found = self.spanned.get_ref().type_str();
        self.wrong(format!("this must be {wanted}, not a TOML {found}"))
    }
}

impl<'a> Table<'a> {
    /// A whole file.
    pub fn new(source: &'a Source<'a>, span: Range<usize>, table: &'a DeTable<'a>) -> Self {
        source.asked().as_type(FILE, "object");
        Self::at(source, span, table, FILE)
    }

    fn at(source: &'a Source<'a>, span: Range<usize>, table: &'a DeTable<'a>, place: Place) -> Self {
        let left = table.iter().map(|(key, value)| (key.get_ref().as_ref(), (key.span(), value))).collect();
        Self { source, span, given: table.len(), place, left, asked: Vec::new() }
    }

    pub fn source(&self) -> &'a Source<'a> {
        self.source
    }

    pub fn span(&self) -> &Range<usize> {
        &self.span
    }

    /// The file and line of the table's header.
    pub fn rule(&self) -> RuleRef {
        self.source.rule(self.span.start)
    }

    /// A key that may be there.
    pub fn take<T>(
        &mut self,
        key: &'static str,
        read: impl FnOnce(Value<'a>) -> Option<T>,
    ) -> Option<Given<T>> {
        self.asked.push(key);
        let place = self.source.asked().key(self.place, key);
        let (at, spanned) = self.left.remove(key)?;
        if !holds_tables(spanned) {
            self.source.reveal(&spanned.span());
        }
        let value = read(Value { source: self.source, spanned, place })?;
        Some(Given { value, span: spanned.span(), rule: self.source.rule(at.start) })
    }

    /// A key that must be there.
    pub fn need<T>(
        &mut self,
        key: &'static str,
        read: impl FnOnce(Value<'a>) -> Option<T>,
    ) -> Option<Given<T>> {
        if !self.left.contains_key(key) {
            self.source.error(&self.span, format!("`{key}` is missing"));
        }
        self.take(key, read)
    }

    /// A key whose behaviour a later version brings: read and checked, and nobody shall think it holds.
    pub fn not_in_force<T>(&mut self, key: &'static str, read: impl FnOnce(Value<'a>) -> Option<T>) {
        if let Some((at, _)) = self.left.get(key) {
            let message = format!("`{key}` is read but not in force in this version");
            self.source.warning(at, message);
        }
        self.take(key, read);
    }

    pub fn table(&mut self, key: &'static str) -> Option<Table<'a>> {
        self.take(key, |value| value.table()).map(|given| given.value)
    }

    /// `[[key]]`.
    pub fn tables(&mut self, key: &'static str) -> Vec<Table<'a>> {
        let tables = self.take(key, |value| value.list(|item| item.table()));
        tables.map(|given| given.value).unwrap_or_default()
    }

    /// All that is left, for tables whose keys are names: the name, where it stands, and its value.
    pub fn entries(&mut self) -> Vec<(Given<&'a str>, Value<'a>)> {
        let entries = std::mem::take(&mut self.left).into_iter();
        // Where no name stands, a reader may only want to say that none should.
        let place = if entries.len() == 0 { self.place } else { self.source.asked().key(self.place, NAME) };
        entries
            .map(|(value, (span, spanned))| {
                let rule = self.source.rule(span.start);
                (Given { value, span, rule }, Value { source: self.source, spanned, place })
            })
            .collect()
    }

    /// A key that a secret might be put under, which belongs into a file of its own.
    pub fn secret_elsewhere(&mut self, key: &'static str, instead: &str) {
        if let Some((at, value)) = self.left.remove(key) {
            self.source.hide(value.span());
            let message = format!(
                "a secret never stands here: put it into a file of its own and name that with `{instead}`"
            );
            self.source.error(&at, message);
        }
    }

    /// What is left may be a secret under a misspelt name: mistakes about it show no values.
    pub fn hide_rest(&self) {
        self.left.values().for_each(|(_, value)| self.source.hide(value.span()));
    }

    /// Whether a key stands here that was not asked for yet.
    pub fn has(&self, key: &str) -> bool {
        self.left.contains_key(key)
    }

    /// Whether no key stands here.
    pub fn is_empty(&self) -> bool {
        self.given == 0
    }

    /// Whether all keys that stand here were asked for.
    pub fn all_known(&self) -> bool {
        self.left.is_empty()
    }

    /// Notes every key that nobody asked for.
    pub fn finish(self) {
        for (key, (at, _)) in &self.left {
            if let Some(misplaced) = self.source.misplaced(key).filter(|_| self.place != FILE) {
                self.source.error(at, misplaced);
                continue;
            }
            let hint = hint(key, self.asked.iter().copied());
            self.source.error(at, format!("`{key}` is not a key that belongs here{hint}"));
        }
    }
}

/// Whether a key may be below it that nobody has asked for yet.
fn holds_tables(value: &Spanned<DeValue<'_>>) -> bool {
    match value.get_ref() {
        DeValue::Table(_) => true,
        DeValue::Array(items) => items.iter().any(holds_tables),
        _ => false,
    }
}
