//! A message as a stranger sends it → a copy: canonical, readable again, of the same structure, and a second pass
//! changes nothing. What has no links and no footer, and whose
//! trackers stay, keeps its body octet for octet (invariant 7).
//!
//! The first octet says how it is rewritten; the rest is message data before dots were unstuffed.
#![no_main]

use std::sync::{Arc, LazyLock};

use bytes::{Bytes, BytesMut};
use libfuzzer_sys::fuzz_target;
use optgate::lint;
use optgate::mail::RawMessage;
use optgate::policy::dialect::Dialects;
use optgate::policy::sender::{ClippedFooter, SenderMailto};
use optgate::policy::tracking::Trackers;
use optgate::policy::{Stream, file};
use optgate::rewrite::{
    self, Demands, EightBit, Links, MOST_HOSTS, NotRewritable, OwnText, Rewriting, Tracking,
};
use optgate::smtp::wire::{DataReader, EndOfData};

fuzz_target!(|octets: &[u8]| {
    let [how, octets @ ..] = octets else { return };
    let Ok(message) = RawMessage::index(received(octets)) else { return };
    let rewriting = rewriting(*how);
    let checked = rewrite::check(&message).map(|checked| told(&checked, &rewriting));
    let copy = match rewrite::rewrite(&message, &rewriting) {
        Ok(copy) => copy,
        Err(NotRewritable::SignedEightBit) => {
            assert_eq!(rewriting.eight_bit, EightBit::Encode);
            return;
        }
        // What can't be rewritten is found at intake.
        Err(NotRewritable::Unparsable(why)) if rewriting.stream == Stream::Marketing => {
            let footer = rewrite::check(&message).and_then(|checked| checked.open().takes_a_footer());
            return assert_eq!(footer, Err(why));
        }
        Err(NotRewritable::Unparsable(why)) => return assert_eq!(checked, Err(why)),
        Err(NotRewritable::LinksMissing) => panic!("links are there"),
    };
    assert_eq!(checked, Ok(()));
    canonical(&copy.bytes);
    assert_eq!(copy.eight_bit, !copy.bytes.is_ascii());
    let read = RawMessage::index(copy.bytes.clone().into()).expect("a copy can be read");
    assert!(rewrite::check(&read).is_ok(), "a copy's structure can be read");
    links(&read, &rewriting);
    untouched(&message, &read, &rewriting);
    let again = rewrite::rewrite(&read, &rewriting).expect("a copy can be rewritten");
    assert_eq!((again.taken_out.pixels, again.taken_out.links), (0, 0), "a second pass found more");
    let seen = rewrite::check(&message).map(|checked| checked.open().tracked(&shipped_trackers(), None));
    let hosts = seen.iter().flat_map(|seen| seen.unknown_link_hosts.iter().chain(&seen.unknown_pixel_hosts));
    assert!(
        hosts.clone().all(|host| host.len() <= 253 && host.is_ascii()) && hosts.count() <= 2 * MOST_HOSTS
    );
    let again = again.bytes.strip_prefix(rewriting.received.as_bytes()).expect("Received comes first");
    assert_eq!(
        String::from_utf8_lossy(again),
        String::from_utf8_lossy(&copy.bytes),
        "a second pass changed it"
    );
});

/// Lint takes any message, and says little of each.
fn told(checked: &rewrite::Checked<'_>, rewriting: &Rewriting) {
    let opened = checked.open();
    let tracked = opened.tracked(&shipped_trackers(), None);
    let findings =
        lint::look(&opened, rewriting.stream, &rewriting.dialects, &tracked, &lint::Home::default());
    assert!(findings.len() <= 200, "it tells too much");
    for finding in findings {
        let control = |character: char| character.is_control();
        assert!(finding.excerpt.len() <= 100 && !finding.excerpt.contains(control), "{finding:?}");
    }
}

/// What the gateway makes of message data.
fn received(octets: &[u8]) -> Bytes {
    let mut input = BytesMut::from(octets);
    input.extend_from_slice(b"\r\n.\r\n");
    match DataReader::new(1 << 20, 0).read(&mut input) {
        Some(EndOfData::Complete(content)) => content,
        other => panic!("{other:?}"),
    }
}

fn rewriting(how: u8) -> Rewriting {
    let bit = |at: u8| how >> at & 1 == 1;
    let marketing = bit(0);
    let links = Links {
        unsubscribe: "https://mail.example.com/u/AQFm9bU0-_x".into(),
        preferences: "https://mail.example.com/p/AQFwC1-_y".into(),
        confirm: (!marketing).then(|| "https://mail.example.com/c/AQFjC1-_z".into()),
        data: None,
        mailto: bit(1).then(|| "mailto:u+x@bounces.example.com".into()),
    };
    Rewriting {
        stream: if marketing { Stream::Marketing } else { Stream::Confirmation },
        links: (marketing || bit(1)).then_some(links),
        language: if bit(2) { "sv" } else { "en" },
        footer_text: bit(5).then(|| OwnText {
            language: "ar".into(),
            text: "لماذا تصلك هذه الرسالة <b>&\u{2028}From here > ".repeat(4),
        }),
        sender_name: "Möbler & Söner <AB>".into(),
        postal_address: (marketing || bit(1)).then(|| "Storgatan 1, 111 22 Örebro, Sweden".into()),
        demands: Demands {
            postal_address: bit(3),
            advertising_label: bit(6),
            privacy_notice: bit(7).then(|| "https://shop.example/privacy?a=1&b=2".into()),
        },
        clipped_footer: if bit(6) { ClippedFooter::Top } else { ClippedFooter::Bottom },
        list_id: marketing.then(|| "apparel.shop.example".into()),
        feedback_id: marketing.then(|| "summer:marketing:demo-shop".into()),
        received: "Received: from a\r\n\tby gateway.example; Sat, 21 Nov 2026 12:00:00 +0000\r\n".into(),
        date: "Sat, 21 Nov 2026 12:00:00 +0000".into(),
        message_id: "0193@gateway.example".into(),
        extra_headers: Vec::new(),
        withheld: None,
        dialects: shipped_dialects(),
        tracking: if bit(5) == bit(6) { Tracking::TakeOut(shipped_trackers()) } else { Tracking::Leave },
        sender_mailto: SenderMailto::Remove,
        eight_bit: if bit(4) { EightBit::Encode } else { EightBit::AsIs },
    }
}

fn shipped_dialects() -> Arc<Dialects> {
    static SHIPPED: LazyLock<Arc<Dialects>> =
        LazyLock::new(|| file::parse(&file::shipped()).expect("the shipped files load").0.dialects);
    SHIPPED.clone()
}

fn shipped_trackers() -> Arc<Trackers> {
    static SHIPPED: LazyLock<Arc<Trackers>> = LazyLock::new(|| {
        let policy = file::parse(&file::shipped()).expect("the shipped files load").0;
        policy.sender("demo-shop").expect("the demo's sender").trackers.clone()
    });
    SHIPPED.clone()
}

fn canonical(copy: &[u8]) {
    let count = |octet: u8| copy.iter().filter(|found| **found == octet).count();
    let pairs = copy.windows(2).filter(|pair| *pair == b"\r\n").count();
    assert_eq!((count(b'\r'), count(b'\n')), (pairs, pairs), "a CR or LF stands alone");
    assert_eq!(count(0), 0);
}

fn links(copy: &RawMessage, rewriting: &Rewriting) {
    if rewriting.stream != Stream::Marketing {
        return;
    }
    for name in ["List-Unsubscribe", "List-Unsubscribe-Post", "List-Id", "Feedback-ID"] {
        assert_eq!(copy.all(name).count(), 1, "{name}");
    }
    assert!(copy.value("List-Unsubscribe").is_some_and(|value| value.matches("https:").count() == 1));
    for gone in ["Bcc", "Return-Path", "X-Optgate-Stream", "X-Optgate-Scope"] {
        assert_eq!(copy.all(gone).count(), 0, "{gone}");
    }
}

fn untouched(message: &RawMessage, copy: &RawMessage, rewriting: &Rewriting) {
    let body = |message: &RawMessage| message.bytes().slice(message.body_offset()..);
    let (before, after) = (body(message), body(copy));
    let short = before.split(|octet| *octet == b'\n').all(|line| line.len() <= 999);
    let left = matches!(rewriting.tracking, Tracking::Leave);
    if left && rewriting.links.is_none() && before.is_ascii() && short {
        assert_eq!(String::from_utf8_lossy(&before), String::from_utf8_lossy(&after), "the body changed");
    }
}
