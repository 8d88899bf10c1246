//! Whole messages in, whole copies out; read back by mail-parser, which had no part in writing them.

mod body;
mod confidence;
mod dialects;
mod encodings;
mod header;
mod html;
mod place;
mod properties;
mod structure;
mod text;
mod tracking;
mod untouched;
mod written;

use std::sync::LazyLock;

use mail_parser::{Message, MessageParser};
use proptest::test_runner::Config as ProptestConfig;

use super::*;
use crate::policy::file;

const UNSUBSCRIBE: &str = "https://mail.example.com/u/AQFm9bU0-_x";
const PREFERENCES: &str = "https://mail.example.com/p/AQFwC1-_y";
const CONFIRM: &str = "https://mail.example.com/c/AQFjCd-_z";
const PRIVACY: &str = "https://shop.example/privacy?a=1&b=2";
const ADDRESS: &str = "Storgatan 1, 111 22 Stockholm, Sweden";

/// So many cases, or as many as `PROPTEST_CASES` asks for.
fn cases(usual: u32) -> ProptestConfig {
    let asked = std::env::var_os("PROPTEST_CASES").is_some();
    if asked { ProptestConfig::default() } else { ProptestConfig::with_cases(usual) }
}

fn marketing() -> Rewriting {
    Rewriting {
        stream: Stream::Marketing,
        links: Some(Links {
            unsubscribe: UNSUBSCRIBE.into(),
            preferences: PREFERENCES.into(),
            confirm: None,
            data: None,
            mailto: None,
        }),
        language: "en",
        footer_text: None,
        sender_name: "Demo Shop AB".into(),
        postal_address: Some(ADDRESS.into()),
        demands: Demands { postal_address: true, ..Demands::default() },
        clipped_footer: ClippedFooter::Bottom,
        list_id: Some("apparel.shop.example".into()),
        feedback_id: Some("summer:marketing:demo-shop".into()),
        received: "Received: from tool.example\r\n\tby gateway.example; Sat, 21 Nov 2026 12:00:00 +0000\r\n"
            .into(),
        date: "Sat, 21 Nov 2026 12:00:00 +0000".into(),
        message_id: "0193@gateway.example".into(),
        extra_headers: Vec::new(),
        withheld: None,
        dialects: shipped_dialects(),
        tracking: Tracking::Leave,
        sender_mailto: SenderMailto::Remove,
        eight_bit: EightBit::AsIs,
    }
}

fn check(message: &RawMessage) -> Result<(), Unparsable> {
    super::check(message).map(drop)
}

fn check_marketing(message: &RawMessage) -> Result<BodySeal, Unparsable> {
    super::check(message)?.open().takes_a_footer()
}

fn confirm_link(message: &RawMessage) -> ConfirmLink {
    super::check(message).unwrap().open().confirm_link(&shipped_dialects())
}

/// As every gateway has them.
fn shipped_dialects() -> Arc<Dialects> {
    static SHIPPED: LazyLock<Arc<Dialects>> =
        LazyLock::new(|| file::parse(&file::shipped()).unwrap().0.dialects);
    SHIPPED.clone()
}

fn swedish() -> Rewriting {
    Rewriting { language: "sv", sender_name: "Möbler & Söner".into(), ..marketing() }
}

fn functional() -> Rewriting {
    Rewriting { stream: Stream::Functional, list_id: None, feedback_id: None, ..marketing() }
}

fn confirmation() -> Rewriting {
    let links = Links { confirm: Some(CONFIRM.into()), ..marketing().links.unwrap() };
    Rewriting { stream: Stream::Confirmation, links: Some(links), ..functional() }
}

/// A message of a header and a body; lines may end in LF here.
fn message(text: &str) -> RawMessage {
    bytes(text.replace('\n', "\r\n").into_bytes())
}

fn bytes(bytes: Vec<u8>) -> RawMessage {
    RawMessage::index(bytes.into()).unwrap()
}

fn copy(text: &str, rewriting: &Rewriting) -> String {
    copy_of(&message(text), rewriting)
}

fn copy_of(message: &RawMessage, rewriting: &Rewriting) -> String {
    check(message).unwrap();
    String::from_utf8(rewrite(message, rewriting).unwrap().bytes).unwrap()
}

fn parsed(copy: &[u8]) -> Message<'_> {
    MessageParser::default().parse(copy).unwrap()
}

/// What a reader sees of the part at this place in the order of parts, the message itself being 0.
fn text_of(copy: &str, part: usize) -> String {
    parsed(copy.as_bytes()).parts[part].text_contents().unwrap().to_owned()
}

/// What follows the header.
fn body(copy: &str) -> &str {
    copy.split_once("\r\n\r\n").unwrap().1
}

fn count(copy: &str, name: &str) -> usize {
    let start = format!("\r\n{name}:").to_ascii_lowercase();
    let header = copy.split("\r\n\r\n").next().unwrap().to_ascii_lowercase();
    format!("\r\n{header}").matches(&start).count()
}
