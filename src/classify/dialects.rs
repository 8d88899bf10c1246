//! What other providers' headers say of a message, by the selectors of `dialects.toml`. CONTRACT.md, "Submitting by
//! SMTP".
//!
//! Nothing is ever functional because a header could not be read: what can't be is no message that we know.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::fitting_campaign;
use crate::mail::RawMessage;
use crate::mail::redaction::redact;
use crate::policy::dialect::{Dialects, HeaderName, Selector, Unknown};
use crate::policy::facts::Unmapped;
use crate::policy::sender::SenderPolicy;
use crate::policy::{RuleRef, Scope, Stream};

/// Header fields of one name, and values of one field, that are looked at.
const MOST_FIELDS: usize = 32;
const MOST_VALUES: usize = 100;
/// The longest name that a refusal repeats, in characters.
const MOST_SHOWN: usize = 60;

/// What they say together.
#[derive(Debug, Default)]
pub(super) struct Heard {
    pub stream: Option<(Stream, RuleRef)>,
    pub scope: Option<(Scope, RuleRef)>,
    pub campaign: Option<String>,
    /// The first name that had to be a scope and is none.
    pub unmapped: Option<Unmapped>,
}

/// Why they say nothing.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Mute {
    /// A header can't be understood: what our own headers don't say, nobody can.
    Unreadable(String),
    /// What is asked for can't be done, whatever else the message says.
    Refused(String),
}

/// What one stream rests on, the stronger first.
#[derive(Debug, Default)]
struct Streams {
    /// Said so, or a topic or group.
    marketing: Option<RuleRef>,
    said: Option<(Stream, RuleRef)>,
    /// A label that is a scope's name.
    implied: Option<RuleRef>,
}

pub(super) fn hear(message: &RawMessage, sender: &SenderPolicy, dialects: &Dialects) -> Result<Heard, Mute> {
    let mut hearing = Hearing { sender, heard: Heard::default(), streams: Streams::default() };
    let mut documents = BTreeMap::new();
    let mut read = BTreeSet::new();
    for selector in dialects.selectors.iter().filter(|selector| selector.reads()) {
        let HeaderName::Exact(name) = &selector.header else { continue };
        let lower = name.to_ascii_lowercase();
        for (place, field) in message.all(name).take(MOST_FIELDS).enumerate() {
            let text = message.unfolded(field).replace('\t', " ");
            let said = match &selector.json {
                None => Said::Texts(vec![text]),
                Some(steps) => {
                    let document = documents.entry((lower.clone(), place)).or_insert_with(|| document(&text));
                    let document = document.as_ref().map_err(|()| unreadable(name))?;
                    said(document, steps).ok_or_else(|| unreadable(&named(selector)))?
                }
            };
            if place > 0 && selector.is_decisive() && said != Said::Nothing {
                return Err(Mute::Unreadable(format!("{name} stands there more than once")));
            }
            match said {
                Said::Nothing => {}
                Said::Structure if selector.refuse.is_none() && selector.is_decisive() => {
                    return Err(unreadable(&named(selector)));
                }
                Said::Structure => not_refused(selector)?,
                Said::Texts(texts) => {
                    for (index, text) in texts.iter().enumerate().filter(|(_, text)| !text.is_empty()) {
                        // Of those that read the same the first that matches does.
                        let key = (lower.clone(), selector.json.clone(), place, index);
                        if !read.contains(&key) && hearing.text(selector, text)? {
                            read.insert(key);
                        }
                    }
                }
            }
        }
    }
    Ok(hearing.done())
}

struct Hearing<'a> {
    sender: &'a SenderPolicy,
    heard: Heard,
    streams: Streams,
}

impl Hearing<'_> {
    /// Takes in what a value says, if the selector reads it.
    fn text(&mut self, selector: &Selector, text: &str) -> Result<bool, Mute> {
        let Some(pattern) = &selector.pattern else {
            not_refused(selector)?;
            self.stream(selector, None, None)?;
            return Ok(true);
        };
        let mut matched = false;
        for captures in pattern.captures_iter(text).take(MOST_VALUES) {
            matched = true;
            not_refused(selector)?;
            let group =
                |name: &str| captures.name(name).map(|own| own.as_str().trim()).filter(|own| !own.is_empty());
            if self.heard.campaign.is_none() {
                self.heard.campaign = group("campaign").and_then(fitting_campaign);
            }
            self.stream(selector, group("stream"), group("scope"))?;
        }
        Ok(matched)
    }

    fn stream(&mut self, selector: &Selector, stream: Option<&str>, scope: Option<&str>) -> Result<(), Mute> {
        let said = stream.map(|text| text.to_ascii_lowercase().parse::<Stream>()).transpose();
        let said = said.map_err(|_| unreadable(&named(selector)))?;
        let mapped = scope.and_then(|name| self.sender.mapped(selector.map.as_deref(), name));
        if let Some(mapped) = mapped {
            self.take_scope(mapped.scope.as_ref(), &mapped.rule);
            // The sender's word goes before what a selector takes such a name for.
            self.take_stream(mapped.stream.or(said), mapped.scope.is_some(), selector, &mapped.rule);
            return Ok(());
        }
        let said = said.or(selector.stream);
        let known =
            scope.and_then(|name| name.parse::<Scope>().ok()).filter(|scope| self.sender.knows(scope));
        self.take_scope(known.as_ref(), &selector.rule);
        let unknown = scope.filter(|_| {
            known.is_none()
                && selector.unknown == Unknown::Refuse
                && said.is_none_or(|own| own == Stream::Marketing)
        });
        if let Some(name) = unknown {
            self.heard.unmapped.get_or_insert_with(|| unmapped(selector, name));
        }
        self.take_stream(said, known.is_some() || unknown.is_some(), selector, &selector.rule);
        Ok(())
    }

    fn take_scope(&mut self, scope: Option<&Scope>, rule: &RuleRef) {
        if let (None, Some(scope)) = (&self.heard.scope, scope) {
            self.heard.scope = Some((scope.clone(), rule.clone()));
        }
    }

    fn take_stream(&mut self, said: Option<Stream>, has_scope: bool, selector: &Selector, rule: &RuleRef) {
        match said {
            Some(Stream::Marketing) => drop(self.streams.marketing.get_or_insert_with(|| rule.clone())),
            Some(stream) => drop(self.streams.said.get_or_insert_with(|| (stream, rule.clone()))),
            None if has_scope && selector.unknown == Unknown::Refuse => {
                self.streams.marketing.get_or_insert_with(|| rule.clone());
            }
            None if has_scope => drop(self.streams.implied.get_or_insert_with(|| rule.clone())),
            None => {}
        }
    }

    /// Where they disagree, the message is what asks for more.
    fn done(mut self) -> Heard {
        let Streams { marketing, said, implied } = self.streams;
        let marketing = marketing.map(|rule| (Stream::Marketing, rule));
        self.heard.stream = marketing.or(said).or_else(|| implied.map(|rule| (Stream::Marketing, rule)));
        self.heard
    }
}

fn not_refused(selector: &Selector) -> Result<(), Mute> {
    match &selector.refuse {
        Some(reason) => Err(Mute::Refused(format!("{}: {reason}", named(selector)))),
        None => Ok(()),
    }
}

/// What a field of JSON says.
#[derive(Debug, PartialEq, Eq)]
enum Said {
    /// It isn't there, or is empty.
    Nothing,
    Texts(Vec<String>),
    /// It holds more than texts.
    Structure,
}

/// `None` for a field below something that has none.
fn said(document: &Value, steps: &[String]) -> Option<Said> {
    let mut value = document;
    for step in steps {
        value = match value {
            Value::Object(own) => own.get(step).unwrap_or(&Value::Null),
            Value::Null => return Some(Said::Nothing),
            // PHP writes an empty object as an empty list.
            Value::Array(items) if items.is_empty() => return Some(Said::Nothing),
            _ => return None,
        };
    }
    let text = |value: &Value| match value {
        Value::String(text) => Some(text.trim().to_owned()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(boolean) => Some(boolean.to_string()),
        _ => None,
    };
    Some(match value {
        Value::Null => Said::Nothing,
        Value::Array(items) if items.is_empty() => Said::Nothing,
        Value::Object(own) if own.is_empty() => Said::Nothing,
        Value::Object(_) => Said::Structure,
        Value::Array(items) => {
            let texts: Option<Vec<String>> = items.iter().take(MOST_VALUES).map(text).collect();
            texts.map_or(Said::Structure, Said::Texts)
        }
        scalar => match text(scalar) {
            Some(text) if !text.is_empty() => Said::Texts(vec![text]),
            _ => Said::Nothing,
        },
    })
}

fn document(text: &str) -> Result<Value, ()> {
    if text.is_empty() {
        return Ok(Value::Null);
    }
    match serde_json::from_str(text) {
        Ok(document @ Value::Object(_)) => Ok(document),
        _ => Err(()),
    }
}

/// `X-SMTPAPI asm_group_id`.
fn named(selector: &Selector) -> String {
    let (HeaderName::Exact(name) | HeaderName::Beginning(name)) = &selector.header;
    match &selector.json {
        Some(steps) => format!("{name} {}", steps.join(".")),
        None => name.clone(),
    }
}

fn unreadable(what: &str) -> Mute {
    Mute::Unreadable(format!("{what} can't be read, so that nothing tells what this message is"))
}

fn unmapped(selector: &Selector, name: &str) -> Unmapped {
    let shown: String = redact(name).chars().filter(|own| !own.is_control()).take(MOST_SHOWN).collect();
    Unmapped { header: named(selector), name: shown, map: selector.map.clone() }
}

#[cfg(test)]
mod tests;
