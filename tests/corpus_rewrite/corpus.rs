//! Real messages through the rewriter. They lie in `$OPTGATE_SHARED/corpus`, or where `OPTGATE_CORPUS` says
//! (`tests/other_mail/run`), and never in this repository; the oracle is `marketing/manifest.jsonl`, which says of every leaf what
//! may happen to it and what it decodes to.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use mail_parser::decoders::quoted_printable::quoted_printable_decode;
use mail_parser::{Message, MessageParser, MimeHeaders as _, PartType};
use optgate::keys::sha256_hex;
use optgate::mail::RawMessage;
use optgate::policy::dialect::Dialects;
use optgate::policy::sender::{ClippedFooter, SenderMailto};
use optgate::policy::{Stream, file};
use optgate::rewrite::{
    Demands, EightBit, Links, NotRewritable, OwnText, Rewriting, Tracking, check, rewrite,
};

pub const UNSUBSCRIBE: &str = "https://mail.example.com/u/AQFm9bU0-_x";

/// Where the corpus lies. Only a developer's machine may lack it.
pub fn corpus() -> Option<PathBuf> {
    if let Some(other) = std::env::var_os("OPTGATE_CORPUS") {
        return Some(other.into());
    }
    if let Some(shared) = std::env::var_os("OPTGATE_SHARED") {
        return Some(Path::new(&shared).join("corpus"));
    }
    assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "CI needs OPTGATE_SHARED");
    println!("skipped: OPTGATE_SHARED is not set, so there are no real messages to try");
    None
}

pub fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files(&path, found) } else { found.push(path) }
    }
}

/// As `smtp::wire` would hand it over: every line end a CRLF, the mbox line of an archive left out.
pub fn canonical(raw: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(raw.len() + 64);
    let mut rest = raw;
    while let Some(at) = rest.iter().position(|byte| matches!(byte, b'\r' | b'\n')) {
        out.extend_from_slice(&rest[..at]);
        out.extend_from_slice(b"\r\n");
        rest = rest[at..].strip_prefix(b"\r\n").unwrap_or(&rest[at + 1..]);
    }
    out.extend_from_slice(rest);
    if !rest.is_empty() {
        out.extend_from_slice(b"\r\n");
    }
    if out.starts_with(b"From ") {
        let end = out.iter().position(|byte| *byte == b'\n').unwrap() + 1;
        out.drain(..end);
    }
    out
}

pub fn rewriting(stream: Stream, language: &'static str, eight_bit: EightBit) -> Rewriting {
    let marketing = stream == Stream::Marketing;
    Rewriting {
        stream,
        links: Some(Links {
            unsubscribe: UNSUBSCRIBE.into(),
            preferences: "https://mail.example.com/p/AQFwC1-_y".into(),
            confirm: None,
            data: None,
            mailto: None,
        }),
        language,
        footer_text: Some(OwnText {
            language: "sv".into(),
            text: "Du får detta för att du är kund – hos oss.".into(),
        }),
        sender_name: "Möbler & <Söner> AB".into(),
        postal_address: Some("Östergatan 1, 211 25 Malmö, Sweden".into()),
        demands: Demands { postal_address: true, ..Demands::default() },
        clipped_footer: ClippedFooter::Bottom,
        list_id: marketing.then(|| "apparel.shop.example".into()),
        feedback_id: marketing.then(|| "summer:marketing:shop".into()),
        received: "Received: from tool.example\r\n\tby gateway.example; Sat, 21 Nov 2026 12:00:00 +0000\r\n"
            .into(),
        date: "Sat, 21 Nov 2026 12:00:00 +0000".into(),
        message_id: "0193@gateway.example".into(),
        extra_headers: Vec::new(),
        withheld: None,
        dialects: shipped_dialects(),
        tracking: Tracking::Leave,
        sender_mailto: SenderMailto::Remove,
        eight_bit,
    }
}

fn shipped_dialects() -> Arc<Dialects> {
    static SHIPPED: LazyLock<Arc<Dialects>> =
        LazyLock::new(|| file::parse(&file::shipped()).unwrap().0.dialects);
    SHIPPED.clone()
}

pub fn variants() -> Vec<Rewriting> {
    let mut variants = Vec::new();
    for stream in [Stream::Marketing, Stream::Functional] {
        for (language, eight_bit) in
            [("en", EightBit::AsIs), ("sv", EightBit::AsIs), ("de", EightBit::Encode)]
        {
            variants.push(rewriting(stream, language, eight_bit));
        }
    }
    variants
}

#[test]
fn every_real_message_is_refused_at_intake_or_can_be_rewritten() {
    let Some(corpus) = corpus() else { return };
    let mut paths = Vec::new();
    files(&corpus, &mut paths);
    let (mut tried, mut refused) = (0, 0);
    for path in paths {
        let Ok(message) = RawMessage::index(canonical(&fs::read(&path).unwrap()).into()) else {
            refused += 1;
            continue;
        };
        let checked = check(&message).map(drop);
        refused += usize::from(checked.is_err());
        for rewriting in variants() {
            tried += 1;
            match rewrite(&message, &rewriting) {
                Ok(copy) => {
                    assert!(checked.is_ok(), "{path:?}");
                    stands_again(&path, &message, &copy.bytes, &rewriting);
                }
                Err(NotRewritable::SignedEightBit) => assert_eq!(rewriting.eight_bit, EightBit::Encode),
                Err(error) if rewriting.stream == Stream::Marketing => {
                    let footer = check(&message).and_then(|checked| checked.open().takes_a_footer());
                    assert!(footer.is_err(), "{path:?}: {error}");
                }
                Err(error) => assert!(checked.is_err(), "{path:?}: {error}"),
            }
        }
    }
    println!("{tried} rewrites, {refused} files refused");
    assert!(tried > 3_000, "the corpus is not where it should be");
}

/// The copy is canonical, its body's lines may travel, and a second gateway would change no more of it.
fn stands_again(path: &Path, original: &RawMessage, copy: &[u8], rewriting: &Rewriting) {
    let again = RawMessage::index(copy.to_vec().into()).unwrap();
    assert!(copy.split(|byte| *byte == b'\n').rev().skip(1).all(|line| line.ends_with(b"\r")), "{path:?}");
    let second = rewrite(&again, rewriting).unwrap_or_else(|error| panic!("{path:?}: {error}"));
    assert!(second.bytes[rewriting.received.len()..] == *copy, "{path:?}: a second pass changes it");
    let longest = |message: &RawMessage| {
        let body = &message.bytes()[message.body_offset()..];
        body.split(|byte| *byte == b'\n').map(<[u8]>::len).max().unwrap_or(0)
    };
    assert!(longest(&again) <= longest(original).max(999), "{path:?}");
}

#[test]
fn every_leaf_of_a_campaign_comes_out_as_the_oracle_says() {
    let Some(corpus) = corpus() else { return };
    let folder = corpus.join("marketing");
    let manifest = fs::read_to_string(folder.join("manifest.jsonl")).unwrap();
    let mut found = Vec::new();
    for line in manifest.lines() {
        let entry: serde_json::Value = serde_json::from_str(line).unwrap();
        let name = entry["file"].as_str().unwrap();
        let original = canonical(&fs::read(folder.join(name)).unwrap());
        let message = RawMessage::index(original.clone().into()).unwrap();
        check(&message).map(drop).unwrap_or_else(|error| panic!("{name}: {error}"));
        for rewriting in variants().iter().filter(|rewriting| rewriting.eight_bit == EightBit::AsIs) {
            let copy = rewrite(&message, rewriting).unwrap_or_else(|error| panic!("{name}: {error}")).bytes;
            compare(&entry, &original, &copy, rewriting.stream, &mut found);
        }
    }
    assert!(found.is_empty(), "{} objections: {:#?}", found.len(), &found[..found.len().min(40)]);
}

fn compare(entry: &serde_json::Value, original: &[u8], copy: &[u8], stream: Stream, found: &mut Vec<String>) {
    let name = entry["file"].as_str().unwrap();
    if entry["signed"] == true && body(original) != body(copy) {
        found.push(format!("{name}: a signed body was touched"));
    }
    let (before, after) = (leaves(original), leaves(copy));
    for leaf in entry["leaves"].as_array().unwrap() {
        let path = leaf["path"].as_str().unwrap();
        let (Some(old), Some(new)) = (before.get(path), after.get(path)) else {
            found.push(format!("{name} {path}: the leaf is gone"));
            continue;
        };
        let wrong = match (leaf["role"].as_str().unwrap(), leaf["sha256"].as_str()) {
            ("keep", Some(expected)) => (sha256_hex(&new.content) != expected).then_some("it changed"),
            ("keep", None) => (old.content != new.content).then_some("it changed"),
            (_, Some(expected)) if stream == Stream::Marketing => footed(old, new, expected).err(),
            _ => (old.content != new.content).then_some("it had nothing to fill"),
        };
        found.extend(wrong.map(|wrong| format!("{name} {path}: {wrong}")));
    }
}

/// A body is the old one and an insertion with our link: in octets, or where it changed its charset in characters.
fn footed(old: &Leaf, new: &Leaf, expected: &str) -> Result<(), &'static str> {
    // SMTP ends every message at a line's end, which one file of the corpus lacks.
    let unended = old.content.strip_suffix(b"\r\n").unwrap_or(&old.content);
    if ![sha256_hex(&old.content), sha256_hex(unended)].iter().any(|hash| hash == expected) {
        return Err("the test misreads it");
    }
    let octets = (old.charset == new.charset).then(|| inserted(&old.content, &new.content)).flatten();
    let says = |ours: &[u8]| contains(ours, UNSUBSCRIBE.as_bytes());
    match (octets, old.text(), new.text()) {
        // Octets of UTF-16, but for those that are zero.
        (Some(ours), ..) if says(&ours.iter().copied().filter(|octet| *octet != 0).collect::<Vec<_>>()) => {
            Ok(())
        }
        (_, Some(before), Some(after)) => match inserted(before.as_bytes(), after.as_bytes()) {
            Some(ours) if says(ours) => Ok(()),
            Some(_) => Err("no link came in"),
            None => Err("more than an insertion"),
        },
        _ => Err("nobody can tell what came in"),
    }
}

/// What came in, if that is all that happened.
fn inserted<'a>(old: &[u8], new: &'a [u8]) -> Option<&'a [u8]> {
    let same = old.iter().zip(new).take_while(|(old, new)| old == new).count();
    new.strip_suffix(&old[same..]).map(|start| &start[same.min(start.len())..])
}

/// A leaf as it is decoded, and the charset that it says.
pub struct Leaf {
    pub content: Vec<u8>,
    charset: String,
}

impl Leaf {
    /// `None` of a charset that browsers have none of.
    fn text(&self) -> Option<String> {
        if self.charset == "utf-7" {
            return Some(unshifted(&self.content));
        }
        let encoding = encoding_rs::Encoding::for_label_no_replacement(self.charset.as_bytes())?;
        Some(encoding.decode(&self.content).0.into_owned())
    }
}

/// UTF-7, RFC 2152, of which only stretches in base64 differ from ASCII.
fn unshifted(content: &[u8]) -> String {
    let text = String::from_utf8_lossy(content);
    let mut pieces = text.split('+');
    let mut out = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let end =
            piece.find(|next: char| !next.is_ascii_alphanumeric() && next != '/').unwrap_or(piece.len());
        let (shifted, rest) = piece.split_at(end);
        let units =
            data_encoding::BASE64_NOPAD.decode(shifted.trim_end_matches('=').as_bytes()).unwrap_or_default();
        let units: Vec<u16> = units.as_chunks::<2>().0.iter().map(|unit| u16::from_be_bytes(*unit)).collect();
        out.push_str(&if shifted.is_empty() { "+".to_owned() } else { String::from_utf16_lossy(&units) });
        out.push_str(rest.strip_prefix('-').unwrap_or(rest));
    }
    out
}

fn body(message: &[u8]) -> &[u8] {
    let at = message.windows(4).position(|window| window == b"\r\n\r\n").unwrap();
    &message[at + 4..]
}

fn contains(text: &[u8], wanted: &[u8]) -> bool {
    text.windows(wanted.len()).any(|window| window == wanted)
}

/// Every leaf by its path (`1.2`), nested messages as they stand.
pub fn leaves(bytes: &[u8]) -> HashMap<String, Leaf> {
    let message = MessageParser::default().parse(bytes).unwrap();
    let mut found = HashMap::new();
    walk(&message, 0, "", &mut found);
    found
}

fn walk(message: &Message<'_>, id: usize, path: &str, found: &mut HashMap<String, Leaf>) {
    let part = &message.parts[id];
    if let PartType::Multipart(children) = &part.body {
        for (index, child) in children.iter().enumerate() {
            let dot = if path.is_empty() { "" } else { "." };
            walk(message, *child as usize, &format!("{path}{dot}{}", index + 1), found);
        }
        return;
    }
    let path = if path.is_empty() { "1" } else { path };
    let raw = &message.raw_message[part.raw_body_offset() as usize..part.raw_end_offset() as usize];
    // mail-parser gives up on an encoded leaf that no boundary ends: read what the field says.
    let decoded = match part.content_transfer_encoding().map(str::to_ascii_lowercase).as_deref() {
        Some("quoted-printable") => quoted_printable_decode(raw).unwrap(),
        Some("base64") => {
            let data: Vec<u8> = raw.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
            data_encoding::BASE64.decode(&data).unwrap()
        }
        _ => raw.to_vec(),
    };
    let charset = part.content_type().and_then(|own| own.attribute("charset")).unwrap_or_default();
    found.insert(path.to_owned(), Leaf { content: decoded, charset: charset.to_ascii_lowercase() });
}
