//! The demo's visitor: calls the API as a shop does and follows links as a mail client does. HTTP/1.1 on
//! loopback, one request a connection.

use std::time::Duration;

use anyhow::{Context as _, bail};
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// How long an answer may take, and how much of it is read.
const PATIENCE: Duration = Duration::from_secs(30);
const MAX_ANSWER: u64 = 1024 * 1024;

/// An answer of the gateway.
pub struct Answer {
    pub status: u16,
    pub body: String,
}

/// POSTs JSON to the API under a key.
pub async fn call(api: &str, path: &str, key: &str, body: &Value) -> anyhow::Result<Answer> {
    let headers = format!("Content-Type: application/json\r\nAuthorization: Bearer {key}\r\n");
    request("POST", api, path, &headers, &body.to_string()).await
}

/// What a mail client's unsubscribe button does. RFC 8058, 3.2.
pub async fn one_click(url: &str) -> anyhow::Result<Answer> {
    let (authority, path) = parts(url)?;
    let headers = "Content-Type: application/x-www-form-urlencoded\r\n";
    request("POST", authority, &path, headers, "List-Unsubscribe=One-Click").await
}

/// What a scanner, a prefetcher or a curious person does.
pub async fn look(url: &str) -> anyhow::Result<Answer> {
    let (authority, path) = parts(url)?;
    request("GET", authority, &path, "", "").await
}

fn parts(url: &str) -> anyhow::Result<(&str, String)> {
    let rest = url.strip_prefix("http://").with_context(|| format!("not a link of the demo: {url}"))?;
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    Ok((authority, format!("/{path}")))
}

async fn request(
    method: &str,
    authority: &str,
    path: &str,
    headers: &str,
    body: &str,
) -> anyhow::Result<Answer> {
    let length = body.len();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: {authority}\r\nConnection: close\r\n{headers}Content-Length: {length}\r\n\r\n{body}"
    );
    let exchange = async {
        let mut stream = TcpStream::connect(authority).await?;
        stream.write_all(request.as_bytes()).await?;
        let mut answer = Vec::new();
        stream.take(MAX_ANSWER).read_to_end(&mut answer).await?;
        Ok::<_, std::io::Error>(String::from_utf8_lossy(&answer).into_owned())
    };
    let answer = tokio::time::timeout(PATIENCE, exchange).await.context("no answer in time")??;
    let status = answer.split(' ').nth(1).and_then(|code| code.parse().ok());
    let Some((status, (_, body))) = status.zip(answer.split_once("\r\n\r\n")) else {
        bail!("{method} {path}: not an HTTP answer");
    };
    Ok(Answer { status, body: body.to_owned() })
}
