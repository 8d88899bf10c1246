//! What goes into a copy.

use std::net::IpAddr;

use bytes::Bytes;
use uuid::Uuid;

use super::*;
use crate::consent::ConsentState;
use crate::consent::token::{self, Opened, ScopeMark, TO_UNSUBSCRIBE, open_return};
use crate::deliver::upstream::{Kind, Timeouts, Tls};
use crate::keys::{DataKey, LinkKey, LinkKeyState, LinkSecret};
use crate::policy::file::{parse, shipped};
use crate::policy::{RuleRef, VerdictKind};
use crate::spool::{Fence, Lane};
use crate::store::Trace;

fn rule() -> RuleRef {
    RuleRef { file: "senders/demo-shop.toml".into(), line: 1 }
}

fn facts(stream: Stream) -> Facts {
    Facts {
        sender: "demo-shop".into(),
        credential: "demo-shop/tool".into(),
        stream,
        scope: Some("apparel.trousers".parse().unwrap()),
        campaign: Some("summer: anna@example.se".into()),
        from_domain: "shop.example".into(),
        confirm_link: ConfirmLink::supposed(stream),
        language: None,
        rule: rule(),
        findings: Default::default(),
    }
}

fn verdict() -> Verdict {
    Verdict {
        verdict: VerdictKind::Deliver,
        reason: None,
        ground: None,
        ground_event: None,
        scope: None,
        stream: None,
        jurisdiction: Some("se".into()),
        rule: rule(),
        text: String::new(),
        shadow: None,
        tracking: None,
        until: None,
    }
}

fn claim(stream: Stream) -> Claim {
    Claim {
        subscriber: None,
        fence: Fence { delivery: Uuid::from_u128(2), number: 1 },
        message: Uuid::from_u128(1),
        kind: DeliveryKind::Submitted,
        sender: "demo-shop".into(),
        credential: "demo-shop/tool".into(),
        lane: Lane {
            sender: "demo-shop".into(),
            stream,
            provider: "p".into(),
            campaign: String::new(),
            credential: String::new(),
        },
        envelope_sender: None,
        asked: Default::default(),
        asked_for_recipient: Default::default(),
        recipient: "anna@example.se".parse().unwrap(),
        received_at: "2026-11-01T09:08:07Z".parse().unwrap(),
        trace: Trace {
            helo: "tool.example".into(),
            peer: Some("192.0.2.7".parse().unwrap()),
            protocol: "ESMTPSA".into(),
        },
        content: Bytes::from_static(b"From: news@shop.example\r\nSubject: x\r\n\r\nbody\r\n"),
        facts: Some(facts(stream)),
        verdict: verdict(),
        last_verdict: verdict(),
        earlier: Vec::new(),
        paused: None,
        warm_up: None,
        asked_before: Vec::new(),
        consent: Ok(crate::store::Consent {
            person: None,
            records: crate::policy::decide::Records::Complete,
        }),
        attempts: 0,
        last_response: None,
        reason: None,
        deadline: "2026-11-22T11:00:00Z".parse().unwrap(),
        claimed_at: "2026-11-21T12:00:00Z".parse().unwrap(),
        taken_at: "2026-11-21T12:00:00Z".parse().unwrap(),
        ahead: jiff::SignedDuration::ZERO,
    }
}

fn anna(locale: Option<&str>) -> Subscriber {
    let state = ConsentState { locale: locale.map(str::to_owned), ..ConsentState::default() };
    Subscriber { id: Uuid::from_u128(3), version: 1, state }
}

struct Bench {
    link_keys: LinkKeys,
    signers: Signers,
    settings: Settings,
    policy: PolicySet,
}

fn bench() -> Bench {
    let key = LinkKey { id: 1, state: LinkKeyState::Active, key: LinkSecret::new(DataKey::generate()) };
    Bench {
        link_keys: LinkKeys::new(vec![key]).unwrap(),
        signers: Signers::default(),
        settings: Settings {
            name: "primary".into(),
            host: "localhost".into(),
            port: 25,
            tls: Tls::None,
            login: None,
            connections: 1,
            priority: 0,
            weight: 1,
            region: None,
            kind: Kind::Generic,
            signs: false,
            headers: vec![("X-Pool".into(), "main".into())],
            extra_roots: Vec::new(),
            timeouts: Timeouts::default(),
        },
        policy: parse(&shipped()).unwrap().0,
    }
}

impl Bench {
    fn making(&self) -> Making<'_> {
        Making {
            hostname: "gateway.example.com",
            public_url: "https://mail.example.com",
            feedback_domain: Some("bounces.example.com"),
            link_keys: &self.link_keys,
            signers: &self.signers,
            settings: &self.settings,
            capabilities: Capabilities::default(),
            policy: &self.policy,
            now: "2026-11-21T12:00:00Z".parse().unwrap(),
        }
    }

    fn rewriting(&self, stream: Stream, person: Option<&Subscriber>) -> Result<Rewriting, NoCopy> {
        let claim = claim(stream);
        self.making().rewriting(&claim, &message(&claim), claim.facts.as_ref().unwrap(), person, &verdict())
    }
}

#[test]
fn an_unsubscribe_address_names_the_person_and_the_scope_and_stands_after_the_link() {
    let bench = bench();
    let links = bench.rewriting(Stream::Marketing, Some(&anna(None))).unwrap().links.unwrap();
    let mailto = links.mailto.expect("feedback is configured");
    let (address, query) = mailto.split_once('?').unwrap();
    assert_eq!(query, "subject=unsubscribe");
    let (local, domain) = address.split_once('@').unwrap();
    assert_eq!(domain, "bounces.example.com");
    assert!(local.len() <= 64, "{local}");
    let opened = open_return(&bench.link_keys, local.strip_prefix(TO_UNSUBSCRIBE).unwrap()).unwrap();
    let Opened::Unsubscribe(opened) = opened else { panic!("{opened:?}") };
    assert_eq!(opened.subscriber, anna(None).id);
    let scope = claim(Stream::Marketing).facts.unwrap().scope.unwrap();
    assert_eq!(opened.scope, Some(ScopeMark::of(&scope)));
    let without = Making { feedback_domain: None, ..bench.making() };
    let claim = claim(Stream::Marketing);
    let links = without.links(&claim, claim.facts.as_ref().unwrap(), Some(&anna(None))).unwrap().unwrap();
    assert_eq!(links.mailto, None);
}

#[test]
fn links_open_to_the_person_the_scope_and_the_delivery() {
    let bench = bench();
    let links = bench.rewriting(Stream::Marketing, Some(&anna(None))).unwrap().links.unwrap();
    let token = links.unsubscribe.strip_prefix("https://mail.example.com/u/").unwrap();
    let (link, _) = token::open(&bench.link_keys, Purpose::Unsubscribe, token).unwrap();
    assert_eq!((link.subscriber, link.delivery), (Uuid::from_u128(3), Uuid::from_u128(2)));
    assert_eq!(link.scope.unwrap().as_str(), "apparel.trousers");
    let token = links.preferences.strip_prefix("https://mail.example.com/p/").unwrap();
    assert!(token::open(&bench.link_keys, Purpose::Preferences, token).is_ok());
}

#[test]
fn marketing_never_leaves_without_links_and_functional_mail_does_not_need_them() {
    let bench = bench();
    assert!(matches!(bench.rewriting(Stream::Marketing, None), Err(NoCopy::NoSubscriber)));
    let functional = bench.rewriting(Stream::Functional, None).unwrap();
    assert!(functional.links.is_none() && functional.list_id.is_none() && functional.feedback_id.is_none());
}

#[test]
fn list_id_names_the_sender_where_one_click_leaves_all() {
    let mut bench = bench();
    let rewriting = bench.rewriting(Stream::Marketing, Some(&anna(None))).unwrap();
    assert_eq!(rewriting.list_id.as_deref(), Some("demo-shop.shop.example"));
    assert_eq!(rewriting.sender_name, "Demo Shop AB");
    let sender = bench.policy.senders.get_mut("demo-shop").unwrap();
    sender.streams.get_mut(&Stream::Marketing).unwrap().one_click = OneClick::Scope;
    let rewriting = bench.rewriting(Stream::Marketing, Some(&anna(None))).unwrap();
    assert_eq!(rewriting.list_id.as_deref(), Some("apparel.trousers.demo-shop.shop.example"));
}

#[test]
fn i11_feedback_id_holds_no_personal_data() {
    let rewriting = bench().rewriting(Stream::Marketing, Some(&anna(None))).unwrap();
    assert_eq!(
        rewriting.feedback_id.as_deref(),
        Some("summer__a____example.se:apparel.trousers:marketing:demo-shop")
    );
}

#[test]
fn the_persons_language_goes_before_the_senders() {
    let bench = bench();
    let language = |locale| bench.rewriting(Stream::Marketing, Some(&anna(locale))).unwrap().language;
    assert_eq!(language(Some("de-AT")), "de");
    assert_eq!(language(Some("tlh")), "sv");
    assert_eq!(language(None), "sv");
}

#[test]
fn the_language_of_the_message_goes_before_the_senders_and_after_the_persons() {
    let bench = bench();
    let language = |own, written: &str| {
        let mut claim = claim(Stream::Marketing);
        claim.facts = Some(Facts { language: Some(written.to_owned()), ..facts(Stream::Marketing) });
        let facts = claim.facts.as_ref().unwrap();
        let person = anna(own);
        let rewriting = bench.making().rewriting(&claim, &message(&claim), facts, Some(&person), &verdict());
        rewriting.unwrap().language
    };
    assert_eq!(language(None, "he"), "he");
    assert_eq!(language(Some("de"), "he"), "de");
    assert_eq!(language(Some("tlh"), "he"), "he");
    assert_eq!(language(None, "tlh"), "sv");
    assert_eq!(language(Some("de"), "und-Cyrl"), "de");
    assert_eq!(language(None, "und-Cyrl"), "en", "what few who read Cyrillic can't read either");
}

#[test]
fn received_tells_whence_and_when_and_not_for_whom() {
    let mut claim = claim(Stream::Marketing);
    assert_eq!(
        received("gateway.example.com", &claim),
        "Received: from tool.example ([192.0.2.7])\r\n\tby gateway.example.com (optgate) with ESMTPSA\r\n\t\
         id 00000000-0000-0000-0000-000000000001; Sun, 1 Nov 2026 09:08:07 +0000\r\n"
    );
    claim.trace.peer = Some(IpAddr::from([0x2001, 0xdb8, 0, 0, 0, 0, 0, 1]));
    assert!(received("g", &claim).starts_with("Received: from tool.example ([IPv6:2001:db8::1])\r\n"));
    claim.trace.peer = None;
    assert!(received("g", &claim).starts_with("Received: by g (optgate) with ESMTPSA\r\n"));
}

#[test]
fn what_the_upstream_cannot_take_is_encoded() {
    let bench = bench();
    assert_eq!(bench.rewriting(Stream::Functional, None).unwrap().eight_bit, EightBit::Encode);
    let eight_bit_mime = Capabilities { eight_bit_mime: Offer::Offered, ..Capabilities::default() };
    let making = Making { capabilities: eight_bit_mime, ..bench.making() };
    let claim = claim(Stream::Functional);
    let rewriting =
        making.rewriting(&claim, &message(&claim), claim.facts.as_ref().unwrap(), None, &verdict()).unwrap();
    assert_eq!(rewriting.eight_bit, EightBit::AsIs);
    assert_eq!(rewriting.extra_headers, [("X-Pool".to_owned(), "main".to_owned())]);
}

#[test]
fn our_own_notification_leaves_as_it_was_composed() {
    let bench = bench();
    let content = Bytes::from_static(b"Subject: {{optgate.unsubscribe_url}}\r\n\r\nbody\r\n");
    let claim = Claim { kind: DeliveryKind::Dsn, facts: None, content, ..claim(Stream::Functional) };
    let outbound = bench.making().copy(&claim, None, &verdict()).unwrap();
    assert!(outbound.copy.starts_with(b"Received: "));
    assert!(outbound.copy.ends_with(b"\r\nSubject: {{optgate.unsubscribe_url}}\r\n\r\nbody\r\n"));
    assert_eq!(outbound.body, Body::SevenBit);
}

#[test]
fn mail_of_ours_has_our_placeholders_filled_and_no_others() {
    let bench = bench();
    let content = Bytes::from_static(
        b"From: news@shop.example\r\nTo: <\xc3\xa5sa@example.se>\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n\
          {{optgate.confirm_url}} %unsubscribe_url%\r\n",
    );
    let claim = Claim { kind: DeliveryKind::Own, content, ..claim(Stream::Confirmation) };
    let outbound = bench.making().copy(&claim, Some(&anna(None)), &verdict()).unwrap();
    let copy = String::from_utf8(outbound.copy).unwrap();
    assert!(copy.contains("https://mail.example.com/c/") && copy.contains("%unsubscribe_url%"), "{copy}");
    assert!(!copy.contains("List-Unsubscribe") && copy.contains("To: <\u{e5}sa@example.se>"), "{copy}");
    assert_eq!(outbound.tracked, None);
    let submitted = Claim { kind: DeliveryKind::Submitted, ..claim };
    let copy = bench.making().copy(&submitted, Some(&anna(None)), &verdict()).unwrap().copy;
    assert!(!String::from_utf8(copy).unwrap().contains("%unsubscribe_url%"));
}

fn message(claim: &Claim) -> RawMessage {
    RawMessage::index(claim.content.clone()).unwrap()
}
