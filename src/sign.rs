//! DKIM (RFC 6376, RFC 8463) by mail-auth: relaxed/relaxed, RSA-SHA256 and Ed25519. Refuses to sign if `h=`
//! would miss the one-click pair (RFC 8058, 4).
//!
//! It must never change the copy: the fields that it makes stand before it. mail-auth writes the system's
//! time into `t=`; nothing here or later decides by it.

use std::collections::BTreeMap;

use mail_auth::common::crypto::{Algorithm, DkimKey, Ed25519Key, RsaKey, Sha256};
use mail_auth::common::headers::{HeaderWriter as _, Writable};
use mail_auth::dkim::{DkimSigner, Signature};
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject as _;
use secrecy::ExposeSecret as _;

/// Listed once more than they are present, so that none can be added after us.
const OVER_SIGNED: [&str; 4] = ["From", "Subject", PAIR[0], PAIR[1]];
/// Signed where present. An upstream may add some of these, so their absence is not signed.
const SIGNED: [&str; 10] = [
    "To",
    "Cc",
    "Date",
    "Message-ID",
    "MIME-Version",
    "Content-Type",
    "Content-Transfer-Encoding",
    "Reply-To",
    "List-Id",
    "Feedback-ID",
];
/// RFC 8058, 3.
const PAIR: [&str; 2] = ["List-Unsubscribe", "List-Unsubscribe-Post"];

/// The private keys by domain. A From domain is served by the keys of the longest matching domain.
#[derive(Default)]
pub struct Signers {
    domains: BTreeMap<String, Vec<Prepared>>,
}

/// A `[[dkim]]` entry, its PEM read.
pub struct SigningKey {
    pub domain: String,
    pub selector: String,
    /// PKCS#8 or PKCS#1, RSA or Ed25519.
    pub pem: secrecy::SecretString,
}

/// Why a message was not signed.
#[derive(Debug, thiserror::Error)]
pub enum SignError {
    #[error("the key for {domain} can't be used: {reason}")]
    Key { domain: String, reason: String },
    #[error("the signature would not cover the one-click pair")]
    PairMissing,
    #[error("signing failed: {0}")]
    Failed(String),
}

/// Whether the copy must carry List-Unsubscribe and List-Unsubscribe-Post under the signature. RFC 8058, 4.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pair {
    Required,
    NotNeeded,
}

struct Prepared {
    selector: String,
    key: DkimKey,
}

impl Signers {
    /// Reads all keys once. RSA below 2048 bits is refused, as the large providers refuse or distrust it.
    pub fn new(keys: Vec<SigningKey>) -> Result<Self, SignError> {
        let mut domains: BTreeMap<String, Vec<Prepared>> = BTreeMap::new();
        for SigningKey { domain, selector, pem } in keys {
            let domain = domain.trim_end_matches('.').to_ascii_lowercase();
            let unusable = |reason: String| SignError::Key { domain: domain.clone(), reason };
            if !is_name(&domain) || !is_name(&selector) {
                return Err(unusable(
                    "domain and selector are dotted names of letters, digits, - and _".into(),
                ));
            }
            let key = read_key(pem.expose_secret()).map_err(unusable)?;
            domains.entry(domain).or_default().push(Prepared { selector, key });
        }
        Ok(Self { domains })
    }

    /// The DKIM-Signature fields for this copy, each with its CRLF, to stand before it; empty where no key
    /// serves the domain. `h=` covers From, Subject and the pair, over-signed, and none of what the upstream
    /// writes anew.
    pub fn sign(
        &self,
        from_domain: &str,
        copy: &[u8],
        pair: Pair,
        rewritten: &[&str],
    ) -> Result<Vec<u8>, SignError> {
        let names = field_names(copy);
        if pair == Pair::Required && PAIR.iter().any(|name| count(&names, name) != 1) {
            return Err(SignError::PairMissing);
        }
        let Some((domain, keys)) = self.serving(from_domain) else {
            return Ok(Vec::new());
        };
        // mail-auth signs every instance of a listed name, and once more for each time it is listed beyond.
        let over_signed = OVER_SIGNED.iter().flat_map(|name| [*name, *name]);
        let stays = |name: &&str| count(&names, name) > 0 && !rewritten.contains(name);
        let present = SIGNED.iter().copied().filter(stays);
        let listed: Vec<&str> = over_signed.chain(present).collect();
        let mut fields = Vec::with_capacity(768 * keys.len());
        for prepared in keys {
            let signature = DkimSigner::from_key(Borrowed(&prepared.key))
                .domain(domain)
                .selector(&prepared.selector)
                .headers(listed.iter().copied())
                .sign(copy)
                .map_err(|error| SignError::Failed(error.to_string()))?;
            let field = with_whole_end(signature.to_header());
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

    /// The domains that only Ed25519 keys serve: the large providers don't verify those yet, so `check` warns.
    pub fn ed25519_alone(&self) -> impl Iterator<Item = &str> {
        let alone =
            |keys: &[Prepared]| keys.iter().all(|prepared| matches!(prepared.key, DkimKey::Ed25519(_)));
        self.domains.iter().filter(move |(_, keys)| alone(keys)).map(|(domain, _)| domain.as_str())
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

fn read_key(pem: &str) -> Result<DkimKey, String> {
    let der = PrivateKeyDer::from_pem_slice(pem.as_bytes())
        .map_err(|_| "it is no PEM of an unencrypted private key".to_owned())?;
    let rsa_reason = match RsaKey::<Sha256>::from_key_der(der.clone_key()) {
        Ok(key) => return Ok(key.into()),
        Err(error) => error.to_string(),
    };
    if let PrivateKeyDer::Pkcs8(der) = der
        && let Ok(key) = Ed25519Key::from_pkcs8_maybe_unchecked_der(der.secret_pkcs8_der())
    {
        return Ok(key.into());
    }
    Err(format!("it is neither Ed25519 nor RSA of at least 2048 bits ({rsa_reason})"))
}

fn is_name(text: &str) -> bool {
    let label = |label: &str| {
        !label.is_empty()
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    text.len() <= 253 && text.split('.').all(label)
}

/// The names of the copy's header fields, in order.
fn field_names(copy: &[u8]) -> Vec<&[u8]> {
    let mut names = Vec::with_capacity(32);
    let mut rest = copy;
    while let Some(end) = memchr::memchr(b'\n', rest) {
        let line = &rest[..end];
        if line.trim_ascii_end().is_empty() {
            break;
        }
        if !matches!(line.first(), Some(b' ' | b'\t'))
            && let Some(colon) = memchr::memchr(b':', line)
        {
            names.push(line[..colon].trim_ascii_end());
        }
        rest = &rest[end + 1..];
    }
    names
}

fn count(names: &[&[u8]], wanted: &str) -> usize {
    names.iter().filter(|name| name.eq_ignore_ascii_case(wanted.as_bytes())).count()
}

/// mail-auth's signer owns its key; ours is shared by all messages.
struct Borrowed<'a>(&'a DkimKey);

impl mail_auth::common::crypto::SigningKey for Borrowed<'_> {
    type Hasher = Sha256;

    fn sign(&self, input: impl Writable) -> mail_auth::Result<Vec<u8>> {
        self.0.sign(input)
    }

    fn algorithm(&self) -> Algorithm {
        self.0.algorithm()
    }
}

#[cfg(test)]
mod tests;
