//! Notifications, read back as a mail program reads them.

use mail_parser::{MessageParser, MimeHeaders as _, PartType};

use super::*;
use crate::mail::parameters::{Envid, Notify, Orcpt, Ret};
use crate::policy::file::{parse, shipped};

fn policy() -> Arc<PolicySet> {
    Arc::new(parse(&shipped()).unwrap().0)
}

fn now() -> Timestamp {
    "2026-11-21T12:00:00Z".parse().unwrap()
}

fn failure(recipient: &str) -> Told {
    Told {
        delivery: Uuid::from_u128(2),
        recipient: recipient.parse().unwrap(),
        asked: RcptParameters::default(),
        status: (5, 1, 1),
        text: "the mail server refused it for good".into(),
        diagnostic: Some("550 5.1.1 no such user".into()),
    }
}

fn notify(
    upstream: NullSenderMail,
    envelope_sender: Option<&str>,
    header: &[u8],
    failure: Told,
) -> Option<NewMessage> {
    let asked = MailParameters::default();
    let told = (Action::Failed, vec![failure]);
    notify_as_asked(upstream, envelope_sender, &asked, (header, header), told)
}

fn notify_as_asked(
    upstream: NullSenderMail,
    envelope_sender: Option<&str>,
    asked: &MailParameters,
    (header, message): (&[u8], &[u8]),
    told: (Action, Vec<Told>),
) -> Option<NewMessage> {
    let envelope_sender: Option<Address> = envelope_sender.map(|text| text.parse().unwrap());
    let original = Original {
        id: Uuid::from_u128(1),
        sender: "demo-shop",
        credential: "demo-shop/tool",
        envelope_sender: envelope_sender.as_ref(),
        received_at: "2026-11-21T11:00:00Z".parse().unwrap(),
        asked,
        header,
        message,
    };
    let notifier = Notifier { hostname: "gateway.example.com".into(), upstream };
    notifier.notify(&policy(), &original, told, &|| Uuid::from_u128(7), now())
}

fn told(header: &[u8], failure: Told) -> NewMessage {
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
        assert!(crate::deliver::upstream::content::Content::of(&[&message.content]).is_ok());
        let status = part(&message, 1);
        assert!(status.contains("Final-Recipient: utf-8; \\x{E5}sa@example.se\r\n"), "{status}");
        assert!(status.contains("Diagnostic-Code: smtp; 550 ???\\r\\nX-Injected: yes\r\n"), "{status}");
    }
}

#[test]
fn the_returned_header_is_bounded_at_a_line() {
    let header = format!("Subject: x\r\n{}\r\n", "X-Line: y\r\n".repeat(10_000));
    let returned = part(&told(header.as_bytes(), failure("anna@example.se")), 2);
    assert!(returned.len() <= returned::MAX_HEADER + 2);
    assert!(returned.trim_end().ends_with("X-Line: y"));
}

/// What is told of a message of which this was asked.
fn told_as_asked(ret: Option<Ret>, message: &[u8], told: (Action, Vec<Told>)) -> Option<NewMessage> {
    let asked =
        MailParameters { ret, envid: Some(Envid::parse("QQ+2B31+20x").unwrap()), ..Default::default() };
    let header = &message[..message.windows(4).position(|four| four == b"\r\n\r\n").unwrap() + 4];
    let to = Some("bounces@shop.example");
    notify_as_asked(NullSenderMail::Taken, to, &asked, (header, message), told)
}

fn asked(notify: Option<&str>, orcpt: Option<&str>) -> Told {
    let notify = notify.map(|text| Notify::parse(text).unwrap());
    let orcpt = orcpt.map(|text| Orcpt::parse(text).unwrap());
    Told { asked: RcptParameters { notify, orcpt }, ..failure("anna@example.se") }
}

const SHORT: &[u8] = b"Subject: x\r\n\r\n.body\r\n--report-00000000000000000000000000000007--\r\n";

#[test]
fn only_what_the_tool_wants_to_hear_is_told() {
    let tells = |action, notify| told_as_asked(None, SHORT, (action, vec![asked(notify, None)])).is_some();
    let (failed, relayed) = (Action::Failed, Action::Relayed);
    assert!(tells(failed, None) && tells(failed, Some("FAILURE")));
    assert!(!tells(failed, Some("NEVER")) && !tells(failed, Some("SUCCESS,DELAY")));
    assert!(tells(relayed, Some("SUCCESS")) && !tells(relayed, None) && !tells(relayed, Some("FAILURE")));
    let two = vec![asked(Some("NEVER"), None), Told { delivery: Uuid::from_u128(9), ..asked(None, None) }];
    let status = part(&told_as_asked(None, SHORT, (failed, two)).unwrap(), 1);
    assert_eq!(status.matches("Final-Recipient:").count(), 1);
    assert!(status.contains("X-Optgate-Delivery: 00000000-0000-0000-0000-000000000009"));
}

#[test]
fn the_tools_own_names_come_back() {
    let one = asked(Some("FAILURE"), Some("rfc822;Anna+2B1@OTHER.example"));
    let status = part(&told_as_asked(None, SHORT, (Action::Failed, vec![one])).unwrap(), 1);
    assert!(status.starts_with("Original-Envelope-Id: QQ+31 x\r\nReporting-MTA: dns; "), "{status}");
    let recipient = "\r\n\r\nOriginal-Recipient: rfc822; Anna+1@other.example\r\nFinal-Recipient: rfc822; anna@example.se\r\n";
    assert!(status.contains(recipient), "{status}");
    let utf8 = asked(None, Some("utf-8;\\x{E5}sa@example.se"));
    let status = part(&told_as_asked(None, SHORT, (Action::Failed, vec![utf8])).unwrap(), 1);
    assert!(status.contains("Original-Recipient: utf-8; \\x{E5}sa@example.se\r\n"), "{status}");
}

#[test]
fn the_whole_message_comes_back_where_it_was_asked_for_and_can_travel() {
    let returned = |ret, message: &[u8], action| {
        let one = asked(Some("SUCCESS,FAILURE"), None);
        let message = told_as_asked(ret, message, (action, vec![one])).unwrap();
        assert!(message.content.is_ascii());
        let text = String::from_utf8(message.content.to_vec()).unwrap();
        let whole =
            text.contains("Content-Type: message/rfc822\r\nContent-Transfer-Encoding: 7bit\r\n\r\nSubject");
        assert_eq!(whole, !text.contains("Content-Type: text/rfc822-headers"));
        whole
    };
    let plain = b"Subject: x\r\n\r\n.body\r\n";
    assert!(returned(Some(Ret::Full), plain, Action::Failed));
    assert!(!returned(Some(Ret::Full), plain, Action::Relayed));
    assert!(!returned(Some(Ret::Headers), plain, Action::Failed));
    assert!(!returned(None, plain, Action::Failed));
    assert!(!returned(Some(Ret::Full), "Subject: x\r\n\r\nå\r\n".as_bytes(), Action::Failed));
    let long = format!("Subject: x\r\n\r\n{}\r\n", "x".repeat(999));
    assert!(!returned(Some(Ret::Full), long.as_bytes(), Action::Failed));
    let large = format!("Subject: x\r\n\r\n{}", "body\r\n".repeat(returned::MAX_WHOLE / 6));
    assert!(!returned(Some(Ret::Full), large.as_bytes(), Action::Failed));
}

#[test]
fn a_notification_of_relaying_is_no_failure() {
    let one = Told { status: (2, 0, 0), diagnostic: None, ..asked(Some("SUCCESS"), None) };
    let message = told_as_asked(Some(Ret::Full), SHORT, (Action::Relayed, vec![one])).unwrap();
    let status = part(&message, 1);
    assert!(status.contains("Action: relayed\r\nStatus: 2.0.0\r\n"), "{status}");
    assert_eq!(MessageParser::default().parse(&message.content).unwrap().subject(), Some("Mail relayed"));
}
