//! The door to which mail comes back: everybody may write, to addresses of ours alone.

use super::*;

fn server_of_others() -> Session {
    let mut session = session(Terms { door: Door::Feedback, ..terms() }, Channel::Tls, None);
    say(&mut session, "EHLO mx.example");
    session
}

/// What is said of a recipient once it is known what it is.
fn rcpt(session: &mut Session, address: &str, known: Known) -> String {
    let (reply, effect) = step(session, &format!("RCPT TO:<{address}>"));
    assert_eq!(reply, "", "nothing is said before it is known");
    let Effect::Ask(asked) = effect else { panic!("{effect:?}") };
    assert_eq!(asked.address.to_string(), address);
    session.judged(*asked, known).reply.unwrap().to_string()
}

#[test]
fn nobody_logs_in_and_nothing_is_promised_that_is_not_kept() {
    let mut session = session(Terms { door: Door::Feedback, ..terms() }, Channel::Clear, None);
    let offered = say(&mut session, "EHLO mx.example");
    assert!(offered.contains("STARTTLS") && offered.contains("PIPELINING"), "{offered}");
    assert!(!offered.contains("AUTH") && !offered.contains("DSN"), "{offered}");
    check(
        &mut session,
        &[
            ("AUTH PLAIN AGEAYg==", "502 5.5.1"),
            ("MAIL FROM:<a@b.example> RET=FULL", "555 5.5.4"),
            ("MAIL FROM:<a@b.example>", "250 2.1.0"),
            ("RCPT TO:<u+x@bounces.example> NOTIFY=SUCCESS", "555 5.5.4"),
            ("RCPT TO:<postmaster>", "550 5.1.1 no mail is kept here"),
            ("RCPT TO:<PostMaster@bounces.example>", "550 5.1.1 no mail is kept here"),
            ("DATA", "503 5.5.1"),
        ],
    );
}

#[test]
fn a_recipient_is_taken_once_it_is_known_to_be_ours() {
    let mut session = server_of_others();
    check(&mut session, &[("MAIL FROM:<>", "250 2.1.0")]);
    assert!(
        rcpt(&mut session, "a@elsewhere.example", Known::Nobody)
            .starts_with("550 5.1.1 no such address here")
    );
    assert!(rcpt(&mut session, "u+x@bounces.example", Known::Unavailable).starts_with("451 4.3.0"));
    assert!(rcpt(&mut session, "u+y@bounces.example", Known::Ours).starts_with("250 2.1.5"));
    check(&mut session, &[("DATA", "354")]);
    let handed = session.hand_over().unwrap();
    assert_eq!(handed.holder, None);
    let recipients: Vec<String> = handed.envelope.recipients.iter().map(ToString::to_string).collect();
    assert_eq!(recipients, ["u+y@bounces.example"]);
}

#[test]
fn who_guesses_addresses_is_sent_away() {
    let mut session = server_of_others();
    check(&mut session, &[("MAIL FROM:<a@b.example>", "250")]);
    for _ in 1..Bounds::default().errors {
        assert!(rcpt(&mut session, "u+x@bounces.example", Known::Nobody).starts_with("550"));
    }
    assert!(rcpt(&mut session, "u+x@bounces.example", Known::Nobody).starts_with("421 4.7.0"));
}

#[test]
fn too_many_recipients_are_told_so() {
    let mut session = server_of_others();
    check(&mut session, &[("MAIL FROM:<a@b.example>", "250")]);
    for number in 0..terms().max_recipients {
        assert!(rcpt(&mut session, &format!("u+{number}@bounces.example"), Known::Ours).starts_with("250"));
    }
    // Nobody is asked about what is there already, or finds no room.
    check(
        &mut session,
        &[("RCPT TO:<U+0@bounces.example>", "250 2.1.5"), ("RCPT TO:<u+more@bounces.example>", "452 4.5.3")],
    );
}

#[test]
fn a_no_is_heard_whatever_its_sender_is_called() {
    for sender in ["a@host_name.example", "root"] {
        let mut session = server_of_others();
        check(&mut session, &[(&format!("MAIL FROM:<{sender}>"), "250 2.1.0")]);
        assert!(rcpt(&mut session, "u+y@bounces.example", Known::Ours).starts_with("250 2.1.5"));
        check(&mut session, &[("DATA", "354")]);
        assert!(session.hand_over().unwrap().envelope.sender.is_some(), "it is no bounce");
    }
}
