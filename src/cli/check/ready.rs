//! Asks a gateway on this machine whether it can accept mail, as a container's health check does where there
//! is no shell. RFC 9112: a request that needs no library.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::super::{Status, environment, unusable};
use crate::config;

/// A gateway that is well answers at once.
const PATIENCE: Duration = Duration::from_secs(5);
/// Of the answer only the first line counts.
const MOST: u64 = 4_096;

/// Exit status 0 if it is ready, 1 if it is not, or does not answer.
pub(super) async fn ask(file: &Path) -> anyhow::Result<Status> {
    let loaded = config::load_essentials(file, environment());
    let address = reachable(loaded.map_err(|mistakes| unusable("configuration", &mistakes))?.api);
    match timeout(PATIENCE, status(address)).await {
        Ok(Ok(line)) if line.split(' ').nth(1) == Some("200") => Ok(Status::Done),
        Ok(Ok(line)) => Ok(not_ready(address, &line)),
        Ok(Err(error)) => Ok(not_ready(address, &error.to_string())),
        Err(_) => Ok(not_ready(address, "no answer")),
    }
}

fn not_ready(address: SocketAddr, why: &str) -> Status {
    eprintln!("optgate: {address} is not ready: {}", crate::telemetry::escaped(why));
    Status::Findings
}

/// A listener on all addresses is met on this machine's own.
fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}

/// The first line of the answer.
async fn status(address: SocketAddr) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(address).await?;
    let request = format!("GET /readyz HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    stream.take(MOST).read_to_end(&mut answer).await?;
    Ok(String::from_utf8_lossy(&answer).lines().next().unwrap_or_default().to_owned())
}
