//! `dialects.toml`, `dialects/*.toml`: selectors, and what a sender's file says of their names. Placeholders are in
//! `placeholder`.

mod mapping;
mod placeholder;

use std::collections::BTreeMap;

use super::value;
use crate::policy::dialect::{Dialects, HeaderName, Placeholder, Placeholders, Removal, Selector, Unknown};
use crate::policy::{RuleRef, Stream};
use crate::toml_file::nearest::hint;
use crate::toml_file::{Table, Value};

pub use mapping::{Named, mapping, references};

/// What a pattern may name.
const GROUPS: [&str; 3] = ["stream", "scope", "campaign"];
/// Without these nobody could read the message any more, or they are ours to write.
const NEVER_REMOVED: &[&str] = &[
    "from",
    "to",
    "cc",
    "subject",
    "date",
    "message-id",
    "reply-to",
    "sender",
    "in-reply-to",
    "references",
    "mime-version",
    "content-type",
    "content-transfer-encoding",
    "content-disposition",
    "received",
    "dkim-signature",
    "list-unsubscribe",
    "list-unsubscribe-post",
    "list-id",
    "feedback-id",
];
/// A shorter beginning would take in what is nobody's selector.
const SHORTEST_BEGINNING: usize = 4;
/// The most names that lead to a field.
const MOST_STEPS: usize = 8;
/// The longest reason that a tool is told, in octets.
const MOST_REASON: usize = 200;
/// More selectors or placeholders than any team writes.
const MOST: usize = 500;

/// What all files together say.
#[derive(Default)]
pub struct ReadDialects {
    selectors: Vec<Selector>,
    placeholders: Vec<Placeholder>,
    texts: BTreeMap<String, RuleRef>,
}

impl ReadDialects {
    /// Adds one file.
    pub fn read(&mut self, mut table: Table<'_>) {
        for own in table.tables("selector") {
            let (source, span) = (own.source(), own.span().clone());
            let Some(selector) = selector(own) else { continue };
            if self.selectors.len() == MOST {
                source.error(&span, format!("there are more than {MOST} selectors"));
                break;
            }
            let same = |own: &&Selector| own.reads() && selector.reads() && own.agrees_with(&selector);
            if let Some(first) = self.selectors.iter().find(same) {
                let place = &first.rule;
                source.error(
                    &span,
                    format!("the same selector stands at {}:{} already", place.file, place.line),
                );
            }
            self.selectors.push(selector);
        }
        for own in table.tables("placeholder") {
            let (source, span) = (own.source(), own.span().clone());
            let Some(placeholder) = placeholder::read(own) else { continue };
            if self.placeholders.len() == MOST {
                source.error(&span, format!("there are more than {MOST} placeholders"));
                break;
            }
            if let Some(first) = self.texts.get(&placeholder.text) {
                let message =
                    format!("`{}` stands at {}:{} already", placeholder.text, first.file, first.line);
                source.error(&span, message);
                continue;
            }
            self.texts.extend(placeholder.rule.clone().map(|rule| (placeholder.text.clone(), rule)));
            self.placeholders.push(placeholder);
        }
        table.finish();
    }

    /// All of it, or why it can't be looked for.
    pub fn dialects(self) -> Result<Dialects, String> {
        let placeholders = Placeholders::beside_ours(self.placeholders);
        let placeholders =
            placeholders.map_err(|_| "all placeholders together are too many to be looked for".to_owned())?;
        Ok(Dialects { selectors: self.selectors, placeholders })
    }
}

fn selector(mut own: Table<'_>) -> Option<Selector> {
    let (source, span, rule) = (own.source(), own.span().clone(), own.rule());
    let words: Vec<(&str, Stream)> = Stream::ALL.iter().map(|stream| (stream.as_str(), *stream)).collect();
    let unknown = &[("refuse", Unknown::Refuse), ("ignore", Unknown::Ignore)];
    let header = own.need("header", |v| v.read(header));
    let json = own.take("json", |v| v.read(steps)).map(|given| given.value);
    let has_pattern = own.has("pattern");
    let pattern = own.take("pattern", pattern);
    // One that is wrong was told already.
    let wrong_pattern = has_pattern && pattern.is_none();
    let stream = own.take("stream", |v| v.word(&words)).map(|given| given.value);
    let map = own.take("map", |v| v.read(map));
    let unknown = own.take("unknown", |v| v.word(unknown));
    let refuse = own.take("refuse", reason).map(|given| given.value);
    let remove = own.take("remove", |v| v.boolean());
    own.finish();
    let names_scope = pattern.as_ref().is_some_and(|given| names(&given.value, "scope"));
    for (key, place) in
        [("map", map.as_ref().map(|own| &own.span)), ("unknown", unknown.as_ref().map(|own| &own.span))]
    {
        if let Some(place) = place.filter(|_| !names_scope && !wrong_pattern) {
            source.error(
                place,
                format!("`{key}` is about names of scopes, and no group `scope` of `pattern` tells one"),
            );
        }
    }
    let removal = if remove.as_ref().is_some_and(|own| own.value) { Removal::Remove } else { Removal::Keep };
    if let Some((kept, given)) = header.as_ref().and_then(|given| Some((never_removed(&given.value)?, given)))
        && removal == Removal::Remove
    {
        source.error(&given.span, format!("`{kept}` can't be taken out of a message"));
    }
    let selector = Selector {
        header: header?.value,
        json,
        pattern: pattern.map(|given| given.value),
        stream,
        map: map.map(|given| given.value),
        unknown: unknown.map_or(Unknown::Refuse, |given| given.value),
        refuse,
        removal,
        rule,
    };
    if !wrong_pattern {
        whole(&selector, |message| source.error(&span, message));
    }
    Some(selector)
}

/// Tells of a selector that does nothing, or can't do what it says.
fn whole(selector: &Selector, tell: impl Fn(String)) {
    let says = |pattern: &regex::Regex| GROUPS.iter().any(|group| names(pattern, group));
    let told = selector.pattern.as_ref().is_none_or(says);
    match &selector.header {
        HeaderName::Beginning(start) if selector.reads() || selector.json.is_some() => {
            tell(format!(
                "`{start}*` stands for many headers, which can only be removed: name the one that is read"
            ));
        }
        _ if selector.pattern.is_some()
            && !told
            && selector.stream.is_none()
            && selector.refuse.is_none() =>
        {
            tell(format!(
                "this says nothing of a message: name a group ({}), or give `stream`",
                GROUPS.join(", ")
            ));
        }
        _ if selector.json.is_some() && !selector.reads() => {
            tell(
                "`json` names a field, and nothing is read from it: give `pattern`, `stream` or `refuse`"
                    .to_owned(),
            );
        }
        _ if !selector.reads() && selector.removal == Removal::Keep => {
            tell("this neither reads nor removes the header".to_owned());
        }
        _ => {}
    }
}

fn names(pattern: &regex::Regex, group: &str) -> bool {
    pattern.capture_names().flatten().any(|own| own == group)
}

/// `X-SMTPAPI`, `X-PM-*`.
fn header(text: &str) -> Result<HeaderName, String> {
    let (name, many) = text.strip_suffix('*').map_or((text, false), |name| (name, true));
    let name = value::header_name(name)?;
    let lower = name.to_ascii_lowercase();
    if lower.starts_with("x-optgate-") {
        return Err("our own headers are read before all others, and always removed".to_owned());
    }
    if !many {
        return if name.contains('*') {
            Err("a `*` may only stand at the end".to_owned())
        } else {
            Ok(HeaderName::Exact(name))
        };
    }
    if !lower.starts_with("x-") || name.len() < SHORTEST_BEGINNING || "x-optgate-".starts_with(&lower) {
        return Err(format!("`{text}` would take in what is no selector: a beginning such as `X-PM-*`"));
    }
    Ok(HeaderName::Beginning(name))
}

fn never_removed(header: &HeaderName) -> Option<&'static str> {
    let HeaderName::Exact(name) = header else { return None };
    NEVER_REMOVED.iter().find(|own| own.eq_ignore_ascii_case(name)).copied()
}

/// `asm_group_id`, `options.transactional`.
fn steps(text: &str) -> Result<Vec<String>, String> {
    let steps: Vec<String> = text.split('.').map(str::to_owned).collect();
    if steps.len() > MOST_STEPS || steps.iter().any(|step| step.trim().is_empty()) {
        return Err(format!(
            "`{text}` is not the way to a field of JSON such as `asm_group_id` or `options.transactional`"
        ));
    }
    Ok(steps)
}

fn pattern(value: Value<'_>) -> Option<regex::Regex> {
    let pattern = value.read(value::regex)?;
    let unknown = pattern.capture_names().flatten().find(|name| !GROUPS.contains(name));
    if let Some(name) = unknown {
        let known = GROUPS.join("`, `");
        return value.wrong(format!("the group `{name}` is none of `{known}`{}", hint(name, GROUPS)));
    }
    Some(pattern)
}

/// `sendgrid.groups`.
fn map(text: &str) -> Result<String, String> {
    let fits = |name: &str| value::id(name).is_ok() && !name.contains('.');
    match text.split_once('.') {
        Some((provider, table)) if fits(provider) && fits(table) => Ok(text.to_owned()),
        _ => Err(format!("`{text}` is not the name of a table such as `sendgrid.groups`")),
    }
}

fn reason(value: Value<'_>) -> Option<String> {
    let text = value.non_empty()?;
    if text.len() > MOST_REASON || !text.is_ascii() {
        return value
            .wrong(format!("tools are told this in a reply: {MOST_REASON} characters of ASCII at most"));
    }
    Some(text)
}
