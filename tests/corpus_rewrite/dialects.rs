//! Every `[[selector]]` of the shipped `policies/dialects.toml`, one that is new too: a message that has its header is told
//! what it is, and leaves without it. What the file says is read here by TOML's own rules, not by ours.

use std::collections::{BTreeMap, BTreeSet};

use optgate::classify::{Grant, Unfit, classify};
use optgate::mail::RawMessage;
use optgate::policy::{Facts, PolicySet, Reason, Stream, file};
use optgate::rewrite::{EightBit, rewrite};
use regex::Regex;
use serde::Deserialize;

use crate::corpus::rewriting;

/// One of them matches whatever a selector reads; a name comes before what only one provider writes.
const VALUES: [&str; 9] = [
    "autumn-7",
    "topic=autumn-7",
    "outbound",
    "broadcast",
    "yes",
    "1",
    "true",
    "false",
    "{\"NAME\": \"Anna\"}",
];
/// A scope of the shipped sender.
const SCOPE: &str = "apparel";

#[derive(Deserialize)]
struct File {
    selector: Vec<Selector>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Selector {
    header: String,
    json: Option<String>,
    pattern: Option<String>,
    stream: Option<String>,
    map: Option<String>,
    unknown: Option<String>,
    refuse: Option<String>,
    #[serde(default)]
    remove: bool,
}

impl Selector {
    fn reads(&self) -> bool {
        self.pattern.is_some() || self.stream.is_some() || self.refuse.is_some()
    }

    /// A header of that name, in another case than the file's.
    fn name(&self) -> String {
        self.header.replace('*', "-Whatever").to_ascii_lowercase()
    }

    fn covers(&self, name: &str) -> bool {
        let own = self.header.to_ascii_lowercase();
        own.strip_suffix('*').map_or(own == name, |start| name.starts_with(start))
    }

    fn pattern(&self) -> Regex {
        Regex::new(self.pattern.as_deref().unwrap_or_default()).unwrap()
    }

    /// The header's value that says this.
    fn written(&self, value: &str) -> String {
        let Some(steps) = &self.json else { return value.to_owned() };
        let within = |inner: serde_json::Value, step: &str| serde_json::json!({ step: inner });
        steps.rsplit('.').fold(serde_json::Value::from(value), within).to_string()
    }
}

fn selectors() -> Vec<Selector> {
    let text = include_str!("../../policies/dialects.toml");
    let file: File = toml::from_str(text).unwrap();
    assert_eq!(file.selector.len(), text.matches("\n[[selector]]\n").count());
    file.selector
}

/// A value that this selector is the first to read.
fn value_of(selectors: &[Selector], at: usize) -> &'static str {
    let own = &selectors[at];
    let before: Vec<Regex> = selectors[..at]
        .iter()
        .filter(|other| other.reads() && (&other.header, &other.json) == (&own.header, &own.json))
        .map(Selector::pattern)
        .collect();
    let fits =
        |value: &&str| own.pattern().is_match(value) && before.iter().all(|pattern| !pattern.is_match(value));
    VALUES.into_iter().find(fits).unwrap_or_else(|| panic!("{}: no value of this test matches", own.header))
}

fn message(name: &str, value: &str) -> RawMessage {
    let text = format!("From: Shop <news@shop.example>\r\n{name}: {value}\r\nX-Mailer: own\r\n\r\nHello\r\n");
    RawMessage::index(text.into()).unwrap()
}

fn policy(names: &str) -> PolicySet {
    let mut files = file::shipped();
    let sender = files.iter_mut().find(|(name, _)| name == "senders/demo-shop.toml").unwrap();
    sender.1 += names;
    file::parse(&files).unwrap_or_else(|mistakes| panic!("{mistakes:#?}")).0
}

/// A sender for whom each of these names stands for `SCOPE`.
fn mapping(selectors: &[Selector]) -> PolicySet {
    let mut tables: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for (at, own) in selectors.iter().enumerate().filter(|(_, own)| own.reads()) {
        let (pattern, value) = (own.pattern(), value_of(selectors, at));
        if let Some(scope) = pattern.captures(value).unwrap().name("scope") {
            let map = own.map.as_deref().unwrap_or_else(|| panic!("{}: no sender can map it", own.header));
            tables.entry(map).or_default().insert(scope.as_str().to_owned());
        }
    }
    let mut names = String::new();
    for (map, scopes) in tables {
        names += &format!("\n[dialect.{map}]\n");
        names.extend(scopes.iter().map(|scope| format!("\"{scope}\" = \"{SCOPE}\"\n")));
    }
    policy(&names)
}

fn classified(policy: &PolicySet, message: &RawMessage) -> Result<Facts, Unfit> {
    let streams = vec![Stream::Marketing, Stream::Functional, Stream::Confirmation];
    let grant = Grant { sender: "demo-shop".to_owned(), name: "tool".to_owned(), streams };
    classify(message, &grant, policy)
}

#[test]
fn every_selector_that_is_shipped_tells_what_the_file_says() {
    let selectors = selectors();
    let (plain, mapping) = (policy(""), mapping(&selectors));
    let mut read = 0;
    for (at, own) in selectors.iter().enumerate().filter(|(_, own)| own.reads()) {
        read += 1;
        let (name, value) = (own.name(), value_of(&selectors, at));
        let message = message(&name, &own.written(value));
        let what = format!("{name} {}: {value}", own.json.as_deref().unwrap_or_default());
        let plain = classified(&plain, &message);
        if let Some(why) = &own.refuse {
            let unfit = plain.expect_err(&what);
            assert!(
                unfit.reason == Reason::Unclassified && unfit.text.contains(why),
                "{what}: {}",
                unfit.text
            );
            continue;
        }
        let pattern = own.pattern();
        let groups = pattern.captures(value).unwrap();
        let said = |group: &str| groups.name(group).map(|own| own.as_str());
        if let Some(scope) = said("scope") {
            let facts = classified(&mapping, &message);
            let facts = facts.unwrap_or_else(|unfit| panic!("{what}: {scope}: {}", unfit.text));
            assert_eq!(facts.scope.as_ref().map(|own| own.as_str()), Some(SCOPE), "{what}");
            assert_eq!(facts.campaign.as_deref(), said("campaign"), "{what}");
        }
        match (&own.stream, own.unknown.as_deref()) {
            (Some(stream), _) => assert_eq!(plain.unwrap().stream.to_string(), *stream, "{what}"),
            // A label that nobody maps tells nothing.
            (None, Some("ignore")) => assert_eq!(plain.unwrap_err().reason, Reason::Unclassified, "{what}"),
            (None, _) => {
                let facts = plain.unwrap();
                assert!(facts.stream == Stream::Marketing && facts.findings.unmapped.is_some(), "{what}");
            }
        }
    }
    assert!(read > 20, "{read}");
}

#[test]
fn every_header_that_the_shipped_file_removes_is_gone_from_what_is_sent() {
    let selectors = selectors();
    let mut removed = 0;
    for own in &selectors {
        let name = own.name();
        assert!(
            selectors.iter().any(|other| other.remove && other.covers(&name)),
            "{}: it is read and leaves with the message",
            own.header
        );
        removed += usize::from(own.remove);
        for stream in [Stream::Marketing, Stream::Functional] {
            // Twice, and folded.
            let message = message(&name, &format!("one\r\n two\r\n{}: three", name.to_ascii_uppercase()));
            let copy = rewrite(&message, &rewriting(stream, "en", EightBit::AsIs)).unwrap().bytes;
            let copy = String::from_utf8(copy).unwrap();
            let head = copy.split("\r\n\r\n").next().unwrap();
            let gone = head.lines().all(|line| !line.to_ascii_lowercase().starts_with(&format!("{name}:")));
            assert!(gone && !head.contains("two") && head.contains("\r\nX-Mailer: own"), "{head}");
        }
    }
    assert!(removed > 50, "{removed}");
}
