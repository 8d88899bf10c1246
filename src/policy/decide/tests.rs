//! Decisions as a table: what is known of a person, what the message is, what must come of it.

mod choices;
mod confirmation;
mod content;
mod message;
mod noes;

use std::sync::LazyLock;

use proptest::prelude::*;
use uuid::Uuid;

use super::leave::dsn_verdict;
use super::*;
use crate::consent::event::{Acquaintance, Event, EventKind, Frequency, OptIn, SignedUpBy};
use crate::consent::fold;
use crate::policy::facts::ConfirmLink;
use crate::policy::file;
use crate::policy::pause::Whose;

const NOW: &str = "2026-11-21T12:00:00Z";

/// The shipped policies, changed by `change`.
fn policy_with(change: impl Fn(&str, String) -> String) -> PolicySet {
    let files: Vec<_> = file::shipped()
        .into_iter()
        .map(|(name, text)| {
            let changed = change(&name, text);
            (name, changed)
        })
        .collect();
    file::parse(&files).unwrap().0
}

fn policy() -> &'static PolicySet {
    static SHIPPED: LazyLock<PolicySet> = LazyLock::new(|| policy_with(|_, text| text));
    &SHIPPED
}

fn in_shadow() -> &'static PolicySet {
    static SHADOW: LazyLock<PolicySet> =
        LazyLock::new(|| policy_with(|_, text| text.replace("mode = \"enforce\"", "mode = \"shadow\"")));
    &SHADOW
}

fn at(day: &str) -> Timestamp {
    if day.contains('T') { day.parse().unwrap() } else { format!("{day}T10:00:00Z").parse().unwrap() }
}

fn scope(text: &str) -> Scope {
    text.parse().unwrap()
}

/// One fact in words: `double apparel`, `purchase apparel.tshirts`, `withdrawal`, `bounce`, …
fn kind(words: &str) -> EventKind {
    let (word, rest) = words.split_once(' ').unwrap_or((words, ""));
    let scopes = || rest.split(' ').filter(|text| !text.is_empty()).map(scope).collect::<Vec<_>>();
    let bought = |how, notice| EventKind::Acquainted { how, scope: scope(rest), notice };
    match word {
        "double" => EventKind::OptIn { ground: OptIn::DoubleOptIn, scopes: scopes() },
        "single" => EventKind::OptIn { ground: OptIn::SingleOptIn, scopes: scopes() },
        "signup" => EventKind::SignupRequested { scopes: scopes(), by: SignedUpBy::Told },
        "mailed" => EventKind::SignupRequested { scopes: scopes(), by: SignedUpBy::Mail },
        "asked" => EventKind::ConfirmationSent { scopes: scopes() },
        "unconfirmed" => EventKind::Unconfirmed { scopes: scopes() },
        "purchase" => bought(Acquaintance::Purchase, true),
        "purchase-unnoticed" => bought(Acquaintance::Purchase, false),
        "inquiry" => bought(Acquaintance::Inquiry, true),
        "withdrawal" => EventKind::Withdrawal { scopes: scopes(), complaint: false },
        "complaint" => EventKind::Withdrawal { scopes: vec![], complaint: true },
        "undone" => EventKind::WithdrawalUndone {
            withdrawal: Uuid::from_u128(rest.parse().unwrap()),
            scopes: Vec::new(),
        },
        "bounce" => EventKind::Suppressed { why: Suppression::Bounce },
        "operator" => EventKind::Suppressed { why: Suppression::Operator },
        "lifted" => EventKind::SuppressionLifted { why: Suppression::Bounce },
        "restricted" => EventKind::Restricted,
        "erased" => EventKind::Erased,
        "weekly" => EventKind::FrequencyChosen { at_most: Frequency::Weekly },
        "paused" => EventKind::Paused { until: at(rest) },
        "objected" => EventKind::ProfilingObjection,
        other => panic!("no fact is called {other}"),
    }
}

/// The state that facts (day, words) make where this code is told as the jurisdiction.
fn known(told: &str, facts: &[(&str, &str)]) -> ConsentState {
    let events: Vec<Event> = facts
        .iter()
        .zip(1u128..)
        .map(|((day, words), id)| Event {
            id: Uuid::from_u128(id),
            kind: kind(words),
            occurred_at: at(day),
            recorded_at: at(NOW),
            channel: "test".to_owned(),
            jurisdiction: None,
            locale: None,
            time_zone: None,
            texts: Default::default(),
            told_at: None,
        })
        .collect();
    let jurisdiction = (!told.is_empty()).then(|| told.to_owned());
    ConsentState { jurisdiction, ..fold(&events) }
}

/// A message in words: `marketing apparel`, `functional`.
fn message(words: &str) -> Facts {
    let (stream, about) = words.split_once(' ').unwrap_or((words, ""));
    Facts {
        sender: "demo-shop".to_owned(),
        credential: "demo-shop/test".to_owned(),
        stream: stream.parse().unwrap(),
        scope: (!about.is_empty()).then(|| scope(about)),
        campaign: None,
        from_domain: "shop.example".to_owned(),
        confirm_link: ConfirmLink::supposed(stream.parse().unwrap()),
        language: None,
        rule: RuleRef { file: "senders/demo-shop.toml".into(), line: 1 },
        findings: Default::default(),
    }
}

fn judge(policy: &PolicySet, told: &str, facts: &[(&str, &str)], words: &str) -> Verdict {
    decide(policy, &message(words), &known(told, facts), &Circumstances::default(), at(NOW))
}

/// `expected` is `deliver GROUND` or `refuse REASON`.
#[track_caller]
fn check_under(policy: &PolicySet, told: &str, facts: &[(&str, &str)], words: &str, expected: &str) {
    let verdict = judge(policy, told, facts, words);
    let found = match (verdict.reason, verdict.ground) {
        (None, Some(ground)) => format!("{} {ground}", verdict.verdict),
        (Some(reason), None) => format!("{} {reason}", verdict.verdict),
        both => panic!("reason and ground: {both:?}"),
    };
    assert_eq!(found, expected, "{told} {facts:?} {words}: {}", verdict.text);
    assert!(!verdict.rule.file.is_empty() && !verdict.text.is_empty());
}

#[track_caller]
fn check(told: &str, facts: &[(&str, &str)], words: &str, expected: &str) {
    check_under(policy(), told, facts, words, expected);
}

const SHIRT: (&str, &str) = ("2026-05-01", "purchase apparel.tshirts");

#[test]
fn who_bought_a_t_shirt_may_hear_of_trousers_but_not_of_office_chairs() {
    for told in ["", "se", "SE", "nl", "DE", "eu", "ca"] {
        check(told, &[SHIRT], "marketing apparel.trousers", "deliver soft_opt_in");
        check(told, &[SHIRT], "marketing apparel.tshirts", "deliver soft_opt_in");
        check(told, &[SHIRT], "marketing apparel", "deliver soft_opt_in");
        check(told, &[SHIRT], "marketing furniture.office", "refuse out_of_scope");
    }
    let verdict = judge(policy(), "", &[SHIRT], "marketing furniture.office");
    assert_eq!(
        verdict.text,
        "bought apparel.tshirts, which allows apparel; furniture.office is not among its likes"
    );
    let line = |rule: &RuleRef| {
        let files = file::shipped();
        let (_, text) = files.iter().find(|(name, _)| **name == *rule.file).unwrap();
        text.lines().nth(rule.line as usize - 1).unwrap_or_default().to_owned()
    };
    assert_eq!(line(&verdict.rule), "[[similar]]");
    assert_eq!(line(&judge(policy(), "", &[SHIRT], "marketing apparel.trousers").rule), "[[similar]]");
    let own = judge(policy(), "", &[SHIRT], "marketing apparel.tshirts");
    assert_eq!(line(&own.rule), "[marketing.soft_opt_in]");
    assert_eq!(own.ground_event, Some(Uuid::from_u128(1)));
}

#[test]
fn a_double_opt_in_carries_its_scope_and_all_below() {
    let facts = [("2026-01-01", "double apparel")];
    for told in ["", "se", "nl", "de", "eu", "ca", "unknown", "XX"] {
        check(told, &facts, "marketing apparel.tshirts", "deliver double_opt_in");
        check(told, &facts, "marketing furniture.office", "refuse out_of_scope");
    }
    check("us", &facts, "marketing furniture.office", "deliver no_objection");
}

#[test]
fn one_yes_is_enough_only_where_the_pack_says_so() {
    let facts = [("2026-01-01", "single apparel")];
    check("ca", &facts, "marketing apparel", "deliver single_opt_in");
    for told in ["", "se", "nl", "de", "eu", "unknown"] {
        check(told, &facts, "marketing apparel", "refuse unconfirmed");
    }
}

#[test]
fn a_pack_of_single_opt_ins_takes_a_confirmed_one_too() {
    let policy =
        policy_with(|_, text| text.replace("\"double_opt_in\", \"single_opt_in\",", "\"single_opt_in\","));
    check_under(
        &policy,
        "ca",
        &[("2026-01-01", "double apparel")],
        "marketing apparel",
        "deliver double_opt_in",
    );
}

#[test]
fn no_objection_suffices_in_the_united_states_alone() {
    check("us", &[], "marketing apparel", "deliver no_objection");
    check("us", &[("2026-01-01", "withdrawal")], "marketing apparel", "refuse withdrawn");
    for told in ["", "se", "ca", "unknown", "BR"] {
        check(told, &[], "marketing apparel", "refuse no_ground");
    }
}

#[test]
fn where_no_pack_reaches_the_strictest_judges() {
    for told in ["XX", "BR", "atlantis", "unknown"] {
        check(told, &[SHIRT], "marketing apparel.trousers", "refuse no_ground");
        assert_eq!(judge(policy(), told, &[], "marketing apparel").jurisdiction.as_deref(), Some("unknown"));
    }
    let homeless = policy_with(|_, text| text.replace("default_jurisdiction = \"se\"\n", ""));
    check_under(&homeless, "", &[SHIRT], "marketing apparel.trousers", "refuse no_ground");
    check_under(&homeless, "se", &[SHIRT], "marketing apparel.trousers", "deliver soft_opt_in");
}

#[test]
fn a_sign_up_that_nobody_confirmed_is_no_ground() {
    let facts = [("2026-11-01", "signup apparel")];
    check("se", &facts, "marketing apparel.tshirts", "refuse unconfirmed");
    check("se", &facts, "marketing furniture.office", "refuse no_ground");
    check("ca", &facts, "marketing apparel", "refuse unconfirmed");
}

#[test]
fn what_was_imported_without_proof_is_no_ground_but_where_none_is_asked_for() {
    let facts = [("2026-11-01", "unconfirmed apparel")];
    check("se", &facts, "marketing apparel.tshirts", "refuse unconfirmed");
    check("se", &facts, "marketing furniture.office", "refuse no_ground");
    check("us", &facts, "marketing apparel", "deliver no_objection");
    // It is no sign-up of the person's own either.
    let withdrawn = [("2026-10-01", "withdrawal"), facts[0]];
    check("us", &withdrawn, "marketing apparel", "refuse withdrawn");
    check("se", &withdrawn, "confirmation apparel", "refuse withdrawn");
}

#[test]
fn a_purchase_without_notice_carries_nothing_where_notice_is_asked_for() {
    let facts = [("2026-05-01", "purchase-unnoticed apparel.tshirts")];
    for told in ["se", "nl", "de", "eu"] {
        check(told, &facts, "marketing apparel.trousers", "refuse notice_missing");
        check(told, &facts, "marketing furniture.office", "refuse out_of_scope");
    }
    check("ca", &facts, "marketing apparel.trousers", "deliver soft_opt_in");
    check("se", &[facts[0], SHIRT], "marketing apparel.trousers", "deliver soft_opt_in");
}

#[test]
fn a_soft_opt_in_ends_after_calendar_months() {
    let bought = |day| [(day, "purchase apparel.tshirts")];
    check("ca", &bought("2024-11-21T12:00:01Z"), "marketing apparel", "deliver soft_opt_in");
    check("ca", &bought("2024-11-21T12:00:00Z"), "marketing apparel", "refuse ground_expired");
    check("ca", &bought("2020-01-01"), "marketing furniture.office", "refuse out_of_scope");
    check("se", &bought("2020-01-01"), "marketing apparel", "deliver soft_opt_in");
    check("ca", &[("2026-05-22", "inquiry apparel")], "marketing apparel", "deliver soft_opt_in");
    check("ca", &[("2026-05-20", "inquiry apparel")], "marketing apparel", "refuse ground_expired");
    check("se", &[("2026-11-20", "inquiry apparel")], "marketing apparel", "refuse no_ground");
}

#[test]
fn of_the_packs_end_and_the_senders_the_sooner_holds_and_its_own_line_is_cited() {
    let own = policy_with(|name, text| match name {
        "senders/demo-shop.toml" => {
            format!(
                "{text}\n[soft_opt_in]\nexpires = {{ purchase = \"12 months\", inquiry = \"9 months\" }}\n"
            )
        }
        _ => text,
    });
    let bought = |day| [(day, "purchase apparel.tshirts")];
    let asked = |day| [(day, "inquiry apparel")];
    for (told, facts, expected, file) in [
        ("se", bought("2025-11-21T12:00:01Z"), "deliver soft_opt_in", ""),
        ("se", bought("2025-11-21T12:00:00Z"), "refuse ground_expired", "senders/demo-shop.toml"),
        ("ca", bought("2025-11-20"), "refuse ground_expired", "senders/demo-shop.toml"),
        ("ca", asked("2026-05-22"), "deliver soft_opt_in", ""),
        ("ca", asked("2026-05-20"), "refuse ground_expired", "jurisdictions/ca.toml"),
    ] {
        check_under(&own, told, &facts, "marketing apparel", expected);
        let verdict = judge(&own, told, &facts, "marketing apparel");
        if !file.is_empty() {
            assert_eq!(&*verdict.rule.file, file, "{told} {facts:?}");
            assert!(own.line(&verdict.rule).unwrap().starts_with("expires = "), "{:?}", verdict.rule);
        }
    }
}

#[test]
fn the_nearest_ground_names_the_reason() {
    let old = ("2020-01-01", "purchase apparel.tshirts");
    let chair = ("2026-01-01", "purchase furniture.office");
    check("ca", &[old, chair], "marketing apparel", "refuse ground_expired");
    check("ca", &[old, ("2026-01-01", "signup apparel")], "marketing apparel", "refuse ground_expired");
    check("se", &[chair, ("2026-01-01", "signup apparel")], "marketing apparel", "refuse unconfirmed");
    let unnoticed = ("2026-01-01", "purchase-unnoticed apparel");
    check("se", &[unnoticed, ("2026-01-01", "single apparel")], "marketing apparel", "refuse notice_missing");
}

#[test]
fn i5_a_withdrawal_beats_every_older_ground() {
    let yes = ("2026-01-01", "double apparel");
    let bought = ("2026-01-02", "purchase apparel.tshirts");
    for no in ["withdrawal", "withdrawal apparel", "withdrawal apparel.tshirts", "complaint"] {
        for told in ["se", "nl", "de", "us", "ca", "unknown"] {
            let facts = [yes, bought, ("2026-02-01", no)];
            check(told, &facts, "marketing apparel.tshirts", "refuse withdrawn");
            check(told, &facts, "functional", "deliver functional");
        }
    }
}

#[test]
fn a_withdrawal_of_a_scope_stops_all_below_it_and_not_its_parent() {
    let facts = [("2026-01-01", "double apparel furniture"), ("2026-02-01", "withdrawal apparel.tshirts")];
    check("se", &facts, "marketing apparel.tshirts", "refuse withdrawn");
    check("se", &facts, "marketing apparel", "deliver double_opt_in");
    check("se", &facts, "marketing apparel.trousers", "deliver double_opt_in");
    check("se", &facts, "marketing furniture.office", "deliver double_opt_in");
    let parent = [("2026-01-01", "double apparel"), ("2026-02-01", "withdrawal apparel")];
    check("se", &parent, "marketing apparel.trousers", "refuse withdrawn");
}

#[test]
fn a_tie_is_a_no() {
    let facts = [("2026-01-01", "double apparel"), ("2026-01-01", "withdrawal")];
    check("se", &facts, "marketing apparel", "refuse withdrawn");
}

#[test]
fn blocks_stop_what_the_matrix_says() {
    let yes = ("2026-01-01", "double apparel");
    for (fact, marketing, functional) in [
        ("bounce", "refuse suppressed_bounce", "refuse suppressed_bounce"),
        ("operator", "refuse suppressed_operator", "refuse suppressed_operator"),
        ("restricted", "refuse restricted", "deliver functional"),
        ("erased", "refuse erased", "deliver functional"),
        ("withdrawal", "refuse withdrawn", "deliver functional"),
    ] {
        for told in ["se", "us", "ca"] {
            let facts = [yes, ("2026-02-01", fact)];
            check(told, &facts, "marketing apparel", marketing);
            check(told, &facts, "functional", functional);
            let confirmation = marketing;
            check(told, &facts, "confirmation apparel", confirmation);
        }
    }
    let lifted = [yes, ("2026-02-01", "bounce"), ("2026-03-01", "lifted")];
    check("se", &lifted, "marketing apparel", "deliver double_opt_in");
}

#[test]
fn reasons_take_precedence_as_the_contract_orders_them() {
    let all = [
        ("2026-02-01", "bounce"),
        ("2026-02-01", "operator"),
        ("2026-02-01", "withdrawal"),
        ("2026-02-01", "restricted"),
    ];
    let reasons = ["suppressed_bounce", "suppressed_operator", "withdrawn", "restricted"];
    for (index, reason) in reasons.iter().enumerate() {
        check("se", &all[index..], "marketing apparel", &format!("refuse {reason}"));
    }
    let tombstone = ConsentState { erased: Some(at("2026-03-01")), ..known("se", &all) };
    let verdict =
        decide(policy(), &message("marketing apparel"), &tombstone, &Circumstances::default(), at(NOW));
    assert_eq!(verdict.reason, Some(Reason::Erased));
    check("se", &all, "marketing toys", "refuse unknown_scope");
}

#[test]
fn what_the_policy_no_longer_holds_is_refused() {
    let yes = [("2026-01-01", "double apparel")];
    check("se", &yes, "marketing", "refuse unknown_scope");
    let moved = policy_with(|_, text| {
        text.replace("\"shop.example\"", "\"store.example\"").replace("news@shop", "news@store")
    });
    check_under(&moved, "se", &yes, "marketing apparel", "refuse from_not_allowed");
    let gone = policy_with(|_, text| text.replace("id = \"demo-shop\"", "id = \"other\""));
    check_without_jurisdiction(&gone, &yes);
    let nowhere = policy_with(|_, text| text.replace("postal_address = \"Storgatan", "# \""));
    check_under(&nowhere, "se", &yes, "marketing apparel", "refuse content_missing");
}

fn check_without_jurisdiction(policy: &PolicySet, facts: &[(&str, &str)]) {
    let verdict = judge(policy, "se", facts, "marketing apparel");
    assert_eq!((verdict.verdict, verdict.reason), (VerdictKind::Refuse, Some(Reason::Unclassified)));
}

fn admitted(policy: &PolicySet, told: &str, facts: &[(&str, &str)], words: &str) -> bool {
    let verdict = judge(policy, told, facts, words);
    let leaves = match release(verdict.clone()) {
        Release::Send(_) => true,
        Release::Hold(_) | Release::Withhold(_) => false,
    };
    let spooled = matches!(admit(verdict), Admission::Spool(_));
    assert_eq!(leaves, spooled);
    leaves
}

#[test]
fn shadow_mode_lets_pass_what_no_recorded_no_forbids() {
    let (shadow, enforced) = (in_shadow(), policy());
    for words in ["marketing apparel", "marketing furniture.office"] {
        assert!(admitted(shadow, "se", &[], words));
        assert!(!admitted(enforced, "se", &[], words));
    }
}

#[test]
fn i14_shadow_mode_never_lets_a_recorded_no_pass() {
    let shadow = in_shadow();
    for no in ["withdrawal", "complaint", "erased", "bounce", "operator", "restricted"] {
        for words in ["marketing apparel", "marketing toys", "confirmation apparel"] {
            assert!(!admitted(shadow, "se", &[("2026-02-01", no)], words), "{no} {words}");
        }
    }
    let foreign = Facts { from_domain: "other.example".to_owned(), ..message("marketing apparel") };
    // Which is told as what it is, also of who has withdrawn.
    for state in [ConsentState::default(), known("se", &[("2026-02-01", "withdrawal")])] {
        let verdict = decide(shadow, &foreign, &state, &Circumstances::default(), at(NOW));
        assert_eq!(verdict.reason, Some(Reason::FromNotAllowed));
        assert!(matches!(admit(verdict), Admission::Refuse(_)));
    }
}

/// The shipped policies with one marketing message a day, and none at night.
fn spaced() -> &'static PolicySet {
    static SPACED: LazyLock<PolicySet> = LazyLock::new(|| policy_with(spacing));
    &SPACED
}

fn spacing(name: &str, text: String) -> String {
    let end =
        "[caps]\nmarketing = [\"1/day\"]\n[quiet_hours]\nmarketing = { from = \"21:00\", to = \"08:00\" }\n";
    if name == "senders/demo-shop.toml" { format!("{text}\n{end}") } else { text }
}

/// Of who bought T-shirts and was sent something in `apparel` two hours ago.
fn spaced_verdict(policy: &PolicySet, facts: &[(&str, &str)], words: &str) -> Verdict {
    let circumstances = Circumstances::after([(scope("apparel"), at("2026-11-21T10:00:00Z"))]);
    decide(policy, &message(words), &known("se", facts), &circumstances, at(NOW))
}

#[test]
fn what_may_go_waits_for_its_turn_and_what_may_not_is_refused() {
    let held = spaced_verdict(spaced(), &[SHIRT], "marketing apparel");
    assert_eq!((held.verdict, held.reason), (VerdictKind::Hold, Some(Reason::FrequencyCap)));
    assert_eq!((held.ground, held.until), (None, Some(at("2026-11-22T00:00:00Z"))));
    let Admission::Spool(spoolable) = admit(held.clone()) else { panic!("what is held is spooled") };
    assert_eq!(spoolable.entry(), Entry::Held { until: held.until });
    let withdrawn = [SHIRT, ("2026-06-01", "withdrawal")];
    assert_eq!(spaced_verdict(spaced(), &withdrawn, "marketing apparel").reason, Some(Reason::Withdrawn));
    assert_eq!(spaced_verdict(spaced(), &[], "marketing apparel").reason, Some(Reason::NoGround));
    let unasked = spaced_verdict(policy(), &[SHIRT], "marketing apparel");
    assert_eq!(unasked.verdict, VerdictKind::Deliver);
}

#[test]
fn nothing_but_marketing_ever_waits() {
    let verdict = spaced_verdict(spaced(), &[SHIRT], "functional apparel");
    assert_eq!(verdict.verdict, VerdictKind::Deliver);
}

#[test]
fn shadow_mode_lets_pass_what_would_wait_for_its_turn_but_not_what_waits_for_a_restore() {
    let shadow = policy_with(|name, text| {
        spacing(name, text).replace("[scopes.apparel]", "[scopes.apparel]\nmode = \"shadow\"")
    });
    let facts = message("marketing apparel");
    let verdict = spaced_verdict(&shadow, &[SHIRT], "marketing apparel");
    assert_eq!(verdict.reason, Some(Reason::FrequencyCap));
    assert!(matches!(release(verdict.clone()), Release::Send(_)));
    let Admission::Spool(spoolable) = admit(verdict) else { panic!("it passes") };
    assert_eq!(spoolable.entry(), Entry::Queued);
    // Invariant 14: a no may be missing.
    let circumstances = Circumstances {
        records: Records::Behind,
        ..Circumstances::after([(scope("apparel"), at("2026-11-21T10:00:00Z"))])
    };
    let verdict = decide(&shadow, &facts, &known("se", &[SHIRT]), &circumstances, at(NOW));
    assert_eq!(verdict.reason, Some(Reason::Restoring));
    assert!(matches!(release(verdict), Release::Hold(_)));
}

#[test]
fn what_is_paused_waits_in_every_mode_and_a_no_stays_a_no() {
    let shadow =
        policy_with(|_, text| text.replace("[scopes.apparel]", "[scopes.apparel]\nmode = \"shadow\""));
    let decided = |whose, policy, facts: &[(&str, &str)], words| {
        let paused = Paused { whose, text: "the campaign is paused: wrong prices".to_owned() };
        let circumstances = Circumstances { paused: Some(paused), ..Circumstances::default() };
        let verdict = decide(policy, &message(words), &known("se", facts), &circumstances, at(NOW));
        (verdict.verdict, verdict.reason)
    };
    let (deliver, held) = ((VerdictKind::Deliver, None), (VerdictKind::Hold, Some(Reason::CampaignPaused)));
    let opted_in = [("2026-05-01", "double apparel")];
    for (policy, facts) in [(policy(), &[SHIRT][..]), (policy(), &opted_in[..]), (&shadow, &[])] {
        assert_eq!(decided(Whose::Everybodys, policy, facts, "marketing apparel"), held);
    }
    assert_eq!(decided(Whose::Weakest, policy(), &[SHIRT], "marketing apparel"), held);
    assert_eq!(decided(Whose::Weakest, policy(), &opted_in, "marketing apparel"), deliver);
    assert_eq!(decided(Whose::Everybodys, policy(), &[], "functional apparel"), deliver);
    let left = [SHIRT, ("2026-06-01", "withdrawal")];
    let refused = decided(Whose::Everybodys, policy(), &left, "marketing apparel");
    assert_eq!(refused, (VerdictKind::Refuse, Some(Reason::Withdrawn)));
}

#[test]
fn i14_shadow_mode_of_a_scope_never_lets_a_recorded_no_pass() {
    let shadow =
        policy_with(|_, text| text.replace("[scopes.apparel]", "[scopes.apparel]\nmode = \"shadow\""));
    assert!(admitted(&shadow, "se", &[], "marketing apparel.tshirts"));
    assert!(!admitted(&shadow, "se", &[], "marketing furniture.office"));
    for no in ["withdrawal", "withdrawal apparel", "complaint", "erased", "bounce", "operator", "restricted"]
    {
        assert!(!admitted(&shadow, "se", &[("2026-02-01", no)], "marketing apparel.tshirts"), "{no}");
    }
}

#[test]
fn a_notification_of_ours_is_functional() {
    let verdict = dsn_verdict(policy().sender("demo-shop").unwrap());
    assert_eq!((verdict.verdict, verdict.ground), (VerdictKind::Deliver, Some(GroundKind::Functional)));
    assert_eq!(&*verdict.rule.file, "senders/demo-shop.toml");
}

fn histories() -> impl Strategy<Value = Vec<(String, String)>> {
    let about = prop::sample::select(vec!["apparel", "apparel.tshirts", "furniture.office"]);
    let scoped = prop::sample::select(vec![
        "double",
        "single",
        "signup",
        "unconfirmed",
        "purchase",
        "purchase-unnoticed",
        "withdrawal",
    ]);
    let plain = prop::sample::select(vec!["withdrawal", "bounce", "lifted", "restricted", "complaint"]);
    let words = prop_oneof![
        4 => (scoped, about).prop_map(|(word, about)| format!("{word} {about}")),
        1 => plain.prop_map(str::to_owned),
    ];
    let day = (1..9u8).prop_map(|day| format!("2026-10-0{day}"));
    prop::collection::vec((day, words), 0..8)
}

proptest! {
    #[test]
    fn i5_no_history_lets_marketing_past_a_no_without_a_younger_yes(
        history in histories(),
        told in prop::sample::select(vec!["se", "us", "ca", "XX"]),
        shadow in any::<bool>(),
    ) {
        let facts: Vec<(&str, &str)> = history.iter().map(|(day, words)| (&**day, &**words)).collect();
        let covers = |words: &str| {
            words == "withdrawal" || words == "complaint" || words == "withdrawal apparel"
                || words == "withdrawal apparel.tshirts"
        };
        let yes = |words: &str| {
            ["double", "single"].iter().any(|how| words.strip_prefix(how).is_some_and(|about| about.starts_with(" apparel")))
        };
        let youngest = |wanted: &dyn Fn(&str) -> bool| {
            facts.iter().filter(|(_, words)| wanted(words)).map(|(day, _)| *day).max()
        };
        let withdrawn = youngest(&covers).is_some_and(|no| youngest(&yes).is_none_or(|yes| yes <= no));
        let policy = if shadow { in_shadow() } else { policy() };
        if withdrawn {
            prop_assert!(!admitted(policy, told, &facts, "marketing apparel.tshirts"));
        }
        // And whatever is delivered names a ground that the pack takes.
        let verdict = judge(policy, told, &facts, "marketing apparel.tshirts");
        if let Some(ground) = verdict.ground {
            let pack = policy.jurisdiction(Some(told), None).unwrap();
            prop_assert!(pack.takes(ground));
            prop_assert_eq!(verdict.verdict, VerdictKind::Deliver);
        }
    }
}

#[test]
fn i2_what_is_refused_opens_neither_the_spool_nor_the_way_out() {
    let facts = message("marketing apparel");
    let verdict = decide(policy(), &facts, &ConsentState::default(), &Circumstances::default(), at(NOW));
    assert_eq!(verdict.reason, Some(Reason::NoGround));
    assert!(matches!(admit(verdict.clone()), Admission::Refuse(_)));
    assert!(matches!(release(verdict), Release::Withhold(_)));
}
