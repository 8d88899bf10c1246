//! A message → its `Facts`: stream, scope and campaign, with the evidence for each. Pure.
//!
//! Our own headers win, then those of other providers that `dialects.toml` reads, then the sender's `[[classify]]`
//! rules; what stays unclassified is refused.

mod dialects;

use std::collections::BTreeSet;

use crate::mail::RawMessage;
use crate::mail::author::authors;
use crate::mail::redaction::redact;
use crate::policy::decide::{no_file, not_ours};
use crate::policy::dialect::Dialects;
use crate::policy::facts::{
    BodySeal, ConfirmLink, Findings, NamedScope, Personalisation, StreamGrant, Unmapped,
};
use crate::policy::sender::{ClassifyRule, MAX_CAMPAIGN, SenderPolicy};
use crate::policy::{Facts, PolicySet, Reason, RuleRef, Scope, Stream};
use dialects::{Heard, Mute};

const STREAM: &str = "X-Optgate-Stream";
const SCOPE: &str = "X-Optgate-Scope";
const CAMPAIGN: &str = "X-Optgate-Campaign";
const PERSONALISATION: &str = "X-Optgate-Personalisation";

/// What a credential stands for, as far as a message needs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    pub sender: String,
    pub name: String,
    pub streams: Vec<Stream>,
}

/// Why nothing can be told of a message: a refusal for every recipient, whatever the policy of its stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unfit {
    pub reason: Reason,
    /// For people; says what would be right.
    pub text: String,
    pub rule: RuleRef,
}

/// Domains of authors that are told apart.
const MOST_AUTHORS: usize = 16;

/// The facts of a message, or why there are none. Whether the message may go is for `decide` to say, whatever it is.
pub fn classify(message: &RawMessage, grant: &Grant, policy: &PolicySet) -> Result<Facts, Unfit> {
    let Some(sender) = policy.sender(&grant.sender) else {
        let text = format!("no policy file has the sender `{}`", grant.sender);
        return Err(Unfit { reason: Reason::Unclassified, text, rule: no_file() });
    };
    let unfit = |reason, text| Unfit { reason, text, rule: sender.rule.clone() };
    let (from_domain, also_from) =
        from_domains(message).map_err(|text| unfit(Reason::FromNotAllowed, text))?;
    let stranger = std::iter::once(&from_domain).chain(&also_from).find(|domain| !sender.owns_from(domain));
    // Who writes in another's name hears of that before anything else.
    let unclassified = |text| match stranger {
        Some(domain) => unfit(Reason::FromNotAllowed, not_ours(domain)),
        None => unfit(Reason::Unclassified, text),
    };
    let selected = Selected::of(message, sender, &policy.dialects).map_err(unclassified)?;
    let Some((stream, rule)) = selected.stream else { return Err(unclassified(SAY_WHAT.to_owned())) };
    let granted = grant.streams.contains(&stream);
    Ok(Facts {
        sender: grant.sender.clone(),
        credential: format!("{}/{}", grant.sender, grant.name),
        stream,
        scope: selected.scope,
        campaign: selected.campaign,
        from_domain,
        confirm_link: ConfirmLink::default(),
        language: None,
        rule,
        findings: Findings {
            also_from,
            also_scopes: Vec::new(),
            grant: if granted { StreamGrant::Granted } else { StreamGrant::Lacking },
            scope: selected.named,
            scope_rule: selected.scope_rule,
            unmapped: selected.unmapped,
            // For `rewrite` to say: it reads the body.
            body: BodySeal::Open,
            personalisation: selected.personalisation,
            content: Vec::new(),
        },
    })
}

const SAY_WHAT: &str = "nothing tells what this message is: set X-Optgate-Stream (marketing, functional or \
                        confirmation) and, but for functional, X-Optgate-Scope, or add a [[classify]] rule";

/// The domain of the first author, where From can be read.
pub fn author(message: &RawMessage) -> Option<String> {
    from_domains(message).ok().map(|(domain, _)| domain)
}

/// The domain of the first author, and those of the others, each once.
fn from_domains(message: &RawMessage) -> Result<(String, Vec<String>), String> {
    let mut fields = message.all("From");
    let field = fields.next().ok_or("the message has no From")?;
    if fields.next().is_some() {
        return Err("the message has more than one From".to_owned());
    }
    let authors = authors(&message.unfolded(field));
    let authors = authors.ok_or("the authors in From can't be read with confidence")?;
    let first = authors.first().ok_or("From names no author")?.domain();
    let others: BTreeSet<&str> =
        authors.iter().map(|author| author.domain()).filter(|own| *own != first).collect();
    if others.len() >= MOST_AUTHORS {
        return Err(format!("From names authors of more than {MOST_AUTHORS} domains"));
    }
    Ok((first.to_owned(), others.into_iter().map(str::to_owned).collect()))
}

/// A selector that can't be understood, so that nothing tells what the message is.
type Malformed = String;

/// What the selectors say: each from the first source that names it.
#[derive(Debug, Default)]
struct Selected {
    stream: Option<(Stream, RuleRef)>,
    scope: Option<Scope>,
    named: NamedScope,
    /// The selector's or `[[classify]]` rule that told the scope.
    scope_rule: Option<RuleRef>,
    unmapped: Option<Unmapped>,
    campaign: Option<String>,
    personalisation: Personalisation,
}

impl Selected {
    fn of(message: &RawMessage, sender: &SenderPolicy, dialects: &Dialects) -> Result<Self, Malformed> {
        let mut selected = Self::own_headers(message, sender)?;
        selected.add(match dialects::hear(message, sender, dialects) {
            Ok(heard) => heard,
            Err(Mute::Unreadable(_)) if selected.stream.is_some() => Heard::default(),
            Err(Mute::Unreadable(text) | Mute::Refused(text)) => return Err(text),
        });
        if let Some(rule) = sender.classify.iter().find(|rule| matches(rule, message)) {
            selected.stream = selected.stream.or_else(|| Some((rule.stream, rule.rule.clone())));
            if selected.scope.is_none() && selected.named == NamedScope::AsIs && rule.scope.is_some() {
                (selected.scope, selected.scope_rule) = (rule.scope.clone(), Some(rule.rule.clone()));
            }
            selected.campaign = selected.campaign.or_else(|| rule.campaign.clone());
        }
        selected.unmapped = selected.unmapped.filter(|_| selected.scope.is_none());
        Ok(selected)
    }

    /// What other providers' headers add to ours.
    fn add(&mut self, heard: Heard) {
        self.stream = self.stream.take().or(heard.stream);
        if self.scope.is_none()
            && self.named == NamedScope::AsIs
            && let Some((scope, rule)) = heard.scope
        {
            (self.scope, self.scope_rule) = (Some(scope), Some(rule));
        }
        self.campaign = self.campaign.take().or(heard.campaign);
        self.unmapped = heard.unmapped;
    }

    fn own_headers(message: &RawMessage, sender: &SenderPolicy) -> Result<Self, Malformed> {
        let stream = own_header(message, STREAM)?.map(|text| {
            let malformed = || format!("{STREAM} is not marketing, functional or confirmation");
            text.to_ascii_lowercase().parse::<Stream>().map_err(|_| malformed())
        });
        let scope = own_header(message, SCOPE)?;
        let names_scope = scope.is_some();
        let scope = scope.and_then(|text| text.parse::<Scope>().ok());
        let campaign = own_header(message, CAMPAIGN)?.map(|text| {
            let malformed = || format!("{CAMPAIGN} is longer than {MAX_CAMPAIGN} octets or not plain text");
            fitting_campaign(&text).ok_or_else(malformed)
        });
        let personalisation = own_header(message, PERSONALISATION)?.map(|text| {
            let said = Personalisation::ALL.into_iter().find(|own| own.as_str().eq_ignore_ascii_case(&text));
            said.ok_or_else(|| format!("{PERSONALISATION} is not none, segment or individual"))
        });
        // A scope alone means marketing, be it a name or not.
        let stream = stream.transpose()?.or_else(|| names_scope.then_some(Stream::Marketing));
        let malformed = names_scope && scope.is_none();
        Ok(Self {
            stream: stream.map(|stream| (stream, sender.rule.clone())),
            scope,
            named: if malformed { NamedScope::Malformed } else { NamedScope::AsIs },
            scope_rule: None,
            unmapped: None,
            campaign: campaign.transpose()?,
            personalisation: personalisation.transpose()?.unwrap_or_default(),
        })
    }
}

/// A campaign's name. Invariant 12: it is kept in clear and for ever, so one that holds an address keeps no person's.
fn fitting_campaign(text: &str) -> Option<String> {
    let fits = !text.is_empty() && text.len() <= MAX_CAMPAIGN && !text.chars().any(char::is_control);
    fits.then(|| redact(text))
}

/// The value of one of our own headers; one without a value, as a template leaves it, names nothing.
fn own_header(message: &RawMessage, name: &str) -> Result<Option<String>, Malformed> {
    let mut fields = message.all(name);
    let first = fields.next().map(|field| message.unfolded(field));
    if fields.next().is_some() {
        return Err(format!("{name} stands there more than once"));
    }
    // Some fold with a tab, which is then a blank of the value.
    Ok(first.map(|value| value.replace('\t', " ")).filter(|value| !value.is_empty()))
}

fn matches(rule: &ClassifyRule, message: &RawMessage) -> bool {
    message.all(&rule.header).any(|field| rule.matches.is_match(&message.unfolded(field)))
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use jiff::Timestamp;

    use super::*;
    use crate::policy::decide::decide;
    use crate::policy::file;

    fn policy() -> PolicySet {
        file::parse(&file::shipped()).unwrap().0
    }

    fn grant(streams: &[Stream]) -> Grant {
        Grant { sender: "demo-shop".to_owned(), name: "test".to_owned(), streams: streams.to_vec() }
    }

    fn classified(header: &str) -> Result<Facts, Unfit> {
        let text = format!("{}\r\n\r\nbody\r\n", header.replace('\n', "\r\n"));
        let message = RawMessage::index(Bytes::from(text)).unwrap();
        classify(&message, &grant(&[Stream::Marketing, Stream::Functional]), &policy())
    }

    /// What is decided against the message for what it is, if anything.
    fn refusal(facts: &Facts) -> Option<Reason> {
        let verdict =
            decide(&policy(), facts, &Default::default(), &Default::default(), Timestamp::UNIX_EPOCH);
        let of_the_person = [Some(Reason::NoGround), Some(Reason::ContentMissing)];
        verdict.reason.filter(|_| !of_the_person.contains(&verdict.reason))
    }

    const FROM: &str = "From: Demo Shop <news@shop.example>\n";

    /// `expected`: `STREAM SCOPE CAMPAIGN` (`-` for none), or the reason.
    #[track_caller]
    fn check(header: &str, expected: &str) {
        let found = match classified(header) {
            Ok(facts) if refusal(&facts).is_some() => refusal(&facts).unwrap().to_string(),
            Ok(facts) => format!(
                "{} {} {}",
                facts.stream,
                facts.scope.as_ref().map_or("-", Scope::as_str),
                facts.campaign.as_deref().unwrap_or("-")
            ),
            Err(unfit) => unfit.reason.to_string(),
        };
        assert_eq!(found, expected, "of {header}");
    }

    fn check_selected(selectors: &str, expected: &str) {
        check(&format!("{FROM}{selectors}"), expected);
    }

    #[test]
    fn our_own_headers_say_what_a_message_is() {
        check_selected("X-Optgate-Stream: functional", "functional - -");
        check_selected("X-Optgate-Scope:\n\tapparel\nX-Optgate-Campaign: a\n\tb", "marketing apparel a b");
        check_selected("x-optgate-stream:  Marketing\nX-Optgate-Scope: apparel", "marketing apparel -");
        check_selected("X-Optgate-Scope: apparel.tshirts", "marketing apparel.tshirts -");
        check_selected("X-Optgate-Scope: furniture", "marketing furniture -");
        check_selected(
            "X-Optgate-Stream: marketing\nX-Optgate-Scope: apparel\nX-Optgate-Campaign: höst 26",
            "marketing apparel höst 26",
        );
    }

    #[test]
    fn classify_rules_fill_in_what_our_headers_leave_open() {
        check_selected("X-Campaign: summer-26", "marketing apparel -");
        check_selected(
            "X-Campaign: summer-26\nX-Optgate-Scope: furniture.office",
            "marketing furniture.office -",
        );
        check_selected("X-Campaign: summer-26\nX-Optgate-Stream: functional", "functional apparel -");
        check_selected("X-Campaign: summer-26\nX-Optgate-Stream:", "marketing apparel -");
        let facts = classified(&format!("{FROM}X-Campaign: summer-26")).unwrap();
        let shipped = include_str!("../policies/senders/demo-shop.toml");
        let rule = shipped.lines().zip(1..).find(|(line, _)| *line == "[[classify]]").unwrap();
        assert_eq!(facts.rule.line, rule.1);
        assert_eq!(facts.credential, "demo-shop/test");
        assert_eq!(facts.from_domain, "shop.example");
    }

    #[test]
    fn what_nothing_tells_is_unclassified() {
        check_selected("X-Campaign: winter", "unclassified");
        check_selected("Subject: hello", "unclassified");
        let unfit = classified(FROM.trim_end()).unwrap_err();
        assert!(unfit.text.contains("X-Optgate-Stream"), "{}", unfit.text);
    }

    #[test]
    fn selectors_that_can_not_be_understood_are_not_guessed() {
        check_selected("X-Optgate-Stream: news", "unclassified");
        check_selected("X-Optgate-Stream: functional\nX-Optgate-Stream: functional", "unclassified");
        check_selected("X-Optgate-Scope: apparel\nX-Optgate-Personalisation: much", "unclassified");
        check_selected("X-Optgate-Scope: Apparel", "unknown_scope");
        let long = format!("X-Optgate-Scope: apparel\nX-Optgate-Campaign: {}", "c".repeat(MAX_CAMPAIGN + 1));
        check_selected(&long, "unclassified");
        check_selected("X-Optgate-Scope: apparel\nX-Optgate-Campaign: a\u{7}b", "unclassified");
    }

    #[test]
    fn marketing_needs_a_declared_scope_and_functional_none() {
        check_selected("X-Optgate-Stream: marketing", "unknown_scope");
        check_selected("X-Optgate-Scope: toys", "unknown_scope");
        check_selected("X-Optgate-Stream: functional\nX-Optgate-Scope: toys", "unknown_scope");
        check_selected("X-Optgate-Stream: functional\nX-Optgate-Scope: apparel", "functional apparel -");
    }

    #[test]
    fn a_stream_must_be_the_credentials_to_use() {
        check_selected("X-Optgate-Stream: confirmation", "stream_not_allowed");
        let facts = classified(&format!("{FROM}X-Optgate-Stream: confirmation")).unwrap();
        assert_eq!((facts.stream, facts.findings.grant), (Stream::Confirmation, StreamGrant::Lacking));
    }

    #[test]
    fn every_author_must_be_the_senders_to_name() {
        let functional = "X-Optgate-Stream: functional";
        let from = |value: &str, expected: &str| check(&format!("From: {value}\n{functional}"), expected);
        from("Shop <a@shop.example>, b@SHOP.example", "functional - -");
        from("\"x@shop.example\" <evil@other.example>", "from_not_allowed");
        from("a@shop.example, evil@other.example", "from_not_allowed");
        from("a@sub.shop.example", "from_not_allowed");
        from("a@notshop.example", "from_not_allowed");
        from("a@shop.example <evil@other.example>", "from_not_allowed");
        from("=?utf-8?q?a=40shop.example?= <evil@other.example>", "from_not_allowed");
        from("", "from_not_allowed");
        from("\n a@shop.example", "functional - -");
        check(functional, "from_not_allowed");
        check(&format!("{FROM}{FROM}{functional}"), "from_not_allowed");
        check(&format!("{FROM}Sender: evil@other.example\n{functional}"), "functional - -");
    }

    #[test]
    fn a_sender_without_a_policy_sends_nothing() {
        let message = RawMessage::index(Bytes::from_static(b"From: a@shop.example\r\n\r\n")).unwrap();
        let grant = Grant { sender: "nobody".to_owned(), ..grant(&[Stream::Functional]) };
        let unfit = classify(&message, &grant, &policy()).unwrap_err();
        assert_eq!(unfit.reason, Reason::Unclassified);
        assert!(!unfit.rule.file.is_empty());
    }

    #[test]
    fn sealed_marketing_is_refused_where_the_sender_wants_it_so() {
        let mut files = file::shipped();
        let sender = files.iter_mut().find(|(name, _)| name.starts_with("senders/")).unwrap();
        sender.1 = sender.1.replace("signed_body = \"headers\"", "signed_body = \"refuse\"");
        let strict = file::parse(&files).unwrap().0;
        let reason = |policy: &PolicySet, facts: &Facts| {
            decide(policy, facts, &Default::default(), &Default::default(), Timestamp::UNIX_EPOCH).reason
        };
        let text = "From: a@shop.example\r\nX-Optgate-Scope: apparel\r\n\r\n";
        let message = RawMessage::index(Bytes::from_static(text.as_bytes())).unwrap();
        let grant = grant(&[Stream::Marketing]);
        let mut facts = classify(&message, &grant, &strict).unwrap();
        facts.findings.body = BodySeal::Sealed;
        assert_eq!(reason(&strict, &facts), Some(Reason::ContentMissing));
        assert_eq!(reason(&policy(), &facts), Some(Reason::NoGround));
    }
}
