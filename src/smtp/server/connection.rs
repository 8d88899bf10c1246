//! One connection: whose network it comes from, its place, its TLS, and the conversations that it carries.

use std::io;
use std::net::IpAddr;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};
use tokio_rustls::server::TlsStream;

use super::conversation::{Conversation, Then};
use super::proxy::{self, Source};
use super::turned_away::turn_away;
use super::{Greeting, Shared};
use crate::classify::Grant;
use crate::credential::NotVerified;
use crate::limits::places::{Full, Place, Seat, Whence};
use crate::mail::Reply;
use crate::policy::Stream;
use crate::smtp::session::{Channel, Holder, Session};
use crate::store::{Credential, StoreError};
use crate::telemetry::metrics;

/// Saying goodbye takes at most this long.
const GOODBYE: Duration = Duration::from_secs(5);
/// How long, and for how many octets, a peer is still listened to after the last word: a connection that is closed
/// over unread input takes the last reply with it.
const LINGER: (Duration, u64) = (Duration::from_secs(1), 256 * 1024);
/// For a stranger to log in while places run short.
const LOGIN_WHEN_SCARCE: Duration = Duration::from_secs(10);

/// The peer of a connection, and what it may take.
pub(super) struct Guest {
    pub address: IpAddr,
    whence: Whence,
    /// When a stranger must have become somebody.
    pub login_until: Instant,
    pub session_until: Instant,
    place: Place,
}

impl Guest {
    /// Whether who has one of the last places is one of those for whom they are kept.
    pub fn may_stay(&self, holder: &Holder) -> Result<(), Reply> {
        let functional = holder.grant.streams.contains(&Stream::Functional);
        if self.place.seat() == Seat::Common || functional {
            return Ok(());
        }
        metrics::limited("smtp", "kept_for_functional");
        tracing::warn!(credential = %holder.grant.name, "too many SMTP connections: the last are kept for functional mail");
        Err(Reply::new(421, (4, 3, 2), "too many connections, the last are kept for functional mail"))
    }
}

/// Attends to a connection until it ends.
pub(super) async fn attend(tcp: TcpStream, greeting: Greeting, shared: &Shared, place: Place) {
    if let Err(error) = carry(tcp, greeting, shared, place).await {
        tracing::debug!(%error, "SMTP connection lost");
    }
}

async fn carry(mut tcp: TcpStream, greeting: Greeting, shared: &Shared, mut place: Place) -> io::Result<()> {
    tcp.set_nodelay(true)?;
    let Some(source) = source(&mut tcp, shared).await? else { return goodbye(&mut tcp).await };
    let peer = source.address();
    if let Err(full) = place.sit(peer, whence(shared, source)) {
        drop(place);
        return turn_away(tcp, greeting, shared, full, whence(shared, source)).await;
    }
    let trusted = match trusted(shared, source).await {
        Ok(trusted) => trusted,
        Err(error) => {
            metrics::login("smtp", "unavailable");
            tracing::error!(%error, "can't tell whom a trusted network stands for");
            if greeting == Greeting::Plain {
                let reply = Reply::new(421, (4, 3, 0), "can't serve now, try again later");
                tcp.write_all(reply.to_string().as_bytes()).await?;
            }
            return goodbye(&mut tcp).await;
        }
    };
    let guest = guest(shared, source, place);
    if trusted.as_ref().is_some_and(|holder| guest.may_stay(holder).is_err()) {
        let whence = guest.whence;
        drop(guest);
        return turn_away(tcp, greeting, shared, Full::All, whence).await;
    }
    converse(tcp, greeting, shared, &guest, trusted).await
}

/// Who it is, by the socket or by the word of a balancer; `None` where a balancer gave none.
async fn source(tcp: &mut TcpStream, shared: &Shared) -> io::Result<Option<Source>> {
    let peer = tcp.peer_addr()?.ip().to_canonical();
    if !shared.balancers.iter().any(|network| network.contains(&peer)) {
        return Ok(Some(Source::Peer(peer)));
    }
    match proxy::source(tcp, peer).await {
        Ok(source) => Ok(Some(source)),
        Err(error) => {
            metrics::not_smtp("no_proxy_header");
            if let Some(times) = shared.unnamed.worth_a_line() {
                tracing::warn!(balancer = %peer, %error, times, "a balancer does not say for whom it connects");
            }
            Ok(None)
        }
    }
}

fn guest(shared: &Shared, source: Source, place: Place) -> Guest {
    let (now, limits) = (Instant::now(), &shared.limits);
    let login = if shared.places.are_scarce() { limits.login.min(LOGIN_WHEN_SCARCE) } else { limits.login };
    Guest {
        address: source.address(),
        whence: whence(shared, source),
        login_until: now + login,
        session_until: now + limits.session,
        place,
    }
}

async fn converse(
    mut tcp: TcpStream,
    greeting: Greeting,
    shared: &Shared,
    guest: &Guest,
    trusted: Option<Holder>,
) -> io::Result<()> {
    match greeting {
        Greeting::ImplicitTls => {
            let mut tls = secure(tcp, shared, guest.whence).await?;
            let mut session = Session::new(shared.terms.clone(), Channel::Tls, trusted);
            Conversation::greet(&mut tls, &mut session, shared, guest).await?;
            goodbye(&mut tls).await
        }
        Greeting::Plain => {
            let mut session = Session::new(shared.terms.clone(), Channel::Clear, trusted);
            match Conversation::greet(&mut tcp, &mut session, shared, guest).await? {
                Then::Close => goodbye(&mut tcp).await,
                // What came in clear after STARTTLS went with the conversation that had read it.
                Then::StartTls => {
                    let mut tls = secure(tcp, shared, guest.whence).await?;
                    session.secured();
                    Conversation::resume(&mut tls, &mut session, shared, guest).await?;
                    goodbye(&mut tls).await
                }
            }
        }
    }
}

/// A handshake, in its turn where a stranger wants it: they cost more than anything else that one may ask for. Who
/// says nothing takes no turn from others, and nobody takes one from this machine or a trusted network.
pub(super) async fn secure(
    tcp: TcpStream,
    shared: &Shared,
    whence: Whence,
) -> io::Result<TlsStream<TcpStream>> {
    let Some(acceptor) = &shared.tls else {
        return Err(io::Error::other("a listener for TLS has no certificate"));
    };
    let handshake = async {
        let _turn = match whence {
            Whence::Anywhere => {
                tcp.peek(&mut [0]).await?;
                Some(shared.handshakes.acquire().await.map_err(io::Error::other)?)
            }
            Whence::Loopback | Whence::Trusted(_) => None,
        };
        Ok::<_, io::Error>(acceptor.accept(tcp).into_fallible().await)
    };
    tokio::select! {
        () = shared.shutdown.cancelled() => Err(io::Error::other("shutting down")),
        done = timeout(shared.limits.handshake, handshake) => {
            metrics::tls_handshake(match &done {
                Ok(Ok(Ok(_))) => "done",
                Ok(_) => "failed",
                Err(_) => "timed_out",
            });
            match done?? {
                Ok(tls) => Ok(tls),
                Err((error, mut tcp)) => {
                    goodbye(&mut tcp).await?;
                    Err(error)
                }
            }
        }
    }
}

pub(super) async fn goodbye<S: AsyncRead + AsyncWrite + Unpin>(stream: &mut S) -> io::Result<()> {
    timeout(GOODBYE, stream.shutdown()).await??;
    let (wait, most) = LINGER;
    let rest = async { tokio::io::copy(&mut stream.take(most), &mut tokio::io::sink()).await };
    // Whoever does not hang up is not waited for.
    timeout(wait, rest).await.map_or(Ok(()), |read| read.map(drop))
}

/// The trusted network that a peer belongs to.
fn network_of(shared: &Shared, source: Source) -> Option<usize> {
    let Source::Peer(peer) = source else { return None };
    let holds = |network: &ipnet::IpNet| network.contains(&peer);
    shared.trusted.iter().position(|trusted| trusted.networks.iter().any(holds))
}

pub(super) fn whence(shared: &Shared, source: Source) -> Whence {
    match network_of(shared, source) {
        Some(index) => Whence::Trusted(index),
        None if source.address().is_loopback() => Whence::Loopback,
        None => Whence::Anywhere,
    }
}

/// What the peer's network stands for. The store's silence is not "a stranger": a tool that can't
/// authenticate would take the 530 for good.
async fn trusted(shared: &Shared, source: Source) -> Result<Option<Holder>, StoreError> {
    let Some(trusted) = network_of(shared, source).and_then(|index| shared.trusted.get(index)) else {
        return Ok(None);
    };
    match shared.verifier.trusted(&trusted.credential).await {
        Ok(credential) => Ok(Some(holder(&credential))),
        Err(NotVerified::Wrong) => {
            tracing::warn!(credential = %trusted.credential, "a trusted network stands for no credential in force");
            Ok(None)
        }
        Err(NotVerified::Store(error)) => Err(error),
        // Only secrets are guessed at.
        Err(NotVerified::Refused { .. } | NotVerified::Busy) => Ok(None),
    }
}

/// A credential, as far as a session needs it.
pub(super) fn holder(credential: &Credential) -> Holder {
    let grant = Grant {
        sender: credential.sender.clone(),
        name: credential.name.clone(),
        streams: credential.streams.clone(),
    };
    Holder { id: credential.id, grant }
}
