//! Listeners, TLS and limits: the only sockets of `smtp`. Never takes more connections, octets or time than
//! its bounds, and never drops a message whose end it has read. RFC 5321, 3.8 and 4.5.3.2.

mod answer;
mod chunks;
mod connection;
mod conversation;
mod room;
#[cfg(test)]
mod tests;

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::{JoinError, JoinSet};
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

use self::room::Room;
use super::session::{AuthOver, StartTls, Terms};
use crate::credential::Verifier;
use crate::intake::Intake;
use crate::mail::Reply;
use crate::telemetry::metrics;

/// Connections at once, over all listeners.
const MAX_CONNECTIONS: usize = 1_000;
/// Octets of messages in hand at once, over all sessions; or one message of the largest size, if that is more.
const MAX_IN_HAND: usize = 512 * 1024 * 1024;
/// How long accepting rests after it failed: mostly for want of file descriptors.
const ACCEPT_AGAIN: Duration = Duration::from_millis(100);
/// How long a connection too many may take to read that it is one.
const TURN_AWAY: Duration = Duration::from_secs(1);

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

impl Greeting {
    /// One word for the metrics.
    fn word(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::ImplicitTls => "implicit_tls",
        }
    }
}

/// What all connections share.
struct Shared {
    terms: Arc<Terms>,
    tls: Option<TlsAcceptor>,
    trusted: Vec<Trusted>,
    intake: Arc<Intake>,
    verifier: Verifier,
    shutdown: CancellationToken,
    connections: Arc<Semaphore>,
    room: Room,
}

impl Shared {
    fn new(settings: Settings, intake: Arc<Intake>, verifier: Verifier, shutdown: CancellationToken) -> Self {
        let starttls = if settings.tls.is_some() { StartTls::Offered } else { StartTls::Absent };
        let auth = if settings.allow_plaintext_auth { AuthOver::Anything } else { AuthOver::TlsAlone };
        let terms = Terms {
            hostname: settings.hostname,
            max_message_size: settings.max_message_size,
            max_recipients: settings.max_recipients,
            starttls,
            auth,
        };
        Self {
            room: Room::new(MAX_IN_HAND.max(terms.max_message_size)),
            terms: Arc::new(terms),
            tls: settings.tls.map(TlsAcceptor::from),
            trusted: settings.trusted,
            intake,
            verifier,
            shutdown,
            connections: Arc::new(Semaphore::new(MAX_CONNECTIONS)),
        }
    }
}

/// Serves until cancelled; then takes no new connections and lets open sessions finish the message in hand
/// within `drain`, answering 421 to what comes after.
pub async fn serve(
    listeners: Vec<(TcpListener, Greeting)>,
    settings: Settings,
    intake: Arc<Intake>,
    verifier: Verifier,
    shutdown: CancellationToken,
    drain: Duration,
) {
    let shared = Arc::new(Shared::new(settings, intake, verifier, shutdown));
    let mut listening = JoinSet::new();
    for (listener, greeting) in listeners {
        listening.spawn(listen(listener, greeting, shared.clone(), drain));
    }
    while let Some(ended) = listening.join_next().await {
        report(ended);
    }
}

async fn listen(listener: TcpListener, greeting: Greeting, shared: Arc<Shared>, drain: Duration) {
    let mut sessions = JoinSet::new();
    loop {
        tokio::select! {
            biased;
            () = shared.shutdown.cancelled() => break,
            Some(ended) = sessions.join_next() => report(ended),
            accepted = listener.accept() => match accepted {
                Ok((tcp, _)) => admit(tcp, greeting, &shared, &mut sessions).await,
                Err(error) => {
                    tracing::warn!(%error, "can't accept SMTP connections");
                    sleep(ACCEPT_AGAIN).await;
                }
            },
        }
    }
    drop(listener);
    let finish = async {
        while let Some(ended) = sessions.join_next().await {
            report(ended);
        }
    };
    if timeout(drain, finish).await.is_err() {
        tracing::warn!(sessions = sessions.len(), "SMTP sessions cut off at the end of the drain");
        sessions.shutdown().await;
    }
}

async fn admit(tcp: TcpStream, greeting: Greeting, shared: &Arc<Shared>, sessions: &mut JoinSet<()>) {
    if let Ok(place) = shared.connections.clone().try_acquire_owned() {
        let shared = shared.clone();
        let open = metrics::smtp_connection(greeting.word());
        sessions.spawn(async move {
            let _open = open;
            connection::attend(tcp, greeting, &shared).await;
            drop(place);
        });
        return;
    }
    metrics::limited("smtp", "max_connections");
    tracing::warn!("too many SMTP connections");
    if greeting == Greeting::Plain
        && let Err(error) = turn_away(tcp).await
    {
        tracing::debug!(%error, "a connection too many went away by itself");
    }
}

async fn turn_away(mut tcp: TcpStream) -> io::Result<()> {
    let reply = Reply::new(421, (4, 3, 2), "too many connections, try again later").to_string();
    timeout(TURN_AWAY, tcp.write_all(reply.as_bytes())).await?
}

/// A task that panicked took its own connection with it and nothing else.
fn report(ended: Result<(), JoinError>) {
    if let Err(error) = ended
        && error.is_panic()
    {
        tracing::error!(%error, "an SMTP session failed");
    }
}
