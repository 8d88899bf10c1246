//! `senders/*.toml`.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::tz::TimeZone;

use super::taxonomy::known;
use super::tracking::ReadTracking;
use super::value;
use super::{dialects, jurisdiction, look, rights, spacing, taxonomy, texts};
use crate::mail::Address;
use crate::policy::finding::{FindingName, Handling};
use crate::policy::holds::QuietHours;
use crate::policy::jurisdiction::Expires;
use crate::policy::sender::{
    Author, ClassifyRule, ClippedFooter, DomainPattern, MAX_CAMPAIGN, Mode, OneClick, RefusalReply,
    Retention, ScopePolicy, SenderMailto, SenderPolicy, SignedBody, Similar, StreamPolicy,
};
use crate::policy::tracking::Patterns;
use crate::policy::{RuleRef, Scope, Stream};
use crate::toml_file::{Given, Severity, Table, Value};

/// The longest deadline: spool keys are kept for it.
const MAX_DEADLINE: Duration = Duration::from_secs(30 * 24 * 3600);

/// Mail is on its way for minutes, and people sleep.
const SHORTEST_LINK: Duration = Duration::from_secs(3600);

/// The longest name of an author, in characters.
const MAX_NAME: usize = 100;

pub const MODES: &[(&str, Mode)] = &[("enforce", Mode::Enforce), ("shadow", Mode::Shadow)];

/// Keys of the sender as a whole, which TOML takes for another table's where they stand below its header.
const OF_THE_WHOLE: &[&str] = &[
    "id",
    "name",
    "postal_address",
    "privacy_notice",
    "from_domains",
    "bounce_domains",
    "feedback_domain",
    "default_jurisdiction",
    "default_locale",
    "time_zone",
    "mode",
];

/// A sender, and what refers to other files.
pub struct ReadSender {
    pub policy: SenderPolicy,
    pub id: Given<String>,
    pub default_jurisdiction: Option<Given<String>>,
    /// Tables of names of other providers.
    pub dialects: Vec<dialects::Named>,
    /// `[tracking]`.
    pub tracking: Patterns,
}

/// Reads one sender; `None` where it has no usable id. Other mistakes leave it as whole as it can be.
pub fn read(mut table: Table<'_>) -> Option<ReadSender> {
    let source = table.source();
    source.stand_above("sender", OF_THE_WHOLE);
    let id = table.need("id", |v| v.read(value::id));
    let rule = id.as_ref().map_or_else(|| table.rule(), |id| id.rule.clone());
    let patterns = |v: Value<'_>| v.list(|item| item.read(value::domain_pattern));
    let name = table.need("name", |v| v.non_empty());
    let from_domains = table.need("from_domains", patterns);
    if let Some(empty) = from_domains.as_ref().filter(|given| given.value.is_empty()) {
        source.error(&empty.span, "a sender needs at least one domain to send from");
    }
    let default_jurisdiction = table.take("default_jurisdiction", |v| v.non_empty());
    let default_locale = table.take("default_locale", texts::default_locale);
    let default_locale = default_locale.map_or_else(|| "en".to_owned(), |given| given.value);
    let scopes = taxonomy::scopes(&mut table, &default_locale);
    let own_domains = from_domains.as_ref().map_or(&[][..], |given| &given.value);
    let streams = streams(&mut table, &rule, own_domains);
    let mode = table.take("mode", |v| v.word(MODES));
    let quiet_hours = quiet_hours(&mut table, &streams);
    let (dialect, dialects) = dialects::mapping(&mut table, &scopes);
    let mut tracking = ReadTracking::default();
    tracking.read_own(&mut table);
    let policy = SenderPolicy {
        id: id.as_ref().map(|given| given.value.clone()).unwrap_or_default(),
        name: name.map(|given| given.value).unwrap_or_default(),
        postal_address: table.take("postal_address", |v| v.non_empty()).map(|given| given.value),
        privacy_notice: table.take("privacy_notice", https_url).map(|given| given.value),
        from_domains: from_domains.map(|given| given.value).unwrap_or_default(),
        bounce_domains: table.take("bounce_domains", patterns).map(|given| given.value).unwrap_or_default(),
        feedback_domain: table.take("feedback_domain", |v| v.read(value::domain)).map(|given| given.value),
        default_jurisdiction: default_jurisdiction.as_ref().map(|given| given.value.clone()),
        time_zone: table
            .take("time_zone", |v| v.read(value::time_zone))
            .map_or(TimeZone::UTC, |given| given.value),
        mode_rule: mode.as_ref().map_or_else(|| rule.clone(), |given| given.rule.clone()),
        mode: mode.map_or(Mode::Enforce, |given| given.value),
        caps: spacing::caps(&mut table, &scopes, &streams),
        quiet_hours,
        streams,
        similar: similar(&mut table, &scopes),
        expires: expires(&mut table, &rule),
        classify: classify(&mut table, &scopes),
        dialect,
        trackers: Arc::default(),
        texts: texts::read(&mut table, &default_locale),
        look: look::read(&mut table),
        default_locale,
        retention: retention(&mut table),
        rights: rights::read(&mut table),
        scopes,
        rule,
    };
    table.finish();
    Some(ReadSender { policy, id: id?, default_jurisdiction, dialects, tracking: tracking.patterns() })
}

/// `[quiet_hours]`, and a warning where nothing says whose night it is.
fn quiet_hours(table: &mut Table<'_>, streams: &BTreeMap<Stream, StreamPolicy>) -> Option<QuietHours> {
    let says_zone = table.has("time_zone");
    let quiet_hours = spacing::quiet_hours(table, streams);
    if let Some(quiet) = quiet_hours.as_ref().filter(|_| !says_zone) {
        let message =
            "the sender says no `time_zone`: for whoever has none of their own these hours are UTC's";
        table.source().tell_of_line(Severity::Warning, quiet.rule.line, message);
    }
    quiet_hours
}

fn https_url(value: Value<'_>) -> Option<String> {
    let text = value.non_empty()?;
    if text.starts_with("https://") || text.starts_with("http://") {
        Some(text)
    } else {
        value.wrong("this must be an address that starts with https://")
    }
}

fn streams(
    table: &mut Table<'_>,
    sender: &RuleRef,
    domains: &[DomainPattern],
) -> BTreeMap<Stream, StreamPolicy> {
    let mut given = table.table("streams");
    let mut all = BTreeMap::new();
    for (stream, key) in [
        (Stream::Marketing, "marketing"),
        (Stream::Functional, "functional"),
        (Stream::Confirmation, "confirmation"),
    ] {
        let own = given.as_mut().and_then(|streams| streams.table(key));
        let policy = default_stream(stream, sender);
        all.insert(stream, own.map_or(policy.clone(), |own| read_stream(own, stream, policy, domains)));
    }
    if let Some(streams) = given {
        streams.finish();
    }
    all
}

fn default_stream(stream: Stream, sender: &RuleRef) -> StreamPolicy {
    let day = Duration::from_secs(24 * 3600);
    let (deadline, refusal_reply) = match stream {
        Stream::Marketing => (day, RefusalReply::Accept),
        Stream::Functional | Stream::Confirmation => (5 * day, RefusalReply::Reject),
    };
    StreamPolicy {
        deadline,
        refusal_reply,
        dsn_on_refusal: false,
        one_click: OneClick::All,
        signed_body: SignedBody::Headers,
        sender_mailto: SenderMailto::Remove,
        clipped_footer: ClippedFooter::Bottom,
        link_life: 7 * day,
        from: None,
        content: BTreeMap::new(),
        rule: sender.clone(),
    }
}

fn read_stream(
    mut table: Table<'_>,
    stream: Stream,
    default: StreamPolicy,
    domains: &[DomainPattern],
) -> StreamPolicy {
    let mut policy = StreamPolicy { rule: table.rule(), ..default };
    let replies = &[("accept", RefusalReply::Accept), ("reject", RefusalReply::Reject)];
    set(&mut policy.deadline, table.take("deadline", deadline));
    set(&mut policy.refusal_reply, table.take("refusal_reply", |v| v.word(replies)));
    set(&mut policy.dsn_on_refusal, table.take("dsn_on_refusal", |v| v.boolean()));
    match stream {
        Stream::Marketing => {
            let one_click = &[("all", OneClick::All), ("scope", OneClick::Scope)];
            let signed = &[("headers", SignedBody::Headers), ("refuse", SignedBody::Refuse)];
            set(&mut policy.one_click, table.take("one_click", |v| v.word(one_click)));
            let clipped = &[("bottom", ClippedFooter::Bottom), ("top", ClippedFooter::Top)];
            set(&mut policy.clipped_footer, table.take("clipped_footer", |v| v.word(clipped)));
            set(&mut policy.signed_body, table.take("signed_body", |v| v.word(signed)));
            let mailto = &[("remove", SenderMailto::Remove), ("keep", SenderMailto::Keep)];
            set(&mut policy.sender_mailto, table.take("sender_mailto", |v| v.word(mailto)));
        }
        Stream::Confirmation => {
            policy.from = table.take("from", |v| author(v, domains)).map(|given| given.value);
            set(&mut policy.link_life, table.take("link_life", link_life));
        }
        Stream::Functional => {}
    }
    policy.content = content(&mut table);
    table.finish();
    policy
}

/// `merge_field_leak`, and `[streams.*.lint]`.
fn content(table: &mut Table<'_>) -> BTreeMap<FindingName, (Handling, RuleRef)> {
    let leak = &[("refuse", Handling::Refuse), ("hold", Handling::Hold), ("allow", Handling::Warn)];
    let handlings = [Handling::Refuse, Handling::Hold, Handling::Warn, Handling::Ignore];
    let handlings = handlings.map(|handling| (handling.as_str(), handling));
    let mut said = BTreeMap::new();
    let mut note = |name, given: Option<Given<Handling>>| {
        said.extend(given.map(|given| (name, (given.value, given.rule))));
    };
    note(FindingName::MergeFieldLeak, table.take("merge_field_leak", |v| v.word(leak)));
    if let Some(mut own) = table.table("lint") {
        for name in FindingName::ALL.iter().filter(|name| **name != FindingName::MergeFieldLeak) {
            note(*name, own.take(name.as_str(), |v| v.word(&handlings)));
        }
        own.finish();
    }
    said
}

fn set<T>(place: &mut T, given: Option<Given<T>>) {
    if let Some(given) = given {
        *place = given.value;
    }
}

fn deadline(value: Value<'_>) -> Option<Duration> {
    let deadline = value.read(value::duration)?;
    if deadline > MAX_DEADLINE { value.wrong("a deadline may be 30 days at most") } else { Some(deadline) }
}

fn link_life(value: Value<'_>) -> Option<Duration> {
    let life = value.read(value::duration)?;
    match life {
        _ if life < SHORTEST_LINK => value.wrong("a link that confirms must live an hour at least"),
        _ if life > MAX_DEADLINE => value.wrong("a link that confirms may live 30 days at most"),
        _ => Some(life),
    }
}

/// `NAME <ADDRESS>`, or an address alone, at one of the sender's domains.
fn author(value: Value<'_>, domains: &[DomainPattern]) -> Option<Author> {
    let text = value.non_empty()?;
    let author = match read_author(&text) {
        Ok(author) => author,
        Err(wrong) => return value.wrong(wrong),
    };
    let domain = author.address.domain();
    if !domains.is_empty() && !domains.iter().any(|own| own.matches(domain)) {
        return value.wrong(format!("{domain} is not among the sender's from_domains"));
    }
    Some(author)
}

fn read_author(text: &str) -> Result<Author, String> {
    let (name, address) = match text.trim().strip_suffix('>').and_then(|rest| rest.rsplit_once('<')) {
        Some((name, address)) => (name.trim(), address.trim()),
        None => ("", text.trim()),
    };
    let quoted = name.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    let name = quoted.unwrap_or(name);
    if name.chars().any(char::is_control) || name.chars().count() > MAX_NAME {
        return Err(format!("a name is one line of at most {MAX_NAME} characters"));
    }
    let address: Address =
        address.parse().map_err(|_| format!("`{text}` is not written as Demo Shop <news@shop.example>"))?;
    if !address.is_ascii() {
        return Err(format!("`{address}` has letters beyond ASCII, which not every mail server takes"));
    }
    Ok(Author { name: (!name.is_empty()).then(|| name.to_owned()), address })
}

fn similar(table: &mut Table<'_>, scopes: &BTreeMap<Scope, ScopePolicy>) -> Vec<Similar> {
    let mut likes = Vec::new();
    for mut own in table.tables("similar") {
        let rule = own.rule();
        let bought = own.need("bought", |v| known(v, scopes));
        let allows = own.need("allows", |v| v.list(|item| known(item, scopes)));
        own.finish();
        if let (Some(bought), Some(allows)) = (bought, allows) {
            likes.push(Similar { bought: bought.value, allows: allows.value, rule });
        }
    }
    likes
}

/// `[soft_opt_in]`: the sender's own end of what the packs allow.
fn expires(table: &mut Table<'_>, sender: &RuleRef) -> Expires {
    let mut given = None;
    if let Some(mut own) = table.table("soft_opt_in") {
        given = own.take("expires", jurisdiction::expires);
        own.finish();
    }
    let rule = given.as_ref().map_or_else(|| sender.clone(), |given| given.rule.clone());
    Expires { months: given.map(|given| given.value).unwrap_or_default(), rule }
}

fn retention(table: &mut Table<'_>) -> Retention {
    let Some(mut own) = table.table("retention") else { return Retention::default() };
    let decisions = own.take("decisions", |v| v.read(value::months)).map(|given| given.value);
    let unconfirmed = own.take("unconfirmed", |v| v.read(value::months)).map(|given| given.value);
    own.finish();
    Retention { decisions, unconfirmed }
}

fn classify(table: &mut Table<'_>, scopes: &BTreeMap<Scope, ScopePolicy>) -> Vec<ClassifyRule> {
    table.tables("classify").into_iter().filter_map(|own| classify_rule(own, scopes)).collect()
}

fn classify_rule(mut own: Table<'_>, scopes: &BTreeMap<Scope, ScopePolicy>) -> Option<ClassifyRule> {
    let rule = own.rule();
    let words: Vec<(&str, Stream)> = Stream::ALL.iter().map(|stream| (stream.as_str(), *stream)).collect();
    let says_stream = own.has("stream") || own.has("scope");
    let header = own.need("header", |v| v.read(value::header_name));
    let matches = own.need("matches", |v| v.read(value::regex));
    let scope = own.take("scope", |v| known(v, scopes)).map(|given| given.value);
    let campaign = own.take("campaign", campaign).map(|given| given.value);
    let stream = own.take("stream", |v| v.word(&words));
    let stream = match (stream, &scope) {
        (Some(given), _) => Some(given.value),
        // A scope alone means marketing.
        (None, Some(_)) => Some(Stream::Marketing),
        // One that is wrong was told already.
        (None, None) if says_stream => None,
        (None, None) => {
            own.source().error(own.span(), "`stream` is missing");
            None
        }
    };
    own.finish();
    Some(ClassifyRule {
        header: header?.value,
        matches: matches?.value,
        stream: stream?,
        scope,
        campaign,
        rule,
    })
}

fn campaign(value: Value<'_>) -> Option<String> {
    let name = value.non_empty()?;
    if name.len() > MAX_CAMPAIGN {
        return value.wrong(format!("a campaign's name has at most {MAX_CAMPAIGN} octets"));
    }
    Some(name)
}
