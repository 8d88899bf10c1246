//! `tracking.toml`, `tracking/*.toml`, and `[tracking]` of a sender: what tells that somebody reads a mail, or presses a
//! link of it. A pattern that would take in what is none is a mistake.

mod target;

use std::collections::BTreeMap;
use std::ops::Range;

use super::value;
use crate::policy::RuleRef;
use crate::policy::tracking::host::HostPattern;
use crate::policy::tracking::target::Step;
use crate::policy::tracking::{
    Handling, ParameterName, ParameterPattern, PathPattern, Patterns, Redirect, Shapes,
};
use crate::toml_file::{Given, Source, Table, Value};

/// More patterns of one kind than any team writes.
const MOST: usize = 1_000;
/// The longest path, in octets.
const MOST_PATH: usize = 200;
/// The most wildcards of a path.
const MOST_WILDCARDS: usize = 8;
/// The longest name of a parameter, in octets.
const MOST_NAME: usize = 64;
/// A path of any host that says less besides slashes and wildcards would take in what is no tracker, in octets.
const FEWEST_SAID: usize = 3;
/// The shortest beginning of a parameter's name, in octets.
const SHORTEST_BEGINNING: usize = 3;
/// A shorter word would leave what is no way out, in characters.
const SHORTEST_WORD: usize = 4;

/// What all files together say.
#[derive(Default)]
pub struct ReadTracking {
    patterns: Patterns,
    seen: BTreeMap<String, RuleRef>,
    words: Vec<String>,
    /// Who says what becomes of shapes.
    shapes: Option<RuleRef>,
}

impl ReadTracking {
    /// Adds one file.
    pub fn read(&mut self, mut table: Table<'_>) {
        if let Some(own) = table.table("shapes") {
            self.shapes(own);
        }
        if let Some(mut own) = table.table("links") {
            let words = own.take("leave", |v| v.list(|item| item.read(word)));
            self.words.extend(words.map(|given| given.value).unwrap_or_default());
            if self.words.len() > MOST {
                own.source().error(own.span(), format!("there are more than {MOST} words"));
                self.words.truncate(MOST);
            }
            own.finish();
        }
        self.patterns_of(&mut table);
        table.finish();
    }

    /// Adds a sender's own table.
    pub fn read_own(&mut self, table: &mut Table<'_>) {
        let Some(mut own) = table.table("tracking") else { return };
        self.patterns_of(&mut own);
        own.finish();
    }

    /// All of it.
    pub fn patterns(mut self) -> Patterns {
        self.words.sort();
        self.words.dedup();
        let words: Vec<String> = self.words.iter().map(|word| regex::escape(word)).collect();
        // `word` bounds each and `MOST` their number, so that they can always be matched.
        let any = regex::RegexBuilder::new(&words.join("|")).case_insensitive(true).build();
        self.patterns.leave = any.ok().filter(|_| !words.is_empty());
        self.patterns
    }

    fn shapes(&mut self, mut own: Table<'_>) {
        let handlings = &[("take_out", Handling::TakeOut), ("keep", Handling::Keep)];
        let (source, span, rule) = (own.source(), own.span().clone(), own.rule());
        let small = own.take("small", |v| v.word(handlings)).map(|given| given.value);
        let hidden = own.take("hidden", |v| v.word(handlings)).map(|given| given.value);
        let spacers = own.take("spacers", |v| v.list(|item| item.read(file_name)));
        own.finish();
        self.patterns.spacers.extend(spacers.map(|given| given.value).unwrap_or_default());
        if small.is_none() && hidden.is_none() {
            return;
        }
        if let Some(first) = self.shapes.replace(rule) {
            let message = format!("`small` and `hidden` stand at {}:{} already", first.file, first.line);
            return source.error(&span, message);
        }
        let before = self.patterns.shapes;
        self.patterns.shapes =
            Shapes { small: small.unwrap_or(before.small), hidden: hidden.unwrap_or(before.hidden) };
    }

    /// What both kinds of files may say.
    fn patterns_of(&mut self, table: &mut Table<'_>) {
        let harmless = table.take("harmless", |v| {
            v.list(|item| {
                let rule = item.source().rule(item.span().start);
                Some((item.read(named_host)?, rule))
            })
        });
        for (host, rule) in harmless.map(|given| given.value).unwrap_or_default() {
            self.patterns.harmless.add(&[host], rule);
        }
        for own in table.tables("pixel") {
            let (source, span) = (own.source(), own.span().clone());
            if let Some((hosts, path)) = pixel(own)
                && self.has_room(source, &span, "pixel", self.patterns.pixels.len())
                && self.is_new(source, &span, &path.key, &path.pattern.rule)
            {
                self.patterns.pixels.add(&hosts, path.pattern);
            }
        }
        for own in table.tables("parameter") {
            let (source, span) = (own.source(), own.span().clone());
            if let Some((hosts, pattern, key)) = parameter(own)
                && self.has_room(source, &span, "parameter", self.patterns.parameters.len())
                && self.is_new(source, &span, &key, &pattern.rule)
            {
                self.patterns.parameters.add(&hosts, pattern);
            }
        }
        for own in table.tables("redirect") {
            let (source, span) = (own.source(), own.span().clone());
            if let Some((hosts, path, target)) = redirect(own)
                && self.has_room(source, &span, "redirect", self.patterns.redirects.len())
                && self.is_new(source, &span, &path.key, &path.pattern.rule)
            {
                self.patterns.redirects.add(&hosts, Redirect { path: path.pattern, target });
            }
        }
    }

    fn has_room(&self, source: &Source<'_>, span: &Range<usize>, what: &str, count: usize) -> bool {
        if count >= MOST {
            source.error(span, format!("there are more than {MOST} tables `{what}`"));
        }
        count < MOST
    }

    fn is_new(&mut self, source: &Source<'_>, span: &Range<usize>, key: &str, rule: &RuleRef) -> bool {
        if let Some(first) = self.seen.get(key) {
            source.error(span, format!("the same stands at {}:{} already", first.file, first.line));
            return false;
        }
        self.seen.insert(key.to_owned(), rule.clone());
        true
    }
}

/// A path that can be matched, and what tells it from others.
struct ReadPath {
    pattern: PathPattern,
    key: String,
}

fn pixel(mut own: Table<'_>) -> Option<(Vec<HostPattern>, ReadPath)> {
    let hosts = own.need("hosts", hosts);
    let path = path(&mut own, "pixel", hosts.as_ref());
    own.finish();
    Some((hosts?.value, path?))
}

fn redirect(mut own: Table<'_>) -> Option<(Vec<HostPattern>, ReadPath, Vec<Step>)> {
    let says_target = own.has("target");
    let hosts = own.need("hosts", hosts);
    let path = path(&mut own, "redirect", hosts.as_ref());
    let target = own.take("target", target::steps);
    own.finish();
    // One that is wrong was told already.
    let target = if says_target { target?.value } else { Vec::new() };
    Some((hosts?.value, path?, target))
}

fn parameter(mut own: Table<'_>) -> Option<(Vec<HostPattern>, ParameterPattern, String)> {
    let rule = own.rule();
    let name = own.need("name", |v| v.read(parameter_name));
    let says_hosts = own.has("hosts");
    let hosts = own.take("hosts", hosts);
    own.finish();
    let hosts = if says_hosts { hosts?.value } else { vec![HostPattern::Any] };
    let name = name?.value;
    let key = format!("parameter {} {name:?}", key_of(&hosts));
    Some((hosts, ParameterPattern { name, rule }, key))
}

/// `path`, and whether it is enough to tell a tracker where any host may have it.
fn path(own: &mut Table<'_>, what: &str, hosts: Option<&Given<Vec<HostPattern>>>) -> Option<ReadPath> {
    let (source, span, rule) = (own.source(), own.span().clone(), own.rule());
    let says_path = own.has("path");
    let path = own.take("path", |v| v.read(path_pattern));
    if says_path && path.is_none() {
        return None;
    }
    if hosts.is_some_and(|given| given.value.contains(&HostPattern::Any)) {
        let text = path.as_ref().map_or("", |given| &given.value);
        if text.bytes().filter(|octet| !b"/*".contains(octet)).count() < FEWEST_SAID {
            let place = path.as_ref().map_or(&span, |given| &given.span);
            let message = format!(
                "of any host (`*`) this would take in what is no {what}: name the hosts, or a path with {FEWEST_SAID} \
                 characters at least besides slashes and wildcards"
            );
            source.error(place, message);
            return None;
        }
    }
    let text = path.as_ref().map(|given| given.value.as_str());
    let key = format!("{what} {} {}", key_of(&hosts?.value), text.unwrap_or_default().to_ascii_lowercase());
    match PathPattern::new(text, rule) {
        Ok(pattern) => Some(ReadPath { pattern, key }),
        Err(error) => {
            source.error(path.as_ref().map_or(&span, |given| &given.span), error.to_string());
            None
        }
    }
}

fn key_of(hosts: &[HostPattern]) -> String {
    let mut names: Vec<String> = hosts.iter().map(|host| format!("{host:?}")).collect();
    names.sort();
    names.join(" ")
}

fn hosts(value: Value<'_>) -> Option<Vec<HostPattern>> {
    let hosts = value.list(|item| item.read(host))?;
    if hosts.is_empty() { value.wrong("this names no host: `[\"*\"]` stands for any") } else { Some(hosts) }
}

fn host(text: &str) -> Result<HostPattern, String> {
    if text == "*" {
        return Ok(HostPattern::Any);
    }
    named_host(text)
}

fn named_host(text: &str) -> Result<HostPattern, String> {
    let wrong = |_| {
        let shown =
            text.split("://").last().and_then(|rest| rest.split(['/', ':']).next()).unwrap_or_default();
        match value::domain_pattern(shown) {
            Ok(_) if shown != text => format!("`{text}` is no host; write `{shown}`"),
            _ => format!("`{text}` is no host such as `t.example`, or `*.t.example` for all below it"),
        }
    };
    value::domain_pattern(text).map(HostPattern::Named).map_err(wrong)
}

/// `/track/open.php`, `/campaign/*/px.png`, `/click/**`.
fn path_pattern(text: &str) -> Result<String, String> {
    if text.contains(['?', '#']) {
        return Err(format!(
            "`{text}` goes on to the query, which no path has: leave out what begins with `?`"
        ));
    }
    let plain = text.bytes().all(|octet| octet.is_ascii_graphic()) && text.len() <= MOST_PATH;
    if !plain || !text.starts_with('/') {
        return Err(format!("`{text}` is no path such as `/track/open.php`, `/open/*.gif` or `/click/**`"));
    }
    let wildcards = text.replace("**", "*").bytes().filter(|octet| *octet == b'*').count();
    if wildcards > MOST_WILDCARDS || text.contains("***") {
        return Err(format!("`{text}` has more wildcards than can be told apart: {MOST_WILDCARDS} at most"));
    }
    Ok(text.to_owned())
}

/// `mc_eid`, `vero_*`.
fn parameter_name(text: &str) -> Result<ParameterName, String> {
    let (name, many) = text.strip_suffix('*').map_or((text, false), |name| (name, true));
    let plain = |octet: u8| octet.is_ascii_alphanumeric() || b"_-.~$[]".contains(&octet);
    if name.is_empty() || name.len() > MOST_NAME || !name.bytes().all(plain) {
        return Err(format!("`{text}` is no name of a parameter such as `mc_eid` or `vero_*`"));
    }
    match many {
        false => Ok(ParameterName::Exact(name.to_owned())),
        true if name.len() < SHORTEST_BEGINNING => Err(format!(
            "`{text}` would take in what tells nobody: a beginning has {SHORTEST_BEGINNING} characters at least"
        )),
        true => Ok(ParameterName::Beginning(name.to_owned())),
    }
}

/// `spacer.gif`.
fn file_name(text: &str) -> Result<String, String> {
    let plain = text.bytes().all(|octet| octet.is_ascii_graphic() && !b"/?#*".contains(&octet));
    if plain && text.contains('.') && text.len() <= MOST_NAME {
        Ok(text.to_ascii_lowercase())
    } else {
        Err(format!("`{text}` is no name of a file such as `spacer.gif`"))
    }
}

fn word(text: &str) -> Result<String, String> {
    let plain = text.bytes().all(|octet| octet.is_ascii_graphic()) && text.len() <= MOST_NAME;
    if plain && text.len() >= SHORTEST_WORD {
        Ok(text.to_ascii_lowercase())
    } else {
        Err(format!(
            "`{text}` is no word of an address such as `unsubscribe`: {SHORTEST_WORD} to {MOST_NAME} characters of ASCII"
        ))
    }
}
