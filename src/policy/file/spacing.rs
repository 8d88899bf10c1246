//! What spaces marketing out: `[caps]` and `[quiet_hours]` of a sender's file.

use std::collections::BTreeMap;
use std::time::Duration;

use super::taxonomy::declared;
use super::value;
use crate::policy::calendar::{Hours, Window};
use crate::policy::holds::{Cap, QuietHours};
use crate::policy::sender::{ScopePolicy, StreamPolicy};
use crate::policy::{Scope, Stream};
use crate::toml_file::nearest::{hint, nearest};
use crate::toml_file::{Given, Table, Value};

/// What caps are read beside.
struct Beside<'s> {
    scopes: &'s BTreeMap<Scope, ScopePolicy>,
    streams: &'s BTreeMap<Stream, StreamPolicy>,
}

/// `[caps]`, then `[caps."scope"]`.
pub fn caps(
    table: &mut Table<'_>,
    scopes: &BTreeMap<Scope, ScopePolicy>,
    streams: &BTreeMap<Stream, StreamPolicy>,
) -> Vec<Cap> {
    let Some(mut given) = table.table("caps") else { return Vec::new() };
    let beside = Beside { scopes, streams };
    let mut caps = beside.of_streams(&mut given, None);
    for (key, value) in given.entries() {
        if value.is_table() {
            caps.extend(beside.of_scope(&key, value));
            continue;
        }
        let source = value.source();
        let message = source.misplaced(key.value).unwrap_or_else(|| {
            let hint = hint(key.value, Stream::ALL.iter().map(|stream| stream.as_str()));
            format!("`{}` is neither a stream nor a table of a scope's caps{hint}", key.value)
        });
        source.error(&key.span, message);
    }
    caps
}

impl Beside<'_> {
    fn of_scope(&self, key: &Given<&str>, value: Value<'_>) -> Vec<Cap> {
        let Some(mut own) = value.table() else { return Vec::new() };
        let source = value.source();
        let scope = declared(key.value, self.scopes).map_err(|error| source.error(&key.span, error)).ok();
        let caps = self.of_streams(&mut own, scope.as_ref());
        for (inner, value) in own.entries() {
            let (name, streams) = (inner.value, Stream::ALL.iter().map(|stream| stream.as_str()));
            let said = source.misplaced(name).or_else(|| {
                let near = nearest(name, streams).filter(|_| !value.is_table())?;
                Some(format!("`{name}` is no stream; did you mean `{near}`?"))
            });
            source.error(
                &inner.span,
                said.unwrap_or_else(|| {
                    format!("`{name}` is no stream; a scope below it is [caps.\"{}.{name}\"]", key.value)
                }),
            );
        }
        // Those of a scope that nobody knows are a mistake, not caps in all.
        if scope.is_some() { caps } else { Vec::new() }
    }

    /// Of a cap whose next stretch begins after mail that is due now is dropped.
    fn outlasts(&self, item: &Value<'_>, per: Window) {
        let Some(stream) = self.streams.get(&Stream::Marketing) else { return };
        // No deadline reaches over the longest month.
        let days = match per {
            Window::Day => 1,
            Window::Week => 7,
            Window::Month => 30,
        };
        if stream.deadline < Duration::from_secs(days * 24 * 3600) {
            let message = format!(
                "what comes too soon is dropped, not kept for the next {per}: marketing waits {} hours at most \
                 ([streams.marketing] deadline)",
                stream.deadline.as_secs() / 3600
            );
            item.source().warning(&item.span(), message);
        }
    }

    /// `marketing = ["1/day", "3/week"]`.
    fn of_streams(&self, table: &mut Table<'_>, scope: Option<&Scope>) -> Vec<Cap> {
        let mut caps = Vec::new();
        let rule = |item: &Value<'_>| item.source().rule(item.span().start);
        for stream in Stream::ALL {
            let one = |item: Value<'_>| {
                let read = item.read(cap)?;
                if *stream == Stream::Marketing {
                    self.outlasts(&item, read.1);
                }
                Some((read, rule(&item)))
            };
            let list = |v: Value<'_>| v.list(one);
            let Some(given) = table.take(stream.as_str(), |v| held(v, *stream).and(list(v))) else {
                continue;
            };
            if *stream == Stream::Marketing {
                let made = given.value.into_iter().map(|((most, per), rule)| Cap {
                    scope: scope.cloned(),
                    most,
                    per,
                    rule,
                });
                caps.extend(made);
            }
        }
        caps
    }
}

/// CONTRACT.md, "What stops what".
fn held(value: Value<'_>, stream: Stream) -> Option<()> {
    if stream != Stream::Marketing {
        let message = format!("only marketing is ever held: on {stream} mail this has no effect");
        value.source().warning(&value.span(), message);
    }
    Some(())
}

/// `1/day`, `3/week`, `10/month`.
fn cap(text: &str) -> Result<(u32, Window), String> {
    let (number, window) = text.split_once('/').unwrap_or_default();
    let window = Window::ALL.into_iter().find(|own| own.as_str() == window);
    match (number.parse::<u32>(), window) {
        (Ok(0), Some(_)) => Err(format!("`{text}` would let no marketing through, ever")),
        (Ok(most), Some(window)) => Ok((most, window)),
        _ => Err(format!("`{text}` is not a cap such as `1/day`, `3/week` or `10/month`")),
    }
}

/// `[quiet_hours]`.
pub fn quiet_hours(table: &mut Table<'_>, streams: &BTreeMap<Stream, StreamPolicy>) -> Option<QuietHours> {
    let mut given = table.table("quiet_hours")?;
    let mut quiet = None;
    for stream in Stream::ALL {
        let Some(read) = given.take(stream.as_str(), |v| held(v, *stream).and(hours(v))) else { continue };
        if *stream == Stream::Marketing {
            let hours = read.value;
            let deadline = streams.get(stream).map_or(u64::MAX, |stream| stream.deadline.as_secs() / 60);
            if u64::try_from(hours.minutes()).is_ok_and(|minutes| minutes >= deadline) {
                let message = "they last as long as the stream's `deadline`: mail that comes in at their start \
                               ends withheld";
                given.source().warning(&read.span, message);
            }
            quiet = Some(QuietHours { hours, rule: read.rule });
        }
    }
    given.finish();
    quiet
}

/// `{ from = "21:00", to = "08:00" }`.
fn hours(value: Value<'_>) -> Option<Hours> {
    let mut table = value.table()?;
    let from = table.need("from", |v| v.read(value::time_of_day));
    let to = table.need("to", |v| v.read(value::time_of_day));
    table.finish();
    let hours = Hours { from: from?.value, to: to?.value };
    if hours.from == hours.to {
        return value.wrong("`from` and `to` are the same: that is either no time at all or all day");
    }
    Some(hours)
}
