//! Explanations: their steps are those of `decide`, and what they say would have changed the answer does.

use std::sync::LazyLock;

use proptest::prelude::*;

use super::*;
use crate::consent::event::{Acquaintance, Event, EventKind, OptIn, SignedUpBy, Suppression};
use crate::consent::fold;
use crate::policy::decide::{Records, decide};
use crate::policy::facts::ConfirmLink;
use crate::policy::file;

const NOW: &str = "2026-11-21T12:00:00Z";

fn policy_with(from: &str, to: &str) -> PolicySet {
    let changed = file::shipped().into_iter().map(|(name, text)| (name, text.replace(from, to)));
    file::parse(&changed.collect::<Vec<_>>()).unwrap().0
}

fn policy() -> &'static PolicySet {
    static SHIPPED: LazyLock<PolicySet> = LazyLock::new(|| policy_with("", ""));
    &SHIPPED
}

fn in_shadow() -> &'static PolicySet {
    static SHADOW: LazyLock<PolicySet> =
        LazyLock::new(|| policy_with("mode = \"enforce\"", "mode = \"shadow\""));
    &SHADOW
}

fn scope(text: &str) -> Scope {
    text.parse().unwrap()
}

fn at(day: &str) -> Timestamp {
    if day.contains('T') { day.parse().unwrap() } else { format!("{day}T10:00:00Z").parse().unwrap() }
}

fn state(jurisdiction: &str, facts: &[(&str, EventKind)]) -> ConsentState {
    let event = |(number, (day, kind)): (usize, &(&str, EventKind))| Event {
        id: Uuid::from_u128(number as u128 + 1),
        kind: kind.clone(),
        occurred_at: at(day),
        recorded_at: at(day),
        channel: "test".to_owned(),
        jurisdiction: Some(jurisdiction.to_owned()),
        locale: None,
        time_zone: None,
        texts: Default::default(),
        told_at: None,
    };
    fold(&facts.iter().enumerate().map(event).collect::<Vec<_>>())
}

fn bought(what: &str, notice: bool) -> EventKind {
    EventKind::Acquainted { how: Acquaintance::Purchase, scope: scope(what), notice }
}

fn message(stream: Stream, about: Option<&str>) -> Facts {
    Facts {
        sender: "demo-shop".to_owned(),
        credential: "demo-shop/tool".to_owned(),
        stream,
        scope: about.map(scope),
        campaign: None,
        from_domain: "shop.example".to_owned(),
        confirm_link: ConfirmLink::supposed(stream),
        language: None,
        rule: policy().sender("demo-shop").unwrap().rule.clone(),
        findings: Default::default(),
    }
}

fn about(scope: &str, state: &ConsentState) -> Explanation {
    explain(policy(), &message(Stream::Marketing, Some(scope)), state, &Circumstances::default(), at(NOW))
}

/// What would have changed it, and to what.
fn changes(explained: &Explanation) -> Vec<(String, VerdictKind)> {
    explained.changes.iter().map(|change| (change.what.clone(), change.verdict)).collect()
}

fn deliver(what: &str) -> (String, VerdictKind) {
    (what.to_owned(), VerdictKind::Deliver)
}

#[test]
fn steps_are_told_in_the_order_in_which_rules_are_asked() {
    let explained =
        about("furniture.office", &state("SE", &[("2026-05-01", bought("apparel.tshirts", true))]));
    assert_eq!(explained.verdict.reason, Some(Reason::OutOfScope));
    let asked: Vec<Asked> = explained.steps.iter().map(|step| step.asked).collect();
    let message = [
        Asked::From,
        Asked::Grant,
        Asked::Scope,
        Asked::SignedBody,
        Asked::PostalAddress,
        Asked::PrivacyNotice,
    ];
    let noes = [Asked::Erased, Asked::Suppressed, Asked::Withdrawn, Asked::Restricted];
    let grounds = [Asked::DoubleOptIn, Asked::SingleOptIn, Asked::SoftOptIn, Asked::NoObjection];
    let near = [Asked::NoticeMissing, Asked::GroundExpired, Asked::Unconfirmed, Asked::OutOfScope];
    assert_eq!(asked, [&message[..], &noes[..], &grounds[..], &near[..]].concat());
    let last = explained.steps.last().unwrap();
    assert_eq!((last.answer, last.reason), (Answer::Refuses, Some(Reason::OutOfScope)));
    let rule = &explained.verdict.rule;
    assert_eq!((&last.rule.file, last.rule.line), (&rule.file, rule.line));
    assert_eq!(last.rule.text.as_deref(), Some("[[similar]]"), "the line itself is shown");
    let judged = explained.judged.unwrap();
    assert_eq!((&*judged.pack, judged.told.as_deref()), ("se", Some("SE")));
    let reached: Vec<bool> = explained.likes.iter().map(|like| like.reaches).collect();
    assert!(!reached.is_empty() && !reached.contains(&true), "{:?}", explained.likes);
}

#[test]
fn what_was_missing_is_said_so_that_it_can_be_done() {
    let shirt = || ("2026-05-01", bought("apparel.tshirts", true));
    let place = {
        let likes = &policy().sender("demo-shop").unwrap().similar;
        let rule = &likes.iter().find(|like| like.bought == scope("apparel.tshirts")).unwrap().rule;
        format!("{}:{}", rule.file, rule.line)
    };
    let explained = about("furniture.office", &state("SE", &[shirt()]));
    let told = changes(&explained);
    assert!(told.contains(&deliver("a double opt-in for furniture.office")), "{told:#?}");
    assert!(
        told.contains(&deliver("a purchase in furniture.office, with notice at collection")),
        "{told:#?}"
    );
    assert!(told.iter().any(|(what, _)| what.starts_with("a message in apparel")), "{told:#?}");
    let told = changes(&about("apparel.trousers", &state("SE", &[])));
    let like = format!(
        "a purchase in apparel.trousers, or in a scope whose likes allow it: apparel.tshirts ({place}), with notice at collection"
    );
    assert!(told.contains(&deliver(&like)), "{told:#?}");
    let told = changes(&about("apparel", &state("SE", &[("2026-05-03", bought("apparel", false))])));
    assert!(told.contains(&deliver("notice at collection on 2026-05-03 (purchase in apparel)")), "{told:#?}");
    let no = EventKind::Withdrawal { scopes: vec![], complaint: false };
    let told = changes(&about("apparel.tshirts", &state("SE", &[shirt(), ("2026-06-12", no)])));
    assert_eq!(told, [deliver("a double opt-in for apparel.tshirts after 2026-06-12")]);
    let block = EventKind::Suppressed { why: Suppression::Bounce };
    let told = changes(&about("apparel.tshirts", &state("SE", &[shirt(), ("2026-06-12", block)])));
    assert_eq!(told, [deliver("the block of 2026-06-12 after bounces lifted")]);
}

#[test]
fn what_would_have_stopped_a_delivery_is_said_too() {
    let inquiry = EventKind::Acquainted { how: Acquaintance::Inquiry, scope: scope("apparel"), notice: true };
    let explained = about("apparel", &state("CA", &[("2026-09-01", inquiry)]));
    assert_eq!(explained.verdict.ground, Some(GroundKind::SoftOptIn));
    let told = changes(&explained);
    let refuse = |what: &str| (what.to_owned(), VerdictKind::Refuse);
    for stops in [
        "a withdrawal of apparel or of all marketing",
        "without what the soft_opt_in of 2026-09-01 rests on",
        "a day from 2027-03-01 on, when the inquiry ends as a ground",
        "a block of the address",
    ] {
        assert!(told.contains(&refuse(stops)), "{stops}: {told:#?}");
    }
}

#[test]
fn the_senders_own_end_is_told_with_its_own_line() {
    let own = "[soft_opt_in]\nexpires = { inquiry = \"3 months\" }\n\n[retention]\n";
    let policy = policy_with("[retention]\ndecisions", &format!("{own}decisions"));
    let inquiry = EventKind::Acquainted { how: Acquaintance::Inquiry, scope: scope("apparel"), notice: true };
    let (consent, facts) =
        (state("CA", &[("2026-09-01", inquiry)]), message(Stream::Marketing, Some("apparel")));
    let explained = explain(&policy, &facts, &consent, &Circumstances::default(), at(NOW));
    let later = "a day from 2026-12-01 on, when the inquiry ends as a ground";
    let change = explained.changes.iter().find(|change| change.what == later);
    let change = change.unwrap_or_else(|| panic!("{:#?}", explained.changes));
    assert_eq!(change.rules[0].text.as_deref(), Some("expires = { inquiry = \"3 months\" }"));
}

#[test]
fn a_message_that_does_not_fit_says_what_would() {
    let consent = state(
        "SE",
        &[("2026-05-01", EventKind::OptIn { ground: OptIn::DoubleOptIn, scopes: vec![scope("apparel")] })],
    );
    let told =
        |facts: &Facts| changes(&explain(policy(), facts, &consent, &Circumstances::default(), at(NOW)));
    let foreign =
        Facts { from_domain: "elsewhere.example".to_owned(), ..message(Stream::Marketing, Some("apparel")) };
    assert_eq!(told(&foreign), [deliver("a From at shop.example")]);
    let unknown = told(&message(Stream::Marketing, Some("jewels")));
    assert_eq!(unknown[0].0, "[scopes.\"jewels\"] in senders/demo-shop.toml");
    assert!(unknown[1].0.starts_with("a message in apparel"), "{unknown:?}");
    let gone = Facts { sender: "nobody".to_owned(), ..message(Stream::Marketing, Some("apparel")) };
    let explained = explain(policy(), &gone, &consent, &Circumstances::default(), at(NOW));
    assert_eq!(explained.steps.iter().map(|step| step.asked).collect::<Vec<_>>(), [Asked::Policy]);
}

/// The shipped files, and a pack that asks for a privacy notice, with a sender who says none of these.
fn lacking(keys: &[&str]) -> PolicySet {
    let files = file::shipped().into_iter().map(|(name, text)| {
        let text = match name.as_str() {
            "jurisdictions/se.toml" => {
                format!("{text}\n[content]\npostal_address = true\nprivacy_notice = true\n")
            }
            "senders/demo-shop.toml" => {
                let kept = text.lines().filter(|line| !keys.iter().any(|key| line.starts_with(key)));
                kept.collect::<Vec<_>>().join("\n")
            }
            _ => text,
        };
        (name, text)
    });
    file::parse(&files.collect::<Vec<_>>()).unwrap().0
}

#[test]
fn what_the_senders_file_lacks_is_told_key_by_key_and_together() {
    let yes = EventKind::OptIn { ground: OptIn::DoubleOptIn, scopes: vec![scope("apparel")] };
    let consent = state("SE", &[("2026-05-01", yes)]);
    let facts = message(Stream::Marketing, Some("apparel"));
    let told = |keys: &[&str]| {
        let explained = explain(&lacking(keys), &facts, &consent, &Circumstances::default(), at(NOW));
        assert_eq!(explained.verdict.reason, Some(Reason::ContentMissing), "{keys:?}");
        assert!(explained.changes.iter().all(|one| one.rules.iter().all(|rule| rule.text.is_some())));
        changes(&explained)
    };
    let (address, notice) =
        ("`postal_address` in senders/demo-shop.toml", "`privacy_notice` in senders/demo-shop.toml");
    assert_eq!(told(&["privacy_notice"]), [deliver(notice)]);
    assert_eq!(told(&["postal_address"]), [deliver(address)]);
    assert_eq!(told(&["postal_address", "privacy_notice"]), [deliver(&format!("{address} and {notice}"))]);
}

#[test]
fn a_cap_that_ends_in_quiet_hours_is_told_with_the_end_of_both() {
    let spaced = file::shipped().into_iter().map(|(name, text)| {
        let end = "[caps]\nmarketing = [\"1/day\"]\n[quiet_hours]\nmarketing = { from = \"21:00\", to = \"08:00\" }\n";
        let text = if name == "senders/demo-shop.toml" { format!("{text}\n{end}") } else { text };
        (name, text)
    });
    let policy = file::parse(&spaced.collect::<Vec<_>>()).unwrap().0;
    let yes = EventKind::OptIn { ground: OptIn::DoubleOptIn, scopes: vec![scope("apparel")] };
    let consent = ConsentState { time_zone: Some("UTC".to_owned()), ..state("SE", &[("2026-05-01", yes)]) };
    let sent = Circumstances::after([(scope("apparel"), at("2026-11-21T10:00:00Z"))]);
    let facts = message(Stream::Marketing, Some("apparel"));
    let explained = explain(&policy, &facts, &consent, &sent, at(NOW));
    assert_eq!(explained.verdict.reason, Some(Reason::FrequencyCap));
    let first = &explained.changes[0];
    assert_eq!(
        (first.what.as_str(), first.verdict),
        ("a moment from 2026-11-22T08:00:00Z on", VerdictKind::Deliver)
    );
    assert_eq!(first.rules.len(), 2, "{first:?}");
}

fn histories() -> impl Strategy<Value = Vec<(i64, EventKind)>> {
    let scopes = prop::sample::subsequence(vec!["apparel", "apparel.tshirts", "furniture.office"], 0..=2);
    let scopes = scopes.prop_map(|texts| texts.iter().map(|text| scope(text)).collect::<Vec<_>>());
    let how = prop::sample::select(vec![Acquaintance::Purchase, Acquaintance::Inquiry]);
    let ground = prop::sample::select(vec![OptIn::DoubleOptIn, OptIn::SingleOptIn]);
    let why = prop::sample::select(vec![Suppression::Bounce, Suppression::Operator]);
    let kind = prop_oneof![
        (ground, scopes.clone()).prop_map(|(ground, scopes)| EventKind::OptIn { ground, scopes }),
        (any::<bool>(), scopes.clone()).prop_map(|(told, scopes)| EventKind::SignupRequested {
            scopes,
            by: if told { SignedUpBy::Told } else { SignedUpBy::Mail },
        }),
        scopes.clone().prop_map(|scopes| EventKind::Unconfirmed { scopes }),
        scopes.clone().prop_map(|scopes| EventKind::ConfirmationSent { scopes }),
        (how, scopes.clone(), any::<bool>()).prop_map(|(how, scopes, notice)| EventKind::Acquainted {
            how,
            scope: scopes.into_iter().next().unwrap_or_else(|| scope("apparel.trousers")),
            notice,
        }),
        scopes.prop_map(|scopes| EventKind::Withdrawal { scopes, complaint: false }),
        why.clone().prop_map(|why| EventKind::Suppressed { why }),
        why.prop_map(|why| EventKind::SuppressionLifted { why }),
        Just(EventKind::Restricted),
        Just(EventKind::Erased),
    ];
    prop::collection::vec((0..1_500i64, kind), 0..8)
}

fn any_state() -> impl Strategy<Value = ConsentState> {
    let code = prop::sample::select(vec![None, Some("SE"), Some("CA"), Some("US"), Some("XX")]);
    (histories(), code).prop_map(|(facts, code)| {
        let event = |((days, kind), id): ((i64, EventKind), u128)| Event {
            id: Uuid::from_u128(id),
            kind,
            occurred_at: Timestamp::from_second(1_670_000_000 + days * 86_400).unwrap(),
            recorded_at: at(NOW),
            channel: "test".to_owned(),
            jurisdiction: code.map(str::to_owned),
            locale: None,
            time_zone: None,
            texts: Default::default(),
            told_at: None,
        };
        fold(&facts.into_iter().zip(1..).map(event).collect::<Vec<_>>())
    })
}

fn any_message() -> impl Strategy<Value = Facts> {
    let stream = prop::sample::select(Stream::ALL.to_vec());
    let about = prop::sample::select(vec![
        None,
        Some("apparel"),
        Some("apparel.tshirts"),
        Some("apparel.trousers"),
        Some("furniture.office"),
        Some("jewels"),
    ]);
    let from = prop::sample::select(vec!["", "shop.example", "elsewhere.example"]);
    (stream, about, from, any::<bool>()).prop_map(|(stream, about, from, linked)| {
        let confirm_link = if linked { ConfirmLink::supposed(stream) } else { ConfirmLink::Absent };
        Facts { from_domain: from.to_owned(), confirm_link, ..message(stream, about) }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    /// The steps are `decide`'s own, and the last of them that says anything says the verdict.
    #[test]
    fn the_steps_end_in_the_verdict_of_decide(
        consent in any_state(), facts in any_message(), shadow in any::<bool>(), behind in any::<bool>(),
        asked in prop::collection::vec(0..40i64, 0..4),
    ) {
        let policy = if shadow { in_shadow() } else { policy() };
        let records = if behind { Records::Behind } else { Records::Complete };
        let asked = asked.into_iter().map(|days| AskedBefore {
            at: Timestamp::from_second(at(NOW).as_second() - days * 86_400).unwrap(),
            stage: Stage::Delivered,
        });
        let circumstances = Circumstances { records, confirmations: asked.collect(), ..Circumstances::default() };
        let explained = explain(policy, &facts, &consent, &circumstances, at(NOW));
        let verdict = decide(policy, &facts, &consent, &circumstances, at(NOW));
        prop_assert_eq!(&explained.verdict, &verdict);
        let says = |step: &&Step| !matches!(step.answer, Answer::Passes | Answer::CarriesNot | Answer::LetsPass);
        // Of several holds the one that ends last is the verdict.
        let held = |step: &&Step| step.answer == Answer::Holds && step.reason == verdict.reason;
        let last = match verdict.verdict {
            VerdictKind::Hold => explained.steps.iter().rfind(held).unwrap(),
            _ => explained.steps.iter().rfind(says).unwrap(),
        };
        let answer = match verdict.verdict {
            VerdictKind::Deliver => Answer::Carries,
            VerdictKind::Refuse => Answer::Refuses,
            VerdictKind::Hold => Answer::Holds,
        };
        prop_assert_eq!(last.answer, answer);
        prop_assert_eq!((last.reason, last.ground, last.event), (verdict.reason, verdict.ground, verdict.ground_event));
        prop_assert_eq!((&last.rule.file, last.rule.line), (&verdict.rule.file, verdict.rule.line));
        prop_assert_eq!(last.text.as_ref(), Some(&verdict.text));
        for change in &explained.changes {
            prop_assert!(
                (change.verdict, change.reason, change.ground) != (verdict.verdict, verdict.reason, verdict.ground),
                "{change:?} changes nothing"
            );
        }
    }
}
