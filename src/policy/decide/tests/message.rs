//! What a message is and lacks, before anybody is looked at.

use super::*;

#[test]
fn what_the_message_lacks_is_told_before_what_the_person_lacks_and_by_the_line_that_asks_for_it() {
    let nowhere = policy_with(|_, text| text.replace("postal_address = \"Storgatan", "# \""));
    for facts in [&[][..], &[("2026-06-01", "withdrawal")]] {
        let verdict = judge(&nowhere, "se", facts, "marketing apparel");
        assert_eq!(verdict.reason, Some(Reason::ContentMissing));
        let line = nowhere.line(&verdict.rule).unwrap();
        assert!(line.contains("postal_address = true"), "{}: {line}", verdict.rule.file);
        assert!(verdict.text.ends_with("senders/demo-shop.toml has no `postal_address`"), "{}", verdict.text);
    }
    let service = judge(&nowhere, "se", &[], "functional");
    assert_eq!(service.verdict, VerdictKind::Deliver, "nobody asks it of service mail");
}

#[test]
fn shadow_mode_lets_pass_what_the_message_lacks_but_not_what_is_not_the_senders_to_send() {
    let shadow = in_shadow();
    let decided =
        |facts: &Facts| decide(shadow, facts, &ConsentState::default(), &Circumstances::default(), at(NOW));
    let unknown = decided(&message("marketing shoes"));
    assert_eq!((unknown.reason, unknown.passes()), (Some(Reason::UnknownScope), true));
    let shadow_line = shadow.line(unknown.shadow.as_ref().unwrap()).unwrap();
    assert!(shadow_line.contains("mode = \"shadow\""), "{shadow_line}");
    let mut ungranted = message("marketing apparel");
    ungranted.findings.grant = StreamGrant::Lacking;
    let mut foreign = message("marketing apparel");
    foreign.findings.also_from = vec!["other.example".to_owned()];
    for (facts, reason) in [(ungranted, Reason::StreamNotAllowed), (foreign, Reason::FromNotAllowed)] {
        let verdict = decided(&facts);
        assert_eq!((verdict.reason, verdict.passes()), (Some(reason), false));
    }
}
