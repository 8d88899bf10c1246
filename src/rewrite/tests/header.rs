//! What leaves in the header.

use super::*;

const PLAIN: &str = "From: a@shop.example\nSubject: Sale\nDate: Fri, 20 Nov 2026 12:00:00 +0000\n\
                     Message-ID: <1@shop.example>\n\nHello\n";

#[test]
fn marketing_carries_one_pair_that_replaces_what_was_there() {
    let theirs = format!(
        "List-Unsubscribe: <https://tool.example/u>,\n <mailto:out@tool.example>\nlist-unsubscribe-post: x\n\
         List-Unsubscribe: <https://tool.example/2>\nList-ID: <theirs>\nFeedback-Id: theirs\n{PLAIN}"
    );
    let mut rewriting = marketing();
    rewriting.links.as_mut().unwrap().mailto = Some("u+token@bounces.example".into());
    let copy = copy(&theirs, &rewriting);
    for name in ["List-Unsubscribe", "List-Unsubscribe-Post", "List-Id", "Feedback-ID"] {
        assert_eq!(count(&copy, name), 1, "{name}");
    }
    assert!(
        copy.contains(&format!(
            "List-Unsubscribe: <{UNSUBSCRIBE}>,\r\n <mailto:u+token@bounces.example>\r\n"
        ))
    );
    assert!(copy.contains("\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"));
    assert!(copy.contains("\r\nList-Id: \"Demo Shop AB\" <apparel.shop.example>\r\n"));
    assert!(copy.contains("\r\nFeedback-ID: summer:marketing:demo-shop\r\n"));
    assert!(copy.starts_with("Received: from tool.example\r\n\tby gateway.example;"));
}

#[test]
fn another_stream_keeps_its_own_list_fields_and_gets_none() {
    let copy = copy(&format!("List-Id: <theirs>\n{PLAIN}"), &functional());
    assert!(copy.contains("\r\nList-Id: <theirs>\r\n"));
    assert_eq!(count(&copy, "List-Unsubscribe") + count(&copy, "Feedback-ID"), 0);
    assert_eq!(body(&copy), "Hello\r\n");
}

#[test]
fn selectors_and_private_fields_go_on_every_stream() {
    let private = "X-Optgate-Scope: apparel\nx-optgate-stream: marketing\nBcc: secret@x.example,\n\tmore@x.example\n\
                   Resent-Bcc: b@x.example\nReturn-Path: <c@x.example>\nX-Other: stays\n";
    for rewriting in [marketing(), functional()] {
        let copy = copy(&format!("{private}{PLAIN}"), &rewriting);
        for gone in ["optgate-", "secret", "more@", "Resent", "Return-Path"] {
            assert!(!copy.contains(gone), "{gone}");
        }
        assert!(copy.contains("\r\nX-Other: stays\r\n"));
    }
}

#[test]
fn what_is_missing_is_added_and_what_is_there_stays() {
    let added = copy("From: a@shop.example\n\nHello\n", &functional());
    assert_eq!(
        (count(&added, "Date"), count(&added, "Message-ID"), count(&added, "MIME-Version")),
        (1, 1, 1)
    );
    assert!(added.contains("\r\nMessage-ID: <0193@gateway.example>\r\n"));
    let mime = copy(&format!("Content-Type: text/plain\n{PLAIN}"), &functional());
    assert_eq!(count(&mime, "MIME-Version"), 1);
    let kept = copy(PLAIN, &functional());
    assert!(kept.contains("<1@shop.example>") && kept.contains("Fri, 20 Nov"));
    assert_eq!((count(&kept, "Date"), count(&kept, "Message-ID")), (1, 1));
}

#[test]
fn headers_of_an_upstream_replace_those_of_the_tool() {
    let mut rewriting = functional();
    rewriting.extra_headers =
        vec![("X-SES-Configuration-Set".into(), "main".into()), ("Bad Name".into(), "x".into())];
    let copy = copy(&format!("X-SES-CONFIGURATION-SET: theirs\n{PLAIN}"), &rewriting);
    assert!(copy.contains("\r\nX-SES-Configuration-Set: main\r\n") && !copy.contains("theirs"));
    assert!(!copy.contains("Bad Name"));
}

#[test]
fn what_an_upstream_would_obey_is_the_configurations_alone() {
    let mut rewriting = functional();
    rewriting.withheld =
        Some(Withheld { prefix: "X-Mailgun-", but: &["X-Mailgun-Tag"], also: &["DKIM-Signature"] });
    rewriting.extra_headers = vec![("X-Mailgun-Track".into(), "no".into())];
    let header =
        "x-mailgun-Deliver-By: Fri, 1 Jan 2027\nX-Mailgun-Track: yes\nX-MAILGUN-TAG: sale\nX-Mail: own\n";
    let copy = copy(&format!("{header}{PLAIN}"), &rewriting);
    assert!(!copy.contains("2027") && !copy.contains("yes"), "{copy}");
    for kept in ["\r\nX-Mailgun-Track: no\r\n", "X-MAILGUN-TAG: sale\r\n", "X-Mail: own\r\n"] {
        assert!(copy.contains(kept), "{kept} in {copy}");
    }
}

#[test]
fn no_value_of_ours_makes_a_field_of_its_own() {
    let evil = "x\r\nBcc: evil@x.example\r\n\r\nbody\n";
    let mut rewriting = marketing();
    rewriting.sender_name = evil.into();
    rewriting.list_id = Some(evil.into());
    rewriting.feedback_id = Some(evil.into());
    rewriting.received = format!("Received: {evil}");
    rewriting.date = evil.into();
    rewriting.message_id = evil.into();
    rewriting.extra_headers = vec![("X-A".into(), evil.into())];
    let links = Links {
        unsubscribe: evil.into(),
        preferences: evil.into(),
        confirm: None,
        data: None,
        mailto: Some(evil.into()),
    };
    rewriting.links = Some(links);
    let copy = copy("From: a@shop.example\n\nHello\n", &rewriting);
    assert_eq!(count(&copy, "Bcc"), 0);
    assert!(body(&copy).starts_with("Hello\r\n"));
}

#[test]
fn a_name_beyond_ascii_is_encoded_and_folded() {
    let mut rewriting = marketing();
    rewriting.sender_name = "Ööö Möbler ".repeat(12);
    let copy = copy(PLAIN, &rewriting);
    let header = copy.split("\r\n\r\n").next().unwrap();
    assert!(header.is_ascii() && header.lines().all(|line| line.len() <= 120));
    let parsed = parsed(copy.as_bytes());
    assert!(parsed.header_raw("List-Id").unwrap().contains("=?utf-8?B?"));
}

#[test]
fn a_header_that_runs_into_the_body_is_parted_from_it() {
    let copy = copy("From: a@shop.example\nSubject: x\nno field at all\nmore\n", &functional());
    assert_eq!(body(&copy), "no field at all\r\nmore\r\n");
    let bodyless = bytes(b"From: a@shop.example\r\n".to_vec());
    assert!(copy_of(&bodyless, &functional()).ends_with("\r\n\r\n"));
}

#[test]
fn marketing_never_leaves_without_links() {
    let rewriting = Rewriting { links: None, ..marketing() };
    assert_eq!(rewrite(&message(PLAIN), &rewriting).unwrap_err(), NotRewritable::LinksMissing);
}

/// opendkim gives up on a whole message at a signature that it can't read; one that is only broken stays.
#[test]
fn what_is_no_signature_goes_and_every_other_stays() {
    let sound = "DKIM-Signature: v=1; a=rsa-sha256; d=x.example; s=a; h=from;\n bh=AA==; b=AA==\n";
    let unread = "DKIM-Signature: nonsense\ndkim-signature: a=rsa-sha1; c=nowsp; d=x.example; s=a;\n\th=from; b=AA==\n\
        DKIM-Signature: v=1; a=rsa-sha256; d=x.example(.evil.example; s=a; h=from;\n bh=AA==; b=AA==\n";
    let mut rewriting = functional();
    let copied = |rewriting: &_| copy(&format!("From: a@x.example\n{sound}{unread}\nHello\n"), rewriting);
    let kept = copied(&rewriting);
    assert!(kept.contains(&sound.replace('\n', "\r\n")), "{kept}");
    assert!(!["nonsense", "nowsp", "evil"].iter().any(|own| kept.contains(own)), "{kept}");
    // SES refuses a second one beside ours.
    rewriting.withheld = crate::deliver::upstream::Kind::Ses.withheld();
    assert_eq!(count(&copied(&rewriting), "DKIM-Signature"), 0);
}
