//! Keys are made on the spot; signatures are verified by mail-auth's verifier, with DNS answered from memory.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex};

use data_encoding::BASE64;
use mail_auth::common::parse::TxtRecordParser as _;
use mail_auth::common::verify::DomainKey;
use mail_auth::{AuthenticatedMessage, DkimResult, MessageAuthenticator, Parameters, ResolverCache, Txt};

use super::fields::{NEVER_ADDED, NEVER_REPEATED};
use super::key::Algorithm;
use super::*;

const COPY: &str = "Received: from a by b; Sat, 21 Nov 2026 12:00:00 +0000\r\n\
    List-Unsubscribe: <https://mail.example.com/u/x>\r\n\
    list-unsubscribe-post: List-Unsubscribe=One-Click\r\n\
    From: Shop <news@shop.example>\r\nTo: a@example.se\r\nSubject: Sale\r\n on trousers\r\n\
    Date: Sat, 21 Nov 2026 12:00:00 +0000\r\nMessage-ID: <1@shop.example>\r\n\r\nHello \r\n\r\n";

struct Made {
    pem: secrecy::SecretString,
    record: String,
}

fn made(algorithm: Algorithm) -> Made {
    let (key, pem) = PrivateKey::generate(algorithm, 2_048).unwrap();
    Made { pem, record: key.record() }
}

fn rsa() -> Made {
    made(Algorithm::Rsa)
}

fn ed25519() -> Made {
    made(Algorithm::Ed25519)
}

fn key(domain: &str, selector: &str, made: &Made) -> SigningKey {
    SigningKey { domain: domain.into(), selector: selector.into(), pem: made.pem.clone() }
}

fn at() -> Timestamp {
    "2026-11-21T12:00:00Z".parse().unwrap()
}

fn sign_for(
    signers: &Signers,
    domain: &str,
    copy: &str,
    pair: Pair,
    handling: Handling,
) -> Result<String, SignError> {
    let field = signers.sign(domain, copy.as_bytes(), pair, &handling, at())?;
    Ok(String::from_utf8(field).unwrap())
}

fn sign(signers: &Signers, domain: &str, copy: &str) -> Result<String, SignError> {
    sign_for(signers, domain, copy, Pair::Required, Handling::default())
}

/// The parsed fields of what `sign` made.
fn parsed(fields: &str) -> Vec<Signature> {
    let fields = fields.split("DKIM-Signature:").skip(1);
    fields.map(|value| Signature::parse(value.as_bytes()).unwrap()).collect()
}

#[derive(Default)]
struct Dns(Mutex<HashMap<Box<str>, Txt>>);

impl Dns {
    fn with(records: &[(&str, &Made)]) -> Self {
        let parse = |made: &Made| Txt::DomainKey(Arc::new(DomainKey::parse(made.record.as_bytes()).unwrap()));
        let records = records.iter().map(|(name, made)| (format!("{name}.").into(), parse(made)));
        Self(Mutex::new(records.collect()))
    }
}

impl ResolverCache<Box<str>, Txt> for Dns {
    fn get<Q>(&self, name: &Q) -> Option<Txt>
    where
        Box<str>: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        self.0.lock().unwrap().get(name).cloned()
    }

    fn remove<Q>(&self, _: &Q) -> Option<Txt>
    where
        Box<str>: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        None
    }

    fn insert(&self, _: Box<str>, _: Txt, _: std::time::Instant) {}
}

async fn results(dns: &Dns, signed: &[u8]) -> Vec<DkimResult> {
    let message = AuthenticatedMessage::parse(signed).unwrap();
    let authenticator = MessageAuthenticator::new_cloudflare().unwrap();
    let outputs = authenticator.verify_dkim(Parameters::new(&message).with_txt_cache(dns)).await;
    outputs.iter().map(|output| output.result().clone()).collect()
}

fn signed(signers: &Signers, copy: &str) -> Vec<u8> {
    (sign(signers, "shop.example", copy).unwrap() + copy).into_bytes()
}

#[tokio::test]
async fn every_key_of_the_domain_signs_and_verifies() {
    let (rsa, ed) = (rsa(), ed25519());
    let signers =
        Signers::new(vec![key("shop.example", "r1", &rsa), key("Shop.Example", "e1", &ed)]).unwrap();
    let dns = Dns::with(&[("r1._domainkey.shop.example", &rsa), ("e1._domainkey.shop.example", &ed)]);
    let bytes = signed(&signers, COPY);
    assert_eq!(results(&dns, &bytes).await, [DkimResult::Pass, DkimResult::Pass]);
    assert!(bytes.split(|byte| *byte == b'\n').all(|line| line.len() <= 998));

    // RSA stands first, whatever the order of the configuration, and the time is the one that was handed in.
    let fields = String::from_utf8(bytes[..bytes.len() - COPY.len()].to_vec()).unwrap();
    let algorithms: Vec<_> = parsed(&fields).iter().map(|own| own.a.name()).collect();
    assert_eq!(algorithms, ["rsa-sha256", "ed25519-sha256"]);
    assert!(parsed(&fields).iter().all(|own| own.t == 1_795_262_400 && own.x == 0 && own.l == 0), "{fields}");

    // Over-signed: none of these may be added, wherever it is put.
    for added in [
        "Subject: other\r\n",
        "List-Unsubscribe: <https://evil.example>\r\n",
        "From: a@b.example\r\n",
        "Reply-To: a@evil.example\r\n",
        "Cc: a@evil.example\r\n",
        "Date: Sat, 21 Nov 2026 13:00:00 +0000\r\n",
        "To: b@example.se\r\n",
    ] {
        let tampered = [added.as_bytes(), &bytes].concat();
        let after: Vec<u8> =
            [&bytes[..bytes.len() - 12], added.as_bytes(), &bytes[bytes.len() - 12..]].concat();
        for bytes in [tampered, after] {
            assert!(!results(&dns, &bytes).await.contains(&DkimResult::Pass), "{added}");
        }
    }
}

/// With the fields that nearly every newsletter has, mail-auth folds just there.
#[tokio::test]
async fn no_blank_follows_the_signature() {
    let made = rsa();
    let signers = Signers::new(vec![key("shop.example", "og1", &made)]).unwrap();
    let added = "MIME-Version: 1.0\r\nContent-Type: text/plain\r\nList-Id: <a>\r\nFeedback-ID: a:b:c:d\r\n";
    let copy = format!("{added}{COPY}");
    let bytes = signed(&signers, &copy);
    let field = std::str::from_utf8(&bytes[..bytes.len() - copy.len()]).unwrap();
    assert!(!field.contains("\r\n\t;") && field.ends_with(";\r\n"), "{field}");
    let dns = Dns::with(&[("og1._domainkey.shop.example", &made)]);
    assert_eq!(results(&dns, &bytes).await, [DkimResult::Pass]);
}

#[tokio::test]
async fn every_usual_form_of_a_key_is_read() {
    let made = rsa();
    let pem = made.pem.expose_secret();
    let text: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    let pkcs8 = BASE64.decode(text.as_bytes()).unwrap();
    // A PKCS#8 wrapping of an RSA key of this size puts 26 octets before the PKCS#1 structure.
    let body = BASE64.encode(&pkcs8[26..]);
    let pkcs1 = format!("-----BEGIN RSA PRIVATE KEY-----\n{body}\n-----END RSA PRIVATE KEY-----\n");
    // RFC 8032, 7.1, test 1.
    let seed = BASE64.encode(&[
        0x9d, 0x61, 0xb1, 0x9d, 0xef, 0xfd, 0x5a, 0x60, 0xba, 0x84, 0x4a, 0xf4, 0x92, 0xec, 0x2c, 0xc4, 0x44,
        0x49, 0xc5, 0x69, 0x7b, 0x32, 0x69, 0x19, 0x70, 0x3b, 0xac, 0x03, 0x1c, 0xae, 0x7f, 0x60,
    ]);
    let edwards = PrivateKey::read(&format!("{seed}\n")).unwrap();
    assert_eq!(edwards.record(), "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=");
    let keys = [("p1", pkcs1, made.record), ("sd", seed, edwards.record())];
    for (selector, text, record) in keys {
        let pem = secrecy::SecretString::from(text);
        let signing =
            SigningKey { domain: "shop.example".into(), selector: selector.into(), pem: pem.clone() };
        let signers = Signers::new(vec![signing]).unwrap();
        let dns = Dns::with(&[(&format!("{selector}._domainkey.shop.example"), &Made { pem, record })]);
        assert_eq!(results(&dns, &signed(&signers, COPY)).await, [DkimResult::Pass], "{selector}");
    }
}

#[test]
fn marketing_without_exactly_one_pair_is_not_signed() {
    let signers = Signers::new(vec![key("shop.example", "s", &ed25519())]).unwrap();
    let link = "List-Unsubscribe: <https://mail.example.com/u/x>\r\n";
    let post = "list-unsubscribe-post: List-Unsubscribe=One-Click\r\n";
    let broken =
        [COPY.replace(link, ""), COPY.replace(post, ""), format!("{link}{COPY}"), format!("{post}{COPY}")];
    for copy in broken {
        let refused = sign(&signers, "shop.example", &copy);
        assert!(matches!(refused, Err(SignError::PairMissing)));
        assert!(sign_for(&signers, "shop.example", &copy, Pair::NotNeeded, Handling::default()).is_ok());
    }
}

#[test]
fn what_is_there_is_signed_against_another_and_what_nobody_adds_against_one() {
    let signers = Signers::new(vec![key("shop.example", "s", &ed25519())]).unwrap();
    let listed = |copy: &str, handling| {
        let field = sign_for(&signers, "shop.example", copy, Pair::Required, handling).unwrap();
        let signature = parsed(&field).remove(0);
        move |name: &str| signature.h.iter().filter(|own| own.eq_ignore_ascii_case(name)).count()
    };
    let plain = listed(COPY, Handling::default());
    for name in NEVER_ADDED {
        assert_eq!(plain(name), 2, "{name}");
    }
    for name in NEVER_REPEATED {
        let present = COPY.contains(&format!("\n{name}:")) || COPY.contains(&format!("\r\n{name}: "));
        assert_eq!(plain(name), if present { 2 } else { 0 }, "{name}");
    }
    assert_eq!(plain("Received"), 0);

    let ses = Handling {
        rewrites: &["Message-ID", "Date"],
        adds: &["Feedback-ID"],
        signatures: Signatures::OfEveryKey,
    };
    let theirs = listed(&format!("Feedback-ID: a:b:c:d\r\n{COPY}"), ses);
    assert_eq!((theirs("Date"), theirs("Message-ID"), theirs("Feedback-ID"), theirs("To")), (0, 0, 1, 2));
}

/// SES refuses a message with two `DKIM-Signature` fields.
#[test]
fn an_upstream_that_takes_one_signature_gets_that_of_the_first_rsa_key() {
    let (ed, old, new) = (ed25519(), rsa(), rsa());
    let keys =
        vec![key("shop.example", "e", &ed), key("shop.example", "r1", &old), key("shop.example", "r2", &new)];
    let signers = Signers::new(keys).unwrap();
    let one = Handling { signatures: Signatures::One, ..Handling::default() };
    let selectors = |handling| {
        let fields = sign_for(&signers, "shop.example", COPY, Pair::Required, handling).unwrap();
        parsed(&fields).into_iter().map(|own| own.s).collect::<Vec<_>>()
    };
    assert_eq!(selectors(one), ["r1"]);
    assert_eq!(selectors(Handling::default()), ["r1", "r2", "e"]);
}

#[test]
fn the_longest_matching_domain_serves() {
    let made = ed25519();
    let signers = Signers::new(vec![key("example", "a", &made), key("shop.example", "b", &made)]).unwrap();
    let selector = |domain: &str| {
        let field = sign(&signers, domain, COPY).unwrap();
        field.split("s=").nth(1).and_then(|rest| rest.split(';').next()).map(str::to_owned)
    };
    assert_eq!(selector("shop.example").as_deref(), Some("b"));
    assert_eq!(selector("News.Shop.example").as_deref(), Some("b"));
    assert_eq!(selector("webshop.example").as_deref(), Some("a"));
    assert_eq!(selector("shop.test"), None);
    assert!(signers.serves("x.shop.example") && !signers.serves("shop.test"));
    assert_eq!(signers.domain_for("news.shop.example"), Some("shop.example"));
}

#[test]
fn a_key_that_cannot_be_used_is_told_at_start() {
    let cases = [
        ("shop.example", "s", "no key at all"),
        ("shop.example", "s", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"),
        ("shop.example\r\nX: y", "s", ""),
        ("shop.example", "s; d=evil.example", ""),
    ];
    for (domain, selector, pem) in cases {
        let key = SigningKey { domain: domain.into(), selector: selector.into(), pem: pem.to_owned().into() };
        let refused = Signers::new(vec![key]);
        assert!(matches!(refused, Err(SignError::Key { .. } | SignError::Name)), "{domain} {selector}");
    }
    let made = ed25519();
    let twice = Signers::new(vec![key("shop.example", "s", &made), key("Shop.example.", "S", &made)]);
    assert!(matches!(twice, Err(SignError::Twice { .. })));
    assert_eq!(PrivateKey::generate(Algorithm::Rsa, 1_024).err(), Some(key::KeyFault::Size));
}

#[test]
fn blank_lines_at_the_end_are_no_part_of_what_is_signed() {
    let signers = Signers::new(vec![key("shop.example", "r1", &rsa())]).unwrap();
    let body_hash = |end: &str| {
        let copy = COPY.replace("Hello \r\n\r\n", end);
        parsed(&sign(&signers, "shop.example", &copy).unwrap())[0].bh.clone()
    };
    for end in ["Hello", "Hello \r\n\r\n", "Hello\r\n  \r\n", "Hello\r\n\r\n\t \r\n \r\n\r\n"] {
        assert_eq!(body_hash(end), body_hash("Hello\r\n"), "{end:?}");
    }
    assert_eq!(body_hash("\r\n \r\n"), body_hash(""));
    assert_ne!(body_hash("\r\n \r\nHello\r\n"), body_hash("Hello\r\n"));
}
