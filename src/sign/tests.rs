//! Keys are made on the spot; signatures are verified by mail-auth's verifier, with DNS answered from memory.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex};

use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::KeyPair as _;
use data_encoding::BASE64;
use mail_auth::common::parse::TxtRecordParser as _;
use mail_auth::common::verify::DomainKey;
use mail_auth::{AuthenticatedMessage, DkimResult, MessageAuthenticator, Parameters, ResolverCache, Txt};

use super::*;

const COPY: &str = "Received: from a by b; Sat, 21 Nov 2026 12:00:00 +0000\r\n\
    List-Unsubscribe: <https://mail.example.com/u/x>\r\n\
    list-unsubscribe-post: List-Unsubscribe=One-Click\r\n\
    From: Shop <news@shop.example>\r\nTo: a@example.se\r\nSubject: Sale\r\n on trousers\r\n\
    Date: Sat, 21 Nov 2026 12:00:00 +0000\r\nMessage-ID: <1@shop.example>\r\n\r\nHello \r\n\r\n";

fn pem(label: &str, der: &[u8]) -> secrecy::SecretString {
    let text = BASE64.encode(der);
    let lines: Vec<&str> =
        text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n")).into()
}

struct Made {
    pkcs8: Vec<u8>,
    record: String,
}

fn rsa() -> Made {
    let key = aws_lc_rs::rsa::KeyPair::generate(KeySize::Rsa2048).unwrap();
    let pkcs8: aws_lc_rs::encoding::Pkcs8V1Der<'_> = key.as_der().unwrap();
    let public = BASE64.encode(key.public_key().as_ref());
    Made { pkcs8: pkcs8.as_ref().to_vec(), record: format!("v=DKIM1; k=rsa; p={public}") }
}

fn ed25519() -> Made {
    let pkcs8 = Ed25519Key::generate_pkcs8().unwrap();
    let public = BASE64.encode(&Ed25519Key::from_pkcs8_der(&pkcs8).unwrap().public_key());
    Made { pkcs8, record: format!("v=DKIM1; k=ed25519; p={public}") }
}

fn key(domain: &str, selector: &str, made: &Made) -> SigningKey {
    SigningKey { domain: domain.into(), selector: selector.into(), pem: pem("PRIVATE KEY", &made.pkcs8) }
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
    let mut bytes = signers.sign("shop.example", copy.as_bytes(), Pair::Required, &[]).unwrap();
    bytes.extend_from_slice(copy.as_bytes());
    bytes
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

    // Over-signed: neither a second Subject nor a second link may be added.
    for added in
        ["Subject: other\r\n", "List-Unsubscribe: <https://evil.example>\r\n", "From: a@b.example\r\n"]
    {
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
async fn pkcs1_is_read_too() {
    let made = rsa();
    // A PKCS#8 wrapping of an RSA key of this size puts 26 octets before the PKCS#1 structure.
    let pem = pem("RSA PRIVATE KEY", &made.pkcs8[26..]);
    let signers =
        Signers::new(vec![SigningKey { domain: "shop.example".into(), selector: "s".into(), pem }]).unwrap();
    let dns = Dns::with(&[("s._domainkey.shop.example", &made)]);
    assert_eq!(results(&dns, &signed(&signers, COPY)).await, [DkimResult::Pass]);
}

#[test]
fn marketing_without_exactly_one_pair_is_not_signed() {
    let signers = Signers::new(vec![key("shop.example", "s", &ed25519())]).unwrap();
    let link = "List-Unsubscribe: <https://mail.example.com/u/x>\r\n";
    let post = "list-unsubscribe-post: List-Unsubscribe=One-Click\r\n";
    let broken =
        [COPY.replace(link, ""), COPY.replace(post, ""), format!("{link}{COPY}"), format!("{post}{COPY}")];
    for copy in broken {
        let refused = signers.sign("shop.example", copy.as_bytes(), Pair::Required, &[]);
        assert!(matches!(refused, Err(SignError::PairMissing)));
        assert!(signers.sign("shop.example", copy.as_bytes(), Pair::NotNeeded, &[]).is_ok());
    }
}

#[test]
fn what_is_listed_is_over_signed_or_present() {
    let signers = Signers::new(vec![key("shop.example", "s", &ed25519())]).unwrap();
    let field = signers.sign("shop.example", COPY.as_bytes(), Pair::Required, &[]).unwrap();
    let field = String::from_utf8(field).unwrap();
    let signature = Signature::parse(field.split_once(':').unwrap().1.as_bytes()).unwrap();
    let listed = |name: &str| signature.h.iter().filter(|listed| listed.eq_ignore_ascii_case(name)).count();
    for name in OVER_SIGNED {
        assert_eq!(listed(name), 2, "{name}");
    }
    assert_eq!((listed("Date"), listed("To"), listed("Reply-To"), listed("Received")), (1, 1, 0, 0));
}

#[test]
fn the_longest_matching_domain_serves() {
    let made = ed25519();
    let signers = Signers::new(vec![key("example", "a", &made), key("shop.example", "b", &made)]).unwrap();
    let selector = |domain: &str| {
        let field =
            String::from_utf8(signers.sign(domain, COPY.as_bytes(), Pair::Required, &[]).unwrap()).unwrap();
        field.split("s=").nth(1).and_then(|rest| rest.split(';').next()).map(str::to_owned)
    };
    assert_eq!(selector("shop.example").as_deref(), Some("b"));
    assert_eq!(selector("News.Shop.example").as_deref(), Some("b"));
    assert_eq!(selector("webshop.example").as_deref(), Some("a"));
    assert_eq!(selector("shop.test"), None);
    assert!(signers.serves("x.shop.example") && !signers.serves("shop.test"));
    assert_eq!(signers.ed25519_alone().collect::<Vec<_>>(), ["example", "shop.example"]);
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
        assert!(matches!(Signers::new(vec![key]), Err(SignError::Key { .. })), "{domain} {selector}");
    }
}
