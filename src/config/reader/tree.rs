//! What a file holds, value by value with its place, and what the environment lays over it.

use std::borrow::Cow;
use std::collections::BTreeMap;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::Origin;

/// A value of the file or the environment.
#[derive(Clone, Debug)]
pub struct Node {
    pub origin: Origin,
    pub value: Value,
}

#[derive(Clone, Debug)]
pub enum Value {
    Text(String),
    Integer(i64),
    Flag(bool),
    List(Vec<Node>),
    Table(Entries),
    /// From the environment: whatever the key wants it to be.
    Typed(String),
    /// A kind of value that no key takes.
    Foreign(&'static str),
}

pub type Entries = BTreeMap<String, (Origin, Node)>;

/// A TOML text. What is broken is told to `mistake`, and what could be read is still given.
pub fn parse(text: &str, mistake: impl Fn(Origin, &str)) -> Entries {
    let (document, errors) = DeTable::parse_recoverable(text);
    for error in &errors {
        mistake(error.span().map_or(Origin::Whole, Origin::File), error.message());
    }
    table(document.get_ref())
}

fn table(table: &DeTable<'_>) -> Entries {
    let entry = |(key, value): (&Spanned<_>, &Spanned<DeValue<'_>>)| {
        let name: &Cow<'_, str> = key.get_ref();
        (name.to_string(), (Origin::File(key.span()), node(value)))
    };
    table.iter().map(entry).collect()
}

fn node(value: &Spanned<DeValue<'_>>) -> Node {
    let origin = Origin::File(value.span());
    let value = match value.get_ref() {
        DeValue::String(text) => Value::Text(text.to_string()),
        DeValue::Integer(number) => match i64::from_str_radix(number.as_str(), number.radix()) {
            Ok(number) => Value::Integer(number),
            Err(_) => Value::Foreign("a number beyond all bounds"),
        },
        DeValue::Boolean(flag) => Value::Flag(*flag),
        DeValue::Array(list) => Value::List(list.iter().map(node).collect()),
        DeValue::Table(inner) => Value::Table(table(inner)),
        DeValue::Float(_) => Value::Foreign("a broken number"),
        DeValue::Datetime(_) => Value::Foreign("a time"),
    };
    Node { origin, value }
}

/// Puts a variable's value where its name says. False if there is no such place.
pub fn lay_over(entries: &mut Entries, path: &[&str], name: &str, value: &str) -> bool {
    let origin = Origin::Environment(name.to_owned());
    let Some((key, rest)) = path.split_first() else { return false };
    if rest.is_empty() {
        let node = Node { origin: origin.clone(), value: Value::Typed(value.to_owned()) };
        return entries.insert((*key).to_owned(), (origin, node)).is_none_or(|(_, old)| !old.is_nested());
    }
    let missing = || (origin.clone(), Node { origin: origin.clone(), value: Value::Table(Entries::new()) });
    let (_, node) = entries.entry((*key).to_owned()).or_insert_with(missing);
    match &mut node.value {
        Value::Table(inner) => lay_over(inner, rest, name, value),
        Value::List(list) => match (rest.split_first(), rest.first().and_then(|index| index.parse().ok())) {
            (Some((_, rest)), Some(index)) => {
                match list.get_mut::<usize>(index).map(|node| &mut node.value) {
                    Some(Value::Table(inner)) => lay_over(inner, rest, name, value),
                    _ => false,
                }
            }
            _ => false,
        },
        _ => false,
    }
}

impl Node {
    fn is_nested(&self) -> bool {
        match &self.value {
            Value::Table(_) => true,
            Value::List(list) => list.iter().any(Self::is_nested),
            _ => false,
        }
    }
}
