//! One connection: whose network it comes from, its TLS, and the conversations that it carries.

use std::io;
use std::net::IpAddr;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::server::TlsStream;

use super::conversation::{Conversation, Then};
use super::{Greeting, Shared};
use crate::classify::Grant;
use crate::credential::NotVerified;
use crate::mail::Reply;
use crate::smtp::session::{Channel, Holder, Session};
use crate::store::{Credential, StoreError};
use crate::telemetry::metrics;

/// A handshake takes at most this long.
const HANDSHAKE: Duration = Duration::from_secs(60);
/// Saying goodbye takes at most this long.
const GOODBYE: Duration = Duration::from_secs(5);

/// Attends to a connection until it ends.
pub(super) async fn attend(tcp: TcpStream, greeting: Greeting, shared: &Shared) {
    if let Err(error) = carry(tcp, greeting, shared).await {
        tracing::debug!(%error, "SMTP connection lost");
    }
}

async fn carry(mut tcp: TcpStream, greeting: Greeting, shared: &Shared) -> io::Result<()> {
    tcp.set_nodelay(true)?;
    let peer = tcp.peer_addr()?.ip().to_canonical();
    let trusted = match trusted(shared, peer).await {
        Ok(trusted) => trusted,
        Err(error) => {
            tracing::error!(%error, "can't tell whom a trusted network stands for");
            if greeting == Greeting::Plain {
                let reply = Reply::new(421, (4, 3, 0), "can't serve now, try again later");
                tcp.write_all(reply.to_string().as_bytes()).await?;
            }
            return goodbye(&mut tcp).await;
        }
    };
    match greeting {
        Greeting::ImplicitTls => {
            let mut tls = secure(tcp, shared).await?;
            let mut session = Session::new(shared.terms.clone(), Channel::Tls, trusted);
            Conversation::greet(&mut tls, &mut session, shared, peer).await?;
            goodbye(&mut tls).await
        }
        Greeting::Plain => {
            let mut session = Session::new(shared.terms.clone(), Channel::Clear, trusted);
            match Conversation::greet(&mut tcp, &mut session, shared, peer).await? {
                Then::Close => goodbye(&mut tcp).await,
                // What came in clear after STARTTLS went with the conversation that had read it.
                Then::StartTls => {
                    let mut tls = secure(tcp, shared).await?;
                    session.secured();
                    Conversation::resume(&mut tls, &mut session, shared, peer).await?;
                    goodbye(&mut tls).await
                }
            }
        }
    }
}

async fn secure(tcp: TcpStream, shared: &Shared) -> io::Result<TlsStream<TcpStream>> {
    let Some(acceptor) = &shared.tls else {
        return Err(io::Error::other("a listener for TLS has no certificate"));
    };
    tokio::select! {
        () = shared.shutdown.cancelled() => Err(io::Error::other("shutting down")),
        done = timeout(HANDSHAKE, acceptor.accept(tcp)) => {
            metrics::tls_handshake(match &done {
                Ok(Ok(_)) => "done",
                Ok(Err(_)) => "failed",
                Err(_) => "timed_out",
            });
            done?
        }
    }
}

async fn goodbye<S: AsyncRead + AsyncWrite + Unpin>(stream: &mut S) -> io::Result<()> {
    timeout(GOODBYE, stream.shutdown()).await?
}

/// What the peer's network stands for. The store's silence is not "a stranger": a tool that can't
/// authenticate would take the 530 for good.
async fn trusted(shared: &Shared, peer: IpAddr) -> Result<Option<Holder>, StoreError> {
    let holds = |network: &ipnet::IpNet| network.contains(&peer);
    let Some(trusted) = shared.trusted.iter().find(|trusted| trusted.networks.iter().any(holds)) else {
        return Ok(None);
    };
    match shared.verifier.trusted(&trusted.credential).await {
        Ok(credential) => Ok(Some(holder(&credential))),
        Err(NotVerified::Wrong) => {
            tracing::warn!(credential = %trusted.credential, "a trusted network stands for no credential in force");
            Ok(None)
        }
        Err(NotVerified::Store(error)) => Err(error),
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
