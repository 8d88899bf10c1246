//! A text in any charset with a placeholder in it, encoded for transfer → a copy whose text is the old one with the link
//! in the placeholder's stead, as encoding_rs, which did no writing of the transfer encoding, reads it.
//!
//! The first octet says the charset, the second how the text travels, the third where the placeholder stands; the rest
//! is the text.
#![no_main]

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use encoding_rs::{Encoding, REPLACEMENT, UTF_16BE, UTF_16LE};
use libfuzzer_sys::fuzz_target;
use optgate::mail::RawMessage;
use optgate::policy::Stream;
use optgate::policy::sender::{ClippedFooter, SenderMailto};
use optgate::rewrite::{Demands, EightBit, Links, Rewriting, Tracking, rewrite};

const PLACE: &str = "{{optgate.unsubscribe_url}}";
const LINK: &str = "https://mail.example.com/u/AQFm9bU0-_x";
const LABELS: [&str; 40] = [
    "utf-8",
    "utf-16le",
    "utf-16be",
    "iso-2022-jp",
    "shift_jis",
    "gbk",
    "gb18030",
    "big5",
    "euc-kr",
    "euc-jp",
    "windows-949",
    "iso-8859-2",
    "iso-8859-3",
    "iso-8859-4",
    "iso-8859-5",
    "iso-8859-6",
    "iso-8859-7",
    "iso-8859-8",
    "iso-8859-8-i",
    "iso-8859-10",
    "iso-8859-13",
    "iso-8859-14",
    "iso-8859-15",
    "iso-8859-16",
    "koi8-r",
    "koi8-u",
    "macintosh",
    "ibm866",
    "windows-874",
    "windows-1250",
    "windows-1251",
    "windows-1252",
    "windows-1253",
    "windows-1254",
    "windows-1255",
    "windows-1256",
    "windows-1257",
    "windows-1258",
    "x-mac-cyrillic",
    "iso-8859-1",
];

fuzz_target!(|octets: &[u8]| {
    let [label, travel, place, text @ ..] = octets else { return };
    let label = LABELS[usize::from(*label) % LABELS.len()];
    let encoding = Encoding::for_label(label.as_bytes()).expect("a label of the Encoding Standard");
    let wide = encoding == UTF_16LE || encoding == UTF_16BE;
    let at = usize::from(*place).min(text.len()) / if wide { 2 } else { 1 } * if wide { 2 } else { 1 };
    let (before, after) = text.split_at(at);
    let placeholder: Vec<u8> = match encoding {
        _ if encoding == UTF_16LE => PLACE.encode_utf16().flat_map(u16::to_le_bytes).collect(),
        _ if encoding == UTF_16BE => PLACE.encode_utf16().flat_map(u16::to_be_bytes).collect(),
        _ => PLACE.as_bytes().to_vec(),
    };
    let content = [before, &placeholder, after].concat();
    let travel = Travel::of(*travel);
    let header = "From: a@x.example\r\nMIME-Version: 1.0\r\nMessage-ID: <1@x.example>\r\nDate: x\r\n";
    let kind = format!(
        "Content-Type: text/plain; charset={label}\r\nContent-Transfer-Encoding: {}\r\n\r\n",
        travel.name()
    );
    let bytes = [header.as_bytes(), kind.as_bytes(), &travel.encode(&content), b"\r\n"].concat();
    let message = RawMessage::index(bytes.into()).expect("a message of ours");
    let copy = rewrite(&message, &rewriting()).expect("it can be rewritten").bytes;
    let copy = RawMessage::index(copy.into()).expect("a copy can be read");
    let kept =
        copy.value("Content-Type").is_some_and(|value| value == format!("text/plain; charset={label}"));
    assert!(kept, "the placeholder's value is ASCII, so nothing has to be declared");
    let new = travel.decode(&copy.bytes()[copy.body_offset()..]);
    check(encoding, wide, &content, &new);
});

fn check(encoding: &'static Encoding, wide: bool, content: &[u8], new: &[u8]) {
    assert_ne!(encoding, REPLACEMENT);
    let Some(text) = encoding.decode_without_bom_handling_and_without_replacement(content) else { return };
    let marked = content.starts_with(b"\xFF\xFE") || content.starts_with(b"\xFE\xFF");
    if !wide && (marked || content.contains(&0)) {
        // Readers differ on what it is.
        return assert_eq!(content, new);
    }
    // What stands beside it may belong to it, and another place is another's.
    let Some((before, after)) = text.split_once(PLACE) else { return };
    let alone = !before.ends_with(['{', 'B', 'b', ';']) && !after.starts_with(['}', '%', '&']);
    if !alone || before.contains("optgate.") || after.contains("optgate.") {
        return;
    }
    let read = encoding.decode_without_bom_handling_and_without_replacement(new);
    assert_eq!(read.as_deref(), Some(format!("{before}{LINK}{after}").as_str()), "{}", encoding.name());
}

/// How the text travels.
enum Travel {
    Base64,
    /// Each so many octets on a line.
    QuotedPrintable(usize),
}

impl Travel {
    fn of(octet: u8) -> Self {
        if octet < 128 { Self::Base64 } else { Self::QuotedPrintable(usize::from(octet) % 24 + 1) }
    }

    fn name(&self) -> &'static str {
        match self {
            Self::Base64 => "base64",
            Self::QuotedPrintable(_) => "quoted-printable",
        }
    }

    fn encode(&self, content: &[u8]) -> Vec<u8> {
        match self {
            Self::Base64 => {
                let data = STANDARD.encode(content);
                data.as_bytes().chunks(76).collect::<Vec<_>>().join(&b"\r\n"[..])
            }
            Self::QuotedPrintable(width) => {
                let octet = |octet: &u8| match octet {
                    b'a'..=b'z' | b'{' | b'.' | b'_' => char::from(*octet).to_string(),
                    _ => format!("={octet:02x}"),
                };
                let line = |line: &[u8]| line.iter().map(octet).collect::<String>().into_bytes();
                // The line's end that SMTP wants is no content.
                [content.chunks(*width).map(line).collect::<Vec<_>>().join(&b"=\r\n"[..]), b"=".to_vec()]
                    .concat()
            }
        }
    }

    fn decode(&self, raw: &[u8]) -> Vec<u8> {
        match self {
            Self::Base64 => {
                let data: Vec<u8> =
                    raw.iter().copied().filter(|octet| !octet.is_ascii_whitespace()).collect();
                STANDARD.decode(data).expect("base64 of ours")
            }
            Self::QuotedPrintable(_) => {
                let (mut content, mut at) = (Vec::new(), 0);
                while at < raw.len() {
                    let (octets, length) = match &raw[at..] {
                        [b'=', b'\r', b'\n', ..] => (None, 3),
                        [b'=', high, low, ..] => {
                            let digits = [*high, *low];
                            let hex = str::from_utf8(&digits).expect("hexadecimal digits");
                            (Some(u8::from_str_radix(hex, 16).expect("hexadecimal digits")), 3)
                        }
                        [octet, ..] => (Some(*octet), 1),
                        [] => break,
                    };
                    content.extend(octets);
                    at += length;
                }
                content
            }
        }
    }
}

fn rewriting() -> Rewriting {
    Rewriting {
        stream: Stream::Functional,
        links: Some(Links {
            unsubscribe: LINK.into(),
            preferences: "https://mail.example.com/p/AQFwC1-_y".into(),
            confirm: None,
            data: None,
            mailto: None,
        }),
        language: "en",
        footer_text: None,
        sender_name: "Shop".into(),
        postal_address: None,
        demands: Demands::default(),
        clipped_footer: ClippedFooter::Bottom,
        list_id: None,
        feedback_id: None,
        received: "Received: from a\r\n\tby gateway.example; Sat, 21 Nov 2026 12:00:00 +0000\r\n".into(),
        date: "Sat, 21 Nov 2026 12:00:00 +0000".into(),
        message_id: "0193@gateway.example".into(),
        extra_headers: Vec::new(),
        withheld: None,
        dialects: Arc::default(),
        tracking: Tracking::Leave,
        sender_mailto: SenderMailto::Remove,
        eight_bit: EightBit::AsIs,
    }
}
