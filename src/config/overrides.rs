//! Keys given by the environment: `OPTGATE__SMTP__MAX_RECIPIENTS=10`. Laid over the file's, they are read
//! and checked like them.

use std::borrow::Cow;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeArray, DeTable, DeValue};

use crate::toml_file::Source;

/// What variables that override a key begin with.
const PREFIX: &str = "OPTGATE__";

/// The file's text and the overrides below it, so that all of it has a place.
pub struct Combined {
    text: String,
    /// Where the environment's part begins.
    environment: usize,
    variables: Vec<Variable>,
}

struct Variable {
    name: Range<usize>,
    value: Range<usize>,
}

impl Combined {
    pub fn new(file: &str, environment: impl IntoIterator<Item = (String, String)>) -> Self {
        let ours = |(name, _): &(String, String)| name.starts_with(PREFIX);
        let mut given: Vec<_> = environment.into_iter().filter(ours).collect();
        // By number where there is one, so that the tables of a list come in their order.
        given.sort_by_cached_key(|(name, _)| in_order(name));
        let mut text = format!("{file}\n");
        let start = text.len();
        let mut variables = Vec::new();
        for (name, value) in given {
            let at = text.len();
            text.push_str(&name);
            let name = at..text.len();
            text.push_str(" = ");
            let at = text.len();
            text.push_str(&value.replace(['\r', '\n'], " "));
            variables.push(Variable { name, value: at..text.len() });
            text.push('\n');
        }
        Self { text, environment: start, variables }
    }

    /// What mistakes are noted in, under the file's name.
    pub fn source(&self, name: &str) -> Source<'_> {
        let values = self.variables.iter().map(|variable| variable.value.clone());
        Source::new(name, &self.text).with_environment(self.environment, values.collect())
    }

    /// Lays the variables over the file's keys. One that names no place is a mistake.
    pub fn lay_over<'t>(&'t self, source: &Source<'t>, table: &mut DeTable<'t>) {
        for Variable { name, value } in &self.variables {
            let path = self.text.get(name.clone()).unwrap_or_default();
            let path = path.trim_start_matches(PREFIX).to_ascii_lowercase();
            let path: Vec<&str> = path.split("__").collect();
            if !put(table, &path, name, self.value(value)) {
                source.error(name, "this names no key that such a value could be given");
            }
        }
    }

    /// A value as TOML where it is a number, true or false, a list or an inline table; else it is a text as it
    /// stands.
    fn value(&self, at: &Range<usize>) -> Spanned<DeValue<'_>> {
        let text = self.text.get(at.clone()).unwrap_or_default();
        let value = match DeValue::parse(text).map(Spanned::into_inner) {
            Ok(value @ (DeValue::Integer(_) | DeValue::Boolean(_) | DeValue::String(_))) => value,
            Ok(value @ (DeValue::Array(_) | DeValue::Table(_))) => moved(value, at.start),
            _ => DeValue::String(Cow::Borrowed(text)),
        };
        Spanned::new(at.clone(), value)
    }
}

/// A value whose text begins at this offset: what is in it stands so much further on.
fn moved<'t>(value: DeValue<'t>, by: usize) -> DeValue<'t> {
    let further = |span: Range<usize>| span.start + by..span.end + by;
    let item = |item: Spanned<DeValue<'t>>| {
        let span = further(item.span());
        Spanned::new(span, moved(item.into_inner(), by))
    };
    match value {
        DeValue::Array(items) => DeValue::Array(items.into_iter().map(item).collect()),
        DeValue::Table(table) => {
            let key = |key: Spanned<Cow<'t, str>>| Spanned::new(further(key.span()), key.into_inner());
            DeValue::Table(table.into_iter().map(|(name, value)| (key(name), item(value))).collect())
        }
        other => other,
    }
}

/// Whether keys stand below it.
fn is_section(value: &Spanned<DeValue<'_>>) -> bool {
    match value.get_ref() {
        DeValue::Table(_) => true,
        DeValue::Array(items) => items.iter().any(|item| item.get_ref().is_table()),
        _ => false,
    }
}

/// False if there is no such place: a section where a value should go, or a value where a section should be.
fn put<'t>(table: &mut DeTable<'t>, path: &[&str], name: &Range<usize>, value: Spanned<DeValue<'t>>) -> bool {
    let Some((key, rest)) = path.split_first() else { return false };
    let spanned_key = || Spanned::new(name.clone(), Cow::Owned((*key).to_owned()));
    if rest.is_empty() {
        if table.get(*key).is_some_and(is_section) && !is_section(&value) {
            return false;
        }
        table.remove(*key);
        table.insert(spanned_key(), value);
        return true;
    }
    if !table.contains_key(*key) {
        let made = match rest.first().is_some_and(|next| next.bytes().all(|byte| byte.is_ascii_digit())) {
            true => DeValue::Array(DeArray::new()),
            false => DeValue::Table(DeTable::new()),
        };
        table.insert(spanned_key(), Spanned::new(name.clone(), made));
    }
    match table.get_mut(*key).map(Spanned::get_mut) {
        Some(DeValue::Table(inner)) => put(inner, rest, name, value),
        Some(DeValue::Array(items)) => {
            let Some((index, rest)) = rest.split_first() else { return false };
            let Ok(index) = index.parse::<usize>() else { return false };
            // The next one after the file's begins a new table; a gap would be a slip.
            if index == items.len() && !items.iter().any(|item| !item.get_ref().is_table()) {
                items.push(Spanned::new(name.clone(), DeValue::Table(DeTable::new())));
            }
            let item = items.get_mut(index);
            match item.map(Spanned::get_mut) {
                Some(DeValue::Table(inner)) => put(inner, rest, name, value),
                _ => false,
            }
        }
        _ => false,
    }
}

/// A name's parts, numbers as numbers.
fn in_order(name: &str) -> Vec<(Option<u64>, String)> {
    name.split("__").map(|part| (part.parse().ok(), part.to_owned())).collect()
}
