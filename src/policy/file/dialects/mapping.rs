//! `[dialect.sendgrid.groups]` in a sender's file: which of its scopes a provider's names stand for.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use crate::policy::dialect::Mapped;
use crate::policy::file::taxonomy::known;
use crate::policy::sender::ScopePolicy;
use crate::policy::{RuleRef, Scope, Stream};
use crate::toml_file::nearest::hint;
use crate::toml_file::{Given, Source, Table, Value};

/// A table that a sender's file has: the provider, and the table's own name.
pub struct Named {
    provider: Given<String>,
    table: Option<Given<String>>,
}

/// By `provider.table`, then by name; and the tables that must be some selector's.
pub fn mapping(
    table: &mut Table<'_>,
    scopes: &BTreeMap<Scope, ScopePolicy>,
) -> (BTreeMap<String, BTreeMap<String, Mapped>>, Vec<Named>) {
    let (mut all, mut named) = (BTreeMap::new(), Vec::new());
    let providers = table.table("dialect").map(|mut own| own.entries()).unwrap_or_default();
    for (provider, tables) in providers {
        let Some(mut tables) = tables.table() else { continue };
        let tables = tables.entries();
        let provider = owned(&provider);
        if tables.is_empty() {
            named.push(Named { provider: provider.clone(), table: None });
        }
        for (key, names) in tables {
            let mut own = BTreeMap::new();
            for (name, value) in names.table().map(|mut names| names.entries()).unwrap_or_default() {
                own.extend(mapped(value, name.rule, scopes).map(|mapped| (name.value.to_owned(), mapped)));
            }
            all.insert(format!("{}.{}", provider.value, key.value), own);
            named.push(Named { provider: provider.clone(), table: Some(owned(&key)) });
        }
    }
    (all, named)
}

/// `"apparel"`, or `{ stream = "functional" }`.
fn mapped(value: Value<'_>, rule: RuleRef, scopes: &BTreeMap<Scope, ScopePolicy>) -> Option<Mapped> {
    if !value.is_table() {
        return Some(Mapped { stream: None, scope: Some(known(value, scopes)?), rule });
    }
    let words: Vec<(&str, Stream)> = Stream::ALL.iter().map(|stream| (stream.as_str(), *stream)).collect();
    let mut own = value.table()?;
    let stream = own.take("stream", |v| v.word(&words)).map(|given| given.value);
    let scope = own.take("scope", |v| known(v, scopes)).map(|given| given.value);
    if own.is_empty() {
        own.source().error(own.span(), "this says nothing: give a `stream`, a `scope` or both");
    }
    own.finish();
    (stream.is_some() || scope.is_some()).then_some(Mapped { stream, scope, rule })
}

fn owned(given: &Given<&str>) -> Given<String> {
    Given { value: given.value.to_owned(), span: given.span.clone(), rule: given.rule.clone() }
}

/// Tells of tables that no selector looks into. `None` among them looks into all.
pub fn references(source: &Source<'_>, named: &[Named], maps: &BTreeSet<Option<&str>>) {
    let tables: Vec<(&str, &str)> = maps.iter().filter_map(|map| (*map)?.split_once('.')).collect();
    for Named { provider, table } in named {
        let providers: BTreeSet<&str> = tables.iter().map(|(provider, _)| *provider).collect();
        if !providers.contains(provider.value.as_str()) {
            let hint = hint(&provider.value, providers);
            tell(
                source,
                &provider.span,
                format!("`{}` is no provider with a dialect", provider.value),
                &hint,
                maps,
            );
        } else if let Some(table) = table
            && !tables.contains(&(provider.value.as_str(), table.value.as_str()))
        {
            let own = tables.iter().filter(|(own, _)| *own == provider.value).map(|(_, table)| *table);
            let own: BTreeSet<&str> = own.collect();
            let has = own.iter().map(|table| format!("`{table}`")).collect::<Vec<_>>().join(", ");
            let hint = hint(&table.value, own);
            let message = format!("`{}` is no table of {}, which has {has}", table.value, provider.value);
            tell(source, &table.span, message, &hint, maps);
        }
    }
}

/// A slip is a mistake; a name that is like no other may be of a dialect that this folder has no more.
fn tell(
    source: &Source<'_>,
    span: &Range<usize>,
    message: String,
    hint: &str,
    maps: &BTreeSet<Option<&str>>,
) {
    if !hint.is_empty() {
        source.error(span, message + hint);
    } else if !maps.contains(&None) {
        source.warning(span, message + ": no `map` of a selector in dialects.toml looks here");
    }
}
