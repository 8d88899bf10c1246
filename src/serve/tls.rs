//! The certificate of `[smtp]`: shown to tools, read anew when its files change.

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use rustls::ServerConfig;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use tokio_util::sync::CancellationToken;

use crate::config::certificate::{CertificateFiles, Pem, not_after};
use crate::telemetry::metrics;

/// How often the files are read again. They are small, and their contents are compared: dates and paths don't
/// tell of every change (links that are swapped, files that come with an old date).
const LOOK: Duration = Duration::from_secs(2);

/// Always the certificate in force.
#[derive(Debug)]
struct InForce(ArcSwap<CertifiedKey>);

impl ResolvesServerCert for InForce {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.load_full())
    }
}

/// The certificate as it was read last, and where from.
pub struct Certificate {
    files: CertificateFiles,
    in_force: Arc<InForce>,
    /// What the files held, or why they could not be read, when they were last looked at.
    seen: Result<Pem, String>,
}

impl Certificate {
    pub fn load(files: CertificateFiles) -> anyhow::Result<Self> {
        let seen = files.read();
        let pem = seen.as_ref().map_err(|error| anyhow::Error::msg(error.clone()))?;
        let key = files.understand(pem).map_err(anyhow::Error::msg)?;
        measure(&key);
        Ok(Self { files, in_force: Arc::new(InForce(ArcSwap::from_pointee(key))), seen })
    }

    pub fn server_config(&self) -> anyhow::Result<Arc<ServerConfig>> {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_cert_resolver(self.in_force.clone());
        Ok(Arc::new(config))
    }

    /// Follows the files until cancelled.
    pub async fn follow(mut self, shutdown: CancellationToken) {
        while shutdown.run_until_cancelled(tokio::time::sleep(LOOK)).await.is_some() {
            let files = self.files.clone();
            // Wherever they lie, waiting for them must not hold up mail.
            if let Ok(found) = tokio::task::spawn_blocking(move || files.read()).await {
                self.take(found);
            }
        }
    }

    /// What can't be used is told of once, and the old certificate stays.
    fn take(&mut self, found: Result<Pem, String>) {
        if found == self.seen {
            return;
        }
        self.seen = found;
        match self.seen.as_ref().map_err(Clone::clone).and_then(|pem| self.files.understand(pem)) {
            Ok(key) => {
                measure(&key);
                self.in_force.0.store(Arc::new(key));
                tracing::info!(certificate = %self.files.certificate.display(), "certificate read anew");
            }
            Err(error) => tracing::error!(%error, "the new certificate can't be used; the old one stays"),
        }
    }
}

fn measure(key: &CertifiedKey) {
    if let Some(ends) = key.cert.first().and_then(|certificate| not_after(certificate)) {
        metrics::certificate_expiry(ends);
    }
}
