//! Which parts are the body.

use super::*;

/// Parts as `TYPE|CONTENT`, in a container of this type; those that got a footer, by content.
#[track_caller]
fn check_bodies(container: &str, parts: &[&str], expected: &[&str]) {
    let mut text = format!("From: a@x.example\nContent-Type: {container}; boundary=b\n\n");
    for part in parts {
        let (kind, content) = part.split_once('|').unwrap();
        text.push_str(&format!("--b\nContent-Type: {kind}\n\n{content}\n"));
    }
    text.push_str("--b--\n");
    let copy = copy(&text, &marketing());
    let seen = parsed(copy.as_bytes());
    let own = |part: &&&str| {
        let content = part.split_once('|').unwrap().1;
        let leaf = seen.parts.iter().filter_map(|leaf| leaf.text_contents());
        leaf.filter(|leaf| leaf.starts_with(content)).any(|leaf| leaf.contains(UNSUBSCRIBE))
    };
    let found: Vec<&str> = parts.iter().filter(own).map(|part| part.split_once('|').unwrap().1).collect();
    assert_eq!(found, expected, "{container} {parts:?}\n{copy}");
}

#[test]
fn the_first_text_and_the_first_html_that_are_shown_are_the_body() {
    let alternative = "multipart/alternative";
    check_bodies(alternative, &["text/plain|t", "text/html|h"], &["t", "h"]);
    check_bodies(alternative, &["text/html|h"], &["h"]);
    check_bodies(alternative, &["text/plain|t", "text/x-amp-html|amp", "text/html|h"], &["t", "h"]);
    check_bodies(alternative, &["text/plain|t", "text/watch-html|w", "text/html|h"], &["t", "h"]);
    check_bodies(alternative, &["text/enriched|e", "text/html|h"], &["e", "h"]);
    check_bodies(alternative, &["text/enriched|e", "text/plain|t"], &["t"]);
    check_bodies(alternative, &["text/plain|t", "text/html|h", "text/calendar|BEGIN:VCALENDAR"], &["t", "h"]);
    let mixed = "multipart/mixed";
    check_bodies(mixed, &["text/plain|t", "text/plain|u", "text/html|h", "text/html|i"], &["t", "h"]);
    check_bodies(mixed, &["image/png|p", "text/html|h"], &["h"]);
    check_bodies(mixed, &["text/html|h", "image/png|p", "text/html|i"], &["h"]);
    check_bodies("multipart/x-unknown", &["text/plain|t", "application/pdf|p"], &["t"]);
    check_bodies(
        "multipart/report",
        &["text/plain|t", "message/delivery-status|Action: x", "text/rfc822-headers|A: b"],
        &["t"],
    );
    check_bodies("multipart/digest", &["text/plain|t", "message/rfc822|Subject: x\n\nnested"], &["t"]);
    check_bodies(mixed, &["text/csv|a;b", "text/vcard|BEGIN:VCARD"], &[]);
}

#[test]
fn in_an_alternative_a_name_makes_no_attachment() {
    check_bodies(
        "multipart/alternative",
        &["text/plain; name=a.txt|t", "text/html; name=a.html|h"],
        &["t", "h"],
    );
    check_bodies("multipart/mixed", &["text/plain|t", "text/html; name=a.html|h"], &["t"]);
    let continued = "text/plain; name*0*=utf-8''caf%C3; name*1*=%A9.txt|n";
    check_bodies("multipart/mixed", &[continued, "text/plain|t"], &["t"]);
    let disposed = "text/plain\nContent-Disposition: inline; filename*=utf-8''caf%C3%A9.txt|n";
    check_bodies("multipart/mixed", &[disposed, "text/plain|t"], &["t"]);
    let attached = "text/plain\nContent-Disposition: ATTACHMENT|n";
    check_bodies("multipart/alternative", &[attached, "text/plain|t"], &["t"]);
    let form = "text/plain\nContent-Disposition: form-data; name=a|n";
    check_bodies("multipart/form-data", &[form], &[]);
}

#[test]
fn the_root_of_a_related_is_named_or_the_first() {
    let parts = ["text/html\nContent-ID: <a>|h", "text/html\nContent-ID: <b>|i"];
    check_bodies("multipart/related", &parts, &["h"]);
    check_bodies("multipart/related; start=\"<b>\"", &parts, &["i"]);
    check_bodies("multipart/related; start=b", &parts, &["i"]);
    // A name that nothing has is none.
    check_bodies("multipart/related; start=\"<c>\"", &parts, &["h"]);
    check_bodies("multipart/related", &["text/html; name=mail.html|h", "text/plain|t"], &["h"]);
    check_bodies("multipart/related", &["image/png|p", "text/html|h"], &[]);
}

#[test]
fn what_machines_read_is_left_to_them() {
    let invitation = "BEGIN:VCALENDAR\nDESCRIPTION:{{optgate.unsubscribe_url}}\nEND:VCALENDAR\n";
    for kind in ["text/calendar; method=REQUEST; charset=utf-8", "text/x-vcalendar", "text/vcard", "text/css"]
    {
        let alone = format!("From: a@x.example\nContent-Type: {kind}\n\n{invitation}");
        assert_eq!(body(&copy(&alone, &marketing())), invitation.replace('\n', "\r\n"), "{kind}");
        let beside = format!(
            "From: a@x.example\nContent-Type: multipart/alternative; boundary=b\n\n--b\n\nHello\n--b\n\
             Content-Type: {kind}\n\n{invitation}--b--\n"
        );
        let copy = copy(&beside, &marketing());
        assert!(copy.contains(&invitation.replace('\n', "\r\n")) && text_of(&copy, 1).contains(UNSUBSCRIBE));
    }
}

#[test]
fn nothing_in_a_nested_message_changes() {
    let nested = "From: b@x.example\nX-Optgate-Scope: a\nContent-Type: multipart/alternative; boundary=n\n\n--n\n\n\
                  {{optgate.unsubscribe_url}}\n--n\nContent-Type: text/html\n\n<body></body>\n--n--\n";
    for (container, kind) in [
        ("mixed", "Content-Type: message/rfc822\n"),
        ("digest", ""),
        ("mixed", "Content-Type: message/global\nContent-Disposition: inline\n"),
        ("mixed", "Content-Type: message/rfc822\nContent-Transfer-Encoding: 8bit\n"),
    ] {
        let text = format!(
            "From: a@x.example\nContent-Type: multipart/{container}; boundary=o\n\n--o\nContent-Type: text/plain\n\nHello\n\
             --o\n{kind}\n{nested}--o--\n"
        );
        let copy = copy(&text, &marketing());
        assert!(copy.ends_with(&format!("{kind}\n{nested}--o--\n").replace('\n', "\r\n")), "{kind}: {copy}");
        assert!(text_of(&copy, 1).contains(UNSUBSCRIBE), "{kind}");
    }
    let alone = format!("From: a@x.example\nContent-Type: message/rfc822\n\n{nested}");
    assert_eq!(body(&copy(&alone, &marketing())), nested.replace('\n', "\r\n"));
}

#[test]
fn each_of_the_two_bodies_is_judged_by_itself() {
    let text = "From: a@x.example\nContent-Type: multipart/alternative; boundary=b\n\n--b\n\n\
                Out: {{optgate.unsubscribe_url}}\n--b\nContent-Type: text/html\n\n<p>Hello</p>\n--b--\n";
    let copy = copy(text, &marketing());
    let (text, html) = (text_of(&copy, 1), text_of(&copy, 2));
    assert!(text.matches(UNSUBSCRIBE).count() == 1 && text.contains(ADDRESS) && !text.contains(PREFERENCES));
    assert!(html.matches(UNSUBSCRIBE).count() == 1 && html.contains(ADDRESS) && html.contains(PREFERENCES));
}
