//! `shaping.toml`, `shaping/*.toml`.

use std::collections::BTreeMap;

use super::later;
use super::value;
use crate::policy::shaping::{Limit, LimitMatch, Shaping};
use crate::policy::{RuleRef, Stream};
use crate::toml_file::{Given, Table, Value};

/// What all shaping files together say.
#[derive(Default)]
pub struct ReadShaping {
    pub shaping: Shaping,
    providers: BTreeMap<String, RuleRef>,
    domains: BTreeMap<String, RuleRef>,
    names: BTreeMap<String, RuleRef>,
}

impl ReadShaping {
    /// Adds one file.
    pub fn read(&mut self, mut table: Table<'_>) {
        for provider in table.tables("provider") {
            self.provider(provider);
        }
        for limit in table.tables("limit") {
            self.limit(limit);
        }
        later::of_shaping(&mut table);
        table.finish();
    }

    fn provider(&mut self, mut table: Table<'_>) {
        let source = table.source();
        let id = table.need("id", |v| v.read(value::id));
        let domains = table.need("domains", |v| {
            v.list(|item| {
                let rule = item.source().rule(item.span().start);
                item.read(value::domain).map(|value| Given { value, span: item.span(), rule })
            })
        });
        table.finish();
        let (Some(id), Some(domains)) = (id, domains) else { return };
        if let Some(first) = self.providers.get(&id.value) {
            source.error(&id.span, taken("provider", &id.value, first));
        }
        self.providers.insert(id.value.clone(), id.rule);
        for domain in domains.value {
            if let Some(first) = self.domains.get(&domain.value) {
                source.error(&domain.span, taken("domain", &domain.value, first));
            }
            self.domains.insert(domain.value.clone(), domain.rule);
            self.shaping.providers.insert(domain.value, id.value.clone());
        }
    }

    fn limit(&mut self, mut table: Table<'_>) {
        let source = table.source();
        let rule = table.rule();
        let name = table.need("name", |v| v.read(value::id));
        let matches = table.need("match", limit_match);
        let rates = table.take("rate", rates);
        let concurrency = table.take("concurrency", |v| v.count());
        if rates.is_none() && concurrency.is_none() {
            source.error(table.span(), "a limit needs a `rate`, a `concurrency` or both");
        }
        table.finish();
        let (Some(name), Some(matches)) = (name, matches) else { return };
        if let Some(first) = self.names.get(&name.value) {
            source.error(&name.span, taken("limit", &name.value, first));
        }
        self.names.insert(name.value.clone(), name.rule);
        // A lane does not know its credential yet: the limit would bind everybody's mail, or nobody's.
        if matches.value.credential.is_some() {
            let message = "a limit by `credential` is read but not in force in this version";
            return source.warning(&matches.span, message);
        }
        self.shaping.limits.push(Limit {
            name: name.value,
            matches: matches.value,
            rates: rates.map(|given| given.value).unwrap_or_default(),
            concurrency: concurrency.map(|given| given.value),
            rule,
        });
    }
}

fn taken(what: &str, name: &str, first: &RuleRef) -> String {
    format!("the {what} `{name}` stands at {}:{} already", first.file, first.line)
}

fn limit_match(value: Value<'_>) -> Option<LimitMatch> {
    let mut table = value.table()?;
    let words: Vec<(&str, Stream)> = Stream::ALL.iter().map(|stream| (stream.as_str(), *stream)).collect();
    let mut text = |key| table.take(key, |v| v.non_empty()).map(|given| given.value);
    let matches = LimitMatch {
        provider: text("provider"),
        sender: text("sender"),
        campaign: text("campaign"),
        upstream: text("upstream"),
        credential: text("credential"),
        stream: table.take("stream", |v| v.word(&words)).map(|given| given.value),
    };
    table.finish();
    Some(matches)
}

fn rates(value: Value<'_>) -> Option<Vec<crate::policy::shaping::Rate>> {
    value.list(|item| item.read(value::rate))
}
