//! Where a probe is waited for: an SMTP server for one recipient that takes probes and nothing else. RFC 5321, as much of
//! it as a relay needs. Bounded in connections, octets and time.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Mutex, Semaphore, mpsc};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use uuid::Uuid;

use super::arrival::Arrival;
use crate::mail::Address;

const MAX_LINE: u64 = 64 * 1024;
const MAX_MESSAGE: usize = 1024 * 1024;
const MAX_CONNECTIONS: usize = 20;
/// How long a peer may stay.
const VISIT: Duration = Duration::from_secs(120);

/// A server. Dropped, it ends.
pub struct Listener {
    arrived: Mutex<mpsc::Receiver<(Uuid, Vec<u8>)>>,
    server: JoinHandle<()>,
}

struct Door {
    hostname: String,
    recipient: Address,
    arrived: mpsc::Sender<(Uuid, Vec<u8>)>,
}

impl Listener {
    pub async fn bind(address: SocketAddr, hostname: &str, recipient: Address) -> anyhow::Result<Self> {
        let listener =
            TcpListener::bind(address).await.with_context(|| format!("can't listen on {address}"))?;
        let (sender, arrived) = mpsc::channel(MAX_CONNECTIONS);
        let door = Arc::new(Door { hostname: hostname.to_owned(), recipient, arrived: sender });
        Ok(Self { arrived: Mutex::new(arrived), server: tokio::spawn(accept(listener, door)) })
    }

    /// The probe of this id, if it comes in time. Others that come meanwhile are late ones, and left out.
    pub async fn wait_for(&self, id: Uuid, wait: Duration) -> Option<Vec<u8>> {
        let mut arrived = self.arrived.lock().await;
        let wanted = async {
            loop {
                match arrived.recv().await {
                    Some((own, message)) if own == id => return Some(message),
                    Some(_) => {}
                    None => return None,
                }
            }
        };
        timeout(wait, wanted).await.ok().flatten()
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn accept(listener: TcpListener, door: Arc<Door>) {
    let room = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let mut visits = tokio::task::JoinSet::new();
    loop {
        let Ok(place) = room.clone().acquire_owned().await else { return };
        if let Ok((stream, _)) = listener.accept().await {
            let door = door.clone();
            visits.spawn(async move {
                let _ = timeout(VISIT, door.session(stream)).await;
                drop(place);
            });
        }
        while visits.try_join_next().is_some() {}
    }
}

impl Door {
    async fn session(&self, stream: TcpStream) -> io::Result<()> {
        let mut stream = BufReader::new(stream);
        say(&mut stream, &format!("220 {} waits for a probe", self.hostname)).await?;
        let mut recipient = false;
        while let Some(line) = line(&mut stream).await? {
            let text = String::from_utf8_lossy(&line).trim_end().to_owned();
            let verb: String = text.chars().take(4).collect::<String>().to_ascii_uppercase();
            let answer = match verb.as_str() {
                "EHLO" => format!(
                    "250-{}\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250 ENHANCEDSTATUSCODES",
                    self.hostname
                ),
                "HELO" | "NOOP" => "250 2.0.0 ok".to_owned(),
                "MAIL" | "RSET" => {
                    recipient = false;
                    "250 2.1.0 ok".to_owned()
                }
                "RCPT" if self.is_ours(&text) => {
                    recipient = true;
                    "250 2.1.5 ok".to_owned()
                }
                "RCPT" => "550 5.7.1 nobody else lives here".to_owned(),
                "DATA" if !recipient => "503 5.5.1 to whom?".to_owned(),
                "DATA" => {
                    say(&mut stream, "354 go on").await?;
                    self.keep(data(&mut stream).await?)
                }
                "QUIT" => return say(&mut stream, "221 2.0.0 bye").await,
                _ => "502 5.5.1 not here".to_owned(),
            };
            say(&mut stream, &answer).await?;
        }
        Ok(())
    }

    fn is_ours(&self, rcpt: &str) -> bool {
        let path = rcpt.split_once('<').and_then(|(_, rest)| rest.rsplit_once('>')).map(|(path, _)| path);
        let address = path.and_then(|path| path.parse::<Address>().ok());
        address.is_some_and(|address| address.canonical() == self.recipient.canonical())
    }

    fn keep(&self, message: Vec<u8>) -> String {
        let arrival = Arrival::of(message);
        match arrival.id().map(|id| self.arrived.try_send((id, arrival.bytes))) {
            Some(Ok(())) => "250 2.0.0 arrived".to_owned(),
            Some(Err(_)) => "452 4.3.1 enough for now".to_owned(),
            None => "550 5.7.1 this is no probe".to_owned(),
        }
    }
}

async fn say(stream: &mut BufReader<TcpStream>, text: &str) -> io::Result<()> {
    stream.write_all(format!("{text}\r\n").as_bytes()).await?;
    stream.flush().await
}

/// One line with its end, or `None` when the peer left.
async fn line(stream: &mut BufReader<TcpStream>) -> io::Result<Option<Vec<u8>>> {
    let mut line = Vec::new();
    let length = stream.take(MAX_LINE).read_until(b'\n', &mut line).await?;
    match line.last() {
        Some(b'\n') => Ok(Some(line)),
        _ if length == 0 => Ok(None),
        _ => Err(io::ErrorKind::InvalidData.into()),
    }
}

/// Up to the final dot, dots unstuffed.
async fn data(stream: &mut BufReader<TcpStream>) -> io::Result<Vec<u8>> {
    let mut message = Vec::new();
    while let Some(line) = line(stream).await? {
        if line == b".\r\n" {
            return Ok(message);
        }
        message.extend_from_slice(line.strip_prefix(b".").unwrap_or(&line));
        if message.len() > MAX_MESSAGE {
            break;
        }
    }
    Err(io::ErrorKind::InvalidData.into())
}
