//! DKIM (RFC 6376, RFC 8463) by mail-auth. Refuses to sign if `h=` would miss the one-click pair.

/// The private keys by domain. A From domain is served by the keys of the longest matching domain.
#[derive(Default)]
pub struct Signers {}

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

impl Signers {
    pub fn new(keys: Vec<SigningKey>) -> Result<Self, SignError> {
        let _ = keys;
        todo!()
    }

    /// The DKIM-Signature fields for this copy, each with its CRLF, to stand before it; empty where no key
    /// serves the domain. `h=` covers From, Subject and the pair, over-signed.
    pub fn sign(&self, from_domain: &str, copy: &[u8], pair: Pair) -> Result<Vec<u8>, SignError> {
        let _ = (from_domain, copy, pair);
        todo!()
    }

    /// Whether any key serves this domain.
    pub fn serves(&self, from_domain: &str) -> bool {
        let _ = from_domain;
        todo!()
    }
}
