//! Real messages through the rewriter. They lie in `$OPTGATE_SHARED/corpus` and never in this repository; the
//! oracle is `marketing/manifest.jsonl`, which says of every leaf what may happen to it and what it decodes to.

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
use optgate::rewrite::{Demands, EightBit, Links, NotRewritable, OwnText, Rewriting, check, rewrite};

pub const UNSUBSCRIBE: &str = "https://mail.example.com/u/AQFm9bU0-_x";

/// Where the corpus lies. Only a developer's machine may lack it.
pub fn corpus() -> Option<PathBuf> {
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
    for line in manifest.lines() {
        let entry: serde_json::Value = serde_json::from_str(line).unwrap();
        let name = entry["file"].as_str().unwrap();
        let original = canonical(&fs::read(folder.join(name)).unwrap());
        let message = RawMessage::index(original.clone().into()).unwrap();
        check(&message).map(drop).unwrap_or_else(|error| panic!("{name}: {error}"));
        for rewriting in variants().iter().filter(|rewriting| rewriting.eight_bit == EightBit::AsIs) {
            let copy = rewrite(&message, rewriting).unwrap_or_else(|error| panic!("{name}: {error}")).bytes;
            compare(name, &entry, &original, &copy, rewriting.stream);
        }
    }
}

fn compare(name: &str, entry: &serde_json::Value, original: &[u8], copy: &[u8], stream: Stream) {
    if entry["signed"] == true {
        assert_eq!(body(original), body(copy), "{name}: a signed body was touched");
    }
    let (before, after) = (leaves(original), leaves(copy));
    for leaf in entry["leaves"].as_array().unwrap() {
        let place = format!("{name} {}", leaf["path"]);
        let path = leaf["path"].as_str().unwrap();
        let (old, new) = (&before[path], &after[path]);
        match (leaf["role"].as_str().unwrap(), leaf["sha256"].as_str()) {
            ("keep", Some(expected)) => assert_eq!(sha256_hex(new), expected, "{place}"),
            ("keep", None) => assert_eq!(old, new, "{place}"),
            (_, expected) if stream == Stream::Marketing => {
                // SMTP ends every message at a line's end, which one file of the corpus lacks.
                let unended = old.strip_suffix(b"\r\n").unwrap_or(old);
                let read = [sha256_hex(old), sha256_hex(unended)];
                assert!(
                    read.iter().any(|hash| Some(hash.as_str()) == expected),
                    "{place}: the test misreads it"
                );
                let same = old.iter().zip(new).take_while(|(old, new)| old == new).count();
                assert!(new.ends_with(&old[same..]), "{place}: more than an insertion");
                let ours = &new[same..new.len() - (old.len() - same)];
                assert!(contains(ours, UNSUBSCRIBE.as_bytes()), "{place}: no link came in");
            }
            _ => assert_eq!(old, new, "{place}: it had nothing to fill"),
        }
    }
}

fn body(message: &[u8]) -> &[u8] {
    let at = message.windows(4).position(|window| window == b"\r\n\r\n").unwrap();
    &message[at + 4..]
}

fn contains(text: &[u8], wanted: &[u8]) -> bool {
    text.windows(wanted.len()).any(|window| window == wanted)
}

/// The decoded octets of every leaf by its path (`1.2`), nested messages as they stand.
fn leaves(bytes: &[u8]) -> HashMap<String, Vec<u8>> {
    let message = MessageParser::default().parse(bytes).unwrap();
    let mut found = HashMap::new();
    walk(&message, 0, "", &mut found);
    found
}

fn walk(message: &Message<'_>, id: usize, path: &str, found: &mut HashMap<String, Vec<u8>>) {
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
    found.insert(path.to_owned(), decoded);
}
