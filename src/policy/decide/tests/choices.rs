//! What a person chose about how marketing comes to them, in every mode.

use super::*;
use crate::policy::facts::Personalisation;

const PAUSED: (&str, &str) = ("2026-11-01", "paused 2026-12-01");
const WEEKLY: (&str, &str) = ("2026-11-01", "weekly");

/// Of a person who was sent something in `apparel` two hours ago.
fn judged(policy: &PolicySet, facts: &[(&str, &str)], message: &Facts) -> Verdict {
    let circumstances = Circumstances::after([(scope("apparel"), at("2026-11-21T10:00:00Z"))]);
    decide(policy, message, &known("se", facts), &circumstances, at(NOW))
}

fn personal(personalisation: Personalisation) -> Facts {
    let mut facts = message("marketing apparel");
    facts.findings.personalisation = personalisation;
    facts
}

#[test]
fn what_a_person_chose_holds_marketing_by_the_streams_line_and_says_until_when() {
    let held = judged(policy(), &[SHIRT, PAUSED], &message("marketing apparel"));
    assert_eq!((held.verdict, held.reason), (VerdictKind::Hold, Some(Reason::PausedBySubscriber)));
    assert_eq!(held.until, Some(at("2026-12-01")));
    assert_eq!(
        held.text,
        "the recipient paused marketing until 2026-12-01 (UTC, the sender's, since no fact names one)"
    );
    let sender = policy().sender("demo-shop").unwrap();
    assert_eq!(held.rule, sender.stream(Stream::Marketing).rule);
    let held = judged(policy(), &[SHIRT, WEEKLY], &message("marketing furniture.office"));
    assert_eq!(held.reason, Some(Reason::OutOfScope), "a ground comes first");
    let held = judged(policy(), &[SHIRT, WEEKLY], &message("marketing apparel"));
    assert_eq!((held.reason, held.until), (Some(Reason::FrequencyCap), Some(at("2026-11-23T00:00:00Z"))));
    assert!(held.text.starts_with("the recipient chose marketing once a week at most"), "{}", held.text);
    let held = judged(policy(), &[SHIRT, WEEKLY, PAUSED], &message("marketing apparel"));
    assert_eq!(held.reason, Some(Reason::PausedBySubscriber), "what ends last is told");
}

#[test]
fn i14_no_mode_lets_marketing_pass_a_pause_or_a_cap_of_the_persons_own() {
    let spaced_shadow = policy_with(|name, text| {
        let end = "[caps]\nmarketing = [\"1/month\"]\n";
        let text = if name == "senders/demo-shop.toml" { format!("{text}\n{end}") } else { text };
        text.replace("mode = \"enforce\"", "mode = \"shadow\"")
    });
    // With a ground, without one, and where the sender's own cap ends later.
    for (policy, who) in
        [(in_shadow(), &[SHIRT][..]), (in_shadow(), &[]), (&spaced_shadow, &[SHIRT]), (&spaced_shadow, &[])]
    {
        for (choice, reason) in [(PAUSED, Reason::PausedBySubscriber), (WEEKLY, Reason::FrequencyCap)] {
            let facts = [who, &[choice]].concat();
            let verdict = judged(policy, &facts, &message("marketing apparel"));
            assert_eq!((verdict.verdict, verdict.reason), (VerdictKind::Hold, Some(reason)), "{facts:?}");
            assert!(!verdict.passes() && matches!(release(verdict), Release::Hold(_)), "{facts:?}");
        }
        let verdict = judged(policy, who, &message("marketing apparel"));
        assert!(verdict.passes(), "who chose nothing: {verdict:?}");
        let verdict = judged(policy, &[who, &[PAUSED]].concat(), &message("functional"));
        assert_eq!(verdict.verdict, VerdictKind::Deliver);
    }
    // What is wrong with the content would pass in shadow mode, and the pause with it.
    let mut leaks = message("marketing apparel");
    leaks.findings.content.push(crate::policy::finding::Found {
        name: crate::policy::finding::FindingName::MergeFieldLeak,
        detail: None,
    });
    assert!(judged(in_shadow(), &[SHIRT], &leaks).passes());
    let verdict = judged(in_shadow(), &[SHIRT, PAUSED], &leaks);
    assert_eq!((verdict.reason, verdict.passes()), (Some(Reason::PausedBySubscriber), false));
}

#[test]
fn i14_who_objected_to_profiling_is_not_profiled_in_any_mode() {
    let objected = ("2026-11-01", "objected");
    for policy in [policy(), in_shadow()] {
        for personalisation in [Personalisation::Segment, Personalisation::Individual] {
            let verdict = judged(policy, &[SHIRT, objected], &personal(personalisation));
            assert_eq!(verdict.reason, Some(Reason::ProfilingNotAllowed));
            assert!(matches!(admit(verdict), Admission::Refuse(_)));
            // A weightier no is told first.
            let verdict =
                judged(policy, &[SHIRT, objected, ("2026-11-02", "withdrawal")], &personal(personalisation));
            assert_eq!(verdict.reason, Some(Reason::Withdrawn));
        }
        let alike = judged(policy, &[SHIRT, objected], &personal(Personalisation::None));
        assert_eq!(alike.verdict, VerdictKind::Deliver);
        let unopposed = judged(policy, &[SHIRT], &personal(Personalisation::Individual));
        assert_eq!(unopposed.verdict, VerdictKind::Deliver);
    }
}
