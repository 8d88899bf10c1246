//! Mail that asks to confirm a sign-up: who may get it, and how often.

use super::*;
use crate::policy::holds::Stage;

#[test]
fn a_confirmation_needs_a_sign_up_younger_than_the_no() {
    let signup = |day| (day, "signup apparel");
    check("se", &[], "confirmation apparel", "deliver functional");
    for no in ["withdrawal", "erased"] {
        let reason = if no == "erased" { "refuse erased" } else { "refuse withdrawn" };
        let facts = |day| [("2026-02-01", no), signup(day)];
        check("se", &facts("2026-01-01"), "confirmation apparel", reason);
        check("se", &facts("2026-02-01"), "confirmation apparel", reason);
        check("se", &facts("2026-03-01"), "confirmation apparel", "deliver functional");
        check("se", &facts("2026-03-01"), "confirmation apparel.tshirts", "deliver functional");
        check("se", &facts("2026-03-01"), "confirmation furniture.office", reason);
        // A mail that a tool submitted may be one of a campaign: it asks nobody back.
        let mailed = [("2026-02-01", no), ("2026-03-01", "mailed apparel")];
        check("se", &mailed, "confirmation apparel", reason);
    }
}

/// The verdict on a mail of ours that asks to confirm a sign-up for these, told together with it.
fn asked_anew(facts: &[(&str, &str)], scopes: &[&str]) -> Verdict {
    let scopes: Vec<Scope> = scopes.iter().map(|scope| scope.parse().unwrap()).collect();
    let mut message = message(&format!("confirmation {}", scopes[0]));
    message.findings.also_scopes = scopes[1..].to_vec();
    let signing_up = Some(SigningUp { event: uuid::Uuid::from_u128(5), at: at(NOW), scopes });
    let circumstances = Circumstances { signing_up, ..Circumstances::default() };
    decide(policy(), &message, &known("se", facts), &circumstances, at(NOW))
}

#[test]
fn a_sign_up_that_is_told_with_its_mail_is_younger_than_all_before_it() {
    for no in ["withdrawal", "erased", "unconfirmed apparel"] {
        let verdict = asked_anew(&[("2026-02-01", no)], &["apparel", "furniture.office"]);
        assert_eq!((verdict.verdict, verdict.reason), (VerdictKind::Deliver, None), "{no}: {verdict:?}");
        assert_eq!(verdict.ground_event, Some(uuid::Uuid::from_u128(5)));
    }
}

#[test]
fn a_no_to_any_of_what_one_link_confirms_stops_its_mail() {
    let told = [("2026-02-01", "signup apparel"), ("2026-02-01", "signup furniture.office")];
    let reason = |no: &str| {
        let facts: Vec<(&str, &str)> = told.into_iter().chain([("2026-03-01", no)]).collect();
        let mut message = message("confirmation apparel");
        message.findings.also_scopes = vec!["furniture.office".parse().unwrap()];
        decide(policy(), &message, &known("se", &facts), &Circumstances::default(), at(NOW)).reason
    };
    assert_eq!(reason("withdrawal furniture.office"), Some(Reason::Withdrawn));
    assert_eq!(reason("withdrawal apparel"), Some(Reason::Withdrawn));
    assert_eq!(reason("withdrawal apparel.tshirts"), None);
    let mut message = message("confirmation apparel");
    message.findings.also_scopes = vec!["toys".parse().unwrap()];
    let verdict = decide(policy(), &message, &known("se", &[]), &Circumstances::default(), at(NOW));
    assert_eq!(verdict.reason, Some(Reason::UnknownScope));
}

/// The verdict on a confirmation mail about clothes, so many hours after others, in a set where Sweden's pack lets
/// imported addresses be asked, or not.
fn asked(policy: &PolicySet, facts: &[(&str, &str)], hours_ago: &[i64]) -> Verdict {
    let confirmations = hours_ago.iter().map(|hours| AskedBefore {
        at: at(NOW).checked_sub(jiff::SignedDuration::from_hours(*hours)).unwrap(),
        stage: Stage::Delivered,
    });
    let circumstances = Circumstances { confirmations: confirmations.collect(), ..Circumstances::default() };
    decide(policy, &message("confirmation apparel"), &known("se", facts), &circumstances, at(NOW))
}

fn asking() -> &'static PolicySet {
    static ASKING: LazyLock<PolicySet> = LazyLock::new(|| {
        policy_with(|_, text| text.replace("reconfirm_imported = false", "reconfirm_imported = true"))
    });
    &ASKING
}

#[test]
fn an_address_is_asked_once_a_day_and_three_times_in_thirty_days() {
    let reason = |hours_ago: &[i64]| asked(policy(), &[], hours_ago).reason;
    assert_eq!(reason(&[]), None);
    assert_eq!(reason(&[23]), Some(Reason::ConfirmationLimit));
    assert_eq!(reason(&[24, 48]), None);
    assert_eq!(reason(&[24, 48, 72]), Some(Reason::ConfirmationLimit));
    // Whoever said no is told of before the limit, and marketing knows no such limit.
    assert_eq!(asked(policy(), &[("2026-02-01", "withdrawal")], &[1]).reason, Some(Reason::Withdrawn));
    assert_eq!(&*asked(policy(), &[], &[1]).rule.file, "senders/demo-shop.toml");
    // It is there for other people's sake, so that no mode of a sender's ends it.
    assert!(asked(in_shadow(), &[], &[]).passes() && !asked(in_shadow(), &[], &[1]).passes());
}

#[test]
fn who_was_imported_without_proof_is_asked_where_the_pack_says_so_and_once_ever() {
    let imported = ("2026-01-01", "unconfirmed apparel");
    let reason = |facts: &[(&str, &str)]| {
        let (shipped, asking) = (asked(policy(), facts, &[]), asked(asking(), facts, &[]));
        (shipped.reason, asking.reason)
    };
    let unconfirmed = Some(Reason::Unconfirmed);
    assert_eq!(reason(&[imported]), (unconfirmed, None));
    assert_eq!(
        reason(&[("2026-01-01", "unconfirmed furniture.office")]),
        (unconfirmed, None),
        "nothing else is known"
    );
    assert_eq!(reason(&[imported, ("2026-02-01", "asked apparel")]), (unconfirmed, unconfirmed));
    assert_eq!(reason(&[imported, ("2026-02-01", "asked furniture.office")]), (unconfirmed, unconfirmed));
    // A mail like this one implies nothing; what somebody tells us does.
    assert_eq!(reason(&[imported, ("2026-02-01", "mailed apparel")]), (unconfirmed, None));
    for own in ["signup apparel", "single apparel", "double apparel"] {
        assert_eq!(
            reason(&[imported, ("2026-02-01", own), ("2026-02-02", "asked apparel")]),
            (None, None),
            "{own}"
        );
    }
    assert_eq!(reason(&[("2025-12-31", "signup apparel"), imported]), (unconfirmed, None));
    assert_eq!(reason(&[("2025-12-31", "double apparel"), imported]), (None, None));
    // Of a customer of another kind only what touches the import is in doubt.
    let chair = ("2026-02-01", "purchase furniture.office");
    assert_eq!(reason(&[("2026-01-01", "unconfirmed furniture.office"), chair]), (None, None));
    assert_eq!(reason(&[("2026-01-01", "unconfirmed apparel.tshirts"), chair]), (unconfirmed, None));
    // The day's limit holds for them as well.
    assert_eq!(asked(asking(), &[imported], &[1]).reason, Some(Reason::ConfirmationLimit));
    let rule = asked(asking(), &[imported], &[]).rule;
    assert_eq!(asking().line(&rule).map(|line| line.starts_with("reconfirm_imported = true")), Some(true));
}

#[test]
fn a_confirmation_without_its_link_or_its_scope_is_no_confirmation() {
    let without = Facts { confirm_link: ConfirmLink::Absent, ..message("confirmation apparel") };
    let nothing = ConsentState::default();
    let verdict = decide(policy(), &without, &nothing, &Circumstances::default(), at(NOW));
    assert_eq!(verdict.reason, Some(Reason::ContentMissing));
    // What the message is comes before who the recipient is.
    let left = known("se", &[("2026-02-01", "withdrawal")]);
    let verdict = decide(policy(), &without, &left, &Circumstances::default(), at(NOW));
    assert_eq!(verdict.reason, Some(Reason::ContentMissing));
    check("se", &[], "confirmation", "refuse unknown_scope");
    // In shadow mode the tool's own link serves, but not against a no.
    let shadow = |state: &ConsentState| {
        let verdict = decide(in_shadow(), &without, state, &Circumstances::default(), at(NOW));
        matches!(admit(verdict), Admission::Spool(_))
    };
    assert!(shadow(&nothing) && !shadow(&left));
}
