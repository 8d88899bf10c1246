//! What a subscriber finds in a captured message: links and headers.

use super::upstream::Captured;

/// The values of a header field, unfolded.
pub fn header(message: &Captured, name: &str) -> Vec<String> {
    let text = message.text();
    let head = text.split("\r\n\r\n").next().unwrap_or_default().replace("\r\n ", " ").replace("\r\n\t", " ");
    head.split("\r\n")
        .filter_map(|line| line.split_once(':'))
        .filter(|(found, _)| found.eq_ignore_ascii_case(name))
        .map(|(_, value)| value.trim().to_owned())
        .collect()
}

/// The path of the one-click link.
pub fn unsubscribe_path(message: &Captured) -> String {
    let values = header(message, "List-Unsubscribe");
    assert_eq!(values.len(), 1, "exactly one List-Unsubscribe: {values:?}");
    let uri = values[0].split('<').nth(1).and_then(|rest| rest.split('>').next()).expect("a URI in brackets");
    let start = uri.find("/u/").expect("a link of ours");
    uri[start..].to_owned()
}

/// The address of the `mailto:` in List-Unsubscribe.
pub fn unsubscribe_address(message: &Captured) -> String {
    let values = header(message, "List-Unsubscribe");
    assert_eq!(values.len(), 1);
    let mailto =
        values[0].split("<mailto:").nth(1).and_then(|rest| rest.split('>').next()).expect("a mailto");
    mailto.split('?').next().expect("an address").to_owned()
}

/// The path of the preference page that the body links to.
pub fn preferences_path(message: &Captured) -> String {
    path_in(message, "/p/").expect("a preference link in the body")
}

/// The path of the link that confirms.
pub fn confirm_path(message: &Captured) -> String {
    path_in(message, "/c/").expect("a link that confirms in the body")
}

/// The path of the link to a person's data.
pub fn data_path(message: &Captured) -> String {
    path_in(message, "/d/").expect("a link to the data in the body")
}

/// The path of the body's first link of ours of this kind.
pub fn path_in(message: &Captured, kind: &str) -> Option<String> {
    let text = message.text().replace("=\r\n", "");
    // Not in the header, whose signature may spell anything.
    let (_, body) = text.split_once("\r\n\r\n")?;
    let path = &body[body.find(&format!("https://mail.test{kind}"))? + "https://mail.test".len()..];
    let is_token = |own: char| own.is_ascii_alphanumeric() || own == '-' || own == '_';
    let end = path[kind.len()..].find(|own| !is_token(own)).map_or(path.len(), |end| kind.len() + end);
    Some(path[..end].to_owned())
}

/// An RSA key as `[[dkim]]` takes it: made once a test run.
pub fn dkim_key_pem() -> String {
    dkim_key().0.clone()
}

/// The public half, base64, as it stands after `p=` in DNS.
pub fn dkim_public() -> String {
    dkim_key().1.clone()
}

fn dkim_key() -> &'static (String, String) {
    use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der};
    use aws_lc_rs::rsa::{KeyPair, KeySize};
    use aws_lc_rs::signature::KeyPair as _;
    use base64::Engine as _;
    static KEY: std::sync::OnceLock<(String, String)> = std::sync::OnceLock::new();
    KEY.get_or_init(|| {
        let base64 = base64::engine::general_purpose::STANDARD;
        let pair = KeyPair::generate(KeySize::Rsa2048).expect("an RSA key");
        let private = AsDer::<Pkcs8V1Der<'_>>::as_der(&pair).expect("PKCS#8");
        let body = base64.encode(private.as_ref());
        let lines: Vec<&str> =
            body.as_bytes().chunks(64).filter_map(|c| std::str::from_utf8(c).ok()).collect();
        let pem = format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", lines.join("\n"));
        // In its frame: opendkim can't read the bare key.
        let public = AsDer::<PublicKeyX509Der<'_>>::as_der(pair.public_key()).expect("a public key");
        (pem, base64.encode(public.as_ref()))
    })
}

/// Asserts that each signature verifies, with this key under this name in DNS.
pub async fn verify_dkim(message: &Captured, name: &str, public: &str) {
    use mail_auth::{AuthenticatedMessage, DkimResult, MessageAuthenticator, Parameters};
    let dns = Dns { name: name.into(), record: format!("v=DKIM1; k=rsa; p={public}") };
    let parsed = AuthenticatedMessage::parse(&message.content).expect("a message");
    let authenticator = MessageAuthenticator::new_cloudflare().expect("a resolver that is never asked");
    let results = authenticator.verify_dkim(Parameters::new(&parsed).with_txt_cache(&dns)).await;
    assert!(!results.is_empty(), "it is signed");
    for result in results {
        assert!(matches!(result.result(), DkimResult::Pass), "{:?}\n{}", result.result(), message.text());
    }
}

/// DNS with one record in it.
struct Dns {
    name: Box<str>,
    record: String,
}

impl mail_auth::ResolverCache<Box<str>, mail_auth::Txt> for Dns {
    fn get<Q>(&self, name: &Q) -> Option<mail_auth::Txt>
    where
        Box<str>: std::borrow::Borrow<Q>,
        Q: std::hash::Hash + Eq + ?Sized,
    {
        use mail_auth::common::parse::TxtRecordParser as _;
        use std::borrow::Borrow as _;
        let own: &Q = self.name.borrow();
        let key = mail_auth::common::verify::DomainKey::parse(self.record.as_bytes()).expect("a record");
        (own == name).then(|| mail_auth::Txt::DomainKey(std::sync::Arc::new(key)))
    }

    fn remove<Q>(&self, _: &Q) -> Option<mail_auth::Txt>
    where
        Box<str>: std::borrow::Borrow<Q>,
        Q: std::hash::Hash + Eq + ?Sized,
    {
        None
    }

    fn insert(&self, _: Box<str>, _: mail_auth::Txt, _: std::time::Instant) {}
}
