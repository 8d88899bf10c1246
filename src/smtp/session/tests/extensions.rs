//! Dialogues with what EHLO offers: SMTPUTF8, DSN, CHUNKING.

use super::*;
use crate::mail::RcptParameters;

#[test]
fn smtputf8_lets_addresses_go_beyond_ascii() {
    let mut session = tool();
    check(
        &mut session,
        &[
            ("MAIL FROM:<å@shop.example>", "553 5.6.7 "),
            ("MAIL FROM:<a@köp.example>", "553 5.6.7 "),
            ("MAIL FROM:<å@köp.example> SMTPUTF8 BODY=8BITMIME", "250 2.1.0 "),
            ("RCPT TO:<åsa@köp.example>", "250 2.1.5 "),
            ("RCPT TO:<ÅSA@xn--kp-fka.example> NOTIFY=NEVER", "250 2.1.5 "),
            ("RCPT TO:<bo@b.example> ORCPT=utf-8;bö@b.example", "250 2.1.5 "),
            ("RCPT TO:<bo\u{85}@b.example>", "553 5.1.3 "),
            ("NOOP ö", "500 5.5.2 "),
            ("VRFY ö", "252 "),
        ],
    );
    let reply = session.line(b"RCPT TO:<\xe5sa@b.example>").reply.unwrap();
    assert_eq!((reply.code, reply.enhanced), (553, Some((5, 6, 7))), "Latin-1 is no UTF-8");
    let handed = session.hand_over().unwrap();
    assert_eq!((handed.protocol, handed.envelope.asked.utf8), ("UTF8SMTPS", Utf8::Asked));
    let recipients: Vec<String> = handed.envelope.recipients.iter().map(ToString::to_string).collect();
    assert_eq!(recipients, ["åsa@xn--kp-fka.example", "bo@b.example"]);
    check(
        &mut session,
        &[("MAIL FROM:<a@b.example>", "250 "), ("RCPT TO:<å@b.example>", "553 5.6.7 "), ("RSET", "250 ")],
    );
}

#[test]
fn what_the_tool_wants_to_be_told_is_handed_over() {
    let mut session = tool();
    check(
        &mut session,
        &[
            ("MAIL FROM:<a@b.example> RET=FULL ENVID=QQ+2B1", "250 "),
            ("RCPT TO:<c@b.example> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;c+40d@b.example", "250 "),
            ("RCPT TO:<d@b.example>", "250 "),
            ("RCPT TO:<C@b.example> NOTIFY=NEVER", "250 "),
            ("RCPT TO:<e@b.example> NOTIFY=NEVER,DELAY", "501 5.5.4 "),
        ],
    );
    let envelope = session.hand_over().unwrap().envelope;
    assert_eq!(envelope.asked.envid.unwrap().text(), "QQ+1");
    let notify = |asked: &RcptParameters| asked.notify.as_ref().map(ToString::to_string);
    let notify: Vec<_> = envelope.asked_for_each.iter().map(notify).collect();
    assert_eq!(notify, [Some("SUCCESS,FAILURE".to_owned()), None]);
}

const ENVELOPE: &[(&str, &str)] = &[("MAIL FROM:<>", "250 "), ("RCPT TO:<a@b.example>", "250 2.1.5 ")];

/// The chunk that a line leads to.
fn chunk(session: &mut Session, line: &str) -> Chunk {
    match step(session, line) {
        (reply, Effect::ReadChunk(chunk)) if reply.is_empty() => chunk,
        other => panic!("{line}: {other:?}"),
    }
}

/// The reply to a chunk that is read and dropped.
fn dropped(session: &mut Session, line: &str) -> String {
    match chunk(session, line).fate {
        Fate::Drop(reply) => reply.to_string(),
        other => panic!("{line}: {other:?}"),
    }
}

#[test]
fn chunks_make_a_message() {
    let mut session = tool();
    check(&mut session, &[("MAIL FROM:<> SIZE=77", "250 "), ("RCPT TO:<a@b.example>", "250 ")]);
    let (begin, position) = (Fate::Begin { hint: 77 }, Position::Within);
    assert_eq!(chunk(&mut session, "BDAT 10"), Chunk { size: 10, fate: begin, position });
    assert!(session.is_gathering());
    assert_eq!(chunk(&mut session, "bdat 0"), Chunk { size: 0, fate: Fate::Continue, position });
    let last = chunk(&mut session, "BDAT 7  last ");
    assert_eq!(last, Chunk { size: 7, fate: Fate::Continue, position: Position::Last });
    assert!(session.hand_over().is_some());
    assert!(!session.is_gathering());
    assert!(dropped(&mut session, "BDAT 5 LAST").starts_with("503 5.5.1 MAIL"));
}

#[test]
fn chunks_out_of_place_are_read_and_dropped() {
    let mut fresh = session(terms(), Channel::Tls, Some(holder("tool")));
    assert!(dropped(&mut fresh, "BDAT 5").starts_with("503 5.5.1 say EHLO"));
    check(&mut fresh, &[("HELO x", "250 ")]);
    check(&mut fresh, ENVELOPE);
    assert!(dropped(&mut fresh, "BDAT 5 LAST").starts_with("503 5.5.1 say EHLO"));
    let mut session = tool();
    assert!(dropped(&mut session, "BDAT 5").starts_with("503 5.5.1 MAIL"));
    check(&mut session, &[("MAIL FROM:<>", "250 ")]);
    assert!(dropped(&mut session, "BDAT 5").starts_with("503 5.5.1 no recipient"));
    // What came before the recipient is lost, so that the rest is no message.
    check(&mut session, &[("RCPT TO:<a@b.example>", "503 5.5.1 ")]);
    assert!(dropped(&mut session, "BDAT 5 LAST").starts_with("503 5.5.1 "));
    check(&mut session, &[("RSET", "250 ")]);
    check(&mut session, ENVELOPE);
    assert_eq!(chunk(&mut session, "BDAT 5").fate, Fate::Begin { hint: 0 });
}

#[test]
fn data_and_bdat_do_not_mix() {
    let mut session = tool();
    check(&mut session, ENVELOPE);
    chunk(&mut session, "BDAT 5");
    check(
        &mut session,
        &[("RCPT TO:<b@b.example>", "503 5.5.1 "), ("MAIL FROM:<>", "503 "), ("DATA", "503 5.5.1 ")],
    );
    assert!(!session.is_gathering());
    assert!(dropped(&mut session, "BDAT 5 LAST").starts_with("503 5.5.1 "));
    check(&mut session, &[("DATA", "503 "), ("MAIL FROM:<>", "503 "), ("EHLO tool.example", "250-")]);
    check(&mut session, ENVELOPE);
    check(&mut session, &[("DATA", "354 ")]);
}

#[test]
fn after_a_refused_chunk_the_others_are_dropped() {
    let mut session = tool();
    check(&mut session, ENVELOPE);
    chunk(&mut session, "BDAT 900");
    chunk(&mut session, "BDAT 900");
    session.chunk_refused(Position::Within);
    // As many as a large message may have; the peer pipelined them before it could know.
    for _ in 0..1_000 {
        assert!(dropped(&mut session, "BDAT 900").starts_with("503 5.5.1 the message failed"));
    }
    check(&mut session, &[("RSET", "250 ")]);
    check(&mut session, ENVELOPE);
    assert_eq!(chunk(&mut session, "BDAT 5").fate, Fate::Begin { hint: 0 });
    session.chunk_refused(Position::Last);
    check(&mut session, ENVELOPE);
}

#[test]
fn what_cannot_be_read_to_its_end_ends_the_session() {
    for line in [
        "BDAT",
        "BDAT x",
        "BDAT LAST",
        "BDAT -1",
        "BDAT +1",
        "BDAT 0x10",
        "BDAT 10 FIRST",
        "BDAT 10 LAST LAST",
        "BDAT 1,0 LAST",
        "BDAT ५ LAST",
        "BDAT 10\tLAST",
        "BDAT\t10",
        "bdat 10\u{1}",
    ] {
        let (reply, effect) = step(&mut tool(), line);
        assert!(reply.starts_with("501 5.5.4 ") || reply.starts_with("500 5.5.2 "), "{line}: {reply}");
        assert!(matches!(effect, Effect::Close), "{line}");
    }
    assert!(matches!(tool().line(b"BDAT 10 \xff").effect, Effect::Close));
    for size in ["18446744073709551615", "18446744073709551616", "99999999999999999999999999", "16777217"] {
        for line in [format!("BDAT {size}"), format!("BDAT {size} LAST")] {
            for said in [&[], ENVELOPE] {
                let mut session = tool();
                check(&mut session, said);
                let (reply, effect) = step(&mut session, &line);
                assert!(
                    reply.starts_with("552 5.3.4 ") && matches!(effect, Effect::Close),
                    "{line}: {reply}"
                );
            }
        }
    }
    let mut session = tool();
    assert!(dropped(&mut session, "BDAT 16777216").starts_with("503 "));
    assert!(step(&mut session, "BDAT 1").0.starts_with("552 "), "all that is dropped is bounded together");
}

#[test]
fn what_was_pipelined_behind_a_refused_mail_is_no_error_of_its_own() {
    let terms = Terms { max_recipients: 50, ..terms() };
    let mut session = session(terms, Channel::Tls, Some(holder("tool")));
    say(&mut session, "EHLO tool.example");
    for _ in 0..3 {
        assert!(say(&mut session, "MAIL FROM:<b@shop.example> SIZE=5000").starts_with("552 "));
        for _ in 0..50 {
            assert!(say(&mut session, "RCPT TO:<a@example.se>").starts_with("503 "));
        }
        assert!(say(&mut session, "DATA").starts_with("503 "));
    }
    say(&mut session, "RSET");
    let mut refused = 0;
    while say(&mut session, "RCPT TO:<a@example.se>").starts_with("503 ") {
        refused += 1;
    }
    assert_eq!(refused, 19, "without a MAIL they are");
}
