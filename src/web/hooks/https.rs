//! Asks the host of a topic over HTTPS: its certificate is checked for its name, no redirect is followed, no address but
//! a public one is connected to, and no more is read than such an answer has.

use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use axum::body::to_bytes;
use axum::http::{Request, header};
use bytes::Bytes;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls_platform_verifier::Verifier;
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::feedback::webhook::ses::Place;

/// A certificate has some kilobytes.
const LARGEST: usize = 64 << 10;
const WAIT: Duration = Duration::from_secs(8);
const PORT: u16 = 443;

/// What was answered.
pub type Fetched = Bytes;
/// The future of [`Fetch::fetch`].
pub type Fetching<'a> = Pin<Box<dyn Future<Output = Result<Fetched, NotFetched>> + Send + 'a>>;

/// The network, handed in. Invariant 13.
pub trait Fetch: Send + Sync {
    /// What a GET of this place answers with 200.
    fn fetch<'a>(&'a self, place: &'a Place) -> Fetching<'a>;
}

/// Why there is no answer; for the operator.
#[derive(Debug, thiserror::Error)]
pub enum NotFetched {
    #[error("it could not be asked just now")]
    Paused,
    #[error("its name leads to no public address")]
    NotPublic,
    #[error("it takes too long")]
    TooLong,
    #[error("it can't be reached: {0}")]
    Connection(#[from] io::Error),
    #[error("it does not speak HTTP")]
    Http,
    #[error("it answered {0}")]
    Status(u16),
    #[error("it answered with something else than a certificate")]
    NoCertificate,
}

/// The real one.
pub struct Https {
    connector: TlsConnector,
    /// Where connections go, whatever the name says: for tests.
    instead: Option<SocketAddr>,
}

impl Https {
    /// Trusts the system's authorities. The error is for people.
    pub fn new() -> Result<Self, String> {
        Self::trusting(Vec::new(), None)
    }

    fn trusting(roots: Vec<CertificateDer<'static>>, instead: Option<SocketAddr>) -> Result<Self, String> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let verifier =
            Verifier::new_with_extra_roots(roots, provider.clone()).map_err(|error| error.to_string())?;
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| error.to_string())?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier))
            .with_no_client_auth();
        Ok(Self { connector: TlsConnector::from(Arc::new(config)), instead })
    }

    async fn ask(&self, place: &Place) -> Result<Fetched, NotFetched> {
        let (mut sender, connection) = http1::handshake(TokioIo::new(self.connect(place.host()).await?))
            .await
            .map_err(|_| NotFetched::Http)?;
        let request = Request::get(place.target())
            .header(header::HOST, place.host())
            .header(header::CONNECTION, "close")
            .body(axum::body::Body::empty())
            .map_err(|_| NotFetched::Http)?;
        let answer = async {
            let response = sender.send_request(request).await.map_err(|_| NotFetched::Http)?;
            match response.status().as_u16() {
                200 => to_bytes(axum::body::Body::new(response.into_body()), LARGEST)
                    .await
                    .map_err(|_| NotFetched::Http),
                status => Err(NotFetched::Status(status)),
            }
        };
        // The connection is driven beside it, and ends with it.
        let mut answer = std::pin::pin!(answer);
        tokio::select! {
            answer = &mut answer => answer,
            _ = connection => answer.await,
        }
    }

    async fn connect(&self, host: &str) -> Result<TlsStream<TcpStream>, NotFetched> {
        let name = ServerName::try_from(host.to_owned()).map_err(|_| NotFetched::NotPublic)?;
        let addresses: Vec<SocketAddr> = match self.instead {
            Some(address) => vec![address],
            None => {
                lookup_host((host, PORT)).await?.filter(|address| is_public(address.ip())).take(4).collect()
            }
        };
        let mut last = NotFetched::NotPublic;
        for address in addresses {
            match TcpStream::connect(address).await {
                Ok(socket) => return Ok(self.connector.connect(name, socket).await?),
                Err(error) => last = error.into(),
            }
        }
        Err(last)
    }
}

impl Fetch for Https {
    fn fetch<'a>(&'a self, place: &'a Place) -> Fetching<'a> {
        Box::pin(async { timeout(WAIT, self.ask(place)).await.unwrap_or(Err(NotFetched::TooLong)) })
    }
}

/// Not one of this machine, of this network, or of none: a name that leads there is no provider's, whoever answers it.
fn is_public(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => {
            let [first, second, ..] = address.octets();
            let shared = first == 100 && (64..128).contains(&second);
            let special = address.is_private() || address.is_loopback() || address.is_link_local();
            !(special || shared || first == 0 || first >= 224 || (first, second) == (192, 0))
        }
        // Global unicast, without what stands for IPv4 addresses there. RFC 4291, RFC 6052, RFC 3056.
        IpAddr::V6(address) => {
            let first = address.segments()[0];
            (first & 0xe000) == 0x2000 && first != 0x2002
        }
    }
}

#[cfg(test)]
mod tests;
