//! The certificate that tools are shown, and its key: PEM files.

mod validity;

use std::path::{Path, PathBuf};

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use zeroize::Zeroizing;

pub use validity::not_after;

/// `[smtp] certificate` and `key`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateFiles {
    pub certificate: PathBuf,
    pub key: PathBuf,
}

/// What the two files hold, not yet understood.
#[derive(Clone, PartialEq, Eq)]
pub struct Pem {
    certificate: Vec<u8>,
    key: Zeroizing<Vec<u8>>,
}

impl CertificateFiles {
    /// Reads both and checks that they belong together. The error names the file and what is wrong.
    pub fn load(&self) -> Result<CertifiedKey, String> {
        self.understand(&self.read()?)
    }

    /// As they are now.
    pub fn read(&self) -> Result<Pem, String> {
        let read = |path: &Path| std::fs::read(path).map_err(|error| format!("{}: {error}", path.display()));
        Ok(Pem { certificate: read(&self.certificate)?, key: Zeroizing::new(read(&self.key)?) })
    }

    /// What was read from them, if it is a chain and the key to its first certificate.
    pub fn understand(&self, pem: &Pem) -> Result<CertifiedKey, String> {
        let certificate = self.certificate.display();
        let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(&pem.certificate)
            .collect::<Result<_, _>>()
            .map_err(|error| format!("{certificate}: {error}"))?;
        if chain.is_empty() {
            return Err(format!("{certificate}: holds no certificate"));
        }
        let failed = |error: &dyn std::fmt::Display| format!("{}: {error}", self.key.display());
        let key = PrivateKeyDer::from_pem_slice(&pem.key).map_err(|error| failed(&error))?;
        let key =
            rustls::crypto::aws_lc_rs::sign::any_supported_type(&key).map_err(|error| failed(&error))?;
        let certified = CertifiedKey::new(chain, key);
        match certified.keys_match() {
            Ok(()) | Err(rustls::Error::InconsistentKeys(rustls::InconsistentKeys::Unknown)) => Ok(certified),
            Err(error) => Err(format!("{certificate}: {error}")),
        }
    }
}
