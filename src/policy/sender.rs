//! A sender's policy: `policies/senders/*.toml`, checked.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::dialect::Mapped;
use super::finding::{FindingName, Handling};
use super::holds::{Cap, QuietHours};
use super::jurisdiction::Expires;
use super::look::Look;
use super::tracking::Trackers;
use super::{RuleRef, Scope, Stream};
use crate::consent::request::Rights;
use crate::language;
use crate::mail::Address;

/// The longest campaign name in octets.
pub const MAX_CAMPAIGN: usize = 100;

/// One brand or legal entity in whose name mail is sent.
#[derive(Clone, Debug)]
pub struct SenderPolicy {
    pub id: String,
    pub name: String,
    pub postal_address: Option<String>,
    pub privacy_notice: Option<String>,
    pub from_domains: Vec<DomainPattern>,
    pub bounce_domains: Vec<DomainPattern>,
    /// Where mail to this sender's own return path is sent (A-labels); else to the one that all have.
    pub feedback_domain: Option<String>,
    /// A pack's id; `None` judges by `unknown`.
    pub default_jurisdiction: Option<String>,
    pub default_locale: String,
    /// Where people are of whom no fact tells a zone; UTC unless the file says.
    pub time_zone: TimeZone,
    pub mode: Mode,
    /// The line that says so, else the sender's file.
    pub mode_rule: RuleRef,
    pub streams: BTreeMap<Stream, StreamPolicy>,
    pub scopes: BTreeMap<Scope, ScopePolicy>,
    pub similar: Vec<Similar>,
    /// `[soft_opt_in] expires`: of all packs alike.
    pub expires: Expires,
    pub classify: Vec<ClassifyRule>,
    /// `[dialect.sendgrid.groups]`: what names of other providers stand for, by `provider.table` and name.
    pub dialect: BTreeMap<String, BTreeMap<String, Mapped>>,
    /// What tells that somebody reads this sender's mail: by all files, and by `[tracking]` of this one.
    pub trackers: Arc<Trackers>,
    pub texts: Texts,
    /// Of the pages.
    pub look: Look,
    pub retention: Retention,
    pub rights: Rights,
    /// Of marketing, in the file's order: those in all, then those by scope.
    pub caps: Vec<Cap>,
    /// Of marketing.
    pub quiet_hours: Option<QuietHours>,
    /// The sender's file; line 1 of `id`.
    pub rule: RuleRef,
}

/// `mode`: `"enforce"`, or `"shadow"`: decide and record, but let pass what no recorded no forbids.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    Enforce,
    Shadow,
}

/// A domain, exact or with all below it (`*.shop.example`), as A-labels in lower case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DomainPattern {
    Exact(String),
    Below(String),
}

impl DomainPattern {
    pub fn matches(&self, domain: &str) -> bool {
        match self {
            Self::Exact(own) => own == domain,
            Self::Below(own) => domain.strip_suffix(own.as_str()).is_some_and(|rest| rest.ends_with('.')),
        }
    }
}

/// `[streams.*]`. Every stream has one, by default or as the file says.
#[derive(Clone, Debug)]
pub struct StreamPolicy {
    pub deadline: Duration,
    pub refusal_reply: RefusalReply,
    pub dsn_on_refusal: bool,
    /// What a mail client's unsubscribe button withdraws; meant for marketing alone.
    pub one_click: OneClick,
    /// What happens to signed marketing bodies.
    pub signed_body: SignedBody,
    /// Whether a `mailto:` that the tool put into List-Unsubscribe stays beside our link; meant for marketing alone.
    pub sender_mailto: SenderMailto,
    /// Where the way out stands in marketing's HTML that mail clients cut off.
    pub clipped_footer: ClippedFooter,
    /// How long a link that confirms can be pressed, from when its mail was submitted; meant for confirmation alone.
    pub link_life: Duration,
    /// Who writes the mail that we compose; meant for confirmation alone.
    pub from: Option<Author>,
    /// What becomes of content that has something wrong, where the file says so, and the line that does.
    pub content: BTreeMap<FindingName, (Handling, RuleRef)>,
    pub rule: RuleRef,
}

impl StreamPolicy {
    /// What becomes of a message that has this, and the line that says so.
    pub fn handling(&self, name: FindingName) -> (Handling, &RuleRef) {
        let said = self.content.get(&name);
        said.map_or((name.default_handling(), &self.rule), |(handling, rule)| (*handling, rule))
    }

    /// How long a delivery may wait in all: none whose link has ended may leave.
    pub fn wait(&self, stream: Stream) -> Duration {
        match stream {
            Stream::Confirmation => self.deadline.min(self.link_life),
            Stream::Marketing | Stream::Functional => self.deadline,
        }
    }
}

/// A name and an address, as in From.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Author {
    pub name: Option<String>,
    pub address: Address,
}

/// What the tool hears when every recipient is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefusalReply {
    Accept,
    Reject,
}

/// `one_click`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OneClick {
    All,
    Scope,
}

/// `signed_body`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignedBody {
    Headers,
    Refuse,
}

/// `sender_mailto`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SenderMailto {
    Remove,
    Keep,
}

/// `clipped_footer`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClippedFooter {
    /// In the footer alone.
    Bottom,
    /// The link above the content, too.
    Top,
}

/// `[scopes.*]`.
#[derive(Clone, Debug)]
pub struct ScopePolicy {
    pub title: Translated,
    /// Of this scope and all below it, unless a nearer one says otherwise.
    pub mode: Option<(Mode, RuleRef)>,
    pub rule: RuleRef,
}

/// `[[similar]]`: who bought `bought` (or anything below it) may hear of `allows`.
#[derive(Clone, Debug)]
pub struct Similar {
    pub bought: Scope,
    pub allows: Vec<Scope>,
    pub rule: RuleRef,
}

/// A text by language tag.
pub type Translated = BTreeMap<String, String>;

/// `[texts]`: words of the sender's own, beside ours.
#[derive(Clone, Debug, Default)]
pub struct Texts {
    /// In the footer, above the links.
    pub footer: Translated,
    /// On every page behind a link.
    pub pages: Translated,
}

/// `[retention]`: how long records are kept, in calendar months; `None`: for ever.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Retention {
    /// Outcomes with their verdicts and messages (invariant 16), from the day on which a delivery ended.
    pub decisions: Option<u32>,
    /// People of whom nothing ever came, from the day on which the youngest sign-up or import of theirs was recorded.
    pub unconfirmed: Option<u32>,
}

/// `[[classify]]`: for tools that can't set our headers; the first match wins.
#[derive(Clone, Debug)]
pub struct ClassifyRule {
    pub header: String,
    pub matches: regex::Regex,
    pub stream: Stream,
    pub scope: Option<Scope>,
    pub campaign: Option<String>,
    pub rule: RuleRef,
}

impl SenderPolicy {
    /// Whether mail may name this domain (A-labels, lower case) as an author's.
    pub fn owns_from(&self, domain: &str) -> bool {
        self.from_domains.iter().any(|pattern| pattern.matches(domain))
    }

    /// Who writes the mail that we compose: `[streams.confirmation] from`, else nobody in particular at the first domain
    /// that is named in full. `None` where there is neither.
    pub fn author(&self) -> Option<Author> {
        let exact = |pattern: &DomainPattern| match pattern {
            DomainPattern::Exact(domain) => format!("no-reply@{domain}").parse().ok(),
            DomainPattern::Below(_) => None,
        };
        let nobody = || {
            Some(Author { name: Some(self.name.clone()), address: self.from_domains.iter().find_map(exact)? })
        };
        self.stream(Stream::Confirmation).from.clone().or_else(nobody)
    }

    /// Whether a DSN may go to this domain: the sender's own, or one of its bounce domains.
    pub fn owns_bounces(&self, domain: &str) -> bool {
        self.owns_from(domain) || self.bounce_domains.iter().any(|pattern| pattern.matches(domain))
    }

    /// The scopes that the taxonomy declares, the undeclared parents of declared ones included.
    pub fn taxonomy(&self) -> BTreeSet<Scope> {
        self.scopes.keys().flat_map(|scope| scope.ancestors().collect::<Vec<_>>()).collect()
    }

    /// What the sender's file says of a name of another provider's.
    pub fn mapped(&self, map: Option<&str>, name: &str) -> Option<&Mapped> {
        match map {
            Some(map) => self.dialect.get(map)?.get(name),
            None => self.dialect.values().find_map(|own| own.get(name)),
        }
    }

    /// Whether the taxonomy knows this scope.
    pub fn knows(&self, scope: &Scope) -> bool {
        self.scopes.contains_key(scope) || self.scopes.keys().any(|own| scope.covers(own))
    }

    /// The `[[similar]]` rules that a purchase in `bought` falls under.
    pub fn likes<'a>(&'a self, bought: &Scope) -> impl Iterator<Item = &'a Similar> {
        self.similar.iter().filter(move |similar| similar.bought.covers(bought))
    }

    /// What a purchase in `bought` allows, with the rule that says so: its own scope (the sender's file),
    /// and the likes that `[[similar]]` names.
    pub fn allowed_by_purchase(&self, bought: &Scope) -> Vec<(Scope, RuleRef)> {
        let own = std::iter::once((bought.clone(), self.rule.clone()));
        let likes = self.likes(bought);
        let likes = likes.flat_map(|s| s.allows.iter().map(|allowed| (allowed.clone(), s.rule.clone())));
        own.chain(likes).collect()
    }

    /// The title of a scope in a language, else in the sender's, else in English, else its name.
    pub fn title<'a>(&'a self, scope: &'a Scope, locale: &str) -> &'a str {
        let title = self.scopes.get(scope).and_then(|declared| self.in_language(&declared.title, locale));
        title.map_or(scope.as_str(), |(_, title)| title)
    }

    /// A text, and the tag of its language: the one asked for, else the sender's, else English.
    pub fn in_language<'a>(&self, texts: &'a Translated, locale: &str) -> Option<(&'a str, &'a str)> {
        let find = |language: &str| texts.get_key_value(language).map(|(tag, text)| (&**tag, &**text));
        // Written under another name of the same language: `no` for `nb`.
        let named = || {
            let same = texts.iter().find(|(tag, _)| language::known(tag) == Some(locale));
            same.map(|(tag, text)| (&**tag, &**text))
        };
        find(locale).or_else(named).or_else(|| find(&self.default_locale)).or_else(|| find("en"))
    }

    /// The mode of mail in a scope: the nearest scope's that says one, else the sender's, and the line that
    /// says so.
    pub fn mode_in(&self, scope: Option<&Scope>) -> (Mode, &RuleRef) {
        let nearest = scope.into_iter().flat_map(Scope::ancestors);
        let said = |scope: Scope| self.scopes.get(&scope)?.mode.as_ref();
        nearest.filter_map(said).next().map_or((self.mode, &self.mode_rule), |(mode, rule)| (*mode, rule))
    }

    /// From when on what was delivered may count against mail of this stream; `None` where no cap asks.
    pub fn counts_since(&self, stream: Stream, now: Timestamp) -> Option<Timestamp> {
        let longest = self.caps.iter().filter(|_| stream == Stream::Marketing).map(|cap| cap.per).max()?;
        Some(longest.reach(now))
    }

    pub fn stream(&self, stream: Stream) -> &StreamPolicy {
        // `policy::file` fills in all three.
        &self.streams[&stream]
    }
}
