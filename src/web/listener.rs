//! The listeners of `[web]` and `[api]`: connections are bounded in number, by address, in idleness, and in the
//! time that a request's header may take. What a whole request may take is for the routers to say.

mod idle;

use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use ipnet::IpNet;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tower_service::Service as _;

use crate::limits::Tally;
use crate::limits::places::{Capacity, Place, Places, Whence};
use crate::telemetry::metrics;
use idle::Idle;

/// After so long a connection takes no more requests; the one in hand may end.
const LIFE: Duration = Duration::from_secs(10 * 60);
/// How long that one may still take: whole lists are streamed, and nobody streams for ever.
const LAST_REQUEST: Duration = Duration::from_secs(60 * 60);
/// The most that is read of a request's header, in octets.
const MAX_HEADER: usize = 64 * 1024;
/// How long accepting rests after it failed: mostly for want of file descriptors.
const ACCEPT_AGAIN: Duration = Duration::from_millis(100);
/// So many that are one too many from their address are told so at once; more are only closed.
const TURNED_AWAY: usize = 64;
/// How long such a one may take to hear it.
const TURN_AWAY: Duration = Duration::from_secs(1);
/// RFC 9110, 15.6.4.
const TOO_MANY: &[u8] =
    b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 10\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

/// What a listener's peers may take.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Connections at once; more wait in the kernel's backlog.
    pub connections: usize,
    /// Of one address, or of one IPv6 network of 64 bits; trusted proxies are exempt.
    pub per_address: usize,
    /// For a header to come in full, and between octets of all else.
    pub idle: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { connections: 1_024, per_address: 100, idle: Duration::from_secs(20) }
    }
}

/// What all connections of a listener share.
struct Shared {
    door: &'static str,
    router: Router,
    limits: Limits,
    places: Places,
    proxies: Vec<IpNet>,
    turned_away: Semaphore,
    too_many: Tally,
    shutdown: CancellationToken,
}

/// Serves until cancelled; then takes no new connections and lets requests in hand finish. `proxies` are those
/// that many people come through; `door` is what the metrics call it.
pub async fn serve(
    door: &'static str,
    listener: TcpListener,
    router: Router,
    limits: Limits,
    proxies: Vec<IpNet>,
    shutdown: CancellationToken,
) {
    let capacity = Capacity {
        most: limits.connections,
        kept: 0,
        per_address: limits.per_address,
        per_loopback_address: limits.per_address,
        networks: Vec::new(),
    };
    let open = Arc::new(Semaphore::new(limits.connections));
    let shared = Arc::new(Shared {
        door,
        router,
        limits,
        places: Places::new(capacity),
        proxies,
        turned_away: Semaphore::new(TURNED_AWAY),
        too_many: Tally::default(),
        shutdown,
    });
    let mut connections = JoinSet::new();
    while let Some(next) = shared.shutdown.run_until_cancelled(accept(&listener, &open)).await {
        while connections.try_join_next().is_some() {}
        if let Some((stream, peer, permit)) = next {
            let shared = shared.clone();
            connections.spawn(async move {
                attend(stream, peer, &shared).await;
                drop(permit);
            });
        }
    }
    drop(listener);
    while connections.join_next().await.is_some() {}
}

/// The next connection, once there is room for one.
async fn accept(
    listener: &TcpListener,
    open: &Arc<Semaphore>,
) -> Option<(TcpStream, SocketAddr, OwnedSemaphorePermit)> {
    let permit = open.clone().acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, peer)) => Some((stream, peer, permit)),
        Err(error) => {
            tracing::warn!(%error, "can't accept HTTP connections");
            sleep(ACCEPT_AGAIN).await;
            None
        }
    }
}

async fn attend(stream: TcpStream, peer: SocketAddr, shared: &Shared) {
    let _ = stream.set_nodelay(true);
    let _open = metrics::http_connection(shared.door);
    match place(peer, shared) {
        Some(_place) => converse(stream, peer, shared).await,
        None => turn_away(stream, shared).await,
    }
}

/// A place among all, and among those of the peer's address.
fn place(peer: SocketAddr, shared: &Shared) -> Option<Place> {
    let address = peer.ip().to_canonical();
    let mut place = shared.places.enter().ok()?;
    if !shared.proxies.iter().any(|proxy| proxy.contains(&address)) {
        place.sit(address, Whence::Anywhere).ok()?;
    }
    Some(place)
}

async fn turn_away(mut stream: TcpStream, shared: &Shared) {
    metrics::limited(shared.door, "max_connections_per_address");
    if let Some(times) = shared.too_many.worth_a_line() {
        tracing::warn!(times, "too many HTTP connections from one address");
    }
    let Ok(_turn) = shared.turned_away.try_acquire() else { return };
    let told = async {
        stream.write_all(TOO_MANY).await?;
        stream.shutdown().await?;
        tokio::io::copy(&mut (&mut stream).take(4_096), &mut tokio::io::sink()).await
    };
    let _ = timeout(TURN_AWAY, told).await;
}

async fn converse(stream: TcpStream, peer: SocketAddr, shared: &Shared) {
    let answer = service_fn(async |mut request: Request<Incoming>| -> Result<Response<Body>, Never> {
        request.extensions_mut().insert(ConnectInfo(peer));
        shared.router.clone().call(request).await
    });
    let stream = TokioIo::new(Idle::new(stream, shared.limits.idle));
    let mut connection = pin!(
        http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(shared.limits.idle)
            .max_buf_size(MAX_HEADER)
            .serve_connection(stream, answer)
    );
    let first = tokio::select! {
        ended = connection.as_mut() => Some(ended),
        () = shared.shutdown.cancelled() => None,
        () = sleep(LIFE) => None,
    };
    let ended = match first {
        Some(ended) => Ok(ended),
        None => {
            connection.as_mut().graceful_shutdown();
            timeout(LAST_REQUEST, connection).await
        }
    };
    match ended {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::debug!(%error, "an HTTP connection ended early"),
        Err(_) => tracing::debug!("an HTTP request took too long"),
    }
}

type Never = std::convert::Infallible;
