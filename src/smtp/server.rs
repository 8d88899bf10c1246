//! Listeners, TLS and limits: the only sockets of `smtp`. Never takes more connections, octets or time than
//! its bounds, and never drops a message whose end it has read. RFC 5321, 3.8 and 4.5.3.2.

mod answer;
mod chunks;
mod connection;
mod conversation;
mod limits;
mod login;
mod pace;
mod proxy;
mod returned;
mod room;
mod turned_away;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::{JoinError, JoinSet};
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

pub use self::limits::Limits;
use self::room::Room;
use super::session::{AuthOver, Door, StartTls, Terms};
use crate::credential::Verifier;
use crate::feedback::Feedback;
use crate::intake::Intake;
use crate::limits::Tally;
use crate::limits::places::{Capacity, Full, Places};
use crate::telemetry::metrics;

/// How long accepting rests after it failed: mostly for want of file descriptors.
const ACCEPT_AGAIN: Duration = Duration::from_millis(100);

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
    /// Networks of balancers, which must say by the PROXY protocol for whom they connect.
    pub balancers: Vec<ipnet::IpNet>,
    pub limits: Limits,
}

/// A network that stands for a credential.
#[derive(Clone, Debug)]
pub struct Trusted {
    pub networks: Vec<ipnet::IpNet>,
    /// `SENDER/NAME`.
    pub credential: String,
    /// Its connections at once, in place of the limit of each address.
    pub max_connections: usize,
}

/// Who takes the mail that comes in, and with that whose mail it is.
#[derive(Clone)]
pub enum Taker {
    Submission(Arc<Intake>),
    Feedback(Arc<Feedback>),
}

impl Taker {
    fn door(&self) -> Door {
        match self {
            Self::Submission(_) => Door::Submission,
            Self::Feedback(_) => Door::Feedback,
        }
    }
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
    balancers: Vec<ipnet::IpNet>,
    taker: Taker,
    verifier: Verifier,
    shutdown: CancellationToken,
    limits: Limits,
    places: Places,
    handshakes: Semaphore,
    turned_away: Semaphore,
    /// Turned away since the start.
    too_many: Tally,
    /// Balancers' connections without a name since the start.
    unnamed: Tally,
    /// Peers that spoke another protocol since the start.
    foreign: Tally,
    /// Addresses that could not be looked up since the start.
    not_looked_up: Tally,
    room: Room,
}

impl Shared {
    fn new(settings: Settings, taker: Taker, verifier: Verifier, shutdown: CancellationToken) -> Self {
        let starttls = if settings.tls.is_some() { StartTls::Offered } else { StartTls::Absent };
        let auth = if settings.allow_plaintext_auth { AuthOver::Anything } else { AuthOver::TlsAlone };
        let terms = Terms {
            door: taker.door(),
            hostname: settings.hostname,
            max_message_size: settings.max_message_size,
            max_recipients: settings.max_recipients,
            starttls,
            auth,
            bounds: settings.limits.session_bounds,
        };
        let networks = settings.trusted.iter().map(|trusted| trusted.max_connections).collect();
        Self {
            room: Room::new(settings.limits.in_hand, terms.max_message_size, room::PATIENCE),
            places: Places::new(Capacity {
                most: settings.limits.connections,
                kept: settings.limits.kept,
                per_address: settings.limits.per_address,
                per_loopback_address: settings.limits.per_loopback_address,
                networks,
            }),
            handshakes: Semaphore::new(settings.limits.handshakes),
            turned_away: Semaphore::new(turned_away::AT_ONCE),
            too_many: Tally::default(),
            unnamed: Tally::default(),
            foreign: Tally::default(),
            not_looked_up: Tally::default(),
            limits: settings.limits,
            terms: Arc::new(terms),
            tls: settings.tls.map(TlsAcceptor::from),
            trusted: settings.trusted,
            balancers: settings.balancers,
            taker,
            verifier,
            shutdown,
        }
    }
}

/// Serves until cancelled; then takes no new connections and lets open sessions finish the message in hand
/// within `drain`, answering 421 to what comes after.
pub async fn serve(
    listeners: Vec<(TcpListener, Greeting)>,
    settings: Settings,
    taker: Taker,
    verifier: Verifier,
    shutdown: CancellationToken,
    drain: Duration,
) {
    let shared = Arc::new(Shared::new(settings, taker, verifier, shutdown));
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
                Ok((tcp, _)) => admit(tcp, greeting, &shared, &mut sessions),
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

/// Gives a connection a place and a task of its own; beyond all places, whoever can be told is told.
fn admit(tcp: TcpStream, greeting: Greeting, shared: &Arc<Shared>, sessions: &mut JoinSet<()>) {
    let place = shared.places.enter();
    if place.is_err() && shared.turned_away.available_permits() == 0 {
        metrics::limited(shared.terms.door.word(), Full::All.as_str());
        return;
    }
    let shared = shared.clone();
    sessions.spawn(async move {
        match place {
            Ok(place) => {
                let _open = metrics::smtp_connection(listener(&shared, greeting));
                connection::attend(tcp, greeting, &shared, place).await;
            }
            Err(full) => turned_away::attend(tcp, greeting, &shared, full).await,
        }
    });
}

/// One word for the metrics.
fn listener(shared: &Shared, greeting: Greeting) -> &'static str {
    match shared.terms.door {
        Door::Submission => greeting.word(),
        Door::Feedback => Door::Feedback.word(),
    }
}

/// A task that panicked took its own connection with it and nothing else. Its message is nobody's to read.
fn report(ended: Result<(), JoinError>) {
    if ended.is_err_and(|error| error.is_panic()) {
        tracing::error!("an SMTP session failed");
    }
}
