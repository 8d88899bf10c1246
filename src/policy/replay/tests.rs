//! What a replay says of a change of policy.

use std::sync::LazyLock;

use super::*;
use crate::consent::event::OptIn;
use crate::consent::fold::Yes;
use crate::policy::decide::Records;
use crate::policy::file;

fn set(change: impl Fn(&str, String) -> String) -> PolicySet {
    let changed = file::shipped().into_iter().map(|(name, text)| {
        let text = change(&name, text);
        (name, text)
    });
    file::parse(&changed.collect::<Vec<_>>()).unwrap().0
}

static SHIPPED: LazyLock<PolicySet> = LazyLock::new(|| set(|_, text| text));
/// Nobody's confirmed yes counts in Sweden any more.
static NARROWER: LazyLock<PolicySet> = LazyLock::new(|| {
    set(|name, text| match name {
        "jurisdictions/eu.toml" => text.replace("\"double_opt_in\", ", ""),
        _ => text,
    })
});
static SHADOW: LazyLock<PolicySet> =
    LazyLock::new(|| set(|_, text| text.replace("mode = \"enforce\"", "mode = \"shadow\"")));

static NOTHING: LazyLock<Circumstances> = LazyLock::new(Circumstances::default);
static BEHIND: LazyLock<Circumstances> =
    LazyLock::new(|| Circumstances { records: Records::Behind, ..Circumstances::default() });

fn facts() -> Facts {
    Facts {
        sender: "demo-shop".to_owned(),
        credential: "demo-shop/tool".to_owned(),
        stream: Stream::Marketing,
        scope: Some("apparel".parse().unwrap()),
        campaign: None,
        from_domain: "shop.example".to_owned(),
        rule: SHIPPED.sender("demo-shop").unwrap().rule.clone(),
    }
}

fn said_yes() -> ConsentState {
    let at: Timestamp = "2026-05-01T10:00:00Z".parse().unwrap();
    let yes =
        Yes { ground: OptIn::DoubleOptIn, scope: "apparel".parse().unwrap(), at, event: Uuid::from_u128(7) };
    ConsentState { opt_ins: vec![yes], jurisdiction: Some("se".to_owned()), ..ConsentState::default() }
}

/// A decision as the shipped set made it.
fn recorded<'a>(facts: &'a Facts, consent: &'a ConsentState) -> Recorded<'a> {
    let at: Timestamp = "2026-11-21T12:00:00Z".parse().unwrap();
    let verdict = decide(&SHIPPED, facts, consent, &Circumstances::default(), at);
    Recorded {
        at,
        verdict: verdict.verdict,
        reason: verdict.reason,
        ground: verdict.ground,
        ground_event: verdict.ground_event,
        facts: Some(facts),
        consent: Some(consent),
        circumstances: &NOTHING,
        old: Some(&SHIPPED),
    }
}

#[test]
fn the_same_files_change_nothing() {
    let (facts, yes, nothing) = (facts(), said_yes(), ConsentState::default());
    for consent in [&yes, &nothing] {
        assert_eq!(compare(&recorded(&facts, consent), &SHIPPED), Compared::default());
    }
}

#[test]
fn who_loses_mail_is_counted_by_message_and_by_person() {
    let (facts, yes) = (facts(), said_yes());
    let mut tally = Tally::default();
    for number in 0..5 {
        let compared = compare(&recorded(&facts, &yes), &NARROWER);
        tally.add(Uuid::from_u128(number), number as u64 % 2, compared);
    }
    assert_eq!((tally.decisions, tally.unchanged(), tally.widened), (5, 0, 0));
    assert_eq!((tally.messages(Change::Lose), tally.people[&Change::Lose]), (5, 2));
    assert_eq!(tally.messages(Change::Gain), 0);
    let (kind, count) = tally.of(Change::Lose).next().unwrap();
    assert_eq!((kind.jurisdiction.as_deref(), kind.from.ground), (Some("se"), Some(GroundKind::DoubleOptIn)));
    assert_eq!((kind.to.verdict, kind.to.reason), (Effect::Refuse, Some(Reason::Unconfirmed)));
    assert_eq!((count.messages, count.people, count.examples.len()), (5, 2, EXAMPLES));
}

#[test]
fn what_shadow_mode_lets_pass_is_a_gain() {
    let (facts, nothing) = (facts(), ConsentState::default());
    let kind = compare(&recorded(&facts, &nothing), &SHADOW).kind.unwrap();
    assert_eq!((kind.change(), kind.to.passes_in_shadow), (Change::Gain, true));
    // What no mode lets pass is none.
    let no = crate::consent::fold::No {
        scope: None,
        at: "2026-06-01T10:00:00Z".parse().unwrap(),
        event: Uuid::nil(),
        complaint: false,
    };
    let withdrawn = ConsentState { withdrawals: vec![no], ..said_yes() };
    assert_eq!(compare(&recorded(&facts, &withdrawn), &SHADOW).kind, None);
}

#[test]
fn what_can_not_be_made_again_is_told_apart() {
    let (facts, yes) = (facts(), said_yes());
    let as_recorded = recorded(&facts, &yes);
    let missing = Recorded { old: None, ..as_recorded.clone() };
    let compared = compare(&missing, &NARROWER);
    assert_eq!(
        (compared.why, compared.kind.map(|kind| kind.change())),
        (Some(Why::SetMissing), Some(Change::Lose))
    );
    let unclassified = Recorded { facts: None, ..as_recorded.clone() };
    assert_eq!(compare(&unclassified, &NARROWER), Compared { why: Some(Why::NotClassified), kind: None });
    let unreadable = Recorded { consent: None, ..as_recorded.clone() };
    assert_eq!(compare(&unreadable, &NARROWER).why, Some(Why::PersonUnreadable));
    let held = Recorded {
        verdict: VerdictKind::Hold,
        reason: Some(Reason::FrequencyCap),
        ground: None,
        ground_event: None,
        ..as_recorded.clone()
    };
    assert_eq!(compare(&held, &SHIPPED), Compared { why: Some(Why::Circumstances), kind: None });
    let otherwise = Recorded { ground_event: None, ..as_recorded.clone() };
    assert_eq!(compare(&otherwise, &SHIPPED).why, Some(Why::Differs));
    let restoring = Recorded {
        verdict: VerdictKind::Hold,
        reason: Some(Reason::Restoring),
        ground: None,
        ground_event: None,
        circumstances: &BEHIND,
        ..as_recorded
    };
    assert_eq!(compare(&restoring, &SHIPPED), Compared::default());
}
