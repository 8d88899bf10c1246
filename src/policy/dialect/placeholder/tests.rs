//! What is found, and what is not.

use bytes::Bytes;

use super::*;
use crate::mail::effort;

fn given(text: &str, until: Option<&str>) -> Placeholder {
    Placeholder {
        text: text.to_owned(),
        until: until.map(str::to_owned),
        between: Between::Nothing,
        means: Meaning::Unsubscribe,
        form: Form::Address,
        only_with: None,
        rule: None,
    }
}

fn dialects() -> Placeholders {
    let label =
        Placeholder { between: Between::Label, ..given("{{{ pm:unsubscribe label=\"", Some("\" }}}")) };
    let only = Placeholder { only_with: Some("X-SMTPAPI".to_owned()), ..given("[Unsubscribe]", None) };
    let attribute = Placeholder { form: Form::Attribute, ..given("data-msys-unsubscribe=\"1\"", None) };
    let rest = [
        ("%unsubscribe_url%", None),
        ("%tag_unsubscribe_url%", None),
        ("*|UNSUB:", Some("|*")),
        ("*|UNSUB|*", None),
    ];
    let rest = rest.map(|(text, until)| given(text, until));
    Placeholders::beside_ours(rest.into_iter().chain([label, only, attribute]).collect()).unwrap()
}

fn message(header: &str) -> RawMessage {
    RawMessage::index(Bytes::from(format!("From: a@x.example\r\n{header}\r\nx\r\n"))).unwrap()
}

/// What is found, as it stands there.
fn found(text: &str, header: &str) -> Vec<String> {
    let all = dialects();
    let active = all.in_message(&message(header));
    active.find(text.as_bytes()).into_iter().map(|one| text[one.at].to_owned()).collect()
}

#[track_caller]
fn check(text: &str, expected: &[&str]) {
    assert_eq!(found(text, ""), expected, "{text}");
}

#[test]
fn ours_are_known_in_every_dress() {
    for dress in [
        "{{optgate.unsubscribe_url}}",
        "{{ optgate.unsubscribe_url }}",
        "{{{optgate.unsubscribe_url}}}",
        "%7B%7Boptgate.unsubscribe_url%7D%7D",
        "%7b%7b%20optgate.unsubscribe_url%20%7d%7d",
        "&#123;&#123;optgate.unsubscribe_url&#125;&#125;",
    ] {
        check(&format!("<a {dress}>"), &[dress]);
    }
    check("{{{optgate.unsubscribe_url}}", &["{{optgate.unsubscribe_url}}"]);
}

#[test]
fn what_is_no_placeholder_stays() {
    for text in [
        "{optgate.unsubscribe_url}",
        "{{optgate.unsubscribe_url}",
        "{{optgate.confirm}}",
        "optgate.unsubscribe_url}}",
        "{{optgate.unsubscribe_url_x}}",
        "{{optgate.",
        "unsubscribe_url, 100% unsubscribe",
        "*|UNSUB:https://shop.example/out",
        "*|UNSUB:\n|*",
        "*|UNSUB:<b>|*",
        "{{{ pm:unsubscribe label=\"x }}}",
        "[Unsubscribe]",
        "{{{{ optgate.confirm_url }}}}",
        "%%unsubscribe_url%%",
    ] {
        check(text, &[]);
    }
}

#[test]
fn neighbours_are_told_apart() {
    check(
        "{{optgate.postal_address}}%tag_unsubscribe_url%%unsubscribe_url%*|UNSUB:|**|UNSUB|*",
        &[
            "{{optgate.postal_address}}",
            "%tag_unsubscribe_url%",
            "%unsubscribe_url%",
            "*|UNSUB:|*",
            "*|UNSUB|*",
        ],
    );
    check("*|UNSUB:https://a.example/?a=1&amp;b=2|* and |*", &["*|UNSUB:https://a.example/?a=1&amp;b=2|*"]);
    check("<a data-msys-unsubscribe='1' href=x>", &["data-msys-unsubscribe='1'"]);
}

#[test]
fn neighbours_of_one_mark_are_no_part_of_each_other() {
    let three = "%unsubscribe_url%".repeat(3);
    check(&three, &["%unsubscribe_url%"; 3]);
    // Nor is a mark that stands alone before them.
    check("**|UNSUB|**|UNSUB|*", &["*|UNSUB|*"; 2]);
    check("**|UNSUB|***|UNSUB|*", &["*|UNSUB|*"]);
}

#[test]
fn a_label_is_what_stands_between() {
    let all = dialects();
    let text = "{{{ pm:unsubscribe label=&quot;Leave &amp; forget&quot; }}}";
    let active = all.in_message(&message(""));
    let found = active.find(text.as_bytes());
    assert_eq!(found.len(), 1);
    assert_eq!(&text[found[0].label.clone().unwrap()], "Leave &amp; forget");
}

#[test]
fn some_are_placeholders_only_where_the_providers_header_is() {
    assert_eq!(found("[Unsubscribe]", "x-smtpapi: {}\r\n"), ["[Unsubscribe]"]);
}

#[test]
fn what_is_found_is_bounded_and_hostile_texts_are_looked_at_a_few_times() {
    const TIMES: usize = 100;
    let all = dialects();
    let active = all.in_message(&message(""));
    assert_eq!(active.find("%unsubscribe_url% ".repeat(2_000).as_bytes()).len(), MOST_FOUND);
    for piece in
        ["*|UNSUB:", "unsubscribe ", "{{ {{ optgate.unsubscribe_url", "%%%%unsubscribe_url ", "{{{{{{"]
    {
        let text = piece.repeat(200_000);
        let (octets, found) = effort::of(|| active.find(text.as_bytes()));
        assert!(found.is_empty(), "{piece}");
        assert!(octets <= TIMES * text.len(), "{piece}: {octets} of {}", text.len());
    }
}
