//! What is signed, before other people's verifiers: small messages with a trap each, and the corpus of real ones
//! (`$OPTGATE_SHARED/corpus` or `$OPTGATE_CORPUS`, never in this repository), rewritten and signed as `deliver` does it.

#[path = "support/verifiers.rs"]
mod verifiers;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;
use optgate::mail::RawMessage;
use optgate::mail::author::authors;
use optgate::policy::Stream;
use optgate::policy::sender::{ClippedFooter, SenderMailto};
use optgate::rewrite::{Demands, EightBit, Links, NotRewritable, Rewriting, Tracking, check, rewrite};
use optgate::sign::key::{Algorithm, PrivateKey};
use optgate::sign::{Handling, Pair, Signers, SigningKey};
use verifiers::Verifiers;

const DOMAIN: &str = "xn--mbler-fua.example";

/// An RSA and an Ed25519 key, and their DNS records.
fn keys() -> (Signers, Vec<(String, String)>) {
    let (mut signing, mut records) = (Vec::new(), Vec::new());
    for (algorithm, selector) in [(Algorithm::Rsa, "r1"), (Algorithm::Ed25519, "e1")] {
        let (key, pem) = PrivateKey::generate(algorithm, 2_048).unwrap();
        records.push((format!("{selector}._domainkey.{DOMAIN}"), key.record()));
        signing.push(SigningKey { domain: DOMAIN.into(), selector: selector.into(), pem });
    }
    (Signers::new(signing).unwrap(), records)
}

fn rewriting(eight_bit: EightBit) -> Rewriting {
    Rewriting {
        stream: Stream::Marketing,
        links: Some(Links {
            unsubscribe: "https://mail.example.com/u/AQFm9bU0-_x".into(),
            preferences: "https://mail.example.com/p/AQFwC1-_y".into(),
            confirm: None,
            data: None,
            mailto: Some("u+abc@bounces.example.com".into()),
        }),
        language: "de",
        footer_text: None,
        sender_name: "Möbler & <Söner> AB".into(),
        postal_address: Some("Östergatan 1, 211 25 Malmö, Sweden".into()),
        demands: Demands { postal_address: true, ..Demands::default() },
        clipped_footer: ClippedFooter::Bottom,
        list_id: Some("apparel.shop.example".into()),
        feedback_id: Some("summer:marketing:shop".into()),
        received: "Received: from tool.example\r\n\tby gateway.example; Sat, 21 Nov 2026 12:00:00 +0000\r\n"
            .into(),
        date: "Sat, 21 Nov 2026 12:00:00 +0000".into(),
        message_id: "0193@gateway.example".into(),
        extra_headers: Vec::new(),
        withheld: None,
        dialects: Arc::default(),
        // A signature is made of what is left.
        tracking: match eight_bit {
            EightBit::AsIs => Tracking::Leave,
            EightBit::Encode => Tracking::TakeOut(Arc::default()),
        },
        sender_mailto: SenderMailto::Remove,
        eight_bit,
    }
}

/// Now, since verifiers doubt a signature of tomorrow.
#[expect(clippy::disallowed_methods, reason = "a verifier looks at its own clock")]
fn now() -> Timestamp {
    Timestamp::now()
}

/// The message as it would leave; none where it would be refused at intake, or is signed and 8-bit.
fn departing(signers: &Signers, message: &[u8], eight_bit: EightBit) -> Option<Vec<u8>> {
    let message = RawMessage::index(message.to_vec().into()).ok()?;
    check(&message).ok()?.open().takes_a_footer().ok()?;
    // As `classify` has it: whose author can't be told is refused.
    let from: Vec<_> = message.all("From").collect();
    let [from] = from.as_slice() else { return None };
    authors(&message.unfolded(from))?;
    let copy = match rewrite(&message, &rewriting(eight_bit)) {
        Ok(copy) => copy.bytes,
        Err(NotRewritable::SignedEightBit) => return None,
        Err(error) => panic!("{error}"),
    };
    let sent = signers.sign(DOMAIN, &copy, Pair::Required, &Handling::default(), now()).unwrap();
    let mut sent = [sent, copy].concat();
    // On the wire every line has its end.
    if !sent.ends_with(b"\r\n") {
        sent.extend_from_slice(b"\r\n");
    }
    Some(sent)
}

/// Each with a trap for a signer or a verifier.
fn traps() -> Vec<(&'static str, String)> {
    let head = "From: Shop <news@xn--mbler-fua.example>\r\nTo: bo@example.se\r\nSubject: Sale\r\n";
    let with = |header: &str, body: &str| format!("{head}{header}\r\n{body}");
    let long = "x".repeat(900);
    vec![
        ("plain", with("", "Hello\r\n")),
        ("no-body", with("", "")),
        ("blank-lines-at-the-end", with("", "Hello\r\n\r\n \r\n\t\r\n\r\n")),
        ("blank-lines-after-the-footer", with("Content-Type: text/html\r\n", "<p>Hello</p>\r\n\r\n \r\n\t\r\n")),
        ("blank-lines-alone", with("", "\r\n\r\n\r\n")),
        ("blanks-in-lines", with("", "a  b\tc \t \r\n  d\r\n")),
        ("no-final-line-end", with("", "Hello")),
        ("dots", with("", ".\r\n..\r\n.hidden\r\n")),
        ("folds", with("X-A: a\r\n\tb\r\n  c\r\nReply-To:\r\n <a@xn--mbler-fua.example>,\r\n\t<b@xn--mbler-fua.example>\r\n", "Hello\r\n")),
        ("case", "FROM: Shop <news@xn--mbler-fua.example>\r\nsUBJECT:Sale\r\nto:bo@example.se\r\n\r\nHello\r\n".to_owned()),
        ("two-of-a-kind", with("Subject: Sale again\r\nTo: al@example.se\r\nDate: Sat, 21 Nov 2026 12:00:00 +0000\r\nDate: Sat, 21 Nov 2026 13:00:00 +0000\r\n", "Hello\r\n")),
        ("empty-fields", with("Cc:\r\nReply-To: \r\nReferences:\r\n \r\n", "Hello\r\n")),
        ("long-lines", with(&format!("X-Long: {long}\r\n"), &format!("{long}\r\n"))),
        ("long-references", with(&format!("References: {}\r\n", "<0123456789@example.com>\r\n ".repeat(200).trim_end()), "Hello\r\n")),
        ("utf-8", "From: Möbler <news@möbler.example>\r\nTo: bö@example.se\r\nSubject: Grüße\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\nGrüße \r\n".to_owned()),
        ("foreign-signature", with("DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=other.example; s=s1;\r\n\th=from:to; bh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=;\r\n\tb=aGVsbG8=\r\n", "Hello\r\n")),
        ("nonsense-for-a-signature", with("DKIM-Signature: nonsense\r\n", "Hello\r\n")),
        ("signature-of-the-last-century", with("DKIM-Signature: a=rsa-sha1; q=dns; c=nowsp; d=x.example; s=a; h=From; b=eA==\r\n", "Hello\r\n")),
        ("alternative", with("MIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary=\"b\"\r\n", "preamble\r\n--b\r\n\r\nHello\r\n--b\r\nContent-Type: text/html\r\n\r\n<p>Hello</p>\r\n--b--\r\nepilogue \r\n")),
    ]
}

#[test]
fn every_trap_verifies_before_other_peoples_verifiers() {
    let (signers, records) = keys();
    let Some(verifiers) = Verifiers::with(&records) else { return };
    for (name, message) in traps() {
        for (eight_bit, suffix) in [(EightBit::AsIs, ""), (EightBit::Encode, "-encoded")] {
            let sent = departing(&signers, message.as_bytes(), eight_bit);
            let sent = sent.unwrap_or_else(|| panic!("{name} is refused"));
            verifiers.add(&format!("{name}{suffix}"), &sent);
        }
    }
    // They must be able to say no.
    let sent = departing(&signers, traps()[0].1.as_bytes(), EightBit::AsIs).unwrap();
    let text = String::from_utf8(sent).unwrap();
    let start = text.find("From: ").unwrap();
    let tampered = [
        ("body", text.replace("Hello", "Hallo")),
        ("subject", text.replace("Subject: Sale", "Subject: Sail")),
        ("link", text.replace("/u/AQFm9bU0-_x>", "/u/other>")),
        ("no-link", text.replace("List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n", "")),
        ("second-subject", format!("{}Subject: Other\r\n{}", &text[..start], &text[start..])),
        ("second-link", format!("{}List-Unsubscribe: <https://x>\r\n{}", &text[..start], &text[start..])),
        ("reply-to", format!("{}Reply-To: a@evil.example\r\n{}", &text[..start], &text[start..])),
        ("more-body", format!("{text}More\r\n")),
    ];
    for (name, message) in tampered {
        assert_ne!(message, text, "{name} changes nothing");
        verifiers.add_broken(name, message.as_bytes());
    }
    verifiers.judge();
}

#[test]
fn every_real_message_verifies_before_other_peoples_verifiers() {
    let other = std::env::var_os("OPTGATE_CORPUS").map(PathBuf::from);
    let shared = || std::env::var_os("OPTGATE_SHARED").map(|shared| PathBuf::from(shared).join("corpus"));
    let Some(corpus) = other.or_else(shared) else {
        assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "CI needs OPTGATE_SHARED");
        println!("skipped: OPTGATE_SHARED is not set, so there are no real messages to try");
        return;
    };
    let (signers, records) = keys();
    let Some(verifiers) = Verifiers::with(&records) else { return };
    let mut paths = Vec::new();
    files(&corpus, &mut paths);
    let mut tried = 0;
    for (number, path) in paths.iter().enumerate() {
        let message = canonical(&std::fs::read(path).unwrap());
        if let Some(sent) = departing(&signers, &message, EightBit::AsIs) {
            tried += 1;
            let stem = path.file_stem().unwrap_or_default().to_string_lossy();
            let stem: String = stem.chars().filter(char::is_ascii_alphanumeric).take(40).collect();
            verifiers.add(&format!("{number:04}-{stem}"), &sent);
        }
    }
    assert!(tried > 400, "the corpus is not where it should be: {tried}");
    verifiers.judge();
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() { files(&path, found) } else { found.push(path) }
    }
}

/// As `smtp::wire` would hand it over: every line end a CRLF, the mbox line of an archive left out.
fn canonical(raw: &[u8]) -> Vec<u8> {
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
