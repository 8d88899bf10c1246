//! The session as a peer meets it: dialogues, line by line.

mod extensions;
mod feedback;
mod octets;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;
use secrecy::ExposeSecret as _;

use super::*;
use crate::policy::Stream;

fn terms() -> Terms {
    Terms {
        door: Door::Submission,
        hostname: "gateway.example".into(),
        max_message_size: 1_000,
        max_recipients: 3,
        starttls: StartTls::Offered,
        auth: AuthOver::TlsAlone,
        bounds: Bounds::default(),
    }
}

fn holder(name: &str) -> Holder {
    let grant = Grant { sender: "shop".into(), name: name.into(), streams: vec![Stream::Marketing] };
    Holder { id: Uuid::from_u128(7), grant }
}

fn session(terms: Terms, channel: Channel, trusted: Option<Holder>) -> Session {
    Session::new(Arc::new(terms), channel, trusted)
}

/// A session with the right to submit, greeted.
fn tool() -> Session {
    let mut session = session(terms(), Channel::Tls, Some(holder("tool")));
    say(&mut session, "EHLO tool.example");
    session
}

/// A stranger under TLS, greeted.
fn stranger() -> Session {
    let mut session = session(terms(), Channel::Tls, None);
    say(&mut session, "EHLO tool.example");
    session
}

/// The reply's text and the effect. Where the session waits for the server there is no text.
fn step(session: &mut Session, line: &str) -> (String, Effect) {
    let Step { reply, effect, .. } = session.line(line.as_bytes());
    (reply.map(|reply| reply.to_string()).unwrap_or_default(), effect)
}

fn say(session: &mut Session, line: &str) -> String {
    step(session, line).0
}

/// Says each line and compares the beginning of each reply.
fn check(session: &mut Session, dialogue: &[(&str, &str)]) {
    for (line, expected) in dialogue {
        let reply = say(session, line);
        assert!(reply.starts_with(expected), "{line:?}: {reply:?}, expected {expected:?}");
    }
}

fn base64(text: &str) -> String {
    STANDARD.encode(text)
}

#[test]
fn ehlo_tells_what_is_offered_where() {
    let mut clear = session(terms(), Channel::Clear, None);
    let reply = say(&mut clear, "EHLO tool.example");
    let common = "250-gateway.example\r\n250-PIPELINING\r\n250-SIZE 1000\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n\
                  250-ENHANCEDSTATUSCODES\r\n250-CHUNKING\r\n250-DSN\r\n";
    assert_eq!(reply, format!("{common}250 STARTTLS\r\n"));
    let mut tls = session(terms(), Channel::Tls, None);
    let reply = say(&mut tls, "ehlo [127.0.0.1]");
    assert_eq!(reply, format!("{common}250 AUTH PLAIN LOGIN\r\n"));
    let lax = Terms { starttls: StartTls::Absent, auth: AuthOver::Anything, ..terms() };
    let reply = say(&mut session(lax, Channel::Clear, None), "EHLO x");
    assert_eq!(reply, format!("{common}250 AUTH PLAIN LOGIN\r\n"));
    assert_eq!(say(&mut tls, "HELO tool.example"), "250 gateway.example\r\n");
}

#[test]
fn a_transaction_goes_from_mail_to_data() {
    let mut session = tool();
    check(
        &mut session,
        &[
            ("MAIL FROM:<news@shop.example> SIZE=100 BODY=8BITMIME", "250 2.1.0 "),
            ("RCPT TO:<a@example.net>", "250 2.1.5 "),
            ("RCPT TO:<b@example.net>", "250 2.1.5 "),
        ],
    );
    let (reply, effect) = step(&mut session, "DATA");
    assert!(reply.starts_with("354 "));
    assert!(matches!(effect, Effect::ReadData { hint: 100 }));
    let handed = session.hand_over().unwrap();
    assert_eq!(handed.holder, Some(holder("tool")));
    assert_eq!(handed.envelope.sender.unwrap().to_string(), "news@shop.example");
    assert_eq!(handed.envelope.recipients.len(), 2);
    assert_eq!((handed.helo.as_str(), handed.protocol), ("tool.example", "ESMTPS"));
    assert!(session.hand_over().is_none(), "it leaves the session once");
    check(&mut session, &[("RCPT TO:<a@example.net>", "503 5.5.1 "), ("MAIL FROM:<>", "250 2.1.0 ")]);
}

#[test]
fn commands_out_of_place_are_refused() {
    let mut fresh = session(terms(), Channel::Tls, Some(holder("tool")));
    check(
        &mut fresh,
        &[
            ("MAIL FROM:<a@b.example>", "503 5.5.1 say EHLO"),
            ("AUTH PLAIN", "503 5.5.1 say EHLO"),
            ("RCPT TO:<a@b.example>", "503 5.5.1 "),
            ("DATA", "503 5.5.1 "),
            ("RSET", "250 2.0.0 "),
            ("NOOP anything", "250 2.0.0 "),
            ("HELP", "214 2.0.0 "),
            ("VRFY someone", "252 2.5.2 "),
            ("HELO tool.example", "250 gateway.example"),
            ("STARTTLS", "503 5.5.1 say EHLO"),
            ("EHLO tool.example", "250-"),
            ("MAIL FROM:<a@b.example>", "250 2.1.0 "),
            ("MAIL FROM:<a@b.example>", "503 5.5.1 not within"),
            ("AUTH PLAIN", "503 5.5.1 not within"),
            ("DATA", "503 5.5.1 no recipient"),
            ("EHLO again.example", "250-"),
            ("RCPT TO:<a@b.example>", "503 5.5.1 MAIL"),
        ],
    );
}

#[test]
fn grammar_is_strict() {
    let mut session = tool();
    check(
        &mut session,
        &[
            ("DATA foo", "503 "),
            ("RSET foo", "501 5.5.4 "),
            ("STARTTLS foo", "501 5.5.4 "),
            ("EHLO", "501 5.5.4 "),
            ("EHLO a b", "501 5.5.4 "),
            ("MAIL", "501 5.5.4 "),
            ("MAIL FROM:a@b.example", "501 5.5.4 "),
            ("", "500 5.5.1 "),
            ("FOO", "500 5.5.1 "),
            ("EXPN list", "502 5.5.1 "),
            ("NOOP\u{1}", "500 5.5.2 "),
            ("NOOP ö", "500 5.5.2 "),
            ("  NOOP", "500 5.5.1 "),
        ],
    );
    let mut session = tool();
    check(
        &mut session,
        &[
            ("mail from: <a@b.example>  ", "250 2.1.0 "),
            ("rcpt to:<A@b.example>\t", "250 2.1.5 "),
            ("DATA foo", "501 5.5.4 "),
            ("RCPT TO:<ö@b.example>", "553 5.6.7 "),
        ],
    );
}

#[test]
fn addresses_are_read_anew_and_never_guessed() {
    let mut session = tool();
    check(
        &mut session,
        &[("MAIL FROM:<@relay.example:a@b.example>", "553 5.1.7 "), ("MAIL FROM:<>", "250 ")],
    );
    for bad in [
        "",
        "a",
        "a@",
        "@b.example",
        "@r.example:a@b.example",
        "a@b@c.example",
        "\"a@b\"@c@d.example",
        "a b@c.example",
    ] {
        check(&mut session, &[(&format!("RCPT TO:<{bad}>"), "553 5.1.3 ")]);
    }
    check(
        &mut session,
        &[
            ("RCPT TO:<Postmaster>", "550 5.1.1 "),
            ("RCPT TO:<a@b.example> NOTIFY=ALWAYS", "501 5.5.4 "),
            ("RCPT TO:<a@b.example> RRVS=2026-11-21T12:00:00Z", "555 5.5.4 "),
            ("RCPT TO:<\"a> NOTIFY=NEVER\"@b.example>", "250 2.1.5 "),
            ("RCPT TO:<\"a@b\"@c.example>", "250 2.1.5 "),
            ("RCPT TO:<a@[192.0.2.1]>", "250 2.1.5 "),
        ],
    );
    let recipients: Vec<String> =
        session.hand_over().unwrap().envelope.recipients.iter().map(ToString::to_string).collect();
    assert_eq!(recipients, ["\"a> NOTIFY=NEVER\"@b.example", "\"a@b\"@c.example", "a@[192.0.2.1]"]);
}

#[test]
fn a_recipient_is_kept_once_and_their_number_is_bounded() {
    let mut session = tool();
    check(
        &mut session,
        &[
            ("MAIL FROM:<>", "250 "),
            ("RCPT TO:<a@b.example>", "250 2.1.5 "),
            ("RCPT TO:<A@B.EXAMPLE>", "250 2.1.5 "),
            ("RCPT TO:<\"a\"@b.example>", "250 2.1.5 "),
            ("RCPT TO:<c@b.example>", "250 2.1.5 "),
            ("RCPT TO:<d@b.example>", "250 2.1.5 "),
            ("RCPT TO:<e@b.example>", "452 4.5.3 "),
            ("RCPT TO:<d@b.example>", "250 2.1.5 "),
        ],
    );
    assert_eq!(session.hand_over().unwrap().envelope.recipients.len(), 3);
}

#[test]
fn what_is_said_of_recipients_is_bounded_and_a_hundred_always_find_room() {
    let mut session = session(Terms { max_recipients: 1_000, ..terms() }, Channel::Tls, Some(holder("tool")));
    check(&mut session, &[("EHLO x", "250-"), ("MAIL FROM:<>", "250 ")]);
    let (domain, long) = (format!("{}.example", "d".repeat(60)), "o".repeat(480));
    let rcpt = |number: usize| format!("RCPT TO:<{number}{}@{domain}> ORCPT=rfc822;{long}", "u".repeat(50));
    let taken = (0..1_000).take_while(|number| say(&mut session, &rcpt(*number)).starts_with("250 ")).count();
    assert!((100..500).contains(&taken), "{taken}");
    check(&mut session, &[(&rcpt(999), "452 4.5.3 "), (&rcpt(0), "250 2.1.5 "), ("DATA", "354 ")]);
    assert_eq!(session.hand_over().unwrap().envelope.recipients.len(), taken);
}

#[test]
fn parameters_of_mail_are_checked() {
    let mut session = tool();
    check(
        &mut session,
        &[
            ("MAIL FROM:<> SIZE=1001", "552 5.3.4 "),
            ("MAIL FROM:<> SIZE=x", "501 5.5.4 "),
            ("MAIL FROM:<> SIZE=18446744073709551616", "552 5.3.4 "),
            ("MAIL FROM:<> SMTPUTF8=1", "501 5.5.4 "),
            ("MAIL FROM:<> BODY=BINARYMIME", "555 5.5.4 "),
            ("MAIL FROM:<> RET=ALL", "501 5.5.4 "),
            ("MAIL FROM:<> REQUIRETLS", "555 5.5.4 "),
            ("MAIL FROM:<> SIZE=1000 AUTH=<>", "250 2.1.0 "),
            ("HELO tool.example", "250 "),
            ("MAIL FROM:<> SIZE=5", "555 5.5.4 "),
            ("MAIL FROM:<>", "250 2.1.0 "),
            ("RCPT TO:<a@b.example> NOTIFY=NEVER", "555 5.5.4 "),
            ("RCPT TO:<a@b.example>", "250 "),
        ],
    );
    assert_eq!(session.hand_over().unwrap().protocol, "SMTP");
}

#[test]
fn strangers_may_not_submit() {
    check(&mut stranger(), &[("MAIL FROM:<a@b.example>", "530 5.7.0 ")]);
    let mut clear = session(terms(), Channel::Clear, None);
    check(
        &mut clear,
        &[("EHLO x", "250"), ("AUTH PLAIN AGEAYgBj", "538 5.7.11 "), ("MAIL FROM:<>", "530 5.7.0 ")],
    );
}

#[test]
fn auth_lets_in_who_is_verified() {
    let mut session = stranger();
    let (reply, effect) = step(&mut session, &format!("AUTH PLAIN {}", base64("\0shop/tool\0secret")));
    assert_eq!(reply, "");
    let Effect::Verify(login) = effect else { panic!("{effect:?}") };
    assert_eq!((login.user.as_str(), login.password.expose_secret()), ("shop/tool", "secret"));
    let reply = session.verified(Verified::Holder(holder("tool"))).reply.unwrap();
    assert_eq!((reply.code, reply.enhanced), (235, Some((2, 7, 0))));
    check(
        &mut session,
        &[("AUTH PLAIN", "503 5.5.1 "), ("MAIL FROM:<>", "250 "), ("RCPT TO:<a@b.example>", "250 ")],
    );
    assert_eq!(session.hand_over().unwrap().protocol, "ESMTPSA");
}

#[test]
fn auth_login_takes_three_lines_and_long_ones() {
    let mut session = stranger();
    assert_eq!(session.line_limit(), Bounds::default().command);
    assert_eq!(say(&mut session, "AUTH LOGIN"), "334 VXNlcm5hbWU6\r\n");
    assert_eq!(session.line_limit(), MAX_AUTH_LINE);
    assert_eq!(say(&mut session, &base64("shop/tool")), "334 UGFzc3dvcmQ6\r\n");
    let (_, effect) = step(&mut session, &base64("secret"));
    assert!(matches!(effect, Effect::Verify(_)));
    let wrong = session.verified(Verified::Wrong).reply.unwrap();
    assert_eq!((wrong.code, wrong.enhanced), (535, Some((5, 7, 8))));
    check(&mut session, &[("MAIL FROM:<>", "530 "), ("AUTH PLAIN", "334 \r\n"), ("*", "501 5.7.0 ")]);
    let later = session.verified(Verified::Unavailable).reply.unwrap();
    assert_eq!((later.code, later.enhanced), (454, Some((4, 7, 0))));
    check(&mut session, &[("AUTH PLAIN", "334 "), ("QUIT", "501 5.5.2 "), ("AUTH FOO", "504 5.5.4 ")]);
    check(&mut session, &[("AUTH PLAIN", "334 ")]);
    let reply = session.bad_line(BadLine::TooLong).reply.unwrap();
    assert_eq!((reply.code, reply.enhanced), (500, Some((5, 5, 6))));
    check(&mut session, &[("NOOP", "250 ")]);
}

#[test]
fn starttls_forgets_all_but_the_network() {
    let mut session = session(terms(), Channel::Clear, Some(holder("network")));
    check(&mut session, &[("EHLO tool.example", "250-"), ("MAIL FROM:<>", "250 "), ("RSET", "250 ")]);
    let (reply, effect) = step(&mut session, "STARTTLS");
    assert!(reply.starts_with("220 2.0.0 "));
    assert!(matches!(effect, Effect::StartTls));
    session.secured();
    check(&mut session, &[("MAIL FROM:<>", "503 5.5.1 say EHLO"), ("STARTTLS", "503 ")]);
    check(
        &mut session,
        &[("EHLO tool.example", "250-"), ("STARTTLS", "503 5.5.1 TLS"), ("MAIL FROM:<>", "250 ")],
    );
    assert_eq!(session.holder(), Some(&holder("network")));
}

#[test]
fn starttls_forgets_a_login_in_clear() {
    let lax = Terms { auth: AuthOver::Anything, ..terms() };
    let mut session = session(lax, Channel::Clear, None);
    check(&mut session, &[("EHLO tool.example", "250-")]);
    assert_eq!(session.verified(Verified::Holder(holder("tool"))).reply.unwrap().code, 235);
    check(&mut session, &[("STARTTLS", "220 ")]);
    session.secured();
    check(&mut session, &[("EHLO tool.example", "250-"), ("MAIL FROM:<>", "530 5.7.0 ")]);
}

#[test]
fn starttls_is_absent_where_it_is_not_set_up() {
    let plain = Terms { starttls: StartTls::Absent, ..terms() };
    check(&mut session(plain, Channel::Clear, None), &[("EHLO x", "250-"), ("STARTTLS", "502 5.5.1 ")]);
}

#[test]
fn a_login_goes_before_the_network_and_a_revocation_ends_both() {
    let mut session = tool();
    session.verified(Verified::Holder(holder("other")));
    assert_eq!(session.holder(), Some(&holder("other")));
    let reply = session.revoked();
    assert_eq!((reply.code, reply.enhanced), (535, Some((5, 7, 8))));
    check(&mut session, &[("MAIL FROM:<>", "530 5.7.0 ")]);
}

#[test]
fn nothing_but_errors_ends_a_session() {
    let mut session = tool();
    for _ in 1..Bounds::default().errors {
        check(&mut session, &[("FOO", "500 ")]);
    }
    let (reply, effect) = step(&mut session, "FOO");
    assert!(reply.starts_with("421 4.7.0 "), "{reply}");
    assert!(matches!(effect, Effect::Close));
}

#[test]
fn guessing_passwords_ends_a_session_soon() {
    let mut session = stranger();
    let tries = std::iter::repeat_with(|| session.verified(Verified::Wrong).reply.unwrap().code);
    assert_eq!(tries.take(4).collect::<Vec<_>>(), [535, 535, 535, 421]);
}

#[test]
fn bad_addresses_in_a_list_do_not_end_the_session() {
    let mut session = tool();
    check(&mut session, &[("MAIL FROM:<>", "250 ")]);
    for _ in 0..100 {
        check(&mut session, &[("RCPT TO:<nobody>", "553 5.1.3 "), ("RCPT TO:<ö@b.example>", "553 5.6.7 ")]);
    }
}

#[test]
fn a_name_that_is_no_host_does_not_get_into_the_trace() {
    for (name, shown) in
        [("tool.example", "tool.example"), ("[127.0.0.1]", "[127.0.0.1]"), ("(a;b)", "unknown")]
    {
        let mut session = session(terms(), Channel::Clear, Some(holder("tool")));
        let ehlo = format!("EHLO {name}");
        check(&mut session, &[(&ehlo, "250-"), ("MAIL FROM:<>", "250 "), ("RCPT TO:<a@b.example>", "250 ")]);
        let handed = session.hand_over().unwrap();
        assert_eq!((handed.helo.as_str(), handed.protocol), (shown, "ESMTP"));
    }
}

proptest! {
    /// Whatever is said: one reply a line, on its lines, and nobody gets further than they may.
    #[test]
    fn no_line_upsets_a_session(lines in prop::collection::vec(line(), 0..40)) {
        let mut session = session(terms(), Channel::Tls, None);
        for line in lines {
            let step = session.line(&line);
            let waits = matches!(step.effect, Effect::Verify(_) | Effect::ReadChunk(_));
            prop_assert!(step.reply.is_some() != waits);
            let beyond = matches!(step.effect, Effect::ReadData { .. } | Effect::StartTls);
            prop_assert!(!beyond);
            let text = step.reply.map(|reply| reply.to_string()).unwrap_or_default();
            prop_assert!(text.lines().all(|line| line.len() <= 510));
        }
        prop_assert!(session.hand_over().is_none());
    }
}

fn line() -> impl Strategy<Value = Vec<u8>> {
    let words = prop::sample::select(vec![
        "EHLO x",
        "HELO x",
        "MAIL FROM:<a@b.example>",
        "RCPT TO:<a@b.example>",
        "DATA",
        "BDAT 9",
        "BDAT 0 LAST",
        "RSET",
        "AUTH LOGIN",
        "AUTH PLAIN",
        "STARTTLS",
        "c2hvcA==",
        "*",
        "MAIL FROM:<",
        "RCPT TO:<\"",
        "MAIL FROM:<> SIZE=",
        "\u{80}",
    ]);
    prop_oneof![words.prop_map(|text| text.as_bytes().to_vec()), prop::collection::vec(any::<u8>(), 0..40)]
}

#[test]
fn commands_that_bring_no_mail_end_a_session_and_recipients_are_not_counted() {
    let mut terms = terms();
    (terms.bounds.commands_without_mail, terms.max_recipients) = (6, 1_000);
    let mut session = session(terms, Channel::Tls, Some(holder("tool")));
    check(&mut session, &[("EHLO x", "250-"), ("NOOP", "250 "), ("RSET", "250 "), ("MAIL FROM:<>", "250 ")]);
    for number in 0..100 {
        check(&mut session, &[(&format!("RCPT TO:<a{number}@example.net>"), "250 ")]);
    }
    check(&mut session, &[("DATA", "354 ")]);
    session.hand_over();
    for _ in 0..6 {
        check(&mut session, &[("NOOP", "250 ")]);
    }
    let (reply, effect) = step(&mut session, "NOOP");
    assert!(reply.starts_with("421 4.7.0 ") && matches!(effect, Effect::Close), "{reply}");
}
