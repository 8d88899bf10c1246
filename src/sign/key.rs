//! A DKIM key: read from its file or made anew; it signs, and it knows what DNS must say of it. RFC 6376, 3.3;
//! RFC 8301, 3.2; RFC 8463.
//!
//! The private half leaves this module once, as the PEM of a key that was just made.

use std::fmt;

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair};
use data_encoding::BASE64;
use mail_auth::common::crypto::Algorithm as Named;
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject as _;
use secrecy::SecretString;
use zeroize::Zeroizing;

/// The largest modulus in bits that a verifier must be able to check (RFC 8301, 3.2); what is larger counts as
/// unsigned at some of them.
pub const MOST_BITS: usize = 4_096;
/// The smallest modulus in bits that signs here: the large providers distrust what is smaller.
pub const LEAST_BITS: usize = 2_048;

/// What a key signs with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Algorithm {
    /// Every verifier knows it.
    Rsa,
    /// Few do; beside RSA it harms nobody.
    Ed25519,
}

/// Why a key can't sign. It tells nothing of what the file holds.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyFault {
    #[error("it is no PEM of an unencrypted private key, RSA or Ed25519, and no Ed25519 seed in base64")]
    NotAKey,
    #[error("it is neither Ed25519 nor RSA of {LEAST_BITS} to {MOST_BITS} bits ({0})")]
    Unusable(String),
    #[error("its {0} bits are more than verifiers must be able to check: {MOST_BITS} (RFC 8301)")]
    TooLong(usize),
    #[error("RSA keys are made with 2048, 3072 or 4096 bits")]
    Size,
    #[error("no key could be made")]
    NotMade,
}

/// A private key, ready to sign.
pub struct PrivateKey(Pair);

enum Pair {
    Rsa(RsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

impl Algorithm {
    /// As `k=` has it in DNS.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rsa => "rsa",
            Self::Ed25519 => "ed25519",
        }
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Rsa => "RSA",
            Self::Ed25519 => "Ed25519",
        })
    }
}

impl PrivateKey {
    /// PKCS#8 or PKCS#1 in PEM, or the bare seed of an Ed25519 key in base64 (RFC 8032, 5.1.5), as dkimpy makes it.
    pub fn read(text: &str) -> Result<Self, KeyFault> {
        if let Some(pair) = seed(text) {
            return pair.map(|pair| Self(Pair::Ed25519(pair)));
        }
        let der = PrivateKeyDer::from_pem_slice(text.as_bytes()).map_err(|_| KeyFault::NotAKey)?;
        let rsa = match &der {
            PrivateKeyDer::Pkcs1(der) => RsaKeyPair::from_der(der.secret_pkcs1_der()),
            PrivateKeyDer::Pkcs8(der) => {
                if let Ok(pair) = Ed25519KeyPair::from_pkcs8_maybe_unchecked(der.secret_pkcs8_der()) {
                    return Ok(Self(Pair::Ed25519(pair)));
                }
                RsaKeyPair::from_pkcs8(der.secret_pkcs8_der())
            }
            _ => return Err(KeyFault::Unusable("another kind of key".to_owned())),
        };
        let key = Self(Pair::Rsa(rsa.map_err(|error| KeyFault::Unusable(error.to_string()))?));
        match key.bits() {
            bits if bits > MOST_BITS => Err(KeyFault::TooLong(bits)),
            _ => Ok(key),
        }
    }

    /// A new key, and its PEM (PKCS#8). `bits` is RSA's alone.
    pub fn generate(algorithm: Algorithm, bits: usize) -> Result<(Self, SecretString), KeyFault> {
        let (pair, der) = match algorithm {
            Algorithm::Rsa => {
                let size = match bits {
                    2_048 => KeySize::Rsa2048,
                    3_072 => KeySize::Rsa3072,
                    4_096 => KeySize::Rsa4096,
                    _ => return Err(KeyFault::Size),
                };
                let pair = RsaKeyPair::generate(size).map_err(|_| KeyFault::NotMade)?;
                let der: Pkcs8V1Der<'_> = pair.as_der().map_err(|_| KeyFault::NotMade)?;
                let der = Zeroizing::new(der.as_ref().to_vec());
                (Pair::Rsa(pair), der)
            }
            Algorithm::Ed25519 => {
                let pair = Ed25519KeyPair::generate().map_err(|_| KeyFault::NotMade)?;
                // Version 1, since older OpenSSL doesn't read the one that holds the public half too.
                let der: Pkcs8V1Der<'_> = pair.as_der().map_err(|_| KeyFault::NotMade)?;
                let der = Zeroizing::new(der.as_ref().to_vec());
                (Pair::Ed25519(pair), der)
            }
        };
        Ok((Self(pair), pem(&der)))
    }

    pub fn algorithm(&self) -> Algorithm {
        match &self.0 {
            Pair::Rsa(_) => Algorithm::Rsa,
            Pair::Ed25519(_) => Algorithm::Ed25519,
        }
    }

    /// Of the modulus; Ed25519 has 256.
    pub fn bits(&self) -> usize {
        match &self.0 {
            Pair::Rsa(pair) => 8 * pair.public_modulus_len(),
            Pair::Ed25519(_) => 256,
        }
    }

    /// The TXT record that lets verifiers find the public half. RFC 6376, 3.6.1; RFC 8463, 4.
    pub fn record(&self) -> String {
        let public = BASE64.encode(&self.public());
        format!("v=DKIM1; k={}; p={public}", self.algorithm().as_str())
    }

    /// What `p=` holds: a SubjectPublicKeyInfo of RSA, the bare 32 octets of Ed25519.
    fn public(&self) -> Vec<u8> {
        match &self.0 {
            Pair::Rsa(pair) => {
                let der: Result<PublicKeyX509Der<'_>, _> = pair.public_key().as_der();
                der.map_or_else(|_| pair.public_key().as_ref().to_vec(), |der| der.as_ref().to_vec())
            }
            Pair::Ed25519(pair) => pair.public_key().as_ref().to_vec(),
        }
    }

    /// Whether this is what `p=` holds of it.
    pub fn is_published_as(&self, public: &[u8]) -> bool {
        public == self.public()
    }

    /// Whether this is its RSAPublicKey without the frame that says so. RFC 6376's text asks for it, its examples don't,
    /// and opendkim and Mail::DKIM can't read it.
    pub fn is_bare(&self, public: &[u8]) -> bool {
        matches!(&self.0, Pair::Rsa(pair) if public == pair.public_key().as_ref())
    }

    pub(super) fn name(&self) -> Named {
        match &self.0 {
            Pair::Rsa(_) => Named::RsaSha256,
            Pair::Ed25519(_) => Named::Ed25519Sha256,
        }
    }

    /// Signs the canonical header. `None` where the library fails.
    pub(super) fn sign(&self, header: &[u8]) -> Option<Vec<u8>> {
        match &self.0 {
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), header, &mut signature).ok()?;
                Some(signature)
            }
            // RFC 8463, 3: the hash is what is signed.
            Pair::Ed25519(pair) => Some(pair.sign(digest(&SHA256, header).as_ref()).as_ref().to_vec()),
        }
    }
}

/// A seed, if the text is nothing but 32 octets in base64.
fn seed(text: &str) -> Option<Result<Ed25519KeyPair, KeyFault>> {
    let bare = text.trim();
    if bare.len() != 44 {
        return None;
    }
    let octets = Zeroizing::new(BASE64.decode(bare.as_bytes()).ok()?);
    let pair = (octets.len() == 32).then(|| Ed25519KeyPair::from_seed_unchecked(&octets))?;
    Some(pair.map_err(|error| KeyFault::Unusable(error.to_string())))
}

fn pem(der: &[u8]) -> SecretString {
    let encoded = Zeroizing::new(BASE64.encode(der));
    let mut pem = String::with_capacity(encoded.len() + encoded.len() / 64 + 64);
    pem.push_str("-----BEGIN PRIVATE KEY-----\n");
    for (index, letter) in encoded.chars().enumerate() {
        if index > 0 && index % 64 == 0 {
            pem.push('\n');
        }
        pem.push(letter);
    }
    pem.push_str("\n-----END PRIVATE KEY-----\n");
    pem.into()
}
