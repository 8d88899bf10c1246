//! Small reports of our own; those of others are in `tests/corpus_bounces`.

use proptest::prelude::*;

use super::words::{code_in, status_in};
use super::*;

fn of(message: &str) -> Report {
    read(message.replace('\n', "\r\n").as_bytes(), true)
}

fn alone(message: &str) -> Entry {
    match of(message) {
        Report::Status(mut entries) if entries.len() == 1 => entries.remove(0),
        other => panic!("{other:?}"),
    }
}

fn report(fields: &str) -> String {
    format!(
        "Subject: Undelivered\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\n\n\
         --b\nContent-Type: text/plain\n\nNobody: no such user here.\n\
         --b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example.se\n\n{fields}\n--b--\n"
    )
}

#[test]
fn a_report_tells_each_recipients_fate() {
    let two = report(
        "Final-Recipient: rfc822; anna@example.se\nAction: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp;\n 550 5.1.1 no\n such user\n\n\
         Final-Recipient: rfc822; <bo@example.se>\nAction: delayed\nStatus: 4.4.1 (no answer)\nWill-Retry-Until: tomorrow\n",
    );
    let Report::Status(entries) = of(&two) else { panic!() };
    let shown: Vec<_> = entries
        .iter()
        .map(|own| (own.action, own.recipient.as_deref(), own.reason.code, own.reason.status))
        .collect();
    let expected = [
        (Action::Failed, Some("anna@example.se"), Some(550), Some((5, 1, 1))),
        (Action::Delayed, Some("bo@example.se"), None, Some((4, 4, 1))),
    ];
    assert_eq!(shown, expected);
    assert_eq!(entries[0].reason.text, "550 5.1.1 no such user");
}

#[test]
fn a_status_that_says_nothing_gives_way_to_what_the_answer_says() {
    let entry = alone(&report(
        "Final-Recipient: rfc822; a@b.example\nAction: failed\nStatus: 5.0.0\nDiagnostic-Code: smtp; 552 5.2.2 full\n",
    ));
    assert_eq!(entry.reason.status, Some((5, 2, 2)));
    let entry = alone(&report("Final-Recipient: rfc822; a@b.example\nAction: failed\nStatus: 5.0.0\n"));
    assert!(
        entry.reason.text.contains("no such user here"),
        "what programs are not told people are: {entry:?}"
    );
    let done = alone(&report("Final-Recipient: rfc822; a@b.example\nAction: relayed\nStatus: 2.0.0\n"));
    assert_eq!(done.action, Action::Done);
}

#[test]
fn a_servers_own_words_are_read_before_the_mail_that_they_are_about() {
    let qmail = "From: MAILER-DAEMON@example.se\nSubject: failure notice\n\nHi. I'm afraid I wasn't able to deliver your \
                 message.\n<anna@example.se>:\n550 5.2.2 mailbox full\n\n--- Below this line is a copy of the message.\n\n\
                 Subject: no such user 550 5.1.1\n";
    let entry = alone(qmail);
    assert_eq!((entry.reason.code, entry.reason.status), (Some(550), Some((5, 2, 2))));
    assert!(!entry.reason.text.contains("no such user"), "{entry:?}");
    let delayed =
        "Subject: Warning: message still undelivered\n\nIt could not be delivered yet. It will be retried.\n";
    assert_eq!(alone(delayed).action, Action::Delayed);
}

#[test]
fn what_is_no_report_says_nothing() {
    assert_eq!(of("Subject: Away\nAuto-Submitted: auto-replied\n\nI am back on Monday.\n"), Report::Nothing);
    assert_eq!(
        read(b"From: anna@example.se\r\nSubject: x\r\n\r\nyour mail failed 550 5.1.1\r\n", false),
        Report::Nothing
    );
    assert_eq!(of(""), Report::Nothing);
}

#[test]
fn codes_stand_by_themselves() {
    assert_eq!(code_in("host mx[192.0.2.550] said: 450-try 550"), Some(450));
    assert_eq!(code_in("port 587, id 5501, 2.550"), None);
    assert_eq!(status_in("from 5.1.1.7 by postfix-4.2.1: (#5.7.26)"), Some((5, 7, 26)));
    assert_eq!(status_in("version5.1.1 5.1.1beta 9.1.1 5.1000.1"), None);
    assert_eq!(status_in("4.7.1."), Some((4, 7, 1)));
}

/// A mail of `count` parts of these lines each.
fn of_parts(lines: &str, count: usize) -> Vec<u8> {
    let body = lines.repeat(count);
    format!("Content-Type: multipart/report; boundary=b\r\n\r\n{body}").replace('\n', "\r\n").into_bytes()
}

#[test]
fn hostile_mail_is_read_in_linear_time() {
    let hostile = [
        "--b\nContent-Type: multipart/mixed; boundary=never\n\n",
        "--b\nContent-Type: multipart/mixed; boundary=b\n\n",
        "--b\nContent-Type: message/rfc822\n\n",
        "--b\nContent-Type: message/delivery-status\n\nStatus: 5.1.1\n\n",
        "--b\n--\n",
        "--b",
        "\n--x--",
    ];
    for lines in hostile {
        let effort = |count| crate::mail::effort::of(|| read(&of_parts(lines, count), true)).0;
        let (small, large) = (effort(2_000), effort(20_000));
        assert!(large <= 11 * small, "{lines:?}: {small} octets, then {large}");
    }
}

#[test]
fn a_multipart_whose_boundary_never_comes_is_a_text() {
    let lost = "Subject: Undelivered\nContent-Type: multipart/report; boundary=b\n\n--b\nContent-Type: multipart/mixed; \
                boundary=lost\n\n--other\nContent-Type: message/delivery-status\n\nFinal-Recipient: rfc822; \
                anna@example.se\nAction: failed\nStatus: 5.1.1\n--b\nContent-Type: text/plain\n\nGood bye.\n--b--\n";
    assert_eq!(alone(lost).reason.status, Some((5, 1, 1)));
    let cut = &report("Final-Recipient: rfc822; a@b.example\nAction: failed\nStatus: 5.2.2\n")
        .replace("--b--\n", "");
    assert_eq!(alone(cut).reason.status, Some((5, 2, 2)));
}

#[test]
fn what_is_encoded_is_read() {
    use base64::Engine as _;
    let said = base64::engine::general_purpose::STANDARD.encode("Postfach gibt es nicht: 550 5.1.1");
    let entry = alone(&format!(
        "From: MAILER-DAEMON@example.de\nSubject: =?utf-8?Q?Unzustellbar?=\nContent-Type: text/plain; charset=utf-8\n\
         Content-Transfer-Encoding: base64\n\n{said}\n"
    ));
    assert_eq!(entry.reason.status, Some((5, 1, 1)));
    let html = "From: postmaster@example.de\nSubject: Undeliverable\nContent-Type: text/html; charset=iso-8859-1\n\
                Content-Transfer-Encoding: quoted-printable\n\n<p>Postfach f=FCr Anna: <b>552</b> 5.2.2=\n full</p>\n";
    let entry = alone(html);
    assert_eq!(entry.reason.status, Some((5, 2, 2)));
    assert!(entry.reason.text.contains("für Anna"), "{entry:?}");
}

#[test]
fn a_complaint_encloses_the_mail_as_it_was() {
    let about = "List-Unsubscribe: <https://mail.test/u/token>\nContent-Type: multipart/mixed; boundary=c\n\n--c\n\nhello\n--c--\n";
    let complaint = |kind: &str, about: &str| {
        let mail = format!(
            "Content-Type: multipart/report; report-type=feedback-report; boundary=b\n\n--b\n\nAn abuse report.\n--b\n\
             Content-Type: message/feedback-report\n\nFeedback-Type: Abuse\n\n--b\n{kind}\n\n{about}--b--\n"
        );
        match of(&mail) {
            Report::Complaint(complaint) => complaint,
            other => panic!("{other:?}"),
        }
    };
    for kind in ["Content-Type: message/rfc822", "Content-Type: text/rfc822-headers"] {
        let own = complaint(kind, about);
        assert_eq!((own.kind.as_str(), own.is_a_no()), ("abuse", true));
        let enclosed = String::from_utf8(own.enclosed).unwrap();
        assert_eq!(enclosed, about.replace('\n', "\r\n").trim_end(), "{kind}");
    }
    assert_eq!(complaint("Content-Type: text/plain", about).enclosed, b"");
}

proptest! {
    #[test]
    fn nothing_makes_it_panic(octets in prop::collection::vec(any::<u8>(), 0..600), null in any::<bool>()) {
        let _ = read(&octets, null);
        let text = String::from_utf8_lossy(&octets);
        let _ = (code_in(&text), status_in(&text));
    }

    #[test]
    fn no_report_makes_it_panic(lines in prop::collection::vec(
        prop::sample::select(vec![
            "--b", "--b--", "", "Content-Type: message/delivery-status", "Content-Type: message/rfc822",
            "Content-Type: message/feedback-report", "Content-Type: text/html; charset=utf-7", "Status: 5.1.1",
            "Final-Recipient: rfc822;", "Action: ", ": ", " folded", "Diagnostic-Code: smtp; 5é0 5.1.é",
            "Content-Transfer-Encoding: base64", "Feedback-Type: abuse", "<p>&#x110000;ü&\u{a0};é<", "----- original message",
            "Content-Type: multipart/mixed; boundary=b", "Content-Type: multipart/digest; boundary=c", "--c", "--c--",
            "Content-Transfer-Encoding: quoted-printable", "=", "Content-Type: multipart/mixed; boundary=", "Content-Type:",
        ]), 0..40)) {
        let body = lines.join("\r\n");
        let message = format!("Content-Type: multipart/report; boundary=b\r\n\r\n--b\r\n{body}\r\n--b--\r\n");
        let _ = read(message.as_bytes(), true);
    }
}
