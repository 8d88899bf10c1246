//! The certificate that tools are shown, and its key: PEM files.

use std::path::PathBuf;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;

/// `[smtp] certificate` and `key`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateFiles {
    pub certificate: PathBuf,
    pub key: PathBuf,
}

impl CertificateFiles {
    /// Reads both and checks that they belong together. The error names the file and what is wrong.
    pub fn load(&self) -> Result<CertifiedKey, String> {
        let certificate = self.certificate.display();
        let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_file_iter(&self.certificate)
            .and_then(Iterator::collect)
            .map_err(|error| format!("{certificate}: {error}"))?;
        if chain.is_empty() {
            return Err(format!("{certificate}: holds no certificate"));
        }
        let failed = |error: &dyn std::fmt::Display| format!("{}: {error}", self.key.display());
        let key = PrivateKeyDer::from_pem_file(&self.key).map_err(|error| failed(&error))?;
        let key =
            rustls::crypto::aws_lc_rs::sign::any_supported_type(&key).map_err(|error| failed(&error))?;
        let certified = CertifiedKey::new(chain, key);
        match certified.keys_match() {
            Ok(()) | Err(rustls::Error::InconsistentKeys(rustls::InconsistentKeys::Unknown)) => Ok(certified),
            Err(error) => Err(format!("{certificate}: {error}")),
        }
    }
}
