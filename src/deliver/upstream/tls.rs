//! TLS towards the upstream. RFC 3207, RFC 8314.

use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, SignatureScheme};
use rustls_platform_verifier::Verifier;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::{Settings, Tls};

/// How to make a TCP connection a protected one.
#[derive(Clone)]
pub struct Protection {
    connector: TlsConnector,
    name: ServerName<'static>,
}

impl Protection {
    /// What the settings ask for; `None` where they want no TLS. The error is for people.
    pub fn new(settings: &Settings) -> Result<Option<Self>, String> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let verifier: Arc<dyn ServerCertVerifier> = match settings.tls {
            Tls::None => return Ok(None),
            Tls::Required | Tls::Implicit => Arc::new(checking(settings, &provider)?),
            Tls::Opportunistic => Arc::new(Unchecked(provider.clone())),
        };
        let name = ServerName::try_from(settings.host.clone())
            .map_err(|_| format!("`{}` is no name that a certificate can have", settings.host))?;
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| error.to_string())?
            .dangerous()
            .with_custom_certificate_verifier(verifier)
            .with_no_client_auth();
        Ok(Some(Self { connector: TlsConnector::from(Arc::new(config)), name }))
    }

    pub async fn handshake(&self, socket: TcpStream) -> std::io::Result<TlsStream<TcpStream>> {
        self.connector.connect(self.name.clone(), socket).await
    }
}

/// Checks the certificate against the system's authorities and those that the settings add.
fn checking(settings: &Settings, provider: &Arc<CryptoProvider>) -> Result<Verifier, String> {
    let mut roots = Vec::new();
    for pem in &settings.extra_roots {
        for root in CertificateDer::pem_slice_iter(pem) {
            roots.push(root.map_err(|error| format!("a certificate to trust can't be read: {error}"))?);
        }
    }
    Verifier::new_with_extra_roots(roots, provider.clone()).map_err(|error| error.to_string())
}

/// Takes any certificate: without a promise that TLS is offered at all, a check would only push the mail back
/// to plain text. The handshake's signature is still checked.
#[derive(Debug)]
struct Unchecked(Arc<CryptoProvider>);

impl ServerCertVerifier for Unchecked {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, cert, signature, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, cert, signature, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
