//! What the properties of `consent::model` do not reach: reasons, lines, modes, and where nobody asks.

use std::sync::LazyLock;

use jiff::Timestamp;
use uuid::Uuid;

use super::*;
use crate::consent::event::{Event, EventKind};
use crate::consent::fold;
use crate::policy::decide::decide;
use crate::policy::file;
use crate::policy::standing::supposed;
use crate::policy::{Stream, Verdict};

const YES: EventKind = EventKind::TrackingConsent { asked: TrackingAsked::Separately };
const YES_WITH_OPT_IN: EventKind = EventKind::TrackingConsent { asked: TrackingAsked::WithOptIn };
const NO: EventKind = EventKind::TrackingWithdrawal;

/// Where no consent is asked for.
const LAX: &str =
    "id = \"lax\"\ntitle = \"Lax\"\n[marketing]\ngrounds = [\"no_objection\"]\n[tracking]\nconsent = false\n";

fn policies(mode: &str) -> PolicySet {
    let mut files = file::shipped();
    for (_, text) in &mut files {
        *text = text.replace("mode = \"enforce\"", &format!("mode = \"{mode}\""));
    }
    files.push(("jurisdictions/lax.toml".to_owned(), LAX.to_owned()));
    file::parse(&files).unwrap().0
}

fn policy() -> &'static PolicySet {
    static ENFORCED: LazyLock<PolicySet> = LazyLock::new(|| policies("enforce"));
    &ENFORCED
}

fn shadow() -> &'static PolicySet {
    static SHADOW: LazyLock<PolicySet> = LazyLock::new(|| policies("shadow"));
    &SHADOW
}

fn known(place: &str, facts: &[EventKind]) -> ConsentState {
    let event = |(kind, hour): (&EventKind, i64)| {
        let at = Timestamp::from_second(1_760_000_000 + hour * 3600).unwrap();
        Event {
            id: Uuid::from_u128(hour.unsigned_abs().into()),
            kind: kind.clone(),
            occurred_at: at,
            recorded_at: at,
            channel: "page".to_owned(),
            jurisdiction: Some(place.to_owned()),
            locale: None,
            time_zone: None,
            texts: Default::default(),
            told_at: None,
        }
    };
    let folded = fold(&facts.iter().zip(1..).map(event).collect::<Vec<_>>());
    ConsentState { jurisdiction: Some(place.to_owned()), ..folded }
}

fn judged(policy: &PolicySet, consent: &ConsentState, circumstances: &Circumstances) -> Verdict {
    let sender = policy.sender("demo-shop").unwrap();
    let facts = supposed(sender, "", Stream::Functional, None);
    decide(policy, &facts, consent, circumstances, Timestamp::from_second(1_770_000_000).unwrap())
}

/// What becomes of service mail of who told these, one an hour.
#[track_caller]
fn check(policy: &PolicySet, place: &str, facts: &[EventKind], expected: &str) {
    let verdict = judged(policy, &known(place, facts), &Circumstances::default());
    let ruling = verdict.tracking.expect("a copy leaves");
    let line = if ruling.shadow.is_some() { " in shadow" } else { "" };
    assert_eq!(format!("{} {}{line}", ruling.tracking, ruling.reason), expected, "{place} {facts:?}");
}

fn no(scopes: &[&str]) -> EventKind {
    let scopes = scopes.iter().map(|text| text.parse().unwrap()).collect();
    EventKind::Withdrawal { scopes, complaint: false }
}

fn undone(withdrawal: u128, scopes: &[&str]) -> EventKind {
    let scopes = scopes.iter().map(|text| text.parse().unwrap()).collect();
    EventKind::WithdrawalUndone { withdrawal: Uuid::from_u128(withdrawal), scopes }
}

#[test]
fn each_reason_is_told() {
    check(policy(), "se", &[], "taken_out no_consent");
    check(policy(), "se", &[YES_WITH_OPT_IN], "kept consented");
    check(policy(), "fr", &[YES_WITH_OPT_IN], "taken_out not_separate");
    check(policy(), "fr", &[YES], "kept consented");
    check(policy(), "se", &[YES, NO], "taken_out refused");
    check(policy(), "se", &[NO], "taken_out refused");
    check(policy(), "se", &[NO, YES], "kept consented");
    check(policy(), "se", &[YES, no(&[])], "taken_out withdrawn");
    check(policy(), "se", &[no(&[])], "taken_out no_consent");
    check(policy(), "se", &[YES, EventKind::Restricted], "taken_out restricted");
    check(policy(), "se", &[YES, EventKind::Erased], "taken_out erased");
}

#[test]
fn taking_a_withdrawal_back_brings_the_yes_back_where_it_is_taken_back_as_a_whole() {
    check(policy(), "se", &[YES, no(&[]), undone(2, &[])], "kept consented");
    check(policy(), "se", &[YES, no(&[]), undone(2, &["apparel"])], "taken_out withdrawn");
    check(policy(), "se", &[YES, no(&["apparel"])], "kept consented");
    // Of a no to tracking nothing is taken back: a new yes is needed.
    check(policy(), "se", &[YES, NO, undone(2, &[])], "taken_out refused");
}

#[test]
fn where_no_consent_is_asked_for_a_recorded_no_holds_all_the_same() {
    check(policy(), "lax", &[], "kept not_asked");
    check(policy(), "lax", &[no(&[])], "kept not_asked");
    check(policy(), "lax", &[NO], "taken_out refused");
    check(policy(), "lax", &[NO, YES_WITH_OPT_IN], "kept not_asked");
    check(policy(), "lax", &[EventKind::Restricted], "taken_out restricted");
}

#[test]
fn i14_shadow_mode_keeps_what_no_recorded_no_takes_out() {
    check(shadow(), "se", &[], "kept no_consent in shadow");
    check(shadow(), "fr", &[YES_WITH_OPT_IN], "kept not_separate in shadow");
    check(shadow(), "se", &[NO], "taken_out refused");
    check(shadow(), "se", &[YES, no(&[])], "taken_out withdrawn");
    check(shadow(), "se", &[EventKind::Restricted], "taken_out restricted");
    check(shadow(), "se", &[EventKind::Erased], "taken_out erased");
}

#[test]
fn i14_while_noes_may_be_missing_nobody_is_tracked() {
    let behind = Circumstances { records: Records::Behind, ..Circumstances::default() };
    for (policy, place) in [(policy(), "se"), (policy(), "lax"), (shadow(), "se")] {
        let ruling = judged(policy, &known(place, &[YES]), &behind).tracking.unwrap();
        assert_eq!(
            (ruling.tracking, ruling.reason),
            (Tracking::TakenOut, TrackingReason::Restoring),
            "{place}"
        );
    }
}

#[test]
fn the_line_that_asks_is_named_and_the_fact_that_answers() {
    let ruling = |place: &str, facts: &[EventKind]| {
        judged(policy(), &known(place, facts), &Circumstances::default()).tracking.unwrap()
    };
    let named = |place: &str, facts: &[EventKind]| {
        let rule = ruling(place, facts).rule;
        format!("{} {}", rule.file, policy().line(&rule).unwrap_or_default().trim_start())
    };
    assert!(named("se", &[]).starts_with("jurisdictions/eu.toml consent = true"));
    assert!(named("fr", &[YES_WITH_OPT_IN]).starts_with("jurisdictions/fr.toml separate = true"));
    assert!(named("us", &[]).starts_with("jurisdictions/us.toml id ="), "what it leaves out is its own");
    assert_eq!(named("lax", &[]), "jurisdictions/lax.toml consent = false");
    assert_eq!(ruling("se", &[NO, YES]).event, Some(Uuid::from_u128(2)));
    assert_eq!(ruling("se", &[YES, NO]).event, Some(Uuid::from_u128(2)));
    assert_eq!(ruling("se", &[YES, no(&[])]).event, Some(Uuid::from_u128(2)));
}

#[test]
fn what_is_refused_leaves_no_copy_to_decide_on() {
    let sender = policy().sender("demo-shop").unwrap();
    let facts = supposed(sender, "", Stream::Marketing, Some("apparel".parse().unwrap()));
    let now = Timestamp::from_second(1_770_000_000).unwrap();
    let verdict = decide(policy(), &facts, &known("se", &[YES]), &Circumstances::default(), now);
    assert_eq!((verdict.verdict, verdict.tracking), (VerdictKind::Refuse, None));
}
