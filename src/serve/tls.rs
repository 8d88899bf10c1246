//! The certificate of `[smtp]`: shown to tools, read anew when its files change.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use arc_swap::ArcSwap;
use rustls::ServerConfig;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use tokio_util::sync::CancellationToken;

use crate::config::certificate::CertificateFiles;

/// How often the files are looked at.
const LOOK: Duration = Duration::from_secs(10);

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
}

impl Certificate {
    pub fn load(files: CertificateFiles) -> anyhow::Result<Self> {
        let key = files.load().map_err(anyhow::Error::msg)?;
        Ok(Self { files, in_force: Arc::new(InForce(ArcSwap::from_pointee(key))) })
    }

    pub fn server_config(&self) -> anyhow::Result<Arc<ServerConfig>> {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_cert_resolver(self.in_force.clone());
        Ok(Arc::new(config))
    }

    /// Follows the files until cancelled. One that can't be used is told of, and the old one stays.
    pub async fn follow(self, shutdown: CancellationToken) {
        let mut seen = changed_at(&self.files);
        while shutdown.run_until_cancelled(tokio::time::sleep(LOOK)).await.is_some() {
            let found = changed_at(&self.files);
            if found == seen {
                continue;
            }
            seen = found;
            match self.files.load() {
                Ok(key) => {
                    self.in_force.0.store(Arc::new(key));
                    tracing::info!("certificate read anew");
                }
                Err(error) => tracing::error!(%error, "the new certificate can't be used; the old one stays"),
            }
        }
    }
}

fn changed_at(files: &CertificateFiles) -> [Option<SystemTime>; 2] {
    [&files.certificate, &files.key]
        .map(|path| std::fs::metadata(path).and_then(|metadata| metadata.modified()).ok())
}
