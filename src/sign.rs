//! DKIM (RFC 6376, RFC 8463): relaxed/relaxed, RSA-SHA256 and Ed25519; mail-auth brings the canonical forms. Refuses to
//! sign if `h=` would miss the one-click pair (RFC 8058, 4).
//!
//! It must never change the copy: the fields that it makes stand before it. There is no `l=`, by which anything could
//! be put below what we signed; no `x=`, since mail that waits at a provider must stay signed; and no `i=`, which
//! then is `@d`.

mod fields;
pub mod key;
pub mod record;

use std::collections::BTreeMap;

use jiff::Timestamp;
use mail_auth::common::crypto::{HashContext as _, HashImpl as _, Sha256};
use mail_auth::common::headers::Writable as _;
use mail_auth::dkim::Signature;
use secrecy::ExposeSecret as _;

pub use fields::Fields;
use fields::{PAIR, count, listed, names};
use key::{KeyFault, PrivateKey};

/// The private keys by domain. A From domain is served by the keys of the longest matching domain.
#[derive(Default)]
pub struct Signers {
    domains: BTreeMap<String, Vec<Prepared>>,
}

/// A `[[dkim]]` entry, its file read.
#[derive(Clone)]
pub struct SigningKey {
    pub domain: String,
    pub selector: String,
    /// What `PrivateKey::read` takes.
    pub pem: secrecy::SecretString,
}

/// Why a message was not signed.
#[derive(Debug, thiserror::Error)]
pub enum SignError {
    #[error("the key {selector} of {domain} can't be used: {fault}")]
    Key { domain: String, selector: String, fault: KeyFault },
    #[error("domain and selector of a key are dotted names of letters, digits, - and _")]
    Name,
    #[error("{domain} has two keys of the selector {selector}: DNS can name only one of them")]
    Twice { domain: String, selector: String },
    #[error("the signature would not cover the one-click pair")]
    PairMissing,
    #[error("signing failed")]
    Failed,
}

/// Whether the copy must carry List-Unsubscribe and List-Unsubscribe-Post under the signature. RFC 8058, 4.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pair {
    Required,
    NotNeeded,
}

/// What the upstream does to a message on its way, so that the signature holds all the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Handling {
    /// Fields that it writes anew: they are not signed.
    pub rewrites: &'static [&'static str],
    /// Fields that it adds although there is one: they are signed, but not against another.
    pub adds: &'static [&'static str],
    pub signatures: Signatures,
}

/// How many signatures of ours a message may carry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Signatures {
    /// One of each key of the domain.
    #[default]
    OfEveryKey,
    /// The upstream refuses a second `DKIM-Signature`: that of the first RSA key, else of the first key.
    One,
}

struct Prepared {
    selector: String,
    key: PrivateKey,
}

impl Signers {
    /// Reads all keys once. Of a domain's keys RSA comes first, since verifiers that give up early must have met a
    /// signature that they know; else the order is the configuration's.
    pub fn new(keys: Vec<SigningKey>) -> Result<Self, SignError> {
        let mut domains: BTreeMap<String, Vec<Prepared>> = BTreeMap::new();
        for SigningKey { domain, selector, pem } in keys {
            let domain = domain.trim_end_matches('.').to_ascii_lowercase();
            if !is_name(&domain) || !is_name(&selector) {
                return Err(SignError::Name);
            }
            let own = domains.entry(domain.clone()).or_default();
            if own.iter().any(|other| other.selector.eq_ignore_ascii_case(&selector)) {
                return Err(SignError::Twice { domain, selector });
            }
            match PrivateKey::read(pem.expose_secret()) {
                Ok(key) => own.push(Prepared { selector, key }),
                Err(fault) => return Err(SignError::Key { domain, selector, fault }),
            }
        }
        for keys in domains.values_mut() {
            keys.sort_by_key(|prepared| prepared.key.algorithm());
        }
        Ok(Self { domains })
    }

    /// The DKIM-Signature fields for this copy, each with its CRLF, to stand before it; empty where no key
    /// serves the domain. `at` is what `t=` says.
    pub fn sign(
        &self,
        from_domain: &str,
        copy: &[u8],
        pair: Pair,
        handling: &Handling,
        at: Timestamp,
    ) -> Result<Vec<u8>, SignError> {
        let names = names(copy);
        if pair == Pair::Required && PAIR.iter().any(|name| count(&names, name) != 1) {
            return Err(SignError::PairMissing);
        }
        let Some((domain, keys)) = self.serving(from_domain) else {
            return Ok(Vec::new());
        };
        let keys = match handling.signatures {
            Signatures::OfEveryKey => keys,
            Signatures::One => keys.get(..1).unwrap_or_default(),
        };
        let mut signature = Signature {
            v: 1,
            d: domain.to_owned(),
            t: u64::try_from(at.as_second()).unwrap_or_default(),
            h: listed(&names, handling).into_iter().map(str::to_owned).collect(),
            ..Signature::default()
        };
        let (_, header, covered, body) = signature.canonicalize(Fields::of(without_blank_end(copy)));
        let mut canonical = Vec::with_capacity(4_096);
        header.write(&mut canonical);
        let mut hasher = Sha256::hasher();
        body.write(&mut hasher);
        signature.bh = hasher.complete().as_ref().to_vec();
        signature.h = covered;
        let mut fields = Vec::with_capacity(1_024 * keys.len());
        for prepared in keys {
            let field = prepared.field(&mut signature, &canonical)?;
            if pair == Pair::Required && !covers_pair(&field) {
                return Err(SignError::PairMissing);
            }
            fields.extend_from_slice(field.as_bytes());
        }
        Ok(fields)
    }

    /// Whether any key serves this domain.
    pub fn serves(&self, from_domain: &str) -> bool {
        self.serving(from_domain).is_some()
    }

    /// The domain whose keys sign for this From domain.
    pub fn domain_for(&self, from_domain: &str) -> Option<&str> {
        self.serving(from_domain).map(|(domain, _)| domain)
    }

    /// Domain, selector and key of each, by domain.
    pub fn keys(&self) -> impl Iterator<Item = (&str, &str, &PrivateKey)> {
        self.domains.iter().flat_map(|(domain, keys)| {
            keys.iter().map(move |own| (domain.as_str(), own.selector.as_str(), &own.key))
        })
    }

    fn serving(&self, from_domain: &str) -> Option<(&str, &[Prepared])> {
        let from_domain = from_domain.to_ascii_lowercase();
        let parents = from_domain.match_indices('.').map(|(at, _)| &from_domain[at + 1..]);
        let (domain, keys) = std::iter::once(from_domain.as_str())
            .chain(parents)
            .find_map(|candidate| self.domains.get_key_value(candidate))?;
        Some((domain, keys))
    }
}

impl Prepared {
    /// The whole field; `signature` has all but what is this key's own.
    fn field(&self, signature: &mut Signature, canonical: &[u8]) -> Result<String, SignError> {
        signature.a = self.key.name();
        self.selector.clone_into(&mut signature.s);
        signature.b.clear();
        let mut signed = Vec::with_capacity(canonical.len() + 1_024);
        signed.extend_from_slice(canonical);
        signature.write(&mut signed, false);
        signature.b = self.key.sign(&signed).ok_or(SignError::Failed)?;
        let mut field = Vec::with_capacity(1_024);
        signature.write(&mut field, true);
        String::from_utf8(field).map(with_whole_end).map_err(|_| SignError::Failed)
    }
}

/// The copy without blank lines at its end: RFC 6376, 3.4.4 ignores them, lines of nothing but blanks too, and of
/// those mail-auth would count all but the last.
fn without_blank_end(copy: &[u8]) -> &[u8] {
    let body = memchr::memmem::find(copy, b"\r\n\r\n").map_or(copy.len(), |end| end + 4);
    let is_blank = |octet: &u8| matches!(octet, b' ' | b'\t' | b'\r' | b'\n');
    let content = copy[body..].iter().rposition(|octet| !is_blank(octet));
    &copy[..content.map_or(body, |last| body + last + 1)]
}

/// mail-auth may fold between the signature and the `;` after it. RFC 6376, 3.7 leaves blanks round the
/// value of `b=` out of the hash, but there are verifiers (dkimpy) that leave out only those before it.
fn with_whole_end(mut field: String) -> String {
    if let Some(start) = field.strip_suffix("\r\n\t;\r\n").map(str::len) {
        field.replace_range(start.., ";\r\n");
    }
    field
}

/// What is written is what counts: the field is read back.
fn covers_pair(field: &str) -> bool {
    let Some((_, value)) = field.split_once(':') else { return false };
    Signature::parse(value.as_bytes()).is_ok_and(|signature| {
        PAIR.iter()
            .all(|name| signature.h.iter().filter(|listed| listed.eq_ignore_ascii_case(name)).count() > 1)
    })
}

/// Whether the text can be a domain, or a selector, in DNS.
pub fn is_name(text: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    text.len() <= 253 && text.split('.').all(label)
}

/// Whether a domain is served by the key of another: the same, or below it.
pub fn is_within(domain: &str, own: &str) -> bool {
    domain.strip_suffix(own).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

#[cfg(test)]
mod tests;
