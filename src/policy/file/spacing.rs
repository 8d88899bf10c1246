//! What spaces marketing out: `[caps]` and `[quiet_hours]` of a sender's file.

use std::collections::BTreeMap;

use super::sender::declared;
use super::value;
use crate::policy::calendar::{Hours, Window};
use crate::policy::holds::{Cap, QuietHours};
use crate::policy::sender::{ScopePolicy, StreamPolicy};
use crate::policy::{Scope, Stream};
use crate::toml_file::{Given, Table, Value};

/// `[caps]`, then `[caps."scope"]`.
pub fn caps(table: &mut Table<'_>, scopes: &BTreeMap<Scope, ScopePolicy>) -> Vec<Cap> {
    let Some(mut given) = table.table("caps") else { return Vec::new() };
    let mut caps = of_streams(&mut given, None);
    for (key, value) in given.entries() {
        if value.is_table() {
            caps.extend(of_scope(&key, value, scopes));
        } else {
            let message = format!("`{}` is neither a stream nor a table of a scope's caps", key.value);
            value.source().error(&key.span, message);
        }
    }
    caps
}

fn of_scope(key: &Given<&str>, value: Value<'_>, scopes: &BTreeMap<Scope, ScopePolicy>) -> Vec<Cap> {
    let Some(mut own) = value.table() else { return Vec::new() };
    let scope = declared(key.value, scopes).map_err(|error| value.source().error(&key.span, error)).ok();
    let caps = of_streams(&mut own, scope.as_ref());
    for (inner, _) in own.entries() {
        let quoted = format!("{}.{}", key.value, inner.value);
        let hint = format!("`{}` is no stream; a scope below it is [caps.\"{quoted}\"]", inner.value);
        value.source().error(&inner.span, hint);
    }
    // Those of a scope that nobody knows are a mistake, not caps in all.
    if scope.is_some() { caps } else { Vec::new() }
}

/// `marketing = ["1/day", "3/week"]`.
fn of_streams(table: &mut Table<'_>, scope: Option<&Scope>) -> Vec<Cap> {
    let mut caps = Vec::new();
    let rule = |item: &Value<'_>| item.source().rule(item.span().start);
    for stream in Stream::ALL {
        let list = |v: Value<'_>| v.list(|item| Some((item.read(cap)?, rule(&item))));
        let Some(given) = table.take(stream.as_str(), |v| held(v, *stream).and(list(v))) else { continue };
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
