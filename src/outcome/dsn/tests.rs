//! Notifications, read back as a mail program reads them.

use mail_parser::{MessageParser, MimeHeaders as _, PartType};

use super::*;
use crate::policy::file::{parse, shipped};

fn policy() -> Arc<PolicySet> {
    Arc::new(parse(&shipped()).unwrap().0)
}

fn now() -> Timestamp {
    "2026-11-21T12:00:00Z".parse().unwrap()
}

fn failure(recipient: &str) -> Failure {
    Failure {
        delivery: Uuid::from_u128(2),
        recipient: recipient.parse().unwrap(),
        status: (5, 1, 1),
        text: "the mail server refused it for good".into(),
        diagnostic: Some("550 5.1.1 no such user".into()),
    }
}

fn notify(
    upstream: NullSenderMail,
    envelope_sender: Option<&str>,
    header: &[u8],
    failure: Failure,
) -> Option<NewMessage> {
    let envelope_sender: Option<Address> = envelope_sender.map(|text| text.parse().unwrap());
    let original = Original {
        id: Uuid::from_u128(1),
        sender: "demo-shop",
        credential: "demo-shop/tool",
        envelope_sender: envelope_sender.as_ref(),
        received_at: "2026-11-21T11:00:00Z".parse().unwrap(),
        header,
    };
    let notifier = Notifier { hostname: "gateway.example.com".into(), upstream };
    notifier.notify(&policy(), &original, &[failure], &|| Uuid::from_u128(7), now())
}

fn told(header: &[u8], failure: Failure) -> NewMessage {
    notify(NullSenderMail::Taken, Some("bounces@shop.example"), header, failure).unwrap()
}

fn part(message: &NewMessage, index: usize) -> String {
    let parsed = MessageParser::default().parse(&message.content).unwrap();
    match &parsed.parts[index + 1].body {
        PartType::Text(text) => text.to_string(),
        PartType::Binary(bytes) => String::from_utf8(bytes.to_vec()).unwrap(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_notification_is_a_report_that_programs_can_read() {
    let message = told(b"Subject: Summer\r\nFrom: news@shop.example\r\n\r\n", failure("anna@example.se"));
    assert_eq!((message.kind, message.envelope_sender.clone()), (DeliveryKind::Dsn, None));
    let parsed = MessageParser::default().parse(&message.content).unwrap();
    let kind = parsed.content_type().unwrap();
    assert_eq!((kind.ctype(), kind.subtype()), ("multipart", Some("report")));
    assert_eq!(kind.attribute("report-type"), Some("delivery-status"));
    assert_eq!(parsed.from().unwrap().first().unwrap().address(), Some("MAILER-DAEMON@gateway.example.com"));
    assert_eq!(parsed.to().unwrap().first().unwrap().address(), Some("bounces@shop.example"));
    assert_eq!(parsed.header_raw("Auto-Submitted").unwrap().trim(), "auto-replied");
    assert_eq!(parsed.date().unwrap().to_timestamp(), now().as_second());
    assert!(parsed.message_id().unwrap().ends_with("@gateway.example.com"));
    let types: Vec<String> = parsed.parts[1..]
        .iter()
        .map(|part| part.content_type().map(|t| format!("{}/{}", t.ctype(), t.subtype().unwrap())).unwrap())
        .collect();
    assert_eq!(types, ["text/plain", "message/delivery-status", "text/rfc822-headers"]);
    assert!(part(&message, 0).contains("<anna@example.se>"));
    assert_eq!(part(&message, 2).trim_end(), "Subject: Summer\r\nFrom: news@shop.example");
}

#[test]
fn the_status_part_names_each_recipient_and_what_was_said() {
    let status = part(&told(b"Subject: x\r\n\r\n", failure("anna@example.se")), 1);
    let lines: Vec<&str> = status.trim_end().split("\r\n").collect();
    assert_eq!(
        lines,
        [
            "Reporting-MTA: dns; gateway.example.com",
            "X-Optgate-Message: 00000000-0000-0000-0000-000000000001",
            "Arrival-Date: Sat, 21 Nov 2026 11:00:00 +0000",
            "",
            "Final-Recipient: rfc822; anna@example.se",
            "Action: failed",
            "Status: 5.1.1",
            "Diagnostic-Code: smtp; 550 5.1.1 no such user",
            "Last-Attempt-Date: Sat, 21 Nov 2026 12:00:00 +0000",
            "X-Optgate-Delivery: 00000000-0000-0000-0000-000000000002",
        ]
    );
}

#[test]
fn only_the_senders_own_domains_are_told() {
    let tell = |kind, to| notify(kind, to, b"Subject: x\r\n\r\n", failure("anna@example.se"));
    assert!(tell(NullSenderMail::Taken, Some("a@shop.example")).is_some());
    assert!(tell(NullSenderMail::Taken, Some("victim@elsewhere.example")).is_none());
    assert!(tell(NullSenderMail::Taken, None).is_none());
    assert!(tell(NullSenderMail::RefusedByProvider, Some("a@shop.example")).is_none());
}

#[test]
fn a_notification_is_one_delivery_to_the_envelope_sender() {
    let message = told(b"Subject: x\r\n\r\n", failure("anna@example.se"));
    let [delivery] = message.deliveries.as_slice() else { panic!("one delivery") };
    assert_eq!(delivery.recipient.to_string(), "bounces@shop.example");
    assert_eq!(delivery.lane.stream, Stream::Functional);
    assert!(delivery.deadline > now());
    let Admission::Spool(spoolable) = &delivery.admission else { panic!("spooled") };
    assert_eq!(spoolable.kind(), DeliveryKind::Dsn);
}

#[test]
fn whatever_the_header_holds_the_notification_is_canonical_ascii() {
    let long = format!("X: {}\r\n", "y".repeat(2000));
    for header in [
        "Subject: Hej då åäö\r\n\r\n".as_bytes(),
        b"Subject: \xff\xfe\r\n\r\n",
        long.as_bytes(),
        b"--report-00000000000000000000000000000007--\r\n\r\n",
    ] {
        let mut odd = failure("åsa@example.se");
        odd.diagnostic = Some("550 åäö\r\nX-Injected: yes".into());
        let message = told(header, odd);
        assert!(message.content.is_ascii());
        assert!(crate::deliver::upstream::content::stuffed(&[&message.content]).is_ok());
        let status = part(&message, 1);
        assert!(status.contains("Final-Recipient: utf-8; \\x{E5}sa@example.se\r\n"), "{status}");
        assert!(status.contains("Diagnostic-Code: smtp; 550 ???\\r\\nX-Injected: yes\r\n"), "{status}");
    }
}

#[test]
fn the_returned_header_is_bounded_at_a_line() {
    let header = format!("Subject: x\r\n{}\r\n", "X-Line: y\r\n".repeat(10_000));
    let returned = part(&told(header.as_bytes(), failure("anna@example.se")), 2);
    assert!(returned.len() <= MAX_RETURNED_HEADER + 2);
    assert!(returned.trim_end().ends_with("X-Line: y"));
}
