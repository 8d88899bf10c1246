//! Listeners, TLS and limits: the only sockets of `smtp`.

use std::sync::Arc;

use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::credential::Verifier;
use crate::intake::Intake;

/// What the server needs to know.
#[derive(Clone)]
pub struct Settings {
    pub hostname: String,
    pub max_message_size: usize,
    pub max_recipients: usize,
    /// AUTH without TLS.
    pub allow_plaintext_auth: bool,
    /// STARTTLS is offered where there is one.
    pub tls: Option<Arc<rustls::ServerConfig>>,
    pub trusted: Vec<Trusted>,
}

/// A network that stands for a credential.
#[derive(Clone, Debug)]
pub struct Trusted {
    pub networks: Vec<ipnet::IpNet>,
    /// `SENDER/NAME`.
    pub credential: String,
}

/// Whether a listener speaks TLS from the first octet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Greeting {
    Plain,
    ImplicitTls,
}

/// Serves until cancelled; then takes no new connections and lets open sessions finish the message in hand
/// within `drain`, answering 421 to what comes after.
pub async fn serve(
    listeners: Vec<(TcpListener, Greeting)>,
    settings: Settings,
    intake: Arc<Intake>,
    verifier: Verifier,
    shutdown: CancellationToken,
    drain: std::time::Duration,
) {
    let _ = (listeners, settings, intake, verifier, shutdown, drain);
    todo!()
}
