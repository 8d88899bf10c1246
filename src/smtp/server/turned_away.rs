//! Connections for which there is no place: they hear so, within bounds of their own, so that turning many
//! away costs less than serving them.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::connection::{secure, whence};
use super::proxy::Source;
use super::{Greeting, Shared};
use crate::limits::places::{Full, Whence};
use crate::mail::Reply;
use crate::telemetry::metrics;

/// So many at once are told; more are only closed.
pub(super) const AT_ONCE: usize = 64;
/// How long a connection too many may take to read that it is one.
const WITHIN: Duration = Duration::from_secs(2);
/// What such a peer may have sent already, in octets; read, lest the reply is lost with it.
const SENT_ALREADY: u64 = 4_096;

/// Attends to a connection beyond all places until it is gone.
pub(super) async fn attend(tcp: TcpStream, greeting: Greeting, shared: &Shared, full: Full) {
    let told = async {
        let peer = Source::Peer(tcp.peer_addr()?.ip().to_canonical());
        turn_away(tcp, greeting, shared, full, whence(shared, peer)).await
    };
    if let Err(error) = told.await {
        tracing::debug!(%error, "a connection too many went away by itself");
    }
}

/// Tells a peer that there is no place for it.
pub(super) async fn turn_away(
    tcp: TcpStream,
    greeting: Greeting,
    shared: &Shared,
    full: Full,
    whence: Whence,
) -> io::Result<()> {
    metrics::limited(shared.terms.door.word(), full.as_str());
    if let Some(times) = shared.too_many.worth_a_line() {
        tracing::warn!(
            door = shared.terms.door.word(),
            limit = full.as_str(),
            times,
            "too many SMTP connections"
        );
    }
    let Ok(_turn) = shared.turned_away.try_acquire() else { return Ok(()) };
    let text = match full {
        Full::All => "too many connections, try again later",
        Full::Address => "too many connections from your address, try again later",
        Full::Network => "too many connections from your network, try again later",
    };
    let reply = Reply::new(421, (4, 3, 2), text).to_string();
    match greeting {
        Greeting::Plain => timeout(WITHIN, tell(tcp, &reply)).await?,
        Greeting::ImplicitTls => {
            let told = async { tell(secure(tcp, shared, whence).await?, &reply).await };
            timeout(WITHIN, told).await?
        }
    }
}

async fn tell<S: AsyncRead + AsyncWrite + Unpin>(mut stream: S, reply: &str) -> io::Result<()> {
    stream.write_all(reply.as_bytes()).await?;
    stream.shutdown().await?;
    tokio::io::copy(&mut (&mut stream).take(SENT_ALREADY), &mut tokio::io::sink()).await.map(drop)
}
