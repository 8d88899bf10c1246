//! What policy makes of content that has something wrong.

use super::*;
use crate::policy::finding::{FindingName, Found};

fn with(words: &str, name: FindingName) -> Facts {
    let mut facts = message(words);
    facts.findings.content = vec![Found { name, detail: Some("[NAMN] in subject".to_owned()) }];
    facts
}

fn decided(policy: &PolicySet, words: &str, name: FindingName) -> Verdict {
    let person = known("se", &[("2026-06-01", "double apparel")]);
    decide(policy, &with(words, name), &person, &Circumstances::default(), at(NOW))
}

/// The shipped policies with this in `[streams.marketing]`.
fn saying(keys: &'static str) -> PolicySet {
    policy_with(move |_, text| {
        text.replace("[streams.marketing]\n", &format!("[streams.marketing]\n{keys}\n"))
    })
}

#[test]
fn a_leak_is_refused_on_every_stream_unless_policy_says_otherwise() {
    for words in ["marketing apparel", "functional"] {
        let verdict = decided(policy(), words, FindingName::MergeFieldLeak);
        assert_eq!((verdict.verdict, verdict.reason), (VerdictKind::Refuse, Some(Reason::MergeFieldLeak)));
        assert!(verdict.text.contains("[NAMN] in subject"), "{}", verdict.text);
    }
    let allowing = saying("merge_field_leak = \"allow\"");
    assert_eq!(
        decided(&allowing, "marketing apparel", FindingName::MergeFieldLeak).verdict,
        VerdictKind::Deliver
    );
}

#[test]
fn what_is_held_waits_and_is_looked_at_again() {
    let holding = saying("merge_field_leak = \"hold\"");
    let verdict = decided(&holding, "marketing apparel", FindingName::MergeFieldLeak);
    assert_eq!((verdict.verdict, verdict.reason), (VerdictKind::Hold, Some(Reason::MergeFieldLeak)));
    assert!(verdict.until.is_some_and(|until| until > at(NOW) && until < at("2026-11-21T12:10:00Z")));
    let line = holding.line(&verdict.rule).unwrap();
    assert!(line.contains("merge_field_leak = \"hold\""), "{line}");
    // Nobody's no waits for it.
    let person = known("se", &[("2026-06-01", "double apparel"), ("2026-07-01", "withdrawal")]);
    let facts = with("marketing apparel", FindingName::MergeFieldLeak);
    let verdict = decide(&holding, &facts, &person, &Circumstances::default(), at(NOW));
    assert_eq!(verdict.reason, Some(Reason::Withdrawn));
}

#[test]
fn other_findings_warn_unless_policy_says_otherwise() {
    let refused = [FindingName::MergeFieldLeak, FindingName::PersonalLink];
    for name in FindingName::ALL.iter().filter(|name| !refused.contains(name)) {
        assert_eq!(decided(policy(), "marketing apparel", *name).verdict, VerdictKind::Deliver, "{name}");
    }
    let verdict = decided(policy(), "marketing apparel", FindingName::PersonalLink);
    assert_eq!((verdict.verdict, verdict.reason), (VerdictKind::Refuse, Some(Reason::ContentRule)));
    let strict = saying("lint = { link_to_ip = \"refuse\", footer_impossible = \"refuse\" }");
    let verdict = decided(&strict, "marketing apparel", FindingName::LinkToIp);
    assert_eq!((verdict.verdict, verdict.reason), (VerdictKind::Refuse, Some(Reason::ContentRule)));
    let verdict = decided(&strict, "marketing apparel", FindingName::FooterImpossible);
    assert_eq!((verdict.verdict, verdict.reason), (VerdictKind::Refuse, Some(Reason::ContentMissing)));
}

#[test]
fn shadow_mode_lets_pass_what_content_would_stop() {
    let verdict = decided(in_shadow(), "marketing apparel", FindingName::MergeFieldLeak);
    assert!(verdict.passes(), "{verdict:?}");
}
