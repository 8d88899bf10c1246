//! `shaping.toml`, `shaping/*.toml`.

use std::collections::BTreeMap;

use super::adaptive::{adaptive, response};
use super::bounce::{bounce, bounces};
use super::brake::brake;
use super::link::Known;
use super::value;
use super::warm_up::{self, warm_up};
use crate::policy::shaping::{Limit, LimitMatch, Shaping};
use crate::policy::{RuleRef, Stream};
use crate::toml_file::nearest::hint;
use crate::toml_file::{Given, Source, Table, Value};

/// What all shaping files together say.
#[derive(Default)]
pub struct ReadShaping<'s> {
    pub shaping: Shaping,
    /// What limits, responses and bounces name, and where: it may be declared in another file.
    providers_named: Vec<(&'s Source<'s>, Given<String>)>,
    senders_named: Vec<(&'s Source<'s>, Given<String>)>,
    providers: BTreeMap<String, RuleRef>,
    domains: BTreeMap<String, RuleRef>,
    names: BTreeMap<String, RuleRef>,
    adaptive: Option<RuleRef>,
    bounces: Option<RuleRef>,
}

impl<'s> ReadShaping<'s> {
    /// Adds one file.
    pub fn read(&mut self, mut table: Table<'s>) {
        for provider in table.tables("provider") {
            self.provider(provider);
        }
        for limit in table.tables("limit") {
            self.limit(limit);
        }
        if let Some(given) = table.take("adaptive", adaptive) {
            match &self.adaptive {
                Some(first) => table.source().error(&given.span, taken("table", "adaptive", first)),
                None => self.shaping.adaptive = given.value,
            }
            self.adaptive.get_or_insert(given.rule);
        }
        if let Some(given) = table.take("bounces", bounces) {
            match &self.bounces {
                Some(first) => table.source().error(&given.span, taken("table", "bounces", first)),
                None => {
                    (self.shaping.bounces.soft, self.shaping.bounces.within) =
                        (given.value.soft, given.value.within)
                }
            }
            self.bounces.get_or_insert(given.rule);
        }
        for came_back in table.tables("bounce") {
            let source = came_back.source();
            let (rule, provider) = bounce(came_back);
            self.providers_named.extend(provider.map(|given| (source, given)));
            self.shaping.bounces.rules.extend(rule);
        }
        for answer in table.tables("response") {
            let source = answer.source();
            let (rule, provider) = response(answer);
            self.providers_named.extend(provider.map(|given| (source, given)));
            self.shaping.responses.extend(rule);
        }
        self.shaping.brakes.extend(table.tables("brake").into_iter().filter_map(brake));
        for own in table.tables("warm_up") {
            let source = own.source();
            let warm_up::Read { own, provider } = warm_up(own);
            self.providers_named.extend(provider.map(|given| (source, given)));
            if let Some((domain, own)) = own {
                let first = self.shaping.warm_ups.iter().find(|first| {
                    (&first.domain, &first.provider, &first.upstream)
                        == (&own.domain, &own.provider, &own.upstream)
                });
                if let Some(first) = first {
                    source.error(&domain.span, taken("warm-up of", &own.domain, &first.rule));
                }
                self.shaping.warm_ups.push(own);
            }
        }
        table.finish();
    }

    /// Tells of limits that bind nobody, since what they name is nowhere.
    pub fn references<'n>(
        &self,
        senders: impl Iterator<Item = &'n str> + Clone,
        senders_known: Known,
        providers_known: Known,
    ) {
        let providers_named = (providers_known == Known::All).then_some(&self.providers_named);
        for (source, given) in providers_named.into_iter().flatten() {
            let (name, ids) = (&given.value, self.providers.keys().map(String::as_str));
            // A domain is its own provider.
            if !self.providers.contains_key(name) && !name.contains('.') {
                let hint = hint(name, ids);
                source.error(&given.span, format!("no [[provider]] has the id `{name}`{hint}"));
            }
        }
        let senders_named = (senders_known == Known::All).then_some(&self.senders_named);
        for (source, given) in senders_named.into_iter().flatten() {
            let name = given.value.as_str();
            if !senders.clone().any(|id| id == name) {
                let hint = hint(name, senders.clone());
                source.warning(&given.span, format!("no file in senders/ has the id `{name}`{hint}"));
            }
        }
    }

    fn provider(&mut self, mut table: Table<'s>) {
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

    fn limit(&mut self, mut table: Table<'s>) {
        let source = table.source();
        let rule = table.rule();
        let name = table.need("name", |v| v.read(value::id));
        let matches = table.need("match", |v| self.limit_match(v));
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
        self.shaping.limits.push(Limit {
            name: name.value,
            matches: matches.value,
            rates: rates.map(|given| given.value).unwrap_or_default(),
            concurrency: concurrency.map(|given| given.value),
            rule,
        });
    }

    fn limit_match(&mut self, value: Value<'s>) -> Option<LimitMatch> {
        let mut table = value.table()?;
        let words: Vec<(&str, Stream)> =
            Stream::ALL.iter().map(|stream| (stream.as_str(), *stream)).collect();
        let provider = table.take("provider", |v| v.non_empty());
        let sender = table.take("sender", |v| v.non_empty());
        self.providers_named.extend(provider.clone().map(|given| (value.source(), given)));
        let credential = table.take("credential", |v| v.read(credential));
        self.senders_named.extend(sender.clone().map(|given| (value.source(), given)));
        let of = credential.clone().map(|given| Given { value: of_sender(&given.value).to_owned(), ..given });
        self.senders_named.extend(of.map(|given| (value.source(), given)));
        let mut text = |key| table.take(key, |v| v.non_empty()).map(|given| given.value);
        let matches = LimitMatch {
            provider: provider.map(|given| given.value),
            sender: sender.map(|given| given.value),
            campaign: text("campaign"),
            upstream: text("upstream"),
            credential: credential.map(|given| given.value),
            stream: table.take("stream", |v| v.word(&words)).map(|given| given.value),
        };
        table.finish();
        Some(matches)
    }
}

fn taken(what: &str, name: &str, first: &RuleRef) -> String {
    format!("the {what} `{name}` stands at {}:{} already", first.file, first.line)
}

/// `SENDER/NAME`.
fn credential(text: &str) -> Result<String, String> {
    match text.split_once('/') {
        Some((sender, name)) if !sender.is_empty() && !name.is_empty() => Ok(text.to_owned()),
        _ => Err(format!("`{text}` is not a credential such as `demo-shop/mautic`")),
    }
}

fn of_sender(credential: &str) -> &str {
    credential.split_once('/').map_or(credential, |(sender, _)| sender)
}

fn rates(value: Value<'_>) -> Option<Vec<crate::policy::shaping::Rate>> {
    value.list(|item| item.read(value::rate))
}
