//! Caps and quiet hours of a sender, as its file gives them.

use super::super::file;
use super::super::standing::supposed;
use super::super::witness::Nobody;
use super::super::{Facts, Stream};
use super::*;
use crate::consent::fold::OwnChoices;

/// The shipped sender with these lines at the top of its file and these at its end.
fn sender(top: &str, end: &str) -> SenderPolicy {
    let files: Vec<_> = file::shipped()
        .into_iter()
        .map(|(name, text)| match name.as_str() {
            "senders/demo-shop.toml" => (name, format!("{top}\n{text}\n{end}\n")),
            _ => (name, text),
        })
        .collect();
    let (policy, _) = file::parse(&files).unwrap();
    policy.sender("demo-shop").unwrap().clone()
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn delivered(scope: &str, when: &str) -> Earlier {
    Earlier { scope: Some(scope.parse().unwrap()), at: at(when), stage: Stage::Delivered }
}

fn reserved(scope: &str, when: &str) -> Earlier {
    Earlier { stage: Stage::Reserved, ..delivered(scope, when) }
}

/// `expected` is a reason, the time until when, and the line of the rule after the file's last shipped one.
#[track_caller]
fn check(
    sender: &SenderPolicy,
    zone: &str,
    earlier: &[Earlier],
    now: &str,
    expected: Option<(Reason, &str)>,
) {
    let scope: Scope = "apparel.tshirts".parse().unwrap();
    let told_zone = (!zone.is_empty()).then_some(zone);
    let hold = Wait { sender, scope: Some(&scope), told_zone, earlier, now: at(now) }.hold(&mut Nobody);
    let found = hold.as_ref().map(|hold| (hold.reason, hold.until));
    assert_eq!(found, expected.map(|(reason, until)| (reason, at(until))), "{hold:?}");
}

/// Marketing of the shipped sender.
fn about(scope: Option<&str>) -> Facts {
    let scope = scope.map(|scope| scope.parse().unwrap());
    supposed(&sender("", ""), "", Stream::Marketing, scope)
}

const CAP: Reason = Reason::FrequencyCap;

#[test]
fn a_cap_is_for_the_recipients_day() {
    let sender = sender("", "[caps]\nmarketing = [\"1/day\"]");
    let morning = [delivered("apparel", "2026-11-22T08:00:00Z")];
    check(&sender, "", &[], "2026-11-22T09:00:00Z", None);
    check(&sender, "", &morning, "2026-11-22T23:59:59Z", Some((CAP, "2026-11-23T00:00:00Z")));
    check(&sender, "", &morning, "2026-11-23T00:00:00Z", None);
    check(&sender, "Asia/Tokyo", &morning, "2026-11-22T14:59:59Z", Some((CAP, "2026-11-22T15:00:00Z")));
    check(&sender, "Asia/Tokyo", &morning, "2026-11-22T15:00:00Z", None);
}

#[test]
fn where_no_fact_tells_a_zone_the_senders_counts() {
    let sender = sender("time_zone = \"Asia/Tokyo\"", "[caps]\nmarketing = [\"1/day\"]");
    let morning = [delivered("apparel", "2026-11-22T08:00:00Z")];
    for zone in ["", "Europe/Atlantis"] {
        check(&sender, zone, &morning, "2026-11-22T14:00:00Z", Some((CAP, "2026-11-22T15:00:00Z")));
    }
    check(&sender, "UTC", &morning, "2026-11-22T15:00:00Z", Some((CAP, "2026-11-23T00:00:00Z")));
}

#[test]
fn of_several_caps_the_one_that_ends_last_holds() {
    let sender = sender("", "[caps]\nmarketing = [\"1/day\", \"2/week\", \"3/month\"]");
    let mut earlier = vec![delivered("furniture.office", "2026-11-17T08:00:00Z")];
    check(&sender, "", &earlier, "2026-11-18T09:00:00Z", None);
    earlier.push(delivered("apparel", "2026-11-18T08:00:00Z"));
    check(&sender, "", &earlier, "2026-11-18T09:00:00Z", Some((CAP, "2026-11-23T00:00:00Z")));
    check(&sender, "", &earlier, "2026-11-23T00:00:00Z", None);
    earlier.push(delivered("apparel", "2026-11-23T08:00:00Z"));
    check(&sender, "", &earlier, "2026-11-23T09:00:00Z", Some((CAP, "2026-12-01T00:00:00Z")));
}

#[test]
fn a_cap_on_a_scope_counts_that_scope_and_all_below_it_alone() {
    let sender = sender("", "[caps.\"apparel\"]\nmarketing = [\"2/week\"]");
    let now = "2026-11-18T09:00:00Z";
    let elsewhere =
        ["furniture.office", "furniture.office"].map(|own| delivered(own, "2026-11-17T08:00:00Z"));
    check(&sender, "", &elsewhere, now, None);
    let within = ["apparel", "apparel.trousers"].map(|own| delivered(own, "2026-11-17T08:00:00Z"));
    check(&sender, "", &within, now, Some((CAP, "2026-11-23T00:00:00Z")));
    let office: Scope = "furniture.office".parse().unwrap();
    let wait = |scope| Wait { sender: &sender, scope, told_zone: None, earlier: &within, now: at(now) };
    assert_eq!(wait(Some(&office)).hold(&mut Nobody), None);
    assert_eq!(wait(None).hold(&mut Nobody), None);
}

#[test]
fn what_is_on_its_way_has_its_place_but_only_for_a_while() {
    let sender = sender("", "[caps]\nmarketing = [\"2/day\"]");
    let mut earlier = vec![delivered("apparel", "2026-11-22T08:00:00Z")];
    check(&sender, "", &earlier, "2026-11-22T09:00:00Z", None);
    // Claimed yesterday, it would be delivered today.
    earlier.push(reserved("apparel", "2026-11-21T23:59:59Z"));
    check(&sender, "", &earlier, "2026-11-22T09:00:00Z", Some((CAP, "2026-11-22T09:01:00Z")));
    earlier.push(delivered("apparel", "2026-11-22T08:30:00Z"));
    check(&sender, "", &earlier, "2026-11-22T09:00:00Z", Some((CAP, "2026-11-23T00:00:00Z")));
}

#[test]
fn quiet_hours_are_the_recipients() {
    let sender = sender("", "[quiet_hours]\nmarketing = { from = \"21:00\", to = \"08:00\" }");
    let quiet = |until| Some((Reason::QuietHours, until));
    check(&sender, "", &[], "2026-11-22T20:59:59Z", None);
    check(&sender, "", &[], "2026-11-22T21:00:00Z", quiet("2026-11-23T08:00:00Z"));
    check(&sender, "America/New_York", &[], "2026-11-22T21:00:00Z", None);
    check(&sender, "America/New_York", &[], "2026-11-23T05:00:00Z", quiet("2026-11-23T13:00:00Z"));
}

#[test]
fn a_hold_says_whose_clock_was_asked() {
    let end = "[quiet_hours]\nmarketing = { from = \"21:00\", to = \"08:00\" }";
    let sender = sender("time_zone = \"Europe/Stockholm\"", end);
    let text = |told_zone| {
        let now = at("2026-11-23T05:00:00Z");
        let wait = Wait { sender: &sender, scope: None, told_zone, earlier: &[], now };
        wait.hold(&mut Nobody).unwrap().text
    };
    let said = text(None);
    assert!(said.contains("(Europe/Stockholm, the sender's, since no fact names one)"), "{said}");
    let said = text(Some("america/new_york"));
    assert!(said.contains("(America/New_York, the recipient's)"), "{said}");
}

#[test]
fn of_a_cap_and_quiet_hours_the_one_that_ends_last_is_told() {
    let end =
        "[caps]\nmarketing = [\"1/day\"]\n[quiet_hours]\nmarketing = { from = \"21:00\", to = \"08:00\" }";
    let sender = sender("", end);
    let today = [delivered("apparel", "2026-11-22T09:00:00Z")];
    check(&sender, "", &today, "2026-11-22T20:00:00Z", Some((CAP, "2026-11-23T00:00:00Z")));
    check(&sender, "", &today, "2026-11-22T22:00:00Z", Some((Reason::QuietHours, "2026-11-23T08:00:00Z")));
    let night = [delivered("apparel", "2026-11-22T00:00:00Z")];
    check(&sender, "", &night, "2026-11-22T07:00:00Z", Some((CAP, "2026-11-23T00:00:00Z")));
}

#[test]
fn a_hold_says_what_is_reached_until_when_and_by_which_line() {
    let sender = sender("", "[caps.apparel]\nmarketing = [\n\"9/day\",\n\"1/week\",\n]");
    let lines =
        file::shipped().iter().find(|(name, _)| name == "senders/demo-shop.toml").unwrap().1.lines().count();
    let scope: Scope = "apparel".parse().unwrap();
    let earlier = [delivered("apparel", "2026-11-17T08:00:00Z")];
    let wait = Wait {
        sender: &sender,
        scope: Some(&scope),
        told_zone: None,
        earlier: &earlier,
        now: at("2026-11-18T08:00:00Z"),
    };
    let hold = wait.hold(&mut Nobody).unwrap();
    let text = "the cap of 1 marketing message in apparel a week is reached; the next may go on 2026-11-23 \
                (UTC, the sender's, since no fact names one)";
    assert_eq!(hold.text, text);
    assert_eq!((&*hold.rule.file, hold.rule.line as usize), ("senders/demo-shop.toml", lines + 6));
}

#[test]
fn what_is_kept_of_earlier_mail_is_what_fills_the_caps_that_apply() {
    let sender = sender(
        "",
        "[caps]\n[caps.\"furniture\"]\nmarketing = [\"1/month\"]\n[caps.\"apparel\"]\nmarketing = [\"2/week\"]",
    );
    let mut earlier = vec![delivered("furniture.office", "2026-11-02T08:00:00Z")];
    earlier.extend((0..70).map(|number| Earlier {
        at: at("2026-11-03T08:00:00Z") + SignedDuration::from_hours(number),
        ..delivered("apparel", "2026-11-03T08:00:00Z")
    }));
    let kept = |scope: &str| counted(&sender, &about(Some(scope)), &OwnChoices::default(), earlier.clone());
    assert_eq!(kept("furniture.office"), earlier[..1], "however much else came since");
    let youngest: Vec<Earlier> = earlier.iter().rev().take(2).cloned().collect();
    assert_eq!(kept("apparel.tshirts"), youngest);
}

#[test]
fn what_is_on_its_way_is_kept_beside_what_was_delivered() {
    let sender = sender("", "[caps]\nmarketing = [\"2/day\"]");
    let one = [delivered("apparel", "2026-11-22T08:00:00Z")];
    let on_its_way = (0..5).map(|_| reserved("apparel", "2026-11-22T09:00:00Z"));
    let earlier = one.into_iter().chain(on_its_way).collect();
    let kept = counted(&sender, &about(None), &OwnChoices::default(), earlier);
    assert_eq!(kept.iter().filter(|one| one.stage == Stage::Delivered).count(), 1);
    assert_eq!(kept.len(), 3, "as many of each as fill it");
}
