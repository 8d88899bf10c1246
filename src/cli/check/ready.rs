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

/// A gateway that is well answers at once; one that is not says so within two seconds.
const PATIENCE: Duration = Duration::from_secs(5);
/// What is read of the answer, in octets.
const MOST: u64 = 4_096;

/// Exit status 0 if it is ready, 1 if it is not, or does not answer.
pub(super) async fn ask(file: &Path) -> anyhow::Result<Status> {
    let loaded = config::load_essentials(file, environment());
    let address = reachable(loaded.map_err(|mistakes| unusable("configuration", &mistakes))?.api);
    match timeout(PATIENCE, answer(address)).await {
        Ok(Ok(answer)) if answer.split(' ').nth(1) == Some("200") => Ok(Status::Done),
        Ok(Ok(answer)) => Ok(not_ready(address, &why(&answer))),
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

/// What the answer says is amiss (RFC 9457), else its first line.
fn why(answer: &str) -> String {
    let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
    let problem: Option<serde_json::Value> = serde_json::from_str(body).ok();
    let detail = problem.as_ref().and_then(|problem| problem.get("detail")?.as_str());
    detail.unwrap_or_else(|| answer.lines().next().unwrap_or_default()).to_owned()
}

/// The answer, as far as it is read.
async fn answer(address: SocketAddr) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(address).await?;
    let request = format!("GET /readyz HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    stream.take(MOST).read_to_end(&mut answer).await?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}
